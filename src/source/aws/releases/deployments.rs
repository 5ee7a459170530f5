//! Deployments of a service as ECS remembers them: how each ended, what it brought, and why it was rolled back.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_sdk_ecs::types::{Failure, ServiceDeploymentBrief};

use super::super::decode::last_part;
use super::super::error::{Asked, kind_of_failure};
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

/// Deployments, the newest first, and what of them could not be read.
pub(super) struct Told {
    pub(super) deployments: Vec<ServiceDeployment>,
    pub(super) missing: Vec<Text>,
}

impl Deployments {
    /// The newest deployments. What they brought, and why they were rolled back, is asked apart: without an answer to that the
    /// list itself still stands, and what is missing of it is said.
    pub(super) async fn read(&self, api: &Api, ecs: &EcsService) -> Result<Told, SourceError> {
        let briefs = listed(api, ecs).await?;
        let mut missing = Vec::new();
        missing.extend(lost("what deployments brought", self.learn_brought(api, &briefs).await));
        missing.extend(lost("why deployments were rolled back", self.learn_reasons(api, &briefs).await));
        Ok(Told { deployments: self.known(&briefs), missing })
    }

    /// The listed deployments with what is known of them.
    fn known(&self, briefs: &[ServiceDeploymentBrief]) -> Vec<ServiceDeployment> {
        let (brought, reasons) = (locked(&self.brought), locked(&self.reasons));
        let deployment = |brief: &ServiceDeploymentBrief| {
            let known = brought.get(brief.target_service_revision_arn().unwrap_or_default()).cloned();
            let reason = reasons.get(&key(brief)).cloned().flatten();
            let listed = decode::listed(brief);
            ServiceDeployment { task_definition: known, reason: reason.or(listed.reason.clone()), ..listed }
        };
        briefs.iter().map(deployment).collect()
    }

    async fn learn_brought(&self, api: &Api, briefs: &[ServiceDeploymentBrief]) -> Result<(), SourceError> {
        let arns = briefs.iter().filter_map(|brief| brief.target_service_revision_arn()).map(str::to_owned);
        let unknown = unknown(&self.brought, arns);
        if unknown.is_empty() {
            return Ok(());
        }
        let asked = api.asked("ecs:DescribeServiceRevisions");
        let sent = api.client.describe_service_revisions().set_service_revision_arns(Some(unknown)).send().await;
        let described = sent.map_err(|error| asked.failed(&error))?;
        let revisions = described.service_revisions().iter();
        let named =
            revisions.filter_map(|revision| Some((revision.service_revision_arn()?, revision.task_definition()?)));
        locked(&self.brought).extend(named.map(|(arn, brings)| (arn.to_owned(), Text::clean(last_part(brings)))));
        whole(asked, described.failures())
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
        let asks = api.asked("ecs:DescribeServiceDeployments");
        let described = sent.map_err(|error| asks.failed(&error))?;
        let told = |arn: &str| {
            let found = described.service_deployments().iter().find(|one| one.service_deployment_arn() == Some(arn));
            found.map(decode::rollback_reason)
        };
        // One that the answer lacks is asked again with the next poll.
        let answered = asked.into_iter().filter_map(|(key, arn)| Some((key.clone(), told(arn)?)));
        locked(&self.reasons).extend(answered);
        whole(asks, described.failures())
    }
}

/// A word about a part that could not be read.
fn lost(what: &str, learned: Result<(), SourceError>) -> Option<Text> {
    learned.err().map(|error| Text::clean(&format!("{what}: {}", error.reason)))
}

/// An answer without `failures[]` is whole.
fn whole(asked: Asked<'_>, failures: &[Failure]) -> Result<(), SourceError> {
    let Some(first) = failures.first() else { return Ok(()) };
    let (reason, detail) = (first.reason().unwrap_or("failed"), first.detail().unwrap_or_default());
    let of = last_part(first.arn().unwrap_or_default());
    let more = if failures.len() > 1 { format!("and {} others", failures.len() - 1) } else { String::new() };
    let words = [reason, of, detail, more.as_str()].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>();
    Err(asked.error(kind_of_failure(reason, detail), &words.join(" ")))
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
