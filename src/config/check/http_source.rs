//! `[[http]]`, and `http = { … }` of a signal.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::backend::{HttpDefaults, every, http_backend};
use super::words::{self, duration, filled, line, maybe, name, or};
use crate::config::raw::{Entry, Section};
use crate::config::{Conversion, Factor, HttpQuery, HttpRequest, HttpSource, Query};
use crate::source::Name;
use crate::source::json_api::{Pointer, address, fill};

/// Public APIs are slow, count requests, and change by the minute; a parsed answer takes about twenty times its size.
const DEFAULTS: HttpDefaults = HttpDefaults { polling: every(60, 10), max_body: 1 << 20, series: None };

/// The longest lag that can be normal.
const LONGEST_LAG: Duration = Duration::from_secs(7 * 86_400);

/// The largest body that is sent, in bytes.
const LARGEST_BODY: usize = 64 * 1024;

/// The sources that signals may name, whether or not the rest of each is right.
pub(super) struct Apis(BTreeMap<String, Api>);

struct Api {
    interval: Duration,
    url: Option<Url>,
}

impl Apis {
    /// Looks at the sections in passing: their errors are told where each is read.
    pub(super) fn of(sections: &[Section<'_>]) -> Self {
        let api = |section: &Section<'_>| {
            let name = section.peek("name")?.written()?;
            let interval = section.peek("interval").and_then(|entry| words::parse_duration(entry.written()?));
            let url = section.peek("url").and_then(|entry| entry.quietly_expanded()?.parse().ok());
            Some((name.to_owned(), Api { interval: interval.unwrap_or(DEFAULTS.polling.interval), url }))
        };
        Self(sections.iter().filter_map(api).collect())
    }

    /// How often a source is asked where a signal says nothing.
    pub(super) fn interval(&self, source: &Name) -> Option<Duration> {
        self.0.get(source.as_str()).map(|api| api.interval)
    }

    /// The URL of a source, where it is usable.
    pub(super) fn url(&self, source: &Name) -> Option<&Url> {
        self.0.get(source.as_str())?.url.as_ref()
    }
}

/// `[[http]]`.
pub(super) fn source(section: &Section<'_>) -> Option<HttpSource> {
    let name = section.need("name").and_then(|entry| name(&entry));
    let backend = http_backend(section, &DEFAULTS);
    section.done();
    Some(HttpSource { name: name?, backend: backend? })
}

/// The simulated fleet stands in for all real backends.
pub(super) fn stands_aside(simulated: bool, root: &Section<'_>) {
    if let Some(http) = root.peek("http").filter(|_| simulated) {
        http.error("can't stand beside [simulator]", Some("the simulated fleet takes the place of all real backends"));
    }
}

/// `http = { … }` of a signal.
pub(super) fn query(entry: Entry<'_>, apis: &Apis) -> Option<Query> {
    let section = entry.section()?;
    let source = section.need("source").and_then(|entry| known(&entry, apis));
    let path = section.need("path").and_then(|entry| path(&entry, source.as_ref(), apis));
    let body = body(&section);
    let value = section.need("pointer").and_then(|entry| pointer(&entry));
    let at = maybe(section.get("at"), pointer);
    let lag = or(section.get("lag"), Duration::ZERO, |entry| duration(entry, Duration::ZERO..=LONGEST_LAG));
    let conversion = conversion(&section);
    section.done();
    Some(Query::Http(HttpQuery {
        request: HttpRequest { source: source?, path: path?, body: body? },
        pointer: value?,
        conversion: conversion?,
        at: at?,
        lag: lag?,
    }))
}

pub(super) fn known(entry: &Entry<'_>, apis: &Apis) -> Option<Name> {
    let source = name(entry)?;
    if apis.0.contains_key(source.as_str()) {
        return Some(source);
    }
    let names = || apis.0.keys().map(String::as_str);
    let message =
        format!("there is no [[http]] named `{source}`{}", crate::config::error::did_you_mean(&source, names()));
    let hint = match apis.0.is_empty() {
        true => "add a block [[http]] with name and url".to_owned(),
        false => format!("allowed: {}", names().collect::<Vec<_>>().join(", ")),
    };
    entry.error(&message, Some(&hint));
    None
}

pub(super) fn path(entry: &Entry<'_>, source: Option<&Name>, apis: &Apis) -> Option<String> {
    let path = filled(entry)?;
    let base = source.and_then(|source| apis.0.get(source.as_str())?.url.clone());
    let problem = match base.map(|base| address(&base, &path)) {
        _ if !path.starts_with('/') => "must begin with `/`".to_owned(),
        _ if path.contains('#') => "must not have a fragment (#…)".to_owned(),
        Some(Err(problem)) => problem,
        _ => match fill(&path, Timestamp::UNIX_EPOCH) {
            Ok(_) => return Some(path),
            Err(problem) => problem,
        },
    };
    entry.error(&problem, Some("the path below the source's url, with its query, such as /v1/items?limit=1"));
    None
}

/// `body` or `graphql`; the outer `None` is an error.
pub(super) fn body(section: &Section<'_>) -> Option<Option<String>> {
    let json = section.get("body").map(|entry| json(&entry));
    let graphql = section.get("graphql").map(|entry| graphql(&entry));
    match (json, graphql) {
        (Some(_), Some(_)) => {
            section.error("has two bodies", Some("keep one of body (JSON) and graphql (a query)"));
            None
        }
        (Some(body), None) | (None, Some(body)) => body.map(Some),
        (None, None) => Some(None),
    }
}

fn json(entry: &Entry<'_>) -> Option<String> {
    let text = words::query(entry)?;
    moments(entry, &text)?;
    match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(_) if text.len() <= LARGEST_BODY => return Some(text),
        Ok(_) => entry.error("is larger than 64 KiB", None),
        Err(error) => {
            let place = format!("is not JSON: line {}, column {} of it", error.line(), error.column());
            entry.error(&place, Some("write it between ''' and ''', or give a GraphQL query as graphql = '…'"));
        }
    }
    None
}

/// Refuses a `{now…}` that is no moment.
fn moments(entry: &Entry<'_>, text: &str) -> Option<()> {
    fill(text, Timestamp::UNIX_EPOCH).map_err(|problem| entry.error(&problem, None)).ok().map(|_| ())
}

/// GraphQL over HTTP: a JSON object with the query.
fn graphql(entry: &Entry<'_>) -> Option<String> {
    let text = words::query(entry)?;
    moments(entry, &text)?;
    Some(serde_json::json!({ "query": text }).to_string())
}

pub(super) fn pointer(entry: &Entry<'_>) -> Option<Pointer> {
    let text = line(entry)?;
    match Pointer::parse(&text) {
        Ok(pointer) => Some(pointer),
        Err(problem) => {
            entry.error(&problem, Some("a JSON pointer (RFC 6901), such as /data/0/value; -1 is the last of a list"));
            None
        }
    }
}

fn conversion(section: &Section<'_>) -> Option<Conversion> {
    let scale = section.get("scale").map(|entry| factor(&entry).map(Conversion::Scaled));
    let words = section.section("words").map(|section| words_of(&section));
    let count = section.get("count").map(|entry| count(&entry));
    let mut given: Vec<_> = [scale, words, count].into_iter().flatten().collect();
    if given.len() > 1 {
        section.error("says in several ways what the value is", Some("keep one of scale, words, count"));
        return None;
    }
    given.pop().unwrap_or(Some(Conversion::Scaled(Factor::ONE)))
}

fn factor(entry: &Entry<'_>) -> Option<Factor> {
    let factor = Factor::new(entry.number()?).filter(|factor| factor.get() != 0.0);
    if factor.is_none() {
        entry.error("must not be 0", None);
    }
    factor
}

fn count(entry: &Entry<'_>) -> Option<Conversion> {
    if entry.boolean()? {
        return Some(Conversion::Count);
    }
    entry.error("is only ever true", Some("leave it out where the value itself is the number"));
    None
}

fn words_of(section: &Section<'_>) -> Option<Conversion> {
    let read = |(word, _, entry): (&str, _, Entry<'_>)| Some((word.to_owned(), Factor::new(entry.number()?)?));
    let words: Vec<_> = section.all().into_iter().map(read).collect();
    let words: BTreeMap<_, _> = words.into_iter().collect::<Option<_>>()?;
    if words.is_empty() {
        section.error("has no word", Some("such as words = { READY = 1, ERROR = 0 }"));
        return None;
    }
    Some(Conversion::Words(words))
}
