//! Logs: the count of matching events per five minutes, as bars, with the newest full bin and its age.

use std::time::Duration;

use jiff::Timestamp;
use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::config::{LOG_COUNT_BIN, LogSource, Service};
use crate::source::{Measured, Point, Subject, Unit};
use crate::state::State;
use crate::state::readings::Series;
use crate::view::part::reading::{Shown, trouble};
use crate::view::part::{Bit, Pen, age, bit};

/// Rows below which bars say nothing.
const LOWEST: u16 = 2;

/// Eighths of a cell.
const BLOCKS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Draws the panel: the counted logs share its rows. It is as long as its window, so it never scrolls.
pub fn draw(area: Rect, service: &Service, _scroll: usize, state: &State, pen: &mut Pen<'_>) {
    let counted: Vec<&LogSource> = service.logs.iter().filter(|log| log.count.is_some()).collect();
    let Some(height) = area.height.checked_div(u16::try_from(counted.len()).unwrap_or(u16::MAX)) else { return };
    for (log, y) in counted.into_iter().zip((area.y..area.bottom()).step_by(height.max(1).into())) {
        let height = height.max(1).min(area.bottom() - y);
        one(Rect { y, height, ..area }, service, log, state, pen);
    }
}

fn one(area: Rect, service: &Service, log: &LogSource, state: &State, pen: &mut Pen<'_>) {
    let subject = Subject::LogCount { service: service.name.clone(), log: log.name.clone() };
    let measured = state.readings.measure(&state.config, &subject, state.now);
    pen.line(area.x, area.y, area.width, &title(log, &measured));
    let mut top = area.y + 1;
    if let Some(line) = trouble(log.name.as_str(), &measured)
        && top < area.bottom()
    {
        pen.line(area.x, top, area.width, &line);
        top += 1;
    }
    let plot = Rect { y: top, height: area.bottom().saturating_sub(top), ..area };
    let Some((series, _)) = measured.value().filter(|_| plot.height > LOWEST) else { return };
    let role = if measured.live().is_some() { Role::Series1 } else { Role::Stale };
    let inside = |point: &Point| age::since(state.now.wall, point.at) <= state.range + LOG_COUNT_BIN;
    let points: Vec<Point> = series.points.iter().filter(inside).collect();
    bars(plot, &points, (state.now.wall, state.range), role, pen);
}

/// `app  12 in 5 min  4m`.
fn title(log: &LogSource, measured: &Measured<'_, Series>) -> Vec<Bit<'static>> {
    let text = |series: &Series| {
        let part = if series.partial { ", PARTIAL" } else { "" };
        format!("{} in {}{part}", series.value.format(Unit::Count), bin())
    };
    let shown = Shown::of(measured, text, |_| (Role::Text, ""));
    let mut bits = vec![bit(Role::Title, format!("{}  ", log.name))];
    bits.extend(shown.bits());
    bits.push(bit(Role::Muted, "  events that match, newest full bin"));
    bits
}

fn bin() -> String {
    age::window(LOG_COUNT_BIN)
}

/// A bar a bin over the window, right up to now; a bin that was not counted is blank, one without events has a low line.
fn bars(area: Rect, points: &[Point], (now, range): (Timestamp, Duration), role: Role, pen: &mut Pen<'_>) {
    let plot = Rect { height: area.height - 1, ..area };
    let bins = (range.as_secs() / LOG_COUNT_BIN.as_secs()).clamp(1, u64::from(area.width));
    if points.is_empty() {
        pen.text(area.x, area.y, area.width, "no bin of this window was counted", Role::Muted);
        return;
    }
    let greatest = points.iter().map(|point| point.value).filter(|v| v.is_finite()).fold(0.0, f64::max);
    for column in 0..plot.width {
        let share = f64::from(column) / f64::from(plot.width);
        let slot = (share * bins as f64) as u64;
        let wide = u64::from(plot.width) / bins >= 3;
        let is_edge = ((share + 1.0 / f64::from(plot.width)) * bins as f64) as u64 != slot;
        let Some(value) = greatest_of(points, slot, bins, (now, range)).filter(|_| !(wide && is_edge)) else {
            continue;
        };
        bar(plot, column, if greatest > 0.0 { value / greatest } else { 0.0 }, role, pen);
    }
    let y = area.bottom() - 1;
    let label = format!("-{}, a bar is {}, the highest {}", age::window(range), bin(), Unit::Count.format(greatest));
    pen.text(area.x, y, area.width, &label, Role::Muted);
    pen.right(area.x, y, area.width, "now", Role::Muted);
}

/// The greatest count that falls into a slot of the window; `None` where there is none.
fn greatest_of(points: &[Point], slot: u64, slots: u64, (now, range): (Timestamp, Duration)) -> Option<f64> {
    let width = range.as_secs_f64() / slots as f64;
    let in_slot = |point: &&Point| {
        // The bin's end: the newest full bin ends at most one bin before now.
        let back = now.duration_since(point.at).as_secs_f64() - LOG_COUNT_BIN.as_secs_f64();
        let place = slots as f64 - 1.0 - (back / width).floor();
        place >= 0.0 && place as u64 == slot
    };
    let values = points.iter().filter(in_slot).map(|point| point.value).filter(|value| value.is_finite());
    values.fold(None, |greatest: Option<f64>, value| Some(greatest.map_or(value, |greatest| greatest.max(value))))
}

/// One column of a bar, from the bottom.
fn bar(plot: Rect, column: u16, share: f64, role: Role, pen: &mut Pen<'_>) {
    let eighths = (share * f64::from(plot.height) * 8.0).round() as usize;
    let eighths = if share > 0.0 { eighths.max(2) } else { 1 };
    for row in 0..plot.height {
        let left = eighths.saturating_sub(usize::from(row) * 8).min(8);
        if left > 0 {
            let role = if share > 0.0 { role } else { Role::Muted };
            pen.text(plot.x + column, plot.bottom() - 1 - row, 1, BLOCKS[left], role);
        }
    }
}
