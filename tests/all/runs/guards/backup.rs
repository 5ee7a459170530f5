//! Rows of the guards about backups.

use quarterdeck::action::Decision::{Allow, Deny};

use super::{Case, Row, row};
use crate::runs::backups;
use quarterdeck::source::{JobOutcome, Unread};

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
];

/// The case of starting a job of AWS Backup.
pub(super) fn backup(case: &mut Case) {
    let config = backups::config(vec![backups::vault()]);
    (case.config, case.observed, case.action) = (config, backups::observation(), Some(backups::start(None)));
}
