//! ECS: batches, failures, tasks.

use quarterdeck::source::{Payload, Rollout, SourceErrorKind, Subject, Workload};
use serde_json::{Value, json};

use super::server::{Answer, Request, Server};
use super::{failure, kind_of, poll, poll_one, source, with_services};

/// A service as DescribeServices gives it.
pub(super) fn described(name: &str) -> Value {
    json!({
        "serviceArn": format!("arn:aws:ecs:us-east-1:123456789012:service/rtech-prod/{name}"),
        "serviceName": name, "status": "ACTIVE", "desiredCount": 2, "runningCount": 2, "pendingCount": 0,
        "taskDefinition": "arn:aws:ecs:us-east-1:123456789012:task-definition/rtech-app:3",
        "deployments": [
            {"id": "ecs-svc/1", "status": "ACTIVE", "rolloutState": "COMPLETED", "desiredCount": 0, "runningCount": 1,
             "pendingCount": 0, "failedTasks": 0, "taskDefinition": "arn:aws:ecs:us-east-1:1:task-definition/rtech-app:2"},
            {"id": "ecs-svc/2", "status": "PRIMARY", "rolloutState": "IN_PROGRESS", "rolloutStateReason": "in progress",
             "desiredCount": 2, "runningCount": 1, "pendingCount": 1, "failedTasks": 3, "createdAt": 1767225600.5},
        ],
        "events": (0..30).map(|n| json!({"id": "e", "createdAt": 1767225600 + n, "message": format!("event {n}")}))
            .collect::<Vec<_>>(),
    })
}

fn asked_services(request: &Request) -> Vec<String> {
    serde_json::from_value(request.json["services"].clone()).unwrap()
}

/// Answers as an ECS where all asked services exist, each with one task.
pub(super) fn whole(request: &Request) -> Answer {
    Answer::Json(
        200,
        match request.operation.as_str() {
            "DescribeServices" => {
                json!({"services": asked_services(request).iter().map(|name| described(name)).collect::<Vec<_>>(), "failures": []})
            }
            "DescribeClusters" => json!({"clusters": [{
                "clusterName": request.json["clusters"][0], "status": "ACTIVE", "runningTasksCount": 5,
                "pendingTasksCount": 1, "activeServicesCount": 3, "registeredContainerInstancesCount": 0,
            }], "failures": []}),
            "ListTasks" => json!({"taskArns": ["arn:aws:ecs:us-east-1:123456789012:task/rtech-prod/abc"]}),
            "DescribeTasks" => json!({"tasks": [{
                "taskArn": "arn:aws:ecs:us-east-1:123456789012:task/rtech-prod/abc", "lastStatus": "RUNNING",
                "healthStatus": "HEALTHY", "startedAt": 1767225600.0,
                "taskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/rtech-app:3",
            }], "failures": []}),
            other => panic!("{other} was not expected"),
        },
    )
}

async fn workload(server: &Server) -> Workload {
    let config = with_services(&["rtech-app"], vec![]);
    match poll_one(&source(server, &config, "ecs")).await.unwrap() {
        Payload::Workload(workload) => workload,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_service_is_read_with_its_deployments_events_and_tasks() {
    let server = Server::start(whole).await;
    let workload = workload(&server).await;
    assert_eq!((workload.desired, workload.running, workload.pending), (2, 2, 0));
    assert_eq!(workload.task_definition.as_str(), "rtech-app:3");
    assert_eq!(workload.deployments[0].status.as_str(), "PRIMARY", "the primary first");
    assert_eq!((workload.deployments[0].rollout, workload.deployments[0].failed), (Rollout::InProgress, 3));
    assert_eq!((workload.events.len(), workload.events[0].message.as_str()), (20, "event 29"));
    assert_eq!((workload.tasks[0].id.as_str(), workload.healthy()), ("abc", 1));
}

#[tokio::test]
async fn the_cluster_is_told_beside_its_services() {
    let server = Server::start(whole).await;
    let cluster = workload(&server).await.cluster.unwrap();
    assert_eq!((cluster.name.as_str(), cluster.status.as_str()), ("rtech-prod", "ACTIVE"));
    assert_eq!((cluster.running, cluster.pending, cluster.services), (5, 1, 3));
}

#[tokio::test]
async fn a_cluster_that_may_not_be_read_costs_only_itself() {
    let server = Server::start(|request| match request.operation.as_str() {
        "DescribeClusters" => Answer::Json(400, json!({"__type": "AccessDeniedException", "message": "no"})),
        _ => whole(request),
    })
    .await;
    let workload = workload(&server).await;
    assert_eq!((workload.cluster, workload.running), (None, 2));
}

#[tokio::test]
async fn services_are_described_ten_a_call_and_each_gets_its_reading() {
    let server = Server::start(whole).await;
    let names: Vec<_> = (0..23).map(|n| format!("service-{n}")).collect();
    let config = with_services(&names.iter().map(String::as_str).collect::<Vec<_>>(), vec![]);
    let readings = poll(&source(&server, &config, "ecs"), None).await;
    assert_eq!(readings.iter().filter(|reading| reading.outcome.is_ok()).count(), 23);
    let mut sizes: Vec<_> = server.seen("DescribeServices").iter().map(|r| asked_services(r).len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [3, 10, 10]);
}

#[tokio::test]
async fn a_missing_service_is_missing_and_the_others_are_read() {
    let server = Server::start(|request| match request.operation.as_str() {
        "DescribeServices" => Answer::Json(
            200,
            json!({"services": [described("rtech-app")], "failures": [
                {"arn": "arn:aws:ecs:us-east-1:123456789012:service/rtech-prod/gone", "reason": "MISSING"},
            ]}),
        ),
        _ => whole(request),
    })
    .await;
    let config = with_services(&["rtech-app", "gone", "ignored"], vec![]);
    let readings = poll(&source(&server, &config, "ecs"), None).await;
    let about = |name: &str| Subject::Workload { service: name.into() };
    assert!(readings.iter().any(|reading| reading.subject == about("rtech-app") && reading.outcome.is_ok()));
    assert_eq!(kind_of(&readings, &about("gone")), SourceErrorKind::Missing);
    assert_eq!(kind_of(&readings, &about("ignored")), SourceErrorKind::Malformed, "neither service nor failure");
}

#[tokio::test]
async fn tasks_beyond_the_pages_that_are_read_are_left_out_and_the_reading_ends() {
    let server = Server::start(|request| match request.operation.as_str() {
        "ListTasks" => Answer::Json(200, json!({"taskArns": ["arn:x/abc"], "nextToken": "again"})),
        _ => whole(request),
    })
    .await;
    assert_eq!(workload(&server).await.tasks.len(), 5);
}

#[tokio::test]
async fn an_answer_that_lacks_what_every_service_has_is_not_zero_tasks() {
    let server = Server::start(|request| match request.operation.as_str() {
        "DescribeServices" => Answer::Json(200, json!({"services": [{"serviceName": "rtech-app"}]})),
        _ => whole(request),
    })
    .await;
    let config = with_services(&["rtech-app"], vec![]);
    assert_eq!(failure(&source(&server, &config, "ecs")).await.kind, SourceErrorKind::Malformed);
}

#[tokio::test]
async fn text_of_an_event_cannot_move_the_cursor() {
    let server = Server::start(|request| match request.operation.as_str() {
        "DescribeServices" => {
            let mut service = described("rtech-app");
            service["events"][29]["message"] = json!("\u{1b}[2Jgone");
            Answer::Json(200, json!({"services": [service]}))
        }
        _ => whole(request),
    })
    .await;
    assert_eq!(workload(&server).await.events[0].message.as_str(), "\u{fffd}[2Jgone");
}
