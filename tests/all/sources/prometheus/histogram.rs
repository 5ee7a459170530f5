//! Histograms in answers: the quantile is taken here.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use quarterdeck::clock::Now;
use quarterdeck::config::Query;
use quarterdeck::source::prometheus::{Prometheus, sources};
use quarterdeck::source::{Number, Payload, SignalData, SourceError};

use super::super::{Scripted, ask, config, outcome, reply};
use super::signal;

const LATENCY: &str = r#"
[prometheus]
url = "$URL"

[[services]]
names = ["a", "b"]
[[services.signal]]
name = "p95"
promql = "latency"
by = "service"
quantile = 0.95
unit = "seconds"
"#;

/// As Prometheus 3 answers: all observations at 220 ms in a histogram of schema 3.
const NATIVE: &str = r#"{"count":"100","sum":"22","buckets":[[0,"0.21022410381342863","0.2292521483282477","100"]]}"#;

async fn read(service: &str, kind: &'static str, result: String, backfill: bool) -> Result<SignalData, SourceError> {
    let server = Scripted::start(move |asked| {
        let wanted = if kind == "matrix" { "/api/v1/query_range" } else { "/api/v1/query" };
        let (kind, result) = if asked.path == wanted { (kind, result.clone()) } else { ("vector", String::new()) };
        let body = format!(r#"{{"status":"success","data":{{"resultType":"{kind}","result":[{result}]}}}}"#);
        reply(200, "application/json", body)
    })
    .await;
    let config = config(LATENCY, &server);
    let backend = Arc::new(Prometheus::new(config.prometheus.as_ref().unwrap()));
    let window = backfill.then_some(Duration::from_secs(3600));
    match outcome(&ask(sources(&config, &backend), window).await, &signal(service, "p95"))? {
        Payload::Signal(data) => Ok(data),
        other => panic!("{other:?}"),
    }
}

fn number(data: &SignalData) -> f64 {
    data.value.and_then(Number::finite).unwrap()
}

fn classic(service: &str, buckets: &[(&str, &str)]) -> String {
    let series = |(le, count): &(&str, &str)| {
        format!(r#"{{"metric":{{"le":"{le}","service":"{service}"}},"value":[1700000000,"{count}"]}}"#)
    };
    buckets.iter().map(series).collect::<Vec<_>>().join(",")
}

#[tokio::test]
async fn a_native_histogram_gives_its_quantile() {
    let result = format!(r#"{{"metric":{{"service":"a"}},"histogram":[1700000000,{NATIVE}]}}"#);
    let data = read("a", "vector", result, false).await.unwrap();
    assert!((number(&data) - 0.228).abs() < 5e-4, "{data:?}");
}

#[tokio::test]
async fn classic_buckets_of_one_service_give_its_quantile_whoever_else_is_in_the_answer() {
    let a = classic("a", &[("+Inf", "100"), ("0.2", "0"), ("0.3", "100")]);
    let b = classic("b", &[("0.2", "100"), ("0.3", "100"), ("+Inf", "100")]);
    let data = read("a", "vector", format!("{a},{b}"), false).await.unwrap();
    assert!((number(&data) - 0.295).abs() < 1e-9, "{data:?}");
    let gone = read("a", "vector", b, false).await.unwrap();
    assert_eq!(gone.value, Some(Number::NoData));
}

#[tokio::test]
async fn a_quantile_beyond_the_last_bucket_or_of_falling_counts_says_so() {
    let beyond = classic("a", &[("1", "10"), ("+Inf", "100")]);
    let data = read("a", "vector", beyond, false).await.unwrap();
    assert_eq!(number(&data), 1.0);
    assert!(data.warnings[0].contains("at or above") && data.at_least, "{:?}", data.warnings);
    let falling = classic("a", &[("1", "100"), ("2", "50"), ("+Inf", "100")]);
    assert!(read("a", "vector", falling, false).await.unwrap().warnings[0].contains("guess"));
}

#[tokio::test]
async fn buckets_without_an_end_and_without_observations_are_nan_and_never_zero() {
    for buckets in [[("1", "10"), ("2", "10")], [("1", "0"), ("+Inf", "0")]] {
        let data = read("a", "vector", classic("a", &buckets), false).await.unwrap();
        assert_eq!(data.value, Some(Number::NotANumber));
    }
}

#[tokio::test]
async fn what_is_no_histogram_is_an_error() {
    let twice = classic("a", &[("1", "10"), ("1", "10"), ("+Inf", "100")]);
    assert!(read("a", "vector", twice, false).await.unwrap_err().reason.contains("a bucket is there twice"));
    let plain = r#"{"metric":{"service":"a"},"value":[1,"0.2"]}"#.to_owned();
    assert!(read("a", "vector", plain, false).await.unwrap_err().reason.contains("`quantile` wants"));
    let odd = r#"{"metric":{"service":"a"},"histogram":[1,{"count":"x","sum":"1"}]}"#.to_owned();
    assert!(read("a", "vector", odd, false).await.is_err());
}

#[tokio::test]
async fn the_history_of_histograms_is_a_history_of_quantiles() {
    let now = quarterdeck::clock::Now::read().wall.as_second();
    let (one, two) = (now - 60, now - 30);
    let native = format!(r#"{{"metric":{{"service":"a"}},"histograms":[[{one},{NATIVE}],[{two},{NATIVE}]]}}"#);
    let data = read("a", "matrix", native, true).await.unwrap();
    assert_eq!(data.points.len(), 3, "two steps and the polled value");
    assert!((data.points[0].value - 0.228).abs() < 5e-4);
    let bucket = |le: &str, first: u32, second: u32| {
        format!(r#"{{"metric":{{"service":"a","le":"{le}"}},"values":[[{one},"{first}"],[{two},"{second}"]]}}"#)
    };
    let classic = [bucket("0.2", 0, 100), bucket("0.3", 100, 100), bucket("+Inf", 100, 100)].join(",");
    let data = read("a", "matrix", classic, true).await.unwrap();
    assert!((data.points[0].value - 0.295).abs() < 1e-9 && (data.points[1].value - 0.19).abs() < 1e-9);
}

/// Between two buckets the quantile is known; beyond the last one it is no evidence.
#[tokio::test]
async fn a_quantile_beyond_the_last_bucket_is_no_evidence() {
    for (inside, known) in [("99", true), ("10", false)] {
        let buckets = classic("a", &[("1", inside), ("+Inf", "100")]);
        let body = format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{buckets}]}}}}"#);
        let server = Scripted::start(move |_| reply(200, "application/json", body.clone())).await;
        let config = config(LATENCY, &server);
        let Query::Prometheus(query) = &config.services[0].signals[0].query else { panic!("PromQL") };
        let answer = Prometheus::new(config.prometheus.as_ref().unwrap()).whole(query, Now::read()).await;
        assert_eq!(answer.is_ok(), known, "{answer:?}");
        if let Err(error) = answer {
            assert!(error.reason.contains("beyond the last bucket") && error.reason.contains("1 or more"), "{error}");
        }
    }
}

/// A fleet's histogram as one answer: 5,000 services, 15 buckets each, with nothing written but the address.
#[tokio::test]
async fn the_buckets_of_5000_services_fit_one_answer() {
    let service = |n: usize| {
        let bucket = |le: usize| {
            let (name, count) = (if le == 15 { "+Inf".to_owned() } else { le.to_string() }, le.min(10) * 100);
            format!(r#"{{"metric":{{"le":"{name}","service":"svc-{n}"}},"value":[1700000000.123,"{count}"]}}"#)
        };
        (1..=15).map(bucket).collect::<Vec<_>>().join(",")
    };
    let all = (0..5000).map(service).collect::<Vec<_>>().join(",");
    let body = Bytes::from(format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{all}]}}}}"#));
    let server = Scripted::start(move |_| reply(200, "application/json", body.clone())).await;
    let config = config(&LATENCY.replace(r#"["a", "b"]"#, r#"["svc-0", "svc-4999"]"#), &server);
    let backend = Arc::new(Prometheus::new(config.prometheus.as_ref().unwrap()));
    let readings = ask(sources(&config, &backend), None).await;
    for service in ["svc-0", "svc-4999"] {
        let Payload::Signal(data) = outcome(&readings, &signal(service, "p95")).unwrap() else { panic!("a signal") };
        assert!((number(&data) - 9.5).abs() < 1e-9, "{service}: {data:?}");
    }
    assert_eq!(server.asked().len(), 1, "one question for all");
}
