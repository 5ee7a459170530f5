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
