//! Lines with the evidence: RPO, RTO, the last restore, failed and missing jobs, what could not be read.

use super::cells::{prefix, unread};
use super::{Look, days, length};
use crate::config::theme::Role;
use crate::slo::recovery::{Lapse, Newest, Restored, RestoredBy, Worst};
use crate::source::{BackupJob, CopyKind, JobKind};
use crate::view::part::page::{Page, piece};
use crate::view::part::pen::Bit;
use crate::view::part::{age, words};

/// Failed jobs and missing runs that are listed by name; the rest is counted.
const LISTED: usize = 5;

/// What would be lost now and at worst, how long a restore takes, and when one was last made.
pub fn evidence(page: &mut Page, look: &Look<'_>) {
    page.field("RPO now", &rpo(look));
    if look.verdict.is_read() {
        page.field("at worst", &worst(look));
    }
    page.field("RTO", &rto(look));
    page.field("restore", &restore(look));
}

fn rpo(look: &Look<'_>) -> Vec<Bit<'static>> {
    let (loss, rpo) = (&look.verdict.recovery.loss, look.verdict.recovery.rpo);
    let (sign, word, role) = look.standing(rpo);
    let objective = objective(look.thing.rpo);
    if look.thing.copies.is_none() {
        return vec![
            piece(Role::Unknown, "not judged"),
            piece(Role::Muted, format!("{objective}; the configuration names no copies to look at")),
        ];
    }
    if !look.verdict.is_read() {
        return vec![piece(Role::Unknown, "not known"), piece(Role::Muted, objective)];
    }
    let mut pieces = match loss.age {
        Some(lost) => vec![look.piece(role, format!("{sign} {}{} {word}", prefix(loss.bound), length(lost)))],
        None if loss.is_nothing() => vec![look.piece(Role::Critical, "✗ NOTHING CAN BE RESTORED")],
        None => vec![look.piece(Role::Unknown, "? NOT KNOWN")],
    };
    pieces.push(look.piece(Role::Muted, objective));
    pieces.extend(loss.newest.map(|newest| look.piece(Role::Text, format!("; {}", newest_words(newest)))));
    if loss.from_future > 0 {
        let text = format!("; {} in the future, not believed: check the clocks", loss.from_future);
        pieces.push(look.piece(Role::Warning, text));
    }
    pieces
}

fn objective(objective: Option<std::time::Duration>) -> String {
    objective.map_or_else(
        || ", no objective is set".to_owned(),
        |objective| format!(", objective {}", age::window(objective)),
    )
}

fn newest_words(newest: Newest<'_>) -> String {
    match newest {
        Newest::PointInTime(at) => format!("point in time, to {}", words::moment(at)),
        Newest::Point(point) => {
            let cut = if point.cut_is_end { "uploaded" } else { "cut" };
            format!("{} {}, {cut} {}", kind(point.kind), point.id, words::moment(point.cut))
        }
    }
}

/// A kind of copy in words.
pub(super) fn kind(kind: CopyKind) -> &'static str {
    match kind {
        CopyKind::AwsBackup => "AWS Backup",
        CopyKind::Snapshot => "snapshot",
        CopyKind::Export => "export",
        CopyKind::Object => "object",
    }
}

fn worst(look: &Look<'_>) -> Vec<Bit<'static>> {
    let (sign, word, role) = look.standing(look.verdict.recovery.rpo_worst);
    let worst = look.verdict.recovery.worst;
    let (Some((sum, whole)), Worst::Scheduled { interval, duration, copy, copied }) = (worst.total(), worst) else {
        let text = match worst {
            Worst::Continuous => "continuous: point-in-time restore follows all the time, whatever the schedule",
            _ => "NOT KNOWN: no schedule was found, and `every` is not set",
        };
        return vec![look.piece(if worst == Worst::Continuous { Role::Text } else { Role::Unknown }, text)];
    };
    let run = duration.map_or_else(|| "a run of unknown length".to_owned(), |run| format!("{} a run", length(run)));
    let copy = match (copied, copy) {
        (false, _) => String::new(),
        (true, Some(copy)) => format!(" + {} a copy", length(copy)),
        (true, None) => " + a copy of unknown length".to_owned(),
    };
    let least = if whole { "" } else { "≥" };
    vec![
        look.piece(role, format!("{sign} {least}{} {word}", length(sum))),
        look.piece(Role::Muted, format!(", every {} + {run}{copy}", length(interval))),
    ]
}

fn rto(look: &Look<'_>) -> Vec<Bit<'static>> {
    let (sign, word, role) = look.restore_standing();
    let objective = objective(look.thing.rto);
    match look.verdict.recovery.took {
        Some(took) => vec![
            piece(role, format!("{sign} {} {word}", length(took))),
            piece(Role::Muted, format!("{objective}, as the last measured restore took")),
        ],
        None => vec![
            piece(Role::Unknown, "? NOT KNOWN"),
            piece(Role::Muted, format!("{objective}; no restore of it was ever measured")),
        ],
    }
}

fn restore(look: &Look<'_>) -> Vec<Bit<'static>> {
    match look.verdict.recovery.restored {
        Some(restored) => restored_words(&restored, look),
        None if unread(look) => {
            vec![piece(Role::Unknown, "NOT KNOWN whether one was ever tested: restore jobs were not read")]
        }
        None => vec![
            piece(Role::Warning, "NEVER TESTED"),
            piece(Role::Muted, ": a backup that was never restored is a hope and no backup"),
        ],
    }
}

fn restored_words(restored: &Restored<'_>, look: &Look<'_>) -> Vec<Bit<'static>> {
    let ago = format!("{} ago, {}", days(age::since(look.now, restored.at)), restored.at.strftime("%Y-%m-%d"));
    let took = restored
        .took
        .map_or_else(|| "; how long it took was not recorded".to_owned(), |took| format!(", took {}", length(took)));
    let (role, how) = match restored.by {
        RestoredBy::Person => (Role::Text, "; a person recorded it".to_owned()),
        RestoredBy::Run(test) => (Role::Text, format!("; measured by a restore test, run {}", test.run)),
        RestoredBy::Job(job) if restored.is_validated() => (Role::Text, format!("; validated, job {}", job.id)),
        RestoredBy::Job(job) => (Role::Warning, format!("; completed, NOT VALIDATED, job {}", job.id)),
    };
    vec![piece(Role::Text, format!("{ago}{took}")), piece(role, how)]
}

/// Failed jobs by name, missing runs by rule and time, and what could not be read.
pub fn bad(page: &mut Page, look: &Look<'_>) {
    let recovery = &look.verdict.recovery;
    each(page, "failed", &recovery.failed, |job| failed(job, look));
    each(page, "missing", &recovery.lapses, |lapse| missing(lapse, look));
    for rule in &recovery.unchecked {
        page.field(
            "missing",
            &[look.piece(Role::Unknown, format!("NOT KNOWN of {rule}: its runs can't be looked up"))],
        );
    }
    let Some((protection, _)) = look.verdict.measured.value() else { return };
    for unread in &protection.missing {
        let text = format!("{}: {}", unread.part, unread.reason);
        page.field("not read", &[look.piece(Role::Unknown, text)]);
    }
    if protection.protected == Some(false) {
        page.field("protected", &[look.piece(Role::Critical, "NO: its platform makes no backups of it")]);
    }
}

fn each<T>(page: &mut Page, label: &str, items: &[T], words: impl Fn(&T) -> Vec<Bit<'static>>) {
    for (index, item) in items.iter().take(LISTED).enumerate() {
        page.field(if index == 0 { label } else { "" }, &words(item));
    }
    if items.len() > LISTED {
        page.field("", &[piece(Role::Warning, format!("and {} more", items.len() - LISTED))]);
    }
}

fn failed(job: &BackupJob, look: &Look<'_>) -> Vec<Bit<'static>> {
    let what = match job.kind {
        JobKind::Backup => "backup",
        JobKind::Copy => "copy",
        JobKind::Restore => "restore",
        JobKind::Export => "export",
    };
    let rule = job.origin.as_ref().map_or_else(String::new, |rule| format!(" of {rule}"));
    let why = job.message.as_ref().map_or_else(|| "no reason is told".to_owned(), ToString::to_string);
    let current = look.verdict.recovery.failing().any(|failing| failing.id == job.id);
    let (role, after) = if current { (Role::Critical, "") } else { (Role::Muted, ", good since") };
    vec![
        look.piece(role, format!("✗ {what} {}{rule} {}, {} ago{after}: ", job.id, job.state, ago(job.created, look))),
        look.piece(Role::Text, why),
    ]
}

fn missing(lapse: &Lapse<'_>, look: &Look<'_>) -> Vec<Bit<'static>> {
    let (role, after) = if lapse.made_good { (Role::Muted, ", good since") } else { (Role::Critical, "") };
    let text =
        format!("✗ {} due {}, {} ago, never ran{after}", lapse.rule, words::moment(lapse.due), ago(lapse.due, look));
    vec![look.piece(role, text)]
}

fn ago(at: jiff::Timestamp, look: &Look<'_>) -> String {
    length(age::since(look.now, at))
}
