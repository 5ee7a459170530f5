//! One runbook: a preview, or the session that follows it step by step with its evidence.

use ratatui::layout::Rect;

use super::runbooks::followed;
use crate::config::keymap::Context;
use crate::config::theme::Role;
use crate::runbook::session::text_changed;
use crate::runbook::{Runbook, Session, Step, StepKind, StepRecord, StepState};
use crate::source::Name;
use crate::state::command::Command;
use crate::state::{State, StepRef, lists};
use crate::view::part::list::{self, List};
use crate::view::part::page::{self, Page, Row, piece};
use crate::view::part::pen::{Bit, Pen};
use crate::view::part::table::{Column, Table, fixed, share};
use crate::view::part::{age, clip, keys, signs, step as words_of, words};

/// From this width on the selected step stands beside the list, not below it.
const WIDE: u16 = 110;

/// What is shown: the runbook, and the session that follows it, if one was begun.
#[derive(Clone, Copy)]
struct Shown<'a> {
    runbook: &'a Runbook,
    session: Option<&'a Session>,
    selected: usize,
    state: &'a State,
}

/// Draws a runbook.
pub fn draw(area: Rect, id: &Name, (session, selected): (Option<&str>, usize), state: &State, pen: &mut Pen<'_>) {
    let Some(runbook) = state.runbooks.iter().find(|runbook| runbook.id == *id) else {
        let gone = vec![piece(Role::Warning, format!("there is no runbook `{id}`"))];
        return page::paint(area, &[gone], 0, pen);
    };
    let session = session.and_then(|id| state.sessions.iter().find(|session| session.id == id));
    let selected = selected.min(runbook.steps.len().saturating_sub(1));
    let shown = Shown { runbook, session, selected, state };
    if area.width < WIDE { stacked(area, shown, pen) } else { beside(area, shown, pen) }
}

fn stacked(area: Rect, shown: Shown<'_>, pen: &mut Pen<'_>) {
    let steps = u16::try_from(shown.runbook.steps.len()).unwrap_or(u16::MAX);
    let head = head(shown, area);
    let top = u16::try_from(head.len()).unwrap_or(u16::MAX).saturating_add(steps.min(area.height / 2)).min(area.height);
    list::draw(Rect { height: top, ..area }, &steps_list(shown, head, area.width), pen);
    let gap = top + 1.min(area.height - top);
    let below = Rect { y: area.y + gap, height: area.height - gap, ..area };
    detail_in(below, shown, pen);
}

fn beside(area: Rect, shown: Shown<'_>, pen: &mut Pen<'_>) {
    let head = head(shown, area);
    let top = u16::try_from(head.len()).unwrap_or(u16::MAX).min(area.height);
    let left = list_width(shown.runbook, area.width);
    let inset = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    page::paint(Rect { height: top, ..inset }, &head, 0, pen);
    let body = Rect { y: area.y + top, height: area.height - top, ..area };
    list::draw(Rect { width: left, ..body }, &steps_list(shown, Vec::new(), left), pen);
    detail_in(Rect { x: area.x + left, width: area.width - left, ..body }, shown, pen);
}

/// Columns of a row of the list besides the title: mark, number, state, kind, the gaps between them, and a margin.
const AROUND_TITLE: usize = 2 + 2 + 2 + 9 + 2 + 2 + 7 + 2;

/// What the longest title needs, between a third and half of the screen.
fn list_width(runbook: &Runbook, width: u16) -> u16 {
    let titles = runbook.steps.iter().map(|step| clip::width(&step.title));
    let needs = titles.max().unwrap_or(0) + AROUND_TITLE;
    u16::try_from(needs).unwrap_or(u16::MAX).clamp(width / 3, width / 2)
}

/// Title, owner, what it answers, and how far one is.
fn head(shown: Shown<'_>, area: Rect) -> Vec<Row> {
    let Shown { runbook, session, state, .. } = shown;
    let mut page = Page::new(area.width.saturating_sub(2));
    let about = format!("{} · {} · owner {}", runbook.id, runbook.severity, runbook.owner);
    page.row(vec![piece(Role::Title, format!("RUNBOOK  {}  ", runbook.title)), piece(Role::Muted, about)]);
    let rows = lists::runbooks(state);
    let suggested = rows.iter().find(|row| row.runbook.id == runbook.id).and_then(|row| row.suggested_by);
    if let Some(alert) = suggested {
        page.pieces(
            2,
            &[piece(Role::Critical, format!("▲ {} fires: ", alert.name)), piece(Role::Text, &alert.summary)],
        );
    }
    match session {
        Some(session) => in_session(&mut page, runbook, session),
        None => preview(&mut page, shown, area),
    }
    page.blank();
    page.into_rows()
}

fn in_session(page: &mut Page, runbook: &Runbook, session: &Session) {
    let done = crate::runbook::session::current(session).is_none();
    let (role, word) = match session.closed {
        Some(at) if done => (Role::Good, format!("✓ all steps done, closed at {}: ", words::moment(at))),
        Some(at) => (Role::Warning, format!("closed at {} with steps left open: ", words::moment(at))),
        None => (Role::Muted, "followed: ".to_owned()),
    };
    page.pieces(2, &[piece(role, word), piece(Role::Text, followed(session))]);
    if text_changed(session, runbook) {
        page.text(Role::Warning, "! the runbook's text was changed since this session began: read it again");
    }
}

/// The introduction, a tenth of the screen's rows of it at most, so that the steps are seen; and how to begin.
fn preview(page: &mut Page, shown: Shown<'_>, area: Rect) {
    let mut introduction = Page::new(area.width.saturating_sub(2));
    introduction.text(Role::Text, &shown.runbook.introduction);
    let most = usize::from(area.height / 10).max(1);
    let cut = introduction.len() > most;
    introduction.into_rows().into_iter().take(most).for_each(|row| page.row(row));
    if cut {
        page.text(Role::Muted, format!("… all of it: quarterdeck runbook show {}", shown.runbook.id));
    }
    let key = keys::first(&shown.state.keymap, Command::StepRun, Context::Runbook);
    page.pieces(
        0,
        &[
            piece(Role::Muted, "preview: nothing was begun; "),
            piece(Role::Key, key),
            piece(Role::Muted, " runs the selected step and begins a session"),
        ],
    );
}

fn steps_list(shown: Shown<'_>, head: Vec<Row>, width: u16) -> List {
    const COLUMNS: [Column; 4] = [fixed("", 2), fixed("", 9), share("", 1), fixed("", 7)];
    let table = Table::new(&COLUMNS, width.saturating_sub(2));
    let row = |(at, step): (usize, &Step)| {
        let sign = signs::step(record(shown.session, at).map_or(StepState::Open, |record| record.state));
        let cells = vec![
            piece(Role::Muted, (at + 1).to_string()),
            sign.piece(9),
            piece(Role::Title, &step.title),
            piece(Role::Muted, words_of::kind(&step.kind)),
        ];
        table.row(at == shown.selected, cells)
    };
    let rows: Vec<Row> = shown.runbook.steps.iter().enumerate().map(row).collect();
    List { head, selected: (!rows.is_empty()).then_some(shown.selected), rows, foot: Vec::new() }
}

fn record(session: Option<&Session>, at: usize) -> Option<&StepRecord> {
    session.and_then(|session| session.steps.get(at))
}

/// The selected step. Where there is too little room, its text is cut before its newest evidence and the keys.
fn detail_in(area: Rect, shown: Shown<'_>, pen: &mut Pen<'_>) {
    let area = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), ..area };
    let Some(step) = shown.runbook.steps.get(shown.selected) else { return };
    let text = text(step, shown, area.width);
    let evidence = evidence(record(shown.session, shown.selected), area.width);
    let keys = hints(step, shown, area.width);
    let room = usize::from(area.height).saturating_sub(keys.len());
    let text_rows = text.len().min(room.saturating_sub(evidence.len().min(room / 2)));
    let newest = evidence.len().saturating_sub(room - text_rows);
    let rows: Vec<Row> =
        text.into_iter().take(text_rows).chain(evidence.into_iter().skip(newest)).chain(keys).collect();
    page::paint(area, &rows, 0, pen);
}

fn text(step: &Step, shown: Shown<'_>, width: u16) -> Vec<Row> {
    let mut page = Page::new(width);
    page.text(Role::Title, format!("{} {}", shown.selected + 1, step.title));
    page.field_of(9, words_of::kind(&step.kind), &[piece(Role::Key, words_of::does(&step.kind, &shown.state.config))]);
    asking(&mut page, shown);
    for paragraph in &step.text {
        page.text(Role::Text, paragraph);
    }
    page.into_rows()
}

/// What the step is doing at this moment: how long it has waited, when it gives up, what was read last.
fn asking(page: &mut Page, shown: Shown<'_>) {
    let Shown { session: Some(session), selected, state, .. } = shown else { return };
    let mine = |step: &StepRef| step.session == session.id && step.step == selected;
    if let Some(wait) = state.waits.iter().find(|wait| mine(&wait.step)) {
        let now = state.now.mono;
        let (gone, left) = (age::clock(now.since(wait.since)), age::clock(wait.until.since(now)));
        page.field_of(9, "▶ now", &[piece(Role::Warning, format!("waits for {gone}, gives up in {left}"))]);
        let last = wait.last.as_ref().map_or("not answered yet", |last| last);
        page.field_of(9, "", &[piece(Role::Text, format!("last: {last}"))]);
    } else if state.checks.iter().any(|check| mine(&check.step)) {
        page.field_of(9, "▶ now", &[piece(Role::Warning, "asked, not answered yet")]);
    }
}

/// Who read what when, oldest first.
fn evidence(record: Option<&StepRecord>, width: u16) -> Vec<Row> {
    let mut page = Page::new(width);
    for piece_of in record.map_or(&[][..], |record| &record.evidence) {
        let run = piece_of.run.as_ref().map_or_else(String::new, |run| format!(" (run {run})"));
        let who = format!("{} {}: ", words::clock(piece_of.at), piece_of.by.user);
        page.pieces(2, &[piece(Role::Muted, who), piece(Role::Text, &piece_of.reading), piece(Role::Muted, run)]);
    }
    page.into_rows()
}

/// Keys that the step takes.
fn hints(step: &Step, shown: Shown<'_>, width: u16) -> Vec<Row> {
    let mut page = Page::new(width);
    if shown.session.is_some_and(|session| session.closed.is_some()) {
        page.text(Role::Muted, "this session is closed; to begin anew, go back and open the runbook again");
        return page.into_rows();
    }
    let run = if matches!(step.kind, StepKind::Manual) {
        (Command::StepTick, "tick as done")
    } else {
        (Command::StepRun, "run")
    };
    let mut pieces: Vec<Bit<'static>> = Vec::new();
    for (command, word) in [run, (Command::StepSkip, "skip, with a reason")] {
        let keys = keys::first(&shown.state.keymap, command, Context::Runbook);
        pieces.push(piece(Role::Key, format!("{keys} ")));
        pieces.push(piece(Role::Muted, format!("{word}   ")));
    }
    page.pieces(0, &pieces);
    page.into_rows()
}
