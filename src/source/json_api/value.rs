//! A JSON value → a number, and a moment.

use jiff::Timestamp;
use serde_json::Value;

use super::pointer::described;
use crate::config::{Conversion, Factor};
use crate::source::Number;

/// From here on a moment since 1970 is counted in milliseconds: as seconds it would lie beyond the year 5000.
const MILLISECONDS_FROM: f64 = 1e11;

/// The number that a value stands for; `null` is no data.
///
/// # Errors
/// What stands there instead.
pub(super) fn number(value: &Value, conversion: &Conversion) -> Result<Number, String> {
    match (value, conversion) {
        (Value::Null, _) => Ok(Number::NoData),
        (value, Conversion::Count) => count(value),
        (value, Conversion::Scaled(factor)) => plain(value).map(|number| scaled(number, *factor)),
        (value, Conversion::Words(words)) => {
            let found = word(value).and_then(|word| words.get(&word));
            let known = || words.keys().cloned().collect::<Vec<_>>().join(", ");
            let found = found.ok_or_else(|| format!("{} is none of the words {}", described(value), known()))?;
            Ok(Number::Finite(found.get()))
        }
    }
}

/// The longest text that a single value may be, in bytes.
const LONGEST: usize = 200;

/// A single value as text: a whole number has no point, a string no quotes.
///
/// # Errors
/// What stands there instead.
pub(super) fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::Null | Value::Bool(_) => Ok(value.to_string()),
        Value::Number(number) if number.is_f64() => Ok(number.as_f64().map_or(value.to_string(), |n| n.to_string())),
        Value::Number(number) => Ok(number.to_string()),
        Value::String(text) if text.len() <= LONGEST => Ok(text.clone()),
        other => Err(format!("{} is not a single value of at most {LONGEST} bytes", described(other))),
    }
}

fn count(value: &Value) -> Result<Number, String> {
    let length = match value {
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        other => return Err(format!("{} can't be counted", described(other))),
    };
    Ok(Number::Finite(length as f64))
}

fn plain(value: &Value) -> Result<Number, String> {
    let no_number = || format!("{} is not a number", described(value));
    match value {
        Value::Bool(truth) => Ok(Number::Finite(f64::from(u8::from(*truth)))),
        Value::Number(number) => number.as_f64().map(Number::from).ok_or_else(no_number),
        Value::String(text) => written(text).ok_or_else(no_number),
        _ => Err(no_number()),
    }
}

/// A string that is a number, as APIs write it: decimal digits, or the words for what is not finite.
fn written(text: &str) -> Option<Number> {
    match text.trim() {
        "NaN" => Some(Number::NotANumber),
        "Infinity" | "+Infinity" | "Inf" | "+Inf" => Some(Number::PositiveInfinity),
        "-Infinity" | "-Inf" => Some(Number::NegativeInfinity),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) => {
            digits.parse::<f64>().ok().filter(|value| value.is_finite()).map(Number::Finite)
        }
        _ => None,
    }
}

fn scaled(number: Number, factor: Factor) -> Number {
    number.finite().map_or(number, |value| Number::from(value * factor.get()))
}

/// The text that is looked up among the words.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// A moment: RFC 3339, or seconds or milliseconds since 1970 as a number or in a string.
///
/// # Errors
/// What stands there instead.
pub(super) fn moment(value: &Value) -> Result<Timestamp, String> {
    let no_moment =
        || format!("{} is not a moment (RFC 3339, or seconds or milliseconds since 1970)", described(value));
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(moment) => return Ok(moment),
            Err(_) => written(text).and_then(Number::finite),
        },
        _ => None,
    };
    let number = number.filter(|number| number.abs() < MILLISECONDS_FROM * 1e3).ok_or_else(no_moment)?;
    let milliseconds = if number.abs() >= MILLISECONDS_FROM { number } else { number * 1e3 };
    Timestamp::from_millisecond(milliseconds.round() as i64).map_err(|_| no_moment())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: &Value) -> Result<Number, String> {
        number(value, &Conversion::Scaled(Factor::ONE))
    }

    #[test]
    fn numbers_strings_and_truths_are_numbers() {
        for (value, number) in
            [(json!(1.5), 1.5), (json!("-2e3"), -2000.0), (json!(" 7 "), 7.0), (json!(true), 1.0), (json!(false), 0.0)]
        {
            assert_eq!(read(&value), Ok(Number::Finite(number)), "{value}");
        }
    }

    #[test]
    fn null_is_no_data_and_never_zero() {
        assert_eq!(read(&Value::Null), Ok(Number::NoData));
        assert_eq!(number(&Value::Null, &Conversion::Count), Ok(Number::NoData));
    }

    #[test]
    fn a_single_value_is_text_however_it_is_written() {
        for (value, said) in
            [(json!("a b"), "a b"), (json!(2.0), "2"), (json!(-7), "-7"), (json!(true), "true"), (json!(null), "null")]
        {
            assert_eq!(text(&value).as_deref(), Ok(said), "{value}");
        }
        for value in [json!([1]), json!({}), json!("x".repeat(201))] {
            assert!(text(&value).is_err(), "{value}");
        }
    }

    #[test]
    fn what_is_not_finite_stays_a_word() {
        assert_eq!(read(&json!("NaN")), Ok(Number::NotANumber));
        assert_eq!(read(&json!("Infinity")), Ok(Number::PositiveInfinity));
        let huge = number(&json!(1e308), &Conversion::Scaled(Factor::new(10.0).unwrap()));
        assert_eq!(huge, Ok(Number::PositiveInfinity), "an overflow is not a number to draw");
    }

    #[test]
    fn what_is_no_number_is_an_error_that_says_what_it_is() {
        for value in
            [json!("READY"), json!("1_000"), json!("0x10"), json!("nan"), json!(""), json!("12 ms"), json!("1e999")]
        {
            assert!(read(&value).is_err(), "{value}");
        }
        assert_eq!(read(&json!("READY")), Err("the string “READY” is not a number".to_owned()));
        assert_eq!(read(&json!([1, 2])), Err("a list of 2 is not a number".to_owned()));
    }

    #[test]
    fn a_word_that_is_not_listed_is_an_error() {
        let words =
            [("READY", 1.0), ("ERROR", 0.0)].map(|(word, value)| (word.to_owned(), Factor::new(value).unwrap()));
        let words = Conversion::Words(words.into());
        assert_eq!(number(&json!("READY"), &words), Ok(Number::Finite(1.0)));
        let error = number(&json!("QUEUED"), &words).unwrap_err();
        assert_eq!(error, "the string “QUEUED” is none of the words ERROR, READY");
    }

    #[test]
    fn a_moment_is_read_however_it_is_written() {
        let noon: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
        let seconds = noon.as_second();
        for value in [
            json!("2026-01-01T12:00:00Z"),
            json!("2026-01-01T13:00:00+01:00"),
            json!(seconds),
            json!(seconds * 1000),
            json!(seconds.to_string()),
        ] {
            assert_eq!(moment(&value), Ok(noon), "{value}");
        }
        for value in [json!(null), json!("soon"), json!(1e300), json!([]), json!("2026-01-01 12:00")] {
            assert!(moment(&value).is_err(), "{value}");
        }
    }
}
