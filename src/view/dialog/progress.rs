//! A run's progress. The run goes on in a process of its own, whether this is open or not.

use jiff::Timestamp;
use ratatui::layout::Rect;

use super::frame::{self, Content};
use crate::action::Undo;
use crate::config::keymap::{Context, KeyPress};
use crate::config::theme::Role;
use crate::executor::journal::{RunId, RunState, RunView};
use crate::state::State;
use crate::state::command::Command;
use crate::text::Text;
use crate::view::header::kind_role;
use crate::view::part::page::{Page, Row, piece};
use crate::view::part::pen::Pen;
use crate::view::part::{plan, run as run_words, words};

/// The widest that the box gets.
const WIDEST: u16 = 100;

/// Draws a run's progress, or why there is no run.
pub fn draw(screen: Rect, state: &State, (id, failed): (Option<&RunId>, Option<&Text>), pen: &mut Pen<'_>) {
    let run = id.and_then(|id| state.runs.iter().find(|run| run.id == *id));
    let columns = frame::text_width(screen.width, WIDEST);
    let foot = vec![foot(state, run.filter(|_| failed.is_none()), failed.is_some())];
    let room = frame::text_rows(screen.height).saturating_sub(foot.len());
    let body = match (failed, run) {
        (Some(reason), _) => not_started(columns, reason),
        (None, None) => starting(columns, id),
        (None, Some(run)) => body(columns, run, room, state.now.wall),
    };
    let content = Content { title: title(state, run), body, foot, ..Content::default() };
    frame::draw(screen, WIDEST, &content, pen);
}

fn title(state: &State, run: Option<&RunView>) -> Row {
    let environment = &state.config.environment;
    let kind = piece(kind_role(environment.kind), format!(" {} ", words::kind(environment.kind)));
    let what = run.map_or_else(|| "starting a run".to_owned(), |run| run.plan.action.to_string());
    vec![piece(Role::Title, format!("{what} — {} ", environment.name)), kind]
}

fn not_started(columns: u16, reason: &str) -> Vec<Row> {
    let mut page = Page::new(columns);
    page.text(Role::Critical, "✗ The executor was not started. Nothing was sent, nothing was changed.");
    page.field("why", &[piece(Role::Text, reason)]);
    page.into_rows()
}

fn starting(columns: u16, id: Option<&RunId>) -> Vec<Row> {
    let mut page = Page::new(columns);
    match id {
        None => page.text(Role::Text, "the approval is being written to the journal, and the executor started …"),
        Some(id) => page.text(Role::Text, format!("run {id}: waiting for its first record in the journal …")),
    }
    page.into_rows()
}

/// Head, timeline, outcome. Where there is too little room the oldest records go, never the outcome.
fn body(columns: u16, run: &RunView, room: usize, now: Timestamp) -> Vec<Row> {
    let mut head = Page::new(columns);
    head.pieces(2, &run_words::head(run));
    plan::changes(&mut head, &run.plan.changes, ["change", "before", "after"]);
    let mut timeline = Page::new(columns);
    run_words::timeline(&mut timeline, run);
    let mut outcome = Page::new(columns);
    run_words::outcome(&mut outcome, run, now);
    let left = room.saturating_sub(head.len() + outcome.len());
    let mut rows = head.into_rows();
    rows.extend(newest(timeline.into_rows(), left));
    rows.extend(outcome.into_rows());
    rows
}

/// The newest rows that there is room for, with a word about those that are left out.
fn newest(rows: Vec<Row>, room: usize) -> Vec<Row> {
    if rows.len() <= room {
        return rows;
    }
    let hidden = rows.len() + 1 - room.max(1);
    let note = vec![piece(Role::Muted, format!("… {hidden} earlier lines: see the run's screen"))];
    std::iter::once(note).chain(rows.into_iter().skip(hidden)).take(room).collect()
}

fn foot(state: &State, run: Option<&RunView>, failed: bool) -> Row {
    if !failed && run.is_none_or(RunView::is_open) {
        return vec![piece(Role::Muted, "closing this doesn't stop the run · Esc closes")];
    }
    let key = run.filter(|run| can_be_undone(run)).and_then(|_| undo_key(state));
    let mut row = key
        .map_or_else(Vec::new, |key| vec![piece(Role::Key, key.to_string()), piece(Role::Muted, " plans its undo · ")]);
    row.push(piece(Role::Muted, "kept in the journal, see runs · Esc closes"));
    row
}

/// Whether it changed something that an action takes back. Of what is unknown, a look at the target decides.
fn can_be_undone(run: &RunView) -> bool {
    let changed = matches!(run.state, RunState::Done | RunState::Inconclusive | RunState::Failed);
    changed && matches!(run.plan.undo, Undo::Action { .. })
}

fn undo_key(state: &State) -> Option<KeyPress> {
    state.keymap.keys_of(Command::Undo, Context::Dialog).first().copied()
}
