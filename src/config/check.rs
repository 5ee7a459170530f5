//! Raw → checked, with file, line, key and the allowed values in every error.
//!
//! One function a section. Each reads all its keys before it gives up, so that all errors are told at once; a section that is
//! wrong in itself gives `None`, and its error is in the document. The defaults stand where they are read.

mod backend;
mod balancer;
mod by;
mod cdn;
pub(crate) mod comparison;
mod copies;
mod cost;
mod database;
mod declared;
mod export;
mod fleet;
mod guards;
mod http_source;
mod log;
mod place;
mod probe;
mod service;
mod shared;
mod signal;
pub(crate) mod words;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::ConfigErrors;
use super::expand::Variables;
use super::raw::{Document, Entry, Section};
use super::{Audit, Config, DEFAULT_INTERVAL, Environment, EnvironmentKind, Guards, Query, Ui};
use crate::source::aws::cloudwatch::pacing;
use place::Places;
use words::{beside, duration, name, or, path};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

const KINDS: &[(&str, EnvironmentKind)] = &[
    ("production", EnvironmentKind::Production),
    ("staging", EnvironmentKind::Staging),
    ("development", EnvironmentKind::Development),
];

/// Checks the text of a configuration file. `file` is named in errors, and relative paths count from its folder; `variable`
/// looks up what `${VAR}` names. Files that the text names (certificates, passwords) are looked at.
///
/// # Errors
/// Everything that is wrong, in the order of the lines. Values of variables and secrets are never quoted.
pub fn parse(text: &str, file: &Path, variable: &Variables<'_>) -> Result<Config, ConfigErrors> {
    let document = Document::parse(text, file, variable)?;
    let config = config(&document);
    document.finish(config)
}

/// What sources there are, which the parts of services depend on; by presence of their sections, so that an error within
/// `[prometheus]` is not told again at each signal.
struct Sources {
    kind: EnvironmentKind,
    aws: bool,
    /// For [`words::place`], and [`Places::of_region`] where something lives in one region for the whole world.
    places: Places,
    cloudwatch: Option<Duration>,
    prometheus: Option<Duration>,
    http: http_source::Apis,
    simulator: Option<Duration>,
}

impl Sources {
    /// The interval of a query where its signal gives none.
    fn interval(&self, query: &Query) -> Duration {
        let own = match query {
            Query::Prometheus(_) => self.prometheus,
            Query::CloudWatch(_) | Query::CloudWatchMaths { .. } => self.cloudwatch,
            Query::Http(query) => self.http.interval(&query.request.source),
            Query::Simulator(_) => self.simulator,
        };
        own.unwrap_or(DEFAULT_INTERVAL)
    }
}

/// The outer `None`: the section is there and wrong.
type Optional<T> = Option<Option<T>>;

fn optional<T>(section: &Option<Section<'_>>, read: impl FnOnce(&Section<'_>) -> Option<T>) -> Optional<T> {
    section.as_ref().map_or(Some(None), |section| read(section).map(Some))
}

/// The interval of a section that is there, whether or not it is right.
fn interval_of<T>(
    section: &Option<Section<'_>>,
    checked: &Optional<T>,
    of: impl Fn(&T) -> Duration,
) -> Option<Duration> {
    section.as_ref()?;
    Some(checked.as_ref().and_then(Option::as_ref).map_or(DEFAULT_INTERVAL, of))
}

fn config(document: &Document<'_>) -> Option<Config> {
    let root = document.root();
    let environment = root.need("environment").and_then(Entry::section).and_then(|section| environment(&section));
    let kind = environment.as_ref().map_or(EnvironmentKind::Production, |environment| environment.kind);
    let [aws_at, cloudwatch_at, ecs_at, prometheus_at, alertmanager_at] =
        ["aws", "cloudwatch", "ecs", "prometheus", "alertmanager"].map(|key| root.section(key));
    let simulator_at = root.section("simulator");
    let aws = optional(&aws_at, |section| backend::aws(section, kind));
    let cloudwatch = optional(&cloudwatch_at, backend::cloudwatch);
    let ecs = ecs_at.as_ref().map_or(Some(backend::ECS), backend::ecs);
    let prometheus = optional(&prometheus_at, backend::prometheus);
    let alertmanager = optional(&alertmanager_at, backend::alertmanager);
    let simulator = optional(&simulator_at, backend::simulator);
    let http_at = root.sections("http");
    let apis = http_source::Apis::of(&http_at);
    let http = named(http_at, http_source::source);
    needs_aws(&cloudwatch_at, &aws_at);
    let real = [&aws_at, &cloudwatch_at, &prometheus_at, &alertmanager_at];
    stands_alone(&simulator_at, &real);
    http_source::stands_aside(simulator_at.is_some(), &root);
    declared::stand_aside(simulator_at.is_some(), &root);
    let sources = Sources {
        kind,
        aws: aws_at.is_some(),
        places: Places::of(aws.clone().flatten()),
        cloudwatch: interval_of(&cloudwatch_at, &cloudwatch, |cloudwatch| cloudwatch.polling.interval),
        prometheus: interval_of(&prometheus_at, &prometheus, |backend| backend.polling.interval),
        http: apis,
        simulator: interval_of(&simulator_at, &simulator, |simulator| simulator.interval),
    };
    let cost = optional(&root.section("cost"), |section| cost::cost(section, &sources));
    let services = fleet::services(&root, &sources);
    let backups = named(root.sections("backup"), |section| service::backup(section, &sources));
    let services = copies::beside_services(&root, services, backups.as_deref());
    let actions_at = root.sections("action");
    let known = declared::Known::of(&actions_at, &sources.http, services.as_deref());
    let actions = named(actions_at, |section| declared::action(section, &known));
    let guards =
        root.section("guards").map_or(Some(Guards::defaults(kind)), |section| guards::guards(&section, &sources));
    let runbook_dirs = root.section("runbooks").map_or(Some(Vec::new()), |section| runbook_dirs(&section));
    let ui = root.section("ui").map_or(Some(default_ui()), |section| ui(&section));
    let audit = root.section("audit").map_or(Some(Audit::default()), |section| audit(&section));
    let state_dir = or(root.get("state_dir"), None, state_dir);
    let shared =
        optional(&root.section("shared"), |section| shared::shared(section, aws.as_ref().and_then(Option::as_ref)));
    let implied = sources.places.implied();
    root.done();
    let config = Config {
        path: document.file().to_owned(),
        environment: environment?,
        aws: aws?.map(|aws| aws.with_places(implied)),
        cloudwatch: cloudwatch?,
        ecs: ecs?,
        prometheus: prometheus?,
        alertmanager: alertmanager?,
        http: http?,
        cost: cost?,
        simulator: simulator?,
        services: services?,
        index: super::ServiceIndex::default(),
        backups: backups?,
        actions: actions?,
        guards: guards?,
        audit: audit?,
        runbook_dirs: runbook_dirs?,
        ui: ui?,
        state_dir: state_dir?,
        shared: shared?,
    };
    affordable(config, &cloudwatch_at)
}

/// CloudWatch at the pace that its budget allows.
fn affordable(config: Config, section: &Option<Section<'_>>) -> Option<Config> {
    let checked = pacing::within_budget(config);
    if let (Err(fixed), Some(section)) = (&checked, section) {
        let message = format!(
            "budget_usd_month leaves nothing for metrics: reading alarms and Cost Explorer costs {fixed:.2} USD a month"
        );
        section.error(&message, Some("raise it, lengthen the intervals, or name fewer alarm_prefixes"));
    }
    checked.ok()
}

fn environment(section: &Section<'_>) -> Option<Environment> {
    let name = section.need("name").and_then(|entry| name(&entry));
    let kind = section.need("kind").and_then(|entry| entry.one_of(KINDS));
    section.done();
    Some(Environment { name: name?, kind: kind? })
}

fn needs_aws(cloudwatch: &Option<Section<'_>>, aws: &Option<Section<'_>>) {
    if let (Some(cloudwatch), None) = (cloudwatch, aws) {
        cloudwatch.error("needs the section [aws]", Some("add [aws] with its region"));
    }
}

/// The simulated fleet stands in for all real backends.
fn stands_alone(simulator: &Option<Section<'_>>, real: &[&Option<Section<'_>>]) {
    if simulator.is_some() {
        for section in real.iter().filter_map(|section| section.as_ref()) {
            section.error(
                "can't stand beside [simulator]",
                Some("the simulated fleet takes the place of all real backends"),
            );
        }
    }
}

/// The string of a key as it stands in the file, whether or not the rest of the section is right.
fn written<'a>(section: &Section<'a>, key: &str) -> Option<&'a str> {
    section.peek(key)?.written()
}

/// Reads each section of a list and refuses a name that is there twice.
fn named<T>(sections: Vec<Section<'_>>, read: impl Fn(&Section<'_>) -> Option<T>) -> Option<Vec<T>> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for section in &sections {
        let Some(name) = written(section, "name") else { continue };
        if let Some(first) = seen.insert(name, section.document().line(section.span())) {
            let hint = format!("the first is in line {first}");
            section.error(&format!("the name `{name}` is there twice"), Some(&hint));
        }
    }
    // Collected twice: all are read, whichever fails.
    sections.iter().map(read).collect::<Vec<_>>().into_iter().collect()
}

/// `[runbooks]`.
fn runbook_dirs(section: &Section<'_>) -> Option<Vec<PathBuf>> {
    let dirs = or(section.get("dirs"), Vec::new(), |entry| {
        let items = entry.clone().items()?;
        items.iter().map(path).collect::<Vec<_>>().into_iter().collect()
    });
    section.done();
    dirs
}

/// `[audit]`; an empty anchor (of an optional variable) is none.
fn audit(section: &Section<'_>) -> Option<Audit> {
    let anchor = or(section.get("anchor"), None, state_dir);
    section.done();
    Some(Audit { anchor: anchor? })
}

fn default_ui() -> Ui {
    Ui { theme: "dark".to_owned(), keymap: "default".to_owned(), range: HOUR }
}

/// `[ui]`. A theme or keymap is one that is shipped or a file; a relative file counts from the configuration's folder.
fn ui(section: &Section<'_>) -> Option<Ui> {
    let default = default_ui();
    let theme = or(section.get("theme"), default.theme, |entry| shipped_or_file(entry, super::theme::SHIPPED_NAMES));
    let keymap = or(section.get("keymap"), default.keymap, |entry| shipped_or_file(entry, &["default"]));
    let range = or(section.get("range"), default.range, |entry| duration(entry, 5 * MINUTE..=7 * 24 * HOUR));
    section.done();
    Some(Ui { theme: theme?, keymap: keymap?, range: range? })
}

fn shipped_or_file(entry: &Entry<'_>, shipped: &[&str]) -> Option<String> {
    let value = entry.expanded()?.value;
    if shipped.contains(&value.as_str()) {
        return Some(value);
    }
    let path = beside(entry, &value);
    if value.ends_with(".toml") && path.is_file() {
        return Some(path.to_string_lossy().into_owned());
    }
    let written = entry.written().unwrap_or_default();
    let message = format!(
        "`{written}` is neither shipped nor a file{}",
        super::error::did_you_mean(written, shipped.iter().copied())
    );
    entry.error(&message, Some(&format!("allowed: {}, or the path of a .toml file", shipped.join(", "))));
    None
}

/// `state_dir`, `anchor`; an empty string (of an optional variable) is the default.
fn state_dir(entry: &Entry<'_>) -> Option<Option<PathBuf>> {
    let empty = entry.expanded()?.value.is_empty();
    if empty { Some(None) } else { path(entry).map(Some) }
}
