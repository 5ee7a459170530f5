//! The footer: range, filter and notice; below them the keys of the screen, as the keymap has them.

use ratatui::layout::Rect;

use super::part::pen::columns;
use super::part::{Bit, Pen, age, bit};
use crate::config::theme::Role;
use crate::event::LogLevel;
use crate::state::command::Command;
use crate::state::keys::context;
use crate::state::{Screen, State};

/// Rows of the footer.
pub const ROWS: u16 = 2;

/// A command and the word that its hint shows.
type Hint = (Command, &'static str);

/// What is offered everywhere, at the right.
const ALWAYS: [Hint; 3] = [(Command::Palette, "commands"), (Command::Help, "help"), (Command::Quit, "quit")];

/// Draws the footer.
pub fn draw(area: Rect, state: &State, pen: &mut Pen<'_>) {
    if area.height == 0 {
        return;
    }
    let used = pen.line(area.x + 1, area.y, area.width.saturating_sub(2), &view_bits(state));
    notice(Rect { x: area.x + used + 3, width: area.width.saturating_sub(used + 4), ..area }, state, pen);
    if area.height > 1 && state.overlay.is_none() {
        hints(Rect { y: area.y + 1, height: 1, ..area }, state, pen);
    }
}

/// What narrows the view: the range of the graphs and the filter.
fn view_bits(state: &State) -> Vec<Bit<'static>> {
    let mut bits = vec![bit(Role::Muted, "range "), bit(Role::Text, age::window(state.range))];
    if !state.filter.is_empty() {
        bits.push(bit(Role::Warning, format!("  filter “{}”", state.filter)));
    }
    bits
}

fn notice(area: Rect, state: &State, pen: &mut Pen<'_>) {
    let Some(notice) = state.notice.as_ref().filter(|notice| state.now.mono < notice.until) else { return };
    let (word, role) = match notice.level {
        LogLevel::Info => ("", Role::Text),
        LogLevel::Warning => ("! ", Role::Warning),
        LogLevel::Error => ("error: ", Role::Critical),
    };
    pen.right(area.x, area.y, area.width, &format!("{word}{}", notice.text), role);
}

/// The keys of the screen from the left, as many as fit whole; help and quit at the right.
fn hints(area: Rect, state: &State, pen: &mut Pen<'_>) {
    let always: Vec<Bit<'_>> = ALWAYS.into_iter().flat_map(|hint| hint_bits(hint, state)).collect();
    let taken = u16::try_from(columns(&always)).unwrap_or(u16::MAX);
    let right = area.right().saturating_sub(taken).max(area.x);
    let mut x = area.x + 1;
    for hint in offered(state.screen()) {
        let bits = hint_bits(*hint, state);
        if usize::from(x) + columns(&bits) > usize::from(right) {
            break;
        }
        x += pen.line(x, area.y, area.width, &bits);
    }
    pen.line(right, area.y, area.right() - right, &always);
}

/// One hint: its first key, its word, and a gap; nothing where no key is bound.
fn hint_bits(hint: Hint, state: &State) -> Vec<Bit<'static>> {
    let keys = state.keymap.keys_of(hint.0, context(state.screen()));
    keys.first()
        .map_or_else(Vec::new, |key| vec![bit(Role::Key, key.to_string()), bit(Role::Muted, format!(" {}  ", hint.1))])
}

/// What a screen offers, the most needed first.
fn offered(screen: &Screen) -> &'static [Hint] {
    use Command::*;
    match screen {
        Screen::Overview { .. } => &[
            (Open, "open"),
            (Scale, "scale"),
            (Arm, "arm"),
            (Alerts, "alerts"),
            (Runbooks, "runbooks"),
            (Runs, "runs"),
            (Filter, "filter"),
            (NextUnhealthy, "unhealthy"),
            (Backups, "backups"),
            (Pause, "pause"),
            (RangeLonger, "longer"),
            (RangeShorter, "shorter"),
        ],
        Screen::Service { .. } => &[
            (NextPanel, "panel"),
            (Scale, "scale"),
            (Arm, "arm"),
            (Runbooks, "runbooks"),
            (Logs, "logs"),
            (Back, "back"),
            (NextUnhealthy, "unhealthy"),
            (RangeLonger, "longer"),
            (RangeShorter, "shorter"),
            (Open, "zoom"),
            (Pause, "pause"),
        ],
        Screen::Runbook { .. } => &[
            (StepRun, "run step"),
            (StepTick, "tick"),
            (StepSkip, "skip"),
            (Arm, "arm"),
            (Back, "back"),
            (SessionClose, "end session"),
        ],
        Screen::Runs { .. } => &[(Open, "open"), (Undo, "undo"), (Arm, "arm"), (Filter, "filter"), (Back, "back")],
        Screen::Run { .. } => &[(PageDown, "scroll"), (Undo, "undo"), (Arm, "arm"), (Back, "back")],
        Screen::Alerts { .. } | Screen::Runbooks { .. } => {
            &[(Open, "open"), (Filter, "filter"), (Back, "back"), (Overview, "overview"), (Refresh, "refresh")]
        }
        Screen::Backups { .. } | Screen::Log { .. } => {
            &[(Filter, "filter"), (Back, "back"), (Overview, "overview"), (Refresh, "refresh")]
        }
        Screen::Costs { .. } => &[(PageDown, "scroll"), (Back, "back"), (Overview, "overview"), (Refresh, "refresh")],
        Screen::Logs => &[
            (Follow, "follow"),
            (Filter, "search"),
            (Level, "level"),
            (Queries, "queries"),
            (NextPanel, "next log"),
            (Back, "back"),
            (Wrap, "wrap"),
            (LogFilter, "pattern"),
            (NextMatch, "match below"),
            (PreviousMatch, "above"),
        ],
    }
}
