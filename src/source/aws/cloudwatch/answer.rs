//! Pages of GetMetricData put together: one series an entry, its status kept apart.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_cloudwatch::types::{MessageData, MetricDataResult, StatusCode};
use jiff::Timestamp;

use super::window::Window;
use crate::source::aws::decode::timestamp;
use crate::source::{Number, Point, SignalData, SourceErrorKind};
use crate::text::Text;

/// Warnings that are kept of one answer.
const WARNINGS: usize = 5;

/// Answers as they come in, page by page.
#[derive(Debug, Default)]
pub(super) struct Answers {
    entries: HashMap<String, Entry>,
    warnings: Vec<Text>,
}

#[derive(Debug, Default)]
struct Entry {
    /// The label of its series; an expression may answer with several, which is refused.
    label: Option<String>,
    several: bool,
    uneven: bool,
    samples: BTreeMap<Timestamp, f64>,
    status: Option<StatusCode>,
    messages: Vec<Text>,
}

impl Answers {
    /// Adds a page.
    pub(super) fn add(&mut self, results: &[MetricDataResult], messages: &[MessageData]) {
        keep(&mut self.warnings, messages);
        for result in results {
            self.entries.entry(result.id().unwrap_or_default().to_owned()).or_default().add(result);
        }
    }

    /// What the entry `id` tells of the window. `cut` says that more pages would have followed.
    pub(super) fn signal(
        &self,
        id: &str,
        window: &Window,
        now: Timestamp,
        cut: bool,
    ) -> Result<SignalData, (SourceErrorKind, String)> {
        let Some(entry) = self.entries.get(id) else {
            return Err((SourceErrorKind::Malformed, "the answer leaves out a query that was asked".into()));
        };
        entry.check()?;
        let points = entry.complete(window, now);
        let newest = points.last().copied();
        let mut warnings = entry.messages.clone();
        warnings.extend(self.warnings.iter().cloned());
        warnings.truncate(WARNINGS);
        Ok(SignalData {
            value: Some(newest.map_or(Number::NoData, |point| entry.number(point.at))),
            sampled: newest.map(|point| window.end_of(point.at)),
            points,
            replaces: window.replaces,
            partial: cut || entry.status == Some(StatusCode::PartialData),
            at_least: false,
            warnings,
        })
    }
}

impl Entry {
    fn add(&mut self, result: &MetricDataResult) {
        let label = result.label().unwrap_or_default();
        self.several |= self.label.as_deref().is_some_and(|earlier| earlier != label);
        self.label = Some(label.to_owned());
        self.uneven |= result.timestamps().len() != result.values().len();
        let samples = result.timestamps().iter().zip(result.values());
        self.samples.extend(samples.filter_map(|(at, value)| Some((timestamp(at)?, *value))));
        keep(&mut self.messages, result.messages());
        self.status(result.status_code());
    }

    /// A failure of one page stays; else the last page says how whole the answer is.
    fn status(&mut self, status: Option<&StatusCode>) {
        if !matches!(self.status, Some(StatusCode::InternalError | StatusCode::Forbidden)) {
            self.status = status.cloned();
        }
    }

    fn check(&self) -> Result<(), (SourceErrorKind, String)> {
        let why = |what: &str| match self.messages.as_slice() {
            [] => what.to_owned(),
            messages => format!("{what}: {}", messages.iter().map(Text::as_str).collect::<Vec<_>>().join("; ")),
        };
        match &self.status {
            Some(StatusCode::Forbidden) => Err((SourceErrorKind::Unauthorised, why("status Forbidden"))),
            Some(StatusCode::InternalError) => Err((SourceErrorKind::Refused, why("status InternalError"))),
            _ if self.several => {
                Err((SourceErrorKind::Malformed, why("the expression gives several series; a signal is one")))
            }
            _ if self.uneven => Err((SourceErrorKind::Malformed, why("not as many values as timestamps"))),
            Some(StatusCode::Complete | StatusCode::PartialData) => Ok(()),
            other => {
                let status = other.as_ref().map_or("none", StatusCode::as_str);
                Err((SourceErrorKind::Malformed, why(&format!("unknown status {status}"))))
            }
        }
    }

    /// Samples of periods that have ended, oldest first whatever order they came in. `at` is the period's start, as
    /// CloudWatch has it.
    fn complete(&self, window: &Window, now: Timestamp) -> Vec<Point> {
        let ended = self.samples.iter().filter(|(at, _)| window.end_of(**at) <= now);
        // History keeps finite numbers; what is infinite becomes a gap there, and a word as a value.
        ended.map(|(at, value)| Point { at: *at, value: if value.is_finite() { *value } else { f64::NAN } }).collect()
    }

    fn number(&self, at: Timestamp) -> Number {
        self.samples.get(&at).map_or(Number::NoData, |value| Number::from(*value))
    }
}

fn keep(kept: &mut Vec<Text>, messages: &[MessageData]) {
    for message in messages {
        let text = format!("{}: {}", message.code().unwrap_or("message"), message.value().unwrap_or_default());
        let text = Text::clean(&text);
        if kept.len() < WARNINGS && !kept.contains(&text) {
            kept.push(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::primitives::DateTime;
    use proptest::prelude::{Just, Strategy as _};

    use super::*;

    fn now() -> Timestamp {
        "2026-01-01T12:03:30Z".parse().unwrap()
    }

    fn result(status: StatusCode, samples: &[(&str, f64)]) -> MetricDataResult {
        let at = |text: &str| DateTime::from_secs(text.parse::<Timestamp>().unwrap().as_second());
        MetricDataResult::builder()
            .id("a")
            .label("a")
            .status_code(status)
            .set_timestamps(Some(samples.iter().map(|(text, _)| at(text)).collect()))
            .set_values(Some(samples.iter().map(|(_, value)| *value).collect()))
            .build()
    }

    fn signal(pages: &[MetricDataResult]) -> Result<SignalData, (SourceErrorKind, String)> {
        let mut answers = Answers::default();
        for page in pages {
            answers.add(std::slice::from_ref(page), &[]);
        }
        answers.signal("a", &Window::new(60, None, now()), now(), false)
    }

    #[test]
    fn the_newest_ended_period_is_the_value_and_its_age_counts_from_its_end() {
        let newest_first =
            [("2026-01-01T12:03:00Z", 9.0), ("2026-01-01T12:02:00Z", 2.0), ("2026-01-01T12:01:00Z", 1.0)];
        let data = signal(&[result(StatusCode::Complete, &newest_first)]).unwrap();
        assert_eq!(data.value, Some(Number::Finite(2.0)), "12:03 is still running");
        assert_eq!(data.sampled, Some("2026-01-01T12:03:00Z".parse().unwrap()));
        assert_eq!(data.points.iter().map(|point| point.value).collect::<Vec<_>>(), [1.0, 2.0]);
    }

    fn told(data: &SignalData) -> (Option<Number>, Option<Timestamp>, Vec<(Timestamp, f64)>) {
        (data.value, data.sampled, data.points.iter().map(|point| (point.at, point.value)).collect())
    }

    proptest::proptest! {
        #[test]
        fn the_order_in_which_values_come_changes_nothing(order in Just(vec![0_usize, 1, 2]).prop_shuffle(), cut in 0_usize..4) {
            let samples = [("2026-01-01T12:00:00Z", 5.0), ("2026-01-01T12:01:00Z", 1.0), ("2026-01-01T12:02:00Z", 2.0)];
            let shuffled: Vec<_> = order.iter().map(|index| samples[*index]).collect();
            let in_order = told(&signal(&[result(StatusCode::Complete, &samples)]).unwrap());
            let (first, second) = shuffled.split_at(cut);
            let pages = [result(StatusCode::PartialData, first), result(StatusCode::Complete, second)];
            proptest::prop_assert_eq!(told(&signal(&pages).unwrap()), in_order);
        }
    }

    #[test]
    fn what_is_no_number_is_a_word_as_a_value_and_a_gap_in_history() {
        for (written, shown) in [(f64::NAN, Number::NotANumber), (f64::INFINITY, Number::from(f64::INFINITY))] {
            let samples = [("2026-01-01T12:01:00Z", 1.0), ("2026-01-01T12:02:00Z", written)];
            let data = signal(&[result(StatusCode::Complete, &samples)]).unwrap();
            assert_eq!(data.value, Some(shown));
            assert!(data.points[1].value.is_nan(), "never drawn as a number");
        }
    }

    #[test]
    fn nothing_is_no_data_and_not_zero() {
        let data = signal(&[result(StatusCode::Complete, &[])]).unwrap();
        assert_eq!((data.value, data.sampled), (Some(Number::NoData), None));
    }

    #[test]
    fn partial_data_that_a_later_page_completes_is_whole() {
        let first = result(StatusCode::PartialData, &[("2026-01-01T12:01:00Z", 1.0)]);
        assert!(signal(std::slice::from_ref(&first)).unwrap().partial);
        let data = signal(&[first, result(StatusCode::Complete, &[("2026-01-01T12:02:00Z", 2.0)])]).unwrap();
        assert!(!data.partial);
        assert_eq!(data.points.len(), 2);
    }

    #[test]
    fn a_failure_on_one_page_is_not_hidden_by_the_next() {
        let pages = [result(StatusCode::Forbidden, &[]), result(StatusCode::Complete, &[])];
        assert_eq!(signal(&pages).unwrap_err().0, SourceErrorKind::Unauthorised);
        assert_eq!(
            signal(&[result(StatusCode::InternalError, &[])]).unwrap_err(),
            (SourceErrorKind::Refused, "status InternalError".into())
        );
    }

    #[test]
    fn several_series_are_no_signal() {
        let mut answers = Answers::default();
        let other = result(StatusCode::Complete, &[]);
        let second = MetricDataResult::builder().id("a").label("b").status_code(StatusCode::Complete).build();
        answers.add(&[other, second], &[]);
        let window = Window::new(60, None, now());
        assert!(answers.signal("a", &window, now(), false).unwrap_err().1.contains("several series"));
    }

    #[test]
    fn more_values_than_timestamps_are_refused() {
        let uneven =
            MetricDataResult::builder().id("a").label("a").status_code(StatusCode::Complete).values(1.0).build();
        assert_eq!(signal(&[uneven]).unwrap_err().0, SourceErrorKind::Malformed);
    }
}
