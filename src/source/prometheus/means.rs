//! The mean of a query over intervals that are past.

use std::time::Duration;

use super::backend::Prometheus;
use super::outcome::Selector;
use super::range::Range;
use crate::config::{PromQuery, Query};
use crate::source::served::Means;
use crate::source::{Mean, Name, Span};
use crate::text::Text;

/// Samples of one interval, at most.
const SAMPLES: u64 = 60;

/// The finest step.
const FINEST: Duration = Duration::from_secs(15);

impl Prometheus {
    /// Fills in the means of the queries that are PromQL: one range query for each and each interval, the backend bounds how
    /// many at once.
    pub(in crate::source) async fn means(&self, (queries, spans): (&[Query], &[Span]), all: &mut [Means]) {
        let asked = queries.iter().enumerate().filter_map(|(at, query)| match query {
            Query::Prometheus(query) => Some((at, query)),
            _ => None,
        });
        let each = asked.map(|(at, query)| async move {
            (at, futures_util::future::join_all(spans.iter().map(|span| self.mean(query, *span))).await)
        });
        for (at, means) in futures_util::future::join_all(each).await {
            all[at] = means;
        }
    }

    async fn mean(&self, query: &PromQuery, span: Span) -> Result<Mean, Text> {
        let range = range_of(span).ok_or_else(|| Text::from("it served too briefly to tell"))?;
        let selector = Selector::from(query);
        let labels: Vec<Name> = selector.labels().collect();
        let matrix = self.matrix(&query.expression, &labels, range).await.map_err(|error| error.reason)?;
        if matrix.partial {
            return Err(Text::from("the answer is not whole"));
        }
        let points = matrix.points(&selector).map_err(|reason| Text::clean(&reason))?;
        let expected = usize::try_from((range.end - range.start) / range.step + 1).unwrap_or(usize::MAX);
        Mean::of(points.iter().map(|point| point.value), expected).map_err(|reason| Text::clean(&reason))
    }
}

/// Moments within the interval, the first a step after its beginning; `None` where there is no room for two.
fn range_of(span: Span) -> Option<Range> {
    let (from, to) = (span.from.as_second(), span.to.as_second());
    let length = u64::try_from(to - from).ok()?;
    let step = i64::try_from(length.div_ceil(SAMPLES).max(FINEST.as_secs())).ok()?;
    let start = from + step;
    let count = (to - start).div_euclid(step);
    (count >= 1).then_some(Range { start, end: start + count * step, step })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(seconds: i64) -> Option<Range> {
        let at = |second| jiff::Timestamp::from_second(second).unwrap();
        range_of(Span { from: at(1_000), to: at(1_000 + seconds) })
    }

    #[test]
    fn an_interval_is_asked_in_few_moments_that_lie_within_it() {
        for seconds in [30, 599, 600, 86_400, 30 * 86_400] {
            let range = range(seconds).unwrap();
            let count = (range.end - range.start) / range.step + 1;
            assert!((2..=60).contains(&count), "{seconds} s: {count}");
            assert!(range.start > 1_000 && range.end <= 1_000 + seconds, "{seconds}: {range:?}");
        }
        assert_eq!((range(29), range(0), range(-5)), (None, None, None));
    }
}
