//! One TOML file an environment: raw TOML → checked [`Config`], one way.
//!
//! `raw` is what a person wrote (serde, unknown keys refused); `check` turns it into what is here or into a list of errors
//! with file, line, key and the allowed values; `keymap` and `theme` do the same for theirs. What is here is ready to use:
//! nothing later asks whether it is valid.

mod audit;
mod balancer;
mod cdn;
pub mod check;
mod comparison;
mod copies;
mod cost;
mod database;
mod declared;
pub mod error;
pub mod expand;
pub mod find;
mod freeze;
mod guards;
mod http_source;
mod index;
pub mod keymap;
mod log;
mod probe;
pub mod raw;
pub mod secrets;
mod service;
mod template;
pub mod theme;
mod trace_url;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

pub use audit::*;
pub use balancer::*;
pub use cdn::*;
pub use comparison::Comparison;
pub use copies::*;
pub use cost::*;
pub use database::*;
pub use declared::*;
pub use error::{ConfigError, ConfigErrors};
pub use freeze::{Calendar, Freeze, FreezeWindow};
pub use guards::{Approval, Guards, Stance};
pub use http_source::*;
pub use index::ServiceIndex;
pub use log::*;
pub use probe::*;
pub use service::*;
pub use trace_url::TraceUrl;

use crate::source::{Cadence, Name, SignalId, Subject};

/// A checked configuration: what one environment is.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it came from; empty for the built-in demo.
    pub path: PathBuf,
    /// The environment.
    pub environment: Environment,
    /// AWS, if it is used.
    pub aws: Option<Aws>,
    /// CloudWatch, if it is used.
    pub cloudwatch: Option<CloudWatch>,
    /// ECS polling.
    pub ecs: Polling,
    /// Prometheus, if it is used.
    pub prometheus: Option<HttpBackend>,
    /// Alertmanager, if it is used.
    pub alertmanager: Option<HttpBackend>,
    /// JSON APIs that signals are read from.
    pub http: Vec<HttpSource>,
    /// What the environment may cost, if it is read.
    pub cost: Option<CostBudget>,
    /// The simulated fleet instead of real backends.
    pub simulator: Option<Simulator>,
    /// The services, in the order of the file.
    pub services: Vec<Service>,
    /// Finds them by name; filled by itself.
    pub index: ServiceIndex,
    /// Protected things for the backups panel.
    pub backups: Vec<Protected>,
    /// Changes that it declares itself: requests and local commands.
    pub actions: Vec<Declared>,
    /// Bounds of what may be done.
    pub guards: Guards,
    /// Where the journal's head is anchored.
    pub audit: Audit,
    /// Folders with runbooks, besides the shipped ones.
    pub runbook_dirs: Vec<PathBuf>,
    /// The screen.
    pub ui: Ui,
    /// Where journal, leases and runs are kept; `None` is the XDG state directory.
    pub state_dir: Option<PathBuf>,
    /// The table that the leases of several hosts stand in; `None` where one state directory holds all of them.
    pub shared: Option<Shared>,
}

/// Where several hosts share leases and the heads of their journals.
#[derive(Debug, Clone)]
pub struct Shared {
    /// The DynamoDB table.
    pub table: String,
    /// The way to it; an account is not named, as nothing of an environment stands there.
    pub aws: Aws,
}

/// What the environment is called and how dangerous it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its name, such as `rtech-prod`.
    pub name: Name,
    /// Its kind.
    pub kind: EnvironmentKind,
}

/// Kinds of environment; guards are stricter in production.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvironmentKind {
    /// Users depend on it.
    Production,
    /// A rehearsal of production.
    Staging,
    /// Developers' own.
    Development,
}

/// A secret: shown and logged as `•••`, read only where it is used.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret itself, for the request that needs it and for the masker.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("•••")
    }
}

/// The AWS account that is meant, and how to get in.
#[derive(Debug, Clone)]
pub struct Aws {
    /// A profile of the AWS configuration files; `None` is the default chain.
    pub profile: Option<String>,
    /// The region.
    pub region: String,
    /// The account (12 digits) that the credentials must belong to.
    pub account: Option<String>,
    /// A role to assume.
    pub role_arn: Option<String>,
    /// The role that actions use instead, if it is another.
    pub action_role_arn: Option<String>,
    /// An endpoint for all services (an emulator, a VPC endpoint). `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>`
    /// still win.
    pub endpoint: Option<Url>,
    /// Other regions and accounts of the same environment, by name; whole, and without places of their own.
    pub places: BTreeMap<Name, Aws>,
}

impl Aws {
    /// The settings of a place: `None` is here. A place that is not declared is `None`; the check of the configuration
    /// refuses it.
    pub fn at(&self, place: Option<&Name>) -> Option<&Self> {
        place.map_or(Some(self), |place| self.places.get(place))
    }

    /// The same with further places; those that are there stay.
    pub fn with_places(mut self, further: BTreeMap<Name, Aws>) -> Self {
        for (name, aws) in further {
            self.places.entry(name).or_insert(aws);
        }
        self
    }

    /// Whether the same credentials read both.
    pub fn is_same_login(&self, other: &Self) -> bool {
        let login = |aws: &Self| (aws.profile.clone(), aws.role_arn.clone(), aws.account.clone());
        login(self) == login(other)
    }

    /// This one and its places, with their names; `None` is this one, and comes first.
    pub fn all(&self) -> impl Iterator<Item = (Option<&Name>, &Self)> {
        let places = self.places.iter().map(|(name, aws)| (Some(name), aws));
        std::iter::once((None, self)).chain(places)
    }
}

/// The name of a source that asks one place: `cloudwatch`, and `cloudwatch dr` for the place `dr`.
pub fn source_at(source: &str, place: Option<&Name>) -> Name {
    place.map_or_else(|| Name::from(source), |place| Name::from(format!("{source} {place}")))
}

/// CloudWatch polling.
#[derive(Debug, Clone)]
pub struct CloudWatch {
    /// Interval and deadline.
    pub polling: Polling,
    /// Alarms whose names begin so; empty is none, `[""]` is all.
    pub alarm_prefixes: Vec<String>,
    /// What its polling may cost, in USD a month at list price; it slows down rather than exceed it.
    pub budget_usd_month: Option<f64>,
    /// By how much metrics are asked less often for it; 1 is not at all. The intervals of the signals have it in them.
    pub slowed: f64,
}

/// Interval and deadline of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Polling {
    /// How often.
    pub interval: Duration,
    /// The longest that one poll may take.
    pub timeout: Duration,
}

/// An HTTP backend: Prometheus, Alertmanager.
#[derive(Debug, Clone)]
pub struct HttpBackend {
    /// Its base URL.
    pub url: Url,
    /// How to get in.
    pub auth: HttpAuth,
    /// Further headers.
    pub headers: Vec<(String, Secret)>,
    /// A PEM file of the certificate authority to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// A PEM file with client certificate and key.
    pub client_cert_file: Option<PathBuf>,
    /// Interval and deadline.
    pub polling: Polling,
    /// The most series that one answer may have.
    pub max_series: usize,
    /// The largest body, in bytes, after decompression.
    pub max_body: usize,
    /// Parameters that go with each request to Prometheus' API, such as Thanos' `dedup` and `partial_response`.
    pub parameters: Vec<(String, String)>,
    /// Where the traces of exemplars are shown.
    pub trace_url: Option<TraceUrl>,
}

/// How to authenticate to an HTTP backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpAuth {
    /// Not at all.
    None,
    /// A bearer token that is read from its file before each use, so that a rotated one is picked up.
    BearerFile(PathBuf),
    /// A bearer token.
    Bearer(Secret),
    /// Basic authentication.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
}

/// The simulated fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulator {
    /// The seed: the same seed tells the same story.
    pub seed: u64,
    /// The story's name.
    pub scenario: String,
    /// Interval of polling.
    pub interval: Duration,
}

/// The screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ui {
    /// Theme: `dark`, `light`, `high-contrast`, or a file.
    pub theme: String,
    /// Keymap: `default`, or a file laid over it.
    pub keymap: String,
    /// Window of the graphs at the start.
    pub range: Duration,
}

impl Config {
    /// The service of that name.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.index.find(&self.services, name)
    }

    /// Where the service of that name stands in the list.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.index.place(&self.services, name)
    }

    /// The same environment with one service or protected thing alone: what is asked about it, and nothing else.
    pub fn only(&self, target: &Name) -> Self {
        let mut only = self.clone();
        only.services.retain(|service| service.name == *target);
        only.backups.retain(|thing| thing.name == *target);
        only.cost = None;
        only
    }

    /// The signal of that identifier.
    pub fn signal(&self, id: &SignalId) -> Option<&Signal> {
        self.service(&id.service)?.signals.iter().find(|signal| signal.name == id.signal)
    }

    /// The declared action of that name on that service.
    pub fn declared(&self, service: &str, name: &str) -> Option<&Declared> {
        self.actions.iter().find(|action| action.name == *name && action.service == *service)
    }

    /// The sources of alerts: CloudWatch where alarms are chosen, and Alertmanager, or Prometheus itself without one.
    pub fn alert_sources(&self) -> Vec<Name> {
        if self.simulator.is_some() {
            return vec![Name::from("simulator")];
        }
        let rules = match (&self.alertmanager, &self.prometheus) {
            (Some(_), _) => Some("alertmanager"),
            (None, Some(_)) => Some("prometheus"),
            (None, None) => None,
        };
        let alarms = self.alarm_places().into_iter().map(|place| source_at("cloudwatch", place.as_ref()));
        alarms.chain(rules.map(Name::from)).collect()
    }

    /// The places whose alarms are read: `[aws]` itself and all others, where alarms are chosen. The source of their alerts
    /// is [`source_at`]`("cloudwatch", place)`.
    pub fn alarm_places(&self) -> Vec<Option<Name>> {
        let chosen = self.cloudwatch.as_ref().is_some_and(|cloudwatch| !cloudwatch.alarm_prefixes.is_empty());
        let places = self.aws.iter().filter(|_| chosen).flat_map(Aws::all);
        places.map(|(place, _)| place.cloned()).collect()
    }

    /// The sources of alarm history: those of CloudWatch's alarms.
    pub fn history_sources(&self) -> Vec<Name> {
        let places = self.alarm_places().into_iter().filter(|_| self.simulator.is_none());
        places.map(|place| source_at("cloudwatch", place.as_ref())).collect()
    }

    /// The sources of silences.
    pub fn silence_sources(&self) -> Vec<Name> {
        let name = match (&self.simulator, &self.alertmanager) {
            (Some(_), _) => Some("simulator"),
            (None, Some(_)) => Some("alertmanager"),
            (None, None) => None,
        };
        name.map(Name::from).into_iter().collect()
    }

    /// What reading costs, where a source that costs is read: CloudWatch, for metrics or alarms. It is counted here and asked
    /// of nobody, so it is none of [`Config::subjects`].
    pub fn usage(&self) -> Option<Subject> {
        let is_metric = |signal: &Signal| matches!(signal.query, Query::CloudWatch(_) | Query::CloudWatchMaths { .. });
        let signals = self.services.iter().flat_map(|service| &service.signals);
        let mut all = signals.chain(self.backups.iter().flat_map(|thing| &thing.measures));
        let read = self.cloudwatch.is_some() && (all.any(is_metric) || !self.alarm_places().is_empty());
        read.then(|| Subject::Usage { source: Name::from("cloudwatch") })
    }

    /// Every subject that is asked: what the sources together answer for.
    pub fn subjects(&self) -> Vec<Subject> {
        let mut subjects: Vec<Subject> = self.services.iter().flat_map(Service::subjects).collect();
        subjects.extend(self.cost.as_ref().map(|_| Subject::Cost { source: Name::from("cost") }));
        subjects.extend(self.alert_sources().into_iter().map(|source| Subject::Alerts { source }));
        subjects.extend(self.history_sources().into_iter().map(|source| Subject::AlarmHistory { source }));
        subjects.extend(self.silence_sources().into_iter().map(|source| Subject::Silences { source }));
        for thing in &self.backups {
            if thing.copies.is_some() {
                subjects.push(Subject::Protection { protected: thing.name.clone() });
            }
            subjects.extend(
                thing
                    .measures
                    .iter()
                    .map(|measure| Subject::Backup { protected: thing.name.clone(), measure: measure.name.clone() }),
            );
        }
        subjects
    }

    /// How often a subject is asked, and the lag that is normal for it.
    pub fn cadence(&self, subject: &Subject) -> Cadence {
        let every = |interval| Cadence { every: interval, lag: Duration::ZERO };
        if let Some(simulator) = &self.simulator {
            let lag = if matches!(subject, Subject::LogCount { .. }) { LOG_COUNT_BIN * 2 } else { Duration::ZERO };
            return Cadence { every: simulator.interval, lag };
        }
        match subject {
            Subject::Signal(id) => self.signal(id).map_or(every(DEFAULT_INTERVAL), Signal::cadence),
            Subject::Exemplars(_) => every(EXEMPLARS_INTERVAL),
            Subject::Objective { service, objective } => {
                let found = self.service(service).and_then(|s| s.objectives.iter().find(|o| o.name == *objective));
                every(found.map_or(DEFAULT_INTERVAL, |objective| objective.interval))
            }
            Subject::Workload { .. } => every(self.ecs.interval),
            Subject::Scaling { .. } => every(self.ecs.interval.max(SCALING_INTERVAL)),
            Subject::Identity { .. } => every(IDENTITY_INTERVAL),
            Subject::Health { service, endpoint } => {
                let found = self.service(service).and_then(|s| s.health.iter().find(|h| h.name == *endpoint));
                every(found.map_or(DEFAULT_INTERVAL, |check| check.polling.interval))
            }
            Subject::Alerts { source } => every(self.alerts_interval(source)),
            Subject::Backup { protected, measure } => {
                let thing = self.backups.iter().find(|thing| thing.name == *protected);
                let found = thing.and_then(|thing| thing.measures.iter().find(|signal| signal.name == *measure));
                found.map_or(every(DEFAULT_INTERVAL), Signal::cadence)
            }
            Subject::Silences { source } => every(self.alerts_interval(source)),
            Subject::AlarmHistory { source } => every(self.alerts_interval(source).max(ALARM_HISTORY_INTERVAL)),
            Subject::Releases { .. } | Subject::Candidate { .. } | Subject::Needs { .. } | Subject::Served { .. } => {
                every(self.ecs.interval.max(RELEASES_INTERVAL))
            }
            Subject::Traffic { service } => {
                self.polled(service, |service| Some(service.load_balancer.as_ref()?.polling))
            }
            Subject::Database { service } => self.polled(service, |service| Some(service.database.as_ref()?.polling)),
            Subject::Cdn { service } => self.polled(service, |service| Some(service.cdn.as_ref()?.polling)),
            Subject::Probe { service, probe } => {
                self.polled(service, |service| Some(service.probes.iter().find(|check| check.name == *probe)?.polling))
            }
            Subject::LogCount { service, log } => {
                let found = self.service(service).and_then(|service| service.logs.iter().find(|l| l.name == *log));
                let interval = found.and_then(|log| Some(log.count.as_ref()?.interval));
                Cadence { every: interval.unwrap_or(LOG_COUNT_BIN), lag: LOG_COUNT_BIN * 2 }
            }
            Subject::Protection { protected } | Subject::Restore { protected } => {
                let thing = self.backups.iter().find(|thing| thing.name == *protected);
                let polling = thing.and_then(|thing| Some(thing.copies.as_ref()?.polling));
                every(polling.map_or(DEFAULT_INTERVAL, |polling| polling.interval))
            }
            Subject::Cost { .. } => {
                Cadence { every: self.cost.as_ref().map_or(DEFAULT_INTERVAL, |cost| cost.interval), lag: COST_LAG }
            }
            Subject::Usage { .. } => {
                every(self.cloudwatch.as_ref().map_or(DEFAULT_INTERVAL, |cloudwatch| cloudwatch.polling.interval))
            }
        }
    }

    fn polled(&self, service: &Name, polling: impl Fn(&Service) -> Option<Polling>) -> Cadence {
        let polling = self.service(service).and_then(polling);
        Cadence { every: polling.map_or(DEFAULT_INTERVAL, |polling| polling.interval), lag: Duration::ZERO }
    }

    fn alerts_interval(&self, source: &Name) -> Duration {
        let http = |backend: &Option<HttpBackend>| backend.as_ref().map(|backend| backend.polling.interval);
        let found = match source.split(' ').next().unwrap_or_default() {
            "cloudwatch" => self.cloudwatch.as_ref().map(|cloudwatch| cloudwatch.polling.interval),
            "alertmanager" => http(&self.alertmanager),
            _ => http(&self.prometheus),
        };
        found.unwrap_or(DEFAULT_INTERVAL)
    }
}

/// The interval where none is configured.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(15);

/// The least interval at which Application Auto Scaling is asked, however often ECS is: each service costs two calls of an
/// API whose rate limit is low, and bounds, policies and activities change by the minute.
pub const SCALING_INTERVAL: Duration = Duration::from_secs(5);

/// The least interval at which revisions, deployments and stopped tasks are read: several calls a service, and they change
/// with a release.
pub const RELEASES_INTERVAL: Duration = Duration::from_secs(30);

/// How often exemplars are asked: they help to look into what a graph shows, and judge nothing.
pub const EXEMPLARS_INTERVAL: Duration = Duration::from_secs(60);
/// The least interval at which alarm history is read, but for when a state has changed.
pub const ALARM_HISTORY_INTERVAL: Duration = Duration::from_secs(300);

/// The bin of log counts.
pub const LOG_COUNT_BIN: Duration = Duration::from_secs(300);

/// How late the figures of Cost Explorer are: they are refreshed at least once in 24 hours.
pub const COST_LAG: Duration = Duration::from_secs(24 * 3600);

/// How often the caller's identity is asked.
pub const IDENTITY_INTERVAL: Duration = Duration::from_secs(60);

impl Service {
    /// Every subject of this service.
    pub fn subjects(&self) -> Vec<Subject> {
        let service = || self.name.clone();
        let mut subjects = Vec::new();
        let signal = |signal: &Signal| Subject::Signal(SignalId { service: service(), signal: signal.name.clone() });
        subjects.extend(self.signals.iter().map(signal));
        let explained = self.signals.iter().filter(|signal| signal.exemplars.is_some());
        let id = |signal: &Signal| SignalId { service: service(), signal: signal.name.clone() };
        subjects.extend(explained.map(|signal| Subject::Exemplars(id(signal))));
        let objective = |o: &Objective| Subject::Objective { service: service(), objective: o.name.clone() };
        subjects.extend(self.objectives.iter().map(objective));
        let health = |check: &HealthCheck| Subject::Health { service: service(), endpoint: check.name.clone() };
        subjects.extend(self.health.iter().map(health));
        if self.ecs.is_some() {
            subjects.push(Subject::Workload { service: service() });
            subjects.push(Subject::Scaling { service: service() });
            subjects.push(Subject::Releases { service: service() });
        }
        let probe = |probe: &ProbeCheck| Subject::Probe { service: service(), probe: probe.name.clone() };
        subjects.extend(self.probes.iter().map(probe));
        let counted = self.logs.iter().filter(|log| log.count.is_some());
        subjects.extend(counted.map(|log| Subject::LogCount { service: service(), log: log.name.clone() }));
        subjects.extend(self.load_balancer.as_ref().map(|_| Subject::Traffic { service: service() }));
        subjects.extend(self.database.as_ref().map(|_| Subject::Database { service: service() }));
        subjects.extend(self.cdn.as_ref().map(|_| Subject::Cdn { service: service() }));
        subjects
    }

    /// The first signal of a role.
    pub fn signal_of(&self, role: Role) -> Option<&Signal> {
        self.signals.iter().find(|signal| signal.role == role)
    }
}
