//! `database` of a `[[service]]`: the database or cache that it is.

use std::time::Duration;

use super::Sources;
use super::backend::{every, polling};
use super::words::{self, duration, filled, maybe, or};
use crate::config::raw::{Entry, Section};
use crate::config::{DatabaseId, DatabasePlace, Signal};
use crate::source::{Name, Unit};

/// How far behind a replica may lie that is to take the writes, where nothing is written.
const MAX_LAG: Duration = Duration::from_secs(1);

/// `database = { cluster = "…" }` and its like.
pub(super) fn database(section: &Section<'_>, sources: &Sources) -> Option<DatabasePlace> {
    let id = id(section);
    let place = words::place(section.get("place"), sources);
    let lag = maybe(section.get("lag"), words::name);
    let max_lag = or(section.get("max_lag"), MAX_LAG, |entry| {
        duration(entry, Duration::from_millis(1)..=Duration::from_secs(3_600))
    });
    let polling = polling(section, every(30, 15));
    section.done();
    if !sources.aws && sources.simulator.is_none() {
        section.error("needs the section [aws]", Some("add [aws] with its region"));
        return None;
    }
    Some(DatabasePlace { id: id?, place: place?, lag: lag?, max_lag: max_lag?, polling: polling? })
}

/// The signal that `lag` names must be one of the service's, and a time.
pub(super) fn lag_is_a_time(section: &Section<'_>, place: Option<&DatabasePlace>, signals: &[Signal]) -> Option<()> {
    let Some(named) = place.and_then(|place| place.lag.as_ref()) else { return Some(()) };
    let entry = section.section("database").and_then(|database| database.peek("lag"));
    let times: Vec<&Name> = signals.iter().filter(|signal| is_time(signal)).map(|signal| &signal.name).collect();
    if times.contains(&named) {
        return Some(());
    }
    let known = times.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
    let hint = format!("signals of the service in seconds or milliseconds: {known}");
    entry?.error(&format!("`{named}` is no signal of this service that is a time"), Some(&hint));
    None
}

fn is_time(signal: &Signal) -> bool {
    matches!(signal.unit, Unit::Seconds | Unit::Milliseconds)
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
