//! What is read of the target: anew before a call, back after it, until it is steady.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::watch::{Finding, Watch};
use super::{Flow, Found, OBSERVE, POLL, Stop, Work, failed};
use crate::action::{Made, Scene, Sight};
use crate::executor::journal::Entry;
use crate::source::{Look, Observation};
use crate::text::Text;

/// How seldom it is looked at a step that goes on for long.
const SELDOM: Duration = Duration::from_secs(30);

/// The most progress records of one run.
const PROGRESS: usize = 200;

impl Work<'_> {
    /// Reads back until steady, moved away, failed, or the deadline. What was found.
    pub(super) async fn watch(&self, index: usize, made: &Made) -> Flow<Found> {
        let began = self.now().mono;
        let plan = self.taken.plan();
        let step = plan.step(index);
        let deadline = step.and_then(|step| step.within).unwrap_or(plan.steady_deadline);
        let mut said = String::new();
        let mut watch = Watch::new(began);
        loop {
            let (found, read) = match self.sight(index, made).await {
                Ok(sight) => match watch.look(&sight, self.now().mono) {
                    Finding::Steady(words) => return Ok(Found { words, told: false }),
                    Finding::Told(words) => return Ok(Found { words, told: true }),
                    Finding::Moving(found) => (found, true),
                    Finding::Failed(reason) => {
                        return Err(Stop::Bad {
                            reason,
                            effect: format!("the call took effect; found {}", sight.words),
                        });
                    }
                    Finding::Elsewhere(reason) => {
                        return Err(failed(&reason, &format!("the call took effect; found {}", sight.words)));
                    }
                },
                Err(error) => (format!("could not be read back: {error}"), false),
            };
            if self.now().mono.since(began) >= deadline {
                return Err(late(deadline, found, read && step.is_some_and(|step| step.turns_back)));
            }
            self.progress(&mut said, found)?;
            tokio::time::sleep(pace(self.now().mono.since(began))).await;
        }
    }

    /// What a look tells of a step.
    pub(super) async fn sight(&self, step: usize, made: &Made) -> Result<Sight, String> {
        let plan = self.taken.plan();
        let look = plan.action.look_back(self.engine.config).map_err(|failure| failure.to_string())?;
        let look = look.to_watch();
        let found = self.observe(&look).await?;
        if let Some(reason) = plan.read_elsewhere(&look, &found) {
            return Err(reason);
        }
        Ok(plan.action.sight(&Scene { plan, step, made }, &found))
    }

    /// What the plan was made of, read anew before a call; what costs many requests before the first one only.
    pub(super) async fn look_again(&self, index: usize) -> Result<Observation, String> {
        let look = self.taken.plan().action.look(self.engine.config).map_err(|failure| failure.to_string())?;
        self.observe(&if index == 0 { look } else { look.to_watch() }).await
    }

    async fn observe(&self, look: &Look) -> Result<Observation, String> {
        let asked = self.engine.world.observe(look, self.now());
        match tokio::time::timeout(OBSERVE, asked).await {
            Ok(Ok(observation)) => Ok(observation),
            Ok(Err(error)) => Err(error.told()),
            Err(_) => Err(format!("no answer within {} s", OBSERVE.as_secs())),
        }
    }

    /// A record only where something changed, and not without end.
    pub(super) fn progress(&self, said: &mut String, found: String) -> Flow<()> {
        if *said == found || self.progress.fetch_add(1, Ordering::Relaxed) >= PROGRESS {
            return Ok(());
        }
        self.write(Entry::Progress { found: Text::clean(&found) })?;
        *said = found;
        Ok(())
    }
}

/// How long is waited between two looks at what has gone on for so long: what takes hours is not asked every two seconds.
fn pace(gone: Duration) -> Duration {
    (gone / 30).clamp(POLL, SELDOM)
}

/// What a step that is not steady in time means: nobody knows, or the way back is gone.
fn late(deadline: Duration, found: String, turns_back: bool) -> Stop {
    let reason = format!("not steady within {} s", deadline.as_secs());
    match turns_back {
        true => Stop::Bad { reason, effect: format!("the call took effect; found {found}") },
        false => Stop::Outcome(Entry::Unknown { reason: Text::clean(&reason), found: Text::clean(&found) }),
    }
}
