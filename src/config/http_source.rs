//! JSON APIs that are read by pointer.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::HttpBackend;
use crate::source::Name;
use crate::source::json_api::Pointer;

/// A JSON API by URL: how Vercel, Railway, Sentry, UptimeRobot, Datadog, New Relic and others are read.
#[derive(Debug, Clone)]
pub struct HttpSource {
    /// Its name, which signals refer to.
    pub name: Name,
    /// Where it is, how to get in, interval, deadline, bounds.
    pub backend: HttpBackend,
}

/// One value of a JSON API.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HttpQuery {
    /// What is asked; equal ones of one interval are asked once.
    pub request: HttpRequest,
    /// The value within the answer.
    pub pointer: Pointer,
    /// What is made of it.
    pub conversion: Conversion,
    /// The moment of the value (RFC 3339, or seconds or milliseconds since 1970), where the answer tells it.
    pub at: Option<Pointer>,
    /// How old the newest value may be where nothing is wrong: the interval at which the other side measures.
    pub lag: Duration,
}

/// One request to a JSON API.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct HttpRequest {
    /// The `[[http]]` source.
    pub source: Name,
    /// The path below its URL, with its query string; `{now-5m}` stands for a moment.
    pub path: String,
    /// A JSON body to POST; `None` is GET. `{now-5m}` stands for a moment.
    pub body: Option<String>,
}

/// How a JSON value becomes a number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Conversion {
    /// A number, a string that is one, or a truth (1 or 0), times a factor.
    Scaled(Factor),
    /// A word that stands for a number, such as `READY` for 1. A word that is not listed is an error.
    Words(BTreeMap<String, Factor>),
    /// The length of a list, or the number of an object's members.
    Count,
}

/// A finite number that can be part of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Factor(u64);

impl Factor {
    /// One.
    pub const ONE: Self = Self(1f64.to_bits());

    /// A finite number; `None` is for what is not.
    pub fn new(value: f64) -> Option<Self> {
        // Minus zero and zero are one key.
        value.is_finite().then(|| Self((value + 0.0).to_bits()))
    }

    /// The number.
    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}
