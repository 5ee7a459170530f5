//! ElastiCache's shapes as ours.

use aws_sdk_elasticache::types as cache;

use crate::source::aws::decode::{text, timestamp};
use crate::source::{Database, Member, MemberRole, PendingMaintenance, SourceError};
use crate::text::Text;

/// A replication group. A node that could not be read keeps its role; its status is not known, which is said.
pub(super) fn group(
    group: &cache::ReplicationGroup,
    nodes: Vec<Result<cache::CacheCluster, SourceError>>,
) -> Result<Database, String> {
    let failed = nodes.iter().filter_map(|node| node.as_ref().err());
    let missing = failed.map(|error| Text::clean(&format!("a node: {}", error.reason))).collect();
    let nodes: Vec<cache::CacheCluster> = nodes.into_iter().flatten().collect();
    let mut members: Vec<Member> =
        group.node_groups().iter().flat_map(cache::NodeGroup::node_group_members).map(|m| member(m, &nodes)).collect();
    members.sort_by(|a, b| (a.role, &a.id).cmp(&(b.role, &b.id)));
    let first = nodes.first();
    Ok(Database {
        id: needed(group.replication_group_id(), "identifier")?,
        engine: text(group.engine().or(first.and_then(cache::CacheCluster::engine)).or(Some("redis"))),
        version: text(first.and_then(cache::CacheCluster::engine_version)),
        status: needed(group.status(), "status")?,
        multi_az: group.multi_az() == Some(&cache::MultiAzStatus::Enabled),
        encrypted: group.at_rest_encryption_enabled(),
        backup_retention_days: days(group.snapshot_retention_limit()),
        backup_window: group.snapshot_window().map(Text::clean),
        maintenance_window: first.and_then(cache::CacheCluster::preferred_maintenance_window).map(Text::clean),
        latest_restorable: None,
        members,
        pending: Vec::new(),
        missing,
    })
}

/// A cache cluster that is in no replication group. Redis: its one node takes writes; of Memcached all do.
pub(super) fn cluster(cluster: &cache::CacheCluster) -> Result<Database, String> {
    let role = if cluster.replication_group_id().is_some() { MemberRole::Unknown } else { MemberRole::Writer };
    let node = |node: &cache::CacheNode| Member {
        id: text(node.cache_node_id()),
        role,
        status: text(node.cache_node_status()),
        class: text(cluster.cache_node_type()),
        zone: node.customer_availability_zone().map(Text::clean),
        promotion_tier: None,
        pending: cluster.pending_modified_values().map(modified).unwrap_or_default(),
    };
    Ok(Database {
        id: needed(cluster.cache_cluster_id(), "identifier")?,
        engine: needed(cluster.engine(), "engine")?,
        version: text(cluster.engine_version()),
        status: needed(cluster.cache_cluster_status(), "status")?,
        multi_az: cluster.preferred_availability_zone() == Some("Multiple"),
        encrypted: cluster.at_rest_encryption_enabled(),
        backup_retention_days: days(cluster.snapshot_retention_limit()),
        backup_window: cluster.snapshot_window().map(Text::clean),
        maintenance_window: cluster.preferred_maintenance_window().map(Text::clean),
        latest_restorable: None,
        members: cluster.cache_nodes().iter().map(node).collect(),
        pending: Vec::new(),
        missing: Vec::new(),
    })
}

/// A service update that waits.
pub(super) fn update(action: &cache::UpdateAction) -> PendingMaintenance {
    let severity = action.service_update_severity().map_or("", cache::ServiceUpdateSeverity::as_str);
    let status = action.update_action_status().map_or("", cache::UpdateActionStatus::as_str);
    PendingMaintenance {
        resource: text(action.replication_group_id().or(action.cache_cluster_id())),
        action: text(action.service_update_name()),
        description: Text::clean(&format!("{severity} service update, {status}")),
        forced: None,
        applied_on: action.service_update_recommended_apply_by_date().and_then(timestamp),
    }
}

fn needed(raw: Option<&str>, what: &str) -> Result<Text, String> {
    raw.filter(|raw| !raw.is_empty()).map(Text::clean).ok_or_else(|| format!("an answer without {what}"))
}

fn days(raw: Option<i32>) -> Option<u32> {
    raw.and_then(|days| u32::try_from(days).ok())
}

/// With cluster mode on, ElastiCache does not tell which node is primary.
fn member(member: &cache::NodeGroupMember, nodes: &[cache::CacheCluster]) -> Member {
    let node = nodes.iter().find(|node| node.cache_cluster_id() == member.cache_cluster_id());
    Member {
        id: text(member.cache_cluster_id()),
        role: match member.current_role() {
            Some("primary") => MemberRole::Writer,
            Some("replica") => MemberRole::Reader,
            _ => MemberRole::Unknown,
        },
        status: text(node.and_then(cache::CacheCluster::cache_cluster_status).or(Some("unknown"))),
        class: text(node.and_then(cache::CacheCluster::cache_node_type)),
        zone: member.preferred_availability_zone().map(Text::clean),
        promotion_tier: None,
        pending: node.and_then(cache::CacheCluster::pending_modified_values).map(modified).unwrap_or_default(),
    }
}

fn modified(pending: &cache::PendingModifiedValues) -> Vec<Text> {
    let changes = [
        pending.cache_node_type().map(|class| format!("class: {class}")),
        pending.engine_version().map(|version| format!("engine version: {version}")),
        pending.num_cache_nodes().map(|nodes| format!("nodes: {nodes}")),
    ];
    changes.into_iter().flatten().map(|change| Text::clean(&change)).collect()
}
