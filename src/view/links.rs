//! What on the screen is a link: identifiers of traces, where the configuration says how a trace is opened.

use ratatui::buffer::{Buffer, Cell};
use url::Url;

use crate::source::{Exemplars, Name, SignalId, Subject, TraceId};
use crate::state::{Screen, State};

/// Cells of one row that open an address.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// The column of the first cell.
    pub x: u16,
    /// The row.
    pub y: u16,
    /// The cells as they were drawn.
    pub cells: Vec<Cell>,
    /// The address: built by us of a template of the configuration and of hexadecimal digits, so that nothing of it acts on
    /// the terminal.
    pub url: Url,
}

/// The links of a drawn service screen. Under a dialog there are none: what lies below it is not meant.
pub fn links(buffer: &Buffer, state: &State) -> Vec<Link> {
    let template = state.config.prometheus.as_ref().and_then(|backend| backend.trace_url.as_ref());
    let (Some(template), Screen::Service { name, .. }, None) = (template, state.screen(), &state.overlay) else {
        return Vec::new();
    };
    let traces = traces(state, name);
    let rows = buffer.area.top()..buffer.area.bottom();
    rows.flat_map(|y| traces.iter().filter_map(move |trace| Some((y, *trace, at(buffer, y, trace)?))))
        .filter_map(|(y, trace, x)| Some(link(buffer, x, y, trace, template.of(trace)?)))
        .collect()
}

fn traces<'s>(state: &'s State, service: &Name) -> Vec<&'s TraceId> {
    let signals = state.config.service(service).into_iter().flat_map(|service| &service.signals);
    let explained = signals.filter(|signal| signal.exemplars.is_some());
    let explained = explained.map(|signal| SignalId { service: service.clone(), signal: signal.name.clone() });
    let read = |id| {
        let measured = state.readings.of::<Exemplars>(&state.config, &Subject::Exemplars(id), state.now);
        measured.value().map(|(exemplars, _)| exemplars)
    };
    explained.filter_map(read).flat_map(|exemplars| &exemplars.0).map(|exemplar| &exemplar.trace_id).collect()
}

/// The column where a trace's identifier stands in a row.
fn at(buffer: &Buffer, y: u16, trace: &TraceId) -> Option<u16> {
    let digits: Vec<String> = trace.as_str().chars().map(String::from).collect();
    let width = u16::try_from(digits.len()).ok()?;
    let last = buffer.area.right().checked_sub(width)?;
    (buffer.area.left()..=last).find(|x| {
        let cells = (*x..*x + width).filter_map(|x| buffer.cell((x, y)));
        cells.map(Cell::symbol).eq(digits.iter().map(String::as_str))
    })
}

fn link(buffer: &Buffer, x: u16, y: u16, trace: &TraceId, url: Url) -> Link {
    let end = x.saturating_add(u16::try_from(trace.as_str().len()).unwrap_or(0));
    Link { x, y, cells: (x..end).filter_map(|x| buffer.cell((x, y))).cloned().collect(), url }
}
