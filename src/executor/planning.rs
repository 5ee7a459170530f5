//! From an action to a judged plan, on what is so now. Changes nothing; the console and `plan` go this way alike.

use std::time::Duration;

use tokio::time::timeout;

use super::facts;
use super::journal::Journal;
use crate::action::{
    Action, Arming, BreakGlass, Facts, GuardContext, Judged, Known, Operator, Plan, PlanFailure, fingerprint, judge,
    plan_for,
};
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
    /// Who plans.
    pub by: Operator,
    /// The one guard that is skipped, if one is.
    pub break_glass: Option<BreakGlass>,
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
        let unshown = self.propose(&plan).await.err();
        Ok(self.judged_by(plan, arming, unshown).await)
    }

    /// Shows the plan to the second person, where one must agree. Where that could not be, nobody can agree to it: why.
    async fn propose(&self, plan: &Plan) -> Result<(), Text> {
        if !self.config.guards.approval.wants(plan.action.name()) {
            return Ok(());
        }
        let now = (self.clock)();
        let kept = self.journal.propose(plan, &self.by, now);
        kept.map_err(|error| Text::clean(&format!("the plan was not kept for them: {error}")))?;
        let Some(shared) = self.journal.shared() else { return Ok(()) };
        let shown = shared.propose(plan, &self.by, now.wall).await;
        shown.map_err(|error| Text::clean(&format!("the plan was not shown to other hosts: {error}")))
    }

    /// Observes the target of a plan again and lets the guards judge that same plan anew.
    ///
    /// # Errors
    /// The target can't be observed, or it changed since the plan was made.
    pub async fn again(&self, plan: &Plan, arming: Arming) -> Result<Judged, PlanningError> {
        let observation = self.observe(&plan.action.look(self.config)?).await.map_err(PlanningError::NotObserved)?;
        if let Some(change) = plan.drift(&fingerprint(&plan.action, &observation)).first() {
            let reason = format!("the target changed since the plan was made: {change}");
            return Err(PlanFailure::new(&reason, "make the plan again").into());
        }
        Ok(self.judge(plan.with_observation(observation), arming).await)
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
        self.judged_by(plan, arming, None).await
    }

    /// The same; `unshown` is why no second person can agree to it.
    async fn judged_by(&self, plan: Plan, arming: Arming, unshown: Option<Text>) -> Judged {
        let now = (self.clock)();
        let (facts, budgets, calendars) = tokio::join!(
            self.facts(&plan, now),
            facts::budgets(self.config, self.world, &plan, now),
            facts::calendars(self.config, self.world, now)
        );
        let seconds = unshown.map_or(facts.seconds, |reason| Known(Err(reason)));
        let facts = Facts { budgets, calendars, seconds, break_glass: self.break_glass.clone(), ..facts };
        judge(plan, &GuardContext { config: self.config, now: now.wall, arming, facts })
    }

    /// The journal may have to wait for the disk: not on the thread that draws.
    async fn facts(&self, plan: &Plan, now: Now) -> Facts {
        let (journal, config, by) = (self.journal.clone(), self.config.clone(), self.by.clone());
        let asked = plan.clone();
        let read = move || facts::of_journal((&journal, &config), &asked, &by, None, now);
        let mut facts = match tokio::task::spawn_blocking(read).await {
            Ok(facts) => facts,
            Err(_) => return Facts { by: self.by.clone(), ..Facts::default() },
        };
        facts.seconds = facts::with_those_of_other_hosts((self.journal, self.config), plan, facts.seconds).await;
        if let (Some(shared), Ok(runs)) = (self.journal.shared(), &mut facts.other_runs.0) {
            match shared.others(&plan.target_arn, &self.clock).await {
                Ok(others) => runs.extend(others),
                Err(error) => facts.other_runs = Err::<_, _>(error).into(),
            }
        }
        facts
    }
}
