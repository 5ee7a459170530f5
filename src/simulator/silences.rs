//! Silences of the simulated fleet: what they are, and the alerts that they hold back.

use jiff::Timestamp;

use super::log::{Mutated, Mutation};
use super::measure::moment;
use crate::action::Matcher;
use crate::source::{Alert, AlertState, SeenAlert, Silence, SilenceState, Silences, Suppression};
use crate::text::Text;

/// The silences, `seconds` after the beginning, in Alertmanager's order.
pub(super) fn silences(mutations: &[Mutation], began: Timestamp, seconds: f64) -> Silences {
    let made = mutations.iter().filter(|mutation| mutation.at <= seconds);
    let mut all: Vec<Silence> =
        made.filter_map(|mutation| silence(mutation, mutations, moment(began, seconds))).collect();
    all.sort_by_key(|one| (one.state, one.ends));
    Silences { silences: all, left_out: 0, clock_ahead: 0 }
}

fn silence(mutation: &Mutation, mutations: &[Mutation], now: Timestamp) -> Option<Silence> {
    let Mutated::Silenced { id, matchers, starts, ends, by, comment } = &mutation.change else { return None };
    let ended = mutations.iter().any(|other| matches!(&other.change, Mutated::Unsilenced(ended) if ended == id));
    let over = ended || *ends <= now;
    Some(Silence {
        id: Text::clean(id),
        state: if over { SilenceState::Expired } else { SilenceState::Active },
        matchers: matchers.iter().map(|matcher| Text::clean(&matcher.to_string())).collect(),
        starts: *starts,
        ends: if ended { (*ends).min(now) } else { *ends },
        created_by: Text::clean(by),
        comment: Text::clean(comment),
    })
}

/// Alerts that fire and are silenced are held back.
pub(super) fn hold(alerts: Vec<Alert>, mutations: &[Mutation], began: Timestamp, seconds: f64) -> Vec<Alert> {
    let active = silences(mutations, began, seconds).silences;
    let in_force: Vec<(Text, &Vec<Matcher>)> = mutations
        .iter()
        .filter_map(|mutation| match &mutation.change {
            Mutated::Silenced { id, matchers, .. } => Some((Text::clean(id), matchers)),
            _ => None,
        })
        .filter(|(id, _)| active.iter().any(|one| one.id == *id && one.state == SilenceState::Active))
        .collect();
    alerts.into_iter().map(|alert| held(alert, &in_force)).collect()
}

fn held(alert: Alert, in_force: &[(Text, &Vec<Matcher>)]) -> Alert {
    let seen = SeenAlert { name: alert.name.clone(), state: alert.state, labels: alert.labels.clone() };
    let by = in_force.iter().filter(|(_, matchers)| Matcher::all_match(matchers, &seen));
    let held_by: Vec<_> = by.map(|(id, _)| Suppression::Silence(id.clone())).collect();
    match alert.state {
        AlertState::Firing if !held_by.is_empty() => Alert { state: AlertState::Suppressed, held_by, ..alert },
        _ => alert,
    }
}
