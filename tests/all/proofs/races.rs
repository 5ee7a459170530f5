//! Two operators in the same second, on one target, each with a connection of its own.

use std::sync::Barrier;
use std::time::Duration;

use quarterdeck::clock::Now;
use quarterdeck::executor::journal::{Entry, Journal, JournalError, RunState, Taken};

use super::stand::scratch;
use crate::runs::fixture::{approved_at, now};

const RACES: u64 = 1_000;

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
