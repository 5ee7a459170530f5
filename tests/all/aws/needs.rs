//! What a revision needs besides images, looked up before it is brought to a service: against a scripted AWS.

use std::sync::Arc;

use quarterdeck::action::{Action, spec};
use quarterdeck::clock::Now;
use quarterdeck::source::aws::observe;
use quarterdeck::source::{Existence, Needs, Observation};
use serde_json::{Value, json};

use super::ecs::described;
use super::identity::{WHOLE, xml};
use super::server::{Answer, Request, Server, json_error};
use super::{connection, everywhere, with_services};

const PREFIX: &str = "arn:aws:ecs:us-east-1:123456789012:task-definition/rtech-app:";
const ROLE: &str = "arn:aws:iam::123456789012:role/ecs/app";
const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:token-AbCdEf";

/// Revision 3 as it is registered: two roles, a log group, a secret with a key of its value, and two parameters.
fn definition(asked: &Value) -> Value {
    let options = json!({"awslogs-group": "/ecs/rtech-app", "awslogs-region": "us-east-1"});
    let from = |name: &str, from: &str| json!({"name": name, "valueFrom": from});
    let secrets = [
        from("TOKEN", &format!("{SECRET}:token::")),
        from("KEY", "/shop/key"),
        from("FLAG", "arn:aws:ssm:us-east-1:123456789012:parameter/flag"),
    ];
    let container = json!({"name": "app", "image": "nginx:1", "secrets": secrets,
        "logConfiguration": {"logDriver": "awslogs", "options": options}});
    json!({"taskDefinition": {"taskDefinitionArn": asked, "status": "ACTIVE", "taskRoleArn": ROLE,
        "executionRoleArn": "arn:aws:iam::123456789012:role/run", "containerDefinitions": [container]}})
}

/// Answers as AWS where all of it is there.
fn whole(request: &Request) -> Answer {
    let service = described("rtech-app").to_string().replace(":1:task", ":123456789012:task");
    let service: Value = serde_json::from_str(&service).unwrap();
    let json = match request.operation.as_str() {
        "GetCallerIdentity" => return xml(WHOLE),
        "GetRole" => {
            return role(if request.form.contains("RoleName=app") {
                ROLE
            } else {
                "arn:aws:iam::123456789012:role/run"
            });
        }
        "DescribeServices" => json!({"services": [service], "failures": []}),
        "ListTaskDefinitions" => json!({"taskDefinitionArns": [format!("{PREFIX}3")]}),
        "DescribeTaskDefinition" => definition(&request.json["taskDefinition"]),
        "ListServiceDeployments" => json!({"serviceDeployments": []}),
        "ListTasks" => json!({"taskArns": []}),
        "DescribeLogGroups" => json!({"logGroups": [{"logGroupName": "/ecs/rtech-app"}]}),
        "DescribeSecret" => json!({"ARN": SECRET, "VersionIdsToStages": {"v1": ["AWSCURRENT"]}}),
        "DescribeParameters" => parameters(&["/shop/key", "flag"]),
        "DescribeScalableTargets" => json!({"ScalableTargets": []}),
        "DescribeScalingPolicies" => json!({"ScalingPolicies": []}),
        "DescribeScalingActivities" => json!({"ScalingActivities": []}),
        "DescribeScheduledActions" => json!({"ScheduledActions": []}),
        other => return json_error(400, "InvalidAction", other),
    };
    Answer::Json(200, json)
}

fn parameters(names: &[&str]) -> Value {
    let all: Vec<Value> = names.iter().map(|name| json!({"Name": name, "Type": "SecureString"})).collect();
    json!({"Parameters": all})
}

fn role(arn: &str) -> Answer {
    xml(&format!("<GetRoleResponse><GetRoleResult><Role><Arn>{arn}</Arn></Role></GetRoleResult></GetRoleResponse>"))
}

/// IAM's error in XML.
fn iam_error(status: u16, code: &str) -> Answer {
    let body = format!("<ErrorResponse><Error><Code>{code}</Code><Message>so it is</Message></Error></ErrorResponse>");
    Answer::Raw(status, "text/xml", body.into_bytes())
}

/// What is observed for `deploy rtech-app revision=3`, where one operation is answered otherwise.
async fn observed(but: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static) -> (Arc<Server>, Observation) {
    let server = Arc::new(Server::start(move |request| but(request).unwrap_or_else(|| whole(request))).await);
    let config = with_services(&["rtech-app"], vec![]);
    let pair = [("revision".to_owned(), "3".to_owned())];
    let action: Action = (spec("deploy").unwrap().parse)(&"rtech-app".into(), &pair).unwrap();
    let look = action.look(&config).unwrap();
    let found = observe(&everywhere(&connection(&server)), &config, &look, Now::fixed(0)).await.unwrap();
    (server, found)
}

/// What was found of each thing, by the end of its name.
fn told(found: &Observation) -> Vec<(String, Existence)> {
    let needs: &Needs = found.needs.as_ref().unwrap();
    needs.of("rtech-app:3").unwrap().map(|needed| (needed.need.name.to_string(), needed.existence.clone())).collect()
}

fn of(found: &Observation, end: &str) -> Existence {
    told(found).into_iter().find(|(name, _)| name.ends_with(end)).unwrap().1
}

#[tokio::test]
async fn all_that_a_revision_needs_is_looked_up_and_no_value_of_a_secret_is_asked_for() {
    let (server, found) = observed(|_| None).await;
    let all = told(&found);
    assert_eq!(all.len(), 6, "{all:?}");
    assert!(all.iter().all(|(_, existence)| *existence == Existence::Found), "{all:?}");
    let secret = &server.seen("DescribeSecret")[0];
    assert_eq!((secret.json.clone(), secret.region.as_str()), (json!({"SecretId": SECRET}), "eu-west-1"));
    let roles: Vec<_> = server.seen("GetRole").into_iter().map(|request| request.form).collect();
    assert!(roles.contains(&"Action=GetRole&Version=2010-05-08&RoleName=app".to_owned()), "{roles:?}");
    assert_eq!(server.seen("DescribeParameters").len(), 2, "one in the task's region, one in the region of the ARN");
    for operation in ["GetSecretValue", "GetParameters", "GetParameter", "BatchGetSecretValue"] {
        assert!(server.seen(operation).is_empty(), "{operation} tells values");
    }
}

#[tokio::test]
async fn what_a_backend_says_is_not_there_is_missing() {
    let (_server, found) = observed(|request| {
        Some(match request.operation.as_str() {
            "GetRole" if request.form.contains("RoleName=app") => iam_error(404, "NoSuchEntity"),
            "GetRole" => role("arn:aws:iam::123456789012:role/other/run"),
            "DescribeLogGroups" => Answer::Json(200, json!({"logGroups": [{"logGroupName": "/ecs/rtech-app-blue"}]})),
            "DescribeSecret" => json_error(400, "ResourceNotFoundException", "no such secret"),
            "DescribeParameters" => Answer::Json(200, parameters(&[])),
            _ => return None,
        })
    })
    .await;
    for (name, existence) in told(&found) {
        assert!(matches!(existence, Existence::Missing { .. }), "{name}: {existence:?}");
    }
    let Existence::Missing { reason } = of(&found, "role/run") else { panic!() };
    assert!(reason.contains("role/other/run"), "a role of the same name elsewhere is not it: {reason}");
}

#[tokio::test]
async fn what_may_not_be_read_is_not_verified_and_says_why() {
    let (_server, found) = observed(|request| {
        Some(match request.operation.as_str() {
            "GetRole" => iam_error(403, "AccessDenied"),
            "DescribeLogGroups" | "DescribeSecret" | "DescribeParameters" => {
                json_error(400, "AccessDeniedException", "not authorized")
            }
            _ => return None,
        })
    })
    .await;
    for (name, existence) in told(&found) {
        let Existence::NotVerified { reason } = existence else { panic!("{name}: {existence:?}") };
        assert!(reason.contains("AccessDenied"), "{name}: {reason}");
    }
}

#[tokio::test]
async fn answers_that_tell_nothing_are_not_taken_for_missing() {
    let (_server, found) = observed(|request| {
        Some(match request.operation.as_str() {
            "GetRole" => Answer::Raw(200, "text/html", b"<html>please log in</html>".to_vec()),
            "DescribeSecret" => Answer::Json(200, json!({})),
            "DescribeParameters" => Answer::Json(200, json!({"Parameters": [], "NextToken": "again"})),
            _ => return None,
        })
    })
    .await;
    for name in ["role/ecs/app", "role/run", "token::", "/shop/key", "parameter/flag"] {
        assert!(matches!(of(&found, name), Existence::NotVerified { .. }), "{name}: {:?}", of(&found, name));
    }
}

#[tokio::test]
async fn a_read_is_sent_again_once_where_the_backend_stumbles() {
    let (server, found) = observed(|request| match request.operation.as_str() {
        "DescribeSecret" => Some(json_error(503, "ServiceUnavailable", "later")),
        _ => None,
    })
    .await;
    assert!(matches!(of(&found, "token::"), Existence::NotVerified { .. }));
    assert_eq!(server.seen("DescribeSecret").len(), 2);
}

#[tokio::test]
async fn the_watch_over_a_rollout_asks_for_none_of_it() {
    let (server, _) = observed(|_| None).await;
    let config = with_services(&["rtech-app"], vec![]);
    let pair = [("revision".to_owned(), "3".to_owned())];
    let action: Action = (spec("deploy").unwrap().parse)(&"rtech-app".into(), &pair).unwrap();
    let asked = server.seen("GetRole").len();
    let look = action.look(&config).unwrap().to_watch();
    let found = observe(&everywhere(&connection(&server)), &config, &look, Now::fixed(0)).await.unwrap();
    assert_eq!((found.needs, server.seen("GetRole").len()), (None, asked));
}
