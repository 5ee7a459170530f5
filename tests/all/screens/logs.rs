//! The log screen and the panel of log counts.

use std::time::Duration;

use quarterdeck::clock::Now;
use quarterdeck::config::theme::Role;
use quarterdeck::config::{LogCount, LogSource, Polling, SavedQuery};
use quarterdeck::event::{Event, Stamped};
use quarterdeck::source::logs::desk::{LogNews, LogTold};
use quarterdeck::source::logs::{LogBatch, line};
use quarterdeck::source::{
    LogEvent, Name, Number, Payload, Point, QueryResults, QueryState, QueryStatistics, Reading, SignalData,
    SourceError, SourceErrorKind, Subject,
};
use quarterdeck::state::{Screen, State, logs, update};
use quarterdeck::text::Text;

use super::paint::{Paint, Picture, picture};
use crate::fixture;

fn with_logs(mut state: State) -> State {
    let mut config = (*state.config).clone();
    config.services[0].logs = vec![LogSource {
        name: Name::from("app"),
        groups: vec!["/ecs/rtech-app".to_owned()],
        place: None,
        filter: String::new(),
        count: Some(LogCount { query: "stats count() by bin(5m)".to_owned(), interval: Duration::from_secs(300) }),
        queries: vec![SavedQuery {
            name: Name::from("errors-by-stream"),
            query: "filter @message like /ERROR/ | stats count(*) as errors by @logStream".to_owned(),
            window: Duration::from_secs(3600),
        }],
        polling: Polling { interval: Duration::from_secs(2), timeout: Duration::from_secs(10) },
    }];
    state.config = config.into();
    state
}

fn send(state: &mut State, event: Event) {
    let now = state.now;
    update(state, Stamped { now, event });
}

/// The log screen of the application, asked and not answered yet.
fn opened() -> State {
    let mut state = with_logs(fixture::live());
    press(&mut state, "7");
    assert!(matches!(state.screen(), Screen::Logs));
    state
}

fn press(state: &mut State, key: &str) {
    let now = state.now.plus(Duration::from_millis(100));
    let key = key.parse().unwrap();
    update(state, Stamped { now, event: Event::Key { key, at: now.mono } });
}

fn tell(state: &mut State, told: LogTold) {
    let ticket = state.last_ticket;
    send(state, Event::Log(LogNews { ticket, told }));
}

fn lines(state: &mut State, events: Vec<LogEvent>) {
    tell(state, LogTold::Lines(LogBatch { events, ..LogBatch::default() }));
}

fn event(second: u64, text: &str) -> LogEvent {
    let stream = "rtech-app/rtech-app/0f3a51c2d4e64b7f";
    line::event(&format!("{second}-{text}"), Now::fixed(fixture::READ - 60 + second).wall, stream, text)
}

fn some() -> Vec<LogEvent> {
    vec![
        event(1, r#"{"level":"info","msg":"GET /api/products 200","ms":12}"#),
        event(2, "WARN  queue is 91 % full"),
        event(
            3,
            "ERROR GET /api/orders 503 order 4711: upstream timed out after 5000 ms, and this line is longer than the screen",
        ),
        event(4, "\u{1b}[31m[error]\u{1b}[0m connection reset"),
        event(5, "    at Socket.<anonymous> (net.js:12:3)"),
        event(6, "FATAL out of memory"),
        event(7, "DEBUG cache miss key=\u{202e}evil\u{1b}[2J"),
    ]
}

fn at(state: &State, columns: u16, rows: u16) -> Picture {
    picture(state, columns, rows, &Paint::Roles)
}

fn snapshot(name: &str, state: &State, columns: u16, rows: u16) {
    let name = format!("logs_{name}_{columns}x{rows}");
    insta::assert_snapshot!(name, at(state, columns, rows).text_and_styles());
}

#[test]
fn lines_have_time_level_as_a_word_and_text() {
    let mut state = opened();
    lines(&mut state, some());
    snapshot("lines", &state, 80, 24);
    snapshot("lines", &state, 160, 48);
    let text = at(&state, 80, 24).text();
    for word in ["INFO", "WARN", "✗", "ERROR", "FATAL", "following"] {
        assert!(text.contains(word), "{word}\n{text}");
    }
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
}

#[test]
fn a_level_stands_once_in_a_line_whether_in_its_text_or_beside_it() {
    let mut state = opened();
    lines(&mut state, some());
    let text = at(&state, 160, 48).text();
    for word in ["WARN", "FATAL", "INFO", "ERROR", "DEBUG"] {
        assert_eq!(text.matches(word).count(), 1, "{word}\n{text}");
    }
    assert!(text.contains("✗       0f3a51c… ERROR GET"), "{text}");
    press(&mut state, "right");
    assert!(at(&state, 160, 48).text().contains("✗ ERROR"), "scrolled, the word stands beside the text");
}

#[test]
fn a_stack_trace_stays_with_its_line_when_only_louder_lines_are_shown() {
    let mut state = opened();
    lines(&mut state, vec![event(1, "INFO calm"), event(2, "ERROR boom"), event(2, "    at Pay.charge (pay.js:4)")]);
    for _ in 0..3 {
        press(&mut state, "v");
    }
    let text = at(&state, 80, 24).text();
    assert!(text.contains("only ERROR") && text.contains("at Pay.charge") && !text.contains("calm"), "{text}");
}

#[test]
fn before_the_first_answer_nothing_looks_read() {
    let text = at(&opened(), 80, 24).text();
    assert!(text.contains("not read yet") && text.contains("asking"), "{text}");
}

#[test]
fn a_failing_log_keeps_its_lines_and_says_why_and_how_old_they_are() {
    let mut state = opened();
    lines(&mut state, some());
    state.now = state.now.plus(Duration::from_secs(90));
    let error =
        SourceError::new(&Name::from("logs"), SourceErrorKind::Throttled, "logs:FilterLogEvents: Rate exceeded");
    tell(&mut state, LogTold::Failed(error));
    snapshot("failed", &state, 80, 24);
    let picture = at(&state, 80, 24);
    assert!(picture.runs_of(Role::Critical).iter().any(|run| run.contains("FAILED, last read 1m ago")));
}

#[test]
fn skipped_lines_are_told_between_the_others() {
    let mut state = opened();
    lines(&mut state, vec![event(1, "before")]);
    let gap = Some((Now::fixed(fixture::READ - 59).wall, Now::fixed(fixture::READ - 30).wall));
    tell(&mut state, LogTold::Lines(LogBatch { events: vec![event(40, "after")], gap, ..LogBatch::default() }));
    let text = at(&state, 80, 24).text();
    let place = |word: &str| text.find(word).unwrap_or_else(|| panic!("{word}\n{text}"));
    assert!(place("before") < place("lines were skipped") && place("lines were skipped") < place("after"));
}

#[test]
fn what_scrolls_up_stays_where_it_is_while_lines_come() {
    let mut state = opened();
    lines(&mut state, (0..50).map(|n| event(n, &format!("line {n}."))).collect());
    press(&mut state, "k");
    let before = at(&state, 80, 24).text();
    assert!(before.contains("line 48.") && !before.contains("line 49."), "{before}");
    lines(&mut state, (50..55).map(|n| event(n, &format!("line {n}."))).collect());
    let after = at(&state, 80, 24).text();
    assert!(after.contains("line 48.") && after.contains("6 newer lines below"), "{after}");
    press(&mut state, "G");
    assert!(at(&state, 80, 24).text().contains("line 54."));
}

#[test]
fn a_search_marks_every_match_and_n_goes_from_one_to_the_next() {
    let mut state = opened();
    lines(&mut state, (0..60).map(|n| event(n, if n % 20 == 0 { "a NEEDLE here" } else { "hay" })).collect());
    press(&mut state, "/");
    "needle".chars().for_each(|c| press(&mut state, &c.to_string()));
    press(&mut state, "enter");
    let picture = at(&state, 80, 24);
    assert!(picture.runs_of(Role::Input).contains(&"NEEDLE".to_owned()), "{}", picture.text());
    let found = |state: &State| state.logs.as_ref().unwrap().found.unwrap().0;
    let newest = found(&state);
    press(&mut state, "N");
    assert!(found(&state) < newest);
    press(&mut state, "n");
    assert_eq!(found(&state), newest);
    press(&mut state, "n");
    assert!(state.notice.as_ref().unwrap().text.contains("no match below"));
}

#[test]
fn only_louder_lines_are_shown_on_demand_and_the_screen_says_so() {
    let mut state = opened();
    lines(&mut state, some());
    (0..3).for_each(|_| press(&mut state, "v"));
    let text = at(&state, 80, 24).text();
    assert!(text.contains("only ERROR and louder") && text.contains("FATAL") && !text.contains("queue is"), "{text}");
}

#[test]
fn a_wrapped_line_is_shown_to_its_end() {
    let mut state = opened();
    lines(&mut state, some());
    assert!(!at(&state, 80, 24).text().contains("longer than the screen"));
    press(&mut state, "w");
    let text = at(&state, 80, 24).text().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("longer than the screen"), "{text}");
}

fn results(state: QueryState, rows: usize) -> QueryResults {
    let text = |text: &str| Text::from(text);
    QueryResults {
        state,
        columns: vec![text("@logStream"), text("errors")],
        rows: (0..rows).map(|n| vec![text(&format!("rtech-app/{n}")), text(&(40 - n).to_string())]).collect(),
        truncated: false,
        statistics: Some(QueryStatistics { matched: 41.0, scanned: 12_801.0, bytes: 3_400_000.0 }),
    }
}

fn asked() -> State {
    let mut state = opened();
    press(&mut state, "i");
    press(&mut state, "enter");
    state
}

#[test]
fn saved_queries_are_listed_and_one_is_run() {
    let mut state = opened();
    press(&mut state, "i");
    snapshot("queries", &state, 80, 24);
    press(&mut state, "enter");
    assert!(at(&state, 80, 24).text().contains("no result yet"));
}

#[test]
fn results_say_whether_they_are_whole_and_what_they_cost() {
    let mut state = asked();
    tell(&mut state, LogTold::Results(results(QueryState::Running, 2)));
    assert!(at(&state, 80, 24).text().contains("PARTIAL: 2 rows so far"));
    tell(&mut state, LogTold::Results(results(QueryState::Complete, 3)));
    snapshot("results", &state, 80, 24);
    tell(&mut state, LogTold::Results(results(QueryState::Failed, 1)));
    assert!(at(&state, 80, 24).text().contains("NOT WHOLE"));
}

#[test]
fn five_thousand_lines_are_drawn_without_looking_at_more_than_fit() {
    let mut state = opened();
    let long = "x".repeat(800);
    lines(&mut state, (0..6000).map(|n| event(n, &format!("{n} {long}"))).collect());
    press(&mut state, "w");
    let text = at(&state, 80, 24).text();
    assert!(text.contains("5000 lines, 1000 older dropped"), "{text}");
}

#[test]
fn a_secret_of_the_configuration_is_masked_in_a_line() {
    let mut state = opened();
    lines(&mut state, vec![event(1, &format!("ERROR login with {} failed", fixture::PASSWORD))]);
    let text = at(&state, 160, 24).text();
    assert!(!text.contains(fixture::PASSWORD) && text.contains("•••"), "{text}");
}

#[test]
fn no_size_makes_the_log_screen_panic() {
    let mut state = opened();
    lines(&mut state, some());
    let mut query = asked();
    tell(&mut query, LogTold::Results(results(QueryState::Complete, 30)));
    for (columns, rows) in [(0, 0), (1, 1), (60, 15), (61, 16), (80, 24), (219, 69)] {
        for wrap in [false, true] {
            state.logs.as_mut().unwrap().wrap = wrap;
            at(&state, columns, rows);
        }
        at(&query, columns, rows);
    }
    assert_eq!(logs::all(&state).len(), 1);
}

fn counted(mut state: State) -> State {
    let now = Now::fixed(fixture::READ);
    let subject = Subject::LogCount { service: Name::from("rtech-app"), log: Name::from("app") };
    let point = |(n, value): (u64, &f64)| Point { at: Now::fixed(fixture::READ - 1800 + n * 300).wall, value: *value };
    let points: Vec<Point> = (0..).zip(&[0.0, 3.0, 0.0, 12.0, 40.0, 9.0]).map(point).collect();
    let data = SignalData {
        value: Some(Number::Finite(9.0)),
        sampled: Some(now.wall),
        points,
        replaces: true,
        ..SignalData::default()
    };
    let reading = Reading { subject, outcome: Ok(Payload::Signal(data)) };
    send(&mut state, Event::Reading(reading));
    state
}

fn panel(state: State) -> State {
    fixture::on_service(state, 4)
}

#[test]
fn the_panel_shows_bars_and_the_newest_full_bin_with_its_age() {
    snapshot("panel_live", &panel(counted(with_logs(fixture::live()))), 80, 24);
    snapshot("panel_live", &panel(counted(with_logs(fixture::live()))), 160, 48);
}

#[test]
fn the_panel_in_every_other_state() {
    let mut stale = panel(counted(with_logs(fixture::live())));
    stale.now = stale.now.plus(Duration::from_secs(7200));
    snapshot("panel_stale", &stale, 80, 24);
    let mut failed = panel(counted(with_logs(fixture::live())));
    for _ in 0..3 {
        let subject = Subject::LogCount { service: Name::from("rtech-app"), log: Name::from("app") };
        let error = SourceError::new(&Name::from("logs"), SourceErrorKind::Throttled, "logs:StartQuery: Rate exceeded");
        send(&mut failed, Event::Reading(Reading { subject, outcome: Err(error) }));
    }
    snapshot("panel_failed", &failed, 80, 24);
    snapshot("panel_never", &panel(with_logs(fixture::live())), 80, 24);
}
