//! The world of a configuration: what it asks, and that it doesn't wait.

use std::collections::BTreeSet;
use std::sync::Arc;

use quarterdeck::clock::Now;
use quarterdeck::config::Query;
use quarterdeck::source::{Look, Name, Number, SourceErrorKind, build};

use super::{Scripted, config, hanging};

const ALL: &str = r#"
[prometheus]
url = "$URL"
[alertmanager]
url = "$URL"
[[service]]
name = "app"
[[service.signal]]
name = "errors"
promql = "e"
unit = "ratio"
[[service.objective]]
name = "availability"
target = 0.999
bad = "bad($window)"
valid = "valid($window)"
[[service.health]]
name = "main"
url = "$URL/health"
[[backup]]
name = "db"
schedule = "daily"
[[backup.measure]]
name = "age"
promql = "a"
unit = "seconds"
"#;

#[tokio::test]
async fn the_sources_answer_for_every_subject_of_the_configuration_once() {
    let server = Scripted::start(|_| hanging()).await;
    let config = config(ALL, &server);
    let world = build::world(config.clone()).await.unwrap();
    assert!(server.asked().is_empty(), "nothing is asked while it is built");
    let answered: Vec<_> = world.sources().iter().flat_map(|source| source.subjects().to_vec()).collect();
    let wanted: BTreeSet<_> = config.subjects().into_iter().collect();
    assert_eq!(answered.len(), wanted.len(), "each subject has one reader");
    assert_eq!(answered.into_iter().collect::<BTreeSet<_>>(), wanted);
    let names: BTreeSet<_> = world.sources().iter().map(|source| source.name().clone()).collect();
    assert_eq!(names.len(), world.sources().len(), "names are unique");
}

#[tokio::test]
async fn a_runbook_s_question_is_answered_or_says_what_is_missing() {
    let server = Scripted::json(r#"{"status":"success","data":{"resultType":"scalar","result":[1,"0.5"]}}"#).await;
    let world = build::world(config(ALL, &server)).await.unwrap();
    let answer = world.ask(&Query::Prometheus(quarterdeck::config::PromQuery::single("q")), Now::read()).await;
    assert_eq!(answer, Ok(Number::Finite(0.5)));
    let error = world.ask(&Query::Simulator("q".to_owned()), Now::read()).await.unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Missing);
    let error = world.observe(&Look::workload(&Name::from("app"), None), Now::read()).await.unwrap_err();
    assert!(error.reason.contains("[aws]"), "{}", error.reason);
    drop(Arc::new(world));
}
