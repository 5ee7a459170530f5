//! Rows of the guards about who acts, and what else is being done.

use quarterdeck::action::Decision::{Allow, Ask, Deny};
use quarterdeck::action::{Arming, Known, OtherRun};
use quarterdeck::config::EnvironmentKind;

use super::{Row, row, unreadable};

pub(super) static ROWS: &[Row] = &[
    row("armed", Allow, "armed", |_| {}),
    row("armed", Deny, "read-only", |c| c.arming = Arming::ReadOnly),
    row("armed", Ask, "apply --confirm rtech-app", |c| c.arming = Arming::Headless),
    row("armed", Allow, "confirmed by the operator", |c| c.arming = Arming::Confirmed),
    row("other-runs", Allow, "0 open runs", |_| {}),
    row("other-runs", Deny, "is not known (1 open); settle it", |c| c.facts.other_runs = Known::of(vec![other(true)])),
    row("other-runs", Deny, "is under way", |c| c.facts.other_runs = Known::of(vec![other(false)])),
    row("other-runs", Deny, "is not known (2 open)", |c| {
        c.facts.other_runs = Known::of(vec![other(false), other(true)])
    }),
    row("other-runs", Deny, "the journal can't be read: disk", |c| c.facts.other_runs = unreadable()),
    row("type-the-name", Ask, "production: type `rtech-app`", |_| {}),
    row("type-the-name", Allow, "not production", |c| c.config.environment.kind = EnvironmentKind::Staging),
    row("type-the-name", Ask, "wants the name typed", |c| {
        c.config.environment.kind = EnvironmentKind::Staging;
        c.config.guards.type_name = true;
    }),
];

pub(super) fn other(unknown: bool) -> OtherRun {
    OtherRun { id: "20260101-000000-abcd".into(), unknown, by: "eve".into() }
}
