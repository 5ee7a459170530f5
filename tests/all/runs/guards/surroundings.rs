//! Rows of the guards about what goes on at the target.

use quarterdeck::action::Decision::{Allow, Ask, Deny};
use quarterdeck::config::EnvironmentKind;
use quarterdeck::source::{NextRun, Rollout, ScheduledAction};

use super::capacity::restarting;
use super::scaling::{bounds, holding};
use super::{Case, Row, act, row, whole};
use crate::deploys::bench;
use crate::fixture::scheduled;
use crate::runs::fixture::deployment;
use quarterdeck::text::Text;

pub(super) static ROWS: &[Row] = &[
    row("service-active", Allow, "ACTIVE", |_| {}),
    row("service-active", Deny, "DRAINING", |c| c.observed.workload.as_mut().unwrap().status = "DRAINING".into()),
    row("service-active", Deny, "status ", |c| c.observed.workload.as_mut().unwrap().status = "".into()),
    row("deployment", Allow, "is completed", |_| {}),
    row("deployment", Deny, "is rolling out: 3 of 3", |c| rollout(c, Rollout::InProgress)),
    row("deployment", Deny, "is not known", |c| rollout(c, Rollout::Unknown)),
    row("deployment", Ask, "the last rollout failed", |c| rollout(c, Rollout::Failed)),
    row("deployment", Deny, "no deployment was found", |c| c.observed.workload.as_mut().unwrap().deployments.clear()),
    row("deployment", Deny, "2 deployments at once", |c| {
        c.observed.workload.as_mut().unwrap().deployments.push(deployment(3, 0))
    }),
    row("in-flight", Allow, "is rolling out", in_flight),
    row("in-flight", Deny, "nothing to stop", |c| {
        in_flight(c);
        rollout(c, Rollout::Completed);
    }),
    row("in-flight", Deny, "the workload was not read", |c| {
        in_flight(c);
        c.doctor = |p| p.observation.workload = None;
    }),
    row("alerts", Ask, "and this scales in", |c| {
        bounds(c, 1, 2);
        c.observed.firing = Some(vec!["rtech-high-cpu".into()]);
    }),
    row("deployment", Deny, "is rolling out", |c| {
        bounds(c, 2, 8);
        rollout(c, Rollout::InProgress);
    }),
    row("deployment", Deny, "the workload was not read", |c| c.doctor = |p| p.observation.workload = None),
    row("service-active", Deny, "DRAINING", |c| {
        holding(c, "kinds", "out");
        c.observed.workload.as_mut().unwrap().status = "DRAINING".into();
    }),
    row("service-active", Deny, "the workload was not read", |c| c.doctor = |p| p.observation.workload = None),
    whole("alerts", Allow, "0 firing", |_| {}),
    whole("alerts", Allow, "0 firing", |c| c.desired = 2),
    whole("alerts", Allow, "0 firing, but 1 held back: rtech-down", |c| {
        c.observed.held_back = vec!["rtech-down".into()]
    }),
    whole("alerts", Allow, "0 firing, but 6 held back: a, b, c, d, e", |c| {
        c.observed.held_back = ["a", "b", "c", "d", "e", "f"].map(Into::into).into();
    }),
    whole("alerts", Ask, "0 firing, but 1 held back: rtech-down; and this scales in", |c| {
        c.desired = 2;
        c.observed.held_back = vec!["rtech-down".into()];
    }),
    row("alerts", Allow, "1 firing: rtech-high-cpu", |c| c.observed.firing = Some(vec!["rtech-high-cpu".into()])),
    row("alerts", Ask, "and this scales in", |c| {
        c.desired = 2;
        c.observed.firing = Some(vec!["rtech-high-cpu".into()]);
    }),
    row("alerts", Deny, "could not be read, and this is production", |c| c.observed.firing = None),
    row("alerts", Ask, "could not be read", |c| {
        c.observed.firing = None;
        c.config.environment.kind = EnvironmentKind::Staging;
    }),
    row("alerts", Allow, "1 firing: rtech-high-cpu", |c| {
        // The greatest count stays as it is: nothing has to stop.
        bounds(c, 2, 3);
        c.observed.firing = Some(vec!["rtech-high-cpu".into()]);
    }),
    row("alerts", Allow, "1 firing: rtech-high-cpu", |c| {
        c.observed.firing = Some(vec!["rtech-high-cpu".into()]);
        c.doctor = |p| p.observation.workload.as_mut().unwrap().desired = 5;
    }),
    row("alerts", Ask, "and this scales in", |c| {
        c.observed.firing = Some(vec!["rtech-high-cpu".into()]);
        c.doctor = |p| p.observation.workload = None;
    }),
    row("alerts", Ask, "and this scales in", |c| {
        bounds(c, 4, 8);
        c.observed.firing = Some(vec!["rtech-high-cpu".into()]);
        c.doctor = |p| p.observation.workload = None;
    }),
    row("alerts", Ask, "5 firing: a, b, c, d, e; and", |c| firing(c, &["a", "b", "c", "d", "e"])),
    row("alerts", Ask, "6 firing: a, b, c, d, e, …; and", |c| firing(c, &["a", "b", "c", "d", "e", "f"])),
    row("alerts", Ask, "and this scales in", |c| {
        firing(c, &["rtech-high-cpu"]);
        c.doctor = |p| p.steps.push(restarting());
    }),
    row("autoscaling", Allow, "cpu (target 70) may move the count again", |_| {}),
    row("autoscaling", Allow, "suspended: in", |c| suspend(c, true, false)),
    row("autoscaling", Allow, "stays where it is put", |c| suspend(c, true, true)),
    row("autoscaling", Allow, "suspended in, out and scheduled: the count stays where it is put", |c| {
        suspend(c, true, true);
        schedule(c, true);
    }),
    row("autoscaling", Allow, "suspended: in and out; scheduled action peak sets bounds 2026-12-24 06:00Z", |c| {
        suspend(c, true, true);
        schedule(c, false);
    }),
    row("autoscaling", Allow, "again; scheduled action peak sets bounds", |c| schedule(c, false)),
    row("autoscaling", Allow, "again; suspended: scheduled", |c| schedule(c, true)),
    row("autoscaling", Allow, "again; scheduled actions not known", |c| {
        c.observed.scaling.as_mut().unwrap().scheduled_missing = Some("denied".into());
    }),
    row("autoscaling", Allow, "none registered", |c| c.observed.scaling.as_mut().unwrap().target = None),
    row("autoscaling", Allow, "target not known", |c| {
        c.observed.scaling.as_mut().unwrap().policies[0].target = Some(f64::NAN)
    }),
    row("autoscaling", Allow, "1 policies, none tracks a target", |c| {
        c.observed.scaling.as_mut().unwrap().policies[0].kind = "StepScaling".into();
    }),
    whole("autoscaling", Allow, "cpu (target 70) may move the count again", |_| {}),
    row("autoscaling", Deny, "the scaling was not read", |c| c.doctor = |p| p.observation.scaling = None),
];

fn rollout(case: &mut Case, rollout: Rollout) {
    case.observed.workload.as_mut().unwrap().deployments[0].rollout = rollout;
}

fn in_flight(case: &mut Case) {
    case.observed = bench::observed(true);
    case.observed.releases.as_mut().unwrap().deployments[0] = bench::deployment(7, "IN_PROGRESS", 0);
    rollout(case, Rollout::InProgress);
    act(case, "stop_deployment", &[]);
}

fn suspend(case: &mut Case, inward: bool, outward: bool) {
    let target = case.observed.scaling.as_mut().unwrap().target.as_mut().expect("a scaling target");
    (target.scale_in_suspended, target.scale_out_suspended) = (inward, outward);
}

/// One that is over, and one that comes.
fn schedule(case: &mut Case, suspended: bool) {
    let over = ScheduledAction {
        next: NextRun::Over,
        ..scheduled("over", "at(2020-01-01T00:00:00)", 2, "2020-01-01T00:00:00Z")
    };
    let peak = scheduled("peak", "cron(0 6 24 12 ? *)", 4, "2026-12-24T06:00:00Z");
    case.observed.scaling.as_mut().unwrap().scheduled = vec![over, peak];
    case.observed.scaling.as_mut().unwrap().target.as_mut().expect("a scaling target").scheduled_suspended = suspended;
}

/// These alerts fire while tasks would stop.
fn firing(case: &mut Case, names: &[&str]) {
    case.desired = 2;
    case.observed.firing = Some(names.iter().map(|name| Text::from(*name)).collect());
}
