//! One executor's way to the backend: it trips at a chosen point, as a killed process would stop there.

use futures_util::future::BoxFuture;
use quarterdeck::action::Call;
use quarterdeck::clock::Now;
use quarterdeck::config::Query;
use quarterdeck::executor::target::{ApplyError, Permit, Receipt, Target};
use quarterdeck::source::{Look, Number, Observation, SharedSource, SourceError, SourceErrorKind, World};

use super::backend::Backend;
use super::wire::Tripwire;
use crate::recovery::fake::Answer;

/// Sees each call that leaves, at that moment, before it takes effect.
pub(crate) type Witness<'a> = &'a (dyn Fn(&Permit<'_>, &Call) + Send + Sync);

pub(crate) struct Seat<'a> {
    pub(crate) backend: &'a Backend,
    pub(crate) wire: &'a Tripwire,
    pub(crate) clock: &'a (dyn Fn() -> Now + Send + Sync),
    pub(crate) witness: Witness<'a>,
}

impl World for Seat<'_> {
    fn sources(&self) -> Vec<SharedSource> {
        Vec::new()
    }

    fn observe<'a>(&'a self, look: &'a Look, _now: Now) -> BoxFuture<'a, Result<Observation, SourceError>> {
        Box::pin(async move {
            self.wire.pass("before a look");
            let asked = (self.clock)();
            tokio::time::sleep(self.backend.patience()).await;
            // What is told was so at some moment while it was asked: what took long may be old.
            let found = self.backend.look(look, (self.clock)());
            self.wire.pass("after a look");
            let refused = || SourceError::new(&look.target, SourceErrorKind::Unauthorised, "access denied");
            found.map(|found| Observation { taken: asked.wall, ..found }).ok_or_else(refused)
        })
    }

    fn ask<'a>(&'a self, _query: &'a Query, _now: Now) -> BoxFuture<'a, Result<Number, SourceError>> {
        Box::pin(async {
            self.wire.pass("a question");
            Ok(Number::from(self.backend.reading()))
        })
    }
}

impl Target for Seat<'_> {
    fn apply<'a>(&'a self, call: &'a Call, permit: Permit<'a>) -> BoxFuture<'a, Result<Receipt, ApplyError>> {
        Box::pin(async move {
            let fate = self.backend.fate();
            tokio::time::sleep(fate.before).await;
            self.wire.pass("before the last look");
            permit.last_look()?;
            self.wire.pass("before the call");
            (self.witness)(&permit, call);
            let made = self.backend.receive(permit.run(), call, fate.answer, (self.clock)());
            self.wire.pass("after the call");
            let made = made?;
            tokio::time::sleep(fate.after).await;
            match fate.answer {
                Answer::Accept => Ok(Receipt { said: "accepted".into(), made }),
                Answer::ApplyThenHang | Answer::Hang => std::future::pending().await,
                Answer::Throttle => Err(ApplyError::Rejected("HTTP 400, ThrottlingException".into())),
                Answer::NotSent => Err(ApplyError::NotSent("connection refused".into())),
                _ => Err(ApplyError::Unknown("HTTP 503".into())),
            }
        })
    }
}
