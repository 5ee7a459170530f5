//! Time as a value.
//!
//! `Now` is read in the loop (`run.rs`), in the headless commands and in the executor's main, and is handed down from
//! there; nothing else in the crate asks the system what time it is (`clippy.toml` refuses the calls elsewhere).

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One moment, on both clocks: the wall (what people read) and the monotonic one (what ages and expiries are counted on).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// Wall time, UTC.
    pub wall: Timestamp,
    /// Monotonic time that goes on while the machine sleeps.
    pub mono: Mono,
}

/// Time since boot, suspended time included (`CLOCK_BOOTTIME`): a jump of the wall clock never makes old data young or
/// keeps a console armed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Mono(Duration);

impl Mono {
    /// A moment that lies `since_boot` after boot.
    pub const fn from_boot(since_boot: Duration) -> Self {
        Self(since_boot)
    }

    /// How long ago `earlier` was; zero if it lies ahead.
    pub fn since(self, earlier: Mono) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The moment `later` after this one.
    pub fn plus(self, later: Duration) -> Mono {
        Mono(self.0.saturating_add(later))
    }
}

impl Now {
    /// Reads both clocks.
    #[allow(clippy::disallowed_methods)] // the one place
    pub fn read() -> Self {
        let boot = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let seconds = u64::try_from(boot.tv_sec).unwrap_or_default();
        let nanos = u32::try_from(boot.tv_nsec).unwrap_or_default();
        Self { wall: Timestamp::now(), mono: Mono(Duration::new(seconds, nanos)) }
    }

    /// A made-up moment for tests and pictures: `seconds` after 2026-01-01T00:00:00Z, and as long after boot.
    pub fn fixed(seconds: u64) -> Self {
        let wall =
            Timestamp::from_second(1_767_225_600 + i64::try_from(seconds).unwrap_or_default()).unwrap_or_default();
        Self { wall, mono: Mono(Duration::from_secs(seconds)) }
    }

    /// The moment `later` after this one, on both clocks.
    pub fn plus(self, later: Duration) -> Self {
        Self { wall: self.wall.checked_add(later).unwrap_or(self.wall), mono: self.mono.plus(later) }
    }
}

/// Measures how long something took, for latencies that are themselves a reading.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts to count.
    #[allow(clippy::disallowed_methods)] // a duration, not a date
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
