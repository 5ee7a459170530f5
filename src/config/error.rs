//! What is wrong with a file that a person wrote: file, line, key, and what to write instead.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::text::Text;

/// The most errors that are told at once; the rest are counted.
const MOST_TOLD: usize = 50;

/// One error in a configuration, a keymap or a theme.
///
/// The message quotes at most what stands in the file, never what a variable expanded to, and never the value of a key that
/// holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file.
    pub file: PathBuf,
    /// Line and column, from 1, where the error has a place.
    pub place: Option<(usize, usize)>,
    /// The key path, such as `service[rtech-app].signal[cpu].unit`; empty where there is none.
    pub key: String,
    /// What is wrong.
    pub message: Text,
    /// What to write instead, or what to do next.
    pub hint: Option<Text>,
}

/// All errors of one file, in the order of its lines; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigError {
    /// An error about a file as a whole.
    pub fn of_file(file: &Path, message: &str, hint: Option<&str>) -> Self {
        Self {
            file: file.to_owned(),
            place: None,
            key: String::new(),
            message: Text::clean(message),
            hint: hint.map(Text::clean),
        }
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

impl ConfigErrors {
    /// Orders the errors by their place; `None` if there are none.
    pub fn of(mut errors: Vec<ConfigError>) -> Option<Self> {
        errors.sort_by_key(|error| error.place);
        errors.dedup();
        (!errors.is_empty()).then_some(Self(errors))
    }

    /// The errors, the first line first.
    pub fn all(&self) -> &[ConfigError] {
        &self.0
    }
}

/// `file:line:column: key: message`, which editors and terminals open with a click, then the hint on a line of its own.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.as_os_str().is_empty() {
            write!(f, "{}", Text::clean(&self.file.display().to_string()))?;
            if let Some((line, column)) = self.place {
                write!(f, ":{line}:{column}")?;
            }
            f.write_str(": ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", Text::clean(&self.key))?;
        }
        write!(f, "{}", self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\n    {hint}"))
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().take(MOST_TOLD).enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{error}")?;
        }
        match self.0.len().saturating_sub(MOST_TOLD) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

impl std::error::Error for ConfigError {}

impl std::error::Error for ConfigErrors {}

/// The candidate that was probably meant, if one is near enough to be worth naming.
pub fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = candidates.into_iter().map(|candidate| (strsim::jaro_winkler(written, candidate), candidate));
    // The first of equals.
    let best = scored.min_by(|(a, _), (b, _)| b.total_cmp(a))?;
    (best.0 > 0.8).then_some(best.1)
}

/// `; did you mean X?` or nothing, to be put behind a message.
pub fn did_you_mean<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(written, candidates).map_or_else(String::new, |best| format!("; did you mean `{best}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_named_and_a_far_one_is_not() {
        assert_eq!(nearest("secnods", ["seconds", "milliseconds"]), Some("seconds"));
        assert_eq!(nearest("parsecs", ["ratio", "usd"]), None);
    }

    #[test]
    fn errors_are_told_in_the_order_of_lines() {
        let at = |line| ConfigError { place: Some((line, 1)), ..ConfigError::of_file(Path::new("a.toml"), "no", None) };
        let told = ConfigErrors::of(vec![at(9), at(2)]).map(|errors| errors.to_string());
        assert_eq!(told.as_deref(), Some("a.toml:2:1: no\na.toml:9:1: no"));
    }
}
