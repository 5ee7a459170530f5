//! Rows of the guards about restored copies.

use std::time::Duration;

use quarterdeck::action::Decision::{Allow, Deny};
use quarterdeck::action::{Call, CopyChange, Plan};

use super::{Case, Row, row};
use crate::runs::restores;
use quarterdeck::config::{CopySource, DatabaseId, DatabasePlace};
use quarterdeck::source::RestoredCopy;

pub(super) static ROWS: &[Row] = &[
    row("restore-point", Allow, "rds:s1 is available", restored),
    row("restore-point", Deny, "rds:s1 would be restored, and the newest is rds:s2", |c| {
        restored(c);
        c.doctor = |p| p.observation.restore.as_mut().unwrap().point.as_mut().unwrap().id = "rds:s2".into();
    }),
    row("restore-point", Deny, "no snapshot", |c| {
        restored(c);
        c.doctor = |p| p.observation.restore.as_mut().unwrap().point = None;
    }),
    row("restore-point", Deny, "was not read", |c| {
        restored(c);
        c.doctor = |p| p.observation.restore = None;
    }),
    row("restore-point", Deny, "the plan restores no snapshot", |c| {
        restored(c);
        c.doctor = |p| drop(p.steps.remove(0));
    }),
    row("restore-alone", Allow, "no restored copy", restored),
    row("restore-alone", Deny, "left over: qd-restore-rtech-mongodb-0123456789ab (failed)", |c| {
        restored(c);
        let mut other = restores::copy(&made_by(&restores::plan(), 0), "failed");
        (other.id, other.made_by) = ("qd-restore-rtech-mongodb-0123456789ab".into(), None);
        c.observed.restore.as_mut().unwrap().copies.push(other);
    }),
    row("restore-alone", Allow, "no restored copy", |c| {
        restored(c);
        let mut other = restores::copy(&made_by(&restores::plan(), 0), "available");
        other.id = "qd-restore-rtech-mongodb-users-0123456789ab".into();
        c.observed.restore.as_mut().unwrap().copies.push(other);
    }),
    row("restore-alone", Deny, "was not read", |c| {
        restored(c);
        c.doctor = |p| p.observation.restore = None;
    }),
    row("restore-quota", Allow, "3 of 40 instances", restored),
    row("restore-quota", Deny, "40 of 40 instances", |c| {
        restored(c);
        c.observed.restore.as_mut().unwrap().quota.as_mut().unwrap().used = 40;
    }),
    row("restore-quota", Allow, "quota NOT KNOWN", |c| {
        restored(c);
        c.observed.restore.as_mut().unwrap().quota = None;
    }),
    row("restore-quota", Deny, "was not read", |c| {
        restored(c);
        c.doctor = |p| p.observation.restore = None;
    }),
    row("own-copy", Allow, "4 removals of what this plan makes", restored),
    row("own-copy", Deny, "rtech-mongodb is backup rtech-mongodb in the configuration", |c| {
        removing(c, |p| set_copy(p, 2, "rtech-mongodb"));
    }),
    row("own-copy", Deny, "RTECH-MONGODB is backup", |c| removing(c, |p| set_copy(p, 5, "RTECH-MONGODB"))),
    row("own-copy", Deny, "orders is service rtech-app in the configuration", |c| {
        removing(c, |p| set_copy(p, 3, "orders"));
        let polling = c.config.ecs;
        let id = DatabaseId::Cluster("orders".into());
        let max_lag = Duration::from_secs(1);
        c.config.services[0].database = Some(DatabasePlace { id, place: None, lag: None, max_lag, polling });
    }),
    row("own-copy", Deny, "users is not the name of a copy", |c| removing(c, |p| set_copy(p, 3, "users"))),
    row("own-copy", Deny, "is not the name of a copy", |c| {
        removing(c, |p| set_copy(p, 3, "qd-restore-rtech-mongodb-0123456789ab"));
    }),
    row("own-copy", Deny, "is not the name of a copy", |c| {
        removing(c, |p| set_copy(p, 0, "qd-restore-other-0123456789ab"));
    }),
    row("own-copy", Deny, "that this plan made", |c| removing(c, |p| drop(p.steps.drain(..2)))),
    row("own-copy", Allow, "1 removal of what this plan makes", |c| alone(c, |_| {})),
    row("own-copy", Deny, "has not the tag of this plan", |c| alone(c, |copy| copy.made_by = None)),
    row("own-copy", Deny, "has not the tag of this plan", |c| alone(c, |copy| copy.made_by = Some("other".into()))),
    row("own-copy", Deny, "there is no instance", |c| alone(c, |copy| copy.id = "qd-restore-x".into())),
    row("own-copy", Deny, "is not the name of a copy", |c| removing(c, |p| set_mark(p, 2, ""))),
    row("own-copy", Deny, "that this plan made", |c| removing(c, |p| drop(p.steps.remove(1)))),
    row("own-copy", Deny, "side is backup other in the configuration", |c| {
        removing(c, |p| set_copy(p, 2, "side"));
        let mut other = c.config.backups[0].clone();
        other.name = "other".into();
        other.copies.as_mut().unwrap().kinds.push(CopySource::Instance("side".to_owned()));
        c.config.backups.push(other);
    }),
];

/// The case of a restore test of a cluster.
fn restored(case: &mut Case) {
    (case.config, case.observed, case.action) = (restores::config(), restores::observation(), Some(restores::action()));
}

/// The same, whose plan was doctored.
fn removing(case: &mut Case, doctor: fn(&mut Plan)) {
    restored(case);
    case.doctor = doctor;
}

/// The removal of the instance alone, as it is judged when it is due, with the copy as it stands then.
fn alone(case: &mut Case, change: fn(&mut RestoredCopy)) {
    restored(case);
    let mut copy = restores::copy(&made_by(&restores::plan(), 1), "available");
    change(&mut copy);
    case.observed.restore.as_mut().unwrap().copies.push(copy);
    case.doctor = |p| {
        p.steps = vec![p.steps[2].clone()];
        p.on_failure.clear();
    };
}

fn made_by(plan: &Plan, step: usize) -> CopyChange {
    let Some(Call::RdsCopy { change, .. }) = plan.calls().nth(step) else { panic!("no copy in step {step}") };
    change.clone()
}

fn fields(plan: &mut Plan, step: usize) -> (&mut String, &mut String) {
    use CopyChange::{AddInstance, RemoveCluster, RemoveInstance, RestoreCluster, RestoreInstance};
    let Some(Call::RdsCopy { change, .. }) =
        plan.steps.iter_mut().chain(&mut plan.on_failure).nth(step).map(|step| &mut step.call)
    else {
        panic!("no copy in step {step}")
    };
    match change {
        RestoreCluster { copy, mark, .. }
        | AddInstance { copy, mark, .. }
        | RestoreInstance { copy, mark, .. }
        | RemoveInstance { copy, mark, .. }
        | RemoveCluster { copy, mark, .. } => (copy, mark),
    }
}

fn set_copy(plan: &mut Plan, step: usize, id: &str) {
    *fields(plan, step).0 = id.to_owned();
}

fn set_mark(plan: &mut Plan, step: usize, mark: &str) {
    *fields(plan, step).1 = mark.to_owned();
}
