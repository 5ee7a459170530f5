//! The executor with shared leases: what it sends when the table is there, is cut off, or another host was faster.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::executor::journal::{Journal, RunState};
use quarterdeck::executor::shared::{FRESH, Hold, SharedLeases, TERM};

use super::memory::{Link, Memory, TARGET, Way, now};
use crate::recovery::fake::{Answer, Bench, Fake};

/// A host with one approved run, whose journal shares its leases over this link.
fn host(memory: &Arc<Memory>, answer: Answer) -> (Bench, Journal, Arc<Link>) {
    let bench = Bench::new(Fake::new(answer));
    let link = Link::new(memory);
    let shared = SharedLeases::new(link.clone(), bench.journal.store().clone(), "bastion-1").expect("leases");
    let journal = bench.journal.clone().with_shared(Some(Arc::new(shared)));
    (bench, journal, link)
}

async fn execute(bench: &Bench, journal: &Journal) -> RunState {
    bench.execute_on(journal).await.expect("a run")
}

#[tokio::test(start_paused = true)]
async fn a_run_takes_both_leases_tells_the_table_gives_both_back_and_anchors_the_journal() {
    let memory = Arc::new(Memory::default());
    let (bench, journal, _) = host(&memory, Answer::Accept);
    assert_eq!(execute(&bench, &journal).await, RunState::Done);
    let shared = journal.shared().expect("shared");
    assert!(now(shared.list(&|| bench.now())).expect("listed").is_empty(), "nothing is held, nothing is open");
    let head = now(shared.head(shared.host())).expect("read").expect("anchored");
    assert_eq!(head.sequence, bench.view().records.last().expect("a record").sequence);
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_table_is_a_refusal_before_anything_was_sent() {
    let memory = Arc::new(Memory::default());
    for way in [Way::Cut, Way::Deaf] {
        let (bench, journal, link) = host(&memory, Answer::Accept);
        link.set(way);
        assert_eq!(execute(&bench, &journal).await, RunState::Refused, "{way:?}");
        assert_eq!((bench.fake.calls(), bench.fake.effects()), (0, 0));
        assert!(bench.view().last_word().contains("no answer in time"), "{}", bench.view().last_word());
    }
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_is_cut_off_after_taking_sends_nothing() {
    let memory = Arc::new(Memory::default());
    let (bench, journal, link) = host(&memory, Answer::Accept);
    link.cut_after(1);
    assert_eq!(execute(&bench, &journal).await, RunState::Failed);
    assert_eq!(bench.fake.calls(), 0);
    let word = bench.view().last_word();
    assert!(word.contains("no answer in time") && word.contains("nothing was sent"), "{word}");
}

#[tokio::test(start_paused = true)]
async fn of_two_hosts_one_sends_and_the_other_is_refused() {
    let memory = Arc::new(Memory::default());
    let ((first, journal), (second, other)) = {
        let (first, journal, _) = host(&memory, Answer::Accept);
        let (second, other, _) = host(&memory, Answer::Accept);
        ((first, journal), (second, other))
    };
    let (one, two) = tokio::join!(execute(&first, &journal), execute(&second, &other));
    let states = [one, two];
    assert!(states.contains(&RunState::Done) && states.contains(&RunState::Refused), "{states:?}");
    assert_eq!(first.fake.calls() + second.fake.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_executor_died_in_its_call_blocks_the_target_on_other_hosts_until_it_is_settled() {
    let memory = Arc::new(Memory::default());
    let (dying, journal, _) = host(&memory, Answer::Hang);
    let died = tokio::time::timeout(Duration::from_secs(3), dying.execute_on(&journal)).await;
    assert!(died.is_err() && dying.fake.calls() == 1);
    tokio::time::advance(TERM * 10).await;
    let (other, theirs, _) = host(&memory, Answer::Accept);
    assert_eq!(execute(&other, &theirs).await, RunState::Refused);
    assert!(other.view().last_word().contains(&dying.run.0), "{}", other.view().last_word());
    let seen = now(theirs.shared().expect("shared").others(TARGET, &|| other.now().plus(TERM))).expect("asked");
    assert_eq!(seen.iter().map(|run| (run.id.clone(), run.unknown)).collect::<Vec<_>>(), [(dying.run.0.clone(), true)]);
    let later = dying.now().plus(TERM);
    let by = crate::runs::fixture::operator("ada");
    journal.resolve(&dying.run, by, "the change does not show".into(), later).expect("settled");
    now(journal.shared().expect("shared").finish(TARGET, &dying.run.0, true)).expect("told");
    assert!(now(theirs.shared().expect("shared").others(TARGET, &|| other.now())).expect("asked").is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_the_table_was_not_told_is_told_at_the_next_look_from_its_host() {
    let memory = Arc::new(Memory::default());
    let (bench, journal, link) = host(&memory, Answer::Accept);
    // Taken and begun; then, while it is watched, the link is cut.
    link.cut_after(2);
    assert_eq!(execute(&bench, &journal).await, RunState::Done);
    let (other, theirs, _) = host(&memory, Answer::Accept);
    let seen = now(theirs.shared().expect("shared").others(TARGET, &|| other.now())).expect("asked");
    assert_eq!(seen.len(), 1, "other hosts can't know yet");
    link.set(Way::Up);
    link.cut_after(100);
    assert!(now(journal.shared().expect("shared").others(TARGET, &|| bench.now())).expect("asked").is_empty());
    let seen = now(theirs.shared().expect("shared").others(TARGET, &|| other.now())).expect("asked");
    assert!(seen.is_empty(), "{seen:?}");
}

/// What a process that was stopped finds when it goes on: time has passed, and nobody was asked.
#[tokio::test(start_paused = true)]
async fn the_last_look_refuses_once_what_is_left_of_the_term_does_not_cover_a_call() {
    let memory = Arc::new(Memory::default());
    let (bench, journal, _) = host(&memory, Answer::Accept);
    let taken = journal.take(&bench.run, 1, bench.now()).expect("a journal").expect("a lease");
    let clock = || bench.now();
    let hold = Hold::new(journal.shared(), &taken, &clock);
    assert!(hold.look(bench.now()).is_some(), "nothing is held yet");
    hold.take().await.expect("free");
    hold.begin(0).await.expect("begun");
    assert_eq!(hold.look(bench.now().plus(FRESH)), None);
    let reason = hold.look(bench.now().plus(FRESH + Duration::from_secs(1))).expect("too old");
    assert!(reason.contains("renewed 21 s ago"), "{reason}");
    tokio::time::advance(TERM).await;
    assert!(hold.begin(0).await.expect_err("lost").contains("ran out"));
    hold.beat().await;
    assert!(hold.look(bench.now()).expect("lost").contains("ran out"), "a heartbeat does not bring it back");
}

#[tokio::test(start_paused = true)]
async fn a_run_without_shared_leases_asks_nobody() {
    let bench = Bench::new(Fake::new(Answer::Accept));
    assert!(bench.journal.shared().is_none());
    assert_eq!(execute(&bench, &bench.journal).await, RunState::Done);
}
