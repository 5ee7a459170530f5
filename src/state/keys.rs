//! Keys: what is open takes them first, then the screen's context, then the global one.

use super::command::Command;
use super::lists::{self, Choice};
use super::seek::{self, Way};
use super::update::RANGES;
use super::{Arm, Effects, Overlay, Screen, State, act, follow, logs, navigate, typing};
use crate::clock::Mono;
use crate::config::keymap::{Context, KeyPress};
use crate::event::{Effect, LogLevel};

/// A key was pressed; it was read `at`.
pub(super) fn press(state: &mut State, key: KeyPress, at: Mono) -> Effects {
    if state.overlay.as_ref().is_some_and(Overlay::takes_text) {
        return typing::press(state, key, at);
    }
    let context = if state.overlay.is_some() { Context::Dialog } else { context(state.screen()) };
    match state.keymap.command(context, key) {
        Some(command) if state.overlay.is_some() => in_overlay(state, command),
        Some(command) => run(state, command),
        None => Vec::new(),
    }
}

/// The context of a screen's keys.
pub fn context(screen: &Screen) -> Context {
    match screen {
        Screen::Service { .. } => Context::Service,
        Screen::Runbook { .. } => Context::Runbook,
        Screen::Logs => Context::Logs,
        _ => Context::List,
    }
}

/// Commands while something without a text field is open: scrolling and closing; a run that has ended can be taken back.
fn in_overlay(state: &mut State, command: Command) -> Effects {
    match command {
        Command::Undo if act::ended(state).is_some() => return act::undo(state),
        Command::Quit | Command::Back | Command::Help | Command::Open => state.overlay = None,
        _ => navigate::scroll_overlay(state, command),
    }
    Vec::new()
}

/// Runs a command.
pub(super) fn run(state: &mut State, command: Command) -> Effects {
    if matches!(state.screen(), Screen::Logs)
        && let Some(effects) = logs::go(state, command)
    {
        return effects;
    }
    match command {
        Command::Quit => return vec![Effect::Quit],
        Command::Back => navigate::back(state),
        Command::Open => navigate::open(state),
        Command::Help => state.overlay = Some(Overlay::Help { scroll: 0 }),
        Command::Palette => state.overlay = Some(Overlay::Palette { input: String::new(), selected: 0 }),
        Command::Filter => filter(state),
        Command::RangeLonger => return range(state, 1),
        Command::RangeShorter => return range(state, -1),
        Command::Pause => return pause(state),
        Command::Refresh => return refresh(state),
        Command::Arm => arm(state),
        Command::Scale => return act::ask_scale(state),
        Command::Undo => return act::undo(state),
        Command::StepRun => return follow::run_step(state),
        Command::StepTick => return follow::tick_step(state),
        Command::StepSkip => follow::ask_reason(state),
        Command::SessionClose => return follow::close_session(state),
        Command::Logs => logs::open(state),
        Command::NextUnhealthy => seek::unhealthy(state, Way::Down),
        Command::PreviousUnhealthy => seek::unhealthy(state, Way::Up),
        Command::NextTheme => state.theme = state.theme.wrapping_add(1),
        _ => navigate::go(state, command),
    }
    Vec::new()
}

/// Does what a palette line says.
pub(super) fn choose(state: &mut State, choice: Choice) -> Effects {
    match choice {
        Choice::Command(command) => return run(state, command),
        Choice::Service(name) => navigate::open_service(state, name),
        Choice::Action(spec, target) => return act::ask_arguments(state, spec, target),
        Choice::Declared(action) => return act::plan(state, *action, None),
        Choice::Runbook(id) => navigate::open_runbook(state, id),
    }
    Vec::new()
}

/// Opens the filter, where there are rows to filter.
fn filter(state: &mut State) {
    match state.screen() {
        Screen::Service { .. } | Screen::Runbook { .. } | Screen::Run { .. } => {
            state.tell(LogLevel::Info, "there are no rows to filter on this screen");
        }
        _ => state.overlay = Some(Overlay::Filter { input: state.filter.clone() }),
    }
}

fn range(state: &mut State, step: isize) -> Effects {
    let at = RANGES.iter().position(|range| *range >= state.range).unwrap_or(RANGES.len() - 1);
    let next = at.saturating_add_signed(step).min(RANGES.len() - 1);
    if RANGES[next] == state.range {
        return Vec::new();
    }
    state.range = RANGES[next];
    vec![Effect::Backfill(state.range)]
}

fn pause(state: &mut State) -> Effects {
    let pausing = state.paused.is_none();
    state.paused = pausing.then_some(state.now.mono);
    state.record(LogLevel::Info, if pausing { "polling paused" } else { "polling resumed" });
    vec![Effect::Pause(pausing)]
}

fn refresh(state: &mut State) -> Effects {
    if state.paused.is_some() {
        state.tell(LogLevel::Info, "paused: resume before asking anew");
        return Vec::new();
    }
    vec![Effect::PollNow]
}

fn arm(state: &mut State) {
    if state.is_armed() {
        state.arm = Arm::ReadOnly;
        state.tell(LogLevel::Info, "read-only");
        return;
    }
    let lasts = state.config.guards.arm_for;
    state.arm = Arm::Armed { until: state.now.mono.plus(lasts) };
    let minutes = lasts.as_secs() / 60;
    state.tell(LogLevel::Warning, &format!("ARMED for {minutes} min: the same key goes back to read-only"));
}

/// How many palette lines match, for moving among them.
pub(super) fn palette_len(state: &State, input: &str) -> usize {
    lists::palette(state, input).len()
}
