//! What an action must tell of itself: one implementation a file.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{Change, DebtChange, Made, Plan, PlanFailure, Step, Undo};
use crate::config::Config;
use crate::source::{Look, Name, Observation};
use crate::text::Text;

/// An action. Pure: the same arguments, the same answer.
pub trait Act {
    /// What is changed, by its name in the configuration: it is typed to confirm.
    fn target(&self) -> &Name;

    /// Its arguments as they are typed after the target: those with which its `parse` makes the same action.
    fn arguments(&self) -> Vec<(&'static str, String)>;

    /// What is read of the target, for the plan, again before each call, and after it.
    ///
    /// # Errors
    /// The configuration does not say where the target is, or it is not of a kind that can be changed so.
    fn look(&self, config: &Config) -> Result<Look, PlanFailure>;

    /// What is read back after a call: what [`Act::sight`] judges by, no more, since it is asked every few seconds.
    ///
    /// # Errors
    /// As [`Act::look`].
    fn look_back(&self, config: &Config) -> Result<Look, PlanFailure> {
        Ok(Look { is_back: true, ..self.look(config)? })
    }

    /// What the action makes of what was observed.
    ///
    /// # Errors
    /// Nothing would change, or what is asked for can't be done there.
    fn draft(&self, found: &Observation, config: &Config) -> Result<Draft, PlanFailure>;

    /// The same for a plan that is made at that moment, for actions in whose values the moment stands.
    ///
    /// # Errors
    /// As [`Act::draft`].
    fn draft_at(&self, found: &Observation, config: &Config, _made: Timestamp) -> Result<Draft, PlanFailure> {
        self.draft(found, config)
    }

    /// The service whose health gates judge it: the target itself, where nothing else is declared.
    fn gated_by(&self, _config: &Config) -> Name {
        self.target().clone()
    }

    /// The facts that must still hold when a call is sent. What moves by itself (running tasks) is no part of it.
    fn facts(&self, found: &Observation) -> BTreeMap<String, String>;

    /// What a look tells of one step that was sent, or may have been.
    fn sight(&self, scene: &Scene<'_>, found: &Observation) -> Sight;

    /// What was observed, in a few words with figures.
    fn observed(&self, found: &Observation) -> String;

    /// What of its arguments the guards would always deny under this configuration: an error of a runbook step.
    fn objection(&self, _config: &Config) -> Option<Objection> {
        None
    }
}

/// The part of a plan that is the action's own; see [`Plan`] for the fields.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// What is changed: the provider's identifier, such as an ARN.
    pub target_id: Text,
    /// What changes, absolute; the first line is the change.
    pub changes: Vec<Change>,
    /// Calls that make the change, in order.
    pub steps: Vec<Step>,
    /// Calls that undo it where a gate fails.
    pub on_failure: Vec<Step>,
    /// How it is undone.
    pub undo: Undo,
    /// What the calls cost, in words.
    pub cost: Option<String>,
    /// What is left open by it, or settled.
    pub debt: Option<DebtChange>,
    /// How long what is left open is meant to last, from when the plan is made; `None` where nothing says.
    pub lasts: Option<Duration>,
    /// How long it may take until it is steady, where that is not the configuration's `steady_deadline`.
    pub within: Option<Duration>,
    /// Whether health gates of the target's service are watched afterwards.
    pub gated: bool,
}

/// A step of a plan that is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The step's index: those of the on-failure branch follow the others.
    pub step: usize,
    /// What earlier steps made.
    pub made: &'a Made,
}

/// What a look tells of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// Where it stands, in words with figures.
    pub words: String,
    /// Whether the call shows.
    pub effect: Effect,
    /// How far it is.
    pub stage: Stage,
    /// What the call made, where a look can tell: so that a lost answer is no loss.
    pub made: Option<String>,
}

/// Whether a call shows at its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// What it asks for is so.
    Shows,
    /// All is as it was before.
    AsBefore,
    /// Neither: it is not known.
    Unclear,
}

/// How far a change is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// It goes on.
    Moving,
    /// It is done, and all is steady.
    Steady,
    /// It was accepted, and nothing can tell its effect: only the answer is known.
    Told,
    /// Somebody else moved the target: why it seems so. It counts only if it lasts, because reads lag behind writes.
    Elsewhere(String),
    /// It failed: why.
    Failed(String),
}

/// What is wrong with an action under a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// The argument that it is about, if it is about one.
    pub argument: Option<&'static str>,
    /// What is wrong.
    pub reason: String,
    /// What is allowed.
    pub hint: Option<String>,
}

/// The facts of account and region, with which those of an action begin.
pub(super) fn whose(found: &Observation) -> BTreeMap<String, String> {
    let identity = found.identity.iter();
    let facts = identity.flat_map(|identity| [("account", &identity.account), ("region", &identity.region)]);
    facts.map(|(key, value)| (key.to_owned(), value.to_string())).collect()
}
