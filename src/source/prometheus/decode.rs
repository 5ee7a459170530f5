//! Decodes answers of the query API as a stream: series are counted, not collected, and nothing recurses without bound.

use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::source::http::Answer;
use crate::source::{Number, Point};
use crate::text::Text;

/// The most warnings that are kept of one answer.
const MAX_WARNINGS: usize = 8;

/// What an answer may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// The most series.
    pub(super) series: usize,
}

/// A decoded answer. Value and points are errors where the answer has another shape.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) value: Result<(Number, Option<Timestamp>), String>,
    pub(super) points: Result<Vec<Point>, String>,
    pub(super) partial: bool,
    pub(super) warnings: Vec<Text>,
    /// The server's own error in an answer that HTTP calls a success.
    pub(super) error: Option<String>,
}

/// Decodes an answer.
///
/// # Errors
/// One line about what is not as the API says.
pub(super) fn reply(answer: &Answer, limits: Limits) -> Result<Reply, String> {
    if answer.is_html() || answer.body.is_empty() {
        return Err(answer.json::<IgnoredAny>().err().unwrap_or_default());
    }
    let mut json = serde_json::Deserializer::from_slice(&answer.body);
    let envelope = EnvelopeSeed(limits).deserialize(&mut json).and_then(|envelope| json.end().map(|()| envelope));
    envelope.map_err(|error| format!("not an answer of the query API: {error}")).and_then(Envelope::into_reply)
}

#[derive(Debug, Default)]
struct Envelope {
    status: Option<String>,
    data: Option<Data>,
    partial: bool,
    warnings: Vec<Text>,
    error: Option<String>,
}

#[derive(Debug, Default)]
struct Data {
    kind: Option<String>,
    result: Option<Outcome>,
}

/// What stood in `result`: the first series, how many there were, and the parts of a scalar.
#[derive(Debug, Default)]
struct Outcome {
    first: Option<Series>,
    count: usize,
    scalar: Vec<Cell>,
}

#[derive(Debug)]
enum Cell {
    Time(f64),
    Word(String),
}

#[derive(Debug, Deserialize)]
struct Series {
    value: Option<Sample>,
    values: Option<Vec<Sample>>,
    histogram: Option<IgnoredAny>,
    histograms: Option<IgnoredAny>,
}

/// `[seconds, "value"]`.
#[derive(Debug, Deserialize)]
struct Sample(f64, String);

impl Envelope {
    fn into_reply(self) -> Result<Reply, String> {
        let error = match self.status.as_deref() {
            Some("success") => None,
            Some(_) => {
                Some(self.error.unwrap_or_else(|| "the server calls it an error and does not say why".to_owned()))
            }
            None => return Err("not an answer of the query API: there is no `status`".to_owned()),
        };
        let data = self.data.unwrap_or_default();
        let outcome = data.result.ok_or_else(|| "the answer has no `result`".to_owned());
        let kind = data.kind.unwrap_or_default();
        let (value, points) = match outcome {
            Ok(outcome) => (outcome.value(&kind), outcome.points(&kind)),
            Err(reason) => (Err(reason.clone()), Err(reason)),
        };
        Ok(Reply { value, points, partial: self.partial, warnings: self.warnings, error })
    }
}

impl Outcome {
    fn value(&self, kind: &str) -> Result<(Number, Option<Timestamp>), String> {
        match (kind, self.scalar.as_slice()) {
            ("scalar", [Cell::Time(at), Cell::Word(value)]) => Ok((number(value)?, Some(moment(*at)?))),
            ("vector", []) => match self.one()? {
                None => Ok((Number::NoData, None)),
                Some(series) => series.newest(),
            },
            _ => Err(format!("a result of type `{kind}` where a number is expected")),
        }
    }

    fn points(&self, kind: &str) -> Result<Vec<Point>, String> {
        match (kind, self.scalar.as_slice()) {
            ("matrix", []) => self.one()?.map_or(Ok(Vec::new()), Series::history),
            _ => Err(format!("a result of type `{kind}` where a series is expected")),
        }
    }

    fn one(&self) -> Result<Option<&Series>, String> {
        match self.count {
            0 | 1 => Ok(self.first.as_ref()),
            count => Err(format!("{count} series where one is expected; aggregate the expression, as with `sum(…)`")),
        }
    }
}

impl Series {
    fn newest(&self) -> Result<(Number, Option<Timestamp>), String> {
        let sample = self.value.as_ref().ok_or_else(|| self.without_number())?;
        Ok((number(&sample.1)?, Some(moment(sample.0)?)))
    }

    fn history(&self) -> Result<Vec<Point>, String> {
        let samples = self.values.as_ref().ok_or_else(|| self.without_number())?;
        samples.iter().map(|Sample(at, value)| Ok(point(moment(*at)?, number(value)?))).collect()
    }

    fn without_number(&self) -> String {
        match self.histogram.is_some() || self.histograms.is_some() {
            true => "a native histogram where a number is expected; take `histogram_quantile(…)` of it".to_owned(),
            false => "a series without a value".to_owned(),
        }
    }
}

/// A sample of history: what is not finite is a gap.
pub(super) fn point(at: Timestamp, value: Number) -> Point {
    Point { at, value: value.finite().unwrap_or(f64::NAN) }
}

/// Numbers come as strings, so that NaN and infinities can.
fn number(text: &str) -> Result<Number, String> {
    match text {
        "NaN" => Ok(Number::NotANumber),
        "+Inf" | "Inf" => Ok(Number::PositiveInfinity),
        "-Inf" => Ok(Number::NegativeInfinity),
        _ => match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Number::Finite(value)),
            _ => Err(format!("`{}` is not a number", text.chars().take(40).collect::<String>())),
        },
    }
}

fn moment(seconds: f64) -> Result<Timestamp, String> {
    let milliseconds = (seconds * 1000.0).round();
    let bad = || format!("`{seconds}` is not a time");
    if !milliseconds.is_finite() || milliseconds.abs() > 1e15 {
        return Err(bad());
    }
    Timestamp::from_millisecond(milliseconds as i64).map_err(|_| bad())
}

struct EnvelopeSeed(Limits);

impl<'de> DeserializeSeed<'de> for EnvelopeSeed {
    type Value = Envelope;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Envelope, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EnvelopeSeed {
    type Value = Envelope;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `status` and `data`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope, A::Error> {
        let mut envelope = Envelope::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "status" => once(&mut envelope.status, map.next_value()?, "status")?,
                "data" => {
                    let data = map.next_value_seed(DataSeed(self.0))?;
                    if let Some(data) = data {
                        once(&mut envelope.data, data, "data")?;
                    }
                }
                "isPartial" => envelope.partial = map.next_value()?,
                "warnings" | "infos" => map.next_value_seed(WarningsSeed(&mut envelope.warnings))?,
                "error" => envelope.error = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(envelope)
    }
}

/// Keeps a member that may stand only once.
fn once<T, E: serde::de::Error>(slot: &mut Option<T>, value: T, name: &'static str) -> Result<(), E> {
    match slot.replace(value) {
        Some(_) => Err(E::duplicate_field(name)),
        None => Ok(()),
    }
}

/// `data`: an object, or `null` beside an error.
struct DataSeed(Limits);

impl<'de> DeserializeSeed<'de> for DataSeed {
    type Value = Option<Data>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Data>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for DataSeed {
    type Value = Option<Data>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `resultType` and `result`")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut data = Data::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "resultType" => once(&mut data.kind, map.next_value()?, "resultType")?,
                "result" => once(&mut data.result, map.next_value_seed(ResultSeed(self.0))?, "result")?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Some(data))
    }
}

/// `result`: series are counted against the limit and only the first is kept.
struct ResultSeed(Limits);

impl<'de> DeserializeSeed<'de> for ResultSeed {
    type Value = Outcome;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Outcome, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ResultSeed {
    type Value = Outcome;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of series")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Outcome, A::Error> {
        let mut outcome = Outcome::default();
        while let Some(element) = seq.next_element_seed(ElementSeed { keep: outcome.count == 0 })? {
            match element {
                Element::Series(series) => {
                    outcome.count += 1;
                    outcome.first = outcome.first.or(series);
                }
                Element::Cell(cell) => outcome.scalar.push(cell),
            }
            if outcome.count > self.0.series || outcome.scalar.len() > 2 {
                let limit = self.0.series;
                return Err(A::Error::custom(format!(
                    "more than {limit} series (`max_series`); aggregate the expression"
                )));
            }
        }
        Ok(outcome)
    }
}

enum Element {
    Series(Option<Series>),
    Cell(Cell),
}

struct ElementSeed {
    keep: bool,
}

impl<'de> DeserializeSeed<'de> for ElementSeed {
    type Value = Element;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Element, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ElementSeed {
    type Value = Element;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a series, a time or a number in quotes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Element, A::Error> {
        if self.keep {
            let series = Series::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
            return Ok(Element::Series(Some(series)));
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Element::Series(None))
    }

    fn visit_f64<E: serde::de::Error>(self, at: f64) -> Result<Element, E> {
        Ok(Element::Cell(Cell::Time(at)))
    }

    fn visit_u64<E: serde::de::Error>(self, at: u64) -> Result<Element, E> {
        Ok(Element::Cell(Cell::Time(at as f64)))
    }

    fn visit_i64<E: serde::de::Error>(self, at: i64) -> Result<Element, E> {
        Ok(Element::Cell(Cell::Time(at as f64)))
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Element, E> {
        Ok(Element::Cell(Cell::Word(word.chars().take(64).collect())))
    }
}

/// `warnings` and `infos`: lists of texts, or absent; bounded.
struct WarningsSeed<'a>(&'a mut Vec<Text>);

impl<'de> DeserializeSeed<'de> for WarningsSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let texts = Option::<Vec<String>>::deserialize(deserializer)?.unwrap_or_default();
        let room = MAX_WARNINGS.saturating_sub(self.0.len());
        self.0.extend(texts.iter().take(room).map(|text| Text::clean(text)));
        Ok(())
    }
}
