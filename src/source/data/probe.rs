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

impl Fact {
    /// A fact.
    pub fn new(name: &str, state: HealthState, found: &str) -> Self {
        Self { name: Text::clean(name), state, found: Text::clean(found) }
    }
}

impl Probe {
    /// As bad as the worst of its facts, which is its summary; where all are well, the first one is. No facts are no
    /// evidence.
    pub fn of(facts: Vec<Fact>, expires: Option<Timestamp>) -> Self {
        let worst = facts.iter().rev().max_by_key(|fact| badness(fact.state));
        let (state, summary) = match worst {
            Some(fact) => (fact.state, Text::clean(&format!("{} {}", fact.name, fact.found))),
            None => (HealthState::Unknown, Text::from("nothing was looked at")),
        };
        Self { state, summary, expires, facts }
    }
}

/// The worse, the greater; not knowing is worse than a warning, less than a known failure.
pub fn badness(state: HealthState) -> u8 {
    match state {
        HealthState::Healthy => 0,
        HealthState::Degraded => 1,
        HealthState::Unknown => 2,
        HealthState::Unhealthy => 3,
    }
}
