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
    let rounded = [1, 0].map(|places| coarse(figure, places)).into_iter().flatten();
    let figures: Vec<String> = std::iter::once(figure.to_owned()).chain(rounded).collect();
    let with_unit = figures.iter().map(|figure| format!("{figure}{unit}"));
    let candidates = with_unit.chain(figures.iter().map(|figure| rate(figure, unit))).chain(["…".to_owned()]);
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

/// Rounded to so many digits behind the point; nothing where that makes nothing of something, or it is no plain number.
fn coarse(figure: &str, places: usize) -> Option<String> {
    let value = figure.parse::<f64>().ok()?;
    let rounded = format!("{value:.places$}");
    let vanished = value != 0.0 && rounded.parse() == Ok(0.0);
    (!vanished).then_some(rounded)
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
        assert_eq!(fit(Number::Finite(0.4444), Unit::PerSecond, 5), "0.4/s");
    }

    #[test]
    fn something_never_rounds_to_nothing() {
        assert_eq!(fit(Number::Finite(0.004), Unit::PerSecond, 5), "0.004");
        assert_eq!(fit(Number::Finite(0.004), Unit::PerSecond, 4), "…");
        assert_eq!(fit(Number::Finite(0.0), Unit::PerSecond, 3), "0/s");
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
