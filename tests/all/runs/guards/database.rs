//! Rows of the guards about failovers of databases.

use quarterdeck::action::Decision::{Allow, Deny};

use super::{Case, Row, row};
use crate::runs::databases;
use crate::runs::fixture::scale;
use quarterdeck::action::Action;
use quarterdeck::action::fail_over::FailOver;
use quarterdeck::config::DatabaseId;
use quarterdeck::source::{Database, MemberRole, Number};

pub(super) static ROWS: &[Row] = &[
    row("database-available", Allow, "status available", failover),
    row("database-available", Deny, "status failing-over", |c| members(c, |d| d.status = "failing-over".into())),
    row("database-available", Deny, "the database was not read", |c| {
        failover(c);
        c.doctor = |p| p.observation.database = None;
    }),
    row("failover-target", Allow, "two is a reader, available, promotion tier 1", failover),
    row("failover-target", Deny, "two is rebooting", |c| members(c, |d| d.members[1].status = "rebooting".into())),
    row("failover-target", Deny, "two is unknown", |c| members(c, |d| d.members[1].status = "unknown".into())),
    row("failover-target", Deny, "promotion tier of two is not known", |c| {
        members(c, |d| d.members[1].promotion_tier = None);
    }),
    row("failover-target", Deny, "is no reader: Unknown", |c| {
        members(c, |d| d.members[1].role = MemberRole::Unknown);
    }),
    row("failover-target", Allow, "Multi-AZ: a standby takes over", rebooted),
    row("failover-target", Deny, "rtech-mongodb is not Multi-AZ", |c| {
        rebooted(c);
        c.doctor = |p| p.observation.database.as_mut().unwrap().multi_az = false;
    }),
    row("failover-target", Deny, "nine is no member of rtech-mongodb", |c| {
        failover(c);
        c.doctor = |p| p.action = databases::to("nine");
    }),
    row("failover-target", Deny, "the plan names no target", |c| {
        failover(c);
        c.doctor = |p| p.action = scale(5);
    }),
    row("failover-target", Deny, "the database was not read", |c| {
        failover(c);
        c.doctor = |p| p.observation.database = None;
    }),
    row("replica-lag", Allow, "two is 0.085 s behind (DBInstanceReplicaLag), at most 1 s", failover),
    row("replica-lag", Deny, "1.001 s behind", |c| lag(c, Number::Finite(1001.0))),
    row("replica-lag", Deny, "is not known", |c| lag(c, Number::NoData)),
    row("replica-lag", Deny, "is not known", |c| lag(c, Number::NotANumber)),
    row("replica-lag", Deny, "is not known", |c| lag(c, Number::Finite(-1.0))),
    row("replica-lag", Allow, "two is 1.000 s behind", |c| lag(c, Number::Finite(1000.0))),
    row("replica-lag", Allow, "the standby has every write", rebooted),
    row("replica-lag", Deny, "the plan names no target", |c| {
        failover(c);
        c.doctor = |p| p.action = scale(5);
    }),
    row("replica-lag", Deny, "the configuration has no such database", |c| {
        failover(c);
        c.doctor = |p| p.action = Action::FailOver(FailOver { service: "other".into(), to: Some("two".into()) });
    }),
];

/// The case of failing over to `two`.
pub(super) fn failover(case: &mut Case) {
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

/// The case of rebooting an instance with failover: to its standby.
fn rebooted(case: &mut Case) {
    let config = databases::config(DatabaseId::Instance("main".to_owned()));
    (case.config, case.observed, case.action) = (config, databases::instance(), Some(databases::reboot()));
}
