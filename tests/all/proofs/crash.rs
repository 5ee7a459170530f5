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

/// Runs the row to its end, then as often again as it passed points, killed at each. How many times it was.
async fn killed_everywhere(row: Row, step: usize, answer: Answer) -> usize {
    let whole = stand(row, step, answer);
    let ended = whole.execute().await.expect("nobody kills it").expect("a journal");
    let places = whole.wire.places();
    let name = format!("{}, call {step} {answer:?}", row.name);
    assert!(places.contains(&"before the call") && places.contains(&"after the call"), "{name}: {places:?}");
    let known = matches!(ended, RunState::Done | RunState::Failed | RunState::Inconclusive | RunState::Unknown);
    assert!(known, "{name}: {ended:?}");
    whole.assert_recovers(&name).await;
    let mut kills = 0;
    for (index, place) in places.iter().enumerate() {
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

/// Every row, step and answer.
async fn every_point(answers: &[Answer]) -> usize {
    let mut points = 0;
    for &row in ROWS {
        for step in 0..steps(row).await {
            for &answer in answers {
                points += killed_everywhere(row, step, answer).await;
            }
        }
    }
    points
}

#[tokio::test(start_paused = true)]
async fn an_executor_killed_at_any_point_leaves_the_truth_and_no_doubled_effect() {
    let points = every_point(&[Answer::Accept, Answer::ApplyThenDrop]).await;
    println!("{points} crash points");
    assert!(points > 200, "{points} points only: the harness does not see them");
}

/// The same under the answers that are waited for until a deadline: more looks, more points.
#[tokio::test(start_paused = true)]
#[ignore = "minutes; docs/proofs.md says when it ran"]
async fn an_executor_killed_at_any_point_under_every_answer() {
    println!("{} crash points", every_point(&ANSWERS).await);
}
