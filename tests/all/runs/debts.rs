//! The ledger of debts: what opens one, what settles it, and that it is the journal that tells.

use std::time::Duration;

use quarterdeck::action::{Action, judge, plan_for};
use quarterdeck::clock::Now;
use quarterdeck::executor::journal::{Debt, Entry, Journal, JournalError, RunId};
use quarterdeck::source::Observation;
use tempfile::TempDir;

use super::fixture::{SERVICE, config, context, now, observation, operator, workload};
use super::scaling::typed;

fn journal() -> (TempDir, Journal) {
    let dir = TempDir::new().expect("a directory");
    let journal = Journal::open(dir.path()).expect("a journal");
    (dir, journal)
}

fn at(seconds: u64) -> Now {
    now().plus(Duration::from_secs(seconds))
}

fn suspend(kinds: &str) -> Action {
    typed("suspend_scaling", &[("kinds", kinds), ("for", "10m")]).expect("arguments")
}

fn resume() -> Action {
    typed("resume_scaling", &[]).expect("arguments")
}

fn bounds(min: &str, max: &str) -> Action {
    typed("scaling_bounds", &[("min", min), ("max", max)]).expect("arguments")
}

/// What is observed while these are suspended and these are the bounds.
fn seen(suspended: &str, (min, max): (u32, u32)) -> Observation {
    let mut found = observation();
    let target = found.scaling.as_mut().expect("scaling").target.as_mut().expect("a target");
    (target.min, target.max) = (min, max);
    target.scale_in_suspended = suspended.split(',').any(|kind| kind == "in");
    target.scale_out_suspended = suspended.split(',').any(|kind| kind == "out");
    found
}

/// A run of this action that was confirmed at `when` by `user`, and these entries of it.
fn run(journal: &Journal, action: &Action, found: &Observation, (user, when): (&str, Now), told: &[Entry]) -> RunId {
    let found = Observation { taken: when.wall, ..found.clone() };
    let config = config();
    let plan = plan_for(action, &found, &config, when.wall).expect("a plan");
    let judged = judge(plan, &context(&config, when.wall));
    let approved = judged.approve(SERVICE, operator(user), when.wall).expect("approved");
    let run = journal.approve(approved, when).expect("a run");
    let taken = journal.take(&run, std::process::id(), when).expect("a journal").expect("a lease");
    for entry in told {
        journal.append(&run, entry.clone(), when.wall).expect("written");
    }
    journal.release(taken.lease()).expect("given back");
    run
}

fn started() -> Entry {
    Entry::Started { step: 0 }
}

fn accepted() -> Entry {
    Entry::Accepted { step: 0, receipt: "yes".into(), made: None }
}

fn done() -> Vec<Entry> {
    vec![started(), accepted(), Entry::Done { found: "steady".into() }]
}

fn debts(journal: &Journal) -> Vec<Debt> {
    journal.debts().expect("debts")
}

#[test]
fn a_run_that_is_done_opens_a_debt_with_owner_and_end_and_resuming_settles_it() {
    let (_dir, journal) = journal();
    let id = run(&journal, &suspend("out"), &seen("", (2, 10)), ("ada", at(0)), &done());
    let [debt] = debts(&journal).try_into().expect("one");
    let Debt { run: of, target, key, what, was, undo, owner, until, certain, .. } = &debt;
    assert_eq!((of, target.as_str(), key.as_str(), owner), (&id, SERVICE, "scaling suspended", &operator("ada")));
    assert_eq!((what.as_str(), was.as_deref()), ("suspended scaling: out, was none", Some("none")));
    assert_eq!((undo.as_deref(), *until, *certain), (Some("resume_scaling rtech-app"), Some(at(600).wall), true));
    assert!(!debt.is_overdue(at(599).wall) && debt.is_overdue(at(600).wall));
    run(&journal, &resume(), &seen("out", (2, 10)), ("eve", at(60)), &done());
    assert_eq!(debts(&journal), []);
}

#[test]
fn a_second_one_takes_the_place_of_the_first_and_what_was_first_stays_what_is_put_back() {
    let (_dir, journal) = journal();
    run(&journal, &bounds("4", "8"), &seen("", (2, 10)), ("ada", at(0)), &done());
    let second = run(&journal, &bounds("5", "8"), &seen("", (4, 8)), ("eve", at(60)), &done());
    let [debt] = debts(&journal).try_into().expect("one");
    assert_eq!((debt.run, debt.was.as_deref(), debt.owner), (second, Some("2–10"), operator("eve")));
    assert_eq!(debt.undo.as_deref(), Some("scaling_bounds rtech-app min=2 max=10"));
}

fn scale(desired: u32) -> Action {
    typed("scale", &[("desired", &desired.to_string())]).expect("arguments")
}

/// What is observed while this many tasks are wanted; nothing scales in where that is suspended.
fn of(desired: u32, suspended: &str) -> Observation {
    Observation { workload: Some(workload(desired, desired)), ..seen(suspended, (1, 10)) }
}

#[test]
fn tasks_beyond_those_that_were_there_stay_a_debt_until_as_few_are_wanted_again() {
    let (_dir, journal) = journal();
    run(&journal, &scale(5), &of(3, "in"), ("ada", at(0)), &done());
    let [debt] = debts(&journal).try_into().expect("one");
    assert_eq!((debt.key.as_str(), debt.what.as_str()), ("extra capacity", "desired count is 5, was 3"));
    assert_eq!(debt.undo.as_deref(), Some("scale rtech-app desired=3"));
    run(&journal, &scale(7), &of(5, "in"), ("eve", at(60)), &done());
    run(&journal, &scale(4), &of(7, "in"), ("bob", at(120)), &done());
    let [debt] = debts(&journal).try_into().expect("one: part of the way back is not back");
    assert_eq!((debt.what.as_str(), debt.was.as_deref()), ("desired count is 4, was 3", Some("3")));
    assert_eq!((debt.undo.as_deref(), debt.owner), (Some("scale rtech-app desired=3"), operator("bob")));
    run(&journal, &scale(2), &of(4, "in"), ("ada", at(180)), &done());
    assert_eq!(debts(&journal), [], "fewer than there were are none too many");
}

#[test]
fn fewer_tasks_are_no_debt_and_a_way_back_that_did_not_end_well_settles_none() {
    let (_dir, journal) = journal();
    run(&journal, &scale(2), &of(3, "in"), ("ada", at(0)), &done());
    assert_eq!(debts(&journal), []);
    run(&journal, &scale(5), &of(2, "in"), ("ada", at(60)), &done());
    let failed = [started(), accepted(), Entry::Failed { reason: "x".into(), effect: "y".into() }];
    run(&journal, &scale(2), &of(5, "in"), ("ada", at(120)), &failed);
    assert_eq!(debts(&journal).len(), 1);
}

#[test]
fn tasks_that_autoscaling_takes_away_again_are_no_debt_and_the_plan_says_so() {
    let plan = |found: &Observation| plan_for(&scale(5), found, &config(), now().wall).expect("a plan");
    let says = |found: &Observation| plan(found).changes.iter().any(|line| line.after.ends_with("(scales in)"));
    let free = of(3, "");
    assert!(plan(&free).debt.is_none() && says(&free));
    let mut steps_only = free.clone();
    steps_only.scaling.as_mut().expect("scaling").policies[0].scales_in = false;
    let mut none = free.clone();
    none.scaling.as_mut().expect("scaling").target = None;
    for found in [of(3, "in"), steps_only, none] {
        assert!(plan(&found).debt.is_some() && !says(&found), "{:?}", found.scaling);
    }
}

/// Caps of the fixture are 1–9, so that the bounds that are put back lie within them.
#[test]
fn putting_back_what_was_settles_it() {
    let (_dir, journal) = journal();
    run(&journal, &bounds("4", "8"), &seen("", (2, 9)), ("ada", at(0)), &done());
    run(&journal, &bounds("5", "8"), &seen("", (4, 8)), ("ada", at(60)), &done());
    assert_eq!(debts(&journal).len(), 1);
    run(&journal, &bounds("2", "9"), &seen("", (5, 8)), ("ada", at(120)), &done());
    assert_eq!(debts(&journal), []);
}

#[test]
fn kinds_are_debts_of_their_own_and_the_most_urgent_comes_first() {
    let (_dir, journal) = journal();
    run(&journal, &bounds("4", "8"), &seen("", (2, 10)), ("ada", at(0)), &done());
    run(&journal, &suspend("in"), &seen("", (4, 8)), ("ada", at(60)), &done());
    let keys: Vec<_> = debts(&journal).into_iter().map(|debt| debt.key).collect();
    assert_eq!(keys, ["scaling suspended", "scaling bounds"]);
}

#[test]
fn only_what_may_have_taken_effect_is_a_debt_and_what_is_not_sure_says_so() {
    let failed = || Entry::Failed { reason: "x".into(), effect: "y".into() };
    let unknown = || Entry::Unknown { reason: "x".into(), found: "y".into() };
    let inconclusive = || Entry::Inconclusive { reason: "x".into(), found: "y".into() };
    let resolved = || Entry::Resolved { by: operator("eve"), found: "y".into() };
    let table = [
        (vec![], None),
        (vec![Entry::Refused { reasons: Vec::new(), drift: Vec::new() }], None),
        (vec![started(), failed()], None),
        (vec![started(), accepted(), failed()], Some(false)),
        (vec![started(), unknown()], Some(false)),
        (vec![started(), unknown(), resolved()], Some(false)),
        (vec![started(), resolved()], Some(false)),
        (vec![started(), accepted(), inconclusive()], Some(true)),
        (done(), Some(true)),
    ];
    for (entries, wanted) in table {
        let (_dir, journal) = journal();
        run(&journal, &suspend("out"), &seen("", (2, 10)), ("ada", at(0)), &entries);
        let found: Vec<bool> = debts(&journal).iter().map(|debt| debt.certain).collect();
        assert_eq!(found, wanted.into_iter().collect::<Vec<_>>(), "{entries:?}");
    }
}

#[test]
fn a_settling_that_did_not_end_well_settles_nothing() {
    let (_dir, journal) = journal();
    run(&journal, &suspend("out"), &seen("", (2, 10)), ("ada", at(0)), &done());
    let failed = [started(), accepted(), Entry::Failed { reason: "x".into(), effect: "y".into() }];
    run(&journal, &resume(), &seen("out", (2, 10)), ("ada", at(60)), &failed);
    assert_eq!(debts(&journal).len(), 1);
}

#[test]
fn accepting_is_journalled_with_who_and_why_and_only_once() {
    let (_dir, journal) = journal();
    let id = run(&journal, &suspend("out"), &seen("", (2, 10)), ("ada", at(0)), &done());
    let before = journal.run(&id.0, at(60)).expect("the run");
    let accepted = journal.accept_debt(&id, operator("eve"), "sale until Monday".into(), at(86_400)).expect("accepted");
    assert_eq!((accepted.len(), debts(&journal)), (1, Vec::new()));
    let view = journal.run(&id.0, at(86_400)).expect("the run");
    let said = view.records.last().expect("a record").entry.sentence();
    assert_eq!(said, "what it left open was accepted by eve: sale until Monday");
    assert_eq!((view.state, view.last_word(), view.took()), (before.state, before.last_word(), before.took()));
    let again = journal.accept_debt(&id, operator("eve"), "again".into(), at(86_401)).expect_err("nothing is open");
    assert!(matches!(again, JournalError::NoDebt(_)), "{again}");
}

#[test]
fn what_was_folded_once_tells_the_same_as_the_whole_journal_folded_anew() {
    let (dir, journal) = journal();
    let mut held = String::new();
    for step in 0..12u64 {
        // Read now and then: the table is brought up in pieces of different lengths.
        if step % 3 == 0 {
            debts(&journal);
        }
        let next = ["in", "", "out", "in,out"][(step % 4) as usize];
        let action = if next.is_empty() { resume() } else { suspend(next) };
        run(&journal, &action, &seen(&held, (2, 10)), ("ada", at(step * 60)), &done());
        next.clone_into(&mut held);
    }
    let told = debts(&journal);
    let raw = rusqlite::Connection::open(dir.path().join(quarterdeck::store::FILE)).expect("a file");
    raw.execute_batch("DELETE FROM debts; DELETE FROM debts_folded").expect("forgotten");
    assert_eq!((debts(&journal), told.len()), (told.clone(), 1));
    raw.execute_batch("DELETE FROM debts; UPDATE debts_folded SET hash = 'of another journal'").expect("changed");
    assert_eq!(debts(&journal), told);
}
