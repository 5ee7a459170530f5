//! The built-in simulated fleet, for the demo, drills and tests; reached like any other source and target.
//!
//! What the fleet does at one moment is a pure function of the seed, the scenario, the seconds since it began, and the
//! list of changes made to it ([`course::Course`]). Only that list and the beginning are kept, in one small file of the
//! state directory ([`log`]), so that the console and the executor's process see and change the same fleet.
//!
//! | file | what |
//! |---|---|
//! | `fleet` | the services: figures of the believable shop |
//! | `scenario` | how the load goes |
//! | `tasks`, `course` | tasks by time; utilisation, latency, errors by time |
//! | `measure` | what a query may ask |
//! | `ecs`, `alerts`, `health` | the same facts in the shapes that real backends tell |
//! | `protection` | its backups, by the calendar |
//! | `ecs`, `alerts`, `health`, `logs` | the same facts in the shapes that real backends tell |
//! | `restore` | copies of the database that were restored beside it |
//! | `silences` | silences, and the alerts that they hold back |
//! | `source`, `target` | the doors: reading and changing |
//! | `demo` | the configuration of `quarterdeck demo` |

pub mod alerts;
pub mod cost;
pub mod course;
pub mod database;
pub mod demo;
pub mod ecs;
pub mod fleet;
pub mod health;
pub mod log;
pub mod logs;
pub mod measure;
mod noise;
mod outside;
mod protection;
pub mod releases;
mod restore;
pub mod scenario;
mod silences;
pub mod source;
pub mod target;
pub mod tasks;

use std::path::Path;
use std::sync::Arc;

use crate::config::Config;
use crate::source::World;

pub use demo::{demo_config, demo_text};
pub use log::{Log, Mutated, Mutation};
pub use scenario::Scenario;
pub use source::Simulated;
pub use target::{Fault, SimulatedTarget};

/// The name under which the simulated fleet tells readings, alerts and identity.
pub const SOURCE: &str = "simulator";

/// The account of the simulated fleet.
pub const ACCOUNT: &str = "000000000000";

/// The region of the simulated fleet.
pub const REGION: &str = "simulated";

/// Why the simulated fleet can't be reached.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// The configuration has no `[simulator]`.
    #[error("the configuration has no [simulator] section")]
    NotConfigured,
    /// The scenario's name is unknown.
    #[error("unknown scenario `{0}`; allowed: {list}", list = scenario::NAMES.join(", "))]
    UnknownScenario(String),
    /// The file that the fleet is kept in can't be used.
    #[error("{path}: {reason}", path = .path.display())]
    Log {
        /// The file.
        path: std::path::PathBuf,
        /// Why, and what to do.
        reason: String,
    },
}

/// The simulated fleet of a configuration, for reading. It begins when it is first asked.
///
/// # Errors
/// No `[simulator]`, or an unknown scenario.
pub fn world(config: Arc<Config>, state_dir: &Path) -> Result<Arc<dyn World>, SimulatorError> {
    Ok(Arc::new(Simulated::new(config, state_dir)?))
}
