//! The people who share this state directory: whose confirmation is open, who holds which lease.

use super::page::{Page, piece};
use super::{age, words};
use crate::config::theme::Role;
use crate::executor::handover::Handover;
use crate::executor::lease::Process;
use crate::executor::team::{Confirming, TeamLease};
use crate::state::State;

/// Writes what the others are about; nothing where they are about nothing.
pub fn write(state: &State, page: &mut Page) {
    if state.team.confirming.is_empty() && state.team.leases.is_empty() {
        return;
    }
    page.blank();
    for open in &state.team.confirming {
        confirms(open, state, page);
    }
    for lease in &state.team.leases {
        holds(lease, page);
    }
}

fn confirms(open: &Confirming, state: &State, page: &mut Page) {
    let since = age::short(age::since(state.now.wall, open.since));
    let asked = format!("is asked to confirm for {since}: {}", open.what);
    page.field("team", &[piece(Role::Title, format!("{}  ", open.by)), piece(Role::Warning, asked)]);
}

fn holds(lease: &TeamLease, page: &mut Page) {
    let (role, stands) = match (lease.live, lease.process) {
        (true, _) => (Role::Text, "holds the lease"),
        (false, Process::Alive) => (Role::Critical, "STOPPED with the lease over"),
        (false, _) => (Role::Muted, "is gone, the lease is over"),
    };
    let (since, what) = (words::clock(lease.since), &lease.what);
    let told = format!("{stands} since {since}: {what}  (run {})", lease.run);
    page.field("team", &[piece(Role::Title, format!("{}  ", lease.holder)), piece(role, told)]);
    if let Some(asked) = &lease.asked {
        asks(asked, &lease.run, page);
    }
}

/// Who asks for the target of a run, and how it is granted.
fn asks(asked: &Handover, run: &str, page: &mut Page) {
    let told = match asked.granted {
        None => format!("asks to take over: {}  (`quarterdeck lease grant {run}`)", asked.reason),
        Some(at) => format!("was granted the target at {}: {}", words::clock(at), asked.reason),
    };
    page.field("", &[piece(Role::Title, format!("{}  ", asked.by)), piece(Role::Warning, told)]);
}
