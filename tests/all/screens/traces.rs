//! Traces on the latency panel, and the links that open them.

use std::sync::Arc;

use quarterdeck::config::TraceUrl;
use quarterdeck::source::{
    Exemplar, Exemplars, Payload, Reading, SignalId, SourceError, SourceErrorKind, Subject, TraceId,
};
use quarterdeck::state::State;
use quarterdeck::terminal::Linking;
use quarterdeck::view::links::{Link, links};
use ratatui::backend::CrosstermBackend;

use super::paint::{Paint, picture};
use crate::fixture;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// The service screen of a signal with exemplars; `told` is what the source told of them.
fn screen(told: Option<Result<Exemplars, SourceError>>) -> State {
    let mut state = fixture::on_service(fixture::live(), 0);
    let config = Arc::make_mut(&mut state.config);
    config.prometheus.as_mut().unwrap().trace_url =
        TraceUrl::new("https://jaeger.example.com/trace/{trace_id}?uiFind=1");
    let service = &mut config.services[0];
    let signal = service.signals.iter_mut().find(|signal| signal.name == "latency_p95").unwrap();
    signal.exemplars = Some("latency_bucket".to_owned());
    let id = SignalId { service: service.name.clone(), signal: signal.name.clone() };
    let now = state.now;
    if let Some(told) = told {
        let outcome = told.map(Payload::Exemplars);
        state.readings.receive(Reading { subject: Subject::Exemplars(id), outcome }, now);
    }
    state
}

fn told(state: &State) -> Exemplars {
    let at = state.now.wall - jiff::SignedDuration::from_secs(42);
    Exemplars(vec![
        Exemplar { trace_id: TraceId::new(TRACE).unwrap(), value: 1.23, at },
        Exemplar { trace_id: TraceId::new("00f067aa0ba902b7").unwrap(), value: 0.9, at },
    ])
}

fn live() -> State {
    let exemplars = told(&screen(None));
    screen(Some(Ok(exemplars)))
}

fn drawn(state: &State) -> (String, Vec<Link>) {
    let picture = picture(state, 80, 24, &Paint::Roles);
    (picture.text(), links(&picture.buffer, state))
}

#[test]
fn slow_traces_stand_on_the_latency_panel_with_value_and_age() {
    let (text, _) = drawn(&live());
    assert!(text.contains(&format!("slow trace 1.23 s 42s ago {TRACE}")), "{text}");
    assert!(text.contains("slow trace 900 ms 42s ago 00f067aa0ba902b7"), "{text}");
}

#[test]
fn before_an_answer_there_is_no_trace_and_a_failure_says_why() {
    assert!(!drawn(&screen(None)).0.contains("trace"));
    let error = SourceError::new(&"prometheus".into(), SourceErrorKind::Missing, "HTTP 404 Not Found");
    let (text, links) = drawn(&screen(Some(Err(error))));
    assert!(text.contains("traces: prometheus: HTTP 404 Not Found") && links.is_empty(), "{text}");
}

/// The latency panel with traces in every state of their reading.
#[test]
fn traces_never_live_stale_and_failed() {
    let error = SourceError::new(&"prometheus".into(), SourceErrorKind::Missing, "HTTP 404 Not Found");
    let failing = |state: &mut State| {
        let subject = Subject::Exemplars(SignalId { service: "rtech-app".into(), signal: "latency_p95".into() });
        let now = state.now;
        for _ in 0..3 {
            state.readings.receive(Reading { subject: subject.clone(), outcome: Err(error.clone()) }, now);
        }
    };
    let mut stale = live();
    stale.now = stale.now.plus(std::time::Duration::from_secs(600));
    let mut failed = live();
    failing(&mut failed);
    for (name, state) in [("never", screen(None)), ("live", live()), ("stale", stale), ("failed", failed)] {
        for (columns, rows) in [(80, 24), (160, 48)] {
            let name = format!("traces_{name}_{columns}x{rows}");
            insta::assert_snapshot!(name, picture(&state, columns, rows, &Paint::Roles).text_and_styles());
        }
    }
}

#[test]
fn a_trace_on_the_screen_is_a_link_of_exactly_its_cells() {
    let (_, found) = drawn(&live());
    let urls: Vec<&str> = found.iter().map(|link| link.url.as_str()).collect();
    assert_eq!(
        urls,
        [
            "https://jaeger.example.com/trace/4bf92f3577b34da6a3ce929d0e0e4736?uiFind=1",
            "https://jaeger.example.com/trace/00f067aa0ba902b7?uiFind=1",
        ]
    );
    let text: String = found[0].cells.iter().map(|cell| cell.symbol()).collect();
    assert_eq!(text, TRACE);
}

#[test]
fn under_a_dialog_and_without_an_address_nothing_is_a_link() {
    let mut state = live();
    Arc::make_mut(&mut state.config).prometheus.as_mut().unwrap().trace_url = None;
    assert!(drawn(&state).1.is_empty());
    let mut state = live();
    state.overlay = Some(quarterdeck::state::Overlay::Help { scroll: 0 });
    assert!(drawn(&state).1.is_empty());
}

#[test]
fn a_terminal_gets_the_cells_again_between_two_osc_8_sequences_and_nothing_else_that_acts() {
    let (_, found) = drawn(&live());
    let mut written = Vec::new();
    CrosstermBackend::new(&mut written).link(&found[0]).unwrap();
    let written = String::from_utf8(written).unwrap();
    let open = format!("\u{1b}]8;;{}\u{1b}\\", found[0].url);
    let rest = written.strip_prefix(&open).unwrap_or_else(|| panic!("{written:?}"));
    let (cells, after) = rest.split_once("\u{1b}]8;;\u{1b}\\").unwrap();
    assert!(after.is_empty() && cells.contains(TRACE), "{written:?}");
    let moved = format!("\u{1b}[{};{}H", found[0].y + 1, found[0].x + 1);
    assert!(cells.starts_with(&moved), "{cells:?}");
}
