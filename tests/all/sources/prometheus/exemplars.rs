//! Exemplars: a recorded answer of Prometheus 2.42, and what must not pass for a trace.

use std::sync::Arc;

use quarterdeck::source::prometheus::{Prometheus, sources};
use quarterdeck::source::{Exemplars, Name, Payload, SignalId, SourceError, SourceErrorKind, Subject};

use super::super::{Scripted, ask, config, outcome, recorded, reply};

const TRACED: &str = r#"
[prometheus]
url = "$URL"
trace_url = "https://jaeger.example.com/trace/{trace_id}"

[[services]]
names = ["app", "worker"]
[[services.signal]]
name = "p95"
promql = "p95"
by = "service"
unit = "seconds"
exemplars = "latency_seconds_bucket"
"#;

async fn exemplars(status: u16, body: String) -> (Result<Exemplars, SourceError>, usize) {
    let server = Scripted::start(move |asked| match asked.path.as_str() {
        "/api/v1/query_exemplars" => reply(status, "application/json", body.clone()),
        _ => reply(200, "application/json", r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#),
    })
    .await;
    let config = config(TRACED, &server);
    let backend = Arc::new(Prometheus::new(config.prometheus.as_ref().unwrap()));
    let readings = ask(sources(&config, &backend), None).await;
    let id = SignalId { service: Name::from("app"), signal: Name::from("p95") };
    let told = outcome(&readings, &Subject::Exemplars(id)).map(|payload| match payload {
        Payload::Exemplars(exemplars) => exemplars,
        other => panic!("{other:?}"),
    });
    let asked = server.asked().into_iter().filter(|asked| asked.path == "/api/v1/query_exemplars").collect::<Vec<_>>();
    assert!(asked.iter().all(|asked| asked.form["query"] == "latency_seconds_bucket"));
    (told, asked.len())
}

#[tokio::test]
async fn the_slowest_traces_of_a_recorded_answer_come_first_and_what_is_no_trace_is_left_out() {
    let body = std::fs::read_to_string(recorded("prometheus-exemplars.json")).unwrap();
    let (told, asked) = exemplars(200, body).await;
    let told = told.unwrap().0;
    let traces: Vec<(&str, f64)> = told.iter().map(|one| (one.trace_id.as_str(), one.value)).collect();
    assert_eq!(
        traces,
        [
            ("00f067aa0ba902b7", 1.93),
            ("a3ce929d0e0e47364bf92f3577b34da6", 0.21),
            ("4bf92f3577b34da6a3ce929d0e0e4736", 0.067),
        ]
    );
    assert_eq!(asked, 1, "one request a selector, whoever wants it");
}

#[tokio::test]
async fn a_flood_of_exemplars_is_bounded_and_each_trace_is_there_once() {
    let one = |n: usize| format!(r#"{{"labels":{{"traceID":"{:032x}"}},"value":"{n}","timestamp":{n}}}"#, n / 2);
    let list = (0..10_000).map(one).collect::<Vec<_>>().join(",");
    let (told, _) = exemplars(200, format!(r#"{{"status":"success","data":[{{"exemplars":[{list}]}}]}}"#)).await;
    let told = told.unwrap().0;
    assert_eq!((told.len(), told[0].value, told[1].value), (5, 9999.0, 9997.0));
}

#[tokio::test]
async fn a_server_that_can_not_tell_exemplars_says_why() {
    let (told, _) = exemplars(404, "404 page not found".to_owned()).await;
    assert_eq!(told.unwrap_err().kind, SourceErrorKind::Missing);
    let (told, _) = exemplars(200, r#"{"status":"success","data":{}}"#.to_owned()).await;
    assert_eq!(told.unwrap_err().kind, SourceErrorKind::Malformed);
    let (none, _) = exemplars(200, r#"{"status":"success","data":[]}"#.to_owned()).await;
    assert_eq!(none, Ok(Exemplars::default()));
}
