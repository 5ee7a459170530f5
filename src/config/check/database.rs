//! `database` of a `[[service]]`: the database or cache that it is.

use super::Sources;
use super::backend::{every, polling};
use super::words::{self, filled};
use crate::config::raw::{Entry, Section};
use crate::config::{DatabaseId, DatabasePlace};

/// `database = { cluster = "…" }` and its like.
pub(super) fn database(section: &Section<'_>, sources: &Sources) -> Option<DatabasePlace> {
    let id = id(section);
    let place = words::place(section.get("place"), sources);
    let polling = polling(section, every(30, 15));
    section.done();
    if !sources.aws && sources.simulator.is_none() {
        section.error("needs the section [aws]", Some("add [aws] with its region"));
        return None;
    }
    Some(DatabasePlace { id: id?, place: place?, polling: polling? })
}

/// Exactly one of the four identifiers.
fn id(section: &Section<'_>) -> Option<DatabaseId> {
    let read = |key, of: fn(String) -> DatabaseId| section.get(key).map(|entry| Some(of(identifier(&entry)?)));
    let given = [
        read("cluster", DatabaseId::Cluster),
        read("instance", DatabaseId::Instance),
        read("cache_cluster", DatabaseId::CacheCluster),
        read("replication_group", DatabaseId::ReplicationGroup),
    ];
    let mut given: Vec<Option<DatabaseId>> = given.into_iter().flatten().collect();
    if given.len() == 1 {
        return given.pop().flatten();
    }
    let message = if given.is_empty() { "names no database" } else { "names several databases" };
    section.error(message, Some("give one of cluster, instance, cache_cluster, replication_group"));
    None
}

/// Identifiers of RDS and ElastiCache: letters, digits and hyphens, a letter first.
fn identifier(entry: &Entry<'_>) -> Option<String> {
    let value = filled(entry)?;
    let starts_well = value.starts_with(|c: char| c.is_ascii_alphabetic());
    if starts_well && value.len() <= 63 && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Some(value);
    }
    let hint = "the identifier, not the ARN: up to 63 letters, digits and `-`, a letter first";
    entry.error("is not an identifier of RDS or ElastiCache", Some(hint));
    None
}
