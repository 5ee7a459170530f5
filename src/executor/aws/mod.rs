//! AWS as a target: the mutating clients, without retries. One file an API.

mod autoscaling;
mod backup;
mod balancer;
mod cloudfront;
mod ecs;
mod ecs_revision;
mod error;
mod export;
mod rds;
mod restore;

use std::time::Duration;

use futures_util::future::BoxFuture;

use self::error::{not_sent, unidentified};
use super::target::{ApplyError, Permit, Receipt, Target};
use crate::action::{Call, Family};
use crate::source::Name;
use crate::source::aws::{Connection, Connections};

/// How long the question whose credentials these are may take: it stands between the check of the lease and the call.
const WHO_AM_I: Duration = Duration::from_secs(5);

/// AWS, for changing. Only the executor's process builds one.
#[derive(Debug)]
pub struct Aws {
    connections: Connections,
}

impl Aws {
    /// AWS in all places of an environment. No network yet.
    pub fn new(connections: Connections) -> Self {
        Self { connections }
    }

    async fn send(&self, call: &Call, permit: Permit<'_>) -> Result<Receipt, ApplyError> {
        let config = self.connection(call.place(), permit.region())?.sdk_config_for_actions().await;
        check_account(&aws_sdk_sts::Client::new(&config), permit.account()).await?;
        match call.family() {
            Family::Count
            | Family::Deployment
            | Family::Revision
            | Family::Definition
            | Family::Halt
            | Family::Task => ecs::send(&config, call, permit).await,
            Family::Bounds | Family::Suspension => autoscaling::send(&config, call, permit).await,
            Family::Failover => rds::send(&config, call, permit).await,
            Family::Restore | Family::Removal => Box::pin(restore::send(&config, call, permit)).await,
            Family::CloudFront => cloudfront::send(&config, call, permit).await,
            Family::Traffic => balancer::send(&config, call, permit).await,
            Family::Cloudflare | Family::Silence | Family::Request | Family::Command => {
                Err(not_sent("the call is not AWS's"))
            }
            Family::Export => Box::pin(export::send(&config, call, permit)).await,
            Family::Backup => match call {
                Call::BackupStart { .. } => backup::send(&config, call, permit).await,
                _ => rds::send(&config, call, permit).await,
            },
        }
    }

    /// The connection of the call's own place and no other, which must be of the plan's region.
    fn connection(&self, place: Option<&Name>, region: &str) -> Result<&Connection, ApplyError> {
        let Some(connection) = self.connections.exactly(place) else {
            let place = place.map_or("[aws]", Name::as_str);
            return Err(not_sent(&format!("the configuration has no place {place}")));
        };
        if connection.region() != region {
            return Err(not_sent(&format!("the place is in {}, the plan is of {region}", connection.region())));
        }
        Ok(connection)
    }
}

impl Target for Aws {
    fn apply<'a>(&'a self, call: &'a Call, permit: Permit<'a>) -> BoxFuture<'a, Result<Receipt, ApplyError>> {
        Box::pin(self.send(call, permit))
    }
}

/// The credentials of actions may be others than those that observed: they must be of the plan's account too.
async fn check_account(client: &aws_sdk_sts::Client, account: &str) -> Result<(), ApplyError> {
    let asked = tokio::time::timeout(WHO_AM_I, client.get_caller_identity().send()).await;
    let answer = asked.map_err(|_| not_sent("sts:GetCallerIdentity did not answer in time"))?;
    let identity = answer.map_err(|error| unidentified(&error))?;
    match identity.account() {
        Some(found) if found == account => Ok(()),
        found => Err(not_sent(&format!(
            "the credentials for actions are of account {}, the plan is of {account}",
            found.unwrap_or("(none)")
        ))),
    }
}
