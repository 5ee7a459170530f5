//! What actions left open: whose it is, and when it is due.

use std::time::Duration;

use jiff::Timestamp;

use super::page::{Page, piece};
use super::{age, words};
use crate::config::theme::Role;
use crate::executor::journal::Debt;
use crate::state::State;

/// `due in 1h 58m`, `OVERDUE 14m`, `no end set`.
pub fn due(debt: &Debt, now: Timestamp) -> String {
    let Some(left) = debt.left(now) else { return "no end set".to_owned() };
    let short = age::left(Duration::try_from(left.abs()).unwrap_or_default());
    if debt.is_overdue(now) { format!("OVERDUE {short}") } else { format!("due in {short}") }
}

/// The role of a debt: one that is overdue is told by a word as well.
pub fn role(debt: &Debt, now: Timestamp) -> Role {
    if debt.is_overdue(now) { Role::Critical } else { Role::Warning }
}

/// One debt in one sentence: what, on what, whose, when due, and how it is settled.
pub fn sentence(debt: &Debt, now: Timestamp) -> String {
    let Debt { target, what, owner, run, .. } = debt;
    let perhaps = if debt.certain { "" } else { " (perhaps: the run did not end well)" };
    let undo = debt.undo.as_ref().map(|undo| format!("; undone by `{undo}`")).unwrap_or_default();
    format!("{target}: {what}{perhaps}; {}, of {} (run {run}){undo}", due(debt, now), owner.user)
}

/// The debts that are open, one a line; nothing where there are none.
pub fn write(state: &State, page: &mut Page) {
    if state.debts.is_empty() {
        return;
    }
    page.blank();
    for debt in &state.debts {
        let now = state.now.wall;
        let (since, owner) = (words::clock(debt.since), &debt.owner.user);
        let told = format!("  {} {}  of {owner} since {since}, run {}", debt.target, debt.what, debt.run);
        page.field("debt", &[piece(role(debt, now), due(debt, now)), piece(Role::Text, told)]);
        if let Some(undo) = &debt.undo {
            page.field("undo", &[piece(Role::Key, undo)]);
        }
    }
    let how = "  keeps it as it is; RUN is the run that left it open";
    page.field("accept", &[piece(Role::Key, "quarterdeck debts accept RUN --reason TEXT"), piece(Role::Muted, how)]);
}
