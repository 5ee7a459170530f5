//! CloudWatch: calls, pages, statuses, alarms.

use std::collections::BTreeMap;
use std::time::Duration;

use ciborium::Value as Cbor;
use quarterdeck::clock::Now;
use quarterdeck::config::{CloudWatchMetric, Config, PromQuery, Query};
use quarterdeck::source::aws::{Connections, ask, means};
use quarterdeck::source::{Alert, AlertState, Number, Payload, Reading, SignalData, SourceErrorKind, Span, Subject};

use super::server::{Answer, Request, Server, cbor_error, map, member, text, time};
use super::{connection, everywhere, failure, poll, poll_one, source, with_services};

pub(super) fn metric(name: &str) -> Query {
    Query::CloudWatch(CloudWatchMetric {
        namespace: "AWS/ECS".to_owned(),
        metric: name.to_owned(),
        dimensions: BTreeMap::from([("ServiceName".to_owned(), "rtech-app".to_owned())]),
        statistic: "Average".to_owned(),
        period: 60,
        place: None,
    })
}

/// Ids of the entries that a GetMetricData request asks for.
pub(super) fn ids(request: &Request) -> Vec<String> {
    let queries = member(&request.cbor, "MetricDataQueries").unwrap().as_array().unwrap();
    queries.iter().map(|query| member(query, "Id").unwrap().as_text().unwrap().to_owned()).collect()
}

/// When the running minute began.
fn minute() -> i64 {
    let now = Now::read().wall.as_second();
    now - now.rem_euclid(60)
}

/// One result: values of the minutes before the running one, newest first.
pub(super) fn result(id: &str, status: &str, values: &[f64]) -> Cbor {
    let times = (1..).take(values.len()).map(|n: i64| time(minute() - 60 * n)).collect();
    map([
        ("Id", text(id)),
        ("Label", text("CPUUtilization")),
        ("StatusCode", text(status)),
        ("Timestamps", Cbor::Array(times)),
        ("Values", Cbor::Array(values.iter().map(|value| Cbor::Float(*value)).collect())),
    ])
}

pub(super) fn page(results: Vec<Cbor>, next: Option<&str>) -> Answer {
    let mut page = vec![(text("MetricDataResults"), Cbor::Array(results)), (text("Messages"), Cbor::Array(vec![]))];
    page.extend(next.map(|next| (text("NextToken"), text(next))));
    Answer::Cbor(200, Cbor::Map(page))
}

/// Answers every entry so.
pub(super) fn all(request: &Request, status: &str, values: &[f64]) -> Answer {
    page(ids(request).iter().map(|id| result(id, status, values)).collect(), None)
}

fn one_signal() -> Config {
    with_services(&["rtech-app"], vec![("cpu", metric("CPUUtilization"))])
}

async fn signal(server: &Server, config: &Config) -> SignalData {
    of(poll_one(&source(server, config, "cloudwatch")).await.unwrap())
}

fn of(payload: Payload) -> SignalData {
    match payload {
        Payload::Signal(data) => data,
        other => panic!("{other:?}"),
    }
}

fn data(reading: &Reading) -> &SignalData {
    match &reading.outcome {
        Ok(Payload::Signal(data)) => data,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_newest_ended_minute_is_the_value() {
    let server = Server::start(|request| all(request, "Complete", &[7.5, 6.0])).await;
    let data = signal(&server, &one_signal()).await;
    assert_eq!(data.value, Some(Number::Finite(7.5)));
    assert!(data.sampled.unwrap().as_second() <= Now::read().wall.as_second(), "ended");
    assert_eq!(data.points.iter().map(|point| point.value).collect::<Vec<_>>(), [6.0, 7.5]);
    assert!(!data.replaces && !data.partial);
}

#[tokio::test]
async fn six_hundred_metrics_take_two_calls_and_each_subject_gets_its_reading() {
    let server = Server::start(|request| all(request, "Complete", &[1.0])).await;
    let names: Vec<_> = (0..600).map(|n| format!("m{n}")).collect();
    let config = with_services(&["rtech-app"], names.iter().map(|name| (name.as_str(), metric(name))).collect());
    let readings = poll(&source(&server, &config, "cloudwatch"), None).await;
    assert_eq!(readings.iter().filter(|reading| reading.outcome.is_ok()).count(), 600);
    let mut sizes: Vec<_> = server.seen("GetMetricData").iter().map(|request| ids(request).len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [100, 500]);
}

#[tokio::test]
async fn a_metric_that_two_signals_show_is_asked_once() {
    let server = Server::start(|request| all(request, "Complete", &[1.0])).await;
    let config = with_services(&["rtech-app"], vec![("a", metric("CPU")), ("b", metric("CPU"))]);
    assert_eq!(poll(&source(&server, &config, "cloudwatch"), None).await.len(), 2);
    let asked = server.seen("GetMetricData");
    assert_eq!((asked.len(), ids(&asked[0]).len()), (1, 1));
}

#[tokio::test]
async fn a_backfill_asks_its_window_and_replaces_the_history() {
    let server = Server::start(|request| all(request, "Complete", &[1.0])).await;
    let hours = Duration::from_secs(6 * 3600);
    let readings = poll(&source(&server, &one_signal(), "cloudwatch"), Some(hours)).await;
    assert!(data(&readings[0]).replaces);
    let asked = server.seen("GetMetricData").remove(0).cbor;
    let second = |key: &str| match member(&asked, key) {
        Some(Cbor::Tag(1, value)) => value.as_float().or(value.as_integer().map(|n| i128::from(n) as f64)).unwrap(),
        other => panic!("{other:?}"),
    };
    let (start, end) = (second("StartTime"), second("EndTime"));
    assert_eq!((end - start, start % 60.0, end % 60.0), (6.0 * 3600.0, 0.0, 0.0));
}

#[tokio::test]
async fn pages_are_put_together() {
    let server = Server::start(|request| {
        let id = ids(request).remove(0);
        match member(&request.cbor, "NextToken") {
            None => page(vec![result(&id, "PartialData", &[3.0])], Some("2")),
            Some(_) => {
                let older = map([
                    ("Id", text(&id)),
                    ("Label", text("CPUUtilization")),
                    ("StatusCode", text("Complete")),
                    ("Timestamps", Cbor::Array(vec![time(minute() - 180)])),
                    ("Values", Cbor::Array(vec![Cbor::Float(1.0)])),
                ]);
                page(vec![older], None)
            }
        }
    })
    .await;
    let data = signal(&server, &one_signal()).await;
    assert_eq!(data.points.iter().map(|point| point.value).collect::<Vec<_>>(), [1.0, 3.0]);
    assert!(!data.partial, "the second page completed it");
}

#[tokio::test]
async fn a_next_token_that_never_ends_is_cut_and_said_to_be_partial() {
    let server = Server::start(|request| {
        let id = ids(request).remove(0);
        let before = member(&request.cbor, "NextToken").and_then(|token| token.as_text()?.parse::<u32>().ok());
        let next = (before.unwrap_or_default() + 1).to_string();
        page(vec![result(&id, "PartialData", &[3.0])], Some(&next))
    })
    .await;
    let data = signal(&server, &one_signal()).await;
    assert_eq!((data.value, data.partial), (Some(Number::Finite(3.0)), true));
    assert_eq!(server.seen("GetMetricData").len(), 20);
}

#[tokio::test]
async fn a_page_that_refers_to_itself_is_malformed() {
    let server = Server::start(|request| page(vec![result(&ids(request)[0], "PartialData", &[3.0])], Some("x"))).await;
    assert_eq!(failure(&source(&server, &one_signal(), "cloudwatch")).await.kind, SourceErrorKind::Malformed);
    assert_eq!(server.seen("GetMetricData").len(), 2);
}

#[tokio::test]
async fn each_status_is_kept_apart() {
    let server = Server::start(|request| {
        let statuses = ["Complete", "PartialData", "InternalError", "Forbidden"];
        let results = ids(request).iter().zip(statuses).map(|(id, status)| result(id, status, &[1.0])).collect();
        page(results, None)
    })
    .await;
    let names = ["a", "b", "c", "d"];
    let config = with_services(&["rtech-app"], names.iter().map(|name| (*name, metric(name))).collect());
    let readings = poll(&source(&server, &config, "cloudwatch"), None).await;
    assert!(!data(&readings[0]).partial);
    assert!(data(&readings[1]).partial);
    let kind = |n: usize| readings[n].outcome.as_ref().unwrap_err().kind;
    assert_eq!((kind(2), kind(3)), (SourceErrorKind::Refused, SourceErrorKind::Unauthorised));
}

#[tokio::test]
async fn a_metric_without_samples_is_no_data() {
    let server = Server::start(|request| all(request, "Complete", &[])).await;
    let data = signal(&server, &one_signal()).await;
    assert_eq!((data.value, data.sampled), (Some(Number::NoData), None));
}

#[tokio::test]
async fn throttling_in_cbor_with_http_400_is_throttling_for_every_subject() {
    let server = Server::start(|_| cbor_error(400, "Throttling", "Rate exceeded")).await;
    let config = with_services(&["rtech-app"], vec![("a", metric("A")), ("b", metric("B"))]);
    let readings = poll(&source(&server, &config, "cloudwatch"), None).await;
    assert_eq!(readings.len(), 2);
    for reading in readings {
        assert_eq!(reading.outcome.unwrap_err().kind, SourceErrorKind::Throttled);
    }
}

#[tokio::test]
async fn a_page_of_html_instead_of_cbor_is_no_aws() {
    let server = Server::start(|_| Answer::Raw(404, "text/html", b"<html>Not yet implemented</html>".to_vec())).await;
    let error = failure(&source(&server, &one_signal(), "cloudwatch")).await;
    assert_eq!(error.kind, SourceErrorKind::Malformed, "{error}");
    assert!(error.reason.contains("not as AWS"), "{error}");
}

async fn asked(connection: &Connections) -> Result<Number, SourceErrorKind> {
    ask(connection, &metric("CPU"), Now::read()).await.map_err(|error| error.kind)
}

#[tokio::test]
async fn a_runbooks_question_gets_a_fresh_whole_value_or_none() {
    let server = Server::start(|request| all(request, "Complete", &[42.0])).await;
    assert_eq!(asked(&everywhere(&connection(&server))).await, Ok(Number::Finite(42.0)));
    let partial = Server::start(|request| all(request, "PartialData", &[42.0])).await;
    assert_eq!(
        asked(&everywhere(&connection(&partial))).await,
        Err(SourceErrorKind::Refused),
        "partial evidence is no evidence"
    );
    let old = Server::start(|request| {
        let old = map([
            ("Id", text(&ids(request)[0])),
            ("Label", text("CPUUtilization")),
            ("StatusCode", text("Complete")),
            ("Timestamps", Cbor::Array(vec![time(minute() - 1200)])),
            ("Values", Cbor::Array(vec![Cbor::Float(42.0)])),
        ]);
        page(vec![old], None)
    })
    .await;
    assert_eq!(asked(&everywhere(&connection(&old))).await, Ok(Number::NoData), "twenty minutes old is no evidence");
    let promql = Query::Prometheus(PromQuery::single("up"));
    assert!(ask(&everywhere(&connection(&old)), &promql, Now::read()).await.is_err());
}

fn alarm(name: &str, state: &str) -> Cbor {
    let dimension = map([("Name", text("ServiceName")), ("Value", text("rtech-app"))]);
    map([
        ("AlarmName", text(name)),
        ("StateValue", text(state)),
        ("StateReason", text("Threshold Crossed")),
        ("StateTransitionedTimestamp", time(1_767_225_600)),
        ("Namespace", text("AWS/ECS")),
        ("MetricName", text("CPUUtilization")),
        ("Dimensions", Cbor::Array(vec![dimension])),
    ])
}

fn with_alarms(prefixes: &[&str]) -> Config {
    let mut config = with_services(&["rtech-app"], vec![]);
    config.cloudwatch.as_mut().unwrap().alarm_prefixes = prefixes.iter().map(|prefix| (*prefix).to_owned()).collect();
    config
}

async fn alarms(server: &Server, prefixes: &[&str]) -> Result<Vec<Alert>, SourceErrorKind> {
    let source = source(server, &with_alarms(prefixes), "cloudwatch-alarms");
    assert_eq!(source.subjects(), [Subject::Alerts { source: "cloudwatch".into() }]);
    match poll_one(&source).await.map_err(|error| error.kind)? {
        Payload::Alerts(alarms) => Ok(alarms),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn alarms_of_every_page_and_both_kinds_are_read_with_their_service() {
    let server = Server::start(|request| {
        Answer::Cbor(
            200,
            match member(&request.cbor, "NextToken") {
                None => map([
                    ("MetricAlarms", Cbor::Array(vec![alarm("rtech-high-cpu", "ALARM")])),
                    ("CompositeAlarms", Cbor::Array(vec![])),
                    ("NextToken", text("2")),
                ]),
                Some(_) => {
                    let composite = map([
                        ("AlarmName", text("rtech-app-down")),
                        ("StateValue", text("INSUFFICIENT_DATA")),
                        ("AlarmDescription", text("The application is down")),
                    ]);
                    map([("MetricAlarms", Cbor::Array(vec![])), ("CompositeAlarms", Cbor::Array(vec![composite]))])
                }
            },
        )
    })
    .await;
    let alarms = alarms(&server, &["rtech-"]).await.unwrap();
    let told: Vec<_> = alarms.iter().map(|alarm| (alarm.name.as_str(), alarm.state, alarm.summary.as_str())).collect();
    assert_eq!(
        told,
        [
            ("rtech-app-down", AlertState::NoData, "The application is down"),
            ("rtech-high-cpu", AlertState::Firing, "Threshold Crossed"),
        ]
    );
    assert!(alarms.iter().all(|alarm| alarm.service == Some("rtech-app".into())));
    assert_eq!(alarms[1].since.unwrap().as_second(), 1_767_225_600);
    let asked = &server.seen("DescribeAlarms")[0].cbor;
    assert_eq!(member(asked, "AlarmNamePrefix"), Some(&text("rtech-")));
    assert_eq!(member(asked, "AlarmTypes").unwrap().as_array().unwrap().len(), 2, "composite alarms must be asked for");
}

#[tokio::test]
async fn the_empty_prefix_asks_for_all_and_an_alarm_of_two_prefixes_is_told_once() {
    let server = Server::start(|_| {
        let alarms = Cbor::Array(vec![alarm("rtech-high-cpu", "OK")]);
        Answer::Cbor(200, map([("MetricAlarms", alarms), ("CompositeAlarms", Cbor::Array(vec![]))]))
    })
    .await;
    assert_eq!(alarms(&server, &["", "rtech-"]).await.unwrap().len(), 1);
    assert_eq!(member(&server.seen("DescribeAlarms")[0].cbor, "AlarmNamePrefix"), None);
}

#[tokio::test]
async fn alarms_that_never_end_are_an_error_because_a_cut_list_could_hide_one() {
    let server = Server::start(|request| {
        let before = member(&request.cbor, "NextToken").and_then(|token| token.as_text()?.parse::<u32>().ok());
        let next = (before.unwrap_or_default() + 1).to_string();
        Answer::Cbor(200, map([("MetricAlarms", Cbor::Array(vec![])), ("NextToken", text(&next))]))
    })
    .await;
    assert_eq!(alarms(&server, &["rtech-"]).await.unwrap_err(), SourceErrorKind::Malformed);
    assert_eq!(server.seen("DescribeAlarms").len(), 20);
}

/// A world that is only CloudWatch, and the means over the last minutes of two metrics.
async fn means_of(answer: fn(&Request) -> Answer) -> (Server, Vec<Vec<Result<f64, String>>>) {
    let server = Server::start(answer).await;
    let at = |minutes: i64| jiff::Timestamp::from_second(minute() + 60 * minutes).unwrap();
    let spans = [Span { from: at(-4), to: at(0) }, Span { from: at(-600), to: at(-500) }];
    let queries = [metric("Errors"), metric("Latency")];
    let mut all = vec![vec![Err(quarterdeck::text::Text::from("not asked")); 2]; 2];
    means(&everywhere(&connection(&server)), (&queries, &spans), Now::read(), &mut all).await;
    let plain = |one: Result<quarterdeck::source::Mean, quarterdeck::text::Text>| {
        one.map(|mean| mean.value).map_err(|reason| reason.to_string())
    };
    (server, all.into_iter().map(|means| means.into_iter().map(plain).collect()).collect())
}

#[tokio::test]
async fn means_over_past_intervals_are_one_call_and_what_has_no_samples_is_not_known() {
    let (server, means) = means_of(|request| all(request, "Complete", &[4.0, 3.0, 2.0, 1.0])).await;
    assert_eq!(server.seen("GetMetricData").len(), 1, "both metrics over both intervals");
    for of_metric in means {
        assert_eq!(of_metric[0], Ok(2.5));
        assert_eq!(of_metric[1], Err("0 of 100 samples are there".to_owned()), "never 0");
    }
    let (_, means) = means_of(|request| all(request, "PartialData", &[4.0, 3.0, 2.0, 1.0])).await;
    assert!(
        means.iter().flatten().all(|one| one.as_ref().is_err_and(|reason| reason.contains("partial"))),
        "{means:?}"
    );
    let (_, means) = means_of(|_| cbor_error(400, "AccessDenied", "no")).await;
    assert!(means.iter().flatten().all(|one| one.as_ref().is_err_and(|reason| reason.contains("AccessDenied"))));
}
