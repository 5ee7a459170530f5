//! The content delivery network that a service is.

use super::{Polling, Secret};
use crate::source::Name;

/// A distribution or zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CdnPlace {
    /// Which it is.
    pub id: CdnId,
    /// Interval and deadline.
    pub polling: Polling,
}

/// Identifiers of content delivery networks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CdnId {
    /// A distribution of CloudFront.
    CloudFront {
        /// Its id, such as `E123EXAMPLE`.
        distribution: String,
        /// The place of `[[aws.place]]`; `None` is `[aws]` itself. CloudFront is global.
        place: Option<Name>,
    },
    /// A zone of Cloudflare.
    Cloudflare {
        /// Its id (32 hexadecimal digits).
        zone: String,
        /// A token that may read the zone.
        token: Secret,
        /// The API's base URL; another one is for tests.
        api: url::Url,
    },
}
