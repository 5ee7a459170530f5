//! One run: take; then per step observe, check, apply once, read back; watch the gates; journal all of it.

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::facts;
use super::gates;
use super::journal::{Entry, Journal, JournalError, RunId, RunState, Taken};
use super::lease::HEARTBEAT;
use super::shared::Hold;
use super::target::{ApplyError, Permit, Receipt, Target};
use super::watch::{Finding, Watch};
use crate::action::guard::denials_now;
use crate::action::{
    Arming, Call, Change, Effect, Facts, Gate, GuardContext, Judgement, Made, Scene, Sight, fingerprint, judge,
};
use crate::clock::{Mono, Now};
use crate::config::Config;
use crate::source::{Look, Number, Observation, SignalId, World};
use crate::text::Text;

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

/// How seldom it is looked at a step that goes on for long.
const SELDOM: Duration = Duration::from_secs(30);

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

    /// Observes again; refuses on drift, and where a guard denies by now.
    async fn check(&self, index: usize) -> Flow<Mono> {
        let asked = self.now();
        let observation = self.look_again(index).await.map_err(|reason| {
            self.not_sent(index, &format!("the target could not be observed: {reason}"), Vec::new())
        })?;
        let plan = self.taken.plan();
        let drift = plan.drift_at(index, &fingerprint(&plan.action, &observation));
        if !drift.is_empty() {
            return Err(self.not_sent(index, "the target changed since the plan was made", drift));
        }
        let reasons = self.denials(index, observation).await;
        match reasons.is_empty() {
            true => self.in_time(index, asked.mono),
            false if index == 0 => Err(Stop::Outcome(Entry::Refused { reasons, drift: Vec::new() })),
            false => Err(self.not_sent(index, &reasons.join("; "), Vec::new())),
        }
    }

    /// Why guards deny now: all of them judge before the first call, some before each.
    async fn denials(&self, index: usize, found: Observation) -> Vec<String> {
        let (now, plan) = (self.now(), self.taken.plan());
        let Engine { journal, config, world, .. } = self.engine;
        let known = facts::of_journal((journal, config), plan, self.taken.by(), Some(self.taken.run()), now);
        let (turning_back, break_glass) = (index >= plan.steps.len(), self.taken.break_glass().cloned());
        let budgets = async { if index == 0 { facts::budgets(config, *world, plan, now).await } else { Vec::new() } };
        // Taking back is held up by no calendar, and waits for none.
        let calendars = async { if turning_back { Vec::new() } else { facts::calendars(config, *world, now).await } };
        let (budgets, calendars) = tokio::join!(budgets, calendars);
        let facts = Facts { budgets, calendars, turning_back, break_glass, ..known };
        let context = GuardContext { config, now: self.now().wall, arming: Arming::Confirmed, facts };
        match index {
            0 => judge(plan.with_observation(found), &context).reasons(),
            _ => denials_now(plan, index, found, &context),
        }
    }

    /// A step that is not sent: a refusal where it is the first, else the end of what was begun.
    fn not_sent(&self, index: usize, reason: &str, drift: Vec<Change>) -> Stop {
        if index == 0 {
            return refused(format!("{reason}; nothing was sent"), drift);
        }
        let drift: Vec<_> = drift.iter().map(ToString::to_string).collect();
        let reason = if drift.is_empty() { reason.to_owned() } else { format!("{reason}: {}", drift.join("; ")) };
        self.stopped(index, &reason, &self.unsent(index))
    }

    /// The end at a later step: the way back is gone where the plan wants that, for what earlier steps made must not stay.
    fn stopped(&self, index: usize, reason: &str, effect: &str) -> Stop {
        match index > 0 && self.taken.plan().step(index).is_some_and(|step| step.turns_back) {
            true => Stop::Bad { reason: reason.to_owned(), effect: effect.to_owned() },
            false => failed(reason, effect),
        }
    }

    /// How long it took from the first call on, where that is measured.
    fn took(&self, measures: bool) -> Option<u64> {
        let first = self.first_call.get().filter(|_| measures)?;
        Some(self.now().mono.since(*first).as_secs())
    }

    /// What of the plan did not go through, in words.
    fn unsent(&self, index: usize) -> String {
        let steps = self.taken.plan().steps.len();
        match index {
            0 => "nothing was sent".to_owned(),
            index if index < steps => {
                format!("step {} of {steps} was not sent; those before it took effect", index + 1)
            }
            _ => "calls took effect, and the on-failure branch was not done whole: look at the target".to_owned(),
        }
    }

    /// An observation that took too long is refused while nothing has begun; [`Self::hold_back`] looks again.
    fn in_time(&self, index: usize, asked: Mono) -> Flow<Mono> {
        let age = self.now().mono.since(asked);
        if age > CHECK_TO_SEND {
            let most = CHECK_TO_SEND.as_secs();
            let reason = format!("observing took {} s, at most {most} s are good enough", age.as_secs());
            return Err(self.not_sent(index, &reason, Vec::new()));
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
    async fn send(&self, index: usize, call: &Call, observed: Mono) -> Flow<Result<Receipt, ApplyError>> {
        self.hold.begin(index).await.map_err(|reason| failed(&reason, &self.unsent(index)))?;
        if let Some(reason) = self.hold_back(observed, CHECK_TO_SEND)? {
            return Err(failed(&reason, &self.unsent(index)));
        }
        let look = || match self.hold_back(observed, CHECK_TO_LEAVE) {
            Ok(reason) => reason,
            Err(error) => Some(error.to_string()),
        };
        let permit = Permit::new(self.taken, &look);
        let answer = tokio::time::timeout(call.patience(), self.engine.target.apply(call, permit)).await;
        Ok(answer.unwrap_or_else(|_| {
            Err(ApplyError::Unknown(Text::clean(&format!("no answer within {} s", call.patience().as_secs()))))
        }))
    }

    /// Journals what the answer tells; returns if the change is under way.
    async fn settle_answer(&self, index: usize, answer: Result<Receipt, ApplyError>, made: &mut Made) -> Flow<()> {
        match answer {
            Ok(Receipt { said, made: thing }) => {
                keep(made, index, thing.as_ref());
                self.write(Entry::Accepted { step: index, receipt: said, made: thing })
            }
            Err(ApplyError::Unknown(reason)) => self.read_back(index, reason, made).await,
            Err(error @ ApplyError::Failed(_)) => self.half_done(index, &error, made).await,
            Err(error) => self.not_applied(index, &error, made).await,
        }
    }

    /// The backend said no, or was never reached: one look makes sure.
    async fn not_applied(&self, index: usize, error: &ApplyError, made: &Made) -> Flow<()> {
        let nothing = self.nothing_of(index, error);
        let effect = match self.sight(index, made).await {
            Ok(sight) if sight.effect == Effect::AsBefore => format!("{nothing}; read back: {}", sight.words),
            Ok(sight) => format!("{nothing}; yet, not by this call, read back: {}", sight.words),
            Err(reason) => format!("{nothing}; reading back failed: {reason}"),
        };
        Err(self.stopped(index, &error.to_string(), &effect))
    }

    /// It ran and failed: one look tells what can be told of its effect.
    async fn half_done(&self, index: usize, error: &ApplyError, made: &Made) -> Flow<()> {
        let found = match self.sight(index, made).await {
            Ok(sight) => format!("read back: {}", sight.words),
            Err(reason) => format!("reading back failed: {reason}"),
        };
        Err(failed(&error.to_string(), &format!("what it changed until then is not known; {found}")))
    }

    /// What a call that was not applied leaves of the plan, in words: those before it did change something.
    fn nothing_of(&self, index: usize, error: &ApplyError) -> String {
        let steps = self.taken.plan().steps.len();
        match (index, error) {
            (0, ApplyError::Rejected(_)) => "nothing was changed".to_owned(),
            (index, ApplyError::Rejected(_)) if index < steps => {
                format!("step {} of {steps} was refused; those before it took effect", index + 1)
            }
            (index, _) => self.unsent(index),
        }
    }

    /// Nobody knows whether the call took effect: look until it shows, never send again.
    async fn read_back(&self, index: usize, reason: Text, made: &mut Made) -> Flow<()> {
        let until = self.now().mono.plus(READ_BACK.min(self.taken.plan().steady_deadline));
        let mut said = String::new();
        loop {
            let found = match self.sight(index, made).await {
                Ok(sight) if sight.effect == Effect::Shows => {
                    keep(made, index, sight.made.as_ref());
                    let found = Text::clean(&sight.words);
                    return self.write(Entry::FoundApplied { step: index, reason, found, made: sight.made });
                }
                Ok(sight) => sight.words,
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

    /// Reads back until steady, moved away, failed, or the deadline. What was found.
    async fn watch(&self, index: usize, made: &Made) -> Flow<Found> {
        let began = self.now().mono;
        let plan = self.taken.plan();
        let step = plan.step(index);
        let deadline = step.and_then(|step| step.within).unwrap_or(plan.steady_deadline);
        let mut said = String::new();
        let mut watch = Watch::new(began);
        loop {
            let (found, read) = match self.sight(index, made).await {
                Ok(sight) => match watch.look(&sight, self.now().mono) {
                    Finding::Steady(words) => return Ok(Found { words, told: false }),
                    Finding::Told(words) => return Ok(Found { words, told: true }),
                    Finding::Moving(found) => (found, true),
                    Finding::Failed(reason) => {
                        return Err(Stop::Bad {
                            reason,
                            effect: format!("the call took effect; found {}", sight.words),
                        });
                    }
                    Finding::Elsewhere(reason) => {
                        return Err(failed(&reason, &format!("the call took effect; found {}", sight.words)));
                    }
                },
                Err(error) => (format!("could not be read back: {error}"), false),
            };
            if self.now().mono.since(began) >= deadline {
                return Err(late(deadline, found, read && step.is_some_and(|step| step.turns_back)));
            }
            self.progress(&mut said, found)?;
            tokio::time::sleep(pace(self.now().mono.since(began))).await;
        }
    }

    /// Watches the gates for so long; what they said where they passed, `None` where there are none. Before a next step, the
    /// target may be handed over meanwhile.
    async fn bake(&self, window: Duration, next: Option<usize>) -> Flow<Option<String>> {
        if window.is_zero() {
            return Ok(None);
        }
        if self.taken.plan().gates.is_empty() {
            return self.keep_distance(window, next).await;
        }
        let until = self.now().mono.plus(window);
        let (mut said, mut tally) = (String::new(), gates::Tally::default());
        loop {
            self.handed_over(next)?;
            let look = self.gates().await;
            let now = self.now().mono;
            match tally.add(&look, now >= until) {
                Some(Judgement::Pass) => return Ok(Some(look.words)),
                Some(Judgement::Fail) => {
                    let reason = format!("a health gate failed: {}", look.words);
                    return Err(Stop::Bad { reason, effect: "the calls so far took effect".to_owned() });
                }
                Some(Judgement::Inconclusive) => {
                    let reason = Text::clean("the health gates could not be judged; the change stays as it is");
                    return Err(Stop::Outcome(Entry::Inconclusive { reason, found: Text::clean(&look.words) }));
                }
                None => self.progress(&mut said, format!("gates: {}", look.words))?,
            }
            tokio::time::sleep(gates::EVERY.min(until.since(now))).await;
        }
    }

    /// Without gates the next step keeps its distance even so.
    async fn keep_distance(&self, window: Duration, next: Option<usize>) -> Flow<Option<String>> {
        let until = self.now().mono.plus(window);
        loop {
            self.handed_over(next)?;
            let left = until.since(self.now().mono);
            if left.is_zero() {
                return Ok(None);
            }
            tokio::time::sleep(gates::EVERY.min(left)).await;
        }
    }

    /// Stops before the next step of the plan where the target was handed over; what was begun stays as it is. A way back is
    /// never handed over: it is not to be left half done.
    fn handed_over(&self, next: Option<usize>) -> Flow<()> {
        let Some(index) = next.filter(|next| (1..self.taken.plan().steps.len()).contains(next)) else { return Ok(()) };
        let asked = self.engine.journal.handover(self.taken.run())?;
        match asked.filter(|asked| asked.granted.is_some()) {
            Some(asked) => {
                let reason = format!("handed over to {}, who asked: {}", asked.by, asked.reason);
                Err(failed(&reason, &self.unsent(index)))
            }
            None => Ok(()),
        }
    }

    /// One look at all gates, at the same time.
    async fn gates(&self) -> gates::Look {
        let plan = self.taken.plan();
        let asked = plan.gates.iter().map(|gate| async move { (gate, self.gate(gate).await) });
        let answers = futures_util::future::join_all(asked).await;
        gates::Look::of(&answers, self.broken_before.get().unwrap_or(&BTreeSet::new()))
    }

    /// Which bounds are broken before anything is sent: those can't be laid at the door of the change.
    async fn remember_broken_gates(&self) {
        let look = self.gates().await;
        let _ = self.broken_before.set(look.broken); // it is asked once
    }

    async fn gate(&self, gate: &Gate) -> Result<Number, String> {
        let signal = self.engine.config.signal(&gate.signal);
        let signal = signal.ok_or_else(|| format!("the configuration has no signal {}", gate.signal))?;
        let asked = self.engine.world.ask(&signal.query, self.now());
        match tokio::time::timeout(OBSERVE, asked).await {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err(format!("no answer within {} s", OBSERVE.as_secs())),
        }
    }

    /// What a look tells of a step.
    async fn sight(&self, step: usize, made: &Made) -> Result<Sight, String> {
        let plan = self.taken.plan();
        let look = plan.action.look_back(self.engine.config).map_err(|failure| failure.to_string())?;
        let look = look.to_watch();
        let found = self.observe(&look).await?;
        if let Some(reason) = plan.read_elsewhere(&look, &found) {
            return Err(reason);
        }
        Ok(plan.action.sight(&Scene { plan, step, made }, &found))
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

    /// What the plan was made of, read anew before a call; what costs many requests before the first one only.
    async fn look_again(&self, index: usize) -> Result<Observation, String> {
        let look = self.taken.plan().action.look(self.engine.config).map_err(|failure| failure.to_string())?;
        self.observe(&if index == 0 { look } else { look.to_watch() }).await
    }

    async fn observe(&self, look: &Look) -> Result<Observation, String> {
        let asked = self.engine.world.observe(look, self.now());
        match tokio::time::timeout(OBSERVE, asked).await {
            Ok(Ok(observation)) => Ok(observation),
            Ok(Err(error)) => Err(error.told()),
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
            Entry::Inconclusive { .. } => RunState::Inconclusive,
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

/// How long is waited between two looks at what has gone on for so long: what takes hours is not asked every two seconds.
fn pace(gone: Duration) -> Duration {
    (gone / 30).clamp(POLL, SELDOM)
}

/// What a step that is not steady in time means: nobody knows, or the way back is gone.
fn late(deadline: Duration, found: String, turns_back: bool) -> Stop {
    let reason = format!("not steady within {} s", deadline.as_secs());
    match turns_back {
        true => Stop::Bad { reason, effect: format!("the call took effect; found {found}") },
        false => Stop::Outcome(Entry::Unknown { reason: Text::clean(&reason), found: Text::clean(&found) }),
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
