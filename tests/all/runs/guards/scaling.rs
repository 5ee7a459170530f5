//! Rows of the guards about bounds and suspension.

use quarterdeck::action::Action;
use quarterdeck::action::Decision::{Allow, Ask, Deny};
use quarterdeck::action::scaling_bounds::ScalingBounds;

use super::capacity::{of_another, restarting};
use super::{Case, Row, row};
use crate::runs::fixture::SERVICE;

pub(super) static ROWS: &[Row] = &[
    row("bounds", Allow, "2–8 is within 1–9", |c| bounds(c, 2, 8)),
    row("bounds", Deny, "2–12 is not within 1–9", |c| bounds(c, 2, 12)),
    row("bounds", Deny, "0–8 is not within 1–9", |c| bounds(c, 0, 8)),
    row("bounds", Deny, "min 8 is above max 2", |c| bounds(c, 8, 2)),
    row("bounds", Deny, "at most 1 tasks are fewer than the floor of 2", |c| bounds(c, 1, 1)),
    row("bounds", Deny, "exactly one pair of bounds", |c| {
        bounds(c, 2, 8);
        c.doctor = |p| p.steps.push(p.steps[0].clone());
    }),
    row("bounds", Allow, "3–3 is within 1–9", |c| bounds(c, 3, 3)),
    row("bounds", Allow, "1–2 is within 1–9", |c| bounds(c, 1, 2)),
    row("bounds", Allow, "2–9 is within 1–9", |c| bounds(c, 2, 9)),
    row("bounds", Deny, "has no such service", |c| {
        bounds(c, 2, 8);
        c.doctor = of_another;
    }),
    row("suspension", Allow, "no more of scaling out", |c| holding(c, "kinds", "in")),
    row("suspension", Allow, "more load meets the tasks that run", |c| holding(c, "kinds", "in,out")),
    row("suspension", Ask, "scaling out stops while 1 fire", |c| {
        holding(c, "kinds", "out");
        c.observed.firing = Some(vec!["rtech-high-cpu".into()]);
    }),
    row("suspension", Ask, "it is not known what fires", |c| {
        holding(c, "kinds", "out");
        c.observed.firing = None;
    }),
    row("suspension", Deny, "the scaling target was not read", |c| {
        holding(c, "kinds", "out");
        c.doctor = |p| p.observation.scaling = None;
    }),
    row("suspension", Allow, "no more of scaling out", |c| {
        holding(c, "kinds", "in,out");
        c.observed.scaling.as_mut().unwrap().target.as_mut().unwrap().scale_out_suspended = true;
        c.observed.firing = None;
    }),
    row("suspension", Ask, "it is not known what fires", |c| {
        holding(c, "kinds", "out");
        c.observed.firing = None;
        c.doctor = |p| p.steps.push(restarting());
    }),
];

pub(super) fn bounds(case: &mut Case, min: u32, max: u32) {
    case.action = Some(Action::ScalingBounds(ScalingBounds { service: SERVICE.into(), min, max }));
}

pub(super) fn holding(case: &mut Case, key: &str, value: &str) {
    let spec = quarterdeck::action::spec("suspend_scaling").expect("an action");
    let arguments = [(key.to_owned(), value.to_owned())];
    case.action = Some((spec.parse)(&SERVICE.into(), &arguments).expect("arguments"));
}
