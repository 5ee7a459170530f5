//! What an answer holds, and which series of it belongs to whom: looked up by a label's value, not searched.

use std::collections::HashMap;

use jiff::Timestamp;

use super::series::{Series, moment, number};
use crate::config::PromQuery;
use crate::source::{Name, Number, Point};

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
}

impl From<&PromQuery> for Selector {
    fn from(query: &PromQuery) -> Self {
        Self { pick: query.pick.clone() }
    }
}

impl Selector {
    /// The label that it picks by.
    pub(super) fn label(&self) -> Option<&Name> {
        self.pick.as_ref().map(|(label, _)| label)
    }
}

impl Outcome {
    /// The outcome with its `resultType`.
    pub(super) fn called(self, kind: String) -> Self {
        Self { kind, ..self }
    }

    /// Keeps a series; `picked` has the values of its labels by the number of the label.
    pub(super) fn add(&mut self, series: Series, labels: &[Name], picked: Vec<(usize, String)>) {
        let number = u32::try_from(self.series.len()).unwrap_or(u32::MAX);
        for (label, value) in picked {
            let Some(label) = labels.get(label) else { continue };
            self.index.entry(label.clone()).or_default().entry(value).or_default().push(number);
        }
        self.series.push(series);
    }

    /// How many series there are.
    pub(super) fn count(&self) -> usize {
        self.series.len()
    }

    /// The value of the selected series and when it was sampled; [`Number::NoData`] where there is none.
    pub(super) fn value(&self, selector: &Selector) -> Result<(Number, Option<Timestamp>), String> {
        match (self.kind.as_str(), self.scalar.as_slice()) {
            ("scalar", [Cell::Time(at), Cell::Word(word)]) => scalar(*at, word, selector),
            ("vector", []) => match self.one(selector)? {
                None => Ok((Number::NoData, None)),
                Some(series) => series.newest().map(|(value, at)| (value, Some(at))),
            },
            (kind, _) => Err(format!("a result of type `{kind}` where a number is expected")),
        }
    }

    /// The history of the selected series, oldest first; empty where there is none.
    pub(super) fn points(&self, selector: &Selector) -> Result<Vec<Point>, String> {
        match (self.kind.as_str(), self.scalar.as_slice()) {
            ("matrix", []) => self.one(selector)?.map_or(Ok(Vec::new()), Series::history),
            (kind, _) => Err(format!("a result of type `{kind}` where a series is expected")),
        }
    }

    fn one(&self, selector: &Selector) -> Result<Option<&Series>, String> {
        let Some((label, value)) = &selector.pick else { return self.only() };
        let Some(values) = self.index.get(label) else { return self.unlabelled(label) };
        match values.get(value.as_str()).map(Vec::as_slice) {
            None | Some([]) => Ok(None),
            Some([number]) => Ok(self.series.get(*number as usize)),
            Some(several) => Err(format!(
                "{} series have {label}=\"{value}\" where one is expected; aggregate the expression, as with `sum by ({label}) (…)`",
                several.len()
            )),
        }
    }

    /// No series has the label at all: fine where there is none, else a slip that would be "no data" for ever.
    fn unlabelled(&self, label: &Name) -> Result<Option<&Series>, String> {
        match self.count() {
            0 => Ok(None),
            _ => Err(format!("no series has the label `{label}`; keep it, as with `sum by ({label}) (…)`")),
        }
    }

    fn only(&self) -> Result<Option<&Series>, String> {
        match self.count() {
            0 | 1 => Ok(self.series.first()),
            count => Err(format!(
                "{count} series where one is expected; aggregate the expression, as with `sum(…)`, or pick one with `by`"
            )),
        }
    }
}

fn scalar(at: f64, word: &str, selector: &Selector) -> Result<(Number, Option<Timestamp>), String> {
    if let Some(label) = selector.label() {
        return Err(format!("a scalar, which has no label `{label}`"));
    }
    let value = number(word).ok_or_else(|| format!("`{word}` is not a number"))?;
    Ok((value, Some(moment(at)?)))
}
