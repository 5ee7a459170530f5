//! What calls do to databases and their copies.

use super::super::database;
use super::super::log::Mutated;
use super::{SimulatedTarget, not_sent, rejected};
use crate::action::Call;
use crate::executor::target::{ApplyError, Receipt};
use crate::source::{MemberRole, Name};

impl SimulatedTarget {
    /// A call of RDS or AWS Backup.
    pub(super) fn database(&self, call: &Call) -> Result<Receipt, ApplyError> {
        match call {
            Call::RdsFailOver { cluster, to, .. } => {
                self.check_failover(cluster, to)?;
                self.change(cluster, Mutated::FailedOver(Name::from(to.as_str())))?;
                Ok(Receipt::from(format!("cluster {cluster} is failing-over")))
            }
            Call::BackupStart { resource, token, .. } => self.back_up(resource, token),
            Call::RdsClusterSnapshot { cluster, snapshot, .. } if cluster == database::CLUSTER => {
                let change = Mutated::Snapshotted(Name::from(snapshot.as_str()));
                if self.was_made(&change)? {
                    return Err(rejected("DBClusterSnapshotAlreadyExistsFault: it is there already"));
                }
                self.change(cluster, change)?;
                Ok(Receipt { said: format!("snapshot {snapshot} is creating").into(), made: Some(snapshot.clone()) })
            }
            Call::RdsClusterSnapshot { cluster: name, .. } | Call::RdsInstanceSnapshot { instance: name, .. } => {
                Err(rejected(&format!("DBNotFoundFault: there is no {name}")))
            }
            Call::RdsExport { task, .. } => Err(rejected(&format!(
                "InvalidParameterValue: {} is of DocumentDB, which has no exports",
                task.snapshot
            ))),
            Call::RdsRebootWithFailover { instance, .. } => {
                Err(rejected(&format!("DBInstanceNotFound: there is no instance {instance}")))
            }
            _ => Err(not_sent("not a call of this part of the fleet")),
        }
    }

    /// A job of AWS Backup; the same token makes no second one.
    fn back_up(&self, resource: &str, token: &str) -> Result<Receipt, ApplyError> {
        if !resource.ends_with(&format!(":cluster:{}", database::CLUSTER)) {
            return Err(rejected(&format!("ResourceNotFoundException: there is no {resource}")));
        }
        let id = format!("job-{}", token.chars().take(12).collect::<String>());
        let change = Mutated::BackedUp(Name::from(id.as_str()));
        if !self.was_made(&change)? {
            self.change(resource, change)?;
        }
        Ok(Receipt { said: format!("backup job {id}").into(), made: Some(id) })
    }

    /// Whether this very change was made before.
    fn was_made(&self, change: &Mutated) -> Result<bool, ApplyError> {
        Ok(self.kept()?.mutations.iter().any(|mutation| mutation.change == *change))
    }

    /// Refuses what RDS would refuse, in its words.
    fn check_failover(&self, cluster: &str, to: &str) -> Result<(), ApplyError> {
        let now = (self.clock)().wall;
        let kept = self.log.read(now).map_err(|error| not_sent(&error.to_string()))?;
        let seconds = now.duration_since(kept.began).as_secs_f64();
        let found = database::database(cluster, kept.began, seconds, &kept.mutations);
        let Some(found) = found.filter(|_| cluster == database::CLUSTER) else {
            return Err(rejected(&format!("DBClusterNotFoundFault: there is no cluster {cluster}")));
        };
        if found.status.as_str() != "available" {
            return Err(rejected(&format!("InvalidDBClusterStateFault: {cluster} is {}", found.status)));
        }
        let role = found.members.iter().find(|member| member.id.as_str() == to).map(|member| member.role);
        match role {
            Some(MemberRole::Reader) => Ok(()),
            Some(_) => Err(rejected(&format!("InvalidDBInstanceStateFault: {to} is the writer already"))),
            None => Err(rejected(&format!("DBInstanceNotFound: there is no instance {to} in {cluster}"))),
        }
    }
}
