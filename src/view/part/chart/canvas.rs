//! Dots in cells: two columns and four rows of braille dots a cell.

use std::time::Duration;

use jiff::Timestamp;
use ratatui::layout::Rect;

use super::{Trace, scale};
use crate::config::theme::Role;
use crate::view::part::pen::Pen;
use crate::view::part::spark::Window;

/// Bits of a braille character, by column and row of the dot.
/// Unicode chapter 21, braille patterns: U+2800 plus these.
const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// Dots of a plot, and the role of the last series in each cell.
pub(super) struct Canvas {
    width: u16,
    height: u16,
    cells: Vec<(u8, Role)>,
}

/// A dot column's greatest value, and whether a line leads to it from the one before.
#[derive(Clone, Copy)]
struct Dot {
    column: usize,
    value: f64,
    joined: bool,
}

impl Canvas {
    /// A blank canvas of so many cells.
    pub(super) fn new(width: u16, height: u16) -> Self {
        Self { width, height, cells: vec![(0, Role::Text); usize::from(width) * usize::from(height)] }
    }

    /// Whether nothing was drawn.
    pub(super) fn is_empty(&self) -> bool {
        self.cells.iter().all(|(dots, _)| *dots == 0)
    }

    /// Whether a cell has no dot.
    pub(super) fn is_blank(&self, column: u16, row: u16) -> bool {
        let index = usize::from(row) * usize::from(self.width) + usize::from(column);
        column < self.width && self.cells.get(index).is_none_or(|(dots, _)| *dots == 0)
    }

    /// Draws one series over the window `[now − range, now]`, from 0 to `top`.
    pub(super) fn trace(&mut self, trace: &Trace<'_>, now: Timestamp, range: Duration, top: f64) {
        let dots = dots(trace, now, range, usize::from(self.width) * 2);
        let mut before: Option<(usize, usize)> = None;
        for dot in dots {
            let row = self.row(dot.value, top);
            match before.filter(|_| dot.joined) {
                Some(from) => self.segment(from, (dot.column, row), trace.role),
                None => self.dot(dot.column, row, trace.role),
            }
            before = Some((dot.column, row));
        }
    }

    fn row(&self, value: f64, top: f64) -> usize {
        let last = (usize::from(self.height) * 4).saturating_sub(1);
        ((1.0 - scale::share(value, top)) * last as f64).round() as usize
    }

    /// A straight line; each dot column gets all the rows that the line passes in it.
    fn segment(&mut self, from: (usize, usize), to: (usize, usize), role: Role) {
        let columns = to.0.saturating_sub(from.0).max(1);
        let at = |step: usize| {
            let share = step as f64 / columns as f64;
            (from.1 as f64 + (to.1 as f64 - from.1 as f64) * share).round() as usize
        };
        for step in 1..=columns {
            let (a, b) = (at(step - 1), at(step));
            for row in a.min(b)..=a.max(b) {
                self.dot(from.0 + step, row, role);
            }
        }
    }

    fn dot(&mut self, column: usize, row: usize, role: Role) {
        let index = row / 4 * usize::from(self.width) + column / 2;
        if column / 2 < usize::from(self.width)
            && let Some(cell) = self.cells.get_mut(index)
        {
            *cell = (cell.0 | BITS[column % 2][row % 4], role);
        }
    }

    /// Writes the dots into the plot's cells.
    pub(super) fn paint(&self, plot: Rect, pen: &mut Pen<'_>) {
        for (index, (dots, role)) in self.cells.iter().enumerate().filter(|(_, (dots, _))| *dots != 0) {
            let (x, y) = (index % usize::from(self.width), index / usize::from(self.width));
            let style = pen.theme.style(*role);
            let symbol = char::from_u32(0x2800 + u32::from(*dots)).unwrap_or('•');
            if let Some(cell) = pen.buffer.cell_mut((plot.x + x as u16, plot.y + y as u16)) {
                cell.set_char(symbol).set_style(style);
            }
        }
    }
}

/// The samples of a series as dot columns: the greatest of each, joined where no gap lies between.
fn dots(trace: &Trace<'_>, now: Timestamp, range: Duration, columns: usize) -> Vec<Dot> {
    let mut dots: Vec<Dot> = Vec::with_capacity(columns.min(trace.points.len()));
    let window = Window::of(now, range, columns);
    let gap = i64::try_from(trace.gap.as_millis()).unwrap_or(i64::MAX);
    let mut last: Option<i64> = None;
    for (at, value) in trace.points.within(now, range) {
        if !value.is_finite() {
            last = None;
            continue;
        }
        let Some(column) = window.slice(at) else { continue };
        let joined = last.is_some_and(|last| at - last <= gap);
        last = Some(at);
        match dots.last_mut() {
            Some(dot) if dot.column == column => dot.value = dot.value.max(value),
            _ => dots.push(Dot { column, value, joined }),
        }
    }
    dots
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Now;
    use crate::source::Point;
    use crate::state::history::History;

    fn lines(values: &[f64], width: u16, height: u16) -> Vec<String> {
        let point = |(index, value): (usize, &f64)| Point { at: Now::fixed(index as u64 * 10).wall, value: *value };
        let points: History = values.iter().enumerate().map(point).collect();
        let trace = Trace { points: &points, role: Role::Series1, label: "", gap: Duration::from_secs(20) };
        let mut canvas = Canvas::new(width, height);
        let span = (values.len() as u64 - 1) * 10;
        canvas.trace(&trace, Now::fixed(span).wall, Duration::from_secs(span), 1.0);
        let symbol = |(dots, _): &(u8, Role)| char::from_u32(0x2800 + u32::from(*dots)).unwrap();
        canvas.cells.chunks(usize::from(width)).map(|row| row.iter().map(symbol).collect()).collect()
    }

    #[test]
    fn a_line_rises_from_the_bottom_to_the_top() {
        assert_eq!(lines(&[0.0, 1.0], 2, 1), ["⣠⠞"]);
    }

    #[test]
    fn a_sample_that_is_no_number_leaves_a_gap() {
        let line = &lines(&[1.0, 1.0, f64::NAN, f64::NAN, 1.0, 1.0], 6, 1)[0];
        assert!(line.contains('\u{2800}') && line.starts_with('⠉') && !line.ends_with('\u{2800}'), "{line}");
    }
}
