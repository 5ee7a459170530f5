//! One panel at a time, below tabs with the names of all.

use std::ops::Range;

use ratatui::layout::{Constraint, Layout, Rect};

use super::Shown;
use crate::config::theme::Role;
use crate::view::part::clip::width;
use crate::view::part::{Bit, Pen, bit};

/// Columns of a mark that says that there are more tabs.
const MARK: usize = 2;

/// Tabs, and the focused panel below.
pub(super) fn draw(area: Rect, shown: &Shown<'_>, pen: &mut Pen<'_>) {
    let [top, rest] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    let room = top.width.saturating_sub(1);
    pen.line(top.x + 1, top.y, room, &strip(shown, room.into()));
    shown.panel(shown.focus, rest, pen);
}

/// The tabs in sight, with marks where more are at either side.
fn strip(shown: &Shown<'_>, room: usize) -> Vec<Bit<'static>> {
    let widths: Vec<usize> = shown.panels.iter().map(|panel| width(panel.name) + 3).collect();
    let sight = in_sight(&widths, shown.focus, room);
    let mark = |there: bool, text: &'static str| there.then(|| bit(Role::Key, text));
    let tabs = sight.clone().flat_map(|index| tab(shown.panels[index].name, index == shown.focus));
    let (before, after) = (mark(sight.start > 0, "‹ "), mark(sight.end < widths.len(), "›"));
    before.into_iter().chain(tabs).chain(after).collect()
}

/// As many whole tabs as there is room for, the focused one among them: from the first on, and else ending with it.
fn in_sight(widths: &[usize], focus: usize, room: usize) -> Range<usize> {
    let takes = |sight: &Range<usize>| {
        let marks = usize::from(sight.start > 0) + usize::from(sight.end < widths.len());
        widths[sight.clone()].iter().sum::<usize>() + marks * MARK <= room
    };
    let last = focus.min(widths.len().saturating_sub(1));
    let mut sight = 0..(last + 1).min(widths.len());
    while sight.start < last && !takes(&sight) {
        sight.start += 1;
    }
    while sight.end < widths.len() && takes(&(sight.start..sight.end + 1)) {
        sight.end += 1;
    }
    sight
}

fn tab(name: &'static str, focused: bool) -> [Bit<'static>; 2] {
    let (role, text) =
        if focused { (Role::BorderFocused, format!("[{name}]")) } else { (Role::Muted, format!(" {name} ")) };
    [bit(role, text), bit(Role::Text, " ")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_focused_tab_is_always_in_sight_and_no_row_overflows() {
        let widths = [10, 9, 10, 20, 10, 11, 7, 11, 6, 9, 10];
        for (focus, room) in (0..widths.len()).flat_map(|focus| [24, 40, 79].map(|room| (focus, room))) {
            let sight = in_sight(&widths, focus, room);
            let marks = usize::from(sight.start > 0) + usize::from(sight.end < widths.len());
            assert!(sight.contains(&focus), "{focus} in {room}");
            assert!(widths[sight].iter().sum::<usize>() + marks * MARK <= room, "{focus} in {room}");
        }
        assert_eq!(in_sight(&widths, 0, 200), 0..widths.len());
    }

    #[test]
    fn a_room_for_no_tab_still_names_the_focused_one() {
        assert_eq!(in_sight(&[10, 10, 10], 1, 4), 1..2);
        assert_eq!(in_sight(&[], 0, 4), 0..0);
    }
}
