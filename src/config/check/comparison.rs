//! `below`, `at_most`, `above`, `at_least`: one bound of a reading.

use crate::config::Comparison;
use crate::config::raw::Section;

/// Keys of the four comparisons.
const COMPARISONS: &[(&str, Comparison)] = &[
    ("below", Comparison::Below),
    ("at_most", Comparison::AtMost),
    ("above", Comparison::Above),
    ("at_least", Comparison::AtLeast),
];

/// The one bound of a section, or the default where none is written; `whose` begins what is said of it.
pub(crate) fn bound(
    section: &Section<'_>,
    whose: &str,
    default: Option<(Comparison, f64)>,
) -> Option<(Comparison, f64)> {
    let read =
        |(key, comparison): &(&'static str, Comparison)| section.get(key).map(|entry| (*comparison, entry.number()));
    let mut given: Vec<(Comparison, Option<f64>)> = COMPARISONS.iter().filter_map(read).collect();
    match (given.pop(), given.is_empty(), default) {
        (Some((comparison, bound)), true, _) => bound.map(|bound| (comparison, bound)),
        (None, _, Some(default)) => Some(default),
        (found, ..) => {
            let count = if found.is_none() { "no bound" } else { "several bounds" };
            section.error(
                &format!("{whose} has {count}"),
                Some("give one of below, at_most, above, at_least: a number in the unit of the signal"),
            );
            None
        }
    }
}
