//! The journal's runs: unknown outcomes first, then the newest first.

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::executor::journal::{RunState, RunView};
use crate::state::{State, lists};
use crate::view::part::list::{self, List};
use crate::view::part::page::{Page, Row, piece};
use crate::view::part::pen::{Bit, Pen};
use crate::view::part::table::{Column, Table, fixed, share};
use crate::view::part::{age, debt, signs, team, words};

/// From this width on the moment of confirming and the last word have columns of their own.
const WIDE: u16 = 110;

/// The longest state with its sign: `? INCONCLUSIVE`.
const STATE: usize = 14;

/// Draws the runs.
pub fn draw(area: Rect, selected: usize, state: &State, pen: &mut Pen<'_>) {
    let runs = lists::runs(state);
    let table = Table::new(columns(area.width), area.width.saturating_sub(2));
    let selected = selected.min(runs.len().saturating_sub(1));
    let row = |(at, run): (usize, &&RunView)| table.row(at == selected, cells(run, area.width, state));
    let mut list = List {
        head: vec![list::heading("RUNS", glance(&runs)), table.head()],
        rows: runs.iter().enumerate().map(row).collect(),
        selected: (!runs.is_empty()).then_some(selected),
        foot: foot(runs.get(selected).copied(), area.width, state),
    };
    if runs.is_empty() {
        let meaning = vec![piece(Role::Muted, "nothing was changed from here yet: the journal is empty")];
        list.rows.push(list::empty(&state.filter, meaning));
    }
    list::draw(area, &list, pen);
}

fn columns(width: u16) -> &'static [Column] {
    const NARROW: &[Column] = &[
        fixed("state", STATE),
        share("what", 3),
        fixed("change", 10),
        share("by", 1),
        fixed("ago", 4),
        fixed("took", 7),
    ];
    const ALL: &[Column] = &[
        fixed("state", STATE),
        share("what", 4),
        fixed("change", 10),
        share("by", 2),
        fixed("confirmed", 20),
        fixed("took", 7),
        share("last word", 5),
    ];
    if width < WIDE { NARROW } else { ALL }
}

fn cells(run: &RunView, width: u16, state: &State) -> Vec<Bit<'static>> {
    let change = run.plan.changes.iter().find(|change| change.is_change());
    let change = change.map_or_else(String::new, |change| format!("{} → {}", change.before, change.after));
    let when =
        if width < WIDE { age::short(age::since(state.now.wall, run.approved)) } else { words::moment(run.approved) };
    let mut cells = vec![
        signs::run(run.state).piece(STATE),
        piece(Role::Title, run.plan.action.to_string()),
        piece(Role::Text, change),
        piece(Role::Text, &run.by.user),
        piece(Role::Muted, when),
        piece(Role::Muted, age::clock(run.took())),
    ];
    if width >= WIDE {
        cells.push(piece(Role::Text, run.last_word()));
    }
    cells
}

fn glance(runs: &[&RunView]) -> Row {
    let count = |of: fn(&RunView) -> bool| runs.iter().filter(|run| of(run)).count();
    let (unknown, open) = (count(|run| run.state == RunState::Unknown), count(RunView::is_open));
    let mut row = vec![piece(
        Role::Muted,
        format!("{} run{}, the newest of the journal  ", runs.len(), if runs.len() == 1 { "" } else { "s" }),
    )];
    if unknown > 0 {
        row.push(piece(Role::Unknown, format!("? {unknown} UNKNOWN: settle first  ")));
    }
    if open > 0 {
        row.push(piece(Role::Warning, format!("▶ {open} going on")));
    }
    row
}

/// The last word about the selected run, and how an unknown one is settled; then the others.
fn foot(run: Option<&RunView>, width: u16, state: &State) -> Vec<Row> {
    let mut page = Page::new(width.saturating_sub(2));
    if let Some(run) = run {
        last_word(run, &mut page);
    }
    debt::write(state, &mut page);
    team::write(state, &mut page);
    page.into_rows()
}

fn last_word(run: &RunView, page: &mut Page) {
    page.blank();
    page.field("run", &[piece(Role::Title, run.id.to_string())]);
    page.field("last", &[piece(signs::run(run.state).role, run.last_word())]);
    if run.state == RunState::Unknown {
        let blocks = format!("  settles it by observing; until then {} is blocked", run.plan.action.target());
        page.field(
            "do",
            &[piece(Role::Key, format!("quarterdeck runs resolve {}", run.id)), piece(Role::Text, blocks)],
        );
    }
}
