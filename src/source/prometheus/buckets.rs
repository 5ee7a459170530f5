//! Histograms in answers, and the quantile that a signal takes of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::series::{Series, moment, number, point};
use crate::config::Quantile;
use crate::slo::quantile::{Bucket, Cumulative, Estimate, Native, classic, native};
use crate::source::{Number, Point};

/// The most buckets of one native histogram: Prometheus itself keeps some hundreds.
const MAX_BUCKETS: usize = 4096;

/// A native histogram of an answer: `[seconds, {count, sum, buckets}]`.
#[derive(Debug)]
pub(super) struct NativeSample {
    at: f64,
    histogram: Native,
}

#[derive(Deserialize)]
struct RawHistogram {
    count: Quoted,
    sum: Quoted,
    #[serde(default)]
    buckets: Vec<(u8, Quoted, Quoted, Quoted)>,
}

/// A number in quotes, infinities and NaN included.
struct Quoted(f64);

impl<'de> Deserialize<'de> for Quoted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let value = number(&word).ok_or_else(|| D::Error::custom("a histogram holds what is not a number"))?;
        Ok(Self(plain(value)))
    }
}

/// A number as a float again.
fn plain(number: Number) -> f64 {
    match number {
        Number::Finite(value) => value,
        Number::PositiveInfinity => f64::INFINITY,
        Number::NegativeInfinity => f64::NEG_INFINITY,
        Number::NotANumber | Number::NoData => f64::NAN,
    }
}

impl<'de> Deserialize<'de> for NativeSample {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (at, raw) = <(f64, RawHistogram)>::deserialize(deserializer)?;
        if raw.buckets.len() > MAX_BUCKETS {
            return Err(D::Error::custom(format!("a histogram has more than {MAX_BUCKETS} buckets")));
        }
        let bucket = |(_, lower, upper, count): (u8, Quoted, Quoted, Quoted)| Bucket {
            lower: lower.0,
            upper: upper.0,
            count: count.0,
        };
        let buckets = raw.buckets.into_iter().map(bucket).collect();
        Ok(Self { at, histogram: Native { count: raw.count.0, sum: raw.sum.0, buckets } })
    }
}

/// A value and what must be said of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Valued {
    pub(super) value: Number,
    /// When it was sampled, where there is one.
    pub(super) at: Option<Timestamp>,
    /// The true value is at or above it.
    pub(super) at_least: bool,
    pub(super) remark: Option<&'static str>,
}

impl Valued {
    /// A value as it was told.
    pub(super) fn plain(value: Number, at: Option<Timestamp>) -> Self {
        Self { value, at, at_least: false, remark: None }
    }
}

/// The quantile of the one histogram that these series are: one native, or one series a classic bucket.
pub(super) fn value(series: &[&Series], quantile: Quantile) -> Result<Valued, String> {
    let q = quantile.value();
    let (estimate, at) = match series {
        [] => return Ok(Valued::plain(Number::NoData, None)),
        [Series { histogram: Some(sample), .. }] => (native(q, &sample.histogram), moment(sample.at)?),
        buckets => {
            let bounds = bounds(buckets)?;
            let newest: Vec<_> = buckets.iter().map(|series| series.newest()).collect::<Result<_, _>>()?;
            let counts =
                bounds.iter().zip(&newest).map(|(le, (count, _))| Cumulative { le: *le, count: plain(*count) });
            let at = newest.iter().map(|(_, at)| *at).min().ok_or("no buckets")?;
            (classic(q, &counts.collect::<Vec<_>>()), at)
        }
    };
    let (value, at_least, remark) = (Number::from(estimate.value), estimate.at_least, remark(estimate));
    Ok(Valued { value, at: Some(at), at_least, remark })
}

/// The quantile at each moment, oldest first.
pub(super) fn points(series: &[&Series], quantile: Quantile) -> Result<Vec<Point>, String> {
    let q = quantile.value();
    match series {
        [] => Ok(Vec::new()),
        [Series { histograms: Some(samples), .. }] => {
            let estimated =
                |sample: &NativeSample| Ok(point(moment(sample.at)?, Number::from(native(q, &sample.histogram).value)));
            samples.iter().map(estimated).collect()
        }
        buckets => of_classic(buckets, q),
    }
}

fn of_classic(buckets: &[&Series], q: f64) -> Result<Vec<Point>, String> {
    let bounds = bounds(buckets)?;
    let mut moments: BTreeMap<Timestamp, Vec<Cumulative>> = BTreeMap::new();
    for (le, series) in bounds.into_iter().zip(buckets) {
        for sample in series.history()? {
            moments.entry(sample.at).or_default().push(Cumulative { le, count: sample.value });
        }
    }
    Ok(moments.into_iter().map(|(at, counts)| point(at, Number::from(classic(q, &counts).value))).collect())
}

/// The upper bounds of classic buckets; each may be there once.
fn bounds(buckets: &[&Series]) -> Result<Vec<f64>, String> {
    let wanted = "`quantile` wants one native histogram, or one series a bucket with the label `le`";
    let bound = |series: &&Series| series.le.as_deref().and_then(number).map(plain).ok_or_else(|| wanted.to_owned());
    let bounds: Vec<f64> = buckets.iter().map(bound).collect::<Result<_, _>>()?;
    let mut sorted = bounds.clone();
    sorted.sort_by(f64::total_cmp);
    match sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        true => Err("a bucket is there twice; add the series up, as with `sum by (le) (…)`".to_owned()),
        false => Ok(bounds),
    }
}

fn remark(estimate: Estimate) -> Option<&'static str> {
    if estimate.forced {
        Some("bucket counts fall where they must rise: the quantile is a guess")
    } else if estimate.at_least {
        Some("beyond the last bucket's bound: the true quantile is at or above this value")
    } else {
        None
    }
}
