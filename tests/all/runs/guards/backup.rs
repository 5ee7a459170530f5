//! Rows of the guards about backups.

use quarterdeck::action::Decision::{Allow, Deny};
use quarterdeck::action::start_backup::Way;
use quarterdeck::config::CopySource;
use quarterdeck::source::{Exportable, JobKind, JobOutcome, Observation, Unread};

use super::{Case, Row, row};
use crate::runs::backups;

pub(super) static ROWS: &[Row] = &[
    row("backup-idle", Allow, "0 backups under way", backup),
    row("backup-idle", Deny, "j1 is RUNNING already, 1 under way", |c| {
        backup(c);
        let job = &mut c.observed.protection.as_mut().unwrap().jobs[0];
        (job.state, job.outcome) = ("RUNNING".into(), JobOutcome::Running);
    }),
    row("backup-idle", Deny, "is not known: backup jobs: AccessDenied", |c| {
        backup(c);
        let unread = Unread { part: "backup jobs".into(), points: false, reason: "AccessDenied".into() };
        c.observed.protection.as_mut().unwrap().missing.push(unread);
    }),
    row("backup-idle", Deny, "the backups were not read", |c| {
        backup(c);
        c.doctor = |p| p.observation.protection = None;
    }),
    row("backup-idle", Allow, "0 exports under way", export),
    row("backup-idle", Deny, "j1 is IN_PROGRESS already, 1 under way", |c| {
        export(c);
        let job = &mut c.observed.protection.as_mut().unwrap().jobs[0];
        (job.kind, job.state, job.outcome) = (JobKind::Export, "IN_PROGRESS".into(), JobOutcome::Running);
    }),
    row("backup-idle", Deny, "whether an export is under way is not known: export tasks: AccessDenied", |c| {
        export(c);
        let unread = Unread { part: "export tasks".into(), points: true, reason: "AccessDenied".into() };
        c.observed.protection.as_mut().unwrap().missing.push(unread);
    }),
    row("export-source", Allow, "rds:s1 of rtech-mongodb (aurora-postgresql) is available", export),
    row("export-source", Deny, "engine docdb, which has no export; AWS exports snapshots of MariaDB", |c| {
        export(c);
        exportable(&mut c.observed).engine = "docdb".into();
    }),
    row("export-source", Deny, "the engine of rds:s1 is not told", |c| {
        export(c);
        exportable(&mut c.observed).engine = "".into();
    }),
    row("export-source", Deny, "a snapshot of `other`, which the configuration does not name", |c| {
        export(c);
        exportable(&mut c.observed).of = "other".into();
    }),
    row("export-source", Deny, "does not name for rtech-mongodb", |c| {
        export(c);
        let mut another = c.config.backups[0].clone();
        another.name = "another".into();
        another.copies.as_mut().unwrap().kinds = vec![CopySource::Cluster("other".to_owned())];
        c.config.backups.push(another);
        exportable(&mut c.observed).of = "other".into();
    }),
    row("export-source", Allow, "rds:s1 of rtech-mongodb (aurora-postgresql) is available", |c| {
        export(c);
        c.config.backups[0].copies.as_mut().unwrap().kinds.push(backups::vault());
    }),
    row("export-source", Deny, "and the newest is arn:aws:rds:us-east-1:123456789012:cluster-snapshot:rds:s2", |c| {
        export(c);
        c.doctor = |p| exportable(&mut p.observation).arn = backups::SNAPSHOT.replace("s1", "s2").as_str().into();
    }),
    row("export-source", Deny, "no snapshot that is available", |c| {
        export(c);
        c.doctor = |p| p.observation.protection.as_mut().unwrap().exportable = None;
    }),
];

/// The case of starting a job of AWS Backup.
pub(super) fn backup(case: &mut Case) {
    let config = backups::config(vec![backups::vault()]);
    (case.config, case.observed, case.action) = (config, backups::observation(), Some(backups::start(None)));
}

/// The case of an export of a cluster's newest snapshot.
fn export(case: &mut Case) {
    let config = backups::exporting(vec![backups::cluster()]);
    (case.config, case.observed, case.action) =
        (config, backups::observation(), Some(backups::start(Some(Way::Export))));
}

/// The snapshot that it would export.
fn exportable(found: &mut Observation) -> &mut Exportable {
    found.protection.as_mut().unwrap().exportable.as_mut().unwrap()
}
