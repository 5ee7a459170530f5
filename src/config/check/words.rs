//! Single values: durations, names, URLs, paths, secrets. Each tells what it wants where it is refused.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{Span, SpanRelativeTo};
use url::Url;

use super::Sources;
use crate::config::Secret;
use crate::config::raw::Entry;
use crate::source::Name;
use crate::text::is_unsafe;

/// The longest name.
const NAME_LONGEST: usize = 64;

/// Reads an entry, or takes the default where there is none.
pub(crate) fn or<T>(entry: Option<Entry<'_>>, default: T, read: impl FnOnce(&Entry<'_>) -> Option<T>) -> Option<T> {
    entry.map_or(Some(default), |entry| read(&entry))
}

/// Reads an entry that may be missing. The outer `None` is an error that was noted.
pub(crate) fn maybe<T>(entry: Option<Entry<'_>>, read: impl FnOnce(&Entry<'_>) -> Option<T>) -> Option<Option<T>> {
    entry.map_or(Some(None), |entry| read(&entry).map(Some))
}

/// A name that is a key everywhere and is typed to confirm: letters, digits, `.`, `_`, `-`.
pub(crate) fn name(entry: &Entry<'_>) -> Option<Name> {
    let value = entry.expanded()?.value;
    let starts_well = value.starts_with(|c: char| c.is_ascii_alphanumeric());
    let safe = value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if starts_well && safe && value.len() <= NAME_LONGEST {
        return Some(Name::from(value));
    }
    entry.error(
        "is not a usable name",
        Some("allowed: up to 64 letters, digits, `.`, `_` and `-`, beginning with a letter or digit"),
    );
    None
}

/// `place = "…"` of a section: `None` is `[aws]` itself. A place is declared with `[[aws.place]]`, or is a region, which
/// then is `[aws]` in that region and is added to [`Aws::places`](crate::config::Aws::places). The outer `None` is an error
/// that was noted. The simulated fleet has any place.
pub(super) fn place(entry: Option<Entry<'_>>, sources: &Sources) -> Option<Option<Name>> {
    let Some(entry) = entry else { return Some(None) };
    if sources.aws {
        return sources.places.named(&entry);
    }
    if sources.simulator.is_some() {
        return name(&entry).map(Some);
    }
    entry.error("needs the section [aws]", Some("add [aws] with its region"));
    None
}

/// One line of text without control or bidi characters.
pub(crate) fn line(entry: &Entry<'_>) -> Option<String> {
    let value = entry.expanded()?.value;
    if value.chars().any(is_unsafe) {
        entry.error("holds control or invisible characters", Some("write plain text on one line"));
        return None;
    }
    Some(value)
}

/// One line of text that is not empty.
pub(crate) fn filled(entry: &Entry<'_>) -> Option<String> {
    let value = line(entry)?;
    if value.trim().is_empty() {
        entry.error("is empty", None);
        return None;
    }
    Some(value)
}

/// A query: several lines are fine, empty is not.
pub(crate) fn query(entry: &Entry<'_>) -> Option<String> {
    let value = entry.expanded()?.value;
    let clean = value.chars().all(|c| matches!(c, '\n' | '\r' | '\t') || !is_unsafe(c));
    if clean && !value.trim().is_empty() {
        return Some(value.trim().to_owned());
    }
    entry.error(if clean { "is empty" } else { "holds control or invisible characters" }, None);
    None
}

/// A duration within bounds, such as `15s`, `5m`, `1h30m`, `30d`. A day has 24 hours.
pub(crate) fn duration(entry: &Entry<'_>, allowed: RangeInclusive<Duration>) -> Option<Duration> {
    let value = entry.expanded()?.value;
    let Some(duration) = parse_duration(&value) else {
        entry.error("is not a duration", Some("write a number and a unit: \"15s\", \"5m\", \"1h30m\", \"30d\""));
        return None;
    };
    if allowed.contains(&duration) {
        return Some(duration);
    }
    let (least, most) = (show_duration(*allowed.start()), show_duration(*allowed.end()));
    entry.error(&format!("must lie between {least} and {most}"), None);
    None
}

/// A duration, if the text is one.
pub(crate) fn parse_duration(value: &str) -> Option<Duration> {
    let span: Span = value.trim().parse().ok()?;
    let exact = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(exact).ok()
}

fn show_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{}ms", duration.as_millis()),
        _ if seconds.is_multiple_of(86_400) => format!("{}d", seconds / 86_400),
        _ if seconds.is_multiple_of(3_600) => format!("{}h", seconds / 3_600),
        _ if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

/// An `http` or `https` URL with a host and without credentials. Messages never quote it: it may hold what should not be there.
pub(crate) fn url(entry: &Entry<'_>) -> Option<Url> {
    let value = entry.expanded()?.value;
    let problem = match Url::parse(value.trim()) {
        Err(error) => format!("is not a URL: {error}"),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => "must begin with http:// or https://".to_owned(),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            entry.error(
                "must not hold a user or a password",
                Some("remove them from the URL; use bearer_token_file, bearer_token or basic with a variable instead"),
            );
            return None;
        }
        Ok(url) if url.fragment().is_some() => "must not have a fragment (#…)".to_owned(),
        Ok(url) => return Some(url),
    };
    entry.error(&problem, Some("such as https://prometheus.example.com"));
    None
}

/// A path; a relative one counts from the folder of the configuration file.
pub(crate) fn path(entry: &Entry<'_>) -> Option<PathBuf> {
    let value = entry.expanded()?.value;
    if value.is_empty() || value.starts_with('~') || value.contains('\0') {
        entry.error(
            "is not a usable path",
            Some("a relative path counts from this file's folder; for home write `${HOME}/…`"),
        );
        return None;
    }
    Some(beside(entry, &value))
}

/// The path that `value` names, seen from the folder of the entry's file.
pub(crate) fn beside(entry: &Entry<'_>, value: &str) -> PathBuf {
    entry.document().file().parent().unwrap_or(Path::new("")).join(value)
}

/// A path of a file that must exist now.
pub(crate) fn file(entry: &Entry<'_>) -> Option<PathBuf> {
    let path = path(entry)?;
    match std::fs::metadata(&path) {
        Ok(found) if found.is_file() => Some(path),
        Ok(_) => {
            entry.error("is not a file", None);
            None
        }
        Err(error) => {
            entry.error(
                &format!("can't be read: {}", error.kind()),
                Some("a relative path counts from this file's folder"),
            );
            None
        }
    }
}

/// A secret, which must come from a variable: a literal one is refused, and never quoted.
pub(crate) fn secret(entry: &Entry<'_>) -> Option<Secret> {
    let expanded = entry.expanded()?;
    if expanded.variables.is_empty() || expanded.has_default {
        entry.error(
            "must not stand in this file",
            Some("put it into a variable and write `${NAME}` without a default, or name a file (bearer_token_file, password_file)"),
        );
        return None;
    }
    if expanded.value.is_empty() || expanded.value.chars().any(char::is_control) {
        entry.error("is empty or holds control characters", Some("look at the variable that it names"));
        return None;
    }
    Some(Secret::new(expanded.value))
}

/// A secret that is the first line of a file.
pub(crate) fn secret_file(entry: &Entry<'_>) -> Option<Secret> {
    let path = file(entry)?;
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let first = text.lines().next().unwrap_or_default().trim_end();
    if first.is_empty() {
        entry.error("is empty or can't be read", Some("the secret is the first line of that file"));
        return None;
    }
    Some(Secret::new(first.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        let seconds = |value: &str| parse_duration(value).map(|duration| duration.as_secs());
        assert_eq!(seconds("15s"), Some(15));
        assert_eq!(seconds("1h30m"), Some(5_400));
        assert_eq!(seconds("30d"), Some(2_592_000));
        assert_eq!(seconds("2 weeks"), Some(1_209_600));
        assert_eq!(parse_duration("250ms"), Some(Duration::from_millis(250)));
        for wrong in ["", "15", "-5s", "5s ago", "1 month", "soon", "1y"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }
}
