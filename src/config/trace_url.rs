//! Where a trace is shown: Jaeger, Tempo in Grafana, or whatever takes a trace's identifier in its address.

use url::Url;

use crate::source::TraceId;

/// What stands for the identifier.
const PLACEHOLDER: &str = "{trace_id}";

/// An address with a place for a trace's identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceUrl(String);

impl TraceUrl {
    /// The template, if it has `{trace_id}` once and is an `http` or `https` URL without credentials with it.
    pub fn new(template: &str) -> Option<Self> {
        let once = template.matches(PLACEHOLDER).count() == 1;
        let url = Url::parse(&template.replace(PLACEHOLDER, "0123456789abcdef")).ok()?;
        let plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
        // A host that the identifier is part of would be another host for each trace.
        let placed = !url.host_str()?.contains("0123456789abcdef");
        (once && plain && placed).then(|| Self(template.to_owned()))
    }

    /// The address of a trace; it holds neither control characters nor spaces.
    pub fn of(&self, trace: &TraceId) -> Option<Url> {
        Url::parse(&self.0.replace(PLACEHOLDER, trace.as_str())).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_has_an_address_without_anything_that_acts_on_a_terminal() {
        let template = TraceUrl::new("https://grafana.example/explore?x={\"q\":\"{trace_id}\"}\u{1b}#\u{7}").unwrap();
        let trace = TraceId::new("4bf92f3577b34da6a3ce929d0e0e4736").unwrap();
        let url = template.of(&trace).unwrap();
        assert!(url.as_str().contains("4bf92f3577b34da6a3ce929d0e0e4736"));
        assert!(url.as_str().bytes().all(|byte| (0x21..0x7f).contains(&byte)), "{url}");
    }

    #[test]
    fn only_web_addresses_with_one_place_are_taken() {
        for wrong in [
            "https://j/trace",
            "ftp://j/{trace_id}",
            "https://{trace_id}.example/",
            "https://u:p@j/{trace_id}",
            "{trace_id}",
        ] {
            assert_eq!(TraceUrl::new(wrong), None, "{wrong}");
        }
    }
}
