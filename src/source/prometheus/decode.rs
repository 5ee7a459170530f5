//! Decodes answers of the query API as a stream: series are counted against a limit, only the labels that somebody picks by
//! are kept, and nothing recurses without bound.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::outcome::{Cell, Outcome};
use super::series::{Series, SeriesSeed};
use crate::source::Name;
use crate::source::http::Answer;
use crate::text::Text;

/// The most warnings, and the most infos, that are kept of one answer.
const MAX_WARNINGS: usize = 8;

/// What an answer may hold, and what of it is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits<'w> {
    /// The most series.
    pub(super) series: usize,
    /// The labels that series are picked by.
    pub(super) labels: &'w [Name],
}

/// A decoded answer.
#[derive(Debug)]
pub(super) struct Reply {
    /// The result, or what is not as the API says.
    pub(super) outcome: Result<Outcome, String>,
    /// The server said that the answer is not whole: VictoriaMetrics by `isPartial`, Thanos and remote read by a warning.
    pub(super) partial: bool,
    /// `warnings`, and of the `infos` (remarks on the expression) those on buckets that had to be put right.
    pub(super) warnings: Vec<Text>,
    /// The server's own error in an answer that HTTP calls a success.
    pub(super) error: Option<String>,
}

/// Decodes an answer.
///
/// # Errors
/// One line about what is not as the API says.
pub(super) fn reply(answer: &Answer, limits: Limits<'_>) -> Result<Reply, String> {
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
    infos: Vec<Text>,
    error: Option<String>,
}

/// Prometheus' own warnings are remarks on the expression and begin so since 2.48; every other one is of a store that did
/// not give all it has.
fn is_of_store(warning: &Text) -> bool {
    !warning.starts_with("PromQL warning")
}

/// `histogram_quantile` forced its buckets to rise: the value is a guess.
fn is_of_buckets(info: &Text) -> bool {
    info.contains("monotonicity")
}

#[derive(Debug, Default)]
struct Data {
    kind: Option<String>,
    result: Option<Outcome>,
}

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
        let outcome = outcome.map(|outcome| outcome.called(data.kind.unwrap_or_default()));
        let partial = self.partial || self.warnings.iter().any(is_of_store);
        let mut warnings = self.warnings;
        warnings.extend(self.infos.into_iter().filter(is_of_buckets));
        Ok(Reply { outcome, partial, warnings, error })
    }
}

struct EnvelopeSeed<'w>(Limits<'w>);

impl<'de> DeserializeSeed<'de> for EnvelopeSeed<'_> {
    type Value = Envelope;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Envelope, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EnvelopeSeed<'_> {
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
                "warnings" => map.next_value_seed(TextsSeed(&mut envelope.warnings))?,
                "infos" => map.next_value_seed(TextsSeed(&mut envelope.infos))?,
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
struct DataSeed<'w>(Limits<'w>);

impl<'de> DeserializeSeed<'de> for DataSeed<'_> {
    type Value = Option<Data>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Data>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for DataSeed<'_> {
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

/// `result`: series are counted against the limit.
struct ResultSeed<'w>(Limits<'w>);

impl<'de> DeserializeSeed<'de> for ResultSeed<'_> {
    type Value = Outcome;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Outcome, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ResultSeed<'_> {
    type Value = Outcome;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of series")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Outcome, A::Error> {
        let Limits { series: limit, labels } = self.0;
        let mut outcome = Outcome::default();
        while let Some(element) = seq.next_element_seed(ElementSeed(labels))? {
            match element {
                Element::Series(series, picked) => outcome.add(*series, labels, picked),
                Element::Cell(cell) => outcome.scalar.push(cell),
            }
            if outcome.count() > limit || outcome.scalar.len() > 2 {
                return Err(A::Error::custom(format!(
                    "more than {limit} series (`max_series`); aggregate the expression"
                )));
            }
        }
        Ok(outcome)
    }
}

enum Element {
    Series(Box<Series>, Vec<(usize, String)>),
    Cell(Cell),
}

struct ElementSeed<'w>(&'w [Name]);

impl<'de> DeserializeSeed<'de> for ElementSeed<'_> {
    type Value = Element;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Element, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ElementSeed<'_> {
    type Value = Element;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a series, a time or a number in quotes")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Element, A::Error> {
        let (series, picked) = SeriesSeed(self.0).visit_map(map)?;
        Ok(Element::Series(Box::new(series), picked))
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
struct TextsSeed<'a>(&'a mut Vec<Text>);

impl<'de> DeserializeSeed<'de> for TextsSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let texts = <Option<Vec<String>> as serde::Deserialize>::deserialize(deserializer)?.unwrap_or_default();
        let room = MAX_WARNINGS.saturating_sub(self.0.len());
        self.0.extend(texts.iter().take(room).map(|text| Text::clean(text)));
        Ok(())
    }
}
