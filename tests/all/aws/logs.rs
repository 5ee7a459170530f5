//! CloudWatch Logs: following, Insights queries, the count per five minutes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use quarterdeck::clock::Now;
use quarterdeck::config::{Config, LogCount, LogSource, Polling};
use quarterdeck::source::aws::CloudWatchLogs;
use quarterdeck::source::aws::meter::Price;
use quarterdeck::source::logs::desk::{LogNews, LogRequest, LogTold};
use quarterdeck::source::logs::{Follower, LogAsk, LogDesk, LogId, LogReader, QueryAsk};
use quarterdeck::source::{LineLevel, Name, Number, Payload, QueryState, SourceErrorKind};
use quarterdeck::text::LONGEST;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::server::{Answer, Request, Server, json_error};
use super::{connection, everywhere, failure, poll, poll_one, source, with_services};

const COUNT: &str = "filter @message like /ERROR/ | stats count() by bin(5m)";

fn config(groups: &[&str]) -> Config {
    let mut config = with_services(&["rtech-app"], vec![]);
    config.services[0].logs = vec![LogSource {
        name: Name::from("app"),
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        place: None,
        filter: String::new(),
        count: Some(LogCount { query: COUNT.to_owned(), interval: Duration::from_secs(300) }),
        queries: Vec::new(),
        polling: Polling { interval: Duration::from_millis(20), timeout: Duration::from_secs(3) },
    }];
    config
}

fn id() -> LogId {
    LogId { service: Name::from("rtech-app"), log: Name::from("app") }
}

fn reader(server: &Server, groups: &[&str]) -> Arc<dyn LogReader> {
    Arc::new(CloudWatchLogs::new(everywhere(&connection(server)), &config(groups)))
}

pub(super) fn event(id: &str, at: i64, message: &str) -> Value {
    json!({"eventId": id, "timestamp": at, "ingestionTime": at, "logStreamName": "s/1", "message": message})
}

pub(super) fn page(events: &[Value], next: Option<&str>) -> Answer {
    Answer::Json(200, json!({"events": events, "nextToken": next, "searchedLogStreams": []}))
}

async fn read(
    server: &Server,
    groups: &[&str],
) -> Result<quarterdeck::source::logs::LogPage, quarterdeck::source::SourceError> {
    let ask = LogAsk { id: id(), filter: "?ERROR".to_owned(), from: Now::fixed(0).wall };
    reader(server, groups).read(&ask, Now::fixed(60)).await
}

#[tokio::test]
async fn a_poll_asks_for_the_newest_lines_of_the_pattern_from_a_moment_on() {
    let server = Server::start(|_| page(&[event("1", 1_767_225_601_000, "ERROR no")], None)).await;
    let page = read(&server, &["/ecs/rtech-app"]).await.unwrap();
    assert_eq!((page.events.len(), page.read), (1, None));
    assert_eq!(page.events[0].level, Some(LineLevel::Error));
    let asked = server.seen("FilterLogEvents").remove(0).json;
    assert_eq!(asked["filterPattern"], "?ERROR");
    assert_eq!(asked["startTime"], 1_767_225_600_000i64);
    assert_eq!(asked["startFromHead"], false);
}

#[tokio::test]
async fn an_endless_token_ends_and_is_told_as_a_part() {
    let count = AtomicUsize::new(0);
    let server = Server::start(move |_| {
        let n = count.fetch_add(1, Ordering::Relaxed);
        let at = 1_767_225_660_000 - i64::try_from(n).unwrap() * 1000;
        page(&[event(&n.to_string(), at, "x")], Some(&format!("t{n}")))
    })
    .await;
    let page = read(&server, &["/ecs/rtech-app"]).await.unwrap();
    assert!(server.seen("FilterLogEvents").len() <= 20);
    let (first, last) = page.read.unwrap();
    assert!(first < last && last == Now::fixed(60).wall);
}

#[tokio::test]
async fn a_token_that_stays_the_same_ends_at_once() {
    let server = Server::start(|_| page(&[], Some("same"))).await;
    assert!(read(&server, &["/ecs/rtech-app"]).await.unwrap().read.is_some());
    assert_eq!(server.seen("FilterLogEvents").len(), 2);
}

#[tokio::test]
async fn a_missing_group_does_not_take_the_others_away() {
    let server = Server::start(|request: &Request| match request.json["logGroupName"].as_str() {
        Some("/gone") => json_error(400, "ResourceNotFoundException", "The specified log group does not exist."),
        _ => page(&[event("1", 1_767_225_601_000, "x")], None),
    })
    .await;
    let page = read(&server, &["/gone", "/ecs/rtech-app"]).await.unwrap();
    assert_eq!((page.events.len(), page.failed[0].kind), (1, SourceErrorKind::Missing));
    assert_eq!(read(&server, &["/gone"]).await.unwrap_err().kind, SourceErrorKind::Missing);
}

#[tokio::test]
async fn throttling_denial_and_nonsense_are_told_apart() {
    for (code, kind) in [
        ("ThrottlingException", SourceErrorKind::Throttled),
        ("AccessDeniedException", SourceErrorKind::Unauthorised),
        ("InvalidParameterException", SourceErrorKind::Refused),
    ] {
        let server = Server::start(move |_| json_error(400, code, "no")).await;
        assert_eq!(read(&server, &["/g"]).await.unwrap_err().kind, kind, "{code}");
    }
    let html = Server::start(|_| Answer::Raw(200, "text/html", b"<html>".to_vec())).await;
    assert_eq!(read(&html, &["/g"]).await.unwrap_err().kind, SourceErrorKind::Malformed);
    let hangs = Server::start(|_| Answer::Hang).await;
    assert_eq!(read(&hangs, &["/g"]).await.unwrap_err().kind, SourceErrorKind::Timeout);
}

#[tokio::test]
async fn hostile_lines_are_cleaned_and_bounded() {
    let flood = format!("a{}b", "\u{0301}".repeat(10_000));
    let long = format!("ERROR {}", "x".repeat(256 * 1024));
    let lines = ["\u{1b}[2J\u{1b}]0;x\u{7}", "a\u{202e}b", "nul\u{0}", &flood, &long];
    let events: Vec<Value> =
        (0i64..).zip(lines).map(|(n, line)| event(&n.to_string(), 1_767_225_601_000 + n, line)).collect();
    let server = Server::start(move |_| page(&events, None)).await;
    let page = read(&server, &["/g"]).await.unwrap();
    assert_eq!(page.events.len(), 5);
    for event in &page.events {
        assert!(!event.text.chars().any(quarterdeck::text::is_unsafe), "{}", event.text);
        assert!(event.text.len() <= LONGEST + 8);
    }
    assert!(page.events[3].text.chars().count() < 10);
    assert!(page.events[4].cut && page.events[4].bytes > 256 * 1024);
}

/// A page of a thousand lines of a kilobyte is read well within its deadline.
#[tokio::test]
async fn a_page_of_a_megabyte_is_read() {
    let events: Vec<Value> =
        (0..1000).map(|n| event(&n.to_string(), 1_767_225_601_000 + n, &"y".repeat(1000))).collect();
    let server = Server::start(move |_| page(&events, None)).await;
    assert_eq!(read(&server, &["/g"]).await.unwrap().events.len(), 1000);
}

/// A line with half of a surrogate pair makes the whole answer unreadable: it is told, and following goes on behind it.
#[tokio::test]
async fn a_lone_surrogate_is_told_and_following_goes_on_behind_it() {
    let body = br#"{"events":[{"eventId":"1","timestamp":1767225601000,"message":"\ud800"}]}"#;
    let count = AtomicUsize::new(0);
    let server = Server::start(move |_| match count.fetch_add(1, Ordering::Relaxed) {
        0..3 => Answer::Raw(200, "application/x-amz-json-1.1", body.to_vec()),
        _ => page(&[event("2", 1_767_225_602_000, "after")], None),
    })
    .await;
    let (mut desk, mut news) = desk(reader(&server, &["/g"]));
    desk.perform(follow(1));
    let mut kinds = Vec::new();
    let lines = loop {
        match told(&mut news).await {
            LogTold::Failed(error) => kinds.push(error.kind),
            LogTold::Lines(batch) if batch.gap.is_some() => kinds.push(batch.failed[0].kind),
            LogTold::Lines(batch) => break batch.events,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(kinds, [SourceErrorKind::Malformed; 3]);
    assert_eq!(lines[0].text.as_str(), "after");
}

fn desk(reader: Arc<dyn LogReader>) -> (LogDesk, mpsc::Receiver<LogNews>) {
    let (sender, news) = mpsc::channel(16);
    (LogDesk::new(reader, Now::read, sender), news)
}

fn follow(ticket: u64) -> LogRequest {
    LogRequest::Follow { ticket, id: id(), filter: String::new(), back: Duration::from_secs(600) }
}

fn query(ticket: u64) -> LogRequest {
    LogRequest::Query { ticket, id: id(), query: "fields @message".to_owned(), window: Duration::from_secs(60) }
}

async fn told(news: &mut mpsc::Receiver<LogNews>) -> LogTold {
    let news = tokio::time::timeout(Duration::from_secs(20), news.recv()).await;
    news.expect("news within 20 s").expect("the desk is there").told
}

/// Waits until an operation was asked so often.
async fn asked(server: &Server, operation: &str, times: usize) {
    for _ in 0..2000 {
        if server.seen(operation).len() >= times {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{operation} was asked {} times", server.seen(operation).len());
}

#[tokio::test]
async fn a_line_that_two_polls_give_is_told_once() {
    let server = Server::start(|_| page(&[event("1", Now::read().wall.as_millisecond() - 5, "x")], None)).await;
    let (mut desk, mut news) = desk(reader(&server, &["/g"]));
    desk.perform(follow(1));
    let mut lines = 0;
    for _ in 0..4 {
        if let LogTold::Lines(batch) = told(&mut news).await {
            lines += batch.events.len();
        }
    }
    assert_eq!(lines, 1);
}

#[tokio::test]
async fn nothing_is_asked_any_more_once_the_log_was_left() {
    let server = Server::start(|_| page(&[], None)).await;
    let asked = |pattern: &str| {
        let of = |request: &Request| request.json["filterPattern"] == pattern;
        server.seen("FilterLogEvents").iter().filter(|request| of(request)).count()
    };
    let follow = |filter: &str| LogRequest::Follow {
        ticket: 1,
        id: id(),
        filter: filter.to_owned(),
        back: Duration::from_secs(600),
    };
    let (mut left, mut news) = desk(reader(&server, &["/g"]));
    left.perform(follow("left"));
    told(&mut news).await;
    left.perform(LogRequest::Unfollow);
    let before = asked("left");
    // As much time passes as another log at the same interval is asked ten times in.
    let (mut other, mut news) = desk(reader(&server, &["/g"]));
    other.perform(follow("other"));
    for _ in 0..10 {
        told(&mut news).await;
    }
    let meanwhile = asked("left") - before;
    assert!(meanwhile <= 1, "one may have been on its way, {meanwhile} came");
}

fn results(status: &str, rows: &Value) -> Answer {
    let statistics = json!({"recordsMatched": 2.0, "recordsScanned": 40.0, "bytesScanned": 4_000_000_000.0f64});
    Answer::Json(200, json!({"status": status, "results": rows, "statistics": statistics}))
}

/// Insights: the answers to GetQueryResults in their order, the last one for good.
async fn insights(statuses: &'static [&'static str], rows: Value) -> Server {
    let count = AtomicUsize::new(0);
    Server::start(move |request| match request.operation.as_str() {
        "StartQuery" => Answer::Json(200, json!({"queryId": "q-1"})),
        "StopQuery" => Answer::Json(200, json!({"success": true})),
        "GetQueryResults" => {
            let n = count.fetch_add(1, Ordering::Relaxed).min(statuses.len() - 1);
            results(statuses[n], &rows)
        }
        other => panic!("{other} was not expected"),
    })
    .await
}

fn rows() -> Value {
    json!([[{"field": "@message", "value": "a\u{1b}[2J"}, {"field": "@ptr", "value": "secret-pointer"}],
        [{"field": "@message", "value": "b"}, {"field": "host", "value": "h1"}]])
}

#[tokio::test]
async fn a_query_tells_its_partial_results_and_then_all() {
    let server = insights(&["Running", "Complete"], rows()).await;
    let (mut desk, mut news) = desk(reader(&server, &["/a", "/b"]));
    desk.perform(query(1));
    let LogTold::Results(partial) = told(&mut news).await else { panic!("no partial results") };
    assert_eq!((partial.state, partial.state.is_over()), (QueryState::Running, false));
    let LogTold::Results(whole) = told(&mut news).await else { panic!("no results") };
    assert_eq!(whole.state, QueryState::Complete);
    let names: Vec<&str> = whole.columns.iter().map(|name| name.as_str()).collect();
    assert_eq!(names, ["@message", "host"]);
    assert_eq!(whole.rows[0][0].as_str(), "a\u{fffd}[2J");
    assert_eq!((whole.rows[0][1].as_str(), whole.rows[1][1].as_str()), ("", "h1"));
    assert!((whole.statistics.unwrap().usd() - 0.02).abs() < 1e-12);
    let started = server.seen("StartQuery").remove(0).json;
    assert_eq!(started["logGroupNames"], json!(["/a", "/b"]));
    assert_eq!(started["endTime"].as_i64().unwrap() - started["startTime"].as_i64().unwrap(), 60);
    assert!(server.seen("StopQuery").is_empty(), "a query that is over needs no stopping");
}

#[tokio::test]
async fn what_a_query_scans_is_charged_once_at_list_price() {
    let server = insights(&["Running", "Running", "Complete"], rows()).await;
    let connection = connection(&server);
    let meter = connection.meter().clone();
    let reader: Arc<dyn LogReader> = Arc::new(CloudWatchLogs::new(everywhere(&connection), &config(&["/g"])));
    let (mut desk, mut news) = desk(reader);
    desk.perform(query(1));
    while !matches!(told(&mut news).await, LogTold::Results(results) if results.state.is_over()) {}
    assert_eq!(meter.units(Price::LogBytesScanned), 4_000_000_000);
    assert_eq!(meter.requests(Price::LogBytesScanned), 1);
    assert!((meter.usd() - 0.02).abs() < 1e-12, "4 GB at 0.005 USD: {}", meter.usd());
}

#[tokio::test]
async fn every_end_of_a_query_is_told() {
    for (status, state) in
        [("Failed", QueryState::Failed), ("Cancelled", QueryState::Cancelled), ("Timeout", QueryState::TimedOut)]
    {
        let server = insights(Box::leak(Box::new([status])), json!([])).await;
        let (mut desk, mut news) = desk(reader(&server, &["/g"]));
        desk.perform(query(1));
        let LogTold::Results(told) = told(&mut news).await else { panic!("nothing was told") };
        assert_eq!((told.state, told.state.is_over()), (state, true));
    }
}

#[tokio::test]
async fn a_query_that_is_left_is_stopped() {
    let server = insights(&["Running"], json!([])).await;
    let (mut desk, mut news) = desk(reader(&server, &["/g"]));
    desk.perform(query(1));
    told(&mut news).await;
    desk.perform(LogRequest::Unquery);
    asked(&server, "StopQuery", 1).await;
    assert_eq!(server.seen("StopQuery")[0].json["queryId"], "q-1");
}

#[tokio::test]
async fn another_query_stops_the_one_before() {
    let server = insights(&["Running"], json!([])).await;
    let (mut desk, mut news) = desk(reader(&server, &["/g"]));
    desk.perform(query(1));
    told(&mut news).await;
    desk.perform(query(2));
    asked(&server, "StopQuery", 1).await;
    asked(&server, "StartQuery", 2).await;
}

#[tokio::test]
async fn the_end_of_the_console_stops_the_query_that_runs_and_waits_for_that() {
    let server = insights(&["Running"], json!([])).await;
    let (mut desk, mut news) = desk(reader(&server, &["/g"]));
    desk.perform(query(1));
    told(&mut news).await;
    desk.close(Duration::from_secs(5)).await;
    assert_eq!(server.seen("StopQuery").len(), 1);
}

#[tokio::test]
async fn a_stop_that_hangs_holds_nothing_up_for_long() {
    let server = Server::start(|request| match request.operation.as_str() {
        "StartQuery" => Answer::Json(200, json!({"queryId": "q-1"})),
        "GetQueryResults" => results("Running", &json!([])),
        _ => Answer::Hang,
    })
    .await;
    let (mut desk, mut news) = desk(reader(&server, &["/g"]));
    desk.perform(query(1));
    told(&mut news).await;
    let closing = desk.close(Duration::from_millis(200));
    tokio::time::timeout(Duration::from_secs(2), closing).await.expect("closing is bounded");
}

#[tokio::test]
async fn a_start_whose_answer_is_lost_is_not_sent_again() {
    let server = Server::start(|_| Answer::Raw(500, "text/plain", b"oops".to_vec())).await;
    let ask = QueryAsk { id: id(), query: "x".to_owned(), from: Now::fixed(0).wall, until: Now::fixed(9).wall };
    assert!(reader(&server, &["/g"]).start(&ask, Now::read()).await.is_err());
    assert_eq!(server.seen("StartQuery").len(), 1);
}

#[tokio::test]
async fn stopping_what_is_over_already_is_no_error() {
    let server = Server::start(|request| match request.operation.as_str() {
        "StartQuery" => Answer::Json(200, json!({"queryId": "q-1"})),
        _ => json_error(400, "InvalidParameterException", "the query is not running"),
    })
    .await;
    let reader = reader(&server, &["/g"]);
    let ask = QueryAsk { id: id(), query: "x".to_owned(), from: Now::fixed(0).wall, until: Now::fixed(9).wall };
    let ticket = reader.start(&ask, Now::read()).await.unwrap();
    assert_eq!(reader.stop(&ticket).await, Ok(()));
}

#[tokio::test]
async fn following_forgets_nothing_between_two_polls() {
    let now = Now::read();
    let mut follower = Follower::new(id(), String::new(), now, Duration::from_secs(60));
    let first = follower.ask().from;
    follower.take(quarterdeck::source::logs::LogPage::default(), now);
    assert!(follower.ask().from > first && follower.ask().from < now.wall);
}

fn bin(back: i64) -> String {
    let now = Now::read().wall.as_second();
    let at = jiff::Timestamp::from_second(now - now.rem_euclid(300) - back * 300).unwrap();
    at.strftime("%Y-%m-%d %H:%M:%S.000").to_string()
}

#[tokio::test]
async fn the_count_tells_full_bins_only_with_noughts_between() {
    let rows = json!([[{"field": "bin(5m)", "value": bin(1)}, {"field": "count()", "value": "7"}],
        [{"field": "bin(5m)", "value": bin(4)}, {"field": "count()", "value": "2"}]]);
    let server = insights(&["Complete"], rows).await;
    let source = source(&server, &config(&["/g"]), "log-count:rtech-app/app");
    let mut readings = poll(&source, Some(Duration::from_secs(1800))).await;
    let Ok(Payload::Signal(data)) = readings.remove(0).outcome else { panic!("no count") };
    assert_eq!(data.value, Some(Number::Finite(7.0)));
    let values: Vec<f64> = data.points.iter().map(|point| point.value).collect();
    assert_eq!(values, [0.0, 0.0, 2.0, 0.0, 0.0, 7.0]);
    assert!(data.replaces && !data.partial);
    assert!(data.sampled.unwrap() <= Now::read().wall);
    let asked = server.seen("StartQuery").remove(0).json;
    assert_eq!(asked["queryString"], COUNT);
    assert_eq!((asked["endTime"].as_i64().unwrap() + 1).rem_euclid(300), 0);
}

#[tokio::test]
async fn a_count_that_did_not_complete_is_a_failure_and_never_nought() {
    let server = insights(&["Failed"], json!([])).await;
    let error = failure(&source(&server, &config(&["/g"]), "log-count:rtech-app/app")).await;
    assert!(error.reason.contains("FAILED"), "{error}");
}

#[tokio::test]
async fn a_count_after_the_first_asks_for_two_bins_only() {
    let server = insights(&["Complete"], json!([])).await;
    let Ok(Payload::Signal(data)) = poll_one(&source(&server, &config(&["/g"]), "log-count:rtech-app/app")).await
    else {
        panic!("no count")
    };
    assert_eq!((data.points.len(), data.replaces, data.value), (2, false, Some(Number::Finite(0.0))));
}
