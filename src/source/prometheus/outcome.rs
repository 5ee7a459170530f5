//! What an answer holds, and which series of it belongs to whom: looked up by a label's value, not searched.

use std::collections::HashMap;

use super::buckets::{self, Valued};
use super::series::{Series, moment, number};
use crate::config::{PromQuery, Quantile};
use crate::source::{Name, Number, Point};

/// The label of a classic bucket's upper bound.
const BOUND: &str = "le";

/// The `result` of an answer.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    kind: String,
    series: Vec<Series>,
    /// By label, then by its value: the numbers of the series.
    index: HashMap<Name, HashMap<String, Vec<u32>>>,
    pub(super) scalar: Vec<Cell>,
}

/// A part of a scalar.
#[derive(Debug)]
pub(super) enum Cell {
    Time(f64),
    Word(String),
}

/// Which series of an answer is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selector {
    pick: Option<(Name, Name)>,
    quantile: Option<Quantile>,
}

impl From<&PromQuery> for Selector {
    fn from(query: &PromQuery) -> Self {
        Self { pick: query.pick.clone(), quantile: query.quantile }
    }
}

impl Selector {
    /// The label that it picks by.
    fn label(&self) -> Option<&Name> {
        self.pick.as_ref().map(|(label, _)| label)
    }

    /// The labels that it needs: what it picks by, and the bounds of buckets for a quantile.
    pub(super) fn labels(&self) -> impl Iterator<Item = Name> {
        let bounds = self.quantile.map(|_| Name::from(BOUND));
        self.label().cloned().into_iter().chain(bounds)
    }
}

impl Selector {
    /// One of each kind, for [`crate::fuzzing`].
    pub(super) fn samples() -> impl Iterator<Item = Self> {
        let pick = || Some((Name::from("service"), Name::from("app")));
        [(None, None), (pick(), None), (None, Quantile::new(0.95)), (pick(), Quantile::new(0.5))]
            .into_iter()
            .map(|(pick, quantile)| Self { pick, quantile })
    }
}

impl Outcome {
    /// The outcome with its `resultType`.
    pub(super) fn called(self, kind: String) -> Self {
        Self { kind, ..self }
    }

    /// Keeps a series; `picked` has the values of its labels by the number of the label.
    pub(super) fn add(&mut self, mut series: Series, labels: &[Name], picked: Vec<(usize, String)>) {
        let number = u32::try_from(self.series.len()).unwrap_or(u32::MAX);
        for (label, value) in picked {
            let Some(label) = labels.get(label) else { continue };
            if *label == BOUND {
                series.le = Some(value.clone());
            }
            self.index.entry(label.clone()).or_default().entry(value).or_default().push(number);
        }
        self.series.push(series);
    }

    /// How many series there are.
    pub(super) fn count(&self) -> usize {
        self.series.len()
    }

    /// The value of the selected series, or its quantile; [`Number::NoData`] where there is none.
    pub(super) fn value(&self, selector: &Selector) -> Result<Valued, String> {
        match (self.kind.as_str(), self.scalar.as_slice(), selector.quantile) {
            ("scalar", [Cell::Time(at), Cell::Word(word)], None) => scalar(*at, word, selector),
            ("vector", [], Some(quantile)) => buckets::value(&self.selected(selector)?, quantile),
            ("vector", [], None) => match self.one(selector)? {
                None => Ok(Valued::plain(Number::NoData, None)),
                Some(series) => series.newest().map(|(value, at)| Valued::plain(value, Some(at))),
            },
            (kind, ..) => Err(format!("a result of type `{kind}` where a number is expected")),
        }
    }

    /// The history of the selected series, oldest first; empty where there is none.
    pub(super) fn points(&self, selector: &Selector) -> Result<Vec<Point>, String> {
        match (self.kind.as_str(), self.scalar.as_slice(), selector.quantile) {
            ("matrix", [], Some(quantile)) => buckets::points(&self.selected(selector)?, quantile),
            ("matrix", [], None) => self.one(selector)?.map_or(Ok(Vec::new()), Series::history),
            (kind, ..) => Err(format!("a result of type `{kind}` where a series is expected")),
        }
    }

    fn one(&self, selector: &Selector) -> Result<Option<&Series>, String> {
        let selected = self.selected(selector)?;
        match (selected.as_slice(), &selector.pick) {
            ([], _) => Ok(None),
            ([series], _) => Ok(Some(series)),
            (several, Some((label, value))) => Err(format!(
                "{} series have {label}=\"{value}\" where one is expected; aggregate the expression, as with `sum by ({label}) (…)`",
                several.len()
            )),
            (several, None) => Err(format!(
                "{} series where one is expected; aggregate the expression, as with `sum(…)`, or pick one with `by`",
                several.len()
            )),
        }
    }

    /// The series that are meant: all, or those with the label's value.
    fn selected(&self, selector: &Selector) -> Result<Vec<&Series>, String> {
        let Some((label, value)) = &selector.pick else { return Ok(self.series.iter().collect()) };
        let Some(values) = self.index.get(label) else { return self.unlabelled(label) };
        let numbers = values.get(value.as_str()).map_or(&[][..], Vec::as_slice);
        Ok(numbers.iter().filter_map(|number| self.series.get(*number as usize)).collect())
    }

    /// No series has the label at all: fine where there is none, else a slip that would be "no data" for ever.
    fn unlabelled(&self, label: &Name) -> Result<Vec<&Series>, String> {
        match self.count() {
            0 => Ok(Vec::new()),
            _ => Err(format!("no series has the label `{label}`; keep it, as with `sum by ({label}) (…)`")),
        }
    }
}

fn scalar(at: f64, word: &str, selector: &Selector) -> Result<Valued, String> {
    if let Some(label) = selector.label() {
        return Err(format!("a scalar, which has no label `{label}`"));
    }
    let value = number(word).ok_or_else(|| format!("`{word}` is not a number"))?;
    Ok(Valued::plain(value, Some(moment(at)?)))
}
