//! AWS, read only: connection, CloudWatch, ECS, Application Auto Scaling, STS.
//!
//! Invariant: nothing here changes anything. The one way to clients that may is
//! [`Connection::sdk_config_for_actions`](connect::Connection::sdk_config_for_actions), which only `executor/` calls.
//!
//! A role that may read what is read here needs `cloudwatch:GetMetricData`, `cloudwatch:DescribeAlarms`,
//! `cloudwatch:DescribeAlarmHistory`, `ecs:DescribeServices`, `ecs:DescribeClusters`, `ecs:ListTasks`, `ecs:DescribeTasks`,
//! `application-autoscaling:DescribeScalableTargets`, `application-autoscaling:DescribeScalingPolicies`,
//! `application-autoscaling:DescribeScalingActivities`, `application-autoscaling:DescribeScheduledActions`;
//! for the cost `ce:GetCostAndUsage`, `ce:GetCostForecast`;
//! for databases and caches `rds:DescribeDBClusters`, `rds:DescribeDBInstances`, `rds:DescribePendingMaintenanceActions`,
//! `elasticache:DescribeReplicationGroups`, `elasticache:DescribeCacheClusters`, `elasticache:DescribeUpdateActions`;
//! for backups, by what a `[[backup]]` names, of
//! `backup:ListRecoveryPointsByBackupVault`, `backup:ListBackupJobs`, `backup:ListCopyJobs`,
//! `backup:ListRestoreJobsByProtectedResource`, `backup:DescribeProtectedResource`, `backup:ListBackupPlans`,
//! `backup:GetBackupPlan`; `rds:DescribeDBClusters`, `rds:DescribeDBClusterSnapshots`, `rds:DescribeDBInstances`,
//! `rds:DescribeDBSnapshots`, `rds:DescribeExportTasks`; `s3:ListBucket` and `s3:GetObject` of the objects' bucket and prefix;
//! for restore tests `rds:DescribeAccountAttributes` besides, which may be missing;
//! for logs what `logs` names;
//! `acm:ListCertificates`, `acm:DescribeCertificate`, `cloudfront:GetDistribution`, `cloudfront:ListInvalidations`,
//! `cloudfront:GetInvalidation`;
//! for releases `ecs:ListTaskDefinitions`, `ecs:DescribeTaskDefinition`, `ecs:ListServiceDeployments`,
//! `ecs:DescribeServiceDeployments`, `ecs:DescribeServiceRevisions`, `ecr:DescribeImages`; for plans that bring a revision
//! `iam:GetRole`, `logs:DescribeLogGroups`, `secretsmanager:DescribeSecret`, `ssm:DescribeParameters`; for calendars `ssm:GetCalendarState`; for load balancers
//! `elasticloadbalancing:DescribeLoadBalancers`, `elasticloadbalancing:DescribeListeners`,
//! `elasticloadbalancing:DescribeRules`, `elasticloadbalancing:DescribeTargetGroups`,
//! `elasticloadbalancing:DescribeTargetHealth`;
//! `sts:GetCallerIdentity` needs no permission.

mod balancer;
mod calendar;
mod cdn;
mod cdn_decode;
mod certificate;
pub mod cloudwatch;
pub mod connect;
mod cost;
mod credentials;
mod database;
mod decode;
pub mod ecs;
mod ecs_decode;
mod error;
mod http;
pub mod identity;
mod logs;
pub mod meter;
mod needs;
mod observe;
mod places;
mod protection;
mod rds;
mod recent;
mod releases;
mod restore;
pub mod scaling;
mod scaling_decode;
mod signed;
mod usage;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};

use crate::config::Config;
use crate::source::{Name, SharedSource};

pub use calendar::calendar;
pub use cloudwatch::{ask, means};
pub use connect::Connection;
pub use logs::CloudWatchLogs;
pub use observe::observe;
pub use places::Connections;

/// The sources that the configuration asks of AWS, place by place: identity always, ECS and scaling where services run
/// there, CloudWatch where signals, measures or alarms are read there. Each subject is read in one place.
pub fn sources(connections: &Arc<Connections>, config: &Config) -> Vec<SharedSource> {
    let mut sources: Vec<SharedSource> = Vec::new();
    for (place, connection) in connections.all() {
        sources.push(Arc::new(identity::WhoAmI::new(connection.clone(), place)));
        sources.extend(ecs_sources(place, connection, config));
        sources.extend(cloudwatch_sources(place, connection, config));
    }
    let others = [
        balancer::sources,
        cdn::sources,
        certificate::sources,
        cost::sources,
        database::sources,
        logs::sources,
        protection::sources,
        releases::sources,
        usage::sources,
    ];
    sources.extend(others.iter().flat_map(|sources| sources(connections, config)));
    sources
}

fn ecs_sources(place: Option<&Name>, connection: &Arc<Connection>, config: &Config) -> Vec<SharedSource> {
    let placed: Vec<_> = placed(config).into_iter().filter(|placed| placed.ecs.place.as_ref() == place).collect();
    if placed.is_empty() {
        return Vec::new();
    }
    let ecs = ecs::Ecs::new(connection.clone(), config.ecs, placed.clone()).at(place);
    let scaling = scaling::AutoScaling::new(connection.clone(), config.ecs, placed).at(place);
    vec![Arc::new(ecs), Arc::new(scaling)]
}

fn cloudwatch_sources(place: Option<&Name>, connection: &Arc<Connection>, config: &Config) -> Vec<SharedSource> {
    let mut sources: Vec<SharedSource> = Vec::new();
    let timeout = config.cloudwatch.as_ref().map_or(cloudwatch::POLLING, |settings| settings.polling).timeout;
    let groups = cloudwatch::pacing::groups(cloudwatch::wanted(config));
    let here: Vec<_> = groups.into_iter().filter(|(group, _)| group.place.as_ref() == place).collect();
    let single = here.len() == 1;
    for (group, wanted) in here {
        let metrics = cloudwatch::Metrics::new(connection.clone(), timeout, &group, wanted);
        sources.push(Arc::new(if single { metrics } else { metrics.named_by_pace() }));
    }
    if let Some(settings) = config.cloudwatch.as_ref().filter(|settings| !settings.alarm_prefixes.is_empty()) {
        let alarms = cloudwatch::Alarms::new(connection.clone(), settings.clone(), config);
        sources.push(Arc::new(alarms.at(place, config)));
        sources.push(Arc::new(cloudwatch::History::new(connection.clone(), settings.clone(), place)));
    }
    sources
}

fn placed(config: &Config) -> Vec<ecs::Placed> {
    let placed = config.services.iter().filter_map(|service| {
        let ecs = service.ecs.clone()?;
        Some(ecs::Placed { service: service.name.clone(), ecs })
    });
    placed.collect()
}

/// Awaits all, four at a time, so that a large fleet does not run into the API's rate limit by itself.
async fn few_at_once(all: Vec<BoxFuture<'_, ()>>) {
    stream::iter(all).buffer_unordered(4).collect::<()>().await;
}

/// Decoders of the text within AWS's typed answers, for [`crate::fuzzing`].
pub(crate) mod decoders {
    pub(crate) use super::cloudwatch::decode_any_change as alarm_change;
    pub(crate) use super::cloudwatch::decode_any_rule as alarm_rule;
    pub(crate) use super::logs::decode_any_count as log_count;
    pub(crate) use super::protection::decode_any_key as object_key;
    pub(crate) use super::releases::decode_any_image as image;
}
