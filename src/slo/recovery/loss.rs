//! What would be lost if it had to be restored now.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::{Standing, ago, standing};
use crate::source::{Protection, RecoveryPoint};

/// What would be lost now.
#[derive(Debug, Clone, PartialEq)]
pub struct Loss<'a> {
    protection: &'a Protection,
    /// What would be restored; `None` if nothing is known that could be.
    pub newest: Option<Newest<'a>>,
    /// From its cut to now.
    pub age: Option<Duration>,
    /// Which way the age may be wrong.
    pub bound: Bound,
    /// Points and windows that were not believed, because they lie in the future.
    pub from_future: usize,
}

/// What would be restored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Newest<'a> {
    /// The latest moment of point-in-time restore.
    PointInTime(Timestamp),
    /// A copy.
    Point(&'a RecoveryPoint),
}

/// Which way a loss may be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// It is that.
    Exact,
    /// Longer by the time that the copy took: its start is not told.
    AtLeast,
    /// A newer point may be among what could not be read.
    AtMost,
    /// Both.
    About,
}

impl<'a> Loss<'a> {
    pub(super) fn now(protection: &'a Protection, now: Timestamp) -> Self {
        let window = protection.point_in_time.map(|window| (window.latest, Newest::PointInTime(window.latest)));
        let kept = protection.points.iter().filter(|point| point.expires.is_none_or(|expires| expires > now));
        let points = kept.map(|point| (point.cut, Newest::Point(point)));
        let all: Vec<(Timestamp, Newest<'_>)> = window.into_iter().chain(points).collect();
        let believed = all.iter().filter_map(|(cut, newest)| Some((ago(*cut, now)?, *newest)));
        let newest = believed.min_by_key(|(age, _)| *age);
        Self {
            from_future: all.iter().filter(|(cut, _)| ago(*cut, now).is_none()).count(),
            bound: bound(newest.map(|(_, newest)| newest), protection),
            age: newest.map(|(age, _)| age),
            newest: newest.map(|(_, newest)| newest),
            protection,
        }
    }

    /// Everything was read that may hold points, and there is none that could be restored.
    pub fn is_nothing(&self) -> bool {
        self.newest.is_none() && self.from_future == 0 && !may_miss_points(self.protection)
    }

    pub(super) fn protection(&self) -> &'a Protection {
        self.protection
    }

    /// Against an objective. That nothing at all can be restored is a missed one; an upper bound is none.
    pub(super) fn standing(&self, objective: Option<Duration>) -> Standing {
        if self.is_nothing() && objective.is_some() {
            return Standing::Missed;
        }
        match (standing(self.age, objective), self.bound) {
            (Standing::Missed, Bound::AtMost | Bound::About) => Standing::Unknown,
            (standing, _) => standing,
        }
    }
}

fn bound(newest: Option<Newest<'_>>, protection: &Protection) -> Bound {
    let late = matches!(newest, Some(Newest::Point(point)) if point.cut_is_end);
    match (late, may_miss_points(protection)) {
        (false, false) => Bound::Exact,
        (true, false) => Bound::AtLeast,
        (false, true) => Bound::AtMost,
        (true, true) => Bound::About,
    }
}

fn may_miss_points(protection: &Protection) -> bool {
    protection.missing.iter().any(|missing| missing.points)
}
