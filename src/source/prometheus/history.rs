//! What of an expression's history is fetched: the window once, then only the aligned steps that were completed since.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::backend::SKEW;
use super::range::Range;
use crate::clock::Mono;
use crate::source::{Ask, Point};

/// Polls between two tails: until then the polled values themselves stand in. One request more in eight polls keeps the
/// steps aligned, the points few, and corrects what the server learnt late.
const POLLS_A_TAIL: u32 = 8;

/// How long a history that failed, or was not whole, is left alone.
const RETRY: Duration = Duration::from_secs(60);

/// Where the history of one expression stands.
#[derive(Debug, Default)]
pub(super) struct History {
    /// The window that is wanted, once one is.
    window: Option<Duration>,
    kept: Option<Kept>,
    /// Not asked before.
    rests_until: Option<Mono>,
    /// A poll since the last fetch gave nothing.
    missed: bool,
}

/// What was fetched.
#[derive(Debug)]
struct Kept {
    step: i64,
    /// The last step, in seconds since 1970 by the server's clock.
    last: i64,
    skew: SignedDuration,
    /// The last point of each subject, in the order of the subjects.
    ends: Vec<Option<Point>>,
}

/// What is to be fetched now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fetch {
    /// The moments.
    pub(super) range: Range,
    /// Whether it is the whole window, which replaces what is kept.
    pub(super) whole: bool,
    /// How far our clock is ahead of the server's.
    pub(super) skew: SignedDuration,
}

impl History {
    /// What is to be fetched at a poll that was answered at `server` by the server's clock, which ours is ahead of by `skew`.
    pub(super) fn due(&mut self, ask: Ask, server: Timestamp, skew: SignedDuration, every: Duration) -> Option<Fetch> {
        self.want(ask.backfill);
        let window = self.window?;
        if self.rests_until.is_some_and(|until| ask.now.mono < until) {
            return None;
        }
        let range = Range::of(window, server, every);
        let usable = |kept: &&Kept| kept.step == range.step && (kept.skew - skew).abs() <= SKEW;
        match self.kept.as_ref().filter(usable) {
            None => Some(Fetch { range, whole: true, skew }),
            Some(kept) => kept.tail(range, self.missed || ask.backfill.is_some(), every),
        }
    }

    /// Another window begins anew; the same one goes on where it ended.
    fn want(&mut self, backfill: Option<Duration>) {
        if backfill.is_some() && self.window != backfill {
            *self = Self { window: backfill, ..Self::default() };
        }
    }

    /// A poll gave nothing.
    pub(super) fn miss(&mut self) {
        self.missed = true;
    }

    /// The last point of a subject that is kept; the subjects are in the order of [`History::fetched`].
    pub(super) fn end(&self, subject: usize) -> Option<Point> {
        *self.kept.as_ref()?.ends.get(subject)?
    }

    /// The fetch came, and was whole; `ends` are the last points of the subjects.
    pub(super) fn fetched(&mut self, fetch: Fetch, ends: Vec<Option<Point>>) {
        let Fetch { range, skew, .. } = fetch;
        self.kept = Some(Kept { step: range.step, last: range.end, skew, ends });
        self.missed = false;
        self.rests_until = None;
    }

    /// The fetch failed or was not whole: what is kept stays, and it is tried again after a while.
    pub(super) fn failed(&mut self, now: Mono) {
        self.rests_until = Some(now.plus(RETRY));
    }
}

impl Kept {
    /// The steps that were completed since, once they are worth a request. After a gap as long as the window it is whole.
    fn tail(&self, range: Range, at_once: bool, every: Duration) -> Option<Fetch> {
        let new = range.end - self.last;
        let patience = i64::try_from((every * POLLS_A_TAIL).as_secs()).unwrap_or(i64::MAX);
        let worth = if at_once { self.step } else { self.step.max(patience) };
        if new < worth {
            return None;
        }
        let start = self.last + self.step;
        let whole = start <= range.start;
        let range = Range { start: start.max(range.start), ..range };
        Some(Fetch { range, whole, skew: self.skew })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Now;

    const EVERY: Duration = Duration::from_secs(15);
    const WINDOW: Duration = Duration::from_secs(6 * 3600);

    fn ask(seconds: u64, backfill: Option<Duration>) -> Ask {
        Ask { now: Now::fixed(seconds), backfill }
    }

    fn due(history: &mut History, seconds: u64, backfill: Option<Duration>) -> Option<Fetch> {
        let ask = ask(seconds, backfill);
        history.due(ask, ask.now.wall, SignedDuration::ZERO, EVERY)
    }

    fn begun() -> (History, Fetch) {
        let mut history = History::default();
        let whole = due(&mut history, 0, Some(WINDOW)).unwrap();
        history.fetched(whole, vec![None]);
        (history, whole)
    }

    #[test]
    fn nothing_is_fetched_before_a_window_is_wanted() {
        assert_eq!(due(&mut History::default(), 0, None), None);
    }

    #[test]
    fn after_the_window_only_completed_steps_are_fetched_each_once() {
        let (mut history, whole) = begun();
        assert!(whole.whole && whole.range.step == 120);
        let mut next = whole.range.end + 120;
        for poll in 1..=1000 {
            let Some(fetch) = due(&mut history, poll * 15, None) else { continue };
            assert!(!fetch.whole && fetch.range.start == next && fetch.range.start <= fetch.range.end, "{fetch:?}");
            next = fetch.range.end + 120;
            history.fetched(fetch, vec![None]);
        }
        assert!(next > whole.range.end + 14_000, "it goes on");
    }

    #[test]
    fn at_fine_steps_a_tail_is_fetched_every_eighth_poll() {
        let mut history = History::default();
        let hour = Duration::from_secs(3600);
        let whole = due(&mut history, 0, Some(hour)).unwrap();
        history.fetched(whole, vec![None]);
        let tails = (1..=800).filter(|poll| match due(&mut history, poll * 15, None) {
            Some(fetch) => {
                history.fetched(fetch, vec![None]);
                true
            }
            None => false,
        });
        assert_eq!(tails.count(), 100);
    }

    #[test]
    fn after_a_missed_poll_the_tail_begins_where_the_history_ended() {
        let mut history = History::default();
        let whole = due(&mut history, 0, Some(Duration::from_secs(3600))).unwrap();
        history.fetched(whole, vec![None]);
        history.miss();
        let tail = due(&mut history, 30, None).unwrap();
        assert_eq!((tail.whole, tail.range.start), (false, whole.range.end + 15));
    }

    #[test]
    fn another_window_and_a_gap_as_long_as_the_window_are_fetched_whole() {
        let (mut history, _) = begun();
        assert!(due(&mut history, 15, Some(Duration::from_secs(3600))).unwrap().whole);
        let (mut history, _) = begun();
        assert!(due(&mut history, 7 * 3600, None).unwrap().whole);
    }

    #[test]
    fn a_failed_history_is_not_asked_again_at_each_poll() {
        let mut history = History::default();
        assert!(due(&mut history, 0, Some(WINDOW)).is_some());
        history.failed(Now::fixed(0).mono);
        assert_eq!(due(&mut history, 15, None), None);
        assert!(due(&mut history, 60, None).unwrap().whole);
    }

    #[test]
    fn a_clock_that_was_set_fetches_the_window_again() {
        let (mut history, _) = begun();
        let at = ask(15, None);
        let skew = SignedDuration::from_mins(10);
        let fetch = history.due(at, at.now.wall - skew, skew, EVERY).unwrap();
        assert!(fetch.whole);
    }
}
