//! How a service did while one of its earlier revisions served.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::source::{Name, Unit};
use crate::text::Text;

/// An interval that is past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

/// The mean of a query's samples, evenly spread over a [`Span`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// The mean, in the query's unit; finite.
    pub value: f64,
    /// Of so many samples.
    pub samples: usize,
}

/// The least share of the samples of a span that must be there: a mean of fewer tells little of it.
const COVERED: f64 = 0.5;

impl Mean {
    /// The mean of the finite ones of these values, of which there should be `expected`.
    ///
    /// # Errors
    /// Too few are there; in words.
    pub fn of(values: impl Iterator<Item = f64>, expected: usize) -> Result<Self, String> {
        let finite: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        let (samples, wanted) = (finite.len(), expected.max(1));
        #[allow(clippy::cast_precision_loss)] // a few thousand
        let share = samples as f64 / wanted as f64;
        if share < COVERED {
            return Err(format!("{samples} of {wanted} samples are there"));
        }
        #[allow(clippy::cast_precision_loss)]
        let value = finite.iter().sum::<f64>() / samples as f64;
        if value.is_finite() { Ok(Self { value, samples }) } else { Err("its sum is too large".to_owned()) }
    }
}

/// How a service did while a revision served.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServedWell {
    /// `family:revision`.
    pub revision: Text,
    /// When: the last time that it served alone, to the beginning of the next rollout.
    pub span: Span,
    /// What its signals were, the error ratio before the latency; empty where the service has neither.
    pub figures: Vec<Figure>,
}

/// A signal over that time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The signal.
    pub signal: Name,
    /// Its unit.
    pub unit: Unit,
    /// The mean of its samples, in its unit; `None` where it is not known.
    pub mean: Option<f64>,
    /// Why it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Text>,
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.mean, &self.missing) {
            (Some(mean), _) => write!(f, "{} {} (mean)", self.signal, self.unit.format(mean)),
            (None, Some(reason)) => write!(f, "{} not known ({reason})", self.signal),
            (None, None) => write!(f, "{} not known", self.signal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_is_of_finite_samples_and_of_at_least_half_of_them() {
        let of = |values: &[f64], expected| Mean::of(values.iter().copied(), expected);
        assert_eq!(of(&[1.0, 3.0, f64::NAN], 4), Ok(Mean { value: 2.0, samples: 2 }));
        assert_eq!(of(&[1.0, f64::NAN, f64::INFINITY], 4), Err("1 of 4 samples are there".to_owned()));
        assert_eq!(of(&[], 0), Err("0 of 1 samples are there".to_owned()), "nothing is not 0");
        assert!(of(&[f64::MAX, f64::MAX], 2).is_err());
    }
}
