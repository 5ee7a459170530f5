//! What could be restored: AWS Backup (REST, JSON), the RDS API (query, XML) and S3 (REST, XML).

use std::sync::LazyLock;
use std::time::Duration;

use quarterdeck::clock::Now;
use quarterdeck::config::{Config, Copies, CopySource, Polling};
use quarterdeck::source::{
    CopyKind, JobKind, JobOutcome, Payload, Protection, SharedSource, SourceErrorKind, Subject, Validation,
};
use serde_json::json;

use super::server::{Answer, Request, Server};
use super::{empty, failure, poll_one, source};
use crate::fixture;

mod backup;
mod objects;
mod snapshots;

const RESOURCE: &str = "arn:aws:rds:us-east-1:123456789012:cluster:rtech-mongodb";

/// An environment with one protected thing whose copies lie there.
fn with_copies(kinds: Vec<CopySource>) -> Config {
    let mut thing = fixture::config().backups.remove(0);
    let polling = Polling { interval: Duration::from_secs(300), timeout: Duration::from_secs(10) };
    thing.measures.clear();
    thing.copies = Some(Copies { kinds, place: None, export: None, every: None, polling });
    Config { backups: vec![thing], ..empty() }
}

fn aws_backup() -> CopySource {
    CopySource::AwsBackup {
        vault: "rtech-vault".to_owned(),
        resource: RESOURCE.to_owned(),
        plans: vec!["rtech".to_owned()],
        role: None,
    }
}

fn cluster() -> CopySource {
    CopySource::Cluster("rtech-mongodb".to_owned())
}

fn exports() -> CopySource {
    CopySource::Objects {
        bucket: "rtech-backups".to_owned(),
        prefix: "exports/".to_owned(),
        encryption: Some("AES256".to_owned()),
        least_percent: 50,
    }
}

fn reading(server: &Server, kinds: Vec<CopySource>) -> SharedSource {
    source(server, &with_copies(kinds), "recovery-rtech-mongodb")
}

async fn read(server: &Server, kinds: Vec<CopySource>) -> Protection {
    match poll_one(&reading(server, kinds)).await.unwrap() {
        Payload::Protection(protection) => protection,
        other => panic!("{other:?}"),
    }
}

/// Parts that are missing, and whether points may be among them.
fn missing(protection: &Protection) -> Vec<(&str, bool)> {
    protection.missing.iter().map(|unread| (unread.part.as_str(), unread.points)).collect()
}

/// Seconds since 1970 of a moment so many hours before now, as AWS writes them.
fn hours_ago(hours: i64) -> i64 {
    static NOW: LazyLock<i64> = LazyLock::new(|| Now::read().wall.as_second());
    *NOW - hours * 3600
}

fn iso(hours: i64) -> String {
    jiff::Timestamp::from_second(hours_ago(hours)).unwrap().to_string()
}

fn xml(body: &str) -> Answer {
    Answer::Raw(200, "text/xml", format!("<?xml version=\"1.0\"?>{body}").into_bytes())
}

fn denied_json() -> Answer {
    Answer::Json(403, json!({"__type": "AccessDeniedException", "message": "not authorized"}))
}

fn denied_xml() -> Answer {
    let body = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>";
    Answer::Raw(403, "text/xml", body.as_bytes().to_vec())
}

#[tokio::test]
async fn one_part_that_is_denied_leaves_the_others_and_is_named() {
    let server = Server::start(|request| match request.operation.as_str() {
        "DescribeDBClusterSnapshots" => denied_xml(),
        _ => snapshots::whole(request),
    })
    .await;
    let protection = read(&server, vec![cluster()]).await;
    assert_eq!(missing(&protection), [("snapshots", true)]);
    assert!(protection.missing[0].reason.contains("AccessDenied"), "{:?}", protection.missing);
    assert!(protection.point_in_time.is_some());
}

#[tokio::test]
async fn a_place_of_which_nothing_answers_is_a_failure_and_no_empty_list() {
    let server = Server::start(|_| denied_xml()).await;
    assert_eq!(failure(&reading(&server, vec![cluster()])).await.kind, SourceErrorKind::Unauthorised);
    let server = Server::start(|_| Answer::Raw(200, "text/html", b"<html>log in</html>".to_vec())).await;
    assert_eq!(failure(&reading(&server, vec![exports()])).await.kind, SourceErrorKind::Malformed);
}

#[tokio::test]
async fn points_of_all_places_stand_in_one_list_the_newest_first() {
    let server = Server::start(|request: &Request| match request.operation.as_str() {
        operation if operation.starts_with("/rtech-backups") => objects::whole(request),
        operation if operation.starts_with('/') => backup::whole(request),
        _ => snapshots::whole(request),
    })
    .await;
    let protection = read(&server, vec![aws_backup(), cluster(), exports()]).await;
    assert_eq!(missing(&protection), []);
    let kinds: Vec<CopyKind> = protection.points.iter().map(|point| point.kind).collect();
    for kind in [CopyKind::AwsBackup, CopyKind::Snapshot, CopyKind::Object] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    assert!(protection.points.is_sorted_by_key(|point| std::cmp::Reverse(point.cut)));
}

#[tokio::test]
async fn each_protected_thing_has_a_subject_of_its_own() {
    let server = Server::start(|_| denied_xml()).await;
    let subject = Subject::Protection { protected: "rtech-mongodb".into() };
    assert!(reading(&server, vec![cluster()]).subjects().contains(&subject));
    assert!(with_copies(vec![cluster()]).subjects().contains(&subject));
}
