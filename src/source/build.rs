//! From a configuration to the backends of its environment.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::clock::Now;
use crate::config::{Config, Query};
use crate::source::prometheus::{self, Prometheus};
use crate::source::{Name, Number, Observation, SharedSource, SourceError, SourceErrorKind, World};

/// The real backends of one environment.
struct Backends {
    config: Arc<Config>,
    prometheus: Option<Arc<Prometheus>>,
}

/// The backends of a configuration, or its simulated fleet. Returns without waiting for the network: the first frame
/// comes before any data.
///
/// # Errors
/// A backend that can't even be set up.
pub async fn world(config: Arc<Config>) -> Result<Arc<dyn World>, SourceError> {
    let prometheus = config.prometheus.as_ref().map(|backend| Arc::new(Prometheus::new(backend)));
    Ok(Arc::new(Backends { config, prometheus }))
}

impl World for Backends {
    fn sources(&self) -> Vec<SharedSource> {
        self.prometheus.iter().flat_map(|backend| prometheus::sources(&self.config, backend)).collect()
    }

    fn observe<'a>(&'a self, service: &'a Name, _now: Now) -> BoxFuture<'a, Result<Observation, SourceError>> {
        Box::pin(async move { Err(missing("aws", &format!("`{service}` can't be observed: there is no [aws]"))) })
    }

    fn ask<'a>(&'a self, query: &'a Query, now: Now) -> BoxFuture<'a, Result<Number, SourceError>> {
        Box::pin(async move {
            match (query, &self.prometheus) {
                (Query::Prometheus(expression), Some(backend)) => {
                    backend.instant(expression, now).await.map(|answer| answer.value)
                }
                (Query::Prometheus(_), None) => {
                    Err(missing("prometheus", "the query is PromQL, and the configuration has no [prometheus]"))
                }
                _ => Err(missing("aws", "the query is of a source that the configuration does not have")),
            }
        })
    }
}

fn missing(source: &str, reason: &str) -> SourceError {
    SourceError::new(&Name::from(source), SourceErrorKind::Missing, reason)
}
