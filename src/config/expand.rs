//! `${VAR}` and `${VAR:-default}` in string values.
//!
//! Only `${` begins a variable, so `$window`, `$$` and a lone `$` stay as they are; `$${` writes a literal `${`. What a
//! variable holds is not expanded again. The default counts where the variable is unset or empty, as in a shell.

/// Looks a variable up.
pub type Variables<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// The longest value after expansion, in bytes.
pub const LONGEST: usize = 64 * 1024;

/// A string value after expansion. It has no `Debug`, as it may hold a secret.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Expanded {
    /// The value.
    pub value: String,
    /// Names of the variables that it took, in order.
    pub variables: Vec<String>,
    /// Whether a default that is not empty stands in it.
    pub has_default: bool,
}

/// Why a string could not be expanded. Names variables, never their values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// Not set, and no default.
    #[error("the variable {0} is not set")]
    Unset(String),
    /// `${` without `}`.
    #[error("`${{` without `}}`")]
    Open,
    /// A name that no shell would take.
    #[error("`${{…}}` needs the name of a variable: letters, digits and `_`, not a digit first")]
    Name,
    /// A default within a default.
    #[error("a default can't hold a variable of its own")]
    Nested,
    /// Longer than [`LONGEST`].
    #[error("longer than {LONGEST} bytes after expansion")]
    TooLong,
}

impl ExpandError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Unset(name) => format!("set it (`export {name}=…`), or give a default: `${{{name}:-…}}`"),
            _ => "write `${VAR}` or `${VAR:-default}`; a literal `${` is written `$${`".to_owned(),
        }
    }
}

/// Expands the variables of one string.
pub fn expand(raw: &str, variable: &Variables<'_>) -> Result<Expanded, ExpandError> {
    let mut out = Expanded::default();
    let mut rest = raw;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            out.value.push_str(&rest[..at - 1]);
            out.value.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        out.value.push_str(&rest[..at]);
        let inner = &rest[at + 2..];
        let end = inner.find('}').ok_or(ExpandError::Open)?;
        substitute(&inner[..end], variable, &mut out)?;
        rest = &inner[end + 1..];
    }
    out.value.push_str(rest);
    if out.value.len() > LONGEST { Err(ExpandError::TooLong) } else { Ok(out) }
}

fn substitute(reference: &str, variable: &Variables<'_>, out: &mut Expanded) -> Result<(), ExpandError> {
    let (name, default) = match reference.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (reference, None),
    };
    if default.is_some_and(|default| default.contains("${")) {
        return Err(ExpandError::Nested);
    }
    if !is_variable(name) {
        return Err(ExpandError::Name);
    }
    out.variables.push(name.to_owned());
    out.has_default |= default.is_some_and(|default| !default.is_empty());
    match (variable(name), default) {
        (Some(value), _) if !value.is_empty() => out.value.push_str(&value),
        (_, Some(default)) => out.value.push_str(default),
        (Some(_), None) => {}
        (None, None) => return Err(ExpandError::Unset(name.to_owned())),
    }
    if out.value.len() > LONGEST { Err(ExpandError::TooLong) } else { Ok(()) }
}

fn is_variable(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(raw: &str) -> Result<String, ExpandError> {
        let variables = |name: &str| match name {
            "HOST" => Some("example.com".to_owned()),
            "EMPTY" => Some(String::new()),
            "NESTED" => Some("${HOST}".to_owned()),
            _ => None,
        };
        expand(raw, &variables).map(|expanded| expanded.value)
    }

    #[test]
    fn a_set_variable_stands_in_its_place() {
        assert_eq!(value("https://${HOST}/x"), Ok("https://example.com/x".to_owned()));
    }

    #[test]
    fn a_default_stands_in_for_what_is_unset_or_empty() {
        assert_eq!(value("${NONE:-a}${EMPTY:-b}${HOST:-c}"), Ok("abexample.com".to_owned()));
        assert_eq!(value("${NONE:-}"), Ok(String::new()));
    }

    #[test]
    fn an_unset_variable_is_named() {
        assert_eq!(value("${NONE}"), Err(ExpandError::Unset("NONE".to_owned())));
    }

    #[test]
    fn other_dollars_survive() {
        assert_eq!(value("rate(x[$window]) $$ $"), Ok("rate(x[$window]) $$ $".to_owned()));
        assert_eq!(value("$${HOST}"), Ok("${HOST}".to_owned()));
    }

    #[test]
    fn a_value_is_not_expanded_again() {
        assert_eq!(value("${NESTED}"), Ok("${HOST}".to_owned()));
    }

    #[test]
    fn malformed_references_are_refused() {
        assert_eq!(value("${HOST"), Err(ExpandError::Open));
        assert_eq!(value("${}"), Err(ExpandError::Name));
        assert_eq!(value("${1A}"), Err(ExpandError::Name));
        assert_eq!(value("${A:-${HOST}}"), Err(ExpandError::Nested));
    }
}
