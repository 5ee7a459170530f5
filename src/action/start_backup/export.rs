//! The plan of an export: the newest snapshot, named by its ARN, to the bucket that the configuration names.

use std::collections::BTreeMap;

use super::{Read, StartBackup, Way, newest_job, removal};
use crate::action::{Call, Change, Draft, ExportTask, PlanFailure, Step, Undo, database};
use crate::config::{CopySource, ExportTo};
use crate::source::{Exportable, JobKind, Protection};

/// The engines whose snapshots RDS can export. Versions, classes and storage that it can't it refuses itself.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.RDS_Fea_Regions_DB-eng.Feature.ExportSnapshotToS3.html>
pub(in crate::action) const ENGINES: [&str; 6] =
    ["aurora", "aurora-mysql", "aurora-postgresql", "mariadb", "mysql", "postgres"];

/// What to do about an engine that has no export.
pub(in crate::action) const NO_ENGINE: &str =
    "AWS exports snapshots of MariaDB, MySQL, PostgreSQL and Aurora only; use the engine's own dump, or by=snapshot";

/// What a plan of an export rests on.
pub(super) fn facts(protection: &Protection) -> BTreeMap<String, String> {
    let source = protection.exportable.as_ref();
    let source = source.map_or("none".to_owned(), |one| format!("{} ({}), cut {:.0}", one.arn, one.engine, one.cut));
    BTreeMap::from([
        ("newest snapshot".to_owned(), source),
        ("newest export".to_owned(), newest_job(protection, JobKind::Export)),
    ])
}

impl StartBackup {
    /// The draft of an export.
    pub(super) fn export(&self, source: &CopySource, read: &Read<'_>) -> Result<Draft, PlanFailure> {
        let (kind, name) = match source {
            CopySource::Cluster(name) => ("cluster", name),
            CopySource::Instance(name) => ("db", name),
            _ => return Err(super::no_way(&self.protected)),
        };
        let to = read.copies.export.as_ref().ok_or_else(|| super::no_way(&self.protected))?;
        let from = read.protection.exportable.as_ref().ok_or_else(|| self.nothing_to_export(read.protection))?;
        let task = self.task(read, from, to, name);
        Ok(Draft {
            target_id: database::arn(kind, name, read.found.identity.as_ref())?,
            changes: changes(&task, from, read.protection),
            undo: Undo::Impossible { reason: format!("an export takes nothing away; {}", removal(Way::Export)) },
            cost: Some(cost(from)),
            within: Some(read.thing.backup_within),
            steps: vec![self.step(task, read)],
            ..Draft::default()
        })
    }

    fn step(&self, task: ExportTask, read: &Read<'_>) -> Step {
        let summary = format!("export a snapshot of {} to {}", self.protected, task.objects());
        Step::new(summary, Call::RdsExport { task: Box::new(task), place: read.copies.place.clone() })
    }

    fn task(&self, read: &Read<'_>, from: &Exportable, to: &ExportTo, name: &str) -> ExportTask {
        let ExportTo { bucket, prefix, role, key, only } = to.clone();
        let snapshot = from.arn.to_string();
        let unnamed = ExportTask { task: String::new(), snapshot, bucket, prefix, role, key, only };
        // All that it is told is in the name: what finds a task of this name finds this very export.
        let mark = self.mark(read, &unnamed.to_string(), 12);
        ExportTask { task: super::named(name, &mark), ..unnamed }
    }

    fn nothing_to_export(&self, protection: &Protection) -> PlanFailure {
        match protection.missing.iter().find(|unread| unread.part.as_str() == "snapshots") {
            Some(unread) => {
                let reason = format!("the snapshots of `{}` were not read: {}", self.protected, unread.reason);
                PlanFailure::new(&reason, "it needs rds:DescribeDBClusterSnapshots or rds:DescribeDBSnapshots")
            }
            None => PlanFailure::new(
                &format!("`{}` has no snapshot that is available: there is nothing to export", self.protected),
                &format!("make one first: start_backup {} by=snapshot", self.protected),
            ),
        }
    }
}

fn changes(task: &ExportTask, from: &Exportable, protection: &Protection) -> Vec<Change> {
    let same = |what: &str, value: &str| Change::new(what, value, value);
    let only = if task.only.is_empty() { "all databases".to_owned() } else { task.only.join(", ") };
    vec![
        Change::new("newest export", &newest_job(protection, JobKind::Export), &task.task),
        Change::new("objects", "none", &task.objects()),
        same("snapshot", &format!("{}, cut {:.0}", from.arn, from.cut)),
        same("engine", from.engine.as_str()),
        same("what of it", &only),
        same("written by", &task.role),
        same("encrypted with", &task.key),
    ]
}

/// RDS takes a price a GB of the snapshot, once, and tells the size of instances' storage only.
/// "Snapshot Export" of <https://aws.amazon.com/rds/postgresql/pricing/> and <https://aws.amazon.com/rds/aurora/pricing/>
fn cost(from: &Exportable) -> String {
    let size = from.storage_gib.map(|gib| format!(" (of {gib} GiB of storage)"));
    let size = size.unwrap_or_default();
    format!("once about 0.01 USD a GB of the snapshot{size}, then what its objects take in S3 a GB-month")
}
