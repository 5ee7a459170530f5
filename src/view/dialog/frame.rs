//! The frame that all overlays share: a box over the screen with a title, rows, and a foot of hints.

use ratatui::layout::Rect;
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use crate::config::theme::Role;
use crate::view::header;
use crate::view::part::page::{self, Row};
use crate::view::part::pen::{Pen, columns};

/// Columns that a frame takes from the width: two borders, and a blank inside each.
pub const FRAME_COLUMNS: u16 = 4;

/// Rows that a frame takes from the height.
pub const FRAME_ROWS: u16 = 2;

/// What a box shows.
#[derive(Debug, Default)]
pub struct Content {
    /// The title, in the upper border.
    pub title: Row,
    /// Rows of the body.
    pub body: Vec<Row>,
    /// The first row of the body that is shown.
    pub from: usize,
    /// Rows that stay at the bottom, whatever the body's length.
    pub foot: Vec<Row>,
    /// Where it stands.
    pub place: Place,
}

/// Where a box stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Place {
    /// In the middle of the screen; where there is room, the header stays in sight.
    #[default]
    Middle,
    /// At the bottom, so that the list above can be seen.
    Bottom,
}

/// The width of text within a box that is at most `widest` columns wide, frame included.
pub fn text_width(columns: u16, widest: u16) -> u16 {
    columns.min(widest).saturating_sub(FRAME_COLUMNS)
}

/// Rows of body and foot together that a screen of so many rows has room for.
pub fn text_rows(rows: u16) -> usize {
    usize::from(rows.saturating_sub(FRAME_ROWS))
}

/// Draws a box of at most `widest` columns, as high as its content where that fits. Returns where the body stands.
pub fn draw(screen: Rect, widest: u16, content: &Content, pen: &mut Pen<'_>) -> Rect {
    let rows = content.body.len() + content.foot.len() + usize::from(FRAME_ROWS);
    let height = u16::try_from(rows).unwrap_or(u16::MAX);
    let inner = open(boxed(screen, (widest, height), content.place), &content.title, pen);
    let foot = u16::try_from(content.foot.len()).unwrap_or(u16::MAX).min(inner.height);
    let body = Rect { height: inner.height - foot, ..inner };
    page::paint(body, &content.body, content.from, pen);
    page::paint(Rect { y: body.bottom(), height: foot, ..inner }, &content.foot, 0, pen);
    body
}

/// A box of at most that size on the screen.
fn boxed(screen: Rect, (width, height): (u16, u16), place: Place) -> Rect {
    let (width, height) = (width.min(screen.width), height.min(screen.height));
    let below_header = screen.height.saturating_sub(header::ROWS);
    let above = match place {
        Place::Middle if height <= below_header => header::ROWS + (below_header - height) / 2,
        Place::Middle | Place::Bottom => screen.height - height,
    };
    Rect { x: screen.x + (screen.width - width) / 2, y: screen.y + above, width, height }
}

/// Clears a box, draws its border and title, and returns the space for text in it.
fn open(area: Rect, title: &Row, pen: &mut Pen<'_>) -> Rect {
    let area = area.intersection(pen.buffer.area);
    Clear.render(area, pen.buffer);
    pen.fill(area, Role::Text);
    let block = Block::bordered().border_type(BorderType::Thick).border_style(pen.theme.style(Role::BorderFocused));
    let inside = block.inner(area);
    block.render(area, pen.buffer);
    write_title(area, title, pen);
    Rect { x: inside.x + 1.min(inside.width), width: inside.width.saturating_sub(2), ..inside }
}

fn write_title(area: Rect, title: &Row, pen: &mut Pen<'_>) {
    let room = area.width.saturating_sub(FRAME_COLUMNS + 2);
    if room == 0 {
        return;
    }
    let used = u16::try_from(columns(title)).unwrap_or(u16::MAX).min(room);
    pen.text(area.x + 2, area.y, used + 2, &" ".repeat(usize::from(used) + 2), Role::Title);
    pen.line(area.x + 3, area.y, room, title);
}
