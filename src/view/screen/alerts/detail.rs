//! The selected alert in full: what it says, what holds it back, whom it is sent to, what it is made of.

use super::or_dash;
use crate::config::theme::Role;
use crate::source::{AlarmChange, AlarmHistory, Alert, AlertGroup, Silences, Subject, Suppression};
use crate::state::lists::Told;
use crate::state::verdict::{moment, silenced_until};
use crate::state::{State, lists};
use crate::text::Text;
use crate::view::part::page::{Page, piece};
use crate::view::part::pen::Bit;
use crate::view::part::reading::{not_live, tone};
use crate::view::part::{age, signs};

/// Writes an alert.
pub(super) fn alert(page: &mut Page, state: &State, told: &Told<'_>) {
    let alert = told.alert;
    let from = format!("  from {}", told.source);
    page.field("says", &[piece(Role::Text, or_dash(&alert.summary)), piece(Role::Muted, from)]);
    for by in &alert.held_by {
        page.field("held back", &[piece(Role::Text, held(by, state))]);
    }
    parts(page, state, told);
    groups(page, &alert.groups);
    if !alert.labels.is_empty() {
        page.field("labels", &[piece(Role::Muted, pairs(&alert.labels))]);
    }
    runbook(page, state, alert);
    history(page, state, told);
}

fn runbook(page: &mut Page, state: &State, alert: &Alert) {
    let rows = lists::runbooks(state);
    if let Some(row) = rows.iter().find(|row| row.suggested_by.is_some_and(|by| by.name == alert.name)) {
        let title = piece(Role::Text, format!("  {}", row.runbook.title));
        page.field("runbook", &[piece(Role::Key, row.runbook.id.as_str()), title]);
    }
}

fn pairs(labels: &[(Text, Text)]) -> String {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("  ")
}

/// What holds an alert back, in a few words.
pub(super) fn held_in_short(alert: &Alert, state: &State) -> Option<String> {
    Some(match alert.held_by.first()? {
        Suppression::Silence(_) => match told(state).and_then(|silences| silenced_until(alert, silences)) {
            Some(end) => format!("silenced until {}", moment(end, state.now.wall)),
            None => "silenced".to_owned(),
        },
        Suppression::Alert(name) => format!("inhibited by {name}"),
        Suppression::Interval(name) => format!("muted by {name}"),
        Suppression::Suppressor(name) => format!("actions wait for {name}"),
    })
}

fn held(by: &Suppression, state: &State) -> String {
    match by {
        Suppression::Silence(id) => silenced(id, state),
        Suppression::Alert(name) => format!("inhibited while {name} fires"),
        Suppression::Interval(name) => format!("muted by the time interval {name} of its route"),
        Suppression::Suppressor(name) => {
            format!("its actions wait while {name} is in alarm; it still counts as firing")
        }
    }
}

/// By whom, until when and why; a silence that is not told is named by its identifier.
fn silenced(id: &Text, state: &State) -> String {
    let Some((silence, of)) = told(state).and_then(|of| Some((of.get(id)?, of))) else {
        return format!("by the silence {id}, of which nothing more is known");
    };
    let (end, left) = (moment(silence.ends, state.now.wall), age::clock(of.until(silence.ends, state.now.wall)));
    format!("silenced by {} until {end} (in {left}): {}", or_dash(&silence.created_by), or_dash(&silence.comment))
}

fn told(state: &State) -> Option<&Silences> {
    let source = state.config.silence_sources().into_iter().next()?;
    let measured = state.readings.of::<Silences>(&state.config, &Subject::Silences { source }, state.now);
    measured.value().map(|(silences, _)| silences)
}

fn groups(page: &mut Page, groups: &[AlertGroup]) {
    for group in groups {
        let with = if group.labels.is_empty() {
            "with all of its route".to_owned()
        } else {
            format!("grouped by {}", pairs(&group.labels))
        };
        page.field("sent to", &[piece(Role::Text, &group.receiver), piece(Role::Muted, format!("  {with}"))]);
    }
}

/// What a composite alarm is made of, and the composite alarms that an alarm is part of, each with its state.
fn parts(page: &mut Page, state: &State, told: &Told<'_>) {
    let alert = told.alert;
    let others = || lists::told_alerts(state).filter(|other| other.source == told.source).map(|other| other.alert);
    let known = |name: &Text| others().find(|other| other.name == *name);
    if !alert.parts.is_empty() {
        let parts: Vec<Bit<'static>> = alert.parts.iter().flat_map(|name| stated(name, known(name))).collect();
        page.field("made of", &parts);
    }
    let wholes: Vec<&Alert> = others().filter(|other| other.parts.contains(&alert.name)).collect();
    if !wholes.is_empty() {
        let wholes: Vec<Bit<'static>> = wholes.iter().flat_map(|whole| stated(&whole.name, Some(whole))).collect();
        page.field("part of", &wholes);
    }
}

/// A name with its state: `rtech-high-cpu ▲ FIRING`.
fn stated(name: &Text, alert: Option<&Alert>) -> [Bit<'static>; 2] {
    let (role, word) = match alert.map(signs::alert_of) {
        Some(sign) => (sign.role, format!(" {} {}  ", sign.sign, sign.word)),
        None => (Role::Muted, " ? not read here  ".to_owned()),
    };
    [piece(Role::Text, name), piece(role, word)]
}

/// The most changes of an alarm that are listed.
const CHANGES: usize = 8;

/// What changed the state of the alarm lately, the newest first.
fn history(page: &mut Page, state: &State, told: &Told<'_>) {
    if !state.config.history_sources().contains(&told.source) {
        return;
    }
    let subject = Subject::AlarmHistory { source: told.source.clone() };
    let measured = state.readings.of::<AlarmHistory>(&state.config, &subject, state.now);
    if let Some(line) = not_live("", &measured) {
        page.field("history", &line);
    }
    let Some((history, _)) = measured.value() else { return };
    let now = state.now.wall;
    let role = tone(&measured, Role::Text);
    let mut changes = history.of(&told.alert.name).take(CHANGES).peekable();
    if changes.peek().is_none() {
        let since = age::short(age::since(now, history.since));
        page.field("history", &[piece(Role::Muted, format!("no change of its state within the last {since}"))]);
    }
    for (index, change) in changes.enumerate() {
        let label = if index == 0 { "history" } else { "" };
        let ago = format!("{} ago  ", age::short(age::since(now, change.at)));
        page.field(label, &[piece(Role::Muted, ago), piece(role, what(change))]);
    }
}

/// A change in one line: `ok → FIRING: Threshold Crossed …`, else as CloudWatch says it.
fn what(change: &AlarmChange) -> String {
    let word = |state| signs::alert(state).word;
    let (Some(before), Some(after)) = (change.before, change.after) else { return change.summary.to_string() };
    let reason = if change.reason.is_empty() { String::new() } else { format!(": {}", change.reason) };
    format!("{} → {}{reason}", word(before), word(after))
}
