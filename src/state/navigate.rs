//! Moving about: screens, selection, scrolling.

use super::command::Command;
use super::lists::AlertRow;
use super::{Overlay, Screen, State, lists};
use crate::source::Name;
use crate::view::panel::panels;

/// Rows that a page moves by.
const PAGE: usize = 10;

/// The deepest that screens may be stacked.
const DEPTH: usize = 16;

/// Moves, or changes the screen.
pub(super) fn go(state: &mut State, command: Command) {
    match command {
        Command::Overview => state.screens.truncate(1),
        Command::Backups => show(state, Screen::Backups { selected: 0 }),
        Command::Alerts => show(state, Screen::Alerts { selected: 0 }),
        Command::Runbooks => show(state, Screen::Runbooks { selected: 0 }),
        Command::Runs => show(state, Screen::Runs { selected: 0 }),
        Command::Costs => show(state, Screen::Costs { scroll: 0 }),
        Command::Log => show(state, Screen::Log { scroll: 0 }),
        Command::NextPanel => turn(state, 1),
        Command::PreviousPanel => turn(state, -1),
        _ => select(state, command),
    }
}

/// Shows a screen over the one that is shown; the same kind twice is not stacked.
pub(super) fn show(state: &mut State, screen: Screen) {
    let same = |shown: &Screen| std::mem::discriminant(shown) == std::mem::discriminant(&screen);
    if same(state.screen()) {
        state.screens.pop();
    }
    if state.screens.len() >= DEPTH {
        state.screens.remove(1);
    }
    state.screens.push(screen);
}

/// Back: clears the filter first, then goes to the screen before.
pub(super) fn back(state: &mut State) {
    if !state.filter.is_empty() {
        state.filter.clear();
    } else if state.screens.len() > 1 {
        state.screens.pop();
    }
}

/// Opens what is selected; a service's focused panel becomes the only one, or one of many again.
pub(super) fn open(state: &mut State) {
    match *state.screen() {
        Screen::Overview { selected } => {
            if let Some(name) = lists::services(state).get(selected).map(|service| service.name.clone()) {
                open_service(state, name);
            }
        }
        Screen::Runbooks { selected } => {
            if let Some(id) = lists::runbooks(state).get(selected).map(|row| row.runbook.id.clone()) {
                open_runbook(state, id);
            }
        }
        Screen::Runs { selected } => {
            if let Some(id) = lists::runs(state).get(selected).map(|run| run.id.clone()) {
                show(state, Screen::Run { id, scroll: 0 });
            }
        }
        Screen::Alerts { selected } => open_alert(state, selected),
        Screen::Service { .. } => state.zoomed = !state.zoomed,
        _ => {}
    }
}

/// An alert opens the runbook that answers it, else its service.
fn open_alert(state: &mut State, selected: usize) {
    let Some(AlertRow::Alert(told)) = lists::alert_rows(state).get(selected).cloned() else { return };
    let alert = told.alert.clone();
    let row = lists::runbooks(state).into_iter().find(|row| row.suggested_by.is_some_and(|by| by.name == alert.name));
    if let Some(id) = row.map(|row| row.runbook.id.clone()) {
        open_runbook(state, id);
    } else if let Some(service) = alert.service {
        open_service(state, service);
    }
}

/// Opens a service's screen.
pub(super) fn open_service(state: &mut State, name: Name) {
    state.filter.clear();
    show(state, Screen::Service { name, panel: 0, scroll: 0 });
}

/// Opens a runbook: the session that is open on it, else its preview.
pub(super) fn open_runbook(state: &mut State, id: Name) {
    state.filter.clear();
    let session = lists::open_session(state, &id).map(|session| (session.id.clone(), super::follow::current(session)));
    let selected = session.as_ref().map_or(0, |(_, current)| *current);
    show(state, Screen::Runbook { id, session: session.map(|(id, _)| id), selected });
}

fn turn(state: &mut State, by: isize) {
    let Some(Screen::Service { name, panel, scroll }) = state.screens.last_mut() else { return };
    let count = state.config.service(name).map_or(0, |service| panels(service).len());
    let last = count.saturating_sub(1);
    *panel = match panel.checked_add_signed(by) {
        Some(to) if to <= last => to,
        Some(_) => 0,
        None => last,
    };
    *scroll = 0;
}

fn select(state: &mut State, command: Command) {
    let last = rows(state).saturating_sub(1);
    match state.screens.last_mut() {
        Some(
            Screen::Overview { selected }
            | Screen::Backups { selected }
            | Screen::Alerts { selected }
            | Screen::Runbooks { selected }
            | Screen::Runbook { selected, .. }
            | Screen::Runs { selected },
        ) => *selected = moved(*selected, command, last),
        Some(Screen::Service { scroll, .. } | Screen::Run { scroll, .. } | Screen::Costs { scroll }) => {
            *scroll = moved(*scroll, command, last)
        }
        // The log's newest line is below: scrolling up goes back in time.
        Some(Screen::Log { scroll }) => *scroll = moved(*scroll, reverse(command), last),
        Some(Screen::Logs) | None => {}
    }
}

/// How many rows the screen lists; for scrolled text a bound that drawing clamps.
fn rows(state: &State) -> usize {
    match state.screen() {
        Screen::Overview { .. } => lists::services(state).len(),
        Screen::Backups { .. } => lists::backups(state).len(),
        Screen::Alerts { .. } => lists::alert_rows(state).len(),
        Screen::Runbooks { .. } => lists::runbooks(state).len(),
        Screen::Runbook { id, .. } => {
            state.runbooks.iter().find(|book| book.id == *id).map_or(0, |book| book.steps.len())
        }
        Screen::Runs { .. } => lists::runs(state).len(),
        Screen::Log { .. } => lists::log(state).len(),
        Screen::Service { .. } | Screen::Run { .. } | Screen::Costs { .. } => 500,
        Screen::Logs => 0,
    }
}

fn moved(at: usize, command: Command, last: usize) -> usize {
    let to = match command {
        Command::Up => at.saturating_sub(1),
        Command::Down => at + 1,
        Command::PageUp => at.saturating_sub(PAGE),
        Command::PageDown => at + PAGE,
        Command::First => 0,
        Command::Last => last,
        _ => at,
    };
    to.min(last)
}

fn reverse(command: Command) -> Command {
    match command {
        Command::Up => Command::Down,
        Command::Down => Command::Up,
        Command::PageUp => Command::PageDown,
        Command::PageDown => Command::PageUp,
        Command::First => Command::Last,
        Command::Last => Command::First,
        other => other,
    }
}

/// Scrolls what lies over the screen.
pub(super) fn scroll_overlay(state: &mut State, command: Command) {
    if let Some(Overlay::Help { scroll }) = &mut state.overlay {
        *scroll = moved(*scroll, command, 200);
    }
}

/// Keeps the selection within the rows after they became fewer.
pub(super) fn clamp(state: &mut State) {
    let last = rows(state).saturating_sub(1);
    if let Some(
        Screen::Overview { selected }
        | Screen::Alerts { selected }
        | Screen::Runbooks { selected }
        | Screen::Runs { selected },
    ) = state.screens.last_mut()
    {
        *selected = (*selected).min(last);
    }
}
