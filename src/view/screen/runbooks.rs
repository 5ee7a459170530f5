//! Runbooks: those that answer a firing alert first, then those that are being followed.

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::runbook::{Runbook, Session};
use crate::state::State;
use crate::state::lists::{self, RunbookRow};
use crate::view::part::list::{self, List};
use crate::view::part::page::{Page, Row, piece};
use crate::view::part::pen::{Bit, Pen};
use crate::view::part::table::{Table, fixed, share};

/// Draws the runbooks.
pub fn draw(area: Rect, selected: usize, state: &State, pen: &mut Pen<'_>) {
    let runbooks = lists::runbooks(state);
    let columns = [fixed("", 11), share("runbook", 5), share("services", 3), fixed("severity", 8), share("owner", 2)];
    let table = Table::new(&columns, area.width.saturating_sub(2));
    let selected = selected.min(runbooks.len().saturating_sub(1));
    let row = |(at, row): (usize, &RunbookRow<'_>)| table.row(at == selected, cells(row));
    let mut list = List {
        head: vec![list::heading("RUNBOOKS", glance(&runbooks)), table.head()],
        rows: runbooks.iter().enumerate().map(row).collect(),
        selected: (!runbooks.is_empty()).then_some(selected),
        foot: runbooks.get(selected).map_or_else(Vec::new, |row| foot(row, area.width)),
    };
    if runbooks.is_empty() {
        let meaning = vec![piece(Role::Muted, "no runbook was found; `quarterdeck runbook list` says where is looked")];
        list.rows.push(list::empty(&state.filter, meaning));
    }
    list::draw(area, &list, pen);
}

fn cells(row: &RunbookRow<'_>) -> Vec<Bit<'static>> {
    let mark = match (row.suggested_by, row.session) {
        (Some(_), _) => piece(Role::Critical, "▲ suggested"),
        (None, Some(_)) => piece(Role::Warning, "▶ followed"),
        (None, None) => piece(Role::Muted, ""),
    };
    let Runbook { title, owner, severity, .. } = row.runbook;
    vec![
        mark,
        piece(Role::Title, title),
        piece(Role::Text, services(row.runbook)),
        piece(Role::Text, severity),
        piece(Role::Muted, owner),
    ]
}

fn services(runbook: &Runbook) -> String {
    let names: Vec<&str> = runbook.services.iter().map(|name| name.as_str()).collect();
    names.join(", ")
}

fn glance(rows: &[RunbookRow<'_>]) -> Row {
    let suggested = rows.iter().filter(|row| row.suggested_by.is_some()).count();
    match suggested {
        0 => vec![piece(Role::Muted, "none answers an alert that is known to fire")],
        1 => vec![piece(Role::Critical, "▲ 1 answers a firing alert")],
        _ => vec![piece(Role::Critical, format!("▲ {suggested} answer firing alerts"))],
    }
}

fn foot(row: &RunbookRow<'_>, width: u16) -> Vec<Row> {
    let mut page = Page::new(width.saturating_sub(2));
    page.blank();
    if let Some(alert) = row.suggested_by {
        page.field(
            "because",
            &[piece(Role::Critical, format!("▲ {} fires: ", alert.name)), piece(Role::Text, &alert.summary)],
        );
    }
    if let Some(session) = row.session {
        page.field("followed", &[piece(Role::Text, followed(session))]);
    }
    let alerts: Vec<&str> = row.runbook.alerts.iter().map(|alert| alert.as_str()).collect();
    page.field("answers", &[piece(Role::Text, alerts.join(", "))]);
    page.field(
        "from",
        &[piece(
            Role::Muted,
            format!("{} · {} steps · {}", row.runbook.id, row.runbook.steps.len(), row.runbook.origin),
        )],
    );
    page.text(Role::Text, &row.runbook.introduction);
    page.into_rows()
}

/// How far a session is, and whose it is.
pub fn followed(session: &Session) -> String {
    use crate::runbook::StepState::{Passed, Skipped};
    let done = session.steps.iter().filter(|step| matches!(step.state, Passed | Skipped)).count();
    let began = crate::view::part::words::moment(session.began);
    format!("{done} of {} steps, begun by {}@{} at {began}", session.steps.len(), session.by.user, session.by.host)
}
