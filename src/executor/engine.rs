//! One run: take, observe, check, apply once, read back, journal.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::journal::{Entry, Journal, JournalError, RunId, RunState, Taken};
use super::lease::HEARTBEAT;
use super::shared::Hold;
use super::target::{ApplyError, Permit, Target};
use super::watch::{Ended, Finding, Goal};
use crate::action::{Arming, Change, Decision, GuardContext, Step, fingerprint, judge};
use crate::clock::{Mono, Now};
use crate::config::Config;
use crate::source::{Observation, World};
use crate::text::Text;

/// How old the observation may be when the call is handed to the target.
const CHECK_TO_SEND: Duration = Duration::from_secs(5);

/// How old it may be when the call leaves: the target may have to ask first whose credentials it has.
const CHECK_TO_LEAVE: Duration = Duration::from_secs(10);

/// How long one observation may take.
const OBSERVE: Duration = Duration::from_secs(30);

/// How long a call may take before nobody waits for its answer. The target's own timeouts are shorter.
const CALL: Duration = Duration::from_secs(35);

/// How long is read back after a call whose answer was lost: by then it was applied, or it was lost as well.
pub const READ_BACK: Duration = Duration::from_secs(60);

/// How often is read back.
pub const POLL: Duration = Duration::from_secs(2);

/// The most progress records of one run.
const PROGRESS: usize = 200;

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
}

/// What an engine does next, or why it stops.
type Flow<T> = Result<T, Stop>;

/// Why a run stops.
enum Stop {
    /// With an entry that is still to be written.
    Outcome(Entry),
    /// The journal could not be written: nothing more is done, and nothing is tried again.
    Broken(JournalError),
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
        let work = Work { engine: self, taken: &taken, hold, progress: AtomicUsize::new(0) };
        let ended = tokio::select! {
            ended = work.carry_out() => ended,
            never = work.heartbeat() => never,
        };
        let state = ended.and_then(|entry| work.end(entry));
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
            Err(Stop::Broken(error)) => Err(error),
        }
    }

    async fn steps(&self) -> Flow<Entry> {
        let step = self.only_step()?;
        self.hold.take().await.map_err(|reason| refused(reason, Vec::new()))?;
        let observed = self.check().await?;
        self.write(Entry::Started { step: 0 })?;
        let answer = self.send(step, observed).await?;
        let goal = Goal::of(self.taken.plan());
        self.settle_answer(answer, &goal).await?;
        self.watch(&goal).await
    }

    /// Each action's plan has one call so far; one with more needs a check of its own before each.
    fn only_step(&self) -> Flow<&Step> {
        match self.taken.plan().steps.as_slice() {
            [step] => Ok(step),
            steps => Err(refused(format!("the plan has {} calls, not one", steps.len()), Vec::new())),
        }
    }

    /// Observes again; refuses on drift, and where a guard denies by now.
    async fn check(&self) -> Flow<Mono> {
        let asked = self.now();
        let observation = self.observe().await.map_err(|reason| {
            refused(format!("the target could not be observed: {reason}; nothing was sent"), Vec::new())
        })?;
        let plan = self.taken.plan();
        let drift = plan.drift(&fingerprint(&plan.action, &observation));
        if !drift.is_empty() {
            return Err(refused("the target changed since the plan was made; nothing was sent".to_owned(), drift));
        }
        let now = self.now();
        let journal = self.engine.journal;
        let others = journal.open_runs(plan, Some(self.taken.run()), now);
        let context = GuardContext {
            config: self.engine.config,
            now: now.wall,
            arming: Arming::Confirmed,
            other_runs: others.map_err(|error| Text::clean(&error.to_string())),
        };
        let judged = judge(plan.with_observation(observation), &context);
        match judged.decision() {
            Decision::Deny => Err(Stop::Outcome(Entry::Refused { reasons: judged.reasons(), drift: Vec::new() })),
            Decision::Allow | Decision::Ask => self.in_time(asked.mono),
        }
    }

    /// An observation that took too long is refused while nothing has begun; [`Self::hold_back`] looks again.
    fn in_time(&self, asked: Mono) -> Flow<Mono> {
        let age = self.now().mono.since(asked);
        if age > CHECK_TO_SEND {
            let most = CHECK_TO_SEND.as_secs();
            let reason =
                format!("observing took {} s, at most {most} s are good enough; nothing was sent", age.as_secs());
            return Err(refused(reason, Vec::new()));
        }
        Ok(asked)
    }

    /// Why the call must not be sent now, if so. The time is read after the journal's write, which may have had to wait.
    fn hold_back(&self, observed: Mono, oldest: Duration) -> Result<Option<String>, JournalError> {
        if !self.engine.journal.renew(self.taken.lease(), self.now())? {
            return Ok(Some("the lease was lost".to_owned()));
        }
        if let Some(reason) = self.hold.look(self.now()) {
            return Ok(Some(reason));
        }
        let age = self.now().mono.since(observed);
        Ok((age > oldest).then(|| format!("the observation was {} s old when the call was due", age.as_secs())))
    }

    /// The last look at lease and age, then the call: once.
    async fn send(&self, step: &Step, observed: Mono) -> Flow<Result<Text, ApplyError>> {
        self.hold.begin(0).await.map_err(|reason| failed(&reason, "nothing was sent"))?;
        if let Some(reason) = self.hold_back(observed, CHECK_TO_SEND)? {
            return Err(failed(&reason, "nothing was sent"));
        }
        let look = || match self.hold_back(observed, CHECK_TO_LEAVE) {
            Ok(reason) => reason,
            Err(error) => Some(error.to_string()),
        };
        let permit = Permit::new(self.taken.run(), self.taken.lease().epoch, self.taken.plan(), &look);
        let answer = tokio::time::timeout(CALL, self.engine.target.apply(&step.call, permit)).await;
        Ok(answer.unwrap_or_else(|_| {
            Err(ApplyError::Unknown(Text::clean(&format!("no answer within {} s", CALL.as_secs()))))
        }))
    }

    /// Journals what the answer tells; returns if the change is under way.
    async fn settle_answer(&self, answer: Result<Text, ApplyError>, goal: &Goal) -> Flow<()> {
        match answer {
            Ok(receipt) => self.write(Entry::Accepted { step: 0, receipt }),
            Err(ApplyError::Unknown(reason)) => self.read_back(reason, goal).await,
            Err(error @ ApplyError::Rejected(_)) => self.not_applied(&error, "nothing was changed", goal).await,
            Err(error @ ApplyError::NotSent(_)) => self.not_applied(&error, "nothing was sent", goal).await,
        }
    }

    /// The backend said no, or was never reached: one look makes sure.
    async fn not_applied(&self, error: &ApplyError, effect: &str, goal: &Goal) -> Flow<()> {
        let effect = match self.observe().await {
            Ok(found) if goal.is_as_before(&found) => format!("{effect}; read back: {}", goal.found(&found)),
            Ok(found) => format!("{effect} by this run; yet read back: {}", goal.found(&found)),
            Err(reason) => format!("{effect}; reading back failed: {reason}"),
        };
        Err(failed(&error.to_string(), &effect))
    }

    /// Nobody knows whether the call took effect: look until it shows, never send again.
    async fn read_back(&self, reason: Text, goal: &Goal) -> Flow<()> {
        let until = self.now().mono.plus(READ_BACK.min(self.taken.plan().steady_deadline));
        let mut said = String::new();
        loop {
            let found = match self.observe().await {
                Ok(found) if goal.is_applied(&found) => {
                    let found = Text::clean(&goal.found(&found));
                    return self.write(Entry::FoundApplied { step: 0, reason, found });
                }
                Ok(found) => goal.found(&found),
                Err(error) => format!("could not be read back: {error}"),
            };
            if self.now().mono >= until {
                let found = Text::clean(&format!("{found}; it was not sent again"));
                return Err(Stop::Outcome(Entry::Unknown { reason, found }));
            }
            self.progress(&mut said, format!("{reason}; reading back: {found}"))?;
            tokio::time::sleep(POLL).await;
        }
    }

    /// Reads back until steady, moved away, failed, or the deadline.
    async fn watch(&self, goal: &Goal) -> Flow<Entry> {
        let began = self.now().mono;
        let deadline = self.taken.plan().steady_deadline;
        let mut said = String::new();
        let mut watch = goal.watch(began);
        loop {
            let found = match self.observe().await {
                Ok(found) => match watch.look(&found, self.now().mono) {
                    Finding::Ended(ended) => return Ok(outcome(ended)),
                    Finding::Moving(found) => found,
                },
                Err(error) => format!("could not be read back: {error}"),
            };
            if self.now().mono.since(began) >= deadline {
                let reason = Text::clean(&format!("not steady within {} s", deadline.as_secs()));
                return Ok(Entry::Unknown { reason, found: Text::clean(&found) });
            }
            self.progress(&mut said, found)?;
            tokio::time::sleep(POLL).await;
        }
    }

    /// A record only where something changed, and not without end.
    fn progress(&self, said: &mut String, found: String) -> Flow<()> {
        if *said == found || self.progress.fetch_add(1, Ordering::Relaxed) >= PROGRESS {
            return Ok(());
        }
        self.write(Entry::Progress { found: Text::clean(&found) })?;
        *said = found;
        Ok(())
    }

    async fn observe(&self) -> Result<Observation, String> {
        let service = self.taken.plan().action.target();
        let asked = self.engine.world.observe(service, self.now());
        match tokio::time::timeout(OBSERVE, asked).await {
            Ok(Ok(observation)) => Ok(observation),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer within {} s", OBSERVE.as_secs())),
        }
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
        }
    }

    fn end(&self, entry: Entry) -> Result<RunState, JournalError> {
        let state = match &entry {
            Entry::Done { .. } => RunState::Done,
            Entry::Refused { .. } => RunState::Refused,
            Entry::Failed { .. } => RunState::Failed,
            _ => RunState::Unknown,
        };
        self.engine.journal.append(self.taken.run(), entry, self.now().wall)?;
        Ok(state)
    }

    fn write(&self, entry: Entry) -> Flow<()> {
        Ok(self.engine.journal.append(self.taken.run(), entry, self.now().wall)?)
    }

    fn now(&self) -> Now {
        (self.engine.clock)()
    }
}

fn refused(reason: String, drift: Vec<Change>) -> Stop {
    Stop::Outcome(Entry::Refused { reasons: vec![reason], drift })
}

fn failed(reason: &str, effect: &str) -> Stop {
    Stop::Outcome(Entry::Failed { reason: Text::clean(reason), effect: Text::clean(effect) })
}

fn outcome(ended: Ended) -> Entry {
    match ended {
        Ended::Steady(found) => Entry::Done { found: Text::clean(&found) },
        Ended::Failed { reason, effect } => {
            Entry::Failed { reason: Text::clean(&reason), effect: Text::clean(&effect) }
        }
    }
}
