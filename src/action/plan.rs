//! The concrete before → after of one action, bound to what was observed.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Action, Call, DebtChange, Gate};
use crate::config::EnvironmentKind;
use crate::source::{Look, Name, Observation};
use crate::text::Text;

/// The schema that plan files and journals carry.
pub const SCHEMA: &str = "quarterdeck.plan/1";

/// A plan. Its [`digest`](Plan::digest) binds approval to exactly this text.
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
    /// Calls that take the change back where a gate fails or the platform says that it failed; they run at most once, and
    /// are shown and approved with the rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_failure: Vec<Step>,
    /// How it is undone.
    pub undo: Undo,
    /// The signals that judge the change afterwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<Gate>,
    /// How long they are watched after the last step.
    #[serde(rename = "gate_window_seconds", with = "seconds", default, skip_serializing_if = "Duration::is_zero")]
    pub gate_window: Duration,
    /// What the calls cost, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<String>,
    /// What is left open by it, or settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debt: Option<DebtChange>,
    /// How long the executor waits for a steady state.
    #[serde(rename = "steady_deadline_seconds", with = "seconds")]
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

impl Plan {
    /// All steps: those of the on-failure branch follow the others.
    pub fn step(&self, index: usize) -> Option<&Step> {
        self.steps.iter().chain(&self.on_failure).nth(index)
    }

    /// All calls, those of the on-failure branch included.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.steps.iter().chain(&self.on_failure).map(|step| &step.call)
    }

    /// SHA-256, hex, over the canonical JSON (keys sorted, no spaces) of all but the observation. The observation is
    /// evidence: it is taken anew before approval and again before sending, without changing what is approved.
    pub fn digest(&self) -> String {
        digest_of(serde_json::to_value(self).unwrap_or_default())
    }

    /// The plan in a few words: `scale rtech-app: desired count: 2 → 4`.
    pub fn summary(&self) -> String {
        let change = self.changes.iter().find(|change| change.is_change()).map(ToString::to_string);
        format!("{} {}: {}", self.action.name(), self.action.target(), change.unwrap_or_default())
    }

    /// The longest that it may take from its first call to its last look, the way back included.
    pub fn longest(&self) -> Duration {
        let steps = self.steps.iter().chain(&self.on_failure);
        let each = |step: &Step| step.within.unwrap_or(self.steady_deadline).saturating_add(step.bake);
        steps.map(each).fold(self.gate_window, Duration::saturating_add)
    }

    /// Why what was found tells nothing of this plan's target: the credentials that read it are of another account or region,
    /// after a login there. `None` where they are the plan's, or where nothing says otherwise.
    pub fn read_elsewhere(&self, look: &Look, found: &Observation) -> Option<String> {
        let identity = found.identity.as_ref().filter(|_| look.is_on_aws())?;
        let here = identity.account == self.account && identity.region == self.region;
        let (theirs, ours) = (&identity.account, &self.account);
        (!here).then(|| {
            let places = format!("are of {theirs} in {}, the plan is of {ours} in {}", identity.region, self.region);
            format!("the credentials {places}: log in to {ours} again")
        })
    }

    /// The same plan, resting on newer evidence.
    pub fn with_observation(&self, observation: Observation) -> Self {
        Self { observation, ..self.clone() }
    }

    /// What differs between the facts that this plan rests on and those of `found`: drift.
    pub fn drift(&self, found: &BTreeMap<String, String>) -> Vec<Change> {
        self.drift_at(0, found)
    }

    /// The same when the step of that index is due: what earlier steps of the plan changed is no drift.
    pub fn drift_at(&self, step: usize, found: &BTreeMap<String, String>) -> Vec<Change> {
        let mut facts = self.fingerprint.clone();
        for step in self.steps.iter().chain(&self.on_failure).take(step + 1) {
            facts.extend(step.facts.clone());
        }
        let keys: std::collections::BTreeSet<&String> = facts.keys().chain(found.keys()).collect();
        let value = |map: &BTreeMap<String, String>, key: &String| map.get(key).cloned().unwrap_or("none".to_owned());
        keys.into_iter()
            .filter(|key| facts.get(*key) != found.get(*key) && facts.get(*key).is_none_or(|fact| fact != ANY))
            .map(|key| Change::new(key, &value(&facts, key), &value(found, key)))
            .collect()
    }
}

/// The digest of a plan as it stands in JSON: what [`Plan::digest`] gives for the plan that was written there.
pub fn digest_of(mut plan: Value) -> String {
    if let Value::Object(fields) = &mut plan {
        fields.remove("observation");
    }
    sha256(&canonical(&plan))
}

/// SHA-256 of a text, hex.
pub fn sha256(text: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // writing to a String can't fail
        hex
    })
}

/// JSON with sorted keys and no spaces: one text for one value.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut entries: Vec<_> = fields.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            let body: Vec<_> = entries
                .iter()
                .map(|(key, field)| format!("{}:{}", Value::from(key.as_str()), canonical(field)))
                .collect();
            format!("{{{}}}", body.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        plain => plain.to_string(),
    }
}

/// A duration as whole seconds.
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(duration.as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_secs)
    }
}

/// A duration as whole seconds, where there is one.
mod maybe_seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize as _, Serializer};

    #[allow(clippy::ref_option)] // serde hands it over so
    pub(super) fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        duration.map(|duration| duration.as_secs()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_secs))
    }
}

/// One line of before → after. A line whose sides are equal is a fact to know, not a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What, such as `desired count`.
    pub what: String,
    /// Before.
    pub before: String,
    /// After.
    pub after: String,
}

impl Change {
    /// A line.
    pub fn new(what: &str, before: &str, after: &str) -> Self {
        Self { what: what.to_owned(), before: before.to_owned(), after: after.to_owned() }
    }

    /// Whether the two sides differ.
    pub fn is_change(&self) -> bool {
        self.before != self.after
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_change() {
            write!(f, "{}: {} → {}", self.what, self.before, self.after)
        } else {
            write!(f, "{}: {} (unchanged)", self.what, self.before)
        }
    }
}

/// One call of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it does, in words.
    pub summary: String,
    /// The call.
    pub call: Call,
    /// Facts that earlier steps of the plan will have changed by then: they stand in the place of the fingerprint's, of
    /// this step and of those after it. [`ANY`] is a value that can't be known before.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
    /// How long the gates are watched after this step, before the next; the last step has the plan's gate window.
    #[serde(rename = "bake_seconds", with = "seconds", default, skip_serializing_if = "Duration::is_zero")]
    pub bake: Duration,
    /// How long it may take until it is steady, where that is not the plan's deadline.
    #[serde(rename = "within_seconds", with = "maybe_seconds", default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
    /// Whether the on-failure branch runs too where this step is late, refused or not sent: what earlier ones made must not
    /// stay. The first step, as long as nothing was sent, has nothing to take back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub turns_back: bool,
    /// Whether the time from the run's first call until this step is steady is what the run measures.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub measures: bool,
}

impl Step {
    /// A step that no earlier one prepares, and after which nothing is waited for.
    pub fn new(summary: impl Into<String>, call: Call) -> Self {
        let (facts, bake) = (BTreeMap::new(), Duration::ZERO);
        Self { summary: summary.into(), call, facts, bake, within: None, turns_back: false, measures: false }
    }
}

/// A fact whose value an earlier step makes, so that it can't be known when the plan is made.
pub const ANY: &str = "*";

/// How a plan is undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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

impl Default for Undo {
    fn default() -> Self {
        Self::Impossible { reason: "nothing says how".to_owned() }
    }
}
