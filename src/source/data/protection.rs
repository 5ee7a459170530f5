//! What could be restored of a protected thing, and how its backups go.

use jiff::Timestamp;
use serde::Serialize;

use crate::text::Text;

/// Everything that was found of one protected thing's backups.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Protection {
    /// Points that can be restored to, the newest first; bounded. Of failed and partial jobs there are none.
    pub points: Vec<RecoveryPoint>,
    /// The window of point-in-time restore, where the platform has one: earliest and latest.
    pub point_in_time: Option<(Option<Timestamp>, Timestamp)>,
    /// Backup, copy, restore and export jobs, the newest first; bounded.
    pub jobs: Vec<BackupJob>,
    /// The schedules that were found, as their platform writes them.
    pub schedules: Vec<Schedule>,
    /// Whether the platform counts it among what it protects; `None` where it has no such list.
    pub protected: Option<bool>,
    /// What of this could not be read, and why; the rest is whole.
    pub missing: Vec<Text>,
}

/// Something that can be restored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecoveryPoint {
    /// Its identifier: an ARN's end, a snapshot's name, an object's key.
    pub id: Text,
    /// What kind of copy it is.
    pub kind: CopyKind,
    /// When the data was *cut* (the job's start), not when the copy was done: the loss counts from here.
    pub cut: Timestamp,
    /// When the copy was done, where known.
    pub completed: Option<Timestamp>,
    /// Size in bytes, where known.
    pub bytes: Option<u64>,
    /// Encrypted at rest; `None` where it is not told.
    pub encrypted: Option<bool>,
    /// When it will be removed.
    pub expires: Option<Timestamp>,
}

/// Kinds of copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CopyKind {
    /// A recovery point of AWS Backup.
    AwsBackup,
    /// A snapshot of a cluster or instance.
    Snapshot,
    /// An export of a snapshot to S3.
    Export,
    /// An object in S3.
    Object,
}

/// A job that made, copied or restored a backup.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BackupJob {
    /// Its identifier.
    pub id: Text,
    /// What it does.
    pub kind: JobKind,
    /// `COMPLETED`, `RUNNING`, `FAILED`, `ABORTED`, `EXPIRED`, `PARTIAL` …, as its platform says.
    pub state: Text,
    /// How it stands.
    pub outcome: JobOutcome,
    /// Why, where it did not complete.
    pub message: Option<Text>,
    /// When it was created: its data is cut then.
    pub created: Timestamp,
    /// When it ended.
    pub completed: Option<Timestamp>,
    /// How far it is, 0 to 100, where known.
    pub percent: Option<f64>,
    /// The plan or rule that began it, where known.
    pub origin: Option<Text>,
}

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Makes a recovery point.
    Backup,
    /// Copies one to another vault or region.
    Copy,
    /// Restores one.
    Restore,
    /// Exports a snapshot to S3.
    Export,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobOutcome {
    /// It is under way.
    Running,
    /// It completed whole.
    Completed,
    /// It failed, was aborted, expired or is partial: nothing can be relied on.
    Failed,
}

/// When backups are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Schedule {
    /// The rule's name.
    pub name: Text,
    /// `cron(0 2 ? * * *)`, or a daily window such as `03:00-04:00`.
    pub expression: Text,
    /// Days until a copy goes to cold storage.
    pub cold_after_days: Option<u32>,
    /// Days until a copy is removed.
    pub delete_after_days: Option<u32>,
}
