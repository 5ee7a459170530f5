//! Health gates: signals that are watched after a change, and judge it. Three-valued: what is not known never passes.

use serde::{Deserialize, Serialize};

use crate::config::{Config, Direction, Role, Signal};
use crate::source::{Name, Number, SignalId, Unit};

/// A signal and the bound that it must keep after a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// The signal, of the configuration.
    pub signal: SignalId,
    /// The bound, in the signal's unit.
    pub bound: f64,
    /// The signal's unit.
    pub unit: Unit,
    /// Which side of the bound is bad.
    pub direction: Direction,
}

/// What one look at a gate tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// The bound is kept.
    Pass,
    /// Not known: NaN, infinite, no data, stale, partial, or not answered.
    Inconclusive,
    /// The bound is broken.
    Fail,
}

impl Gate {
    /// The gates of a service: its error ratio and latency, those of them that have a critical bound.
    pub fn of_service(config: &Config, service: &Name) -> Vec<Self> {
        let signals = config.service(service).map(|service| service.signals.as_slice()).unwrap_or_default();
        signals.iter().filter_map(|signal| Self::of(service, signal)).collect()
    }

    fn of(service: &Name, signal: &Signal) -> Option<Self> {
        let judges = matches!(signal.role, Role::Errors | Role::LatencyP95 | Role::LatencyP99);
        let signal_id = SignalId { service: service.clone(), signal: signal.name.clone() };
        let (unit, direction) = (signal.unit, signal.direction);
        let gate = |bound| Self { signal: signal_id, bound, unit, direction };
        signal.critical.filter(|_| judges).map(gate)
    }

    /// Judges one answer.
    pub fn judge(&self, value: Number) -> Judgement {
        match (value.finite(), self.direction) {
            (None, _) => Judgement::Inconclusive,
            (Some(value), Direction::HigherIsWorse) if value < self.bound => Judgement::Pass,
            (Some(value), Direction::LowerIsWorse) if value > self.bound => Judgement::Pass,
            (Some(_), _) => Judgement::Fail,
        }
    }
}

/// `rtech-app/errors below 1 %`.
impl std::fmt::Display for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let side = match self.direction {
            Direction::HigherIsWorse => "below",
            Direction::LowerIsWorse => "above",
        };
        write!(f, "{} {side} {}", self.signal, self.unit.format(self.bound))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_finite_number_never_passes_and_the_bound_itself_fails() {
        let gate = |direction| Gate {
            signal: SignalId { service: "a".into(), signal: "errors".into() },
            bound: 0.01,
            unit: Unit::Ratio,
            direction,
        };
        let (low, high) = (gate(Direction::HigherIsWorse), gate(Direction::LowerIsWorse));
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(low.judge(Number::from(value)), Judgement::Inconclusive, "{value}");
            assert_eq!(high.judge(Number::from(value)), Judgement::Inconclusive, "{value}");
        }
        assert_eq!(low.judge(Number::NoData), Judgement::Inconclusive);
        assert_eq!(low.to_string(), "a/errors below 1 %");
        let all = |gate: &Gate| [0.0, 0.01, 0.02].map(|value| gate.judge(Number::from(value)));
        assert_eq!(all(&low), [Judgement::Pass, Judgement::Fail, Judgement::Fail]);
        assert_eq!(all(&high), [Judgement::Fail, Judgement::Fail, Judgement::Pass]);
    }
}
