//! What can be changed, and how a call can end.

use futures_util::future::BoxFuture;

use super::journal::{RunId, Taken};
use crate::action::{Call, Operator};
use crate::text::Text;

/// Something that can be changed. Calls are sent once: an implementation never sends a call twice, whatever came back.
pub trait Target: Send + Sync {
    /// Sends one call, and says in one line what was answered.
    /// Whatever takes time before the call can leave (credentials, whose they are) comes first, then [`Permit::last_look`],
    /// then the call.
    fn apply<'a>(&'a self, call: &'a Call, permit: Permit<'a>) -> BoxFuture<'a, Result<Receipt, ApplyError>>;
}

/// What the backend answered to a call that it accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// In one line.
    pub said: Text,
    /// The identifier of what the call made, where it made something: a later step may need it.
    pub made: Option<String>,
}

impl<T: Into<Text>> From<T> for Receipt {
    fn from(said: T) -> Self {
        Self { said: said.into(), made: None }
    }
}

/// The right to send one call: the engine makes it of a taken approval, right after checking lease and drift. Used once.
pub struct Permit<'a> {
    run: RunId,
    epoch: u64,
    account: String,
    region: String,
    digest: String,
    by: Operator,
    look: LastLook<'a>,
}

/// Why the call must not leave now; `None` if it may.
pub(super) type LastLook<'a> = &'a (dyn Fn() -> Option<String> + Send + Sync);

impl<'a> Permit<'a> {
    pub(super) fn new(taken: &Taken, look: LastLook<'a>) -> Self {
        let plan = taken.plan();
        let (account, region) = (plan.account.to_string(), plan.region.to_string());
        let (run, by) = (taken.run().clone(), taken.by().clone());
        Self { run, epoch: taken.lease().epoch, account, region, digest: taken.digest().to_owned(), by, look }
    }

    /// Whether the call may leave now: the lease is held, and what was observed is recent. A process that was stopped, or a
    /// machine that slept, finds out here. Nothing that waits may come between this and the call.
    ///
    /// # Errors
    /// Why not. Nothing was sent, and nothing may be.
    pub fn last_look(&self) -> Result<(), ApplyError> {
        (self.look)().map_or(Ok(()), |reason| Err(ApplyError::NotSent(Text::clean(&reason))))
    }

    /// A permit for the tests of targets.
    #[cfg(test)]
    pub(crate) fn for_test() -> Self {
        let (run, account, region) = (RunId("test".to_owned()), "000000000000".to_owned(), "us-east-1".to_owned());
        let by = Operator { user: "ada".into(), host: "bastion".into(), terminal: "headless".into(), from: None };
        Self { run, epoch: 1, account, region, digest: "0".repeat(64), by, look: &|| None }
    }

    /// The run.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// The account that the call must be sent to.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The region that the call must be sent to.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The plan's digest: what is made of it is the same however often it is made.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Who said yes.
    pub fn by(&self) -> &Operator {
        &self.by
    }

    /// The lease's epoch.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }
}

/// How a call did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The backend answered that it did not do it: a 4xx, throttling included. Definitely not applied.
    #[error("rejected: {0}")]
    Rejected(Text),
    /// It was never sent: no connection, no credentials. Definitely not applied.
    #[error("not sent: {0}")]
    NotSent(Text),
    /// It was carried out and said that it failed: a command's exit code. What it changed until then is not known.
    #[error("it failed: {0}")]
    Failed(Text),
    /// Nobody knows: a timeout, a 5xx, a dropped connection.
    #[error("no answer that tells: {0}")]
    Unknown(Text),
}
