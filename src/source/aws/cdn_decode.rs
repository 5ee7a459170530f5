//! CloudFront's types → ours.

use aws_sdk_cloudfront::types::{CacheBehavior, DefaultCacheBehavior, Distribution, InvalidationSummary};

use super::decode::timestamp;
use crate::source::{Behaviour, Cdn, Invalidation};
use crate::text::Text;

/// Behaviours that are kept; CloudFront's quota is 75.
const BEHAVIOURS: usize = 75;

/// Names that are kept; CloudFront's quota is 100.
const ALIASES: usize = 100;

/// Managed cache policies ("Use managed cache policies" of the CloudFront guide).
const POLICIES: &[(&str, &str)] = &[
    ("658327ea-f89d-4fab-a63d-7e88639e58f6", "CachingOptimized"),
    ("b2884449-e4de-46a7-ac36-70bc7f1ddd6d", "CachingOptimizedForUncompressedObjects"),
    ("4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "CachingDisabled"),
    ("83da9c7e-98b4-4e11-a168-04f0df8e2c65", "UseOriginCacheControlHeaders"),
    ("4cc15a8a-d715-48a4-82b8-cc0b614638fe", "UseOriginCacheControlHeaders-QueryStrings"),
];

/// A distribution without its invalidations.
pub(super) fn distribution(found: &Distribution) -> Cdn {
    let config = found.distribution_config();
    let aliases = config.and_then(|config| config.aliases()).map(|aliases| aliases.items()).unwrap_or_default();
    let by_path = config.and_then(|config| config.cache_behaviors()).map(|all| all.items()).unwrap_or_default();
    let default = config.and_then(|config| config.default_cache_behavior());
    Cdn {
        id: Text::clean(found.id()),
        domain: Text::clean(found.domain_name()),
        aliases: aliases.iter().take(ALIASES).map(|alias| Text::clean(alias)).collect(),
        status: Text::clean(found.status()),
        enabled: config.is_some_and(|config| config.enabled()),
        modified: timestamp(found.last_modified_time()),
        behaviours: by_path.iter().take(BEHAVIOURS).map(of_path).chain(default.map(of_default)).collect(),
        invalidations: Vec::new(),
        missing: Vec::new(),
    }
}

fn of_path(found: &CacheBehavior) -> Behaviour {
    #[allow(deprecated)] // what distributions without a cache policy still have
    let ttl = found.default_ttl();
    behaviour(found.path_pattern(), found.target_origin_id(), found.cache_policy_id(), ttl)
}

fn of_default(found: &DefaultCacheBehavior) -> Behaviour {
    #[allow(deprecated)] // as above
    let ttl = found.default_ttl();
    behaviour("default", found.target_origin_id(), found.cache_policy_id(), ttl)
}

fn behaviour(path: &str, origin: &str, policy: Option<&str>, ttl: Option<i64>) -> Behaviour {
    let policy = policy.filter(|policy| !policy.is_empty());
    let name = |id: &str| {
        POLICIES.iter().find(|(known, _)| *known == id).map_or_else(|| id.to_owned(), |(_, name)| (*name).to_owned())
    };
    Behaviour {
        path: Text::clean(path),
        origin: Text::clean(origin),
        // Beside a policy the old field stands and means nothing.
        default_ttl: ttl.filter(|_| policy.is_none()).and_then(|ttl| u64::try_from(ttl).ok()),
        policy: policy.map(|id| Text::clean(&name(id))),
    }
}

/// An invalidation without its paths.
pub(super) fn summary(found: &InvalidationSummary) -> Invalidation {
    Invalidation {
        id: Text::clean(found.id()),
        status: Text::clean(found.status()),
        created: timestamp(found.create_time()),
        paths: Vec::new(),
        reference: None,
    }
}
