//! What a look from outside found: certificates, DNS records, security headers.

use jiff::Timestamp;
use serde::Serialize;

use super::HealthState;
use crate::text::Text;

/// What one probe found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Probe {
    /// The verdict against what is configured.
    pub state: HealthState,
    /// What was found, in one line.
    pub summary: Text,
    /// When it expires (certificates).
    pub expires: Option<Timestamp>,
    /// Each fact that was looked at.
    pub facts: Vec<Fact>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What: a header's name, a record, a certificate's subject.
    pub name: Text,
    /// How it stands.
    pub state: HealthState,
    /// What was found, or what was expected in its place.
    pub found: Text,
}
