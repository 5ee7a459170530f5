//! The simulated fleet, for changing: what the executor calls.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::log::Log;
use super::scenario::Scenario;
use super::tasks::MOST_TASKS;
use super::{SimulatorError, fleet};
use crate::clock::Now;
use crate::config;
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

    /// Sets a desired count: one call, one effect. The receipt is in the words of the API.
    fn set_desired(&self, cluster: &str, service: &str, desired: u32, now: Now) -> Result<Text, SimulatorError> {
        check(cluster, service, desired)?;
        self.log.change(&Name::from(service), desired, now.wall)?;
        Ok(Text::clean(&format!("ACTIVE, desired count {desired}")))
    }
}

fn check(cluster: &str, service: &str, desired: u32) -> Result<(), SimulatorError> {
    let refuse = |reason: String| Err(SimulatorError::Refused(reason));
    if cluster != CLUSTER {
        return refuse(format!("ClusterNotFoundException: there is no cluster {cluster}"));
    }
    match fleet::profile(service).map(|profile| profile.run_by) {
        Some(fleet::RunBy::Orchestrator { .. }) if desired <= MOST_TASKS => Ok(()),
        Some(fleet::RunBy::Orchestrator { .. }) => {
            refuse(format!("InvalidParameterException: desiredCount is at most {MOST_TASKS} here"))
        }
        _ => refuse(format!("ServiceNotFoundException: there is no service {service}")),
    }
}

/// The cluster of the simulated fleet.
pub const CLUSTER: &str = "demo";
