//! AWS Backup: points, jobs, copies, restores and plans of one resource.
//! <https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Operations.html>

use aws_config::SdkConfig;
use aws_sdk_backup::Client;
use aws_sdk_backup::types as api;
use aws_smithy_types::DateTime;
use jiff::Timestamp;

use super::backup_decode as decode;
use super::{Found, Listed, Page, absent, paged};
use crate::slo::schedule::{later, look_back};
use crate::source::aws::error::Asked;
use crate::source::{Name, Schedule, SourceError};

/// Items of a page; the API gives 1000 at most.
const A_PAGE: i32 = 1000;

/// Pages of one list.
const PAGES: usize = 5;

/// Reads AWS Backup through one client.
pub(super) struct Backup {
    client: Client,
    source: Name,
    who: String,
}

/// What is read.
pub(super) struct Of<'a> {
    pub(super) vault: &'a str,
    pub(super) resource: &'a str,
    pub(super) plans: &'a [String],
}

impl Backup {
    pub(super) fn new(config: &SdkConfig, source: Name, who: String) -> Self {
        Self { client: Client::new(config), source, who }
    }

    /// All parts at the same time.
    pub(super) async fn read(&self, of: &Of<'_>, now: Timestamp) -> Found {
        let since = DateTime::from_secs(look_back(now).as_second());
        let (points, jobs, copies, restores, resource, plans) = tokio::join!(
            self.points(of),
            self.jobs(of, since),
            self.copies(of, since),
            self.restores(of),
            self.resource(of.resource),
            self.plans(of.plans),
        );
        let mut found = Found::default();
        let (points, _) = found.take_list("recovery points", true, points);
        found.protection.points.extend(points.iter().filter_map(|point| decode::point(point, of.resource)));
        let (jobs, jobs_whole) = found.take_list("backup jobs", false, jobs);
        found.protection.jobs.extend(jobs.iter().filter_map(|job| decode::job(job, of)));
        let (copies, _) = found.take_list("copy jobs", false, copies);
        found.protection.jobs.extend(copies.iter().filter_map(|job| decode::copy(job, of.resource)));
        let (restores, _) = found.take_list("restore jobs", false, restores);
        found.protection.jobs.extend(restores.iter().filter_map(|job| decode::restore(job, of.resource)));
        if let Some(resource) = found.take("protected resource", false, resource) {
            found.protection.protected = Some(resource.is_some());
            let last = resource.as_ref().and_then(decode::last_restore);
            let known = |at| found.protection.jobs.iter().any(|job| job.created == at);
            found.protection.jobs.extend(last.filter(|job| !known(job.created)));
        }
        self.schedules(&mut found, of, plans, jobs_whole.then(|| look_back(now)), now);
        found
    }

    /// The rules that make points in this vault.
    fn schedules(
        &self,
        found: &mut Found,
        of: &Of<'_>,
        plans: Vec<(&str, Result<Option<Plan>, SourceError>)>,
        jobs_since: Option<Timestamp>,
        now: Timestamp,
    ) {
        for (name, plan) in plans {
            match found.take(&format!("backup plan {name}"), false, plan) {
                Some(Some(plan)) => {
                    let schedules = plan.schedules(of.vault, jobs_since, now);
                    if schedules.is_empty() {
                        let why = format!("none of its rules writes to the vault {}", of.vault);
                        found.lack(&format!("backup plan {name}"), false, &why);
                    }
                    found.protection.schedules.extend(schedules);
                }
                Some(None) => found.lack(&format!("backup plan {name}"), false, "there is no plan of that name"),
                None => {}
            }
        }
    }

    async fn points(&self, of: &Of<'_>) -> Result<Listed<api::RecoveryPointByBackupVault>, SourceError> {
        let asked = self.asked("backup:ListRecoveryPointsByBackupVault");
        let asked = &asked;
        paged(PAGES, |token| async move {
            let asking = self.client.list_recovery_points_by_backup_vault().backup_vault_name(of.vault);
            let asking = asking.by_resource_arn(of.resource).max_results(A_PAGE).set_next_token(token);
            let page = asking.send().await.map_err(|error| asked.failed(&error))?;
            Ok(Page { next: page.next_token, items: page.recovery_points.unwrap_or_default() })
        })
        .await
    }

    async fn jobs(&self, of: &Of<'_>, since: DateTime) -> Result<Listed<api::BackupJob>, SourceError> {
        let asked = &self.asked("backup:ListBackupJobs");
        paged(PAGES, |token| async move {
            let asking = self.client.list_backup_jobs().by_resource_arn(of.resource).by_created_after(since);
            let asking = asking.by_backup_vault_name(of.vault).max_results(A_PAGE).set_next_token(token);
            let page = asking.send().await.map_err(|error| asked.failed(&error))?;
            Ok(Page { next: page.next_token, items: page.backup_jobs.unwrap_or_default() })
        })
        .await
    }

    async fn copies(&self, of: &Of<'_>, since: DateTime) -> Result<Listed<api::CopyJob>, SourceError> {
        let asked = &self.asked("backup:ListCopyJobs");
        paged(PAGES, |token| async move {
            let asking = self.client.list_copy_jobs().by_resource_arn(of.resource).by_created_after(since);
            let asking = asking.max_results(A_PAGE).set_next_token(token);
            let page = asking.send().await.map_err(|error| asked.failed(&error))?;
            Ok(Page { next: page.next_token, items: page.copy_jobs.unwrap_or_default() })
        })
        .await
    }

    async fn restores(&self, of: &Of<'_>) -> Result<Listed<api::RestoreJobsListMember>, SourceError> {
        let asked = &self.asked("backup:ListRestoreJobsByProtectedResource");
        paged(PAGES, |token| async move {
            let asking = self.client.list_restore_jobs_by_protected_resource().resource_arn(of.resource);
            let asking = asking.max_results(A_PAGE).set_next_token(token);
            let page = asking.send().await.map_err(|error| asked.failed(&error))?;
            Ok(Page { next: page.next_token, items: page.restore_jobs.unwrap_or_default() })
        })
        .await
    }

    /// `None` within: AWS Backup does not count it among what it protects.
    async fn resource(&self, arn: &str) -> Result<Option<decode::Resource>, SourceError> {
        let sent = self.client.describe_protected_resource().resource_arn(arn).send().await;
        absent(sent.map_err(|error| self.asked("backup:DescribeProtectedResource").failed(&error)))
    }

    /// The plans of these names; `None` within where there is none.
    async fn plans<'a>(&self, names: &'a [String]) -> Vec<(&'a str, Result<Option<Plan>, SourceError>)> {
        if names.is_empty() {
            return Vec::new();
        }
        let listed = self.listed_plans().await;
        let mut plans = Vec::new();
        for name in names {
            plans.push((name.as_str(), self.plan(name, &listed).await));
        }
        plans
    }

    async fn listed_plans(&self) -> Result<Listed<api::BackupPlansListMember>, SourceError> {
        let asked = &self.asked("backup:ListBackupPlans");
        paged(PAGES, |token| async move {
            let asking = self.client.list_backup_plans().max_results(A_PAGE).set_next_token(token);
            let page = asking.send().await.map_err(|error| asked.failed(&error))?;
            Ok(Page { next: page.next_token, items: page.backup_plans_list.unwrap_or_default() })
        })
        .await
    }

    async fn plan(
        &self,
        name: &str,
        listed: &Result<Listed<api::BackupPlansListMember>, SourceError>,
    ) -> Result<Option<Plan>, SourceError> {
        let listed = listed.as_ref().map_err(Clone::clone)?;
        let Some(member) = listed.items.iter().find(|plan| plan.backup_plan_name() == Some(name)) else {
            return Ok(None);
        };
        let sent =
            self.client.get_backup_plan().backup_plan_id(member.backup_plan_id().unwrap_or_default()).send().await;
        let plan = sent.map_err(|error| self.asked("backup:GetBackupPlan").failed(&error))?;
        let created = plan.creation_date().and_then(super::super::decode::timestamp);
        Ok(plan.backup_plan.map(|plan| Plan { plan, created }))
    }

    fn asked<'a>(&'a self, operation: &'a str) -> Asked<'a> {
        Asked { source: &self.source, operation, who: &self.who }
    }
}

/// A plan, and since when it is as it is.
struct Plan {
    plan: api::BackupPlan,
    created: Option<Timestamp>,
}

impl Plan {
    fn schedules(&self, vault: &str, jobs_since: Option<Timestamp>, now: Timestamp) -> Vec<Schedule> {
        let since = later(jobs_since, self.created);
        let here = self.plan.rules().iter().filter(|rule| rule.target_backup_vault_name() == vault);
        here.map(|rule| decode::schedule(rule, since, now)).collect()
    }
}
