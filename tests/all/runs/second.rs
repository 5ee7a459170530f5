//! A second person, where two are wanted; and break-glass: through the real binary on the simulated fleet.

use super::process::Fleet;

fn two() -> Fleet {
    Fleet::with("approval = \"two_person\"")
}

/// Plans 2 → 4, which waits: the file and the digest.
fn waiting(fleet: &Fleet, name: &str) -> (String, String) {
    let file = fleet.path(name);
    let (code, plan) = fleet.json(&["plan", "scale", "rtech-app", "desired=4", "--out", &file, "--output", "json"]);
    assert_eq!((code, &plan["decision"]), (4, &"deny".into()), "{plan}");
    (file, plan["digest"].as_str().expect("a digest").to_owned())
}

/// `approve` as somebody; the exit code and what it said.
fn approve(fleet: &Fleet, user: &str, digest: &str, confirm: &str) -> (i32, String) {
    let mut command = fleet.command(&["approve", digest, "--confirm", confirm]);
    for name in ["SUDO_USER", "LOGNAME", "USER"] {
        command.env(name, user);
    }
    let output = command.output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap_or(-1), text)
}

fn apply(fleet: &Fleet, file: &str) -> (i32, String) {
    fleet.run(&["apply", file, "--confirm", "rtech-app"])
}

#[test]
fn a_plan_that_two_must_want_is_applied_when_another_person_agreed_to_that_very_plan() {
    let fleet = two();
    let (file, digest) = waiting(&fleet, "plan.json");
    let (code, text) = apply(&fleet, &file);
    assert_eq!((code, fleet.effects()), (4, 0), "{text}");
    assert!(text.contains("waits for a second person"), "{text}");
    let (code, text) = approve(&fleet, "second", &digest, "rtech-search");
    assert_eq!(code, 4, "another name is no yes: {text}");
    let (code, text) = approve(&fleet, "second", &digest[..12], "rtech-app");
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("2 → 4") && text.contains("agreed, until"), "{text}");
    let (code, text) = apply(&fleet, &file);
    assert_eq!((code, fleet.effects()), (0, 1), "{text}");
    let (_, listed) = fleet.json(&["runs", "list", "--output", "json"]);
    let (_, shown) =
        fleet.json(&["runs", "show", listed["runs"][0]["id"].as_str().expect("an id"), "--output", "json"]);
    let evidence = shown["run"]["records"][0].to_string();
    assert!(evidence.contains("second@") && evidence.contains("agreed at"), "who agreed is journalled: {evidence}");
}

#[test]
fn the_one_who_made_a_plan_can_t_agree_to_it_and_a_yes_to_another_plan_is_none() {
    let fleet = two();
    let (file, digest) = waiting(&fleet, "plan.json");
    let output = fleet.command(&["approve", &digest, "--confirm", "rtech-app"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert_eq!(approve(&fleet, "second", &digest, "rtech-app").0, 0);
    let (later, other) = waiting(&fleet, "later.json");
    assert_ne!(digest, other);
    let (code, text) = apply(&fleet, &later);
    assert_eq!((code, fleet.effects()), (4, 0), "{text}");
    let (code, text) = approve(&fleet, "second", "deadbeef", "rtech-app");
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("no plan `deadbeef` waits"), "{text}");
    assert_eq!(apply(&fleet, &file).0, 0, "the first one still holds");
}

#[test]
fn a_yes_is_void_when_the_target_changes() {
    let fleet = two();
    let (file, digest) = waiting(&fleet, "plan.json");
    assert_eq!(approve(&fleet, "second", &digest, "rtech-app").0, 0);
    fleet.scale_by_hand("rtech-app", 3);
    let (code, text) = apply(&fleet, &file);
    assert_eq!((code, fleet.effects()), (4, 1), "{text}");
    assert!(text.contains("desired count: 2 → 3"), "{text}");
    let (code, text) = approve(&fleet, "third", &digest, "rtech-app");
    assert_eq!(code, 4, "nobody agrees to what is no longer so: {text}");
}

#[test]
fn a_plan_that_may_not_be_done_anyway_is_not_shown_to_a_second_person() {
    let fleet = two();
    let plan = ["plan", "scale", "rtech-app", "desired=9", "--output", "json"];
    let (code, beyond) = fleet.json(&plan);
    let denied =
        beyond["verdicts"].as_array().expect("verdicts").iter().filter(|verdict| verdict["decision"] == "deny");
    assert_eq!((code, denied.count()), (4, 2), "by the caps and for want of a second person: {beyond}");
    let (code, text) = approve(&fleet, "second", beyond["digest"].as_str().expect("a digest"), "rtech-app");
    assert!(code == 2 && text.contains("waits"), "{code} {text}");
}

const FREEZE: &str = "freeze = [{ name = \"peak\", reason = \"orders\", time_zone = \"UTC\", \
                      from = \"2020-01-01T00:00\", to = \"2120-01-01T00:00\" }]";

#[test]
fn break_glass_goes_through_one_guard_and_stands_in_the_journal_with_its_reason() {
    let fleet = Fleet::with(FREEZE);
    let file = fleet.path("plan.json");
    let plan = ["plan", "scale", "rtech-app", "desired=4", "--out", &file];
    let (code, text) = fleet.run(&plan);
    assert_eq!(code, 4, "{text}");
    let glass = ["--break-glass", "freeze", "--reason", "checkout is down"];
    let (code, text) = fleet.run(&[&plan[..], &glass[..]].concat());
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("SKIPPED by break-glass (checkout is down)"), "{text}");
    let apply = ["apply", &file, "--confirm", "rtech-app"];
    let (code, text) = fleet.run(&apply);
    assert_eq!((code, fleet.effects()), (4, 0), "it is said again where it is done: {text}");
    let (code, text) = fleet.run(&[&apply[..], &glass[..]].concat());
    assert_eq!((code, fleet.effects()), (0, 1), "{text}");
    let (_, listed) = fleet.json(&["runs", "list", "--output", "json"]);
    let (_, text) = fleet.run(&["runs", "show", listed["runs"][0]["id"].as_str().expect("an id")]);
    assert!(text.contains("skipping freeze: checkout is down"), "{text}");
}

#[test]
fn break_glass_names_a_guard_that_may_be_skipped_and_a_reason() {
    let fleet = Fleet::new();
    for (skip, says) in [
        (&["--break-glass", "account", "--reason", "checkout is down"][..], "`account` is never skipped"),
        (&["--break-glass", "freze", "--reason", "checkout is down"][..], "guards that may be skipped: "),
        (&["--break-glass", "freeze", "--reason", "now"][..], "the reason is too short"),
        (&["--break-glass", "freeze"][..], "--reason"),
    ] {
        let (code, text) = fleet.run(&[&["plan", "scale", "rtech-app", "desired=4"][..], skip].concat());
        assert_eq!(code, 2, "{skip:?}: {text}");
        assert!(text.contains(says), "{skip:?}: {text}");
    }
    assert_eq!(fleet.effects(), 0);
}
