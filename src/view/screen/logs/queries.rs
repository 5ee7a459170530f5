//! The saved queries of a log.

use ratatui::layout::Rect;

use super::{groups, heading};
use crate::config::SavedQuery;
use crate::config::theme::Role;
use crate::state::State;
use crate::state::logs::{LogView, source};
use crate::view::part::age;
use crate::view::part::list::{self, List};
use crate::view::part::page::{Page, piece};
use crate::view::part::pen::Pen;
use crate::view::part::table::{Table, fixed, share};

/// Draws the list.
pub(super) fn draw(area: Rect, view: &LogView, selected: usize, state: &State, pen: &mut Pen<'_>) {
    let queries = source(state, &view.id).map_or(&[][..], |log| &log.queries);
    let selected = selected.min(queries.len().saturating_sub(1));
    let table = Table::new(&[fixed("query", 24), fixed("window", 6), share("text", 1)], area.width);
    let row = |(index, query): (usize, &SavedQuery)| {
        let cells = vec![
            piece(Role::Title, query.name.as_str()),
            piece(Role::Text, age::window(query.window)),
            piece(Role::Muted, &query.query),
        ];
        table.row(index == selected, cells)
    };
    let glance = vec![piece(Role::Muted, format!("{} saved queries · enter runs one", queries.len()))];
    let mut rows: Vec<_> = queries.iter().enumerate().map(row).collect();
    if queries.is_empty() {
        rows.push(vec![piece(Role::Muted, "no query is saved for this log: add [[service.log.query]]")]);
    }
    let mut page = Page::new(area.width.saturating_sub(2));
    if let Some(query) = queries.get(selected) {
        page.blank();
        page.text(Role::Text, &query.query);
        page.text(Role::Muted, "billed by what it scans: 0.005 USD per GB at list price");
    }
    let list = List {
        head: vec![heading(view, glance), groups(view, state), table.head()],
        rows,
        selected: (!queries.is_empty()).then_some(selected),
        foot: page.into_rows(),
    };
    // The list insets by itself.
    let area = Rect { x: area.x.saturating_sub(1), width: area.width + 2, ..area };
    list::draw(area, &list, pen);
}
