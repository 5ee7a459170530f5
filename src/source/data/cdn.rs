//! A content delivery network before a service (CloudFront, Cloudflare).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::text::Text;

/// One distribution or zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cdn {
    /// `E123EXAMPLE`, or the zone's name.
    pub id: Text,
    /// Its domain.
    pub domain: Text,
    /// Its names.
    pub aliases: Vec<Text>,
    /// `Deployed` or `InProgress`; `active`, `pending` or `moved` of a zone.
    pub status: Text,
    /// Whether it serves.
    pub enabled: bool,
    /// When it was last changed.
    pub modified: Option<Timestamp>,
    /// Its behaviours by path, the default one last.
    pub behaviours: Vec<Behaviour>,
    /// The newest invalidations; bounded.
    pub invalidations: Vec<Invalidation>,
    /// What of this could not be read, and why; the rest is whole.
    pub missing: Vec<Text>,
}

/// How one path is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Behaviour {
    /// `/api/*`, or `default`.
    pub path: Text,
    /// Its origin's id.
    pub origin: Text,
    /// Default time to live, in seconds; 0 is no caching; `None` where a policy says.
    pub default_ttl: Option<u64>,
    /// Its cache policy: the name of a managed one, the id of another.
    pub policy: Option<Text>,
}

/// One invalidation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invalidation {
    /// Its identifier.
    pub id: Text,
    /// `InProgress` or `Completed`.
    pub status: Text,
    /// When it was asked for.
    pub created: Option<Timestamp>,
    /// Its paths, where they were asked for; bounded.
    pub paths: Vec<Text>,
    /// Its CallerReference, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Text>,
}

impl Invalidation {
    /// Whether it is still under way.
    pub fn in_flight(&self) -> bool {
        self.status.as_str() == "InProgress"
    }
}
