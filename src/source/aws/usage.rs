//! What reading AWS costs (CloudWatch, log queries, Cost Explorer), as a source: told from the meter and the configuration,
//! without asking anyone.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::Connections;
use super::cloudwatch::pacing::Projection;
use super::meter::{Meter, Price};
use crate::config::Config;
use crate::source::{Ask, Cadence, Name, Payload, Reading, Readings, SharedSource, Source, Subject, Usage};

/// Tells what reading costs.
struct Told {
    name: Name,
    subjects: [Subject; 1],
    every: Duration,
    meter: Arc<Meter>,
    projected: Projection,
    budget: Option<f64>,
    slowed: f64,
}

/// The source of [`Subject::Usage`], where CloudWatch is asked.
pub(super) fn sources(connections: &Arc<Connections>, config: &Config) -> Vec<SharedSource> {
    let (Some(settings), Some(subject)) = (&config.cloudwatch, config.usage()) else { return Vec::new() };
    vec![Arc::new(Told {
        name: Name::from("usage"),
        subjects: [subject],
        every: settings.polling.interval,
        meter: connections.meter().clone(),
        projected: Projection::of(config),
        budget: settings.budget_usd_month,
        slowed: settings.slowed,
    })]
}

impl Told {
    fn usage(&self) -> Usage {
        Usage {
            requests: Price::ALL.iter().map(|price| self.meter.requests(*price)).sum(),
            units: self.meter.units(Price::MetricsRequested),
            log_bytes_scanned: self.meter.units(Price::LogBytesScanned),
            cost_requests: self.meter.requests(Price::CostExplorerRequests),
            usd: self.meter.usd(),
            usd_month: self.projected.usd() + self.meter.usd_of(Price::LogBytesScanned),
            budget: self.budget,
            slowed: self.slowed,
        }
    }
}

impl Source for Told {
    fn name(&self) -> &Name {
        &self.name
    }

    fn cadence(&self) -> Cadence {
        Cadence { every: self.every, lag: Duration::ZERO }
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, _ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let [subject] = &self.subjects;
            let _ = out.send(Reading { subject: subject.clone(), outcome: Ok(Payload::Usage(self.usage())) }).await;
        })
    }
}
