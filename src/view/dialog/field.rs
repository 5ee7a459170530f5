//! One-line text fields: the filter and the reason for skipping a step.

use ratatui::layout::Rect;

use super::frame::{self, Content, Place};
use crate::config::theme::Role;
use crate::state::State;
use crate::state::dialog::StepRef;
use crate::view::part::page::{Row, piece};
use crate::view::part::pen::Pen;

/// The widest that a field's box gets.
const WIDEST: u16 = 80;

/// What is typed, with the cursor behind it; of a long text the end.
pub fn input(prompt: &str, text: &str) -> Row {
    vec![piece(Role::Key, prompt), piece(Role::Input, format!("{text}▏"))]
}

/// Draws the filter, at the bottom: the list above follows it while it is typed.
pub fn filter(screen: Rect, text: &str, pen: &mut Pen<'_>) {
    let content = Content {
        title: vec![piece(Role::Title, "filter")],
        body: vec![input("/ ", text)],
        foot: vec![vec![piece(Role::Muted, "every word must occur · Enter keeps it · Esc shows all rows")]],
        place: Place::Bottom,
        ..Content::default()
    };
    frame::draw(screen, WIDEST, &content, pen);
}

/// Draws the search in a log, at the bottom.
pub fn search(screen: Rect, text: &str, pen: &mut Pen<'_>) {
    let foot = "upper and lower case are the same · Enter searches upwards · Esc closes";
    at_the_bottom(screen, ("search", "/ ", text), foot, pen);
}

/// Draws the filter pattern of a log, at the bottom.
pub fn log_filter(screen: Rect, text: &str, pen: &mut Pen<'_>) {
    let foot = "as CloudWatch Logs: ?ERROR ?WARN · \"timed out\" · { $.level = \"error\" } · empty is everything";
    at_the_bottom(screen, ("filter pattern", "", text), foot, pen);
}

fn at_the_bottom(screen: Rect, (title, prompt, text): (&str, &str, &str), foot: &str, pen: &mut Pen<'_>) {
    let content = Content {
        title: vec![piece(Role::Title, title)],
        body: vec![input(prompt, text)],
        foot: vec![vec![piece(Role::Muted, foot)]],
        place: Place::Bottom,
        ..Content::default()
    };
    frame::draw(screen, WIDEST, &content, pen);
}

/// Draws the reason for skipping a step.
pub fn reason(screen: Rect, state: &State, (step, text): (&StepRef, &str), pen: &mut Pen<'_>) {
    let content = Content {
        title: vec![piece(Role::Title, format!("skip step {}: {}", step.step + 1, step_title(state, step)))],
        body: vec![input("reason: ", text)],
        foot: vec![
            vec![piece(Role::Muted, "kept as evidence with your name and the time")],
            vec![piece(Role::Muted, "Enter skips the step · Esc goes back to it")],
        ],
        ..Content::default()
    };
    frame::draw(screen, WIDEST, &content, pen);
}

fn step_title(state: &State, step: &StepRef) -> String {
    let session = state.sessions.iter().find(|session| session.id == step.session);
    let runbook = session.and_then(|session| state.runbooks.iter().find(|book| book.id == session.runbook));
    let found = runbook.and_then(|book| book.steps.get(step.step));
    found.map_or_else(String::new, |step| step.title.to_string())
}
