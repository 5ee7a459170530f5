//! Taking a lease away from a holder that is gone.

use std::time::Duration;

use super::Clock;
use super::TERM;
use super::item::{Holder, Open, Released, Slot};
use super::leases::{Look, NotTaken, SharedLeases};
use super::table::PutError;
use crate::text::Text;

/// Who takes it away.
#[derive(Debug, Clone)]
pub struct Releaser<'a> {
    /// Who.
    pub by: Text,
    /// The run whose outcome nobody knows and that is given up, where there is one: it must be named.
    pub run: Option<&'a str>,
}

/// Why a lease was not taken away. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum NotReleased {
    /// Nobody holds it, and nothing is open there.
    #[error("nobody holds the shared lease of this target")]
    Free,
    /// Its holder may live: it must stand still for a whole term first.
    #[error(
        "run {run} of {by} on {host} holds it; it counts as gone when it was not renewed for {wait} s more",
        run = .holder.run, by = .holder.by, host = .holder.host, wait = .wait.as_secs() + 1
    )]
    MayLive {
        /// Who.
        holder: Box<Holder>,
        /// How much longer.
        wait: Duration,
    },
    /// A run that may have changed the target was not named.
    #[error(
        "the outcome of run {run} of {by} on {host} is unknown; look at the target, then name the run: --run {run}",
        run = .0.run, by = .0.by, host = .0.host
    )]
    Unnamed(Box<Open>),
    /// The unknown run is one of ours: our own journal must be settled.
    #[error("run {0} is of this host; settle it with `quarterdeck runs resolve {0}`")]
    Own(String),
    /// Somebody wrote it in the same moment.
    #[error("somebody wrote it in the same moment: its holder lives; nothing was released")]
    Changed,
    /// The table can't be asked.
    #[error(transparent)]
    NotAsked(#[from] NotTaken),
}

impl SharedLeases {
    /// Takes the lease of a target away from a holder that stood still for a whole term, and gives up the unknown run that is
    /// named. The epoch stays, so that a holder that wakes up finds it lost.
    ///
    /// # Errors
    /// The holder may live, an unknown run was not named, or the table can't be asked.
    pub async fn release(&self, target: &str, who: &Releaser<'_>, clock: Clock<'_>) -> Result<Released, NotReleased> {
        let seen = self.look(target, clock).await?;
        self.may_release(&seen, who)?;
        let run = seen.slot.held.as_ref().map(|held| held.run.clone());
        let run = run.or_else(|| seen.slot.open.as_ref().map(|open| open.run.clone())).ok_or(NotReleased::Free)?;
        let released = Released { by: who.by.clone(), host: self.host().to_owned(), at: clock().wall, run };
        let slot = Slot { epoch: seen.slot.epoch, held: None, open: None, released: Some(released.clone()) };
        match self.put(target, &slot, seen.version).await {
            Ok(()) => Ok(released),
            Err(PutError::Changed) => Err(NotReleased::Changed),
            Err(PutError::Unclear(error)) => Err(NotTaken::from(error).into()),
        }
    }

    fn may_release(&self, seen: &Look, who: &Releaser<'_>) -> Result<(), NotReleased> {
        if let Some(holder) = seen.slot.held.as_ref().filter(|_| seen.still < TERM) {
            return Err(NotReleased::MayLive { holder: Box::new(holder.clone()), wait: TERM - seen.still });
        }
        match &seen.slot.open {
            None => Ok(()),
            Some(open) if self.is_settled(open).map_err(NotTaken::from)? => Ok(()),
            Some(open) if open.host == self.host() && self.knows(&open.run)? => Err(NotReleased::Own(open.run.clone())),
            Some(open) if who.run == Some(open.run.as_str()) => Ok(()),
            Some(open) => Err(NotReleased::Unnamed(Box::new(open.clone()))),
        }
    }

    fn knows(&self, run: &str) -> Result<bool, NotReleased> {
        Ok(self.witness.settled(run).map_err(NotTaken::from)?.is_some())
    }
}
