//! Log lines of the simulated fleet: a few requests a second, and the errors that its course has. The same moment always
//! has the same lines, so that following, counting and querying agree.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::course::{Course, PAST};
use super::fleet::Profile;
use super::measure::moment;
use super::noise::{mix, seed_of, unit};
use super::source::Simulated;
use crate::clock::Now;
use crate::config::LOG_COUNT_BIN;
use crate::source::logs::follow::earlier;
use crate::source::logs::{LogAsk, LogId, LogPage, LogReader, QueryAsk, QueryTicket, line};
use crate::source::{LogEvent, Number, Point, QueryResults, QueryState, QueryStatistics, SignalData, SourceError};
use crate::text::Text;

/// Requests that are logged each second.
const REQUESTS: u64 = 2;

/// The most errors that are logged each second.
const MOST_ERRORS: f64 = 4.0;

/// How long a simulated query takes.
const QUERY_TAKES: Duration = Duration::from_millis(1500);

/// The longest window that is written: following begins minutes ago, queries look at hours.
const LONGEST: i64 = 6 * 3600;

const PATHS: [&str; 5] = ["/api/products", "/api/cart", "/api/orders", "/api/search", "/"];

/// A line: when, how many milliseconds into its second, and what.
struct Line {
    second: i64,
    index: u64,
    text: String,
}

/// Errors that a service logs in one second.
fn errors(course: &Course, profile: &Profile, second: i64) -> u64 {
    #[allow(clippy::cast_precision_loss)] // seconds of a demo
    let sample = course.sample(profile, second as f64);
    let wanted = (sample.traffic * sample.errors).min(MOST_ERRORS);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to 5
    let whole = (wanted + unit(seed_of(course.seed(), "log-errors"), second)).floor() as u64;
    whole
}

/// The lines of a service in one second.
fn lines_of(course: &Course, profile: &Profile, second: i64) -> Vec<Line> {
    #[allow(clippy::cast_precision_loss)] // seconds of a demo
    let sample = course.sample(profile, second as f64);
    let seed = seed_of(course.seed(), profile.name);
    let chance = |index: u64| mix(seed ^ mix(second.cast_unsigned().wrapping_mul(31) ^ index));
    let path = |index: u64| PATHS[(chance(index) % 5) as usize];
    let took = |index: u64| sample.p50 * 1000.0 * (0.4 + (chance(index + 50) % 170) as f64 / 100.0);
    let request = |index: u64| {
        let text = format!(r#"{{"level":"info","msg":"GET {} 200","ms":{:.0}}}"#, path(index), took(index));
        Line { second, index, text }
    };
    let failed = |index: u64| {
        let order = 4000 + chance(index) % 900;
        let text = format!("ERROR GET {} 503 order {order}: upstream timed out after 5000 ms", path(index));
        Line { second, index, text }
    };
    let slow = (sample.utilisation > 0.9 && chance(90) % 3 == 0).then(|| Line {
        second,
        index: 90,
        text: format!("WARN  queue is {:.0} % full", sample.cpu),
    });
    let failures = errors(course, profile, second);
    (0..REQUESTS).map(request).chain(slow).chain((0..failures).map(|n| failed(100 + n))).collect()
}

/// The events of a service between two moments, in their order.
fn events(at: &super::source::Moment, profile: &Profile, (from, until): (Timestamp, Timestamp)) -> Vec<LogEvent> {
    let second = |time: Timestamp| time.as_second() - at.began.as_second();
    #[allow(clippy::cast_possible_truncation)] // seconds of a demo
    let past = -(PAST as i64);
    let (first, last) = (second(from).max(past).max(second(until) - LONGEST), second(until));
    let tasks = u64::from(profile.initial().max(1));
    let event = |line: Line| {
        #[allow(clippy::cast_precision_loss)] // seconds of a demo
        let when = moment(at.began, line.second as f64 + (line.index * 7 % 1000) as f64 / 1000.0);
        let task = mix(seed_of(at.course.seed(), profile.name) ^ (line.index % tasks));
        let id = format!("{}-{}-{}", profile.name, line.second, line.index);
        line::event(&id, when, &format!("{}/{task:016x}", profile.name), &line.text)
    };
    let lines = (first..=last).flat_map(|second| lines_of(&at.course, profile, second));
    lines.map(event).filter(|event| event.at >= from && event.at <= until).collect()
}

/// The count of errors per bin, over the window or the last two full bins.
pub(super) fn count(
    at: &super::source::Moment,
    profile: &Profile,
    now: Timestamp,
    backfill: Option<Duration>,
) -> SignalData {
    let bin = LOG_COUNT_BIN.as_secs().cast_signed();
    let until = now.as_second() - now.as_second().rem_euclid(bin);
    let bins = backfill.map_or(2, |window| window.as_secs().cast_signed() / bin).clamp(2, LONGEST / bin);
    let began = at.began.as_second();
    #[allow(clippy::cast_possible_truncation)] // seconds of a demo
    let known = |start: &i64| start - began >= -(PAST as i64);
    let point = |start: i64| {
        let sum: u64 = (start..start + bin).map(|second| errors(&at.course, profile, second - began)).sum();
        #[allow(clippy::cast_precision_loss)] // at most 1500
        Point { at: Timestamp::from_second(start).unwrap_or_default(), value: sum as f64 }
    };
    let points: Vec<Point> = (0..bins).rev().map(|n| until - (n + 1) * bin).filter(known).map(point).collect();
    SignalData {
        value: points.last().map(|point| Number::from(point.value)),
        sampled: Timestamp::from_second(until).ok(),
        points,
        replaces: backfill.is_some(),
        ..SignalData::default()
    }
}

impl LogReader for Simulated {
    fn interval(&self, _id: &LogId) -> Duration {
        Duration::from_secs(1)
    }

    fn read<'a>(&'a self, ask: &'a LogAsk, now: Now) -> BoxFuture<'a, Result<LogPage, SourceError>> {
        Box::pin(async move {
            let at = self.at(now)?;
            let mut events = events(&at, self.orchestrated(&ask.id.service)?, (ask.from, now.wall));
            events.retain(|event| passes(&event.text, &ask.filter));
            Ok(LogPage { events, ..LogPage::default() })
        })
    }

    fn start<'a>(&'a self, ask: &'a QueryAsk, now: Now) -> BoxFuture<'a, Result<QueryTicket, SourceError>> {
        Box::pin(async move {
            let query = "simulated".to_owned();
            Ok(QueryTicket { id: ask.id.clone(), query, ask: ask.clone(), started: now.wall })
        })
    }

    fn results<'a>(&'a self, ticket: &'a QueryTicket, now: Now) -> BoxFuture<'a, Result<QueryResults, SourceError>> {
        Box::pin(async move {
            let at = self.at(now)?;
            let ask = &ticket.ask;
            let done = ticket.started <= earlier(now.wall, QUERY_TAKES);
            let events = events(&at, self.orchestrated(&ask.id.service)?, (ask.from, ask.until));
            let seen = if done { &events[..] } else { &events[..events.len() / 2] };
            let state = if done { QueryState::Complete } else { QueryState::Running };
            Ok(answer(seen, &ask.query, state))
        })
    }

    fn stop<'a>(&'a self, _ticket: &'a QueryTicket) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(async { Ok(()) })
    }
}

/// Whether a line passes a filter pattern of terms: any of `?a ?b`, all of `a b`, none of `-a`.
fn passes(text: &str, pattern: &str) -> bool {
    let term = |term: &str| text.contains(term.trim_matches('"'));
    let terms: Vec<&str> = pattern.split_whitespace().collect();
    let optional: Vec<&str> = terms.iter().filter_map(|word| word.strip_prefix('?')).collect();
    let rest = terms.iter().filter(|word| !word.starts_with('?'));
    let each = |word: &&str| word.strip_prefix('-').map_or_else(|| term(word), |word| !term(word));
    (optional.is_empty() || optional.iter().any(|word| term(word))) && rest.into_iter().all(each)
}

/// Answers the forms of queries that the demo's configuration has: `filter @message like /…/`, `stats count(*) by …`,
/// `stats pct(@duration, …)`, else the newest lines.
fn answer(events: &[LogEvent], query: &str, state: QueryState) -> QueryResults {
    let like = query.split_once("like /").and_then(|(_, rest)| rest.split_once('/')).map(|(word, _)| word);
    let matched: Vec<&LogEvent> =
        events.iter().filter(|event| like.is_none_or(|word| event.text.contains(word))).collect();
    let by = query.split_once(" by ").and_then(|(_, rest)| rest.split_whitespace().next());
    let (columns, rows) = match by {
        _ if query.contains("pct(") => percentiles(&matched),
        Some(field) => grouped(&matched, field),
        None => listed(&matched),
    };
    let bytes: usize = events.iter().map(|event| event.bytes).sum();
    #[allow(clippy::cast_precision_loss)] // far below 2^53
    let statistics =
        QueryStatistics { matched: matched.len() as f64, scanned: events.len() as f64, bytes: bytes as f64 };
    let columns = columns.iter().map(|name| Text::clean(name)).collect();
    QueryResults { state, columns, rows, truncated: false, statistics: Some(statistics) }
}

type Rows = (Vec<String>, Vec<Vec<Text>>);

fn grouped(events: &[&LogEvent], field: &str) -> Rows {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for event in events {
        *counts.entry(key(event, field)).or_default() += 1;
    }
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    if !field.starts_with("bin") {
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    }
    let row = |(key, count): (String, u64)| vec![Text::clean(&key), Text::clean(&count.to_string())];
    (vec![field.to_owned(), "count".to_owned()], counts.into_iter().map(row).collect())
}

fn key(event: &LogEvent, field: &str) -> String {
    match field {
        "@logStream" => event.stream.to_string(),
        _ if field.starts_with("bin") => {
            let second = event.at.as_second();
            let start = second - second.rem_euclid(LOG_COUNT_BIN.as_secs().cast_signed());
            let start = Timestamp::from_second(start).unwrap_or_default();
            start.strftime("%Y-%m-%d %H:%M:%S.000").to_string()
        }
        _ => event.text.split_whitespace().find(|word| word.starts_with('/')).unwrap_or_default().to_owned(),
    }
}

/// By the nearest rank over the logged requests.
fn percentiles(events: &[&LogEvent]) -> Rows {
    let took = |event: &&&LogEvent| event.text.split_once("ms=").and_then(|(_, rest)| rest.parse::<f64>().ok());
    let mut all: Vec<f64> = events.iter().filter_map(|event| took(&event)).collect();
    all.sort_by(f64::total_cmp);
    let rank = |share: f64| {
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // an index
        let index = (share * all.len() as f64).ceil() as usize;
        all.get(index.saturating_sub(1)).map_or_else(String::new, |value| format!("{value:.1}"))
    };
    let cells = [0.5, 0.95, 0.99].map(|share| Text::clean(&rank(share)));
    let columns = ["p50", "p95", "p99"].map(str::to_owned).to_vec();
    (columns, if all.is_empty() { Vec::new() } else { vec![cells.to_vec()] })
}

fn listed(events: &[&LogEvent]) -> Rows {
    let row = |event: &&LogEvent| vec![Text::clean(&event.at.to_string()), event.text.clone()];
    let columns = ["@timestamp", "@message"].map(str::to_owned).to_vec();
    (columns, events.iter().rev().take(1000).map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_of_terms_is_any_all_and_none() {
        assert!(passes("ERROR x", "?ERROR ?WARN") && passes("WARN x", "?ERROR ?WARN"));
        assert!(!passes("INFO x", "?ERROR ?WARN") && passes("a b", "a b") && !passes("a", "a b"));
        assert!(!passes("a b", "a -b") && passes("anything", "") && passes("timed out", "\"timed\""));
    }
}
