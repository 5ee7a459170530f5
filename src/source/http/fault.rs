//! What can go wrong over HTTP, in one readable line each, without secrets.

use std::error::Error as _;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;
use url::Url;

use super::answer::Answer;
use crate::source::SourceErrorKind;

/// The longest message of a server that is passed on, in characters.
const MAX_MESSAGE: usize = 300;

/// A fault before there is a source to name.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) kind: SourceErrorKind,
    pub(super) reason: String,
}

/// A URL without user, password, query and fragment: what may be shown.
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

/// The kind of failure that a status means.
pub(super) fn kind_of_status(status: StatusCode) -> SourceErrorKind {
    match status.as_u16() {
        401 | 403 | 407 => SourceErrorKind::Unauthorised,
        404 | 410 => SourceErrorKind::Missing,
        408 | 504 => SourceErrorKind::Timeout,
        429 => SourceErrorKind::Throttled,
        502 => SourceErrorKind::Unreachable,
        _ => SourceErrorKind::Refused,
    }
}

/// The status and what the server says: its JSON error message, the title of an HTML page, or its first line.
pub(super) fn describe(answer: &Answer) -> String {
    let status = format!("HTTP {}", answer.status.as_u16());
    let named = answer.status.canonical_reason().map_or_else(|| status.clone(), |reason| format!("{status} {reason}"));
    match said(answer) {
        Some(message) => format!("{named}: {}", cut(&message)),
        None => named,
    }
}

fn said(answer: &Answer) -> Option<String> {
    if answer.is_html() {
        return page_title(&answer.body).map(|title| format!("page “{title}”"));
    }
    match serde_json::from_slice::<Value>(&answer.body) {
        Ok(Value::Object(object)) => {
            let keys = ["error", "message", "detail", "error_description"];
            keys.iter().find_map(|key| message(object.get(*key)?))
        }
        Ok(Value::String(text)) => Some(text),
        Ok(_) => None,
        Err(_) => first_line(&answer.body),
    }
}

fn message(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Object(inner) => inner.get("message").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    }
}

fn first_line(body: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&body[..body.len().min(2048)]).into_owned();
    head.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}

/// The title of an HTML page, if it has one near its beginning.
pub fn page_title(body: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&body[..body.len().min(16 * 1024)]).into_owned();
    let lower = head.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let begin = open + lower[open..].find('>')? + 1;
    let end = begin + lower[begin..].find("</title")?;
    let title = head[begin..end].split_whitespace().collect::<Vec<_>>().join(" ");
    (!title.is_empty()).then(|| cut(&title))
}

/// Cuts a message to [`MAX_MESSAGE`] characters.
fn cut(message: &str) -> String {
    match message.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.to_owned(),
    }
}

/// Kind and reason of a request that got no answer. Of the URL only the origin is named: the rest may carry a secret.
pub(super) fn of_request(error: &reqwest::Error, timeout: Duration) -> (SourceErrorKind, String) {
    let cause = innermost(error);
    if error.is_connect() {
        let kind = if error.is_timeout() { SourceErrorKind::Timeout } else { SourceErrorKind::Unreachable };
        (kind, format!("no connection to {}: {cause}", origin(error)))
    } else if error.is_timeout() {
        (SourceErrorKind::Timeout, format!("no answer within {} s", timeout.as_secs_f64()))
    } else if error.is_redirect() {
        (SourceErrorKind::Refused, cause)
    } else if error.is_request() {
        (SourceErrorKind::Unreachable, format!("{} gave no answer: {cause}", origin(error)))
    } else if error.is_decode() || error.is_body() {
        body_fault(error, cause)
    } else {
        (SourceErrorKind::Refused, cause)
    }
}

fn origin(error: &reqwest::Error) -> String {
    error.url().map_or_else(|| "the server".to_owned(), |url| url.origin().ascii_serialization())
}

fn body_fault(error: &reqwest::Error, cause: String) -> (SourceErrorKind, String) {
    let lost = sources(error).any(|source| source.is::<std::io::Error>() && is_network(source));
    match lost {
        true => (SourceErrorKind::Unreachable, format!("the connection broke within the answer: {cause}")),
        false => (SourceErrorKind::Malformed, format!("the body can't be read: {cause}")),
    }
}

fn is_network(source: &(dyn std::error::Error + 'static)) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    source
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof))
}

fn sources<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let current = next?;
        next = current.source();
        Some(current)
    })
}

fn innermost(error: &reqwest::Error) -> String {
    let last = sources(error).last().map(ToString::to_string);
    last.filter(|text| !text.is_empty()).unwrap_or_else(|| "the request failed".to_owned())
}

/// Describes any body of an error, for [`crate::fuzzing`].
pub(crate) fn decode_any(body: &[u8]) {
    let answer = Answer { status: StatusCode::BAD_GATEWAY, ..Answer::of_body(body) };
    // The status and its reason stand before the message.
    assert!(describe(&answer).chars().count() <= MAX_MESSAGE + 64, "bounded");
    let _ = page_title(body);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_url_has_no_secret() {
        let url: Url = "https://user:hunter2@prom.example:9090/api?token=abc#x".parse().unwrap();
        assert_eq!(shown(&url), "https://prom.example:9090/api");
    }

    #[test]
    fn a_page_is_named_by_its_title() {
        let page = b"<!DOCTYPE html><html><head><TITLE lang=en>Log\n in</TITLE></head>";
        assert_eq!(page_title(page).as_deref(), Some("Log in"));
        assert_eq!(page_title(b"<html><title></title>"), None);
    }
}
