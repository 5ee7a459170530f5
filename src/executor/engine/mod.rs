//! One run: take; then per step observe, check, apply once, read back; watch the gates; journal all of it.

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use super::journal::{Entry, Journal, JournalError, RunId, RunState, Taken};
use super::lease::HEARTBEAT;
use super::shared::Hold;
use super::target::Target;
use crate::action::{Call, Change, Made};
use crate::clock::{Mono, Now};
use crate::config::Config;
use crate::source::{SignalId, World};
use crate::text::Text;

mod between;
mod check;
mod gates;
mod look;
mod send;
pub mod watch;

/// How old the observation may be when the call is handed to the target.
const CHECK_TO_SEND: Duration = Duration::from_secs(5);

/// How old it may be when the call leaves: the target may have to ask first whose credentials it has.
const CHECK_TO_LEAVE: Duration = Duration::from_secs(10);

/// How long one observation may take.
const OBSERVE: Duration = Duration::from_secs(30);

/// How long is read back after a call whose answer was lost: by then it was applied, or it was lost as well.
pub const READ_BACK: Duration = Duration::from_secs(60);

/// How often is read back.
pub const POLL: Duration = Duration::from_secs(2);

/// What a run needs. `clock` is the executor's main's.
pub struct Engine<'a> {
    /// The journal.
    pub journal: &'a Journal,
    /// The backends, for reading.
    pub world: &'a dyn World,
    /// The target.
    pub target: &'a dyn Target,
    /// The configuration.
    pub config: &'a Config,
    /// Reads the time.
    pub clock: &'a (dyn Fn() -> Now + Send + Sync),
    /// This process.
    pub pid: u32,
}

/// One run under way.
struct Work<'a> {
    engine: &'a Engine<'a>,
    taken: &'a Taken,
    hold: Hold<'a>,
    progress: AtomicUsize,
    broken_before: OnceLock<BTreeSet<SignalId>>,
    /// When the first call was about to leave.
    first_call: OnceLock<Mono>,
}

/// What an engine does next, or why it stops.
type Flow<T> = Result<T, Stop>;

/// Why a run stops.
enum Stop {
    /// With an entry that is still to be written.
    Outcome(Entry),
    /// The change turned out badly: the on-failure branch runs, where the plan has one.
    Bad {
        /// Why.
        reason: String,
        /// What became of it so far.
        effect: String,
    },
    /// The journal could not be written: nothing more is done, and nothing is tried again.
    Broken(JournalError),
}

/// What was found of a step that is done.
struct Found {
    words: String,
    /// Only its answer is known.
    told: bool,
}

impl From<JournalError> for Stop {
    fn from(error: JournalError) -> Self {
        Self::Broken(error)
    }
}

impl Engine<'_> {
    /// Carries out a run that was approved, to its end. The call is sent at most once, whatever happens.
    ///
    /// # Errors
    /// The run can't be taken, or the journal can't be written. Where that was before Started, nothing was sent.
    pub async fn run(&self, run: &RunId) -> Result<RunState, JournalError> {
        let taken = match self.journal.take(run, self.pid, (self.clock)())? {
            Ok(taken) => taken,
            Err(_refused) => return Ok(RunState::Refused),
        };
        let hold = Hold::new(self.journal.shared(), &taken, self.clock);
        let (progress, broken_before, first_call) = (AtomicUsize::new(0), OnceLock::new(), OnceLock::new());
        let work = Work { engine: self, taken: &taken, hold, progress, broken_before, first_call };
        let ended = tokio::select! {
            ended = work.carry_out() => ended,
            never = work.heartbeat() => never,
        };
        let state = ended.and_then(|entry| work.end(entry)).or_else(|error| work.refused_meanwhile(error));
        work.hold.end(state.as_ref().ok().copied()).await;
        // A lease that can't be given back runs out; the outcome is what counts.
        if let Err(error) = self.journal.release(taken.lease()) {
            tracing::error!(%run, %error, "the lease could not be released; it runs out by itself");
        }
        state
    }
}

impl Work<'_> {
    async fn carry_out(&self) -> Result<Entry, JournalError> {
        match self.steps().await {
            Ok(entry) | Err(Stop::Outcome(entry)) => Ok(entry),
            Err(Stop::Bad { reason, effect }) => {
                Ok(Entry::Failed { reason: Text::clean(&reason), effect: Text::clean(&effect) })
            }
            Err(Stop::Broken(error)) => Err(error),
        }
    }

    async fn steps(&self) -> Flow<Entry> {
        let mut made = Made::new();
        self.remember_broken_gates().await;
        self.hold.take().await.map_err(|reason| refused(reason, Vec::new()))?;
        match self.forward(&mut made).await {
            Err(Stop::Bad { reason, effect }) => self.turn_back(&reason, effect, &mut made).await,
            ended => ended,
        }
    }

    /// The plan's steps, one after the other, each only when the one before is steady and its gates pass.
    async fn forward(&self, made: &mut Made) -> Flow<Entry> {
        let plan = self.taken.plan();
        let Some(last) = plan.steps.len().checked_sub(1) else {
            return Err(refused("the plan has no calls; nothing was sent".to_owned(), Vec::new()));
        };
        let mut measured = None;
        for (index, step) in plan.steps.iter().enumerate().take(last) {
            let found = self.perform(index, made).await?;
            let took_seconds = self.took(step.measures);
            self.write(Entry::Settled { step: index, found: Text::clean(&found.words), took_seconds })?;
            measured = measured.or(took_seconds);
            self.bake(step.bake, Some(index + 1)).await?;
        }
        let Found { words, told } = self.perform(last, made).await?;
        if !plan.gates.is_empty() && !plan.gate_window.is_zero() {
            self.write(settled(last, &words))?;
        }
        let gates = self.bake(plan.gate_window, None).await?;
        let found = gates.map_or(words.clone(), |gates| format!("{words}; {gates}"));
        let found = Text::clean(&measured.map_or(found.clone(), |took| format!("measured {took} s; {found}")));
        if told {
            let reason = Text::from("only its answer is known: nothing reads its effect back");
            return Ok(Entry::Inconclusive { reason, found });
        }
        Ok(Entry::Done { found })
    }

    /// The on-failure branch, once: it was shown and approved with the plan.
    async fn turn_back(&self, reason: &str, effect: String, made: &mut Made) -> Flow<Entry> {
        let plan = self.taken.plan();
        if plan.on_failure.is_empty() {
            return Err(failed(reason, &effect));
        }
        self.write(Entry::TurningBack { reason: Text::clean(reason) })?;
        let mut found = String::new();
        for index in plan.steps.len()..plan.steps.len() + plan.on_failure.len() {
            if plan.step(index).is_some_and(|step| step.call.removes_nothing(made)) {
                self.write(settled(index, "nothing to remove: it was not made"))?;
                continue;
            }
            let performed = self.perform(index, made).await;
            found = performed.map(|found| found.words).map_err(|stop| match stop {
                Stop::Bad { reason: again, effect } => {
                    failed(reason, &format!("{effect}; taking it back failed: {again}"))
                }
                other => other,
            })?;
            self.write(settled(index, &found))?;
        }
        Err(failed(reason, &format!("it was taken back: {found}")))
    }

    /// One step: look, send once, read back until it is steady. What was found.
    async fn perform(&self, index: usize, made: &mut Made) -> Flow<Found> {
        let call = self.call(index, made)?;
        let observed = self.check(index).await?;
        self.write(Entry::Started { step: index })?;
        let _ = self.first_call.set(self.now().mono); // only the first one is kept
        let answer = self.send(index, &call, observed).await?;
        self.settle_answer(index, answer, made).await?;
        self.watch(index, made).await
    }

    fn call(&self, index: usize, made: &Made) -> Flow<Call> {
        let call = self.taken.plan().step(index).and_then(|step| step.call.resolved(made));
        call.ok_or_else(|| self.not_sent(index, "it needs what no earlier step made", Vec::new()))
    }

    /// How long it took from the first call on, where that is measured.
    fn took(&self, measures: bool) -> Option<u64> {
        let first = self.first_call.get().filter(|_| measures)?;
        Some(self.now().mono.since(*first).as_secs())
    }

    /// Keeps the lease while the work goes on. A lost lease is found by the check before the call; after it, nothing more is
    /// sent anyway, and what is found is still written down.
    async fn heartbeat(&self) -> Result<Entry, JournalError> {
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            match self.engine.journal.renew(self.taken.lease(), self.now()) {
                Ok(true) => {}
                Ok(false) => tracing::warn!(run = %self.taken.run(), "the lease was lost"),
                Err(error) => tracing::error!(run = %self.taken.run(), %error, "no heartbeat"),
            }
            self.hold.beat().await;
            self.hear().await;
        }
    }

    /// Writes down who on another host asks for the target: what can't be written is tried again with the next heartbeat.
    async fn hear(&self) {
        let Some(wish) = self.hold.wish().await else { return };
        match self.engine.journal.hear_wish(self.taken.run(), &wish) {
            Ok(()) => self.hold.heard(wish),
            Err(error) => tracing::error!(run = %self.taken.run(), %error, "another host's wish was not written down"),
        }
    }

    fn end(&self, entry: Entry) -> Result<RunState, JournalError> {
        let state = match &entry {
            Entry::Done { .. } => RunState::Done,
            Entry::Refused { .. } => RunState::Refused,
            Entry::Failed { .. } => RunState::Failed,
            Entry::Inconclusive { .. } => RunState::Inconclusive,
            _ => RunState::Unknown,
        };
        self.engine.journal.append(self.taken.run(), entry, self.now().wall)?;
        Ok(state)
    }

    /// An executor that slept past its lease before it began is swept up as refused by whoever plans next. What it would write
    /// when it wakes can't follow that, be it that it begins: so it sent nothing, and is refused.
    fn refused_meanwhile(&self, error: JournalError) -> Result<RunState, JournalError> {
        let JournalError::Illegal(entry) = &error else { return Err(error) };
        if self.engine.journal.run(&self.taken.run().0, self.now())?.state != RunState::Refused {
            return Err(error);
        }
        tracing::warn!(run = %self.taken.run(), %entry, "refused while this executor slept");
        Ok(RunState::Refused)
    }

    fn write(&self, entry: Entry) -> Flow<()> {
        Ok(self.engine.journal.append(self.taken.run(), entry, self.now().wall)?)
    }

    fn now(&self) -> Now {
        (self.engine.clock)()
    }
}

/// A step that others follow is steady.
fn settled(step: usize, found: &str) -> Entry {
    Entry::Settled { step, found: Text::clean(found), took_seconds: None }
}

fn refused(reason: String, drift: Vec<Change>) -> Stop {
    Stop::Outcome(Entry::Refused { reasons: vec![reason], drift })
}

fn failed(reason: &str, effect: &str) -> Stop {
    Stop::Outcome(Entry::Failed { reason: Text::clean(reason), effect: Text::clean(effect) })
}

fn keep(made: &mut Made, step: usize, thing: Option<&String>) {
    if let Some(thing) = thing {
        made.insert(step, thing.clone());
    }
}
