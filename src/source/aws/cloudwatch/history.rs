//! The source of alarm history: which alarms changed their state lately, and why.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudwatch::operation::describe_alarm_history::DescribeAlarmHistoryOutput;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{AlarmHistoryItem, AlarmType, HistoryItemType, ScanBy};
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::OnceCell;

use super::reader::Reader;
use crate::config::{ALARM_HISTORY_INTERVAL, CloudWatch, source_at};
use crate::source::aws::connect::Connection;
use crate::source::aws::decode::{text, timestamp};
use crate::source::aws::meter::Price;
use crate::source::{
    AlarmChange, AlarmHistory, AlertState, Ask, Cadence, Name, Payload, Reading, Readings, Source, SourceError,
    SourceErrorKind, Subject,
};
use crate::text::Text;

/// Changes in one DescribeAlarmHistory page, the API's limit.
const CHANGES_A_PAGE: i32 = 100;

/// Pages that are read: the API can't be asked for a prefix of names, so all alarms of the account share them.
const PAGES: usize = 5;

/// How far back is asked.
const WINDOW: SignedDuration = SignedDuration::from_hours(72);

/// Reads what changed the alarms whose names begin with the configured prefixes. [`Alarms`](super::Alarms) reads it too,
/// as soon as it sees that a state has changed.
pub struct History {
    name: Name,
    connection: Arc<Connection>,
    settings: CloudWatch,
    subjects: [Subject; 1],
    reader: OnceCell<Reader>,
}

impl History {
    /// A source named `cloudwatch-alarm-history`, after its place where it has one.
    pub fn new(connection: Arc<Connection>, settings: CloudWatch, place: Option<&Name>) -> Self {
        let subjects = [Subject::AlarmHistory { source: source_at("cloudwatch", place) }];
        let name = source_at("cloudwatch-alarm-history", place);
        Self { name, connection, settings, subjects, reader: OnceCell::new() }
    }
}

impl Source for History {
    fn name(&self) -> &Name {
        &self.name
    }

    fn cadence(&self) -> Cadence {
        Cadence { every: self.settings.polling.interval.max(ALARM_HISTORY_INTERVAL), lag: Duration::ZERO }
    }

    fn deadline(&self) -> Duration {
        self.settings.polling.timeout
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let deadline = self.settings.polling.timeout;
            let reader = self.reader.get_or_init(|| Reader::new(&self.connection, deadline)).await;
            let outcome = history(reader, &self.settings.alarm_prefixes, ask.now.wall).await.map(Payload::AlarmHistory);
            let [subject] = &self.subjects;
            let _ = out.send(Reading { subject: subject.clone(), outcome }).await;
        })
    }
}

/// The changes of the last days, the newest first, or as many as the pages hold.
///
/// # Errors
/// If a page cannot be read.
pub(super) async fn history(reader: &Reader, prefixes: &[String], now: Timestamp) -> Result<AlarmHistory, SourceError> {
    let begin = now.saturating_sub(WINDOW).unwrap_or(now);
    let mut history = AlarmHistory { changes: Vec::new(), since: begin };
    let mut token: Option<String> = None;
    for number in 1..=PAGES {
        let page = page(reader, begin, token.clone()).await?;
        let all = page.alarm_history_items();
        let ours = |change: &AlarmChange| prefixes.iter().any(|prefix| change.alarm.starts_with(prefix.as_str()));
        history.changes.extend(all.iter().filter_map(change).filter(ours));
        let next = page.next_token().filter(|next| !next.is_empty()).map(str::to_owned);
        if next.is_none() {
            break;
        }
        if next == token {
            let reason = "the answer refers to itself as its next page";
            return Err(reader.asked(OPERATION).error(SourceErrorKind::Malformed, reason));
        }
        if number == PAGES {
            // What is older than the last one that was read is not known.
            history.since = all.iter().filter_map(|item| timestamp(item.timestamp()?)).min().unwrap_or(now);
        }
        token = next;
    }
    history.changes.sort_by_key(|change| std::cmp::Reverse(change.at));
    Ok(history)
}

const OPERATION: &str = "cloudwatch:DescribeAlarmHistory";

async fn page(
    reader: &Reader,
    begin: Timestamp,
    token: Option<String>,
) -> Result<DescribeAlarmHistoryOutput, SourceError> {
    let asking = reader.client.describe_alarm_history().history_item_type(HistoryItemType::StateUpdate);
    let asking = asking.alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
    let asking = asking.start_date(DateTime::from_secs(begin.as_second())).scan_by(ScanBy::TimestampDescending);
    reader.meter.charge(Price::CloudWatchRequests, 1);
    let sent = asking.max_records(CHANGES_A_PAGE).set_next_token(token).send().await;
    sent.map_err(|error| reader.asked(OPERATION).failed(&error))
}

/// A change; nothing where the alarm or the moment is missing, and of what is no change of a state.
fn change(item: &AlarmHistoryItem) -> Option<AlarmChange> {
    if item.history_item_type().is_some_and(|kind| *kind != HistoryItemType::StateUpdate) {
        return None;
    }
    let data: Value = serde_json::from_str(item.history_data().unwrap_or_default()).unwrap_or_default();
    let state = |side: &str| data[side]["stateValue"].as_str().and_then(state);
    Some(AlarmChange {
        alarm: Text::clean(item.alarm_name()?),
        at: timestamp(item.timestamp()?)?,
        before: state("oldState"),
        after: state("newState"),
        summary: text(item.history_summary()),
        reason: text(data["newState"]["stateReason"].as_str()),
    })
}

fn state(word: &str) -> Option<AlertState> {
    match word {
        "OK" => Some(AlertState::Ok),
        "ALARM" => Some(AlertState::Firing),
        "INSUFFICIENT_DATA" => Some(AlertState::NoData),
        _ => None,
    }
}

/// Reads any bytes as the data of a change, for [`crate::fuzzing`].
pub(crate) fn decode_any(data: &[u8]) {
    let at = DateTime::from_secs(0);
    let item = AlarmHistoryItem::builder().alarm_name("a").timestamp(at).history_data(String::from_utf8_lossy(data));
    assert!(change(&item.build()).is_some(), "a change is told, whatever its data are");
}
