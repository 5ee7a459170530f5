//! The plan is being made.

use ratatui::layout::Rect;

use super::frame::{self, Content};
use crate::action::Action;
use crate::config::theme::Role;
use crate::view::part::page::{Page, piece};
use crate::view::part::pen::Pen;

/// The widest that the box gets.
const WIDEST: u16 = 76;

/// Draws what is being done for the plan.
pub fn draw(screen: Rect, action: &Action, pen: &mut Pen<'_>) {
    let mut page = Page::new(frame::text_width(screen.width, WIDEST));
    page.text(Role::Title, action.to_string());
    page.text(Role::Text, "observing the target: tasks, deployment, scaling bounds, alarms, identity …");
    let content = Content {
        title: vec![piece(Role::Title, format!("planning {} {}", action.name(), action.target()))],
        body: page.into_rows(),
        foot: vec![vec![piece(Role::Muted, "nothing is changed by this · Esc gives up")]],
        ..Content::default()
    };
    frame::draw(screen, WIDEST, &content, pen);
}
