//! Quantiles of histograms as `histogram_quantile` of Prometheus estimates them: classic buckets, and native ones with their
//! zero bucket. Pure.
//!
//! Source: `BucketQuantile` and `HistogramQuantile` in `promql/quantile.go` of Prometheus 3; the worked numbers are those of
//! <https://prometheus.io/docs/practices/histograms/>. An estimate is off by up to the width of its bucket. Quantiles of
//! several histograms can't be averaged: their buckets are added, and then the quantile is taken.

/// Counts that differ by less, relative to the greater, are taken as equal: sums of floats in another order.
const SMALL_DELTA: f64 = 1e-12;

/// A quantile that was estimated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The value, in the unit of the bounds; NaN where there is none, infinite where it is asked outside 0 to 1.
    pub value: f64,
    /// The quantile lies in the last bucket, which has no end: the truth is at or above the value.
    pub at_least: bool,
    /// Cumulative counts that fell were forced up: the value is a guess.
    pub forced: bool,
}

impl Estimate {
    fn of(value: f64) -> Self {
        Self { value, at_least: false, forced: false }
    }
}

/// A classic bucket: `le` and the count of all observations up to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cumulative {
    /// The upper bound, included.
    pub le: f64,
    /// Observations at or below it.
    pub count: f64,
}

/// A native bucket: bounds and the count within them alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// The lower bound.
    pub lower: f64,
    /// The upper bound.
    pub upper: f64,
    /// Observations between them.
    pub count: f64,
}

/// A native histogram.
#[derive(Debug, Clone, PartialEq)]
pub struct Native {
    /// All observations, NaN among them.
    pub count: f64,
    /// The sum of all observations; NaN where one of them is.
    pub sum: f64,
    /// The buckets that are not empty, in rising order.
    pub buckets: Vec<Bucket>,
}

/// The quantile `q` (0 to 1) of classic buckets, in any order. NaN without a bucket `+Inf`, with fewer than two buckets and
/// without observations.
pub fn classic(q: f64, buckets: &[Cumulative]) -> Estimate {
    if let Some(value) = outside(q) {
        return Estimate::of(value);
    }
    let mut buckets = buckets.to_vec();
    buckets.sort_by(|a, b| a.le.total_cmp(&b.le));
    let Some([before, last]) = buckets.last_chunk::<2>().copied() else { return Estimate::of(f64::NAN) };
    if last.le != f64::INFINITY || buckets.iter().any(|bucket| bucket.count.is_nan()) {
        return Estimate::of(f64::NAN);
    }
    let forced = rise(&mut buckets);
    let total = buckets.last().map_or(0.0, |last| last.count);
    if total == 0.0 {
        return Estimate::of(f64::NAN);
    }
    let rank = q * total;
    let within = buckets.len() - 1;
    let found = buckets.iter().take(within).position(|bucket| bucket.count >= rank);
    match found {
        None => Estimate { value: before.le, at_least: true, forced },
        Some(index) => Estimate { value: interpolated(&buckets, index, rank), at_least: false, forced },
    }
}

/// Between the bounds of a classic bucket; the first begins at 0 where it ends above.
fn interpolated(buckets: &[Cumulative], index: usize, rank: f64) -> f64 {
    let (Some(bucket), below) = (buckets.get(index), index.checked_sub(1).and_then(|below| buckets.get(below))) else {
        return f64::NAN;
    };
    let (start, counted) = match below {
        Some(below) => (below.le, below.count),
        None if bucket.le <= 0.0 => return bucket.le,
        None => (0.0, 0.0),
    };
    start + (bucket.le - start) * ((rank - counted) / (bucket.count - counted))
}

/// Makes cumulative counts rise; whether one fell by more than floats do.
fn rise(buckets: &mut [Cumulative]) -> bool {
    let mut forced = false;
    let mut highest = buckets.first().map_or(0.0, |first| first.count);
    for bucket in buckets.iter_mut().skip(1) {
        let close = (bucket.count - highest).abs() <= SMALL_DELTA * bucket.count.abs().max(highest.abs());
        forced |= bucket.count < highest && !close;
        highest = if close { highest } else { bucket.count.max(highest) };
        bucket.count = highest;
    }
    forced
}

/// The quantile `q` (0 to 1) of a native histogram. NaN without observations, and where it falls among observations of NaN.
pub fn native(q: f64, histogram: &Native) -> Estimate {
    if let Some(value) = outside(q) {
        return Estimate::of(value);
    }
    if histogram.count == 0.0 || histogram.count.is_nan() {
        return Estimate::of(f64::NAN);
    }
    // Observations of NaN count and are in no bucket, so that only the way up meets the right one.
    let upwards = histogram.sum.is_nan() || q < 0.5;
    let found = match upwards {
        true => walk(histogram.buckets.iter(), q * histogram.count),
        false => walk(histogram.buckets.iter().rev(), (1.0 - q) * histogram.count),
    };
    let Some((bucket, share)) = found else { return Estimate::of(missed(histogram)) };
    let share = if upwards { share } else { 1.0 - share };
    within(bounded(*bucket, histogram), share, is_exponential(&histogram.buckets))
}

/// The bucket in which the rank falls, and how far into it, as the walk goes.
fn walk<'b>(buckets: impl Iterator<Item = &'b Bucket>, rank: f64) -> Option<(&'b Bucket, f64)> {
    let mut counted = 0.0;
    let mut last = None;
    for bucket in buckets.filter(|bucket| bucket.count > 0.0) {
        if counted + bucket.count >= rank {
            return Some((bucket, (rank - counted) / bucket.count));
        }
        counted += bucket.count;
        last = Some((bucket, counted));
    }
    // Sums of floats may miss the rank by a little; then the last bucket is meant.
    last.filter(|(_, counted)| rank - counted <= SMALL_DELTA * rank).map(|(bucket, _)| (bucket, 1.0))
}

fn missed(histogram: &Native) -> f64 {
    let highest = histogram.buckets.last().map_or(f64::NAN, |bucket| bucket.upper);
    if histogram.sum.is_nan() { f64::NAN } else { highest }
}

/// A bucket around zero ends at zero where the histogram has nothing on that side.
fn bounded(bucket: Bucket, histogram: &Native) -> Bucket {
    if bucket.lower >= 0.0 || bucket.upper <= 0.0 || !is_exponential(&histogram.buckets) {
        return bucket;
    }
    let negative = histogram.buckets.iter().any(|other| other.upper <= bucket.lower);
    let positive = histogram.buckets.iter().any(|other| other.lower >= bucket.upper);
    match (negative, positive) {
        (false, true) => Bucket { lower: 0.0, ..bucket },
        (true, false) => Bucket { upper: 0.0, ..bucket },
        _ => bucket,
    }
}

/// The point at a share of a bucket: on a logarithmic scale in an exponential one, else linear.
fn within(bucket: Bucket, share: f64, exponential: bool) -> Estimate {
    let Bucket { lower, upper, .. } = bucket;
    if lower == f64::NEG_INFINITY {
        return Estimate::of(if upper <= 0.0 { upper } else { upper * share });
    }
    if upper == f64::INFINITY {
        return Estimate { value: lower, at_least: true, forced: false };
    }
    let linear = !exponential || (lower <= 0.0 && upper >= 0.0);
    Estimate::of(match linear {
        true => lower + (upper - lower) * share,
        false if lower > 0.0 => lower * (upper / lower).powf(share),
        false => -(-lower * (upper / lower).powf(share)),
    })
}

/// Whether buckets are those of a standard schema: the bounds of each, but for the zero bucket, are in the ratio
/// 2^(2^-n) for one n of -4 to 8. The API does not tell the schema: custom buckets between finite bounds that happen to be in
/// such a ratio pass for it.
fn is_exponential(buckets: &[Bucket]) -> bool {
    let ratio = |bucket: &Bucket| {
        let (near, far) = (bucket.lower.abs().min(bucket.upper.abs()), bucket.lower.abs().max(bucket.upper.abs()));
        (far / near).log2()
    };
    if buckets.iter().any(|bucket| bucket.lower.is_infinite() || bucket.upper.is_infinite()) {
        return false;
    }
    let mut outer = buckets.iter().filter(|bucket| bucket.lower > 0.0 || bucket.upper < 0.0).map(ratio);
    let Some(first) = outer.next() else { return true };
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-6 * b;
    (-4..=8).any(|schema: i32| close(first, 2f64.powi(-schema))) && outer.all(|ratio| close(ratio, first))
}

/// What a `q` outside 0 to 1 gives.
fn outside(q: f64) -> Option<f64> {
    if q.is_nan() {
        Some(f64::NAN)
    } else if q < 0.0 {
        Some(f64::NEG_INFINITY)
    } else if q > 1.0 {
        Some(f64::INFINITY)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
