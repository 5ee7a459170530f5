//! Application Auto Scaling, and the observation that plans rest on.

use quarterdeck::clock::Now;
use quarterdeck::source::aws::observe;
use quarterdeck::source::{Look, Name, NextRun, Payload, Scaling, SourceErrorKind, Subject};
use serde_json::json;

use super::server::{Answer, Request, Server, json_error};
use super::{connection, ecs, everywhere, failure, identity, poll, poll_one, source, with_services};

/// Answers as an Application Auto Scaling where every asked service is a target with one policy.
pub(super) fn whole(request: &Request) -> Answer {
    let common = json!({"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": "service/rtech-prod/rtech-app", "CreationTime": 1767225600});
    let with = |more: serde_json::Value| {
        let mut all = common.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    Answer::Json(
        200,
        match request.operation.as_str() {
            "DescribeScalableTargets" => {
                json!({"ScalableTargets": [with(json!({"MinCapacity": 2, "MaxCapacity": 10, "RoleARN": "arn:aws:iam::1:role/x",
                    "SuspendedState": {"DynamicScalingInSuspended": true}}))]})
            }
            "DescribeScalingPolicies" => {
                json!({"ScalingPolicies": [with(json!({"PolicyARN": "arn:p", "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling",
                    "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70.0,
                        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}}))]})
            }
            "DescribeScalingActivities" => {
                json!({"ScalingActivities": [with(json!({"ActivityId": "1", "Description": "Setting desired count to 3.",
                    "Cause": "monitor alarm", "StartTime": 1767225600.0, "StatusCode": "Successful"}))]})
            }
            "DescribeScheduledActions" => json!({"ScheduledActions": [action("morning", "cron(30 6 ? * MON-FRI *)")]}),
            other => panic!("{other} was not expected"),
        },
    )
}

/// A scheduled action of `rtech-app` that sets the minimum to 4.
fn action(name: &str, schedule: &str) -> serde_json::Value {
    json!({"ScheduledActionName": name, "ScheduledActionARN": "arn:s", "ServiceNamespace": "ecs", "Schedule": schedule,
        "Timezone": "Europe/Berlin", "ResourceId": "service/rtech-prod/rtech-app",
        "ScalableDimension": "ecs:service:DesiredCount", "CreationTime": 1767225600,
        "ScalableTargetAction": {"MinCapacity": 4}})
}

fn of(payload: Payload) -> Scaling {
    match payload {
        Payload::Scaling(scaling) => scaling,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn target_policies_and_activities_are_read() {
    let server = Server::start(whole).await;
    let config = with_services(&["rtech-app"], vec![]);
    let scaling = of(poll_one(&source(&server, &config, "autoscaling")).await.unwrap());
    let target = scaling.target.unwrap();
    assert_eq!((target.min, target.max), (2, 10));
    assert!(target.scale_in_suspended && !target.scale_out_suspended);
    assert_eq!(scaling.policies[0].metric.as_str(), "ECSServiceAverageCPUUtilization");
    assert_eq!(scaling.policies[0].target, Some(70.0));
    assert_eq!(scaling.activities[0].description.as_str(), "Setting desired count to 3.");
    assert_eq!(scaling.activities_missing, None);
}

#[tokio::test]
async fn a_service_without_a_target_has_none_and_that_is_no_failure() {
    let server = Server::start(|request| {
        Answer::Json(
            200,
            match request.operation.as_str() {
                "DescribeScalableTargets" => json!({"ScalableTargets": []}),
                "DescribeScalingPolicies" => json!({"ScalingPolicies": []}),
                "DescribeScheduledActions" => json!({"ScheduledActions": []}),
                _ => json!({"ScalingActivities": []}),
            },
        )
    })
    .await;
    let config = with_services(&["rtech-app"], vec![]);
    assert_eq!(of(poll_one(&source(&server, &config, "autoscaling")).await.unwrap()).target, None);
}

#[tokio::test]
async fn policies_of_another_service_are_not_taken_for_its_own() {
    let server = Server::start(whole).await;
    let config = with_services(&["rtech-app-blue"], vec![]);
    let scaling = of(poll_one(&source(&server, &config, "autoscaling")).await.unwrap());
    assert_eq!((scaling.target, scaling.policies.len(), scaling.activities.len()), (None, 0, 0));
    assert_eq!((scaling.scheduled, scaling.scheduled_missing), (vec![], None));
}

#[tokio::test]
async fn targets_of_all_services_are_asked_in_one_call() {
    let server = Server::start(whole).await;
    let config = with_services(&["rtech-app", "a", "b", "c"], vec![]);
    assert_eq!(poll(&source(&server, &config, "autoscaling"), None).await.len(), 4);
    let asked = server.seen("DescribeScalableTargets");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].json["ResourceIds"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn denied_activities_do_not_take_the_bounds_away() {
    let server = Server::start(|request| match request.operation.as_str() {
        "DescribeScalingActivities" => json_error(400, "AccessDeniedException", "not authorized"),
        _ => whole(request),
    })
    .await;
    let config = with_services(&["rtech-app"], vec![]);
    let scaling = of(poll_one(&source(&server, &config, "autoscaling")).await.unwrap());
    assert_eq!(scaling.target.unwrap().max, 10);
    assert!(scaling.activities_missing.unwrap().contains("AccessDeniedException"));
}

#[tokio::test]
async fn scheduled_actions_are_read_once_for_all_services_the_next_one_first() {
    let server = Server::start(|request| match request.operation.as_str() {
        "DescribeScheduledActions" => {
            let page = if request.json["NextToken"].is_null() {
                json!({"ScheduledActions": [action("over", "at(2020-01-01T00:00:00)"), action("year", "cron(0 6 24 12 ? *)")],
                    "NextToken": "more"})
            } else {
                json!({"ScheduledActions": [action("hourly", "cron(0 * * * ? *)"), action("odd", "cron(0 6 * * ? 2027)")]})
            };
            Answer::Json(200, page)
        }
        _ => whole(request),
    })
    .await;
    let config = with_services(&["rtech-app", "a", "b"], vec![]);
    let readings = poll(&source(&server, &config, "autoscaling"), None).await;
    let found =
        readings.into_iter().find(|reading| reading.subject == Subject::Scaling { service: "rtech-app".into() });
    let scaling = of(found.unwrap().outcome.unwrap());
    let names: Vec<&str> = scaling.scheduled.iter().map(|action| action.name.as_str()).collect();
    assert_eq!(names, ["hourly", "year", "odd", "over"]);
    let hourly = &scaling.scheduled[0];
    assert_eq!((hourly.min, hourly.max, hourly.zone.as_ref().unwrap().as_str()), (Some(4), None, "Europe/Berlin"));
    let left = hourly.next.at().unwrap().duration_since(Now::read().wall).as_secs();
    assert!((-60..=3600).contains(&left), "{left}");
    assert!(matches!(scaling.scheduled[2].next, NextRun::Unknown { .. }));
    assert_eq!((&scaling.scheduled[3].next, scaling.scheduled_missing), (&NextRun::Over, None));
    assert_eq!(server.seen("DescribeScheduledActions").len(), 2, "two pages, whatever the number of services");
}

#[tokio::test]
async fn all_three_kinds_of_suspension_are_told_apart() {
    for (key, told) in [
        ("DynamicScalingInSuspended", (true, false, false)),
        ("DynamicScalingOutSuspended", (false, true, false)),
        ("ScheduledScalingSuspended", (false, false, true)),
    ] {
        let server = Server::start(move |request| match whole(request) {
            Answer::Json(status, mut json) if request.operation == "DescribeScalableTargets" => {
                json["ScalableTargets"][0]["SuspendedState"] = json!({ key: true });
                Answer::Json(status, json)
            }
            other => other,
        })
        .await;
        let config = with_services(&["rtech-app"], vec![]);
        let target = of(poll_one(&source(&server, &config, "autoscaling")).await.unwrap()).target.unwrap();
        assert_eq!((target.scale_in_suspended, target.scale_out_suspended, target.scheduled_suspended), told, "{key}");
    }
}

#[tokio::test]
async fn scheduled_actions_beyond_the_bound_or_denied_are_said_and_do_not_take_the_bounds_away() {
    for (answer, says) in [
        (
            json!({"ScheduledActions": [action("morning", "cron(30 6 ? * MON-FRI *)")], "NextToken": "again"}),
            "only the first 10",
        ),
        (json!(null), "AccessDeniedException"),
    ] {
        let server = Server::start(move |request| match request.operation.as_str() {
            "DescribeScheduledActions" if answer.is_null() => {
                json_error(400, "AccessDeniedException", "not authorized")
            }
            "DescribeScheduledActions" => Answer::Json(200, answer.clone()),
            _ => whole(request),
        })
        .await;
        let config = with_services(&["rtech-app"], vec![]);
        let scaling = of(poll_one(&source(&server, &config, "autoscaling")).await.unwrap());
        assert_eq!(scaling.target.unwrap().max, 10);
        let missing = scaling.scheduled_missing.unwrap();
        assert!(missing.contains(says), "{missing}");
        assert!(server.seen("DescribeScheduledActions").len() <= 10);
    }
}

#[tokio::test]
async fn unreadable_policies_are_a_failure() {
    let server = Server::start(|request| match request.operation.as_str() {
        "DescribeScalingPolicies" => json_error(400, "AccessDeniedException", "not authorized"),
        _ => whole(request),
    })
    .await;
    let config = with_services(&["rtech-app"], vec![]);
    assert_eq!(failure(&source(&server, &config, "autoscaling")).await.kind, SourceErrorKind::Unauthorised);
}

/// Answers every part of an observation, but for what `but` answers.
async fn observed_with(but: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static) -> Server {
    Server::start(move |request| {
        if let Some(answer) = but(request) {
            return answer;
        }
        match request.operation.as_str() {
            "GetCallerIdentity" => identity::xml(identity::WHOLE),
            "DescribeServices" | "ListTasks" | "DescribeTasks" => ecs::whole(request),
            _ => whole(request),
        }
    })
    .await
}

#[tokio::test]
async fn an_observation_holds_every_part() {
    let server = observed_with(|_| None).await;
    let config = with_services(&["rtech-app"], vec![]);
    let now = Now::read();
    let seen =
        observe(&everywhere(&connection(&server)), &config, &Look::workload(&Name::from("rtech-app"), None), now)
            .await
            .unwrap();
    assert_eq!((seen.taken, seen.identity.as_ref().unwrap().account.as_str()), (now.wall, "123456789012"));
    assert_eq!((seen.workload.as_ref().unwrap().desired, seen.workload.as_ref().unwrap().tasks.len()), (2, 1));
    assert_eq!(seen.scaling.as_ref().unwrap().target.unwrap().max, 10);
    assert_eq!(seen.scaling.as_ref().unwrap().scheduled[0].name.as_str(), "morning");
    assert_eq!(server.seen("DescribeScheduledActions")[0].json["ResourceId"], "service/rtech-prod/rtech-app");
    assert_eq!(seen.firing, Some(vec![]), "no alarms are configured");
}

#[tokio::test]
async fn an_observation_with_an_unreadable_part_is_an_error_that_names_it() {
    for (operation, part) in [
        ("ListTasks", "ecs"),
        ("DescribeServices", "ecs"),
        ("DescribeScalableTargets", "autoscaling"),
        ("GetCallerIdentity", "sts"),
    ] {
        let server = observed_with(move |request| {
            let hit = request.operation == operation;
            hit.then(|| Answer::Raw(403, "text/html", b"<html>no</html>".to_vec()))
        })
        .await;
        let config = with_services(&["rtech-app"], vec![]);
        let outcome = observe(
            &everywhere(&connection(&server)),
            &config,
            &Look::workload(&Name::from("rtech-app"), None),
            Now::read(),
        )
        .await;
        let error = outcome.expect_err(operation);
        assert_eq!(error.source_name, *part);
        assert!(error.reason.contains(operation), "{error}");
    }
}

#[tokio::test]
async fn a_service_that_does_not_run_on_ecs_cannot_be_observed() {
    let server = observed_with(|_| None).await;
    let config = with_services(&[], vec![]);
    let error =
        observe(&everywhere(&connection(&server)), &config, &Look::workload(&Name::from("other"), None), Now::read())
            .await
            .unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Missing);
}
