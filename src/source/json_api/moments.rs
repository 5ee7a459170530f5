//! `{now}` in paths and bodies: APIs that want to be told the window.
//!
//! `{now}` and `{now-5m}` are seconds since 1970, `{now-5m:ms}` milliseconds, `{now-1h:rfc3339}` a date with time in UTC.
//! Nothing else between braces is touched, so that JSON and GraphQL stay as they are.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::config::check::words::parse_duration;

/// The furthest look back.
const FURTHEST: Duration = Duration::from_secs(366 * 86_400);

/// The text with each moment filled in.
///
/// # Errors
/// A `{now…}` that is none.
pub fn fill(text: &str, now: Timestamp) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("{now") {
        out.push_str(&rest[..at]);
        let inner = &rest[at + 1..];
        let end = inner.find('}').ok_or("`{now` without `}`")?;
        out.push_str(&moment(&inner[..end], now)?);
        rest = &inner[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// `now`, `now-5m`, `now-5m:ms`.
fn moment(reference: &str, now: Timestamp) -> Result<String, String> {
    let wrong =
        || format!("`{{{reference}}}` is no moment: write {{now}}, {{now-5m}}, {{now-5m:ms}} or {{now-1h:rfc3339}}");
    let (when, form) = reference.split_once(':').unwrap_or((reference, "s"));
    let back = match when.strip_prefix("now").ok_or_else(wrong)? {
        "" => Duration::ZERO,
        span => span.strip_prefix('-').and_then(parse_duration).filter(|back| *back <= FURTHEST).ok_or_else(wrong)?,
    };
    let back = SignedDuration::try_from(back).map_err(|_| wrong())?;
    let moment = now.checked_sub(back).map_err(|_| wrong())?;
    match form {
        "s" => Ok(moment.as_second().to_string()),
        "ms" => Ok(moment.as_millisecond().to_string()),
        "rfc3339" => Timestamp::from_second(moment.as_second()).map(|whole| whole.to_string()).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_filled_in_and_other_braces_stay() {
        let now: Timestamp = "2026-01-01T00:00:00.5Z".parse().unwrap();
        let filled = |text: &str| fill(text, now);
        assert_eq!(filled("/q?from={now-5m}&to={now}"), Ok("/q?from=1767225300&to=1767225600".to_owned()));
        assert_eq!(filled("{now-1h:rfc3339} {now:ms}"), Ok("2025-12-31T23:00:00Z 1767225600500".to_owned()));
        let graphql = "query { actor(id: 1) { name } }";
        assert_eq!(filled(graphql), Ok(graphql.to_owned()));
        for wrong in ["{now", "{now+5m}", "{now-5}", "{now-5m:iso}", "{now-9999d}", "{nowhere}"] {
            assert!(filled(wrong).is_err(), "{wrong}");
        }
    }
}
