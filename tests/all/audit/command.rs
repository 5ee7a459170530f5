//! The real binary: exit codes, what it prints, and an anchor that a real run writes.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use quarterdeck::simulator::demo::demo_text;
use serde_json::Value;
use tempfile::TempDir;

use super::fixture::Scene;
use crate::harness::{quarterdeck, stdout};

/// A configuration of the simulated fleet, whose state is a scene's.
struct Place {
    scene: Scene,
}

impl Place {
    fn new(scene: Scene, more: &str) -> Self {
        let text = demo_text("overload", 1, &scene.state()) + more;
        fs::write(scene.dir.path().join("quarterdeck.toml"), text).expect("a configuration");
        Self { scene }
    }

    fn anchored(scene: Scene) -> Self {
        let more = format!("\n[audit]\nanchor = \"{}\"\n", scene.anchor.path().display());
        Self::new(scene, &more)
    }

    fn path(&self, name: &str) -> String {
        self.scene.dir.path().join(name).to_string_lossy().into_owned()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let config = self.path("quarterdeck.toml");
        quarterdeck(&[&["--config", config.as_str()], arguments].concat(), &[])
    }

    fn code(&self, arguments: &[&str]) -> Option<i32> {
        self.run(arguments).status.code()
    }

    fn json(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let output = self.run(arguments);
        (output.status.code(), serde_json::from_slice(&output.stdout).expect("JSON alone on standard output"))
    }
}

#[test]
fn exit_codes_tell_whole_from_altered_from_unreadable_from_wrongly_asked() {
    let place = Place::new(Scene::of(6), "");
    let anchor = place.scene.anchor.path().to_string_lossy().into_owned();
    let (export, database) = (place.path("out.jsonl"), place.scene.file().to_string_lossy().into_owned());
    assert_eq!(place.code(&["audit", "verify"]), Some(0));
    assert_eq!(place.code(&["audit", "verify", &database]), Some(0));
    assert_eq!(place.code(&["audit", "export", "--output", &export]), Some(0));
    assert_eq!(place.code(&["audit", "verify", &export, "--anchor", &anchor]), Some(0));
    assert_eq!(place.code(&["audit", "verify", "--anchor", "/nowhere/anchor"]), Some(3));
    assert_eq!(place.code(&["audit", "verify", "/nowhere/export"]), Some(3));
    assert_eq!(place.code(&["audit", "verify", &place.path("quarterdeck.toml")]), Some(3));
    assert_eq!(place.code(&["audit", "verify", "--output", "xml"]), Some(2));
    assert_eq!(place.code(&["audit", "export", "--run", "20200101-000000-beef"]), Some(2));
    assert_eq!(place.code(&["audit", "export", "--output", &export]), Some(2), "never written over");
    place.scene.attack(|raw| {
        raw.execute("UPDATE records SET at = '2026-02-02T02:02:02Z' WHERE sequence = 4", []).expect("altered");
    });
    let output = place.run(&["audit", "verify"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(5), "{text}");
    assert!(
        text.contains("NOT WHOLE") && text.contains("altered, record 4, run ") && text.contains("next: "),
        "{text}"
    );
}

#[test]
fn a_journal_that_is_not_there_is_not_made() {
    let place = Place::new(Scene::new(), "");
    assert_eq!(place.code(&["audit", "verify"]), Some(3));
    assert_eq!(place.code(&["audit", "export"]), Some(3));
    assert!(!place.scene.file().exists());
}

#[test]
fn json_tells_the_faults_with_their_place() {
    let place = Place::new(Scene::of(3), "");
    let (code, value) = place.json(&["audit", "verify", "--output", "json"]);
    assert_eq!((code, &value["whole"]), (Some(0), &Value::Bool(true)), "{value:#}");
    assert_eq!(value["schema"], "quarterdeck.audit-verify/1");
    place.scene.attack(|raw| {
        raw.execute("DELETE FROM records WHERE sequence = 3", []).expect("deleted");
    });
    let (code, value) = place.json(&["audit", "verify", "--output", "json"]);
    assert_eq!((code, &value["whole"]), (Some(5), &Value::Bool(false)));
    assert_eq!(
        (&value["faults"][0]["kind"], &value["faults"][0]["sequence"]),
        (&"missing".into(), &3.into()),
        "{value:#}"
    );
}

#[test]
fn what_the_console_s_configuration_anchors_is_verified_against_it() {
    let place = Place::anchored(Scene::of(3));
    let text = stdout(&place.run(&["audit", "verify"]));
    assert!(text.contains(" anchored heads") && text.contains("the journal's own file system"), "{text}");
    let anchor: PathBuf = place.scene.anchor.path().to_owned();
    let lines = fs::read_to_string(&anchor).expect("an anchor");
    fs::write(&anchor, lines.lines().take(1).map(|line| format!("{line}\n")).collect::<String>()).expect("written");
    let output = place.run(&["audit", "verify"]);
    assert_eq!(output.status.code(), Some(5), "{}", stdout(&output));
}

#[test]
fn a_real_run_is_anchored_and_tells_who_from_where_what_was_shown_sent_and_found() {
    let place = Place::anchored(Scene::new());
    let plan = place.path("plan.json");
    let config = place.path("quarterdeck.toml");
    let from = [("SSH_CONNECTION".to_owned(), "203.0.113.9 50022 10.0.0.1 22".to_owned())];
    let planned = place.run(&["plan", "scale", "rtech-app", "desired=4", "--out", &plan]);
    assert_eq!(planned.status.code(), Some(0), "{}", stdout(&planned));
    let applied = quarterdeck(&["--config", &config, "apply", &plan, "--confirm", "rtech-app"], &from);
    assert_eq!(applied.status.code(), Some(0), "{}", stdout(&applied));
    let verified = place.run(&["audit", "verify"]);
    assert_eq!(verified.status.code(), Some(0), "{}", stdout(&verified));
    assert!(stdout(&verified).contains("2 anchored heads"), "{}", stdout(&verified));
    let export = stdout(&place.run(&["audit", "export"]));
    let lines: Vec<Value> = export.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let shown = &lines[1]["entry"];
    assert_eq!(shown["by"]["from"], "203.0.113.9");
    for key in ["user", "host", "terminal"] {
        assert!(shown["by"][key].as_str().is_some_and(|word| !word.is_empty()), "{key}: {shown:#}");
    }
    // All that the confirmation is drawn from: the plan with its evidence, and every guard's verdict.
    let file: Value = serde_json::from_str(&fs::read_to_string(&plan).expect("a plan")).expect("JSON");
    for key in ["changes", "steps", "undo", "fingerprint", "target_arn", "account", "region", "expires"] {
        assert_eq!(shown["plan"][key], file["plan"][key], "{key}");
    }
    assert!(shown["plan"]["observation"]["identity"]["arn"].as_str().is_some_and(|arn| arn.starts_with("arn:")));
    let guards = |value: &Value| -> Vec<String> {
        value.as_array().expect("verdicts").iter().map(|verdict| verdict["guard"].to_string()).collect()
    };
    assert_eq!(guards(&shown["verdicts"]), guards(&file["verdicts"]));
    for entry in ["taken", "started", "accepted", "done"] {
        assert!(lines.iter().any(|line| line["entry"]["entry"] == entry), "{entry}: {export}");
    }
}

#[test]
fn a_copy_elsewhere_is_verified_by_its_name() {
    let place = Place::new(Scene::of(2), "");
    let elsewhere = TempDir::new().expect("a directory");
    let copy = elsewhere.path().join("evidence.db");
    fs::write(&copy, place.scene.copy()).expect("a copy");
    assert_eq!(place.code(&["audit", "verify", &copy.to_string_lossy()]), Some(0));
}
