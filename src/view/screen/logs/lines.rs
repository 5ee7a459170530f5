//! Lines of a log, the newest at the bottom: time, level as a sign and a word, stream, text.

use jiff::Timestamp;
use ratatui::layout::Rect;

use super::{following, groups, heading, top};
use crate::config::theme::Role;
use crate::source::logs::line::says_level;
use crate::source::{LineLevel, LogEvent};
use crate::state::State;
use crate::state::logs::LogView;
use crate::state::logs::buffer::{Entry, What, matches};
use crate::state::logs::position;
use crate::view::part::clip::{clip, width};
use crate::view::part::page::{Page, Row, pad, piece};
use crate::view::part::pen::{Bit, Pen, bit};
use crate::view::part::words;
use unicode_segmentation::UnicodeSegmentation;

/// Columns of the level.
const LEVEL: usize = 8;

/// Columns of the stream, and the width from which it is shown.
const STREAM: usize = 9;
const WITH_STREAM: u16 = 90;

/// The most rows that one wrapped line may take.
const MOST_ROWS: usize = 12;

/// Draws the lines.
pub(super) fn draw(area: Rect, view: &LogView, state: &State, pen: &mut Pen<'_>) {
    let shown = view.buffer.at_least(view.least);
    let bottom = position(view, &shown);
    let below = shown.len().saturating_sub(bottom + 1);
    let mut glance = following(view, state);
    glance.push(piece(Role::Muted, format!("  {} lines", shown.len())));
    if view.buffer.dropped() > 0 {
        glance.push(piece(Role::Warning, format!(", {} older dropped", view.buffer.dropped())));
    }
    let rest = top(area, &[heading(view, glance), groups(view, state)], pen);
    let foot = u16::from(below > 0).min(rest.height);
    let body = Rect { height: rest.height - foot, ..rest };
    if shown.is_empty() {
        pen.line(body.x, body.y, body.width, &nothing(view));
    } else {
        from_below(body, &shown[..=bottom], view, pen);
    }
    if foot > 0 {
        let text = format!("▼ {below} newer lines below · G or end follows them");
        pen.text(rest.x, body.bottom(), rest.width, &text, Role::Warning);
    }
}

/// Why there is no line: nothing was read, nothing matches, or nothing was written.
fn nothing(view: &LogView) -> Row {
    match (&view.answered, view.least, view.buffer.entries().is_empty()) {
        (None, ..) => vec![piece(Role::Muted, "asking for the last 10 minutes …")],
        (Some(_), Some(least), false) => {
            vec![piece(Role::Warning, format!("no line is {} or louder", least.word()))]
        }
        _ if view.filter.is_empty() => vec![piece(Role::Muted, "no line was written in the last 10 minutes")],
        _ => vec![piece(Role::Muted, "no line of the last 10 minutes matches the pattern")],
    }
}

/// Paints entries from the last one upwards, as many as there is room for: no other is looked at.
fn from_below(area: Rect, entries: &[&Entry], view: &LogView, pen: &mut Pen<'_>) {
    let mut rows: Vec<Row> = Vec::new();
    for entry in entries.iter().rev() {
        if rows.len() >= usize::from(area.height) {
            break;
        }
        let mut own = rows_of(entry, view, area.width);
        own.reverse();
        rows.extend(own);
    }
    rows.truncate(area.height.into());
    rows.reverse();
    pen.lines(area, rows.iter());
}

fn rows_of(entry: &Entry, view: &LogView, columns: u16) -> Vec<Row> {
    match &entry.what {
        What::Gap(from, until) => vec![gap(*from, *until)],
        What::Line(event) if view.wrap => {
            let mut page = Page::new(columns);
            let mut row = prefix(event, columns, view.found == Some(entry.key), says_level(event));
            let hang = row.iter().map(|(_, text)| width(text)).sum();
            row.extend(text(&event.text, &view.search));
            row.extend(cut(event));
            page.pieces(hang, &row);
            let mut rows = page.into_rows();
            if rows.len() > MOST_ROWS {
                rows.truncate(MOST_ROWS);
                rows.push(vec![piece(Role::Muted, format!("{}… goes on", " ".repeat(hang)))]);
            }
            rows
        }
        What::Line(event) => {
            // Scrolled, the word in the text may be out of sight.
            let said = view.column == 0 && says_level(event);
            let mut row = prefix(event, columns, view.found == Some(entry.key), said);
            row.extend(text(scrolled(&event.text, view.column), &view.search));
            row.extend(cut(event));
            vec![row]
        }
    }
}

fn gap(from: Timestamp, until: Timestamp) -> Row {
    let text = format!("── lines were skipped from {} to {} ──", words::clock(from), words::clock(until));
    vec![piece(Role::Warning, text)]
}

/// Time, level and, where there is room, the stream. Of a level that the text says itself, only the sign stands here.
fn prefix(event: &LogEvent, columns: u16, found: bool, said: bool) -> Row {
    let (sign, word, role) = level(event.level);
    let word = if said { "" } else { word };
    let time = piece(if found { Role::Key } else { Role::Muted }, words::clock(event.at));
    let mark = piece(Role::Key, if found { "▸" } else { " " });
    let mut row = vec![time, mark, piece(role, pad(&format!("{sign} {word}"), LEVEL))];
    if columns >= WITH_STREAM {
        row.push(piece(Role::Muted, pad(&short_stream(&event.stream), STREAM)));
    }
    row
}

/// A level as sign, word and role.
pub(super) fn level(level: Option<LineLevel>) -> (&'static str, &'static str, Role) {
    match level {
        Some(level @ (LineLevel::Fatal | LineLevel::Error)) => ("✗", level.word(), Role::Critical),
        Some(LineLevel::Warn) => ("!", "WARN", Role::Warning),
        Some(LineLevel::Info) => ("·", "INFO", Role::Text),
        Some(level) => (" ", level.word(), Role::Muted),
        None => (" ", "", Role::Muted),
    }
}

/// The part of a stream's name that tells it from others: the beginning of its last part, without what stands in brackets.
fn short_stream(stream: &str) -> String {
    let last = stream.rsplit('/').next().unwrap_or(stream);
    let last = last.rsplit(']').next().filter(|rest| !rest.is_empty()).unwrap_or(last);
    clip(last, STREAM - 1).into_owned()
}

/// The text from a column on.
fn scrolled(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        if used >= columns {
            return &text[at..];
        }
        used += width(grapheme);
    }
    if columns == 0 { text } else { "" }
}

/// The text with every match of the search marked.
fn text(text: &str, search: &str) -> Vec<Bit<'static>> {
    let mut bits = Vec::new();
    let mut at = 0;
    for (start, end) in matches(text, search) {
        bits.push(bit(Role::Text, text[at..start].to_owned()));
        bits.push(bit(Role::Input, text[start..end].to_owned()));
        at = end;
    }
    bits.push(bit(Role::Text, text[at..].to_owned()));
    bits.retain(|(_, text)| !text.is_empty());
    bits
}

/// Says how long a line was whose end is left out.
fn cut(event: &LogEvent) -> Option<Bit<'static>> {
    event.cut.then(|| piece(Role::Warning, format!(" [cut, {} KB in all]", event.bytes.div_ceil(1000))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_shortened_to_what_tells_it_from_others() {
        assert_eq!(short_stream("rtech-app/rtech-app/0f3a51c2d4e64b7f"), "0f3a51c…");
        assert_eq!(short_stream("2026/01/01/[$LATEST]ab12"), "ab12");
        assert_eq!(short_stream(""), "");
    }

    #[test]
    fn a_scrolled_line_begins_at_its_column() {
        assert_eq!(scrolled("abc", 0), "abc");
        assert_eq!(scrolled("a日c", 2), "c");
        assert_eq!(scrolled("abc", 9), "");
    }
}
