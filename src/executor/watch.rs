//! What a read-back tells of a change that is under way. Pure.

use std::time::Duration;

use crate::action::{Call, Plan};
use crate::clock::Mono;
use crate::source::{Observation, Rollout, Workload};

/// How long the desired count may read otherwise than it was set: reads lag behind writes.
const LAG: Duration = Duration::from_secs(30);

/// What a plan's call sets.
#[derive(Debug, Clone)]
pub struct Goal {
    before: u32,
    after: u32,
    rollout: Option<Rollout>,
}

/// A change that is watched.
#[derive(Debug)]
pub struct Watch<'a> {
    goal: &'a Goal,
    /// When the desired count last was the one that was set (or the watch began).
    held: Mono,
}

/// What one look found.
#[derive(Debug, PartialEq, Eq)]
pub enum Finding {
    /// It goes on: where it stands, in words.
    Moving(String),
    /// It came to an end.
    Ended(Ended),
}

/// How a change ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// Steady at the desired count.
    Steady(String),
    /// It failed.
    Failed {
        /// Why.
        reason: String,
        /// What became of it.
        effect: String,
    },
}

impl Goal {
    /// The goal of a plan of one call.
    pub fn of(plan: &Plan) -> Self {
        let workload = &plan.observation.workload;
        let after = plan.steps.first().map_or(workload.desired, |step| {
            let Call::EcsSetDesiredCount { desired, .. } = step.call;
            desired
        });
        Self { before: workload.desired, after, rollout: primary(workload) }
    }

    /// Whether the call shows: the desired count is what it sets.
    pub fn is_applied(&self, found: &Observation) -> bool {
        found.workload.desired == self.after
    }

    /// Whether nothing shows: the desired count is as it was.
    pub fn is_as_before(&self, found: &Observation) -> bool {
        found.workload.desired == self.before
    }

    /// Where it stands, in words with figures.
    pub fn found(&self, found: &Observation) -> String {
        let Workload { desired, running, pending, .. } = &found.workload;
        let sick = unhealthy(&found.workload);
        let sick = if sick == 0 { String::new() } else { format!(", {sick} unhealthy") };
        format!("{running} of {desired} running, {pending} pending{sick}")
    }

    /// Begins to watch.
    pub fn watch(&self, began: Mono) -> Watch<'_> {
        Watch { goal: self, held: began }
    }

    fn is_steady(&self, workload: &Workload) -> bool {
        let rollout = primary(workload);
        workload.desired == self.after
            && workload.running == self.after
            && workload.pending == 0
            && workload.deployments.len() == 1
            && (rollout == Some(Rollout::Completed) || rollout == self.rollout)
            && unhealthy(workload) == 0
    }
}

impl Watch<'_> {
    /// Takes one look.
    pub fn look(&mut self, found: &Observation, now: Mono) -> Finding {
        let workload = &found.workload;
        let line = self.goal.found(found);
        if self.goal.is_steady(workload) {
            return Finding::Ended(Ended::Steady(line));
        }
        if primary(workload) == Some(Rollout::Failed) && self.goal.rollout != Some(Rollout::Failed) {
            let reason = workload.deployments.first().map(|deployment| deployment.reason.to_string());
            let reason = format!("the rollout failed: {}", reason.unwrap_or_default());
            return Finding::Ended(Ended::Failed { reason, effect: format!("the count was set; found {line}") });
        }
        if workload.status.as_str() != "ACTIVE" {
            let reason = format!("the service is {}", workload.status);
            return Finding::Ended(Ended::Failed { reason, effect: format!("the count was set; found {line}") });
        }
        self.drifted(workload.desired, now, line)
    }

    fn drifted(&mut self, desired: u32, now: Mono, line: String) -> Finding {
        let after = self.goal.after;
        if desired == after {
            self.held = now;
            return Finding::Moving(line);
        }
        if now.since(self.held) < LAG {
            return Finding::Moving(format!("{line}; the desired count is to become {after}"));
        }
        let reason = format!("the desired count is {desired}, no longer {after}: someone else or autoscaling moved it");
        Finding::Ended(Ended::Failed { reason, effect: format!("the count was set to {after}; found {line}") })
    }
}

fn primary(workload: &Workload) -> Option<Rollout> {
    workload.deployments.first().map(|deployment| deployment.rollout)
}

fn unhealthy(workload: &Workload) -> usize {
    workload.tasks.iter().filter(|t| t.last_status.as_str() == "RUNNING" && t.health.as_str() == "UNHEALTHY").count()
}
