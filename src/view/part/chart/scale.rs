//! From values to rows.

/// The top of an axis from 0: the least of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 × 10ⁿ that is not below `greatest`; 1 for nothing.
pub(super) fn nice_top(greatest: f64) -> f64 {
    if !greatest.is_finite() || greatest <= 0.0 {
        return 1.0;
    }
    let exponent = greatest.log10().floor();
    let scaled = |step: f64| if exponent < 0.0 { step / 10f64.powf(-exponent) } else { step * 10f64.powf(exponent) };
    let steps = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    let top = steps.into_iter().map(scaled).find(|top| *top >= greatest);
    top.filter(|top| top.is_normal()).unwrap_or(greatest)
}

/// The share of the height at which a value stands: 0 at the bottom, 1 at the top.
pub(super) fn share(value: f64, top: f64) -> f64 {
    if top > 0.0 { (value / top).clamp(0.0, 1.0) } else { 0.0 }
}

/// The row, from the top, in which a value stands.
pub(super) fn row_of(value: f64, top: f64, rows: u16) -> u16 {
    let dots = f64::from(rows) * 4.0 - 1.0;
    (((1.0 - share(value, top)) * dots).round() as u16 / 4).min(rows.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_is_a_round_number_not_below_the_greatest() {
        assert_eq!(nice_top(0.262), 0.3);
        assert_eq!(nice_top(1.84), 2.0);
        assert_eq!(nice_top(97.0), 100.0);
        assert_eq!(nice_top(0.0), 1.0);
        for value in [f64::MIN_POSITIVE, 5e-324, 1e-300, 1e300, f64::MAX] {
            assert!(nice_top(value) >= value, "{value}");
        }
    }

    #[test]
    fn nought_stands_at_the_bottom_and_the_top_at_the_top() {
        assert_eq!(row_of(0.0, 2.0, 10), 9);
        assert_eq!(row_of(2.0, 2.0, 10), 0);
        assert_eq!(row_of(f64::INFINITY, 2.0, 10), 0);
    }
}
