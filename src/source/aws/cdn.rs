//! CloudFront distributions and their invalidations.
//!
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/>. Hit ratio and error rates are CloudWatch metrics (in
//! us-east-1), and come as signals.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudfront::Client;
use futures_util::future::{BoxFuture, join_all};
use jiff::SignedDuration;
use tokio::sync::OnceCell;

use super::Connections;
use super::cdn_decode::{distribution, summary};
use super::connect::{Connection, operation_timeout};
use super::error::Asked;
use crate::clock::Now;
use crate::config::{CdnId, Config, Polling, Service};
use crate::source::{
    Ask, Cadence, Cdn, Invalidation, Name, Payload, Reading, Readings, SharedSource, Source, SourceError,
    SourceErrorKind, Subject,
};
use crate::text::Text;

/// The newest invalidations that are listed.
const INVALIDATIONS: i32 = 10;

/// How long ago an invalidation may have been asked for to be looked at although it is completed: one that was asked for
/// without an answer is known by its CallerReference only.
const RECENT: SignedDuration = SignedDuration::from_mins(15);

/// Invalidations in flight or recent whose paths are asked for; CloudFront runs fifteen with a wildcard at once.
const IN_FLIGHT: usize = 5;

/// Paths of one invalidation that are kept.
const PATHS: usize = 20;

/// The distributions that the configuration asks for.
pub(super) fn sources(connections: &Arc<Connections>, config: &Config) -> Vec<SharedSource> {
    config.services.iter().filter_map(|service| source(connections, service)).collect()
}

fn source(connections: &Arc<Connections>, service: &Service) -> Option<SharedSource> {
    let cdn = service.cdn.as_ref()?;
    let CdnId::CloudFront { distribution, place } = &cdn.id else { return None };
    Some(Arc::new(CloudFront {
        name: Name::from(format!("cloudfront {}", service.name)),
        who: connections.at(place.as_ref()).who(),
        connection: connections.at(place.as_ref()).clone(),
        distribution: distribution.clone(),
        polling: cdn.polling,
        subjects: [Subject::Cdn { service: service.name.clone() }],
        client: OnceCell::new(),
    }))
}

/// One distribution as a source.
struct CloudFront {
    name: Name,
    connection: Arc<Connection>,
    who: String,
    distribution: String,
    polling: Polling,
    subjects: [Subject; 1],
    client: OnceCell<Client>,
}

impl Source for CloudFront {
    fn name(&self) -> &Name {
        &self.name
    }

    fn cadence(&self) -> Cadence {
        Cadence { every: self.polling.interval, lag: Duration::ZERO }
    }

    fn deadline(&self) -> Duration {
        self.polling.timeout
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let outcome = self.read(ask.now).await.map(Payload::Cdn);
            let [subject] = &self.subjects;
            let _ = out.send(Reading { subject: subject.clone(), outcome }).await;
        })
    }
}

impl CloudFront {
    async fn read(&self, now: Now) -> Result<Cdn, SourceError> {
        let client = self.client.get_or_init(|| self.connect()).await;
        let (cdn, invalidations) = tokio::join!(self.distribution(client), self.invalidations(client, now));
        let mut cdn = cdn?;
        // What is in flight is told beside the distribution: its loss must not take the distribution away.
        match invalidations {
            Ok((invalidations, missing)) => {
                cdn.invalidations = invalidations;
                cdn.missing = missing;
            }
            Err(error) => cdn.missing.push(Text::clean(&format!("invalidations: {}", error.reason))),
        }
        Ok(cdn)
    }

    async fn connect(&self) -> Client {
        Client::new(&self.connection.sdk_config(operation_timeout(self.polling.timeout)).await)
    }

    async fn distribution(&self, client: &Client) -> Result<Cdn, SourceError> {
        let asked = self.asked("cloudfront:GetDistribution");
        let sent = client.get_distribution().id(&self.distribution).send().await;
        let answer = sent.map_err(|error| asked.failed(&error))?;
        let none = || asked.error(SourceErrorKind::Malformed, "an answer without a distribution");
        Ok(distribution(answer.distribution().ok_or_else(none)?))
    }

    /// The newest ones, and why paths of some are missing.
    async fn invalidations(&self, client: &Client, now: Now) -> Result<(Vec<Invalidation>, Vec<Text>), SourceError> {
        let asked = self.asked("cloudfront:ListInvalidations");
        let asking = client.list_invalidations().distribution_id(&self.distribution).max_items(INVALIDATIONS);
        let answer = asking.send().await.map_err(|error| asked.failed(&error))?;
        let listed = answer.invalidation_list().map(|list| list.items()).unwrap_or_default();
        let most = usize::try_from(INVALIDATIONS).unwrap_or_default();
        let mut all: Vec<Invalidation> = listed.iter().take(most).map(summary).collect();
        let recent = |one: &Invalidation| one.created.is_some_and(|at| now.wall.duration_since(at).abs() < RECENT);
        let running = all.iter_mut().filter(|one| one.in_flight() || recent(one)).take(IN_FLIGHT);
        let missing = join_all(running.map(|invalidation| self.with_paths(client, invalidation))).await;
        Ok((all, missing.into_iter().flatten().collect()))
    }

    async fn with_paths(&self, client: &Client, invalidation: &mut Invalidation) -> Option<Text> {
        let asking = client.get_invalidation().distribution_id(&self.distribution).id(invalidation.id.as_str());
        let answer = match asking.send().await {
            Ok(answer) => answer,
            Err(error) => {
                let error = self.asked("cloudfront:GetInvalidation").failed(&error);
                return Some(Text::clean(&format!("paths of {}: {}", invalidation.id, error.reason)));
            }
        };
        let found = answer.invalidation();
        let paths = found.and_then(|found| found.invalidation_batch()?.paths());
        let items = paths.map(|paths| paths.items()).unwrap_or_default();
        invalidation.paths = items.iter().take(PATHS).map(|path| Text::clean(path)).collect();
        let batch = found.and_then(|found| found.invalidation_batch());
        invalidation.reference = batch.map(|batch| Text::clean(batch.caller_reference()));
        // It may have ended since it was listed.
        if let Some(found) = found {
            invalidation.status = Text::clean(found.status());
        }
        None
    }

    fn asked<'a>(&'a self, operation: &'a str) -> Asked<'a> {
        Asked { source: &self.name, operation, who: &self.who }
    }
}
