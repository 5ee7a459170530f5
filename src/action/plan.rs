//! The concrete before → after of one action, bound to what was observed.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Action;
use crate::config::EnvironmentKind;
use crate::source::{Name, Observation};
use crate::text::Text;

/// A plan. Its digest binds approval to exactly this text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// `quarterdeck.plan/1`.
    pub schema: String,
    /// The action.
    pub action: Action,
    /// Environment.
    pub environment: Name,
    /// Its kind.
    pub kind: EnvironmentKind,
    /// What is changed: the orchestrator's identifier.
    pub target_arn: Text,
    /// Account of the target.
    pub account: Text,
    /// Region of the target.
    pub region: Text,
    /// What changes, absolute.
    pub changes: Vec<Change>,
    /// Calls that make the change, in order.
    pub steps: Vec<Step>,
    /// The facts that must still hold when a call is sent; a difference is drift.
    pub fingerprint: BTreeMap<String, String>,
    /// How it is undone.
    pub undo: Undo,
    /// How long the executor waits for a steady state.
    pub steady_deadline: Duration,
    /// What it rests on.
    pub observation: Observation,
    /// When it was made.
    pub made: Timestamp,
    /// Until when it may be confirmed.
    pub expires: Timestamp,
    /// The runbook step it belongs to: `runbook-id#step`.
    pub runbook_step: Option<String>,
}

/// One line of before → after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What, such as `desired count`.
    pub what: String,
    /// Before.
    pub before: String,
    /// After.
    pub after: String,
}

/// One call of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it does, in words.
    pub summary: String,
    /// The call.
    pub call: Call,
}

/// A mutating call, with absolute values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum Call {
    /// `ecs:UpdateService` with a desired count.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html>
    EcsSetDesiredCount {
        /// The cluster.
        cluster: String,
        /// The service, as ECS calls it.
        service: String,
        /// The desired count.
        desired: u32,
    },
}

/// How a plan is undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Undo {
    /// By another action, which is a plan of its own.
    Action {
        /// The action.
        action: Action,
    },
    /// Not at all; why, in words.
    Impossible {
        /// Why.
        reason: String,
    },
}
