//! The header: what must never be misread.

use std::sync::Arc;

use quarterdeck::clock::Now;
use quarterdeck::config::theme::Role;
use quarterdeck::config::{Aws, EnvironmentKind};
use quarterdeck::executor::journal::{Debt, RunId, RunState};
use quarterdeck::source::{Identity, Name, Number, Payload, Reading, SignalData, Subject};
use quarterdeck::state::{Arm, State};
use quarterdeck::text::Text;

use super::paint::{Paint, picture};
use crate::fixture;

fn rows(state: &State, columns: u16) -> Vec<String> {
    picture(state, columns, 24, &Paint::Roles).text().lines().take(2).map(str::to_owned).collect()
}

fn everything_at_once() -> State {
    let mut state = fixture::failed();
    state.arm = Arm::Armed { until: state.now.mono.plus(std::time::Duration::from_secs(872)) };
    state.paused = Some(Now::fixed(fixture::READ).mono);
    state.runs = vec![fixture::run(RunState::Unknown)];
    state
}

#[test]
fn kind_place_operator_and_clock_are_whole_at_80_columns() {
    let row = &rows(&fixture::live(), 80)[0];
    for word in ["PRODUCTION", "rtech-prod", "123456789012", "us-east-1", "alice@bastion-1", "01:00:04Z"] {
        assert!(row.contains(word), "{word}: {row}");
    }
}

#[test]
fn the_kind_colours_the_whole_first_row() {
    for (kind, role, word) in [
        (EnvironmentKind::Production, Role::Production, "PRODUCTION"),
        (EnvironmentKind::Staging, Role::Staging, "STAGING"),
        (EnvironmentKind::Development, Role::Development, "DEVELOPMENT"),
    ] {
        let mut state = fixture::live();
        Arc::make_mut(&mut state.config).environment.kind = kind;
        let runs = picture(&state, 80, 24, &Paint::Roles).runs_of(role);
        assert!(runs.len() == 1 && runs[0].starts_with(word) && runs[0].ends_with("01:00:04Z"), "{runs:?}");
    }
}

#[test]
fn everything_at_once_still_fits_80_columns() {
    let row = &rows(&everything_at_once(), 80)[1];
    for word in ["ARMED 14:32", "1 OUTCOME UNKNOWN", "PAUSED 2m", "data 4m", " FAIL", "alerts ?"] {
        assert!(row.contains(word), "{word}: {row}");
    }
}

/// A debt that is due so many seconds from now, or was.
fn debt(state: &State, key: &str, seconds: i64) -> Debt {
    let until = state.now.wall.checked_add(jiff::SignedDuration::from_secs(seconds)).expect("a time");
    Debt {
        run: RunId("20260101-000000-abcd".to_owned()),
        target: Name::from("rtech-app"),
        target_id: "arn".to_owned(),
        key: key.to_owned(),
        what: "suspended scaling: out".to_owned(),
        was: Some("none".to_owned()),
        undo: None,
        owner: state.operator.clone(),
        since: state.now.wall,
        until: Some(until),
        certain: true,
    }
}

#[test]
fn what_is_left_open_is_counted_with_the_countdown_of_the_most_urgent_at_80_columns_too() {
    let mut state = fixture::live();
    state.debts = vec![debt(&state, "scaling suspended", 5_400)];
    assert!(rows(&state, 80)[1].contains("1 DEBT: rtech-app due in 1h"), "{:?}", rows(&state, 80));
    let mut state = everything_at_once();
    state.debts = vec![debt(&state, "scaling suspended", -900), debt(&state, "scaling bounds", 60)];
    let row = &rows(&state, 120)[1];
    assert!(row.contains("2 DEBTS") && row.contains("15m"), "{row}");
    let roles = picture(&state, 120, 24, &Paint::Roles).runs_of(Role::Critical);
    assert!(roles.iter().any(|run| run.contains("2 DEBTS") && run.contains("OVER")), "{roles:?}");
    state.paused = None;
    state.runs.clear();
    assert!(rows(&state, 80)[1].contains("2 DEBTS"), "{:?}", rows(&state, 80));
}

#[test]
fn an_unknown_outcome_names_its_target_where_there_is_room() {
    let row = &rows(&everything_at_once(), 120)[1];
    assert!(row.contains("?? OUTCOME UNKNOWN: scale rtech-app"), "{row}");
}

#[test]
fn arming_that_has_expired_reads_read_only() {
    let mut state = fixture::live();
    state.arm = Arm::Armed { until: state.now.mono };
    assert!(rows(&state, 80)[1].contains("READ-ONLY"));
}

#[test]
fn credentials_of_another_account_are_loud() {
    let mut state = fixture::live();
    let identity = Identity {
        account: Text::from("999999999999"),
        region: Text::from("us-east-1"),
        arn: Text::from("arn:aws:iam::999999999999:user/alice"),
        expires: None,
    };
    let subject = Subject::Identity { source: Name::from("sts") };
    state.readings.receive(Reading { subject, outcome: Ok(Payload::Identity(identity)) }, state.now);
    let picture = picture(&state, 80, 24, &Paint::Roles);
    assert!(picture.runs_of(Role::Critical)[0].contains("WRONG ACC"), "{}", picture.text());
    assert!(picture.text().contains("PROD"), "{}", picture.text());
}

#[test]
fn other_places_are_named_and_wrong_credentials_of_one_are_loud() {
    let mut state = fixture::live();
    let aws = Arc::make_mut(&mut state.config).aws.as_mut().unwrap();
    let dr = Aws { account: Some("210987654321".into()), region: "eu-west-1".into(), ..aws.clone() };
    aws.places.insert("dr".into(), dr);
    assert!(rows(&state, 120)[0].contains("us-east-1  + dr"), "{}", rows(&state, 120)[0]);
    let identity = Identity {
        account: Text::from("123456789012"),
        region: Text::from("eu-west-1"),
        arn: Text::from("arn:aws:iam::123456789012:user/alice"),
        expires: Some(state.now.wall + jiff::SignedDuration::from_mins(5)),
    };
    let subject = Subject::Identity { source: Name::from("sts dr") };
    state.readings.receive(Reading { subject, outcome: Ok(Payload::Identity(identity)) }, state.now);
    assert!(rows(&state, 120)[1].contains("AWS credentials end in 5m"), "{}", rows(&state, 120)[1]);
    let picture = picture(&state, 80, 24, &Paint::Roles);
    assert!(picture.runs_of(Role::Critical)[0].contains("dr: WRONG ACC"), "{}", picture.text());
}

#[test]
fn an_account_that_no_one_confirmed_is_marked() {
    assert!(rows(&fixture::never(), 120)[0].contains("123456789012 (unverified)"));
    assert!(rows(&fixture::never(), 80)[0].contains("123456789012?"));
}

#[test]
fn a_very_long_name_pushes_nothing_else_out() {
    let mut state = fixture::live();
    Arc::make_mut(&mut state.config).environment.name = Name::from("customer-identity-platform-production-eu-central");
    let row = &rows(&state, 80)[0];
    for word in ["PROD", "customer-id", "123456789012", "us-east-1", "alice", "01:00:04Z"] {
        assert!(row.contains(word), "{word}: {row}");
    }
}

#[test]
fn silence_of_the_alert_sources_never_reads_as_no_alert() {
    assert!(rows(&fixture::live(), 80)[1].contains("no alert fires"));
    for state in [fixture::stale(), fixture::failed(), fixture::never()] {
        let row = &rows(&state, 80)[1];
        assert!(row.contains("NOT KNOWN") && !row.contains("no alert"), "{row}");
    }
}

#[test]
fn a_terminal_that_is_too_small_says_so_with_its_size() {
    let text = picture(&fixture::live(), 50, 10, &Paint::Roles).text();
    assert!(text.contains("PROD") && text.contains("terminal too small: 50x10, needs 60x15"), "{text}");
}

#[test]
fn half_a_day_is_no_age_for_a_daily_measure() {
    let mut state = fixture::live();
    let config = Arc::make_mut(&mut state.config);
    config.backups[0].measures[0].interval = std::time::Duration::from_secs(86_400);
    let subject = Subject::Backup { protected: "rtech-mongodb".into(), measure: "snapshot_age".into() };
    let sampled = state.now.wall - jiff::SignedDuration::from_hours(12);
    let data = SignalData { value: Some(Number::Finite(1.0)), sampled: Some(sampled), ..SignalData::default() };
    let reading = || Reading { subject: subject.clone(), outcome: Ok(Payload::Signal(data.clone())) };
    state.readings.receive(reading(), state.now);
    assert!(!rows(&state, 120)[1].contains("12h"), "{}", rows(&state, 120)[1]);
    Arc::make_mut(&mut state.config).backups[0].measures[0].interval = std::time::Duration::from_secs(60);
    state.readings.receive(reading(), state.now);
    assert!(rows(&state, 120)[1].contains("oldest data 12h, 1 stale"), "{}", rows(&state, 120)[1]);
}

#[test]
fn credentials_that_end_within_the_hour_are_announced() {
    let shown = |minutes: i64| {
        let mut state = fixture::live();
        let identity = Identity {
            account: Text::from("123456789012"),
            region: Text::from("us-east-1"),
            arn: Text::from("arn:aws:iam::123456789012:user/alice"),
            expires: Some(state.now.wall + jiff::SignedDuration::from_mins(minutes)),
        };
        let subject = Subject::Identity { source: Name::from("sts") };
        state.readings.receive(Reading { subject, outcome: Ok(Payload::Identity(identity)) }, state.now);
        rows(&state, 120)[1].clone()
    };
    assert!(shown(42).contains("AWS credentials end in 42m"), "{}", shown(42));
    assert!(shown(-1).contains("AWS CREDENTIALS EXPIRED"), "{}", shown(-1));
    assert!(!shown(61).to_lowercase().contains("credentials"), "{}", shown(61));
}
