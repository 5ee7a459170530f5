//! Events in, effects out.

use std::time::Duration;

use super::{Arm, Effects, Overlay, State, act, follow, keys, logs, typing, verdicts};
use crate::event::{Event, LogLevel, Stamped};
use crate::executor::journal::{RunState, RunView};
use crate::source::Reading;

/// Changes the state by one event; returns what is to be done about it.
pub fn update(state: &mut State, stamped: Stamped) -> Effects {
    state.now = stamped.now;
    let mut effects = handle(state, stamped.event);
    effects.extend(logs::settle(state));
    effects
}

fn handle(state: &mut State, event: Event) -> Effects {
    match event {
        Event::Tick => return tick(state),
        Event::Key { key, at } => return keys::press(state, key, at),
        Event::Runs(runs) => return learn_runs(state, runs),
        Event::Started { outcome } => return act::started(state, outcome),
        Event::Checked { ticket, result } => return follow::checked(state, ticket, &result),
        Event::Paste(text) => typing::paste(state, &text),
        Event::Resize(columns, rows) => state.size = (columns, rows),
        Event::Paint => verdicts::renew(state),
        Event::Painted { rows, room } => painted(state, rows, room),
        Event::Reading(reading) => receive(state, reading),
        Event::Team(team) => state.team = team,
        Event::Debts(debts) => state.debts = debts,
        Event::RestoreTests(tests) => state.readings.learn_restore_tests(tests),
        Event::Sessions(sessions) => follow::learn(state, sessions),
        Event::Planned { ticket, outcome } => act::planned(state, ticket, outcome),
        Event::Logged(level, text) => state.record(level, &text),
        Event::Log(news) => logs::learn(state, news),
    }
    Vec::new()
}

fn tick(state: &mut State) -> Effects {
    if state.notice.as_ref().is_some_and(|notice| notice.until <= state.now.mono) {
        state.notice = None;
    }
    if matches!(state.arm, Arm::Armed { .. }) && !state.is_armed() {
        state.arm = Arm::ReadOnly;
        state.tell(LogLevel::Info, "arming has expired: read-only again");
    }
    follow::tick(state)
}

fn painted(state: &mut State, rows: usize, room: usize) {
    if let Some(Overlay::Confirm(confirm)) = &mut state.overlay {
        confirm.painted.get_or_insert(state.now.mono);
        confirm.saw(rows, room);
    }
}

/// Keeps a reading; where an outage of its source begins or ends, that goes to the log.
fn receive(state: &mut State, reading: Reading) {
    let line = match &reading.outcome {
        Err(error) => state.outages.failed(&reading.subject, error).map(|line| (LogLevel::Warning, line)),
        Ok(_) => state.outages.answered(&reading.subject).map(|line| (LogLevel::Info, line)),
    };
    state.readings.receive(reading, state.now);
    if let Some((level, line)) = line {
        state.record(level, &line);
    }
    verdicts::renew_after_many(state);
}

fn learn_runs(state: &mut State, runs: Vec<RunView>) -> Effects {
    let first = state.runs.is_empty();
    let unknown = runs.iter().filter(|run| run.state == RunState::Unknown).count();
    for run in &runs {
        report(state, run, first);
    }
    if first && unknown > 0 {
        let text = format!("{unknown} run(s) with an unknown outcome block their targets: see the runs screen");
        state.tell(LogLevel::Error, &text);
    }
    state.runs = runs;
    follow::runs_changed(state)
}

/// Tells of a run that ended since the journal was last read.
fn report(state: &mut State, run: &RunView, first: bool) {
    let before = state.runs.iter().find(|known| known.id == run.id).map(|known| known.state);
    if first || before == Some(run.state) || run.is_open() {
        return;
    }
    let level = match run.state {
        RunState::Done | RunState::Resolved => LogLevel::Info,
        _ => LogLevel::Error,
    };
    state.tell(level, &format!("{} {}: {}", run.plan.action.name(), run.plan.action.target(), run.last_word()));
}

/// The time ranges that a key steps through.
pub(super) const RANGES: [Duration; 7] = [
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(3600),
    Duration::from_secs(3 * 3600),
    Duration::from_secs(6 * 3600),
    Duration::from_secs(24 * 3600),
];
