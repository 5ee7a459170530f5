//! The doors to production of one environment: which target a call goes to.

use std::path::Path;

use futures_util::future::BoxFuture;

use super::aws::Aws;
use super::local::Local;
use super::outside::Outside;
use super::target::{ApplyError, Permit, Receipt, Target};
use crate::action::{Call, Family};
use crate::clock::Now;
use crate::config::Config;
use crate::simulator::SimulatedTarget;
use crate::source::aws::Connections;
use crate::text::Text;

/// The door to production (or to the simulated fleet) of a configuration. Only the executor's process opens it.
///
/// # Errors
/// The simulated fleet can't be opened.
pub fn open(config: &Config, state_dir: &Path, clock: fn() -> Now) -> Result<Box<dyn Target>, String> {
    match &config.simulator {
        Some(simulator) => match SimulatedTarget::new(simulator, state_dir, clock) {
            Ok(target) => Ok(Box::new(target)),
            Err(error) => Err(error.to_string()),
        },
        None => Ok(Box::new(Doors {
            aws: config.aws.as_ref().map(|aws| Aws::new(Connections::open(aws))),
            outside: Outside::new(config),
            local: Local::new(config),
        })),
    }
}

/// The real targets that the configuration names.
struct Doors {
    aws: Option<Aws>,
    outside: Outside,
    local: Local,
}

impl Doors {
    fn door(&self, call: &Call) -> Result<&dyn Target, ApplyError> {
        let (door, section) = match call.family() {
            Family::Cloudflare | Family::Silence | Family::Request => {
                (Some(&self.outside as &dyn Target), "such a target")
            }
            Family::Command => (Some(&self.local as &dyn Target), "such a target"),
            _ => (self.aws.as_ref().map(|aws| aws as &dyn Target), "[aws]"),
        };
        let missing = || ApplyError::NotSent(Text::clean(&format!("the configuration has no {section}")));
        door.ok_or_else(missing)
    }
}

impl Target for Doors {
    fn apply<'a>(&'a self, call: &'a Call, permit: Permit<'a>) -> BoxFuture<'a, Result<Receipt, ApplyError>> {
        Box::pin(async move { self.door(call)?.apply(call, permit).await })
    }
}
