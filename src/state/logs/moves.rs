//! Keys of the log screen.

use super::buffer::{Entry, What, matches};
use super::{LogView, Pane, all, choose, run, source};
use crate::event::LogLevel;
use crate::source::LineLevel;
use crate::state::command::Command;
use crate::state::{Effects, Overlay, State};

/// Columns that a key scrolls to the side.
const SIDE: usize = 20;

/// Rows that the screen needs besides lines: header, footer, heading.
const OTHER_ROWS: u16 = 7;

/// A command on the log screen. `None`: it means the same as elsewhere.
pub fn go(state: &mut State, command: Command) -> Option<Effects> {
    let page = usize::from(state.size.1.saturating_sub(OTHER_ROWS)).max(1);
    state.logs.as_ref()?;
    match command {
        Command::Back => return back(state).then(Vec::new),
        Command::NextPanel => turn(state, 1),
        Command::PreviousPanel => turn(state, -1),
        Command::Open => return Some(open(state)),
        Command::Filter => ask(state, |view| Overlay::Search { input: view.search.clone() }),
        Command::LogFilter => ask(state, |view| Overlay::LogFilter { input: view.filter.clone() }),
        Command::NextMatch => find(state, true),
        Command::PreviousMatch => find(state, false),
        Command::Refresh => return Some(again(state)),
        _ => view_only(state.logs.as_mut()?, command, page)?,
    }
    Some(Vec::new())
}

fn ask(state: &mut State, overlay: impl Fn(&LogView) -> Overlay) {
    state.overlay = state.logs.as_ref().map(|view| overlay(view));
}

/// What changes only how the log is looked at. `None` for any other command.
fn view_only(view: &mut LogView, command: Command, page: usize) -> Option<()> {
    match command {
        Command::Follow => follow(view),
        Command::Level => view.least = louder(view.least),
        Command::Wrap => (view.wrap, view.column) = (!view.wrap, 0),
        Command::Queries => view.pane = Pane::Queries { selected: 0 },
        Command::ScrollLeft => sideways(view, false),
        Command::ScrollRight => sideways(view, true),
        Command::Up => moved(view, -1, page),
        Command::Down => moved(view, 1, page),
        Command::PageUp => moved(view, -page.cast_signed(), page),
        Command::PageDown => moved(view, page.cast_signed(), page),
        Command::First => moved(view, isize::MIN, page),
        Command::Last => {
            moved(view, isize::MAX, page);
            view.follows |= matches!(view.pane, Pane::Lines);
        }
        _ => return None,
    }
    Some(())
}

/// Follows on, or no longer. What is followed is shown to its end.
fn follow(view: &mut LogView) {
    view.follows = !view.follows || view.bottom.is_some();
    if view.follows {
        view.bottom = None;
    }
    view.pane = Pane::Lines;
}

fn louder(least: Option<LineLevel>) -> Option<LineLevel> {
    match least {
        None => Some(LineLevel::Info),
        Some(LineLevel::Info) => Some(LineLevel::Warn),
        Some(LineLevel::Warn) => Some(LineLevel::Error),
        Some(_) => None,
    }
}

fn sideways(view: &mut LogView, right: bool) {
    let shift = |at: usize, by: usize, most: usize| if right { (at + by).min(most) } else { at.saturating_sub(by) };
    match &mut view.pane {
        Pane::Results(query) => {
            let last = query.results.as_ref().map_or(0, |(results, _)| results.columns.len().saturating_sub(1));
            query.column = shift(query.column, 1, last);
        }
        _ if !view.wrap => view.column = shift(view.column, SIDE, crate::text::LONGEST),
        _ => {}
    }
}

/// Moves by so many lines; at the newest one the end is followed again.
fn moved(view: &mut LogView, by: isize, page: usize) {
    match &mut view.pane {
        Pane::Lines => lines(view, by, page),
        Pane::Queries { selected } => *selected = selected.saturating_add_signed(by).min(100),
        Pane::Results(query) => {
            let rows = query.results.as_ref().map_or(0, |(results, _)| results.rows.len());
            query.row = query.row.saturating_add_signed(by).min(rows.saturating_sub(1));
        }
    }
}

fn lines(view: &mut LogView, by: isize, page: usize) {
    let shown = view.buffer.at_least(view.least);
    let last = shown.len().saturating_sub(1);
    let bottom = position(view, &shown).saturating_add_signed(by).clamp(last.min(page.saturating_sub(1)), last);
    view.bottom = shown.get(bottom).filter(|_| bottom < last).map(|entry| entry.key);
}

/// The index of the lowest line that is shown.
pub fn position(view: &LogView, shown: &[&Entry]) -> usize {
    let last = shown.len().saturating_sub(1);
    view.bottom.map_or(last, |key| shown.partition_point(|entry| entry.key < key).min(last))
}

/// Back: from results to queries, from those to the lines, then no search. False: nothing of that, leave the screen.
fn back(state: &mut State) -> bool {
    let Some(view) = &mut state.logs else { return false };
    match &view.pane {
        Pane::Results(_) => view.pane = Pane::Queries { selected: 0 },
        Pane::Queries { .. } => view.pane = Pane::Lines,
        Pane::Lines if !view.search.is_empty() => view.search.clear(),
        Pane::Lines => return false,
    }
    true
}

fn turn(state: &mut State, by: isize) {
    let all = all(state);
    let at = state.logs.as_ref().and_then(|view| all.iter().position(|id| *id == view.id)).unwrap_or(0);
    let next = (at.cast_signed() + by).rem_euclid(all.len().max(1).cast_signed()).cast_unsigned();
    match all.get(next).cloned() {
        Some(_) if all.len() == 1 => state.tell(LogLevel::Info, "this is the only log that is configured"),
        Some(id) => choose(state, id),
        None => {}
    }
}

/// Runs the selected query; nothing on the other panes.
fn open(state: &mut State) -> Effects {
    let Some(view) = &state.logs else { return Vec::new() };
    let Pane::Queries { selected } = view.pane else { return Vec::new() };
    let queries = source(state, &view.id).map_or(&[][..], |log| &log.queries);
    match queries.get(selected.min(queries.len().saturating_sub(1))).cloned() {
        Some(saved) => run(state, saved),
        None => Vec::new(),
    }
}

/// Asks the shown query again, where it is over; lines are asked for by themselves.
fn again(state: &mut State) -> Effects {
    let Some(view) = &state.logs else { return Vec::new() };
    match &view.pane {
        Pane::Results(query) if view.running.is_none() => {
            let saved = query.saved.clone();
            run(state, saved)
        }
        _ => Vec::new(),
    }
}

/// Searches for a text: from the lowest line that is shown upwards, as the newest are below.
pub fn search(state: &mut State, text: String) {
    let Some(view) = &mut state.logs else { return };
    view.search = text;
    view.found = None;
    if !view.search.is_empty() {
        find(state, false);
    }
}

/// The next match below, or above.
fn find(state: &mut State, below: bool) {
    let page = usize::from(state.size.1.saturating_sub(OTHER_ROWS)).max(1);
    let Some(view) = &mut state.logs else { return };
    if view.search.is_empty() {
        state.tell(LogLevel::Info, "nothing is searched for: / begins a search");
        return;
    }
    let shown = view.buffer.at_least(view.least);
    let bottom = position(view, &shown);
    let from = view.found.map(|key| shown.partition_point(|entry| entry.key < key));
    let holds = |index: &usize| match &shown[*index].what {
        What::Line(event) => !matches(&event.text, &view.search).is_empty(),
        What::Gap(..) => false,
    };
    let next = match (from, below) {
        (Some(from), true) => (from + 1..shown.len()).find(holds),
        (Some(from), false) => (0..from.min(shown.len())).rev().find(holds),
        (None, true) => (bottom.min(shown.len())..shown.len()).find(holds),
        (None, false) => (0..(bottom + 1).min(shown.len())).rev().find(holds),
    };
    let Some(next) = next else {
        let side = if below { "below" } else { "above" };
        let text = format!("no match {side} for “{}”", view.search);
        state.tell(LogLevel::Info, &text);
        return;
    };
    let last = shown.len() - 1;
    let lowest =
        if (bottom.saturating_sub(page - 1)..=bottom).contains(&next) { bottom } else { (next + page / 2).min(last) };
    let (found, anchor) = (shown[next].key, shown[lowest].key);
    view.found = Some(found);
    view.bottom = (lowest < last).then_some(anchor);
}
