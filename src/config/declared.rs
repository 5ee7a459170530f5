//! `[[action]]`: changes that the configuration declares itself, a request or a local command. Nothing in them is filled in
//! when they are carried out, and nothing in them is secret: what is shown is what is sent.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use sha2::{Digest, Sha256};
use url::Url;

use super::{Comparison, HttpRequest};
use crate::source::json_api::Pointer;
use crate::source::{Name, SignalId};

/// A declared change of one service.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Declared {
    /// Its name, unique in the file.
    pub name: Name,
    /// The service that is changed: it is typed to confirm, and its gates judge.
    pub service: Name,
    /// What it does, in words.
    pub title: String,
    /// How it is done.
    pub how: How,
    /// How its outcome is judged; `None`: only its answer will be known.
    pub read_back: Option<ReadBack>,
    /// The declared action that takes it back, if there is one.
    pub undo: Option<Name>,
    /// What it leaves open until somebody puts it back: a debt. `None`: nothing.
    pub leaves: Option<Leaves>,
    /// Whether a repeat would be harmless. It is told; nothing is ever sent twice.
    pub idempotent: bool,
    /// Why one would do it.
    pub reason: Option<String>,
    /// What the operator must have read before.
    pub warning: Option<String>,
    /// How long it may take until it shows, from its answer on.
    pub patience: Duration,
}

/// What a declared change leaves open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leaves {
    /// In words, as the ledger of debts tells it.
    pub what: String,
    /// How long it is meant to last; `None` where nothing says.
    pub due: Option<Duration>,
}

/// A request, or a local command.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// A request.
    Http(DeclaredRequest),
    /// A local command.
    Exec(DeclaredCommand),
}

/// A request that changes something.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeclaredRequest {
    /// The `[[http]]` that it is sent to: its credentials, certificates and headers are used.
    pub source: Name,
    /// `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// The whole URL.
    pub url: Url,
    /// The type of its body and the body, if it has one.
    pub body: Option<(String, String)>,
    /// The header that carries a key made of the plan, so that the same plan is never a second change.
    pub idempotency_header: Option<String>,
    /// What a success is.
    pub success: HttpSuccess,
    /// The longest that it may take, from connecting to the last byte of the answer.
    pub timeout: Duration,
}

/// Which answers are a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HttpSuccess {
    /// Statuses; none is any from 200 to 299.
    pub statuses: Vec<u16>,
    /// What besides must stand where in the answer.
    pub value: Option<(Pointer, String)>,
}

impl HttpSuccess {
    /// Whether a status is one.
    pub fn takes(&self, status: u16) -> bool {
        if self.statuses.is_empty() { (200..300).contains(&status) } else { self.statuses.contains(&status) }
    }
}

/// `HTTP 200, 409 and /ok true`.
impl std::fmt::Display for HttpSuccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let listed: Vec<_> = self.statuses.iter().map(ToString::to_string).collect();
        write!(f, "HTTP {}", if listed.is_empty() { "2xx".to_owned() } else { listed.join(", ") })?;
        self.value.iter().try_for_each(|(pointer, value)| write!(f, " and {pointer} {value}"))
    }
}

/// A local command: no shell, fixed arguments.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeclaredCommand {
    /// The program (an absolute path) and its arguments.
    pub command: Vec<String>,
    /// Where it runs.
    pub directory: PathBuf,
    /// The variables that it is given besides `PATH`, by name.
    pub env: Vec<String>,
    /// Exit codes that are a success.
    pub success: Vec<u8>,
    /// The longest that it may run.
    pub timeout: Duration,
}

impl DeclaredCommand {
    /// The program.
    pub fn program(&self) -> &str {
        self.command.first().map_or("", String::as_str)
    }
}

/// How an outcome is judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadBack {
    /// By a value of a JSON API.
    Value {
        /// What it is, in words.
        what: String,
        /// What is asked.
        request: HttpRequest,
        /// Where the value stands in the answer.
        pointer: Pointer,
        /// What it must be; `None`: another than before.
        expected: Option<String>,
    },
    /// By a signal of the configuration.
    Signal {
        /// The signal.
        signal: SignalId,
        /// How it must stand to the bound.
        comparison: Comparison,
        /// The bound, in the signal's unit.
        bound: f64,
    },
}

impl Declared {
    /// SHA-256, hex, of all of it: a declaration that was changed has another.
    pub fn digest(&self) -> String {
        // What is declared has only strings as keys and finite numbers: it always is JSON.
        let text = serde_json::to_string(self).unwrap_or_default();
        Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The name of the action that carries it out: `http` or `exec`.
    pub fn action(&self) -> &'static str {
        match self.how {
            How::Http(_) => "http",
            How::Exec(_) => "exec",
        }
    }
}
