//! `[[action]]`: requests and local commands that the configuration declares.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::comparison;
use super::http_source::{self, Apis};
use super::words::{self, duration, filled, maybe, or};
use super::written;
use crate::config::error::did_you_mean;
use crate::config::raw::{Entry, Section};
use crate::config::secrets::is_named_like_a_secret;
use crate::config::{
    Declared, DeclaredCommand, DeclaredRequest, How, HttpRequest, HttpSuccess, Leaves, ReadBack, Service, Signal,
};
use crate::source::json_api::{address, fill};
use crate::source::{Name, SignalId};

const SECOND: Duration = Duration::from_secs(1);

/// How long a request or a command may take where nothing is written, and at most.
const TIMEOUT: Duration = Duration::from_secs(20);
const LONGEST_REQUEST: Duration = Duration::from_secs(120);
const LONGEST_COMMAND: Duration = Duration::from_secs(600);

/// How long it may take until it shows where nothing is written, and at most.
const PATIENCE: Duration = Duration::from_secs(120);
const LONGEST_PATIENCE: Duration = Duration::from_secs(3_600);

/// How long it may be left open at most.
const LONGEST_DEBT: Duration = Duration::from_secs(30 * 24 * 3_600);

/// The most bytes of a body, or of a command with its arguments: what is confirmed must stand whole on the screen.
const MOST_SHOWN: usize = 2_000;

/// The most bytes of what else is told.
const MOST_WORDS: usize = 200;

const METHODS: &[(&str, &str)] = &[("POST", "POST"), ("PUT", "PUT"), ("PATCH", "PATCH"), ("DELETE", "DELETE")];

/// What declared actions may refer to.
pub(super) struct Known<'a> {
    apis: &'a Apis,
    /// `None` where they are wrong themselves: then nothing more is said of them here.
    services: Option<&'a [Service]>,
    actions: Vec<Passing<'a>>,
}

/// A declared action as written, looked at in passing.
struct Passing<'a> {
    name: &'a str,
    service: &'a str,
    /// Whether it is a request, and to which `[[http]]`, or a command.
    to: Option<&'a str>,
    leaves: bool,
}

impl<'a> Passing<'a> {
    fn at(section: &Section<'a>) -> Option<Self> {
        let http = section.peek("http").filter(Entry::is_table).and_then(Entry::section);
        Some(Self {
            name: written(section, "name")?,
            service: written(section, "service")?,
            to: http.and_then(|http| written(&http, "source")),
            leaves: section.peek("leaves").is_some(),
        })
    }
}

impl<'a> Known<'a> {
    /// Looks at the declared actions in passing, as one may name another.
    pub(super) fn of(sections: &[Section<'a>], apis: &'a Apis, services: Option<&'a [Service]>) -> Self {
        Self { apis, services, actions: sections.iter().filter_map(Passing::at).collect() }
    }

    fn signal(&self, id: &SignalId) -> Option<&Signal> {
        let service = self.services?.iter().find(|service| service.name == id.service)?;
        service.signals.iter().find(|signal| signal.name == id.signal)
    }
}

/// The simulated fleet knows no requests and runs no commands.
pub(super) fn stand_aside(simulated: bool, root: &Section<'_>) {
    if let Some(action) = root.peek("action").filter(|_| simulated) {
        action.error("can't stand beside [simulator]", Some("the simulated fleet carries out no declared actions"));
    }
}

/// `[[action]]`.
pub(super) fn action(section: &Section<'_>, known: &Known<'_>) -> Option<Declared> {
    let name = section.need("name").and_then(|entry| words::name(&entry));
    let service = section.need("service").and_then(|entry| service(&entry, known));
    let title = section.need("title").and_then(|entry| said(&entry));
    let how = how(section, known);
    let read_back = maybe(section.get("read_back"), |entry| read_back(entry, service.as_ref(), known));
    let undo = maybe(section.get("undo"), |entry| undo(entry, section, known));
    let leaves = maybe(section.get("leaves"), |entry| leaves(entry, section, known));
    let due = maybe(section.get("due"), |entry| due(entry, section));
    let idempotent = or(section.get("idempotent"), false, |entry| entry.boolean());
    let reason = maybe(section.get("reason"), said);
    let warning = maybe(section.get("warning"), said);
    let patience = or(section.get("patience"), PATIENCE, |entry| duration(entry, SECOND..=LONGEST_PATIENCE));
    section.done();
    Some(Declared {
        name: name?,
        service: service?,
        title: title?,
        how: how?,
        read_back: read_back?,
        undo: undo?,
        leaves: left(leaves?, due?),
        idempotent: idempotent?,
        reason: reason?,
        warning: warning?,
        patience: patience?,
    })
}

fn service(entry: &Entry<'_>, known: &Known<'_>) -> Option<Name> {
    let name = words::name(entry)?;
    let Some(services) = known.services else { return Some(name) };
    if services.iter().any(|service| service.name == name) {
        return Some(name);
    }
    let names: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
    let message = format!("there is no service `{name}`{}", did_you_mean(&name, names.iter().copied()));
    entry.error(&message, Some(&format!("allowed: {}", names.join(", "))));
    None
}

/// Words that the plan shows.
fn said(entry: &Entry<'_>) -> Option<String> {
    let text = filled(entry)?;
    no_secret(entry)?;
    if text.len() > MOST_WORDS {
        entry.error(&format!("is longer than {MOST_WORDS} bytes"), Some("one line that is read at 3 am"));
        return None;
    }
    Some(text)
}

/// Nothing secret may stand in what is shown.
fn no_secret(entry: &Entry<'_>) -> Option<()> {
    let expanded = entry.expanded()?;
    let Some(secret) = expanded.variables.iter().find(|name| is_named_like_a_secret(name)) else { return Some(()) };
    let message = format!("{secret} is named like a secret, and this is shown in plans and kept in the journal");
    entry.error(&message, Some("a request gets in by its [[http]] (bearer_token, headers), a command by its env"));
    None
}

/// A single value that is expected; the plan shows it.
fn value(entry: &Entry<'_>) -> Option<String> {
    if entry.written().is_some() {
        no_secret(entry)?;
    }
    entry.scalar()
}

/// What is sent is what was shown: no moment is filled in.
fn fixed(entry: &Entry<'_>, text: &str) -> Option<()> {
    if fill(text, Timestamp::UNIX_EPOCH).is_ok_and(|filled| filled == text) {
        return Some(());
    }
    entry.error("holds a moment (`{now…}`)", Some("an action is sent as it is shown: write the value itself"));
    None
}

fn undo(entry: &Entry<'_>, section: &Section<'_>, known: &Known<'_>) -> Option<Name> {
    let name = words::name(entry)?;
    let own = written(section, "service").unwrap_or_default();
    let of_service = known.actions.iter().filter(|action| action.service == own).map(|action| action.name);
    let others: Vec<&str> = of_service.filter(|action| written(section, "name") != Some(action)).collect();
    if others.contains(&name.as_str()) {
        return Some(name);
    }
    let message = format!("{own} has no other [[action]] `{name}`{}", did_you_mean(&name, others.iter().copied()));
    let hint = match others.is_empty() {
        true => "declare the way back too, or leave `undo` out".to_owned(),
        false => format!("allowed: {}", others.join(", ")),
    };
    entry.error(&message, Some(&hint));
    None
}

fn left(what: Option<String>, due: Option<Duration>) -> Option<Leaves> {
    what.map(|what| Leaves { what, due })
}

/// What is left open, and settled by its way back: where the ledger finds it again, and that does not leave it open too.
fn leaves(entry: &Entry<'_>, section: &Section<'_>, known: &Known<'_>) -> Option<String> {
    let what = said(entry)?;
    let own = Passing::at(section)?;
    let is_back = |other: &&Passing<'_>| other.service == own.service && written(section, "undo") == Some(other.name);
    let Some(back) = known.actions.iter().find(is_back) else { return Some(what) };
    if back.leaves {
        let message = format!("stands at `{}` too, which takes this back", back.name);
        entry.error(&message, Some("only one of the two ways leaves something open"));
        return None;
    }
    if back.to != own.to {
        let message = format!("would never be settled: `{}` is sent elsewhere", back.name);
        entry.error(&message, Some("the way back goes to the same [[http]], or both are commands"));
        return None;
    }
    Some(what)
}

fn due(entry: &Entry<'_>, section: &Section<'_>) -> Option<Duration> {
    if section.peek("leaves").is_none() {
        entry.error("stands without `leaves`: nothing is left open", Some("say in `leaves` what is, or leave it out"));
        return None;
    }
    duration(entry, SECOND..=LONGEST_DEBT)
}

fn how(section: &Section<'_>, known: &Known<'_>) -> Option<How> {
    let http = section.section("http").map(|section| request(&section, known).map(How::Http));
    let exec = section.section("exec").map(|section| command(&section).map(How::Exec));
    match (http, exec) {
        (Some(how), None) | (None, Some(how)) => how,
        (given, _) => {
            let problem = if given.is_none() { "does nothing" } else { "does two things" };
            section.error(problem, Some("give one of http = { … } (a request) and exec = { … } (a local command)"));
            None
        }
    }
}

// ---- requests

fn request(section: &Section<'_>, known: &Known<'_>) -> Option<DeclaredRequest> {
    let source = section.need("source").and_then(|entry| http_source::known(&entry, known.apis));
    let method = section.need("method").and_then(|entry| entry.one_of(METHODS));
    let url = section.need("path").and_then(|entry| url(&entry, source.as_ref(), known.apis));
    let body = body(section);
    let idempotency_header = maybe(section.get("idempotency_header"), header_name);
    let any = HttpSuccess { statuses: Vec::new(), value: None };
    let success = section.section("success").map_or(Some(any), |section| http_success(&section));
    let timeout = or(section.get("timeout"), TIMEOUT, |entry| duration(entry, SECOND..=LONGEST_REQUEST));
    section.done();
    Some(DeclaredRequest {
        source: source?,
        method: method?.to_owned(),
        url: url?,
        body: body?,
        idempotency_header: idempotency_header?,
        success: success?,
        timeout: timeout?,
    })
}

fn url(entry: &Entry<'_>, source: Option<&Name>, apis: &Apis) -> Option<Url> {
    let path = http_source::path(entry, source, apis)?;
    no_secret(entry)?;
    fixed(entry, &path)?;
    // A source without a usable URL has its error there.
    address(apis.url(source?)?, &path).ok()
}

/// The type of the body and the body; the outer `None` is an error.
fn body(section: &Section<'_>) -> Option<Option<(String, String)>> {
    let json = http_source::body(section);
    let text = maybe(section.get("text"), words::query);
    let kind = maybe(section.get("content_type"), said);
    let (default, body) = match (json?, text?) {
        (Some(_), Some(_)) => {
            section.error("has two bodies", Some("keep one of body (JSON), graphql (a query) and text"));
            return None;
        }
        (Some(body), None) => ("application/json", body),
        (None, Some(body)) => ("text/plain; charset=utf-8", body),
        (None, None) => return no_kind(section, kind?),
    };
    let entry = ["body", "graphql", "text"].into_iter().find_map(|key| section.peek(key))?;
    no_secret(&entry)?;
    fixed(&entry, &body)?;
    if body.len() > MOST_SHOWN {
        entry.error(&too_long(), None);
        return None;
    }
    Some(Some((kind?.unwrap_or_else(|| default.to_owned()), body)))
}

/// Where there is no body there is no type of it.
fn no_kind<T>(section: &Section<'_>, kind: Option<String>) -> Option<Option<T>> {
    if kind.is_none() {
        return Some(None);
    }
    section.error("has a content_type and no body", Some("add body, graphql or text"));
    None
}

fn too_long() -> String {
    format!("is longer than {MOST_SHOWN} bytes: what is confirmed must stand whole on the screen")
}

fn header_name(entry: &Entry<'_>) -> Option<String> {
    let name = filled(entry)?;
    if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Some(name);
    }
    entry.error("is not the name of a header", Some("such as Idempotency-Key"));
    None
}

fn http_success(section: &Section<'_>) -> Option<HttpSuccess> {
    let statuses = or(section.get("status"), Vec::new(), |entry| {
        let status = |item: &Entry<'_>| u16::try_from(item.integer(200..=499)?).ok();
        entry.clone().items()?.iter().map(status).collect::<Vec<_>>().into_iter().collect()
    });
    let pointer = maybe(section.get("pointer"), http_source::pointer);
    let equals = maybe(section.get("equals"), value);
    section.done();
    let value = match (pointer?, equals?) {
        (Some(pointer), Some(value)) => Some((pointer, value)),
        (None, None) => None,
        _ => {
            section.error("needs both pointer and equals", Some("such as pointer = \"/ok\", equals = true"));
            return None;
        }
    };
    Some(HttpSuccess { statuses: statuses?, value })
}

// ---- commands

fn command(section: &Section<'_>) -> Option<DeclaredCommand> {
    let command = section.need("command").and_then(|entry| arguments(&entry));
    let directory = or(section.get("directory"), PathBuf::from("/"), |entry| absolute(entry).map(PathBuf::from));
    let env = or(section.get("env"), Vec::new(), variables);
    let success = or(section.get("success"), vec![0], codes);
    let timeout = or(section.get("timeout"), TIMEOUT, |entry| duration(entry, SECOND..=LONGEST_COMMAND));
    section.done();
    Some(DeclaredCommand { command: command?, directory: directory?, env: env?, success: success?, timeout: timeout? })
}

fn arguments(entry: &Entry<'_>) -> Option<Vec<String>> {
    let items = entry.clone().items()?;
    let Some((program, rest)) = items.split_first() else {
        entry.error("is empty", Some("such as [\"/usr/local/bin/flush-cache\", \"--all\"]"));
        return None;
    };
    let argument = |item: &Entry<'_>| words::line(item).and_then(|text| no_secret(item).map(|()| text));
    let program = absolute(program);
    let rest: Option<Vec<String>> = rest.iter().map(argument).collect::<Vec<_>>().into_iter().collect();
    let command: Vec<String> = std::iter::once(program?).chain(rest?).collect();
    if command.iter().map(String::len).sum::<usize>() > MOST_SHOWN {
        entry.error(&too_long(), None);
        return None;
    }
    Some(command)
}

fn absolute(entry: &Entry<'_>) -> Option<String> {
    let path = filled(entry)?;
    no_secret(entry)?;
    if path.starts_with('/') && !path.split('/').any(|part| part == "..") {
        return Some(path);
    }
    entry.error("is not an absolute path", Some("such as /usr/local/bin/flush-cache; no shell looks for it"));
    None
}

fn variables(entry: &Entry<'_>) -> Option<Vec<String>> {
    let variable = |item: &Entry<'_>| {
        let name = filled(item)?;
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if plain && !name.starts_with(|c: char| c.is_ascii_digit()) {
            return Some(name);
        }
        item.error("is not the name of a variable", Some("names only, such as env = [\"HOME\", \"FLAG_TOKEN\"]"));
        None
    };
    entry.clone().items()?.iter().map(variable).collect::<Vec<_>>().into_iter().collect()
}

fn codes(entry: &Entry<'_>) -> Option<Vec<u8>> {
    let items = entry.clone().items()?;
    if items.is_empty() {
        entry.error("names no exit code", Some("such as [0]; leave it out for that"));
        return None;
    }
    let code = |item: &Entry<'_>| u8::try_from(item.integer(0..=255)?).ok();
    items.iter().map(code).collect::<Vec<_>>().into_iter().collect()
}

// ---- reading back

fn read_back(entry: &Entry<'_>, service: Option<&Name>, known: &Known<'_>) -> Option<ReadBack> {
    let section = entry.clone().section()?;
    let read = match (section.peek("signal").is_some(), section.peek("source").is_some()) {
        (true, false) => by_signal(&section, service, known),
        (false, true) => by_value(&section, known),
        _ => {
            section.error("reads nothing, or two things", Some("give signal (with a bound), or source, path, pointer"));
            return None;
        }
    };
    section.done();
    read
}

fn by_signal(section: &Section<'_>, service: Option<&Name>, known: &Known<'_>) -> Option<ReadBack> {
    let signal = section.need("signal").and_then(|entry| signal(&entry, service?, known));
    let bound = comparison::bound(section, "the read-back", None);
    let (comparison, bound) = bound?;
    Some(ReadBack::Signal { signal: signal?, comparison, bound })
}

/// `signal` of the action's own service, or `service/signal`.
fn signal(entry: &Entry<'_>, own: &Name, known: &Known<'_>) -> Option<SignalId> {
    let value = filled(entry)?;
    let (service, signal) = value.split_once('/').unwrap_or((own, &value));
    let id = SignalId { service: Name::from(service), signal: Name::from(signal) };
    if known.services.is_none() || known.signal(&id).is_some() {
        return Some(id);
    }
    let services = known.services.unwrap_or_default().iter();
    let all =
        services.flat_map(|service| service.signals.iter().map(move |one| format!("{}/{}", service.name, one.name)));
    let all: Vec<String> = all.collect();
    let message = format!("there is no signal {id}{}", did_you_mean(&id.to_string(), all.iter().map(String::as_str)));
    entry.error(&message, Some("one of a [[service]], as `signal` or `service/signal`"));
    None
}

fn by_value(section: &Section<'_>, known: &Known<'_>) -> Option<ReadBack> {
    let source = section.need("source").and_then(|entry| http_source::known(&entry, known.apis));
    let path = section.need("path").and_then(|entry| http_source::path(&entry, source.as_ref(), known.apis));
    let body = http_source::body(section);
    let pointer = section.need("pointer").and_then(|entry| http_source::pointer(&entry));
    let what = maybe(section.get("what"), said);
    let equals = section.get("equals").map(|entry| value(&entry).map(Some));
    let changes = section.get("changes").map(|entry| another(&entry));
    let expected = match (equals, changes) {
        (Some(expected), None) | (None, Some(expected)) => expected,
        _ => {
            section.error(
                "needs what to expect",
                Some("one of equals = … and changes = true (another value than before)"),
            );
            None
        }
    };
    let (source, pointer) = (source?, pointer?);
    let what = what?.unwrap_or_else(|| format!("{source} {pointer}"));
    let request = HttpRequest { source, path: path?, body: body? };
    Some(ReadBack::Value { what, request, pointer, expected: expected? })
}

fn another(entry: &Entry<'_>) -> Option<Option<String>> {
    if entry.boolean()? {
        return Some(None);
    }
    entry.error("is only ever true", Some("write equals = … where the value is known before"));
    None
}
