//! What is exported to S3, and where to.

use serde::{Deserialize, Serialize};

/// An export of a snapshot to S3, as Parquet.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StartExportTask.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportTask {
    /// Its identifier, one of its kind in account and region: it stands for an idempotency token.
    pub task: String,
    /// The snapshot's ARN.
    pub snapshot: String,
    /// The bucket.
    pub bucket: String,
    /// What the keys begin with, without a slash at its end; empty is the bucket's root.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// The ARN of the role that writes there.
    pub role: String,
    /// The ARN of the KMS key that encrypts what is written.
    pub key: String,
    /// What of the data; none is all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
}

impl ExportTask {
    /// Where its objects lie: RDS puts the identifier after the prefix.
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ExportSnapshot.FileNames.html>
    pub fn objects(&self) -> String {
        let Self { bucket, prefix, task, .. } = self;
        let slash = if prefix.is_empty() { "" } else { "/" };
        format!("s3://{bucket}/{prefix}{slash}{task}/")
    }
}

/// As RDS names it, with all that it is told.
impl std::fmt::Display for ExportTask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { task, snapshot, bucket, prefix, role, key, only } = self;
        write!(f, "rds:StartExportTask {task} source={snapshot} bucket={bucket}")?;
        if !prefix.is_empty() {
            write!(f, " prefix={prefix}")?;
        }
        write!(f, " role={role} key={key}")?;
        if !only.is_empty() {
            write!(f, " only={}", only.join(","))?;
        }
        Ok(())
    }
}
