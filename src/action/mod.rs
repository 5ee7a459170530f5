//! Actions as data and judgement; no I/O.
//!
//! Action → observation → [`plan`](plan::Plan) (absolute before → after) → [`guard`] judges → [`Approved`].
//! One file an action, a row in [`ACTIONS`]; help, palette and command line come from the row.

pub mod approval;
pub mod guard;
pub mod guards;
pub mod plan;
pub mod scale;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::source::{Name, Observation};
use crate::text::Text;

pub use approval::{Approved, Refusal};
pub use guard::{Arming, Decision, GuardContext, Judged, OtherRun, Verdict, judge};
pub use plan::{Call, Change, Plan, Step, Undo};

/// A change to production.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Set the desired count of a service.
    Scale(scale::Scale),
}

impl Action {
    /// The row of [`ACTIONS`] that it is an instance of.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Scale(_) => "scale",
        }
    }

    /// The service that it changes.
    pub fn target(&self) -> &Name {
        match self {
            Self::Scale(scale) => &scale.service,
        }
    }
}

/// What help, palette and command line know of an action.
#[derive(Debug)]
pub struct ActionSpec {
    /// Its name, as typed.
    pub name: &'static str,
    /// One line of help.
    pub summary: &'static str,
    /// Its arguments after the target.
    pub arguments: &'static [ArgumentSpec],
    /// Makes the action of a target and `key=value` pairs.
    pub parse: ParseAction,
}

/// Makes an action of a target and `key=value` pairs.
pub type ParseAction = fn(&Name, &[(String, String)]) -> Result<Action, PlanFailure>;

/// An argument of an action.
#[derive(Debug)]
pub struct ArgumentSpec {
    /// Its key.
    pub name: &'static str,
    /// What it means, with unit and range.
    pub summary: &'static str,
}

/// All actions.
pub static ACTIONS: &[ActionSpec] = &[scale::SPEC];

/// The plan of an action on what was observed, under this configuration. Pure: the same arguments, the same plan.
///
/// # Errors
/// There is no such service, it doesn't run where the action could change it, or nothing would change.
pub fn plan_for(
    action: &Action,
    observation: &Observation,
    config: &Config,
    now: Timestamp,
) -> Result<Plan, PlanFailure> {
    match action {
        Action::Scale(scale) => scale::plan(scale, observation, config, now),
    }
}

/// The facts of an observation that a plan of this action rests on: what [`Plan::drift`] compares.
pub fn fingerprint(action: &Action, observation: &Observation) -> BTreeMap<String, String> {
    match action {
        Action::Scale(_) => scale::fingerprint(observation),
    }
}

/// The row of that name.
///
/// # Errors
/// There is none; the failure names those that there are.
pub fn spec(name: &str) -> Result<&'static ActionSpec, PlanFailure> {
    ACTIONS.iter().find(|spec| spec.name == name).ok_or_else(|| {
        let known: Vec<_> = ACTIONS.iter().map(|spec| spec.name).collect();
        PlanFailure::new(&format!("there is no action `{name}`"), &format!("actions are: {}", known.join(", ")))
    })
}

/// Why there is no plan. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{reason}; {hint}")]
pub struct PlanFailure {
    /// What went wrong, and where.
    pub reason: Text,
    /// What to do next.
    pub hint: Text,
}

impl PlanFailure {
    /// A failure with its reason and what to do next.
    pub fn new(reason: &str, hint: &str) -> Self {
        Self { reason: Text::clean(reason), hint: Text::clean(hint) }
    }
}

/// Who acts, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// The login name.
    pub user: Text,
    /// The host.
    pub host: Text,
    /// The terminal, or `headless`.
    pub terminal: Text,
}

impl std::fmt::Display for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{} ({})", self.user, self.host, self.terminal)
    }
}
