//! Keys and what they do: those of the screen that is shown first, then those that count everywhere, then the actions.

use ratatui::layout::Rect;

use super::frame::{self, Content};
use crate::action::{ACTIONS, ActionSpec};
use crate::config::keymap::Context;
use crate::config::theme::Role;
use crate::state::command::COMMANDS;
use crate::state::{State, context};
use crate::view::header;
use crate::view::part::keys;
use crate::view::part::page::{Page, Row, pad, piece};
use crate::view::part::pen::Pen;

/// The widest that the box gets.
const WIDEST: u16 = 88;

/// Columns of the keys.
const KEYS: usize = 23;

/// Columns of a command's name.
const NAMES: usize = 19;

/// Draws the help, scrolled down by so many rows.
pub fn draw(screen: Rect, state: &State, scroll: usize, pen: &mut Pen<'_>) {
    let header = header::ROWS.min(screen.height); // help is long, and must not cover where one is
    let screen = Rect { y: screen.y + header, height: screen.height - header, ..screen };
    let rows = rows(state, frame::text_width(screen.width, WIDEST));
    let room = frame::text_rows(screen.height).saturating_sub(1);
    let from = scroll.min(rows.len().saturating_sub(room));
    let below = rows.len().saturating_sub(from + room);
    let content = Content {
        title: vec![piece(Role::Title, "help: keys and what they do")],
        body: rows,
        from,
        foot: vec![foot(from, below)],
        ..Content::default()
    };
    frame::draw(screen, WIDEST, &content, pen);
}

fn foot(above: usize, below: usize) -> Row {
    let more = if above + below > 0 { format!("{above} lines above, {below} below · ") } else { String::new() };
    vec![piece(Role::Muted, format!("{more}Esc closes"))]
}

fn rows(state: &State, columns: u16) -> Vec<Row> {
    let mut page = Page::new(columns);
    let context = context(state.screen());
    commands(&mut page, state, (heading(context), context));
    commands(&mut page, state, ("everywhere", Context::Global));
    commands(&mut page, state, ("in a dialog", Context::Dialog));
    page.text(Role::Title, "actions: changes to this environment, guarded and confirmed one by one");
    ACTIONS.iter().for_each(|spec| action(&mut page, spec));
    page.blank();
    page.text(Role::Title, "words and signs");
    legend(&mut page);
    page.into_rows()
}

/// All commands that have a key in a context.
fn commands(page: &mut Page, state: &State, (title, context): (&str, Context)) {
    page.text(Role::Title, title);
    for spec in COMMANDS {
        let keys = keys::own(&state.keymap, spec.command, context);
        if !keys.is_empty() {
            let name = piece(Role::Text, pad(spec.name, NAMES));
            page.pieces(KEYS + NAMES, &[piece(Role::Key, pad(&keys, KEYS)), name, piece(Role::Muted, spec.summary)]);
        }
    }
    page.blank();
}

fn action(page: &mut Page, spec: &ActionSpec) {
    let arguments: Vec<String> = spec.arguments.iter().map(|argument| format!("{}=…", argument.name)).collect();
    let typed = format!("{} SERVICE {}", spec.name, arguments.join(" "));
    page.pieces(KEYS + NAMES, &[piece(Role::Text, pad(&typed, KEYS + NAMES)), piece(Role::Muted, spec.summary)]);
}

fn legend(page: &mut Page) {
    for (word, meaning) in [
        ("live", "read within two intervals of its source"),
        ("stale ~", "older than that: the last value, greyed, with its age"),
        ("failed ✗", "its source does not answer: the reason, and the last value"),
        ("! and ▲", "beyond its warning bound, beyond its critical bound"),
        ("unknown ?", "nobody knows: no evidence, or an outcome that was not read back"),
        ("armed", "changes can be confirmed, for a limited time; else read-only"),
    ] {
        page.field_of(KEYS, word, &[piece(Role::Muted, meaning)]);
    }
}

fn heading(context: Context) -> &'static str {
    match context {
        Context::Service => "here: a service",
        Context::Runbook => "here: a runbook",
        Context::Logs => "here: a log",
        _ => "here: a list",
    }
}
