//! The leases of the journal's state directory, and the table that other hosts share.

use std::sync::Arc;

use super::database::append;
use super::{Entry, Journal, JournalError};
use crate::action::Operator;
use crate::clock::Now;
use crate::config::Config;
use crate::executor::lease::{self, LeaseView};
use crate::executor::shared::{self, SharedLeases};
use crate::store::StoreError;

impl Journal {
    /// The same, with the leases that the configuration shares with other hosts.
    ///
    /// # Errors
    /// The state directory can't be written.
    pub fn shared_by(self, config: &Config) -> Result<Self, StoreError> {
        let shared = shared::open(config, self.store())?;
        Ok(self.with_shared(shared))
    }

    /// The same, with these shared leases.
    pub fn with_shared(mut self, shared: Option<Arc<SharedLeases>>) -> Self {
        self.shared = shared;
        self
    }

    /// The leases that are shared with other hosts, if any are.
    pub fn shared(&self) -> Option<&SharedLeases> {
        self.shared.as_deref()
    }

    /// The leases of this state directory that were not given back, by target.
    ///
    /// # Errors
    /// They can't be read.
    pub fn leases(&self, now: Now) -> Result<Vec<LeaseView>, JournalError> {
        Ok(lease::list(&self.store().lock(), now)?)
    }

    /// Takes the lease of a target away from a run whose executor is gone, and writes down who did so. Whether the run changed
    /// anything stays to be settled: that is not said by this.
    ///
    /// # Errors
    /// Nobody holds it, it is in force, its executor lives or may, or the journal can't be written.
    pub fn release_lease(&self, target: &str, by: Operator, now: Now) -> Result<LeaseView, JournalError> {
        let view = self.store().write(|connection| {
            let found = lease::one(connection, target, now)?;
            let view = found.ok_or_else(|| JournalError::NotHeld(target.to_owned()))?;
            view.may_be_released()?;
            lease::take_away(connection, &view)?;
            append(connection, self.store().mask(), &view.run, Entry::Released { by, epoch: view.epoch }, now.wall)?;
            Ok::<_, JournalError>(view)
        })?;
        self.keep_head();
        Ok(view)
    }
}
