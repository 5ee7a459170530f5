//! The points that an executor passes, and its death at one of them.

use std::panic::resume_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::backend::lock;

/// What an executor that was killed unwinds with. No panic hook runs.
pub(crate) struct Crash;

/// The points that an executor passes: each reading of the clock (there is one before each write of the journal), and the
/// entry and exit of each call, look and question. Between two points it does at most one thing that can be seen.
#[derive(Default)]
pub(crate) struct Tripwire {
    seen: AtomicUsize,
    /// The point that kills, counted from 1; 0 is none.
    kills_at: AtomicUsize,
    places: Mutex<Vec<&'static str>>,
    hook: Mutex<Option<Hook>>,
}

/// Called at each point.
pub(crate) type Hook = Box<dyn FnMut(usize) + Send>;

impl Tripwire {
    /// The executor passes a point, or dies there.
    pub(crate) fn pass(&self, place: &'static str) {
        let number = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        lock(&self.places).push(place);
        if let Some(hook) = lock(&self.hook).as_mut() {
            hook(number);
        }
        if number == self.kills_at.load(Ordering::Relaxed) {
            resume_unwind(Box::new(Crash));
        }
    }

    /// Kills at this point, counted from 1.
    pub(crate) fn kill_at(&self, number: usize) {
        self.kills_at.store(number, Ordering::Relaxed);
    }

    pub(crate) fn hook(&self, hook: Hook) {
        *lock(&self.hook) = Some(hook);
    }

    /// Counts anew, and neither kills nor tells any more.
    pub(crate) fn disarm(&self) {
        self.kill_at(0);
        *lock(&self.hook) = None;
    }

    /// Where each point was.
    pub(crate) fn places(&self) -> Vec<&'static str> {
        lock(&self.places).clone()
    }
}
