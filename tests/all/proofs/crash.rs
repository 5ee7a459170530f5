//! Crash points enumerated: the points that a run passes are counted, then the executor is killed at each of them, before and
//! after every write of the journal and every call, of every step of every action and under every answer.

use quarterdeck::executor::journal::RunState;

use super::rows::{ROWS, Row};
use super::stand::Stand;
use crate::recovery::fake::Answer;

pub(crate) const ANSWERS: [Answer; 8] = [
    Answer::Accept,
    Answer::ApplyThenDrop,
    Answer::ApplyLater(2),
    Answer::Lose,
    Answer::ApplyThenHang,
    Answer::Hang,
    Answer::Throttle,
    Answer::NotSent,
];

/// A stand of the row where the call of this step is answered so, and those before it are accepted.
pub(crate) fn stand(row: Row, step: usize, answer: Answer) -> Stand {
    let stand = Stand::new(row);
    stand.backend.answer((0..step).map(|_| Answer::Accept).chain([answer]));
    stand
}

/// How many calls a run of the row sends, where all are accepted.
pub(crate) async fn steps(row: Row) -> usize {
    let stand = Stand::new(row);
    stand.execute().await.expect("nobody kills it").expect("a journal");
    stand.backend.arrived().len()
}

/// Which of the points are tried.
#[derive(Clone, Copy, PartialEq)]
enum Points {
    All,
    /// Those around calls, and every fifth of the others.
    Some,
}

impl Points {
    fn has(self, index: usize, place: &str) -> bool {
        self == Self::All || index.is_multiple_of(5) || place.ends_with("the call")
    }
}

/// Up to where a run is the same as one whose calls are all accepted: before the call that is answered otherwise.
fn same_until(places: &[&str], step: usize, answer: Answer) -> usize {
    let calls = places.iter().enumerate().filter(|(_, place)| **place == "before the call");
    let of_step = calls.map(|(index, _)| index).nth(step);
    if answer == Answer::Accept { 0 } else { of_step.unwrap_or_default() }
}

/// Runs the row to its end, then as often again as it passed points, killed at each. How many times it was.
async fn killed_everywhere(row: Row, step: usize, answer: Answer, which: Points) -> usize {
    let whole = stand(row, step, answer);
    let ended = whole.execute().await.expect("nobody kills it").expect("a journal");
    let places = whole.wire.places();
    let name = format!("{}, call {step} {answer:?}", row.name);
    assert!(places.contains(&"before the call") && places.contains(&"after the call"), "{name}: {places:?}");
    let known = matches!(ended, RunState::Done | RunState::Failed | RunState::Inconclusive | RunState::Unknown);
    assert!(known, "{name}: {ended:?}");
    assert!(answer != Answer::Accept || ended == row.ends, "{name}: {ended:?}: {}", whole.view().last_word());
    whole.assert_recovers(&name).await;
    let (mut kills, first) = (0, same_until(&places, step, answer));
    for (index, place) in places.iter().enumerate().skip(first).filter(|(index, place)| which.has(*index, place)) {
        let at = format!("{name}, killed at point {} of {} ({place})", index + 1, places.len());
        let stand = stand(row, step, answer);
        stand.wire.kill_at(index + 1);
        // Heartbeat and work that are due at the same moment come in either order: the last points may be passed by.
        let was_killed = stand.execute().await.is_none();
        assert!(was_killed || index + 4 > places.len(), "{at}: it was not killed");
        stand.assert_recovers(&at).await;
        kills += usize::from(was_killed);
    }
    kills
}

/// Every row; every step that is answered so. A run whose calls are all accepted is the same whichever step is meant.
async fn every_point(answers: &[Answer], which: Points) -> usize {
    let mut points = 0;
    let wanted = std::env::var("QD_ROW").unwrap_or_default();
    for &row in ROWS.iter().filter(|row| row.name.contains(&wanted)) {
        let steps = steps(row).await;
        assert_eq!(steps, row.calls(), "{}: so many calls", row.name);
        for &answer in answers {
            for step in 0..if answer == Answer::Accept { 1 } else { steps } {
                points += killed_everywhere(row, step, answer, which).await;
            }
        }
    }
    points
}

#[tokio::test(start_paused = true)]
async fn an_executor_killed_at_any_point_leaves_the_truth_and_no_doubled_effect() {
    let points = every_point(&[Answer::Accept, Answer::ApplyThenDrop], Points::Some).await;
    println!("{points} crash points");
    assert!(
        points > 600 || std::env::var_os("QD_ROW").is_some(),
        "{points} points only: the harness does not see them"
    );
}

/// The same under the answers that are waited for until a deadline: more looks, more points.
#[tokio::test(start_paused = true)]
#[ignore = "minutes; docs/proofs.md says when it ran"]
async fn an_executor_killed_at_any_point_under_every_answer() {
    println!("{} crash points", every_point(&ANSWERS, Points::All).await);
}
