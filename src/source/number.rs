//! Measured numbers and their units.

use serde::{Deserialize, Serialize, Serializer};

/// A measured number. What is not a finite number stays a word: it is never drawn as 0 and never passes a bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A finite number.
    Finite(f64),
    /// The backend answered NaN (0/0, an empty histogram).
    NotANumber,
    /// +Inf.
    PositiveInfinity,
    /// -Inf.
    NegativeInfinity,
    /// The backend answered, and had no sample.
    NoData,
}

impl Number {
    /// The finite number, if it is one.
    pub fn finite(self) -> Option<f64> {
        match self {
            Self::Finite(value) => Some(value),
            _ => None,
        }
    }

    /// The word for what is not finite.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Finite(_) => None,
            Self::NotANumber => Some("NaN"),
            Self::PositiveInfinity => Some("+Inf"),
            Self::NegativeInfinity => Some("-Inf"),
            Self::NoData => Some("no data"),
        }
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        if value.is_nan() {
            Self::NotANumber
        } else if value == f64::INFINITY {
            Self::PositiveInfinity
        } else if value == f64::NEG_INFINITY {
            Self::NegativeInfinity
        } else {
            Self::Finite(value)
        }
    }
}

/// A finite number as a JSON number, anything else as its word.
impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self, self.word()) {
            (Self::Finite(value), _) => serializer.serialize_f64(*value),
            (_, word) => serializer.serialize_str(word.unwrap_or_default()),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Number(f64),
            Word(String),
        }
        Ok(match Raw::deserialize(deserializer)? {
            Raw::Number(value) => Self::from(value),
            Raw::Word(word) => match word.as_str() {
                "NaN" => Self::NotANumber,
                "+Inf" => Self::PositiveInfinity,
                "-Inf" => Self::NegativeInfinity,
                _ => Self::NoData,
            },
        })
    }
}

/// What a number counts. Values are kept in the unit that the configuration states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// A share of one: 0.0 to 1.0, shown as per cent.
    Ratio,
    /// Per cent, 0 to 100.
    Percent,
    /// Events a second.
    PerSecond,
    /// Events a minute.
    PerMinute,
    /// A plain count.
    Count,
    /// Bytes.
    Bytes,
    /// US dollars.
    Usd,
    /// Days.
    Days,
}

impl Unit {
    /// A finite value for people, four significant places at most: `85 ms`, `1.2 s`, `0.08 %`, `43 /s`.
    pub fn format(self, value: f64) -> String {
        match self {
            Self::Seconds => duration(value),
            Self::Milliseconds => duration(value / 1000.0),
            Self::Ratio => format!("{} %", short(value * 100.0)),
            Self::Percent => format!("{} %", short(value)),
            Self::PerSecond => format!("{} /s", scaled(value)),
            Self::PerMinute => format!("{} /min", scaled(value)),
            Self::Count => scaled(value),
            Self::Bytes => bytes(value),
            Self::Usd => format!("{value:.2} USD"),
            Self::Days => format!("{} d", short(value)),
        }
    }
}

impl Number {
    /// The number with its unit, or its word.
    pub fn format(self, unit: Unit) -> String {
        match self {
            Self::Finite(value) => unit.format(value),
            other => other.word().unwrap_or_default().to_owned(),
        }
    }
}

fn duration(seconds: f64) -> String {
    let magnitude = seconds.abs();
    if magnitude == 0.0 {
        "0 ms".to_owned()
    } else if magnitude < 0.001 {
        format!("{} µs", short(seconds * 1e6))
    } else if magnitude < 0.9995 {
        format!("{} ms", short(seconds * 1e3))
    } else if magnitude < 600.0 {
        format!("{} s", short(seconds))
    } else if magnitude < 7200.0 {
        format!("{} min", short(seconds / 60.0))
    } else if magnitude < 172_800.0 {
        format!("{} h", short(seconds / 3600.0))
    } else {
        format!("{} d", short(seconds / 86_400.0))
    }
}

fn bytes(value: f64) -> String {
    let step = |divisor: f64, unit: &str| format!("{} {unit}", short(value / divisor));
    match value.abs() {
        v if v < 1024.0 => step(1.0, "B"),
        v if v < 1_048_576.0 => step(1024.0, "KiB"),
        v if v < 1_073_741_824.0 => step(1_048_576.0, "MiB"),
        _ => step(1_073_741_824.0, "GiB"),
    }
}

fn scaled(value: f64) -> String {
    match value.abs() {
        v if v < 10_000.0 => short(value),
        v if v < 1e6 => format!("{}k", short(value / 1e3)),
        v if v < 1e9 => format!("{}M", short(value / 1e6)),
        v if v < 1e15 => format!("{}G", short(value / 1e9)),
        _ => format!("{value:.1e}"),
    }
}

/// Three significant digits, no trailing zeros after the point.
fn short(value: f64) -> String {
    let magnitude = value.abs();
    let places = if magnitude >= 100.0 || magnitude == 0.0 {
        0
    } else if magnitude >= 10.0 {
        1
    } else if magnitude >= 1.0 {
        2
    } else {
        3
    };
    if magnitude >= 1e15 || (magnitude > 0.0 && magnitude < 0.0005) {
        return format!("{value:.1e}");
    }
    let text = format!("{value:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_reads_as_people_write_it() {
        let read = |unit: Unit, value: f64| unit.format(value);
        assert_eq!(read(Unit::Seconds, 0.0854), "85.4 ms");
        assert_eq!(read(Unit::Seconds, 1.234), "1.23 s");
        assert_eq!(read(Unit::Seconds, 0.9999), "1 s");
        assert_eq!(read(Unit::Milliseconds, 2000.0), "2 s");
        assert_eq!(read(Unit::Ratio, 0.0008), "0.08 %");
        assert_eq!(read(Unit::Percent, 83.0), "83 %");
        assert_eq!(read(Unit::PerSecond, 43.25), "43.2 /s");
        assert_eq!(read(Unit::Count, 1_234_567.0), "1.23M");
        assert_eq!(read(Unit::Bytes, 2048.0), "2 KiB");
    }

    #[test]
    fn what_is_not_finite_stays_a_word_and_is_never_zero() {
        for (value, word) in [(f64::NAN, "NaN"), (f64::INFINITY, "+Inf"), (f64::NEG_INFINITY, "-Inf")] {
            assert_eq!(Number::from(value).format(Unit::Seconds), word);
        }
        assert_eq!(Number::NoData.format(Unit::Count), "no data");
    }

    #[test]
    fn a_huge_or_tiny_value_stays_short() {
        for value in [1e308, -1e308, 1e-300, 5e-324, 123_456_789_012_345.0] {
            assert!(Unit::Count.format(value).len() <= 10, "{}", Unit::Count.format(value));
            assert!(Unit::Seconds.format(value).len() <= 12, "{}", Unit::Seconds.format(value));
        }
    }
}
