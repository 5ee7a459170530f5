//! Snapshots and point-in-time restore of a cluster or an instance (RDS, Aurora, DocumentDB).

use std::time::Duration;

use aws_sdk_rds::types::{DbCluster, DbClusterSnapshot, DbInstance, DbSnapshot};
use aws_smithy_types::DateTime;
use jiff::Timestamp;

use super::{Found, Listed, Page, exportable, exports, paged};
use crate::slo::schedule::{self, Rule, later};
use crate::source::aws::decode::{text, timestamp};
use crate::source::aws::rds::Rds;
use crate::source::{BackupJob, CopyKind, JobKind, JobOutcome, RecoveryPoint, RestoreWindow, Schedule, SourceError};
use crate::text::Text;

/// Records of a page, the API's limit.
const A_PAGE: i32 = 100;

/// Pages of snapshots that are read.
const PAGES: usize = 10;

/// What RDS calls its own daily backup.
const AUTOMATED: &str = "automated";

/// What a cluster or an instance says of its backups.
struct Kept<'a> {
    earliest: Option<&'a DateTime>,
    latest: Option<&'a DateTime>,
    window: Option<&'a str>,
    days: Option<i32>,
    created: Option<&'a DateTime>,
    arn: Option<&'a str>,
}

/// A snapshot of either kind.
struct Snapshot<'a> {
    id: Option<&'a str>,
    kind: Option<&'a str>,
    status: Option<&'a str>,
    taken: Option<&'a DateTime>,
    encrypted: Option<bool>,
    bytes: Option<i64>,
    percent: Option<i32>,
}

/// Everything of a cluster.
pub(super) async fn cluster(rds: &Rds, name: &str, now: Timestamp) -> Found {
    let (cluster, snapshots, exports) =
        tokio::join!(rds.cluster(name), cluster_snapshots(rds, name), exports::tasks(rds));
    let mut found = Found::default();
    let (snapshots, whole) = found.take_list("snapshots", true, snapshots);
    let of_this = |snapshot: &&DbClusterSnapshot| snapshot.db_cluster_identifier().is_none_or(|id| id == name);
    let own: Vec<&DbClusterSnapshot> = snapshots.iter().filter(of_this).collect();
    found.protection.points.extend(own.iter().filter_map(|snapshot| Snapshot::of_cluster(snapshot).point()));
    found.protection.jobs.extend(own.iter().filter_map(|snapshot| Snapshot::of_cluster(snapshot).job(now)));
    found.protection.exportable =
        exportable::newest(own.iter().filter_map(|snapshot| exportable::of_cluster(snapshot))).map(Box::new);
    let cluster = found.take("point-in-time restore", true, cluster);
    let kept = cluster.as_ref().map(Kept::of_cluster);
    add_kept(&mut found, kept.as_ref(), whole, now);
    let arns = own.iter().filter_map(|snapshot| snapshot.db_cluster_snapshot_arn());
    exports::add(&mut found, exports, &arns.chain(kept.and_then(|kept| kept.arn)).collect::<Vec<_>>(), now);
    found
}

/// Everything of an instance.
pub(super) async fn instance(rds: &Rds, name: &str, now: Timestamp) -> Found {
    let (instance, snapshots, exports) =
        tokio::join!(rds.instance(name), instance_snapshots(rds, name), exports::tasks(rds));
    let mut found = Found::default();
    let (snapshots, whole) = found.take_list("snapshots", true, snapshots);
    let of_this = |snapshot: &&DbSnapshot| snapshot.db_instance_identifier().is_none_or(|id| id == name);
    let own: Vec<&DbSnapshot> = snapshots.iter().filter(of_this).collect();
    found.protection.points.extend(own.iter().filter_map(|snapshot| Snapshot::of_instance(snapshot).point()));
    found.protection.jobs.extend(own.iter().filter_map(|snapshot| Snapshot::of_instance(snapshot).job(now)));
    found.protection.exportable =
        exportable::newest(own.iter().filter_map(|snapshot| exportable::of_instance(snapshot))).map(Box::new);
    let instance = found.take("point-in-time restore", true, instance);
    let kept = instance.as_ref().map(Kept::of_instance);
    add_kept(&mut found, kept.as_ref(), whole, now);
    let arns = own.iter().filter_map(|snapshot| snapshot.db_snapshot_arn());
    exports::add(&mut found, exports, &arns.chain(kept.and_then(|kept| kept.arn)).collect::<Vec<_>>(), now);
    found
}

fn add_kept(found: &mut Found, kept: Option<&Kept<'_>>, whole: bool, now: Timestamp) {
    let Some(kept) = kept else { return };
    found.protection.point_in_time = kept.window_of_restore();
    found.protection.schedules.extend(kept.schedule(whole, now));
    found.protection.protected = Some(kept.days.is_some_and(|days| days > 0));
}

impl<'a> Kept<'a> {
    fn of_cluster(cluster: &'a DbCluster) -> Self {
        Self {
            earliest: cluster.earliest_restorable_time(),
            latest: cluster.latest_restorable_time(),
            window: cluster.preferred_backup_window(),
            days: cluster.backup_retention_period(),
            created: cluster.cluster_create_time(),
            arn: cluster.db_cluster_arn(),
        }
    }

    /// An instance does not tell the earliest moment; its oldest automated snapshot would.
    fn of_instance(instance: &'a DbInstance) -> Self {
        Self {
            earliest: None,
            latest: instance.latest_restorable_time(),
            window: instance.preferred_backup_window(),
            days: instance.backup_retention_period(),
            created: instance.instance_create_time(),
            arn: instance.db_instance_arn(),
        }
    }

    /// Automated backups that are off (0 days) have no window, whatever date stands there.
    fn window_of_restore(&self) -> Option<RestoreWindow> {
        let latest = self.latest.and_then(timestamp).filter(|_| self.days != Some(0))?;
        Some(RestoreWindow { earliest: self.earliest.and_then(timestamp), latest })
    }

    /// The daily window; nothing where automated backups are off. Automated snapshots are gone after the days that they are
    /// kept, so further back nothing can be told.
    fn schedule(&self, whole: bool, now: Timestamp) -> Option<Schedule> {
        let days = self.days.and_then(|days| u32::try_from(days).ok()).filter(|days| *days > 0)?;
        let kept = Duration::from_secs(u64::from(days - 1) * 86_400);
        let since = now.checked_sub(kept).ok().filter(|_| whole);
        let found = Rule {
            name: AUTOMATED,
            expression: self.window?,
            zone: None,
            start_within: None,
            checked_since: later(since, self.created.and_then(timestamp)),
        };
        Some(Schedule { delete_after_days: Some(days), ..schedule::schedule(&found, now) })
    }
}

impl<'a> Snapshot<'a> {
    fn of_cluster(snapshot: &'a DbClusterSnapshot) -> Self {
        Self {
            id: snapshot.db_cluster_snapshot_identifier(),
            kind: snapshot.snapshot_type(),
            status: snapshot.status(),
            taken: snapshot.snapshot_create_time(),
            encrypted: snapshot.storage_encrypted(),
            bytes: None,
            percent: snapshot.percent_progress(),
        }
    }

    /// A snapshot that was copied keeps the moment of its cut as the original one.
    fn of_instance(snapshot: &'a DbSnapshot) -> Self {
        Self {
            id: snapshot.db_snapshot_identifier(),
            kind: snapshot.snapshot_type(),
            status: snapshot.status(),
            taken: snapshot.original_snapshot_create_time().or_else(|| snapshot.snapshot_create_time()),
            encrypted: snapshot.encrypted(),
            bytes: snapshot.full_snapshot_size_in_bytes(),
            percent: snapshot.percent_progress(),
        }
    }

    /// A point, if it can be restored now and its date is told.
    fn point(&self) -> Option<RecoveryPoint> {
        let cut = self.taken.and_then(timestamp).filter(|_| self.status == Some("available"))?;
        Some(RecoveryPoint {
            id: text(self.id),
            kind: CopyKind::Snapshot,
            origin: self.kind.map(Text::clean),
            cut,
            cut_is_end: false,
            completed: None,
            bytes: self.bytes.and_then(|bytes| u64::try_from(bytes).ok()).filter(|bytes| *bytes > 0),
            encrypted: self.encrypted,
            encryption: None,
            expires: None,
        })
    }
}

impl Snapshot<'_> {
    /// A job, while it is made or where that failed. While it is made its date may be missing: it is being cut now.
    fn job(&self, now: Timestamp) -> Option<BackupJob> {
        let outcome = match self.status? {
            "creating" | "copying" | "backing-up" => JobOutcome::Running,
            status if status.starts_with("failed") => JobOutcome::Failed,
            _ => return None,
        };
        Some(BackupJob {
            id: text(self.id),
            kind: JobKind::Backup,
            state: text(self.status),
            outcome,
            validation: None,
            message: None,
            created: self.taken.and_then(timestamp).unwrap_or(now),
            completed: None,
            percent: self.percent.filter(|percent| (0..=100).contains(percent)).map(f64::from),
            origin: self.kind.map(Text::clean),
        })
    }
}

/// The snapshots of a cluster.
pub(in crate::source::aws) async fn cluster_snapshots(
    rds: &Rds,
    name: &str,
) -> Result<Listed<DbClusterSnapshot>, SourceError> {
    let asked = &rds.asked("rds:DescribeDBClusterSnapshots");
    paged(PAGES, |marker| async move {
        let asking = rds.client().describe_db_cluster_snapshots().db_cluster_identifier(name);
        let sent = asking.max_records(A_PAGE).set_marker(marker).send().await;
        let page = sent.map_err(|error| asked.failed(&error))?;
        Ok(Page { next: page.marker, items: page.db_cluster_snapshots.unwrap_or_default() })
    })
    .await
}

/// The snapshots of an instance.
pub(in crate::source::aws) async fn instance_snapshots(
    rds: &Rds,
    name: &str,
) -> Result<Listed<DbSnapshot>, SourceError> {
    let asked = &rds.asked("rds:DescribeDBSnapshots");
    paged(PAGES, |marker| async move {
        let asking = rds.client().describe_db_snapshots().db_instance_identifier(name);
        let sent = asking.max_records(A_PAGE).set_marker(marker).send().await;
        let page = sent.map_err(|error| asked.failed(&error))?;
        Ok(Page { next: page.marker, items: page.db_snapshots.unwrap_or_default() })
    })
    .await
}
