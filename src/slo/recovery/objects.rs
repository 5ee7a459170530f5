//! How the newest object under a prefix looks beside those before it, and how it is encrypted.

use jiff::Timestamp;

use super::{ObjectPromise, ago};
use crate::source::{CopyKind, Protection, RecoveryPoint};
use crate::text::Text;

/// Objects before the newest that a median needs.
const LEAST: usize = 2;

/// How the objects under a prefix look.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectFinding<'a> {
    /// Their place, as `s3://bucket/prefix`.
    pub origin: &'a Text,
    /// The newest.
    pub newest: &'a RecoveryPoint,
    /// The newest's size against those before; `None` where there are too few.
    pub size: Option<Shrinkage>,
    /// Its encryption against what is wanted.
    pub encryption: Encryption,
}

/// The newest object's size against its history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shrinkage {
    /// Median size of those before, in bytes.
    pub median: f64,
    /// The newest, in per cent of the median.
    pub percent: f64,
    /// Whether it is smaller than it may be: a dump that was cut short still looks like one.
    pub too_small: bool,
}

/// Encryption against what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// As wanted.
    AsWanted,
    /// None, or another.
    Wrong,
    /// Not told.
    Unknown,
    /// Nothing is wanted.
    NotAsked,
}

/// The findings of each prefix that has objects.
pub(super) fn findings<'a>(
    protection: &'a Protection,
    promises: &[ObjectPromise],
    now: Timestamp,
) -> Vec<ObjectFinding<'a>> {
    promises.iter().filter_map(|promise| finding(protection, promise, now)).collect()
}

fn finding<'a>(protection: &'a Protection, promise: &ObjectPromise, now: Timestamp) -> Option<ObjectFinding<'a>> {
    let is = |point: &&RecoveryPoint| {
        point.kind == CopyKind::Object
            && point.origin.as_ref().is_some_and(|origin| origin.as_str() == promise.origin)
            && ago(point.cut, now).is_some()
    };
    let mut points: Vec<&RecoveryPoint> = protection.points.iter().filter(is).collect();
    // Of two with the same cut the first in the list, which is the one whose encryption was asked.
    points.sort_by_key(|point| std::cmp::Reverse(point.cut));
    let (newest, before) = points.split_first()?;
    Some(ObjectFinding {
        origin: newest.origin.as_ref()?,
        newest,
        size: shrinkage(newest, before, promise.least_percent),
        encryption: encryption(newest, promise.encryption.as_deref()),
    })
}

fn shrinkage(newest: &RecoveryPoint, before: &[&RecoveryPoint], least_percent: u32) -> Option<Shrinkage> {
    let sizes: Vec<f64> = before.iter().filter_map(|point| point.bytes).map(|bytes| bytes as f64).collect();
    let median = median(sizes).filter(|median| *median > 0.0)?;
    let percent = newest.bytes? as f64 / median * 100.0;
    Some(Shrinkage { median, percent, too_small: percent < f64::from(least_percent) })
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    if values.len() < LEAST {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 { Some(upper) } else { Some((values.get(middle - 1)? + upper) / 2.0) }
}

fn encryption(newest: &RecoveryPoint, wanted: Option<&str>) -> Encryption {
    match (wanted, &newest.encryption, newest.encrypted) {
        (None, ..) => Encryption::NotAsked,
        (Some(wanted), Some(found), _) if found.as_str() == wanted => Encryption::AsWanted,
        (Some(_), Some(_), _) | (Some(_), None, Some(false)) => Encryption::Wrong,
        (Some(_), None, _) => Encryption::Unknown,
    }
}
