//! Calls about revisions, deployments and tasks against a scripted AWS: what exactly is sent, and that it is sent once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use quarterdeck::action::Action;
use quarterdeck::clock::Now;
use quarterdeck::config::{Calendar, Query};
use quarterdeck::executor::aws::Aws;
use quarterdeck::executor::journal::RunState;
use quarterdeck::source::aws::Connections;
use quarterdeck::source::{CalendarState, Look, Number, Observation, Rollout, SharedSource, SourceError, World};
use serde_json::{Value, json};

use super::identity::{WHOLE, xml};
use super::server::{Answer, Server};
use super::{connection_at, settings};
use crate::deploys::bench::{Bench, REPOSITORY, Told, action, deployment, observed, revision};
use crate::runs::fixture::config;

const PREFIX: &str = "arn:aws:ecs:us-east-1:123456789012";

/// The revision 7 as DescribeTaskDefinition tells it: with what can be registered, and what ECS adds.
fn definition(number: u32, tag: &str) -> Value {
    json!({
        "taskDefinitionArn": format!("{PREFIX}:task-definition/rtech-app:{number}"),
        "family": "rtech-app", "revision": number, "status": "ACTIVE", "networkMode": "awsvpc",
        "taskRoleArn": "arn:aws:iam::123456789012:role/app", "executionRoleArn": "arn:aws:iam::123456789012:role/run",
        "cpu": "256", "memory": "512", "requiresCompatibilities": ["FARGATE"], "compatibilities": ["EC2", "FARGATE"],
        "registeredBy": "arn:aws:iam::123456789012:user/ci",
        "containerDefinitions": [
            {"name": "app", "image": format!("{REPOSITORY}:{tag}"), "environment": [{"name": "A", "value": "1"}]},
            {"name": "log", "image": "fluent-bit:3"},
        ],
    })
}

fn service(revision: u32) -> Answer {
    let deployment = json!({"id": "ecs-svc/2", "status": "PRIMARY"});
    let task_definition = format!("{PREFIX}:task-definition/rtech-app:{revision}");
    Answer::Json(200, json!({"service": {"taskDefinition": task_definition, "deployments": [deployment]}}))
}

/// Answers each call as the API reference has it.
fn answered(operation: &str) -> Answer {
    match operation {
        "GetCallerIdentity" => xml(WHOLE),
        "DescribeTaskDefinition" => {
            let tags = json!([{"key": "team", "value": "shop"}]);
            Answer::Json(200, json!({"taskDefinition": definition(7, "v7"), "tags": tags}))
        }
        "RegisterTaskDefinition" => Answer::Json(200, json!({"taskDefinition": definition(8, "v8")})),
        "UpdateService" => service(8),
        "StopServiceDeployment" => Answer::Json(200, json!({"serviceDeploymentArn": ARN})),
        "StopTask" => Answer::Json(200, json!({"task": {"taskArn": format!("{PREFIX}:task/rtech-prod/task-1")}})),
        other => Answer::Json(400, json!({"__type": "InvalidAction", "message": other})),
    }
}

const ARN: &str = "arn:aws:ecs:us-east-1:123456789012:service-deployment/rtech-prod/rtech-app/d7";

async fn server() -> Arc<Server> {
    Arc::new(Server::start(|request| answered(&request.operation)).await)
}

/// A run of the action: observed in this process by what the server was told, changed over HTTP.
async fn run(server: &Arc<Server>, action: &Action, start: Observation) -> (RunState, Bench) {
    let mut config = config();
    config.guards.steady_deadline = Duration::from_secs(1);
    let told = server.clone();
    let world = Told(move || {
        let mut found = start.clone();
        if !told.seen("RegisterTaskDefinition").is_empty() {
            found.releases.as_mut().expect("releases").revisions.insert(0, revision(8, "v8"));
        }
        found
    });
    let bench = Bench::approved(config, action, &world).await;
    let target = Aws::new(Connections::single(connection_at(&settings(server))));
    let state = bench.execute(&world, &target).await;
    (state, bench)
}

fn sent(server: &Server, operation: &str) -> Vec<Value> {
    server.seen(operation).into_iter().map(|request| request.json).collect()
}

#[tokio::test]
async fn a_copy_is_registered_whole_with_one_image_changed_and_rolled_out_once() {
    let server = server().await;
    let (_, bench) = run(&server, &action("deploy", &[("image", "v8")]), observed(true)).await;
    assert_eq!(
        sent(&server, "DescribeTaskDefinition"),
        [json!({"taskDefinition": "rtech-app:7", "include": ["TAGS"]})]
    );
    let registered = sent(&server, "RegisterTaskDefinition");
    assert_eq!(registered.len(), 1, "{}", bench.view().last_word());
    let mut wanted = definition(7, "v8");
    for added in ["taskDefinitionArn", "revision", "status", "compatibilities", "registeredBy"] {
        wanted.as_object_mut().expect("an object").remove(added);
    }
    wanted["tags"] = json!([{"key": "team", "value": "shop"}]);
    assert_eq!(without_zeros(&registered[0]), wanted);
    let update = json!({"cluster": "rtech-prod", "service": "rtech-app", "taskDefinition": "rtech-app:8"});
    assert_eq!(sent(&server, "UpdateService"), [update]);
}

/// The SDK writes a container's CPU, a plain number in its type, as 0 where it has none; that is ECS's default.
fn without_zeros(request: &Value) -> Value {
    let mut request = request.clone();
    for container in request["containerDefinitions"].as_array_mut().expect("containers") {
        let container = container.as_object_mut().expect("an object");
        container.retain(|key, value| key != "cpu" || *value != json!(0));
    }
    request
}

#[tokio::test]
async fn a_task_and_a_deployment_are_stopped_by_their_names_and_nothing_else() {
    let server = server().await;
    run(&server, &action("stop_task", &[("task", "task-1")]), observed(true)).await;
    let wanted =
        json!({"cluster": "rtech-prod", "task": "task-1", "reason": "stopped by an operator with Quarterdeck"});
    assert_eq!(sent(&server, "StopTask"), [wanted]);
    for (rollback, kind) in [("true", "ROLLBACK"), ("false", "ABORT")] {
        let server = self::server().await;
        run(&server, &action("stop_deployment", &[("rollback", rollback)]), in_flight()).await;
        let wanted = json!({"serviceDeploymentArn": ARN, "stopType": kind});
        assert_eq!(sent(&server, "StopServiceDeployment"), [wanted]);
    }
}

fn in_flight() -> Observation {
    let mut observed = observed(true);
    observed.workload.as_mut().expect("a workload").deployments[0].rollout = Rollout::InProgress;
    observed.releases.as_mut().expect("releases").deployments[0] = deployment(7, "IN_PROGRESS", 0);
    observed
}

/// The actions by the operation that they send first.
fn each() -> [(&'static str, Action, Observation); 4] {
    [
        ("RegisterTaskDefinition", action("deploy", &[("image", "v8")]), observed(true)),
        ("UpdateService", action("roll_back", &[]), observed(true)),
        ("StopServiceDeployment", action("stop_deployment", &[]), in_flight()),
        ("StopTask", action("stop_task", &[("task", "task-1")]), observed(true)),
    ]
}

/// A server that answers one operation like this, and all others as it should.
async fn but(operation: &'static str, answer: fn() -> Answer) -> Arc<Server> {
    let script = move |asked: &str| if asked == operation { answer() } else { answered(asked) };
    Arc::new(Server::start(move |request| script(&request.operation)).await)
}

#[tokio::test]
async fn a_refusal_is_failed_and_sends_nothing_more() {
    for (operation, action, start) in each() {
        let refuse = || Answer::Json(400, json!({"__type": "ClientException", "message": "no"}));
        let server = but(operation, refuse).await;
        let (state, bench) = run(&server, &action, start).await;
        assert_eq!((state, server.seen(operation).len()), (RunState::Failed, 1), "{operation}");
        assert!(bench.view().last_word().contains("nothing was changed"), "{}", bench.view().last_word());
        if operation == "RegisterTaskDefinition" {
            assert!(server.seen("UpdateService").is_empty(), "nothing is rolled out that was not made");
        }
    }
}

#[tokio::test]
async fn an_answer_that_tells_nothing_is_looked_for_and_never_sent_again() {
    let answers: [fn() -> Answer; 3] = [
        || Answer::Json(500, json!({"__type": "ServerException", "message": "oops"})),
        || Answer::Raw(200, "text/html", b"<html>please log in</html>".to_vec()),
        || Answer::Json(200, json!({})),
    ];
    for answer in answers {
        for (operation, action, start) in each() {
            let server = but(operation, answer).await;
            let (state, bench) = run(&server, &action, start).await;
            let word = bench.view().last_word();
            assert_eq!((state, server.seen(operation).len()), (RunState::Unknown, 1), "{operation}: {word}");
            // What was registered is found by its content; of the others nothing shows here.
            let rolled_out = usize::from(operation == "RegisterTaskDefinition");
            let updates = if operation == "UpdateService" { 1 } else { rolled_out };
            assert_eq!(server.seen("UpdateService").len(), updates, "{operation}: {word}");
        }
    }
}

/// The world of a test, with a change calendar that closes after it was asked so often.
struct Closing<W>(W, AtomicUsize);

impl<W: World> World for Closing<W> {
    fn sources(&self) -> Vec<SharedSource> {
        Vec::new()
    }

    fn observe<'a>(&'a self, look: &'a Look, now: Now) -> BoxFuture<'a, Result<Observation, SourceError>> {
        self.0.observe(look, now)
    }

    fn ask<'a>(&'a self, query: &'a Query, now: Now) -> BoxFuture<'a, Result<Number, SourceError>> {
        self.0.ask(query, now)
    }

    fn calendar<'a>(&'a self, _: &'a Calendar, _: Now) -> BoxFuture<'a, Result<CalendarState, SourceError>> {
        let left = self.1.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        Box::pin(async move { Ok(CalendarState { open: left.is_ok(), next: None }) })
    }
}

/// A deploy of an image, two calls, under a calendar that is open for so many of them.
async fn deployed_while_open(asks: usize) -> (Arc<Server>, RunState, String) {
    let mut config = config();
    config.guards.steady_deadline = Duration::from_secs(1);
    let (allow, who) = (Vec::new(), Vec::new());
    config.guards.calendars = vec![Calendar { name: "shop".into(), document: "shop".into(), place: None, allow, who }];
    let server = server().await;
    let told = server.clone();
    let world = Told(move || {
        let mut found = observed(true);
        if !told.seen("RegisterTaskDefinition").is_empty() {
            found.releases.as_mut().expect("releases").revisions.insert(0, revision(8, "v8"));
        }
        found
    });
    let world = Closing(world, AtomicUsize::new(asks));
    let bench = Bench::approved(config, &action("deploy", &[("image", "v8")]), &world).await;
    let state = bench.execute(&world, &Aws::new(Connections::single(connection_at(&settings(&server))))).await;
    (server, state, bench.view().last_word())
}

#[tokio::test]
async fn a_calendar_is_asked_before_every_call_and_stops_the_next_one_when_it_closes() {
    let (server, state, word) = deployed_while_open(0).await;
    assert_eq!((state, server.seen("RegisterTaskDefinition").len()), (RunState::Refused, 0), "{word}");
    let (server, state, word) = deployed_while_open(1).await;
    let sent = (server.seen("RegisterTaskDefinition").len(), server.seen("UpdateService").len());
    assert_eq!((state, sent), (RunState::Failed, (1, 0)), "{word}");
    assert!(word.contains("the calendar shop is closed"), "{word}");
    let (server, _, word) = deployed_while_open(2).await;
    assert_eq!(server.seen("UpdateService").len(), 1, "{word}");
}
