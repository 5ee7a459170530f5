//! Bounds of what may be done in an environment, and what they are where the file says nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Calendar, EnvironmentKind, Freeze};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// Bounds of what may be done in this environment.
#[derive(Debug, Clone, PartialEq)]
pub struct Guards {
    /// How long arming lasts.
    pub arm_for: Duration,
    /// How long a plan may be confirmed.
    pub plan_ttl: Duration,
    /// The oldest evidence that a plan may rest on.
    pub evidence_max_age: Duration,
    /// Whether the target's name must be typed.
    pub type_name: bool,
    /// How long the executor waits for a steady state.
    pub steady_deadline: Duration,
    /// How long health gates are watched after a change; zero is not at all.
    pub gate_window: Duration,
    /// When nothing may be changed.
    pub freezes: Vec<Freeze>,
    /// Calendars elsewhere that say when nothing may be changed.
    pub calendars: Vec<Calendar>,
    /// How long an action waits after the end of the last one of its kind on the same target, by the action's name; what
    /// is not there does not wait.
    pub cooldowns: BTreeMap<String, Duration>,
    /// The most runs an hour in this environment; 0 is without limit.
    pub actions_per_hour: u32,
    /// The most runs an hour by one person; 0 is without limit.
    pub actions_per_hour_person: u32,
    /// What becomes of a risky change while an alert fires that pages somebody, or while that is not known.
    pub paging_alerts: Stance,
    /// What becomes of a risky change where the error budget is used up, or is not known.
    pub error_budget: Stance,
    /// Whether a second person must agree.
    pub approval: Approval,
    /// How long a plan that a second person must agree to may be confirmed, and how long their yes counts.
    pub approval_ttl: Duration,
    /// How long a plan may take where nobody knows when the credentials expire; a longer one is asked for.
    pub unknown_expiry: Duration,
}

/// What a guard makes of what it found, where the configuration may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stance {
    /// It is told, and stops nothing.
    Allow,
    /// The target's name must be typed.
    Ask,
    /// It is refused.
    Deny,
}

/// Whether a second person must agree to a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approval {
    /// To none.
    OnePerson,
    /// To every one.
    TwoPerson,
    /// To those of these actions, by name.
    TwoPersonFor(Vec<String>),
}

impl Approval {
    /// Whether a second person must agree to this action.
    pub fn wants(&self, action: &str) -> bool {
        match self {
            Self::OnePerson => false,
            Self::TwoPerson => true,
            Self::TwoPersonFor(actions) => actions.iter().any(|one| one == action),
        }
    }
}

/// How long actions wait in production, by name.
const COOLDOWNS: &[(&str, Duration)] = &[
    ("fail_over", Duration::from_secs(600)),
    ("restart", Duration::from_secs(300)),
    ("scale", MINUTE),
    ("scaling_bounds", MINUTE),
    ("start_backup", Duration::from_secs(300)),
];

impl Guards {
    /// Guards where none are written: stricter where users depend on the environment.
    pub fn defaults(kind: EnvironmentKind) -> Self {
        match kind {
            EnvironmentKind::Production => Self::production(),
            EnvironmentKind::Staging => Self {
                arm_for: 30 * MINUTE,
                plan_ttl: 5 * MINUTE,
                evidence_max_age: MINUTE,
                gate_window: 30 * SECOND,
                ..Self::relaxed()
            },
            EnvironmentKind::Development => Self::relaxed(),
        }
    }

    fn production() -> Self {
        let gate_window = MINUTE;
        let shift = ("shift_traffic", gate_window);
        Self {
            arm_for: 15 * MINUTE,
            plan_ttl: 2 * MINUTE,
            evidence_max_age: 30 * SECOND,
            type_name: true,
            steady_deadline: 10 * MINUTE,
            gate_window,
            freezes: Vec::new(),
            calendars: Vec::new(),
            cooldowns: COOLDOWNS.iter().chain([&shift]).map(|(name, wait)| ((*name).to_owned(), *wait)).collect(),
            actions_per_hour: 60,
            actions_per_hour_person: 30,
            paging_alerts: Stance::Ask,
            error_budget: Stance::Deny,
            approval: Approval::OnePerson,
            approval_ttl: 30 * MINUTE,
            unknown_expiry: 30 * MINUTE,
        }
    }

    /// Where nobody depends on it: the same questions, without a wait or a limit.
    fn relaxed() -> Self {
        Self {
            arm_for: HOUR,
            plan_ttl: 10 * MINUTE,
            evidence_max_age: 2 * MINUTE,
            type_name: false,
            gate_window: Duration::ZERO,
            cooldowns: BTreeMap::new(),
            actions_per_hour: 0,
            actions_per_hour_person: 0,
            paging_alerts: Stance::Allow,
            error_budget: Stance::Allow,
            ..Self::production()
        }
    }

    /// How long a plan of this action may be confirmed: longer where a second person must come to it first.
    pub fn lifetime(&self, action: &str) -> Duration {
        if self.approval.wants(action) { self.plan_ttl.max(self.approval_ttl) } else { self.plan_ttl }
    }

    /// How long an action waits after the last one of its kind; zero is not at all.
    pub fn cooldown(&self, action: &str) -> Duration {
        self.cooldowns.get(action).copied().unwrap_or_default()
    }
}
