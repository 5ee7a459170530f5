//! One poll of a followed log: the newest events from a moment on, group by group, in bounded pages.

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use super::super::error::Asked;
use crate::config::LogSource;
use crate::source::logs::{LogAsk, LogPage, line};
use crate::source::{LogEvent, SourceError, SourceErrorKind};

/// Pages that one poll reads of one group: many may be empty, as each page stands for a part of what was searched.
const PAGES: usize = 20;

/// Events that one poll reads of one group.
const EVENTS: usize = 5_000;

/// Events that one page is asked for.
const A_PAGE: i32 = 1_000;

/// Reads all groups of a log. A group that fails does not take the others away.
pub(super) async fn page(
    client: &Client,
    log: &LogSource,
    ask: &LogAsk,
    asked: &Asked<'_>,
) -> Result<LogPage, SourceError> {
    let deadline = Instant::now() + log.polling.timeout;
    let mut page = LogPage::default();
    for group in &log.groups {
        match read_group(client, group, ask, (deadline, asked)).await {
            Ok(read) => add(&mut page, read),
            Err(error) => page.failed.push(error),
        }
    }
    match page.failed.pop() {
        Some(error) if page.failed.len() + 1 == log.groups.len() => Err(error),
        failed => {
            page.failed.extend(failed);
            Ok(page)
        }
    }
}

/// Joins what was read of two groups: whole only as far as both are.
fn add(page: &mut LogPage, read: LogPage) {
    page.events.extend(read.events);
    page.read = match (page.read, read.read) {
        (None, other) | (other, None) => other,
        (Some(a), Some(b)) => Some((a.0.max(b.0), a.1.min(b.1))),
    };
}

/// The events of one group, the newest first, so that what is too much is lost at the old end.
async fn read_group(
    client: &Client,
    group: &str,
    ask: &LogAsk,
    (deadline, asked): (Instant, &Asked<'_>),
) -> Result<LogPage, SourceError> {
    let mut events: Vec<LogEvent> = Vec::new();
    let mut token: Option<String> = None;
    for _ in 0..PAGES {
        let sending = client
            .filter_log_events()
            .log_group_name(group)
            .start_time(ask.from.as_millisecond())
            .start_from_head(false)
            .limit(A_PAGE)
            .set_filter_pattern(Some(ask.filter.clone()).filter(|filter| !filter.is_empty()))
            .set_next_token(token.clone())
            .send();
        let Ok(sent) = timeout_at(deadline, sending).await else {
            // What was read so far is told, as a part.
            if events.is_empty() {
                return Err(asked.error(SourceErrorKind::Timeout, &format!("{group}: no answer in time")));
            }
            break;
        };
        let answer = sent.map_err(|error| asked.failed(&error))?;
        let next = answer.next_token().map(str::to_owned);
        events.extend(answer.events.unwrap_or_default().iter().filter_map(event));
        if next.is_none() {
            return Ok(LogPage { events, ..LogPage::default() });
        }
        if next == token || events.len() >= EVENTS {
            break;
        }
        token = next;
    }
    Ok(part(events, ask))
}

/// A part of what was asked. Where the backend gave the oldest first all the same (some emulators do), what is missing lies
/// at the new end, and the next poll goes on there.
fn part(events: Vec<LogEvent>, ask: &LogAsk) -> LogPage {
    let times = || events.iter().map(|event| event.at);
    let (first, last) = (times().min().unwrap_or(ask.from), times().max().unwrap_or(ask.from));
    let oldest_first = times().next() < times().next_back();
    let read = if oldest_first { (ask.from, last) } else { (first, last) };
    LogPage { events, read: Some(read), failed: Vec::new() }
}

/// An event; without a time or an identifier it can't be placed, and AWS sends none such.
fn event(event: &FilteredLogEvent) -> Option<LogEvent> {
    let at = Timestamp::from_millisecond(event.timestamp()?).ok()?;
    let stream = event.log_stream_name().unwrap_or_default();
    Some(line::event(event.event_id()?, at, stream, event.message().unwrap_or_default()))
}
