//! What a look tells of a restored copy: how far it is, whether it is what was saved, and whether it is gone. Pure.

use super::{CopyChange, Effect, Scene, Sight, Stage};
use crate::source::{DatabaseKind, Restore, RestorePoint, RestoredCopy};

/// Statuses of clusters and instances out of which nothing comes by itself.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html>
const BROKEN: &[&str] = &[
    "failed",
    "restore-error",
    "storage-full",
    "stopped",
    "cloning-failed",
    "migration-failed",
    "insufficient-capacity",
    "inaccessible-encryption-credentials",
    "inaccessible-encryption-credentials-recoverable",
];

/// What a look tells of one change of a copy.
pub(super) fn sight(change: &CopyChange, scene: &Scene<'_>, now: &Restore) -> Sight {
    let copy = now.copy(change.kind(), change.copy());
    let name = format!("{} {}", change.kind().word(), change.copy());
    match copy {
        Some(copy) if copy.made_by.as_ref().is_none_or(|by| by.as_str() != change.mark()) => {
            let words = format!("{name} is there, and this plan did not make it");
            Sight { words: words.clone(), effect: Effect::Unclear, stage: Stage::Elsewhere(words), made: None }
        }
        copy if change.removes().is_some() => removed(&name, copy),
        Some(copy) => Sight { made: Some(change.copy().to_owned()), ..made(&name, copy, scene) },
        None => as_before(format!("there is no {name}")),
    }
}

/// What was not read shows nothing, and hides nothing.
pub(super) fn unclear(words: String) -> Sight {
    Sight { words, effect: Effect::Unclear, stage: Stage::Moving, made: None }
}

fn as_before(words: String) -> Sight {
    Sight { words, effect: Effect::AsBefore, stage: Stage::Moving, made: None }
}

fn removed(name: &str, copy: Option<&RestoredCopy>) -> Sight {
    let (words, effect, stage) = match copy {
        None => (format!("{name} is gone"), Effect::Shows, Stage::Steady),
        Some(copy) if copy.status.as_str() == "deleting" => {
            (format!("{name} is deleting"), Effect::Shows, Stage::Moving)
        }
        Some(copy) => (format!("{name} is {}", copy.status), Effect::AsBefore, Stage::Moving),
    };
    Sight { words, effect, stage, made: None }
}

fn made(name: &str, copy: &RestoredCopy, scene: &Scene<'_>) -> Sight {
    let shows = |words: String, stage: Stage| Sight { words, effect: Effect::Shows, stage, made: None };
    let status = copy.status.as_str();
    if BROKEN.contains(&status) || status.starts_with("incompatible-") {
        return shows(format!("{name} is {status}"), Stage::Failed(format!("{name} is {status}")));
    }
    if status != "available" {
        return shows(format!("{name} is {status}"), Stage::Moving);
    }
    let wanted = scene.plan.observation.restore.as_ref().and_then(|restore| restore.point.as_ref());
    if let Some(wrong) = wrong(copy, wanted) {
        return shows(format!("{name} is available, but {wrong}"), Stage::Failed(format!("{name}: {wrong}")));
    }
    let is = format!("{name} is available, {} {}, as the snapshot", copy.engine, copy.version);
    match (&copy.reached, copy.kind) {
        (_, DatabaseKind::Cluster) => shows(is, Stage::Steady),
        (None, _) => shows(format!("{is}; not public; connection not checked"), Stage::Steady),
        (Some(Ok(())), _) => shows(format!("{is}; not public; its port answers"), Stage::Steady),
        (Some(Err(reason)), _) => shows(format!("{is}; its port does not answer: {reason}"), Stage::Moving),
    }
}

/// What of a copy is not as it was saved, or must not be so.
fn wrong(copy: &RestoredCopy, wanted: Option<&RestorePoint>) -> Option<String> {
    let Some(wanted) = wanted else { return Some("the plan does not say what was saved".to_owned()) };
    if copy.engine != wanted.engine || copy.version != wanted.version {
        let (is, was) = (format!("{} {}", copy.engine, copy.version), format!("{} {}", wanted.engine, wanted.version));
        return Some(format!("it runs {is}, and the snapshot is of {was}"));
    }
    match (copy.kind, copy.public) {
        (_, Some(true)) => return Some("it is public".to_owned()),
        (DatabaseKind::Instance, None) => return Some("whether it is public is not told".to_owned()),
        _ => {}
    }
    match (wanted.storage_gib, copy.storage_gib) {
        (Some(was), Some(is)) if is != was => Some(format!("it has {is} GiB, and the snapshot is of {was} GiB")),
        (Some(was), None) => Some(format!("its storage is not told, and the snapshot is of {was} GiB")),
        _ => None,
    }
}
