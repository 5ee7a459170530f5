//! Asking what a check asks.

use super::{Check, CheckQuery, CheckResult};
use crate::clock::Now;
use crate::config::{Config, Query};
use crate::source::{Look, Name, Number, SourceError, SourceErrorKind, Workload, World};

/// What a check needs to be answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// A query of a source.
    Query(Query),
    /// The workload of a service, for [`steady_share`].
    Workload(Look),
}

/// What a check needs to be answered.
///
/// # Errors
/// The signal is not in the configuration.
pub fn question(check: &Check, config: &Config) -> Result<Question, SourceError> {
    match &check.query {
        CheckQuery::Signal(id) => {
            let missing = || {
                let reason = format!("the configuration has no signal {id}");
                SourceError::new(&Name::from("configuration"), SourceErrorKind::Missing, &reason)
            };
            config.signal(id).map(|signal| Question::Query(signal.query.clone())).ok_or_else(missing)
        }
        CheckQuery::Query(query) => Ok(Question::Query(query.clone())),
        CheckQuery::Steady(service) => {
            let place = config.service(service).and_then(|service| service.ecs.as_ref()?.place.clone());
            Ok(Question::Workload(Look::workload(service, place.as_ref())))
        }
    }
}

/// Asks a check of the world.
pub async fn ask(world: &dyn World, check: &Check, config: &Config, now: Now) -> CheckResult {
    match question(check, config)? {
        Question::Query(query) => world.ask(&query, now).await,
        Question::Workload(look) => {
            let seen = world.observe(&look, now).await?;
            Ok(seen.workload.as_ref().map_or(Number::NoData, steady_share))
        }
    }
}

/// 1 when a service runs steadily what is wanted; else the share that runs, which stays below 1 while a deployment is in
/// flight or tasks start or stop, so that it never holds against "at least 1".
pub fn steady_share(workload: &Workload) -> Number {
    let share = f64::from(workload.running) / f64::from(workload.desired.max(1));
    Number::Finite(if workload.is_steady() { 1.0 } else { share.min(0.99) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::course::Course;
    use crate::simulator::{Mutated, Mutation, Scenario, ecs, fleet};

    #[test]
    fn only_a_steady_workload_has_a_share_of_one() {
        let mutation =
            |at, desired| Mutation { at, service: Name::from("rtech-app"), change: Mutated::Desired(desired) };
        let course = Course::new(1, Scenario::Calm, &[mutation(100.0, 4), mutation(200.0, 2)]);
        let profile = fleet::profile("rtech-app").unwrap();
        let share = |seconds| {
            steady_share(&ecs::workload(&course, profile, Now::fixed(0).wall, seconds).unwrap()).finite().unwrap()
        };
        assert_eq!([share(50.0), share(102.0), share(150.0), share(201.0), share(250.0)], [1.0, 0.5, 1.0, 0.99, 1.0]);
    }
}
