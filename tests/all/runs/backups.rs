//! Starting a backup: what its plan says, what it refuses, and what a look afterwards tells.

use std::time::Duration;

use quarterdeck::action::start_backup::{StartBackup, Way};
use quarterdeck::action::{Action, Effect, Made, PlanFailure, Scene, Stage, Undo, plan_for, spec};
use quarterdeck::config::{Config, Copies, CopySource, ExportTo, Polling};
use quarterdeck::source::{
    BackupJob, CopyKind, Exportable, JobKind, JobOutcome, Name, Observation, Protection, RecoveryPoint, Subject, Unread,
};
use quarterdeck::text::Text;

use super::fixture::{self, now};

pub(crate) const THING: &str = "rtech-mongodb";
pub(crate) const RESOURCE: &str = "arn:aws:rds:us-east-1:123456789012:cluster:rtech-mongodb";
const ROLE: &str = "arn:aws:iam::123456789012:role/backup";

pub(crate) fn vault() -> CopySource {
    CopySource::AwsBackup {
        vault: "rtech-vault".to_owned(),
        resource: RESOURCE.to_owned(),
        plans: Vec::new(),
        role: Some(ROLE.to_owned()),
    }
}

pub(crate) fn cluster() -> CopySource {
    CopySource::Cluster(THING.to_owned())
}

/// The environment of the runs' tests with one protected thing whose copies lie there.
pub(crate) fn config(kinds: Vec<CopySource>) -> Config {
    let second = Duration::from_secs(1);
    let mut thing = crate::fixture::config().backups.remove(0);
    thing.measures.clear();
    thing.backup_within = second * 7200;
    let polling = Polling { interval: second, timeout: second * 5 };
    thing.copies = Some(Copies { kinds, place: None, export: None, every: None, polling });
    Config { backups: vec![thing], ..fixture::config() }
}

pub(crate) const SNAPSHOT: &str = "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:rds:s1";

pub(crate) fn destination() -> ExportTo {
    ExportTo {
        bucket: "rtech-exports".to_owned(),
        prefix: "nightly/db".to_owned(),
        role: "arn:aws:iam::123456789012:role/export".to_owned(),
        key: "arn:aws:kms:us-east-1:123456789012:key/k1".to_owned(),
        only: vec!["orders.public".to_owned()],
    }
}

/// The same, where the cluster's snapshots are exported too.
pub(crate) fn exporting(kinds: Vec<CopySource>) -> Config {
    let mut config = config(kinds);
    config.backups[0].copies.as_mut().expect("copies").export = Some(destination());
    config
}

fn exportable() -> Exportable {
    Exportable {
        id: Text::from("rds:s1"),
        arn: Text::from(SNAPSHOT),
        of: Text::from(THING),
        engine: Text::from("aurora-postgresql"),
        cut: now().wall - Duration::from_secs(800),
        storage_gib: Some(100),
    }
}

pub(crate) fn point(id: &str, kind: CopyKind, ago: u64) -> RecoveryPoint {
    RecoveryPoint {
        id: Text::from(id),
        kind,
        origin: None,
        cut: now().wall - Duration::from_secs(ago),
        cut_is_end: false,
        completed: None,
        bytes: Some(7_400_000_000),
        encrypted: Some(true),
        encryption: None,
        expires: None,
    }
}

pub(crate) fn job(id: &str, state: &str, outcome: JobOutcome, ago: u64) -> BackupJob {
    BackupJob {
        id: Text::from(id),
        kind: JobKind::Backup,
        state: Text::from(state),
        outcome,
        validation: None,
        message: None,
        created: now().wall - Duration::from_secs(ago),
        completed: None,
        percent: Some(40.0),
        origin: None,
    }
}

/// A night's recovery point and snapshot, and the job that made the point.
pub(crate) fn observation() -> Observation {
    let points = vec![point("p1", CopyKind::AwsBackup, 900), point("rds:s1", CopyKind::Snapshot, 800)];
    let jobs = vec![job("j1", "COMPLETED", JobOutcome::Completed, 900)];
    let protection = Protection { points, jobs, exportable: Some(Box::new(exportable())), ..Protection::default() };
    Observation { workload: None, scaling: None, protection: Some(protection), ..fixture::observation() }
}

pub(crate) fn start(by: Option<Way>) -> Action {
    Action::StartBackup(StartBackup { protected: THING.into(), by })
}

fn refused(found: &Observation, config: &Config, by: Option<Way>) -> PlanFailure {
    plan_for(&start(by), found, config, now().wall).expect_err("no plan")
}

#[test]
fn a_backup_job_s_plan_names_vault_role_and_a_token_that_is_the_same_for_the_same_copies() {
    let plan = |found: &Observation| plan_for(&start(None), found, &config(vec![vault()]), now().wall).expect("a plan");
    let whole = plan(&observation());
    let line = "newest copy by vault: p1, cut 2026-01-01T00:01:40Z → one more in the vault rtech-vault";
    assert_eq!(whole.changes[0].to_string(), line);
    let call = whole.steps[0].call.to_string();
    assert!(
        call.starts_with(&format!("backup:StartBackupJob rtech-vault resource={RESOURCE} role={ROLE} token=")),
        "{call}"
    );
    assert_eq!(whole.target_arn.as_str(), RESOURCE);
    assert_eq!(whole.steady_deadline, Duration::from_secs(7200));
    assert!(whole.cost.as_ref().is_some_and(|cost| cost.contains("7.4 GB")), "{:?}", whole.cost);
    let Undo::Impossible { reason } = &whole.undo else { panic!("{:?}", whole.undo) };
    assert!(reason.contains("until somebody removes it"), "{reason}");

    let mut later = observation();
    later.taken = now().plus(Duration::from_secs(30)).wall;
    assert_eq!(plan(&later).steps, whole.steps, "the moment of looking makes no other token");
    let protection = later.protection.as_mut().unwrap();
    protection.jobs.push(job("j2", "FAILED", JobOutcome::Failed, 10));
    assert_ne!(plan(&later).steps, whole.steps, "another job has begun since");
    assert!(!whole.drift(&start(None).facts(&later)).is_empty(), "which is drift");
}

#[test]
fn a_snapshot_s_plan_names_it_within_the_limits_of_rds() {
    for name in ["rtech-mongodb".to_owned(), format!("a{}", "-b".repeat(31)), "x".repeat(63)] {
        let config = config(vec![CopySource::Cluster(name.clone())]);
        let plan = plan_for(&start(None), &observation(), &config, now().wall).expect("a plan");
        let id = plan.changes[0].after.clone();
        assert!(id.starts_with("qd-") && id.len() <= 63 && !id.contains("--") && !id.ends_with('-'), "{id}");
        assert_eq!(plan.steps[0].call.to_string(), format!("rds:CreateDBClusterSnapshot {name} snapshot={id}"));
    }
    let config = config(vec![CopySource::Instance("main".to_owned())]);
    let plan = plan_for(&start(None), &observation(), &config, now().wall).expect("a plan");
    assert!(plan.steps[0].call.to_string().starts_with("rds:CreateDBSnapshot main snapshot=qd-main-"));
    assert_eq!(plan.target_arn.as_str(), "arn:aws:rds:us-east-1:123456789012:db:main");
}

#[test]
fn what_can_t_be_started_is_refused_with_what_to_do() {
    let CopySource::AwsBackup { vault: name, resource, plans, .. } = vault() else { return };
    let roleless = CopySource::AwsBackup { vault: name, resource, plans, role: None };
    let both = config(vec![vault(), cluster()]);
    let mut elsewhere = config(vec![vault()]);
    elsewhere.backups[0].name = "other".into();
    let unread = Observation { protection: None, ..observation() };
    let rows = [
        (refused(&observation(), &both, None), "2 ways", "by=vault or by=snapshot"),
        (refused(&observation(), &config(vec![roleless]), None), "no way", "the role"),
        (refused(&observation(), &config(vec![cluster()]), Some(Way::Vault)), "no way", "aws_backup"),
        (refused(&observation(), &elsewhere, None), "no [[backup]] `rtech-mongodb`", "other"),
        (refused(&unread, &config(vec![vault()]), None), "not read", "again"),
    ];
    for (failure, reason, hint) in rows {
        assert!(failure.reason.contains(reason) && failure.hint.contains(hint), "{failure}");
    }
    let plan = plan_for(&start(Some(Way::Snapshot)), &observation(), &both, now().wall).expect("a plan");
    assert!(plan.steps[0].call.to_string().starts_with("rds:CreateDBClusterSnapshot"));
}

#[test]
fn its_argument_is_a_way_or_none() {
    let spec = spec("start_backup").expect("a row");
    let parse = |pairs: &[(&str, &str)]| {
        let pairs: Vec<_> = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        (spec.parse)(&Name::from(THING), &pairs)
    };
    assert_eq!(parse(&[]), Ok(start(None)));
    assert_eq!(parse(&[("by", "vault")]), Ok(start(Some(Way::Vault))));
    assert_eq!(parse(&[("by", "snapshot")]), Ok(start(Some(Way::Snapshot))));
    assert_eq!(parse(&[("by", "export")]), Ok(start(Some(Way::Export))));
    assert!(parse(&[("by", "tape")]).expect_err("refused").hint.contains("by=vault"));
    assert_eq!((spec.targets)(&config(vec![vault()])), [Name::from(THING)]);
    assert!((spec.targets)(&config(Vec::new())).is_empty());
    let look = start(None).look(&config(vec![vault()])).expect("a look");
    assert_eq!(look.subjects, [Subject::Protection { protected: THING.into() }]);
}

#[test]
fn an_export_s_plan_names_snapshot_bucket_role_and_key_and_an_identifier_of_just_these() {
    let plan = |config: &Config, found: &Observation| {
        plan_for(&start(Some(Way::Export)), found, config, now().wall).expect("a plan")
    };
    let config = exporting(vec![vault(), cluster()]);
    let whole = plan(&config, &observation());
    let id = whole.changes[0].after.clone();
    assert!(id.starts_with("qd-rtech-mongodb-") && id.len() <= 60, "{id}");
    let lines: Vec<_> = whole.changes.iter().map(ToString::to_string).collect();
    let objects = format!("objects: none → s3://rtech-exports/nightly/db/{id}/");
    let snapshot = format!("snapshot: {SNAPSHOT}, cut 2026-01-01T00:03:20Z (unchanged)");
    for line in [&objects, &snapshot] {
        assert!(lines.contains(line), "{line}: {lines:#?}");
    }
    let call = format!(
        "rds:StartExportTask {id} source={SNAPSHOT} bucket=rtech-exports prefix=nightly/db \
         role=arn:aws:iam::123456789012:role/export key=arn:aws:kms:us-east-1:123456789012:key/k1 only=orders.public"
    );
    assert_eq!(whole.steps[0].call.to_string(), call);
    assert_eq!(whole.target_arn.as_str(), RESOURCE);
    assert!(whole.cost.as_ref().is_some_and(|cost| cost.contains("100 GiB")), "{:?}", whole.cost);
    let Undo::Impossible { reason } = &whole.undo else { panic!("{:?}", whole.undo) };
    assert!(reason.contains("rds:CancelExportTask"), "{reason}");

    let mut elsewhere = config.clone();
    elsewhere.backups[0].copies.as_mut().unwrap().export.as_mut().unwrap().bucket = "other".to_owned();
    assert_ne!(plan(&elsewhere, &observation()).changes[0].after, id, "another bucket is another export");
    let mut later = observation();
    later.taken = now().plus(Duration::from_secs(30)).wall;
    later.protection.as_mut().unwrap().jobs.push(job("j2", "FAILED", JobOutcome::Failed, 10));
    assert_eq!(plan(&config, &later).steps, whole.steps, "backups are nothing to it");
    let failed = BackupJob { kind: JobKind::Export, ..job("e1", "FAILED", JobOutcome::Failed, 10) };
    later.protection.as_mut().unwrap().jobs.push(failed);
    assert_ne!(plan(&config, &later).changes[0].after, id, "after one that failed there is a new identifier");
    assert!(!whole.drift(&start(Some(Way::Export)).facts(&later)).is_empty(), "which is drift");
}

#[test]
fn an_export_without_a_snapshot_or_a_destination_is_refused_with_what_to_do() {
    let mut none = observation();
    none.protection.as_mut().unwrap().exportable = None;
    let mut unseen = none.clone();
    unread(unseen.protection.as_mut().unwrap(), "snapshots");
    let whole = exporting(vec![cluster()]);
    let export = Some(Way::Export);
    let rows = [
        (refused(&none, &whole, export), "no snapshot that is available", "start_backup rtech-mongodb by=snapshot"),
        (refused(&unseen, &whole, export), "not read: AccessDenied", "rds:DescribeDB"),
        (refused(&observation(), &config(vec![cluster()]), export), "no way", "export"),
        (refused(&observation(), &exporting(vec![vault()]), export), "no way", "export"),
        (refused(&observation(), &whole, None), "2 ways", "by=snapshot or by=export"),
    ];
    for (failure, reason, hint) in rows {
        assert!(failure.reason.contains(reason) && failure.hint.contains(hint), "{failure}");
    }
}

/// What a look tells after `change`, where the call made `made`.
fn sight(by: Way, made: Option<&str>, change: impl Fn(&mut Protection, &str)) -> (Effect, Stage, Option<String>) {
    let config = exporting(vec![vault(), cluster()]);
    let plan = plan_for(&start(Some(by)), &observation(), &config, now().wall).expect("a plan");
    let mut found = observation();
    change(found.protection.as_mut().unwrap(), &plan.changes[0].after);
    let made: Made = made.iter().map(|made| (0, (*made).to_owned())).collect();
    let sight = start(Some(by)).sight(&Scene { plan: &plan, step: 0, made: &made }, &found);
    (sight.effect, sight.stage, sight.made)
}

fn unread(all: &mut Protection, part: &str) {
    all.missing.push(Unread { part: Text::from(part), points: true, reason: Text::from("AccessDenied") });
}

#[test]
fn a_look_finds_the_job_by_its_identifier_or_as_the_only_new_one_and_believes_its_end() {
    let one = Some("j2".to_owned());
    let look = |made, change: fn(&mut Protection, &str)| sight(Way::Vault, made, change);
    assert_eq!(look(None, |_, _| {}), (Effect::AsBefore, Stage::Moving, None));
    assert_eq!(look(Some("j2"), |_, _| {}), (Effect::AsBefore, Stage::Moving, None));
    for made in [None, Some("j2")] {
        let running = look(made, |all, _| all.jobs.push(job("j2", "RUNNING", JobOutcome::Running, 0)));
        assert_eq!(running, (Effect::Shows, Stage::Moving, one.clone()));
        let done = look(made, |all, _| all.jobs.push(job("j2", "COMPLETED", JobOutcome::Completed, 0)));
        assert_eq!(done, (Effect::Shows, Stage::Steady, one.clone()));
    }
    let (effect, stage, _) = look(Some("j2"), |all, _| {
        let message = Some(Text::from("the role may not"));
        all.jobs.push(BackupJob { message, ..job("j2", "ABORTED", JobOutcome::Failed, 0) });
    });
    assert_eq!((effect, stage), (Effect::Shows, Stage::Failed("j2 is ABORTED: the role may not".to_owned())));
    let scheduled = look(None, |all, _| {
        let origin = Some(Text::from("DailyBackups"));
        all.jobs.push(BackupJob { origin, ..job("j2", "RUNNING", JobOutcome::Running, 0) });
    });
    assert_eq!(scheduled.0, Effect::AsBefore, "a plan's job is not this run's");
    let two = look(None, |all, _| {
        all.jobs.extend(["j2", "j3"].map(|id| job(id, "RUNNING", JobOutcome::Running, 0)));
    });
    assert_eq!(two.0, Effect::Unclear, "which of two is not guessed");
    assert_eq!(look(None, |all, _| unread(all, "backup jobs")).0, Effect::Unclear, "not read is not absent");
}

#[test]
fn a_look_finds_the_snapshot_by_its_name_while_it_is_made_and_when_it_is_available() {
    let look = |change: fn(&mut Protection, &str)| sight(Way::Snapshot, None, change);
    assert_eq!(look(|_, _| {}), (Effect::AsBefore, Stage::Moving, None));
    assert_eq!(look(|all, _| unread(all, "snapshots")).0, Effect::Unclear);
    let (effect, stage, made) = look(|all, id| all.jobs.push(job(id, "creating", JobOutcome::Running, 0)));
    assert_eq!((effect, stage), (Effect::Shows, Stage::Moving));
    assert!(made.is_some_and(|made| made.starts_with("qd-rtech-mongodb-")));
    let (effect, stage, _) = look(|all, id| all.points.push(point(id, CopyKind::Snapshot, 0)));
    assert_eq!((effect, stage), (Effect::Shows, Stage::Steady));
    let (effect, stage, _) = look(|all, id| all.jobs.push(job(id, "failed", JobOutcome::Failed, 0)));
    assert!(effect == Effect::Shows && matches!(stage, Stage::Failed(_)));
}

fn export(id: &str, state: &str, outcome: JobOutcome, message: Option<&str>) -> BackupJob {
    BackupJob { kind: JobKind::Export, message: message.map(Text::from), ..job(id, state, outcome, 0) }
}

#[test]
fn a_look_finds_the_export_by_its_name_and_tells_its_warning_or_why_it_failed() {
    let look = |change: fn(&mut Protection, &str)| sight(Way::Export, None, change);
    assert_eq!(look(|_, _| {}), (Effect::AsBefore, Stage::Moving, None));
    assert_eq!(look(|all, _| unread(all, "export tasks")).0, Effect::Unclear, "not read is not absent");
    let other = look(|all, id| all.jobs.push(job(id, "creating", JobOutcome::Running, 0)));
    assert_eq!(other.0, Effect::AsBefore, "a snapshot of that name is no export");
    let (effect, stage, made) = look(|all, id| all.jobs.push(export(id, "STARTING", JobOutcome::Running, None)));
    assert_eq!((effect, stage), (Effect::Shows, Stage::Moving));
    assert!(made.is_some_and(|made| made.starts_with("qd-rtech-mongodb-")));
    for state in ["FAILED", "CANCELED"] {
        let config = exporting(vec![cluster()]);
        let plan = plan_for(&start(Some(Way::Export)), &observation(), &config, now().wall).expect("a plan");
        let id = plan.changes[0].after.clone();
        let mut found = observation();
        let ended = export(&id, state, JobOutcome::Failed, Some("the role may not"));
        found.protection.as_mut().unwrap().jobs.push(ended);
        let sight = start(Some(Way::Export)).sight(&Scene { plan: &plan, step: 0, made: &Made::new() }, &found);
        assert_eq!(sight.stage, Stage::Failed(format!("{id} is {state}: the role may not")));
        let done = export(&id, "COMPLETE", JobOutcome::Completed, Some("2 tables were left out"));
        *found.protection.as_mut().unwrap().jobs.last_mut().unwrap() = done;
        let sight = start(Some(Way::Export)).sight(&Scene { plan: &plan, step: 0, made: &Made::new() }, &found);
        assert_eq!(sight.stage, Stage::Steady);
        assert!(sight.words.contains("COMPLETE") && sight.words.contains("2 tables were left out"), "{}", sight.words);
    }
}
