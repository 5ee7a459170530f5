//! The documentation's own numbers, and the rules for what is no number.

use proptest::prelude::*;

use super::*;

const INF: f64 = f64::INFINITY;

fn cumulative(buckets: &[(f64, f64)]) -> Vec<Cumulative> {
    buckets.iter().map(|&(le, count)| Cumulative { le, count }).collect()
}

fn classic_value(q: f64, buckets: &[(f64, f64)]) -> f64 {
    classic(q, &cumulative(buckets)).value
}

fn histogram(buckets: &[(f64, f64, f64)]) -> Native {
    let buckets: Vec<Bucket> = buckets.iter().map(|&(lower, upper, count)| Bucket { lower, upper, count }).collect();
    Native { count: buckets.iter().map(|bucket| bucket.count).sum(), sum: 1.0, buckets }
}

fn native_value(q: f64, buckets: &[(f64, f64, f64)]) -> f64 {
    native(q, &histogram(buckets)).value
}

fn close(value: f64, expected: f64, within: f64) {
    assert!((value - expected).abs() <= within, "{value} is not {expected}");
}

/// Schema 3, whose buckets grow by 2^(1/8), about 1.09: the documentation's "factor 1.1".
fn schema_3(around: f64) -> (f64, f64) {
    let factor = 2f64.powf(1.0 / 8.0);
    let index = (around.ln() / factor.ln()).ceil();
    (factor.powf(index - 1.0), factor.powf(index))
}

#[test]
fn all_at_220_ms_is_295_by_classic_buckets_and_228_by_native_ones() {
    let classic = classic_value(0.95, &[(0.1, 0.0), (0.2, 0.0), (0.3, 100.0), (0.45, 100.0), (INF, 100.0)]);
    close(classic, 0.295, 1e-9);
    let (lower, upper) = schema_3(0.22);
    close(lower, 0.2102, 5e-4);
    close(native_value(0.95, &[(lower, upper, 100.0)]), 0.228, 5e-4);
}

#[test]
fn all_at_320_ms_is_443_by_classic_buckets_and_323_by_native_ones() {
    let classic = classic_value(0.95, &[(0.1, 0.0), (0.2, 0.0), (0.3, 0.0), (0.45, 100.0), (INF, 100.0)]);
    close(classic, 0.4425, 1e-9);
    let (lower, upper) = schema_3(0.32);
    close(native_value(0.95, &[(lower, upper, 100.0)]), 0.323, 1e-3);
}

/// Asked of Prometheus 2.42: `histogram_quantile(q, lat_seconds_bucket)` over these buckets.
#[test]
fn a_real_prometheus_gives_the_same_values() {
    let buckets = [(0.1, 40.0), (0.25, 85.0), (1.0, 97.0), (2.5, 99.0), (INF, 100.0)];
    let told =
        [(0.5, 0.133_333_333_333_333_33), (0.85, 0.25), (0.95, 0.875), (0.985, 2.125), (0.995, 2.5), (0.01, 0.0025)];
    for (q, value) in told {
        close(classic_value(q, &buckets), value, 1e-15);
    }
}

#[test]
fn the_last_bucket_gives_a_lower_bound_and_says_so() {
    let estimate = classic(0.99, &cumulative(&[(0.1, 50.0), (10.0, 90.0), (INF, 100.0)]));
    assert_eq!((estimate.value, estimate.at_least), (10.0, true));
    let estimate = native(0.99, &histogram(&[(1.0, 5.0, 50.0), (5.0, INF, 50.0)]));
    assert_eq!((estimate.value, estimate.at_least), (5.0, true));
}

#[test]
fn without_observations_an_end_or_two_buckets_there_is_no_quantile() {
    assert!(classic_value(0.5, &[(1.0, 0.0), (INF, 0.0)]).is_nan());
    assert!(classic_value(0.5, &[(1.0, 5.0), (2.0, 5.0)]).is_nan(), "no +Inf");
    assert!(classic_value(0.5, &[(INF, 5.0)]).is_nan());
    assert!(classic_value(0.5, &[]).is_nan());
    assert!(classic_value(0.5, &[(1.0, f64::NAN), (INF, 5.0)]).is_nan());
    assert!(native_value(0.5, &[]).is_nan());
}

#[test]
fn outside_of_0_to_1_it_is_infinite() {
    let buckets = [(1.0, 5.0), (INF, 10.0)];
    assert_eq!((classic_value(-0.1, &buckets), classic_value(1.1, &buckets)), (-INF, INF));
    assert!(classic_value(f64::NAN, &buckets).is_nan());
    let buckets = [(1.0, 2.0, 3.0)];
    assert_eq!((native_value(-0.1, &buckets), native_value(1.1, &buckets)), (-INF, INF));
}

#[test]
fn counts_that_fall_are_forced_up_and_told_unless_they_are_rounding() {
    let fallen = classic(0.5, &cumulative(&[(1.0, 10.0), (2.0, 8.0), (INF, 20.0)]));
    assert!(fallen.forced);
    assert_eq!(fallen.value, 1.0);
    let rounding = classic(0.5, &cumulative(&[(1.0, 10.0), (2.0, 10.0 - 1e-13), (INF, 20.0)]));
    assert!(!rounding.forced);
}

#[test]
fn the_first_bucket_begins_at_zero_unless_it_ends_below() {
    assert_eq!(classic_value(0.25, &[(2.0, 10.0), (INF, 20.0)]), 1.0);
    assert_eq!(classic_value(0.25, &[(-2.0, 10.0), (5.0, 20.0), (INF, 20.0)]), -2.0);
}

#[test]
fn in_an_exponential_bucket_the_middle_is_the_geometric_mean() {
    close(native_value(0.5, &[(1.0, 4.0, 8.0)]), 2.0, 1e-12);
    close(native_value(0.5, &[(-4.0, -1.0, 8.0)]), -2.0, 1e-12);
    close(native_value(0.25, &[(-4.0, -1.0, 8.0)]), -(2f64.powf(1.5)), 1e-12);
}

#[test]
fn the_zero_bucket_is_linear_and_ends_at_zero_where_nothing_is_beyond() {
    close(native_value(0.25, &[(-0.5, 0.5, 2.0), (1.0, 2.0, 2.0)]), 0.25, 1e-12);
    close(native_value(0.75, &[(-2.0, -1.0, 2.0), (-0.5, 0.5, 2.0)]), -0.25, 1e-12);
    close(native_value(0.5, &[(-2.0, -1.0, 2.0), (-0.5, 0.5, 4.0), (1.0, 2.0, 2.0)]), 0.0, 1e-12);
}

#[test]
fn custom_buckets_are_linear() {
    close(native_value(0.25, &[(-INF, 5.0, 10.0), (5.0, 20.0, 10.0), (20.0, 25.0, 0.0)]), 2.5, 1e-12);
    close(native_value(0.75, &[(-INF, 5.0, 10.0), (5.0, 20.0, 10.0)]), 12.5, 1e-12);
}

#[test]
fn a_quantile_that_falls_among_nan_observations_is_nan() {
    let mut odd = histogram(&[(1.0, 2.0, 5.0)]);
    (odd.count, odd.sum) = (10.0, f64::NAN);
    assert!(native(0.9, &odd).value.is_nan());
    close(native(0.25, &odd).value, 2f64.powf(0.5), 1e-12);
}

#[test]
fn the_quantile_of_pooled_buckets_is_not_the_mean_of_the_quantiles() {
    let fast = [(0.01, 99.0), (1.0, 99.0), (2.0, 99.0), (INF, 99.0)];
    let slow = [(0.01, 0.0), (1.0, 1.0), (2.0, 1.0), (INF, 1.0)];
    let pooled: Vec<(f64, f64)> = fast.iter().zip(slow).map(|(a, b)| (a.0, a.1 + b.1)).collect();
    let mean = (classic_value(0.95, &fast) + classic_value(0.95, &slow)) / 2.0;
    assert!(classic_value(0.95, &pooled) <= 0.01 && mean > 0.4);
}

proptest! {
    #[test]
    fn a_quantile_lies_between_the_bounds_and_rises_with_q(
        counts in prop::collection::vec(0.0..1000.0f64, 2..12), a in 0.0..=1.0f64, b in 0.0..=1.0f64,
    ) {
        let native_of = histogram(
            &counts.iter().enumerate().map(|(i, &n)| (2f64.powi(i as i32), 2f64.powi(i as i32 + 1), n)).collect::<Vec<_>>(),
        );
        let mut sum = 0.0;
        let mut classic_of = vec![Cumulative { le: 1.0, count: 0.0 }];
        for (i, n) in counts.iter().enumerate() {
            sum += n;
            classic_of.push(Cumulative { le: 2f64.powi(i as i32 + 1), count: sum });
        }
        classic_of.push(Cumulative { le: INF, count: sum });
        let (low, high) = (a.min(b), a.max(b));
        for of in [|q, n: &Native, _: &[Cumulative]| native(q, n).value, |q, _: &Native, c: &[Cumulative]| classic(q, c).value] {
            let (x, y) = (of(low, &native_of, &classic_of), of(high, &native_of, &classic_of));
            prop_assume!(sum > 0.0);
            prop_assert!(x <= y + 1e-9, "{x} > {y}");
            prop_assert!(y <= 2f64.powi(counts.len() as i32) + 1e-9);
        }
    }

    #[test]
    fn no_buckets_of_whatever_kind_make_it_panic(
        q in prop::num::f64::ANY,
        odd in prop::collection::vec((prop::num::f64::ANY, prop::num::f64::ANY, prop::num::f64::ANY), 0..8),
    ) {
        let buckets: Vec<Bucket> = odd.iter().map(|&(lower, upper, count)| Bucket { lower, upper, count }).collect();
        let _ = native(q, &Native { count: odd.len() as f64, sum: q, buckets });
        let _ = classic(q, &odd.iter().map(|&(le, count, _)| Cumulative { le, count }).collect::<Vec<_>>());
    }
}
