//! One parsed answer, and what is taken from it.

use jiff::Timestamp;
use serde_json::Value;

use super::pointer::Pointer;
use super::value::{moment, number, text};
use crate::config::{Conversion, HttpQuery};
use crate::source::http::Answer;
use crate::source::{Number, Point, SignalData, SourceErrorKind};
use crate::text::Text;

/// The longest message of a backend that is passed on, in characters.
const MAX_MESSAGE: usize = 300;

/// Why an answer gives no value.
type Fault = (SourceErrorKind, String);

/// An answer that is JSON, parsed once for everyone who points into it.
#[derive(Debug, Clone)]
pub(super) struct Parsed {
    root: Value,
    /// The first error that stands in the answer itself (GraphQL answers 200 with `errors`).
    error: Option<String>,
    /// The server tells of a next page.
    continues: bool,
    received: Timestamp,
}

impl Parsed {
    /// Parses an answer that was received then.
    ///
    /// # Errors
    /// What came where JSON is expected.
    pub(super) fn of(answer: &Answer, received: Timestamp) -> Result<Self, String> {
        let root: Value = answer.json()?;
        let links = answer.headers.get_all("link").iter().filter_map(|value| value.to_str().ok());
        let continues = links.flat_map(|links| links.split(',')).any(is_next);
        Ok(Self { error: first_error(&root), continues, received, root })
    }

    /// What a query takes from it.
    ///
    /// # Errors
    /// Nothing where it points, a value of another kind, an unreadable moment, or an error of the backend in its place.
    pub(super) fn take(&self, query: &HttpQuery) -> Result<SignalData, Fault> {
        let value = query.pointer.find(&self.root).map_err(|astray| self.blamed(astray.to_string()))?;
        if let (Value::Null, Some(error)) = (value, &self.error) {
            return Err((SourceErrorKind::Refused, error.clone()));
        }
        let malformed = |reason| (SourceErrorKind::Malformed, format!("{}: {reason}", query.pointer));
        let number = number(value, &query.conversion).map_err(malformed)?;
        let sampled = self.sampled(query, number)?;
        let warnings = self.warnings(&query.conversion);
        let value = number.finite().unwrap_or(f64::NAN);
        Ok(SignalData {
            value: Some(number),
            sampled: Some(sampled),
            points: vec![Point { at: sampled, value }],
            replaces: false,
            partial: !warnings.is_empty(),
            at_least: false,
            warnings,
        })
    }

    /// The single value that stands there, as text.
    ///
    /// # Errors
    /// Nothing where it points, more than one value, or an error of the backend in its place.
    pub(super) fn text(&self, pointer: &Pointer) -> Result<Text, Fault> {
        let value = pointer.find(&self.root).map_err(|astray| self.blamed(astray.to_string()))?;
        if let (Value::Null, Some(error)) = (value, &self.error) {
            return Err((SourceErrorKind::Refused, error.clone()));
        }
        let malformed = |reason| (SourceErrorKind::Malformed, format!("{pointer}: {reason}"));
        text(value).map(|text| Text::clean(&text)).map_err(malformed)
    }

    /// When it was sampled: as the answer tells, never in the future; without a value there is no moment to look for.
    fn sampled(&self, query: &HttpQuery, number: Number) -> Result<Timestamp, Fault> {
        let Some(at) = query.at.as_ref().filter(|_| number != Number::NoData) else { return Ok(self.received) };
        let value = at.find(&self.root).map_err(|astray| self.blamed(astray.to_string()))?;
        let read = moment(value).map_err(|reason| (SourceErrorKind::Malformed, format!("{at}: {reason}")))?;
        Ok(read.min(self.received))
    }

    /// The backend's own error, where it gives one, says more than where the answer ends.
    fn blamed(&self, astray: String) -> Fault {
        match self.error.clone().or_else(|| message(&self.root)) {
            Some(error) => (SourceErrorKind::Refused, format!("{error} ({astray})")),
            None => (SourceErrorKind::Malformed, astray),
        }
    }

    fn warnings(&self, conversion: &Conversion) -> Vec<Text> {
        let counted = self.continues && *conversion == Conversion::Count;
        let page = counted.then(|| Text::from("the list goes on: only its first page is counted"));
        let error = self.error.as_ref().map(|error| Text::clean(&format!("answered with an error: {error}")));
        page.into_iter().chain(error).collect()
    }
}

/// `<…>; rel="next"` (RFC 8288); Sentry sends it with `results="false"` on the last page too.
fn is_next(link: &str) -> bool {
    (link.contains("rel=\"next\"") || link.contains("rel=next")) && !link.contains("results=\"false\"")
}

/// The first of `errors` (GraphQL, section 7.1; Cloudflare and Datadog in REST), if there is any.
fn first_error(root: &Value) -> Option<String> {
    let errors = root.get("errors")?.as_array()?;
    let first = errors.first()?;
    let said =
        text_of(first).or_else(|| ["message", "detail", "title"].iter().find_map(|key| text_of(first.get(key)?)));
    Some(said.unwrap_or_else(|| "the answer holds errors without a message".to_owned()))
}

/// What an answer of another shape says of itself.
fn message(root: &Value) -> Option<String> {
    let keys = ["error", "message", "detail"];
    keys.iter().find_map(|key| {
        let value = root.get(key)?;
        text_of(value).or_else(|| text_of(value.get("message")?))
    })
}

fn text_of(value: &Value) -> Option<String> {
    let text = value.as_str().filter(|text| !text.trim().is_empty())?;
    Some(text.chars().take(MAX_MESSAGE).collect())
}
