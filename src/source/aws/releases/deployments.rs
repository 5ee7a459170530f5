//! Deployments of a service as ECS remembers them: how each ended, what it brought, and why it was rolled back.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_sdk_ecs::types::ServiceDeploymentBrief;

use super::super::decode::last_part;
use super::{Api, decode};
use crate::config::EcsService;
use crate::source::{ServiceDeployment, SourceError};
use crate::text::Text;

/// Deployments that are listed; also the most that one call describes is 20.
const LISTED: usize = 10;

/// What is known of deployments by ARN. Bounded by what the services list.
#[derive(Default)]
pub(super) struct Deployments {
    /// The task definition that a service revision names: a revision never changes.
    brought: Mutex<HashMap<String, Text>>,
    /// Why a deployment was rolled back, by its ARN and status.
    reasons: Mutex<HashMap<String, Option<Text>>>,
}

/// The most entries that are kept; then all are forgotten and asked again.
const KEPT: usize = 2_000;

impl Deployments {
    /// The newest deployments first.
    pub(super) async fn read(&self, api: &Api, ecs: &EcsService) -> Result<Vec<ServiceDeployment>, SourceError> {
        let briefs = listed(api, ecs).await?;
        self.learn_brought(api, &briefs).await?;
        self.learn_reasons(api, &briefs).await?;
        let (brought, reasons) = (locked(&self.brought), locked(&self.reasons));
        let deployment = |brief: &ServiceDeploymentBrief| {
            let known = brought.get(brief.target_service_revision_arn().unwrap_or_default()).cloned();
            let reason = reasons.get(&key(brief)).cloned().flatten();
            let listed = decode::listed(brief);
            ServiceDeployment { task_definition: known, reason: reason.or(listed.reason.clone()), ..listed }
        };
        Ok(briefs.iter().map(deployment).collect())
    }

    async fn learn_brought(&self, api: &Api, briefs: &[ServiceDeploymentBrief]) -> Result<(), SourceError> {
        let arns = briefs.iter().filter_map(|brief| brief.target_service_revision_arn()).map(str::to_owned);
        let unknown = unknown(&self.brought, arns);
        if unknown.is_empty() {
            return Ok(());
        }
        let sent = api.client.describe_service_revisions().set_service_revision_arns(Some(unknown)).send().await;
        let described = sent.map_err(|error| api.asked("ecs:DescribeServiceRevisions").failed(&error))?;
        let revisions = described.service_revisions().iter();
        let named =
            revisions.filter_map(|revision| Some((revision.service_revision_arn()?, revision.task_definition()?)));
        locked(&self.brought).extend(named.map(|(arn, brings)| (arn.to_owned(), Text::clean(last_part(brings)))));
        Ok(())
    }

    async fn learn_reasons(&self, api: &Api, briefs: &[ServiceDeploymentBrief]) -> Result<(), SourceError> {
        let back = briefs.iter().filter(|brief| decode::listed(brief).rolled_back);
        let keys: Vec<(String, String)> =
            back.filter_map(|brief| Some((key(brief), brief.service_deployment_arn()?.to_owned()))).collect();
        let unknown = unknown(&self.reasons, keys.iter().map(|(key, _)| key.clone()));
        let asked: Vec<&(String, String)> = keys.iter().filter(|(key, _)| unknown.contains(key)).collect();
        if asked.is_empty() {
            return Ok(());
        }
        let arns = asked.iter().map(|(_, arn)| arn.clone()).collect();
        let sent = api.client.describe_service_deployments().set_service_deployment_arns(Some(arns)).send().await;
        let described = sent.map_err(|error| api.asked("ecs:DescribeServiceDeployments").failed(&error))?;
        let told = |arn: &str| {
            let found = described.service_deployments().iter().find(|one| one.service_deployment_arn() == Some(arn));
            found.and_then(decode::rollback_reason)
        };
        locked(&self.reasons).extend(asked.into_iter().map(|(key, arn)| (key.clone(), told(arn))));
        Ok(())
    }
}

async fn listed(api: &Api, ecs: &EcsService) -> Result<Vec<ServiceDeploymentBrief>, SourceError> {
    let asking = api.client.list_service_deployments().cluster(&ecs.cluster).service(&ecs.service);
    let sent = asking.max_results(i32::try_from(LISTED).unwrap_or_default()).send().await;
    let listed = sent.map_err(|error| api.asked("ecs:ListServiceDeployments").failed(&error))?;
    let mut briefs = listed.service_deployments().to_vec();
    briefs.sort_by_key(|brief| std::cmp::Reverse(brief.created_at().map(|at| (at.secs(), at.subsec_nanos()))));
    briefs.truncate(LISTED);
    Ok(briefs)
}

fn key(brief: &ServiceDeploymentBrief) -> String {
    let status = brief.status().map_or("", |status| status.as_str());
    format!("{} {status}", brief.service_deployment_arn().unwrap_or_default())
}

/// Those that nothing is known of.
fn unknown<T>(kept: &Mutex<HashMap<String, T>>, keys: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept = locked(kept);
    if kept.len() > KEPT {
        kept.clear();
    }
    keys.filter(|key| !kept.contains_key(key)).collect()
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
