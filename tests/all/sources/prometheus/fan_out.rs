//! One query serves every service that a label names.

use std::sync::Arc;

use quarterdeck::source::prometheus::{Prometheus, sources};
use quarterdeck::source::{Name, Number, Payload, Reading, SourceErrorKind, Subject};

use super::super::{Scripted, ask, config, outcome, reply};
use super::signal;

const FLEET: &str = r#"
[prometheus]
url = "$URL"
max_series = 10

[[services]]
names = ["a", "b", "gone"]
[[services.signal]]
name = "errors"
promql = "errors_by_service"
by = "service"
unit = "ratio"
[[services.objective]]
name = "availability"
target = 0.999
by = "service"
bad = "bad($window)"
valid = "valid($window)"

[[service]]
name = "other"
[[service.signal]]
name = "errors"
promql = "errors_by_service"
by = { label = "service", value = "legacy/other" }
unit = "ratio"
"#;

fn vector(series: &[(&str, &str)]) -> String {
    let series: Vec<String> = series
        .iter()
        .map(|(labels, value)| format!(r#"{{"metric":{{{labels}}},"value":[1700000000,"{value}"]}}"#))
        .collect();
    format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{}]}}}}"#, series.join(","))
}

async fn readings(series: &'static [(&'static str, &'static str)]) -> (Vec<Reading>, Vec<String>) {
    let server = Scripted::start(|_| reply(200, "application/json", vector(series))).await;
    let config = config(FLEET, &server);
    let backend = Arc::new(Prometheus::new(config.prometheus.as_ref().unwrap()));
    let readings = ask(sources(&config, &backend), None).await;
    (readings, server.asked().iter().map(|asked| asked.form["query"].clone()).collect())
}

fn value(readings: &[Reading], service: &str) -> Result<Number, (SourceErrorKind, String)> {
    match outcome(readings, &signal(service, "errors")) {
        Ok(Payload::Signal(data)) => Ok(data.value.unwrap()),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err((error.kind, error.reason.to_string())),
    }
}

#[tokio::test]
async fn each_service_takes_the_series_of_its_name_of_one_answer() {
    let (readings, asked) = readings(&[
        (r#""pod":"x","service":"b""#, "0.2"),
        (r#""service":"a""#, "0.1"),
        (r#""service":"legacy/other""#, "0.3"),
        (r#""service":"nobody's""#, "0.4"),
    ])
    .await;
    assert_eq!(asked.iter().filter(|query| *query == "errors_by_service").count(), 1, "{asked:?}");
    assert_eq!(value(&readings, "a"), Ok(Number::Finite(0.1)));
    assert_eq!(value(&readings, "b"), Ok(Number::Finite(0.2)));
    assert_eq!(value(&readings, "other"), Ok(Number::Finite(0.3)));
    assert_eq!(value(&readings, "gone"), Ok(Number::NoData), "a series that vanished is no data, and not zero");
}

#[tokio::test]
async fn two_series_of_one_service_are_its_own_error_and_nobody_else_s() {
    let (readings, _) = readings(&[
        (r#""service":"a","pod":"1""#, "1"),
        (r#""service":"a","pod":"2""#, "2"),
        (r#""service":"b""#, "3"),
    ])
    .await;
    let (kind, reason) = value(&readings, "a").unwrap_err();
    assert_eq!(kind, SourceErrorKind::Malformed);
    assert!(reason.starts_with(r#"2 series have service="a" where one is expected"#), "{reason}");
    assert_eq!(value(&readings, "b"), Ok(Number::Finite(3.0)));
}

#[tokio::test]
async fn an_answer_without_the_label_is_an_error_and_not_no_data() {
    let (readings, _) = readings(&[(r#""pod":"x""#, "1")]).await;
    let (_, reason) = value(&readings, "a").unwrap_err();
    assert!(reason.starts_with("no series has the label `service`"), "{reason}");
}

#[tokio::test]
async fn a_label_that_is_there_twice_and_too_many_series_are_refused_for_all() {
    let (twice, _) = readings(&[(r#""service":"a","service":"b""#, "1")]).await;
    assert!(value(&twice, "a").unwrap_err().1.contains("the label `service` twice"));
    let (many, _) = readings(&[(r#""service":"a""#, "1"); 11]).await;
    assert!(value(&many, "b").unwrap_err().1.contains("more than 10 series (`max_series`)"));
}

#[tokio::test]
async fn escapes_and_bidi_in_labels_are_only_compared_and_never_shown() {
    let (readings, _) = readings(&[
        (r#""service":"\u001b]0;owned\u0007","x":"\u202e""#, "9"),
        (r#""service":"a","\u001b[2J":"é́́́́́́́́""#, "1"),
    ])
    .await;
    assert_eq!(value(&readings, "a"), Ok(Number::Finite(1.0)));
    for reading in &readings {
        assert!(!format!("{:?}", reading.outcome).contains("owned"));
    }
}

#[tokio::test]
async fn objectives_of_many_services_share_one_count_a_window() {
    let (readings, asked) = readings(&[(r#""service":"a""#, "7"), (r#""service":"b""#, "8")]).await;
    let counts: Vec<&String> = asked.iter().filter(|query| query.contains('(')).collect();
    assert_eq!(counts.len(), 12, "bad and valid over six windows, however many services: {counts:?}");
    let objective = |service: &str| {
        let subject = Subject::Objective { service: Name::from(service), objective: Name::from("availability") };
        match outcome(&readings, &subject) {
            Ok(Payload::Objective(data)) => data.windows,
            other => panic!("{other:?}"),
        }
    };
    assert!(objective("a").iter().all(|count| count.bad == Number::Finite(7.0) && count.valid == Number::Finite(7.0)));
    assert!(objective("gone").iter().all(|count| count.valid == Number::NoData), "absent is not 100 %");
}
