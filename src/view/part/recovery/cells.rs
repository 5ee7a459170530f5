//! Cells of a row, a few columns each.

use std::time::Duration;

use super::{Look, days};
use crate::config::theme::Role;
use crate::slo::recovery::{Bound, Standing, Worst};
use crate::source::Measured;
use crate::view::part::page::piece;
use crate::view::part::pen::Bit;
use crate::view::part::reading::NOTHING;
use crate::view::part::{age, badge};

/// What would be lost now, of what may be: `✓ 4m of 15m`, `✗ 26h of 15m`, `✗ NOTHING`.
pub fn rpo(look: &Look<'_>) -> Bit<'static> {
    if look.thing.copies.is_none() {
        return piece(Role::Warning, "not read");
    }
    let (recovery, read) = (&look.verdict.recovery, look.verdict.is_read());
    let (sign, _, role) = look.standing(recovery.rpo);
    match recovery.loss.age {
        _ if !read => piece(Role::Stale, NOTHING),
        Some(loss) => {
            let loss = format!("{}{}", prefix(recovery.loss.bound), age::short(loss));
            look.piece(role, of(sign, &loss, look.thing.rpo))
        }
        None if recovery.loss.is_nothing() => look.piece(Role::Critical, "✗ NOTHING"),
        None => look.piece(Role::Unknown, "? not known"),
    }
}

/// Which way a loss may be wrong, in one column.
pub(super) fn prefix(bound: Bound) -> &'static str {
    match bound {
        Bound::Exact => "",
        Bound::AtLeast => "≥",
        Bound::AtMost => "≤",
        Bound::About => "~",
    }
}

fn of(sign: &str, figure: &str, objective: Option<Duration>) -> String {
    match objective {
        Some(objective) => format!("{sign} {figure} of {}", age::window(objective)),
        None => format!("{sign} {figure}"),
    }
}

/// What would be lost at worst.
pub fn worst(look: &Look<'_>) -> Bit<'static> {
    let (_, _, role) = look.standing(look.verdict.recovery.rpo_worst);
    match (look.verdict.recovery.worst, look.verdict.recovery.worst.total()) {
        _ if !look.verdict.is_read() => piece(Role::Stale, NOTHING),
        (Worst::Continuous, _) => look.piece(Role::Text, "cont."),
        (_, Some((sum, true))) => look.piece(role, age::short(sum)),
        (_, Some((sum, false))) => look.piece(role, format!("≥{}", age::short(sum))),
        (_, None) => look.piece(Role::Unknown, "?"),
    }
}

/// When a restore was last tested.
pub fn restored(look: &Look<'_>) -> Bit<'static> {
    match look.verdict.recovery.restored {
        Some(restored) => piece(Role::Text, format!("{} ago", days(age::since(look.now, restored.at)))),
        None if unread(look) => piece(Role::Unknown, "?"),
        None => piece(Role::Warning, "NEVER"),
    }
}

/// Whether restores may be known where nobody could look.
pub(super) fn unread(look: &Look<'_>) -> bool {
    let Some((protection, _)) = look.verdict.measured.value() else { return look.thing.copies.is_some() };
    protection.missing.iter().any(|unread| matches!(unread.part.as_str(), "restore jobs"))
}

/// How long the last measured restore took, of what it may take.
pub fn rto(look: &Look<'_>) -> Bit<'static> {
    let (sign, _, role) = look.restore_standing();
    match look.verdict.recovery.took {
        Some(took) => piece(role, of(sign, &age::short(took), look.thing.rto)),
        None if look.verdict.recovery.rto == Standing::NotSet => piece(Role::Muted, NOTHING),
        None => piece(Role::Unknown, "? unknown"),
    }
}

/// How many jobs failed, and how many never began.
pub fn bad_jobs(look: &Look<'_>) -> Bit<'static> {
    let recovery = &look.verdict.recovery;
    let now = recovery.failing().count() + recovery.lapsing().count() > 0;
    let role = if now { Role::Critical } else { Role::Warning };
    let blind = !recovery.unchecked.is_empty();
    match (recovery.failed.len(), recovery.lapses.len()) {
        _ if !look.verdict.is_read() => piece(Role::Stale, NOTHING),
        (0, 0) if blind => look.piece(Role::Unknown, "0 failed?"),
        (0, 0) => look.piece(Role::Good, "none"),
        (failed, 0) => look.piece(role, format!("{failed} failed")),
        (0, missing) => look.piece(role, format!("{missing} missed")),
        (failed, missing) => look.piece(role, format!("{} bad", failed + missing)),
    }
}

/// The age of what was read, and its state as a sign.
pub fn measured_age(look: &Look<'_>) -> Bit<'static> {
    let (sign, role) = match &look.verdict.measured {
        _ if look.thing.copies.is_none() => ("", Role::Muted),
        Measured::Live { .. } => (badge::level_sign(look.verdict.level), badge::level_role(look.verdict.level)),
        Measured::Never => ("", Role::Stale),
        Measured::Stale { .. } => ("~", Role::Stale),
        Measured::Failed { .. } => ("✗", Role::Critical),
    };
    let age = look.verdict.measured.value().map_or_else(|| NOTHING.to_owned(), |(_, age)| age::short(age));
    piece(role, format!("{age}{sign}"))
}
