//! The rules, one by one.

use std::sync::Arc;

use quarterdeck::executor::shared::{Lost, NotTaken};

use super::memory::{Host, Memory, TARGET, Way, now};

fn two() -> (Arc<Memory>, Host, Host) {
    let memory = Arc::new(Memory::default());
    // Their clocks are a day apart: it must not matter.
    let hosts = (Host::new(&memory, "bastion-1", 0), Host::new(&memory, "bastion-2", 86_400));
    (memory, hosts.0, hosts.1)
}

fn refusal(taken: Result<quarterdeck::executor::shared::Held, NotTaken>) -> String {
    taken.expect_err("refused").to_string()
}

#[test]
fn one_host_holds_and_the_other_is_told_who_since_when_and_what() {
    let (_, first, second) = two();
    first.take("run-1", 0).expect("free");
    let told = refusal(second.take("run-2", 1));
    for part in ["run run-1", "ada", "bastion-1", "2026-01-01T00:16:40", "scale", "61 s"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn the_epoch_grows_with_each_taking_and_never_repeats_even_in_a_table_that_was_made_anew() {
    let (memory, first, second) = two();
    let mut epochs = Vec::new();
    for (round, host) in [&first, &second, &first, &second].into_iter().enumerate() {
        let run = format!("run-{round}");
        epochs.push(host.take(&run, 0).expect("free").epoch());
        now(host.shared.finish(TARGET, &run, true)).expect("told");
    }
    assert_eq!(epochs, [1, 2, 3, 4]);
    memory.forget_all();
    assert_eq!(second.take("run-9", 0).expect("free").epoch(), 5);
}

#[test]
fn a_holder_that_renews_is_never_taken_over_and_one_that_stands_still_for_a_term_is() {
    let (_, first, second) = two();
    let mut held = first.take("run-1", 0).expect("free");
    for at in (0..600).step_by(30) {
        now(first.shared.renew(&mut held, &first.at(at))).expect("renewed");
        assert!(second.take("run-2", at).is_err(), "at {at}");
        assert!(second.take("run-2", at + 29).is_err(), "at {at}");
    }
    second.take("run-2", 569).expect_err("it stood still for 0 s as far as we know");
    assert!(second.take("run-2", 629).is_err());
    assert_eq!(second.take("run-2", 630).expect("gone").epoch(), 2);
    let lost = now(first.shared.renew(&mut held, &first.at(600))).expect_err("lost");
    assert!(matches!(&lost, Lost::Taken(by) if by.contains("run-2") && by.contains("bastion-2")), "{lost}");
}

#[test]
fn a_holder_that_slept_for_a_term_has_lost_the_lease_though_nobody_took_it() {
    let (_, first, _) = two();
    let mut held = first.take("run-1", 0).expect("free");
    assert_eq!(now(first.shared.begin(&mut held, 0, &first.at(60))), Err(Lost::Over));
    assert_eq!(now(first.shared.renew(&mut held, &first.at(61))), Err(Lost::Over), "for good");
}

#[test]
fn a_write_whose_answer_was_lost_is_still_ours_at_the_next() {
    let (_, first, _) = two();
    let mut held = first.take("run-1", 0).expect("free");
    first.link.set(Way::Deaf);
    assert!(matches!(now(first.shared.renew(&mut held, &first.at(5))), Err(Lost::Unreachable(_))));
    first.link.set(Way::Up);
    now(first.shared.begin(&mut held, 0, &first.at(10))).expect("it is found by reading again");
}

#[test]
fn a_table_that_does_not_answer_is_no_lease() {
    let (_, first, second) = two();
    for way in [Way::Cut, Way::Deaf] {
        first.link.set(way);
        assert!(matches!(first.take("run-1", 0), Err(NotTaken::Unreachable(_))), "{way:?}");
    }
    second.link.set(Way::Cut);
    assert!(now(second.shared.others(TARGET, &second.at(0))).is_err(), "the guard has no evidence");
}

#[test]
fn a_run_that_died_after_it_set_out_blocks_every_other_host_until_its_own_host_settles_it() {
    let (_, first, second) = two();
    let mut held = first.take("run-1", 0).expect("free");
    now(first.shared.begin(&mut held, 0, &first.at(1))).expect("begun");
    drop(held);
    let others = now(second.shared.others(TARGET, &second.at(2))).expect("asked");
    assert_eq!(others.iter().map(|run| (run.id.as_str(), run.unknown)).collect::<Vec<_>>(), [("run-1", false)]);
    let others = now(second.shared.others(TARGET, &second.at(3_600))).expect("asked");
    assert_eq!(others.iter().map(|run| (run.id.as_str(), run.unknown)).collect::<Vec<_>>(), [("run-1", true)]);
    assert!(others[0].by.as_str().contains("bastion-1"), "{}", others[0].by);
    let told = refusal(second.take("run-2", 7_200));
    assert!(told.contains("run-1") && told.contains("unknown") && told.contains("bastion-1"), "{told}");
    now(first.shared.finish(TARGET, "run-1", true)).expect("told");
    assert!(now(second.shared.others(TARGET, &second.at(7_201))).expect("asked").is_empty());
    second.take("run-2", 7_202).expect("settled");
}

#[test]
fn a_run_of_unknown_outcome_gives_the_lease_back_and_stays_open() {
    let (_, first, second) = two();
    let mut held = first.take("run-1", 0).expect("free");
    now(first.shared.begin(&mut held, 0, &first.at(1))).expect("begun");
    now(first.shared.finish(TARGET, "run-1", false)).expect("told");
    let others = now(second.shared.others(TARGET, &second.at(2))).expect("asked");
    assert_eq!(others.iter().map(|run| run.unknown).collect::<Vec<_>>(), [true], "at once: nobody holds it");
    assert!(refusal(second.take("run-2", 3)).contains("unknown"));
}

#[test]
fn a_host_does_not_settle_what_is_another_hosts() {
    let (_, first, second) = two();
    let mut held = first.take("run-1", 0).expect("free");
    now(first.shared.begin(&mut held, 0, &first.at(1))).expect("begun");
    now(second.shared.finish(TARGET, "run-1", true)).expect("nothing to tell");
    assert!(refusal(second.take("run-2", 3_600)).contains("unknown"));
}

#[test]
fn a_row_that_nobody_can_read_blocks() {
    let (_, first, _) = two();
    let key = quarterdeck::executor::shared::Key { kind: "lease", id: TARGET };
    now(quarterdeck::executor::shared::Table::put(&*first.link, key, "[]".to_owned(), 0)).expect("written");
    let told = refusal(first.take("run-1", 0));
    assert!(told.contains("can't be read") && told.contains("newer Quarterdeck"), "{told}");
}
