//! Backups and recovery: the screen, and the panel of the service that a protected thing belongs to.

use std::time::Duration;

use quarterdeck::clock::Now;
use quarterdeck::config::{Copies, CopySource, Polling, Protected};
use quarterdeck::source::*;
use quarterdeck::state::{Screen, State};
use quarterdeck::text::Text;

use super::paint::{Paint, Picture, picture};
use crate::fixture::{self, READ};

const SMALL: (u16, u16) = (80, 24);
const MIDDLE: (u16, u16) = (120, 40);
const LARGE: (u16, u16) = (200, 50);

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const EXPORTS: &str = "s3://rtech-backups/exports/";

fn at(state: &State, (columns, rows): (u16, u16)) -> Picture {
    picture(state, columns, rows, &Paint::Roles)
}

fn shows(picture: &Picture, words: &[&str]) {
    let text = picture.text();
    words.iter().for_each(|word| assert!(text.contains(word), "`{word}` is not in\n{text}"));
}

/// Seconds before the reading.
fn before(seconds: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(Now::fixed(READ).wall.as_second() - seconds).unwrap()
}

fn copies(kinds: Vec<CopySource>, every: Option<u64>) -> Option<Copies> {
    let polling = Polling { interval: Duration::from_secs(300), timeout: Duration::from_secs(30) };
    Some(Copies { kinds, place: None, export: None, every: every.map(Duration::from_secs), polling })
}

/// The database with continuous backup, and its daily exports.
fn things() -> Vec<Protected> {
    let template = fixture::config().backups.remove(0);
    let exports = CopySource::Objects {
        bucket: "rtech-backups".to_owned(),
        prefix: "exports/".to_owned(),
        encryption: Some("AES256".to_owned()),
        least_percent: 50,
    };
    let database = Protected {
        last_restore_test: None,
        restore_took: None,
        service: Some(Name::from("rtech-app")),
        copies: copies(vec![CopySource::Cluster("rtech-mongodb".to_owned())], None),
        ..template.clone()
    };
    let exports = Protected {
        name: Name::from("rtech-exports"),
        summary: "daily export".to_owned(),
        schedule: "daily 04:30 UTC".to_owned(),
        rpo: Some(Duration::from_secs(86_400)),
        measures: Vec::new(),
        last_restore_test: None,
        restore_took: None,
        service: Some(Name::from("rtech-app")),
        copies: copies(vec![exports], Some(86_400)),
        ..template
    };
    vec![database, exports]
}

fn point(id: &str, kind: CopyKind, origin: &str, seconds: i64) -> RecoveryPoint {
    RecoveryPoint {
        id: Text::from(id),
        kind,
        origin: Some(Text::from(origin)),
        cut: before(seconds),
        cut_is_end: false,
        completed: Some(before(seconds - 600)),
        bytes: None,
        encrypted: Some(true),
        encryption: None,
        expires: None,
    }
}

fn job(id: &str, kind: JobKind, outcome: JobOutcome, seconds: i64) -> BackupJob {
    BackupJob {
        id: Text::from(id),
        kind,
        state: Text::from(if outcome == JobOutcome::Failed { "FAILED" } else { "COMPLETED" }),
        outcome,
        validation: None,
        message: None,
        created: before(seconds),
        completed: Some(before(seconds - 2520)),
        percent: None,
        origin: Some(Text::from("DailyBackups")),
    }
}

/// All is well with the database, but for a job that failed the night before the last.
fn database() -> Protection {
    let failed = BackupJob {
        message: Some(Text::from("The backup job failed because the key is disabled")),
        ..job("8f81f553", JobKind::Backup, JobOutcome::Failed, 47 * HOUR)
    };
    let restore = BackupJob {
        validation: Some(Validation::Successful),
        origin: None,
        ..job("restore-77", JobKind::Restore, JobOutcome::Completed, 12 * DAY)
    };
    let daily = Schedule {
        name: Text::from("DailyBackups"),
        expression: Text::from("cron(0 2 ? * * *)"),
        zone: None,
        cold_after_days: Some(7),
        delete_after_days: Some(30),
        longest_gap: Some(Duration::from_secs(86_400)),
        start_within: Duration::from_secs(3600),
        due: vec![before(47 * HOUR), before(23 * HOUR), before(-HOUR)],
        checked_since: Some(before(14 * DAY)),
    };
    Protection {
        points: vec![
            point("recovery-point-1", CopyKind::AwsBackup, "DailyBackups", 23 * HOUR),
            point("rds:rtech-mongodb-2025-12-31", CopyKind::Snapshot, "automated", 22 * HOUR),
        ],
        point_in_time: Some(RestoreWindow { earliest: Some(before(7 * DAY)), latest: before(272) }),
        jobs: vec![failed, restore],
        schedules: vec![daily],
        protected: Some(true),
        missing: Vec::new(),
        exportable: None,
    }
}

/// The last export is a third of the usual size, and the one after it did not come.
fn exports() -> Protection {
    let dump = |back: i64, bytes: u64| RecoveryPoint {
        bytes: Some(bytes),
        encryption: (back == 2).then(|| Text::from("AES256")),
        ..point(&format!("exports/rtech-{back}.gz"), CopyKind::Object, EXPORTS, back * DAY - 3 * HOUR)
    };
    let sizes = [(2, 2_500_000_000), (3, 7_600_000_000), (4, 7_500_000_000), (5, 7_400_000_000)];
    Protection { points: sizes.map(|(back, bytes)| dump(back, bytes)).into(), ..Protection::default() }
}

fn with_things(mut state: State) -> State {
    let mut config = fixture::config();
    config.backups = things();
    config.services[0].backups = vec![Name::from("rtech-mongodb"), Name::from("rtech-exports")];
    state.config = config.into();
    state
}

fn receive(state: &mut State, protected: &str, outcome: Result<Protection, SourceError>, seconds: u64) {
    let subject = Subject::Protection { protected: Name::from(protected) };
    let outcome = outcome.map(Payload::Protection);
    state.readings.receive(Reading { subject, outcome }, Now::fixed(seconds));
}

pub(crate) fn live() -> State {
    let mut state = with_things(fixture::live());
    receive(&mut state, "rtech-mongodb", Ok(database()), READ);
    receive(&mut state, "rtech-exports", Ok(exports()), READ);
    state
}

pub(crate) fn stale() -> State {
    let mut state = live();
    state.now = Now::fixed(READ + 1200);
    state
}

pub(crate) fn failed() -> State {
    let mut state = live();
    for attempt in 1..4 {
        for thing in ["rtech-mongodb", "rtech-exports"] {
            let source = Name::from(format!("recovery-{thing}"));
            let error =
                SourceError::new(&source, SourceErrorKind::Unauthorised, "rds:DescribeDBClusters: ExpiredToken");
            receive(&mut state, thing, Err(error), READ + attempt * 30);
        }
    }
    state.now = Now::fixed(READ + 120);
    state
}

pub(crate) fn never() -> State {
    with_things(fixture::never())
}

fn on_backups(mut state: State, selected: usize) -> State {
    state.screens.push(Screen::Backups { selected });
    state
}

fn on_panel(state: State) -> State {
    let service = state.config.service("rtech-app").unwrap();
    let panel = quarterdeck::view::panel::panels(service).iter().position(|panel| panel.name == "recovery").unwrap();
    fixture::on_service(state, panel)
}

#[test]
fn the_screen_tells_what_would_be_lost_what_was_tested_and_what_failed() {
    for (name, size) in [("80x24", SMALL), ("120x40", MIDDLE), ("200x50", LARGE)] {
        insta::assert_snapshot!(format!("recovery_live_{name}"), at(&on_backups(live(), 0), size).text_and_styles());
        insta::assert_snapshot!(format!("recovery_missed_{name}"), at(&on_backups(live(), 1), size).text());
        insta::assert_snapshot!(format!("recovery_stale_{name}"), at(&on_backups(stale(), 0), size).text());
        insta::assert_snapshot!(format!("recovery_failed_{name}"), at(&on_backups(failed(), 0), size).text());
        insta::assert_snapshot!(format!("recovery_never_{name}"), at(&on_backups(never(), 0), size).text());
    }
}

#[test]
fn a_missed_objective_a_small_export_and_an_untested_restore_are_said_outright() {
    let picture = at(&on_backups(live(), 1), MIDDLE);
    shows(&picture, &["✗ 45h of 1d", "MISSED", "NEVER TESTED", "✗ TOO SMALL: 33 %", "never ran", "DEGRADED"]);
}

#[test]
fn a_failed_job_is_named_with_its_reason_even_after_a_good_one() {
    let picture = at(&on_backups(live(), 0), MIDDLE);
    shows(&picture, &["8f81f553 of DailyBackups FAILED, 47h ago, good since", "because the key is", "HEALTHY"]);
}

#[test]
fn what_is_not_fresh_is_never_shown_as_met() {
    for state in [stale(), failed(), never()] {
        let picture = at(&on_backups(state, 0), MIDDLE);
        shows(&picture, &["UNKNOWN"]);
        assert!(!picture.text().contains('✓'), "{}", picture.text());
    }
}

#[test]
fn nothing_to_restore_is_loud_and_a_part_that_was_not_read_makes_an_upper_bound() {
    let mut state = live();
    receive(&mut state, "rtech-exports", Ok(Protection::default()), READ);
    shows(&at(&on_backups(state, 1), MIDDLE), &["✗ NOTHING", "NOTHING CAN BE RESTORED"]);
    let mut state = live();
    let unread = Unread { part: Text::from("objects"), points: true, reason: Text::from("AccessDenied") };
    receive(&mut state, "rtech-exports", Ok(Protection { missing: vec![unread], ..exports() }), READ);
    shows(&at(&on_backups(state, 1), MIDDLE), &["? ≤45h of 1d", "not read  objects: AccessDenied", "UNKNOWN"]);
}

#[test]
fn the_panel_stands_on_the_screen_of_its_service() {
    for (name, size) in [("80x24", SMALL), ("160x48", (160, 48))] {
        insta::assert_snapshot!(format!("recovery_panel_live_{name}"), at(&on_panel(live()), size).text_and_styles());
        insta::assert_snapshot!(format!("recovery_panel_stale_{name}"), at(&on_panel(stale()), size).text());
        insta::assert_snapshot!(format!("recovery_panel_failed_{name}"), at(&on_panel(failed()), size).text());
        insta::assert_snapshot!(format!("recovery_panel_never_{name}"), at(&on_panel(never()), size).text());
    }
}
