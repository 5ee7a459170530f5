//! Every way in which a call can end, and what the run says of it.

use std::time::Duration;

use quarterdeck::executor::journal::{Entry, RunState};
use quarterdeck::source::Rollout;

use super::fake::{Answer, Bench, Fake};
use crate::runs::fixture::approved_at;

#[tokio::test(start_paused = true)]
async fn a_run_that_goes_well_is_done_and_verified_with_one_call() {
    let bench = Bench::new(Fake::new(Answer::Accept));
    assert_eq!(bench.execute().await.expect("a run"), RunState::Done);
    assert_eq!(bench.kinds(), ["approved", "taken", "started", "accepted", "done"]);
    assert_eq!((bench.fake.effects(), bench.fake.calls(), bench.fake.desired()), (1, 1, 5));
    assert_eq!(bench.view().last_word(), "done: 5 of 5 running, 0 pending");
}

#[tokio::test(start_paused = true)]
async fn progress_is_written_only_where_something_changed() {
    let bench = Bench::new(Fake::new(Answer::Accept));
    bench.execute().await.expect("a run");
    let found: Vec<_> =
        bench.entries().iter().filter(|e| matches!(e, Entry::Progress { .. })).map(Entry::sentence).collect();
    assert_eq!(found, ["4 of 5 running, 1 pending"]);
}

#[tokio::test(start_paused = true)]
async fn a_reply_lost_after_the_effect_is_found_applied_and_never_sent_again() {
    for answer in [Answer::ApplyThenDrop, Answer::ApplyThenHang, Answer::ApplyLater(5)] {
        let bench = Bench::new(Fake::new(answer));
        assert_eq!(bench.execute().await.expect("a run"), RunState::Done, "{answer:?}");
        assert_eq!(bench.kinds(), ["approved", "taken", "started", "found_applied", "done"], "{answer:?}");
        assert_eq!((bench.fake.effects(), bench.fake.calls()), (1, 1), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_lost_without_effect_is_unknown_and_never_sent_again() {
    for answer in [Answer::Lose, Answer::Hang] {
        let bench = Bench::new(Fake::new(answer));
        assert_eq!(bench.execute().await.expect("a run"), RunState::Unknown, "{answer:?}");
        assert_eq!((bench.fake.effects(), bench.fake.calls()), (0, 1), "{answer:?}");
        let word = bench.view().last_word();
        assert!(word.contains("3 of 3 running") && word.contains("not sent again"), "{word}");
        let open = bench.journal.open_runs(&bench.view().plan, None, bench.now()).expect("runs");
        assert!(open.iter().any(|run| run.unknown), "it blocks the target");
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttled_call_failed_and_nothing_was_changed() {
    let bench = Bench::new(Fake::new(Answer::Throttle));
    assert_eq!(bench.execute().await.expect("a run"), RunState::Failed);
    assert_eq!((bench.fake.effects(), bench.fake.calls()), (0, 1));
    let word = bench.view().last_word();
    assert!(word.contains("ThrottlingException") && word.contains("nothing was changed; read back: 3 of 3"), "{word}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_could_not_be_sent_failed_and_says_so() {
    let bench = Bench::new(Fake::new(Answer::NotSent));
    assert_eq!(bench.execute().await.expect("a run"), RunState::Failed);
    assert!(bench.view().last_word().contains("nothing was sent"), "{}", bench.view().last_word());
}

#[tokio::test(start_paused = true)]
async fn drift_between_plan_and_call_is_refused_with_what_differs_and_nothing_is_sent() {
    let meddlers: [(&str, super::fake::Meddle); 6] = [
        ("desired count", |w| w.desired = 4),
        ("task definition", |w| w.task_definition = "rtech-app:8".into()),
        ("primary deployment", |w| w.deployments[0].id = "ecs-svc/2".into()),
        ("rollout", |w| w.deployments[0].rollout = Rollout::InProgress),
        ("status", |w| w.status = "DRAINING".into()),
        ("service", |w| w.arn = "arn:aws:ecs:us-east-1:123456789012:service/rtech-prod/other".into()),
    ];
    for (what, meddle) in meddlers {
        let bench = Bench::new(Fake::new(Answer::Accept).meddled(1, meddle));
        assert_eq!(bench.execute().await.expect("a run"), RunState::Refused, "{what}");
        assert_eq!(bench.fake.calls(), 0, "{what}");
        let Some(Entry::Refused { drift, .. }) = bench.entries().pop() else { panic!("{what}: not refused") };
        assert!(drift.iter().any(|change| change.what == what), "{what}: {drift:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_guard_that_denies_by_now_refuses_the_run_though_nothing_drifted() {
    let bench = Bench::new(Fake::new(Answer::Accept).meddled(1, |w| {
        let second = w.deployments[0].clone();
        w.deployments.push(second);
    }));
    assert_eq!(bench.execute().await.expect("a run"), RunState::Refused);
    assert_eq!(bench.fake.calls(), 0);
    assert!(bench.view().last_word().contains("deployment: 2 deployments at once"), "{}", bench.view().last_word());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_holds_the_lease_goes_on_though_another_was_approved_in_the_same_second_and_waits() {
    let bench = Bench::new(Fake::new(Answer::Accept));
    let waiting = bench.journal.approve(approved_at(4, bench.now()), bench.now()).expect("a run");
    assert_eq!(bench.execute().await.expect("a run"), RunState::Done);
    let refused = bench.journal.run(&waiting.0, bench.now().plus(Duration::from_secs(120))).expect("the run");
    assert_eq!((refused.state, bench.fake.calls()), (RunState::Refused, 1));
}

#[tokio::test(start_paused = true)]
async fn a_target_that_can_t_be_observed_is_not_changed() {
    let bench = Bench::new(Fake::new(Answer::Accept).unreadable_from(1));
    assert_eq!(bench.execute().await.expect("a run"), RunState::Refused);
    assert_eq!(bench.fake.calls(), 0);
    assert!(bench.view().last_word().contains("access denied"), "{}", bench.view().last_word());
}

#[tokio::test(start_paused = true)]
async fn access_lost_after_the_call_is_unknown_not_failed() {
    let bench = Bench::new(Fake::new(Answer::Accept).unreadable_from(2));
    assert_eq!(bench.execute().await.expect("a run"), RunState::Unknown);
    let word = bench.view().last_word();
    assert!(word.contains("not steady within 120 s") && word.contains("access denied"), "{word}");
}

#[tokio::test(start_paused = true)]
async fn a_rollout_that_fails_fails_the_run() {
    let bench = Bench::new(Fake::new(Answer::Accept).meddled(2, |w| {
        w.deployments[0].rollout = Rollout::Failed;
        w.deployments[0].reason = "ECS deployment circuit breaker: tasks failed to start.".into();
    }));
    assert_eq!(bench.execute().await.expect("a run"), RunState::Failed);
    assert!(bench.view().last_word().contains("circuit breaker"), "{}", bench.view().last_word());
}

#[tokio::test(start_paused = true)]
async fn a_count_that_someone_else_moves_on_is_not_called_done() {
    let bench = Bench::new(Fake::new(Answer::Accept).meddled(2, |w| w.desired = 4));
    assert_eq!(bench.execute().await.expect("a run"), RunState::Failed);
    assert!(bench.view().last_word().contains("no longer 5"), "{}", bench.view().last_word());
    assert_eq!(bench.fake.calls(), 1, "it is not set back");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_never_gets_steady_is_unknown_at_the_deadline() {
    let bench = Bench::new(Fake::new(Answer::Accept).meddled(2, |w| w.deployments[0].rollout = Rollout::InProgress));
    let began = bench.now();
    assert_eq!(bench.execute().await.expect("a run"), RunState::Unknown);
    assert!(bench.now().mono.since(began.mono) < Duration::from_secs(130));
}

#[tokio::test(start_paused = true)]
async fn an_unhealthy_task_is_not_steady() {
    // At the third look all five run, and one is sick; at the fourth it is well.
    let bench = Bench::new(Fake::new(Answer::Accept).meddled(3, |w| w.tasks[0].health = "UNHEALTHY".into()));
    assert_eq!(bench.execute().await.expect("a run"), RunState::Done);
    let said: Vec<_> = bench.entries().iter().rev().take(2).map(Entry::sentence).collect();
    assert_eq!(said, ["done: 5 of 5 running, 0 pending", "5 of 5 running, 0 pending, 1 unhealthy"]);
}

#[tokio::test(start_paused = true)]
async fn an_observation_that_took_too_long_is_refused_before_anything_begins() {
    let bench = Bench::new(Fake::new(Answer::Accept).slow(Duration::from_secs(6)));
    assert_eq!(bench.execute().await.expect("a run"), RunState::Refused);
    assert_eq!(bench.fake.calls(), 0);
    assert_eq!(bench.kinds(), ["approved", "taken", "refused"]);
    let word = bench.view().last_word();
    assert!(word.contains("observing took 6 s") && word.contains("nothing was sent"), "{word}");
}

/// The machine of this executor slept past its lease, and somebody planned on from another process meanwhile.
async fn swept_while_it_looks(bench: &Bench) -> RunState {
    let sweep = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let later = bench.now().plus(Duration::from_secs(60));
        bench.journal.approve(approved_at(6, later), later).expect("another run");
    };
    let (ended, ()) = tokio::join!(bench.execute(), sweep);
    ended.expect("a refused run is no error")
}

#[tokio::test(start_paused = true)]
async fn an_executor_that_was_swept_up_while_it_slept_ends_as_refused_and_sends_nothing() {
    // One would begin when it wakes, the other would refuse by itself.
    let drifts = Fake::new(Answer::Accept).slow(Duration::from_secs(3)).meddled(0, |found| found.desired = 9);
    for fake in [Fake::new(Answer::Accept).slow(Duration::from_secs(3)), drifts] {
        let bench = Bench::new(fake);
        assert_eq!(swept_while_it_looks(&bench).await, RunState::Refused);
        assert_eq!((bench.fake.calls(), bench.fake.effects()), (0, 0));
        assert_eq!(bench.kinds(), ["approved", "taken", "refused"]);
    }
}
