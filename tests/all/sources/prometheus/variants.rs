//! Thanos, Mimir and VictoriaMetrics: the same API with a tenant, parameters, and answers that are not whole.

use std::sync::Arc;

use quarterdeck::clock::Now;
use quarterdeck::config::{PromQuery, Query};
use quarterdeck::source::prometheus::{Prometheus, sources};
use quarterdeck::source::{Number, Payload, SourceErrorKind, build};

use super::super::{Scripted, ask, config, outcome, reply};
use super::signal;

const THANOS: &str = r#"
[prometheus]
url = "$URL"
tenant = "rtech|shared"
parameters = { dedup = "true", partial_response = "true" }

[[service]]
name = "app"
[[service.signal]]
name = "errors"
promql = "e"
unit = "ratio"
warning = 0.5
"#;

fn body(extra: &str) -> String {
    format!(r#"{{"status":"success",{extra}"data":{{"resultType":"scalar","result":[1700000000,"0.1"]}}}}"#)
}

#[tokio::test]
async fn tenant_and_parameters_go_with_every_request() {
    let server = Scripted::start(|_| reply(200, "application/json", body(""))).await;
    let config = config(THANOS, &server);
    let backend = Arc::new(Prometheus::new(config.prometheus.as_ref().unwrap()));
    ask(sources(&config, &backend), Some(std::time::Duration::from_secs(3600))).await;
    let _: Result<serde_json::Value, _> = backend.get("api/v1/rules?type=alert").await;
    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|asked| asked.headers["x-scope-orgid"] == "rtech|shared"));
    assert!(asked[..2].iter().all(|asked| asked.form["dedup"] == "true" && asked.form["partial_response"] == "true"));
    assert_eq!(asked[2].query, "type=alert&dedup=true&partial_response=true");
}

#[tokio::test]
async fn a_partial_answer_is_never_whole_and_never_evidence() {
    let partial =
        [r#""warnings":["receive series from Addr: store-1: rpc error: code = Unavailable"],"#, r#""isPartial":true,"#];
    for extra in partial {
        let server = Scripted::start(move |_| reply(200, "application/json", body(extra))).await;
        let config = config(THANOS, &server);
        let backend = Arc::new(Prometheus::new(config.prometheus.as_ref().unwrap()));
        match outcome(&ask(sources(&config, &backend), None).await, &signal("app", "errors")).unwrap() {
            Payload::Signal(data) => assert!(data.partial, "{extra}"),
            other => panic!("{other:?}"),
        }
        let world = build::world(config.clone()).await.unwrap();
        let evidence = world.ask(&Query::Prometheus(PromQuery::single("e")), Now::read()).await;
        assert_eq!(evidence.unwrap_err().kind, SourceErrorKind::Malformed);
    }
}

#[tokio::test]
async fn remarks_on_the_expression_leave_the_answer_whole() {
    let extra = r#""warnings":["PromQL warning: ignored histograms in a range"],
        "infos":["PromQL info: metric might not be a counter","PromQL info: input to histogram_quantile needed to be fixed for monotonicity"],"#;
    let server = Scripted::start(move |_| reply(200, "application/json", body(extra))).await;
    let backend = Prometheus::new(config(THANOS, &server).prometheus.as_ref().unwrap());
    let answer = backend.instant(&PromQuery::single("e"), Now::read()).await.unwrap();
    assert_eq!((answer.value, answer.partial), (Number::Finite(0.1), false));
    assert_eq!(answer.warnings.len(), 2, "the warning, and that the value is a guess: {:?}", answer.warnings);
}
