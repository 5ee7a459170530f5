//! Signals that no other panel shows: each with value, age, history and bounds; graphs of the first ones where there is room.

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::config::{Direction, Service, Signal};
use crate::state::State;
use crate::view::part::chart::{Chart, Trace};
use crate::view::part::page::{Page, pad, paint_scrolled};
use crate::view::part::reading::Shown;
use crate::view::part::signal::{SignalView, gap, unpanelled, view};
use crate::view::part::{Bit, Pen, bit, clip, spark};

/// The widest that a name gets, in columns.
const NAME: usize = 24;

/// Rows of a graph with its name.
const GRAPH: u16 = 8;

/// Columns of the parts of a row, measured over all rows.
struct Columns {
    name: usize,
    value: usize,
    state: usize,
    spark: usize,
}

/// Draws the panel.
pub fn draw(area: Rect, service: &Service, scroll: usize, state: &State, pen: &mut Pen<'_>) {
    let views: Vec<SignalView<'_, '_>> = unpanelled(service).map(|signal| view(service, signal, state)).collect();
    let mut page = Page::new(area.width);
    let columns = columns(&views, area.width);
    for view in &views {
        page.pieces(2, &row(view, &columns, state));
    }
    let mut reasons: Vec<Bit<'static>> =
        views.iter().filter_map(|view| view.trouble(view.signal.name.as_str())).collect();
    reasons.dedup();
    reasons.into_iter().for_each(|reason| page.pieces(2, &[reason]));
    paint_scrolled(area, page.rows(), scroll, pen);
    let used = u16::try_from(page.len()).unwrap_or(u16::MAX).min(area.height);
    graphs(Rect { y: area.y + used, height: area.height - used, ..area }, &views, state, pen);
}

fn columns(views: &[SignalView<'_, '_>], width: u16) -> Columns {
    let widest = |of: &dyn Fn(&SignalView<'_, '_>) -> usize| views.iter().map(of).max().unwrap_or(0);
    let spark = match width {
        0..70 => 0,
        70..100 => 10,
        _ => usize::from(width - 84).min(60),
    };
    Columns {
        name: widest(&|view| clip::width(&view.signal.name)).min(NAME),
        value: widest(&|view| clip::width(&value(&view.shown()))),
        state: widest(&|view| clip::width(&view.shown().state().1)),
        spark,
    }
}

/// `hit_rate   91.2 %  1m ▄▄▅▄▄▄ warning ≤ 70 %, critical ≤ 50 %`.
fn row(view: &SignalView<'_, '_>, columns: &Columns, state: &State) -> Vec<Bit<'static>> {
    let shown = view.shown();
    let (role, age) = shown.state();
    let mut row = vec![
        bit(Role::Title, format!("{} ", pad(&view.signal.name, columns.name))),
        bit(shown.role, format!("{} ", pad(&value(&shown), columns.value))),
        bit(role, format!("{}  ", pad(&age, columns.state))),
    ];
    if columns.spark > 0 {
        row.push(bit(view.series_role(Role::Series1), format!("{}  ", history(view, columns.spark, state))));
    }
    row.push(bit(Role::Muted, bounds(view.signal)));
    row
}

fn value(shown: &Shown) -> String {
    format!("{}{}", shown.text, if shown.word == "live" { shown.sign } else { "" })
}

fn history(view: &SignalView<'_, '_>, columns: usize, state: &State) -> String {
    let bound = view.signal.warning.or(view.signal.critical).or(view.signal.objective);
    let blocks = |points| spark::spark(points, state.now.wall, state.range, columns, bound);
    view.measured.value().map_or_else(|| " ".repeat(columns), |(series, _)| blocks(&series.points))
}

/// The bounds in words, with the side that is worse.
fn bounds(signal: &Signal) -> String {
    let (worse, better) = if signal.direction == Direction::HigherIsWorse { ("≥", "<") } else { ("≤", ">") };
    let bound =
        |word: &str, sign: &str, bound: Option<f64>| Some(format!("{word} {sign} {}", signal.unit.format(bound?)));
    let all = [
        bound("warning", worse, signal.warning),
        bound("critical", worse, signal.critical),
        bound("objective", better, signal.objective),
    ];
    let before = signal.baseline.map(|baseline| format!("before {}", baseline.words(signal.unit)));
    let words: Vec<String> = all.into_iter().chain([before]).flatten().collect();
    if words.is_empty() { "no bound".to_owned() } else { words.join(", ") }
}

/// Graphs of as many signals as there is room for, each with its name above.
fn graphs(area: Rect, views: &[SignalView<'_, '_>], state: &State, pen: &mut Pen<'_>) {
    let count = (area.height / GRAPH).min(u16::try_from(views.len()).unwrap_or(u16::MAX));
    let Some(height) = area.height.checked_div(count) else { return };
    for (y, view) in (area.y..).step_by(height.into()).zip(views.iter().take(count.into())) {
        let area = Rect { y, height, ..area };
        pen.text(area.x, area.y, area.width, &view.signal.name, Role::Title);
        graph(view, state).draw(Rect { y: area.y + 1, height: area.height - 1, ..area }, pen);
    }
}

fn graph<'s>(view: &SignalView<'_, 's>, state: &'s State) -> Chart<'s> {
    let trace = view.measured.value().map(|(series, _)| Trace {
        points: &series.points,
        role: view.series_role(Role::Series1),
        label: "",
        gap: gap(view.signal, state.range),
    });
    let (objective, unit) = (view.signal.objective, view.signal.unit);
    Chart { traces: trace.into_iter().collect(), objective, unit, now: state.now.wall, range: state.range }
}
