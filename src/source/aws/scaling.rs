//! Application Auto Scaling: targets, policies, activities and scheduled actions of ECS services.
//!
//! Targets of up to 50 services are asked in one call, policies and activities one call a service, because the API takes
//! one resource there (<https://docs.aws.amazon.com/autoscaling/application/APIReference/>).

mod scheduled;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_applicationautoscaling::Client;
use aws_sdk_applicationautoscaling::types::{ScalableDimension, ScalableTarget, ServiceNamespace};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use jiff::Timestamp;
use tokio::sync::OnceCell;

use super::connect::{Connection, operation_timeout};
use super::ecs::Placed;
use super::error::Asked;
use super::{few_at_once, scaling_decode};
use crate::config::{EcsService, Polling, SCALING_INTERVAL, source_at};
use crate::source::{
    Ask, Cadence, Name, Payload, Reading, Readings, Scaling, ScalingActivity, ScalingPolicy, Source, SourceError,
    SourceErrorKind, Subject,
};
use crate::text::Text;

/// Resources in one DescribeScalableTargets call, the API's limit.
const TARGETS_A_CALL: usize = 50;

/// Pages of policies that are read of one service.
const POLICY_PAGES: usize = 5;

/// Activities that are kept.
const ACTIVITIES: i32 = 10;

/// Reads the scaling of all services that run on ECS.
pub struct AutoScaling {
    name: Name,
    connection: Arc<Connection>,
    polling: Polling,
    placed: Vec<Placed>,
    subjects: Vec<Subject>,
    reader: OnceCell<Reader>,
}

impl AutoScaling {
    /// A source named `autoscaling` for these services.
    pub fn new(connection: Arc<Connection>, polling: Polling, placed: Vec<Placed>) -> Self {
        let subjects = placed.iter().map(|placed| Subject::Scaling { service: placed.service.clone() }).collect();
        Self { name: Name::from("autoscaling"), connection, polling, placed, subjects, reader: OnceCell::new() }
    }

    /// The same for services of a place: named after it.
    pub fn at(self, place: Option<&Name>) -> Self {
        Self { name: source_at("autoscaling", place), ..self }
    }
}

impl Source for AutoScaling {
    fn name(&self) -> &Name {
        &self.name
    }

    fn cadence(&self) -> Cadence {
        Cadence { every: self.polling.interval.max(SCALING_INTERVAL), lag: Duration::ZERO }
    }

    fn deadline(&self) -> Duration {
        self.polling.timeout
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let reader = self.reader.get_or_init(|| Reader::new(&self.connection, self.polling.timeout)).await;
            // Asked once, beside the policies of the first service.
            let scheduled = reader.scheduled(None).boxed().shared();
            for batch in self.placed.chunks(TARGETS_A_CALL) {
                reader.poll_batch(batch, &scheduled, ask.now.wall, out).await;
            }
        })
    }
}

/// The one question for scheduled actions that all services of a poll share.
type Asking<'a> = Shared<BoxFuture<'a, scheduled::Shared>>;

/// Reads Application Auto Scaling through one client.
pub(super) struct Reader {
    client: Client,
    source: Name,
    who: String,
}

impl Reader {
    /// A reader whose calls take `deadline` at most.
    pub(super) async fn new(connection: &Connection, deadline: Duration) -> Self {
        let config = connection.sdk_config(operation_timeout(deadline)).await;
        Self { client: Client::new(&config), source: Name::from("autoscaling"), who: connection.who() }
    }

    /// The scaling of one service, fresh.
    pub(super) async fn scaling(&self, ecs: &EcsService, now: Timestamp) -> Result<Scaling, SourceError> {
        let resource = resource(ecs);
        let targets = self.targets(vec![resource.clone()]);
        let (targets, scheduled) = tokio::join!(targets, self.scheduled(Some(&resource)));
        self.complete(&targets?, std::future::ready(scheduled), ecs, now).await
    }

    async fn poll_batch(&self, batch: &[Placed], scheduled: &Asking<'_>, now: Timestamp, out: &Readings) {
        let resources = batch.iter().map(|placed| resource(&placed.ecs)).collect();
        let targets = self.targets(resources).await;
        let mut readings: Vec<BoxFuture<'_, ()>> = Vec::new();
        for placed in batch {
            readings.push(Box::pin(self.send(placed, &targets, scheduled, now, out)));
        }
        few_at_once(readings).await;
    }

    async fn send(
        &self,
        placed: &Placed,
        targets: &Result<Vec<ScalableTarget>, SourceError>,
        scheduled: &Asking<'_>,
        now: Timestamp,
        out: &Readings,
    ) {
        let outcome = match targets {
            Ok(targets) => self.complete(targets, scheduled.clone(), &placed.ecs, now).await,
            Err(error) => Err(error.clone()),
        };
        let subject = Subject::Scaling { service: placed.service.clone() };
        let _ = out.send(Reading { subject, outcome: outcome.map(Payload::Scaling) }).await;
    }

    /// At most one target a resource, because only one dimension is asked: one page holds all of a call.
    async fn targets(&self, resources: Vec<String>) -> Result<Vec<ScalableTarget>, SourceError> {
        let asking = self.client.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
        let asking = asking.scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
        let sent = asking.set_resource_ids(Some(resources)).send().await;
        let asked = self.asked("application-autoscaling:DescribeScalableTargets");
        let answer = sent.map_err(|error| asked.failed(&error))?;
        Ok(answer.scalable_targets().to_vec())
    }

    /// Never fails: its loss must not take the bounds away, which guards need.
    async fn scheduled(&self, resource: Option<&str>) -> scheduled::Shared {
        let asked = self.asked("application-autoscaling:DescribeScheduledActions");
        Arc::new(scheduled::list(&self.client, asked, resource).await)
    }

    async fn complete(
        &self,
        targets: &[ScalableTarget],
        scheduled: impl Future<Output = scheduled::Shared>,
        ecs: &EcsService,
        now: Timestamp,
    ) -> Result<Scaling, SourceError> {
        let resource = resource(ecs);
        let asked = self.asked("application-autoscaling:DescribeScalableTargets");
        let target = targets.iter().find(|target| target.resource_id() == resource);
        let target = target.map(scaling_decode::target).transpose();
        let target = target.map_err(|reason| asked.error(SourceErrorKind::Malformed, &reason))?;
        let (policies, activities, scheduled) =
            tokio::join!(self.policies(&resource), self.activities(&resource), scheduled);
        let (scheduled, scheduled_missing) = scheduled::of(&scheduled, &resource, now);
        // Activities are history: their loss must not take the bounds away, which guards need.
        let (activities, activities_missing) = match activities {
            Ok(activities) => (activities, None),
            Err(error) => (Vec::new(), Some(Text::clean(&error.to_string()))),
        };
        Ok(Scaling { target, policies: policies?, activities, activities_missing, scheduled, scheduled_missing })
    }

    /// Only those of the resource, whatever came: an emulator gives those of all, and a policy that seems to be there is
    /// worse than one that is missing.
    async fn policies(&self, resource: &str) -> Result<Vec<ScalingPolicy>, SourceError> {
        let mut policies = Vec::new();
        let mut token = None;
        for _ in 0..POLICY_PAGES {
            let asking = self.client.describe_scaling_policies().service_namespace(ServiceNamespace::Ecs);
            let sent = asking.resource_id(resource).set_next_token(token).send().await;
            let asked = self.asked("application-autoscaling:DescribeScalingPolicies");
            let page = sent.map_err(|error| asked.failed(&error))?;
            let of_this = page.scaling_policies().iter().filter(|policy| policy.resource_id() == resource);
            policies.extend(of_this.map(scaling_decode::policy));
            token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        Ok(policies)
    }

    /// The newest activities; the API lists them newest first.
    async fn activities(&self, resource: &str) -> Result<Vec<ScalingActivity>, SourceError> {
        let asking = self.client.describe_scaling_activities().service_namespace(ServiceNamespace::Ecs);
        let sent = asking.resource_id(resource).max_results(ACTIVITIES).send().await;
        let asked = self.asked("application-autoscaling:DescribeScalingActivities");
        let answer = sent.map_err(|error| asked.failed(&error))?;
        let of_this = answer.scaling_activities().iter().filter(|activity| activity.resource_id() == resource);
        let mut activities: Vec<_> = of_this.filter_map(scaling_decode::activity).collect();
        activities.sort_by_key(|activity| std::cmp::Reverse(activity.at));
        Ok(activities)
    }

    fn asked<'a>(&'a self, operation: &'a str) -> Asked<'a> {
        Asked { source: &self.source, operation, who: &self.who }
    }
}

/// Application Auto Scaling's name of an ECS service.
fn resource(ecs: &EcsService) -> String {
    format!("service/{}/{}", ecs.cluster, ecs.service)
}
