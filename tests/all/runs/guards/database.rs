//! Rows of the guards about failovers of databases.

use quarterdeck::action::Decision::{Allow, Deny};

use super::{Case, Row, row};
use crate::runs::databases;
use quarterdeck::source::{Database, MemberRole, Number};

pub(super) static ROWS: &[Row] = &[
    row("database-available", Allow, "status available", failover),
    row("database-available", Deny, "status failing-over", |c| members(c, |d| d.status = "failing-over".into())),
    row("failover-target", Allow, "two is a reader, available, promotion tier 1", failover),
    row("failover-target", Deny, "two is rebooting", |c| members(c, |d| d.members[1].status = "rebooting".into())),
    row("failover-target", Deny, "two is unknown", |c| members(c, |d| d.members[1].status = "unknown".into())),
    row("failover-target", Deny, "promotion tier of two is not known", |c| {
        members(c, |d| d.members[1].promotion_tier = None);
    }),
    row("failover-target", Deny, "is no reader: Unknown", |c| {
        members(c, |d| d.members[1].role = MemberRole::Unknown);
    }),
    row("replica-lag", Allow, "two is 0.085 s behind (DBInstanceReplicaLag), at most 1 s", failover),
    row("replica-lag", Deny, "1.001 s behind", |c| lag(c, Number::Finite(1001.0))),
    row("replica-lag", Deny, "is not known", |c| lag(c, Number::NoData)),
    row("replica-lag", Deny, "is not known", |c| lag(c, Number::NotANumber)),
    row("replica-lag", Deny, "is not known", |c| lag(c, Number::Finite(-1.0))),
];

/// The case of failing over to `two`.
fn failover(case: &mut Case) {
    let observed = databases::observation();
    (case.config, case.observed, case.action) = (databases::cluster(), observed, Some(databases::to("two")));
}

fn members(case: &mut Case, change: fn(&mut Database)) {
    failover(case);
    change(case.observed.database.as_mut().unwrap());
}

fn lag(case: &mut Case, milliseconds: Number) {
    failover(case);
    case.observed.answers.insert("DBInstanceReplicaLag".to_owned(), milliseconds);
}
