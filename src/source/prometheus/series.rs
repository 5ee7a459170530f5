//! One series of an answer: its samples, and of its labels those that matter.

use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use super::buckets::NativeSample;
use crate::source::{Name, Number, Point};

/// A series: one sample of an instant query, or the samples of a range.
#[derive(Debug, Default)]
pub(super) struct Series {
    value: Option<Sample>,
    values: Option<Vec<Sample>>,
    /// The native histogram of an instant query.
    pub(super) histogram: Option<NativeSample>,
    /// The native histograms of a range.
    pub(super) histograms: Option<Vec<NativeSample>>,
    /// The label `le`, where it is asked for.
    pub(super) le: Option<String>,
}

impl Series {
    /// The one sample.
    pub(super) fn newest(&self) -> Result<(Number, Timestamp), String> {
        self.value.as_ref().ok_or_else(|| self.without_number())?.read()
    }

    /// All samples, oldest first.
    pub(super) fn history(&self) -> Result<Vec<Point>, String> {
        let samples = self.values.as_ref().ok_or_else(|| self.without_number())?;
        samples.iter().map(|sample| sample.read().map(|(value, at)| point(at, value))).collect()
    }

    fn without_number(&self) -> String {
        match self.histogram.is_some() || self.histograms.is_some() {
            true => {
                "a native histogram where a number is expected; take `histogram_quantile(…)` of it, or set `quantile`"
                    .to_owned()
            }
            false => "a series without a value".to_owned(),
        }
    }
}

/// A sample of history: what is not finite is a gap.
pub(super) fn point(at: Timestamp, value: Number) -> Point {
    Point { at, value: value.finite().unwrap_or(f64::NAN) }
}

/// `[seconds, "value"]`; numbers come as strings, so that NaN and infinities can. A word that is no number spoils its own
/// series only.
#[derive(Debug)]
struct Sample(f64, Result<Number, Box<str>>);

impl Sample {
    fn read(&self) -> Result<(Number, Timestamp), String> {
        let value = self.1.as_ref().map_err(|word| format!("`{word}` is not a number"))?;
        Ok((*value, moment(self.0)?))
    }
}

impl<'de> Deserialize<'de> for Sample {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (at, Word(value)) = <(f64, Word)>::deserialize(deserializer)?;
        Ok(Self(at, value))
    }
}

/// A number in quotes, read without keeping the quotes' content.
struct Word(Result<Number, Box<str>>);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(WordVisitor)
    }
}

struct WordVisitor;

impl Visitor<'_> for WordVisitor {
    type Value = Word;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number in quotes")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Word, E> {
        Ok(Word(number(word).ok_or_else(|| word.chars().take(40).collect())))
    }
}

/// A number as Prometheus writes it.
pub(super) fn number(word: &str) -> Option<Number> {
    match word {
        "NaN" => Some(Number::NotANumber),
        "+Inf" | "Inf" => Some(Number::PositiveInfinity),
        "-Inf" => Some(Number::NegativeInfinity),
        _ => word.parse::<f64>().ok().filter(|value| value.is_finite()).map(Number::Finite),
    }
}

/// A moment in seconds since 1970.
pub(super) fn moment(seconds: f64) -> Result<Timestamp, String> {
    let milliseconds = (seconds * 1000.0).round();
    let bad = || format!("`{seconds}` is not a time");
    if !milliseconds.is_finite() || milliseconds.abs() > 1e15 {
        return Err(bad());
    }
    Timestamp::from_millisecond(milliseconds as i64).map_err(|_| bad())
}

/// Reads a series, and the values of the labels that are asked for, by their number.
pub(super) struct SeriesSeed<'w>(pub(super) &'w [Name]);

impl<'de> Visitor<'de> for SeriesSeed<'_> {
    type Value = (Series, Vec<(usize, String)>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a series")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut series = Series::default();
        let mut picked = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "metric" => picked = map.next_value_seed(LabelsSeed(self.0))?,
                "value" => series.value = Some(map.next_value()?),
                "values" => series.values = Some(map.next_value()?),
                "histogram" => series.histogram = Some(map.next_value()?),
                "histograms" => series.histograms = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok((series, picked))
    }
}

/// `metric`: the labels. One that is there twice makes the answer unreadable: nobody could tell which is meant.
struct LabelsSeed<'w>(&'w [Name]);

impl<'de> DeserializeSeed<'de> for LabelsSeed<'_> {
    type Value = Vec<(usize, String)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for LabelsSeed<'_> {
    type Value = Vec<(usize, String)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("labels")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut picked: Vec<(usize, String)> = Vec::new();
        while let Some(label) = map.next_key_seed(LabelSeed(self.0))? {
            let Some(label) = label else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if picked.iter().any(|(known, _)| *known == label) {
                return Err(A::Error::custom(format!("a series has the label `{}` twice", self.0[label])));
            }
            picked.push((label, map.next_value()?));
        }
        Ok(picked)
    }
}

/// A label's name: its number among those that are asked for.
struct LabelSeed<'w>(&'w [Name]);

impl<'de> DeserializeSeed<'de> for LabelSeed<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for LabelSeed<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a label")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|label| *label == name))
    }
}
