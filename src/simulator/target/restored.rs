//! What calls do to copies of the database that are restored beside it.

use super::super::log::Mutated;
use super::super::{database, restore};
use super::{SimulatedTarget, not_sent, rejected};
use crate::action::{Call, CopyChange};
use crate::executor::target::{ApplyError, Receipt};
use crate::source::{DatabaseKind, RestoredCopy};
use crate::text::Text;

impl SimulatedTarget {
    /// A call that makes a copy or removes it.
    pub(super) fn restored(&self, call: &Call) -> Result<Receipt, ApplyError> {
        let Call::RdsCopy { change, .. } = call else { return Err(not_sent("not a call of this part of the fleet")) };
        match change {
            CopyChange::RestoreCluster { .. } | CopyChange::AddInstance { .. } => self.make_copy(change),
            CopyChange::RemoveInstance { .. } | CopyChange::RemoveCluster { .. } => self.remove_copy(change),
            CopyChange::RestoreInstance { snapshot, .. } => {
                Err(rejected(&format!("DBSnapshotNotFound: there is no snapshot {snapshot} of an instance")))
            }
        }
    }

    fn make_copy(&self, change: &CopyChange) -> Result<Receipt, ApplyError> {
        let (id, instance) = (change.copy(), change.kind() == DatabaseKind::Instance);
        if self.copy(change.kind(), id)?.is_some() {
            return Err(rejected(&format!("{id} is there already")));
        }
        if let CopyChange::AddInstance { cluster, .. } = change {
            let status = self.copy(DatabaseKind::Cluster, cluster)?.map(|copy| copy.status.to_string());
            if status.as_deref() != Some("available") {
                return Err(rejected(&format!("InvalidDBClusterStateFault: {cluster} is {status:?}")));
            }
        }
        let made = Mutated::Copied { copy: id.to_owned(), instance, mark: change.mark().to_owned() };
        self.change(database::CLUSTER, made)?;
        let said = Text::clean(&format!("{} {id} is creating", change.kind().word()));
        Ok(Receipt { said, made: Some(id.to_owned()) })
    }

    fn remove_copy(&self, change: &CopyChange) -> Result<Receipt, ApplyError> {
        let (id, kind) = (change.copy(), change.kind());
        match self.copy(kind, id)? {
            Some(copy) if copy.made_by.as_ref().is_some_and(|by| by.as_str() == change.mark()) => {}
            Some(_) => return Err(not_sent(&format!("{id} has not the tag of this plan: it is not removed"))),
            None => return Err(rejected(&format!("there is no {} {id}", kind.word()))),
        }
        let instance = format!("{id}-1");
        if kind == DatabaseKind::Cluster && self.copy(DatabaseKind::Instance, &instance)?.is_some() {
            return Err(rejected(&format!("InvalidDBClusterStateFault: {id} still has the instance {instance}")));
        }
        self.change(database::CLUSTER, Mutated::Uncopied(id.to_owned()))?;
        Ok(Receipt::from(Text::clean(&format!("{} {id} is deleting", kind.word()))))
    }

    /// How a copy stands now, if it is there.
    fn copy(&self, kind: DatabaseKind, id: &str) -> Result<Option<RestoredCopy>, ApplyError> {
        let now = (self.clock)().wall;
        let kept = self.kept()?;
        let seconds = now.duration_since(kept.began).as_secs_f64();
        Ok(restore::copy(id, kind, seconds, &kept.mutations))
    }
}
