//! Rows of the guards about the age of the evidence and of the plan.

use std::time::Duration;

use quarterdeck::action::Decision::{Allow, Deny};

use super::{Row, row};
use crate::runs::fixture::now;

pub(super) static ROWS: &[Row] = &[
    row("evidence", Allow, "observed 0 s ago, at most 60", |_| {}),
    row("evidence", Allow, "observed 60 s ago", |c| c.now = now().plus(Duration::from_secs(60))),
    row("evidence", Deny, "observed 61 s ago", |c| c.now = now().plus(Duration::from_secs(61))),
    row("evidence", Deny, "in the future", |c| c.observed.taken = now().plus(Duration::from_secs(6)).wall),
    row("evidence", Allow, "observed 0 s ago", |c| c.observed.taken = now().plus(Duration::from_secs(5)).wall),
    row("plan-age", Allow, "300 s left", |_| {}),
    row("plan-age", Deny, "expired 0 s ago", |c| c.now = now().plus(Duration::from_secs(300))),
    row("plan-age", Deny, "longer than plan_ttl", |c| {
        c.doctor = |p| p.expires = "2027-01-01T00:00:00Z".parse().unwrap()
    }),
    row("plan-age", Deny, "in the future", |c| c.doctor = |p| p.made = "2026-02-01T00:00:00Z".parse().unwrap()),
    row("plan-age", Allow, "300 s left", |c| c.doctor = |p| p.made = now().plus(Duration::from_secs(5)).wall),
    row("plan-age", Deny, "made 6 s in the future", |c| {
        c.doctor = |p| p.made = now().plus(Duration::from_secs(6)).wall;
    }),
    row("plan-age", Deny, "longer than plan_ttl, 300 s", |c| {
        c.doctor = |p| p.expires = now().plus(Duration::from_secs(301)).wall;
    }),
];
