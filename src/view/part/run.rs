//! A run in words: its timeline, what it waits for, and its outcome, the same in the dialog and on its screen.

use std::time::Duration;

use jiff::Timestamp;

use super::page::{Page, piece};
use super::pen::Bit;
use super::{age, clip, plan, signs, words};
use crate::config::theme::Role;
use crate::executor::journal::{Entry, Record, RunState, RunView};

/// Columns of a record's time, the gap included.
const TIME: usize = 11;

/// The run's records, oldest first, one a line with its time (UTC).
pub fn timeline(page: &mut Page, run: &RunView) {
    for record in &run.records {
        let role = entry_role(&record.entry);
        let time = piece(Role::Muted, format!("{}  ", words::clock(record.at)));
        page.pieces(TIME, &[time, piece(role, record.entry.sentence())]);
    }
}

fn entry_role(entry: &Entry) -> Role {
    match entry {
        Entry::Done { .. } => Role::Good,
        Entry::Failed { .. } | Entry::Refused { .. } => Role::Critical,
        Entry::Unknown { .. } => Role::Unknown,
        Entry::Started { .. } => Role::Warning,
        _ => Role::Text,
    }
}

/// What an open run waits for at `now`, in words; nothing once it has ended.
pub fn waiting(run: &RunView, now: Timestamp) -> Option<String> {
    if !run.is_open() {
        return None;
    }
    let is_progress = |record: &&Record| matches!(record.entry, Entry::Progress { .. });
    let last = run.records.iter().rev().find(|record| !is_progress(record))?;
    let progressed = run.records.last().is_some_and(|record| is_progress(&record));
    Some(match &last.entry {
        Entry::Started { .. } if progressed => "no answer came: reading back whether it took effect".to_owned(),
        Entry::Taken { .. } => "observing the target again before anything is sent".to_owned(),
        Entry::Started { .. } => "the call is being sent: waiting for its answer".to_owned(),
        Entry::Accepted { .. } | Entry::FoundApplied { .. } => steady(run, last.at, now),
        Entry::Settled { step, .. } => baking(run, *step, last.at, now),
        Entry::TurningBack { .. } => "taking it back: observing the target again before the call".to_owned(),
        _ => "waiting for the executor process to take the approval".to_owned(),
    })
}

/// How long it has waited for a steady state since the call was accepted, and when it gives up.
fn steady(run: &RunView, since: Timestamp, now: Timestamp) -> String {
    let (gone, deadline) = (age::since(now, since), run.plan.steady_deadline);
    format!("waiting for a steady state for {}, {}", age::clock(gone), left(deadline, gone, "gives up in"))
}

/// What happens between a step that is steady and the next one, or the end.
fn baking(run: &RunView, step: usize, since: Timestamp, now: Timestamp) -> String {
    let steps = run.plan.steps.len();
    let window = match run.plan.steps.get(step) {
        None => return "it was taken back: telling how it ended".to_owned(),
        Some(_) if step + 1 == steps => run.plan.gate_window,
        Some(step) => step.bake,
    };
    let gone = age::since(now, since);
    let doing = if run.plan.gates.is_empty() { "waiting" } else { "watching the health gates" };
    let next = match step + 1 == steps {
        true => "judges in".to_owned(),
        false => format!("step {} of {steps} in", step + 2),
    };
    format!("{doing} for {}, {}", age::clock(gone), left(window, gone, &next))
}

/// What is left of a time, after these words; or that it is over.
fn left(whole: Duration, gone: Duration, words: &str) -> String {
    let left = whole.saturating_sub(gone);
    match left.is_zero() {
        true => format!("its {} are over", age::window(whole)),
        false => format!("{words} {}", age::clock(left)),
    }
}

/// Where the run stands, unmistakably: a band with its word, then what is known and what to do.
pub fn outcome(page: &mut Page, run: &RunView, now: Timestamp) {
    band(page, run.state);
    match run.records.iter().rev().find(|record| says_more(&record.entry)) {
        Some(Record { entry: Entry::Done { found }, .. }) => page.text(Role::Text, found),
        Some(Record { entry: Entry::Failed { reason, effect }, .. }) => {
            page.field("why", &[piece(Role::Text, reason)]);
            page.field("effect", &[piece(Role::Title, effect)]);
            plan::undo(page, &run.plan);
        }
        Some(Record { entry: Entry::Refused { reasons, drift }, .. }) => refused(page, reasons, drift),
        Some(Record { entry: Entry::Resolved { by, found }, .. }) => {
            page.text(Role::Text, format!("settled by {}@{}: {found}", by.user, by.host));
        }
        Some(Record { entry: Entry::Inconclusive { reason, found }, .. }) => {
            page.field("why", &[piece(Role::Text, reason)]);
            page.field("found", &[piece(Role::Title, found)]);
            plan::undo(page, &run.plan);
        }
        Some(Record { entry: Entry::Unknown { reason, found }, .. }) => unknown(page, run, reason, found),
        _ if run.state == RunState::Unknown => unknown(page, run, &run.last_word(), "not read back yet"),
        _ if !run.is_open() => page.text(Role::Text, run.last_word()),
        _ => {}
    }
    if let Some(waiting) = waiting(run, now) {
        page.pieces(0, &[piece(Role::Muted, "now: "), piece(Role::Text, waiting)]);
    }
}

fn says_more(entry: &Entry) -> bool {
    matches!(
        entry,
        Entry::Done { .. }
            | Entry::Failed { .. }
            | Entry::Refused { .. }
            | Entry::Inconclusive { .. }
            | Entry::Unknown { .. }
            | Entry::Resolved { .. }
    )
}

fn refused(page: &mut Page, reasons: &[String], drift: &[crate::action::Change]) {
    page.text(Role::Title, "nothing was sent");
    for reason in reasons {
        page.pieces(2, &[piece(Role::Muted, "• "), piece(Role::Text, reason)]);
    }
    if !drift.is_empty() {
        plan::changes(page, drift, ["changed since", "planned", "found"]);
    }
}

fn unknown(page: &mut Page, run: &RunView, reason: &str, found: &str) {
    page.field("why", &[piece(Role::Text, reason)]);
    page.field("found", &[piece(Role::Title, found)]);
    let target = run.plan.action.target();
    page.text(
        Role::Text,
        format!(
            "It may or may not have taken effect. It is not sent again, and {target} is blocked until it is settled:"
        ),
    );
    page.text(Role::Key, format!("quarterdeck runs resolve {}", run.id));
}

/// A line right across with the state in the middle.
fn band(page: &mut Page, state: RunState) {
    let sign = signs::run(state);
    let word = format!(" {} {} ", sign.sign, sign.word);
    let rest = page.width().saturating_sub(clip::width(&word));
    let (left, right) = ("━".repeat(rest / 2), "━".repeat(rest - rest / 2));
    page.row(vec![piece(sign.role, left), piece(sign.role, word), piece(sign.role, right)]);
}

/// A run's identifier, state, and who confirmed it when.
pub fn head(run: &RunView) -> Vec<Bit<'static>> {
    let by = format!("confirmed by {}@{} at {}", run.by.user, run.by.host, words::moment(run.approved));
    vec![piece(Role::Title, run.id.to_string()), piece(Role::Muted, format!("  {by}"))]
}
