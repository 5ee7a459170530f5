//! How a service stands, as a pure judgement of readings: the same for the overview and for `quarterdeck status`.

use serde::Serialize;

use crate::config::{Direction, Signal};
use crate::source::{Measured, Number};

use super::readings::Series;

/// How something stands. Ordered: the worse, the greater; not knowing is worse than a warning, less than a known failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Within all bounds, on fresh evidence.
    Healthy,
    /// Beyond a warning bound, or degraded.
    Degraded,
    /// Never read, stale, failed, NaN: not known.
    Unknown,
    /// Beyond a critical bound, or unhealthy.
    Unhealthy,
}

/// How a signal stands against its bounds. Only a live, finite number can be healthy.
pub fn signal_level(signal: &Signal, measured: &Measured<'_, Series>) -> Level {
    match measured.live().map(|series| series.value) {
        Some(Number::Finite(value)) => bound_level(signal, value),
        _ => Level::Unknown,
    }
}

fn bound_level(signal: &Signal, value: f64) -> Level {
    let beyond = |bound: Option<f64>| {
        bound.is_some_and(|bound| match signal.direction {
            Direction::HigherIsWorse => value >= bound,
            Direction::LowerIsWorse => value <= bound,
        })
    };
    if beyond(signal.critical) {
        Level::Unhealthy
    } else if beyond(signal.warning) {
        Level::Degraded
    } else {
        Level::Healthy
    }
}
