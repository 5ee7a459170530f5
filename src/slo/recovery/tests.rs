//! Golden vectors: figures worked out by hand, as `now` 2026-11-21T12:00:00Z sees them.

use super::*;
use crate::source::{CopyKind, JobKind, JobOutcome, RecoveryPoint, RestoreWindow, Schedule, Unread, Validation};

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;
const DAY: u64 = 86_400;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn now() -> Timestamp {
    at("2026-11-21T12:00:00Z")
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn point(cut: &str) -> RecoveryPoint {
    RecoveryPoint {
        id: Text::from(cut),
        kind: CopyKind::AwsBackup,
        origin: Some(Text::from("DailyBackups")),
        cut: at(cut),
        cut_is_end: false,
        completed: None,
        bytes: None,
        encrypted: Some(true),
        encryption: None,
        expires: None,
    }
}

fn job(kind: JobKind, outcome: JobOutcome, created: &str, completed: Option<&str>) -> BackupJob {
    BackupJob {
        id: Text::from(created),
        kind,
        state: Text::from("AS TOLD"),
        outcome,
        validation: None,
        message: None,
        created: at(created),
        completed: completed.map(at),
        percent: None,
        origin: Some(Text::from("DailyBackups")),
    }
}

fn backup(created: &str, completed: &str) -> BackupJob {
    job(JobKind::Backup, JobOutcome::Completed, created, Some(completed))
}

fn with(points: Vec<RecoveryPoint>, jobs: Vec<BackupJob>) -> Protection {
    Protection { points, jobs, ..Protection::default() }
}

fn unread(part: &str, points: bool) -> Unread {
    Unread { part: Text::from(part), points, reason: Text::from("AccessDenied") }
}

fn promise() -> Promise {
    Promise { rpo: Some(seconds(15 * MINUTE)), rto: Some(seconds(HOUR)), ..Promise::default() }
}

fn daily(due: &[&str]) -> Schedule {
    Schedule {
        name: Text::from("DailyBackups"),
        expression: Text::from("cron(0 2 ? * * *)"),
        zone: None,
        cold_after_days: None,
        delete_after_days: None,
        longest_gap: Some(seconds(DAY)),
        start_within: seconds(HOUR),
        due: due.iter().map(|due| at(due)).collect(),
        checked_since: Some(at("2026-11-01T00:00:00Z")),
    }
}

/// Loss in seconds, its bound, and how it stands against 15 minutes.
fn loss(protection: &Protection) -> (Option<u64>, Bound, Standing) {
    let found = recovery(protection, None, &promise(), now());
    (found.loss.age.map(|age| age.as_secs()), found.loss.bound, found.rpo)
}

#[test]
fn the_loss_counts_from_the_cut_and_not_from_the_completion() {
    let completed = RecoveryPoint { completed: Some(at("2026-11-21T11:55:00Z")), ..point("2026-11-21T11:40:00Z") };
    assert_eq!(loss(&with(vec![completed], vec![])), (Some(20 * MINUTE), Bound::Exact, Standing::Missed));
}

#[test]
fn the_newest_of_snapshots_and_point_in_time_counts() {
    let mut protection = with(vec![point("2026-11-20T03:00:00Z"), point("2026-11-21T03:00:00Z")], vec![]);
    assert_eq!(loss(&protection), (Some(9 * HOUR), Bound::Exact, Standing::Missed));
    protection.point_in_time = Some(RestoreWindow { earliest: None, latest: at("2026-11-21T11:55:00Z") });
    assert_eq!(loss(&protection), (Some(5 * MINUTE), Bound::Exact, Standing::Met));
    protection.points.push(point("2026-11-21T11:58:00Z"));
    assert_eq!(loss(&protection), (Some(2 * MINUTE), Bound::Exact, Standing::Met));
}

#[test]
fn exactly_at_the_objective_is_within_it() {
    assert_eq!(loss(&with(vec![point("2026-11-21T11:45:00Z")], vec![])).2, Standing::Met);
    assert_eq!(loss(&with(vec![point("2026-11-21T11:44:59Z")], vec![])).2, Standing::Missed);
}

#[test]
fn a_job_that_failed_or_runs_leaves_nothing_to_restore() {
    let jobs = [JobOutcome::Failed, JobOutcome::Running];
    let jobs = jobs.map(|outcome| job(JobKind::Backup, outcome, "2026-11-21T11:50:00Z", None));
    let protection = with(vec![point("2026-11-21T02:00:00Z")], jobs.into());
    assert_eq!(loss(&protection).0, Some(10 * HOUR));
}

#[test]
fn nothing_to_restore_is_a_missed_objective_and_never_a_loss_of_zero() {
    let nothing = with(vec![], vec![]);
    assert_eq!(loss(&nothing), (None, Bound::Exact, Standing::Missed));
    assert!(recovery(&nothing, None, &promise(), now()).loss.is_nothing());
    assert_eq!(recovery(&nothing, None, &Promise::default(), now()).rpo, Standing::NotSet);
}

#[test]
fn what_could_not_be_read_makes_an_upper_bound_and_no_verdict_against_it() {
    let mut protection = with(vec![point("2026-11-21T02:00:00Z")], vec![]);
    protection.missing = vec![unread("snapshots", true)];
    assert_eq!(loss(&protection), (Some(10 * HOUR), Bound::AtMost, Standing::Unknown));
    protection.points.push(point("2026-11-21T11:50:00Z"));
    assert_eq!(
        loss(&protection),
        (Some(10 * MINUTE), Bound::AtMost, Standing::Met),
        "a newer one only makes it better"
    );
    protection.points.clear();
    assert_eq!(loss(&protection), (None, Bound::AtMost, Standing::Unknown));
    protection.missing = vec![unread("restore jobs", false)];
    assert_eq!(loss(&protection).2, Standing::Missed, "no point can be among restore jobs");
}

#[test]
fn a_cut_in_the_future_is_not_believed() {
    let future = with(vec![point("2026-11-21T12:10:00Z")], vec![]);
    assert_eq!(loss(&future), (None, Bound::Exact, Standing::Unknown));
    assert_eq!(recovery(&future, None, &promise(), now()).loss.from_future, 1);
    let both = with(vec![point("2026-11-21T12:10:00Z"), point("2026-11-21T10:00:00Z")], vec![]);
    assert_eq!(loss(&both).0, Some(2 * HOUR));
    assert_eq!(loss(&with(vec![point("2026-11-21T12:00:30Z")], vec![])).0, Some(0), "a clock may differ a little");
}

#[test]
fn a_point_that_has_expired_is_gone() {
    let gone = RecoveryPoint { expires: Some(now()), ..point("2026-11-21T11:50:00Z") };
    assert_eq!(loss(&with(vec![gone, point("2026-11-21T06:00:00Z")], vec![])).0, Some(6 * HOUR));
}

#[test]
fn an_upload_whose_start_is_not_told_loses_at_least_its_age() {
    let upload = RecoveryPoint { cut_is_end: true, ..point("2026-11-21T11:50:00Z") };
    assert_eq!(loss(&with(vec![upload], vec![])).1, Bound::AtLeast);
}

/// The worst case in seconds, whether it is whole, and how it stands against `rpo`.
fn worst(protection: &Protection, every: Option<u64>, rpo: u64) -> (Option<(u64, bool)>, Standing) {
    let promise = Promise { rpo: Some(seconds(rpo)), every: every.map(seconds), ..Promise::default() };
    let found = recovery(protection, None, &promise, now());
    (found.worst.total().map(|(sum, whole)| (sum.as_secs(), whole)), found.rpo_worst)
}

#[test]
fn the_worst_case_is_interval_plus_duration_plus_copy() {
    let copy = job(JobKind::Copy, JobOutcome::Completed, "2026-11-20T02:30:00Z", Some("2026-11-20T02:50:00Z"));
    let mut protection = with(
        vec![],
        vec![
            backup("2026-11-20T02:00:00Z", "2026-11-20T02:30:00Z"),
            backup("2026-11-21T02:00:00Z", "2026-11-21T02:12:00Z"),
            copy,
        ],
    );
    protection.schedules = vec![daily(&[])];
    let sum = DAY + 30 * MINUTE + 20 * MINUTE;
    assert_eq!(worst(&protection, None, DAY + HOUR), (Some((sum, true)), Standing::Met));
    assert_eq!(worst(&protection, None, DAY), (Some((sum, true)), Standing::Missed), "daily backups can't keep a day");
    assert_eq!(worst(&protection, Some(HOUR), 2 * HOUR).0, Some((HOUR + 50 * MINUTE, true)), "a person said so");
}

#[test]
fn a_worst_case_without_its_parts_is_a_lower_bound() {
    let mut protection = with(vec![], vec![]);
    assert_eq!(worst(&protection, None, DAY), (None, Standing::Unknown));
    protection.schedules = vec![daily(&[])];
    assert_eq!(
        worst(&protection, None, 2 * DAY),
        (Some((DAY, false)), Standing::Unknown),
        "how long one takes is not known"
    );
    assert_eq!(worst(&protection, None, HOUR), (Some((DAY, false)), Standing::Missed), "it is longer in any case");
    protection.jobs = vec![backup("2026-11-21T02:00:00Z", "2026-11-21T02:12:00Z")];
    assert_eq!(worst(&protection, None, 2 * DAY).1, Standing::Met);
    protection.missing = vec![unread("copy jobs", false)];
    assert_eq!(worst(&protection, None, 2 * DAY).1, Standing::Unknown, "whether it is copied is not known");
}

#[test]
fn the_most_frequent_of_several_rules_bounds_the_worst_case() {
    let weekly = Schedule { longest_gap: Some(seconds(7 * DAY)), ..daily(&[]) };
    let mut protection = with(vec![], vec![backup("2026-11-21T02:00:00Z", "2026-11-21T02:10:00Z")]);
    protection.schedules = vec![weekly, daily(&[])];
    assert_eq!(worst(&protection, None, DAY).0, Some((DAY + 10 * MINUTE, true)));
}

fn restore(created: &str, completed: &str, validation: Option<Validation>) -> BackupJob {
    BackupJob { validation, ..job(JobKind::Restore, JobOutcome::Completed, created, Some(completed)) }
}

/// When the last restore was, whether it was looked at, and how long a restore takes against an hour.
fn restored(
    jobs: Vec<BackupJob>,
    recorded: Option<(&str, Option<u64>)>,
) -> (Option<(String, bool)>, Option<u64>, Standing) {
    let recorded = recorded.map(|(when, took)| (at(when), took.map(seconds)));
    let protection = with(vec![], jobs);
    let found = recovery(&protection, None, &Promise { recorded, ..promise() }, now());
    let last = found.restored.map(|last| (last.at.to_string(), last.is_validated()));
    (last, found.took.map(|took| took.as_secs() / MINUTE), found.rto)
}

#[test]
fn a_restore_that_was_never_tested_has_no_time() {
    assert_eq!(restored(vec![], None), (None, None, Standing::Unknown));
    let failed = job(JobKind::Restore, JobOutcome::Failed, "2026-11-20T02:00:00Z", Some("2026-11-20T02:05:00Z"));
    let refused = restore("2026-11-20T02:00:00Z", "2026-11-20T02:05:00Z", Some(Validation::Failed));
    let coming = restore("2027-01-01T00:00:00Z", "2027-01-01T00:05:00Z", None);
    assert_eq!(restored(vec![failed, refused, coming], None), (None, None, Standing::Unknown));
}

#[test]
fn the_time_of_a_restore_is_that_of_the_last_measured_one() {
    let old = restore("2026-10-01T00:00:00Z", "2026-10-01T02:00:00Z", Some(Validation::Successful));
    let new = restore("2026-11-01T00:00:00Z", "2026-11-01T00:42:00Z", Some(Validation::Successful));
    let last = Some(("2026-11-01T00:00:00Z".to_owned(), true));
    assert_eq!(restored(vec![old.clone(), new], None), (last, Some(42), Standing::Met));
    assert_eq!(restored(vec![old.clone()], None).2, Standing::Missed);
    let unwatched = restore("2026-11-02T00:00:00Z", "2026-11-02T00:10:00Z", None);
    assert_eq!(restored(vec![unwatched], None).0, Some(("2026-11-02T00:00:00Z".to_owned(), false)));
    let recorded = restored(vec![old], Some(("2026-11-10T00:00:00Z", None)));
    assert_eq!(recorded, (Some(("2026-11-10T00:00:00Z".to_owned(), true)), Some(120), Standing::Missed));
}

/// Runs that are missing, and whether one followed.
fn lapses(protection: &Protection, promise: &Promise) -> Vec<(String, String, bool)> {
    let found = recovery(protection, None, promise, now());
    found.lapses.iter().map(|lapse| (lapse.rule.to_string(), lapse.due.to_string(), lapse.made_good)).collect()
}

#[test]
fn a_run_that_never_began_is_missing_by_its_rule_and_time() {
    let jobs = vec![
        backup("2026-11-18T02:00:01Z", "2026-11-18T02:10:00Z"),
        job(JobKind::Backup, JobOutcome::Failed, "2026-11-19T02:00:01Z", None),
    ];
    let mut protection = with(vec![point("2026-11-20T02:30:00Z")], jobs);
    let due = ["17", "18", "19", "20", "21"].map(|day| format!("2026-11-{day}T02:00:00Z"));
    protection.schedules = vec![daily(&due.each_ref().map(String::as_str))];
    let name = || "DailyBackups".to_owned();
    let expected =
        vec![(name(), "2026-11-21T02:00:00Z".to_owned(), false), (name(), "2026-11-17T02:00:00Z".to_owned(), true)];
    assert_eq!(lapses(&protection, &promise()), expected);
    let found = recovery(&protection, None, &promise(), now());
    assert_eq!((found.failed.len(), found.failing().count(), found.lapsing().count()), (1, 0, 1));
}

#[test]
fn a_run_that_may_still_begin_or_that_nobody_can_look_up_is_not_missing() {
    let mut protection = with(vec![], vec![]);
    protection.schedules = vec![daily(&["2026-11-21T11:30:00Z", "2026-11-22T02:00:00Z"])];
    assert_eq!(lapses(&protection, &promise()), vec![]);
    protection.schedules = vec![Schedule { checked_since: None, ..daily(&["2026-11-21T02:00:00Z"]) }];
    assert_eq!(lapses(&protection, &promise()), vec![]);
    assert_eq!(recovery(&protection, None, &promise(), now()).unchecked, [&Text::from("DailyBackups")]);
}

#[test]
fn a_run_of_another_rule_does_not_stand_in() {
    let by_hand = BackupJob { origin: None, ..backup("2026-11-21T02:05:00Z", "2026-11-21T02:10:00Z") };
    let mut protection = with(vec![], vec![by_hand]);
    protection.schedules = vec![daily(&["2026-11-21T02:00:00Z"])];
    assert_eq!(lapses(&protection, &promise()).len(), 1);
}

const DUMPS: &str = "s3://rtech-backups/exports/";

fn dump(cut: &str, bytes: u64) -> RecoveryPoint {
    RecoveryPoint { kind: CopyKind::Object, origin: Some(Text::from(DUMPS)), bytes: Some(bytes), ..point(cut) }
}

fn of_dumps(least_percent: u32, encryption: Option<&str>) -> Promise {
    let encryption = encryption.map(str::to_owned);
    let objects = vec![ObjectPromise { origin: DUMPS.to_owned(), encryption, least_percent }];
    Promise { every: Some(seconds(DAY)), objects, ..promise() }
}

#[test]
fn a_dump_that_did_not_come_is_missing() {
    let cuts = ["2026-11-15T04:30:00Z", "2026-11-16T04:31:00Z", "2026-11-18T04:30:00Z", "2026-11-19T04:30:00Z"];
    let mut protection = with(cuts.map(|cut| dump(cut, 1000)).into(), vec![]);
    let expected = vec![
        (DUMPS.to_owned(), "2026-11-20T04:30:00Z".to_owned(), false),
        (DUMPS.to_owned(), "2026-11-17T04:31:00Z".to_owned(), true),
    ];
    assert_eq!(lapses(&protection, &of_dumps(50, None)), expected);
    protection.missing = vec![unread("objects", true)];
    assert_eq!(lapses(&protection, &of_dumps(50, None)), vec![], "a list that is not whole tells nothing");
}

#[test]
fn a_dump_far_smaller_than_those_before_is_told() {
    let sizes = [1000, 1100, 900, 400];
    let dumps = (18..).zip(sizes).map(|(day, bytes)| dump(&format!("2026-11-{day}T04:30:00Z"), bytes)).collect();
    let protection = with(dumps, vec![]);
    let size = |least| recovery(&protection, None, &of_dumps(least, None), now()).objects[0].size.unwrap();
    assert_eq!((size(50).median, size(50).percent, size(50).too_small), (1000.0, 40.0, true));
    assert!(!size(40).too_small);
    let few = with(vec![dump("2026-11-20T04:30:00Z", 10), dump("2026-11-21T04:30:00Z", 1)], vec![]);
    assert_eq!(recovery(&few, None, &of_dumps(50, None), now()).objects[0].size, None, "two are no history");
}

#[test]
fn encryption_that_is_not_told_is_not_taken_for_the_wanted_one() {
    let of = |encrypted: Option<bool>, found: Option<&str>| {
        let newest = RecoveryPoint { encrypted, encryption: found.map(Text::from), ..dump("2026-11-21T04:30:00Z", 9) };
        let protection = with(vec![newest], vec![]);
        recovery(&protection, None, &of_dumps(50, Some("AES256")), now()).objects[0].encryption
    };
    assert_eq!(of(Some(true), Some("AES256")), Encryption::AsWanted);
    assert_eq!(of(Some(true), Some("aws:kms")), Encryption::Wrong);
    assert_eq!(of(Some(false), None), Encryption::Wrong);
    assert_eq!(of(None, None), Encryption::Unknown);
}

#[test]
fn a_restore_test_of_a_run_counts_as_verified_and_its_time_is_held_against_the_objective() {
    let test = |at: &str, minutes| RestoreTest {
        protected: "db".into(),
        run: Text::from("20261119-r"),
        at: self::at(at),
        took: seconds(minutes * MINUTE),
    };
    let old = job(JobKind::Restore, JobOutcome::Completed, "2026-11-01T00:00:00Z", Some("2026-11-01T02:00:00Z"));
    let protection = with(vec![], vec![old]);
    let told = |test: &RestoreTest| {
        let found = recovery(&protection, Some(test), &promise(), now());
        (found.took, found.rto, found.restored.map(|last| (last.is_validated(), last.by == RestoredBy::Run(test))))
    };
    let (measured, slow) = (test("2026-11-19T12:00:00Z", 14), test("2026-11-19T12:00:00Z", 61));
    assert_eq!(told(&measured), (Some(seconds(14 * MINUTE)), Standing::Met, Some((true, true))));
    assert_eq!(told(&slow), (Some(seconds(61 * MINUTE)), Standing::Missed, Some((true, true))));
    let before = test("2026-10-01T00:00:00Z", 14);
    assert_eq!(told(&before).1, Standing::Missed, "a newer restore of the platform took two hours");
    let coming = test("2026-12-01T00:00:00Z", 14);
    assert_eq!(told(&coming).2.map(|found| found.1), Some(false), "what lies in the future is not believed");
}
