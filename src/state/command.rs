//! Commands: every meaning of a key that is not an action. One list gives names, help, palette and the keymap's words.

use serde::Deserialize;

/// A command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Leave.
    Quit,
    /// Back to where one came from; closes what is open.
    Back,
    /// Open what is selected.
    Open,
    /// One up.
    Up,
    /// One down.
    Down,
    /// To the first.
    First,
    /// To the last.
    Last,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// The next panel or tab.
    NextPanel,
    /// The previous panel or tab.
    PreviousPanel,
    /// The next service that is not healthy.
    NextUnhealthy,
    /// The previous service that is not healthy.
    PreviousUnhealthy,
    /// Help.
    Help,
    /// The command palette.
    Palette,
    /// Filter.
    Filter,
    /// A longer time range.
    RangeLonger,
    /// A shorter time range.
    RangeShorter,
    /// Stop or resume polling.
    Pause,
    /// Ask all sources now.
    Refresh,
    /// Arm or disarm.
    Arm,
    /// The overview.
    Overview,
    /// Backups.
    Backups,
    /// Alerts.
    Alerts,
    /// Runbooks.
    Runbooks,
    /// Runs.
    Runs,
    /// Cost and delivery.
    Costs,
    /// The console's own log.
    Log,
    /// Plan to scale the selected service.
    Scale,
    /// Plan what takes the selected run back.
    Undo,
    /// Run the current step of a runbook.
    StepRun,
    /// Tick the current step as done by hand.
    StepTick,
    /// Go past the current step, with a reason.
    StepSkip,
    /// End the session of a runbook, or take it up again.
    SessionClose,
    /// The next theme.
    NextTheme,
    /// The logs of a service.
    Logs,
    /// Follow the log that is shown, or stop.
    Follow,
    /// Another filter pattern for the log that is shown.
    LogFilter,
    /// The next match of the search.
    NextMatch,
    /// The previous match of the search.
    PreviousMatch,
    /// Only lines that are louder.
    Level,
    /// Wrap long lines, or cut them.
    Wrap,
    /// The saved queries of the log.
    Queries,
    /// To the left of long lines.
    ScrollLeft,
    /// To the right of long lines.
    ScrollRight,
}

/// A command's name and help.
pub struct CommandSpec {
    /// The command.
    pub command: Command,
    /// Its name, as in keymaps and in the palette.
    pub name: &'static str,
    /// One line of help.
    pub summary: &'static str,
}

const fn spec(command: Command, name: &'static str, summary: &'static str) -> CommandSpec {
    CommandSpec { command, name, summary }
}

/// All commands.
pub static COMMANDS: &[CommandSpec] = &[
    spec(Command::Quit, "quit", "leave the console; runs go on"),
    spec(Command::Back, "back", "close what is open, or go back"),
    spec(Command::Open, "open", "open what is selected; zoom a panel"),
    spec(Command::Up, "up", "one up"),
    spec(Command::Down, "down", "one down"),
    spec(Command::First, "first", "to the first"),
    spec(Command::Last, "last", "to the last"),
    spec(Command::PageUp, "page_up", "a page up"),
    spec(Command::PageDown, "page_down", "a page down"),
    spec(Command::NextPanel, "next_panel", "the next panel"),
    spec(Command::PreviousPanel, "previous_panel", "the previous panel"),
    spec(Command::NextUnhealthy, "next_unhealthy", "the next service that is not healthy"),
    spec(Command::PreviousUnhealthy, "previous_unhealthy", "the previous service that is not healthy"),
    spec(Command::Help, "help", "keys and what they do"),
    spec(Command::Palette, "palette", "find a command, an action or a service by name"),
    spec(Command::Filter, "filter", "show only rows that match"),
    spec(Command::RangeLonger, "range_longer", "a longer time range"),
    spec(Command::RangeShorter, "range_shorter", "a shorter time range"),
    spec(Command::Pause, "pause", "stop or resume polling; ages go on"),
    spec(Command::Refresh, "refresh", "ask all sources now"),
    spec(Command::Arm, "arm", "arm for changes, or go back to read-only"),
    spec(Command::Overview, "overview", "all services"),
    spec(Command::Backups, "backups", "backups and recovery"),
    spec(Command::Alerts, "alerts", "alarms and alerts"),
    spec(Command::Runbooks, "runbooks", "runbooks"),
    spec(Command::Runs, "runs", "what was done: the journal"),
    spec(Command::Costs, "costs", "cost, and how well changes are delivered"),
    spec(Command::Log, "log", "the console's own doings"),
    spec(Command::Scale, "scale", "plan to scale this service"),
    spec(Command::Undo, "undo", "plan what takes this run back"),
    spec(Command::StepRun, "step_run", "run the current step"),
    spec(Command::StepTick, "step_tick", "tick the current step as done"),
    spec(Command::StepSkip, "step_skip", "go past the current step, with a reason"),
    spec(Command::SessionClose, "session_close", "end this runbook's session, or take it up again"),
    spec(Command::Logs, "logs", "the logs of this service"),
    spec(Command::Follow, "follow", "follow the log, or stop"),
    spec(Command::LogFilter, "log_filter", "ask the backend for lines of a filter pattern only"),
    spec(Command::NextMatch, "next_match", "the next match below"),
    spec(Command::PreviousMatch, "previous_match", "the next match above"),
    spec(Command::Level, "level", "only lines that are louder; after ERROR all again"),
    spec(Command::Wrap, "wrap", "wrap long lines, or cut them"),
    spec(Command::Queries, "queries", "saved Insights queries of this log"),
    spec(Command::ScrollLeft, "scroll_left", "to the left of long lines or wide tables"),
    spec(Command::ScrollRight, "scroll_right", "to the right of long lines or wide tables"),
    spec(Command::NextTheme, "next_theme", "the next theme"),
];
