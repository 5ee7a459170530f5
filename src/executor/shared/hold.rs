//! What the engine holds of the shared leases while it carries out one run; nothing where none are configured.

use std::sync::{Mutex as PlainMutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex;

use super::item::Wish;
use super::leases::{Claim, Held, Lost, SharedLeases};
use super::{Clock, FRESH};
use crate::clock::{Mono, Now};
use crate::executor::journal::{RunState, Taken};
use crate::text::Text;

/// How often the end is told to a table that can't be asked, and how long is waited in between.
const TELLS: usize = 3;
const BETWEEN: Duration = Duration::from_secs(2);

/// One run's share.
pub struct Hold<'a> {
    shared: Option<&'a SharedLeases>,
    taken: &'a Taken,
    clock: Clock<'a>,
    /// Held while a write is under way: heartbeat and work never write at the same time.
    held: Mutex<Option<Held>>,
    proof: PlainMutex<Proof>,
    /// The last wish that was written down.
    heard: PlainMutex<Option<Wish>>,
}

/// What can be said without asking anyone.
enum Proof {
    /// It was not taken.
    None,
    /// The write that last proved it was sent then.
    Sent(Mono),
    /// It is lost, and stays lost.
    Lost(String),
}

impl<'a> Hold<'a> {
    /// Nothing is held yet.
    pub fn new(shared: Option<&'a SharedLeases>, taken: &'a Taken, clock: Clock<'a>) -> Self {
        let (held, proof, heard) = (Mutex::new(None), PlainMutex::new(Proof::None), PlainMutex::new(None));
        Self { shared, taken, clock, held, proof, heard }
    }

    /// Takes the shared lease too.
    ///
    /// # Errors
    /// Why not. Nothing may be sent.
    pub async fn take(&self) -> Result<(), String> {
        let Some(shared) = self.shared else { return Ok(()) };
        let plan = self.taken.plan();
        let claim = Claim {
            target: &plan.target_arn,
            run: &self.taken.run().0,
            by: Text::clean(&self.taken.by().to_string()),
            what: Text::clean(&plan.summary()),
        };
        let mut place = self.held.lock().await;
        let held = shared.take(&claim, self.clock).await.map_err(|error| error.to_string())?;
        *self.proof() = Proof::Sent(held.proved());
        *place = Some(held);
        Ok(())
    }

    /// Writes into the table that a step is about to be sent; from here on other hosts see the run as open.
    ///
    /// # Errors
    /// Why the step must not be sent.
    pub async fn begin(&self, step: usize) -> Result<(), String> {
        let Some(shared) = self.shared else { return Ok(()) };
        let mut place = self.held.lock().await;
        let Some(held) = place.as_mut() else { return Err("the shared lease was not taken".to_owned()) };
        let begun = shared.begin(held, step, self.clock).await;
        self.note(held, begun).map_err(|lost| lost.to_string())
    }

    /// The heartbeat. What it finds is told by [`Self::look`].
    pub async fn beat(&self) {
        let Some(shared) = self.shared else { return };
        let mut place = self.held.lock().await;
        let Some(held) = place.as_mut() else { return };
        let renewed = shared.renew(held, self.clock).await;
        if let Err(lost) = self.note(held, renewed) {
            tracing::warn!(run = %self.taken.run(), %lost, "the shared lease was not renewed");
        }
    }

    /// Who on another host asks for the target, where that was not heard yet. A table that can't be asked is no wish: it ends
    /// the run by itself, before the next call.
    pub async fn wish(&self) -> Option<Wish> {
        let (target, run) = (&self.taken.plan().target_arn, &self.taken.run().0);
        let asked = self.shared?.wish(target, run).await;
        let asked = asked.inspect_err(|error| tracing::warn!(%run, %error, "who asks for the target is not known"));
        let wish = asked.ok().flatten().filter(|wish| wish.granted.is_none())?;
        (self.last_heard().as_ref() != Some(&wish)).then_some(wish)
    }

    /// The wish was written down: it is told no more.
    pub fn heard(&self, wish: Wish) {
        *self.last_heard() = Some(wish);
    }

    fn last_heard(&self) -> MutexGuard<'_, Option<Wish>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, held: &Held, outcome: Result<(), Lost>) -> Result<(), Lost> {
        let mut proof = self.proof();
        match (&*proof, &outcome) {
            (Proof::Lost(_), _) | (_, Err(Lost::Unreachable(_))) => {}
            (_, Err(lost)) => *proof = Proof::Lost(lost.to_string()),
            (_, Ok(())) => *proof = Proof::Sent(held.proved()),
        }
        outcome
    }

    /// Why nothing may be sent now, if so. Asks nobody, so that nothing comes between this and the call.
    pub fn look(&self, now: Now) -> Option<String> {
        self.shared?;
        match &*self.proof() {
            Proof::None => Some("the shared lease was not taken".to_owned()),
            Proof::Lost(reason) => Some(reason.clone()),
            Proof::Sent(at) if now.mono.since(*at) > FRESH => {
                Some(format!("the shared lease was last renewed {} s ago", now.mono.since(*at).as_secs()))
            }
            Proof::Sent(_) => None,
        }
    }

    /// Gives the lease back, tells the table whether the outcome is known, and anchors the journal's head. A table that can't be
    /// asked is asked again a few times; then the run stays open there until this host tells it.
    pub async fn end(&self, state: Option<RunState>) {
        let Some(shared) = self.shared else { return };
        // Without an outcome in the journal nothing is settled.
        let settled = state.is_some_and(|state| state != RunState::Unknown);
        let (target, run) = (&self.taken.plan().target_arn, &self.taken.run().0);
        for round in 1..=TELLS {
            match shared.finish(target, run, settled).await {
                Ok(()) => break,
                Err(error) => tracing::error!(%run, round, %error, "the shared table was not told of the run's end"),
            }
            tokio::time::sleep(BETWEEN).await;
        }
        if let Err(error) = shared.anchor(self.clock).await {
            tracing::error!(%run, %error, "the journal's head was not anchored");
        }
    }

    fn proof(&self) -> MutexGuard<'_, Proof> {
        self.proof.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
