//! Bounds, suspension and weights against a scripted AWS: exactly what is sent, once, and what each answer means.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::action::{Action, Call};
use quarterdeck::config::Config;
use quarterdeck::executor::aws::Aws;
use quarterdeck::executor::journal::{Entry, RunState};
use quarterdeck::source::Observation;
use quarterdeck::source::aws::Connections;
use serde_json::json;

use super::identity::{WHOLE, xml};
use super::server::{Answer, Server};
use super::{connection_at, settings};
use crate::runs::scaling::typed;
use crate::runs::stage::{Ran, Stage, execute};
use crate::runs::traffic::{LISTENER, seen, shift};
use crate::runs::{fixture, traffic};

const RULE: &str = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/rtech-alb/1/2/3";

fn group(name: &str) -> String {
    format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{name}/1")
}

/// ELBv2's answer that describes these weights.
fn modified(operation: &str, arn: &str, weights: &[(&str, u32)]) -> Answer {
    let (list, id, actions) = match operation {
        "ModifyRule" => ("Rules", "RuleArn", "Actions"),
        _ => ("Listeners", "ListenerArn", "DefaultActions"),
    };
    let one = |(name, weight): &(&str, u32)| {
        format!("<member><TargetGroupArn>{}</TargetGroupArn><Weight>{weight}</Weight></member>", group(name))
    };
    let groups: String = weights.iter().map(one).collect();
    xml(&format!(
        "<{operation}Response><{operation}Result><{list}><member><{id}>{arn}</{id}><{actions}><member>\
         <Type>forward</Type><ForwardConfig><TargetGroups>{groups}</TargetGroups></ForwardConfig></member></{actions}>\
         </member></{list}></{operation}Result></{operation}Response>"
    ))
}

/// A run of the action on a service that is observed in this process and changed over HTTP: `answer` says what, and whether
/// the call takes effect.
async fn run(
    found: Observation,
    config: &Config,
    action: &Action,
    answer: impl Fn(&str) -> (bool, Answer) + Send + Sync + 'static,
) -> (Ran, Server) {
    let mut config = config.clone();
    config.guards.steady_deadline = Duration::from_secs(1);
    config.guards.gate_window = Duration::ZERO;
    let stage = Stage::new(found);
    let effect: Arc<Stage> = stage.clone();
    let plan = quarterdeck::action::plan_for(action, &effect.seen.lock().unwrap(), &config, fixture::now().wall);
    let call: Call = plan.expect("a plan").steps[0].call.clone();
    let server = Server::start(move |request| {
        if request.operation == "GetCallerIdentity" {
            return xml(WHOLE);
        }
        let (applies, answer) = answer(&request.operation);
        if applies {
            effect.take(&call);
        }
        answer
    });
    let server = server.await;
    let aws = Aws::new(Connections::single(connection_at(&settings(&server))));
    (execute(&stage, &aws, &config, action).await, server)
}

fn registered() -> Answer {
    Answer::Json(
        200,
        json!({ "ScalableTargetARN": "arn:aws:application-autoscaling:us-east-1:123456789012:scalable-target/1" }),
    )
}

fn bounds() -> Action {
    typed("scaling_bounds", &[("min", "3"), ("max", "8")]).expect("arguments")
}

#[tokio::test]
async fn bounds_and_suspension_are_sent_whole_and_nothing_else_is() {
    let held = typed("suspend_scaling", &[("kinds", "in,scheduled")]).expect("arguments");
    let target = json!({
        "ServiceNamespace": "ecs", "ResourceId": "service/rtech-prod/rtech-app", "ScalableDimension": "ecs:service:DesiredCount",
    });
    let state = json!({
        "DynamicScalingInSuspended": true, "DynamicScalingOutSuspended": false, "ScheduledScalingSuspended": true,
    });
    for (action, more) in
        [(bounds(), json!({ "MinCapacity": 3, "MaxCapacity": 8 })), (held, json!({ "SuspendedState": state }))]
    {
        let (ran, server) = run(fixture::observation(), &fixture::config(), &action, |_| (true, registered())).await;
        assert_eq!(ran.state, RunState::Done, "{}", ran.view.last_word());
        let mut wanted = target.clone();
        wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let sent: Vec<_> = server.seen("RegisterScalableTarget").into_iter().map(|request| request.json).collect();
        assert_eq!(sent, [wanted]);
    }
}

#[tokio::test]
async fn a_refusal_changes_nothing_and_a_lost_answer_is_found_by_reading_back_and_nothing_is_sent_twice() {
    let refused = || Answer::Json(400, json!({ "__type": "ValidationException", "message": "no" }));
    let (ran, server) = run(fixture::observation(), &fixture::config(), &bounds(), move |_| (false, refused())).await;
    assert_eq!((ran.state, server.seen("RegisterScalableTarget").len()), (RunState::Failed, 1));
    assert!(ran.view.last_word().contains("nothing was changed"), "{}", ran.view.last_word());
    let lost = || Answer::Json(503, json!({}));
    let (ran, server) = run(fixture::observation(), &fixture::config(), &bounds(), move |_| (true, lost())).await;
    assert_eq!((ran.state, server.seen("RegisterScalableTarget").len()), (RunState::Done, 1));
    assert!(ran.kinds().contains(&"found_applied".to_owned()), "{:?}", ran.kinds());
    for untold in [lost as fn() -> Answer, || Answer::Json(200, json!({}))] {
        let (ran, server) =
            run(fixture::observation(), &fixture::config(), &bounds(), move |_| (false, untold())).await;
        assert_eq!((ran.state, server.seen("RegisterScalableTarget").len()), (RunState::Unknown, 1));
    }
}

fn by_hand() -> Action {
    shift(&[("to", "green"), ("share", "25")])
}

/// What was sent but for the version of the API.
fn form(server: &Server, operation: &str) -> Vec<(String, String)> {
    let [request] = server.seen(operation).try_into().expect("one request");
    let pairs = url::form_urlencoded::parse(request.form.as_bytes()).into_owned();
    pairs.filter(|(key, _)| key != "Version").collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn the_weights_of_a_listener_are_sent_with_its_stickiness_and_nothing_else_is() {
    let mut found = seen(90, 10);
    found.traffic.as_mut().unwrap().routes[0].sticky_seconds = Some(600);
    let answer = |_: &str| (true, modified("ModifyListener", LISTENER, &[("blue", 75), ("green", 25)]));
    let (ran, server) = run(found, &traffic::config(), &by_hand(), answer).await;
    assert_eq!(ran.state, RunState::Done, "{}", ran.view.last_word());
    let forward = "DefaultActions.member.1.ForwardConfig";
    let wanted = [
        ("Action".to_owned(), "ModifyListener".to_owned()),
        ("ListenerArn".to_owned(), LISTENER.to_owned()),
        ("DefaultActions.member.1.Type".to_owned(), "forward".to_owned()),
        (format!("{forward}.TargetGroups.member.1.TargetGroupArn"), group("blue")),
        (format!("{forward}.TargetGroups.member.1.Weight"), "75".to_owned()),
        (format!("{forward}.TargetGroups.member.2.TargetGroupArn"), group("green")),
        (format!("{forward}.TargetGroups.member.2.Weight"), "25".to_owned()),
        (format!("{forward}.TargetGroupStickinessConfig.Enabled"), "true".to_owned()),
        (format!("{forward}.TargetGroupStickinessConfig.DurationSeconds"), "600".to_owned()),
    ];
    assert_eq!(form(&server, "ModifyListener"), wanted);
}

#[tokio::test]
async fn the_weights_of_a_rule_are_sent_without_its_conditions() {
    let mut found = seen(90, 10);
    found.traffic.as_mut().unwrap().routes[0].arn = RULE.into();
    let answer = |_: &str| (true, modified("ModifyRule", RULE, &[("blue", 75), ("green", 25)]));
    let (ran, server) = run(found, &traffic::config(), &by_hand(), answer).await;
    assert_eq!(ran.state, RunState::Done, "{}", ran.view.last_word());
    let sent = form(&server, "ModifyRule");
    assert_eq!(sent[..3], pairs(&[("Action", "ModifyRule"), ("RuleArn", RULE), ("Actions.member.1.Type", "forward")]));
    assert!(sent.iter().all(|(key, _)| !key.starts_with("Conditions")), "{sent:?}");
}

/// Whether the call takes effect, what is answered, how the run ends, and what its last word says.
type Row = (bool, fn() -> Answer, RunState, &'static str);

#[tokio::test]
async fn weights_that_were_refused_lost_or_answered_otherwise_are_told_so_and_sent_once() {
    let table: [Row; 4] = [
        (false, || Answer::Raw(403, "text/xml", REFUSED.as_bytes().to_vec()), RunState::Failed, "nothing was changed"),
        (true, || Answer::Raw(502, "text/html", b"<html>".to_vec()), RunState::Done, "blue=75 green=25"),
        (false, || Answer::Raw(502, "text/html", b"<html>".to_vec()), RunState::Unknown, "it was not sent again"),
        (
            false,
            || modified("ModifyListener", LISTENER, &[("blue", 90), ("green", 10)]),
            RunState::Unknown,
            "other weights",
        ),
    ];
    for (applies, answer, state, says) in table {
        let (ran, server) = run(seen(90, 10), &traffic::config(), &by_hand(), move |_| (applies, answer())).await;
        let word = ran.view.last_word();
        assert_eq!((ran.state, server.seen("ModifyListener").len()), (state, 1), "{word}");
        assert!(word.contains(says), "{word}");
        let found = ran.view.records.iter().any(|record| matches!(record.entry, Entry::FoundApplied { .. }));
        assert_eq!(found, state == RunState::Done);
    }
}

const REFUSED: &str =
    "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>";
