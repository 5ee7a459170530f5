//! Handing a target over: asked for, granted by the one who holds it, and obeyed before the next call.

use std::process::{Child, Stdio};

use quarterdeck::executor::journal::{Entry, Record, RunState, RunView};

use super::process::Fleet;

/// Shifts traffic in two steps, far apart: the run, once its first step is steady.
fn between_two_steps(fleet: &Fleet) -> (Child, RunView) {
    let file = fleet.path("plan.json");
    let shift = ["shift_traffic", "rtech-app", "to=rtech-app-green", "steps=50,100", "bake=10m"];
    let (code, text) = fleet.run(&[&["plan"], &shift[..], &["--out", &file]].concat());
    assert_eq!(code, 0, "{text}");
    let apply =
        fleet.command(&["apply", &file, "--confirm", "rtech-app"]).stdout(Stdio::null()).spawn().expect("it runs");
    let settled = |view: &RunView| view.records.iter().any(|record| matches!(record.entry, Entry::Settled { .. }));
    (apply, fleet.wait("the first step is steady", settled))
}

/// `quarterdeck lease …` as somebody.
fn lease(fleet: &Fleet, user: &str, arguments: &[&str]) -> (i32, String) {
    let mut command = fleet.command(&[&["lease"], arguments].concat());
    for name in ["SUDO_USER", "LOGNAME", "USER"] {
        command.env(name, user);
    }
    let output = command.output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap_or(-1), text)
}

#[test]
fn a_run_whose_target_is_handed_over_sends_no_further_call_and_says_to_whom_it_went() {
    let fleet = Fleet::new();
    let (mut apply, run) = between_two_steps(&fleet);
    let (id, holder) = (run.id.0.as_str(), run.by.user.to_string());
    let reason = ["ask", id, "--reason", "checkout fails on green"];
    assert_eq!(lease(&fleet, &holder, &["grant", id]).0, 4, "nobody asked yet");
    assert_eq!(lease(&fleet, &holder, &reason).0, 4, "it is one's own");
    let (code, text) = lease(&fleet, "second", &reason);
    assert_eq!(code, 0, "{text}");
    let (code, text) = lease(&fleet, "second", &["grant", id]);
    assert!(code == 4 && text.contains("only they can hand it over"), "{code} {text}");
    let (code, text) = lease(&fleet, &holder, &["grant", id]);
    assert!(code == 0 && text.contains("begins no further step"), "{code} {text}");
    let ended = fleet.wait("it ended", |view| !view.is_open());
    assert_eq!(ended.state, RunState::Failed, "{}", ended.last_word());
    let word = ended.last_word();
    assert!(word.contains("handed over to second@") && word.contains("checkout fails on green"), "{word}");
    assert!(word.contains("step 2 of 2 was not sent"), "{word}");
    assert_eq!(fleet.effects(), 1, "what was begun stays as it is: it is not taken back either");
    assert_eq!(apply.wait().expect("it ended").code(), Some(5));
    let (code, text) = fleet.run(&["plan", "shift_traffic", "rtech-app", "weights=rtech-app:100,rtech-app-green:0"]);
    assert_eq!(code, 0, "the target is free: {text}");
}

#[test]
fn a_wish_that_was_not_granted_stops_nothing() {
    let fleet = Fleet::new();
    let file = fleet.path("plan.json");
    let shift = ["shift_traffic", "rtech-app", "to=rtech-app-green", "steps=50,100", "bake=6s"];
    let (code, text) = fleet.run(&[&["plan"], &shift[..], &["--out", &file]].concat());
    assert_eq!(code, 0, "{text}");
    let mut apply =
        fleet.command(&["apply", &file, "--confirm", "rtech-app"]).stdout(Stdio::null()).spawn().expect("it runs");
    let run = fleet.wait("it runs", |view| view.is_open() && view.records.len() > 1);
    let (code, text) = lease(&fleet, "second", &["ask", &run.id.0, "--reason", "let me"]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(apply.wait().expect("it ended").code(), Some(0));
    assert_eq!(fleet.effects(), 2);
    let (code, text) = lease(&fleet, "second", &["ask", &run.id.0, "--reason", "let me"]);
    assert!(code == 4 && text.contains("is over"), "{code} {text}");
}

/// A restore test at its step `step`, handed over there: how it ended.
fn restore_handed_over_at(step: usize) -> RunView {
    let fleet = Fleet::new();
    let file = fleet.path("plan.json");
    let (code, text) = fleet.run(&["plan", "restore_test", "rtech-mongodb", "--out", &file]);
    assert_eq!(code, 0, "{text}");
    let confirm = ["apply", &file, "--confirm", "rtech-mongodb"];
    let mut apply = fleet.command(&confirm).stdout(Stdio::null()).spawn().expect("it runs");
    let begun = |record: &Record| matches!(record.entry, Entry::Started { step: begun } if begun == step);
    let run = fleet.wait("the step began", |view| view.records.iter().any(begun));
    let (id, holder) = (run.id.0.as_str(), run.by.user.to_string());
    assert_eq!(lease(&fleet, "second", &["ask", id, "--reason", "let me"]).0, 0);
    assert_eq!(lease(&fleet, &holder, &["grant", id]).0, 0);
    let ended = fleet.wait("it ended", |view| !view.is_open());
    apply.wait().expect("it ended");
    let (code, text) = fleet.run(&["plan", "restore_test", "rtech-mongodb"]);
    assert_eq!(code, 0, "no copy is left, and the target is free: {text}");
    ended
}

#[test]
fn a_restore_test_that_is_handed_over_removes_its_copy_first() {
    let ended = restore_handed_over_at(0);
    let word = ended.last_word();
    assert_eq!(ended.state, RunState::Failed, "{word}");
    assert!(word.contains("handed over to second@") && word.contains("it was taken back"), "{word}");
}

#[test]
fn a_copy_s_removal_that_has_begun_goes_on_to_its_end() {
    let ended = restore_handed_over_at(2);
    assert_eq!(ended.state, RunState::Done, "{}", ended.last_word());
}
