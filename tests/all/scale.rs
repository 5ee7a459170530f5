//! Hundreds and thousands of services: what a frame, a key and a reading must not cost. Counted, not timed; times are in
//! `benches/README.md`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crossterm::event::{KeyCode, KeyModifiers};
use futures_util::FutureExt;
use quarterdeck::clock::{Mono, Now};
use quarterdeck::config::keymap::KeyPress;
use quarterdeck::config::theme::Theme;
use quarterdeck::event::{Effect, Event, Stamped};
use quarterdeck::run::{self, Ending, Performer, Ports};
use quarterdeck::source::{
    Alert, AlertOrigin, AlertState, Name, Number, Payload, Reading, SignalData, SourceError, SourceErrorKind, Subject,
};
use quarterdeck::state::data_age::data_age;
use quarterdeck::state::verdict::{Level, service_verdict};
use quarterdeck::state::{State, update};
use quarterdeck::terminal::Input;
use quarterdeck::text::Text;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tokio::sync::{mpsc, oneshot};

use crate::fixture;

fn send(state: &mut State, now: Now, event: Event) {
    update(state, Stamped { now, event });
}

fn paint(state: &mut State) {
    let now = state.now;
    send(state, now, Event::Paint);
}

fn subject(service: usize, signal: &str) -> Subject {
    Subject::Signal(fixture::id(&format!("service-{service:04}"), signal))
}

fn value(subject: Subject, value: f64, now: Now) -> Event {
    let data = SignalData { value: Some(Number::from(value)), sampled: Some(now.wall), ..SignalData::default() };
    Event::Reading(Reading { subject, outcome: Ok(Payload::Signal(data)) })
}

fn failure(subject: Subject) -> Event {
    let error = SourceError::new(&Name::from("prometheus"), SourceErrorKind::Timeout, "no answer in 5 s");
    Event::Reading(Reading { subject, outcome: Err(error) })
}

fn alerts(service: usize) -> Event {
    let alert = Alert {
        severity: Text::from("page"),
        service: Some(Name::from(format!("service-{service:04}"))),
        ..Alert::new(Text::from("HighLatency"), AlertOrigin::Prometheus, AlertState::Firing)
    };
    let subject = Subject::Alerts { source: Name::from("prometheus") };
    Event::Reading(Reading { subject, outcome: Ok(Payload::Alerts(vec![alert])) })
}

#[test]
fn a_frame_judges_only_the_services_of_which_something_was_read() {
    let mut state = fixture::fleet(5000);
    fixture::read_fleet(&mut state, fixture::READ, 1);
    paint(&mut state);
    let all = state.verdicts.computed();
    assert_eq!(all, 5000);
    paint(&mut state);
    assert_eq!(state.verdicts.computed(), all, "nothing was read since");
    let now = state.now.plus(Duration::from_millis(200));
    send(&mut state, now, value(subject(17, "errors"), 0.9, now));
    paint(&mut state);
    assert_eq!(state.verdicts.computed(), all + 1);
    let service = state.config.services[17].clone();
    assert_eq!(state.level(&service), Level::Unhealthy);
}

#[test]
fn a_burst_of_readings_leaves_little_to_judge_for_the_next_frame() {
    let mut state = fixture::fleet(5000);
    fixture::read_fleet(&mut state, fixture::READ, 1);
    paint(&mut state);
    let now = state.now;
    for service in 0..5000 {
        send(&mut state, now, value(subject(service, "errors"), 0.0, now));
    }
    let before = state.verdicts.computed();
    paint(&mut state);
    assert!(state.verdicts.computed() - before < 512, "{} judged for one frame", state.verdicts.computed() - before);
}

/// What is kept against what would be judged now.
fn agrees(state: &mut State) {
    let kept: Vec<_> = state.config.services.iter().map(|service| state.verdict(service).into_owned()).collect();
    let data = data_age(state);
    let judged = std::mem::take(&mut state.verdicts);
    let fresh = state.config.services.iter().map(|s| service_verdict(&state.readings, &state.config, s, state.now));
    assert_eq!(kept, fresh.collect::<Vec<_>>(), "at {:?}", state.now);
    assert_eq!(data, data_age(state), "at {:?}", state.now);
    state.verdicts = judged;
}

#[test]
fn a_kept_verdict_is_always_what_would_be_judged_now() {
    let mut state = fixture::fleet(6);
    let mut random = fastrand::Rng::with_seed(7);
    let signals = ["latency_p95", "errors", "traffic", "cpu", "memory", "queue"];
    for _ in 0..4000 {
        let now = state.now.plus(Duration::from_millis(random.u64(0..9000)));
        let (service, signal) = (random.usize(0..6), signals[random.usize(0..6)]);
        let event = match random.u8(0..10) {
            0..=4 => value(subject(service, signal), random.f64() * 2.0, now),
            5 => failure(subject(service, signal)),
            6 => alerts(service),
            7 => Event::Tick,
            _ => Event::Paint,
        };
        send(&mut state, now, event);
        agrees(&mut state);
        state.now = state.now.plus(Duration::from_millis(random.u64(0..40_000)));
        agrees(&mut state);
    }
}

#[test]
fn another_configuration_is_judged_anew() {
    let mut state = fixture::fleet(3);
    fixture::read_fleet(&mut state, fixture::READ, 1);
    paint(&mut state);
    let config = Arc::make_mut(&mut state.config);
    config.services.remove(0);
    config.services[0].signals[0].critical = Some(0.0);
    agrees(&mut state);
    paint(&mut state);
    agrees(&mut state);
    let first = state.config.services[0].clone();
    assert_eq!(state.level(&first), Level::Unhealthy);
}

struct Idle;

impl Performer for Idle {
    fn perform(&mut self, _effect: Effect) {}
}

/// Sends readings without end, as fast as they are taken, and counts them.
async fn flood(sender: mpsc::Sender<Event>, sent: Arc<AtomicUsize>) {
    loop {
        let reading = value(subject(sent.load(Ordering::SeqCst) % 500, "errors"), 0.0, Now::fixed(fixture::READ));
        if sender.send(reading).await.is_err() {
            return;
        }
        sent.fetch_add(1, Ordering::SeqCst);
    }
}

/// A key among 30,000 readings: the loop quits while the flood still runs, so the key did not wait for its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_does_not_wait_for_a_flood_of_readings() {
    const BEFORE: usize = 30_000;
    let sent = Arc::new(AtomicUsize::new(0));
    let mut terminal = Terminal::new(TestBackend::new(200, 50)).expect("a test terminal");
    let (sender, inputs) = mpsc::channel(4);
    let (_open, hangup) = oneshot::channel();
    let flooding = sent.clone();
    let ports = Ports {
        inputs,
        hangup,
        end: std::future::pending().boxed(),
        clock: || Now::fixed(fixture::READ),
        prepare: Box::new(move |events| {
            tokio::spawn(flood(events, flooding));
            async { Box::new(Idle) as Box<dyn Performer> }.boxed()
        }),
        themes: Theme::shipped(),
    };
    let counted = sent.clone();
    tokio::spawn(async move {
        while counted.load(Ordering::SeqCst) < BEFORE {
            tokio::task::yield_now().await;
        }
        let key = KeyPress { code: KeyCode::Char('q'), modifiers: KeyModifiers::NONE };
        sender.send(Input::Key(key, Mono::from_boot(Duration::from_secs(10_000)))).await.expect("the loop listens");
    });
    let console = run::run(&mut terminal, fixture::fleet(500), ports);
    let ending = tokio::time::timeout(Duration::from_secs(60), console).await.expect("the key is answered");
    assert_eq!(ending.expect("it draws"), Ending::Quit);
    assert!(sent.load(Ordering::SeqCst) >= BEFORE);
}
