//! The journal in the store: appending, reading, and what must happen in one transaction.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::anchor::{self, Anchor};
use super::brief::{Brief, brief};
use super::certain::certain;
use super::fold::{IllegalEntry, stands, told};
use super::mark::Mark;
use super::seal::{GENESIS, seal};
use super::stored;
use super::{Entry, Record, RunId, RunState, RunView};
use crate::action::plan::digest_of;
use crate::action::{Approved, BreakGlass, Operator, OtherRun, Plan};
use crate::clock::Now;
use crate::executor::lease::{self, Held, Lease, NotFree};
use crate::executor::shared::SharedLeases;
use crate::store::{Store, StoreError};
use crate::text::Text;
use crate::text::mask::Mask;

/// The most runs that are listed; those whose outcome is unknown come on top.
const LISTED: usize = 50;

/// The journal. Each call is one transaction; what it returns as written is on the disk.
#[derive(Debug, Clone)]
pub struct Journal {
    store: Arc<Store>,
    pub(super) shared: Option<Arc<SharedLeases>>,
    /// Where its head is anchored, and the host that says so.
    anchor: Option<(Arc<dyn Anchor>, Text)>,
}

/// Why the journal refused. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It can't be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The entry can't stand there.
    #[error(transparent)]
    Illegal(#[from] IllegalEntry),
    /// There is no such run.
    #[error("there is no run `{0}`; `quarterdeck runs list` names them")]
    NoSuchRun(String),
    /// An abbreviation fits several.
    #[error("`{0}` fits several runs; write more of it")]
    Ambiguous(String),
    /// The same plan was approved before.
    #[error("this plan was approved before, as run {0}; make a new plan")]
    UsedBefore(String),
    /// No plan of that digest waits for a second person.
    #[error(
        "no plan `{0}` waits for a second person here; it may have expired, or the digest is shorter than 8 characters"
    )]
    NoProposal(String),
    /// An executor has it already.
    #[error("run {0} was taken before; an approval is used once")]
    TakenBefore(String),
    /// It does not need to be settled.
    #[error("run {run} is {state:?}, there is nothing to settle")]
    NotUnknown {
        /// The run.
        run: String,
        /// Its state.
        state: RunState,
    },
    /// Its executor's process was stopped for so long that its lease ran out, but it may go on.
    #[error(
        "run {run}: its executor, process {pid}, still lives and may go on; end it (`kill -9 {pid}`), then settle it"
    )]
    StillAlive {
        /// The run.
        run: String,
        /// The process.
        pid: u32,
    },
    /// Secrets never enter the journal.
    #[error(
        "the plan holds a secret of the configuration or of a variable (such as a password or token), which the journal must \
         not; take it out of the names that the plan shows"
    )]
    SecretInPlan,
    /// Someone is at work on the target.
    #[error(transparent)]
    Held(#[from] Held),
    /// A lease can't be taken away.
    #[error(transparent)]
    NotFree(#[from] NotFree),
    /// Nothing of the run is open.
    #[error("run {0} left nothing open; `quarterdeck debts` lists what is")]
    NoDebt(String),
    /// There is no lease to take away.
    #[error("nobody holds `{0}` here; `quarterdeck lease list` names what is held")]
    NotHeld(String),
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<serde_json::Error> for JournalError {
    fn from(error: serde_json::Error) -> Self {
        Self::Store(error.into())
    }
}

/// An approval that an executor took, with the lease. Made by [`Journal::take`] only; not `Clone`.
#[derive(Debug)]
pub struct Taken {
    /// The plan.
    plan: Plan,
    /// Its digest.
    digest: String,
    /// Who confirmed.
    by: Operator,
    /// The one guard that is skipped.
    break_glass: Option<BreakGlass>,
    /// The lease.
    lease: Lease,
}

impl Taken {
    /// The run.
    pub fn run(&self) -> &RunId {
        &self.lease.run
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The plan's digest.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Who confirmed.
    pub fn by(&self) -> &Operator {
        &self.by
    }

    /// The one guard that is skipped, if one is.
    pub fn break_glass(&self) -> Option<&BreakGlass> {
        self.break_glass.as_ref()
    }

    /// The lease.
    pub fn lease(&self) -> &Lease {
        &self.lease
    }
}

impl Journal {
    /// The journal of a store.
    pub fn new(store: Arc<Store>) -> Self {
        Self { store, shared: None, anchor: None }
    }

    /// The same, with its head anchored when a run is approved and when it ends: after the transaction, which is no slower
    /// for it.
    pub fn anchored(self, anchor: Option<Arc<dyn Anchor>>, host: Text) -> Self {
        Self { anchor: anchor.map(|anchor| (anchor, host)), ..self }
    }

    pub(super) fn keep_head(&self) {
        if let Some((anchor, host)) = &self.anchor {
            anchor::keep_head(anchor, &self.store, host);
        }
    }

    /// The journal in a state directory.
    ///
    /// # Errors
    /// It can't be opened.
    pub fn open(state_dir: &Path) -> Result<Self, StoreError> {
        Ok(Self::new(Arc::new(Store::open(state_dir)?)))
    }

    /// The store that it is in.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// Changes whenever a record is added. Cheap.
    ///
    /// # Errors
    /// It can't be read.
    pub fn version(&self) -> Result<u64, JournalError> {
        let connection = self.store.lock();
        let mut query = connection.prepare_cached("SELECT coalesce(max(sequence), 0) FROM records")?;
        Ok(query.query_row([], |row| row.get(0))?)
    }

    /// Writes an approval down and uses it up: from here the run's executor may take it, once, until it expires.
    ///
    /// # Errors
    /// The same plan was approved before, or the journal can't be written.
    pub fn approve(&self, approved: Approved, now: Now) -> Result<RunId, JournalError> {
        let run = new_id(now.wall, approved.digest());
        let target = approved.plan().target_arn.clone();
        let entry = Entry::Approved {
            plan: Box::new(approved.plan().clone()),
            digest: approved.digest().to_owned(),
            by: Box::new(approved.by().clone()),
            until: approved.until(),
            verdicts: approved.verdicts().to_vec(),
            break_glass: approved.break_glass().cloned(),
        };
        self.store.write(|connection| {
            used_before(connection, approved.digest())?;
            sweep(connection, self.store.mask(), &target, now)?;
            let insert = "INSERT INTO approvals (run, digest, target, until) VALUES (?1, ?2, ?3, ?4)";
            let values = params![run.0, approved.digest(), target.as_str(), approved.until().to_string()];
            connection.prepare_cached(insert)?.execute(values)?;
            append(connection, self.store.mask(), &run, entry, now.wall).map(drop)
        })?;
        self.keep_head();
        Ok(run)
    }

    /// Takes an approval and the lease of its target, in one go: of two executors exactly one gets it. The inner error says
    /// why the run was refused instead, which is journalled.
    ///
    /// # Errors
    /// There is no such run, it was taken before, or the journal can't be written.
    pub fn take(&self, run: &RunId, pid: u32, now: Now) -> Result<Result<Taken, String>, JournalError> {
        let taken = self.store.write(|connection| {
            let view = view(connection, run, now)?;
            let sql = "UPDATE approvals SET taken_by = ?2 WHERE run = ?1 AND taken_by IS NULL AND settled = 0";
            if connection.prepare_cached(sql)?.execute(params![run.0, pid])? != 1 {
                return Err(JournalError::TakenBefore(run.0.clone()));
            }
            match claim(connection, &view, pid, now)? {
                Err(reason) => {
                    let entry = Entry::Refused { reasons: vec![reason.clone()], drift: Vec::new() };
                    append(connection, self.store.mask(), run, entry, now.wall)?;
                    Ok(Err(reason))
                }
                Ok((lease, digest)) => {
                    append(connection, self.store.mask(), run, Entry::Taken { pid, epoch: lease.epoch }, now.wall)?;
                    let break_glass = view.break_glass().cloned();
                    Ok(Ok(Taken { plan: view.plan, digest, by: view.by, break_glass, lease }))
                }
            }
        });
        if matches!(taken, Ok(Err(_))) {
            self.keep_head();
        }
        taken
    }

    /// Adds a record to a run.
    ///
    /// # Errors
    /// The entry can't stand there, or the journal can't be written. Then it is not there.
    pub fn append(&self, run: &RunId, entry: Entry, at: Timestamp) -> Result<(), JournalError> {
        let ended = self.store.write(|connection| append(connection, self.store.mask(), run, entry, at))?.is_ended();
        if ended {
            self.keep_head();
        }
        Ok(())
    }

    /// The heartbeat of a lease. False: it is lost.
    ///
    /// # Errors
    /// The store can't be written.
    pub fn renew(&self, lease: &Lease, now: Now) -> Result<bool, JournalError> {
        self.store.write(|connection| Ok(lease::renew(connection, lease, now)?))
    }

    /// Gives a lease back.
    ///
    /// # Errors
    /// The store can't be written.
    pub fn release(&self, lease: &Lease) -> Result<(), JournalError> {
        self.store.write(|connection| Ok(lease::release(connection, lease)?))
    }

    /// Runs: first those whose outcome is unknown, then the newest; 50, and more only if more are unknown.
    ///
    /// # Errors
    /// They can't be read.
    pub fn runs(&self, now: Now) -> Result<Vec<RunView>, JournalError> {
        let views = certain(&self.store, |connection| newest(connection, now))?;
        let (mut listed, known): (Vec<_>, Vec<_>) = views.into_iter().partition(|v| v.state == RunState::Unknown);
        let room = LISTED.saturating_sub(listed.len());
        listed.extend(known.into_iter().take(room));
        Ok(listed)
    }

    /// One run, by its identifier or as much of its beginning or end as names it.
    ///
    /// # Errors
    /// There is none, or there are several.
    pub fn run(&self, name: &str, now: Now) -> Result<RunView, JournalError> {
        let named = certain(&self.store, |connection| Ok(vec![named(connection, name, now)?]))?;
        named.into_iter().next().ok_or_else(|| JournalError::NoSuchRun(name.to_owned()))
    }

    /// Runs on a plan's target that are not settled: what the guard `other-runs` judges. `holder` is the run whose executor asks,
    /// which holds the lease: it is left out, and with it those that are approved and wait. The lease decides between them, and
    /// refuses them; were they in its way, two that are approved in the same second could refuse each other.
    ///
    /// # Errors
    /// They can't be read.
    pub fn open_runs(&self, plan: &Plan, holder: Option<&RunId>, now: Now) -> Result<Vec<OtherRun>, JournalError> {
        let mut found = Vec::new();
        for run in certain(&self.store, |connection| open_briefs(connection, &plan.target_arn, now))? {
            let unknown = run.state == RunState::Unknown;
            let open = unknown || run.is_open();
            let waits = holder.is_some() && run.state == RunState::Approved;
            if open && !waits && Some(&run.id) != holder {
                found.push(OtherRun { id: run.id.0, unknown, by: Text::clean(&run.by.to_string()) });
            }
        }
        Ok(found)
    }

    /// Settles an unknown run by what a person found on observing the target.
    ///
    /// # Errors
    /// Its outcome is not unknown, its executor's process still lives, someone is at work on the target, or the journal
    /// can't be written.
    pub fn resolve(&self, run: &RunId, by: Operator, found: Text, now: Now) -> Result<(), JournalError> {
        self.store.write(|connection| {
            let view = view(connection, run, now)?;
            if view.state != RunState::Unknown {
                return Err(JournalError::NotUnknown { run: run.0.clone(), state: view.state });
            }
            if let Some(pid) = lease::sleeper(connection, &view.plan.target_arn, run)? {
                return Err(JournalError::StillAlive { run: run.0.clone(), pid });
            }
            let by = covered(by, self.store.mask())?;
            // Taking the lease and giving it back makes an executor that was only stopped find that it lost its own.
            let lease = lease::take(connection, &view.plan.target_arn, run, &by, "settling", std::process::id(), now)??;
            append(connection, self.store.mask(), run, Entry::Resolved { by, found }, now.wall)?;
            Ok::<_, JournalError>(lease::release(connection, &lease)?)
        })?;
        self.keep_head();
        Ok(())
    }
}

/// The newest runs, and those that are not settled, the newest first.
fn newest(connection: &Connection, now: Now) -> Result<Vec<RunView>, JournalError> {
    let mut ids = BTreeMap::new();
    for sql in [
        "SELECT rowid, run FROM approvals WHERE settled = 0 ORDER BY rowid DESC LIMIT ?1",
        "SELECT rowid, run FROM approvals ORDER BY rowid DESC LIMIT ?1",
    ] {
        let mut query = connection.prepare_cached(sql)?;
        let rows = query.query_map([LISTED], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
        for row in rows {
            let (order, run) = row?;
            ids.insert(order, RunId(run));
        }
    }
    ids.values().rev().map(|run| view(connection, run, now)).collect()
}

/// One run, by its identifier or as much of its beginning or end as names it.
fn named(connection: &Connection, name: &str, now: Now) -> Result<RunView, JournalError> {
    let sql = "SELECT run FROM approvals WHERE run = ?1 OR substr(run, 1, length(?1)) = ?1
               OR substr(run, -length(?1)) = ?1 ORDER BY run = ?1 DESC LIMIT 2";
    let mut query = connection.prepare_cached(sql)?;
    let found: Vec<String> = query.query_map([name], |row| row.get(0))?.collect::<Result<_, _>>()?;
    match found.as_slice() {
        [] => Err(JournalError::NoSuchRun(name.to_owned())),
        [first, ..] if first == name => view(connection, &RunId(first.clone()), now),
        [only] => view(connection, &RunId(only.clone()), now),
        _ => Err(JournalError::Ambiguous(name.to_owned())),
    }
}

/// Sortable by time, and told apart by the plan's digest: `20260101-030405-1f2e`.
fn new_id(now: Timestamp, digest: &str) -> RunId {
    RunId(format!("{}-{}", now.strftime("%Y%m%d-%H%M%S"), digest.get(..4).unwrap_or(digest)))
}

fn used_before(connection: &Connection, digest: &str) -> Result<(), JournalError> {
    let sql = "SELECT run FROM approvals WHERE digest = ?1";
    let run: Option<String> = connection.prepare_cached(sql)?.query_row([digest], |row| row.get(0)).optional()?;
    run.map_or(Ok(()), |run| Err(JournalError::UsedBefore(run)))
}

/// Writes down of runs whose executor ended (or never came) before anything was sent that they are refused.
fn sweep(connection: &Connection, mask: &Mask, target: &str, now: Now) -> Result<(), JournalError> {
    for run in open_briefs(connection, target, now)? {
        if run.state == RunState::Refused {
            let view = view(connection, &run.id, now)?;
            let entry = Entry::Refused { reasons: vec![view.last_word()], drift: Vec::new() };
            append(connection, mask, &view.id, entry, now.wall)?;
        }
    }
    Ok(())
}

/// A lease, and the digest of the plan that it was taken for.
type Claimed = (Lease, String);

/// The approval must be of this very plan and not have expired, and the lease must be free.
fn claim(connection: &Connection, view: &RunView, pid: u32, now: Now) -> Result<Result<Claimed, String>, JournalError> {
    let Some(Entry::Approved { until, digest, .. }) = view.records.first().map(|record| &record.entry) else {
        return Ok(Err("the journal has no approval of this run".to_owned()));
    };
    if *digest != view.plan.digest() {
        return Ok(Err(format!("the plan is not the one that was approved ({digest}); nothing was sent")));
    }
    if now.wall >= *until {
        return Ok(Err(format!("the approval expired at {until:.0}; nothing was sent")));
    }
    let what = view.plan.summary();
    let taken = lease::take(connection, &view.plan.target_arn, &view.id, &view.by, &what, pid, now)?;
    Ok(taken.map(|lease| (lease, digest.clone())).map_err(|held| held.to_string()))
}

fn open_briefs(connection: &Connection, target: &str, now: Now) -> Result<Vec<Brief>, JournalError> {
    let mut query = connection.prepare_cached("SELECT run FROM approvals WHERE target = ?1 AND settled = 0")?;
    let runs: Vec<String> = query.query_map([target], |row| row.get(0))?.collect::<Result<_, _>>()?;
    runs.into_iter().map(|run| brief(connection, &RunId(run), now)).collect()
}

pub(super) fn view(connection: &Connection, run: &RunId, now: Now) -> Result<RunView, JournalError> {
    let records = records(connection, run)?;
    let Some(Record { entry: Entry::Approved { plan, by, until, .. }, at, .. }) = records.first().cloned() else {
        return Err(JournalError::NoSuchRun(run.0.clone()));
    };
    let marks: Vec<_> = records.iter().map(|record| record.entry.mark()).collect();
    let state = standing(connection, run, (&plan.target_arn, until), &marks, now)?;
    Ok(RunView { id: run.clone(), state, plan: *plan, by: *by, approved: at, records })
}

/// Where a run stands by its marks, its target, and until when its approval waits for an executor.
pub(super) fn standing(
    connection: &Connection,
    run: &RunId,
    (target, until): (&str, Timestamp),
    marks: &[Mark],
    now: Now,
) -> Result<RunState, JournalError> {
    let waits = marks.len() == 1 && now.wall < until;
    let live = waits || lease::holder(connection, target, now)?.is_some_and(|holder| holder == run.0);
    // Entries in an impossible order: the truth is not known, and that blocks the target.
    Ok(stands(marks.iter().copied(), live).unwrap_or(RunState::Unknown))
}

pub(super) fn records(connection: &Connection, run: &RunId) -> Result<Vec<Record>, JournalError> {
    let sql = "SELECT sequence, at, entry FROM records WHERE run = ?1 ORDER BY sequence";
    let mut query = connection.prepare_cached(sql)?;
    let rows =
        query.query_map([&run.0], |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?)))?;
    rows.map(|row| {
        let (sequence, at, entry) = row?;
        let at = at.parse().map_err(StoreError::Time)?;
        Ok(Record { sequence, run: run.clone(), at, entry: stored::entry(&entry)? })
    })
    .collect()
}

/// The marks of a run's records.
fn marks(connection: &Connection, run: &RunId) -> Result<Vec<Mark>, JournalError> {
    let mut query = connection.prepare_cached("SELECT entry FROM records WHERE run = ?1 ORDER BY sequence")?;
    let mut rows = query.query([&run.0])?;
    let mut marks = Vec::new();
    while let Some(row) = rows.next()? {
        marks.push(serde_json::from_str(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?);
    }
    Ok(marks)
}

/// The operator without a secret: the lease's table names them too.
fn covered(by: Operator, mask: &Mask) -> Result<Operator, JournalError> {
    let mut value = serde_json::to_value(&by)?;
    Ok(if mask.cover(&mut value) { serde_json::from_value(value)? } else { by })
}

/// The entry as it is stored: without a secret. What was approved is bound by its digest and can't be covered, so a plan with
/// a secret in it is refused.
fn body(entry: &Entry, mask: &Mask) -> Result<String, JournalError> {
    if mask.is_empty() {
        return Ok(serde_json::to_string(entry)?);
    }
    let mut value = serde_json::to_value(entry)?;
    if !mask.cover(&mut value) {
        return Ok(serde_json::to_string(entry)?);
    }
    match entry {
        Entry::Approved { digest, .. } if *digest != digest_of(value["plan"].clone()) => {
            Err(JournalError::SecretInPlan)
        }
        _ => Ok(value.to_string()),
    }
}

/// Adds one record, if it can stand there, and chains it to the one before. Gives the state that the run is then in.
pub(super) fn append(
    connection: &Connection,
    mask: &Mask,
    run: &RunId,
    entry: Entry,
    at: Timestamp,
) -> Result<RunState, JournalError> {
    let state = told(marks(connection, run)?.into_iter().chain([entry.mark()]))?;
    let last = "SELECT sequence, hash FROM records ORDER BY sequence DESC LIMIT 1";
    let head: Option<(u64, String)> =
        connection.prepare_cached(last)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (sequence, prev) = head.map_or((1, GENESIS.to_owned()), |(sequence, hash)| (sequence + 1, hash));
    let (at, body) = (at.to_string(), body(&entry, mask)?);
    let hash = seal(&prev, sequence, &run.0, &at, &body);
    let insert = "INSERT INTO records (sequence, run, at, entry, prev, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    connection.prepare_cached(insert)?.execute(params![sequence, run.0, at, body, prev, hash])?;
    if state.is_settled() {
        connection.prepare_cached("UPDATE approvals SET settled = 1 WHERE run = ?1")?.execute([&run.0])?;
    }
    Ok(state)
}
