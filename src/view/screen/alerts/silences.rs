//! The silences below the alerts: what they match, until when, by whom and why.

use std::time::Duration;

use jiff::Timestamp;

use super::{WIDE, or_dash, raised};
use crate::config::theme::Role;
use crate::source::{Alert, Measured, Silence, SilenceState, Silences, Subject, Suppression};
use crate::state::verdict::moment;
use crate::state::{State, lists};
use crate::view::part::page::{Page, Row, piece};
use crate::view::part::pen::Bit;
use crate::view::part::reading::not_live;
use crate::view::part::table::{Column, Table, fixed, share};
use crate::view::part::{age, signs};

/// A silence that ends within this is said to end soon: what it hides comes back.
const SOON: Duration = Duration::from_secs(15 * 60);

/// The silences as rows of the list.
pub(super) struct Section {
    /// Rows before the first silence.
    pub(super) head: usize,
    /// All rows.
    pub(super) rows: Vec<Row>,
}

/// The section; nothing where no source of silences is configured.
pub(super) fn section(width: u16, selected: Option<usize>, state: &State) -> Section {
    let mut rows = Vec::new();
    let mut live = true;
    for source in state.config.silence_sources() {
        let measured = state.readings.of::<Silences>(&state.config, &Subject::Silences { source }, state.now);
        live &= measured.live().is_some();
        rows.push(Row::new());
        rows.push(heading(&measured, state));
    }
    let silences = lists::silences(state);
    let table = Table::new(columns(width), width.saturating_sub(2));
    if !silences.is_empty() {
        rows.push(table.head());
    }
    let head = rows.len();
    let cells = |(at, (silence, of)): (usize, &(&Silence, &Silences))| {
        let mut cells = cells(silence, of, width, state);
        if !live {
            cells.iter_mut().for_each(|(role, _)| *role = Role::Stale);
        }
        table.row(selected == Some(at), cells)
    };
    rows.extend(silences.iter().enumerate().map(cells));
    Section { head, rows }
}

fn heading(measured: &Measured<'_, Silences>, state: &State) -> Row {
    let mut row = vec![piece(Role::Title, "SILENCES  ")];
    if let Some(line) = not_live("", measured) {
        row.extend(line);
        return row;
    }
    let Some((told, read)) = measured.value() else { return row };
    let active = told.silences.iter().filter(|silence| told.state(silence, state.now.wall) == SilenceState::Active);
    let active = active.count();
    let count = if active == 0 { "none in force".to_owned() } else { format!("{active} in force") };
    let mut text = format!("{count} — read {} ago", age::short(read));
    if told.left_out > 0 {
        text.push_str(&format!(", {} more are not shown", told.left_out));
    }
    row.push(piece(Role::Muted, text));
    row.extend(apart(told).map(|text| piece(Role::Warning, format!(" — {text}"))));
    row
}

/// Says where the clock of Alertmanager differs from ours: begin and end of a silence are by its clock.
fn apart(told: &Silences) -> Option<String> {
    let side = if told.clock_ahead > 0 { "ahead of" } else { "behind" };
    let apart = age::clock(Duration::from_secs(told.clock_ahead.unsigned_abs()));
    (told.clock_ahead != 0).then(|| format!("Alertmanager's clock is {apart} {side} ours"))
}

/// The silence that ends first, if that is soon.
pub(super) fn soonest(state: &State) -> Option<Bit<'static>> {
    let silences = lists::silences(state);
    let left = |(silence, of): &(&Silence, &Silences)| {
        let active = of.state(silence, state.now.wall) == SilenceState::Active;
        active.then(|| of.until(silence.ends, state.now.wall)).filter(|left| *left <= SOON)
    };
    let first = silences.iter().filter_map(left).min()?;
    Some(piece(Role::Warning, format!("! silence ends {}", age::clock(first))))
}

fn columns(width: u16) -> &'static [Column] {
    const NARROW: &[Column] = &[fixed("state", 12), fixed("time left", 11), share("matches", 3), share("by", 1)];
    const ALL: &[Column] =
        &[fixed("state", 12), fixed("time left", 11), share("matches", 4), fixed("by", 12), share("why", 4)];
    if width < WIDE { NARROW } else { ALL }
}

fn cells(silence: &Silence, of: &Silences, width: u16, state: &State) -> Vec<Bit<'static>> {
    let now = state.now.wall;
    let stands = of.state(silence, now);
    let left = of.until(silence.ends, now);
    let sign = signs::silence(stands, left <= SOON);
    let mut cells = vec![
        piece(sign.role, format!("{} {}", sign.sign, sign.word)),
        piece(sign.role, time(silence, of, stands, now)),
        piece(Role::Text, matches(silence)),
        piece(Role::Text, or_dash(&silence.created_by)),
    ];
    if width >= WIDE {
        cells.push(piece(Role::Text, or_dash(&silence.comment)));
    }
    cells
}

fn time(silence: &Silence, of: &Silences, stands: SilenceState, now: Timestamp) -> String {
    match stands {
        SilenceState::Active => long(of.until(silence.ends, now)),
        SilenceState::Pending => format!("in {}", long(of.until(silence.starts, now))),
        SilenceState::Expired => format!("{} ago", age::short(age::since(now, silence.ends))),
    }
}

/// A countdown; in days where the clock would be hard to read.
fn long(left: Duration) -> String {
    if left < Duration::from_secs(48 * 3600) { age::clock(left) } else { format!("{} days", left.as_secs() / 86_400) }
}

fn matches(silence: &Silence) -> String {
    silence.matchers.iter().map(|matcher| matcher.as_str()).collect::<Vec<_>>().join(" ")
}

/// Writes the selected silence.
pub(super) fn detail(page: &mut Page, state: &State, silence: &Silence, of: &Silences) {
    let now = state.now.wall;
    page.field("matches", &[piece(Role::Text, matches(silence))]);
    let who = format!("by {}, from {} ", or_dash(&silence.created_by), moment(silence.starts, now));
    let stands = of.state(silence, now);
    let end = format!("until {} ({})", moment(silence.ends, now), told_time(silence, of, stands, now));
    let sign = signs::silence(stands, of.until(silence.ends, now) <= SOON);
    page.field("set", &[piece(Role::Text, who), piece(sign.role, end)]);
    page.field("why", &[piece(Role::Text, or_dash(&silence.comment))]);
    page.field("holds", &[piece(Role::Text, held(state, silence))]);
    page.field("id", &[piece(Role::Muted, &silence.id)]);
}

fn told_time(silence: &Silence, of: &Silences, stands: SilenceState, now: Timestamp) -> String {
    let time = time(silence, of, stands, now);
    match stands {
        SilenceState::Active if of.until(silence.ends, now) <= SOON => format!("ENDS SOON, in {time}"),
        SilenceState::Active => format!("in {time}"),
        SilenceState::Pending => format!("begins {time}"),
        SilenceState::Expired => format!("ended {time}"),
    }
}

/// The alerts that it holds back now.
fn held(state: &State, silence: &Silence) -> String {
    let by = Suppression::Silence(silence.id.clone());
    let held = |alert: &&Alert| raised(alert) && alert.held_by.contains(&by);
    let names: Vec<&str> = lists::all_alerts(state).filter(held).map(|alert| alert.name.as_str()).collect();
    if names.is_empty() {
        "no alert at the moment".to_owned()
    } else {
        format!("{}: {}", names.len(), names.join(", "))
    }
}
