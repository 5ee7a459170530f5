//! What is changed outside AWS: Alertmanager, Cloudflare, and whatever the configuration declares. One file a kind; each request is sent once.

mod alertmanager;
mod cloudflare;
mod declared;
mod once;

use futures_util::future::BoxFuture;

use super::target::{ApplyError, Permit, Receipt, Target};
use crate::action::{Call, Family};
use crate::config::Config;
use crate::text::Text;

/// The targets outside AWS. Only the executor's process opens them.
#[derive(Debug)]
pub struct Outside {
    config: Config,
}

impl Outside {
    /// What the configuration names. No network yet.
    pub fn new(config: &Config) -> Self {
        Self { config: config.clone() }
    }

    async fn send(&self, call: &Call, permit: Permit<'_>) -> Result<Receipt, ApplyError> {
        match call.family() {
            Family::Silence => alertmanager::send(&self.config, call, permit).await,
            Family::Cloudflare => cloudflare::send(&self.config, call, permit).await,
            Family::Request => declared::send(&self.config, call, permit).await,
            _ => Err(not_sent("the call is AWS's")),
        }
    }
}

impl Target for Outside {
    fn apply<'a>(&'a self, call: &'a Call, permit: Permit<'a>) -> BoxFuture<'a, Result<Receipt, ApplyError>> {
        Box::pin(self.send(call, permit))
    }
}

/// Nothing was sent, for this reason.
fn not_sent(reason: &str) -> ApplyError {
    ApplyError::NotSent(Text::clean(reason))
}

/// An answer that doesn't tell what was done.
fn untold(reason: &str) -> ApplyError {
    ApplyError::Unknown(Text::clean(reason))
}
