//! A database or cache: status, members with their roles, windows, restorable moment, maintenance that waits.

use ratatui::layout::Rect;

use crate::config::Service;
use crate::config::theme::Role;
use crate::source::{Database, Measured, Member, MemberRole, PendingMaintenance, Subject};
use crate::state::State;
use crate::state::verdict::Level;
use crate::state::verdict::database::status_level;
use crate::view::part::page::{Page, paint_scrolled};
use crate::view::part::reading::{state_behind, tone, trouble};
use crate::view::part::{Bit, Pen, age, badge, bit};

/// Draws the panel.
pub fn draw(area: Rect, service: &Service, scroll: usize, state: &State, pen: &mut Pen<'_>) {
    let mut page = Page::new(area.width);
    let subject = Subject::Database { service: service.name.clone() };
    let measured = state.readings.of::<Database>(&state.config, &subject, state.now);
    if let Some(line) = trouble("database", &measured) {
        page.pieces(2, &line);
    }
    if let Some((database, _)) = measured.value() {
        status(&mut page, database, &measured);
        members(&mut page, database, &measured);
        restorable(&mut page, database, &measured, state);
        windows(&mut page, database, &measured);
        pending(&mut page, database, &measured, state);
        for missing in &database.missing {
            page.field("not known", &[bit(Role::Unknown, missing.to_string())]);
        }
    }
    paint_scrolled(area, page.rows(), scroll, pen);
}

fn status(page: &mut Page, database: &Database, measured: &Measured<'_, Database>) {
    let mut pieces = vec![word(&database.status, measured)];
    let what = format!("  {} {}", database.engine, database.version);
    pieces.push(bit(tone(measured, Role::Text), what));
    let zones = if database.multi_az { "several zones" } else { "one zone" };
    pieces.push(bit(tone(measured, Role::Muted), format!("  {zones}")));
    pieces.push(match database.encrypted {
        Some(true) => bit(tone(measured, Role::Muted), "  encrypted"),
        Some(false) => bit(tone(measured, Role::Warning), "  NOT encrypted"),
        None => bit(tone(measured, Role::Unknown), "  encryption not told"),
    });
    pieces.extend(state_behind(measured));
    page.field("status", &pieces);
}

/// A status as its platform says it, with a sign of what it means.
fn word(status: &str, measured: &Measured<'_, Database>) -> Bit<'static> {
    let level = status_level(status);
    let text = if level == Level::Healthy { status.to_owned() } else { status.to_uppercase() };
    bit(tone(measured, badge::level_role(level)), format!("{}{text}", badge::level_sign(level)))
}

fn members(page: &mut Page, database: &Database, measured: &Measured<'_, Database>) {
    if database.members.is_empty() {
        page.field("members", &[bit(tone(measured, Role::Critical), "none: it serves nobody")]);
    }
    for (index, member) in database.members.iter().enumerate() {
        page.field(if index == 0 { "members" } else { "" }, &member_bits(member, measured));
    }
}

fn member_bits(member: &Member, measured: &Measured<'_, Database>) -> Vec<Bit<'static>> {
    let role = match member.role {
        MemberRole::Writer => "writer ",
        MemberRole::Reader => "reader ",
        MemberRole::Standby => "standby",
        MemberRole::Unknown => "role not told",
    };
    let mut pieces = vec![bit(tone(measured, Role::Title), role), bit(Role::Text, " ")];
    if member.role != MemberRole::Standby {
        pieces.push(bit(tone(measured, Role::Text), format!("{} ", member.id)));
        pieces.push(word(&member.status, measured));
    }
    let mut more = format!(" {}", member.class);
    more.extend(member.zone.as_ref().map(|zone| format!(" {zone}")));
    more.extend(member.promotion_tier.map(|tier| format!(" tier {tier}")));
    pieces.push(bit(tone(measured, Role::Muted), more));
    if !member.pending.is_empty() {
        let changes: Vec<&str> = member.pending.iter().map(|change| change.as_str()).collect();
        pieces.push(bit(tone(measured, Role::Warning), format!("  waits: {}", changes.join(", "))));
    }
    pieces
}

/// How far back a restore would lose data now, and how long copies are kept.
fn restorable(page: &mut Page, database: &Database, measured: &Measured<'_, Database>, state: &State) {
    let mut pieces = Vec::new();
    if let Some(latest) = database.latest_restorable {
        let ago = age::short(age::since(state.now.wall, latest));
        pieces.push(bit(tone(measured, Role::Text), format!("restorable up to {ago} ago  ")));
    }
    pieces.push(match database.backup_retention_days {
        Some(0) => bit(tone(measured, Role::Warning), "automated backups are OFF"),
        Some(days) => bit(tone(measured, Role::Muted), format!("kept {days} d")),
        None => bit(tone(measured, Role::Unknown), "retention not told"),
    });
    page.field("backups", &pieces);
}

fn windows(page: &mut Page, database: &Database, measured: &Measured<'_, Database>) {
    let window = |what: &str, window: &crate::text::Text| format!("{what} {window} UTC");
    let told = [
        database.backup_window.as_ref().map(|told| window("backup", told)),
        database.maintenance_window.as_ref().map(|told| window("maintenance", told)),
    ];
    let told: Vec<String> = told.into_iter().flatten().collect();
    if !told.is_empty() {
        page.field("windows", &[bit(tone(measured, Role::Muted), told.join("  "))]);
    }
}

fn pending(page: &mut Page, database: &Database, measured: &Measured<'_, Database>, state: &State) {
    for (index, pending) in database.pending.iter().enumerate() {
        page.field(if index == 0 { "waits" } else { "" }, &pending_bits(pending, measured, state));
    }
}

fn pending_bits(pending: &PendingMaintenance, measured: &Measured<'_, Database>, state: &State) -> Vec<Bit<'static>> {
    let mut pieces = vec![
        bit(tone(measured, Role::Warning), format!("{} ", pending.action)),
        bit(tone(measured, Role::Text), format!("{} {}", pending.resource, pending.description)),
    ];
    let left = |at| match age::since(at, state.now.wall) {
        left if left.is_zero() => "now".to_owned(),
        left => format!("in {}", age::short(left)),
    };
    if let Some(forced) = pending.forced {
        pieces.push(bit(tone(measured, Role::Warning), format!("  FORCED {}", left(forced))));
    } else if let Some(applied) = pending.applied_on {
        pieces.push(bit(tone(measured, Role::Muted), format!("  applied {}", left(applied))));
    }
    pieces
}
