//! Databases and caches as their platform runs them (RDS, Aurora, DocumentDB, ElastiCache).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::text::Text;

/// A cluster or a single instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Database {
    /// Its identifier.
    pub id: Text,
    /// `aurora-postgresql`, `docdb`, `postgres`, `redis` …
    pub engine: Text,
    /// The engine's version.
    pub version: Text,
    /// `available`, `failing-over`, `backing-up`, `maintenance` …
    pub status: Text,
    /// More than one availability zone.
    pub multi_az: bool,
    /// Encrypted at rest.
    pub encrypted: Option<bool>,
    /// How long automated backups are kept, in days; 0 is off.
    pub backup_retention_days: Option<u32>,
    /// The daily window of backups, in UTC, as `03:00-04:00`.
    pub backup_window: Option<Text>,
    /// The weekly window of maintenance, in UTC, as `sun:04:00-sun:05:00`.
    pub maintenance_window: Option<Text>,
    /// The newest moment that can be restored to.
    pub latest_restorable: Option<Timestamp>,
    /// Its instances or nodes, the writer first.
    pub members: Vec<Member>,
    /// Maintenance that waits.
    pub pending: Vec<PendingMaintenance>,
    /// What of this could not be read, and why; the rest is whole.
    pub missing: Vec<Text>,
}

/// One instance or node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Its identifier.
    pub id: Text,
    /// What it does.
    pub role: MemberRole,
    /// `available`, `rebooting`, `creating` …
    pub status: Text,
    /// Its class (`db.t3.medium`).
    pub class: Text,
    /// Its availability zone.
    pub zone: Option<Text>,
    /// Its place in the order of failover, 0 first.
    pub promotion_tier: Option<u32>,
    /// Changes that wait for its next maintenance (`DBInstanceClass: db.r5.large`).
    pub pending: Vec<Text>,
}

/// What an instance does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberRole {
    /// Takes writes.
    Writer,
    /// Takes reads only.
    Reader,
    /// Stands by (a Multi-AZ instance's other half), takes nothing.
    Standby,
    /// Its platform does not say.
    Unknown,
}

/// Maintenance that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingMaintenance {
    /// What it waits for: the cluster or instance.
    pub resource: Text,
    /// `system-update`, `db-upgrade`, `os-upgrade` …
    pub action: Text,
    /// What it is.
    pub description: Text,
    /// When it is forced, whatever the window.
    pub forced: Option<Timestamp>,
    /// When it will be applied, where that is known.
    pub applied_on: Option<Timestamp>,
}
