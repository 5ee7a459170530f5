//! The simulated fleet, for changing: what the executor calls. One file a part of the fleet.

mod around;
mod database;
mod restored;
mod service;

use std::path::Path;

use futures_util::future::{BoxFuture, FutureExt, pending};
use serde::{Deserialize, Serialize};

use super::SimulatorError;
use super::log::{Kept, Log, Mutated};
use super::scenario::Scenario;
use super::tasks::Crew;
use crate::action::{Call, Family};
use crate::clock::Now;
use crate::config;
use crate::executor::target::{ApplyError, Permit, Receipt, Target};
use crate::source::Name;
use crate::text::Text;

/// A way for calls to go wrong, for drills and tests. Injected through [`Log::inject`], so that the executor's own process
/// meets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The call is refused; nothing changes.
    Reject,
    /// The call takes effect and its answer is lost.
    DropAfterApply,
    /// The call never answers; nothing changes.
    Hang,
}

/// The door to the simulated fleet.
#[derive(Debug, Clone)]
pub struct SimulatedTarget {
    log: Log,
    clock: fn() -> Now,
}

impl SimulatedTarget {
    /// The door to the fleet that is kept in `state_dir`. `clock` tells when a call arrives.
    ///
    /// # Errors
    /// An unknown scenario.
    pub fn new(simulator: &config::Simulator, state_dir: &Path, clock: fn() -> Now) -> Result<Self, SimulatorError> {
        Ok(Self { log: Log::new(state_dir, simulator.seed, Scenario::named(&simulator.scenario)?), clock })
    }

    /// The file that the fleet is kept in.
    pub fn log(&self) -> &Log {
        &self.log
    }

    fn send(&self, call: &Call, permit: &Permit<'_>) -> Result<Receipt, ApplyError> {
        match call.family() {
            Family::Count
            | Family::Deployment
            | Family::Revision
            | Family::Definition
            | Family::Halt
            | Family::Task
            | Family::Bounds
            | Family::Suspension
            | Family::Traffic => self.service(call),
            Family::Failover | Family::Backup | Family::Export => self.database(call),
            Family::Restore | Family::Removal => self.restored(call),
            Family::CloudFront | Family::Cloudflare | Family::Silence => self.around(call, permit),
            Family::Request | Family::Command => Err(not_sent("the simulated fleet carries out no declared actions")),
        }
    }

    fn kept(&self) -> Result<Kept, ApplyError> {
        self.log.read((self.clock)().wall).map_err(|error| not_sent(&error.to_string()))
    }

    fn change(&self, service: &str, change: Mutated) -> Result<(), ApplyError> {
        let changed = self.log.change(&Name::from(service), change, (self.clock)().wall);
        changed.map_err(|error| not_sent(&error.to_string()))
    }

    /// The tasks of a service, and the moment of the call.
    fn crew(&self, service: &str) -> Result<(Crew, f64), ApplyError> {
        let now = (self.clock)().wall;
        let kept = self.log.read(now).map_err(|error| not_sent(&error.to_string()))?;
        let seconds = now.duration_since(kept.began).as_secs_f64();
        let course = self.log.course(&kept);
        let crew = course.crew(service).ok_or_else(|| rejected(&format!("there is no service {service}")))?;
        Ok((crew.clone(), seconds))
    }

    fn fault(&self) -> Result<Option<Fault>, ApplyError> {
        let kept = self.log.read((self.clock)().wall);
        kept.map(|kept| kept.fault).map_err(|error| not_sent(&error.to_string()))
    }
}

impl Target for SimulatedTarget {
    fn apply<'a>(&'a self, call: &'a Call, permit: Permit<'a>) -> BoxFuture<'a, Result<Receipt, ApplyError>> {
        async move {
            let fault = self.fault()?;
            permit.last_look()?;
            match fault {
                None => self.send(call, &permit),
                Some(Fault::Reject) => Err(ApplyError::Rejected(Text::clean("ThrottlingException: rate exceeded"))),
                Some(Fault::DropAfterApply) => {
                    self.send(call, &permit)?;
                    Err(ApplyError::Unknown(Text::clean("the connection was closed before an answer came")))
                }
                Some(Fault::Hang) => pending().await,
            }
        }
        .boxed()
    }
}

fn rejected(reason: &str) -> ApplyError {
    ApplyError::Rejected(Text::clean(reason))
}

fn not_sent(reason: &str) -> ApplyError {
    ApplyError::NotSent(Text::clean(reason))
}

/// The cluster of the simulated fleet.
pub const CLUSTER: &str = "demo";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::tasks::MOST_TASKS;
    use crate::simulator::{Mutation, fleet};

    fn clock() -> Now {
        Now::fixed(60)
    }

    fn call(service: &str, desired: u32) -> Call {
        Call::EcsSetDesiredCount { cluster: CLUSTER.to_owned(), service: service.to_owned(), desired, place: None }
    }

    /// A call under a fault: how it ended (`None`: never), and the effects that it had.
    async fn apply(fault: Option<Fault>, call: &Call) -> (Option<Result<Receipt, ApplyError>>, Vec<Mutation>) {
        let dir = tempfile::tempdir().unwrap();
        let simulator =
            config::Simulator { seed: 1, scenario: "calm".to_owned(), interval: std::time::Duration::from_secs(1) };
        let target = SimulatedTarget::new(&simulator, dir.path(), clock).unwrap();
        let began = Now::fixed(0).wall;
        target.log().inject(fault, began).unwrap();
        let ended = target.apply(call, Permit::for_test()).now_or_never();
        (ended, target.log().read(began).unwrap().mutations)
    }

    #[tokio::test]
    async fn a_call_has_one_effect_at_the_moment_of_the_call() {
        let (ended, effects) = apply(None, &call("rtech-app", 4)).await;
        assert_eq!(ended.unwrap().unwrap().said.as_str(), "ACTIVE, desired count 4");
        assert_eq!(effects, [Mutation { at: 60.0, service: Name::from("rtech-app"), change: Mutated::Desired(4) }]);
    }

    #[tokio::test]
    async fn bounds_and_suspension_are_set_and_bounds_move_a_count_that_lies_beyond_them() {
        let (cluster, service) = (CLUSTER.to_owned(), "rtech-app".to_owned());
        let bounds =
            Call::ScalingSetBounds { cluster: cluster.clone(), service: service.clone(), min: 3, max: 6, place: None };
        let held =
            Call::ScalingSetSuspended { cluster, service, inward: true, outward: false, scheduled: true, place: None };
        let dir = tempfile::tempdir().unwrap();
        let simulator =
            config::Simulator { seed: 1, scenario: "calm".to_owned(), interval: std::time::Duration::from_secs(1) };
        let target = SimulatedTarget::new(&simulator, dir.path(), clock).unwrap();
        let began = Now::fixed(0).wall;
        target.log().read(began).unwrap();
        for call in [bounds, held] {
            target.apply(&call, Permit::for_test()).await.unwrap();
        }
        let course = target.log().course(&target.log().read(began).unwrap());
        let profile = fleet::profile("rtech-app").unwrap();
        let set = crate::simulator::ecs::scaling(&course, profile, began, 61.0).unwrap().target.unwrap();
        assert_eq!((set.min, set.max, course.crew("rtech-app").unwrap().desired(61.0)), (3, 6, 3));
        let suspended = (set.scale_in_suspended, set.scale_out_suspended, set.scheduled_suspended);
        assert_eq!(suspended, (true, false, true));
    }

    #[tokio::test]
    async fn a_fault_rejects_loses_the_answer_or_never_answers() {
        let call = call("rtech-app", 4);
        let (ended, effects) = apply(Some(Fault::Reject), &call).await;
        assert!(matches!(ended, Some(Err(ApplyError::Rejected(_)))) && effects.is_empty());
        let (ended, effects) = apply(Some(Fault::DropAfterApply), &call).await;
        assert!(matches!(ended, Some(Err(ApplyError::Unknown(_)))) && effects.len() == 1);
        let (ended, effects) = apply(Some(Fault::Hang), &call).await;
        assert!(ended.is_none() && effects.is_empty());
    }

    #[tokio::test]
    async fn a_call_about_what_is_not_there_is_rejected_without_effect() {
        let elsewhere = Call::EcsSetDesiredCount {
            cluster: "other".to_owned(),
            service: "rtech-app".to_owned(),
            desired: 3,
            place: None,
        };
        for call in [call("rtech-redis", 3), call("shop", 3), call("rtech-app", MOST_TASKS + 1), elsewhere] {
            let (ended, effects) = apply(None, &call).await;
            assert!(matches!(ended, Some(Err(ApplyError::Rejected(_)))) && effects.is_empty(), "{call:?}");
        }
    }
}
