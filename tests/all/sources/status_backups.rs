//! `quarterdeck status` of protected things: the same judgement as on the screen, in JSON and in the table.

use quarterdeck::cli::status::{Report, exit_code, table};
use quarterdeck::source::{Name, Payload, Protection, Reading, Subject};
use quarterdeck::state::State;
use quarterdeck::state::verdict::Level;
use serde_json::{Value, json};

use super::status::valid;
use crate::screens::recovery::{failed, live, never, stale};

fn report(state: &State) -> Value {
    serde_json::to_value(Report::new(&state.config, &state.readings, state.now)).unwrap()
}

fn schema() -> Value {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/status.schema.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn the_json_tells_loss_worst_case_restore_and_jobs_as_the_schema_says() {
    for state in [live(), stale(), failed(), never()] {
        assert_eq!(valid(&schema(), &schema(), &report(&state), "$"), Ok(()));
    }
    let report = report(&live());
    let (database, exports) = (&report["backups"][0], &report["backups"][1]);
    assert_eq!((&database["level"], &exports["level"]), (&json!("healthy"), &json!("degraded")));
    let recovery = &database["recovery"];
    assert_eq!((&recovery["value"], &recovery["standing"]), (&json!(276.0), &json!("met")));
    assert_eq!((&recovery["state"], &recovery["age_seconds"]), (&json!("live"), &json!(4.0)));
    assert_eq!(recovery["failed"][0]["made_good"], json!(true));
    assert_eq!(
        (&database["restore"]["took_seconds"], &database["restore"]["validated"]),
        (&json!(2520.0), &json!(true))
    );
    assert_eq!(
        (&exports["recovery"]["standing"], &exports["recovery"]["worst"]["seconds"]),
        (&json!("missed"), &json!(87_000.0))
    );
    assert_eq!((&exports["restore"]["last"], &exports["restore"]["standing"]), (&Value::Null, &json!("unknown")));
    assert_eq!(exports["recovery"]["missing"].as_array().unwrap().len(), 1);
}

#[test]
fn a_missed_objective_degrades_the_whole_and_what_is_not_read_makes_it_unknown() {
    let of = |state: &State| {
        let level = Report::new(&state.config, &state.readings, state.now).level;
        (level, exit_code(level))
    };
    let mut state = live();
    let mut config = (*state.config).clone();
    config.services.retain(|service| *service.name == *"rtech-site");
    state.config = config.into();
    assert_eq!(of(&state), (Level::Degraded, 1), "only the exports are not well");
    let mut config = (*state.config).clone();
    config.backups.truncate(1);
    state.config = config.into();
    assert_eq!(of(&state), (Level::Healthy, 0));
    let subject = Subject::Protection { protected: Name::from("rtech-mongodb") };
    let nothing = Reading { subject, outcome: Ok(Payload::Protection(Protection::default())) };
    state.readings.receive(nothing, state.now);
    assert_eq!(of(&state), (Level::Degraded, 1), "nothing can be restored");
    state.readings = never().readings;
    assert_eq!(of(&state).1, 3);
}

#[test]
fn the_table_says_what_was_never_tested() {
    let state = live();
    let text = table(&Report::new(&state.config, &state.readings, state.now));
    for part in
        ["MISSES the objective of 24 h", "NEVER TESTED", "at worst 24.2 h", "1 failed jobs", "restored 2025-12-20"]
    {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
}
