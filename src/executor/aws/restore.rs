//! Mutating calls to the RDS API that make a restored copy beside production, and remove it.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBClusterFromSnapshot.html>
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBCluster.html>

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_rds::Client;
use aws_sdk_rds::types::{DbCluster, DbInstance, Tag};

use super::error::{chain, classify, not_sent, untold};
use crate::action::{Call, CopyChange, Network};
use crate::executor::target::{ApplyError, Permit, Receipt};
use crate::source::{COPY_PREFIX, COPY_TAG, DatabaseKind};
use crate::text::Text;

/// The tag that names the run.
const RUN_TAG: &str = "quarterdeck:run";

/// How long the last look at what is to be removed may take: it stands between the check of the lease and the call.
const LOOK: Duration = Duration::from_secs(3);

/// Sends one call that makes or removes a copy, once.
pub(super) async fn send(config: &SdkConfig, call: &Call, permit: Permit<'_>) -> Result<Receipt, ApplyError> {
    let Call::RdsCopy { change, .. } = call else { return Err(not_sent("not a call about a restored copy")) };
    if !change.copy().starts_with(COPY_PREFIX) {
        return Err(not_sent(&format!("{} is not the name of a restored copy", change.copy())));
    }
    let client = Client::new(config);
    match change {
        CopyChange::RestoreCluster { .. } => restore_cluster(&client, change, permit).await,
        CopyChange::AddInstance { .. } => add_instance(&client, change, permit).await,
        CopyChange::RestoreInstance { .. } => restore_instance(&client, change, permit).await,
        CopyChange::RemoveInstance { .. } | CopyChange::RemoveCluster { .. } => {
            let looked = tokio::time::timeout(LOOK, check_mark(&client, change)).await;
            looked.map_err(|_| not_sent("whose it is was not told in time"))??;
            remove(&client, change, permit).await
        }
    }
}

fn tags(change: &CopyChange, permit: &Permit<'_>) -> Vec<Tag> {
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
    vec![tag(COPY_TAG, change.mark()), tag(RUN_TAG, &permit.run().0)]
}

/// The groups, or nothing where the default one is meant.
fn groups(network: &Network) -> Option<Vec<String>> {
    (!network.security_groups.is_empty()).then(|| network.security_groups.clone())
}

async fn restore_cluster(client: &Client, change: &CopyChange, permit: Permit<'_>) -> Result<Receipt, ApplyError> {
    let CopyChange::RestoreCluster { copy, snapshot, engine, network, .. } = change else {
        return Err(not_sent("not a restore of a cluster"));
    };
    let request = client.restore_db_cluster_from_snapshot().db_cluster_identifier(copy).snapshot_identifier(snapshot);
    let request = request.engine(engine).set_db_subnet_group_name(network.subnet_group.clone());
    let request = request.set_vpc_security_group_ids(groups(network)).deletion_protection(false);
    let request = request.set_tags(Some(tags(change, &permit)));
    permit.last_look()?;
    let output = request.send().await.map_err(|error| classify(&error))?;
    made(change, output.db_cluster().map(of_cluster))
}

async fn add_instance(client: &Client, change: &CopyChange, permit: Permit<'_>) -> Result<Receipt, ApplyError> {
    let CopyChange::AddInstance { copy, cluster, class, engine, .. } = change else {
        return Err(not_sent("not an instance of a restored cluster"));
    };
    let request = client.create_db_instance().db_instance_identifier(copy).db_cluster_identifier(cluster);
    let request = request.db_instance_class(class).engine(engine).publicly_accessible(false);
    let request = request.auto_minor_version_upgrade(false).set_tags(Some(tags(change, &permit)));
    permit.last_look()?;
    let output = request.send().await.map_err(|error| classify(&error))?;
    made(change, output.db_instance().map(of_instance))
}

async fn restore_instance(client: &Client, change: &CopyChange, permit: Permit<'_>) -> Result<Receipt, ApplyError> {
    let CopyChange::RestoreInstance { copy, snapshot, class, network, .. } = change else {
        return Err(not_sent("not a restore of an instance"));
    };
    let request = client.restore_db_instance_from_db_snapshot().db_instance_identifier(copy);
    let request = request.db_snapshot_identifier(snapshot).db_instance_class(class).multi_az(false);
    let request = request.set_db_subnet_group_name(network.subnet_group.clone()).publicly_accessible(false);
    let request = request.set_vpc_security_group_ids(groups(network)).deletion_protection(false);
    let request = request.auto_minor_version_upgrade(false).set_tags(Some(tags(change, &permit)));
    permit.last_look()?;
    let output = request.send().await.map_err(|error| classify(&error))?;
    made(change, output.db_instance().map(of_instance))
}

/// Deletes without a last snapshot: what is deleted was made of a snapshot that stays.
async fn remove(client: &Client, change: &CopyChange, permit: Permit<'_>) -> Result<Receipt, ApplyError> {
    let copy = change.copy();
    permit.last_look()?;
    let told = match change.kind() {
        DatabaseKind::Cluster => {
            let request = client.delete_db_cluster().db_cluster_identifier(copy).skip_final_snapshot(true);
            request.send().await.map_err(|error| classify(&error))?.db_cluster.as_ref().map(of_cluster)
        }
        DatabaseKind::Instance => {
            let request = client.delete_db_instance().db_instance_identifier(copy).skip_final_snapshot(true);
            let request = request.delete_automated_backups(true);
            request.send().await.map_err(|error| classify(&error))?.db_instance.as_ref().map(of_instance)
        }
    };
    described(change, told)
}

/// What has not this plan's tag is not removed, whatever its name: asked of the very account and region that the call goes to.
async fn check_mark(client: &Client, change: &CopyChange) -> Result<(), ApplyError> {
    let copy = change.copy();
    let tags = match change.kind() {
        DatabaseKind::Cluster => {
            let answer = client.describe_db_clusters().db_cluster_identifier(copy).send().await;
            let answer = answer.map_err(|error| not_sent(&format!("rds:DescribeDBClusters: {}", chain(&error))))?;
            let found = answer.db_clusters().iter().find(|one| one.db_cluster_identifier() == Some(copy));
            found.map(|one| one.tag_list().to_vec())
        }
        DatabaseKind::Instance => {
            let answer = client.describe_db_instances().db_instance_identifier(copy).send().await;
            let answer = answer.map_err(|error| not_sent(&format!("rds:DescribeDBInstances: {}", chain(&error))))?;
            let found = answer.db_instances().iter().find(|one| one.db_instance_identifier() == Some(copy));
            found.map(|one| one.tag_list().to_vec())
        }
    };
    let Some(tags) = tags else { return Err(not_sent(&format!("there is no {} {copy}", change.kind().word()))) };
    let ours = tags.iter().any(|tag| tag.key() == Some(COPY_TAG) && tag.value() == Some(change.mark()));
    if ours { Ok(()) } else { Err(not_sent(&format!("{copy} has not the tag of this plan: it is not removed"))) }
}

/// An identifier and a status.
type Told = (Option<String>, Option<String>);

fn of_cluster(cluster: &DbCluster) -> Told {
    (cluster.db_cluster_identifier.clone(), cluster.status.clone())
}

fn of_instance(instance: &DbInstance) -> Told {
    (instance.db_instance_identifier.clone(), instance.db_instance_status.clone())
}

fn made(change: &CopyChange, told: Option<Told>) -> Result<Receipt, ApplyError> {
    let receipt = described(change, told)?;
    Ok(Receipt { made: Some(change.copy().to_owned()), ..receipt })
}

/// What was answered; an answer that doesn't describe what was named tells nothing.
fn described(change: &CopyChange, told: Option<Told>) -> Result<Receipt, ApplyError> {
    let (kind, copy) = (change.kind().word(), change.copy());
    match told {
        Some((Some(id), status)) if id.eq_ignore_ascii_case(copy) => {
            let status = status.unwrap_or_else(|| "without a status".to_owned());
            Ok(Receipt::from(Text::clean(&format!("{kind} {copy} is {status}"))))
        }
        Some((id, _)) => Err(untold(&format!("the {kind} {}", id.as_deref().unwrap_or("without a name")))),
        None => Err(untold(&format!("no {kind}"))),
    }
}
