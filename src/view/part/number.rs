//! Numbers in a given number of columns.

use super::clip::{clip, width};
use crate::source::{Number, Unit};

/// A number with its unit in at most `columns`: `85.4 ms`, then `85.4ms`, then `85ms`; what is not finite is a word.
/// The unit of a rate may go (the column's head names it); no other unit is ever dropped.
pub fn fit(number: Number, unit: Unit, columns: usize) -> String {
    let Some(value) = number.finite() else { return word(number, columns) };
    let full = unit.format(value);
    if width(&full) <= columns {
        return full;
    }
    let (figure, unit) = full.split_once(' ').unwrap_or((&full, ""));
    let coarse = coarse(figure);
    let candidates =
        [format!("{figure}{unit}"), format!("{coarse}{unit}"), rate(figure, unit), rate(&coarse, unit), "…".to_owned()];
    let fitting = candidates.into_iter().find(|text| !text.is_empty() && width(text) <= columns);
    fitting.unwrap_or_default()
}

/// A number with its unit set close: `85.4ms`.
pub fn tight(number: Number, unit: Unit, columns: usize) -> String {
    let full = number.format(unit);
    let close = if number.finite().is_some() { full.replacen(' ', "", 1) } else { full };
    if width(&close) <= columns { close } else { fit(number, unit, columns) }
}

fn word(number: Number, columns: usize) -> String {
    let word = number.word().unwrap_or_default();
    let word = if width(word) > columns && number == Number::NoData { "n/d" } else { word };
    clip(word, columns).into_owned()
}

/// Without the digits behind the point, rounded; text that is not a plain number stays.
fn coarse(figure: &str) -> String {
    figure.parse::<f64>().map_or_else(|_| figure.to_owned(), |value| format!("{value:.0}"))
}

fn rate(figure: &str, unit: &str) -> String {
    if unit.starts_with('/') { figure.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_shrinks_but_keeps_its_unit() {
        let value = Number::Finite(0.0854);
        assert_eq!(fit(value, Unit::Seconds, 7), "85.4 ms");
        assert_eq!(fit(value, Unit::Seconds, 6), "85.4ms");
        assert_eq!(fit(value, Unit::Seconds, 4), "85ms");
        assert_eq!(fit(value, Unit::Seconds, 3), "…");
        assert_eq!(fit(Number::Finite(1234.0), Unit::PerSecond, 5), "1234");
    }

    #[test]
    fn what_is_not_finite_is_a_word_at_any_width() {
        assert_eq!(fit(Number::NotANumber, Unit::Percent, 4), "NaN");
        assert_eq!(fit(Number::NoData, Unit::Percent, 4), "n/d");
        assert_eq!(fit(Number::NoData, Unit::Percent, 7), "no data");
    }

    #[test]
    fn a_number_never_takes_more_than_its_columns() {
        let units = [Unit::Seconds, Unit::Ratio, Unit::PerSecond, Unit::Bytes, Unit::Usd, Unit::Count];
        for value in [0.0, 1e-12, 0.5, 99.95, 12345.6, 1e300, -7.25, f64::NAN, f64::INFINITY] {
            for (unit, columns) in units.iter().flat_map(|unit| (0..12).map(move |columns| (*unit, columns))) {
                assert!(width(&fit(Number::from(value), unit, columns)) <= columns, "{value} {unit:?} {columns}");
                assert!(width(&tight(Number::from(value), unit, columns)) <= columns, "{value} {unit:?} {columns}");
            }
        }
    }
}
