//! The ledger of debts: what actions left open, until it is undone or accepted. A fold over the journal. Pure.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Entry, RunId};
use crate::action::{DebtChange, Operator, Plan, Undo};
use crate::source::Name;

/// Something that an action left open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Debt {
    /// The run that left it open, the latest where several of its kind did.
    pub run: RunId,
    /// What was changed, by its name in the configuration.
    pub target: Name,
    /// The same, by the provider's identifier.
    pub target_id: String,
    /// What kind it is: one of a kind is open on a target.
    pub key: String,
    /// What is left open, in words.
    pub what: String,
    /// What to put back, in words; `None` where nothing says.
    pub was: Option<String>,
    /// The action that puts it back, as it is typed; `None` where nothing says how.
    pub undo: Option<String>,
    /// Who confirmed the run.
    pub owner: Operator,
    /// When the run ended.
    pub since: Timestamp,
    /// When it should be undone; `None` where nothing says.
    pub until: Option<Timestamp>,
    /// Whether the run was done; else it failed or its outcome was unknown, and what was sent may have taken effect.
    pub certain: bool,
}

impl Debt {
    /// How long until it is due; negative where that time is over, `None` where nothing says.
    pub fn left(&self, now: Timestamp) -> Option<SignedDuration> {
        self.until.map(|until| until.duration_since(now))
    }

    /// Whether it should have been undone by now.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// The debts, those due first at the front; those without a time last, the oldest first.
pub(super) fn by_urgency(mut debts: Vec<Debt>) -> Vec<Debt> {
    debts.sort_by_key(|debt| (debt.until.is_none(), debt.until, debt.since));
    debts
}

/// What is open, by target and kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ledger(pub(super) BTreeMap<(String, String), Debt>);

/// A run up to one of its entries that ends something.
pub(super) struct Ending<'a> {
    pub(super) run: &'a RunId,
    pub(super) plan: &'a Plan,
    pub(super) by: &'a Operator,
    /// All entries up to the one that is taken, oldest first.
    pub(super) entries: &'a [&'a Entry],
    pub(super) at: Timestamp,
}

/// What a run did to what it was to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Nothing,
    Whole,
    /// In part, or nobody knows.
    Perhaps,
}

impl Ledger {
    /// Takes the last entry of a run so far.
    pub(super) fn take(&mut self, ending: &Ending<'_>) {
        if let Some(Entry::DebtAccepted { .. }) = ending.entries.last() {
            self.0.retain(|_, debt| debt.run != *ending.run);
            return;
        }
        let Some(change) = &ending.plan.debt else { return };
        let place = (ending.plan.target_arn.to_string(), change.key().to_owned());
        match (ending.outcome(), change) {
            (Outcome::Nothing, _) => {}
            (Outcome::Perhaps, DebtChange::Settles { key, unless }) if ending.plan.steps.len() > 1 => {
                let what = unless.clone().unwrap_or_else(|| ending.in_part());
                self.0.entry(place).or_insert_with_key(|(target, _)| ending.part_of_the_way(target, key, what));
            }
            (Outcome::Perhaps, DebtChange::Settles { .. }) => {}
            (Outcome::Whole, DebtChange::Settles { .. }) => drop(self.0.remove(&place)),
            (outcome, DebtChange::Capacity { before, after }) => {
                self.capacity(place, ending, (*before, *after), outcome == Outcome::Whole);
            }
            (outcome, opens @ DebtChange::Opens { .. }) => self.open(place, ending, opens, outcome == Outcome::Whole),
        }
    }

    /// More than the first run found is open, even after a part of it was taken back.
    fn capacity(&mut self, place: (String, String), ending: &Ending<'_>, (before, after): (u32, u32), certain: bool) {
        let first = self.0.get(&place).and_then(|debt| debt.was.as_ref()?.parse().ok()).unwrap_or(before);
        if after > first {
            self.open(place, ending, &DebtChange::extra(first, after), certain);
        } else if certain {
            self.0.remove(&place);
        }
    }

    /// What was open of the same kind is replaced; what was first found there stays what is to be put back, and putting it
    /// back settles it.
    fn open(&mut self, place: (String, String), ending: &Ending<'_>, change: &DebtChange, certain: bool) {
        let DebtChange::Opens { key, what, until, moved } = change else { return };
        let (first, undo) = self.0.remove(&place).map_or((None, None), |debt| (debt.was, debt.undo));
        let put_back = moved.as_ref().is_some_and(|moved| first.as_ref() == Some(&moved.after));
        if certain && put_back {
            return;
        }
        let debt = Debt {
            run: ending.run.clone(),
            target: ending.plan.action.target().clone(),
            target_id: place.0.clone(),
            key: key.clone(),
            what: what.clone(),
            was: first.or_else(|| moved.as_ref().map(|moved| moved.before.clone())),
            undo: undo.or_else(|| ending.undo()),
            owner: ending.by.clone(),
            since: ending.at,
            until: *until,
            certain,
        };
        self.0.insert(place, debt);
    }
}

impl Ending<'_> {
    fn outcome(&self) -> Outcome {
        match self.entries.last() {
            Some(Entry::Done { .. } | Entry::Inconclusive { .. }) => Outcome::Whole,
            // What was unknown is in the ledger already.
            Some(Entry::Resolved { .. }) if self.any(|entry| matches!(entry, Entry::Unknown { .. })) => {
                Outcome::Nothing
            }
            Some(Entry::Failed { .. }) if !self.applied() || self.taken_back() => Outcome::Nothing,
            Some(Entry::Failed { .. } | Entry::Unknown { .. } | Entry::Resolved { .. })
                if self.any(|entry| matches!(entry, Entry::Started { .. })) =>
            {
                Outcome::Perhaps
            }
            _ => Outcome::Nothing,
        }
    }

    /// What was to be over at the last step, and did not get there, is open.
    fn part_of_the_way(&self, target: &str, key: &str, what: String) -> Debt {
        Debt {
            run: self.run.clone(),
            target: self.plan.action.target().clone(),
            target_id: target.to_owned(),
            key: key.to_owned(),
            what,
            was: None,
            undo: self.undo(),
            owner: self.by.clone(),
            since: self.at,
            until: None,
            certain: false,
        }
    }

    fn in_part(&self) -> String {
        format!("it went only part of the way of {}", self.plan.summary())
    }

    fn undo(&self) -> Option<String> {
        match &self.plan.undo {
            Undo::Action { action } => Some(action.to_string()),
            Undo::Impossible { .. } => None,
        }
    }

    fn any(&self, is: impl Fn(&Entry) -> bool) -> bool {
        self.entries.iter().any(|entry| is(entry))
    }

    /// Whether any of its calls took effect.
    fn applied(&self) -> bool {
        self.any(|entry| matches!(entry, Entry::Accepted { .. } | Entry::FoundApplied { .. }))
    }

    /// Whether the whole on-failure branch is steady: all is as before.
    fn taken_back(&self) -> bool {
        let steps = self.plan.steps.len()..self.plan.steps.len() + self.plan.on_failure.len();
        let settled = |step: usize| self.any(|entry| matches!(entry, Entry::Settled { step: at, .. } if *at == step));
        !steps.is_empty() && steps.into_iter().all(settled)
    }
}
