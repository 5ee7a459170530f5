//! The screens besides the overview and the service: alerts, backups, log, runs, runbooks.

use proptest::prelude::*;
use quarterdeck::clock::Now;
use quarterdeck::config::theme::Role;
use quarterdeck::event::LogLevel;
use quarterdeck::executor::journal::{RunId, RunState};
use quarterdeck::executor::lease::Process;
use quarterdeck::executor::team::{Confirming, Team, TeamLease};
use quarterdeck::runbook::{Evidence, Session, StepRecord, StepState};
use quarterdeck::source::Name;
use quarterdeck::state::{LogLine, Screen, State, StepRef, Waiting};
use quarterdeck::text::Text;

use super::paint::{Paint, Picture, picture};
use crate::fixture;

const SMALL: (u16, u16) = (80, 24);
const MIDDLE: (u16, u16) = (120, 40);
const LARGE: (u16, u16) = (200, 50);

fn on(mut state: State, screen: Screen) -> State {
    state.screens.push(screen);
    state
}

fn at((columns, rows): (u16, u16), state: &State) -> Picture {
    picture(state, columns, rows, &Paint::Roles)
}

fn shows(picture: &Picture, words: &[&str]) {
    let text = picture.text();
    words.iter().for_each(|word| assert!(text.contains(word), "`{word}` is not in\n{text}"));
}

fn alerts(state: State) -> State {
    on(state, Screen::Alerts { selected: 0 })
}

#[test]
fn alerts_stand_worst_first_with_age_origin_and_the_runbook_that_answers() {
    let state = alerts(fixture::incident());
    insta::assert_snapshot!("alerts_80x24", at(SMALL, &state).text_and_styles());
    insta::assert_snapshot!("alerts_120x40", at(MIDDLE, &state).text());
    insta::assert_snapshot!("alerts_200x50", at(LARGE, &state).text());
    let text = at(MIDDLE, &state).text();
    assert!(text.find("▲ FIRING   ") < text.find("? NO DATA  "), "{text}");
}

#[test]
fn alerts_of_a_failed_source_are_greyed_and_say_why() {
    let picture = at(SMALL, &alerts(fixture::failed()));
    insta::assert_snapshot!("alerts_failed_80x24", picture.text_and_styles());
    shows(&picture, &["NO DATA~", "FAILED, last 2m ago: connection refused"]);
    assert!(picture.runs_of(Role::Stale).iter().any(|run| run.contains("NO DATA~")));
}

/// The alerts screen on the row of that number.
fn held_back(selected: usize) -> State {
    on(fixture::held_back(), Screen::Alerts { selected })
}

#[test]
fn an_alert_that_is_held_back_says_by_what_and_until_when() {
    insta::assert_snapshot!("held_back_80x24", at(SMALL, &held_back(2)).text_and_styles());
    insta::assert_snapshot!("held_back_120x40", at(MIDDLE, &held_back(2)).text());
    insta::assert_snapshot!("held_back_200x50", at(LARGE, &held_back(3)).text());
    shows(&at(SMALL, &held_back(3)), &["⊘ silenced", "⊘ inhibited", "silenced by alice until 01:12 UTC (in 11:56)"]);
    shows(&at(SMALL, &held_back(2)), &["inhibited while RtechAppDown fires", "pagerduty"]);
}

#[test]
fn a_silence_that_ends_soon_stands_out_in_words_and_is_selected_like_an_alert() {
    let picture = at(MIDDLE, &held_back(4));
    insta::assert_snapshot!("silence_120x40", picture.text_and_styles());
    shows(
        &picture,
        &["! silence ends 11:56", "! ENDS SOON", "holds     1: DiskAlmostFull", "2 in force — read 4s ago"],
    );
    shows(&at(SMALL, &held_back(7)), &["ended 10m ago", "▸ ✓ ended"]);
    let mut state = held_back(0);
    state.filter = "migration".to_owned();
    shows(&at(SMALL, &state), &["migration tonight", "○ pending"]);
    assert!(!at(SMALL, &state).text().contains("ENDS SOON"));
}

#[test]
fn silences_that_can_not_be_read_are_not_shown_as_none() {
    let mut state = held_back(0);
    let source = Name::from("alertmanager");
    for attempt in 0..3 {
        let error = quarterdeck::source::SourceErrorKind::Unreachable;
        let outcome = Err(quarterdeck::source::SourceError::new(&source, error, "connection refused"));
        let subject = quarterdeck::source::Subject::Silences { source: source.clone() };
        let reading = quarterdeck::source::Reading { subject, outcome };
        state.readings.receive(reading, Now::fixed(fixture::READ + 30 + attempt * 30));
    }
    state.now = Now::fixed(fixture::READ + 120);
    insta::assert_snapshot!("silences_failed_80x24", at(SMALL, &state).text());
    shows(&at(MIDDLE, &state), &["FAILED, last 2m ago: connection refused (alertmanager)"]);
    let mut never = fixture::never();
    never.config = fixture::held_back().config.clone();
    shows(&at(SMALL, &alerts(never)), &["SILENCES   not read yet"]);
}

#[test]
fn what_is_held_back_is_told_of_its_service_and_does_not_count() {
    let verdict = |state: &State| {
        let service = state.config.service("rtech-app").unwrap();
        quarterdeck::state::verdict::service_verdict(&state.readings, &state.config, service, state.now)
    };
    let state = fixture::held_back();
    let told = verdict(&state);
    let notes = ["1 silenced until 01:12 UTC: DiskAlmostFull", "1 inhibited by RtechAppDown: HighLatency"];
    assert_eq!(told.notes, notes);
    let reasons: Vec<&str> = told.reasons.iter().map(|reason| reason.text.as_str()).collect();
    assert!(
        reasons.contains(&"RtechAppDown fires") && !reasons.iter().any(|text| text.contains("Disk")),
        "{reasons:?}"
    );
    shows(&at(MIDDLE, &state), &["held back 1 silenced until 01:12 UTC: DiskAlmostFull"]);
}

#[test]
fn a_composite_alarm_and_its_alarms_name_each_other_with_their_states() {
    let at_row = |selected| at(MIDDLE, &on(fixture::composite(), Screen::Alerts { selected }));
    let composite = at_row(1);
    insta::assert_snapshot!("composite_120x40", composite.text());
    shows(
        &composite,
        &["▸ ▲ FIRING", "rtech-high-cpu ▲ FIRING", "rtech-high-error-rate ? NO DATA", "other-account ? not read here"],
    );
    shows(&composite, &["its actions wait while maintenance is in alarm; it still counts as firing"]);
    shows(&at_row(0), &["part of   rtech-down ▲ FIRING"]);
}

#[test]
fn the_last_changes_of_an_alarm_stand_below_it_with_their_ages() {
    let state = alerts(fixture::incident());
    insta::assert_snapshot!("history_120x40", at(MIDDLE, &state).text());
    shows(&at(SMALL, &state), &["5m ago  ok → FIRING: Threshold Crossed"]);
    let other = on(fixture::incident(), Screen::Alerts { selected: 1 });
    shows(&at(MIDDLE, &other), &["no change of its state within the last 3d"]);
    shows(&at(MIDDLE, &alerts(fixture::failed())), &["history    FAILED, last 2m ago: connection refused"]);
}

/// A fleet that no alarm is told of.
fn quiet() -> State {
    let mut state = fixture::live();
    let now = Now::fixed(fixture::READ + 1);
    for source in state.config.alert_sources() {
        let outcome = Ok(quarterdeck::source::Payload::Alerts(Vec::new()));
        let subject = quarterdeck::source::Subject::Alerts { source };
        state.readings.receive(quarterdeck::source::Reading { subject, outcome }, now);
    }
    state
}

#[test]
fn no_alert_is_good_news_only_where_every_source_answers() {
    shows(&at(SMALL, &alerts(quiet())), &["✓ no alarm fires — read 3s ago"]);
    for state in [fixture::never(), stale_quiet()] {
        let picture = at(SMALL, &alerts(state));
        shows(&picture, &["NOT KNOWN whether an alarm fires"]);
        assert!(!picture.text().contains("no alarm fires —"));
    }
}

fn stale_quiet() -> State {
    let mut state = quiet();
    state.now = Now::fixed(fixture::READ + 1200);
    state
}

#[test]
fn a_filter_that_hides_everything_is_named() {
    let mut state = alerts(fixture::incident());
    state.filter = "nothing-like-it".to_owned();
    let picture = at(SMALL, &state);
    shows(&picture, &["nothing matches the filter “nothing-like-it”"]);
    assert!(!picture.text().contains("no alarm fires —"));
}

#[test]
fn backups_say_what_is_promised_what_is_read_and_what_nobody_measures() {
    let state = on(fixture::live(), Screen::Backups { selected: 0 });
    insta::assert_snapshot!("backups_80x24", at(SMALL, &state).text_and_styles());
    insta::assert_snapshot!("backups_120x40", at(MIDDLE, &state).text());
    insta::assert_snapshot!("backups_failed_80x24", {
        let state = on(fixture::failed(), Screen::Backups { selected: 0 });
        at(SMALL, &state).text_and_styles()
    });
}

/// The live fleet with another protected thing.
fn with_backup(change: impl FnOnce(&mut quarterdeck::config::Protected)) -> State {
    let mut state = fixture::live();
    let mut config = fixture::config();
    change(&mut config.backups[0]);
    state.config = config.into();
    on(state, Screen::Backups { selected: 0 })
}

#[test]
fn a_restore_that_was_never_tested_or_took_too_long_is_said_outright() {
    let never = with_backup(|thing| thing.last_restore_test = None);
    shows(&at(SMALL, &never), &["NEVER TESTED", "RTO       ? NOT KNOWN, objective 1h"]);
    let slow = with_backup(|thing| thing.restore_took = Some(std::time::Duration::from_secs(7200)));
    shows(&at(SMALL, &slow), &["✗ 2h MISSED, objective 1h"]);
    let blind = with_backup(|thing| thing.measures.clear());
    shows(&at(SMALL, &blind), &["nothing is measured"]);
}

fn with_runs(mut state: State) -> State {
    state.runs = [RunState::Done, RunState::Unknown, RunState::Running].into_iter().enumerate().map(numbered).collect();
    state
}

fn numbered((index, state): (usize, RunState)) -> quarterdeck::executor::journal::RunView {
    let run = fixture::run(state);
    quarterdeck::executor::journal::RunView { id: RunId(format!("20260101-00500{index}-a1b2")), ..run }
}

#[test]
fn an_unknown_run_stands_first_and_says_how_it_is_settled() {
    let state = on(with_runs(fixture::live()), Screen::Runs { selected: 0 });
    insta::assert_snapshot!("runs_80x24", at(SMALL, &state).text_and_styles());
    insta::assert_snapshot!("runs_120x40", at(MIDDLE, &state).text());
    let text = at(SMALL, &state).text();
    assert!(text.find("▸ ? UNKNOWN") < text.find("✓ DONE"), "{text}");
    shows(&at(SMALL, &state), &["quarterdeck runs resolve 20260101-005001-a1b2"]);
}

#[test]
fn the_runs_screen_tells_whose_confirmation_is_open_and_who_holds_which_lease() {
    let mut state = with_runs(fixture::live());
    let since = state.now.wall - std::time::Duration::from_secs(42);
    let lease = |run: &str, live, process| TeamLease {
        run: run.to_owned(),
        holder: "carol@bastion-1 (pts/7)".into(),
        what: "scale rtech-app desired 2 → 4".into(),
        since,
        live,
        asked: None,
        process,
    };
    let bob = Confirming { by: "bob@bastion-1 (pts/4)".into(), what: "scale worker desired 3 → 5".into(), since };
    let leases = vec![lease("20260101-005002-a1b2", true, Process::Alive), lease("run-1", false, Process::Alive)];
    state.team = Team { leases, confirming: vec![bob] };
    let state = on(state, Screen::Runs { selected: 0 });
    insta::assert_snapshot!("runs_team_80x24", at(SMALL, &state).text_and_styles());
    insta::assert_snapshot!("runs_team_120x40", at(MIDDLE, &state).text());
    let shown = ["bob@bastion-1 (pts/4)", "is asked to confirm for 42s", "holds the lease", "STOPPED"];
    shows(&at(MIDDLE, &state), &shown);
}

#[test]
fn a_run_shows_outcome_plan_and_records_and_scrolls_to_the_last() {
    let id = numbered((1, RunState::Unknown)).id;
    let state = |scroll| on(with_runs(fixture::live()), Screen::Run { id: id.clone(), scroll });
    insta::assert_snapshot!("run_80x24", at(SMALL, &state(0)).text_and_styles());
    insta::assert_snapshot!("run_120x40", at(MIDDLE, &state(0)).text());
    shows(&at(SMALL, &state(500)), &["0 below", "unknown: no answer in 5 s"]);
}

#[test]
fn a_run_that_is_not_kept_says_where_to_look() {
    let state = on(fixture::live(), Screen::Run { id: RunId("20250101-000000-ffff".to_owned()), scroll: 0 });
    shows(&at(SMALL, &state), &["quarterdeck runs show 20250101-000000-ffff"]);
}

fn logged(lines: usize) -> State {
    let mut state = fixture::live();
    for index in 0..lines {
        let level = [LogLevel::Info, LogLevel::Warning, LogLevel::Error][index % 3];
        let text = Text::from(format!("line {index}"));
        state.log.push_back(LogLine { at: Now::fixed(fixture::READ + index as u64).wall, level, text });
    }
    state
}

#[test]
fn an_alert_does_not_look_live_while_another_place_of_its_origin_is_not_read() {
    let mut state = fixture::live();
    let aws = std::sync::Arc::make_mut(&mut state.config).aws.as_mut().unwrap();
    let dr = aws.clone();
    aws.places.insert("dr".into(), dr);
    assert!(state.config.alert_sources().iter().any(|source| *source == "cloudwatch dr"));
    shows(&at(SMALL, &on(state, Screen::Alerts { selected: 0 })), &["NOT KNOWN"]);
}

#[test]
fn the_log_shows_its_newest_line_last_and_scrolls_back() {
    let state = |scroll| on(logged(100), Screen::Log { scroll });
    insta::assert_snapshot!("log_80x24", at(SMALL, &state(0)).text_and_styles());
    shows(&at(SMALL, &state(0)), &["line 99"]);
    shows(&at(SMALL, &state(90)), &["line 0", "line 9", "90 newer lines below"]);
    assert!(!at(SMALL, &state(90)).text().contains("line 10"));
    at(SMALL, &state(100_000));
}

/// A session in its middle: one step passed, one that failed, one open.
pub(super) fn session() -> Session {
    let evidence = |reading: &str, run: Option<&str>| Evidence {
        at: Now::fixed(fixture::READ - 120).wall,
        by: fixture::operator(),
        reading: Text::from(reading),
        run: run.map(ToOwned::to_owned),
    };
    let step = |state, evidence| StepRecord { state, evidence };
    Session {
        id: "scale-out-under-load-20260101T005800Z".to_owned(),
        runbook: Name::from("scale-out-under-load"),
        digest: "0".repeat(64),
        by: fixture::operator(),
        began: Now::fixed(fixture::READ - 120).wall,
        steps: vec![
            step(StepState::Passed, vec![evidence("rtech-app/cpu is 91 %, wanted > 80 %", None)]),
            step(StepState::Unknown, vec![evidence("unknown: no answer in 5 s", Some("20260101-005000-a1b2"))]),
            step(StepState::Open, Vec::new()),
        ],
        closed: None,
    }
}

fn following(selected: usize) -> State {
    let mut state = fixture::incident();
    state.sessions = vec![session()];
    let session = Some(state.sessions[0].id.clone());
    on(state, Screen::Runbook { id: Name::from("scale-out-under-load"), session, selected })
}

#[test]
fn a_runbook_that_answers_a_firing_alert_is_suggested_with_the_reason() {
    let state = on(fixture::incident(), Screen::Runbooks { selected: 0 });
    insta::assert_snapshot!("runbooks_80x24", at(SMALL, &state).text_and_styles());
    insta::assert_snapshot!("runbooks_120x40", at(MIDDLE, &state).text());
    shows(&at(SMALL, &on(fixture::live(), Screen::Runbooks { selected: 0 })), &["none answers an alert"]);
}

#[test]
fn a_preview_says_what_each_step_would_do() {
    let preview = |selected| {
        on(fixture::incident(), Screen::Runbook { id: Name::from("scale-out-under-load"), session: None, selected })
    };
    insta::assert_snapshot!("runbook_preview_80x24", at(SMALL, &preview(0)).text_and_styles());
    shows(&at(SMALL, &preview(0)), &["nothing was begun", "rtech-app/cpu > 80 %"]);
    shows(&at(SMALL, &preview(1)), &["opens the guarded plan: scale rtech-app desired=4"]);
    shows(&at(SMALL, &preview(2)), &["a person does it, and ticks it"]);
}

#[test]
fn a_session_shows_the_state_and_evidence_of_its_steps() {
    insta::assert_snapshot!("runbook_session_80x24", at(SMALL, &following(1)).text_and_styles());
    insta::assert_snapshot!("runbook_session_120x40", at(MIDDLE, &following(0)).text_and_styles());
    shows(&at(SMALL, &following(1)), &["✓ passed", "? unknown", "○ open", "alice: unknown: no answer", "(run 2026"]);
}

#[test]
fn a_wait_says_how_long_it_goes_on_and_what_was_read_last() {
    let mut state = following(0);
    let step = StepRef { session: state.sessions[0].id.clone(), step: 0 };
    let since = Now::fixed(fixture::READ - 19).mono;
    let (until, next) = (since.plus(std::time::Duration::from_secs(300)), state.now.mono);
    state.waits = vec![Waiting { step, since, until, last: Some(Text::from("cpu is 85 %")), next }];
    shows(&at(SMALL, &state), &["waits for 0:23, gives up in 4:37", "last: cpu is 85 %"]);
}

#[test]
fn a_closed_session_says_so_and_offers_no_step() {
    let mut state = following(0);
    state.sessions[0].closed = Some(state.now.wall);
    shows(&at(SMALL, &state), &["with steps left open", "to begin anew"]);
    assert!(!at(SMALL, &state).text().contains("skip, with a reason"));
}

#[test]
fn the_filter_narrows_the_log_and_the_backups_too() {
    let mut state = on(logged(20), Screen::Log { scroll: 0 });
    state.filter = "line 7".to_owned();
    shows(&at(SMALL, &state), &["line 7", "LOG  2 lines"]);
    assert!(!at(SMALL, &state).text().contains("line 8"));
    let mut state = on(fixture::live(), Screen::Backups { selected: 0 });
    state.filter = "nothing-like-it".to_owned();
    shows(&at(SMALL, &state), &["nothing matches the filter"]);
}

#[test]
fn a_session_on_another_text_than_it_began_with_says_so() {
    let mut state = following(0);
    state.sessions[0].digest = "1".repeat(64);
    shows(&at(SMALL, &state), &["text was changed since this session began"]);
}

#[test]
fn a_long_step_keeps_its_newest_evidence_and_its_keys_in_sight() {
    let mut state = following(0);
    let first = state.sessions[0].steps[0].evidence[0].clone();
    let many = (0..50).map(|index| Evidence { reading: Text::from(format!("reading {index}")), ..first.clone() });
    state.sessions[0].steps[0].evidence = many.collect();
    shows(&at(SMALL, &state), &["reading 49", "skip, with a reason", "Is CPU really high?"]);
}

/// One of each screen.
fn screens() -> Vec<State> {
    let id = numbered((1, RunState::Unknown)).id;
    vec![
        alerts(fixture::incident()),
        alerts(fixture::failed()),
        on(fixture::stale(), Screen::Backups { selected: 9 }),
        on(with_runs(fixture::live()), Screen::Runs { selected: 2 }),
        on(with_runs(fixture::live()), Screen::Run { id, scroll: 3 }),
        on(logged(50), Screen::Log { scroll: 7 }),
        on(fixture::incident(), Screen::Runbooks { selected: 4 }),
        following(1),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_size_makes_a_screen_panic(columns in 0u16..220, rows in 0u16..70, which in 0usize..8) {
        at((columns, rows), &screens()[which]);
    }
}
