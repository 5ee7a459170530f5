//! What could be restored of a protected thing, and how its backups go.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::text::Text;

/// Everything that was found of one protected thing's backups.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Protection {
    /// Points that can be restored to, the newest first; bounded. Of failed and partial jobs there are none.
    pub points: Vec<RecoveryPoint>,
    /// The window of point-in-time restore, where the platform has one.
    pub point_in_time: Option<RestoreWindow>,
    /// Backup, copy, restore and export jobs, the newest first; bounded.
    pub jobs: Vec<BackupJob>,
    /// The schedules that were found.
    pub schedules: Vec<Schedule>,
    /// Whether the platform counts it among what it protects; `None` where it has no such list.
    pub protected: Option<bool>,
    /// What of this could not be read, and why; the rest is whole.
    pub missing: Vec<Unread>,
    /// The newest snapshot that is available, as an export to S3 would take it; `None` where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exportable: Option<Box<Exportable>>,
}

/// A snapshot as an export takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exportable {
    /// Its identifier.
    pub id: Text,
    /// Its ARN.
    pub arn: Text,
    /// The cluster or instance that it is of.
    pub of: Text,
    /// The engine of that, as RDS calls it (`aurora-postgresql`, `docdb`); empty where it is not told.
    pub engine: Text,
    /// When it was cut.
    pub cut: Timestamp,
    /// The storage that it says it was allocated, in GiB; `None` where storage grows by itself and no figure is told.
    pub storage_gib: Option<u32>,
}

/// A part that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// What it is: `snapshots`, `backup jobs` …
    pub part: Text,
    /// Whether points that could be restored may be among it: then a newer one may exist than those that are known.
    pub points: bool,
    /// Why.
    pub reason: Text,
}

/// The moments that a point-in-time restore can go back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreWindow {
    /// The earliest, where known.
    pub earliest: Option<Timestamp>,
    /// The latest.
    pub latest: Timestamp,
}

/// Something that can be restored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecoveryPoint {
    /// Its identifier: an ARN's end, a snapshot's name, an object's key.
    pub id: Text,
    /// What kind of copy it is.
    pub kind: CopyKind,
    /// What made it: a rule's name, `automated`, `manual`; for an object its place (`s3://bucket/prefix`).
    pub origin: Option<Text>,
    /// When the data was *cut* (the job's start), not when the copy was done: the loss counts from here.
    pub cut: Timestamp,
    /// Set where no start is told and `cut` is when the copy was done: the loss is longer by the time that it took.
    pub cut_is_end: bool,
    /// When the copy was done, where known.
    pub completed: Option<Timestamp>,
    /// Size in bytes, where known.
    pub bytes: Option<u64>,
    /// Encrypted at rest; `None` where it is not told.
    pub encrypted: Option<bool>,
    /// How, where it is told (`AES256`, `aws:kms`); of objects only the newest is asked.
    pub encryption: Option<Text>,
    /// When it will be removed.
    pub expires: Option<Timestamp>,
}

/// Kinds of copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BackupJob {
    /// Its identifier.
    pub id: Text,
    /// What it does.
    pub kind: JobKind,
    /// `COMPLETED`, `RUNNING`, `FAILED`, `ABORTED`, `EXPIRED`, `PARTIAL` …, as its platform says.
    pub state: Text,
    /// How it stands.
    pub outcome: JobOutcome,
    /// Whether what was restored was found to be good; restore jobs only, `None` where nobody looked.
    pub validation: Option<Validation>,
    /// Why, where it did not complete.
    pub message: Option<Text>,
    /// When it was created: its data is cut then.
    pub created: Timestamp,
    /// When it ended.
    pub completed: Option<Timestamp>,
    /// How far it is, 0 to 100, where known.
    pub percent: Option<f64>,
    /// The rule that began it, where known.
    pub origin: Option<Text>,
}

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobOutcome {
    /// It is under way.
    Running,
    /// It completed whole.
    Completed,
    /// It failed, was aborted, expired or is partial: nothing can be relied on.
    Failed,
}

/// Whether a restore was found to be good (restore testing of AWS Backup).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validation {
    /// It was.
    Successful,
    /// It is looked at.
    Validating,
    /// It was not, or nobody came to an end with it.
    Failed,
}

/// When backups are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// The rule's name; `automated` for a platform's own daily window.
    pub name: Text,
    /// `cron(0 2 ? * * *)`, `rate(12 hours)`, or a daily window such as `03:00-04:00`, as its platform writes it.
    pub expression: Text,
    /// The time zone of the expression; `None` is UTC.
    pub zone: Option<Text>,
    /// Days until a copy goes to cold storage.
    pub cold_after_days: Option<u32>,
    /// Days until a copy is removed.
    pub delete_after_days: Option<u32>,
    /// The longest time between two runs; `None` where the expression is not understood.
    pub longest_gap: Option<Duration>,
    /// How long after its time a run may still begin.
    pub start_within: Duration,
    /// When runs were and will be due, the oldest first, around the time of reading; bounded.
    pub due: Vec<Timestamp>,
    /// Since when what ran can be told from the lists; `None` where it can't, and missing runs are not known.
    pub checked_since: Option<Timestamp>,
}
