//! Runbooks: what is read, what is refused and with which words, and what the shipped ones keep.

use std::fs;
use std::path::{Path, PathBuf};

use quarterdeck::config::Config;
use quarterdeck::runbook::library::{self, SHIPPED};
use quarterdeck::runbook::parse::{self, LARGEST, MOST_STEPS};
use quarterdeck::runbook::{Check, CheckQuery, Runbook, StepKind};
use quarterdeck::simulator::{demo_config, demo_text};

fn demo() -> Config {
    demo_config("overload", 1, Path::new("/nowhere")).unwrap_or_else(|errors| panic!("{errors}"))
}

fn rtech() -> Config {
    let path = Path::new("examples/rtech/quarterdeck.toml");
    let text = fs::read_to_string(path).unwrap();
    quarterdeck::config::check::parse(&text, path, &|_| None).unwrap_or_else(|errors| panic!("{errors}"))
}

fn files(folder: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

fn parsed(text: &str) -> Result<Runbook, String> {
    parse::parse(text, Path::new("x.md"), "x.md", Some(&demo())).map_err(|errors| errors.to_string())
}

/// Holds a text against the one that is kept beside the runbooks.
fn keep(folder: &str, path: &Path, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(format!("../runbooks/{folder}/told"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(path.file_stem().unwrap().to_str().unwrap(), text));
}

/// A runbook in words: what a reader of it would have to get right.
fn told(runbook: &Runbook) -> String {
    let head = format!(
        "{} · {} · {} · {:?} · {:?} · {}\n{}",
        runbook.id,
        runbook.title,
        runbook.owner,
        runbook.services,
        runbook.alerts,
        runbook.severity,
        runbook.introduction
    );
    let steps = runbook.steps.iter().map(|step| {
        let text: Vec<String> = step.text.iter().map(|text| format!("\n   | {text}")).collect();
        format!("\n{}: {}\n   {:?}{}", step.line, step.title, step.kind, text.join(""))
    });
    format!("{head}{}", steps.collect::<String>())
}

#[test]
fn valid_runbooks_are_read_whole() {
    for path in files("tests/runbooks/valid") {
        let runbook = library::read(&path, Some(&demo())).unwrap_or_else(|errors| panic!("{errors}"));
        keep("valid", &path, &told(&runbook));
    }
}

#[test]
fn invalid_runbooks_are_refused_with_file_line_and_what_is_allowed() {
    for path in files("tests/runbooks/invalid") {
        let errors = library::read(&path, Some(&demo())).expect_err(&path.display().to_string());
        for error in errors.all() {
            assert!(error.place.is_some() || error.message.contains("steps"), "{error}");
        }
        keep("invalid", &path, &errors.to_string());
    }
}

#[test]
fn a_runbook_that_is_too_large_or_too_long_is_refused() {
    let front = "+++\nid = \"x\"\ntitle = \"X\"\nowner = \"o\"\nservices = [\"rtech-app\"]\nseverity = \"page\"\n+++\n";
    let large = format!("{front}\n## Look\n\n{}", "word ".repeat(LARGEST / 5));
    assert!(parsed(&large).unwrap_err().contains("larger than"));
    let steps = |count| format!("{front}{}", (0..count).map(|n| format!("\n## Step {n}\n\nDo.\n")).collect::<String>());
    assert_eq!(parsed(&steps(MOST_STEPS)).unwrap().steps.len(), MOST_STEPS);
    assert!(parsed(&steps(MOST_STEPS + 1)).unwrap_err().contains("51 steps"));
}

#[test]
fn text_of_a_runbook_cannot_act_on_a_terminal() {
    let text = "+++\nid = \"x\"\ntitle = \"X\"\nowner = \"o\"\nservices = [\"rtech-app\"]\nseverity = \"page\"\n+++\n\n## Look\u{1b}[2J\n\nLook \u{202e}here.\n";
    let runbook = parsed(text).unwrap();
    assert_eq!(runbook.steps[0].title.as_str(), "Look\u{fffd}[2J");
    assert_eq!(runbook.steps[0].text[0].as_str(), "Look \u{fffd}here.");
}

#[test]
fn shipped_runbooks_are_clean_for_the_reference_fleet_and_for_the_demo() {
    for config in [rtech(), demo()] {
        let runbooks = library::load(&config).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(runbooks.len(), SHIPPED.len(), "{}", config.environment.name);
        assert!(library::left_out(&config).is_empty());
    }
}

#[test]
fn every_file_in_the_folder_of_shipped_runbooks_is_shipped() {
    let shipped: Vec<PathBuf> = SHIPPED.iter().map(|(file, _)| PathBuf::from(file)).collect();
    assert_eq!(files("runbooks"), shipped);
}

#[test]
fn the_bounds_of_the_shipped_runbook_are_the_objectives_of_the_fleet() {
    for config in [rtech(), demo()] {
        for runbook in library::load(&config).unwrap() {
            for check in runbook.steps.iter().filter_map(latency_check) {
                let CheckQuery::Signal(id) = &check.query else { continue };
                assert_eq!(Some(check.bound), config.signal(id).unwrap().objective, "{}: {id}", runbook.id);
            }
        }
    }
}

fn latency_check(step: &quarterdeck::runbook::Step) -> Option<&Check> {
    match &step.kind {
        StepKind::Check(check) | StepKind::Wait { check, .. } => {
            matches!(&check.query, CheckQuery::Signal(id) if id.signal == "latency_p95").then_some(check)
        }
        _ => None,
    }
}

#[test]
fn a_shipped_runbook_is_left_out_where_its_services_are_not() {
    let mut config = demo();
    config.services.retain(|service| service.name != "rtech-app");
    assert!(library::load(&config).unwrap().is_empty());
    assert_eq!(library::left_out(&config), ["runbooks/scale-out-under-load.md"]);
}

fn with_folder(files: &[(&str, &str)]) -> (tempfile::TempDir, Config) {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    let mut config = demo();
    config.runbook_dirs = vec![dir.path().to_owned()];
    (dir, config)
}

fn own(id: &str) -> String {
    format!(
        "+++\nid = \"{id}\"\ntitle = \"Own\"\nowner = \"o\"\nservices = [\"rtech-app\"]\nseverity = \"page\"\n+++\n\n## Look\n\nLook.\n"
    )
}

#[test]
fn runbooks_of_ones_own_stand_beside_the_shipped_ones() {
    let (_dir, config) =
        with_folder(&[("b.md", &own("b")), ("a.md", &own("a")), ("README.md", "# Words"), ("x.txt", "")]);
    let ids: Vec<String> = library::load(&config).unwrap().iter().map(|runbook| runbook.id.to_string()).collect();
    assert_eq!(ids, ["scale-out-under-load", "a", "b"]);
}

#[test]
fn an_id_that_is_there_twice_is_refused_and_never_takes_a_shipped_ones_place() {
    let (_dir, config) = with_folder(&[("mine.md", &own("scale-out-under-load"))]);
    let errors = library::load(&config).unwrap_err().to_string();
    assert!(errors.contains("mine.md: the id `scale-out-under-load` is there twice"), "{errors}");
    assert!(errors.contains("a shipped runbook has it"), "{errors}");
    let (_dir, config) = with_folder(&[("a.md", &own("same")), ("b.md", &own("same"))]);
    let errors = library::load(&config).unwrap_err().to_string();
    assert!(errors.contains("b.md: the id `same` is there twice") && errors.contains("the first is in "), "{errors}");
}

#[test]
fn a_service_that_names_a_runbook_that_is_not_there_is_an_error() {
    let mut config = demo();
    config.services[0].runbooks.push("scale-in".into());
    let errors = library::load(&config).unwrap_err().to_string();
    assert!(errors.contains("service[rtech-app].runbooks: there is no runbook `scale-in`"), "{errors}");
    assert!(errors.contains("there are: scale-out-under-load"), "{errors}");
}

#[test]
fn a_shipped_runbook_of_another_environment_is_said_to_be_one() {
    let mut config = demo();
    config.services.retain(|service| service.name.as_str() != "rtech-app");
    config.services[0].runbooks = vec!["scale-out-under-load".into()];
    let errors = library::load(&config).unwrap_err().to_string();
    assert!(errors.contains("is shipped, but serves services that this environment does not have"), "{errors}");
}

#[test]
fn a_folder_that_is_not_there_is_an_error_that_names_it() {
    let mut config = demo();
    config.runbook_dirs = vec![PathBuf::from("/nowhere/runbooks")];
    let errors = library::load(&config).unwrap_err().to_string();
    assert!(errors.starts_with("/nowhere/runbooks: the folder of runbooks can't be read"), "{errors}");
}

#[test]
fn the_digest_changes_with_the_text() {
    let (one, other) = (own("a"), own("a").replace("Look.", "Look!"));
    assert_eq!(parsed(&one).unwrap().digest, parsed(&one).unwrap().digest);
    assert_ne!(parsed(&one).unwrap().digest, parsed(&other).unwrap().digest);
    assert_eq!(parsed(&one).unwrap().digest.len(), 64);
}

/// Runs `quarterdeck runbook …` on a calm simulated fleet: exit code and standard output.
fn headless(arguments: &[&str]) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("quarterdeck.toml");
    fs::write(&config, demo_text("calm", 1, dir.path())).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.arg("--config").arg(&config).arg("runbook").args(arguments).stdin(std::process::Stdio::null());
    let done = command.output().unwrap();
    (done.status.code(), String::from_utf8(done.stdout).unwrap())
}

#[test]
fn lint_ends_with_2_when_a_runbook_is_wrong_and_with_0_when_all_are_fine() {
    assert_eq!(headless(&["lint"]), (Some(0), "shipped: scale-out-under-load is fine, 7 steps\n".to_owned()));
    let (code, told) = headless(&["lint", "tests/runbooks/valid/smallest.md", "tests/runbooks/invalid/no-steps.md"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("smallest is fine") && told.contains("no-steps.md: has no steps"), "{told}");
}

#[test]
fn list_and_show_give_versioned_json_alone() {
    let json = |arguments: &[&str]| -> serde_json::Value { serde_json::from_str(&headless(arguments).1).unwrap() };
    let list = json(&["list", "--output", "json"]);
    assert_eq!((&list["schema"], &list["runbooks"][0]["step_count"]), (&"quarterdeck.runbooks/1".into(), &7.into()));
    let shown = json(&["show", "scale-out-under-load", "--output", "json"]);
    assert_eq!(shown["schema"], "quarterdeck.runbook/1");
    assert_eq!(shown["steps"][3]["action"]["desired"], 4);
    assert_eq!(shown["steps"][4]["deadline_seconds"], 300);
}

#[test]
fn run_stops_at_a_check_that_does_not_hold_and_ends_with_1() {
    let (code, told) = headless(&["run", "scale-out-under-load"]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("FAILED: rtech-app/latency_p95 is ") && told.contains("wanted > 200 ms"), "{told}");
    assert!(told.contains("stopped at step 1; ask again with ") && !told.contains("2. Is load the cause?"), "{told}");
}

#[test]
fn run_asks_what_holds_and_hands_an_action_to_plan_and_apply_without_approving_it() {
    let (code, told) = headless(&["run", "scale-out-under-load", "--from", "3"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("passed: rtech-app/errors is "), "{told}");
    assert!(told.contains("plan scale rtech-app desired=4 --out plan.json"), "{told}");
    assert!(told.contains("apply plan.json --confirm rtech-app") && told.contains("--from 5"), "{told}");
    assert!(!told.contains("5. Wait until all tasks run"), "{told}");
}

#[test]
fn run_waits_until_it_holds_and_leaves_the_rest_to_a_person() {
    let (code, told) = headless(&["run", "scale-out-under-load", "--from", "5"]);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(told.matches("passed: ").count(), 2, "{told}");
    assert!(told.trim_end().ends_with("by hand: do this"), "{told}");
}

#[test]
fn an_unknown_runbook_or_step_ends_with_2() {
    assert_eq!(headless(&["run", "scale-in"]).0, Some(2));
    assert_eq!(headless(&["run", "scale-out-under-load", "--from", "8"]).0, Some(2));
    assert_eq!(headless(&["show", "scale-in"]).0, Some(2));
}
