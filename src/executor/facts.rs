//! What guards know besides plan and configuration, read: from the journal, and of the error budgets.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::time::timeout;

use super::journal::{Journal, RunId};
use super::second;
use crate::action::guards::RISKY;
use crate::action::{BudgetLeft, CalendarRead, Facts, Known, Operator, Plan, SecondYes};
use crate::clock::Now;
use crate::config::{Config, Objective};
use crate::slo::{self, BadShare};
use crate::source::{ObjectiveData, World};
use crate::text::Text;

/// The longest that counting a budget may take.
const COUNT: Duration = Duration::from_secs(10);

/// The longest that asking a calendar may take.
const CALENDAR: Duration = Duration::from_secs(4);

/// How far back runs are looked for at least: an hour, for how many there were in it.
const AT_LEAST: Duration = Duration::from_secs(3_600);

/// What the journal knows, the run itself left out. May wait for the disk.
pub(super) fn of_journal(
    (journal, config): (&Journal, &Config),
    plan: &Plan,
    by: &Operator,
    except: Option<&RunId>,
    now: Now,
) -> Facts {
    let wait = config.guards.cooldown(plan.action.name()).max(AT_LEAST);
    let since = now.wall.checked_sub(wait).unwrap_or(Timestamp::MIN);
    let two = config.guards.approval.wants(plan.action.name());
    let seconds = if two { journal.seconds(&plan.digest()).into() } else { Known::default() };
    Facts {
        by: by.clone(),
        other_runs: journal.open_runs(plan, except, now).into(),
        login: second::login(),
        seconds,
        past: journal.past_runs(&plan.environment, since, except, now).into(),
        ..Facts::default()
    }
}

/// Who agreed here and on other hosts, where a second person is wanted. A table that can't be asked leaves nothing known.
pub(super) async fn with_those_of_other_hosts(
    (journal, config): (&Journal, &Config),
    plan: &Plan,
    here: Known<Vec<SecondYes>>,
) -> Known<Vec<SecondYes>> {
    let Some(shared) = journal.shared().filter(|_| config.guards.approval.wants(plan.action.name())) else {
        return here;
    };
    let Ok(mut yeses) = here.0 else { return here };
    match shared.yeses(plan).await {
        Ok(others) => {
            yeses.extend(others);
            Known::of(yeses)
        }
        Err(error) => Err::<_, _>(error).into(),
    }
}

/// What is left of the budgets of the target's service, for changes that may break what works; nothing is asked for others.
pub(super) async fn budgets(config: &Config, world: &dyn World, plan: &Plan, now: Now) -> Vec<BudgetLeft> {
    let risky = plan.calls().any(|call| RISKY.contains(&call.family()));
    let service = config.service(plan.action.target()).filter(|_| risky);
    let objectives = service.map(|service| service.objectives.as_slice()).unwrap_or_default();
    join_all(objectives.iter().map(|objective| budget(world, objective, now))).await
}

/// What the calendars of the configuration say now: all at the same time, in bounded time.
pub(super) async fn calendars(config: &Config, world: &dyn World, now: Now) -> Vec<CalendarRead> {
    join_all(config.guards.calendars.iter().map(|calendar| async move {
        let state = match timeout(CALENDAR, world.calendar(calendar, now)).await {
            Err(_) => Err(format!("no answer within {} s", CALENDAR.as_secs())),
            Ok(told) => told.map_err(|error| error.to_string()),
        };
        CalendarRead { name: calendar.name.clone(), state: state.map_err(|reason| Text::clean(&reason)) }
    }))
    .await
}

async fn budget(world: &dyn World, objective: &Objective, now: Now) -> BudgetLeft {
    let left = match timeout(COUNT, world.events(objective, now)).await {
        Err(_) => Err(format!("no answer within {} s", COUNT.as_secs())),
        Ok(Err(error)) => Err(error.to_string()),
        Ok(Ok(count)) => {
            let counted = ObjectiveData { windows: vec![count] };
            match slo::budget(&counted, objective.target, objective.period) {
                Ok(budget) => Ok(Some(budget.remaining)),
                Err(BadShare::NoTraffic) => Ok(None),
                Err(_) => Err("its events could not be counted".to_owned()),
            }
        }
    };
    BudgetLeft { objective: objective.name.clone(), left: left.map_err(|reason| Text::clean(&reason)) }
}
