//! Revisions of a service's task definition. A revision never changes but in its status, so each is described once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_sdk_ecs::types::{Service, SortOrder};
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::{Api, decode};
use crate::source::{Revision, SourceError, SourceErrorKind};

/// DescribeTaskDefinition calls at the same time.
const AT_ONCE: usize = 4;

/// Revisions that are listed of one family.
const LISTED: i32 = 10;

/// Revisions of one service that one poll describes: after a start the older ones come with the next polls, so that a
/// large fleet does not run into the API's rate limit by itself.
pub(super) const DESCRIBED_A_POLL: usize = 4;

/// All revisions that are listed of a service, and those in use.
pub(super) const ALL: usize = 12;

/// What was described, by ARN. Bounded: what a service no longer lists is dropped.
#[derive(Default)]
pub(super) struct Revisions(Mutex<HashMap<String, HashMap<String, Revision>>>);

impl Revisions {
    /// The newest revisions and those in use, the newest first.
    pub(super) async fn read(&self, api: &Api, service: &Service, most: usize) -> Result<Vec<Revision>, SourceError> {
        let in_use = decode::in_use(service);
        let family = in_use.first().map_or("", |arn| decode::family(arn).0);
        let mut arns = listed(api, family).await?;
        let unlisted: Vec<String> = in_use.iter().filter(|arn| !arns.contains(arn)).cloned().collect();
        arns.extend(unlisted.iter().cloned());
        arns.sort_by_key(|arn| std::cmp::Reverse(decode::family(arn).1));
        let key = service.service_arn().unwrap_or_default();
        // One that is not listed any more may have become inactive: it is described anew.
        let mut known = self.known(key);
        known.retain(|arn, _| arns.contains(arn) && !unlisted.contains(arn));
        let unknown = in_use.iter().chain(&arns).filter(|arn| !known.contains_key(*arn)).cloned();
        let mut wanted: Vec<String> = Vec::new();
        unknown.for_each(|arn| {
            if !wanted.contains(&arn) {
                wanted.push(arn)
            }
        });
        wanted.truncate(most);
        for (arn, revision) in few_described(api, wanted).await? {
            known.insert(arn, revision);
        }
        let revisions = arns.iter().filter_map(|arn| known.get(arn).cloned()).collect();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), known);
        Ok(revisions)
    }

    fn known(&self, service: &str) -> HashMap<String, Revision> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(service).cloned().unwrap_or_default()
    }
}

/// ARNs of the newest active revisions.
async fn listed(api: &Api, family: &str) -> Result<Vec<String>, SourceError> {
    let asking = api.client.list_task_definitions().family_prefix(family).sort(SortOrder::Desc).max_results(LISTED);
    let sent = asking.send().await;
    let listed = sent.map_err(|error| api.asked("ecs:ListTaskDefinitions").failed(&error))?;
    // The prefix is one of names: `app` is that of `app-blue` too.
    let mut arns: Vec<String> = listed.task_definition_arns().to_vec();
    arns.retain(|arn| decode::family(arn).0 == family);
    arns.sort_by_key(|arn| std::cmp::Reverse(decode::family(arn).1));
    arns.truncate(usize::try_from(LISTED).unwrap_or_default());
    Ok(arns)
}

/// Several, a few at the same time.
async fn few_described(api: &Api, arns: Vec<String>) -> Result<Vec<(String, Revision)>, SourceError> {
    let describe = |arn: String| async move { described(api, &arn).await.map(|revision| (arn, revision)) };
    futures_util::stream::iter(arns).map(describe).buffered(AT_ONCE).try_collect().await
}

pub(super) async fn described(api: &Api, arn: &str) -> Result<Revision, SourceError> {
    let asked = api.asked("ecs:DescribeTaskDefinition");
    let sent = api.client.describe_task_definition().task_definition(arn).send().await;
    let described = sent.map_err(|error| asked.failed(&error))?;
    let revision = described.task_definition().and_then(decode::revision);
    revision.ok_or_else(|| asked.error(SourceErrorKind::Malformed, "the answer lacks the task definition"))
}
