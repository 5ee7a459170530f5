//! `[[service]]`: where it runs, its health endpoints, signals, objectives, runbooks and caps; `[[backup]]`.

use std::time::Duration;

use super::backend::{every, headers, polling};
use super::balancer::load_balancer;
use super::database::{database, lag_is_a_time};
use super::log::log;
use super::signal::{measure, objective, signal};
use super::words::{duration, file, filled, line, maybe, name, or, place, url};
use super::{Sources, named};
use crate::config::raw::{Entry, Section};
use crate::config::{
    Caps, EcsService, EnvironmentKind, HealthCheck, HealthShape, Protected, RestoreTesting, Role, Service, Signal,
};
use crate::source::Name;

const DAY: Duration = Duration::from_secs(86_400);

/// How long a backup may take, where nothing is written.
const BACKUP_WITHIN: Duration = Duration::from_secs(2 * 3_600);

/// How long a restore may take, where nothing is written.
const RESTORE_WITHIN: Duration = Duration::from_secs(4 * 3_600);

/// The most tasks that a cap may allow.
const MOST_TASKS: u64 = 5_000;

const SHAPES: &[(&str, HealthShape)] = &[
    ("plain", HealthShape::Plain),
    ("auto", HealthShape::Auto),
    ("settled", HealthShape::Settled),
    ("checks", HealthShape::Checks),
    ("spring", HealthShape::Spring),
    ("aspnet", HealthShape::Aspnet),
    ("health_json", HealthShape::HealthJson),
    ("terminus", HealthShape::Terminus),
];

/// `[[service]]`, or one service of `[[services]]`.
pub(super) fn service(section: &Section<'_>, sources: &Sources) -> Option<Service> {
    let name = match section.service() {
        Some(name) => section.get("names").map(|_| name.clone()),
        None => section.need("name").and_then(|entry| name(&entry)),
    };
    let owner = name.as_ref();
    let summary = or(section.get("summary"), String::new(), line);
    let ecs = section.section("ecs").map_or(Some(None), |ecs| ecs_service(&ecs, sources).map(Some));
    let balancer = section.section("load_balancer");
    let balancer = balancer.map_or(Some(None), |section| load_balancer(&section, sources).map(Some));
    let database = section.section("database").map_or(Some(None), |section| database(&section, sources).map(Some));
    let health = named(section.sections("health"), health);
    let signals = named(section.sections("signal"), |section| signal(section, sources, owner));
    let objectives = named(section.sections("objective"), |section| objective(section, sources, owner));
    let logs = named(section.sections("log"), |section| log(section, sources));
    let cdn = super::cdn::of_service(section, sources);
    let probes = super::probe::probes(section, sources);
    let runbooks = or(section.get("runbooks"), Vec::new(), names);
    let caps = section.section("caps").map_or(Some(default_caps(sources.kind)), |section| caps(&section, sources.kind));
    section.done();
    let signals = signals?;
    one_per_role(section, &signals)?;
    let database = database?;
    lag_is_a_time(section, database.as_ref(), &signals)?;
    Some(Service {
        name: name?,
        summary: summary?,
        ecs: ecs?,
        load_balancer: balancer?,
        database,
        cdn: cdn?,
        probes: probes?,
        logs: logs?,
        health: health?,
        signals,
        objectives: objectives?,
        runbooks: runbooks?,
        backups: Vec::new(),
        caps: caps?,
    })
}

pub(super) fn names(entry: &Entry<'_>) -> Option<Vec<Name>> {
    let items = entry.clone().items()?;
    items.iter().map(name).collect::<Vec<_>>().into_iter().collect()
}

/// The panels show one signal a role.
fn one_per_role(section: &Section<'_>, signals: &[Signal]) -> Option<()> {
    for (index, signal) in signals.iter().enumerate().filter(|(_, signal)| signal.role != Role::Other) {
        if let Some(first) =
            signals[..index].iter().find(|other| other.role == signal.role && other.name != signal.name)
        {
            let message = format!("the signals {} and {} have the same role", first.name, signal.name);
            section.error(&message, Some("give one of them role = \"other\""));
            return None;
        }
    }
    Some(())
}

fn ecs_service(section: &Section<'_>, sources: &Sources) -> Option<EcsService> {
    let cluster = section.need("cluster").and_then(|entry| ecs_name(&entry));
    let service = section.need("service").and_then(|entry| ecs_name(&entry));
    let at = section.get("place");
    section.done();
    if !sources.aws && sources.simulator.is_none() {
        section.error("needs the section [aws]", Some("add [aws] with its region"));
        return None;
    }
    let place = place(at, sources);
    Some(EcsService { cluster: cluster?, service: service?, place: place? })
}

fn ecs_name(entry: &Entry<'_>) -> Option<String> {
    let value = entry.expanded()?.value;
    let safe = value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if safe && (1..=255).contains(&value.len()) {
        return Some(value);
    }
    entry.error("is not a name of ECS", Some("the name, not the ARN: up to 255 letters, digits, `-` and `_`"));
    None
}

/// `[[service.health]]`.
fn health(section: &Section<'_>) -> Option<HealthCheck> {
    let name = section.need("name").and_then(|entry| name(&entry));
    let url = section.need("url").and_then(|entry| url(&entry));
    let polling = polling(section, every(15, 5));
    let shape = or(section.get("shape"), HealthShape::Plain, |entry| entry.one_of(SHAPES));
    let slow = maybe(section.get("slow"), |entry| duration(entry, Duration::from_millis(1)..=Duration::from_secs(300)));
    let tls = or(section.get("tls_warning_days"), 14, |entry| entry.integer(0..=365));
    let headers = section.section("headers").map_or(Some(Vec::new()), |section| headers(&section));
    let ca_file = maybe(section.get("ca_file"), file);
    section.done();
    Some(HealthCheck {
        name: name?,
        url: url?,
        polling: polling?,
        shape: shape?,
        slow: slow?,
        tls_warning_days: u32::try_from(tls?).ok()?,
        headers: headers?,
        ca_file: ca_file?,
    })
}

/// Caps where none are written.
fn default_caps(kind: EnvironmentKind) -> Caps {
    match kind {
        EnvironmentKind::Production => caps_of(1, 5, 1, 50),
        EnvironmentKind::Staging => caps_of(1, 10, 1, 100),
        EnvironmentKind::Development => caps_of(0, 10, 0, 100),
    }
}

fn caps_of(min_desired: u32, max_step: u32, healthy_floor: u32, max_traffic_step: u32) -> Caps {
    Caps { max_desired: 10, min_desired, max_step, healthy_floor, max_traffic_step }
}

/// `[service.caps]`.
fn caps(section: &Section<'_>, kind: EnvironmentKind) -> Option<Caps> {
    let default = default_caps(kind);
    let tasks = |key, default: u32, least| {
        let read = |entry: &Entry<'_>| u32::try_from(entry.integer(least..=MOST_TASKS)?).ok();
        or(section.get(key), default, read)
    };
    let max_desired = tasks("max_desired", default.max_desired, 1);
    let min_desired = tasks("min_desired", default.min_desired, 0);
    let max_step = tasks("max_step", default.max_step, 1);
    let healthy_floor = tasks("healthy_floor", default.healthy_floor, 0);
    let points = |entry: &Entry<'_>| u32::try_from(entry.integer(1..=100)?).ok();
    let max_traffic_step = or(section.get("max_traffic_step"), default.max_traffic_step, points);
    section.done();
    let caps = Caps {
        max_desired: max_desired?,
        min_desired: min_desired?,
        max_step: max_step?,
        healthy_floor: healthy_floor?,
        max_traffic_step: max_traffic_step?,
    };
    consistent(section, caps)
}

fn consistent(section: &Section<'_>, caps: Caps) -> Option<Caps> {
    let problem = if caps.min_desired > caps.max_desired {
        format!("min_desired ({}) is above max_desired ({})", caps.min_desired, caps.max_desired)
    } else if caps.healthy_floor > caps.max_desired {
        format!(
            "healthy_floor ({}) is above max_desired ({}): nothing could be done",
            caps.healthy_floor, caps.max_desired
        )
    } else {
        return Some(caps);
    };
    section.error(&problem, None);
    None
}

/// `[[backup]]`.
pub(super) fn backup(section: &Section<'_>, sources: &Sources) -> Option<Protected> {
    let span = |key| maybe(section.get(key), |entry| duration(entry, Duration::from_secs(1)..=3_650 * DAY));
    let name = section.need("name").and_then(|entry| name(&entry));
    let owner = name.as_ref();
    let summary = or(section.get("summary"), String::new(), line);
    let schedule = section.need("schedule").and_then(|entry| filled(&entry));
    let retention = span("retention");
    let rpo = span("rpo");
    let rto = span("rto");
    let last_restore_test = maybe(section.get("last_restore_test"), |entry| entry.date());
    let restore_took = span("restore_took");
    let within =
        or(section.get("backup_within"), BACKUP_WITHIN, |entry| duration(entry, Duration::from_secs(30)..=DAY));
    let restore_test = restore_testing(section);
    let measures = named(section.sections("measure"), |section| measure(section, sources, owner));
    let service = maybe(section.get("service"), super::words::name);
    let copies = super::copies::copies(section, sources);
    section.done();
    Some(Protected {
        name: name?,
        summary: summary?,
        schedule: schedule?,
        retention: retention?,
        rpo: rpo?,
        rto: rto?,
        last_restore_test: last_restore_test?,
        restore_took: restore_took?,
        backup_within: within?,
        restore_test: restore_test?,
        measures: measures?,
        service: service?,
        copies: copies?,
    })
}

/// `restore_within`, `restore_class` and `restore_reach`.
fn restore_testing(section: &Section<'_>) -> Option<RestoreTesting> {
    let within =
        or(section.get("restore_within"), RESTORE_WITHIN, |entry| duration(entry, Duration::from_secs(60)..=DAY));
    let class = maybe(section.get("restore_class"), class);
    let reach = or(section.get("restore_reach"), false, |entry| entry.boolean());
    Some(RestoreTesting { within: within?, class: class?, reach: reach? })
}

/// The class of an instance of RDS, such as `db.t4g.medium`.
fn class(entry: &Entry<'_>) -> Option<String> {
    let value = filled(entry)?;
    let safe = value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-'));
    if safe && value.starts_with("db.") && value != "db.serverless" {
        return Some(value);
    }
    entry.error("is not a class of instances", Some("such as db.t4g.medium"));
    None
}
