//! Snapshots as an export to S3 takes them.

use aws_sdk_rds::types::{DbClusterSnapshot, DbSnapshot};

use crate::source::Exportable;
use crate::source::aws::decode::{text, timestamp};

/// The status in which a snapshot can be exported.
const AVAILABLE: &str = "available";

/// The newest one.
pub(super) fn newest(of: impl Iterator<Item = Exportable>) -> Option<Exportable> {
    of.max_by(|a, b| (a.cut, &a.id).cmp(&(b.cut, &b.id)))
}

/// A snapshot of a cluster; `None` where it is not available, or its ARN or date is not told. Storage of Aurora grows by
/// itself: what is said of it is no size.
pub(super) fn of_cluster(snapshot: &DbClusterSnapshot) -> Option<Exportable> {
    let grows = snapshot.engine().is_none_or(|engine| engine.starts_with("aurora") || engine == "docdb");
    Some(Exportable {
        id: text(snapshot.db_cluster_snapshot_identifier()),
        arn: text(Some(snapshot.db_cluster_snapshot_arn().filter(|_| snapshot.status() == Some(AVAILABLE))?)),
        of: text(snapshot.db_cluster_identifier()),
        engine: text(snapshot.engine()),
        cut: snapshot.snapshot_create_time().and_then(timestamp)?,
        storage_gib: gib(snapshot.allocated_storage()).filter(|_| !grows),
    })
}

/// A snapshot of an instance. One that was copied keeps the moment of its cut as the original one.
pub(super) fn of_instance(snapshot: &DbSnapshot) -> Option<Exportable> {
    let taken = snapshot.original_snapshot_create_time().or_else(|| snapshot.snapshot_create_time());
    Some(Exportable {
        id: text(snapshot.db_snapshot_identifier()),
        arn: text(Some(snapshot.db_snapshot_arn().filter(|_| snapshot.status() == Some(AVAILABLE))?)),
        of: text(snapshot.db_instance_identifier()),
        engine: text(snapshot.engine()),
        cut: taken.and_then(timestamp)?,
        storage_gib: gib(snapshot.allocated_storage()),
    })
}

fn gib(told: Option<i32>) -> Option<u32> {
    u32::try_from(told?).ok().filter(|gib| *gib > 0)
}
