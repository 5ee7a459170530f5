//! Taking, renewing, marking and giving back; what other hosts have open.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::item::{self, Holder, Open, Slot, Wish};
use super::table::{Key, PutError, Table, Unreachable};
use super::witness::Witness;
use super::{Clock, TERM};
use crate::action::OtherRun;
use crate::clock::{Mono, Now};
use crate::store::{Store, StoreError};
use crate::text::Text;
use crate::text::mask::Mask;

/// Of what kind a lease's row is.
pub(super) const LEASE: &str = "lease";

/// How often a write is tried again where somebody else wrote the row in between.
const ROUNDS: usize = 3;

/// How long is told that a target was handed over.
const TOLD: SignedDuration = SignedDuration::from_hours(1);

/// The leases of several hosts, seen from one state directory.
#[derive(Debug)]
pub struct SharedLeases {
    pub(super) table: Arc<dyn Table>,
    pub(super) witness: Witness,
}

/// Who wants a lease, and what for.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// The target.
    pub target: &'a str,
    /// The run.
    pub run: &'a str,
    /// Who confirmed it.
    pub by: Text,
    /// What it does.
    pub what: Text,
}

/// A lease that is held. Not `Clone`: one run, one lease.
#[derive(Debug)]
pub struct Held {
    target: String,
    slot: Slot,
    version: u64,
    proved: Mono,
}

impl Held {
    /// Which taking of the target it is.
    pub fn epoch(&self) -> u64 {
        self.slot.epoch
    }

    /// When the write that last proved it was sent, by our own clock.
    pub fn proved(&self) -> Mono {
        self.proved
    }
}

/// Why a lease was not taken. Nothing may be sent.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// The table can't be asked, or it is not known whether the write arrived.
    #[error("{0}; no lease, so nothing is sent")]
    Unreachable(#[from] Unreachable),
    /// Our own memory of the table can't be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another host holds it, or may.
    #[error(
        "run {run} of {by} on {host} holds the target since {since:.0} ({what}); if it is gone, the target is free in {free} s",
        run = .holder.run, by = .holder.by, host = .holder.host, since = .holder.since, what = .holder.what,
        free = .free_in.as_secs() + 1
    )]
    Held {
        /// Who.
        holder: Box<Holder>,
        /// How much longer it must stand still before it counts as gone.
        free_in: Duration,
    },
    /// A run of another host may have changed the target.
    #[error("the outcome of run {run} of {by} is unknown: settle it on {host} (`quarterdeck runs resolve {run}`)",
        run = .0.run, by = .0.by, host = .0.host)]
    Unknown(Box<Open>),
    /// Another host took it in the same moment.
    #[error("another host took the target in the same moment; nothing is sent")]
    Raced,
}

/// Why a lease can't be counted on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// It was not renewed for a whole term. For good.
    #[error("the shared lease ran out: it was not renewed for {} s", TERM.as_secs())]
    Over,
    /// Somebody else wrote it. For good.
    #[error("the shared lease was lost to {0}")]
    Taken(String),
    /// Nobody knows now; it may be asked again.
    #[error("{0}")]
    Unreachable(#[from] Unreachable),
}

/// One row as it was read, and since when it stands still.
pub(super) struct Look {
    pub(super) slot: Slot,
    pub(super) version: u64,
    pub(super) still: Duration,
    pub(super) epoch: u64,
}

/// A lease in the table's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The target.
    pub target: String,
    /// What stands there.
    pub slot: Slot,
    /// How long it has stood still, as far as this host knows: over a whole term its holder is gone.
    pub still: Duration,
    /// Whether it is of this state directory.
    pub own: bool,
    /// Who on another host asks its holder for it.
    pub wish: Option<Wish>,
}

impl SharedLeases {
    /// Leases in this table, seen from the state directory of `store` on a host of this name.
    ///
    /// # Errors
    /// The state directory can't be written.
    pub fn new(table: Arc<dyn Table>, store: Arc<Store>, host: &str) -> Result<Self, StoreError> {
        Ok(Self { table, witness: Witness::open(store, host)? })
    }

    /// Who this state directory is in the table.
    pub fn host(&self) -> &str {
        self.witness.host()
    }

    /// Takes the lease of a target: exactly one of all hosts that try at the same moment gets it. The caller holds the lease
    /// of the state directory already, so that what this host itself left in the table is of a run that is over.
    ///
    /// # Errors
    /// Somebody else holds it or has an open run there, or the table can't be asked. Then nothing may be sent.
    pub async fn take(&self, claim: &Claim<'_>, clock: Clock<'_>) -> Result<Held, NotTaken> {
        let seen = self.look(claim.target, clock).await?;
        self.is_free(&seen)?;
        let holder = Holder {
            run: claim.run.to_owned(),
            by: claim.by.clone(),
            host: self.host().to_owned(),
            what: claim.what.clone(),
            since: clock().wall,
        };
        let slot = Slot { epoch: seen.epoch + 1, held: Some(holder), open: None, released: seen.slot.released };
        let asked = clock().mono;
        match self.put(claim.target, &slot, seen.version).await {
            Ok(()) => {
                let version = seen.version + 1;
                self.witness.note(claim.target, &slot, version, clock())?;
                Ok(Held { target: claim.target.to_owned(), slot, version, proved: asked })
            }
            Err(PutError::Changed) => Err(NotTaken::Raced),
            Err(PutError::Unclear(error)) => Err(NotTaken::Unreachable(error)),
        }
    }

    fn is_free(&self, seen: &Look) -> Result<(), NotTaken> {
        if let Some(open) = &seen.slot.open
            && !self.is_settled(open)?
        {
            return Err(NotTaken::Unknown(Box::new(open.clone())));
        }
        match &seen.slot.held {
            Some(holder) if holder.host != self.host() && seen.still < TERM => {
                Err(NotTaken::Held { holder: Box::new(holder.clone()), free_in: TERM - seen.still })
            }
            _ => Ok(()),
        }
    }

    /// Whether our own journal says how an open run ended: then only the table did not hear of it.
    pub(super) fn is_settled(&self, open: &Open) -> Result<bool, StoreError> {
        Ok(open.host == self.host() && self.witness.settled(&open.run)? == Some(true))
    }

    /// The heartbeat.
    ///
    /// # Errors
    /// The lease is lost, or the table can't be asked.
    pub async fn renew(&self, held: &mut Held, clock: Clock<'_>) -> Result<(), Lost> {
        self.update(held, clock, |_| {}).await
    }

    /// Writes down that a step is about to be sent. Only when this returned may it be.
    ///
    /// # Errors
    /// The lease is lost, or the table can't be asked: nothing may be sent.
    pub async fn begin(&self, held: &mut Held, step: usize, clock: Clock<'_>) -> Result<(), Lost> {
        let at = clock().wall;
        let mark = |slot: &mut Slot| {
            slot.open = slot.held.as_ref().map(|held| Open {
                run: held.run.clone(),
                by: held.by.clone(),
                host: held.host.clone(),
                step,
                at,
            });
        };
        self.update(held, clock, mark).await
    }

    /// Writes the row as we left it, changed. Where it has another version, an answer of ours may have got lost: then it is
    /// still ours, and the write goes once more.
    async fn update(&self, held: &mut Held, clock: Clock<'_>, change: impl Fn(&mut Slot)) -> Result<(), Lost> {
        for _ in 0..ROUNDS {
            let asked = clock().mono;
            if asked.since(held.proved) >= TERM {
                return Err(Lost::Over);
            }
            let mut slot = held.slot.clone();
            change(&mut slot);
            match self.put(&held.target, &slot, held.version).await {
                Ok(()) => {
                    (held.slot, held.version, held.proved) = (slot, held.version + 1, asked);
                    return Ok(());
                }
                Err(PutError::Changed) => self.read_again(held).await?,
                Err(PutError::Unclear(error)) => return Err(Lost::Unreachable(error)),
            }
        }
        Err(Lost::Taken("somebody who keeps writing it".to_owned()))
    }

    async fn read_again(&self, held: &mut Held) -> Result<(), Lost> {
        let (slot, version) = self.read(&held.target).await?;
        let ours = |slot: &Slot| slot.epoch == held.slot.epoch && slot.held == held.slot.held;
        if !ours(&slot) {
            let now = slot.held.map_or("nobody: it was released".to_owned(), |holder| {
                format!("run {} of {} on {}", holder.run, holder.by, holder.host)
            });
            return Err(Lost::Taken(now));
        }
        (held.slot, held.version) = (slot, version);
        Ok(())
    }

    /// Gives back what a run holds. `settled`: its outcome is known, so that it blocks nobody any more; else it stays open.
    ///
    /// # Errors
    /// The table can't be asked: the lease runs out by itself, and a mark of the run stands until this is done again.
    pub async fn finish(&self, target: &str, run: &str, settled: bool) -> Result<(), PutError> {
        for _ in 0..ROUNDS {
            let (slot, version) = self.read(target).await?;
            let next = Slot {
                held: slot.held.clone().filter(|held| !self.is_ours(&held.host, &held.run, run)),
                open: slot.open.clone().filter(|open| !(settled && self.is_ours(&open.host, &open.run, run))),
                ..slot.clone()
            };
            if next == slot {
                return Ok(());
            }
            match self.put(target, &next, version).await {
                Err(PutError::Changed) => {}
                done => return done,
            }
        }
        Err(PutError::Changed)
    }

    fn is_ours(&self, host: &str, run: &str, ours: &str) -> bool {
        host == self.host() && run == ours
    }

    /// What other hosts have open on a target: runs under way and unknown ones, for the guard `other-runs`.
    ///
    /// # Errors
    /// The table can't be asked: then nothing may begin.
    pub async fn others(&self, target: &str, clock: Clock<'_>) -> Result<Vec<OtherRun>, NotTaken> {
        let seen = self.look(target, clock).await?;
        let live = seen.still < TERM;
        let mut found = Vec::new();
        if let Some(open) = &seen.slot.open {
            if self.is_settled(open)? {
                self.tidy(target, &open.run).await;
            } else if open.host != self.host() || self.witness.settled(&open.run)?.is_none() {
                let under_way = live && seen.slot.held.as_ref().is_some_and(|held| held.run == open.run);
                found.push(other(&open.run, !under_way, &open.by, &open.host));
            }
        }
        let holder = seen.slot.held.as_ref().filter(|held| live && held.host != self.host());
        if let Some(held) = holder.filter(|held| found.iter().all(|other| other.id != held.run)) {
            found.push(other(&held.run, false, &held.by, &held.host));
        }
        Ok(found)
    }

    /// Our journal knows the outcome, the table could not be told at the time.
    async fn tidy(&self, target: &str, run: &str) {
        if let Err(error) = self.finish(target, run, true).await {
            tracing::warn!(%run, %error, "the shared table still says that this run is open");
        }
    }

    /// All leases of the table that are held or blocked, or were handed over within the last hour.
    ///
    /// # Errors
    /// The table can't be asked, or our own memory can't be written.
    pub async fn list(&self, clock: Clock<'_>) -> Result<Vec<Listed>, NotTaken> {
        let (rows, wishes) = (self.table.list(LEASE).await?, self.wishes().await?);
        let now = clock();
        let mut listed = Vec::new();
        for (target, row) in rows {
            let slot: Slot = item::read(&self.table_name(), &target, &row)?;
            let still = self.witness.note(&target, &slot, row.version, now)?.still;
            let asked = |(at, wish): &&(String, Wish)| *at == target && is_told(wish, &slot, now);
            let wish = wishes.iter().find(asked).map(|(_, wish)| wish.clone());
            if slot.held.is_some() || slot.open.is_some() || wish.is_some() {
                let own = slot.held.as_ref().is_some_and(|held| held.host == self.host());
                listed.push(Listed { target, slot, still, own, wish });
            }
        }
        Ok(listed)
    }

    /// Asks a table for all that an executor will ask of it, and writes nothing: the write's condition can't hold. Returns how
    /// many leases are held or blocked.
    ///
    /// # Errors
    /// What it could not do.
    pub async fn probing(table: Arc<dyn Table>) -> Result<usize, Unreachable> {
        let key = Key { kind: "probe", id: "probe" };
        table.get(key).await?;
        if let Err(PutError::Unclear(error)) = table.put(key, "{}".to_owned(), u64::MAX - 1).await {
            return Err(error);
        }
        let rows = table.list(LEASE).await?;
        let slots = rows.iter().map(|(target, row)| item::read::<Slot>(table.name(), target, row));
        let slots: Vec<_> = slots.collect::<Result<_, _>>()?;
        Ok(slots.iter().filter(|slot| slot.held.is_some() || slot.open.is_some()).count())
    }

    /// Reads a lease, and remembers what was seen.
    pub(super) async fn look(&self, target: &str, clock: Clock<'_>) -> Result<Look, NotTaken> {
        let (slot, version) = self.read(target).await?;
        let seen = self.witness.note(target, &slot, version, clock())?;
        Ok(Look { slot, version, still: seen.still, epoch: seen.epoch })
    }

    async fn read(&self, target: &str) -> Result<(Slot, u64), Unreachable> {
        match self.table.get(key(target)).await? {
            None => Ok((Slot::default(), 0)),
            Some(row) => Ok((item::read(&self.table_name(), target, &row)?, row.version)),
        }
    }

    pub(super) async fn put(&self, target: &str, slot: &Slot, seen: u64) -> Result<(), PutError> {
        let body = serde_json::to_string(slot).map_err(|error| self.broken(&error.to_string()))?;
        self.table.put(key(target), body, seen).await
    }

    /// Changes a row by what it says, anew where somebody else wrote it in between; `None` writes nothing. No row yet is the
    /// default of what it holds.
    pub(super) async fn amend<T, E>(&self, key: Key<'_>, change: impl Fn(T) -> Result<Option<T>, E>) -> Result<(), E>
    where
        T: Default + Serialize + DeserializeOwned,
        E: From<PutError>,
    {
        for _ in 0..ROUNDS {
            let row = self.table.get(key).await.map_err(PutError::from)?;
            let (before, version) = match &row {
                None => (T::default(), 0),
                Some(row) => (item::read(&self.table_name(), key.id, row).map_err(PutError::from)?, row.version),
            };
            let Some(next) = change(before)? else { return Ok(()) };
            let body = serde_json::to_string(&next).map_err(|error| PutError::from(self.broken(&error.to_string())))?;
            match self.table.put(key, body, version).await {
                Err(PutError::Changed) => {}
                done => return done.map_err(E::from),
            }
        }
        Err(PutError::Changed.into())
    }

    /// Covers secrets in what is written into the table.
    pub(super) fn mask(&self) -> &Mask {
        self.witness.mask()
    }

    pub(super) fn broken(&self, reason: &str) -> Unreachable {
        Unreachable { table: self.table_name(), reason: Text::clean(reason) }
    }

    pub(super) fn table_name(&self) -> String {
        self.table.name().to_owned()
    }
}

/// A wish is told while its run holds the target, and for a while after it was granted, until the next run.
fn is_told(wish: &Wish, slot: &Slot, now: Now) -> bool {
    match (&slot.held, wish.granted) {
        (Some(held), _) => held.run == wish.run,
        (None, Some(granted)) => now.wall.duration_since(granted).abs() < TOLD,
        (None, None) => false,
    }
}

fn key(target: &str) -> Key<'_> {
    Key { kind: LEASE, id: target }
}

fn other(run: &str, unknown: bool, by: &Text, host: &str) -> OtherRun {
    OtherRun { id: run.to_owned(), unknown, by: Text::clean(&format!("{by}, on {host}")) }
}
