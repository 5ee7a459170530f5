//! What is read of a declared action: its declaration as it stands now, and what its read-back tells.

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// A declared action, as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenDeclared {
    /// SHA-256, hex, of its declaration.
    pub digest: String,
    /// What its read-back told; `None` where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_back: Option<SeenBack>,
    /// The program that it would run, where it runs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<SeenProgram>,
}

/// What a read-back told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenBack {
    /// What was read, in words.
    pub what: Text,
    /// Its value; of a signal, whether it keeps its bound.
    pub value: Text,
    /// The value that is expected; `None`: another than before.
    pub expected: Option<Text>,
    /// The figure behind it, which moves by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figure: Option<Text>,
}

/// A program on this host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenProgram {
    /// Its size and when it was written: another file is told by them.
    pub stamp: Text,
    /// Whether it is a file that may be run.
    pub runs: bool,
    /// Whether everybody on this host may write to it.
    pub open: bool,
}
