//! What is there to restore from: the window, the points, their sizes and encryption, and what makes them.

use super::lines::kind;
use super::{Look, length};
use crate::config::theme::Role;
use crate::slo::recovery::{Encryption, ObjectFinding};
use crate::source::{CopyKind, JobOutcome, Point, Protection, RecoveryPoint, Schedule, Unit};
use crate::state::history::History;
use crate::view::part::page::{Page, piece};
use crate::view::part::pen::Bit;
use crate::view::part::spark::spark;
use crate::view::part::{age, words};

/// Points that are listed; the rest is counted.
const LISTED: usize = 3;

/// Columns of the history of sizes.
const SPARK: usize = 24;

/// Everything that there is to restore from, and what makes it.
pub fn points(page: &mut Page, look: &Look<'_>) {
    let Some((protection, _)) = look.verdict.measured.value() else { return };
    window(page, protection, look);
    newest(page, protection, look);
    for finding in &look.verdict.recovery.objects {
        page.field("size", &size(finding, protection, look));
        page.field("encrypted", &encrypted(finding, look));
    }
    for job in protection.jobs.iter().filter(|job| job.outcome == JobOutcome::Running) {
        let percent = job.percent.map_or_else(String::new, |percent| format!(", {percent:.0} %"));
        let text = format!("{} {} for {}{percent}", job.id, job.state, length(age::since(look.now, job.created)));
        page.field("running", &[look.piece(Role::Warning, text)]);
    }
    for schedule in &protection.schedules {
        page.field("rule", &rule(schedule, look));
    }
}

fn window(page: &mut Page, protection: &Protection, look: &Look<'_>) {
    let Some(window) = protection.point_in_time else { return };
    let ago = |at| format!("{} ago", length(age::since(look.now, at)));
    let earliest = window.earliest.map_or_else(|| "an earliest moment that is not told".to_owned(), ago);
    let text = format!("any moment from {earliest} to {}", ago(window.latest));
    page.field("window", &[look.piece(Role::Text, text)]);
}

fn newest(page: &mut Page, protection: &Protection, look: &Look<'_>) {
    if protection.points.is_empty() {
        page.field("points", &[look.piece(Role::Warning, "none")]);
    }
    for (index, point) in protection.points.iter().take(LISTED).enumerate() {
        page.field(if index == 0 { "points" } else { "" }, &[look.piece(Role::Text, one(point, look))]);
    }
    if protection.points.len() > LISTED {
        let counts = [CopyKind::AwsBackup, CopyKind::Snapshot, CopyKind::Export, CopyKind::Object].map(|of| {
            let count = protection.points.iter().filter(|point| point.kind == of).count();
            (count > 0).then(|| format!("{} {count}", kind(of)))
        });
        let counts = counts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        page.field("", &[look.piece(Role::Muted, format!("{} in all: {counts}", protection.points.len()))]);
    }
}

fn one(point: &RecoveryPoint, look: &Look<'_>) -> String {
    let size = point.bytes.map(|bytes| Unit::Bytes.format(bytes as f64));
    let encrypted = match point.encrypted {
        Some(true) => Some("encrypted".to_owned()),
        Some(false) => Some("NOT ENCRYPTED".to_owned()),
        None => None,
    };
    let expires = point.expires.map(|at| format!("gone in {}", length(age::since(at, look.now))));
    let more: String = [size, encrypted, expires].into_iter().flatten().map(|text| format!(", {text}")).collect();
    format!("{} ago  {} {}{more}", length(age::since(look.now, point.cut)), kind(point.kind), point.id)
}

/// The newest object's size beside those before it.
fn size(finding: &ObjectFinding<'_>, protection: &Protection, look: &Look<'_>) -> Vec<Bit<'static>> {
    let newest = finding.newest.bytes.map_or_else(|| "not told".to_owned(), |bytes| Unit::Bytes.format(bytes as f64));
    let mut pieces = vec![look.piece(Role::Text, format!("{newest} "))];
    match finding.size {
        Some(size) => {
            let usual = format!("{:.0} % of the usual {}", size.percent, Unit::Bytes.format(size.median));
            let fresh = look.verdict.measured.live().is_some();
            let (role, sign) = if !fresh {
                (Role::Stale, "~ ")
            } else if size.too_small {
                (Role::Critical, "✗ TOO SMALL: ")
            } else {
                (Role::Good, "✓ ")
            };
            pieces.push(look.piece(role, format!("{sign}{usual} ")));
        }
        None => pieces.push(look.piece(Role::Unknown, "? too few before it to compare with ")),
    }
    pieces.push(look.piece(Role::Series1, trend(finding, protection, look)));
    pieces
}

fn trend(finding: &ObjectFinding<'_>, protection: &Protection, look: &Look<'_>) -> String {
    let of_this = protection.points.iter().rev().filter(|point| point.origin.as_ref() == Some(finding.origin));
    let sizes = of_this.filter_map(|point| Some(Point { at: point.cut, value: point.bytes? as f64 }));
    let sizes: History = sizes.collect();
    let Some(oldest) = sizes.iter().next() else { return String::new() };
    spark(&sizes, look.now, age::since(look.now, oldest.at), SPARK, None)
}

fn encrypted(finding: &ObjectFinding<'_>, look: &Look<'_>) -> Vec<Bit<'static>> {
    let found = match (&finding.newest.encryption, finding.newest.encrypted) {
        (Some(found), _) => found.to_string(),
        (None, Some(false)) => "none".to_owned(),
        (None, _) => "not told".to_owned(),
    };
    let (role, word) = match finding.encryption {
        _ if look.verdict.measured.live().is_none() => (Role::Stale, "~ when last read"),
        Encryption::AsWanted => (Role::Good, "✓ as wanted"),
        Encryption::Wrong => (Role::Critical, "✗ NOT AS WANTED"),
        Encryption::Unknown => (Role::Unknown, "? NOT KNOWN"),
        Encryption::NotAsked => (Role::Muted, "· none is asked for"),
    };
    vec![look.piece(role, format!("{word}: ")), look.piece(Role::Text, format!("{found}, of the newest object"))]
}

fn rule(schedule: &Schedule, look: &Look<'_>) -> Vec<Bit<'static>> {
    let days = |what: &str, days: Option<u32>| days.map(|days| format!(", {what} after {days} d"));
    let zone = schedule.zone.as_ref().map_or_else(|| " UTC".to_owned(), |zone| format!(" {zone}"));
    let cycle = [days("cold", schedule.cold_after_days), days("gone", schedule.delete_after_days)];
    let cycle: String = cycle.into_iter().flatten().collect();
    let next = schedule.due.iter().find(|due| **due > look.now);
    let next = next.map_or_else(String::new, |due| format!(", next {}", words::moment(*due)));
    let mut pieces =
        vec![look.piece(Role::Text, format!("{} {}{zone}{cycle}{next}", schedule.name, schedule.expression))];
    if schedule.longest_gap.is_none() {
        pieces.push(piece(Role::Unknown, ", NOT UNDERSTOOD"));
    }
    pieces
}
