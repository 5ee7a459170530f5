//! Screens and what is selected on them.

use crate::executor::journal::RunId;
use crate::source::Name;

/// A screen. Selection is by index into what the screen lists at that moment, clamped when the list shrinks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Screen {
    /// All services.
    Overview {
        /// The selected row.
        selected: usize,
    },
    /// One service.
    Service {
        /// The service.
        name: Name,
        /// The focused panel: an index into the service's [`panels`](crate::view::panel::panels).
        panel: usize,
        /// How far the focused panel is scrolled, in rows.
        scroll: usize,
    },
    /// Backups and recovery.
    Backups {
        /// The selected row.
        selected: usize,
    },
    /// Alarms and alerts of all sources.
    Alerts {
        /// The selected row.
        selected: usize,
    },
    /// Runbooks, the suggested ones first.
    Runbooks {
        /// The selected row.
        selected: usize,
    },
    /// One runbook: preview, or the session that follows it.
    Runbook {
        /// The runbook.
        id: Name,
        /// The session, once begun.
        session: Option<String>,
        /// The selected step.
        selected: usize,
    },
    /// The journal's runs.
    Runs {
        /// The selected row.
        selected: usize,
    },
    /// One run.
    Run {
        /// The run.
        id: RunId,
        /// How far it is scrolled, in rows.
        scroll: usize,
    },
    /// What the environment costs, and how well changes are delivered.
    Costs {
        /// How far it is scrolled, in rows.
        scroll: usize,
    },
    /// The console's own log.
    Log {
        /// Rows scrolled up from the newest.
        scroll: usize,
    },
    /// The logs of services: what is shown of them stands in [`State::logs`](super::State::logs).
    Logs,
}
