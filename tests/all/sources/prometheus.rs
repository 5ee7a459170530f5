//! The query API: recorded answers of Prometheus 2.42, and answers that must not pass for data.

mod exemplars;
mod fan_out;
mod histogram;
mod tail;
mod variants;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::clock::Now;
use quarterdeck::config::PromQuery;
use quarterdeck::source::prometheus::{Answered, Prometheus, sources};
use quarterdeck::source::{Name, Number, Payload, SignalData, SignalId, SourceError, SourceErrorKind, Span, Subject};

use super::{Asked, Scripted, ask, backend, config, hanging, outcome, recorded, reply};

async fn instant(status: u16, body: &str) -> Result<Answered, SourceError> {
    let body = body.to_owned();
    let server = Scripted::start(move |_| reply(status, "application/json", body.clone())).await;
    Prometheus::new(&backend(&server)).instant(&PromQuery::single("up"), Now::read()).await
}

async fn value(result: &str) -> Result<Number, SourceError> {
    let body = format!(r#"{{"status":"success","data":{result}}}"#);
    instant(200, &body).await.map(|answer| answer.value)
}

async fn refused(status: u16, body: &str) -> (SourceErrorKind, String) {
    let error = instant(status, body).await.expect_err("an error is expected");
    (error.kind, error.reason.to_string())
}

fn signal(service: &str, signal: &str) -> Subject {
    Subject::Signal(SignalId { service: Name::from(service), signal: Name::from(signal) })
}

const TWO_SERVICES: &str = r#"
[prometheus]
url = "$URL"
interval = "5s"
timeout = "2s"

[[service]]
name = "app"
[[service.signal]]
name = "errors"
promql = "shared"
unit = "ratio"
[[service.signal]]
name = "traffic"
promql = "own"
unit = "per_second"

[[service]]
name = "worker"
[[service.signal]]
name = "errors"
promql = "shared"
unit = "ratio"
[[service.signal]]
name = "slow"
promql = "shared"
unit = "ratio"
interval = "60s"
"#;

#[tokio::test]
async fn a_scalar_and_a_vector_of_one_series_are_values() {
    let number = value(r#"{"resultType":"scalar","result":[1435781451.781,"1.5"]}"#).await;
    assert_eq!(number, Ok(Number::Finite(1.5)));
    let number = value(r#"{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1435781451,"-0"]}]}"#).await;
    assert_eq!(number, Ok(Number::Finite(0.0)));
    let number = value(r#"{"result":[{"metric":{},"value":[1,"1e308"]}],"resultType":"vector"}"#).await;
    assert_eq!(number, Ok(Number::Finite(1e308)), "whatever the order of the members");
}

#[tokio::test]
async fn what_is_not_finite_stays_a_word() {
    let words = [("NaN", Number::NotANumber), ("+Inf", Number::PositiveInfinity), ("-Inf", Number::NegativeInfinity)];
    for (word, expected) in words {
        let body = format!(r#"{{"resultType":"vector","result":[{{"metric":{{}},"value":[1,"{word}"]}}]}}"#);
        assert_eq!(value(&body).await, Ok(expected));
    }
}

#[tokio::test]
async fn an_empty_vector_is_no_data_and_not_zero() {
    assert_eq!(value(r#"{"resultType":"vector","result":[]}"#).await, Ok(Number::NoData));
}

#[tokio::test]
async fn several_series_are_an_error_that_says_how_many() {
    let series = r#"{"metric":{"i":"x"},"value":[1,"1"]}"#;
    let error =
        value(&format!(r#"{{"resultType":"vector","result":[{series},{series},{series}]}}"#)).await.unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Malformed);
    let expected = "3 series where one is expected; aggregate the expression, as with `sum(…)`, or pick one with `by`";
    assert_eq!(error.reason.as_str(), expected);
    let many = vec![series; 101].join(",");
    let error = value(&format!(r#"{{"resultType":"vector","result":[{many}]}}"#)).await.unwrap_err();
    assert!(error.reason.contains("more than 100 series (`max_series`)"), "{}", error.reason);
}

#[tokio::test]
async fn numbers_that_are_none_are_errors() {
    for word in ["1_000", "", "0x10", "infinity", "nan", "twelve", "1e999"] {
        let body = format!(r#"{{"resultType":"vector","result":[{{"metric":{{}},"value":[1,"{word}"]}}]}}"#);
        let error = value(&body).await.expect_err(word);
        assert_eq!(error.kind, SourceErrorKind::Malformed, "{word}");
    }
    let number = r#"{"resultType":"vector","result":[{"metric":{},"value":[1,2]}]}"#;
    assert!(value(number).await.is_err(), "a number that is not in quotes");
}

#[tokio::test]
async fn other_shapes_are_errors_and_never_data() {
    let depth = "[".repeat(100_000);
    let shapes = [
        r#"{"status":"success","data":{"resultType":"string","result":[1,"x"]}}"#.to_owned(),
        r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#.to_owned(),
        r#"{"status":"success","data":{"resultType":"vector"}}"#.to_owned(),
        r#"{"status":"success","data":{"resultType":"vector","result":[],"result":[]}}"#.to_owned(),
        r#"{"status":"success","status":"success","data":{"resultType":"vector","result":[]}}"#.to_owned(),
        r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{}}]}}"#.to_owned(),
        r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"histogram":[1,{}]}]}}"#.to_owned(),
        r#"{"status":"success","data":{"resultType":"vector","result":[]}} trailing"#.to_owned(),
        r#"{"data":{"resultType":"vector","result":[]}}"#.to_owned(),
        r#"{"status":"success","data":{"resultType":"vector","result":[{"metric""#.to_owned(),
        r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1e300,"1"]}]}}"#
            .to_owned(),
        format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{{"metric":{depth}"#),
        format!(r#"{{"status":"success","data":{depth}"#),
        "[]".to_owned(),
        "null".to_owned(),
        String::new(),
    ];
    for shape in shapes {
        let start: String = shape.chars().take(120).collect();
        assert_eq!(refused(200, &shape).await.0, SourceErrorKind::Malformed, "{start}");
    }
}

#[tokio::test]
async fn a_login_page_with_status_200_is_not_data() {
    let server = Scripted::start(|_| reply(200, "text/html", "<!doctype html><title>Sign in</title>")).await;
    let error = Prometheus::new(&backend(&server)).instant(&PromQuery::single("up"), Now::read()).await.unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Malformed);
    assert_eq!(error.reason.as_str(), "the page “Sign in” came where JSON is expected; a login page or a proxy?");
}

#[tokio::test]
async fn the_server_s_errors_are_told_in_its_words() {
    let body = std::fs::read_to_string(recorded("prometheus-bad-data.json")).unwrap();
    let (kind, reason) = refused(400, &body).await;
    assert_eq!(kind, SourceErrorKind::Refused);
    assert!(reason.starts_with("HTTP 400 Bad Request: invalid parameter \"query\""), "{reason}");
    let late = r#"{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}"#;
    assert_eq!(refused(503, late).await.0, SourceErrorKind::Timeout);
    assert_eq!(refused(401, "").await.0, SourceErrorKind::Unauthorised);
    let disguised = r#"{"status":"error","errorType":"execution","error":"too many samples"}"#;
    assert_eq!(refused(200, disguised).await, (SourceErrorKind::Refused, "too many samples".to_owned()));
}

#[tokio::test]
async fn warnings_infos_and_partial_answers_are_kept() {
    let body = r#"{"status":"success","isPartial":true,"warnings":["store 1 is down"],"infos":["PromQL info"],
        "data":{"resultType":"vector","result":[]}}"#;
    let answer = instant(200, body).await.unwrap();
    let texts: Vec<&str> = answer.warnings.iter().map(|text| text.as_str()).collect();
    assert_eq!((texts, answer.partial), (vec!["store 1 is down"], true));
}

#[tokio::test]
async fn recorded_answers_of_a_real_prometheus_are_read() {
    let body = std::fs::read_to_string(recorded("prometheus-instant.json")).unwrap();
    assert!(matches!(instant(200, &body).await.unwrap().value, Number::Finite(value) if value > 0.0));
}

/// Answers instant queries with 1 and ranges with three points, one of them NaN.
fn well(asked: &Asked) -> axum::response::Response {
    let now = Now::read().wall.as_second();
    match asked.path.as_str() {
        "/api/v1/query" => {
            let body = format!(
                r#"{{"status":"success","data":{{"resultType":"vector","result":[{{"metric":{{}},"value":[{now},"1"]}}]}}}}"#
            );
            reply(200, "application/json", body)
        }
        _ => {
            let (a, b, c) = (now - 90, now - 60, now - 30);
            let body = format!(
                r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{}},"values":[[{a},"3"],[{b},"NaN"],[{c},"5"]]}}]}}}}"#
            );
            reply(200, "application/json", body)
        }
    }
}

#[tokio::test]
async fn a_query_is_sent_once_however_many_subjects_use_it() {
    let server = Scripted::start(well).await;
    let config = config(TWO_SERVICES, &server);
    let backend = Arc::new(Prometheus::new(config.prometheus.as_ref().unwrap()));
    let sources = sources(&config, &backend);
    assert_eq!(sources.len(), 2, "one source an interval");
    let fast = sources.into_iter().find(|source| source.cadence().every == Duration::from_secs(5)).unwrap();
    let readings = ask(vec![fast], None).await;
    assert_eq!(readings.len(), 3);
    assert!(readings.iter().all(|reading| reading.outcome.is_ok()));
    let sent: Vec<_> = server.asked().iter().map(|asked| (asked.method.clone(), asked.form["query"].clone())).collect();
    assert_eq!(sent.len(), 2, "two distinct expressions: {sent:?}");
    assert_eq!(
        sent.into_iter().collect::<BTreeSet<_>>(),
        BTreeSet::from([("POST".to_owned(), "own".to_owned()), ("POST".to_owned(), "shared".to_owned()),])
    );
}

async fn data(server: &Scripted, backfill: Option<Duration>) -> SignalData {
    let config = config(TWO_SERVICES, server);
    let backend = Arc::new(Prometheus::new(config.prometheus.as_ref().unwrap()));
    match outcome(&ask(sources(&config, &backend), backfill).await, &signal("app", "traffic")).unwrap() {
        Payload::Signal(data) => data,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn history_is_asked_only_when_it_is_wanted_and_keeps_its_gaps() {
    let server = Scripted::start(well).await;
    let plain = data(&server, None).await;
    assert_eq!((plain.points.len(), plain.replaces), (1, false));
    assert!(server.asked().iter().all(|asked| asked.path == "/api/v1/query"));
    let filled = data(&server, Some(Duration::from_secs(3600))).await;
    assert!(filled.replaces && filled.value == Some(Number::Finite(1.0)));
    let values: Vec<f64> = filled.points.iter().map(|point| point.value).collect();
    assert!(values[0] == 3.0 && values[1].is_nan() && values[2] == 5.0 && values[3] == 1.0, "{values:?}");
    let range = server.asked().into_iter().find(|asked| asked.path == "/api/v1/query_range").unwrap();
    let number = |key: &str| range.form[key].parse::<i64>().unwrap();
    assert_eq!((range.method.as_str(), number("start") % number("step")), ("POST", 0));
    assert!((number("end") - number("start")) / number("step") < 300);
}

#[tokio::test]
async fn a_history_that_fails_leaves_the_value_and_says_so() {
    let server = Scripted::start(|asked| match asked.path.as_str() {
        "/api/v1/query" => well(asked),
        _ => reply(422, "application/json", r#"{"status":"error","errorType":"execution","error":"too many samples"}"#),
    })
    .await;
    let data = data(&server, Some(Duration::from_secs(3600))).await;
    assert_eq!((data.value, data.replaces), (Some(Number::Finite(1.0)), false));
    assert!(data.warnings[0].contains("no history: HTTP 422"), "{}", data.warnings[0]);
}

#[tokio::test]
async fn a_prometheus_that_hangs_times_out_for_every_subject_at_the_deadline() {
    let server = Scripted::start(|_| hanging()).await;
    let config = config(&TWO_SERVICES.replace("timeout = \"2s\"", "timeout = \"300ms\""), &server);
    let backend = Arc::new(Prometheus::new(config.prometheus.as_ref().unwrap()));
    let readings = ask(sources(&config, &backend), None).await;
    assert_eq!(readings.len(), 4);
    for reading in readings {
        assert_eq!(reading.outcome.unwrap_err().kind, SourceErrorKind::Timeout);
    }
}

#[tokio::test]
async fn one_bad_expression_fails_alone() {
    let server = Scripted::start(|asked| match asked.form["query"].as_str() {
        "own" => reply(400, "application/json", r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#),
        _ => well(asked),
    })
    .await;
    let config = config(TWO_SERVICES, &server);
    let backend = Arc::new(Prometheus::new(config.prometheus.as_ref().unwrap()));
    let readings = ask(sources(&config, &backend), None).await;
    let failed: Vec<String> =
        readings.iter().filter(|reading| reading.outcome.is_err()).map(|reading| reading.subject.to_string()).collect();
    assert_eq!(failed, ["signal app/traffic"]);
}

#[tokio::test]
async fn a_clock_that_is_ten_minutes_off_makes_no_value_old() {
    let server = Scripted::start(|_| {
        let then = Now::read().wall - jiff::SignedDuration::from_mins(10);
        let body =
            format!(r#"{{"status":"success","data":{{"resultType":"scalar","result":[{},"1"]}}}}"#, then.as_second());
        let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&then).unwrap();
        let builder =
            axum::response::Response::builder().header("date", date).header("content-type", "application/json");
        builder.body(axum::body::Body::from(body)).unwrap()
    })
    .await;
    let now = Now::read();
    let answer = Prometheus::new(&backend(&server)).instant(&PromQuery::single("up"), now).await.unwrap();
    assert!(now.wall.duration_since(answer.sampled).as_secs() < 5, "sampled {}", answer.sampled);
}

const OBJECTIVES: &str = r#"
[prometheus]
url = "$URL"
timeout = "2s"

[[service]]
name = "app"
[[service.objective]]
name = "availability"
target = 0.999
period = "30d"
bad = "bad($window)"
valid = "valid($window)"
[[service.objective]]
name = "latency"
target = 0.95
period = "30d"
bad = "slow($window)"
valid = "valid($window)"
"#;

#[tokio::test]
async fn objectives_are_counted_over_each_window_and_shared_counts_are_asked_once() {
    let server = Scripted::start(|asked| match asked.form["query"].as_str() {
        "bad(30d)" => reply(503, "text/plain", "overloaded"),
        _ => well(asked),
    })
    .await;
    let config = config(OBJECTIVES, &server);
    let backend = Arc::new(Prometheus::new(config.prometheus.as_ref().unwrap()));
    let sources = sources(&config, &backend);
    let readings = ask(sources.clone(), None).await;
    let counts = |name: &str| {
        let subject = Subject::Objective { service: Name::from("app"), objective: Name::from(name) };
        match outcome(&readings, &subject).unwrap() {
            Payload::Objective(data) => data.windows.iter().map(|count| count.window.as_secs()).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(counts("latency"), [300, 1800, 3600, 21_600, 259_200, 2_592_000]);
    assert_eq!(counts("availability"), [300, 1800, 3600, 21_600, 259_200], "what can't be counted is left out");
    let asked = |expression: &str| server.asked().iter().filter(|asked| asked.form["query"] == expression).count();
    assert_eq!((asked("valid(5m)"), asked("valid(30d)"), asked("bad(6h)")), (1, 1, 1));
    ask(sources, None).await;
    assert_eq!((asked("valid(5m)"), asked("bad(6h)")), (2, 1), "long windows are asked less often");
}

/// The means of `app/traffic` over ten minutes, where the server's ranges have these samples of sixty.
async fn mean(samples: &'static str) -> (usize, Result<f64, String>) {
    let server = Scripted::start(move |asked| {
        assert_eq!(asked.path, "/api/v1/query_range");
        let series = format!(r#"{{"metric":{},"values":[{samples}]}}"#, "{}");
        let body = format!(r#"{{"status":"success","data":{{"resultType":"matrix","result":[{series}]}}}}"#);
        reply(200, "application/json", body)
    })
    .await;
    let world = quarterdeck::source::build::world(config(TWO_SERVICES, &server)).await.unwrap();
    let now = Now::read();
    let span = Span { from: now.wall - Duration::from_secs(600), to: now.wall };
    let queries = [quarterdeck::config::Query::Prometheus(PromQuery::single("up"))];
    let means = world.means(&queries, &[span], now).await;
    let told = means[0][0].clone().map(|mean| mean.value).map_err(|reason| reason.to_string());
    (server.asked().len(), told)
}

#[tokio::test]
async fn the_mean_of_a_past_interval_is_of_enough_finite_samples_or_not_known() {
    const HALF: &str = r#"[1,"1"],[2,"3"],[3,"NaN"],[4,"1"],[5,"3"],[6,"1"],[7,"3"],[8,"1"],[9,"3"],[10,"1"],[11,"3"],[12,"1"],
        [13,"3"],[14,"1"],[15,"3"],[16,"1"],[17,"3"],[18,"1"],[19,"3"],[20,"1"],[21,"3"],[22,"1"],[23,"3"]"#;
    assert_eq!(mean(HALF).await, (1, Ok(2.0)), "one request");
    assert_eq!(mean(r#"[1,"0"],[2,"NaN"]"#).await.1, Err("1 of 40 samples are there".to_owned()), "never 0");
    assert!(mean("").await.1.is_err());
}
