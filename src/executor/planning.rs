//! From an action to a judged plan, on what is so now. Changes nothing; the console and `plan` go this way alike.

use std::time::Duration;

use tokio::time::timeout;

use super::facts;
use super::journal::Journal;
use crate::action::guards::{APPROVAL, ARMED};
use crate::action::{
    Action, Arming, BreakGlass, Facts, GuardContext, Judged, Known, Operator, Plan, PlanFailure, Verdict, fingerprint,
    judge, plan_for,
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
        Ok(self.shown(plan, arming).await)
    }

    /// Lets the guards judge a plan on the evidence that it holds, and shows it to the second person where one must agree and
    /// nothing else is in the way. Where it could not be shown, the guard says why.
    pub async fn shown(&self, plan: Plan, arming: Arming) -> Judged {
        let (now, facts) = self.evidence(&plan).await;
        let judged = self.judge_on(plan.clone(), arming, now, facts.clone());
        match self.propose(&judged).await {
            Ok(()) => judged,
            Err(reason) => self.judge_on(plan, arming, now, Facts { seconds: Known(Err(reason)), ..facts }),
        }
    }

    async fn propose(&self, judged: &Judged) -> Result<(), Text> {
        let plan = &judged.plan;
        let waits = |verdict: &Verdict| [APPROVAL, ARMED].contains(&verdict.guard.as_str());
        if !self.config.guards.approval.wants(plan.action.name()) || !judged.denials().all(waits) {
            return Ok(());
        }
        let now = (self.clock)();
        self.keep(plan, now).await.map_err(|error| Text::clean(&format!("the plan was not kept for them: {error}")))?;
        let Some(shared) = self.journal.shared() else { return Ok(()) };
        let shown = shared.propose(plan, &self.by, now.wall).await;
        shown.map_err(|error| Text::clean(&format!("the plan was not shown to other hosts: {error}")))
    }

    /// The journal may have to wait for the disk: not on the thread that draws and polls.
    async fn keep(&self, plan: &Plan, now: Now) -> anyhow::Result<()> {
        let (journal, plan, by) = (self.journal.clone(), plan.clone(), self.by.clone());
        Ok(tokio::task::spawn_blocking(move || journal.propose(&plan, &by, now)).await??)
    }

    /// Observes the target of somebody's plan again and lets the guards judge that same plan anew.
    ///
    /// # Errors
    /// The target can't be observed, or it changed since the plan was made.
    pub async fn again(&self, plan: &Plan, arming: Arming) -> Result<Judged, PlanningError> {
        Ok(self.judge_on_evidence(self.observed_again(plan).await?, arming).await)
    }

    /// The same of one's own plan: where only the second person is missing now, it is shown to them.
    ///
    /// # Errors
    /// The target can't be observed, or it changed since the plan was made.
    pub async fn shown_again(&self, plan: &Plan, arming: Arming) -> Result<Judged, PlanningError> {
        Ok(self.shown(self.observed_again(plan).await?, arming).await)
    }

    async fn observed_again(&self, plan: &Plan) -> Result<Plan, PlanningError> {
        let observation = self.observe(&plan.action.look(self.config)?).await.map_err(PlanningError::NotObserved)?;
        if let Some(change) = plan.drift(&fingerprint(&plan.action, &observation)).first() {
            let reason = format!("the target changed since the plan was made: {change}");
            return Err(PlanFailure::new(&reason, "make the plan again").into());
        }
        Ok(plan.with_observation(observation))
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

    async fn judge_on_evidence(&self, plan: Plan, arming: Arming) -> Judged {
        let (now, facts) = self.evidence(&plan).await;
        self.judge_on(plan, arming, now, facts)
    }

    fn judge_on(&self, plan: Plan, arming: Arming, now: Now, facts: Facts) -> Judged {
        judge(plan, &GuardContext { config: self.config, now: now.wall, arming, facts })
    }

    /// What the guards judge by besides the plan, and when it was read.
    async fn evidence(&self, plan: &Plan) -> (Now, Facts) {
        let now = (self.clock)();
        let (facts, budgets, calendars) = tokio::join!(
            self.facts(plan, now),
            facts::budgets(self.config, self.world, plan, now),
            facts::calendars(self.config, self.world, now)
        );
        (now, Facts { budgets, calendars, break_glass: self.break_glass.clone(), ..facts })
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
