//! Leases that several hosts share, in a table with conditional writes; who asks for one, which plans wait for a second person;
//! and the heads of their journals.
//!
//! A host's own leases stay in its state directory; where `[shared]` is configured, an executor takes the lease there *and* in the
//! table, renews both, and sends nothing once either is lost or can't be asked. ECS, RDS and the others take no fencing token, so
//! the fence stands on our side: immediately before each call the executor writes into the table which step it is about to send,
//! on the condition that the row is still as it left it (same epoch). From that write on every other host sees the run as open,
//! until its outcome is known; what dies in between stays UNKNOWN for everybody.
//!
//! Whether another host's lease is over is judged by our monotonic clock alone: see `witness`. The promise is that no two copies
//! of this tool begin to change one target; consoles, pipelines and autoscaling are found by observing again.

mod dynamo;
mod heads;
mod hold;
mod item;
mod leases;
mod release;
mod table;
mod waiting;
mod wish;
mod witness;

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Now;
use crate::config::Config;
use crate::store::{Store, StoreError};

pub use dynamo::Dynamo;
pub use heads::{AnchorError, anchored};
pub use hold::Hold;
pub use item::{Head, Holder, Open, Released, Slot, Waiting, Waits, Wish, Yes};
pub use leases::{Claim, Held, Listed, Lost, NotTaken, SharedLeases};
pub use release::{NotReleased, Releaser};
pub use table::{Key, PutError, Row, Table, Unreachable};
pub use waiting::NotWaiting;
pub use wish::NotAsked;

/// How long a lease lasts without being renewed.
pub const TERM: Duration = Duration::from_secs(60);

/// How old the last renewal may be when a call leaves: what is left of the term covers the longest call (35 s) and 5 s for
/// monotonic clocks that don't run equally fast.
pub const FRESH: Duration = Duration::from_secs(20);

/// Reads the time.
pub type Clock<'a> = &'a (dyn Fn() -> Now + Send + Sync);

/// The shared leases of a configuration, if it has any. No network yet.
///
/// # Errors
/// The state directory can't be written.
pub fn open(config: &Config, store: &Arc<Store>) -> Result<Option<Arc<SharedLeases>>, StoreError> {
    let Some(shared) = &config.shared else { return Ok(None) };
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    SharedLeases::new(Arc::new(Dynamo::open(shared)), store.clone(), &name).map(|leases| Some(Arc::new(leases)))
}
