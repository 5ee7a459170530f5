//! A query and its results: how far it is, what it took, its rows.

use ratatui::layout::Rect;

use super::{heading, top};
use crate::config::theme::Role;
use crate::source::{QueryResults, QueryState, QueryStatistics, Unit};
use crate::state::State;
use crate::state::logs::{LogView, QueryView};
use crate::view::part::age;
use crate::view::part::clip::width;
use crate::view::part::page::{Row, pad, piece};
use crate::view::part::pen::{Bit, Pen, bit};

/// The widest that a column gets, but for the last.
const WIDEST: usize = 48;

/// Rows whose cells are measured for the widths.
const MEASURED: usize = 200;

/// Draws the query.
pub(super) fn draw(area: Rect, view: &LogView, query: &QueryView, state: &State, pen: &mut Pen<'_>) {
    let head = vec![
        heading(view, glance(query, state)),
        vec![piece(Role::Muted, format!("{} · last {}", query.saved.query, age::window(query.saved.window)))],
        took(query),
    ];
    let rest = top(area, &head, pen);
    let Some((results, _)) = &query.results else { return };
    if results.rows.is_empty() {
        pen.line(rest.x, rest.y, rest.width, &empty(results.state));
        return;
    }
    let widths = widths(results);
    let body = top(rest, &[row(&results.columns, &widths, query.column, Role::Muted)], pen);
    let from = query.row.min(results.rows.len().saturating_sub(body.height.into()));
    let rows: Vec<Row> = results.rows[from..]
        .iter()
        .take(body.height.into())
        .map(|cells| row(cells, &widths, query.column, Role::Text))
        .collect();
    pen.lines(body, rows.iter());
    let below = results.rows.len().saturating_sub(from + rows.len());
    if from + below + query.column > 0 {
        let left = if query.column > 0 { format!(", {} columns to the left", query.column) } else { String::new() };
        let text = format!(" {from} above, {below} below{left} ");
        pen.right(area.x, rest.y.saturating_sub(1), area.width, &text, Role::Warning);
    }
}

/// Name, state and age: `errors-by-stream  complete, 12 rows 3s`.
fn glance(query: &QueryView, state: &State) -> Vec<Bit<'static>> {
    let mut bits = vec![piece(Role::Title, format!("{}  ", query.saved.name))];
    match (&query.ended, &query.results) {
        (Some(Err(error)), _) => bits.push(piece(Role::Critical, format!("FAILED: {}", error.reason))),
        (Some(Ok(())), _) => bits.push(piece(Role::Warning, "STOPPED: it took too long")),
        (None, None) => {
            let since = age::short(state.now.mono.since(query.asked));
            bits.push(piece(Role::Warning, format!("asked {since} ago, no result yet · esc stops it")));
        }
        (None, Some((results, at))) => {
            bits.push(told(results));
            bits.push(piece(Role::Muted, format!(" {}", age::short(state.now.mono.since(*at)))));
        }
    }
    bits
}

fn told(results: &QueryResults) -> Bit<'static> {
    let (count, word) = (results.rows.len(), results.state.word());
    let more = if results.truncated { ", MORE WERE CUT" } else { "" };
    match results.state {
        QueryState::Complete if !results.truncated => piece(Role::Good, format!("{word}, {count} rows")),
        QueryState::Complete => piece(Role::Warning, format!("{word}, {count} rows{more}")),
        QueryState::Scheduled | QueryState::Running => {
            piece(Role::Warning, format!("{word}, PARTIAL: {count} rows so far{more} · esc stops it"))
        }
        _ => piece(Role::Critical, format!("{word}: {count} rows, NOT WHOLE")),
    }
}

/// What the query took so far: `12 of 4,801 events matched, 1.2 MiB scanned, 0.00001 USD`.
fn took(query: &QueryView) -> Row {
    let statistics = query.results.as_ref().and_then(|(results, _)| results.statistics);
    vec![piece(Role::Muted, statistics.map_or_else(|| "what it scans is not told yet".to_owned(), scanned))]
}

fn scanned(statistics: QueryStatistics) -> String {
    let count = |value: f64| Unit::Count.format(value);
    let usd = statistics.usd();
    let cost = if usd > 0.0 && usd < 0.01 { "less than 0.01 USD".to_owned() } else { Unit::Usd.format(usd) };
    format!(
        "{} of {} events matched, {} scanned, {cost} at list price",
        count(statistics.matched),
        count(statistics.scanned),
        Unit::Bytes.format(statistics.bytes),
    )
}

/// What an empty answer means.
fn empty(state: QueryState) -> Row {
    match state {
        QueryState::Complete => vec![piece(Role::Text, "no row: nothing in the window matches")],
        QueryState::Scheduled | QueryState::Running => vec![piece(Role::Muted, "nothing found so far")],
        _ => vec![piece(Role::Unknown, "nothing is known: the query did not complete")],
    }
}

fn widths(results: &QueryResults) -> Vec<usize> {
    let widest = |(index, name): (usize, &crate::text::Text)| {
        let cells = results.rows.iter().take(MEASURED).filter_map(|row| row.get(index)).map(|cell| width(cell));
        let own = cells.max().unwrap_or(0).max(width(name));
        if index + 1 == results.columns.len() { own } else { own.min(WIDEST) }
    };
    results.columns.iter().enumerate().map(widest).collect()
}

fn row(cells: &[crate::text::Text], widths: &[usize], from: usize, role: Role) -> Row {
    let cell = |(cell, width): (&crate::text::Text, &usize)| [piece(role, pad(cell, *width)), bit(Role::Text, "  ")];
    cells.iter().zip(widths).skip(from).flat_map(cell).collect()
}
