//! Backups and recovery: each protected thing against its objectives, and the evidence for the selected one.

mod detail;

use ratatui::layout::Rect;

use crate::config::Protected;
use crate::config::theme::Role;
use crate::state::verdict::{BackupVerdict, Level, backup_verdict};
use crate::state::{State, lists};
use crate::view::part::list::{self, List};
use crate::view::part::page::{Row, piece};
use crate::view::part::pen::{Bit, Pen};
use crate::view::part::recovery::{self, Look};
use crate::view::part::table::{Column, Table, fixed, share};

/// From this width on the worst measure of each thing has a column of its own.
const WIDE: u16 = 120;

/// Draws the backups.
pub fn draw(area: Rect, selected: usize, state: &State, pen: &mut Pen<'_>) {
    let things = lists::backups(state);
    let verdicts: Vec<BackupVerdict<'_>> = things.iter().map(|thing| verdict(thing, state)).collect();
    let wide = area.width >= WIDE;
    let table = Table::new(&columns(wide), area.width.saturating_sub(2));
    let selected = selected.min(things.len().saturating_sub(1));
    let looks: Vec<Look<'_>> =
        things.iter().zip(&verdicts).map(|(thing, verdict)| look(thing, verdict, state)).collect();
    let row = |(at, look): (usize, &Look<'_>)| table.row(at == selected, cells(look, wide, state));
    let mut list = List {
        head: vec![list::heading("BACKUPS", glance(&looks)), table.head()],
        rows: looks.iter().enumerate().map(row).collect(),
        selected: (!things.is_empty()).then_some(selected),
        foot: Vec::new(),
    };
    if things.is_empty() {
        let meaning =
            vec![piece(Role::Warning, "no backup is configured here: that is not the same as being backed up")];
        list.rows.push(list::empty(&state.filter, meaning));
    }
    if let Some(look) = looks.get(selected) {
        let room = usize::from(area.height).saturating_sub(list.head.len() + list.rows.len().min(3));
        list.foot = cut(detail::rows(look, state, area.width.saturating_sub(2)), room);
    }
    list::draw(area, &list, pen);
}

fn verdict<'a>(thing: &Protected, state: &'a State) -> BackupVerdict<'a> {
    backup_verdict(&state.readings, &state.config, thing, state.now)
}

fn look<'a>(thing: &'a Protected, verdict: &'a BackupVerdict<'a>, state: &State) -> Look<'a> {
    Look { thing, verdict, now: state.now.wall }
}

fn columns(wide: bool) -> Vec<Column> {
    let mut columns = vec![
        share("protected", 1),
        fixed("RPO now", 13),
        fixed("worst", 5),
        fixed("restored", 8),
        fixed("RTO", 11),
        fixed("bad jobs", 9),
        fixed("read", 4),
    ];
    if wide {
        columns.push(share("measured", 2));
    }
    columns
}

fn cells(look: &Look<'_>, wide: bool, state: &State) -> Vec<Bit<'static>> {
    let mut cells = vec![
        piece(Role::Title, look.thing.name.as_str()),
        recovery::rpo(look),
        recovery::worst(look),
        recovery::restored(look),
        recovery::rto(look),
        recovery::bad_jobs(look),
        recovery::measured_age(look),
    ];
    if wide {
        cells.push(detail::worst_measure(look.thing, state));
    }
    cells
}

/// How many there are, and how many are not well.
fn glance(looks: &[Look<'_>]) -> Row {
    let is = |look: &&Look<'_>, level| look.verdict.judged && look.verdict.level == level;
    let count = |level| looks.iter().filter(|look| is(look, level)).count();
    let (degraded, unknown) = (count(Level::Degraded), count(Level::Unknown));
    let untested = looks.iter().filter(|look| look.is_never_tested()).count();
    let mut row = vec![piece(Role::Muted, format!("{} protected", looks.len()))];
    let counted = [
        (degraded, Role::Warning, "DEGRADED"),
        (unknown, Role::Unknown, "NOT KNOWN"),
        (untested, Role::Warning, "NEVER TESTED"),
    ];
    for (count, role, word) in counted.into_iter().filter(|(count, ..)| *count > 0) {
        row.push(piece(Role::Muted, " · "));
        row.push(piece(role, format!("{count} {word}")));
    }
    row
}

/// The rows that there is room for; what is cut is counted.
fn cut(mut rows: Vec<Row>, room: usize) -> Vec<Row> {
    if rows.len() > room && room > 0 {
        let hidden = rows.len() - room + 1;
        rows.truncate(room - 1);
        rows.push(vec![piece(Role::Warning, format!("… {hidden} more rows: enlarge the terminal"))]);
    }
    rows
}
