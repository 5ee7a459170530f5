//! Markdown → checked [`Runbook`]; a [`Session`] is one time of following it.
//!
//! `markdown` cuts a file into front matter and blocks, `kind` reads what a step's block says, `parse` puts both together and
//! names everything that is wrong with file, line and key; `library` knows the shipped runbooks and the configured folders;
//! `session` goes from one state of a session to the next.

pub mod check;
mod kind;
pub mod library;
mod markdown;
pub mod parse;
pub mod session;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::action::{Action, Operator};
pub use crate::config::Comparison;
use crate::config::Query;
use crate::source::{Name, Number, SourceError};
use crate::text::Text;

/// A checked runbook.
#[derive(Debug, Clone)]
pub struct Runbook {
    /// Its identifier, unique.
    pub id: Name,
    /// Its title.
    pub title: Text,
    /// Who answers for it.
    pub owner: Text,
    /// Services that it serves.
    pub services: Vec<Name>,
    /// Names of alerts that it answers.
    pub alerts: Vec<Text>,
    /// `page`, `ticket` or `info`.
    pub severity: Text,
    /// Text before the first step, as Markdown.
    pub introduction: Text,
    /// Its steps.
    pub steps: Vec<Step>,
    /// Where it was read: a path, or `shipped`.
    pub origin: String,
    /// SHA-256 of its text, hex: a session is bound to the text that was followed.
    pub digest: String,
}

/// A step: a heading, its text, and what it does.
#[derive(Debug, Clone)]
pub struct Step {
    /// The heading.
    pub title: Text,
    /// Its text, paragraph by paragraph.
    pub text: Vec<Text>,
    /// What it does.
    pub kind: StepKind,
    /// Line of the heading in the file, from 1.
    pub line: usize,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub enum StepKind {
    /// Asks a query and holds it against a bound.
    Check(Check),
    /// A check with a deadline: asked until it holds.
    Wait {
        /// The check.
        check: Check,
        /// How long it may take.
        deadline: Duration,
    },
    /// Opens the guarded plan; never approves itself.
    Action(Action),
    /// A person does it and ticks it.
    Manual,
}

/// A query and its bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// The query.
    pub query: CheckQuery,
    /// How the reading must stand to the bound.
    pub comparison: Comparison,
    /// The bound, in the unit of the query.
    pub bound: f64,
}

/// What a check asks.
#[derive(Debug, Clone, PartialEq)]
pub enum CheckQuery {
    /// A configured signal: `service/signal`.
    Signal(crate::source::SignalId),
    /// A query of its own.
    Query(Query),
    /// Tasks running, as a share of desired (1.0 is steady), of a service.
    Steady(Name),
}

/// The answer to a check: a reading, or why there is none (which is not a pass).
pub type CheckResult = Result<Number, SourceError>;

/// One time of following a runbook; kept after each change, so that it can be resumed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Its identifier.
    pub id: String,
    /// The runbook.
    pub runbook: Name,
    /// Digest of the text that is followed.
    pub digest: String,
    /// Who began.
    pub by: Operator,
    /// When.
    pub began: Timestamp,
    /// State and evidence of each step.
    pub steps: Vec<StepRecord>,
    /// When it was closed, if it was.
    pub closed: Option<Timestamp>,
}

/// State and evidence of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct StepRecord {
    /// Where it stands.
    pub state: StepState,
    /// Evidence, oldest first: who, when, what was read.
    pub evidence: Vec<Evidence>,
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not begun.
    #[default]
    Open,
    /// Asked, planned or waiting.
    Running,
    /// Its check held, its action is done and verified, or a person ticked it.
    Passed,
    /// Its check did not hold, or its action failed.
    Failed,
    /// Its action's outcome is not known, or its check gave no number.
    Unknown,
    /// A person went past it, with a reason.
    Skipped,
}

/// One piece of evidence of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Operator,
    /// What was read, in words with its figure.
    pub reading: Text,
    /// The run that it belongs to, for actions.
    pub run: Option<String>,
}
