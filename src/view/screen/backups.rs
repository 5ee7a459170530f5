//! Backups and recovery: what the configuration promises, what sources tell of it, and what nobody measures yet.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::config::{Protected, Signal};
use crate::source::{Measured, Subject};
use crate::state::readings::Series;
use crate::state::verdict::signal_level;
use crate::state::{State, lists};
use crate::view::part::list::{self, List};
use crate::view::part::page::{Page, Row, piece};
use crate::view::part::pen::{Bit, Pen};
use crate::view::part::reading::Shown;
use crate::view::part::table::{Table, fixed, share};
use crate::view::part::{age, badge};

/// What stands where the configuration says nothing.
const NOT_SET: &str = "not set";

/// Draws the backups.
pub fn draw(area: Rect, selected: usize, state: &State, pen: &mut Pen<'_>) {
    let things = lists::backups(state);
    let columns = [
        share("protected", 3),
        share("measured", 4),
        fixed("RPO goal", 8),
        fixed("RTO goal", 8),
        fixed("restore test", 12),
    ];
    let table = Table::new(&columns, area.width.saturating_sub(2));
    let selected = selected.min(things.len().saturating_sub(1));
    let row = |(at, thing): (usize, &&Protected)| table.row(at == selected, cells(thing, state));
    let mut list = List {
        head: vec![
            list::heading("BACKUPS", vec![piece(Role::Muted, format!("{} protected", things.len()))]),
            table.head(),
        ],
        rows: things.iter().enumerate().map(row).collect(),
        selected: (!things.is_empty()).then_some(selected),
        foot: things.get(selected).map_or_else(Vec::new, |thing| detail(thing, state, area.width)),
    };
    if things.is_empty() {
        let meaning =
            vec![piece(Role::Warning, "no backup is configured here: that is not the same as being backed up")];
        list.rows.push(list::empty(&state.filter, meaning));
    }
    list::draw(area, &list, pen);
}

fn cells(thing: &Protected, state: &State) -> Vec<Bit<'static>> {
    let mut cells = vec![piece(Role::Title, thing.name.as_str()), newest(thing, state)];
    cells.push(piece(Role::Text, objective(thing.rpo)));
    cells.push(piece(Role::Text, objective(thing.rto)));
    cells.push(tested(thing, state));
    cells
}

fn objective(length: Option<Duration>) -> String {
    length.map_or_else(|| NOT_SET.to_owned(), age::window)
}

/// The worst of the thing's measures, in one cell.
fn newest(thing: &Protected, state: &State) -> Bit<'static> {
    let measures = thing.measures.iter().map(|signal| (signal, measure(thing, signal, state)));
    let worst = measures.max_by_key(|(signal, measured)| signal_level(signal, measured));
    let Some((signal, measured)) = worst else { return piece(Role::Warning, "nothing is measured") };
    let shown = shown(signal, &measured);
    piece(shown.role, format!("{} {}{} {}", signal.name, shown.text, shown.sign, shown.age()))
}

fn measure<'a>(thing: &Protected, signal: &Signal, state: &'a State) -> Measured<'a, Series> {
    let subject = Subject::Backup { protected: thing.name.clone(), measure: signal.name.clone() };
    state.readings.measure(&state.config, &subject, state.now)
}

fn shown(signal: &Signal, measured: &Measured<'_, Series>) -> Shown {
    let level = signal_level(signal, measured);
    let live = |_: &Series| (badge::level_role(level), badge::level_sign(level));
    Shown::of(measured, |series| series.value.format(signal.unit), live)
}

fn tested(thing: &Protected, state: &State) -> Bit<'static> {
    match thing.last_restore_test {
        Some(date) => piece(Role::Text, format!("{} ago", days(days_since(date, state)))),
        None => piece(Role::Warning, "never tested"),
    }
}

/// Whole days: a restore test may well be older than the ages of readings, which end at 99 days.
fn days(length: Duration) -> String {
    format!("{}d", length.as_secs() / 86_400)
}

fn days_since(date: Date, state: &State) -> Duration {
    let start = date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
    start.map_or(Duration::ZERO, |start| age::since(state.now.wall, start))
}

/// All that is known of the selected thing.
fn detail(thing: &Protected, state: &State, width: u16) -> Vec<Row> {
    let mut page = Page::new(width.saturating_sub(2));
    page.blank();
    page.pieces(0, &[piece(Role::Title, format!("{}  ", thing.name)), piece(Role::Muted, &thing.summary)]);
    let kept =
        thing.retention.map_or_else(|| "retention not set".to_owned(), |kept| format!("kept {}", age::window(kept)));
    page.field("schedule", &[piece(Role::Text, format!("{} · {kept}", thing.schedule))]);
    for signal in &thing.measures {
        measured(&mut page, signal, &measure(thing, signal, state));
    }
    page.field("RPO", &rpo(thing));
    page.field("RTO", &rto(thing, state));
    page.field("not yet", &[piece(Role::Muted, missing(thing))]);
    page.into_rows()
}

fn measured(page: &mut Page, signal: &Signal, measured: &Measured<'_, Series>) {
    let mut pieces = vec![piece(Role::Text, format!("{} ", signal.name))];
    pieces.extend(shown(signal, measured).bits());
    let bound = |word: &str, bound: Option<f64>| bound.map(|bound| format!("{word} {}", signal.unit.format(bound)));
    let bounds: Vec<String> =
        [bound("warning", signal.warning), bound("critical", signal.critical)].into_iter().flatten().collect();
    if !bounds.is_empty() {
        pieces.push(piece(Role::Muted, format!("  ({})", bounds.join(", "))));
    }
    if let Some(error) = measured.reason() {
        pieces.push(piece(Role::Stale, format!("  {}: {}", error.source_name, error.reason)));
    }
    page.field("measured", &pieces);
}

fn rpo(thing: &Protected) -> Vec<Bit<'static>> {
    match thing.rpo {
        Some(rpo) => vec![
            piece(Role::Text, format!("objective {}: ", age::window(rpo))),
            piece(Role::Unknown, "not judged"),
            piece(Role::Muted, ", restore points are not read; see what is measured"),
        ],
        None => vec![piece(Role::Warning, "no objective is set")],
    }
}

/// The objective, against the last restore that a person recorded: the only evidence there is.
fn rto(thing: &Protected, state: &State) -> Vec<Bit<'static>> {
    let objective = match thing.rto {
        Some(rto) => piece(Role::Text, format!("objective {}: ", age::window(rto))),
        None => piece(Role::Warning, "no objective is set: "),
    };
    let Some(date) = thing.last_restore_test else {
        return vec![objective, piece(Role::Warning, "never tested, so not known")];
    };
    let ago = format!("tested {date}, {} ago", days(days_since(date, state)));
    let verdict = match (thing.restore_took, thing.rto) {
        (Some(took), Some(rto)) if took > rto => {
            piece(Role::Critical, format!("✗ took {}, too long", age::clock(took)))
        }
        (Some(took), Some(_)) => piece(Role::Good, format!("✓ took {}", age::clock(took))),
        (Some(took), None) => piece(Role::Text, format!("took {}", age::clock(took))),
        (None, _) => piece(Role::Unknown, "how long it took was not recorded"),
    };
    vec![objective, piece(Role::Text, format!("{ago}, ")), verdict]
}

/// What is not measured, said outright.
fn missing(thing: &Protected) -> &'static str {
    if thing.measures.is_empty() {
        "nothing is measured: schedule and retention are only what the configuration says"
    } else {
        "restore points are not read: beyond what is measured above, nothing tells what could be restored"
    }
}
