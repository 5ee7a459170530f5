//! AWS, read only: connection, CloudWatch, ECS, Application Auto Scaling, STS.
//!
//! Invariant: nothing here changes anything. The one way to clients that may is
//! [`Connection::sdk_config_for_actions`](connect::Connection::sdk_config_for_actions), which only `executor/` calls.

pub mod connect;
mod credentials;
mod decode;
pub mod ecs;
mod ecs_decode;
mod error;
mod http;
pub mod identity;
mod observe;
pub mod scaling;
mod scaling_decode;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};

use crate::config::Config;
use crate::source::SharedSource;

pub use connect::Connection;
pub use observe::observe;

/// The sources that the configuration asks of AWS: identity always, ECS and scaling where services run there, CloudWatch
/// where signals, measures or alarms are read there.
pub fn sources(connection: &Arc<Connection>, config: &Config) -> Vec<SharedSource> {
    let mut sources: Vec<SharedSource> = vec![Arc::new(identity::WhoAmI::new(connection.clone()))];
    let placed = placed(config);
    if !placed.is_empty() {
        sources.push(Arc::new(ecs::Ecs::new(connection.clone(), config.ecs, placed.clone())));
        sources.push(Arc::new(scaling::AutoScaling::new(connection.clone(), config.ecs, placed)));
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
