//! From single polls to a line that is followed: each event once, in the order of their times, and gaps told.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;

use super::{LogAsk, LogId, LogPage};
use crate::clock::Now;
use crate::source::{LogEvent, SourceError, SourceErrorKind};
use crate::text::Text;

/// How far each poll looks back behind the one before: most events are stored some seconds after they happened.
pub const OVERLAP: Duration = Duration::from_secs(30);

/// How far a poll looks back once every [`LATE_EVERY`]: an agent that was offline or batches stores minutes late. An event
/// that comes later than this is not seen by following.
pub const LATE: Duration = Duration::from_secs(300);

/// How often late events are looked for: each poll would read minutes of lines again.
pub const LATE_EVERY: Duration = Duration::from_secs(60);

/// The longest pause between two polls after failures.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Answers that can't be read, in a row, after which following goes on behind them.
const UNREADABLE: u32 = 3;

/// The most events that are remembered so that they are not told twice.
const REMEMBERED: usize = 50_000;

/// What one poll adds.
#[derive(Debug, Clone, Default)]
pub struct LogBatch {
    /// New events, ordered by time.
    pub events: Vec<LogEvent>,
    /// A span of which lines were skipped, because there were more than one poll reads.
    pub gap: Option<(Timestamp, Timestamp)>,
    /// Log groups that could not be read.
    pub failed: Vec<SourceError>,
}

/// Follows one log from a moment on.
#[derive(Debug)]
pub struct Follower {
    id: LogId,
    filter: String,
    /// All up to here was read or told as a gap; events before it can still come late.
    done: Timestamp,
    /// Where following began: nothing before it is asked.
    begin: Timestamp,
    /// Up to when late events were looked for.
    looked: Timestamp,
    seen: HashSet<Text>,
    /// What was seen, with its time, for forgetting; the oldest first.
    remembered: Vec<(Timestamp, Text)>,
    /// The newest event that was forgotten since there were too many: nothing up to it is asked, or it would be told twice.
    forgotten: Timestamp,
    failures: u32,
}

impl Follower {
    /// Follows a log from `back` before `now` on.
    pub fn new(id: LogId, filter: String, now: Now, back: Duration) -> Self {
        let begin = earlier(now.wall, back);
        Self {
            id,
            filter,
            done: begin,
            begin,
            looked: now.wall,
            seen: HashSet::new(),
            remembered: Vec::new(),
            forgotten: Timestamp::MIN,
            failures: 0,
        }
    }

    /// What the next poll asks.
    pub fn ask(&self) -> LogAsk {
        let back = if self.looks_for_late() { LATE } else { OVERLAP };
        let from = earlier(self.done, back).max(self.begin).max(self.forgotten);
        LogAsk { id: self.id.clone(), filter: self.filter.clone(), from }
    }

    /// Whether the next poll looks for what came late.
    fn looks_for_late(&self) -> bool {
        earlier(self.done, LATE_EVERY) >= self.looked
    }

    /// Takes what a poll that was asked at `asked` gave.
    pub fn take(&mut self, page: LogPage, asked: Now) -> LogBatch {
        self.failures = 0;
        if self.looks_for_late() {
            self.looked = self.done;
        }
        let gap = self.advance(page.read, asked);
        let mut events: Vec<LogEvent> = page.events;
        events.retain(|event| event.at > self.forgotten && self.seen.insert(event.id.clone()));
        self.remembered.extend(events.iter().map(|event| (event.at, event.id.clone())));
        self.forget();
        events.sort_by_key(|event| event.at);
        LogBatch { events, gap, failed: page.failed }
    }

    /// Moves on; tells what was skipped.
    fn advance(&mut self, read: Option<(Timestamp, Timestamp)>, asked: Now) -> Option<(Timestamp, Timestamp)> {
        let before = self.done;
        match read {
            None => {
                self.done = asked.wall.max(before);
                None
            }
            Some((first, last)) => {
                self.done = last.max(before);
                (first > before).then_some((before, first))
            }
        }
    }

    /// Forgets what no poll can give any more.
    fn forget(&mut self) {
        let oldest = earlier(self.done, LATE * 2);
        self.remembered.sort_by_key(|(time, _)| *time);
        let surplus = self.remembered.len().saturating_sub(REMEMBERED);
        let old = self.remembered.partition_point(|(time, _)| *time < oldest);
        if surplus > old {
            self.forgotten = self.remembered[surplus - 1].0;
        }
        for (_, id) in self.remembered.drain(..surplus.max(old)) {
            self.seen.remove(&id);
        }
    }

    /// Counts a failure, and says how long to wait: twice as long each time.
    pub fn failed(&mut self, interval: Duration) -> Duration {
        self.failures = self.failures.saturating_add(1);
        (interval * 2u32.saturating_pow(self.failures.min(6))).min(LONGEST_PAUSE.max(interval))
    }

    /// An answer that can't be read again and again is left behind, and told as a gap: else nothing after it would ever be
    /// seen. Nothing otherwise.
    pub fn leaves_behind(&mut self, error: &SourceError, now: Now) -> Option<(Timestamp, Timestamp)> {
        let unreadable = error.kind == SourceErrorKind::Malformed && self.failures.is_multiple_of(UNREADABLE);
        unreadable.then(|| self.skip_to(now))
    }

    /// Goes on from `now`: what lies before can't be read. Tells the gap.
    fn skip_to(&mut self, now: Now) -> (Timestamp, Timestamp) {
        let from = self.done;
        self.done = now.wall.max(from);
        self.begin = self.done;
        (from, self.done)
    }
}

/// A moment so much earlier; the earliest there is, if it lies beyond.
pub(crate) fn earlier(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Name;
    use crate::source::logs::line;

    fn event(id: &str, second: u64) -> LogEvent {
        line::event(id, Now::fixed(second).wall, "stream", id)
    }

    fn follower() -> Follower {
        let id = LogId { service: Name::from("app"), log: Name::from("main") };
        Follower::new(id, String::new(), Now::fixed(1000), Duration::from_secs(60))
    }

    fn page(events: Vec<LogEvent>) -> LogPage {
        LogPage { events, ..LogPage::default() }
    }

    fn ids(batch: &LogBatch) -> Vec<&str> {
        batch.events.iter().map(|event| event.id.as_str()).collect()
    }

    #[test]
    fn what_two_polls_give_is_told_once_and_in_order() {
        let mut follower = follower();
        let first = follower.take(page(vec![event("b", 990), event("a", 980)]), Now::fixed(1000));
        assert_eq!(ids(&first), ["a", "b"]);
        let second = follower.take(page(vec![event("b", 990), event("c", 1001)]), Now::fixed(1002));
        assert_eq!((ids(&second), second.gap), (vec!["c"], None));
    }

    #[test]
    fn an_event_that_is_stored_late_is_still_seen_once() {
        let mut follower = follower();
        follower.take(page(vec![event("a", 999)]), Now::fixed(1000));
        assert!(follower.ask().from <= Now::fixed(970).wall);
        let late = follower.take(page(vec![event("late", 985), event("a", 999)]), Now::fixed(1002));
        assert_eq!(ids(&late), ["late"]);
        assert!(follower.take(page(vec![event("late", 985)]), Now::fixed(1004)).events.is_empty());
    }

    #[test]
    fn an_event_that_is_stored_minutes_late_is_still_seen_once() {
        let mut follower = Follower::new(follower().id, String::new(), Now::fixed(1000), Duration::from_secs(600));
        let (mut looks, mut told) = (0, 0);
        for second in (1000..1300).step_by(2) {
            // It happened at 960, and is stored at 1200.
            let from = follower.ask().from;
            looks += usize::from(from < Now::fixed(second - 60).wall && second > 1002);
            let there = second >= 1200 && from <= Now::fixed(960).wall;
            let events = if there { vec![event("late", 960)] } else { Vec::new() };
            told += follower.take(page(events), Now::fixed(second)).events.len();
        }
        assert_eq!(told, 1);
        assert!((4..=5).contains(&looks), "once a minute: {looks}");
    }

    #[test]
    fn what_had_to_be_forgotten_in_a_flood_is_not_told_again() {
        let mut follower = follower();
        let flood: Vec<LogEvent> =
            (0..REMEMBERED as u64 + 10).map(|n| event(&n.to_string(), 1000 + n / 1000)).collect();
        let told = follower.take(page(flood.clone()), Now::fixed(1051)).events.len();
        assert_eq!(told, flood.len());
        follower.take(page(Vec::new()), Now::fixed(1070));
        assert_eq!(follower.ask().from, Now::fixed(1000).wall, "it looks for late ones, as far as it remembers");
        let again: Vec<LogEvent> = flood.into_iter().filter(|event| event.at >= follower.ask().from).collect();
        assert_eq!(follower.take(page(again), Now::fixed(1072)).events.len(), 0);
    }

    #[test]
    fn nothing_from_before_the_beginning_is_asked() {
        assert_eq!(follower().ask().from, Now::fixed(940).wall);
    }

    #[test]
    fn what_was_too_much_for_one_poll_is_told_as_a_gap() {
        let mut follower = follower();
        follower.take(page(Vec::new()), Now::fixed(1000));
        let span = Some((Now::fixed(1060).wall, Now::fixed(1062).wall));
        let flood = LogPage { events: vec![event("z", 1061)], read: span, failed: Vec::new() };
        let batch = follower.take(flood, Now::fixed(1062));
        assert_eq!(batch.gap, Some((Now::fixed(1000).wall, Now::fixed(1060).wall)));
    }

    #[test]
    fn what_was_cut_within_the_overlap_is_no_gap() {
        let mut follower = follower();
        follower.take(page(Vec::new()), Now::fixed(1000));
        let span = Some((Now::fixed(990).wall, Now::fixed(1002).wall));
        let batch = follower.take(LogPage { read: span, ..LogPage::default() }, Now::fixed(1002));
        assert_eq!(batch.gap, None);
    }

    #[test]
    fn memory_stays_bounded() {
        let mut follower = follower();
        for second in 0..300u64 {
            let events = (0..1000).map(|n| event(&format!("{second}-{n}"), 1000 + second)).collect();
            follower.take(page(events), Now::fixed(1000 + second));
        }
        assert!(follower.seen.len() <= REMEMBERED && follower.seen.len() == follower.remembered.len());
    }

    #[test]
    fn pauses_after_failures_double_up_to_a_bound() {
        let mut follower = follower();
        let pauses: Vec<u64> = (0..8).map(|_| follower.failed(Duration::from_secs(2)).as_secs()).collect();
        assert_eq!(pauses, [4, 8, 16, 30, 30, 30, 30, 30]);
    }
}
