//! RDS' shapes as ours. What a guard may rest on must be there: a cluster without status or members is no answer.

use aws_sdk_rds::types as rds;

use crate::source::aws::decode::{text, timestamp};
use crate::source::{Database, Member, MemberRole, PendingMaintenance, SourceError};
use crate::text::Text;

/// A cluster. Its instances may be missing, which is said.
pub(super) fn cluster(
    cluster: &rds::DbCluster,
    instances: Result<Vec<rds::DbInstance>, SourceError>,
) -> Result<Database, String> {
    let (instances, missing) = known(instances);
    let mut members: Vec<Member> =
        cluster.db_cluster_members().iter().filter_map(|member| member_of(member, &instances)).collect();
    members.sort_by(|a, b| (a.role, a.promotion_tier, &a.id).cmp(&(b.role, b.promotion_tier, &b.id)));
    Ok(Database {
        id: needed(cluster.db_cluster_identifier(), "identifier")?,
        engine: needed(cluster.engine(), "engine")?,
        version: text(cluster.engine_version()),
        status: needed(cluster.status(), "status")?,
        multi_az: cluster.multi_az().unwrap_or(false),
        encrypted: cluster.storage_encrypted(),
        backup_retention_days: days(cluster.backup_retention_period()),
        backup_window: cluster.preferred_backup_window().map(Text::clean),
        maintenance_window: cluster.preferred_maintenance_window().map(Text::clean),
        latest_restorable: cluster.latest_restorable_time().and_then(timestamp),
        members,
        pending: Vec::new(),
        missing,
    })
}

/// An instance that is in no cluster: itself, its standby where it has one, and its read replicas.
pub(super) fn instance(
    instance: &rds::DbInstance,
    replicas: Result<Vec<rds::DbInstance>, SourceError>,
) -> Result<Database, String> {
    let (replicas, missing) = known(replicas);
    let multi_az = instance.multi_az().unwrap_or(false);
    let own = match instance.read_replica_source_db_instance_identifier() {
        Some(_) => MemberRole::Reader,
        None => MemberRole::Writer,
    };
    let mut members = vec![member(instance, own)];
    members.extend(multi_az.then(|| standby(instance)));
    members.extend(replicas.iter().map(|replica| member(replica, MemberRole::Reader)));
    Ok(Database {
        id: needed(instance.db_instance_identifier(), "identifier")?,
        engine: needed(instance.engine(), "engine")?,
        version: text(instance.engine_version()),
        status: needed(instance.db_instance_status(), "status")?,
        multi_az,
        encrypted: instance.storage_encrypted(),
        backup_retention_days: days(instance.backup_retention_period()),
        backup_window: instance.preferred_backup_window().map(Text::clean),
        maintenance_window: instance.preferred_maintenance_window().map(Text::clean),
        latest_restorable: instance.latest_restorable_time().and_then(timestamp),
        members,
        pending: Vec::new(),
        missing,
    })
}

/// What waits for one resource.
pub(super) fn pending(resource: &rds::ResourcePendingMaintenanceActions) -> Vec<PendingMaintenance> {
    let actions = resource.pending_maintenance_action_details().iter();
    let decoded = actions.map(|action| PendingMaintenance {
        resource: Text::clean(name_of(resource.resource_identifier().unwrap_or_default())),
        action: text(action.action()),
        description: text(action.description()),
        forced: action.forced_apply_date().and_then(timestamp),
        applied_on: action.current_apply_date().or(action.auto_applied_after_date()).and_then(timestamp),
    });
    decoded.collect()
}

fn known(read: Result<Vec<rds::DbInstance>, SourceError>) -> (Vec<rds::DbInstance>, Vec<Text>) {
    match read {
        Ok(instances) => (instances, Vec::new()),
        Err(error) => (Vec::new(), vec![Text::clean(&format!("instances: {}", error.reason))]),
    }
}

fn needed(raw: Option<&str>, what: &str) -> Result<Text, String> {
    raw.filter(|raw| !raw.is_empty()).map(Text::clean).ok_or_else(|| format!("an answer without {what}"))
}

fn days(raw: Option<i32>) -> Option<u32> {
    raw.and_then(|days| u32::try_from(days).ok())
}

/// A member of a cluster with what its instance tells; without the instance its status is not known.
fn member_of(member: &rds::DbClusterMember, instances: &[rds::DbInstance]) -> Option<Member> {
    let id = member.db_instance_identifier()?;
    let role = match member.is_cluster_writer() {
        Some(true) => MemberRole::Writer,
        Some(false) => MemberRole::Reader,
        None => MemberRole::Unknown,
    };
    let found = instances.iter().find(|instance| instance.db_instance_identifier() == Some(id));
    let mut told = found.map_or_else(|| unknown(id, role), |instance| self::member(instance, role));
    told.promotion_tier = member.promotion_tier().and_then(|tier| u32::try_from(tier).ok());
    Some(told)
}

fn unknown(id: &str, role: MemberRole) -> Member {
    Member {
        id: Text::clean(id),
        role,
        status: Text::from("unknown"),
        class: Text::default(),
        zone: None,
        promotion_tier: None,
        pending: Vec::new(),
    }
}

fn member(instance: &rds::DbInstance, role: MemberRole) -> Member {
    Member {
        id: text(instance.db_instance_identifier()),
        role,
        status: text(instance.db_instance_status()),
        class: text(instance.db_instance_class()),
        zone: instance.availability_zone().map(Text::clean),
        promotion_tier: instance.promotion_tier().and_then(|tier| u32::try_from(tier).ok()),
        pending: instance.pending_modified_values().map(modified).unwrap_or_default(),
    }
}

/// The other half of a Multi-AZ instance: it has no name and no status of its own.
fn standby(instance: &rds::DbInstance) -> Member {
    Member {
        zone: instance.secondary_availability_zone().map(Text::clean),
        class: text(instance.db_instance_class()),
        ..unknown("standby", MemberRole::Standby)
    }
}

/// Changes that wait for the next maintenance. A new password is told as a change, never as itself.
fn modified(pending: &rds::PendingModifiedValues) -> Vec<Text> {
    let number = |name: &str, value: Option<i32>| value.map(|value| format!("{name}: {value}"));
    let word = |name: &str, value: Option<&str>| value.map(|value| format!("{name}: {value}"));
    let changes = [
        word("class", pending.db_instance_class()),
        word("engine version", pending.engine_version()),
        number("storage GiB", pending.allocated_storage()),
        number("IOPS", pending.iops()),
        word("storage type", pending.storage_type()),
        pending.multi_az().map(|multi| format!("Multi-AZ: {}", if multi { "on" } else { "off" })),
        number("backup retention days", pending.backup_retention_period()),
        word("identifier", pending.db_instance_identifier()),
        word("certificate", pending.ca_certificate_identifier()),
        pending.master_user_password().map(|_| "master password".to_owned()),
    ];
    changes.into_iter().flatten().map(|change| Text::clean(&change)).collect()
}

/// The name at the end of an ARN such as `arn:aws:rds:us-east-1:123456789012:db:name`.
fn name_of(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}
