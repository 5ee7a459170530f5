//! Asking the holder of a target on another host to hand it over. The wish stands beside the lease, in a row of its own: the
//! lease's own row stands still when its holder is gone, and nobody else may move it.
//!
//! The holder's executor reads it with its heartbeat and writes it into its own journal ([`Hold::wish`](super::Hold::wish)). From
//! there on it is as if somebody on that host had asked: the one who confirmed the run grants it there.

use std::time::Duration;

use jiff::Timestamp;

use super::item::{self, Holder, Slot, Wish};
use super::leases::{LEASE, SharedLeases};
use super::table::{Key, PutError, Row, Unreachable};
use super::{Clock, TERM};
use crate::action::Operator;
use crate::executor::handover::Handover;
use crate::store::StoreError;
use crate::text::Text;

/// Of what kind a wish's row is.
pub(super) const WISH: &str = "wish";

/// Why nothing was asked for.
#[derive(Debug, thiserror::Error)]
pub enum NotAsked {
    /// No host holds a target for such a run.
    #[error("no run `{0}` holds a target, here or on another host; `quarterdeck lease list` names those that do")]
    NoRun(String),
    /// The name fits several.
    #[error("several runs that hold a target are named so: `{0}`")]
    Ambiguous(String),
    /// The holder stood still for a whole term: nobody is there to grant anything.
    #[error(
        "run {run} of {by} on {host} was not renewed for {} s: it seems to be gone, so there is nobody to ask; \
         `quarterdeck lease release TARGET` takes its lease away",
        .still.as_secs(), run = .holder.run, by = .holder.by, host = .holder.host
    )]
    Gone {
        /// Who.
        holder: Box<Holder>,
        /// For how long.
        still: Duration,
    },
    /// It was granted to somebody already.
    #[error("run {run} was handed over to {to} already")]
    Granted {
        /// The run.
        run: String,
        /// To whom.
        to: Operator,
    },
    /// The table can't be asked, or nobody knows whether it was written.
    #[error(transparent)]
    Table(#[from] PutError),
    /// Our own memory of the table can't be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Unreachable> for NotAsked {
    fn from(error: Unreachable) -> Self {
        Self::Table(error.into())
    }
}

impl SharedLeases {
    /// Asks the one who confirmed a run of another host to hand its target over; the beginning or end of the run is enough. Who
    /// holds it. A later wish takes an earlier one's place, unless that one was granted.
    ///
    /// # Errors
    /// No such run holds a target, or it can't be written.
    pub async fn ask(&self, run: &str, by: &Operator, why: &Text, clock: Clock<'_>) -> Result<Holder, NotAsked> {
        let (target, holder) = self.holder_of(run, clock).await?;
        let (host, at) = (self.host().to_owned(), clock().wall);
        let reason = Text::clean(&self.mask().text(why));
        let wish = Wish { run: holder.run.clone(), by: by.clone(), host, reason, at, granted: None };
        let ask = |before: Option<Wish>| match before.filter(|before| before.run == wish.run) {
            Some(Wish { run, by: to, granted: Some(_), .. }) => Err(NotAsked::Granted { run, to }),
            _ => Ok(Some(Some(wish.clone()))),
        };
        self.amend(key(&target), ask).await?;
        Ok(holder)
    }

    async fn holder_of(&self, run: &str, clock: Clock<'_>) -> Result<(String, Holder), NotAsked> {
        let rows = self.table.list(LEASE).await?;
        let mut found = Vec::new();
        for (target, row) in rows {
            let slot: Slot = item::read(&self.table_name(), &target, &row)?;
            let still = self.witness.note(&target, &slot, row.version, clock())?.still;
            let named = |held: &Holder| held.run.starts_with(run) || held.run.ends_with(run);
            found.extend(slot.held.filter(named).map(|held| (target, held, still)));
        }
        match <[_; 1]>::try_from(found) {
            Ok([(_, held, still)]) if still >= TERM => Err(NotAsked::Gone { holder: Box::new(held), still }),
            Ok([(target, held, _)]) => Ok((target, held)),
            Err(none) if none.is_empty() => Err(NotAsked::NoRun(run.to_owned())),
            Err(_) => Err(NotAsked::Ambiguous(run.to_owned())),
        }
    }

    /// The wish to take a target over from a run, if somebody on another host has it.
    ///
    /// # Errors
    /// The table can't be asked.
    pub async fn wish(&self, target: &str, run: &str) -> Result<Option<Wish>, Unreachable> {
        let Some(row) = self.table.get(key(target)).await? else { return Ok(None) };
        let wish: Option<Wish> = item::read(&self.table_name(), target, &row)?;
        Ok(wish.filter(|wish| wish.run == run))
    }

    /// Tells who asked that it was granted, where it is their wish that still stands there. What stops the run stands in its own
    /// journal, not here.
    ///
    /// # Errors
    /// It can't be written.
    pub async fn grant(&self, target: &str, asked: &Handover, at: Timestamp) -> Result<(), PutError> {
        let theirs = |wish: &Wish| wish.run == asked.run.0 && wish.by == asked.by && wish.at == asked.at;
        let grant = |before: Option<Wish>| {
            let wish = before.filter(|wish| theirs(wish) && wish.granted.is_none());
            Ok(wish.map(|wish| Some(Wish { granted: Some(at), ..wish })))
        };
        self.amend(key(target), grant).await
    }

    /// All wishes, by target. One that can't be read is left out: what is held is told even so.
    ///
    /// # Errors
    /// The table can't be asked.
    pub(super) async fn wishes(&self) -> Result<Vec<(String, Wish)>, Unreachable> {
        let rows = self.table.list(WISH).await?;
        let read = |(target, row): (String, Row)| match item::read::<Option<Wish>>(&self.table_name(), &target, &row) {
            Ok(wish) => wish.map(|wish| (target, wish)),
            Err(error) => {
                tracing::warn!(%target, %error, "who asks for this target is not known");
                None
            }
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }
}

fn key(target: &str) -> Key<'_> {
    Key { kind: WISH, id: target }
}
