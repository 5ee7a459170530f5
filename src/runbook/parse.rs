//! Text → [`Runbook`], or everything that is wrong with it, with file, line, key and what is allowed.

use std::collections::HashMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::markdown::{self, Block, Parts};
use super::{Runbook, Step, StepKind, kind};
use crate::config::Config;
use crate::config::check::words;
use crate::config::error::{ConfigError, ConfigErrors, did_you_mean};
use crate::config::raw::{Document, Entry, Section};
use crate::source::Name;
use crate::text::Text;

/// The largest runbook, in bytes.
pub const LARGEST: usize = 64 << 10;

/// The most steps of a runbook.
pub const MOST_STEPS: usize = 50;

/// What a runbook's severity may be.
const SEVERITIES: &[(&str, &str)] = &[("page", "page"), ("ticket", "ticket"), ("info", "info")];

/// The front matter, checked.
struct Front {
    id: Name,
    title: String,
    owner: String,
    services: Vec<Name>,
    alerts: Vec<Text>,
    severity: &'static str,
}

/// Reads a runbook. With a configuration, the services, signals and bounds that it names must be there.
///
/// `file` is what errors name; `origin` what the runbook is listed with.
///
/// # Errors
/// All that is wrong with it.
pub fn parse(text: &str, file: &Path, origin: &str, config: Option<&Config>) -> Result<Runbook, ConfigErrors> {
    if text.len() > LARGEST {
        let hint = "split it: a runbook is read at three in the morning";
        return Err(ConfigError::of_file(file, &format!("is larger than {LARGEST} bytes"), Some(hint)).into());
    }
    let parts = markdown::split(text).map_err(|(line, message)| {
        let hint = "begin with a line `+++`, then id, title, owner, services, alerts and severity, then a line `+++`";
        ConfigErrors::from(at(file, line, message, Some(hint)))
    })?;
    let mut errors = Vec::new();
    let front = keep(&mut errors, front(&parts, file, config));
    let sections = sections(markdown::blocks(&parts.body));
    check_title(&sections, front.as_ref(), file, &mut errors);
    let steps = steps(&sections, file, config, &mut errors);
    match (front, ConfigErrors::of(errors)) {
        (Some(front), None) => Ok(assemble(front, &sections, steps, origin, text)),
        (_, Some(errors)) => Err(errors),
        (None, None) => Err(ConfigError::of_file(file, "is not complete", None).into()),
    }
}

/// Reads only which services a runbook serves.
///
/// # Errors
/// As [`parse`], as far as the front matter goes.
pub fn services_of(text: &str, file: &Path) -> Result<Vec<Name>, ConfigErrors> {
    let parts = markdown::split(text).map_err(|(line, message)| ConfigErrors::from(at(file, line, message, None)))?;
    front(&parts, file, None).map(|front| front.services)
}

/// The digest of a runbook's text: SHA-256 in hexadecimal.
pub fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn assemble(front: Front, sections: &[Part], steps: Vec<Step>, origin: &str, text: &str) -> Runbook {
    let introduction = sections.first().map(|part| part.text.join("\n\n")).unwrap_or_default();
    Runbook {
        id: front.id,
        title: Text::clean(&front.title),
        owner: Text::clean(&front.owner),
        services: front.services,
        alerts: front.alerts,
        severity: Text::clean(front.severity),
        introduction: Text::clean(&introduction),
        steps,
        origin: origin.to_owned(),
        digest: digest(text),
    }
}

fn front(parts: &Parts, file: &Path, config: Option<&Config>) -> Result<Front, ConfigErrors> {
    templates(&parts.front, file, 1)?;
    let document = Document::parse(&parts.front, file, &|_| None)?;
    let root = document.root();
    let id = root.need("id").and_then(|entry| words::name(&entry));
    let title = root.need("title").and_then(|entry| words::filled(&entry));
    let owner = root.need("owner").and_then(|entry| words::filled(&entry));
    let services = root.need("services").and_then(|entry| services(&entry, config));
    let alerts = words::or(root.get("alerts"), Vec::new(), |entry| {
        let read = |entry: &Entry<'_>| words::filled(entry).map(|alert| Text::clean(&alert));
        entry.clone().items()?.iter().map(read).collect()
    });
    let severity = root.need("severity").and_then(|entry| entry.one_of(SEVERITIES));
    root.done();
    let front = || {
        Some(Front { id: id?, title: title?, owner: owner?, services: services?, alerts: alerts?, severity: severity? })
    };
    let front = front();
    let first = parts.front.lines().take_while(|line| line.is_empty()).count().max(1);
    document.finish(front).map_err(|errors| placed(&errors, first))
}

/// What is wrong with a block as a whole stands where the block begins, not where the file does.
fn placed(errors: &ConfigErrors, line: usize) -> ConfigErrors {
    let place = |error: &ConfigError| match error.place {
        None | Some((1, 1)) => ConfigError { place: Some((line, 1)), ..error.clone() },
        Some(_) => error.clone(),
    };
    ConfigErrors::of(errors.all().iter().map(place).collect()).unwrap_or_else(|| errors.clone())
}

fn services(entry: &Entry<'_>, config: Option<&Config>) -> Option<Vec<Name>> {
    let items = entry.clone().items()?;
    if items.is_empty() {
        entry.error("is empty", Some("name the services that it serves"));
        return None;
    }
    items.iter().map(|item| kind::service(item, config)).collect()
}

/// A heading of level 2 and what stands below it; the first one is what stands before all steps.
struct Part {
    title: String,
    line: usize,
    text: Vec<String>,
    fences: Vec<(String, String, usize, bool)>,
    /// Headings of level 1.
    titles: Vec<(String, usize)>,
}

impl Part {
    fn new(title: String, line: usize) -> Self {
        Self { title, line, text: Vec::new(), fences: Vec::new(), titles: Vec::new() }
    }
}

fn sections(blocks: Vec<Block>) -> Vec<Part> {
    let mut parts = vec![Part::new(String::new(), 1)];
    for block in blocks {
        let last = parts.len() - 1;
        let part = &mut parts[last];
        match block {
            Block::Heading { level: 2, text, line } => parts.push(Part::new(text, line)),
            Block::Heading { level: 1, text, line } => part.titles.push((text, line)),
            Block::Heading { text, .. } | Block::Text(text) => part.text.push(text),
            Block::Fence { info, text, line, nested } if kind::is_meant(&info) => {
                part.fences.push((info, text, line, nested));
            }
            Block::Fence { text, .. } => part.text.extend(text.lines().map(|line| format!("    {line}"))),
        }
    }
    parts
}

fn check_title(parts: &[Part], front: Option<&Front>, file: &Path, errors: &mut Vec<ConfigError>) {
    for (index, (title, line)) in parts.iter().flat_map(|part| &part.titles).enumerate() {
        if index > 0 {
            errors.push(at(file, *line, "a second heading of level 1", Some("steps are headings of level 2: `## …`")));
        } else if let Some(front) = front.filter(|front| front.title != *title) {
            let message = format!("the heading `{title}` is not the title `{}`", front.title);
            errors.push(at(file, *line, &message, Some("write the same in both, or leave the heading out")));
        }
    }
    for (_, _, line, _) in parts.iter().take(1).flat_map(|part| &part.fences) {
        let hint = Some("put it below the heading of its step: `## …`");
        errors.push(at(file, *line - 1, "a step's block stands before the first step", hint));
    }
}

fn steps(parts: &[Part], file: &Path, config: Option<&Config>, errors: &mut Vec<ConfigError>) -> Vec<Step> {
    let parts = parts.get(1..).unwrap_or_default();
    if parts.is_empty() {
        errors.push(ConfigError::of_file(file, "has no steps", Some("a step is a heading of level 2: `## …`")));
    } else if parts.len() > MOST_STEPS {
        let message = format!("has {} steps, more than {MOST_STEPS}", parts.len());
        errors.push(ConfigError::of_file(file, &message, Some("split it")));
        return Vec::new();
    }
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for part in parts {
        if let Some(first) = seen.insert(&part.title, part.line) {
            let hint = format!("the first is in line {first}");
            errors.push(at(file, part.line, &format!("two steps are called `{}`", part.title), Some(&hint)));
        }
    }
    parts.iter().filter_map(|part| keep(errors, step(part, file, config))).collect()
}

fn step(part: &Part, file: &Path, config: Option<&Config>) -> Result<Step, ConfigErrors> {
    let wrong = |line, message: &str, hint| Err(ConfigErrors::from(at(file, line, message, Some(hint))));
    if part.title.is_empty() {
        return wrong(part.line, "a step without a name", "write what it does behind `##`");
    }
    templates(&part.title, file, part.line)?;
    if part.text.is_empty() && part.fences.is_empty() {
        return wrong(part.line, &format!("the step `{}` is empty", part.title), "say what to do, or remove it");
    }
    let kind = match part.fences.as_slice() {
        [] => StepKind::Manual,
        [(_, _, line, true)] => {
            return wrong(*line - 1, "a step's block stands within a list", "put it at the margin");
        }
        [(info, text, line, false)] => fenced(info, text, *line, file, config)?,
        [_, (_, _, line, _), ..] => {
            return wrong(*line - 1, &format!("the step `{}` does two things", part.title), "make two steps of it");
        }
    };
    let text = part.text.iter().map(|text| Text::clean(text)).collect();
    Ok(Step { title: Text::clean(&part.title), text, kind, line: part.line })
}

fn fenced(info: &str, text: &str, line: usize, file: &Path, config: Option<&Config>) -> Result<StepKind, ConfigErrors> {
    let Some(read) = kind::reader(info) else {
        let message = format!("unknown kind of step `{info}`{}", did_you_mean(info, kind::names()));
        let hint = format!("allowed: {}", kind::names().collect::<Vec<_>>().join(", "));
        return Err(at(file, line - 1, &message, Some(&hint)).into());
    };
    templates(text, file, line)?;
    let padded = format!("{}{text}", "\n".repeat(line - 1));
    let document = Document::parse(&padded, file, &|_| None)?;
    let root: Section<'_> = document.root();
    let kind = read(&root, config);
    document.finish(kind).map_err(|errors| placed(&errors, line - 1))
}

/// Refuses `${…}`: what a step does must stand in the text that was reviewed, not come from elsewhere.
fn templates(text: &str, file: &Path, first_line: usize) -> Result<(), ConfigErrors> {
    let found = text.lines().enumerate().filter(|(_, line)| line.contains("${"));
    let hint = "write the value out: what a step does must stand in the text that was reviewed";
    let error = |(index, _)| at(file, first_line + index, "`${…}` is not filled in in runbooks", Some(hint));
    ConfigErrors::of(found.map(error).collect()).map_or(Ok(()), Err)
}

fn keep<T>(errors: &mut Vec<ConfigError>, outcome: Result<T, ConfigErrors>) -> Option<T> {
    outcome.map_err(|found| errors.extend(found.all().iter().cloned())).ok()
}

fn at(file: &Path, line: usize, message: &str, hint: Option<&str>) -> ConfigError {
    ConfigError { place: Some((line, 1)), ..ConfigError::of_file(file, message, hint) }
}
