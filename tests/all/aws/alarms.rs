//! CloudWatch: composite alarms, and alarm history.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ciborium::Value as Cbor;
use quarterdeck::config::Config;
use quarterdeck::source::{
    AlarmHistory, Alert, AlertState, Payload, SourceError, SourceErrorKind, Subject, Suppression,
};
use quarterdeck::text::Text;

use super::server::{Answer, Server, cbor_error, map, member, text, time};
use super::{poll, poll_one, source, with_services};

/// 2026-01-01T00:00:00Z.
const BEGIN: i64 = 1_767_225_600;

fn with_alarms() -> Config {
    let mut config = with_services(&["rtech-app"], vec![]);
    config.cloudwatch.as_mut().unwrap().alarm_prefixes = vec!["rtech-".to_owned()];
    config
}

fn metric(name: &str, state: &str) -> Cbor {
    let dimension = map([("Name", text("ServiceName")), ("Value", text("rtech-app"))]);
    map([
        ("AlarmName", text(name)),
        ("StateValue", text(state)),
        ("Namespace", text("AWS/ECS")),
        ("Dimensions", Cbor::Array(vec![dimension])),
    ])
}

fn described(metrics: Vec<Cbor>, composites: Vec<Cbor>) -> Answer {
    Answer::Cbor(200, map([("MetricAlarms", Cbor::Array(metrics)), ("CompositeAlarms", Cbor::Array(composites))]))
}

#[tokio::test]
async fn a_composite_alarm_names_its_alarms_its_suppressor_and_inherits_their_service() {
    let server = Server::start(|_| {
        let arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:rtech-maintenance";
        let composite = map([
            ("AlarmName", text("rtech-down")),
            ("StateValue", text("ALARM")),
            ("AlarmRule", text("(ALARM(\"rtech-high-cpu\") OR ALARM(rtech-high-memory)) AND NOT OK(rtech-high-cpu)")),
            ("ActionsSuppressedBy", text("Alarm")),
            ("ActionsSuppressor", text(arn)),
        ]);
        described(vec![metric("rtech-high-cpu", "ALARM"), metric("rtech-high-memory", "OK")], vec![composite])
    })
    .await;
    let Ok(Payload::Alerts(alarms)) = poll_one(&source(&server, &with_alarms(), "cloudwatch-alarms")).await else {
        panic!("alarms");
    };
    let composite: &Alert = alarms.iter().find(|alarm| alarm.name.as_str() == "rtech-down").unwrap();
    assert_eq!(composite.parts, ["rtech-high-cpu", "rtech-high-memory"].map(Text::from));
    assert_eq!(composite.held_by, [Suppression::Suppressor(Text::from("rtech-maintenance"))]);
    assert_eq!(composite.state, AlertState::Firing, "only its actions wait");
    assert_eq!(composite.service, Some("rtech-app".into()), "that of its alarms");
}

fn item(alarm: &str, second: i64, data: &str) -> Cbor {
    map([
        ("AlarmName", text(alarm)),
        ("AlarmType", text("MetricAlarm")),
        ("Timestamp", time(second)),
        ("HistoryItemType", text("StateUpdate")),
        ("HistorySummary", text("Alarm updated from OK to ALARM")),
        ("HistoryData", text(data)),
    ])
}

const DATA: &str = r#"{"version":"1.0","oldState":{"stateValue":"OK","stateReason":"fine"},
    "newState":{"stateValue":"ALARM","stateReason":"Threshold Crossed\u001b[2J"}}"#;

fn page(items: Vec<Cbor>, next: Option<&str>) -> Answer {
    let mut page = vec![(text("AlarmHistoryItems"), Cbor::Array(items))];
    page.extend(next.map(|next| (text("NextToken"), text(next))));
    Answer::Cbor(200, Cbor::Map(page))
}

async fn history(server: &Server) -> Result<AlarmHistory, SourceError> {
    let source = source(server, &with_alarms(), "cloudwatch-alarm-history");
    assert_eq!(source.subjects(), [Subject::AlarmHistory { source: "cloudwatch".into() }]);
    match poll_one(&source).await? {
        Payload::AlarmHistory(history) => Ok(history),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_history_of_our_alarms_is_told_newest_first_with_states_and_reasons() {
    let server = Server::start(|_| {
        let items = vec![
            item("rtech-high-cpu", BEGIN, DATA),
            item("somebody-elses", BEGIN + 5, DATA),
            item("rtech-high-cpu", BEGIN + 9, "no JSON"),
            map([("AlarmName", text("rtech-without-time"))]),
        ];
        page(items, None)
    })
    .await;
    let history = history(&server).await.unwrap();
    let seconds: Vec<i64> = history.changes.iter().map(|change| change.at.as_second() - BEGIN).collect();
    assert_eq!(seconds, [9, 0]);
    let (odd, change) = (&history.changes[0], &history.changes[1]);
    assert_eq!((odd.before, odd.after, odd.summary.as_str()), (None, None, "Alarm updated from OK to ALARM"));
    assert_eq!((change.before, change.after), (Some(AlertState::Ok), Some(AlertState::Firing)));
    assert_eq!(change.reason.as_str(), "Threshold Crossed\u{fffd}[2J");
    let asked = &server.seen("DescribeAlarmHistory")[0].cbor;
    assert_eq!(member(asked, "AlarmTypes").unwrap().as_array().unwrap().len(), 2, "else only metric alarms are told");
    assert_eq!(member(asked, "HistoryItemType"), Some(&text("StateUpdate")));
    assert_eq!(member(asked, "ScanBy"), Some(&text("TimestampDescending")));
    assert!(member(asked, "StartDate").is_some());
}

#[tokio::test]
async fn a_history_without_end_is_cut_and_says_from_when_on_it_is_whole() {
    let server = Server::start(|request| {
        let before = member(&request.cbor, "NextToken").and_then(|token| token.as_text()?.parse::<i64>().ok());
        let number = before.unwrap_or_default();
        page(vec![item("somebody-elses", BEGIN - number * 60, DATA)], Some(&(number + 1).to_string()))
    })
    .await;
    let history = history(&server).await.unwrap();
    assert_eq!((history.changes.len(), history.since.as_second()), (0, BEGIN - 240));
    assert_eq!(server.seen("DescribeAlarmHistory").len(), 5);
}

#[tokio::test]
async fn a_history_that_can_not_be_read_says_why() {
    let denied = |_: &super::server::Request| {
        cbor_error(403, "AccessDenied", "not authorized to perform: cloudwatch:DescribeAlarmHistory")
    };
    let error = history(&Server::start(denied).await).await.unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Unauthorised);
    assert!(error.reason.contains("cloudwatch:DescribeAlarmHistory"), "{error}");
    let throttled = Server::start(|_| cbor_error(400, "Throttling", "Rate exceeded")).await;
    assert_eq!(history(&throttled).await.unwrap_err().kind, SourceErrorKind::Throttled);
    let itself = Server::start(|_| page(Vec::new(), Some("x"))).await;
    assert_eq!(history(&itself).await.unwrap_err().kind, SourceErrorKind::Malformed);
}

#[tokio::test]
async fn a_change_of_state_is_explained_at_once_and_only_then() {
    let polls = Arc::new(AtomicUsize::new(0));
    let count = polls.clone();
    let server = Server::start(move |request| match request.operation.as_str() {
        "DescribeAlarms" => {
            let state = if count.fetch_add(1, Ordering::SeqCst) < 2 { "OK" } else { "ALARM" };
            described(vec![metric("rtech-high-cpu", state)], vec![])
        }
        _ => page(vec![item("rtech-high-cpu", BEGIN, DATA)], None),
    })
    .await;
    let alarms = source(&server, &with_alarms(), "cloudwatch-alarms");
    let mut told = Vec::new();
    for _ in 0..4 {
        let readings = poll(&alarms, None).await;
        told.push(readings.iter().any(|reading| matches!(reading.outcome, Ok(Payload::AlarmHistory(_)))));
    }
    assert_eq!(told, [false, false, true, false]);
    assert_eq!(server.seen("DescribeAlarmHistory").len(), 1);
}
