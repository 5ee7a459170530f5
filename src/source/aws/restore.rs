//! What a restore test rests on: the newest snapshot, what it is a copy of, restored copies that are there, and the quota.
//! Read for plans only, whole or not at all; but for the quota, which not every role may read.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeAccountAttributes.html>

use std::time::Duration;

use aws_sdk_rds::types::{DbCluster, DbClusterSnapshot, DbInstance, DbSnapshot, Tag, VpcSecurityGroupMembership};
use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::net::TcpStream;

use super::Connection;
use super::connect::operation_timeout;
use super::decode::{text, timestamp};
use super::protection::snapshots::{cluster_snapshots, instance_snapshots};
use super::rds::Rds;
use crate::config::Protected;
use crate::source::{
    COPY_TAG, DatabaseKind, InstanceQuota, Name, Restore, RestoreOrigin, RestorePoint, RestoredCopy, SourceError,
    SourceErrorKind, copy_prefix,
};
use crate::text::Text;

/// How long the copy's endpoint may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(3);

/// The quota of instances, as RDS calls it.
const INSTANCES: &str = "DBInstances";

/// A copy and where it listens.
struct Seen {
    copy: RestoredCopy,
    endpoint: Option<(String, u16)>,
}

/// Everything that a restore test of a protected thing rests on.
pub(super) async fn restore(
    connection: &Connection,
    thing: &Protected,
    deadline: Duration,
) -> Result<Restore, SourceError> {
    let config = connection.sdk_config(operation_timeout(deadline)).await;
    let rds = Rds::new(&config, Name::from(format!("restore-{}", thing.name)), connection.who());
    let missing = || rds.asked("rds").error(SourceErrorKind::Missing, "it has no one cluster or instance");
    let (kind, name) = thing.database().ok_or_else(missing)?;
    let (point, clusters, instances, quota) =
        tokio::join!(point(&rds, kind, name), rds.every_cluster(), rds.every_instance(), quota(&rds));
    let (clusters, instances) = (clusters?, instances?);
    let origin = match kind {
        DatabaseKind::Cluster => clusters.iter().find(|one| is(one.db_cluster_identifier(), name)).map(|cluster| {
            let writer =
                writer(cluster).and_then(|id| instances.iter().find(|one| is(one.db_instance_identifier(), id)));
            origin_cluster(cluster, writer)
        }),
        DatabaseKind::Instance => {
            instances.iter().find(|one| is(one.db_instance_identifier(), name)).map(origin_instance)
        }
    };
    let gone = || rds.asked("rds").error(SourceErrorKind::Missing, &format!("there is no {} {name}", kind.word()));
    let prefix = copy_prefix(&thing.name);
    let ours = |seen: &Seen| seen.copy.id.as_str().starts_with(&prefix);
    let seen = clusters.iter().map(copy_cluster).chain(instances.iter().map(copy_instance)).filter(ours);
    let copies = join_all(seen.map(|seen| reached(seen, thing.restore_test.reach))).await;
    Ok(Restore { point: point?, origin: origin.ok_or_else(gone)?, copies, quota })
}

fn is(id: Option<&str>, name: &str) -> bool {
    id.is_some_and(|id| id.eq_ignore_ascii_case(name))
}

/// The newest snapshot that is available.
async fn point(rds: &Rds, kind: DatabaseKind, name: &str) -> Result<Option<RestorePoint>, SourceError> {
    let (points, cut): (Vec<RestorePoint>, _) = match kind {
        DatabaseKind::Cluster => {
            let listed = cluster_snapshots(rds, name).await?;
            let own = listed.items.iter().filter(|one| is(one.db_cluster_identifier(), name));
            (own.filter_map(point_cluster).collect(), listed.cut)
        }
        DatabaseKind::Instance => {
            let listed = instance_snapshots(rds, name).await?;
            let own = listed.items.iter().filter(|one| is(one.db_instance_identifier(), name));
            (own.filter_map(point_instance).collect(), listed.cut)
        }
    };
    match cut {
        // The newest may be among those that were not read.
        Some(why) => Err(rds.asked("rds:DescribeDBSnapshots").error(SourceErrorKind::Malformed, &why)),
        None => Ok(points.into_iter().max_by(|a, b| (a.cut, &a.id).cmp(&(b.cut, &b.id)))),
    }
}

fn point_cluster(snapshot: &DbClusterSnapshot) -> Option<RestorePoint> {
    let engine = snapshot.engine().unwrap_or_default();
    let grows = ["aurora", "docdb", "neptune"].iter().any(|name| engine.starts_with(name));
    Some(RestorePoint {
        id: text(snapshot.db_cluster_snapshot_identifier()),
        cut: available(snapshot.status(), snapshot.snapshot_create_time().and_then(timestamp))?,
        engine: Text::clean(engine),
        version: text(snapshot.engine_version()),
        storage_gib: if grows { None } else { gib(snapshot.allocated_storage()) },
    })
}

/// A snapshot that was copied keeps the moment of its cut as the original one.
fn point_instance(snapshot: &DbSnapshot) -> Option<RestorePoint> {
    let taken = snapshot.original_snapshot_create_time().or_else(|| snapshot.snapshot_create_time());
    Some(RestorePoint {
        id: text(snapshot.db_snapshot_identifier()),
        cut: available(snapshot.status(), taken.and_then(timestamp))?,
        engine: text(snapshot.engine()),
        version: text(snapshot.engine_version()),
        storage_gib: gib(snapshot.allocated_storage()),
    })
}

fn available(status: Option<&str>, cut: Option<Timestamp>) -> Option<Timestamp> {
    cut.filter(|_| status == Some("available"))
}

fn gib(told: Option<i32>) -> Option<u32> {
    u32::try_from(told?).ok().filter(|gib| *gib > 0)
}

fn writer(cluster: &DbCluster) -> Option<&str> {
    let members = cluster.db_cluster_members();
    let writer = members.iter().find(|member| member.is_cluster_writer() == Some(true));
    writer.or_else(|| members.first())?.db_instance_identifier()
}

fn origin_cluster(cluster: &DbCluster, writer: Option<&DbInstance>) -> RestoreOrigin {
    RestoreOrigin {
        id: text(cluster.db_cluster_identifier()),
        kind: DatabaseKind::Cluster,
        mode: cluster.engine_mode().map(Text::clean),
        class: writer.and_then(DbInstance::db_instance_class).map(Text::clean),
        makes_instances: cluster.db_cluster_instance_class().is_some_and(|class| !class.is_empty()),
        subnet_group: cluster.db_subnet_group().filter(|group| !group.is_empty()).map(Text::clean),
        security_groups: groups(cluster.vpc_security_groups()),
    }
}

fn origin_instance(instance: &DbInstance) -> RestoreOrigin {
    let group = instance.db_subnet_group().and_then(|group| group.db_subnet_group_name());
    RestoreOrigin {
        id: text(instance.db_instance_identifier()),
        kind: DatabaseKind::Instance,
        mode: None,
        class: instance.db_instance_class().map(Text::clean),
        makes_instances: false,
        subnet_group: group.filter(|group| !group.is_empty()).map(Text::clean),
        security_groups: groups(instance.vpc_security_groups()),
    }
}

fn groups(groups: &[VpcSecurityGroupMembership]) -> Vec<Text> {
    let mut ids: Vec<Text> = groups.iter().filter_map(|group| group.vpc_security_group_id()).map(Text::clean).collect();
    ids.sort();
    ids
}

fn made_by(tags: &[Tag]) -> Option<Text> {
    tags.iter().find(|tag| tag.key() == Some(COPY_TAG))?.value().map(Text::clean)
}

fn copy_cluster(cluster: &DbCluster) -> Seen {
    let copy = RestoredCopy {
        id: text(cluster.db_cluster_identifier()),
        kind: DatabaseKind::Cluster,
        status: text(cluster.status()),
        engine: text(cluster.engine()),
        version: text(cluster.engine_version()),
        storage_gib: gib(cluster.allocated_storage()),
        public: cluster.publicly_accessible(),
        made_by: made_by(cluster.tag_list()),
        reached: None,
    };
    Seen { copy, endpoint: None }
}

fn copy_instance(instance: &DbInstance) -> Seen {
    let copy = RestoredCopy {
        id: text(instance.db_instance_identifier()),
        kind: DatabaseKind::Instance,
        status: text(instance.db_instance_status()),
        engine: text(instance.engine()),
        version: text(instance.engine_version()),
        storage_gib: gib(instance.allocated_storage()),
        public: instance.publicly_accessible(),
        made_by: made_by(instance.tag_list()),
        reached: None,
    };
    let endpoint = instance
        .endpoint()
        .and_then(|endpoint| Some((endpoint.address()?.to_owned(), u16::try_from(endpoint.port()?).ok()?)));
    Seen { copy, endpoint }
}

/// Tries the endpoint of an instance that is available, where that is wanted.
async fn reached(Seen { mut copy, endpoint }: Seen, wanted: bool) -> RestoredCopy {
    if wanted && copy.kind == DatabaseKind::Instance && copy.status.as_str() == "available" {
        copy.reached = Some(match endpoint {
            Some((host, port)) => connect(&host, port).await,
            None => Err(Text::from("no endpoint is told")),
        });
    }
    copy
}

async fn connect(host: &str, port: u16) -> Result<(), Text> {
    match tokio::time::timeout(CONNECT, TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(Text::clean(&format!("{host}:{port}: {error}"))),
        Err(_) => Err(Text::clean(&format!("{host}:{port}: no answer within {} s", CONNECT.as_secs()))),
    }
}

/// `None` where it can't be read: AWS refuses what is too much by itself.
async fn quota(rds: &Rds) -> Option<InstanceQuota> {
    let answer = rds.client().describe_account_attributes().send().await.ok()?;
    let quota = answer.account_quotas().iter().find(|quota| quota.account_quota_name() == Some(INSTANCES))?;
    Some(InstanceQuota { used: u64::try_from(quota.used()?).ok()?, most: u64::try_from(quota.max()?).ok()? })
}
