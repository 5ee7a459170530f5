//! Where the copies of a protected thing are found.

use std::time::Duration;

use super::Polling;
use crate::source::Name;

/// Where copies are found, and where to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copies {
    /// What to look at; each adds its recovery points.
    pub kinds: Vec<CopySource>,
    /// The place of `[[aws.place]]`; `None` is `[aws]` itself.
    pub place: Option<Name>,
    /// Where snapshots of the cluster or instance are exported to, when that is asked for.
    pub export: Option<ExportTo>,
    /// How far apart backups are by their schedule: the worst case of loss adds the time that one takes.
    pub every: Option<Duration>,
    /// Interval and deadline.
    pub polling: Polling,
}

/// Where and how a snapshot is exported to S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportTo {
    /// The bucket, in the snapshot's region.
    pub bucket: String,
    /// What the keys begin with, without a slash at its end; empty is the bucket's root.
    pub prefix: String,
    /// The ARN of the role that writes there.
    pub role: String,
    /// The ARN of the KMS key that encrypts what is written.
    pub key: String,
    /// What of the data (`database`, `database.table`, `database.schema`, `database.schema.table`); empty is all.
    pub only: Vec<String>,
}

/// One place where copies are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopySource {
    /// AWS Backup: the jobs and recovery points of one resource in one vault.
    AwsBackup {
        /// The vault.
        vault: String,
        /// The resource's ARN.
        resource: String,
        /// The plans that should make them, by name.
        plans: Vec<String>,
        /// The ARN of the role that AWS Backup takes for a backup that is started from here.
        role: Option<String>,
    },
    /// Snapshots and point-in-time restore of a cluster (Aurora, DocumentDB), and exports of its snapshots.
    Cluster(String),
    /// Snapshots and point-in-time restore of an RDS instance, and exports of its snapshots.
    Instance(String),
    /// Objects under a prefix.
    Objects {
        /// The bucket.
        bucket: String,
        /// The prefix, such as `exports/`.
        prefix: String,
        /// The server-side encryption that is wanted (`AES256`, `aws:kms`).
        encryption: Option<String>,
        /// Degraded when the newest is smaller than this share of the median of those before, 0 to 100 per cent.
        least_percent: u32,
    },
}

impl CopySource {
    /// Whether it is a database of which RDS makes snapshots.
    pub fn is_database(&self) -> bool {
        matches!(self, Self::Cluster(_) | Self::Instance(_))
    }

    /// Where objects lie, as `s3://bucket/prefix`; `None` for what is no object.
    pub fn objects_at(&self) -> Option<String> {
        match self {
            Self::Objects { bucket, prefix, .. } => Some(format!("s3://{bucket}/{prefix}")),
            _ => None,
        }
    }
}
