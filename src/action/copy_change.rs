//! What is done to a restored copy of a database: it is made beside production, and removed again.

use serde::{Deserialize, Serialize};

use super::{Family, Made};
use crate::source::DatabaseKind;

/// A change to a copy that this plan makes, and to nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum CopyChange {
    /// `rds:RestoreDBClusterFromSnapshot`. A repeat is refused: the cluster is there already.
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBClusterFromSnapshot.html>
    RestoreCluster {
        /// The identifier of the copy.
        copy: String,
        /// The snapshot.
        snapshot: String,
        /// The engine, which is that of the snapshot.
        engine: String,
        /// Where it is put.
        network: Network,
        /// What its tag says: which plan made it.
        mark: String,
    },
    /// `rds:CreateDBInstance` in the restored cluster. A repeat is refused: the instance is there already.
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html>
    AddInstance {
        /// The identifier of the copy's instance.
        copy: String,
        /// The restored cluster.
        cluster: String,
        /// The instance's class.
        class: String,
        /// The engine, which is that of the cluster.
        engine: String,
        /// What its tag says: which plan made it.
        mark: String,
    },
    /// `rds:RestoreDBInstanceFromDBSnapshot`. A repeat is refused: the instance is there already.
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceFromDBSnapshot.html>
    RestoreInstance {
        /// The identifier of the copy.
        copy: String,
        /// The snapshot.
        snapshot: String,
        /// The instance's class.
        class: String,
        /// Where it is put.
        network: Network,
        /// What its tag says: which plan made it.
        mark: String,
    },
    /// `rds:DeleteDBInstance` without a last snapshot, of what an earlier step made. A repeat finds nothing to delete.
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html>
    RemoveInstance {
        /// The identifier of the copy.
        copy: String,
        /// The step that makes it: what no step made is not removed.
        made_by: usize,
        /// What its tag must say.
        mark: String,
    },
    /// `rds:DeleteDBCluster` without a last snapshot, of what an earlier step made. A repeat finds nothing to delete.
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBCluster.html>
    RemoveCluster {
        /// The identifier of the copy.
        copy: String,
        /// The step that makes it: what no step made is not removed.
        made_by: usize,
        /// What its tag must say.
        mark: String,
    },
}

/// Where a copy is put: where the original is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// The subnet group; `None` is the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet_group: Option<String>,
    /// The security groups; none is the default one.
    pub security_groups: Vec<String>,
}

impl CopyChange {
    /// What it is about.
    pub(super) fn family(&self) -> Family {
        match self.removes() {
            Some(_) => Family::Removal,
            None => Family::Restore,
        }
    }

    /// The identifier of the copy.
    pub fn copy(&self) -> &str {
        match self {
            Self::RestoreCluster { copy, .. }
            | Self::AddInstance { copy, .. }
            | Self::RestoreInstance { copy, .. }
            | Self::RemoveInstance { copy, .. }
            | Self::RemoveCluster { copy, .. } => copy,
        }
    }

    /// What the copy's tag says.
    pub fn mark(&self) -> &str {
        match self {
            Self::RestoreCluster { mark, .. }
            | Self::AddInstance { mark, .. }
            | Self::RestoreInstance { mark, .. }
            | Self::RemoveInstance { mark, .. }
            | Self::RemoveCluster { mark, .. } => mark,
        }
    }

    /// What it is done to.
    pub fn kind(&self) -> DatabaseKind {
        match self {
            Self::RestoreCluster { .. } | Self::RemoveCluster { .. } => DatabaseKind::Cluster,
            Self::AddInstance { .. } | Self::RestoreInstance { .. } | Self::RemoveInstance { .. } => {
                DatabaseKind::Instance
            }
        }
    }

    /// The step that makes what this one removes; `None` where it makes something itself.
    pub fn removes(&self) -> Option<usize> {
        match self {
            Self::RemoveInstance { made_by, .. } | Self::RemoveCluster { made_by, .. } => Some(*made_by),
            _ => None,
        }
    }

    /// Whether it can be sent after what earlier steps made: what is removed must be exactly what a step of this run made.
    pub(super) fn is_due(&self, made: &Made) -> bool {
        self.removes().is_none_or(|step| made.get(&step).is_some_and(|made| made == self.copy()))
    }
}

impl std::fmt::Display for CopyChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::RestoreCluster { copy, snapshot, engine, network, .. } => {
                write!(f, "rds:RestoreDBClusterFromSnapshot {copy} snapshot={snapshot} engine={engine} {network}")
            }
            Self::AddInstance { copy, cluster, class, .. } => {
                write!(f, "rds:CreateDBInstance {copy} in {cluster} class={class} publiclyAccessible=false")
            }
            Self::RestoreInstance { copy, snapshot, class, network, .. } => {
                write!(f, "rds:RestoreDBInstanceFromDBSnapshot {copy} snapshot={snapshot} class={class} {network} ")?;
                f.write_str("publiclyAccessible=false")
            }
            Self::RemoveInstance { copy, made_by, .. } => {
                write!(f, "rds:DeleteDBInstance {copy} (as step {} made it) skipFinalSnapshot=true", made_by + 1)
            }
            Self::RemoveCluster { copy, made_by, .. } => {
                write!(f, "rds:DeleteDBCluster {copy} (as step {} made it) skipFinalSnapshot=true", made_by + 1)
            }
        }
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "subnetGroup={}", self.subnet_group.as_deref().unwrap_or("default"))?;
        let groups = self.security_groups.join(",");
        write!(f, " securityGroups={}", if groups.is_empty() { "default" } else { &groups })
    }
}
