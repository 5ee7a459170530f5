//! `[[service.log]]`: log groups, what is followed of them, the count per five minutes, saved Insights queries.

use std::time::Duration;

use super::backend::{every, polling};
use super::words::{duration, line, name, or, place, query};
use super::{Sources, named};
use crate::config::raw::{Entry, Section};
use crate::config::{LOG_COUNT_BIN, LogCount, LogSource, SavedQuery};

/// The most groups that are read together: following asks each of them at each poll, and FilterLogEvents is limited to a
/// few requests a second (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>).
const MOST_GROUPS: usize = 5;

/// The longest name of a log group, and the longest filter pattern (FilterLogEvents).
const LONGEST_GROUP: usize = 512;
const LONGEST_FILTER: usize = 1024;

/// The longest Insights query (StartQuery).
const LONGEST_QUERY: usize = 10_000;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// `[[service.log]]`.
pub(super) fn log(section: &Section<'_>, sources: &Sources) -> Option<LogSource> {
    let name = section.need("name").and_then(|entry| name(&entry));
    let groups = section.need("groups").and_then(|entry| groups(&entry));
    let place = place(section.get("place"), sources);
    let filter = or(section.get("filter"), String::new(), filter);
    let count = section.section("count").map_or(Some(None), |section| count(&section).map(Some));
    let queries = named(section.sections("query"), saved);
    let polling = polling(section, every(2, 10));
    section.done();
    if !sources.aws && sources.simulator.is_none() {
        section.error("needs the section [aws]", Some("add [aws] with its region"));
        return None;
    }
    Some(LogSource {
        name: name?,
        groups: groups?,
        place: place?,
        filter: filter?,
        count: count?,
        queries: queries?,
        polling: polling?,
    })
}

fn groups(entry: &Entry<'_>) -> Option<Vec<String>> {
    let items = entry.clone().items()?;
    if items.is_empty() || items.len() > MOST_GROUPS {
        entry.error(&format!("must name 1 to {MOST_GROUPS} log groups"), Some("such as [\"/ecs/web\"]"));
        return None;
    }
    items.iter().map(group).collect::<Vec<_>>().into_iter().collect()
}

fn group(entry: &Entry<'_>) -> Option<String> {
    let value = entry.expanded()?.value;
    let safe = value.chars().all(|c| c.is_ascii_alphanumeric() || "._-/#".contains(c));
    if safe && (1..=LONGEST_GROUP).contains(&value.len()) {
        return Some(value);
    }
    entry.error(
        "is not the name of a log group",
        Some("the name, not the ARN: letters, digits and `.` `_` `-` `/` `#`, such as /ecs/web"),
    );
    None
}

fn filter(entry: &Entry<'_>) -> Option<String> {
    let value = line(entry)?;
    if value.len() > LONGEST_FILTER {
        entry.error(&format!("is longer than {LONGEST_FILTER} bytes"), None);
        return None;
    }
    Some(value)
}

fn insights(entry: &Entry<'_>) -> Option<String> {
    let value = query(entry)?;
    if value.len() > LONGEST_QUERY {
        entry.error(&format!("is longer than {LONGEST_QUERY} bytes"), None);
        return None;
    }
    Some(value)
}

/// `count`: what it gives must be one count a bin of five minutes, else the panel would name it wrongly.
fn count(section: &Section<'_>) -> Option<LogCount> {
    let query = section.need("query").and_then(|entry| by_bin(&entry));
    let interval = or(section.get("interval"), LOG_COUNT_BIN, |entry| duration(entry, MINUTE..=DAY));
    section.done();
    Some(LogCount { query: query?, interval: interval? })
}

fn by_bin(entry: &Entry<'_>) -> Option<String> {
    let query = insights(entry)?;
    let squeezed: String = query.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
    if squeezed.contains("count(") && (squeezed.ends_with("bybin(5m)") || squeezed.contains("bybin(5m)|")) {
        return Some(query);
    }
    entry.error(
        "does not count by bins of five minutes alone",
        Some("end it with `| stats count() by bin(5m)`; what is counted comes before it, in `filter`"),
    );
    None
}

/// `[[service.log.query]]`.
fn saved(section: &Section<'_>) -> Option<SavedQuery> {
    let name = section.need("name").and_then(|entry| name(&entry));
    let query = section.need("query").and_then(|entry| insights(&entry));
    let window = or(section.get("window"), 60 * MINUTE, |entry| duration(entry, MINUTE..=30 * DAY));
    section.done();
    Some(SavedQuery { name: name?, query: query?, window: window? })
}
