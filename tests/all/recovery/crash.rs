//! The executor dies, or its journal does, at every point.

use std::time::Duration;

use quarterdeck::action::{Decision, judge};
use quarterdeck::executor::journal::{Journal, JournalError, RunState};
use quarterdeck::executor::lease::TTL;
use quarterdeck::store::FILE;
use rusqlite::Connection;
use tempfile::TempDir;

use super::fake::{Answer, Bench, Fake};
use crate::runs::fixture::{context, operator, plan};
use futures_util::future::BoxFuture;
use quarterdeck::action::Call;
use quarterdeck::executor::target::{ApplyError, Permit, Receipt, Target};

/// Long enough for every lease and approval to run out.
const LATER: Duration = Duration::from_secs(120);

/// What must hold of a run that stopped anywhere: told by what really happened to the service.
fn assert_truth(state: RunState, fake: &Fake, at: &str) {
    let may = match (fake.calls(), fake.effects()) {
        (0, _) => vec![RunState::Refused, RunState::Unknown],
        (_, 0) => vec![RunState::Unknown, RunState::Failed],
        _ => vec![RunState::Unknown, RunState::Done],
    };
    assert!(may.contains(&state), "{at}: {state:?}, though {} calls, {} effects", fake.calls(), fake.effects());
    assert!(fake.effects() <= 1 && fake.calls() <= 1, "{at}: sent twice");
}

/// Makes the journal refuse every record after the first `kept`, as a full disk would.
fn fill_disk(dir: &TempDir, kept: usize) {
    let raw = Connection::open(dir.path().join(FILE)).expect("a file");
    raw.execute_batch(&format!(
        "CREATE TRIGGER full BEFORE INSERT ON records WHEN NEW.sequence > {kept}
         BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END;"
    ))
    .expect("a trigger");
}

fn free_disk(dir: &TempDir) {
    let raw = Connection::open(dir.path().join(FILE)).expect("a file");
    raw.execute_batch("DROP TRIGGER full").expect("no trigger");
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_is_full_at_any_record_stops_the_run_and_never_sends_unrecorded() {
    for answer in [Answer::Accept, Answer::ApplyThenDrop, Answer::Lose, Answer::Throttle] {
        for kept in 1..7 {
            let at = format!("{answer:?}, {kept} records");
            let bench = Bench::new(Fake::new(answer));
            fill_disk(&bench.dir, kept);
            let ended = bench.execute().await;
            let started = bench.kinds().contains(&"started".to_owned());
            assert!(started || bench.fake.calls() == 0, "{at}: sent before Started was on the disk");
            tokio::time::sleep(LATER).await;
            assert_truth(bench.view().state, &bench.fake, &at);
            free_disk(&bench.dir);
            if kept > 1 && ended.is_err() {
                let again = bench.execute().await.expect_err("used up");
                assert!(matches!(again, JournalError::TakenBefore(_)), "{at}: {again}");
            }
            assert!(bench.fake.calls() <= 1, "{at}: sent twice");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_journal_is_cut_after_any_record_tells_the_truth_and_is_not_sent_again() {
    for answer in [Answer::Accept, Answer::ApplyThenDrop, Answer::Lose, Answer::Throttle, Answer::NotSent] {
        let bench = Bench::new(Fake::new(answer));
        bench.execute().await.expect("a run");
        tokio::time::sleep(LATER).await;
        let records = bench.view().records.len();
        for kept in 1..=records {
            let at = format!("{answer:?}, cut after record {kept} of {records}");
            let copy = cut(&bench, kept);
            let journal = Journal::open(copy.path()).expect("a journal");
            let state = journal.run(&bench.run.0, bench.now()).expect("the run").state;
            // A cut before Started takes away the proof that something was sent; the approval is used up all the same.
            if kept > 2 {
                assert_truth(state, &bench.fake, &at);
            }
            let calls = bench.fake.calls();
            assert!(bench.execute_on(&journal).await.is_err(), "{at}: an approval was used twice");
            assert_eq!(bench.fake.calls(), calls, "{at}: sent again");
        }
    }
}

/// A copy of the state directory whose journal ends after `kept` records.
fn cut(bench: &Bench, kept: usize) -> TempDir {
    let copy = TempDir::new().expect("a directory");
    let raw = Connection::open(bench.dir.path().join(FILE)).expect("a file");
    raw.execute("VACUUM INTO ?1", [copy.path().join(FILE).to_string_lossy()]).expect("a copy");
    let raw = Connection::open(copy.path().join(FILE)).expect("a file");
    raw.execute_batch(&format!(
        "DROP TRIGGER records_never_go; DELETE FROM records WHERE sequence > {kept}; UPDATE approvals SET settled = 0;"
    ))
    .expect("a cut");
    copy
}

#[tokio::test(start_paused = true)]
async fn an_executor_killed_before_or_after_the_effect_leaves_unknown_which_blocks_until_resolved() {
    for answer in [Answer::Hang, Answer::ApplyThenHang] {
        let bench = Bench::new(Fake::new(answer));
        assert!(!bench.execute_for(Duration::from_secs(10)).await, "{answer:?}: killed in the call");
        assert_eq!(bench.view().state, RunState::Running, "{answer:?}: its lease has not run out yet");
        tokio::time::sleep(TTL).await;
        let view = bench.view();
        assert_eq!(view.state, RunState::Unknown, "{answer:?}");
        assert!(view.last_word().contains("ended without an outcome"), "{}", view.last_word());
        assert_truth(view.state, &bench.fake, &format!("{answer:?}"));
        assert!(bench.execute().await.is_err(), "{answer:?}: an approval was used twice");
        assert_eq!(bench.fake.calls(), 1, "{answer:?}");
        assert!(denied(&bench), "{answer:?}: the target is not blocked");
        let found = "desired count read".into();
        bench.journal.resolve(&bench.run, operator("eve"), found, bench.now()).expect("resolved");
        assert!(!denied(&bench), "{answer:?}: the target stays blocked");
    }
}

/// Whether the guard `other-runs` denies a plan on the same target.
fn denied(bench: &Bench) -> bool {
    let mut context = context(&bench.config, bench.now().wall);
    let open = bench.journal.open_runs(&bench.view().plan, None, bench.now());
    context.facts.other_runs = open.into();
    let judged = judge(plan(5), &context);
    judged.verdicts.iter().any(|verdict| verdict.guard == "other-runs" && verdict.decision == Decision::Deny)
}

#[tokio::test(start_paused = true)]
async fn an_executor_killed_at_any_second_leaves_the_truth_and_one_effect_at_most() {
    for millis in (0..12_000).step_by(500) {
        let bench = Bench::new(Fake::new(Answer::ApplyLater(1)));
        bench.execute_for(Duration::from_millis(millis)).await;
        tokio::time::sleep(LATER).await;
        assert_truth(bench.view().state, &bench.fake, &format!("killed after {millis} ms"));
        let _ = bench.execute().await;
        assert!(bench.fake.calls() <= 1, "killed after {millis} ms: sent twice");
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_executors_of_one_run_one_sends() {
    let bench = Bench::new(Fake::new(Answer::Accept));
    let (first, second) = tokio::join!(bench.execute(), bench.execute());
    let done = [&first, &second].iter().filter(|ended| matches!(ended, Ok(RunState::Done))).count();
    assert_eq!((done, bench.fake.calls()), (1, 1), "{first:?}, {second:?}");
}

#[tokio::test(start_paused = true)]
async fn an_executor_that_lost_its_lease_before_the_call_sends_nothing() {
    let bench = Bench::new(Fake::new(Answer::Accept));
    let raw = Connection::open(bench.dir.path().join(FILE)).expect("a file");
    // Someone takes the lease between Started and the last look.
    raw.execute_batch(
        "CREATE TRIGGER steal AFTER INSERT ON records WHEN NEW.entry LIKE '{\"entry\":\"started\"%'
         BEGIN UPDATE leases SET epoch = epoch + 1, run = 'other'; END;",
    )
    .expect("a trigger");
    assert_eq!(bench.execute().await.expect("a run"), RunState::Failed);
    assert_eq!(bench.fake.calls(), 0);
    assert!(bench.view().last_word().contains("the lease was lost (nothing was sent)"), "{}", bench.view().last_word());
}

/// A target whose preliminaries take this long, and meddle with the store, before it takes the last look.
struct Slow<'a> {
    bench: &'a Bench,
    takes: Duration,
    meddle: &'static str,
}

impl Target for Slow<'_> {
    fn apply<'a>(&'a self, call: &'a Call, permit: Permit<'a>) -> BoxFuture<'a, Result<Receipt, ApplyError>> {
        Box::pin(async move {
            tokio::time::sleep(self.takes).await;
            let raw = Connection::open(self.bench.dir.path().join(FILE)).expect("a file");
            raw.execute_batch(self.meddle).expect("meddled");
            self.bench.fake.apply(call, permit).await
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_took_long_or_lost_its_lease_before_the_call_could_leave_sends_nothing() {
    let stolen = "UPDATE leases SET epoch = epoch + 1, run = 'other'";
    let refusing = "CREATE TRIGGER full BEFORE UPDATE ON leases BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END;";
    for (takes, meddle, says) in [(11, "", "11 s old"), (1, stolen, "the lease was lost"), (1, refusing, "I/O error")] {
        let bench = Bench::new(Fake::new(Answer::Accept));
        let slow = Slow { bench: &bench, takes: Duration::from_secs(takes), meddle };
        assert_eq!(bench.execute_with(&bench.journal, &slow).await.expect("a run"), RunState::Failed, "{says}");
        assert_eq!(bench.fake.calls(), 0, "{says}");
        let word = bench.view().last_word();
        assert!(word.contains(says) && word.contains("nothing was sent"), "{word}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_approval_that_no_executor_takes_blocks_for_a_minute_then_says_that_it_never_started() {
    let bench = Bench::new(Fake::new(Answer::Accept));
    assert_eq!(bench.view().state, RunState::Approved);
    assert!(denied(&bench), "it blocks its target as long as an executor may come");
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(bench.view().state, RunState::Refused);
    assert!(bench.view().last_word().contains("never started"), "{}", bench.view().last_word());
    assert!(!denied(&bench), "it blocks no longer");
    assert_eq!(bench.execute().await.expect("a run"), RunState::Refused, "an executor that comes late is refused");
    assert_eq!(bench.fake.calls(), 0);
}
