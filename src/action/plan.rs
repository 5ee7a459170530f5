//! The concrete before → after of one action, bound to what was observed.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Action;
use crate::config::EnvironmentKind;
use crate::source::{Name, Observation};
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
    /// How it is undone.
    pub undo: Undo,
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
    /// SHA-256, hex, over the canonical JSON (keys sorted, no spaces) of all but the observation. The observation is
    /// evidence: it is taken anew before approval and again before sending, without changing what is approved.
    pub fn digest(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Value::Object(fields) = &mut value {
            fields.remove("observation");
        }
        sha256(&canonical(&value))
    }

    /// The plan in a few words: `scale rtech-app: desired count: 2 → 4`.
    pub fn summary(&self) -> String {
        let change = self.changes.iter().find(|change| change.is_change()).map(ToString::to_string);
        format!("{} {}: {}", self.action.name(), self.action.target(), change.unwrap_or_default())
    }

    /// The same plan, resting on newer evidence.
    pub fn with_observation(&self, observation: Observation) -> Self {
        Self { observation, ..self.clone() }
    }

    /// What differs between the facts that this plan rests on and those of `found`: drift.
    pub fn drift(&self, found: &BTreeMap<String, String>) -> Vec<Change> {
        let keys: std::collections::BTreeSet<&String> = self.fingerprint.keys().chain(found.keys()).collect();
        let value = |map: &BTreeMap<String, String>, key: &String| map.get(key).cloned().unwrap_or("none".to_owned());
        keys.into_iter()
            .filter(|key| self.fingerprint.get(*key) != found.get(*key))
            .map(|key| Change::new(key, &value(&self.fingerprint, key), &value(found, key)))
            .collect()
    }
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
        /// The place of `[[aws.place]]`; none is `[aws]` itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Name>,
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
