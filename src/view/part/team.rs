//! The people who share this state directory: whose confirmation is open, who holds which lease.

use super::page::{Page, piece};
use super::{age, words};
use crate::config::theme::Role;
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
}
