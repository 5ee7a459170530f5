//! JSON APIs that are read by pointer.

use super::HttpBackend;
use crate::source::Name;

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
    /// The `[[http]]` source.
    pub source: Name,
    /// The path below its URL, with its query string.
    pub path: String,
    /// A body to POST; `None` is GET.
    pub body: Option<String>,
    /// A JSON pointer (RFC 6901) to the value.
    pub pointer: String,
    /// A JSON pointer to the moment of the value (RFC 3339, or seconds or milliseconds since 1970), where it has one.
    pub at: Option<String>,
}
