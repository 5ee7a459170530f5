//! Rows of the guards about counts of tasks.

use quarterdeck::action::Decision::{Allow, Ask, Deny};

use super::scaling::bounds;
use super::{Row, act, restart, row};
use crate::runs::fixture::{SERVICE, config, now, observation, workload};
use quarterdeck::action::restart::Restart;
use quarterdeck::action::{Action, Plan, Step, plan_for};

pub(super) static ROWS: &[Row] = &[
    row("scaling-bounds", Allow, "5 is within 2–10", |_| {}),
    row("scaling-bounds", Deny, "1 is not within 2–10", |c| c.desired = 1),
    row("scaling-bounds", Deny, "40 is not within 2–10", |c| c.desired = 40),
    row("scaling-bounds", Allow, "only the configured caps", |c| c.observed.scaling.as_mut().unwrap().target = None),
    row("scaling-bounds", Deny, "11 is not within 2–10", |c| c.desired = 11),
    row("scaling-bounds", Allow, "2 is within 2–10", |c| c.desired = 2),
    row("scaling-bounds", Allow, "10 is within 2–10", |c| c.desired = 10),
    row("scaling-bounds", Deny, "doesn't set exactly one count", |c| c.doctor = twice),
    row("scaling-bounds", Deny, "doesn't set exactly one count", |c| c.doctor = |p| p.steps.push(restarting())),
    row("scaling-bounds", Deny, "the scaling target was not read", |c| c.doctor = |p| p.observation.scaling = None),
    row("caps", Allow, "a step of 2, at most 4", |_| {}),
    row("caps", Allow, "a step of 4, at most 4", |c| c.desired = 7),
    row("caps", Deny, "a step of 5 tasks; at most 4", |c| c.desired = 8),
    row("caps", Deny, "10 is not within 1–9", |c| c.desired = 10),
    row("caps", Deny, "0 is not within 1–9", |c| c.desired = 0),
    row("healthy-floor", Allow, "3 healthy now, floor 2", |_| {}),
    row("healthy-floor", Allow, "1 stop, 2 left at worst", |c| c.desired = 2),
    row("healthy-floor", Deny, "1 tasks are fewer than the floor of 2", |c| c.desired = 1),
    row("healthy-floor", Deny, "2 healthy now, 1 stop, 1 left", |c| {
        c.desired = 2;
        c.observed.workload.as_mut().unwrap().tasks[0].health = "UNHEALTHY".into();
    }),
    row("healthy-floor", Deny, "health is not known: 0 tasks listed", |c| {
        c.desired = 2;
        c.observed.workload.as_mut().unwrap().tasks.clear();
    }),
    row("healthy-floor", Deny, "health is not known: 4 tasks listed, 3 running", |c| {
        c.desired = 2;
        c.observed.workload.as_mut().unwrap().tasks = workload(4, 4).tasks;
    }),
    row("healthy-floor", Deny, "6 healthy now, 5 stop, 1 left", |c| {
        // An earlier scaling in is still stopping tasks: 8 run (2 of them sick), 4 are wanted, 3 would be.
        c.desired = 3;
        c.observed.workload = Some(workload(4, 8));
        c.observed.workload.as_mut().unwrap().tasks[0].health = "UNHEALTHY".into();
        c.observed.workload.as_mut().unwrap().tasks[1].health = "UNHEALTHY".into();
    }),
    row("healthy-floor", Ask, "no health check vouches for 3 of them", |c| {
        c.desired = 2;
        c.observed.workload.as_mut().unwrap().tasks.iter_mut().for_each(|task| task.health = "UNKNOWN".into());
    }),
    row("healthy-floor", Ask, "health is not known", |c| c.observed.workload.as_mut().unwrap().tasks.clear()),
    row("healthy-floor", Allow, "1 healthy now", |c| {
        c.observed.workload.as_mut().unwrap().tasks[0].health = "UNHEALTHY".into();
        c.observed.workload.as_mut().unwrap().tasks[1].health = "UNHEALTHY".into();
    }),
    row("healthy-now", Allow, "3 healthy now, floor 2", restart),
    row("healthy-now", Ask, "1 healthy now, fewer than the floor of 2", |c| {
        restart(c);
        c.observed.workload.as_mut().unwrap().tasks[0].health = "UNHEALTHY".into();
        c.observed.workload.as_mut().unwrap().tasks[1].health = "UNHEALTHY".into();
    }),
    row("healthy-now", Ask, "health is not known", |c| {
        restart(c);
        c.observed.workload.as_mut().unwrap().tasks.clear();
    }),
    row("healthy-now", Allow, "2 healthy now, floor 2", |c| {
        restart(c);
        c.observed.workload.as_mut().unwrap().tasks[0].health = "UNHEALTHY".into();
    }),
    row("healthy-now", Deny, "the workload was not read", |c| {
        restart(c);
        c.doctor = |p| p.observation.workload = None;
    }),
    row("healthy-now", Deny, "has no such service", |c| {
        restart(c);
        c.doctor = of_another;
    }),
    row("healthy-floor", Allow, "3 healthy now, 1 stop, 2 left at worst", |c| {
        act(c, "stop_task", &[("task", "task-1")])
    }),
    row("healthy-floor", Deny, "2 healthy now, 1 stop, 1 left", |c| {
        act(c, "stop_task", &[("task", "task-1")]);
        c.observed.workload.as_mut().unwrap().tasks[0].health = "UNHEALTHY".into();
    }),
    row("healthy-floor", Allow, "the task that stops is none of them", |c| {
        act(c, "stop_task", &[("task", "task-1")]);
        c.observed.workload.as_mut().unwrap().tasks[1].health = "UNHEALTHY".into();
    }),
    row("healthy-floor", Deny, "and this stops a task", |c| {
        act(c, "stop_task", &[("task", "task-1")]);
        c.observed.workload.as_mut().unwrap().running = 4;
    }),
    row("not-to-zero", Allow, "5 is more than 0", |_| {}),
    row("not-to-zero", Deny, "0 tasks would stop", |c| c.desired = 0),
    row("not-to-zero", Ask, "min_desired = 0 allows it", |c| {
        c.desired = 0;
        c.config.services[0].caps.min_desired = 0;
    }),
    row("not-to-zero", Allow, "1 is more than 0", |c| c.desired = 1),
    row("not-to-zero", Deny, "doesn't set exactly one count", |c| c.doctor = twice),
    row("not-to-zero", Deny, "0 tasks would stop", |c| {
        c.desired = 0;
        c.doctor = of_another;
    }),
    // What bounds do to the count is judged as the count itself.
    row("caps", Allow, "3 is within 1–9; a step of 0", |c| bounds(c, 2, 8)),
    row("caps", Deny, "a step of 5 tasks; at most 4", |c| bounds(c, 8, 9)),
    row("caps", Deny, "doesn't set exactly one count", |c| bounds(c, 8, 2)),
    row("caps", Allow, "3 is within 1–9; a step of 0", |c| bounds(c, 3, 3)),
    row("caps", Allow, "1 is within 1–9; a step of 2", |c| c.desired = 1),
    row("caps", Allow, "9 is within 1–9; a step of 6", |c| {
        c.desired = 9;
        c.config.services[0].caps.max_step = 6;
    }),
    row("caps", Deny, "doesn't set exactly one count", |c| c.doctor = twice),
    row("caps", Deny, "has no such service", |c| c.doctor = of_another),
    row("caps", Deny, "the workload was not read", |c| c.doctor = |p| p.observation.workload = None),
    row("healthy-floor", Allow, "3 healthy now, floor 2; none stops", |c| bounds(c, 2, 8)),
    row("healthy-floor", Deny, "1 tasks are fewer than the floor of 2", |c| bounds(c, 1, 1)),
    row("healthy-floor", Deny, "2 healthy now, 1 stop, 1 left", |c| {
        bounds(c, 1, 2);
        c.observed.workload.as_mut().unwrap().tasks[0].health = "UNHEALTHY".into();
    }),
    row("healthy-floor", Allow, "3 healthy now, floor 2; this scales out", |c| {
        let mut starting = workload(4, 4).tasks.remove(3);
        starting.last_status = "PENDING".into();
        c.observed.workload.as_mut().unwrap().tasks.push(starting);
    }),
    row("healthy-floor", Allow, "4 healthy now, 1 stop, 3 left", |c| {
        // One that no health check vouches for: without it, just the floor is left.
        (c.desired, c.observed.workload) = (3, Some(workload(4, 4)));
        c.observed.workload.as_mut().unwrap().tasks[0].health = "UNKNOWN".into();
    }),
    row("healthy-floor", Deny, "doesn't set exactly one count", |c| c.doctor = twice),
    row("healthy-floor", Deny, "has no such service", |c| c.doctor = of_another),
    row("healthy-floor", Deny, "the workload was not read", |c| c.doctor = |p| p.observation.workload = None),
    row("healthy-floor", Deny, "has no such service", |c| {
        act(c, "stop_task", &[("task", "task-1")]);
        c.doctor = of_another;
    }),
    row("healthy-floor", Deny, "the workload was not read", |c| {
        act(c, "stop_task", &[("task", "task-1")]);
        c.doctor = |p| p.observation.workload = None;
    }),
    row("healthy-floor", Ask, "no health check vouches for 3 of them", |c| {
        // What a health check says of a task that stops already is no word for those that run.
        c.desired = 2;
        let tasks = &mut c.observed.workload.as_mut().unwrap().tasks;
        tasks.iter_mut().for_each(|task| task.health = "UNKNOWN".into());
        let mut stopping = workload(4, 4).tasks.remove(3);
        stopping.last_status = "DEACTIVATING".into();
        tasks.push(stopping);
    }),
];

/// The first call a second time.
fn twice(plan: &mut Plan) {
    plan.steps.push(plan.steps[0].clone());
}

/// A call that sets no count.
pub(super) fn restarting() -> Step {
    let action = Action::Restart(Restart { service: SERVICE.into() });
    plan_for(&action, &observation(), &config(), now().wall).expect("a plan").steps.remove(0)
}

/// The same calls, of a service that the configuration has not.
pub(super) fn of_another(plan: &mut Plan) {
    plan.action = Action::Restart(Restart { service: "other".into() });
}
