//! `quarterdeck undo`: the exact inverse of a run, through the same guards.

use super::process::Fleet;
use quarterdeck::simulator::Fault;

/// Scales 2 → 4; the run's id.
fn scaled(fleet: &Fleet) -> String {
    let (code, answer) = fleet.json(&["apply", &fleet.planned_to(4), "--confirm", "rtech-app", "--output", "json"]);
    assert_eq!(code, 0, "{answer}");
    answer["run"].as_str().expect("an id").to_owned()
}

/// The plan is written and applied as any other.
fn undone(fleet: &Fleet, run: &str) -> String {
    let file = fleet.path("undo.json");
    let (code, text) = fleet.run(&["undo", run, "--out", &file]);
    assert_eq!(code, 0, "{text}");
    let (code, applied) = fleet.run(&["apply", &file, "--confirm", "rtech-app"]);
    assert_eq!(code, 0, "{applied}");
    text
}

#[test]
fn undo_plans_the_exact_inverse_and_the_undo_of_that_is_the_first_again() {
    let fleet = Fleet::new();
    let text = undone(&fleet, &scaled(&fleet));
    assert!(text.contains("desired count") && text.contains("4 → 2"), "{text}");
    let (_, listed) = fleet.json(&["runs", "list", "--output", "json"]);
    let runs = listed["runs"].as_array().expect("runs");
    let newest = runs.iter().max_by_key(|run| run["approved"].as_str()).expect("a run")["id"].as_str().expect("an id");
    let text = undone(&fleet, newest);
    assert!(text.contains("2 → 4"), "{text}");
    assert_eq!(fleet.effects(), 3);
}

#[test]
fn undo_is_judged_by_the_same_guards() {
    let fleet = Fleet::new();
    let run = scaled(&fleet);
    let config = std::fs::read_to_string(fleet.config()).expect("a configuration");
    let frozen = "[[guards.freeze]]\nname = \"peak\"\nreason = \"orders\"\ntime_zone = \"UTC\"\nfrom = \"2020-01-01T00:00\"\n\
                  to = \"2120-01-01T00:00\"\n";
    std::fs::write(fleet.config(), format!("{config}\n{frozen}")).expect("written");
    let (code, text) = fleet.run(&["undo", &run]);
    assert_eq!((code, fleet.effects()), (4, 1), "{text}");
    assert!(text.contains("denied by freeze"), "{text}");
}

#[test]
fn undo_refuses_what_it_could_not_take_back_exactly_and_says_why() {
    let fleet = Fleet::new();
    let first = scaled(&fleet);
    let (code, text) = fleet.run(&["apply", &fleet.planned_to(3), "--confirm", "rtech-app"]);
    assert_eq!(code, 0, "{text}");
    let (code, refused) = fleet.json(&["undo", &first, "--output", "json"]);
    assert_eq!((code, &refused["schema"]), (4, &"quarterdeck.undo/1".into()), "{refused}");
    let reason = refused["refused"].as_str().expect("a reason");
    assert!(reason.contains("changed the same target since") && reason.contains("take that back first"), "{reason}");
    fleet.inject(Fault::Reject);
    let (code, answer) = fleet.json(&["apply", &fleet.planned_to(5), "--confirm", "rtech-app", "--output", "json"]);
    assert_eq!(code, 5, "{answer}");
    let (code, text) = fleet.run(&["undo", answer["run"].as_str().expect("an id")]);
    assert_eq!((code, fleet.effects()), (2, 2), "what the platform refused changed nothing: {text}");
    assert!(text.contains("nothing would change"), "{text}");
    assert_eq!(fleet.run(&["undo", "nope"]).0, 2);
}

#[test]
fn a_run_without_a_way_back_says_so_in_words() {
    let fleet = Fleet::new();
    let file = fleet.path("restart.json");
    assert_eq!(fleet.run(&["plan", "restart", "rtech-search", "--out", &file]).0, 0);
    let (code, answer) = fleet.json(&["apply", &file, "--confirm", "rtech-search", "--output", "json"]);
    assert_eq!(code, 0, "{answer}");
    let (code, text) = fleet.run(&["undo", answer["run"].as_str().expect("an id")]);
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("can't be taken back: there is no undo"), "{text}");
}
