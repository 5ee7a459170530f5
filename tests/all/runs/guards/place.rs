//! Rows of the guards about where a plan would act.

use std::time::Duration;

use quarterdeck::action::Decision::{Allow, Ask, Deny};
use quarterdeck::action::{Call, Step, Undo};
use quarterdeck::config::{Aws, EnvironmentKind, Simulator};

use super::capacity::of_another;
use super::database::failover;
use super::declared::{declare, script};
use super::outside::{invalidate, silence};
use super::traffic::shifted;
use super::{Case, Row, row, whole};
use crate::runs::fixture::{flag, plan};

pub(super) static ROWS: &[Row] = &[
    row("environment", Allow, "rtech-prod", |_| {}),
    row("environment", Deny, "the plan is of other", |c| c.doctor = |p| p.environment = "other".into()),
    row("environment", Deny, "Development", |c| c.doctor = |p| p.kind = EnvironmentKind::Development),
    row("account", Allow, "123456789012 in us-east-1", |_| {}),
    row("account", Deny, "not 999999999999", |c| aws(c).account = Some("999999999999".into())),
    row("account", Deny, "aws.account is not configured", |c| aws(c).account = None),
    row("account", Ask, "aws.account is not configured", |c| {
        aws(c).account = None;
        c.config.environment.kind = EnvironmentKind::Staging;
    }),
    row("account", Deny, "not eu-west-1", |c| aws(c).region = "eu-west-1".into()),
    row("account", Deny, "not an account (12 digits)", |c| {
        c.observed.identity.as_mut().unwrap().account = "12345".into()
    }),
    row("account", Deny, "not an account (12 digits)", |c| c.observed.identity.as_mut().unwrap().account = "".into()),
    row("account", Deny, "not an account (12 digits)", |c| c.observed.identity.as_mut().unwrap().region = "".into()),
    row("account", Deny, "not in account", |c| {
        c.observed.workload.as_mut().unwrap().arn = "arn:aws:ecs:us-east-1:999999999999:service/a/b".into();
    }),
    row("account", Deny, "not in account", |c| c.observed.workload.as_mut().unwrap().arn = "rtech-app".into()),
    row("account", Deny, "the credentials are of", |c| {
        c.doctor = |p| p.observation.identity.as_mut().unwrap().account = "999999999999".into();
    }),
    row("account", Deny, "neither [aws] nor", |c| c.config.aws = None),
    row("account", Allow, "simulated fleet", |c| {
        c.config.aws = None;
        c.config.simulator = Some(Simulator { seed: 1, scenario: "x".into(), interval: Duration::from_secs(1) });
    }),
    row("account", Allow, "210987654321 in eu-west-1, as configured", |c| in_dr(c, "210987654321", "eu-west-1")),
    row("account", Deny, "not 210987654321, which aws.place[dr].account says", |c| {
        in_dr(c, "123456789012", "eu-west-1");
    }),
    row("account", Deny, "not eu-west-1, which aws.place[dr].region says", |c| in_dr(c, "210987654321", "us-east-1")),
    row("account", Deny, "there is no aws.place[dr]", |c| {
        in_dr(c, "210987654321", "eu-west-1");
        aws(c).places.clear();
    }),
    row("account", Deny, "aws.place[dr].account is not configured", |c| {
        in_dr(c, "210987654321", "eu-west-1");
        aws(c).places.values_mut().for_each(|place| place.account = None);
    }),
    whole("shown-is-sent", Allow, "1 call, as shown", |_| {}),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        in_dr(c, "210987654321", "eu-west-1");
        c.doctor = |p| {
            let Call::EcsSetDesiredCount { place, .. } = &mut p.steps[0].call else { return };
            *place = None;
        }
    }),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        c.doctor = |p| {
            let Call::EcsSetDesiredCount { desired, .. } = &mut p.steps[0].call else { return };
            *desired = 6;
        }
    }),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        c.doctor = |p| {
            let Call::EcsSetDesiredCount { service, .. } = &mut p.steps[0].call else { return };
            *service = "other".into();
        }
    }),
    row("shown-is-sent", Deny, "not those of this action", |c| c.doctor = |p| p.changes[0].after = "4".into()),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        c.doctor = |p| p.undo = Undo::Impossible { reason: "none".into() };
    }),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        silence(c, "HighLatency");
        c.doctor = |p| p.account = "999999999999".into();
    }),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        silence(c, "HighLatency");
        c.doctor = |p| p.region = "eu-west-1".into();
    }),
    row("shown-is-sent", Deny, "the target changed since", |c| {
        c.doctor = |p| p.observation.workload.as_mut().unwrap().desired = 4
    }),
    row("shown-is-sent", Deny, "nothing would change", |c| {
        c.doctor = |p| p.observation.workload.as_mut().unwrap().desired = 5
    }),
    row("account", Allow, "123456789012 in us-east-1", |c| shifted(c, &[("to", "green")])),
    row("shown-is-sent", Allow, "3 calls, as shown; 1 call only if it fails", |c| shifted(c, &[("to", "green")])),
    row("account", Deny, "not in account", |c| {
        invalidate(c, &["/a"], &[]);
        c.doctor = |p| p.target_arn = "arn:aws:cloudfront::999999999999:distribution/E123EXAMPLE".into();
    }),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        invalidate(c, &["/a"], &[]);
        c.doctor = |p| {
            let Call::CloudFrontInvalidate { paths, .. } = &mut p.steps[0].call else { return };
            paths.push("/*".into());
        };
    }),
    row("account", Allow, "not on AWS: http://127.0.0.1:9/am/api/v2/silences", |c| silence(c, "HighLatency")),
    row("account", Allow, "not on AWS: http:rtech-app@https://flags.example.com", |c| declare(c, flag())),
    row("account", Allow, "not on AWS: exec:rtech-app", |c| declare(c, script())),
    row("account", Deny, "not an account (12 digits)", |c| {
        c.observed.identity.as_mut().unwrap().account = "12345678901x".into();
    }),
    row("account", Deny, "the credentials are of 123456789012 in eu-west-1", |c| {
        c.doctor = |p| p.observation.identity.as_mut().unwrap().region = "eu-west-1".into();
    }),
    row("account", Deny, "it is not known whose credentials", |c| c.doctor = |p| p.observation.identity = None),
    row("account", Deny, "was observed, the plan is of", |c| {
        c.doctor = |p| p.target_arn = "arn:aws:ecs:us-east-1:123456789012:service/rtech-prod/other".into();
    }),
    row("account", Deny, "was observed, the plan is of", |c| {
        // Only where all calls are about traffic is what is changed another thing than the workload.
        shifted(c, &[("to", "green")]);
        c.doctor = |p| p.steps.push(scaling());
    }),
    row("account", Deny, "not in account 123456789012 and us-east-1", |c| {
        c.observed.workload.as_mut().unwrap().arn = "arn:aws:ecs:eu-west-1:123456789012:service/a/b".into();
    }),
    row("account", Allow, "123456789012 in us-east-1", |c| invalidate(c, &["/a"], &[])),
    row("account", Deny, "not in account 123456789012 and us-east-1", |c| {
        invalidate(c, &["/a"], &[]);
        c.doctor = |p| p.target_arn = "arn:aws:cloudfront:eu-west-1:123456789012:distribution/E123EXAMPLE".into();
    }),
    row("account", Deny, "not in account 123456789012 and us-east-1", |c| {
        invalidate(c, &["/a"], &[]);
        c.doctor = |p| p.target_arn = "arn:aws:iam::123456789012:role/app".into();
    }),
    row("account", Allow, "123456789012 in us-east-1", failover),
    row("account", Deny, "other", |c| c.doctor = of_another),
    row("account", Deny, "doesn't say what it changes", |c| {
        silence(c, "HighLatency");
        c.doctor = |p| p.target_arn = "".into();
    }),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        declare(c, flag());
        c.doctor = |p| {
            let Call::DeclaredRequest { url, .. } = &mut p.steps[0].call else { return };
            url.push_str("/other");
        }
    }),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        declare(c, script());
        c.doctor = |p| {
            let Call::DeclaredCommand { command, .. } = &mut p.steps[0].call else { return };
            command.push("--all".into());
        }
    }),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        shifted(c, &[("to", "green")]);
        c.doctor = |p| p.on_failure.clear();
    }),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        shifted(c, &[("to", "green")]);
        c.doctor = |p| p.gates.clear();
    }),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        c.doctor = |p| p.gate_window += Duration::from_secs(1);
    }),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        silence(c, "HighLatency");
        c.doctor = |p| p.debt = None;
    }),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        silence(c, "HighLatency");
        c.doctor = |p| p.target_arn = "http://127.0.0.1:9/other".into();
    }),
];

fn aws(case: &mut Case) -> &mut Aws {
    case.config.aws.as_mut().expect("[aws]")
}

/// The service runs in the place dr, which is of account 210987654321 in eu-west-1; it was observed there with these
/// credentials.
fn in_dr(case: &mut Case, account: &str, region: &str) {
    let there = Aws { account: Some("210987654321".into()), region: "eu-west-1".into(), ..aws(case).clone() };
    aws(case).places.insert("dr".into(), there);
    case.config.services[0].ecs.as_mut().expect("ECS").place = Some("dr".into());
    let identity = case.observed.identity.as_mut().expect("an identity");
    (identity.account, identity.region) = (account.into(), region.into());
    let arn = format!("arn:aws:ecs:{region}:{account}:service/rtech-prod/rtech-app");
    case.observed.workload.as_mut().unwrap().arn = arn.as_str().into();
}

/// A call that sets a count.
fn scaling() -> Step {
    plan(5).steps.remove(0)
}
