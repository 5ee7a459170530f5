//! The mean of queries over intervals that are past: all of one place and period in one call, counted by the meter.

use std::time::Duration;

use jiff::Timestamp;

use super::batch::pack;
use super::place_of;
use super::reader::Reader;
use super::window::{Window, period_of};
use crate::clock::Now;
use crate::config::{CloudWatchMetric, Query};
use crate::source::aws::Connections;
use crate::source::served::Means;
use crate::source::{Mean, Name, SignalData, Span};
use crate::text::Text;

/// The longest that asking may take.
const WITHIN: Duration = Duration::from_secs(4);

const DAY: i64 = 86_400;

/// How old data may be that a period is kept for, in seconds: `(period, age)`, with an hour left for what is just going.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention>
const KEPT: [(u32, i64); 3] = [(60, 15 * DAY - 3_600), (300, 63 * DAY - 3_600), (3_600, 455 * DAY)];

/// Samples of one query, at most: a longer time is asked in longer periods.
const SAMPLES: i64 = 20_000;

/// Fills in the means of the queries that are CloudWatch's.
pub async fn means(connections: &Connections, (queries, spans): (&[Query], &[Span]), now: Now, all: &mut [Means]) {
    let Some(whole) = whole(spans) else { return };
    let asked: Vec<(usize, Query)> = queries
        .iter()
        .enumerate()
        .filter_map(|(at, query)| Some((at, coarse(query, period_for(period_of(query)?, whole, now.wall)))))
        .collect();
    let mut places: Vec<Option<&Name>> = Vec::new();
    asked.iter().for_each(|(_, query)| {
        if !places.contains(&place_of(query)) {
            places.push(place_of(query));
        }
    });
    for place in places {
        let here = asked.iter().filter(|(_, query)| place_of(query) == place).cloned().collect::<Vec<_>>();
        of_place(connections, place, &here, (whole, spans), all).await;
    }
}

async fn of_place(
    connections: &Connections,
    place: Option<&Name>,
    asked: &[(usize, Query)],
    (whole, spans): (Span, &[Span]),
    all: &mut [Means],
) {
    let fill = |all: &mut [Means], query: &Query, means: &Means| {
        asked.iter().filter(|(_, one)| one == query).for_each(|(at, _)| all[*at] = means.clone());
    };
    let Some(connection) = connections.exactly(place) else { return };
    let reader = Reader::new(connection, WITHIN).await;
    let mut distinct: Vec<&Query> = Vec::new();
    for (_, query) in asked {
        if !distinct.contains(&query) {
            distinct.push(query);
        }
    }
    for batch in pack(distinct.into_iter()) {
        let window = window(batch.period, whole);
        match reader.read(&batch, window).await {
            Err(error) => {
                let means = vec![Err(error.reason.clone()); spans.len()];
                batch.answers.iter().for_each(|(query, _)| fill(all, query, &means));
            }
            Ok(outcomes) => outcomes.into_iter().for_each(|(query, outcome)| {
                let of = |span: &Span| match &outcome {
                    Ok(data) => mean(data, *span, window.period),
                    Err(error) => Err(error.reason.clone()),
                };
                fill(all, query, &spans.iter().map(of).collect());
            }),
        }
    }
}

/// From the beginning of the first to the end of the last.
fn whole(spans: &[Span]) -> Option<Span> {
    let from = spans.iter().map(|span| span.from).min()?;
    let to = spans.iter().map(|span| span.to).max()?;
    Some(Span { from, to })
}

/// The query's own period, or a longer one where data of its own are no longer kept or would be too many.
fn period_for(own: u32, whole: Span, now: Timestamp) -> u32 {
    let age = now.as_second() - whole.from.as_second();
    let length = whole.to.as_second() - whole.from.as_second();
    let kept = KEPT.iter().find(|(_, kept)| age <= *kept).map_or(3_600, |(period, _)| *period);
    let least = own.max(kept);
    let fits = |period: &u32| length / i64::from(*period) <= SAMPLES;
    [least, least.max(300), least.max(3_600)].into_iter().find(fits).unwrap_or(least.max(3_600))
}

/// The same query in another period; what is a sum over its period is not told from a rate: such a signal means itself only in
/// its own period, so that it is left alone.
fn coarse(query: &Query, period: u32) -> Query {
    let of = |metric: &CloudWatchMetric| CloudWatchMetric { period, ..metric.clone() };
    match query {
        Query::CloudWatch(metric) if !metric.statistic.eq_ignore_ascii_case("Sum") => Query::CloudWatch(of(metric)),
        Query::CloudWatchMaths { expression, metrics, .. } => Query::CloudWatchMaths {
            expression: expression.clone(),
            metrics: metrics.iter().map(|(name, metric)| (name.clone(), of(metric))).collect(),
            period,
        },
        other => other.clone(),
    }
}

/// Whole periods.
fn window(period: u32, whole: Span) -> Window {
    let aligned = |second: i64| second - second.rem_euclid(i64::from(period.max(1)));
    let at = |second| Timestamp::from_second(second).unwrap_or(Timestamp::MIN);
    let (start, end) = (aligned(whole.from.as_second()), aligned(whole.to.as_second()));
    Window { start: at(start), end: at(end), period, replaces: true }
}

/// The mean of the periods that lie within the interval.
fn mean(data: &SignalData, span: Span, period: u32) -> Result<Mean, Text> {
    if data.partial {
        return Err(Text::from("CloudWatch gave partial data"));
    }
    let (from, to, period) = (span.from.as_second(), span.to.as_second(), i64::from(period.max(1)));
    let first = from + (-from).rem_euclid(period);
    let expected = (to - first).div_euclid(period);
    if expected < 1 {
        return Err(Text::clean(&format!("it served for less than a period of {period} s")));
    }
    let within = |second: i64| second >= first && second + period <= to;
    let values = data.points.iter().filter(|point| within(point.at.as_second())).map(|point| point.value);
    Mean::of(values, usize::try_from(expected).unwrap_or(usize::MAX)).map_err(|reason| Text::clean(&reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn span(from: i64, to: i64) -> Span {
        Span { from: at(from), to: at(to) }
    }

    #[test]
    fn only_whole_periods_within_the_interval_count() {
        let points =
            (0..10).map(|n| crate::source::Point { at: at(n * 60), value: f64::from(u8::try_from(n).unwrap()) });
        let data = SignalData { points: points.collect(), ..SignalData::default() };
        assert_eq!(mean(&data, span(61, 301), 60), Ok(Mean { value: 3.0, samples: 3 }), "2, 3 and 4");
        assert!(mean(&data, span(61, 100), 60).is_err(), "no whole period");
        assert!(mean(&data, span(0, 2_400), 60).is_err(), "a quarter of it is there");
        let partial = SignalData { partial: true, ..data };
        assert!(mean(&partial, span(0, 600), 60).is_err());
    }

    #[test]
    fn what_is_no_longer_kept_in_its_period_is_asked_in_a_longer_one() {
        let now = at(100 * DAY);
        let since = |days: i64| period_for(60, span((100 - days) * DAY, (101 - days) * DAY), now);
        assert_eq!((since(2), since(20), since(90)), (60, 300, 3_600));
        assert_eq!(period_for(900, span(99 * DAY, 100 * DAY), now), 900, "never shorter than its own");
    }
}
