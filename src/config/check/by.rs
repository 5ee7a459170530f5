//! `by` and `quantile`: which series of an answer is meant, and what is taken of it.

use super::words::{filled, maybe};
use crate::config::Quantile;
use crate::config::raw::{Entry, Section};
use crate::source::Name;

/// The label and its value; `None` where the answer is one series.
pub(super) type By = Option<(Name, Name)>;

/// `by` of a signal, which goes with `promql` only.
pub(super) fn of_promql(section: &Section<'_>, owner: Option<&Name>) -> Option<By> {
    read(section, owner, section.peek("promql").is_some())
}

/// `by = "label"`, whose value is the owner's name, or `by = { label = "…", value = "…" }`. The outer `None` is an error
/// that was noted.
pub(super) fn read(section: &Section<'_>, owner: Option<&Name>, suits: bool) -> Option<By> {
    let Some(entry) = section.get("by") else { return Some(None) };
    if !suits {
        entry.error("picks a series of an answer to PromQL, and there is none here", None);
        return None;
    }
    if entry.is_table() { written(entry).map(Some) } else { Some(Some((label(&entry)?, owner?.clone()))) }
}

/// `quantile` of a signal whose PromQL gives a histogram.
pub(super) fn quantile(section: &Section<'_>) -> Option<Option<Quantile>> {
    let suits = section.peek("promql").is_some();
    maybe(section.get("quantile"), |entry| {
        if !suits {
            entry.error("is taken of a histogram of Prometheus, and there is none here", None);
            return None;
        }
        let quantile = Quantile::new(entry.number()?);
        if quantile.is_none() {
            entry.error("must lie between 0 and 1, both excluded", Some("the 95th percentile is written 0.95"));
        }
        quantile
    })
}

fn written(entry: Entry<'_>) -> Option<(Name, Name)> {
    let section = entry.section()?;
    let label = section.need("label").and_then(|entry| label(&entry));
    let value = section.need("value").and_then(|entry| filled(&entry));
    section.done();
    Some((label?, Name::from(value?)))
}

fn label(entry: &Entry<'_>) -> Option<Name> {
    let value = filled(entry)?;
    let starts_well = value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if starts_well && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')) {
        return Some(Name::from(value));
    }
    entry.error("is not the name of a label", Some("letters, digits, `_` and `.`, such as by = \"service\""));
    None
}
