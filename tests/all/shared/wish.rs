//! Asking the holder of a target on another host for it.

use std::sync::Arc;

use quarterdeck::executor::handover::Handover;
use quarterdeck::executor::journal::RunId;
use quarterdeck::executor::shared::{NotAsked, TERM, Wish};

use super::memory::{Host, Memory, TARGET, Way, now};
use crate::runs::fixture::operator;

/// A holder, and somebody on another host.
fn two() -> (Host, Host) {
    let memory = Arc::new(Memory::default());
    (Host::new(&memory, "bastion-1", 0), Host::new(&memory, "bastion-2", 777))
}

fn ask(host: &Host, run: &str, user: &str, at: u64) -> Result<String, NotAsked> {
    let asked = now(host.shared.ask(run, &operator(user), &"checkout fails".into(), &host.at(at)));
    asked.map(|holder| holder.run)
}

fn wish(host: &Host, run: &str) -> Option<Wish> {
    now(host.shared.wish(TARGET, run)).expect("asked")
}

#[test]
fn the_holder_of_a_run_is_asked_by_its_beginning_or_end_and_hears_who_and_why() {
    let (first, second) = two();
    assert!(matches!(ask(&second, "run-1", "eve", 0), Err(NotAsked::NoRun(_))), "nobody holds anything");
    let _held = first.take("run-1", 1).expect("free");
    assert_eq!(wish(&first, "run-1"), None);
    assert_eq!(ask(&second, "run", "eve", 2).expect("asked"), "run-1");
    assert_eq!(ask(&second, "-1", "eve", 2).expect("asked"), "run-1");
    let heard = wish(&first, "run-1").expect("a wish");
    assert_eq!((heard.by, heard.reason.as_str(), heard.granted), (operator("eve"), "checkout fails", None));
    assert!(heard.host.starts_with("bastion-2/"), "{}", heard.host);
    assert_eq!(wish(&first, "run-2"), None, "it is that run's alone");
    let listed = now(second.shared.list(&second.at(3))).expect("listed");
    assert_eq!(listed[0].wish.as_ref().map(|wish| &wish.by), Some(&operator("eve")));
}

#[test]
fn a_later_wish_takes_an_earlier_one_s_place_unless_that_one_was_granted() {
    let (first, second) = two();
    let _held = first.take("run-1", 0).expect("free");
    ask(&second, "run-1", "eve", 1).expect("asked");
    ask(&second, "run-1", "mallory", 2).expect("asked");
    assert_eq!(wish(&first, "run-1").map(|wish| wish.by), Some(operator("mallory")));
    let heard = |user: &str, at: u64| {
        let (by, reason, at) = (operator(user), "checkout fails".into(), second.at(at)().wall);
        Handover { run: RunId("run-1".to_owned()), by, reason, at, granted: None }
    };
    now(first.shared.grant(TARGET, &heard("eve", 1), first.at(3)().wall)).expect("told");
    assert_eq!(wish(&first, "run-1").and_then(|wish| wish.granted), None, "it was eve's that was granted");
    now(first.shared.grant(TARGET, &heard("mallory", 2), first.at(4)().wall)).expect("told");
    assert_eq!(wish(&second, "run-1").and_then(|wish| wish.granted), Some(first.at(4)().wall));
    let refused = ask(&second, "run-1", "eve", 5).expect_err("it is gone");
    assert!(matches!(&refused, NotAsked::Granted { to, .. } if *to == operator("mallory")), "{refused}");
    now(first.shared.finish(TARGET, "run-1", true)).expect("told");
    let listed = now(second.shared.list(&second.at(6))).expect("listed");
    assert!(
        listed[0].slot.held.is_none() && listed[0].wish.is_some(),
        "it is told that the target is free: {listed:?}"
    );
    let _held = first.take("run-2", 6).expect("free");
    ask(&second, "run-2", "eve", 7).expect("the next run may be asked for anew");
}

#[test]
fn a_wish_does_not_make_a_holder_that_is_gone_look_alive() {
    let (first, second) = two();
    let mut held = first.take("run-1", 0).expect("free");
    second.take("run-2", 0).expect_err("held");
    for at in 1..TERM.as_secs() {
        ask(&second, "run-1", "eve", at).expect("asked");
    }
    let gone = ask(&second, "run-1", "eve", TERM.as_secs()).expect_err("gone");
    assert!(gone.to_string().contains("nobody to ask"), "{gone}");
    second.take("run-2", TERM.as_secs()).expect("it stood still for a term");
    assert!(now(first.shared.renew(&mut held, &first.at(1))).is_err());
}

#[test]
fn asking_a_table_that_is_cut_off_or_deaf_is_told_as_not_known() {
    let (first, second) = two();
    let _held = first.take("run-1", 0).expect("free");
    for way in [Way::Cut, Way::Deaf] {
        second.link.set(way);
        assert!(matches!(ask(&second, "run-1", "eve", 1), Err(NotAsked::Table(_))), "{way:?}");
    }
}
