//! Rows of the guards about weights of target groups.

use quarterdeck::action::Call;
use quarterdeck::action::Decision::{Allow, Ask, Deny};

use super::{Case, Row, row};
use crate::runs::traffic::{self, seen, shift};
use quarterdeck::source::TargetGroup;

pub(super) static ROWS: &[Row] = &[
    row("traffic-step", Allow, "a step of 50 points, at most 50", |c| shifted(c, &[("to", "green")])),
    row("traffic-step", Deny, "a step of 90 points, at most 50", |c| shifted(c, &[("to", "green"), ("share", "100")])),
    row("traffic-step", Allow, "a step of 90 points, at most 100", |c| {
        shifted(c, &[("to", "green"), ("share", "100")]);
        c.config.services[0].caps.max_traffic_step = 100;
    }),
    row("traffic-step", Allow, "a step of 45 points", |c| shifted(c, &[("weights", "blue:0,green:1")])),
    row("traffic-step", Deny, "more than one route", |c| {
        shifted(c, &[("to", "green")]);
        c.doctor = |p| {
            let Call::ElbSetWeights { route, .. } = &mut p.steps[1].call else { return };
            *route = "other".into();
        }
    }),
    row("traffic-step", Deny, "the route that is set was not read", |c| {
        shifted(c, &[("to", "green")]);
        c.doctor = |p| p.observation.traffic.as_mut().unwrap().routes.clear();
    }),
    row("traffic-step", Deny, "the load balancer was not read", |c| {
        shifted(c, &[("to", "green")]);
        c.doctor = |p| p.observation.traffic = None;
    }),
    row("traffic-health", Deny, "green: 1 healthy for 100 %, floor 2", |c| {
        shifted(c, &[("to", "green")]);
        green(c, |group| group.targets.truncate(1));
    }),
    row("traffic-health", Deny, "green: 1 healthy", |c| {
        shifted(c, &[("to", "green")]);
        green(c, |group| group.targets.iter_mut().skip(1).for_each(|target| target.state = "unavailable".into()));
    }),
    row("traffic-health", Deny, "green: 0 healthy", |c| {
        shifted(c, &[("to", "green")]);
        c.doctor = |p| drop(p.observation.traffic.as_mut().unwrap().groups.pop());
    }),
    row("traffic-health", Ask, "in proportion it would be 6", |c| shifted(c, &[("to", "green")])),
    row("traffic-health", Allow, "green: 3 healthy for 40 %", |c| shifted(c, &[("to", "green"), ("share", "40")])),
    row("traffic-owner", Allow, "nothing else shifts its traffic", |c| shifted(c, &[("to", "green")])),
    row("traffic-owner", Deny, "CODE_DEPLOY shifts the traffic", |c| {
        shifted(c, &[("to", "green")]);
        c.observed.workload.as_mut().unwrap().traffic_owner = Some("CODE_DEPLOY".into());
    }),
    row("traffic-owner", Ask, "was not read", |c| {
        shifted(c, &[("to", "green")]);
        c.observed.workload = None;
    }),
    row("traffic-owner", Allow, "no deployment controller is configured", |c| {
        shifted(c, &[("to", "green")]);
        c.observed.workload = None;
        c.config.services[0].ecs = None;
    }),
];

/// Traffic between blue 90 and green 10 is shifted so.
pub(super) fn shifted(case: &mut Case, arguments: &[(&str, &str)]) {
    (case.config, case.observed) = (traffic::config(), seen(90, 10));
    case.action = Some(shift(arguments));
}

fn green(case: &mut Case, change: fn(&mut TargetGroup)) {
    change(&mut case.observed.traffic.as_mut().unwrap().groups[1]);
}
