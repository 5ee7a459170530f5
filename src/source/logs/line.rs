//! What a line says, and how loud: plain text, bracket forms, logfmt, JSON.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::source::{LineLevel, LogEvent};
use crate::text::{LONGEST, Text};

/// Bytes at the beginning of a plain line in which its level is looked for: behind time, host and thread.
const HEAD: usize = 160;

/// Words at the beginning of a plain line that are looked at.
const WORDS: usize = 12;

const LEVEL_KEYS: [&str; 7] = ["level", "severity", "lvl", "log.level", "levelname", "loglevel", "@level"];
const MESSAGE_KEYS: [&str; 5] = ["message", "msg", "event", "@message", "log"];
const TIME_KEYS: [&str; 6] = ["time", "timestamp", "@timestamp", "ts", "datetime", "date"];

/// One event of a raw line.
pub fn event(id: &str, at: Timestamp, stream: &str, raw: &str) -> LogEvent {
    let plain = without_colours(raw.trim_end_matches(['\n', '\r']));
    let (level, shown) = read(&plain);
    let text = Text::clean(&shown);
    let cut = shown.len() > LONGEST;
    LogEvent { id: Text::clean(id), at, stream: Text::clean(stream), level, text, bytes: raw.len(), cut }
}

/// Level and text of a line.
pub fn read(line: &str) -> (Option<LineLevel>, String) {
    match json(line) {
        Some(members) => (json_level(&members), json_text(&members)),
        None => (logfmt_level(line).or_else(|| plain_level(line)), line.to_owned()),
    }
}

/// The line without whole colour sequences (`ESC [ … m`), which many programs write; any other escape stays, and is shown
/// as what it is.
fn without_colours(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !(c.is_ascii_digit() || c == ';' || c == ':'));
        match end.filter(|end| part[*end..].starts_with('m')) {
            Some(end) => out.push_str(&part[end + 1..]),
            None => {
                out.push_str("\u{1b}[");
                out.push_str(part);
            }
        }
    }
    out
}

fn json(line: &str) -> Option<Map<String, Value>> {
    let line = line.trim();
    let object = line.starts_with('{') && line.ends_with('}');
    // The parser refuses what is nested more than 128 deep.
    if object { serde_json::from_str(line).ok() } else { None }
}

fn json_level(members: &Map<String, Value>) -> Option<LineLevel> {
    match LEVEL_KEYS.iter().find_map(|key| members.get(*key))? {
        Value::String(word) => level(word),
        Value::Number(number) => numeric(number.as_u64()?),
        _ => None,
    }
}

/// Levels as numbers, as pino and bunyan write them.
fn numeric(number: u64) -> Option<LineLevel> {
    match number {
        10..20 => Some(LineLevel::Trace),
        20..30 => Some(LineLevel::Debug),
        30..40 => Some(LineLevel::Info),
        40..50 => Some(LineLevel::Warn),
        50..60 => Some(LineLevel::Error),
        60..=100 => Some(LineLevel::Fatal),
        _ => None,
    }
}

/// The message, then the other members as `key=value`; without level and time, which stand beside it.
fn json_text(members: &Map<String, Value>) -> String {
    let is_text = |key: &&&str| members.get(**key).is_some_and(Value::is_string);
    let message = MESSAGE_KEYS.iter().find(is_text).copied();
    let mut out = message.and_then(|key| members[key].as_str()).unwrap_or_default().to_owned();
    let hidden = |key: &str| Some(key) == message || LEVEL_KEYS.contains(&key) || TIME_KEYS.contains(&key);
    for (key, value) in members.iter().filter(|(key, _)| !hidden(key)) {
        if out.len() > LONGEST {
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(key);
        out.push('=');
        match value {
            Value::String(text) => out.push_str(text),
            other => out.push_str(&other.to_string()),
        }
    }
    out
}

/// `level=warn` and the like.
fn logfmt_level(line: &str) -> Option<LineLevel> {
    let head = head(line, 1024);
    let pairs = head.split_whitespace().filter_map(|word| word.split_once('='));
    let found = pairs.into_iter().find(|(key, _)| LEVEL_KEYS.contains(key));
    found.and_then(|(_, value)| level(value.trim_matches('"')))
}

/// A level's word near the beginning: in capitals, or between brackets, or before a colon.
fn plain_level(line: &str) -> Option<LineLevel> {
    head(line, HEAD).split([' ', '\t', '|']).take(WORDS).find_map(marked)
}

fn marked(word: &str) -> Option<LineLevel> {
    let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let marked = word.starts_with(['[', '<', '(']) || word.ends_with([':', ']']);
    let loud = !bare.is_empty() && bare.chars().all(|c| c.is_ascii_uppercase());
    if marked || loud { level(bare) } else { None }
}

/// Whether a line's text itself says how loud it is, so that nobody needs to say it again beside it.
pub fn says_level(event: &LogEvent) -> bool {
    event.level.is_some() && logfmt_level(&event.text).or_else(|| plain_level(&event.text)) == event.level
}

/// A level by its word, whatever its case.
pub fn level(word: &str) -> Option<LineLevel> {
    Some(match word.trim().to_ascii_lowercase().as_str() {
        "trace" | "verbose" | "silly" => LineLevel::Trace,
        "debug" | "dbg" => LineLevel::Debug,
        "info" | "information" | "notice" | "log" => LineLevel::Info,
        "warn" | "warning" | "wrn" => LineLevel::Warn,
        "error" | "err" | "severe" => LineLevel::Error,
        "fatal" | "critical" | "crit" | "panic" | "emerg" | "emergency" | "alert" => LineLevel::Fatal,
        _ => return None,
    })
}

/// The beginning of a text, cut at a character.
fn head(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Reads any bytes as a line, for [`crate::fuzzing`].
pub(crate) fn decode_any(data: &[u8]) {
    let raw = String::from_utf8_lossy(data);
    let event = event("id", Timestamp::UNIX_EPOCH, &raw, &raw);
    assert_eq!(event.bytes, raw.len(), "all of its bytes are counted");
    assert!(!event.text.chars().any(crate::text::is_unsafe), "nothing acts on a terminal");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Now;

    fn level_of(line: &str) -> Option<LineLevel> {
        read(line).0
    }

    #[test]
    fn a_level_is_found_in_the_usual_forms() {
        for (line, expected) in [
            ("2026-01-01T00:00:00Z ERROR payment failed", Some(LineLevel::Error)),
            ("[warn] disk at 91 %", Some(LineLevel::Warn)),
            ("<err> oom", Some(LineLevel::Error)),
            ("error: no such table", Some(LineLevel::Error)),
            ("12:00:01.123 [main] INFO  c.e.App - started", Some(LineLevel::Info)),
            ("ts=1 level=warn msg=\"slow\"", Some(LineLevel::Warn)),
            ("lvl=\"debug\" x=1", Some(LineLevel::Debug)),
            (r#"{"level":"error","msg":"x"}"#, Some(LineLevel::Error)),
            (r#"{"severity":"CRITICAL","message":"x"}"#, Some(LineLevel::Fatal)),
            (r#"{"level":40,"msg":"pino"}"#, Some(LineLevel::Warn)),
            ("\u{1b}[32minfo\u{1b}[39m: listening", None),
            ("no error was found here", None),
            ("GET /information 200", None),
            ("", None),
        ] {
            assert_eq!(level_of(line), expected, "{line}");
        }
    }

    #[test]
    fn whole_colour_sequences_go_and_any_other_escape_stays_visible() {
        let event = |raw: &str| event("1", Now::fixed(0).wall, "s", raw);
        let coloured = event("\u{1b}[32minfo\u{1b}[39m: listening\n");
        assert_eq!((coloured.level, coloured.text.as_str()), (Some(LineLevel::Info), "info: listening"));
        assert_eq!(event("a\u{1b}[2Jb").text.as_str(), "a\u{fffd}[2Jb");
        assert_eq!(event("a\u{1b}]0;title\u{7}b").text.as_str(), "a\u{fffd}]0;title\u{fffd}b");
        assert_eq!(event("cut \u{1b}[3").text.as_str(), "cut \u{fffd}[3");
    }

    #[test]
    fn a_json_line_shows_its_message_first_and_not_its_time() {
        let line = r#"{"time":"2026-01-01","level":"error","msg":"payment failed","order":42,"tags":["a"]}"#;
        assert_eq!(read(line).1, r#"payment failed order=42 tags=["a"]"#);
        assert_eq!(read(r#"{"a":1}"#).1, "a=1");
    }

    #[test]
    fn an_escape_that_json_hides_is_cleaned_too() {
        let event = event("1", Now::fixed(0).wall, "s", r#"{"msg":"x\u001b[2J\u202egnp.exe","k\u0007":"\u0000"}"#);
        assert_eq!(event.text.as_str(), "x\u{fffd}[2J\u{fffd}gnp.exe k\u{fffd}=\u{fffd}");
    }

    #[test]
    fn a_line_that_says_its_level_is_told_from_one_whose_level_stood_apart() {
        for (raw, says) in [
            ("ERROR payment failed", true),
            ("12:00:01 [main] WARN c.e.App - slow", true),
            ("ts=1 level=warn msg=slow", true),
            (r#"{"level":"error","msg":"payment failed"}"#, false),
            (r#"{"level":"error","msg":"ERROR payment failed"}"#, true),
            (r#"{"level":"error","msg":"INFO was the level before"}"#, false),
            ("no level here", false),
        ] {
            assert_eq!(says_level(&event("1", Now::fixed(0).wall, "s", raw)), says, "{raw}");
        }
    }

    #[test]
    fn a_lone_surrogate_in_json_leaves_the_line_as_it_was_written() {
        let line = r#"{"msg":"\ud800","level":"error"}"#;
        assert_eq!(read(line).1, line);
    }

    #[test]
    fn a_line_of_256_kb_is_cut_says_so_and_keeps_its_level() {
        let raw = format!("ERROR {}", "x".repeat(256 * 1024));
        let event = event("1", Now::fixed(0).wall, "s", &raw);
        assert!(event.cut && event.text.len() <= LONGEST + 3 && event.text.ends_with('…'));
        assert_eq!((event.bytes, event.level), (raw.len(), Some(LineLevel::Error)));
    }

    #[test]
    fn a_depth_bomb_is_plain_text() {
        let bomb = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(read(&bomb).0, None);
    }
}
