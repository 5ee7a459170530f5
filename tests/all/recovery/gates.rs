//! A change is judged by what the signals read afterwards, not by the API's yes.

use std::time::Duration;

use jiff::SignedDuration;
use quarterdeck::config::{Config, Direction, PromQuery, Query, Role, Signal};
use quarterdeck::executor::journal::{Entry, RunState};
use quarterdeck::source::{Name, Number, Unit};
use quarterdeck::view::part::run::waiting;

use super::fake::{Answer, Bench, Fake};
use crate::runs::fixture::config;

/// The error ratio, critical from 5 % on, is watched for 20 s: read before the call, then every 5 s.
fn gated() -> Config {
    let mut config = config();
    config.guards.gate_window = Duration::from_secs(20);
    config.services[0].signals = vec![Signal {
        name: Name::from("errors"),
        role: Role::Errors,
        query: Query::Prometheus(PromQuery::single("errors")),
        unit: Unit::Ratio,
        direction: Direction::HigherIsWorse,
        warning: None,
        critical: Some(0.05),
        objective: None,
        baseline: None,
        interval: Duration::from_secs(15),
        exemplars: None,
    }];
    config
}

/// How a run ends whose signals read so: before the call, and then look by look. The call itself goes well.
async fn ended(values: &[Number]) -> (RunState, String) {
    let bench = Bench::with_config(Fake::new(Answer::Accept).signals(values.iter().copied()), gated());
    let state = bench.execute().await.expect("a run");
    assert_eq!((bench.fake.effects(), bench.fake.calls()), (1, 1), "{values:?}: sent once, and nothing after it");
    (state, bench.view().last_word())
}

const GOOD: Number = Number::Finite(0.001);
const BAD: Number = Number::Finite(0.06);

#[tokio::test(start_paused = true)]
async fn a_change_whose_gates_pass_to_the_end_of_their_window_is_done() {
    let (state, word) = ended(&[GOOD]).await;
    assert_eq!((state, word.as_str()), (RunState::Done, DONE));
    assert_eq!(ended(&[GOOD, GOOD, BAD, GOOD]).await.0, RunState::Done, "one bad look alone is the change itself");
}

const DONE: &str = "done: 5 of 5 running, 0 pending; 0.1 % (rtech-app/errors below 5 %)";

#[tokio::test(start_paused = true)]
async fn a_bound_that_breaks_twice_in_a_row_or_at_the_last_look_is_a_failure_whatever_the_api_said() {
    for values in [&[GOOD, BAD, BAD, GOOD][..], &[GOOD, GOOD, GOOD, GOOD, GOOD, BAD, GOOD]] {
        let (state, word) = ended(values).await;
        assert_eq!(state, RunState::Failed, "{values:?}");
        assert!(word.contains("a health gate failed: 6 % (rtech-app/errors below 5 %)"), "{word}");
        assert!(word.contains("the calls so far took effect"), "{word}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_judged_at_the_end_is_inconclusive_and_never_done() {
    for unknown in [Number::NoData, Number::NotANumber, Number::PositiveInfinity, Number::NegativeInfinity] {
        let (state, word) = ended(&[GOOD, GOOD, unknown]).await;
        assert_eq!(state, RunState::Inconclusive, "{unknown:?}");
        assert!(word.contains("the change stays as it is"), "{word}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_bound_that_was_broken_before_the_change_is_not_laid_at_its_door_and_does_not_pass() {
    let (state, word) = ended(&[BAD]).await;
    assert_eq!(state, RunState::Inconclusive);
    assert!(word.contains("nor was it before"), "{word}");
    assert_eq!(ended(&[BAD, BAD, BAD, GOOD]).await.0, RunState::Done, "the change mended it");
}

#[tokio::test(start_paused = true)]
async fn a_plan_says_which_gates_will_judge_it_and_none_where_the_window_is_nothing() {
    let gates = |config| {
        let bench = Bench::with_config(Fake::new(Answer::Accept), config);
        bench.view().plan.gates.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(gates(gated()), ["rtech-app/errors below 5 %"]);
    let mut without = gated();
    without.guards.gate_window = Duration::ZERO;
    assert!(gates(without).is_empty());
}

#[tokio::test(start_paused = true)]
async fn while_gates_are_watched_the_console_says_so_and_until_when() {
    let bench = Bench::with_config(Fake::new(Answer::Accept).signals([GOOD]), gated());
    bench.execute().await.expect("a run");
    let mut run = bench.view();
    run.state = RunState::Running;
    let settled = run.records.iter().position(|record| matches!(record.entry, Entry::Settled { step: 0, .. }));
    run.records.truncate(settled.expect("the call was steady before the gates were watched") + 1);
    let now = |seconds| run.records.last().expect("records").at + SignedDuration::from_secs(seconds);
    let said = |seconds| waiting(&run, now(seconds)).expect("an open run waits for something");
    assert_eq!(said(5), "watching the health gates for 0:05, judges in 0:15");
    assert_eq!(said(21), "watching the health gates for 0:21, its 20s are over");
}
