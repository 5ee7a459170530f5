//! `start_backup`: one copy more of a protected thing: by AWS Backup, as a snapshot of its cluster or instance, or as an export
//! of the newest snapshot to S3.
//!
//! What the call makes is named by the plan: the idempotency token of AWS Backup, and the identifiers of snapshot and export, are
//! made of the newest copies that were found. A repeat of the same plan makes nothing more, and once a new copy is there the
//! plan has drifted.
//! <https://docs.aws.amazon.com/aws-backup/latest/devguide/API_StartBackupJob.html>
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBClusterSnapshot.html>
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StartExportTask.html>

mod export;
mod sight;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::act::whose;
use super::plan::sha256;
use super::{
    Act, Action, ActionSpec, ArgumentSpec, Call, Change, Draft, PlanFailure, Scene, Sight, Step, Undo, database,
};
use crate::config::{Config, Copies, CopySource, Protected};
use crate::source::{
    BackupJob, CopyKind, JobKind, JobOutcome, Look, Name, Observation, Protection, RecoveryPoint, Subject,
};
use crate::text::Text;

pub(super) use export::{ENGINES, NO_ENGINE};

const WRITE: &str = "write `start_backup THING`, with by=vault, by=snapshot or by=export where several can be";

/// The longest part of a database's name that goes into an identifier: that of a snapshot may have 63 characters, that of an
/// export 60.
const NAME: usize = 40;

/// Start a backup of a protected thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartBackup {
    /// The protected thing.
    pub protected: Name,
    /// How; `None` is the only way that the configuration has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Way>,
}

/// What makes the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A job of AWS Backup, into a vault.
    Vault,
    /// A snapshot of the cluster or the instance.
    Snapshot,
    /// An export of the newest snapshot to S3.
    Export,
}

/// All ways.
const WAYS: [Way; 3] = [Way::Vault, Way::Snapshot, Way::Export];

impl Way {
    fn word(self) -> &'static str {
        match self {
            Self::Vault => "vault",
            Self::Snapshot => "snapshot",
            Self::Export => "export",
        }
    }

    /// The kind of copy that it makes.
    fn kind(self) -> CopyKind {
        match self {
            Self::Vault => CopyKind::AwsBackup,
            Self::Snapshot => CopyKind::Snapshot,
            Self::Export => CopyKind::Export,
        }
    }

    /// The kind of job that makes it.
    fn job(self) -> JobKind {
        match self {
            Self::Vault | Self::Snapshot => JobKind::Backup,
            Self::Export => JobKind::Export,
        }
    }

    /// What it makes, in words: one, and several.
    pub(super) fn makes(self) -> (&'static str, &'static str) {
        match self {
            Self::Vault | Self::Snapshot => ("a backup", "backups"),
            Self::Export => ("an export", "exports"),
        }
    }

    /// The parts that must have been read, so that it is known what is under way and what is new.
    fn needs(self) -> &'static [&'static str] {
        match self {
            Self::Vault => &["backup jobs", "recovery points"],
            Self::Snapshot => &["snapshots"],
            Self::Export => &["snapshots", "export tasks"],
        }
    }
}

impl StartBackup {
    /// The row of [`ACTIONS`](super::ACTIONS).
    pub const SPEC: ActionSpec = ActionSpec {
        name: "start_backup",
        summary: "make one backup more of a protected thing",
        arguments: &[ArgumentSpec {
            name: "by",
            summary: "`vault` (AWS Backup), `snapshot` or `export` (to S3); may be left out where only one can be",
        }],
        targets,
        parse,
    };

    fn draft_of(&self, source: &CopySource, read: &Read<'_>) -> Result<Draft, PlanFailure> {
        if read.way == Way::Export {
            return self.export(source, read);
        }
        let Read { copies, found, .. } = read;
        let place = copies.place.clone();
        let (target_id, made, call) = match source {
            CopySource::AwsBackup { vault, resource, role: Some(role), .. } => {
                let token = self.mark(read, &format!("{vault} {resource}"), 32);
                let call = Call::BackupStart {
                    vault: vault.clone(),
                    resource: resource.clone(),
                    role: role.clone(),
                    token,
                    place,
                };
                (Text::clean(resource), format!("one more in the vault {vault}"), call)
            }
            CopySource::Cluster(cluster) => {
                let snapshot = self.identifier(read, cluster);
                let call = Call::RdsClusterSnapshot { cluster: cluster.clone(), snapshot: snapshot.clone(), place };
                (database::arn("cluster", cluster, found.identity.as_ref())?, snapshot, call)
            }
            CopySource::Instance(instance) => {
                let snapshot = self.identifier(read, instance);
                let call = Call::RdsInstanceSnapshot { instance: instance.clone(), snapshot: snapshot.clone(), place };
                (database::arn("db", instance, found.identity.as_ref())?, snapshot, call)
            }
            _ => return Err(no_way(&self.protected)),
        };
        Ok(self.whole(target_id, &made, call, read))
    }

    fn whole(&self, target_id: Text, made: &str, call: Call, read: &Read<'_>) -> Draft {
        let newest = newest(read.protection, read.way.kind());
        let before = newest.map_or("none".to_owned(), point_in_words);
        let same = |what: &str, value: &str| Change::new(what, value, value);
        Draft {
            target_id,
            changes: vec![
                Change::new(&format!("newest copy by {}", read.way.word()), &before, made),
                same("copies by all ways", &read.protection.points.len().to_string()),
            ],
            steps: vec![Step::new(format!("start a backup of {}: {made}", self.protected), call)],
            undo: Undo::Impossible { reason: format!("a copy more takes nothing away; {}", removal(read.way)) },
            cost: Some(cost(newest)),
            within: Some(read.thing.backup_within),
            ..Draft::default()
        }
    }

    /// A snapshot's identifier, by the database's name and the newest copies.
    fn identifier(&self, read: &Read<'_>, database: &str) -> String {
        named(database, &self.mark(read, database, 12))
    }

    /// So many hexadecimal digits that are the same for the same thing with the same newest copies.
    fn mark(&self, read: &Read<'_>, of: &str, digits: usize) -> String {
        let facts = rests_on(read.protection, read.way);
        let text = format!("start_backup {} {} {of} {facts:?}", self.protected, read.way.word());
        sha256(&text).chars().take(digits).collect()
    }
}

/// An identifier by a database's name and a mark.
fn named(database: &str, mark: &str) -> String {
    let short: String = database.chars().take(NAME).collect();
    format!("qd-{}-{mark}", short.trim_end_matches('-'))
}

/// What a draft is made of.
struct Read<'a> {
    thing: &'a Protected,
    copies: &'a Copies,
    way: Way,
    found: &'a Observation,
    protection: &'a Protection,
}

/// The protected things of which a backup can be started.
fn targets(config: &Config) -> Vec<Name> {
    let able = config.backups.iter().filter(|thing| !ways(thing).is_empty());
    able.map(|thing| thing.name.clone()).collect()
}

/// The ways that the configuration has, with what each copies.
fn ways(thing: &Protected) -> Vec<(Way, &CopySource)> {
    let Some(copies) = &thing.copies else { return Vec::new() };
    let way = |kind: &CopySource| match kind {
        CopySource::AwsBackup { role: Some(_), .. } => Some(Way::Vault),
        kind if kind.is_database() => Some(Way::Snapshot),
        _ => None,
    };
    let exports = copies.kinds.iter().filter(|kind| copies.export.is_some() && kind.is_database());
    let made = copies.kinds.iter().filter_map(|kind| Some((way(kind)?, kind)));
    made.chain(exports.map(|kind| (Way::Export, kind))).collect()
}

fn no_way(name: &Name) -> PlanFailure {
    PlanFailure::new(
        &format!("the configuration has no way to start a backup of `{name}`"),
        "give its [[backup]] a `cluster` or `instance`, `aws_backup` with the role that makes backups, or `export`",
    )
}

/// The protected thing of that name.
fn protected<'a>(name: &Name, config: &'a Config) -> Result<(&'a Protected, &'a Copies), PlanFailure> {
    let Some(thing) = config.backups.iter().find(|thing| thing.name == *name) else {
        let known = config.backups.iter().map(|thing| thing.name.as_str()).collect::<Vec<_>>().join(", ");
        let reason = format!("environment `{}` has no [[backup]] `{name}`", config.environment.name);
        return Err(PlanFailure::new(&reason, &format!("its protected things are: {known}")));
    };
    thing.copies.as_ref().map(|copies| (thing, copies)).ok_or_else(|| no_way(name))
}

fn parse(target: &Name, arguments: &[(String, String)]) -> Result<Action, PlanFailure> {
    let by = match arguments {
        [] => None,
        [(key, value)] if key == "by" && WAYS.iter().any(|way| way.word() == value) => {
            WAYS.into_iter().find(|way| way.word() == value)
        }
        [(key, value), ..] => {
            return Err(PlanFailure::new(&format!("start_backup does not understand `{key}={value}`"), WRITE));
        }
    };
    Ok(Action::StartBackup(StartBackup { protected: target.clone(), by }))
}

/// The newest copy of a kind.
fn newest(protection: &Protection, kind: CopyKind) -> Option<&RecoveryPoint> {
    protection.points.iter().filter(|point| point.kind == kind).max_by_key(|point| (point.cut, &point.id))
}

fn jobs(protection: &Protection, kind: JobKind) -> impl Iterator<Item = &BackupJob> {
    protection.jobs.iter().filter(move |job| job.kind == kind)
}

/// What a plan rests on that takes this way.
fn rests_on(protection: &Protection, way: Way) -> BTreeMap<String, String> {
    match way {
        Way::Vault | Way::Snapshot => newest_of(protection),
        Way::Export => export::facts(protection),
    }
}

/// The newest copies and the newest job: what a plan rests on, and what its names are made of.
fn newest_of(protection: &Protection) -> BTreeMap<String, String> {
    let words = |point: Option<&RecoveryPoint>| point.map_or("none".to_owned(), point_in_words);
    let job = newest_job(protection, JobKind::Backup);
    BTreeMap::from([
        ("newest in the vault".to_owned(), words(newest(protection, CopyKind::AwsBackup))),
        ("newest snapshot".to_owned(), words(newest(protection, CopyKind::Snapshot))),
        ("newest backup job".to_owned(), job),
    ])
}

/// The newest job of a kind and its state, in words.
fn newest_job(protection: &Protection, kind: JobKind) -> String {
    let job = jobs(protection, kind).max_by_key(|job| (job.created, &job.id));
    job.map_or("none".to_owned(), |job| format!("{} {}", job.id, job.state))
}

fn point_in_words(point: &RecoveryPoint) -> String {
    format!("{}, cut {:.0}", point.id, point.cut)
}

fn removal(way: Way) -> &'static str {
    match way {
        Way::Vault => "it is kept until somebody removes it (backup:DeleteRecoveryPoint)",
        Way::Snapshot => "it is kept until somebody removes it (rds:DeleteDBClusterSnapshot, rds:DeleteDBSnapshot)",
        Way::Export => "its objects are kept until somebody removes them; while it runs, rds:CancelExportTask ends it",
    }
}

fn cost(newest: Option<&RecoveryPoint>) -> String {
    #[allow(clippy::cast_precision_loss)] // two digits are shown
    let size =
        newest.and_then(|point| point.bytes).map(|bytes| format!("; the newest has {:.1} GB", bytes as f64 / 1e9));
    format!("its storage a GB-month, for as long as it is kept{}", size.unwrap_or_default())
}

/// The jobs of this kind that are under way, or why that is not known.
pub(super) fn under_way(protection: &Protection, way: Way) -> Result<Vec<&BackupJob>, String> {
    let unread = protection.missing.iter().find(|unread| way.needs().contains(&unread.part.as_str()));
    match unread {
        Some(unread) => Err(format!("{}: {}", unread.part, unread.reason)),
        None => Ok(jobs(protection, way.job()).filter(|job| job.outcome == JobOutcome::Running).collect()),
    }
}

impl Act for StartBackup {
    fn target(&self) -> &Name {
        &self.protected
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        self.by.iter().map(|way| ("by", way.word().to_owned())).collect()
    }

    fn look(&self, config: &Config) -> Result<Look, PlanFailure> {
        let (_, copies) = protected(&self.protected, config)?;
        let subject = Subject::Protection { protected: self.protected.clone() };
        Ok(Look::of(&self.protected, copies.place.as_ref(), subject))
    }

    fn draft(&self, found: &Observation, config: &Config) -> Result<Draft, PlanFailure> {
        let (thing, copies) = protected(&self.protected, config)?;
        let unread = || PlanFailure::new("its backups were not read", "make the plan again");
        let protection = found.protection.as_ref().ok_or_else(unread)?;
        let mut able = ways(thing);
        able.retain(|(way, _)| self.by.is_none_or(|by| by == *way));
        match able.as_slice() {
            [(way, source)] => self.draft_of(source, &Read { thing, copies, way: *way, found, protection }),
            [] => Err(no_way(&self.protected)),
            _ => {
                let words = able.iter().map(|(way, _)| format!("by={}", way.word())).collect::<Vec<_>>().join(" or ");
                let reason = format!("there are {} ways to start a backup of `{}`", able.len(), self.protected);
                Err(PlanFailure::new(&reason, &format!("write {words}; of two of a kind none can be chosen")))
            }
        }
    }

    fn facts(&self, found: &Observation) -> BTreeMap<String, String> {
        let mut facts = whose(found);
        // Where no way is named there is only one, which is no export: what can be exported has snapshots.
        let way = self.by.unwrap_or(Way::Snapshot);
        facts.extend(found.protection.iter().flat_map(|protection| rests_on(protection, way)));
        facts
    }

    fn sight(&self, scene: &Scene<'_>, found: &Observation) -> Sight {
        sight::of(scene, found)
    }

    fn observed(&self, found: &Observation) -> String {
        found.protection.as_ref().map_or("no backups".to_owned(), |protection| {
            let newest = protection.points.iter().max_by_key(|point| point.cut);
            newest.map_or("no copies".to_owned(), |point| format!("newest copy {}", point_in_words(point)))
        })
    }
}

/// The way that a plan takes, by its call.
pub(super) fn way_of(call: &Call) -> Option<Way> {
    match call {
        Call::BackupStart { .. } => Some(Way::Vault),
        Call::RdsClusterSnapshot { .. } | Call::RdsInstanceSnapshot { .. } => Some(Way::Snapshot),
        Call::RdsExport { .. } => Some(Way::Export),
        _ => None,
    }
}
