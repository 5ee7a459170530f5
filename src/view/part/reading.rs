//! A measured value as it may be shown: its text, its age, its state as a sign and a word, and a role that says the same.

use std::time::Duration;

use super::age;
use super::pen::{Bit, bit};
use crate::config::theme::Role;
use crate::source::Measured;

/// What stands for a value that never was.
pub const NOTHING: &str = "—";

/// A value as it may be shown.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The value, live or last known.
    pub text: String,
    /// The role of the value: that of a live one, or `Stale`.
    pub role: Role,
    /// A sign of one column: what a live value has against it, `~` stale, `✗` failed; empty where all is well.
    pub sign: &'static str,
    /// The age of the value, if there is one.
    pub age: Option<Duration>,
    /// `never`, `live`, `stale` or `failed`.
    pub word: &'static str,
    /// Why there is no fresh value, in one line.
    pub reason: Option<String>,
}

impl Shown {
    /// What may be shown of a measured value. `text` writes the value, `live` gives role and sign of a live one.
    pub fn of<T>(
        measured: &Measured<'_, T>,
        text: impl Fn(&T) -> String,
        live: impl Fn(&T) -> (Role, &'static str),
    ) -> Self {
        let value = measured.value();
        let (role, sign) = match measured {
            Measured::Live { value, .. } => live(value),
            Measured::Never => (Role::Stale, ""),
            Measured::Stale { .. } => (Role::Stale, "~"),
            Measured::Failed { .. } => (Role::Stale, "✗"),
        };
        Self {
            text: value.map_or_else(|| NOTHING.to_owned(), |(value, _)| text(value)),
            role,
            sign,
            age: value.map(|(_, age)| age),
            word: measured.word(),
            reason: measured.reason().map(|error| error.reason.to_string()),
        }
    }

    /// The age in at most three columns; `—` without one.
    pub fn age(&self) -> String {
        self.age.map_or_else(|| NOTHING.to_owned(), age::short)
    }

    /// Age and state in words: `4s`, `stale 3m`, `FAILED 3m`, `not read yet`.
    pub fn state(&self) -> Bit<'static> {
        match (self.word, self.age) {
            ("live", Some(age)) => bit(Role::Muted, age::short(age)),
            ("stale", Some(age)) => bit(Role::Stale, format!("stale {}", age::short(age))),
            ("failed", Some(age)) => bit(Role::Critical, format!("FAILED, last {} ago", age::short(age))),
            ("failed", None) => bit(Role::Critical, "FAILED, never read"),
            _ => bit(Role::Stale, "not read yet"),
        }
    }

    /// Value, sign and state: `182 ms! 4s`, `182 ms stale 3m` (the word says what the sign would).
    pub fn bits(&self) -> Vec<Bit<'static>> {
        let sign = if self.word == "live" { self.sign } else { "" };
        vec![bit(self.role, format!("{}{sign}", self.text)), bit(Role::Text, " "), self.state()]
    }
}

/// A line that says why something is not live: state, age and reason; nothing where it is live.
pub fn not_live<T>(what: &str, measured: &Measured<'_, T>) -> Option<Vec<Bit<'static>>> {
    if measured.live().is_some() {
        return None;
    }
    let mut bits = vec![bit(Role::Stale, format!("{what} ")), state(measured)];
    if let Some(error) = measured.reason() {
        bits.push(bit(Role::Stale, format!(": {} ({})", error.reason, error.source_name)));
    }
    Some(bits)
}

/// The same, but nothing either for a value that is merely stale: its own line says so with [`state_behind`].
pub fn trouble<T>(what: &str, measured: &Measured<'_, T>) -> Option<Vec<Bit<'static>>> {
    let told_behind = measured.reason().is_none() && measured.value().is_some();
    if told_behind { None } else { not_live(what, measured) }
}

/// Age and state behind a value, where no line above it says them ([`trouble`]).
pub fn state_behind<T>(measured: &Measured<'_, T>) -> Vec<Bit<'static>> {
    if measured.reason().is_some() || measured.value().is_none() {
        return Vec::new();
    }
    vec![bit(Role::Text, "  "), state(measured)]
}

/// Age and state in words: `4s`, `stale 3m`, `FAILED, last 3m ago`, `not read yet`.
pub fn state<T>(measured: &Measured<'_, T>) -> Bit<'static> {
    Shown::of(measured, |_| String::new(), |_| (Role::Text, "")).state()
}

/// A role for live values, `Stale` for any other.
pub fn tone<T>(measured: &Measured<'_, T>, live: Role) -> Role {
    if measured.live().is_some() { live } else { Role::Stale }
}
