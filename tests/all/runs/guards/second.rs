//! Rows of the guards about the second person.

use std::time::Duration;

use jiff::SignedDuration;
use quarterdeck::action::Decision::{Allow, Deny};
use quarterdeck::action::{Known, Plan, SecondYes, plan_for};
use quarterdeck::config::{Approval, Simulator};

use super::{Case, Row, row, unreadable};
use crate::runs::fixture::{now, operator, scale};

pub(super) static ROWS: &[Row] = &[
    row("approval", Allow, "one person is enough", |_| {}),
    row("approval", Allow, "one person is enough", |c| {
        c.config.guards.approval = Approval::TwoPersonFor(vec!["fail_over".to_owned()]);
    }),
    row("approval", Deny, "waits for a second person: `quarterdeck approve ", |c| {
        c.config.guards.approval = Approval::TwoPersonFor(vec!["scale".to_owned()]);
    }),
    row("approval", Allow, "eve@bastion (pts/1) agreed at", |c| agreed(c, |_| {})),
    row("approval", Deny, "eve agreed, but to another plan", |c| agreed(c, |yes| yes.digest = "0".repeat(64))),
    row("approval", Deny, "eve agreed, but to another plan", |c| {
        agreed(c, |_| {});
        c.doctor = |p| p.steps[0].bake = Duration::from_secs(1);
    }),
    row("approval", Deny, "that is too long ago", |c| agreed(c, |yes| yes.until = now().wall)),
    row("approval", Deny, "ada agreed, but is the one who acts", |c| agreed(c, |yes| yes.by = operator("ada"))),
    row("approval", Deny, "from the same login", |c| agreed(c, |yes| yes.login = Some(1000))),
    row("approval", Deny, "with the same AWS credentials", |c| {
        let own = c.observed.identity.as_ref().map(|identity| identity.arn.clone());
        agreed(c, |_| {});
        c.facts.seconds.0.as_mut().expect("a yes")[0].caller = own;
    }),
    row("approval", Deny, "ada agreed, but is the one who acts, or is called so on another host", |c| {
        agreed(c, |yes| yes.by.host = "bastion-2".into());
        c.facts.seconds.0.as_mut().expect("a yes")[0].by.user = "ada".into();
    }),
    row("approval", Deny, "eve agreed, but is the same person for AWS, in another role", |c| {
        agreed(c, |yes| {
            yes.caller = Some("arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_admin_1/ada@corp".into())
        });
        c.doctor = |p| own_arn(p, "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_ops_2/ada@corp");
    }),
    row("approval", Allow, "eve@bastion (pts/1) agreed at", |c| {
        // Identity Center tells them apart, the kernel does not.
        elsewhere(c, |yes| {
            yes.caller = Some("arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_ops_2/eve@corp".into())
        });
        c.doctor = |p| own_arn(p, "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_ops_2/ada@corp");
    }),
    row("approval", Deny, "nothing but their own word", |c| {
        // Sessions of other roles are called as whoever assumes them likes, or after a machine.
        elsewhere(c, |yes| yes.caller = Some("arn:aws:sts::123456789012:assumed-role/ops/eve".into()));
        c.doctor = |p| own_arn(p, "arn:aws:sts::123456789012:assumed-role/ops/ada");
    }),
    row("approval", Deny, "nothing but their own word", |c| {
        elsewhere(c, |yes| yes.caller = Some("arn:aws:iam::123456789012:user/ops/eve".into()));
        c.doctor = |p| own_arn(p, "arn:aws:sts::123456789012:assumed-role/ops/i-0123456789abcdef0");
    }),
    row("approval", Deny, "nothing but their own word", |c| {
        elsewhere(c, |yes| yes.caller = Some("arn:aws:iam::123456789012:root".into()));
    }),
    row("approval", Deny, "nothing but their own word", |c| {
        // One person may have a user and a session: AWS does not say that these are two.
        elsewhere(c, |yes| yes.caller = Some("arn:aws:iam::123456789012:user/ada".into()));
        c.doctor = |p| own_arn(p, "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_ops_2/ada@corp");
    }),
    row("approval", Deny, "nothing but their own word", |c| {
        elsewhere(c, |yes| {
            yes.caller = Some("arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_ops_2/ada@corp".into())
        });
    }),
    row("approval", Deny, "nothing but their own word", |c| agreed(c, |yes| (yes.login, yes.caller) = (None, None))),
    row("approval", Deny, "whether a second person agreed is not known: disk", |c| {
        agreed(c, |_| {});
        c.facts.seconds = unreadable();
    }),
    row("approval", Allow, "eve@bastion (pts/1) agreed at", |c| {
        // AWS tells them apart, the kernel does not.
        agreed(c, |yes| yes.login = None);
        c.facts.login = None;
    }),
    row("approval", Allow, "eve@bastion (pts/1) agreed at", |c| {
        // The kernel tells them apart, AWS does not.
        agreed(c, |yes| yes.caller = None);
        c.doctor = |p| p.observation.identity = None;
    }),
    row("approval", Deny, "nothing but their own word", |c| {
        agreed(c, |yes| yes.caller = None);
        c.facts.login = None;
    }),
    row("approval", Deny, "nothing but their own word", |c| {
        agreed(c, |yes| yes.login = None);
        c.doctor = |p| p.observation.identity = None;
    }),
    row("approval", Allow, "eve@bastion (pts/1) agreed at", |c| {
        // In the simulated fleet nothing is at stake, and its credentials are nobody's.
        c.config.simulator = Some(Simulator { seed: 1, scenario: "x".into(), interval: Duration::from_secs(1) });
        agreed(c, |yes| yes.login = None);
        c.facts.seconds.0.as_mut().unwrap()[0].caller = c.observed.identity.as_ref().map(|one| one.arn.clone());
    }),
    row("approval", Deny, "ada agreed, but is the one who acts", |c| {
        c.config.simulator = Some(Simulator { seed: 1, scenario: "x".into(), interval: Duration::from_secs(1) });
        agreed(c, |yes| yes.by = operator("ada"));
    }),
];

/// The same from another host, whose logins mean nothing here.
fn elsewhere(case: &mut Case, change: fn(&mut SecondYes)) {
    agreed(case, change);
    case.facts.seconds.0.as_mut().expect("a yes")[0].login = None;
}

fn own_arn(plan: &mut Plan, arn: &str) {
    plan.observation.identity.as_mut().expect("an identity").arn = arn.into();
}

/// Two persons are wanted, and eve agreed to what ada wants to do.
fn agreed(case: &mut Case, change: fn(&mut SecondYes)) {
    case.config.guards.approval = Approval::TwoPerson;
    let plan = plan_for(&scale(case.desired), &case.observed, &case.config, now().wall).expect("a plan");
    let mut yes = SecondYes {
        digest: plan.digest(),
        by: operator("eve"),
        login: Some(1001),
        caller: Some("arn:aws:iam::123456789012:user/eve".into()),
        at: now().wall,
        until: now().wall + SignedDuration::from_secs(60),
    };
    change(&mut yes);
    (case.facts.login, case.facts.seconds) = (Some(1000), Known::of(vec![yes]));
}

/// It is what `approve` is to be called with.
#[test]
fn who_waits_is_told_the_first_16_characters_of_the_digest() {
    let mut case = Case::new();
    case.config.guards.approval = Approval::TwoPerson;
    let digest = case.plan().digest();
    let verdicts = case.verdicts();
    let verdict = verdicts.iter().find(|verdict| verdict.guard == "approval").expect("a verdict");
    let told = format!("waits for a second person: `quarterdeck approve {}`", &digest[..16]);
    assert_eq!(verdict.evidence, told);
}
