//! One run: its outcome, its plan, and every record that the journal has of it.

use jiff::Timestamp;
use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::executor::journal::{Entry, RunId, RunView};
use crate::state::State;
use crate::view::header::kind_role;
use crate::view::part::page::{self, Page, Row, piece};
use crate::view::part::pen::Pen;
use crate::view::part::{plan as words_of, run as run_words, words};

/// Draws a run, scrolled down by so many rows.
pub fn draw(area: Rect, (id, scroll): (&RunId, usize), state: &State, pen: &mut Pen<'_>) {
    let area = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), ..area };
    let rows = match state.runs.iter().find(|run| run.id == *id) {
        Some(run) => rows(run, area.width, state.now.wall),
        None => gone(id, area.width),
    };
    let from = scroll.min(rows.len().saturating_sub(area.height.into()));
    page::paint(area, &rows, from, pen);
    let below = rows.len().saturating_sub(from + usize::from(area.height));
    if from + below > 0 {
        pen.right(area.x, area.y, area.width, &format!(" {from} above, {below} below "), Role::Warning);
    }
}

fn gone(id: &RunId, columns: u16) -> Vec<Row> {
    let mut page = Page::new(columns);
    page.text(Role::Warning, format!("run {id} is not among the newest of the journal; the whole of it:"));
    page.text(Role::Key, format!("quarterdeck runs show {id}"));
    page.into_rows()
}

fn rows(run: &RunView, columns: u16, now: Timestamp) -> Vec<Row> {
    let mut page = Page::new(columns);
    let what = piece(Role::Title, format!("RUN  {} — {} ", run.plan.action, run.plan.environment));
    page.row(vec![what, piece(kind_role(run.plan.kind), format!(" {} ", words::kind(run.plan.kind)))]);
    page.pieces(2, &run_words::head(run));
    run_words::outcome(&mut page, run, now);
    page.blank();
    plan(&mut page, run);
    page.blank();
    page.text(Role::Title, "records");
    run_words::timeline(&mut page, run);
    page.into_rows()
}

/// The plan as it was confirmed.
fn plan(page: &mut Page, run: &RunView) {
    let plan = &run.plan;
    page.text(Role::Title, "plan, as it was confirmed");
    words_of::target(page, plan);
    words_of::changes(page, &plan.changes, ["change", "before", "after"]);
    words_of::observed(page, plan);
    words_of::undo(page, plan);
    words_of::sends(page, plan);
    words_of::watches(page, plan);
    if let Some(step) = &plan.runbook_step {
        page.field("runbook", &[piece(Role::Text, numbered(step))]);
    }
    if let Some(glass) = run.break_glass() {
        let text = format!("{} was skipped: {}", glass.guard, glass.reason);
        page.field("override", &[piece(Role::Critical, text)]);
    }
    if !run.verdicts().is_empty() {
        words_of::guards(page, run.verdicts());
    }
    for record in &run.records {
        if let Entry::Approved { digest, .. } = &record.entry {
            page.field("digest", &[piece(Role::Muted, digest)]);
        }
    }
}

/// A step of a session as screens count it, from 1: `SESSION#3` is step 4.
fn numbered(step: &str) -> String {
    let parts = step.rsplit_once('#').and_then(|(session, index)| Some((session, index.parse::<usize>().ok()?)));
    parts.map_or_else(|| step.to_owned(), |(session, index)| format!("step {} of {session}", index + 1))
}
