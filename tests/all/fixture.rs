//! States to draw and to press keys on: one small fleet, the same readings every time.
//!
//! `live()` is an hour into the day with every reading fresh; `stale()`, `failed()` and `never()` are the same fleet with
//! no answers for five minutes, with failing sources, and before the first answer.
#![allow(dead_code)] // each module takes what it needs

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::action::scale::Scale;
use quarterdeck::action::{Action, Call, Change, Operator, Plan, Step, Undo};
use quarterdeck::clock::Now;
use quarterdeck::config::keymap::Keymap;
use quarterdeck::config::{
    Aws, Caps, CloudWatch, CloudWatchMetric, Config, Direction, EcsService, Environment, EnvironmentKind, Guards,
    HealthCheck, HealthShape, HttpAuth, HttpBackend, LoadBalancer, Objective, Polling, PromQuery, Protected, Query,
    Role, Secret, Service, ServiceIndex, Signal, Ui,
};
use quarterdeck::executor::journal::{Entry, Record, RunId, RunState, RunView};
use quarterdeck::runbook::{Check, CheckQuery, Comparison, Runbook, StepKind};
use quarterdeck::source::*;
use quarterdeck::state::{Screen, State};
use quarterdeck::text::Text;
use quarterdeck::view::panel::panels;

/// Seconds after the start of the fixture's day at which everything was read.
pub(crate) const READ: u64 = 3600;

/// The password in the fixture's configuration: it must never be seen.
pub(crate) const PASSWORD: &str = "correct-horse-battery";

/// Every reading fresh: four seconds old.
pub(crate) fn live() -> State {
    let mut state = never();
    read_all(&mut state, READ);
    state.now = Now::fixed(READ + 4);
    state
}

/// No answer for twenty minutes, and no failure either.
pub(crate) fn stale() -> State {
    let mut state = live();
    state.now = Now::fixed(READ + 1200);
    state
}

/// Every source has failed three times after its last answer, two minutes ago.
pub(crate) fn failed() -> State {
    let mut state = live();
    for attempt in 0..3 {
        for subject in state.config.subjects() {
            let source = Name::from(source_of(&subject));
            let reason = "connection refused: 127.0.0.1:9090";
            let outcome = Err(SourceError::new(&source, SourceErrorKind::Unreachable, reason));
            state.readings.receive(Reading { subject, outcome }, Now::fixed(READ + 30 + attempt * 30));
        }
    }
    state.now = Now::fixed(READ + 120);
    state
}

/// Nothing was read yet.
pub(crate) fn never() -> State {
    let (config, keymap) = (Arc::new(config()), Arc::new(Keymap::shipped()));
    State::new(config, keymap, vec![runbook()].into(), operator(), Now::fixed(READ))
}

/// `live()` on the service screen of `rtech-app`.
pub(crate) fn on_service(mut state: State, panel: usize) -> State {
    state.screens.push(Screen::Service { name: Name::from("rtech-app"), panel, scroll: 0 });
    state
}

/// A state on the panel of that name of `rtech-app`.
pub(crate) fn on_panel(state: State, panel: &str) -> State {
    let service = state.config.service("rtech-app").unwrap();
    let index = panels(service).iter().position(|spec| spec.name == panel);
    let index = index.unwrap();
    on_service(state, index)
}

/// `live()` with the alarm on CPU firing, one task short, and a deployment in flight.
pub(crate) fn incident() -> State {
    let mut state = live();
    let now = Now::fixed(READ + 1);
    receive(&mut state, Subject::Alerts { source: Name::from("cloudwatch") }, Payload::Alerts(alarms(true)), now);
    let subject = Subject::Workload { service: Name::from("rtech-app") };
    receive(&mut state, subject, Payload::Workload(rolling("rtech-app")), now);
    let p95 = Subject::Signal(id("rtech-app", "latency_p95"));
    let rise = |(index, value): (u64, &f64)| Point { at: Now::fixed(READ - 74 + index * 15).wall, value: *value };
    let points = (0..).zip(&[0.29, 0.55, 0.98, 1.4, 1.7, 1.84]).map(rise).collect();
    let value = Some(Number::Finite(1.84));
    let data = SignalData { value, sampled: Some(now.wall), points, ..SignalData::default() };
    receive(&mut state, p95, Payload::Signal(data), now);
    state.runs = vec![run(RunState::Done)];
    state
}

/// `live()` with an Alertmanager besides CloudWatch: an alert that fires, one silenced, one inhibited, and four silences.
pub(crate) fn held_back() -> State {
    let mut state = live();
    state.config = Arc::new(Config { alertmanager: Some(prometheus()), ..config() });
    let source = || Name::from("alertmanager");
    let now = Now::fixed(READ);
    receive(&mut state, Subject::Alerts { source: source() }, Payload::Alerts(grouped()), now);
    receive(&mut state, Subject::Silences { source: source() }, Payload::Silences(silences()), now);
    state
}

fn grouped() -> Vec<Alert> {
    let alert = |name: &str, severity: &str, held_by: Vec<Suppression>| {
        let state = if held_by.is_empty() { AlertState::Firing } else { AlertState::Suppressed };
        Alert {
            severity: Text::from(severity),
            summary: Text::from(format!("what {name} means to the people on call")),
            since: Some(Now::fixed(READ - 300).wall),
            service: Some(Name::from("rtech-app")),
            labels: vec![(Text::from("alertname"), Text::from(name)), (Text::from("service"), Text::from("rtech-app"))],
            groups: vec![AlertGroup {
                receiver: Text::from("pagerduty"),
                labels: vec![(Text::from("alertname"), Text::from(name))],
            }],
            held_by,
            ..Alert::new(Text::from(name), AlertOrigin::Alertmanager, state)
        }
    };
    vec![
        alert("RtechAppDown", "page", Vec::new()),
        alert("DiskAlmostFull", "warning", vec![Suppression::Silence(Text::from("4f66bcb0-8cd2"))]),
        alert("HighLatency", "page", vec![Suppression::Alert(Text::from("RtechAppDown"))]),
    ]
}

fn silences() -> Silences {
    let silence = |id: &str, state, starts: u64, ends: u64, matcher: &str, comment: &str| Silence {
        id: Text::from(id),
        state,
        matchers: vec![Text::from(matcher), Text::from("service=\"rtech-app\"")],
        starts: Now::fixed(starts).wall,
        ends: Now::fixed(ends).wall,
        created_by: Text::from("alice"),
        comment: Text::from(comment),
    };
    let (active, pending, expired) = (SilenceState::Active, SilenceState::Pending, SilenceState::Expired);
    Silences {
        silences: vec![
            silence(
                "4f66bcb0-8cd2",
                active,
                600,
                READ + 720,
                "alertname=\"DiskAlmostFull\"",
                "a bigger disk is ordered",
            ),
            silence("77aa0000-0001", active, 600, READ + 9000, "alertname=~\"Backup.*\"", "ticket OPS-4711"),
            silence("77aa0000-0002", pending, READ + 1800, READ + 5400, "severity!=\"page\"", "migration tonight"),
            silence("77aa0000-0003", expired, 600, READ - 600, "alertname=\"HighLatency\"", "load test"),
        ],
        left_out: 0,
        clock_ahead: 0,
    }
}

fn receive(state: &mut State, subject: Subject, payload: Payload, now: Now) {
    state.readings.receive(Reading { subject, outcome: Ok(payload) }, now);
}

fn source_of(subject: &Subject) -> &'static str {
    match subject {
        Subject::Workload { .. } | Subject::Scaling { .. } => "ecs",
        Subject::Health { .. } => "health",
        Subject::Alerts { source } | Subject::Silences { source } if source == "alertmanager" => "alertmanager",
        Subject::Alerts { .. } | Subject::AlarmHistory { .. } => "cloudwatch",
        _ => "prometheus",
    }
}

/// Who sits there.
pub(crate) fn operator() -> Operator {
    Operator { user: Text::from("alice"), host: Text::from("bastion-1"), terminal: Text::from("pts/3"), from: None }
}

/// The fixture's environment: production, three services.
pub(crate) fn config() -> Config {
    Config {
        path: PathBuf::from("quarterdeck.toml"),
        environment: Environment { name: Name::from("rtech-prod"), kind: EnvironmentKind::Production },
        aws: Some(aws()),
        cloudwatch: Some(CloudWatch {
            polling: polling(60),
            alarm_prefixes: vec!["rtech-".to_owned()],
            budget_usd_month: None,
            slowed: 1.0,
        }),
        ecs: polling(15),
        prometheus: Some(prometheus()),
        alertmanager: None,
        http: Vec::new(),
        cost: None,
        simulator: None,
        services: vec![app(), worker(), site()],
        index: ServiceIndex::default(),
        backups: vec![mongodb()],
        actions: Vec::new(),
        guards: Guards {
            arm_for: Duration::from_secs(900),
            plan_ttl: Duration::from_secs(300),
            evidence_max_age: Duration::from_secs(60),
            type_name: true,
            steady_deadline: Duration::from_secs(600),
            gate_window: Duration::ZERO,
            ..Guards::defaults(EnvironmentKind::Production)
        },
        audit: quarterdeck::config::Audit::default(),
        runbook_dirs: Vec::new(),
        ui: Ui { theme: "dark".to_owned(), keymap: "default".to_owned(), range: Duration::from_secs(1800) },
        state_dir: None,
        shared: None,
    }
}

fn aws() -> Aws {
    Aws {
        profile: None,
        region: "us-east-1".to_owned(),
        account: Some("123456789012".to_owned()),
        role_arn: None,
        action_role_arn: None,
        endpoint: None,
        places: BTreeMap::new(),
    }
}

fn prometheus() -> HttpBackend {
    HttpBackend {
        url: "http://127.0.0.1:9090".parse().unwrap(),
        auth: HttpAuth::Basic { user: "console".to_owned(), password: Secret::new(PASSWORD.to_owned()) },
        headers: Vec::new(),
        ca_file: None,
        client_cert_file: None,
        polling: polling(15),
        max_series: 100,
        max_body: 1 << 20,
        parameters: Vec::new(),
        trace_url: None,
    }
}

/// An HTTP backend there, without a password.
pub(crate) fn http_backend(url: &str) -> HttpBackend {
    HttpBackend { url: url.parse().unwrap(), auth: HttpAuth::None, ..prometheus() }
}

fn polling(seconds: u64) -> Polling {
    Polling { interval: Duration::from_secs(seconds), timeout: Duration::from_secs(5) }
}

fn app() -> Service {
    Service {
        load_balancer: Some(LoadBalancer {
            name: Some("rtech-alb".to_owned()),
            target_groups: vec!["rtech-blue".to_owned(), "rtech-green".to_owned()],
            place: None,
            polling: polling(30),
        }),
        health: vec![check("public", "https://rtech.example.com/api/health")],
        signals: all_signals(),
        objectives: vec![availability()],
        runbooks: vec![Name::from("scale-out-under-load")],
        ..service("rtech-app", "the web application")
    }
}

fn worker() -> Service {
    Service { signals: all_signals(), ..service("rtech-worker", "background jobs") }
}

fn site() -> Service {
    Service {
        ecs: None,
        health: vec![check("home", "https://www.rtech.example.com/")],
        ..service("rtech-site", "static pages")
    }
}

fn service(name: &str, summary: &str) -> Service {
    Service {
        name: Name::from(name),
        summary: summary.to_owned(),
        ecs: Some(EcsService { cluster: "rtech-prod".to_owned(), service: name.to_owned(), place: None }),
        load_balancer: None,
        database: None,
        cdn: None,
        probes: Vec::new(),
        logs: Vec::new(),
        health: Vec::new(),
        signals: Vec::new(),
        objectives: Vec::new(),
        runbooks: Vec::new(),
        backups: Vec::new(),
        caps: Caps { max_desired: 10, min_desired: 2, max_step: 4, healthy_floor: 1, max_traffic_step: 50 },
    }
}

fn check(name: &str, url: &str) -> HealthCheck {
    HealthCheck {
        name: Name::from(name),
        url: url.parse().unwrap(),
        polling: polling(15),
        shape: HealthShape::Checks,
        slow: Some(Duration::from_secs(1)),
        tls_warning_days: 21,
        ca_file: None,
        headers: Vec::new(),
    }
}

fn all_signals() -> Vec<Signal> {
    vec![
        signal("latency_p50", Role::LatencyP50, Unit::Seconds, None),
        signal("latency_p95", Role::LatencyP95, Unit::Seconds, Some((0.5, 1.5, 0.2))),
        signal("latency_p99", Role::LatencyP99, Unit::Seconds, None),
        signal("errors", Role::Errors, Unit::Ratio, Some((0.01, 0.05, 0.001))),
        signal("traffic", Role::Traffic, Unit::PerSecond, None),
        cloudwatch_signal("cpu", Role::Cpu, "CPUUtilization"),
        cloudwatch_signal("memory", Role::Memory, "MemoryUtilization"),
    ]
}

fn signal(name: &str, role: Role, unit: Unit, bounds: Option<(f64, f64, f64)>) -> Signal {
    Signal {
        name: Name::from(name),
        role,
        query: Query::Prometheus(PromQuery::single(&format!("rtech:{name}"))),
        unit,
        direction: Direction::HigherIsWorse,
        warning: bounds.map(|(warning, _, _)| warning),
        critical: bounds.map(|(_, critical, _)| critical),
        objective: bounds.map(|(_, _, objective)| objective),
        baseline: None,
        interval: Duration::from_secs(15),
        exemplars: None,
    }
}

fn cloudwatch_signal(name: &str, role: Role, metric: &str) -> Signal {
    let metric = CloudWatchMetric {
        namespace: "AWS/ECS".to_owned(),
        metric: metric.to_owned(),
        dimensions: BTreeMap::new(),
        statistic: "Average".to_owned(),
        period: 60,
        place: None,
    };
    let interval = Duration::from_secs(60);
    let base = signal(name, role, Unit::Percent, Some((80.0, 95.0, 70.0)));
    Signal { query: Query::CloudWatch(metric), interval, ..base }
}

fn availability() -> Objective {
    let query = |text: &str| Query::Prometheus(PromQuery::single(text));
    Objective {
        name: Name::from("availability"),
        target: 0.999,
        period: Duration::from_secs(30 * 86_400),
        bad: query("rtech:bad[$window]"),
        valid: query("rtech:valid[$window]"),
        interval: Duration::from_secs(60),
    }
}

fn mongodb() -> Protected {
    Protected {
        name: Name::from("rtech-mongodb"),
        summary: "DocumentDB cluster".to_owned(),
        schedule: "daily 03:00–04:00 UTC".to_owned(),
        retention: Some(Duration::from_secs(7 * 86_400)),
        rpo: Some(Duration::from_secs(900)),
        rto: Some(Duration::from_secs(3600)),
        last_restore_test: Some(jiff::civil::date(2025, 12, 7)),
        restore_took: Some(Duration::from_secs(2520)),
        backup_within: Duration::from_secs(7200),
        restore_test: quarterdeck::config::RestoreTesting {
            within: Duration::from_secs(14_400),
            class: None,
            reach: false,
        },
        measures: vec![Signal {
            objective: None,
            baseline: None,
            warning: Some(129_600.0),
            critical: Some(172_800.0),
            ..signal("snapshot_age", Role::Other, Unit::Seconds, None)
        }],
        service: None,
        copies: None,
    }
}

/// A signal's identifier.
pub(crate) fn id(service: &str, signal: &str) -> SignalId {
    SignalId { service: Name::from(service), signal: Name::from(signal) }
}

/// One answer of every source, received `seconds` into the day.
fn read_all(state: &mut State, seconds: u64) {
    let now = Now::fixed(seconds);
    for subject in state.config.subjects() {
        let payload = payload(&subject, seconds);
        receive(state, subject, payload, now);
    }
    let identity = Identity {
        account: Text::from("123456789012"),
        region: Text::from("us-east-1"),
        arn: Text::from("arn:aws:sts::123456789012:assumed-role/oncall/alice"),
        expires: None,
    };
    receive(state, Subject::Identity { source: Name::from("sts") }, Payload::Identity(identity), now);
}

fn payload(subject: &Subject, seconds: u64) -> Payload {
    match subject {
        Subject::Signal(id) => Payload::Signal(series(id.signal.as_str(), seconds)),
        Subject::Backup { .. } => Payload::Signal(SignalData {
            value: Some(Number::Finite(7200.0)),
            sampled: Some(Now::fixed(seconds).wall),
            ..SignalData::default()
        }),
        Subject::Objective { .. } => Payload::Objective(counts()),
        Subject::Workload { service } => Payload::Workload(workload(service.as_str(), 2)),
        Subject::Scaling { .. } => Payload::Scaling(scaling()),
        Subject::Releases { service } => Payload::Releases(releases(service.as_str())),
        Subject::Traffic { .. } => Payload::Traffic(traffic()),
        Subject::Health { .. } => Payload::Health(health()),
        Subject::Alerts { source } if source == "cloudwatch" => Payload::Alerts(alarms(false)),
        Subject::Alerts { .. } => Payload::Alerts(Vec::new()),
        Subject::AlarmHistory { .. } => Payload::AlarmHistory(history()),
        _ => unreachable!("{subject} is not in this fixture"),
    }
}

/// Half an hour of a signal, every 15 s (60 s from CloudWatch, two minutes late), with a gap of NaN near its middle.
fn series(signal: &str, seconds: u64) -> SignalData {
    let (base, every, lag) = match signal {
        "latency_p50" => (0.042, 15, 0),
        "latency_p95" => (0.131, 15, 0),
        "latency_p99" => (0.262, 15, 0),
        "errors" => (0.0004, 15, 0),
        "traffic" => (43.0, 15, 0),
        "cpu" => (58.0, 60, 120),
        _ => (64.0, 60, 120),
    };
    let newest = seconds - lag;
    let point = |back: u64| {
        let at = newest - back * every;
        let wave = (at / every % 24).abs_diff(12) as f64 / 12.0;
        let gap = (40..44).contains(&(back * every / 20));
        Point { at: Now::fixed(at).wall, value: if gap { f64::NAN } else { base * (0.8 + 0.4 * wave) } }
    };
    let points: Vec<Point> = (0..1800 / every).rev().map(point).collect();
    let value = points.last().map(|point| Number::from(point.value));
    SignalData { value, sampled: Some(Now::fixed(newest).wall), points, replaces: true, ..SignalData::default() }
}

fn counts() -> ObjectiveData {
    let window = |hours: f64, bad: f64, valid: f64| WindowCount {
        window: Duration::from_secs_f64(hours * 3600.0),
        bad: Number::Finite(bad),
        valid: Number::Finite(valid),
    };
    ObjectiveData {
        windows: vec![
            window(1.0 / 12.0, 6.0, 12_900.0),
            window(0.5, 31.0, 77_400.0),
            window(1.0, 62.0, 154_800.0),
            window(6.0, 350.0, 928_800.0),
            window(72.0, 4_100.0, 11_145_600.0),
            window(720.0, 39_000.0, 111_456_000.0),
        ],
    }
}

/// A steady workload of `count` tasks.
pub(crate) fn workload(service: &str, count: u32) -> Workload {
    let revision = Text::from(format!("{service}:41"));
    let task = |index: u32| Task {
        id: Text::from(format!("0f3a{index:04x}")),
        last_status: Text::from("RUNNING"),
        health: Text::from("HEALTHY"),
        task_definition: revision.clone(),
        started: Some(Now::fixed(600).wall),
    };
    Workload {
        arn: Text::from(format!("arn:aws:ecs:us-east-1:123456789012:service/rtech-prod/{service}")),
        status: Text::from("ACTIVE"),
        desired: count,
        running: count,
        pending: 0,
        task_definition: revision.clone(),
        deployments: vec![deployment(&revision, Rollout::Completed, count)],
        events: vec![WorkloadEvent {
            at: Now::fixed(900).wall,
            message: Text::from(format!("(service {service}) has reached a steady state.")),
        }],
        tasks: (0..count).map(task).collect(),
        cluster: Some(Cluster {
            name: Text::from("rtech-prod"),
            status: Text::from("ACTIVE"),
            running: 5,
            pending: 0,
            services: 3,
            instances: 0,
        }),
        traffic_owner: None,
    }
}

fn deployment(revision: &Text, rollout: Rollout, count: u32) -> Deployment {
    Deployment {
        id: Text::from("ecs-svc/4711"),
        status: Text::from("PRIMARY"),
        task_definition: revision.clone(),
        rollout,
        reason: Text::from("ECS deployment ecs-svc/4711 completed."),
        desired: count,
        running: count,
        pending: 0,
        failed: 0,
        created: Some(Now::fixed(300).wall),
        updated: Some(Now::fixed(900).wall),
    }
}

/// A workload that rolls out a new revision and is one task short.
pub(crate) fn rolling(service: &str) -> Workload {
    let mut workload = workload(service, 2);
    let next = Text::from(format!("{service}:42"));
    let flight = Deployment {
        rollout: Rollout::InProgress,
        reason: Text::from("ECS deployment ecs-svc/4712 in progress."),
        id: Text::from("ecs-svc/4712"),
        running: 0,
        pending: 1,
        ..deployment(&next, Rollout::InProgress, 2)
    };
    workload.running = 1;
    workload.pending = 1;
    workload.deployments[0].status = Text::from("ACTIVE");
    workload.deployments.insert(0, flight);
    workload
}

/// A scheduled action in Berlin's time, which runs next at this moment.
pub(crate) fn scheduled(name: &str, schedule: &str, min: u32, next: &str) -> ScheduledAction {
    ScheduledAction {
        name: Text::from(name),
        schedule: Text::from(schedule),
        zone: Some(Text::from("Europe/Berlin")),
        min: Some(min),
        max: None,
        next: NextRun::At { at: next.parse().unwrap() },
    }
}

fn scaling() -> Scaling {
    let policy = |name: &str, metric: &str, target: f64| ScalingPolicy {
        name: Text::from(name),
        kind: Text::from("TargetTrackingScaling"),
        metric: Text::from(metric),
        target: Some(target),
        scales_in: true,
    };
    Scaling {
        target: Some(ScalingTarget {
            min: 2,
            max: 10,
            scale_in_suspended: false,
            scale_out_suspended: false,
            scheduled_suspended: false,
        }),
        policies: vec![
            policy("rtech-cpu-70", "ECSServiceAverageCPUUtilization", 70.0),
            policy("rtech-memory-80", "ECSServiceAverageMemoryUtilization", 80.0),
        ],
        activities: vec![ScalingActivity {
            at: Now::fixed(840).wall,
            status: Text::from("Successful"),
            description: Text::from("Setting desired count to 2."),
            cause: Text::from(
                "monitor alarm TargetTracking-rtech-cpu-low in state ALARM triggered policy rtech-cpu-70",
            ),
        }],
        activities_missing: None,
        scheduled: vec![scheduled("weekday-morning", "cron(30 6 ? * MON-FRI *)", 4, "2026-01-01T05:30:00Z")],
        scheduled_missing: None,
    }
}

fn health() -> Health {
    let component = |name: &str, state: HealthState, latency: Option<f64>, detail: Option<&str>| Component {
        name: Text::from(name),
        state,
        latency_ms: latency,
        detail: detail.map(Text::from),
        components: Vec::new(),
    };
    let external = Component {
        components: vec![
            component("pusher", HealthState::Healthy, None, None),
            component("sentry", HealthState::Healthy, None, None),
        ],
        ..component("external", HealthState::Healthy, None, None)
    };
    Health {
        state: HealthState::Healthy,
        reason: None,
        http_status: 200,
        latency: Duration::from_millis(38),
        tls_expires: Some(Now::fixed(86_400 * 61).wall),
        version: Some(Text::from("2.14.1")),
        components: vec![
            component("database", HealthState::Healthy, Some(4.2), None),
            component("cache", HealthState::Healthy, Some(0.6), Some("hit rate 94 %")),
            external,
        ],
    }
}

fn alarms(firing: bool) -> Vec<Alert> {
    let alarm = |name: &str, state: AlertState, summary: &str| Alert {
        severity: Text::from("critical"),
        summary: Text::from(summary),
        since: Some(Now::fixed(READ - 300).wall),
        service: Some(Name::from("rtech-app")),
        labels: vec![(Text::from("ServiceName"), Text::from("rtech-app"))],
        ..Alert::new(Text::from(name), AlertOrigin::Cloudwatch, state)
    };
    let cpu = if firing { AlertState::Firing } else { AlertState::Ok };
    vec![
        alarm("rtech-high-cpu", cpu, "CPUUtilization > 80 for 2 × 300 s"),
        alarm("rtech-high-memory", AlertState::Ok, "MemoryUtilization > 90 for 2 × 300 s"),
        alarm("rtech-high-error-rate", AlertState::NoData, "ErrorRate > 5 for 2 × 300 s"),
    ]
}

/// The CPU alarm went off five minutes ago, and twice on the day before.
fn history() -> AlarmHistory {
    let change = |seconds_ago: i64, before, after, reason: &str| AlarmChange {
        alarm: Text::from("rtech-high-cpu"),
        at: Now::fixed(READ).wall - jiff::SignedDuration::from_secs(seconds_ago),
        before: Some(before),
        after: Some(after),
        summary: Text::from("Alarm updated"),
        reason: Text::from(reason),
    };
    let (ok, firing) = (AlertState::Ok, AlertState::Firing);
    AlarmHistory {
        changes: vec![
            change(
                300,
                ok,
                firing,
                "Threshold Crossed: 2 datapoints [91.0, 88.5] were greater than the threshold (80.0).",
            ),
            change(
                80_000,
                firing,
                ok,
                "Threshold Crossed: 1 datapoint [61.0] was not greater than the threshold (80.0).",
            ),
            change(
                84_000,
                ok,
                firing,
                "Threshold Crossed: 2 datapoints [83.0, 84.5] were greater than the threshold (80.0).",
            ),
        ],
        since: Now::fixed(READ).wall - jiff::SignedDuration::from_hours(72),
    }
}

/// `incident()` with a composite alarm over the CPU alarm and the one on errors, whose actions wait for another.
pub(crate) fn composite() -> State {
    let mut state = incident();
    let mut all = alarms(true);
    all.push(Alert {
        summary: Text::from("the application is in trouble"),
        since: Some(Now::fixed(READ - 240).wall),
        service: Some(Name::from("rtech-app")),
        labels: vec![(Text::from("rule"), Text::from("ALARM(rtech-high-cpu) OR ALARM(rtech-high-error-rate)"))],
        parts: ["rtech-high-cpu", "rtech-high-error-rate", "other-account"].map(Text::from).to_vec(),
        held_by: vec![Suppression::Suppressor(Text::from("maintenance"))],
        ..Alert::new(Text::from("rtech-down"), AlertOrigin::Cloudwatch, AlertState::Firing)
    });
    let subject = Subject::Alerts { source: Name::from("cloudwatch") };
    receive(&mut state, subject, Payload::Alerts(all), Now::fixed(READ + 2));
    state
}

/// A runbook of three steps that answers the CPU alarm.
pub(crate) fn runbook() -> Runbook {
    let scale = Action::Scale(Scale { service: Name::from("rtech-app"), desired: 4 });
    let check = Check { query: CheckQuery::Signal(id("rtech-app", "cpu")), comparison: Comparison::Above, bound: 80.0 };
    let step = |title: &str, kind: StepKind, line: usize| quarterdeck::runbook::Step {
        title: Text::from(title),
        text: vec![Text::from("Why this step, in a sentence.")],
        kind,
        line,
    };
    Runbook {
        id: Name::from("scale-out-under-load"),
        title: Text::from("Scale out under load"),
        owner: Text::from("platform"),
        services: vec![Name::from("rtech-app")],
        alerts: vec![Text::from("rtech-high-cpu")],
        severity: Text::from("page"),
        introduction: Text::from("CPU is high because of load, not because of a bad release."),
        steps: vec![
            step("Is CPU really high?", StepKind::Check(check), 14),
            step("Scale to four", StepKind::Action(scale), 24),
            step("Tell the channel", StepKind::Manual, 34),
        ],
        origin: "shipped".to_owned(),
        digest: "0".repeat(64),
    }
}

/// The plan to scale `rtech-app` from two to four.
pub(crate) fn plan() -> Plan {
    let scale = |desired| Action::Scale(Scale { service: Name::from("rtech-app"), desired });
    Plan {
        schema: "quarterdeck.plan/1".to_owned(),
        action: scale(4),
        environment: Name::from("rtech-prod"),
        kind: EnvironmentKind::Production,
        target_arn: workload("rtech-app", 2).arn,
        account: Text::from("123456789012"),
        region: Text::from("us-east-1"),
        changes: vec![Change { what: "desired count".to_owned(), before: "2".to_owned(), after: "4".to_owned() }],
        steps: vec![Step::new(
            "set the desired count of rtech-app to 4",
            Call::EcsSetDesiredCount {
                cluster: "rtech-prod".to_owned(),
                service: "rtech-app".to_owned(),
                desired: 4,
                place: None,
            },
        )],
        on_failure: Vec::new(),
        gates: Vec::new(),
        gate_window: Duration::ZERO,
        cost: None,
        debt: None,
        fingerprint: BTreeMap::from([("desired".to_owned(), "2".to_owned())]),
        undo: Undo::Action { action: scale(2) },
        steady_deadline: Duration::from_secs(600),
        observation: Observation {
            identity: Some(Identity {
                account: Text::from("123456789012"),
                region: Text::from("us-east-1"),
                arn: Text::from("arn:aws:sts::123456789012:assumed-role/oncall/alice"),
                expires: None,
            }),
            workload: Some(workload("rtech-app", 2)),
            scaling: Some(scaling()),
            firing: Some(vec![Text::from("rtech-high-cpu")]),
            paging: Some(Vec::new()),
            ..Observation::at(Now::fixed(READ).wall)
        },
        made: Now::fixed(READ).wall,
        expires: Now::fixed(READ + 300).wall,
        runbook_step: None,
    }
}

/// A run of [`plan`] in a state, with records that fit it.
pub(crate) fn run(state: RunState) -> RunView {
    let last = match state {
        RunState::Unknown => {
            Entry::Unknown { reason: Text::from("no answer in 5 s"), found: Text::from("desired 2, running 2") }
        }
        RunState::Running => Entry::Progress { found: Text::from("3 of 4 running") },
        _ => Entry::Done { found: Text::from("4 of 4 running, steady") },
    };
    let accepted = Entry::Accepted { step: 0, receipt: Text::from("ACTIVE, desired count 4"), made: None };
    let entries = [
        Entry::Approved {
            plan: Box::new(plan()),
            digest: "0".repeat(64),
            by: Box::new(operator()),
            until: Now::fixed(READ).wall,
            verdicts: Vec::new(),
            break_glass: None,
        },
        Entry::Taken { pid: 4242, epoch: 1 },
        Entry::Started { step: 0 },
    ];
    let answered = (state != RunState::Unknown).then_some(accepted);
    let entries = entries.into_iter().chain(answered).chain([last]);
    let id = RunId("20260101-005000-a1b2".to_owned());
    let record = |(index, entry): (usize, Entry)| Record {
        sequence: index as u64 + 1,
        run: id.clone(),
        at: Now::fixed(READ - 600 + index as u64 * 20).wall,
        entry,
    };
    RunView {
        id: id.clone(),
        state,
        plan: plan(),
        by: operator(),
        approved: Now::fixed(READ - 600).wall,
        records: entries.enumerate().map(record).collect(),
    }
}

/// So many services of six signals each, all in Prometheus, before the first answer.
pub(crate) fn fleet(count: usize) -> State {
    let one = |number: usize| Service {
        ecs: None,
        signals: fleet_signals(),
        ..service(&format!("service-{number:04}"), "one of many")
    };
    let services = (0..count).map(one).collect();
    let config = Config { services, backups: Vec::new(), aws: None, cloudwatch: None, ..config() };
    State::new(Arc::new(config), Arc::new(Keymap::shipped()), Vec::new().into(), operator(), Now::fixed(READ))
}

fn fleet_signals() -> Vec<Signal> {
    let saturation = |name: &str, role| Signal {
        unit: Unit::Percent,
        ..signal(name, role, Unit::Percent, Some((80.0, 95.0, 70.0)))
    };
    vec![
        signal("latency_p95", Role::LatencyP95, Unit::Seconds, Some((0.5, 1.5, 0.2))),
        signal("errors", Role::Errors, Unit::Ratio, Some((0.01, 0.05, 0.001))),
        signal("traffic", Role::Traffic, Unit::PerSecond, None),
        saturation("cpu", Role::Cpu),
        saturation("memory", Role::Memory),
        signal("queue", Role::Other, Unit::Count, Some((500.0, 1000.0, 100.0))),
    ]
}

/// Every signal of a fleet is read, with a history of so many samples each 15 s; nothing fires.
pub(crate) fn read_fleet(state: &mut State, seconds: u64, samples: u64) {
    let now = Now::fixed(seconds);
    for subject in state.config.subjects() {
        let payload = match &subject {
            Subject::Signal(id) => Payload::Signal(fleet_series(id.signal.as_str(), seconds, samples)),
            _ => Payload::Alerts(Vec::new()),
        };
        receive(state, subject, payload, now);
    }
    state.now = now;
}

fn fleet_series(signal: &str, seconds: u64, samples: u64) -> SignalData {
    let base = match signal {
        "latency_p95" => 0.131,
        "errors" => 0.0004,
        _ => 43.0,
    };
    let begin = Now::fixed(seconds).wall;
    let point = |back: u64| {
        let wave = (back % 24).abs_diff(12) as f64 / 12.0;
        Point { at: begin - Duration::from_secs(back * 15), value: base * (0.8 + 0.4 * wave) }
    };
    let points: Vec<Point> = (0..samples.max(1)).rev().map(point).collect();
    let value = points.last().map(|point| Number::from(point.value));
    SignalData { value, sampled: Some(begin), points, replaces: samples > 1, ..SignalData::default() }
}

/// One value of a series; nothing fires.
pub(crate) fn value(subject: &Subject, value: f64, now: Now) -> Reading {
    let point = Point { at: now.wall, value };
    let data = SignalData {
        value: Some(Number::from(value)),
        sampled: Some(now.wall),
        points: vec![point],
        ..SignalData::default()
    };
    let payload = if subject.is_series() { Payload::Signal(data) } else { Payload::Alerts(Vec::new()) };
    Reading { subject: subject.clone(), outcome: Ok(payload) }
}

/// Three revisions, the newest in use with an older push of its tag on one task; one task crashed.
pub(crate) fn releases(service: &str) -> Releases {
    let revision = |number: u32, commit: &str, registry: Registered| Revision {
        id: Text::from(format!("{service}:{number}")),
        status: Text::from("ACTIVE"),
        registered: Some(Now::fixed(READ - 60 * u64::from(43 - number)).wall),
        registered_by: Some(Text::from("arn:aws:sts::123456789012:assumed-role/ci/deploy-bot")),
        images: vec![Image {
            container: Text::from("app"),
            reference: Text::from(format!("123456789012.dkr.ecr.us-east-1.amazonaws.com/{service}:{commit}")),
            registry,
        }],
        content: None,
        needs: Vec::new(),
    };
    let found = |digest: &str, findings| Registered::Found {
        digest: Text::from(format!("sha256:{digest}")),
        pushed: Some(Now::fixed(600).wall),
        findings,
        scan: Some(Text::from("COMPLETE")),
    };
    let high = vec![(Text::from("CRITICAL"), 1), (Text::from("HIGH"), 3)];
    Releases {
        revisions: vec![
            revision(41, "latest", found("bbbbbbbbcccc", Some(high))),
            revision(40, "8d04e77", Registered::Missing),
            revision(39, "3f1c2a9", Registered::NotAsked),
        ],
        deployments: vec![released(service, 41, "SUCCESSFUL"), released(service, 40, "ROLLBACK_SUCCESSFUL")],
        stopped: vec![crashed(service)],
        running: vec![RunningImage {
            task_definition: Text::from(format!("{service}:41")),
            container: Text::from("app"),
            digest: Text::from("sha256:aaaaaaaacccc"),
            tasks: 1,
        }],
        safety: None,
        missing: Vec::new(),
    }
}

fn released(service: &str, revision: u32, status: &str) -> ServiceDeployment {
    ServiceDeployment {
        id: Text::from(format!("d{revision}")),
        status: Text::from(status),
        reason: (status != "SUCCESSFUL").then(|| Text::from("circuit breaker: 3 tasks failed")),
        task_definition: Some(Text::from(format!("{service}:{revision}"))),
        created: Some(Now::fixed(900).wall),
        started: Some(Now::fixed(900).wall),
        finished: Some(Now::fixed(1200).wall),
        rolled_back: status != "SUCCESSFUL",
    }
}

/// A task that ran out of memory ten minutes before everything was read.
pub(crate) fn crashed(service: &str) -> StoppedTask {
    StoppedTask {
        id: Text::from("0f3adead"),
        task_definition: Text::from(format!("{service}:41")),
        stopped: Some(Now::fixed(READ - 600).wall),
        code: Text::from("EssentialContainerExited"),
        reason: Text::from("Essential container in task exited"),
        containers: vec![StoppedContainer {
            name: Text::from("app"),
            exit_code: Some(137),
            reason: Some(Text::from("OutOfMemoryError: Container killed due to memory usage")),
        }],
    }
}

/// Blue 90, green 10, all healthy.
pub(crate) fn traffic() -> Traffic {
    let group = |name: &str, count: usize| TargetGroup {
        name: Text::from(name),
        arn: Text::from(format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{name}/1")),
        targets: (0..count).map(|index| target(index, "healthy")).collect(),
    };
    Traffic {
        state: Some(Text::from("active")),
        routes: vec![Route {
            listener: Text::from("HTTPS:443"),
            arn: Text::from("arn:listener"),
            weights: vec![(Text::from("rtech-blue"), 90), (Text::from("rtech-green"), 10)],
            sticky_seconds: None,
            besides: Vec::new(),
        }],
        groups: vec![group("rtech-blue", 2), group("rtech-green", 1)],
        ..Traffic::default()
    }
}

/// A target in a state.
pub(crate) fn target(index: usize, state: &str) -> TrafficTarget {
    let bad = state == "unhealthy";
    TrafficTarget {
        id: Text::from(format!("10.0.1.{index}:3000")),
        state: Text::from(state),
        reason: bad.then(|| Text::from("Target.Timeout")),
        description: bad.then(|| Text::from("Request timed out")),
    }
}
