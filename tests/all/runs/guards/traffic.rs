//! Rows of the guards about weights of target groups.

use quarterdeck::action::Call;
use quarterdeck::action::Decision::{Allow, Ask, Deny};

use super::capacity::of_another;
use super::{Case, Row, row, whole};
use crate::runs::fixture::plan;
use crate::runs::traffic::{self, seen, shift};
use quarterdeck::source::{Route, TargetGroup};

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
    row("traffic-step", Allow, "a step of 0 points", |c| shifted(c, &[("weights", "blue:899,green:101")])),
    row("traffic-step", Deny, "sets more than weights", |c| {
        shifted(c, &[("to", "green")]);
        c.doctor = |p| p.steps.push(plan(5).steps.remove(0));
    }),
    row("traffic-step", Deny, "the route that is set was not read", |c| {
        // No name is no name in common.
        shifted(c, &[("to", "green"), ("share", "40")]);
        c.doctor = |p| {
            p.observation.traffic.as_mut().unwrap().routes[0].arn = "".into();
            for step in &mut p.steps {
                let Call::ElbSetWeights { route, .. } = &mut step.call else { return };
                route.clear();
            }
        }
    }),
    row("traffic-step", Allow, "a step of 90 points, at most 90", |c| {
        // Nothing is left to do but the way back.
        shifted(c, &[("to", "green"), ("share", "40")]);
        c.config.services[0].caps.max_traffic_step = 90;
        c.doctor = |p| {
            p.steps.clear();
            p.observation.traffic.as_mut().unwrap().routes[0].weights = vec![("blue".into(), 0), ("green".into(), 100)];
        }
    }),
    row("traffic-step", Deny, "has no such service", |c| {
        shifted(c, &[("to", "green")]);
        c.doctor = of_another;
    }),
    row("traffic-step", Allow, "a step of 50 points, at most 50", |c| {
        // What another route does is not what this one does.
        shifted(c, &[("to", "green")]);
        c.doctor = |p| {
            let routes = &mut p.observation.traffic.as_mut().unwrap().routes;
            let weights = vec![("blue".into(), 0), ("green".into(), 100)];
            routes.insert(0, Route { arn: "other".into(), weights, ..routes[0].clone() });
        }
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
    row("traffic-health", Allow, "green: 2 healthy for 20 %, floor 2", |c| {
        shifted(c, &[("to", "green"), ("share", "20")]);
        green(c, |group| group.targets.truncate(2));
    }),
    row("traffic-health", Deny, "green: 0 healthy for 20 %, floor 1", |c| {
        shifted(c, &[("to", "green"), ("share", "20")]);
        c.config.services[0].caps.healthy_floor = 0;
        green(c, |group| group.targets.clear());
    }),
    row("traffic-health", Allow, "green: 1 healthy for 15 %, floor 1", |c| {
        shifted(c, &[("to", "green"), ("share", "15")]);
        c.config.services[0].caps.healthy_floor = 0;
        green(c, |group| group.targets.truncate(1));
    }),
    whole("traffic-health", Allow, "green: 3 healthy for 50 %, floor 2, 6 serve now", |c| {
        shifted(c, &[("to", "green"), ("share", "50")]);
    }),
    row("traffic-health", Ask, "3 serve now; in proportion it would be 3", |c| {
        // 2.01 targets are three; a group without weight serves nobody.
        shifted(c, &[("to", "green"), ("share", "67")]);
        c.observed = seen(100, 0);
        green(c, |group| group.targets.truncate(2));
    }),
    row("traffic-health", Allow, "6 serve now", |c| {
        shifted(c, &[("to", "green"), ("share", "20")]);
        c.observed = seen(99, 1);
    }),
    row("traffic-health", Allow, "green: 3 healthy for 0 %", |c| {
        shifted(c, &[("weights", "blue:999,green:1")]);
        c.observed = seen(100, 0);
    }),
    row("traffic-health", Deny, "green: 0 healthy for 0 %", |c| {
        // However little more it gets.
        shifted(c, &[("weights", "blue:999,green:1")]);
        c.observed = seen(100, 0);
        green(c, |group| group.targets.clear());
    }),
    row("traffic-health", Allow, "no group gets more than now", |c| {
        shifted(c, &[("to", "green"), ("share", "40")]);
        c.doctor = |p| {
            p.observation.traffic.as_mut().unwrap().routes[0].weights = vec![("blue".into(), 60), ("green".into(), 40)];
        }
    }),
    row("traffic-health", Deny, "the load balancer was not read", |c| {
        shifted(c, &[("to", "green")]);
        c.doctor = |p| p.observation.traffic = None;
    }),
    row("traffic-health", Deny, "has no such service", |c| {
        shifted(c, &[("to", "green")]);
        c.doctor = of_another;
    }),
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
