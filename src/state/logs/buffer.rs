//! The lines that a followed log has given, in the order of their times; bounded.

use std::collections::{HashMap, HashSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use crate::source::{LineLevel, LogEvent};
use crate::text::Text;

/// The most lines that are kept.
pub const LINES: usize = 5_000;

/// The most bytes of text that are kept.
pub const BYTES: usize = 4 << 20;

/// Lines of one stream within this time of a line go on that line, where they do not say how loud they are: what is written
/// at once, such as a stack trace, is stamped at once.
const AT_ONCE: SignedDuration = SignedDuration::from_secs(1);

/// Where an entry stands: by time, then by arrival.
pub type Key = (Timestamp, u64);

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands.
    pub key: Key,
    /// What it is.
    pub what: What,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A line.
    Line(LogEvent),
    /// Lines were skipped between these moments.
    Gap(Timestamp, Timestamp),
}

/// The lines.
#[derive(Debug, Default)]
pub struct LogBuffer {
    entries: VecDeque<Entry>,
    ids: HashSet<Text>,
    bytes: usize,
    dropped: u64,
    next: u64,
}

impl LogBuffer {
    /// All entries, the oldest first.
    pub fn entries(&self) -> &VecDeque<Entry> {
        &self.entries
    }

    /// Lines that were dropped from the old end, since there were too many.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Adds a line; one that is there already is left out.
    pub fn push(&mut self, event: LogEvent) {
        if self.ids.insert(event.id.clone()) {
            self.bytes += event.text.len();
            self.insert(event.at, What::Line(event));
            self.bound();
        }
    }

    /// Tells that lines were skipped.
    pub fn skip(&mut self, from: Timestamp, until: Timestamp) {
        self.insert(until, What::Gap(from, until));
    }

    /// Behind all that is not later. Most come at the end.
    fn insert(&mut self, at: Timestamp, what: What) {
        let key = (at, self.next);
        self.next += 1;
        let place = self.entries.iter().rposition(|entry| entry.key.0 <= at).map_or(0, |before| before + 1);
        self.entries.insert(place, Entry { key, what });
    }

    fn bound(&mut self) {
        while self.entries.len() > LINES || self.bytes > BYTES {
            let Some(entry) = self.entries.pop_front() else { return };
            if let What::Line(event) = entry.what {
                self.bytes = self.bytes.saturating_sub(event.text.len());
                self.ids.remove(&event.id);
                self.dropped += 1;
            }
        }
    }

    /// The entries that are at least so loud, the oldest first. Gaps always count. A line that does not say how loud it is
    /// counts as the line before it that does, if it goes on that one (a stack trace): in the same stream, and at once.
    pub fn at_least(&self, least: Option<LineLevel>) -> Vec<&Entry> {
        let Some(least) = least else { return self.entries.iter().collect() };
        let mut before: HashMap<&Text, Leader> = HashMap::new();
        let mut shown = Vec::new();
        for entry in &self.entries {
            let counts = match &entry.what {
                What::Gap(..) => true,
                What::Line(LogEvent { stream, at, level: Some(level), .. }) => {
                    before.insert(stream, Leader { at: *at, shown: *level >= least });
                    *level >= least
                }
                What::Line(event) => {
                    before.get(&event.stream).is_some_and(|leader| leader.shown && leader.goes_on(event.at))
                }
            };
            if counts {
                shown.push(entry);
            }
        }
        shown
    }
}

/// The last line of a stream that says how loud it is.
struct Leader {
    at: Timestamp,
    shown: bool,
}

impl Leader {
    fn goes_on(&self, at: Timestamp) -> bool {
        at.duration_since(self.at) <= AT_ONCE
    }
}

/// Where `needle` occurs in a text, whatever the case of ASCII letters: starts and ends in bytes.
pub fn matches(text: &str, needle: &str) -> Vec<(usize, usize)> {
    let (hay, needle) = (text.as_bytes(), needle.as_bytes());
    let mut found = Vec::new();
    let mut at = 0;
    while !needle.is_empty() && at + needle.len() <= hay.len() {
        if hay[at..at + needle.len()].eq_ignore_ascii_case(needle) {
            found.push((at, at + needle.len()));
            at += needle.len();
        } else {
            at += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Now;
    use crate::source::logs::line;

    fn line(id: &str, second: u64) -> LogEvent {
        line::event(id, Now::fixed(second).wall, "s", &format!("ERROR {id}"))
    }

    fn ids(buffer: &LogBuffer) -> Vec<String> {
        let id = |entry: &Entry| match &entry.what {
            What::Line(event) => event.id.to_string(),
            What::Gap(..) => "gap".to_owned(),
        };
        buffer.entries().iter().map(id).collect()
    }

    #[test]
    fn a_late_line_stands_where_its_time_is_and_none_stands_twice() {
        let mut buffer = LogBuffer::default();
        for (id, second) in [("a", 10), ("c", 12), ("b", 11), ("c", 12)] {
            buffer.push(line(id, second));
        }
        assert_eq!(ids(&buffer), ["a", "b", "c"]);
    }

    #[test]
    fn a_gap_stands_before_the_lines_behind_it() {
        let mut buffer = LogBuffer::default();
        buffer.push(line("a", 10));
        buffer.skip(Now::fixed(10).wall, Now::fixed(20).wall);
        buffer.push(line("b", 20));
        assert_eq!(ids(&buffer), ["a", "gap", "b"]);
    }

    #[test]
    fn the_oldest_lines_are_dropped_and_counted() {
        let mut buffer = LogBuffer::default();
        (0..LINES as u64 + 10).for_each(|n| buffer.push(line(&n.to_string(), n)));
        assert_eq!((buffer.entries().len(), buffer.dropped(), buffer.ids.len()), (LINES, 10, LINES));
        let long = "x".repeat(4000);
        (0..3000u64).for_each(|n| buffer.push(line::event(&format!("l{n}"), Now::fixed(90_000 + n).wall, "s", &long)));
        assert!(buffer.bytes <= BYTES);
    }

    #[test]
    fn a_stack_trace_is_shown_and_hidden_with_the_line_that_it_goes_on() {
        let mut buffer = LogBuffer::default();
        let lines = [
            ("error", 10, "a", "ERROR payment failed"),
            ("other", 10, "b", "\tof another stream"),
            ("cause", 10, "a", "java.lang.IllegalStateException: no"),
            ("at", 11, "a", "\tat com.example.Pay.charge(Pay.java:42)"),
            ("access", 14, "a", "GET / 200"),
            ("info", 20, "a", "INFO all is well"),
            ("detail", 20, "a", "\tof the line above"),
        ];
        for (id, second, stream, text) in lines {
            buffer.push(line::event(id, Now::fixed(second).wall, stream, text));
        }
        buffer.skip(Now::fixed(20).wall, Now::fixed(30).wall);
        let shown = |least| {
            let name = |entry: &&Entry| match &entry.what {
                What::Line(event) => event.id.to_string(),
                What::Gap(..) => "gap".to_owned(),
            };
            buffer.at_least(least).iter().map(name).collect::<Vec<_>>()
        };
        assert_eq!(shown(Some(LineLevel::Error)), ["error", "cause", "at", "gap"]);
        assert_eq!(shown(Some(LineLevel::Info)), ["error", "cause", "at", "info", "detail", "gap"]);
        assert_eq!(shown(None).len(), lines.len() + 1);
    }

    #[test]
    fn a_search_finds_every_match_whatever_its_case() {
        assert_eq!(matches("Error errOR é", "error"), [(0, 5), (6, 11)]);
        assert_eq!(matches("aéb", "é"), [(1, 3)]);
        assert!(matches("abc", "").is_empty());
    }
}
