//! Exemplars: single requests that stand for what a histogram counted, by their traces.

use jiff::Timestamp;
use serde::Serialize;

/// The exemplars of one signal, the slowest first; bounded.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Exemplars(pub Vec<Exemplar>);

/// One request and its trace.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exemplar {
    /// Its trace.
    pub trace_id: TraceId,
    /// What was measured of it, in the unit of the histogram.
    pub value: f64,
    /// When.
    pub at: Timestamp,
}

/// The identifier of a trace: 16 to 32 hexadecimal digits, so that it can stand in a URL and on a screen as it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct TraceId(String);

impl TraceId {
    /// The identifier, if it is one (OpenTelemetry writes 32 digits, Zipkin 16 or 32).
    pub fn new(raw: &str) -> Option<Self> {
        let hexadecimal = raw.bytes().all(|byte| byte.is_ascii_hexdigit());
        (hexadecimal && (16..=32).contains(&raw.len())).then(|| Self(raw.to_owned()))
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hexadecimal_digits_are_a_trace() {
        assert!(
            TraceId::new("4bf92f3577b34da6a3ce929d0e0e4736").is_some() && TraceId::new("a3ce929d0e0e4736").is_some()
        );
        for wrong in
            ["", "4bf9", "4bf92f3577b34da6a3ce929d0e0e473g", "../../../../../../../../", "\u{1b}]8;;x\u{7}aaaaaaaaaa"]
        {
            assert_eq!(TraceId::new(wrong), None, "{wrong:?}");
        }
    }
}
