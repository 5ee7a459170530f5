//! Releases: revisions described once, images asked of ECR, deployments, tasks that stopped; and what is missing of them.

use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use quarterdeck::config::{Aws, Config};
use quarterdeck::source::aws::{Connections, sources};
use quarterdeck::source::{Payload, Registered, Releases, SharedSource, SourceErrorKind};
use serde_json::{Value, json};

use super::ecs::described;
use super::server::{Answer, Request, Server, json_error};
use super::{connection, failure, poll_one, scripted, settings, source, with_services};

const DEFINITION: &str = "arn:aws:ecs:us-east-1:123456789012:task-definition/rtech-app:";
const REPOSITORY: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/rtech-app";

/// As [`described`], of one account.
fn service() -> Value {
    let text = described("rtech-app").to_string();
    serde_json::from_str(&text.replace(":1:task-definition", ":123456789012:task-definition")).unwrap()
}

fn task(status: &str) -> Value {
    let stopped = status == "STOPPED";
    let container = if stopped {
        json!({"name": "app", "exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"})
    } else {
        json!({"name": "app", "imageDigest": "sha256:old"})
    };
    json!({"taskArn": format!("arn:aws:ecs:us-east-1:1:task/rtech-prod/{status}"), "lastStatus": status,
        "taskDefinitionArn": format!("{DEFINITION}3"), "stopCode": if stopped { "EssentialContainerExited" } else { "" },
        "stoppedAt": 1767225600, "stoppedReason": "Essential container in task exited", "containers": [container]})
}

/// Answers as ECS and ECR where revision 3 is in use, its image was pushed again, and the one before was rolled back.
fn whole(request: &Request) -> Answer {
    let json = &request.json;
    Answer::Json(
        200,
        match request.operation.as_str() {
            "DescribeServices" => json!({"services": [service()], "failures": []}),
            "ListTaskDefinitions" => json!({"taskDefinitionArns": [format!("{DEFINITION}2"), format!("{DEFINITION}3"),
                "arn:aws:ecs:us-east-1:123456789012:task-definition/rtech-app-blue:9"]}),
            "DescribeTaskDefinition" => {
                let arn = json["taskDefinition"].as_str().unwrap();
                let image = if arn.ends_with(":3") { format!("{REPOSITORY}:latest") } else { "nginx:1.25".to_owned() };
                json!({"taskDefinition": {"taskDefinitionArn": arn, "status": "ACTIVE", "registeredAt": 1767225600,
                    "registeredBy": "arn:aws:sts::1:assumed-role/ci/bot", "containerDefinitions": [{"name": "app", "image": image}]}})
            }
            "ListServiceDeployments" => json!({"serviceDeployments": [
                {"serviceDeploymentArn": "arn:d/1", "status": "SUCCESSFUL", "createdAt": 1767225600, "targetServiceRevisionArn": "arn:r/1"},
                {"serviceDeploymentArn": "arn:d/2", "status": "ROLLBACK_SUCCESSFUL", "createdAt": 1767229200, "targetServiceRevisionArn": "arn:r/2"}]}),
            "DescribeServiceRevisions" => json!({"serviceRevisions": [
                {"serviceRevisionArn": "arn:r/2", "taskDefinition": format!("{DEFINITION}3")}]}),
            "DescribeServiceDeployments" => json!({"serviceDeployments": [{"serviceDeploymentArn": "arn:d/2",
                "deploymentCircuitBreaker": {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}}]}),
            "ListTasks" => {
                json!({"taskArns": [format!("arn:aws:ecs:us-east-1:1:task/{}", json["desiredStatus"].as_str().unwrap())]})
            }
            "DescribeTasks" => json!({"tasks": [task(json["tasks"][0].as_str().unwrap().rsplit('/').next().unwrap())]}),
            "DescribeImages" => json!({"imageDetails": [{"imageDigest": "sha256:new", "imagePushedAt": 1767225600,
                "imageScanStatus": {"status": "COMPLETE"},
                "imageScanFindingsSummary": {"findingSeverityCounts": {"LOW": 9, "HIGH": 3, "CRITICAL": 1}}}]}),
            other => panic!("{other} was not expected"),
        },
    )
}

async fn with(but: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static) -> (Server, SharedSource) {
    let server = Server::start(move |request| but(request).unwrap_or_else(|| whole(request))).await;
    let config: Config = with_services(&["rtech-app"], vec![]);
    let source = source(&server, &config, "releases");
    (server, source)
}

async fn releases(source: &SharedSource) -> Releases {
    match poll_one(source).await.unwrap() {
        Payload::Releases(releases) => releases,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn revisions_images_deployments_and_stopped_tasks_are_read() {
    let (_server, source) = with(|_| None).await;
    let releases = releases(&source).await;
    let ids: Vec<&str> = releases.revisions.iter().map(|revision| revision.id.as_str()).collect();
    assert_eq!(ids, ["rtech-app:3", "rtech-app:2"], "the newest first, and no other family");
    let Registered::Found { digest, findings, scan, .. } = &releases.revisions[0].images[0].registry else {
        panic!("{releases:?}")
    };
    let findings: Vec<(&str, u32)> = findings.iter().flatten().map(|(name, n)| (name.as_str(), *n)).collect();
    assert_eq!(findings, [("CRITICAL", 1), ("HIGH", 3), ("LOW", 9)]);
    assert_eq!((digest.as_str(), scan.as_ref().unwrap().as_str()), ("sha256:new", "COMPLETE"));
    assert_eq!(releases.revisions[1].images[0].registry, Registered::NotAsked, "another registry");
    let newest = &releases.deployments[0];
    assert!(newest.rolled_back && newest.reason.as_ref().unwrap().contains("circuit breaker: 3 tasks failed"));
    assert_eq!(newest.task_definition.as_ref().unwrap().as_str(), "rtech-app:3");
    assert!(releases.stopped[0].failed());
    assert_eq!(releases.stopped[0].why(), "app OUT OF MEMORY (exit 137)");
    assert_eq!(releases.missing, []);
}

#[tokio::test]
async fn tasks_that_run_an_older_push_of_the_tag_are_told() {
    let (_server, source) = with(|_| None).await;
    let releases = releases(&source).await;
    let older: Vec<_> = releases.older_pushes().collect();
    assert_eq!((older.len(), older[0].0.tasks, older[0].1.short()), (1, 1, "rtech-app:latest"));
}

#[tokio::test]
async fn what_never_changes_is_asked_once() {
    let (server, source) = with(|_| None).await;
    for _ in 0..3 {
        releases(&source).await;
    }
    let asked = |operation: &str| server.seen(operation).len();
    assert_eq!((asked("DescribeTaskDefinition"), asked("DescribeImages")), (2, 1));
    assert_eq!((asked("DescribeServiceDeployments"), asked("ListTaskDefinitions")), (1, 3));
}

#[tokio::test]
async fn a_part_that_cannot_be_read_is_named_and_the_rest_is_whole() {
    for (operation, part) in [
        ("ListServiceDeployments", "deployments"),
        ("DescribeServiceRevisions", "what deployments brought"),
        ("DescribeServiceDeployments", "why deployments were rolled back"),
        ("ListTaskDefinitions", "revisions"),
        ("ListTasks", "stopped tasks"),
    ] {
        let (_server, source) = with(move |request| {
            let hit = request.operation == operation;
            hit.then(|| json_error(400, "AccessDeniedException", "not authorized"))
        })
        .await;
        let releases = releases(&source).await;
        let missing = releases.missing.iter().find(|missing| missing.as_str().starts_with(part)).expect(operation);
        assert!(missing.contains("AccessDeniedException"), "{missing}");
        assert_eq!(releases.revisions.is_empty(), operation == "ListTaskDefinitions");
        assert_eq!(releases.deployments.is_empty(), operation == "ListServiceDeployments");
        assert_eq!(releases.missing.len(), if operation == "ListTasks" { 2 } else { 1 }, "{:?}", releases.missing);
    }
}

#[tokio::test]
async fn a_deployment_whose_revision_an_answer_lacks_is_listed_without_it_and_asked_again() {
    let (server, source) = with(|request| {
        (request.operation == "DescribeServiceRevisions").then(|| {
            let failure = json!({"arn": "arn:r/1", "reason": "MISSING"});
            let known = json!({"serviceRevisionArn": "arn:r/2", "taskDefinition": format!("{DEFINITION}3")});
            Answer::Json(200, json!({"serviceRevisions": [known], "failures": [failure]}))
        })
    })
    .await;
    for _ in 0..2 {
        let releases = releases(&source).await;
        let brought: Vec<bool> = releases.deployments.iter().map(|one| one.task_definition.is_some()).collect();
        assert_eq!(brought, [true, false]);
        assert_eq!(releases.missing[0].as_str(), "what deployments brought: ecs:DescribeServiceRevisions: MISSING 1");
    }
    let asked = server.seen("DescribeServiceRevisions");
    assert_eq!(asked[1].json["serviceRevisionArns"], json!(["arn:r/1"]), "only what is not known");
}

#[tokio::test]
async fn an_image_that_is_gone_is_missing_and_one_that_may_not_be_asked_for_is_not_known() {
    for (code, missing) in [
        ("ImageNotFoundException", true),
        ("RepositoryNotFoundException", true),
        ("AccessDeniedException", false),
        ("ThrottlingException", false),
    ] {
        let (_server, source) =
            with(move |request| (request.operation == "DescribeImages").then(|| json_error(400, code, "no"))).await;
        let registry = releases(&source).await.revisions[0].images[0].registry.clone();
        match registry {
            Registered::Missing => assert!(missing, "{code}"),
            Registered::Failed { reason } => assert!(!missing && reason.contains(code), "{code}: {reason}"),
            other => panic!("{code}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn releases_of_a_service_that_is_not_there_or_not_told_are_a_failure() {
    for (failures, kind) in [
        (
            json!([{"arn": "arn:aws:ecs:us-east-1:1:service/rtech-prod/rtech-app", "reason": "MISSING"}]),
            SourceErrorKind::Missing,
        ),
        (
            json!([{"arn": "arn:aws:ecs:us-east-1:1:service/rtech-prod/rtech-app", "reason": "ACCESS_DENIED"}]),
            SourceErrorKind::Unauthorised,
        ),
        (json!([]), SourceErrorKind::Malformed),
    ] {
        let (_server, source) = with(move |request| {
            let answer = json!({"services": [], "failures": failures});
            (request.operation == "DescribeServices").then(|| Answer::Json(200, answer))
        })
        .await;
        assert_eq!(failure(&source).await.kind, kind);
    }
    let (_server, source) = with(|request| {
        (request.operation == "DescribeServices").then(|| Answer::Raw(200, "text/html", b"<html>".to_vec()))
    })
    .await;
    assert_eq!(failure(&source).await.kind, SourceErrorKind::Malformed);
}

#[tokio::test]
async fn services_that_could_not_be_described_are_not_told_as_missing() {
    for (code, kind) in [
        ("ThrottlingException", SourceErrorKind::Throttled),
        ("AccessDeniedException", SourceErrorKind::Unauthorised),
        ("ServerException", SourceErrorKind::Refused),
        ("ClusterNotFoundException", SourceErrorKind::Missing),
    ] {
        for name in ["releases", "ecs"] {
            let server = Server::start(move |request| match request.operation.as_str() {
                "DescribeServices" => json_error(400, code, "no"),
                "DescribeClusters" => super::ecs::whole(request),
                _ => whole(request),
            })
            .await;
            let error = failure(&source(&server, &with_services(&["rtech-app"], vec![]), name)).await;
            assert_eq!(error.kind, kind, "{name}: {error}");
            assert!(error.reason.contains(code) && !error.reason.contains("no service"), "{name}: {error}");
        }
    }
}

/// Images of another account and region than the service's, which itself runs in another place than `[aws]`.
#[tokio::test]
async fn an_image_is_asked_of_the_registry_that_its_host_names_with_the_credentials_of_the_services_place() {
    let image = "999988887777.dkr.ecr.ap-south-1.amazonaws.com/shared/app:3f1c2a9";
    let script = move |request: &Request| match request.operation.as_str() {
        "DescribeTaskDefinition" => {
            let container = json!([{"name": "app", "image": image}]);
            let arn = request.json["taskDefinition"].clone();
            let definition = json!({"taskDefinitionArn": arn, "status": "ACTIVE", "containerDefinitions": container});
            Answer::Json(200, json!({"taskDefinition": definition}))
        }
        _ => whole(request),
    };
    let (here, dr) = (Server::start(script).await, Server::start(script).await);
    let there = Aws { region: "eu-west-1".into(), account: Some("210987654321".into()), ..settings(&dr) };
    let keys = SharedCredentialsProvider::new(Credentials::new("AKIDDR", "secret", None, None, "test"));
    let connections = Connections::single(connection(&here)).and("dr".into(), scripted(&there, keys));
    let mut config = with_services(&["rtech-app"], vec![]);
    config.services[0].ecs.as_mut().unwrap().place = Some("dr".into());
    let found = sources(&Arc::new(connections), &config).into_iter().find(|one| *one.name() == *"releases dr").unwrap();
    let releases = releases(&found).await;
    assert!(matches!(releases.revisions[0].images[0].registry, Registered::Found { .. }), "{releases:?}");
    let asked = dr.seen("DescribeImages");
    assert_eq!((asked.len(), here.count()), (1, 0), "the same image of two revisions is asked once, and nowhere else");
    assert_eq!((asked[0].region.as_str(), asked[0].access_key.as_str()), ("ap-south-1", "AKIDDR"));
    assert_eq!(asked[0].json["registryId"], "999988887777");
    assert_eq!(asked[0].json["repositoryName"], "shared/app");
    assert_eq!(asked[0].json["imageIds"], json!([{"imageTag": "3f1c2a9"}]));
    assert!(dr.seen("DescribeServices").iter().all(|request| request.region == "eu-west-1"));
}
