//! The frame of a panel: a title in its upper edge, a second style where it has the focus.

use ratatui::layout::Rect;
use ratatui::widgets::{Block, Widget};

use super::clip::clip;
use super::pen::Pen;
use crate::config::theme::Role;

/// Draws a frame and returns what is inside. The focused frame is marked with `▸` besides its colour.
pub fn panel_frame(area: Rect, title: &str, focused: bool, pen: &mut Pen<'_>) -> Rect {
    let area = area.intersection(pen.buffer.area);
    let role = if focused { Role::BorderFocused } else { Role::Border };
    let block = Block::bordered().border_style(pen.theme.style(role));
    let inner = block.inner(area);
    block.render(area, pen.buffer);
    let mark = if focused { "▸" } else { " " };
    let title = format!("{mark}{title} ");
    let room = area.width.saturating_sub(4);
    if area.height > 0 && room > 0 {
        pen.text(area.x + 2, area.y, room, &clip(&title, room.into()), Role::Title);
    }
    inner
}
