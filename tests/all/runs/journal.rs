//! The journal: its fold, its order, approvals that are used once, leases.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::action::{Change, Undo};
use quarterdeck::executor::journal::{Entry, Journal, JournalError, RunId, RunState, fold, follow, state_of};
use quarterdeck::executor::lease::TTL;
use quarterdeck::store::{FILE, Store, StoreError};
use tempfile::TempDir;

use super::fixture::{approved_at, now, operator, plan};

fn entry(name: &str) -> Entry {
    let text = || "x".into();
    match name {
        "approved" => Entry::Approved {
            plan: Box::new(plan(5)),
            digest: plan(5).digest(),
            by: Box::new(operator("ada")),
            until: plan(5).expires,
            verdicts: Vec::new(),
            break_glass: None,
        },
        "taken" => Entry::Taken { pid: 1, epoch: 1 },
        "refused" => Entry::Refused { reasons: vec!["x".into()], drift: vec![Change::new("a", "1", "2")] },
        "started" => Entry::Started { step: 0 },
        "started 1" => Entry::Started { step: 1 },
        "accepted" => Entry::Accepted { step: 0, receipt: text(), made: None },
        "accepted 1" => Entry::Accepted { step: 1, receipt: text(), made: None },
        "found" => Entry::FoundApplied { step: 0, reason: text(), found: text(), made: None },
        "settled" => Entry::Settled { step: 0, found: text(), took_seconds: None },
        "turning" => Entry::TurningBack { reason: text() },
        "inconclusive" => Entry::Inconclusive { reason: text(), found: text() },
        "progress" => Entry::Progress { found: text() },
        "done" => Entry::Done { found: text() },
        "failed" => Entry::Failed { reason: text(), effect: text() },
        "unknown" => Entry::Unknown { reason: text(), found: text() },
        "resolved" => Entry::Resolved { by: operator("ada"), found: text() },
        other => panic!("no entry {other}"),
    }
}

fn entries(names: &str) -> Vec<Entry> {
    names.split(", ").map(entry).collect()
}

#[test]
fn a_run_s_state_is_the_fold_over_its_entries() {
    use RunState::{Approved, Done, Failed, Inconclusive, Refused, Resolved, Running, Unknown};
    // Entries; the state while an executor may be at work; the state when none is.
    let table = [
        ("approved", Approved, Refused),
        ("approved, refused", Refused, Refused),
        ("approved, taken", Running, Refused),
        ("approved, taken, refused", Refused, Refused),
        ("approved, taken, started", Running, Unknown),
        ("approved, taken, started, progress", Running, Unknown),
        ("approved, taken, started, accepted", Running, Unknown),
        ("approved, taken, started, found, progress", Running, Unknown),
        ("approved, taken, started, accepted, started 1, accepted 1, done", Done, Done),
        ("approved, taken, started, accepted, progress, done", Done, Done),
        ("approved, taken, started, found, done", Done, Done),
        ("approved, taken, started, accepted, settled, started 1, accepted 1, done", Done, Done),
        ("approved, taken, started, accepted, settled", Running, Unknown),
        ("approved, taken, started, accepted, inconclusive", Inconclusive, Inconclusive),
        ("approved, taken, started, accepted, turning", Running, Unknown),
        ("approved, taken, started, accepted, turning, started 1, accepted 1", Running, Unknown),
        ("approved, taken, started, accepted, turning, started 1, accepted 1, failed", Failed, Failed),
        ("approved, taken, started, failed", Failed, Failed),
        ("approved, taken, started, accepted, failed", Failed, Failed),
        ("approved, taken, started, unknown", Unknown, Unknown),
        ("approved, taken, started, accepted, unknown", Unknown, Unknown),
        ("approved, taken, started, unknown, resolved", Resolved, Resolved),
        ("approved, taken, started, resolved", Resolved, Resolved),
    ];
    for (names, live, dead) in table {
        assert_eq!(state_of(&entries(names), true), Ok(live), "{names}, live");
        assert_eq!(state_of(&entries(names), false), Ok(dead), "{names}, dead");
    }
}

#[test]
fn entries_in_an_order_that_no_executor_writes_are_illegal() {
    for names in [
        "taken",
        "approved, approved",
        "approved, started",
        "approved, done",
        "approved, taken, taken",
        "approved, taken, accepted",
        "approved, taken, done",
        "approved, taken, resolved",
        "approved, taken, started 1",
        "approved, taken, started, started",
        "approved, taken, started, done",
        "approved, taken, started, settled",
        "approved, taken, started, turning",
        "approved, taken, started, accepted, turning, done",
        "approved, taken, started, accepted, turning, turning",
        "approved, taken, started, accepted, turning, started",
        "approved, taken, started, accepted, turning, started 1, accepted 1, done",
        "approved, taken, started, accepted, turning, started 1, accepted 1, turning",
        "approved, taken, started, refused",
        "approved, taken, started, accepted 1",
        "approved, taken, started, accepted, accepted",
        "approved, taken, started, accepted, done, progress",
        "approved, taken, started, accepted, done, done",
        "approved, taken, started, failed, resolved",
        "approved, taken, started, unknown, done",
        "approved, refused, taken",
    ] {
        assert!(fold(&entries(names)).is_err(), "{names}");
    }
    assert!(fold(&[]).is_err());
}

fn journal() -> (TempDir, Journal) {
    let dir = TempDir::new().expect("a directory");
    let journal = Journal::open(dir.path()).expect("a journal");
    (dir, journal)
}

#[test]
fn the_state_directory_is_its_owner_s_alone() {
    let dir = TempDir::new().expect("a directory");
    let state = dir.path().join("a/b");
    Store::open(&state).expect("a store");
    let mode = std::fs::metadata(&state).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_journal_of_a_newer_version_is_refused() {
    let (dir, journal) = journal();
    drop(journal);
    let raw = rusqlite::Connection::open(dir.path().join(FILE)).expect("a file");
    raw.pragma_update(None, "user_version", 2).expect("a version");
    assert!(matches!(Store::open(dir.path()), Err(StoreError::Newer { found: 2, .. })));
}

#[test]
fn records_can_be_neither_changed_nor_deleted_and_are_chained() {
    let (dir, journal) = journal();
    let run = journal.approve(approved_at(5, now()), now()).expect("a run");
    journal.append(&run, entry("refused"), now().wall).expect("a record");
    let raw = rusqlite::Connection::open(dir.path().join(FILE)).expect("a file");
    assert!(raw.execute("DELETE FROM records", []).is_err());
    assert!(raw.execute("UPDATE records SET entry = '{}'", []).is_err());
    let mut query = raw.prepare("SELECT prev, hash FROM records ORDER BY sequence").expect("a query");
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    let chain: Vec<(String, String)> = rows.map(|row| row.expect("a row")).collect();
    assert_eq!(chain.len(), 2);
    assert_eq!(chain[0].0, "0".repeat(64));
    assert_eq!(chain[1].0, chain[0].1);
}

/// An approval is read by a shorter way than other entries, and guards read but parts of it.
#[test]
fn an_approval_is_read_as_it_was_written_and_in_parts_as_in_whole() {
    let (dir, journal) = journal();
    let run = journal.approve(approved_at(5, now()), now()).expect("a run");
    let raw = rusqlite::Connection::open(dir.path().join(FILE)).expect("a file");
    let stored: String = raw.query_row("SELECT entry FROM records", [], |row| row.get(0)).expect("a row");
    let view = journal.run(&run.0, now()).expect("a run");
    assert_eq!(serde_json::from_str::<Entry>(&stored).expect("an entry"), view.records[0].entry);
    let Entry::Approved { verdicts, .. } = &view.records[0].entry else { panic!("{stored}") };
    assert!(!verdicts.is_empty(), "what the guards said is there");
    let open = journal.open_runs(&view.plan, None, now()).expect("runs");
    let told = open.iter().map(|other| (other.id.as_str(), other.unknown, other.by.as_str().to_owned()));
    assert_eq!(told.collect::<Vec<_>>(), [(run.0.as_str(), false, view.by.to_string())]);
    let taken = journal.take(&run, std::process::id(), now()).expect("journalled").expect("taken");
    assert_eq!(taken.digest(), view.plan.digest());
    let past = |journal: &Journal| journal.past_runs(&view.plan.environment, view.approved, None, now()).expect("runs");
    assert!(past(&journal).is_empty(), "nothing was sent");
    let later = now().plus(Duration::from_secs(7)).wall;
    journal.append(&run, entry("started"), later).expect("a record");
    let past = past(&journal).remove(0);
    assert_eq!((past.id, past.action, past.target), (run.0, "scale".to_owned(), view.plan.target_arn.clone()));
    assert_eq!((past.by, past.began, past.ended), (view.by, view.approved, later));
    assert!(matches!(view.plan.undo, Undo::Action { action } if past.undo.as_ref() == Some(&action)));
}

#[test]
fn an_approval_is_used_once() {
    let (_dir, journal) = journal();
    let run = journal.approve(approved_at(5, now()), now()).expect("a run");
    let again = journal.approve(approved_at(5, now()), now()).expect_err("used");
    assert!(matches!(again, JournalError::UsedBefore(ref before) if *before == run.0), "{again}");
    journal.take(&run, std::process::id(), now()).expect("journalled").expect("taken");
    let twice = journal.take(&run, std::process::id(), now()).expect_err("taken before");
    assert!(matches!(twice, JournalError::TakenBefore(_)), "{twice}");
}

#[test]
fn of_two_executors_that_race_for_an_approval_exactly_one_gets_it() {
    let (dir, journal) = journal();
    let run = journal.approve(approved_at(5, now()), now()).expect("a run");
    let taken: usize = std::thread::scope(|scope| {
        let race = || {
            let journal = Journal::open(dir.path()).expect("a journal");
            usize::from(matches!(journal.take(&run, std::process::id(), now()), Ok(Ok(_))))
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(race)).collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread")).sum()
    });
    assert_eq!(taken, 1);
}

#[test]
fn an_approval_that_expired_is_refused_and_says_so() {
    let (_dir, journal) = journal();
    let run = journal.approve(approved_at(5, now()), now()).expect("a run");
    let late = now().plus(Duration::from_secs(60));
    let reason = journal.take(&run, std::process::id(), late).expect("journalled").expect_err("expired");
    assert!(reason.contains("expired") && reason.contains("nothing was sent"), "{reason}");
    assert_eq!(journal.run(&run.0, late).expect("a run").state, RunState::Refused);
}

#[test]
fn a_second_run_on_a_held_target_is_refused_and_names_the_holder() {
    let (_dir, journal) = journal();
    let (first, second) = two_runs(&journal);
    journal.take(&first, std::process::id(), now()).expect("journalled").expect("taken");
    let reason = journal.take(&second, std::process::id(), now()).expect("journalled").expect_err("held");
    for part in [first.0.as_str(), "ada@bastion", "2026-01-01T00:16:40Z", "desired count: 3 → 5"] {
        assert!(reason.contains(part), "`{part}` is not in: {reason}");
    }
}

fn two_runs(journal: &Journal) -> (RunId, RunId) {
    let first = journal.approve(approved_at(5, now()), now()).expect("a run");
    (first, journal.approve(approved_at(6, now()), now()).expect("a run"))
}

#[test]
fn a_lease_that_ran_out_goes_to_the_next_and_the_first_holder_finds_it_lost() {
    let (_dir, journal) = journal();
    let (first, second) = two_runs(&journal);
    let first = journal.take(&first, std::process::id(), now()).expect("journalled").expect("taken");
    let almost = now().plus(TTL - Duration::from_secs(1));
    assert!(journal.renew(first.lease(), almost).expect("written"), "a heartbeat keeps it");
    let later = almost.plus(TTL);
    assert!(!journal.renew(first.lease(), later).expect("written"), "what ran out stays lost");
    let _ = second;
    let third = journal.approve(approved_at(7, later), later).expect("a run");
    let third = journal.take(&third, std::process::id(), later).expect("journalled").expect("taken");
    assert!(third.lease().epoch > first.lease().epoch);
    assert!(!journal.renew(first.lease(), later).expect("written"));
    journal.release(first.lease()).expect("written");
    assert!(journal.renew(third.lease(), later).expect("written"), "a loser's release frees nothing");
}

#[test]
fn epochs_grow_over_release() {
    let (_dir, journal) = journal();
    let (first, second) = two_runs(&journal);
    let first = journal.take(&first, std::process::id(), now()).expect("journalled").expect("taken");
    journal.release(first.lease()).expect("written");
    let second = journal.take(&second, std::process::id(), now()).expect("journalled").expect("taken");
    assert_eq!((first.lease().epoch, second.lease().epoch), (1, 2));
}

#[test]
fn an_executor_that_is_gone_holds_nothing() {
    let (_dir, journal) = journal();
    let run = journal.approve(approved_at(5, now()), now()).expect("a run");
    let mut child = std::process::Command::new("true").spawn().expect("a process");
    child.wait().expect("an end");
    journal.take(&run, child.id(), now()).expect("journalled").expect("taken");
    journal.append(&run, entry("started"), now().wall).expect("a record");
    let view = journal.run(&run.0, now()).expect("a run");
    assert_eq!(view.state, RunState::Unknown, "{}", view.last_word());
}

#[test]
fn runs_whose_outcome_is_unknown_come_first_and_block_their_target_until_resolved() {
    let (_dir, journal) = journal();
    let first = journal.approve(approved_at(5, now()), now()).expect("a run");
    let taken = journal.take(&first, std::process::id(), now()).expect("journalled").expect("taken");
    journal.append(&first, entry("started"), now().wall).expect("a record");
    let later = now().plus(TTL);
    let second = journal.approve(approved_at(6, later), later).expect("a run");
    journal.append(&second, entry("refused"), later.wall).expect("a record");
    let listed: Vec<_> = journal.runs(later).expect("runs").into_iter().map(|run| (run.id, run.state)).collect();
    assert_eq!(listed, [(first.clone(), RunState::Unknown), (second, RunState::Refused)]);
    let open = journal.open_runs(taken.plan(), None, later).expect("runs");
    assert!(open.len() == 1 && open[0].unknown, "{open:?}");
    journal.resolve(&first, operator("eve"), "3 of 3 running".into(), later).expect("resolved");
    assert_eq!(journal.run(&first.0, later).expect("a run").state, RunState::Resolved);
    assert!(journal.open_runs(taken.plan(), None, later).expect("runs").is_empty());
    let again = journal.resolve(&first, operator("eve"), "x".into(), later).expect_err("settled");
    assert!(matches!(again, JournalError::NotUnknown { .. }), "{again}");
}

#[test]
fn a_run_that_is_under_way_is_not_resolved() {
    let (_dir, journal) = journal();
    let run = journal.approve(approved_at(5, now()), now()).expect("a run");
    journal.take(&run, std::process::id(), now()).expect("journalled").expect("taken");
    journal.append(&run, entry("started"), now().wall).expect("a record");
    assert!(journal.resolve(&run, operator("eve"), "x".into(), now()).is_err());
}

#[test]
fn the_list_of_runs_is_bounded() {
    let (_dir, journal) = journal();
    for second in 0..60 {
        let at = now().plus(Duration::from_secs(second));
        let run = journal.approve(approved_at(5, at), at).expect("a run");
        journal.append(&run, entry("refused"), at.wall).expect("a record");
    }
    let runs = journal.runs(now()).expect("runs");
    assert_eq!(runs.len(), 50);
    assert!(runs.windows(2).all(|pair| pair[0].id > pair[1].id), "the newest first");
}

#[test]
fn a_run_is_found_by_the_beginning_or_the_end_of_its_name() {
    let (_dir, journal) = journal();
    let (first, second) = two_runs(&journal);
    let end = first.0.rsplit('-').next().expect("an end");
    assert_eq!(journal.run(end, now()).expect("a run").id, first);
    assert_eq!(journal.run(&second.0, now()).expect("a run").id, second);
    assert!(matches!(journal.run("2026", now()), Err(JournalError::Ambiguous(_))));
    assert!(matches!(journal.run("nope", now()), Err(JournalError::NoSuchRun(_))));
}

#[tokio::test]
async fn followers_see_each_change_of_the_journal() {
    let (_dir, journal) = journal();
    let (out, mut news) = tokio::sync::mpsc::channel(4);
    let follower = tokio::spawn(follow(Arc::new(journal.clone()), now, out));
    assert_eq!(news.recv().await, Some(Ok(Vec::new())));
    let run = journal.approve(approved_at(5, now()), now()).expect("a run");
    let runs = news.recv().await.expect("news").expect("runs");
    assert_eq!((runs.len(), runs[0].state), (1, RunState::Approved));
    journal.append(&run, entry("refused"), now().wall).expect("a record");
    let runs = news.recv().await.expect("news").expect("runs");
    assert_eq!(runs[0].state, RunState::Refused);
    drop(news);
    tokio::time::timeout(Duration::from_secs(5), follower).await.expect("it ends with its reader").expect("no panic");
}

/// A directory in memory where the system has one: a race is about order, not about the disk.
fn in_memory() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a directory")
}

#[test]
fn of_two_operators_at_the_same_moment_on_one_state_directory_one_gets_the_target() {
    for round in 0..100 {
        let dir = in_memory();
        let start = std::sync::Barrier::new(2);
        // Each has a connection of its own and approves a plan of its own, then its executor takes it.
        let operate = |desired: u32| {
            start.wait();
            let journal = Journal::open(dir.path()).expect("a journal");
            let run = journal.approve(approved_at(desired, now()), now()).expect("approved");
            journal.take(&run, std::process::id(), now()).expect("taken or refused").is_ok()
        };
        let got: Vec<bool> = std::thread::scope(|scope| {
            let both = [scope.spawn(|| operate(5)), scope.spawn(|| operate(6))];
            both.into_iter().map(|one| one.join().expect("it ended")).collect()
        });
        assert_eq!(got.iter().filter(|got| **got).count(), 1, "round {round}: {got:?}");
    }
}

#[test]
fn of_two_operators_who_confirm_the_same_plan_at_the_same_moment_one_is_told_of_the_other() {
    for round in 0..100 {
        let dir = in_memory();
        let start = std::sync::Barrier::new(2);
        let operate = || {
            start.wait();
            let journal = Journal::open(dir.path()).expect("a journal");
            journal.approve(approved_at(5, now()), now())
        };
        let got: Vec<_> = std::thread::scope(|scope| {
            let both = [scope.spawn(operate), scope.spawn(operate)];
            both.into_iter().map(|one| one.join().expect("it ended")).collect()
        });
        let second = got.iter().filter(|got| matches!(got, Err(JournalError::UsedBefore(_)))).count();
        assert_eq!((got.iter().filter(|got| got.is_ok()).count(), second), (1, 1), "round {round}: {got:?}");
    }
}
