//! From an action to a judged plan, on what is so now. Changes nothing; the console and `plan` go this way alike.

use std::time::Duration;

use tokio::time::timeout;

use super::journal::Journal;
use crate::action::{Action, Arming, GuardContext, Judged, OtherRun, Plan, PlanFailure, judge, plan_for};
use crate::clock::Now;
use crate::config::Config;
use crate::source::{Look, Observation, SourceError, SourceErrorKind, World};
use crate::text::Text;

/// The longest that observing may take.
const OBSERVE: Duration = Duration::from_secs(20);

/// What planning needs.
pub struct Planner<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The backends.
    pub world: &'a dyn World,
    /// The journal.
    pub journal: &'a Journal,
    /// Reads the time.
    pub clock: fn() -> Now,
}

/// Why there is no judged plan. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PlanningError {
    /// The target could not be observed.
    #[error("{0}; {hint}", hint = .0.kind.hint())]
    NotObserved(SourceError),
    /// There is nothing to plan.
    #[error(transparent)]
    NoPlan(#[from] PlanFailure),
}

impl From<PlanningError> for PlanFailure {
    fn from(error: PlanningError) -> Self {
        match error {
            PlanningError::NoPlan(failure) => failure,
            PlanningError::NotObserved(error) => Self::new(&error.to_string(), error.kind.hint()),
        }
    }
}

impl Planner<'_> {
    /// Observes the action's target, plans, and lets the guards judge.
    ///
    /// # Errors
    /// The target can't be observed, or there is no plan.
    pub async fn judged(&self, action: &Action, step: Option<String>, arming: Arming) -> Result<Judged, PlanningError> {
        let look = action.look(self.config)?;
        let observation = self.observe(&look).await.map_err(PlanningError::NotObserved)?;
        let mut plan = plan_for(action, &observation, self.config, (self.clock)().wall)?;
        plan.runbook_step = step;
        Ok(self.judge(plan, arming).await)
    }

    /// Observes what an action wants to be read, in bounded time.
    ///
    /// # Errors
    /// It can't be observed.
    pub async fn observe(&self, look: &Look) -> Result<Observation, SourceError> {
        let observed = timeout(OBSERVE, self.world.observe(look, (self.clock)())).await;
        observed.unwrap_or_else(|_| {
            let reason = format!("{} was not observed within {} s", look.target, OBSERVE.as_secs());
            Err(SourceError::new(&look.target, SourceErrorKind::Timeout, &reason))
        })
    }

    /// Lets the guards judge a plan on the evidence that it holds.
    pub async fn judge(&self, plan: Plan, arming: Arming) -> Judged {
        let now = (self.clock)();
        let other_runs = self.other_runs(plan.clone(), now).await.map_err(|reason| Text::clean(&reason));
        judge(plan, &GuardContext { config: self.config, now: now.wall, arming, other_runs })
    }

    /// The journal may have to wait for the disk: not on the thread that draws.
    async fn other_runs(&self, plan: Plan, now: Now) -> Result<Vec<OtherRun>, String> {
        let journal = self.journal.clone();
        let target = plan.target_arn.clone();
        let asked = tokio::task::spawn_blocking(move || journal.open_runs(&plan, None, now)).await;
        let mut runs = asked.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        if let Some(shared) = self.journal.shared() {
            runs.extend(shared.others(&target, &self.clock).await.map_err(|error| error.to_string())?);
        }
        Ok(runs)
    }
}
