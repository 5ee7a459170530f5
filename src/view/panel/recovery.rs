//! Recovery: the protected things that a service names its own, each against its objectives.

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::config::{Protected, Service};
use crate::state::State;
use crate::state::verdict::backup_verdict;
use crate::view::part::page::{Page, paint_scrolled, piece};
use crate::view::part::reading::not_live;
use crate::view::part::recovery::{self, Look};
use crate::view::part::{Pen, age, badge};

/// Draws the panel.
pub fn draw(area: Rect, service: &Service, scroll: usize, state: &State, pen: &mut Pen<'_>) {
    let mut page = Page::new(area.width);
    let is_ours = |thing: &&Protected| service.backups.contains(&thing.name);
    for thing in state.config.backups.iter().filter(is_ours) {
        if !page.is_empty() {
            page.blank();
        }
        one(&mut page, thing, state);
    }
    paint_scrolled(area, page.rows(), scroll, pen);
}

fn one(page: &mut Page, thing: &Protected, state: &State) {
    let verdict = backup_verdict(&state.readings, &state.config, thing, state.now);
    let look = Look { thing, verdict: &verdict, now: state.now.wall };
    let word = if verdict.judged { verdict.level.word() } else { "NOT JUDGED" };
    let mut title =
        vec![piece(Role::Title, format!("{}  ", thing.name)), piece(badge::level_role(verdict.level), word)];
    if let Some((_, read)) = verdict.measured.value().filter(|_| verdict.measured.live().is_some()) {
        title.push(piece(Role::Muted, format!("  read {} ago", age::short(read))));
    }
    page.pieces(2, &title);
    if let Some(line) = not_live("recovery points", &verdict.measured).filter(|_| thing.copies.is_some()) {
        page.pieces(2, &line);
    }
    recovery::evidence(page, &look);
    recovery::bad(page, &look);
    recovery::points(page, &look);
}
