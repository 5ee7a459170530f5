//! How a database or cache stands, as its platform tells.

use std::time::Duration;

use super::{Level, Reason, not_live};
use crate::clock::Now;
use crate::config::{Config, Service};
use crate::source::{Database, Member, MemberRole, Subject};
use crate::state::ReadingStore;

/// Maintenance that is forced within this is a warning: it restarts what it patches.
pub const MAINTENANCE_SOON: Duration = Duration::from_secs(24 * 3600);

/// The platform's words for a state in which it serves
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html>).
const SERVING: [&str; 8] = [
    "available",
    "backing-up",
    "configuring-enhanced-monitoring",
    "configuring-iam-database-auth",
    "configuring-log-exports",
    "converting-to-vpc",
    "snapshotting",
    "storage-optimization",
];

/// The platform's words for a state in which it does not serve, and does not come back by itself.
const BROKEN: [&str; 10] = [
    "create-failed",
    "deleted",
    "deleting",
    "failed",
    "inaccessible-encryption-credentials",
    "insufficient-capacity",
    "restore-error",
    "stopped",
    "stopping",
    "storage-full",
];

/// How the platform's word for a status is to be taken; what is neither serving nor broken is on its way.
pub fn status_level(status: &str) -> Level {
    if SERVING.contains(&status) {
        Level::Healthy
    } else if BROKEN.contains(&status) || status.starts_with("incompatible-") || status.starts_with("inaccessible-") {
        Level::Unhealthy
    } else if status.is_empty() || status == "unknown" {
        Level::Unknown
    } else {
        Level::Degraded
    }
}

pub(super) fn database(parts: &mut Vec<Reason>, readings: &ReadingStore, config: &Config, service: &Service, now: Now) {
    if service.database.is_none() {
        return;
    }
    let measured = readings.of::<Database>(config, &Subject::Database { service: service.name.clone() }, now);
    match measured.live() {
        Some(database) => parts.extend(judge(database, now)),
        None => parts.push(Reason { level: Level::Unknown, text: not_live("database", &measured) }),
    }
}

fn judge(database: &Database, now: Now) -> Vec<Reason> {
    let status = Reason { level: status_level(&database.status), text: format!("database {}", database.status) };
    let members = database.members.iter().filter(|member| member.role != MemberRole::Standby);
    let mut parts: Vec<Reason> = std::iter::once(status).chain(members.map(member)).collect();
    parts.extend(writer(database));
    parts.extend(database.pending.iter().filter_map(|pending| {
        let forced = pending.forced?;
        let soon = Duration::try_from(forced.duration_since(now.wall)).unwrap_or_default() <= MAINTENANCE_SOON;
        let text = format!("{} of {} is forced at {forced:.0}", pending.action, pending.resource);
        soon.then_some(Reason { level: Level::Degraded, text })
    }));
    parts
}

fn member(member: &Member) -> Reason {
    Reason { level: status_level(&member.status), text: format!("{} {}", member.id, member.status) }
}

/// A cluster needs somebody who takes writes; an instance that is a read replica itself does not. Where the platform does not
/// tell roles (cluster mode of Redis), nothing is said.
fn writer(database: &Database) -> Option<Reason> {
    let Some(first) = database.members.first() else {
        return Some(Reason { level: Level::Unhealthy, text: "the database has no instance".to_owned() });
    };
    let has = |role| database.members.iter().any(|member| member.role == role);
    let replica = first.role == MemberRole::Reader && first.id == database.id;
    if has(MemberRole::Writer) || has(MemberRole::Unknown) || replica {
        return None;
    }
    Some(Reason { level: Level::Unhealthy, text: "no instance takes writes".to_owned() })
}
