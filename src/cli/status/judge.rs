//! From readings to the report: the console's own judgement, put into the documented shape.

use std::time::Duration;

use super::recovery::{RecoveryReport, RestoreReport};
use super::report::{
    BackupReport, ExemplarReport, HealthReport, Item, ObjectiveReport, Report, RuleReport, SCHEMA, ScalingReport,
    ServiceReport, Share, SignalReport, TasksReport, WindowReport,
};
use crate::clock::Now;
use crate::config::{Config, Objective, Protected, Service, Signal};
use crate::slo::{self, RuleState};
use crate::source::{
    Exemplar, Exemplars, Identity, Measured, Name, ObjectiveData, SignalId, Subject, Unit, WindowCount,
};
use crate::state::ReadingStore;
use crate::state::readings::Series;
use crate::state::verdict::{Level, backup_verdict, service_verdict, signal_level};
use crate::text::Text;

impl<T> Item<T> {
    pub(super) fn of<V>(measured: &Measured<'_, V>, unit: Option<Unit>, value: impl FnOnce(Option<&V>) -> T) -> Self {
        Self {
            value: value(measured.value().map(|(value, _)| value)),
            unit,
            state: measured.word(),
            age_seconds: measured.value().map(|(_, age)| (age.as_secs_f64() * 1000.0).round() / 1000.0),
            reason: measured.reason().map(|error| Text::clean(&error.to_string())),
        }
    }
}

/// What all parts of a report are made of.
pub(super) struct Look<'a> {
    pub(super) config: &'a Config,
    pub(super) readings: &'a ReadingStore,
    pub(super) now: Now,
}

impl Report {
    /// Judges all readings at `now`.
    pub fn new(config: &Config, readings: &ReadingStore, now: Now) -> Self {
        let look = Look { config, readings, now };
        let services: Vec<ServiceReport> = config.services.iter().map(|service| look.service(service)).collect();
        let backups: Vec<BackupReport> = config.backups.iter().map(|thing| look.backup(thing)).collect();
        Self {
            schema: SCHEMA,
            at: now.wall,
            environment: config.environment.name.clone(),
            kind: config.environment.kind,
            level: overall(&services, &backups),
            identity: look.identity(),
            places: look.places(),
            usage: look.usage(),
            services,
            alerts: config.alert_sources().into_iter().map(|source| look.alerts(source)).collect(),
            alarm_history: config.history_sources().into_iter().map(|source| look.alarm_history(source)).collect(),
            silences: config.silence_sources().into_iter().map(|source| look.silences(source)).collect(),
            cost: look.cost(),
            delivery: look.delivery(),
            backups,
            debts: Vec::new(),
            debts_missing: None,
        }
    }
}

/// Without services nothing is known; a protected thing that nothing judges takes no part.
fn overall(services: &[ServiceReport], backups: &[BackupReport]) -> Level {
    let services = services.iter().map(|service| service.level).max().unwrap_or(Level::Unknown);
    backups.iter().filter_map(|thing| thing.level).max().map_or(services, |backups| backups.max(services))
}

impl Look<'_> {
    fn service(&self, service: &Service) -> ServiceReport {
        let verdict = service_verdict(self.readings, self.config, service, self.now);
        ServiceReport {
            name: service.name.clone(),
            level: verdict.level,
            reasons: verdict.reasons,
            notes: verdict.notes,
            signals: service.signals.iter().map(|signal| self.signal(&service.name, signal)).collect(),
            objectives: service.objectives.iter().map(|objective| self.objective(&service.name, objective)).collect(),
            health: service.health.iter().map(|check| self.health(&service.name, &check.name)).collect(),
            tasks: service.ecs.as_ref().map(|_| self.tasks(&service.name)),
            scaling: service.ecs.as_ref().map(|_| self.scaling(&service.name)),
            database: self.database(service),
            logs: super::log::counts(service, self.config, self.readings, self.now),
            cdn: self.cdn(service),
            probes: self.probes(service),
            releases: self.releases(service),
            traffic: self.traffic(service),
        }
    }

    fn signal(&self, service: &Name, signal: &Signal) -> SignalReport {
        let id = SignalId { service: service.clone(), signal: signal.name.clone() };
        let report = measure(signal, &self.readings.signal(self.config, &id, self.now));
        SignalReport { exemplars: self.exemplars(id), ..report }
    }

    fn exemplars(&self, id: SignalId) -> Vec<ExemplarReport> {
        let measured = self.readings.of::<Exemplars>(self.config, &Subject::Exemplars(id), self.now);
        let Some((exemplars, _)) = measured.value() else { return Vec::new() };
        let template = self.config.prometheus.as_ref().and_then(|backend| backend.trace_url.as_ref());
        let report = |exemplar: &Exemplar| ExemplarReport {
            trace_id: exemplar.trace_id.clone(),
            value: exemplar.value,
            at: exemplar.at,
            url: template.and_then(|template| template.of(&exemplar.trace_id)).map(String::from),
        };
        exemplars.0.iter().map(report).collect()
    }

    fn backup(&self, thing: &Protected) -> BackupReport {
        let one = |signal: &Signal| {
            let subject = Subject::Backup { protected: thing.name.clone(), measure: signal.name.clone() };
            measure(signal, &self.readings.measure(self.config, &subject, self.now))
        };
        let verdict = backup_verdict(self.readings, self.config, thing, self.now);
        BackupReport {
            name: thing.name.clone(),
            level: verdict.judged.then_some(verdict.level),
            recovery: thing.copies.as_ref().map(|_| RecoveryReport::of(thing, &verdict)),
            restore: RestoreReport::of(thing, &verdict.recovery),
            reasons: verdict.reasons,
            measures: thing.measures.iter().map(one).collect(),
        }
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
            scale_in_suspended: target.map(|target| target.scale_in_suspended),
            scale_out_suspended: target.map(|target| target.scale_out_suspended),
            scheduled_suspended: target.map(|target| target.scheduled_suspended),
            scheduled: scaling.map(|scaling| scaling.scheduled.clone()).unwrap_or_default(),
            scheduled_missing: scaling.and_then(|scaling| scaling.scheduled_missing.clone()),
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
        baseline: signal.baseline.map(|baseline| [baseline.low, baseline.high]),
        partial: series.is_some_and(|series| series.partial),
        warnings: series.map(|series| series.warnings.clone()).unwrap_or_default(),
        exemplars: Vec::new(),
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
