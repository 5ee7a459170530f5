//! A run in words: its timeline, what it waits for, and its outcome, the same in the dialog and on its screen.

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
    Some(match run.records.last().map(|record| &record.entry) {
        Some(Entry::Taken { .. }) => "observing the target again before anything is sent".to_owned(),
        Some(Entry::Started { .. }) => "the call is being sent: waiting for its answer".to_owned(),
        Some(Entry::Accepted { .. } | Entry::FoundApplied { .. } | Entry::Progress { .. }) => steady(run, now),
        _ => "waiting for the executor process to take the approval".to_owned(),
    })
}

/// How long it has waited for a steady state since the call was accepted, and when it gives up.
fn steady(run: &RunView, now: Timestamp) -> String {
    let sent = |record: &&Record| matches!(record.entry, Entry::Accepted { .. } | Entry::FoundApplied { .. });
    let since = run.records.iter().find(sent).map_or(run.approved, |record| record.at);
    let (gone, deadline) = (age::since(now, since), run.plan.steady_deadline);
    let left = deadline.saturating_sub(gone);
    let end = match left.is_zero() {
        true => format!("its {} are over", age::window(deadline)),
        false => format!("gives up in {}", age::clock(left)),
    };
    format!("waiting for a steady state for {}, {end}", age::clock(gone))
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
