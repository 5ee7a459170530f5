//! Two operators in the same second, on one target: two connections of this process, or two processes.

use std::sync::Barrier;
use std::time::Duration;

use quarterdeck::clock::Now;
use quarterdeck::executor::journal::{Entry, Journal, JournalError, Record, RunState, RunView, Taken};

use super::stand::scratch;
use crate::harness::starts::together;
use crate::harness::{Stopwatch, wait_for};
use crate::runs::fixture::{approved_at, now};
use crate::runs::process::Fleet;

const RACES: u64 = 1_000;

/// How long two processes and their executors may take.
const SOON: Duration = Duration::from_secs(60);

/// What one operator gets.
enum End {
    /// The approval and the lease.
    Won(Box<Taken>),
    /// The approval, and the lease was another's.
    Refused,
    /// Not even the approval: the same plan was approved before.
    UsedBefore,
}

fn race(journal: &Journal, desired: u32, at: Now, start: &Barrier) -> End {
    let approved = approved_at(desired, at);
    start.wait();
    let run = match journal.approve(approved, at) {
        Ok(run) => run,
        Err(JournalError::UsedBefore(_)) => return End::UsedBefore,
        Err(error) => panic!("{error}"),
    };
    match journal.take(&run, std::process::id(), at).expect("a journal") {
        Ok(taken) => End::Won(Box::new(taken)),
        Err(_) => End::Refused,
    }
}

#[test]
fn of_two_operators_in_the_same_second_one_gets_the_target_a_thousand_times() {
    let dir = scratch();
    let journals = [0, 1].map(|_| Journal::open(dir.path()).expect("a journal"));
    let (mut refused, mut used) = (0, 0);
    for round in 0..RACES {
        // In every other race it is the very same plan.
        let (at, same, start) = (now().plus(Duration::from_secs(round)), round % 2 == 0, Barrier::new(2));
        let ends = std::thread::scope(|scope| {
            let second = scope.spawn(|| race(&journals[1], if same { 5 } else { 4 }, at, &start));
            [race(&journals[0], 5, at, &start), second.join().expect("it ends")]
        });
        let mut won = Vec::new();
        for end in ends {
            match end {
                End::Won(taken) => won.push(taken),
                End::Refused => refused += 1,
                End::UsedBefore => used += 1,
            }
        }
        let [winner] = won.as_slice() else { panic!("race {round}: {} got the target", won.len()) };
        let entry = Entry::Refused { reasons: vec!["it was a race".to_owned()], drift: Vec::new() };
        journals[0].append(winner.run(), entry, at.wall).expect("written");
        journals[1].release(winner.lease()).expect("released");
    }
    assert_eq!((refused, used), (RACES / 2, RACES / 2));
    let settled = journals[0].runs(now().plus(Duration::from_secs(RACES))).expect("runs");
    assert!(settled.iter().all(|run| run.state == RunState::Refused));
}

/// Until one run was sent and nobody else is at it any more: how many runs were approved.
fn one_left(fleet: &Fleet, at: &str) -> (RunView, usize) {
    let journal = Journal::open(&fleet.state()).expect("a journal");
    let runs = || journal.runs(Now::read()).expect("runs");
    let left = || {
        let runs = runs();
        let (over, mut open): (Vec<_>, Vec<_>) = runs.into_iter().partition(|run| run.state == RunState::Refused);
        let winner = open.pop()?;
        let sent = |record: &Record| matches!(record.entry, Entry::Accepted { .. });
        (open.is_empty() && winner.records.iter().any(sent)).then_some((winner, over.len() + 1))
    };
    wait_for(&format!("{at}: one run is left"), SOON, left, || format!("{:#?}", runs()))
}

/// Two processes apply the same plan, or two plans of one target, at the same moment: whether both got an approval.
fn processes_race(same: bool, at: &str) -> bool {
    let fleet = Fleet::new();
    let first = fleet.planned_as("first.json", 4);
    let second = if same { first.clone() } else { fleet.planned_as("second.json", 5) };
    let config = fleet.config().display().to_string();
    let apply = |file| ["--config", &config, "apply", file, "--confirm", "rtech-app", "--detach"];
    let ends = together([apply(&first), apply(&second)], &[]);
    let allowed = ends.iter().all(|(code, _)| [0, 4].contains(code)) && ends.iter().any(|(code, _)| *code == 0);
    assert!(allowed, "{at}: {ends:#?}");
    let (winner, approved) = one_left(&fleet, at);
    assert_eq!(approved, ends.iter().filter(|(code, _)| *code == 0).count(), "{at}: {ends:#?}");
    assert!(!same || approved == 1, "{at}: one plan was approved twice");
    fleet.end_executor(&winner);
    assert_eq!(fleet.effects(), 1, "{at}: {ends:#?}");
    approved == 2
}

fn races_of_processes(count: u64) {
    let (watch, mut both) = (Stopwatch::start(), 0);
    for race in 0..count {
        both += u64::from(processes_race(race % 2 == 0, &format!("race {race}")));
        if (race + 1).is_multiple_of(50) {
            println!("{} races, {both} in which both were approved, {:?}", race + 1, watch.elapsed());
        }
    }
}

#[test]
fn of_two_processes_in_the_same_second_one_gets_the_target() {
    races_of_processes(6);
}

#[test]
#[ignore = "minutes; docs/proofs.md says when it ran"]
fn of_two_processes_in_the_same_second_one_gets_the_target_a_thousand_times() {
    races_of_processes(RACES);
}
