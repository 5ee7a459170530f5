//! Matchers of alerts' labels, as Alertmanager has them.

use regex_lite::Regex;
use serde::{Deserialize, Serialize};

use crate::source::SeenAlert;
use crate::text::is_unsafe;

/// The most matchers of one silence.
const MOST: usize = 8;

/// The longest name or value, in characters.
const LONGEST: usize = 256;

/// What stands for any value that nobody has: what matches it matches what nobody named.
const ANYTHING: &str = "quarterdeck-any-value";

/// A matcher of one label; a label that is not there is empty.
/// <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Matcher {
    /// The label.
    pub name: String,
    /// What it is compared with.
    pub value: String,
    /// Whether the value is a regular expression, of the whole label.
    pub is_regex: bool,
    /// Whether it must match, or must not.
    pub is_equal: bool,
}

/// What stands between name and value: the operator, whether it is a regular expression, and whether it must match.
const OPERATORS: [(&str, bool, bool); 4] =
    [("=~", true, true), ("!~", true, false), ("!=", false, false), ("=", false, true)];

impl Matcher {
    /// The alert of that name.
    pub fn alert(name: &str) -> Result<Self, String> {
        Self::checked(Self { name: "alertname".to_owned(), value: name.to_owned(), is_regex: false, is_equal: true })
    }

    /// Reads `name="value",name=~"a|b"`; quotes may be left out where the value has no comma. In order, each once.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, String> {
        let text = text.trim();
        let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
        let mut matchers = split(inner).iter().map(|part| Self::parse(part)).collect::<Result<Vec<_>, _>>()?;
        matchers.sort();
        matchers.dedup();
        match matchers.len() {
            0 => Err("there is no matcher".to_owned()),
            count if count > MOST => Err(format!("{count} matchers, at most {MOST}")),
            _ => Ok(matchers),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let at = text.find(['=', '!']).ok_or_else(|| format!("`{text}` has no `=`"))?;
        let (name, rest) = text.split_at(at);
        let found = OPERATORS.iter().find(|(operator, ..)| rest.starts_with(operator));
        let (operator, is_regex, is_equal) = *found.ok_or_else(|| format!("`{text}` has none of = != =~ !~"))?;
        let value = unquoted(rest[operator.len()..].trim())?;
        Self::checked(Self { name: name.trim().to_owned(), value, is_regex, is_equal })
    }

    fn checked(self) -> Result<Self, String> {
        let starts_well = self.name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !starts_well || !self.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(format!("`{}` is not the name of a label", self.name));
        }
        if self.value.chars().count() > LONGEST || self.value.chars().any(is_unsafe) {
            return Err(format!("the value of {} is too long or has control characters", self.name));
        }
        match self.is_regex.then(|| self.regex()) {
            Some(Err(error)) => Err(format!("`{}` is not a regular expression: {error}", self.value)),
            _ => Ok(self),
        }
    }

    fn regex(&self) -> Result<Regex, regex_lite::Error> {
        Regex::new(&format!("^(?:{})$", self.value))
    }

    /// Whether it matches that value of its label. An expression that can't be read matches nothing.
    fn holds(&self, value: &str) -> bool {
        let same = match self.is_regex {
            true => self.regex().is_ok_and(|regex| regex.is_match(value)),
            false => self.value == value,
        };
        same == self.is_equal
    }

    /// Whether it picks alerts out: it matches neither the empty value nor any that nobody named.
    fn picks(&self) -> bool {
        !self.holds("") && !self.holds(ANYTHING)
    }

    /// Whether the matchers together match nearly everything: none of them names what it is about.
    pub fn match_everything(matchers: &[Self]) -> bool {
        !matchers.iter().any(Self::picks)
    }

    /// Whether all match an alert.
    pub fn all_match(matchers: &[Self], alert: &SeenAlert) -> bool {
        matchers.iter().all(|matcher| matcher.holds(alert.label(&matcher.name)))
    }

    /// As they are typed: `alertname="X",service=~"a|b"`.
    pub fn list(matchers: &[Self]) -> String {
        matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }
}

/// As Alertmanager writes it: `name="value"`.
impl std::fmt::Display for Matcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = (self.is_regex, self.is_equal);
        let operator = OPERATORS.iter().find(|(_, regex, equal)| (*regex, *equal) == kind).map_or("=", |found| found.0);
        write!(f, "{}{operator}\"{}\"", self.name, self.value.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// The parts between commas that stand outside quotes.
fn split(text: &str) -> Vec<String> {
    let (mut parts, mut quoted, mut escaped) = (vec![String::new()], false, false);
    for c in text.chars() {
        match c {
            ',' if !quoted => {
                parts.push(String::new());
                continue;
            }
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts.into_iter().filter(|part| !part.trim().is_empty()).collect()
}

fn unquoted(text: &str) -> Result<String, String> {
    let Some(rest) = text.strip_prefix('"') else {
        return if text.contains('"') { Err(format!("`{text}` has a quote within")) } else { Ok(text.to_owned()) };
    };
    let inner = rest.strip_suffix('"').ok_or_else(|| format!("`{text}` has no closing quote"))?;
    let (mut value, mut escaped) = (String::new(), false);
    for c in inner.chars() {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return Err(format!("`{text}` has a quote within")),
            c => {
                if escaped && !matches!(c, '\\' | '"') {
                    value.push('\\'); // such as \d of an expression
                }
                value.push(c);
                escaped = false;
            }
        }
    }
    if escaped { Err(format!("`{text}` has no closing quote")) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::AlertState;

    fn alert(labels: &[(&str, &str)]) -> SeenAlert {
        SeenAlert {
            name: "X".into(),
            state: AlertState::Firing,
            labels: labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        }
    }

    fn list(text: &str) -> Vec<Matcher> {
        Matcher::parse_list(text).expect(text)
    }

    #[test]
    fn what_is_written_is_read_again_the_same() {
        for text in [r#"alertname="X""#, r#"a!="",b=~"x|y,z",c!~"\\d+""#, r#"a="say \"hi\" \\""#] {
            assert_eq!(Matcher::list(&list(text)), text);
        }
        assert_eq!(list("{ b=2 , a=~x|y }"), list(r#"a=~"x|y",b="2""#));
        assert_eq!(list(r#"a=~"\d""#)[0].value, r"\d");
    }

    #[test]
    fn what_is_no_matcher_is_refused() {
        for text in ["", "a", "1a=x", "a b=x", "a=~(", r#"a="x"#, r#"a="x"y"#, "a=\u{202e}x", "=x"] {
            assert!(Matcher::parse_list(text).is_err(), "{text}");
        }
    }

    #[test]
    fn expressions_match_the_whole_label_and_a_missing_label_is_empty() {
        let found = alert(&[("alertname", "HighLatency"), ("service", "rtech-app")]);
        let matches = |text: &str| Matcher::all_match(&list(text), &found);
        assert!(matches("alertname=HighLatency") && matches("service=~rtech-.*") && matches(r#"team="""#));
        assert!(matches("service!=other") && matches("service!~other.*,alertname=~High.+"));
        assert!(
            !matches("service=~rtech") && !matches("team=x") && !matches("service!~.*") && !matches("alertname=High")
        );
    }

    #[test]
    fn a_silence_must_name_something() {
        for everything in
            ["alertname=~.+", "alertname=~.*", "service!=x", r#"team="""#, "a=~.*,b!~x", "severity=~[^x]*"]
        {
            assert!(Matcher::match_everything(&list(everything)), "{everything}");
        }
        for named in ["alertname=X", "service=~rtech-.*", "alertname=~.+,severity=warning"] {
            assert!(!Matcher::match_everything(&list(named)), "{named}");
        }
    }
}
