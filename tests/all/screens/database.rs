//! The database panel, in every state of its reading, and what it means for the service.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::clock::Now;
use quarterdeck::config::{DatabaseId, DatabasePlace, Polling};
use quarterdeck::source::*;
use quarterdeck::state::verdict::{Level, service_verdict};
use quarterdeck::state::{Screen, State};
use quarterdeck::text::Text;

use super::paint::{Paint, picture};
use crate::fixture;

const SERVICE: &str = "rtech-site";

fn subject() -> Subject {
    Subject::Database { service: SERVICE.into() }
}

/// The static pages' service with a database in place of its health endpoint.
fn configured(mut state: State) -> State {
    let polling = Polling { interval: Duration::from_secs(30), timeout: Duration::from_secs(10) };
    let id = DatabaseId::Cluster("rtech-mongodb".to_owned());
    let service = &mut Arc::make_mut(&mut state.config).services[2];
    service.health.clear();
    service.database =
        Some(DatabasePlace { id, place: None, lag: None, max_lag: std::time::Duration::from_secs(1), polling });
    state.screens.push(Screen::Service { name: SERVICE.into(), panel: 0, scroll: 0 });
    state
}

fn read(state: State, database: Database) -> State {
    let mut state = configured(state);
    let outcome = Ok(Payload::Database(database));
    state.readings.receive(Reading { subject: subject(), outcome }, Now::fixed(fixture::READ));
    state
}

fn member(id: &str, role: MemberRole, status: &str) -> Member {
    Member {
        id: Text::from(id),
        role,
        status: Text::from(status),
        class: Text::from("db.t3.medium"),
        zone: Some(Text::from("us-east-1a")),
        promotion_tier: Some(1),
        pending: Vec::new(),
    }
}

/// In the middle of a failover, with an update that is forced tomorrow.
fn failing_over() -> Database {
    let tomorrow = Now::fixed(fixture::READ + 20 * 3600).wall;
    Database {
        id: Text::from("rtech-mongodb"),
        engine: Text::from("docdb"),
        version: Text::from("5.0.0"),
        status: Text::from("failing-over"),
        multi_az: true,
        encrypted: Some(false),
        backup_retention_days: Some(7),
        backup_window: Some(Text::from("03:00-04:00")),
        maintenance_window: Some(Text::from("sun:04:00-sun:05:00")),
        latest_restorable: Some(Now::fixed(fixture::READ - 240).wall),
        members: vec![
            member("rtech-mongodb-2", MemberRole::Writer, "available"),
            member("rtech-mongodb-1", MemberRole::Reader, "rebooting"),
        ],
        pending: vec![PendingMaintenance {
            resource: Text::from("rtech-mongodb-1"),
            action: Text::from("system-update"),
            description: Text::from("New Operating System update is available"),
            forced: Some(tomorrow),
            applied_on: None,
        }],
        missing: vec![Text::from("instances: rds:DescribeDBInstances: AccessDenied")],
    }
}

fn healthy() -> Database {
    let members = vec![
        member("rtech-mongodb-1", MemberRole::Writer, "available"),
        member("rtech-mongodb-2", MemberRole::Reader, "backing-up"),
    ];
    let status = Text::from("available");
    Database { status, encrypted: Some(true), members, pending: Vec::new(), missing: Vec::new(), ..failing_over() }
}

fn level(state: &State) -> Level {
    let service = state.config.service(SERVICE).unwrap();
    service_verdict(&state.readings, &state.config, service, state.now).level
}

fn failed(mut state: State) -> State {
    for attempt in 0..3 {
        let source = Name::from("database rtech-site");
        let error = SourceError::new(&source, SourceErrorKind::Unauthorised, "rds:DescribeDBClusters: ExpiredToken");
        let at = Now::fixed(fixture::READ + 30 * (attempt + 1));
        state.readings.receive(Reading { subject: subject(), outcome: Err(error) }, at);
    }
    state.now = Now::fixed(fixture::READ + 120);
    state
}

fn snapshot(name: &str, state: &State, columns: u16, rows: u16) {
    let name = format!("database_{name}_{columns}x{rows}");
    insta::assert_snapshot!(name, picture(state, columns, rows, &Paint::Roles).text_and_styles());
}

#[test]
fn the_panel_in_every_state_of_its_reading() {
    snapshot("live", &read(fixture::live(), failing_over()), 80, 24);
    snapshot("live", &read(fixture::live(), failing_over()), 160, 48);
    snapshot("stale", &read(fixture::stale(), failing_over()), 80, 24);
    snapshot("failed", &failed(read(fixture::live(), failing_over())), 80, 24);
    snapshot("never", &configured(fixture::live()), 80, 24);
}

#[test]
fn a_database_that_serves_is_healthy_and_one_in_failover_is_not() {
    assert_eq!(level(&read(fixture::live(), healthy())), Level::Healthy);
    assert_eq!(level(&read(fixture::live(), failing_over())), Level::Degraded);
    assert_eq!(level(&read(fixture::stale(), healthy())), Level::Unknown, "old is not known");
}

#[test]
fn a_database_where_nobody_takes_writes_is_unhealthy() {
    let mut readers = healthy();
    readers.members.iter_mut().for_each(|member| member.role = MemberRole::Reader);
    assert_eq!(level(&read(fixture::live(), readers)), Level::Unhealthy);
    assert_eq!(level(&read(fixture::live(), Database { members: Vec::new(), ..healthy() })), Level::Unhealthy);
    let replica = Database {
        id: Text::from("copy"),
        members: vec![member("copy", MemberRole::Reader, "available")],
        ..healthy()
    };
    assert_eq!(level(&read(fixture::live(), replica)), Level::Healthy, "a read replica needs no writer");
}

#[test]
fn an_instance_of_unknown_status_is_not_taken_for_available() {
    let mut database = healthy();
    database.members[1].status = Text::from("unknown");
    assert_eq!(level(&read(fixture::live(), database)), Level::Unknown);
}

#[test]
fn a_forced_update_within_a_day_is_a_warning() {
    let database = Database { pending: failing_over().pending, ..healthy() };
    assert_eq!(level(&read(fixture::live(), database)), Level::Degraded);
}
