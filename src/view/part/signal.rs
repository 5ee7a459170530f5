//! A signal of a service as it may be shown.

use std::time::Duration;

use super::badge;
use super::pen::{Bit, bit};
use super::reading::Shown;
use crate::config::theme::Role;
use crate::config::{Query, Role as SignalRole, Service, Signal};
use crate::source::prometheus::step;
use crate::source::{Measured, SignalId};
use crate::state::State;
use crate::state::readings::Series;
use crate::state::verdict::{Level, signal_level};

/// A configured signal and what was measured of it.
#[derive(Debug)]
pub struct SignalView<'c, 's> {
    /// The signal.
    pub signal: &'c Signal,
    /// Its reading.
    pub measured: Measured<'s, Series>,
}

/// The first signal of a role, and its reading.
pub fn of_role<'c, 's>(service: &'c Service, role: SignalRole, state: &'s State) -> Option<SignalView<'c, 's>> {
    service.signal_of(role).map(|signal| view(service, signal, state))
}

/// Signals that no panel shows by their role: those of role `Other`, a second one of a role, and saturation of what does
/// not run on ECS (the scaling panel shows it else).
pub fn unpanelled(service: &Service) -> impl Iterator<Item = &Signal> {
    service.signals.iter().filter(|signal| {
        let first = service.signal_of(signal.role).is_some_and(|first| first.name == signal.name);
        let saturation = matches!(signal.role, SignalRole::Cpu | SignalRole::Memory);
        signal.role == SignalRole::Other || !first || (saturation && service.ecs.is_none())
    })
}

/// A signal of a service, and its reading.
pub fn view<'c, 's>(service: &Service, signal: &'c Signal, state: &'s State) -> SignalView<'c, 's> {
    let id = SignalId { service: service.name.clone(), signal: signal.name.clone() };
    SignalView { signal, measured: state.readings.signal(&state.config, &id, state.now) }
}

impl SignalView<'_, '_> {
    /// Value, age and state, the value in full.
    pub fn shown(&self) -> Shown {
        self.shown_as(|series| series.value.format(self.signal.unit))
    }

    /// The same with the value written as `text` says.
    pub fn shown_as(&self, text: impl Fn(&Series) -> String) -> Shown {
        let level = signal_level(self.signal, &self.measured);
        Shown::of(&self.measured, text, |series| live_look(level, series))
    }

    /// The role of its graph: its own while it is live.
    pub fn series_role(&self, live: Role) -> Role {
        if self.measured.live().is_some() { live } else { Role::Stale }
    }

    /// Why it is not live, or not whole, in one line.
    pub fn trouble(&self, name: &str) -> Option<Bit<'static>> {
        if let Some(error) = self.measured.reason() {
            return Some(bit(Role::Critical, format!("{}: {}", error.source_name, error.reason)));
        }
        let (series, _) = self.measured.value()?;
        let warning = series.warnings.first().map(ToString::to_string);
        let partial = series.partial.then(|| "the answer is not whole".to_owned());
        warning.or(partial).map(|text| bit(Role::Warning, format!("{name}: {text}")))
    }
}

/// Role and sign of a live value; one that is not a finite number, or not whole, is not known.
fn live_look(level: Level, series: &Series) -> (Role, &'static str) {
    match level {
        Level::Healthy if series.value.finite().is_some() => (Role::Text, ""),
        level => (badge::level_role(level), badge::level_sign(level)),
    }
}

/// The greatest time between two samples that belong together in a graph of `window`: three intervals, three steps of
/// Prometheus' history, or three periods of CloudWatch.
pub fn gap(signal: &Signal, window: Duration) -> Duration {
    let step = match &signal.query {
        Query::CloudWatch(metric) => Duration::from_secs(metric.period.into()),
        Query::CloudWatchMaths { period, .. } => Duration::from_secs((*period).into()),
        Query::Prometheus(_) => step(window, signal.interval),
        Query::Http(query) => query.lag,
        Query::Simulator(_) => Duration::ZERO,
    };
    signal.interval.max(step) * 3
}
