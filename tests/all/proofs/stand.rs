//! One approved run of a row on its backend, with a real journal in a directory of its own. The journal is the production
//! one, `synchronous = FULL`; it is cheap here because the directory is in memory where the system has one (`/dev/shm`).

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::time::Duration;

use futures_util::FutureExt;
use quarterdeck::action::{Decision, judge};
use quarterdeck::clock::Now;
use quarterdeck::config::Config;
use quarterdeck::executor::engine::Engine;
use quarterdeck::executor::journal::{Entry, Journal, JournalError, RunId, RunState, RunView};
use tempfile::TempDir;

use super::backend::Backend;
use super::rows::Row;
use super::seat::Seat;
use super::wire::{Crash, Tripwire};
use crate::runs::fixture::{context, now, operator};

/// Long enough for every lease and approval to run out.
pub(crate) const LATER: Duration = Duration::from_secs(150);

/// A directory in memory, where there is such a thing.
pub(crate) fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
    made.expect("a directory")
}

pub(crate) struct Stand {
    pub(crate) dir: TempDir,
    pub(crate) backend: Backend,
    pub(crate) wire: Tripwire,
    pub(crate) run: RunId,
    config: Config,
    row: Row,
    began: tokio::time::Instant,
}

impl Stand {
    /// A run of the row, approved.
    pub(crate) fn new(row: Row) -> Self {
        let (dir, config, action, truth) = (scratch(), (row.config)(), (row.action)(), (row.truth)());
        let backend = Backend::new([(action.target().clone(), truth.clone())]);
        let plan = row.plan();
        let judged = judge(plan.clone(), &context(&config, now().wall));
        let approved = judged.approve(action.target().as_str(), operator("ada"), now().wall).expect("approved");
        let journal = Journal::open(dir.path()).expect("a journal");
        let run = journal.approve(approved, now()).expect("a run");
        backend.know(&run, &plan);
        Self { dir, backend, wire: Tripwire::default(), run, config, row, began: tokio::time::Instant::now() }
    }

    /// The journal, opened anew, as each process does.
    pub(crate) fn journal(&self) -> Journal {
        Journal::open(self.dir.path()).expect("a journal")
    }

    pub(crate) fn now(&self) -> Now {
        now().plus(self.began.elapsed())
    }

    /// A new executor; `None` if it was killed on the way.
    pub(crate) async fn execute(&self) -> Option<Result<RunState, JournalError>> {
        let journal = self.journal();
        let clock = || {
            self.wire.pass("the clock is read");
            // Gates are looked at once before the first call; what they read after it is the row's.
            if !self.backend.arrived().is_empty() {
                self.backend.read(self.row.reading);
            }
            self.now()
        };
        let plain = || self.now();
        let seat = Seat { backend: &self.backend, wire: &self.wire, clock: &plain, witness: &|_, _| () };
        let pid = std::process::id();
        let engine =
            Engine { journal: &journal, world: &seat, target: &seat, config: &self.config, clock: &clock, pid };
        match AssertUnwindSafe(engine.run(&self.run)).catch_unwind().await {
            Ok(ended) => Some(ended),
            Err(thrown) if thrown.is::<Crash>() => None,
            Err(thrown) => std::panic::resume_unwind(thrown),
        }
    }

    pub(crate) fn view(&self) -> RunView {
        self.journal().run(&self.run.0, self.now()).expect("the run")
    }

    /// Whether the guard `other-runs` denies a new plan on the same target.
    pub(crate) fn is_blocked(&self) -> bool {
        let mut context = context(&self.config, self.now().wall);
        let open = self.journal().open_runs(&self.view().plan, None, self.now());
        context.facts.other_runs = open.into();
        let judged = judge(self.view().plan, &context);
        judged.verdicts.iter().any(|verdict| verdict.guard == "other-runs" && verdict.decision == Decision::Deny)
    }

    /// All that must hold once nobody is at work on the run any more, settling included.
    pub(crate) async fn assert_recovers(&self, at: &str) {
        tokio::time::sleep(LATER).await;
        let (view, calls) = (self.view(), self.backend.arrived());
        assert_truth(&view, &self.backend, false, at);
        self.wire.disarm();
        let again = self.execute().await.expect("nobody kills it");
        assert!(matches!(again, Err(JournalError::TakenBefore(_)) | Ok(RunState::Refused)), "{at}: again: {again:?}");
        assert_eq!(self.backend.arrived(), calls, "{at}: something was sent by an executor that came again");
        assert_eq!(self.is_blocked(), view.state == RunState::Unknown, "{at}: {:?} blocks, or does not", view.state);
        if view.state == RunState::Unknown {
            let found = view.last_word().as_str().into();
            self.journal().resolve(&self.run, operator("eve"), found, self.now()).expect("settled");
            assert_eq!(self.view().state, RunState::Resolved, "{at}");
            assert!(!self.is_blocked(), "{at}: it blocks though it was settled");
        }
    }
}

/// What must hold of a run that nobody is at work on, told by what really happened to the backend. Where others change the
/// target as well, what was found applied may be their work: a look can't tell.
pub(crate) fn assert_truth(view: &RunView, backend: &Backend, others: bool, at: &str) {
    assert_eq!(backend.strangers(), [""; 0], "{at}: sent without an approval");
    let calls: Vec<_> = backend.arrived().into_iter().filter(|arrival| arrival.run == view.id).collect();
    let effects: u32 = calls.iter().map(|arrival| arrival.effects).sum();
    let word = view.last_word();
    let at = format!("{at}: {:?} ({word}), though {} calls, {effects} effects", view.state, calls.len());
    let mut steps: Vec<_> = calls.iter().map(|arrival| arrival.step).collect();
    steps.dedup();
    assert!(steps.is_sorted() && steps.len() == calls.len(), "{at}: a step was sent twice, or out of order: {steps:?}");
    assert!(calls.iter().all(|arrival| arrival.effects <= 1), "{at}: an effect was doubled");
    for step in steps {
        let started = |entry: &Entry| matches!(entry, Entry::Started { step: begun } if *begun == step);
        assert!(view.records.iter().any(|record| started(&record.entry)), "{at}: step {step} was sent unrecorded");
    }
    let planned = view.plan.steps.len();
    let found = |entry: &Entry| matches!(entry, Entry::FoundApplied { .. });
    let by_others = others && view.records.iter().any(|record| found(&record.entry));
    match view.state {
        RunState::Done => {
            let whole = calls.len() == planned && (by_others || calls.iter().all(|arrival| arrival.effects == 1));
            assert!(whole, "{at}: not all of its {planned} steps took effect");
        }
        RunState::Refused => assert!(calls.is_empty(), "{at}: refused means that nothing was sent"),
        RunState::Failed => assert_words(&word, calls.len(), effects + u32::from(by_others), &at),
        RunState::Inconclusive => assert!(effects > 0 || by_others, "{at}: nothing took effect"),
        RunState::Unknown | RunState::Resolved => {}
        open => panic!("{at}: still {open:?}"),
    }
}

/// A failure says what it did, and says it rightly.
fn assert_words(word: &str, calls: usize, effects: u32, at: &str) {
    let says = |words: &str| word.contains(words);
    assert!(!says("nothing was sent") || calls == 0, "{at}: something was sent");
    assert!(!says("nothing was changed") || effects == 0, "{at}: something was changed");
    assert!(!says("took effect") || effects > 0, "{at}: nothing took effect");
    assert!(calls == 0 || effects == 0 || says("took effect") || says("taken back"), "{at}: it hides an effect");
}
