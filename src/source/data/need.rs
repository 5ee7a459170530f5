//! What tasks of a revision need besides their images: roles, log groups, secrets; and whether it is there.

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// What a task needs to start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// What kind of thing it is.
    pub kind: NeedKind,
    /// For what, in words: `task role`, `secret TOKEN of app`.
    pub what: Text,
    /// The ARN or name, as the task definition has it.
    pub name: Text,
    /// The region that it is in, where the task definition names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Text>,
}

/// Kinds of what a task needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeedKind {
    /// A role of IAM, which tasks or their agent take.
    Role,
    /// A group of CloudWatch Logs.
    LogGroup,
    /// A secret of Secrets Manager.
    Secret,
    /// A parameter of SSM.
    Parameter,
}

impl NeedKind {
    /// `role`, `log group`, `secret`, `parameter`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::LogGroup => "log group",
            Self::Secret => "secret",
            Self::Parameter => "parameter",
        }
    }
}

/// What revisions need, looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needs {
    /// The revisions that it was looked up for, as `family:revision`.
    pub of: Vec<Text>,
    /// What they need, each thing once.
    pub all: Vec<Needed>,
}

impl Needs {
    /// What a revision needs; `None` where nobody looked.
    pub fn of<'a>(&'a self, revision: &'a str) -> Option<impl Iterator<Item = &'a Needed>> {
        let is_it = move |one: &Text| one.as_str() == revision;
        self.of.iter().any(is_it).then(|| self.all.iter().filter(move |needed| needed.of.iter().any(is_it)))
    }
}

/// One thing that is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needed {
    /// The thing.
    #[serde(flatten)]
    pub need: Need,
    /// By which revisions.
    pub of: Vec<Text>,
    /// Whether it is there.
    #[serde(flatten)]
    pub existence: Existence,
}

/// Whether a thing exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Existence {
    /// It does. The value of a secret is not looked at.
    Found,
    /// It does not, or not so that a task could use it: such a task can't start.
    Missing {
        /// What was found instead.
        reason: Text,
    },
    /// It could not be told.
    NotVerified {
        /// Why.
        reason: Text,
    },
}
