//! A graph of a few series over one window of time, in braille dots, with an objective drawn in and labelled.
//!
//! The y axis begins at 0 and is labelled in the unit of the series; the x axis is named in words below. A sample that is
//! not a finite number is a gap, and so is a time without samples. Several samples in one column are shown by their
//! greatest: percentiles must not be averaged, and a peak must not vanish.

mod canvas;
mod scale;

use std::time::Duration;

use jiff::Timestamp;
use ratatui::layout::Rect;

use super::clip::width;
use super::number;
use super::pen::Pen;
use super::{age, clip};
use crate::config::theme::Role;
use crate::source::{Number, Unit};
use crate::state::history::History;
use canvas::Canvas;

/// Columns of the y axis' labels, the gap included.
const AXIS: u16 = 8;

/// The smallest graph that is worth drawing: columns, rows.
const SMALLEST: (u16, u16) = (AXIS + 10, 3);

/// One series.
#[derive(Debug, Clone, Copy)]
pub struct Trace<'a> {
    /// Its samples, oldest first.
    pub points: &'a History,
    /// Its role: one of the series, or `Stale`.
    pub role: Role,
    /// Its name, written at its right end, such as `p95`.
    pub label: &'static str,
    /// The greatest time between two samples that belong together; more is a gap.
    pub gap: Duration,
}

/// A graph.
#[derive(Debug, Clone)]
pub struct Chart<'a> {
    /// Its series; a later one is drawn over an earlier one.
    pub traces: Vec<Trace<'a>>,
    /// The line of the objective.
    pub objective: Option<f64>,
    /// The unit of all of them.
    pub unit: Unit,
    /// The right end.
    pub now: Timestamp,
    /// The window's length.
    pub range: Duration,
}

impl Chart<'_> {
    /// Draws the graph; nothing where it does not fit, and a word where there is nothing to show.
    pub fn draw(&self, area: Rect, pen: &mut Pen<'_>) {
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            return;
        }
        let plot =
            Rect { x: area.x + AXIS, y: area.y, width: area.width - AXIS - self.gutter(), height: area.height - 1 };
        let top = scale::nice_top(self.greatest());
        self.axes(area, plot, top, pen);
        let mut canvas = Canvas::new(plot.width, plot.height);
        for trace in &self.traces {
            canvas.trace(trace, self.now, self.range, top);
        }
        canvas.paint(plot, pen);
        self.objective(area, plot, top, &canvas, pen);
        if canvas.is_empty() {
            let row = plot.height / 2 + u16::from(self.objective_row(top, plot) == Some(plot.height / 2));
            pen.text(plot.x + 1, plot.y + row, plot.width - 1, "no samples in this window", Role::Muted);
        }
        self.labels(plot, top, pen);
    }

    /// Columns right of the plot for the names of the series.
    fn gutter(&self) -> u16 {
        let widest = self.traces.iter().map(|trace| width(trace.label)).max().unwrap_or(0);
        if widest == 0 { 0 } else { u16::try_from(widest + 1).unwrap_or(0) }
    }

    /// The greatest value in the window, the objective among them.
    fn greatest(&self) -> f64 {
        let within = self.traces.iter().flat_map(|trace| trace.points.within(self.now, self.range));
        let values = within.map(|(_, value)| value).filter(|value| value.is_finite());
        values.chain(self.objective).fold(0.0, f64::max)
    }

    fn axes(&self, area: Rect, plot: Rect, top: f64, pen: &mut Pen<'_>) {
        let columns = AXIS - 1;
        let label = |value: f64| number::fit(Number::Finite(value), self.unit, columns.into());
        pen.right(area.x, plot.y, columns, &label(top), Role::Muted);
        if plot.height > 1 {
            pen.right(area.x, plot.bottom() - 1, columns, &label(0.0), Role::Muted);
        }
        let y = area.bottom() - 1;
        pen.text(plot.x, y, plot.width, &format!("-{}", age::window(self.range)), Role::Muted);
        pen.right(plot.x, y, plot.width, "now", Role::Muted);
    }

    fn objective_row(&self, top: f64, plot: Rect) -> Option<u16> {
        self.objective.map(|objective| scale::row_of(objective, top, plot.height))
    }

    /// The objective's line between the dots, its value on the axis, and its name where the line has room for it.
    fn objective(&self, area: Rect, plot: Rect, top: f64, canvas: &Canvas, pen: &mut Pen<'_>) {
        let Some(objective) = self.objective else { return };
        let row = self.objective_row(top, plot).unwrap_or_default();
        let y = plot.y + row;
        let value = number::fit(Number::Finite(objective), self.unit, usize::from(AXIS - 1));
        pen.text(area.x, y, AXIS - 1, &" ".repeat(usize::from(AXIS - 1)), Role::Muted);
        pen.right(area.x, y, AXIS - 1, &value, Role::Objective);
        for column in (0..plot.width).filter(|column| canvas.is_blank(*column, row)) {
            pen.text(plot.x + column, y, 1, "╌", Role::Objective);
        }
        self.objective_name(plot, row, canvas, pen);
    }

    /// The line's name at its left or right end, wherever no dot stands.
    fn objective_name(&self, plot: Rect, row: u16, canvas: &Canvas, pen: &mut Pen<'_>) {
        const NAME: &str = " objective ";
        let columns = NAME.len() as u16;
        let free = |start: &u16| {
            start + columns < plot.width && (*start..start + columns).all(|column| canvas.is_blank(column, row))
        };
        if let Some(start) = [1, plot.width.saturating_sub(columns + 1)].into_iter().find(free) {
            pen.text(plot.x + start, plot.y + row, columns, NAME, Role::Objective);
        }
    }

    /// The name of each series at the height of its last value; where another already stands it is set a row higher.
    fn labels(&self, plot: Rect, top: f64, pen: &mut Pen<'_>) {
        let mut ends: Vec<(u16, &Trace<'_>)> = self
            .traces
            .iter()
            .filter_map(|trace| {
                let mut values = trace.points.within(self.now, self.range).rev().map(|(_, value)| value);
                let last = values.find(|value| value.is_finite())?;
                Some((scale::row_of(last, top, plot.height), trace))
            })
            .collect();
        ends.sort_by_key(|(row, _)| *row);
        ends.reverse();
        let mut limit = plot.height;
        for (row, trace) in ends {
            if limit == 0 {
                return;
            }
            let row = row.min(limit - 1);
            limit = row;
            let label = clip::clip(trace.label, usize::from(self.gutter()).saturating_sub(1)).into_owned();
            pen.text(plot.right() + 1, plot.y + row, self.gutter().saturating_sub(1), &label, trace.role);
        }
    }
}
