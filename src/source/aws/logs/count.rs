//! The count of matching events per five minutes, as a series.
//!
//! Each poll asks an Insights query: the first over the whole window, later ones over the last two full bins only, since
//! events are stored late and a query is billed by what it scans. A bin without events is 0 only where the query was
//! complete over it; the newest bin, which is not over, is never told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::allowance::Allowance;
use crate::clock::Now;
use crate::config::{LOG_COUNT_BIN, LogCount};
use crate::source::logs::follow::earlier;
use crate::source::logs::query::{self, Ended};
use crate::source::logs::{LogId, LogReader, QueryAsk};
use crate::source::{
    Ask, Cadence, Name, Number, Payload, Point, QueryResults, QueryState, Reading, Readings, SignalData, Source,
    SourceError, SourceErrorKind, Subject,
};

/// The longest that one query may take; longer ones are stopped.
const LONGEST: Duration = Duration::from_secs(30);

/// How long starting a query may take, besides.
const START: Duration = Duration::from_secs(12);

/// Bins that later polls ask anew.
const TAIL: u32 = 2;

/// The longest window, in bins: a week.
const MOST_BINS: u32 = 2016;

/// Reads the count of one log.
pub(super) struct Count {
    name: Name,
    reader: Arc<dyn LogReader>,
    id: LogId,
    subjects: [Subject; 1],
    query: String,
    interval: Duration,
    allowance: Allowance,
}

impl Count {
    /// A source of the count of one log.
    pub(super) fn new(
        reader: Arc<dyn LogReader>,
        id: LogId,
        subject: Subject,
        count: &LogCount,
        allowance: Allowance,
    ) -> Self {
        let name = Name::from(format!("log-count:{id}"));
        let (query, interval) = (count.query.clone(), count.interval);
        Self { name, reader, id, subjects: [subject], query, interval, allowance }
    }

    async fn read(&self, ask: Ask) -> Result<Payload, SourceError> {
        self.allowance.check(ask.now.mono).map_err(|reason| self.error(SourceErrorKind::Refused, &reason))?;
        let (from, until) = span(ask.now.wall, ask.backfill)
            .ok_or_else(|| self.error(SourceErrorKind::Refused, "the time of this host can't be counted in bins"))?;
        let wanted = QueryAsk {
            id: self.id.clone(),
            query: self.query.clone(),
            from,
            // Both ends count; a second of the next bin would make a bin of its own.
            until: earlier(until, Duration::from_secs(1)),
        };
        let ended = query::run(&self.reader, &wanted, Now::read, LONGEST, |_| {}, std::future::pending()).await;
        match ended {
            Ended::Over(results) if results.state == QueryState::Complete => {
                let points =
                    bins(&results, from, until).map_err(|reason| self.error(SourceErrorKind::Malformed, &reason))?;
                Ok(Payload::Signal(data(points, until, ask.backfill.is_some(), results.truncated)))
            }
            Ended::Over(results) => {
                Err(self.error(SourceErrorKind::Refused, &format!("the query ended as {}", results.state.word())))
            }
            Ended::Failed(error) => Err(error),
            Ended::Left(_) => {
                Err(self.error(SourceErrorKind::Timeout, "the query took longer than 30 s, and was stopped"))
            }
        }
    }

    fn error(&self, kind: SourceErrorKind, reason: &str) -> SourceError {
        SourceError::new(&self.name, kind, reason)
    }
}

impl Source for Count {
    fn name(&self) -> &Name {
        &self.name
    }

    fn cadence(&self) -> Cadence {
        Cadence { every: self.interval, lag: LOG_COUNT_BIN * 2 }
    }

    /// Beyond [`LONGEST`], so that the query is stopped before the poll is given up.
    fn deadline(&self) -> Duration {
        LONGEST + query::STOP_TIMEOUT + START
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let outcome = self.read(ask).await;
            let _ = out.send(Reading { subject: self.subjects[0].clone(), outcome }).await;
        })
    }
}

/// The full bins that are asked: from the begin of the first to the end of the last.
fn span(now: Timestamp, backfill: Option<Duration>) -> Option<(Timestamp, Timestamp)> {
    let bin = i64::try_from(LOG_COUNT_BIN.as_secs()).ok()?;
    let until = Timestamp::from_second(now.as_second() - now.as_second().rem_euclid(bin)).ok()?;
    let wanted = backfill.map_or(TAIL, |window| {
        let bins = window.as_secs().div_ceil(LOG_COUNT_BIN.as_secs());
        u32::try_from(bins).unwrap_or(MOST_BINS).clamp(TAIL, MOST_BINS)
    });
    Some((until.checked_sub(LOG_COUNT_BIN * wanted).ok()?, until))
}

fn data(points: Vec<Point>, until: Timestamp, replaces: bool, partial: bool) -> SignalData {
    let value = points.last().map(|point| Number::from(point.value));
    SignalData { value, sampled: Some(until), points, replaces, partial, ..SignalData::default() }
}

/// One point a bin, at its begin; bins without a row are 0.
fn bins(results: &QueryResults, from: Timestamp, until: Timestamp) -> Result<Vec<Point>, String> {
    let mut counts = rows(results)?;
    let mut points = Vec::new();
    let mut at = from;
    while at < until {
        points.push(Point { at, value: counts.remove(&at).unwrap_or(0.0) });
        at = at.checked_add(LOG_COUNT_BIN).map_err(|error| error.to_string())?;
    }
    match counts.keys().next() {
        Some(stray) if *stray > from && *stray < until => Err(format!("{stray} is no begin of a bin of five minutes")),
        _ => Ok(points),
    }
}

/// Counts by bin.
fn rows(results: &QueryResults) -> Result<BTreeMap<Timestamp, f64>, String> {
    let mut counts = BTreeMap::new();
    if results.rows.is_empty() {
        return Ok(counts);
    }
    let is_bin = |name: &str| name.starts_with("bin(") || name.starts_with("bin (");
    let time = results.columns.iter().position(|name| is_bin(name)).ok_or("the answer has no column bin(5m)")?;
    let [count] = (0..results.columns.len()).filter(|column| *column != time).collect::<Vec<_>>()[..] else {
        return Err("the answer has more than one count a bin".to_owned());
    };
    for row in &results.rows {
        let at = moment(&row[time]).ok_or_else(|| format!("`{}` is no time", row[time]))?;
        let value = row[count].parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0);
        let value = value.ok_or_else(|| format!("`{}` is no count", row[count]))?;
        if counts.insert(at, value).is_some() {
            return Err("the answer has more than one row a bin".to_owned());
        }
    }
    Ok(counts)
}

/// `2026-11-21 14:05:00.000`, in UTC.
fn moment(text: &str) -> Option<Timestamp> {
    let civil: DateTime = text.trim().parse().ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// Reads any bytes as rows of an Insights answer (a line a row, the first one its columns, cells parted by tabs), for
/// [`crate::fuzzing`].
pub(crate) fn decode_any(data: &[u8]) {
    let raw = String::from_utf8_lossy(data);
    let cells = |line: &str| line.split('\t').map(crate::text::Text::clean).collect::<Vec<_>>();
    let mut lines = raw.lines().take(MOST_BINS as usize).map(cells);
    let columns = lines.next().unwrap_or_default();
    let mut rows: Vec<_> = lines.collect();
    rows.iter_mut().for_each(|row| row.resize(columns.len(), crate::text::Text::default()));
    let results = QueryResults { state: QueryState::Complete, columns, rows, truncated: false, statistics: None };
    let Some((from, until)) = span(Timestamp::UNIX_EPOCH, None) else { return };
    if let Ok(points) = bins(&results, from, until) {
        assert!(points.iter().all(|point| point.value.is_finite() && point.value >= 0.0), "counts");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn answer(columns: &[&str], rows: &[&[&str]]) -> QueryResults {
        let texts = |texts: &[&str]| texts.iter().map(|text| Text::clean(text)).collect::<Vec<_>>();
        QueryResults {
            state: QueryState::Complete,
            columns: texts(columns),
            rows: rows.iter().map(|row| texts(row)).collect(),
            truncated: false,
            statistics: None,
        }
    }

    #[test]
    fn the_newest_bin_which_is_not_over_is_not_asked() {
        let (from, until) = span(at("2026-01-01T10:07:31Z"), None).unwrap();
        assert_eq!((from, until), (at("2026-01-01T09:55:00Z"), at("2026-01-01T10:05:00Z")));
        let (from, _) = span(at("2026-01-01T10:07:31Z"), Some(Duration::from_secs(3600))).unwrap();
        assert_eq!(from, at("2026-01-01T09:05:00Z"));
    }

    #[test]
    fn bins_without_a_row_are_nought_once_the_query_is_complete() {
        let results = answer(&["bin(5m)", "count()"], &[&["2026-01-01 10:05:00.000", "7"]]);
        let points = bins(&results, at("2026-01-01T10:00:00Z"), at("2026-01-01T10:15:00Z")).unwrap();
        assert_eq!(points.iter().map(|point| point.value).collect::<Vec<_>>(), [0.0, 7.0, 0.0]);
        let none = bins(&answer(&[], &[]), at("2026-01-01T10:00:00Z"), at("2026-01-01T10:10:00Z")).unwrap();
        assert_eq!(none.len(), 2);
    }

    #[test]
    fn what_is_not_one_count_a_bin_is_refused() {
        let (from, until) = (at("2026-01-01T10:00:00Z"), at("2026-01-01T10:10:00Z"));
        let bin = "2026-01-01 10:05:00.000";
        for (columns, rows) in [
            (&["bin(5m)", "count()"][..], &[&["soon", "7"][..]][..]),
            (&["bin(5m)", "count()"], &[&[bin, "NaN"]]),
            (&["bin(5m)", "count()"], &[&[bin, "-1"]]),
            (&["bin(5m)", "count()"], &[&["2026-01-01 10:02:00.000", "1"]]),
            (&["bin(5m)", "count()"], &[&[bin, "1"], &[bin, "2"]]),
            (&["bin(5m)", "host", "count()"], &[&[bin, "a", "2"]]),
            (&["bin(5m)"], &[&[bin]]),
            (&["count()"], &[&["7"]]),
        ] {
            assert!(bins(&answer(columns, rows), from, until).is_err(), "{columns:?} {rows:?}");
        }
    }
}
