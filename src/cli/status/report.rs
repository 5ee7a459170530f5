//! The report as data: what `docs/status.schema.json` describes.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::clock::Now;
use crate::config::{Config, EnvironmentKind, Objective, Protected, Role, Service, Signal};
use crate::slo::{self, RuleState, Severity};
use crate::source::{
    Alert, AlertState, Component, HealthState, Identity, Measured, Name, Number, ObjectiveData, ScalingPolicy,
    SignalId, Subject, Unit, WindowCount,
};
use crate::state::ReadingStore;
use crate::state::readings::Series;
use crate::state::verdict::{Level, Reason, service_verdict, signal_level};
use crate::text::Text;

/// The version of the shape.
pub const SCHEMA: &str = "quarterdeck.status/1";

/// Everything that was read, judged at one moment.
#[derive(Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// When it was made.
    pub at: Timestamp,
    /// The environment's name.
    pub environment: Name,
    /// Its kind.
    pub kind: EnvironmentKind,
    /// The worst of the services; unknown where there are none.
    pub level: Level,
    /// Whose credentials are in use; absent where no source tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Item<Option<Identity>>>,
    /// The services, in the order of the configuration.
    pub services: Vec<ServiceReport>,
    /// The alerts of each source.
    pub alerts: Vec<AlertsReport>,
    /// Measures of protected things.
    pub backups: Vec<BackupReport>,
}

/// One value with its state: `never`, `live`, `stale` or `failed`. There is no value without these.
#[derive(Debug, Serialize)]
pub struct Item<T> {
    /// The value, in `unit`; the last one where the state is stale or failed, null where there never was one.
    pub value: T,
    /// The unit of the value; null where it is no measure.
    pub unit: Option<Unit>,
    /// How fresh the value is.
    pub state: &'static str,
    /// The value's age; null where there never was one.
    pub age_seconds: Option<f64>,
    /// Why there is no fresh value; null where there is one, or nothing failed.
    pub reason: Option<Text>,
}

impl<T> Item<T> {
    fn of<V>(measured: &Measured<'_, V>, unit: Option<Unit>, value: impl FnOnce(Option<&V>) -> T) -> Self {
        Self {
            value: value(measured.value().map(|(value, _)| value)),
            unit,
            state: measured.word(),
            age_seconds: measured.value().map(|(_, age)| (age.as_secs_f64() * 1000.0).round() / 1000.0),
            reason: measured.reason().map(|error| Text::clean(&error.to_string())),
        }
    }
}

/// One service.
#[derive(Debug, Serialize)]
pub struct ServiceReport {
    /// Its name.
    pub name: Name,
    /// How it stands.
    pub level: Level,
    /// Why it is not healthy, the worst first.
    pub reasons: Vec<Reason>,
    /// Its signals.
    pub signals: Vec<SignalReport>,
    /// Its ratio objectives.
    pub objectives: Vec<ObjectiveReport>,
    /// Its health endpoints.
    pub health: Vec<HealthReport>,
    /// Its tasks; null where it does not run on ECS.
    pub tasks: Option<TasksReport>,
    /// Its scaling; null where it does not run on ECS.
    pub scaling: Option<ScalingReport>,
}

/// One signal or backup measure.
#[derive(Debug, Serialize)]
pub struct SignalReport {
    /// Its name.
    pub name: Name,
    /// What it is to the panels.
    pub role: Role,
    /// How it stands against its bounds; unknown where it is not live, healthy where it has no bounds.
    pub level: Level,
    /// The newest value. What is not finite is a word: `NaN`, `+Inf`, `-Inf`, `no data`.
    #[serde(flatten)]
    pub item: Item<Option<Number>>,
    /// The bound of a warning.
    pub warning: Option<f64>,
    /// The bound of a critical state.
    pub critical: Option<f64>,
    /// The objective.
    pub objective: Option<f64>,
    /// The answer was not whole.
    pub partial: bool,
    /// Warnings of the backend.
    pub warnings: Vec<Text>,
}

/// One ratio objective. The value is the share of good events over the period.
#[derive(Debug, Serialize)]
pub struct ObjectiveReport {
    /// Its name.
    pub name: Name,
    /// The share that is wanted.
    pub target: f64,
    /// Its period.
    pub period_seconds: u64,
    /// The share of good events over the period; a word where there is none: `no traffic`, `unknown`.
    #[serde(flatten)]
    pub item: Item<Option<Share>>,
    /// The share of the error budget that is left; below 0 when the objective is missed.
    pub budget_remaining: Option<f64>,
    /// The burn rate of the last hour.
    pub burn_rate: Option<f64>,
    /// When the budget is used up if that goes on.
    pub exhausted_in_seconds: Option<u64>,
    /// The burn-rate rules.
    pub rules: Vec<RuleReport>,
    /// The counts.
    pub windows: Vec<WindowReport>,
}

/// A share, or the word for why there is none.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Share {
    /// Between 0 and 1.
    Of(f64),
    /// `no traffic` or `unknown`.
    Word(&'static str),
}

/// One burn-rate rule.
#[derive(Debug, Serialize)]
pub struct RuleReport {
    /// How loud.
    pub severity: Severity,
    /// The long window.
    pub long_seconds: u64,
    /// The short window.
    pub short_seconds: u64,
    /// The burn rate from which it fires.
    pub burn_rate: f64,
    /// How it stands; unknown where the counts are not live.
    pub state: RuleState,
}

/// The counts of one window.
#[derive(Debug, Serialize)]
pub struct WindowReport {
    /// The window's length.
    pub window_seconds: u64,
    /// Events that miss the objective.
    pub bad: Number,
    /// All events that count.
    pub valid: Number,
}

/// One health endpoint.
#[derive(Debug, Serialize)]
pub struct HealthReport {
    /// Its name.
    pub name: Name,
    /// What it says.
    #[serde(flatten)]
    pub item: Item<Option<HealthState>>,
    /// Why it is not healthy.
    pub detail: Option<Text>,
    /// The HTTP status.
    pub http_status: Option<u16>,
    /// From sending to the last byte.
    pub latency_ms: Option<f64>,
    /// When the certificate expires.
    pub tls_expires: Option<Timestamp>,
    /// The version that it names.
    pub version: Option<Text>,
    /// Its components.
    pub components: Vec<Component>,
}

/// The tasks of a service. The value is how many run.
#[derive(Debug, Serialize)]
pub struct TasksReport {
    /// Tasks that run.
    #[serde(flatten)]
    pub item: Item<Option<u32>>,
    /// Tasks wanted.
    pub desired: Option<u32>,
    /// Tasks starting.
    pub pending: Option<u32>,
    /// The task definition of new tasks.
    pub task_definition: Option<Text>,
    /// Whether it runs what is wanted, and nothing rolls out.
    pub steady: Option<bool>,
    /// The deployment that rolls out, in words.
    pub deployment: Option<Text>,
}

/// The scaling of a service. The value says whether a scaling target is registered.
#[derive(Debug, Serialize)]
pub struct ScalingReport {
    /// Whether a scaling target is registered.
    #[serde(flatten)]
    pub item: Item<Option<bool>>,
    /// Least desired count.
    pub min: Option<u32>,
    /// Greatest desired count.
    pub max: Option<u32>,
    /// Its policies.
    pub policies: Vec<ScalingPolicy>,
}

/// The alerts of one source. The value is how many fire.
#[derive(Debug, Serialize)]
pub struct AlertsReport {
    /// The source.
    pub source: Name,
    /// How many fire.
    #[serde(flatten)]
    pub item: Item<Option<usize>>,
    /// All of them, whatever their state.
    pub alerts: Vec<Alert>,
}

/// A protected thing.
#[derive(Debug, Serialize)]
pub struct BackupReport {
    /// Its name.
    pub name: Name,
    /// Its measures.
    pub measures: Vec<SignalReport>,
}

/// What all parts of a report are made of.
struct Look<'a> {
    config: &'a Config,
    readings: &'a ReadingStore,
    now: Now,
}

impl Report {
    /// Judges all readings at `now`.
    pub fn new(config: &Config, readings: &ReadingStore, now: Now) -> Self {
        let look = Look { config, readings, now };
        let services: Vec<ServiceReport> = config.services.iter().map(|service| look.service(service)).collect();
        Self {
            schema: SCHEMA,
            at: now.wall,
            environment: config.environment.name.clone(),
            kind: config.environment.kind,
            level: services.iter().map(|service| service.level).max().unwrap_or(Level::Unknown),
            identity: look.identity(),
            services,
            alerts: config.alert_sources().into_iter().map(|source| look.alerts(source)).collect(),
            backups: config.backups.iter().map(|thing| look.backup(thing)).collect(),
        }
    }
}

impl Look<'_> {
    fn service(&self, service: &Service) -> ServiceReport {
        let verdict = service_verdict(self.readings, self.config, service, self.now);
        ServiceReport {
            name: service.name.clone(),
            level: verdict.level,
            reasons: verdict.reasons,
            signals: service.signals.iter().map(|signal| self.signal(&service.name, signal)).collect(),
            objectives: service.objectives.iter().map(|objective| self.objective(&service.name, objective)).collect(),
            health: service.health.iter().map(|check| self.health(&service.name, &check.name)).collect(),
            tasks: service.ecs.as_ref().map(|_| self.tasks(&service.name)),
            scaling: service.ecs.as_ref().map(|_| self.scaling(&service.name)),
        }
    }

    fn signal(&self, service: &Name, signal: &Signal) -> SignalReport {
        let id = SignalId { service: service.clone(), signal: signal.name.clone() };
        measure(signal, &self.readings.signal(self.config, &id, self.now))
    }

    fn backup(&self, thing: &Protected) -> BackupReport {
        let one = |signal: &Signal| {
            let subject = Subject::Backup { protected: thing.name.clone(), measure: signal.name.clone() };
            measure(signal, &self.readings.measure(self.config, &subject, self.now))
        };
        BackupReport { name: thing.name.clone(), measures: thing.measures.iter().map(one).collect() }
    }

    fn objective(&self, service: &Name, objective: &Objective) -> ObjectiveReport {
        let subject = Subject::Objective { service: service.clone(), objective: objective.name.clone() };
        let measured = self.readings.objective(self.config, &subject, self.now);
        let data = measured.value().map(|(data, _)| data);
        let budget = data.map(|data| slo::budget(data, objective.target, objective.period));
        let known = budget.as_ref().and_then(|budget| budget.as_ref().ok());
        ObjectiveReport {
            name: objective.name.clone(),
            target: objective.target,
            period_seconds: objective.period.as_secs(),
            item: Item::of(&measured, Some(Unit::Ratio), |_| budget.as_ref().map(share)),
            budget_remaining: known.map(|budget| budget.remaining),
            burn_rate: known.and_then(|budget| budget.burn),
            exhausted_in_seconds: known.and_then(|budget| budget.exhausted_in).map(|left| left.as_secs()),
            rules: rules(objective, measured.live()),
            windows: data.map(|data| data.windows.iter().map(window).collect()).unwrap_or_default(),
        }
    }

    fn health(&self, service: &Name, endpoint: &Name) -> HealthReport {
        let subject = Subject::Health { service: service.clone(), endpoint: endpoint.clone() };
        let measured = self.readings.health(self.config, &subject, self.now);
        let health = measured.value().map(|(health, _)| health);
        HealthReport {
            name: endpoint.clone(),
            item: Item::of(&measured, None, |health| health.map(|health| health.state)),
            detail: health.and_then(|health| health.reason.clone()),
            http_status: health.map(|health| health.http_status),
            latency_ms: health.map(|health| milliseconds(health.latency)),
            tls_expires: health.and_then(|health| health.tls_expires),
            version: health.and_then(|health| health.version.clone()),
            components: health.map(|health| health.components.clone()).unwrap_or_default(),
        }
    }

    fn tasks(&self, service: &Name) -> TasksReport {
        let measured = self.readings.workload(self.config, service, self.now);
        let workload = measured.value().map(|(workload, _)| workload);
        TasksReport {
            item: Item::of(&measured, Some(Unit::Count), |workload| workload.map(|workload| workload.running)),
            desired: workload.map(|workload| workload.desired),
            pending: workload.map(|workload| workload.pending),
            task_definition: workload.map(|workload| workload.task_definition.clone()),
            steady: workload.map(|workload| workload.is_steady()),
            deployment: workload.and_then(|workload| workload.in_flight()).map(|deployment| {
                let (running, desired) = (deployment.running, deployment.desired);
                Text::clean(&format!("{}: {running} of {desired} running", deployment.task_definition))
            }),
        }
    }

    fn scaling(&self, service: &Name) -> ScalingReport {
        let measured = self.readings.scaling(self.config, service, self.now);
        let scaling = measured.value().map(|(scaling, _)| scaling);
        let target = scaling.and_then(|scaling| scaling.target);
        ScalingReport {
            item: Item::of(&measured, None, |scaling| scaling.map(|scaling| scaling.target.is_some())),
            min: target.map(|target| target.min),
            max: target.map(|target| target.max),
            policies: scaling.map(|scaling| scaling.policies.clone()).unwrap_or_default(),
        }
    }

    fn alerts(&self, source: Name) -> AlertsReport {
        let measured = self.readings.alerts(self.config, &source, self.now);
        let firing = |alerts: &Vec<Alert>| alerts.iter().filter(|alert| alert.state == AlertState::Firing).count();
        AlertsReport {
            item: Item::of(&measured, Some(Unit::Count), |alerts| alerts.map(firing)),
            alerts: measured.value().map(|(alerts, _)| alerts.clone()).unwrap_or_default(),
            source,
        }
    }

    fn identity(&self) -> Option<Item<Option<Identity>>> {
        let source = match (&self.config.simulator, &self.config.aws) {
            (Some(_), _) => crate::simulator::SOURCE,
            (None, Some(_)) => "sts",
            (None, None) => return None,
        };
        let measured = self.readings.identity(self.config, &Name::from(source), self.now);
        Some(Item::of(&measured, None, |identity| identity.cloned()))
    }
}

fn measure(signal: &Signal, measured: &Measured<'_, Series>) -> SignalReport {
    let series = measured.value().map(|(series, _)| series);
    SignalReport {
        name: signal.name.clone(),
        role: signal.role,
        level: signal_level(signal, measured),
        item: Item::of(measured, Some(signal.unit), |series| series.map(|series| series.value)),
        warning: signal.warning,
        critical: signal.critical,
        objective: signal.objective,
        partial: series.is_some_and(|series| series.partial),
        warnings: series.map(|series| series.warnings.clone()).unwrap_or_default(),
    }
}

fn share(budget: &Result<slo::Budget, slo::BadShare>) -> Share {
    match budget {
        Ok(budget) => Share::Of(budget.achieved),
        Err(slo::BadShare::NoTraffic) => Share::Word("no traffic"),
        Err(_) => Share::Word("unknown"),
    }
}

fn rules(objective: &Objective, live: Option<&ObjectiveData>) -> Vec<RuleReport> {
    let report = |rule: slo::Rule| RuleReport {
        severity: rule.severity,
        long_seconds: rule.long.as_secs(),
        short_seconds: rule.short.as_secs(),
        burn_rate: rule.burn,
        state: live.map_or(RuleState::Unknown, |data| rule.state(data, objective.target)),
    };
    slo::rules(objective.period).into_iter().map(report).collect()
}

fn window(count: &WindowCount) -> WindowReport {
    WindowReport { window_seconds: count.window.as_secs(), bad: count.bad, valid: count.valid }
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
