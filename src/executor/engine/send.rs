//! The call: sent once, its answer journalled; where the answer was lost it is looked for, never sent again.

use std::time::Duration;

use super::{CHECK_TO_LEAVE, CHECK_TO_SEND, Flow, POLL, READ_BACK, Stop, Work, failed, keep};
use crate::action::{Call, Effect, Made};
use crate::clock::Mono;
use crate::executor::journal::{Entry, JournalError};
use crate::executor::target::{ApplyError, Permit, Receipt};
use crate::text::Text;

impl Work<'_> {
    /// The last look at lease and age, then the call: once.
    pub(super) async fn send(&self, index: usize, call: &Call, observed: Mono) -> Flow<Result<Receipt, ApplyError>> {
        self.hold.begin(index).await.map_err(|reason| failed(&reason, &self.unsent(index)))?;
        if let Some(reason) = self.hold_back(observed, CHECK_TO_SEND)? {
            return Err(failed(&reason, &self.unsent(index)));
        }
        let look = || match self.hold_back(observed, CHECK_TO_LEAVE) {
            Ok(reason) => reason,
            Err(error) => Some(error.to_string()),
        };
        let permit = Permit::new(self.taken, &look);
        let answer = tokio::time::timeout(call.patience(), self.engine.target.apply(call, permit)).await;
        Ok(answer.unwrap_or_else(|_| {
            Err(ApplyError::Unknown(Text::clean(&format!("no answer within {} s", call.patience().as_secs()))))
        }))
    }

    /// Why the call must not be sent now, if so. The time is read after the journal's write, which may have had to wait.
    fn hold_back(&self, observed: Mono, oldest: Duration) -> Result<Option<String>, JournalError> {
        if !self.engine.journal.renew(self.taken.lease(), self.now())? {
            return Ok(Some("the lease was lost".to_owned()));
        }
        if let Some(reason) = self.hold.look(self.now()) {
            return Ok(Some(reason));
        }
        let age = self.now().mono.since(observed);
        Ok((age > oldest).then(|| format!("the observation was {} s old when the call was due", age.as_secs())))
    }

    /// Journals what the answer tells; returns if the change is under way.
    pub(super) async fn settle_answer(
        &self,
        index: usize,
        answer: Result<Receipt, ApplyError>,
        made: &mut Made,
    ) -> Flow<()> {
        match answer {
            Ok(Receipt { said, made: thing }) => {
                keep(made, index, thing.as_ref());
                self.write(Entry::Accepted { step: index, receipt: said, made: thing })
            }
            Err(ApplyError::Unknown(reason)) => self.read_back(index, reason, made).await,
            Err(error @ ApplyError::Failed(_)) => self.half_done(index, &error, made).await,
            Err(error) => self.not_applied(index, &error, made).await,
        }
    }

    /// The backend said no, or was never reached: one look makes sure.
    async fn not_applied(&self, index: usize, error: &ApplyError, made: &Made) -> Flow<()> {
        let nothing = self.nothing_of(index, error);
        let effect = match self.sight(index, made).await {
            Ok(sight) if sight.effect == Effect::Shows => {
                format!("{nothing}; yet, not by this call, read back: {}", sight.words)
            }
            Ok(sight) => format!("{nothing}; read back: {}", sight.words),
            Err(reason) => format!("{nothing}; reading back failed: {reason}"),
        };
        Err(self.stopped(index, &error.to_string(), &effect))
    }

    /// It ran and failed: one look tells what can be told of its effect.
    async fn half_done(&self, index: usize, error: &ApplyError, made: &Made) -> Flow<()> {
        let found = match self.sight(index, made).await {
            Ok(sight) => format!("read back: {}", sight.words),
            Err(reason) => format!("reading back failed: {reason}"),
        };
        Err(failed(&error.to_string(), &format!("what it changed until then is not known; {found}")))
    }

    /// What a call that was not applied leaves of the plan, in words: those before it did change something.
    fn nothing_of(&self, index: usize, error: &ApplyError) -> String {
        let steps = self.taken.plan().steps.len();
        match (index, error) {
            (0, ApplyError::Rejected(_)) => "nothing was changed".to_owned(),
            (index, ApplyError::Rejected(_)) if index < steps => {
                format!("step {} of {steps} was refused; those before it took effect", index + 1)
            }
            (index, _) => self.unsent(index),
        }
    }

    /// Nobody knows whether the call took effect: look until it shows, never send again.
    async fn read_back(&self, index: usize, reason: Text, made: &mut Made) -> Flow<()> {
        let until = self.now().mono.plus(READ_BACK.min(self.taken.plan().steady_deadline));
        let mut said = String::new();
        loop {
            let found = match self.sight(index, made).await {
                Ok(sight) if sight.effect == Effect::Shows => {
                    keep(made, index, sight.made.as_ref());
                    let found = Text::clean(&sight.words);
                    return self.write(Entry::FoundApplied { step: index, reason, found, made: sight.made });
                }
                Ok(sight) => sight.words,
                Err(error) => format!("could not be read back: {error}"),
            };
            if self.now().mono >= until {
                let found = Text::clean(&format!("{found}; it was not sent again"));
                return Err(Stop::Outcome(Entry::Unknown { reason, found }));
            }
            self.progress(&mut said, format!("{reason}; reading back: {found}"))?;
            tokio::time::sleep(POLL).await;
        }
    }
}
