//! The poller on a paused clock, with sources that live in this process.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use futures_util::future::BoxFuture;

use super::*;
use crate::source::{
    Cadence, Name, Number, Payload, Readings, SignalData, SignalId, Source, SourceError, SourceErrorKind, Subject,
};

const EVERY: Duration = Duration::from_secs(5);
const DEADLINE: Duration = Duration::from_secs(2);
const WINDOW: Duration = Duration::from_secs(3600);

/// How the made-up source answers.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Well,
    Refuses,
    HalfWell,
    Hangs,
    SilentEnd,
    Breaks,
}

struct Fake {
    name: Name,
    subjects: Vec<Subject>,
    mood: Mutex<Mood>,
    asked: Mutex<Vec<(Instant, Option<Duration>)>>,
    dropped: Arc<AtomicBool>,
    polls: AtomicU32,
    rest: Mutex<Option<Duration>>,
}

struct OnDrop(Arc<AtomicBool>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn subject(name: &str) -> Subject {
    Subject::Signal(SignalId { service: Name::from("app"), signal: Name::from(name) })
}

impl Fake {
    fn new(mood: Mood) -> Arc<Self> {
        Arc::new(Self {
            name: Name::from("fake"),
            subjects: vec![subject("a"), subject("b"), subject("c")],
            mood: Mutex::new(mood),
            asked: Mutex::default(),
            dropped: Arc::default(),
            polls: AtomicU32::new(0),
            rest: Mutex::default(),
        })
    }

    fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn polls(&self) -> u32 {
        self.polls.load(Ordering::SeqCst)
    }

    fn times(&self) -> Vec<Duration> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(at, _)| *at - asked[0].0).collect()
    }

    fn windows(&self) -> Vec<Option<Duration>> {
        self.asked.lock().unwrap().iter().map(|(_, window)| *window).collect()
    }

    async fn send(&self, out: &Readings, index: usize, well: bool) {
        let refused = SourceError::new(&self.name, SourceErrorKind::Refused, "no");
        let value = SignalData { value: Some(Number::Finite(1.0)), ..SignalData::default() };
        let outcome = if well { Ok(Payload::Signal(value)) } else { Err(refused) };
        let _ = out.send(Reading { subject: self.subjects[index].clone(), outcome }).await;
    }
}

impl Source for Fake {
    fn name(&self) -> &Name {
        &self.name
    }

    fn cadence(&self) -> Cadence {
        Cadence { every: EVERY, lag: Duration::ZERO }
    }

    fn rest(&self, _now: Now) -> Option<Duration> {
        *self.rest.lock().unwrap()
    }

    fn deadline(&self) -> Duration {
        DEADLINE
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            self.asked.lock().unwrap().push((Instant::now(), ask.backfill));
            self.polls.fetch_add(1, Ordering::SeqCst);
            let mood = *self.mood.lock().unwrap();
            let _guard = OnDrop(self.dropped.clone());
            self.send(out, 0, mood != Mood::Refuses).await;
            match mood {
                Mood::Hangs => std::future::pending().await,
                Mood::Breaks => panic!("made to break"),
                Mood::SilentEnd => return,
                _ => {}
            }
            for index in 1..self.subjects.len() {
                self.send(out, index, mood == Mood::Well).await;
            }
        })
    }
}

fn start(source: &Arc<Fake>) -> (Poller, mpsc::Receiver<Reading>) {
    let (out, readings) = mpsc::channel(1024);
    let origin = Instant::now();
    let clock: Clock = Arc::new(move || Now::fixed(origin.elapsed().as_secs()));
    (spawn(vec![source.clone() as SharedSource], out, clock, WINDOW), readings)
}

/// Lets paused time go on.
async fn wait(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

fn drain(readings: &mut mpsc::Receiver<Reading>) -> Vec<Reading> {
    std::iter::from_fn(|| readings.try_recv().ok()).collect()
}

fn seconds(times: &[Duration]) -> Vec<u64> {
    times.iter().map(Duration::as_secs).collect()
}

#[tokio::test(start_paused = true)]
async fn a_source_is_asked_at_once_and_then_every_interval() {
    let source = Fake::new(Mood::Well);
    let (_poller, _readings) = start(&source);
    wait(16).await;
    assert_eq!(seconds(&source.times()), [0, 5, 10, 15]);
}

#[tokio::test(start_paused = true)]
async fn the_history_is_asked_with_the_first_poll_only_and_when_the_window_changes() {
    let source = Fake::new(Mood::Well);
    let (poller, _readings) = start(&source);
    wait(6).await;
    poller.backfill(WINDOW * 2);
    wait(6).await;
    assert_eq!(source.windows(), [Some(WINDOW), None, Some(WINDOW * 2), None]);
}

#[tokio::test(start_paused = true)]
async fn the_history_is_asked_anew_until_the_source_answers() {
    let source = Fake::new(Mood::Refuses);
    let (_poller, _readings) = start(&source);
    wait(1).await;
    source.set(Mood::Well);
    wait(20).await;
    assert_eq!(source.windows()[..3], [Some(WINDOW), Some(WINDOW), None]);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_is_answered_for_at_its_deadline() {
    let source = Fake::new(Mood::Hangs);
    let (_poller, mut readings) = start(&source);
    wait(3).await;
    let readings = drain(&mut readings);
    assert_eq!(readings.len(), 3, "one reading a subject");
    assert!(readings[0].outcome.is_ok(), "what was answered in time counts");
    for reading in &readings[1..] {
        let error = reading.outcome.as_ref().unwrap_err();
        assert_eq!((error.kind, error.reason.as_str()), (SourceErrorKind::Timeout, "no answer within 2 s"));
    }
    assert!(source.dropped.load(Ordering::SeqCst), "the late poll is given up");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_breaks_or_ends_early_leaves_no_subject_silent() {
    for mood in [Mood::Breaks, Mood::SilentEnd] {
        let source = Fake::new(mood);
        let (_poller, mut readings) = start(&source);
        wait(11).await;
        let readings = drain(&mut readings);
        assert_eq!(readings.len(), 9, "three polls, three subjects each");
        assert_eq!(readings.iter().filter(|reading| reading.outcome.is_err()).count(), 6);
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_whole_is_asked_less_often_and_at_least_once_a_minute() {
    let source = Fake::new(Mood::Refuses);
    let (_poller, _readings) = start(&source);
    wait(1800).await;
    let times = source.times();
    let gaps: Vec<Duration> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| *gap >= EVERY && *gap <= LONGEST_BACKOFF), "{gaps:?}");
    assert!(gaps.len() < 65 && gaps.len() >= 30, "{} polls in half an hour", gaps.len());
    source.set(Mood::Well);
    wait(61).await;
    let before = source.polls();
    wait(50).await;
    assert_eq!(source.polls() - before, 10, "the interval is back after a success");
}

#[tokio::test(start_paused = true)]
async fn one_failing_subject_does_not_slow_its_source_down() {
    let source = Fake::new(Mood::HalfWell);
    let (_poller, _readings) = start(&source);
    wait(21).await;
    assert_eq!(seconds(&source.times()), [0, 5, 10, 15, 20]);
}

#[tokio::test(start_paused = true)]
async fn paused_polling_rests_and_resumes_at_once() {
    let source = Fake::new(Mood::Well);
    let (poller, _readings) = start(&source);
    wait(6).await;
    poller.pause(true);
    wait(60).await;
    assert_eq!(source.polls(), 2);
    poller.poll_now();
    wait(1).await;
    assert_eq!(source.polls(), 3, "asked by hand even while paused");
    poller.pause(false);
    wait(6).await;
    assert!(source.polls() >= 4);
}

#[tokio::test(start_paused = true)]
async fn asking_now_does_not_wait_for_the_interval() {
    let source = Fake::new(Mood::Well);
    let (poller, _readings) = start(&source);
    wait(2).await;
    poller.poll_now();
    wait(1).await;
    assert_eq!(seconds(&source.times()), [0, 2]);
    wait(5).await;
    assert_eq!(seconds(&source.times()), [0, 2, 7]);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_poller_ends_everything() {
    let source = Fake::new(Mood::Hangs);
    let (poller, mut readings) = start(&source);
    wait(1).await;
    drop(poller);
    wait(1).await;
    assert!(source.dropped.load(Ordering::SeqCst));
    drain(&mut readings);
    assert!(readings.recv().await.is_none(), "no task holds the channel");
}

#[tokio::test(start_paused = true)]
async fn a_full_channel_makes_the_source_wait_and_loses_nothing() {
    let source = Fake::new(Mood::Well);
    let (out, mut readings) = mpsc::channel(1);
    let clock: Clock = Arc::new(|| Now::fixed(0));
    let _poller = spawn(vec![source.clone() as SharedSource], out, clock, WINDOW);
    wait(1).await;
    assert_eq!(source.polls(), 1);
    let mut taken = Vec::new();
    while taken.len() < 3 {
        taken.push(readings.recv().await.unwrap().subject);
    }
    assert_eq!(taken, source.subjects);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_has_nothing_new_is_not_asked_earlier_even_on_request_but_for_history_and_after_a_failure() {
    let source = Fake::new(Mood::Well);
    *source.rest.lock().unwrap() = Some(Duration::from_secs(60));
    let (poller, _readings) = start(&source);
    wait(10).await;
    poller.poll_now();
    wait(40).await;
    assert_eq!(seconds(&source.times()), [0], "nothing new could be there");
    wait(20).await;
    assert_eq!(seconds(&source.times()), [0, 60], "the request was not made up for");
    poller.backfill(WINDOW);
    wait(1).await;
    assert_eq!(source.polls(), 3, "history is new");
    source.set(Mood::Refuses);
    wait(61).await;
    let failed = source.polls();
    poller.poll_now();
    wait(1).await;
    assert!(source.polls() > failed, "after a failure it may be asked at any time");
}
