//! Actions as data and judgement; no I/O.
//!
//! Action → observation → [`plan`](plan::Plan) (absolute before → after) → [`guard`] judges → [`Approved`].
//! One file an action, a row in [`ACTIONS`]; help, palette and command line come from the row.

mod act;
pub mod approval;
mod call;
mod copy_change;
mod database;
mod debt;
pub mod declared;
pub mod deploy;
pub mod exec;
mod export_task;
mod facts;
pub mod fail_over;
mod gate;
mod given;
pub mod guard;
pub mod guards;
pub mod http;
pub mod invalidate_cdn;
mod matcher;
pub mod plan;
pub mod restart;
pub mod restore_test;
mod restored;
pub mod roll_back;
mod rollout;
pub mod scale;
pub mod scaling_bounds;
pub mod shift_traffic;
pub mod silence;
pub mod start_backup;
pub mod stop_deployment;
pub mod stop_task;
pub mod suspension;
pub mod unsilence;
pub mod weights;
mod workload;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::source::{Name, Observation};
use crate::text::Text;

pub use act::{Act, Draft, Effect, Objection, Scene, Sight, Stage};
pub use approval::{Approved, Refusal};
pub use call::{Call, Family, GroupWeight, Made, Purge};
pub use copy_change::{CopyChange, Network};
pub use debt::{DebtChange, Moved};
pub use export_task::ExportTask;
pub use facts::{BreakGlass, BudgetLeft, CalendarRead, Facts, Known, OtherRun, PastRun, SHORTEST_REASON, SecondYes};
pub use gate::{Gate, Judgement};
pub use guard::{Arming, Decision, GuardContext, Judged, Verdict, judge};
pub use matcher::Matcher;
pub use plan::{ANY, Change, Plan, Step, Undo};

/// Makes [`Action`], [`ACTIONS`] and what leads from one to the other, of one line an action.
macro_rules! actions {
    ($($(#[$meta:meta])* $variant:ident($type:ty)),* $(,)?) => {
        /// A change to production.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "action", rename_all = "snake_case")]
        pub enum Action {
            $($(#[$meta])* $variant($type),)*
        }

        /// All actions.
        pub static ACTIONS: &[ActionSpec] = &[$(<$type>::SPEC),*];

        impl Action {
            /// Its row of [`ACTIONS`].
            pub fn spec(&self) -> &'static ActionSpec {
                match self {
                    $(Self::$variant(_) => const { &<$type>::SPEC },)*
                }
            }
        }

        impl std::ops::Deref for Action {
            type Target = dyn Act;

            fn deref(&self) -> &(dyn Act + 'static) {
                match self {
                    $(Self::$variant(action) => action,)*
                }
            }
        }
    };
}

actions! {
    /// Set the desired count of a service.
    Scale(scale::Scale),
    /// Replace every task of a service by one of the same revision.
    Restart(restart::Restart),
    /// Set min and max of a service's scaling target.
    ScalingBounds(scaling_bounds::ScalingBounds),
    /// Suspend kinds of scaling.
    SuspendScaling(suspension::SuspendScaling),
    /// Resume all kinds of scaling.
    ResumeScaling(suspension::ResumeScaling),
    /// Make another instance of a database the one that takes the writes.
    FailOver(fail_over::FailOver),
    /// Have a content delivery network fetch paths anew.
    InvalidateCdn(invalidate_cdn::InvalidateCdn),
    /// Hold alerts back for a while.
    Silence(silence::Silence),
    /// End a silence.
    Unsilence(unsilence::Unsilence),
    /// Shift traffic between target groups.
    ShiftTraffic(shift_traffic::ShiftTraffic),
    /// Bring another image or revision to a service.
    Deploy(deploy::Deploy),
    /// Bring a service back to a revision that served before.
    RollBack(roll_back::RollBack),
    /// Stop the deployment of a service that is in flight.
    StopDeployment(stop_deployment::StopDeployment),
    /// Stop one task of a service.
    StopTask(stop_task::StopTask),
    /// Start a backup of a protected thing.
    StartBackup(start_backup::StartBackup),
    /// Send a declared request.
    Http(http::Http),
    /// Run a declared command on this host.
    Exec(exec::Exec),
    /// Restore the newest copy of a protected thing beside production, check it, time it, remove it.
    RestoreTest(restore_test::RestoreTest),
}

impl Action {
    /// Its name, as typed.
    pub fn name(&self) -> &'static str {
        self.spec().name
    }
}

/// As it is typed: `scale rtech-app desired=4`.
impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name(), self.target())?;
        self.arguments().iter().try_for_each(|(key, value)| write!(f, " {}", argument(key, value)))
    }
}

/// `key=value`, quoted for a shell where the value has what a shell would take for its own.
fn argument(key: &str, value: &str) -> String {
    if is_plain(value) { format!("{key}={value}") } else { quote(&format!("{key}={value}")) }
}

/// A word as a shell would take it.
fn quoted(word: &str) -> String {
    if is_plain(word) { word.to_owned() } else { quote(word) }
}

fn is_plain(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,:/@%+".contains(c);
    !word.is_empty() && word.chars().all(plain)
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// What help, palette and command line know of an action.
#[derive(Debug)]
pub struct ActionSpec {
    /// Its name, as typed.
    pub name: &'static str,
    /// One line of help.
    pub summary: &'static str,
    /// Its arguments after the target.
    pub arguments: &'static [ArgumentSpec],
    /// What of a configuration it can be done to, by name.
    pub targets: fn(&Config) -> Vec<Name>,
    /// Makes the action of a target and `key=value` pairs.
    pub parse: ParseAction,
}

/// Makes an action of a target and `key=value` pairs.
pub type ParseAction = fn(&Name, &[(String, String)]) -> Result<Action, PlanFailure>;

/// An argument of an action.
#[derive(Debug)]
pub struct ArgumentSpec {
    /// Its key.
    pub name: &'static str,
    /// What it means, with unit and range.
    pub summary: &'static str,
}

/// The plan of an action on what was observed, under this configuration. Pure: the same arguments, the same plan.
///
/// # Errors
/// There is no such target, it isn't where the action could change it, or nothing would change.
pub fn plan_for(
    action: &Action,
    observation: &Observation,
    config: &Config,
    now: Timestamp,
) -> Result<Plan, PlanFailure> {
    let draft = action.draft_at(observation, config, now)?;
    let identity = observation.identity.as_ref();
    let gates = if draft.gated { Gate::of_service(config, &action.gated_by(config)) } else { Vec::new() };
    Ok(Plan {
        schema: plan::SCHEMA.to_owned(),
        action: action.clone(),
        environment: config.environment.name.clone(),
        kind: config.environment.kind,
        target_arn: draft.target_id,
        account: identity.map(|identity| identity.account.clone()).unwrap_or_default(),
        region: identity.map(|identity| identity.region.clone()).unwrap_or_default(),
        changes: draft.changes,
        steps: draft.steps,
        fingerprint: action.facts(observation),
        on_failure: draft.on_failure,
        undo: draft.undo,
        gate_window: if gates.is_empty() { std::time::Duration::ZERO } else { config.guards.gate_window },
        gates: if config.guards.gate_window.is_zero() { Vec::new() } else { gates },
        cost: draft.cost,
        debt: draft.debt.map(|debt| due(debt, draft.lasts, now)),
        steady_deadline: draft.within.unwrap_or(config.guards.steady_deadline),
        observation: observation.clone(),
        made: now,
        expires: now.checked_add(config.guards.lifetime(action.name())).unwrap_or(now),
        runbook_step: None,
    })
}

/// A debt with its end: reckoned from when the plan is made, so that the same plan has the same.
fn due(debt: DebtChange, lasts: Option<std::time::Duration>, now: Timestamp) -> DebtChange {
    match lasts.and_then(|lasts| now.checked_add(lasts).ok()) {
        Some(at) => debt.due(at),
        None => debt,
    }
}

/// The facts of an observation that a plan of this action rests on: what [`Plan::drift`] compares.
pub fn fingerprint(action: &Action, observation: &Observation) -> BTreeMap<String, String> {
    action.facts(observation)
}

/// The row of that name.
///
/// # Errors
/// There is none; the failure names those that there are.
pub fn spec(name: &str) -> Result<&'static ActionSpec, PlanFailure> {
    ACTIONS.iter().find(|spec| spec.name == name).ok_or_else(|| {
        let known: Vec<_> = ACTIONS.iter().map(|spec| spec.name).collect();
        PlanFailure::new(&format!("there is no action `{name}`"), &format!("actions are: {}", known.join(", ")))
    })
}

/// Why there is no plan. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{reason}; {hint}")]
pub struct PlanFailure {
    /// What went wrong, and where.
    pub reason: Text,
    /// What to do next.
    pub hint: Text,
    /// Whether something that it rests on could not be read: it is not the request that is wrong.
    #[serde(skip)]
    pub unread: bool,
}

impl PlanFailure {
    /// A failure with its reason and what to do next.
    pub fn new(reason: &str, hint: &str) -> Self {
        Self { reason: Text::clean(reason), hint: Text::clean(hint), unread: false }
    }

    /// The same where it is not the request that is wrong, but something could not be read.
    pub fn unread(reason: &str, hint: &str) -> Self {
        Self { unread: true, ..Self::new(reason, hint) }
    }
}

/// Who acts, and from where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// The login name.
    pub user: Text,
    /// The host.
    pub host: Text,
    /// The terminal, or `headless`.
    pub terminal: Text,
    /// The address that they came from by SSH, if that is how they came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Text>,
}

impl Operator {
    /// Whether both are the same person, as far as user and host tell; one may sit at several terminals.
    pub fn is_same_person(&self, other: &Self) -> bool {
        self.user == other.user && self.host == other.host
    }
}

impl std::fmt::Display for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{} ({}", self.user, self.host, self.terminal)?;
        self.from.iter().try_for_each(|from| write!(f, ", from {from}"))?;
        f.write_str(")")
    }
}
