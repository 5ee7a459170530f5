//! History is fetched once, then only what is new.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use jiff::Timestamp;
use quarterdeck::clock::Now;
use quarterdeck::source::prometheus::{Prometheus, sources};
use quarterdeck::source::{Ask, Reading, SharedSource};
use quarterdeck::state::ReadingStore;

use super::super::{Asked, Scripted, config, reply};
use super::signal;

const SERVICES: usize = 40;
const EVERY: u64 = 15;
const WINDOW: Duration = Duration::from_secs(6 * 3600);

/// A Prometheus at a made-up time, whose series are as long as they are asked; it can be down.
#[derive(Clone, Default)]
struct Fake {
    clock: Arc<AtomicI64>,
    down: Arc<AtomicBool>,
}

impl Fake {
    fn answer(&self, asked: &Asked) -> Response {
        if self.down.load(Ordering::Relaxed) {
            return reply(503, "text/plain", "down");
        }
        let now = self.clock.load(Ordering::Relaxed);
        let series = |index: usize| match asked.path.as_str() {
            "/api/v1/query" => format!(r#""value":[{now},"0.{index}"]"#),
            _ => format!(r#""values":[{}]"#, values(asked, index)),
        };
        let all: Vec<String> =
            (0..SERVICES).map(|index| format!(r#"{{"metric":{{"service":"s{index}"}},{}}}"#, series(index))).collect();
        let kind = if asked.path == "/api/v1/query" { "vector" } else { "matrix" };
        let body = format!(r#"{{"status":"success","data":{{"resultType":"{kind}","result":[{}]}}}}"#, all.join(","));
        let date = Timestamp::from_second(now).unwrap();
        let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&date).unwrap();
        let builder = Response::builder().header("date", date).header("content-type", "application/json");
        builder.body(Body::from(body)).unwrap()
    }
}

fn span(form: &HashMap<String, String>) -> (i64, i64, i64) {
    let number = |key: &str| form[key].parse().unwrap();
    (number("start"), number("end"), number("step"))
}

fn values(asked: &Asked, index: usize) -> String {
    let (start, end, step) = span(&asked.form);
    let moments = (0..).map(|n| start + n * step).take_while(|at| *at <= end);
    moments.map(|at| format!(r#"[{at},"0.{index}"]"#)).collect::<Vec<_>>().join(",")
}

struct Console {
    fake: Fake,
    server: Scripted,
    backend: Arc<Prometheus>,
    config: Arc<quarterdeck::config::Config>,
    source: SharedSource,
    store: ReadingStore,
    began: Now,
}

impl Console {
    async fn start() -> Self {
        let fake = Fake::default();
        let answering = fake.clone();
        let server = Scripted::start(move |asked| answering.answer(asked)).await;
        let names: Vec<String> = (0..SERVICES).map(|index| format!("\"s{index}\"")).collect();
        let text = format!(
            "[prometheus]\nurl = \"$URL\"\ninterval = \"{EVERY}s\"\n[[services]]\nnames = [{}]\n\
             [[services.signal]]\nname = \"errors\"\npromql = \"e\"\nby = \"service\"\nunit = \"ratio\"\n",
            names.join(", ")
        );
        let config = config(&text, &server);
        let backend = Arc::new(Prometheus::new(config.prometheus.as_ref().unwrap()));
        let source = sources(&config, &backend).remove(0);
        Self { fake, server, backend, config, source, store: ReadingStore::default(), began: Now::read() }
    }

    /// One poll, `seconds` after the beginning; the bytes that it received.
    async fn poll(&mut self, seconds: u64, backfill: Option<Duration>) -> u64 {
        let now = self.began.plus(Duration::from_secs(seconds));
        self.fake.clock.store(now.wall.as_second(), Ordering::Relaxed);
        let before = self.backend.received().bytes;
        let (out, mut readings) = tokio::sync::mpsc::channel::<Reading>(1024);
        quarterdeck::source::poll::once(self.source.as_ref(), Ask { now, backfill }, &out).await;
        drop(out);
        while let Some(reading) = readings.recv().await {
            self.store.receive(reading, now);
        }
        self.backend.received().bytes - before
    }

    fn ranges(&self) -> Vec<(i64, i64, i64)> {
        let asked = self.server.asked();
        asked.iter().filter(|asked| asked.path == "/api/v1/query_range").map(|asked| span(&asked.form)).collect()
    }

    /// The moments of the history that is kept of one service.
    fn moments(&self, seconds: u64) -> Vec<i64> {
        let now = self.began.plus(Duration::from_secs(seconds));
        let measured = self.store.measure(&self.config, &signal("s7", "errors"), now);
        let (series, _) = measured.value().expect("a value");
        series.points.iter().map(|point| point.at.as_second()).collect()
    }
}

#[tokio::test]
async fn a_refresh_receives_less_than_a_tenth_of_the_window_and_no_moment_is_asked_twice() {
    let mut console = Console::start().await;
    let whole = console.poll(0, Some(WINDOW)).await;
    let polls = 4 * 3600 / EVERY;
    let mut received = 0;
    for poll in 1..=polls {
        received += console.poll(poll * EVERY, None).await;
    }
    let ratio = received as f64 / polls as f64 / whole as f64;
    println!("window {whole} bytes, refresh {} bytes: {:.1} %", received / polls, ratio * 100.0);
    assert!(ratio < 0.1, "{ratio}");
    let ranges = console.ranges();
    for pair in ranges.windows(2) {
        assert_eq!(pair[1].0, pair[0].1 + pair[0].2, "each tail begins one step after the last: {ranges:?}");
    }
    assert!(ranges.iter().all(|(start, end, step)| start % step == 0 && end % step == 0), "aligned");
    assert!(ranges.len() as u64 <= 1 + polls / 8, "{} ranges in {polls} polls", ranges.len());
    let instants = console.server.asked().len() - ranges.len();
    assert_eq!(instants as u64, polls + 1, "one request an expression and poll, whatever the number of services");
}

#[tokio::test]
async fn the_history_that_is_kept_has_one_point_a_step_and_the_newest_values() {
    let mut console = Console::start().await;
    console.poll(0, Some(WINDOW)).await;
    let mut last = 0;
    for poll in 1..=400 {
        last = poll * EVERY;
        console.poll(last, None).await;
    }
    let moments = console.moments(last);
    let step = console.ranges()[0].2;
    assert!(moments.windows(2).all(|pair| pair[0] < pair[1]), "in order, each once");
    let aligned = moments.iter().filter(|at| **at % step == 0).count();
    assert!(moments.len() - aligned <= 17, "{} points between the steps", moments.len() - aligned);
    assert!(moments.windows(2).all(|pair| pair[1] - pair[0] <= step), "no hole");
}

#[tokio::test]
async fn after_an_outage_the_gap_is_filled_from_where_the_history_ended() {
    let mut console = Console::start().await;
    console.poll(0, Some(Duration::from_secs(3600))).await;
    console.fake.down.store(true, Ordering::Relaxed);
    for poll in 1..=40 {
        console.poll(poll * EVERY, None).await;
    }
    console.fake.down.store(false, Ordering::Relaxed);
    console.poll(41 * EVERY, None).await;
    let ranges: Vec<_> = console.ranges();
    let (whole, tail) = (ranges[0], ranges[ranges.len() - 1]);
    assert_eq!((ranges.len(), tail.0), (2, whole.1 + whole.2));
    let moments = console.moments(41 * EVERY);
    assert!(moments.windows(2).all(|pair| pair[1] - pair[0] <= 15), "no hole");
}

#[tokio::test]
async fn another_range_is_fetched_whole() {
    let mut console = Console::start().await;
    console.poll(0, Some(Duration::from_secs(3600))).await;
    console.poll(15, Some(WINDOW)).await;
    let ranges = console.ranges();
    assert_eq!(ranges.len(), 2);
    assert!(ranges[1].1 - ranges[1].0 > 5 * 3600);
}
