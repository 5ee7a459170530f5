//! What is not chained must agree with what is: approvals and leases.

use quarterdeck::executor::journal::audit::FaultKind::Unmatched;

use super::fixture::{Scene, expect};

#[track_caller]
fn is_found(sql: &str) {
    let scene = Scene::of(6);
    assert!(scene.verify().is_whole());
    scene.attack(|raw| assert!(raw.execute(sql, []).expect(sql) > 0, "{sql}"));
    expect(&scene.verify(), &[Unmatched]);
}

#[test]
fn an_approval_without_a_record_is_found() {
    is_found("INSERT INTO approvals VALUES ('20260101-000000-beef', 'beef', 'arn', '2026-01-01T00:00:00Z', NULL, 0)");
}

#[test]
fn a_record_without_an_approval_is_found() {
    is_found("DELETE FROM approvals WHERE rowid = 2");
}

#[test]
fn an_approval_of_another_plan_target_or_time_is_found() {
    is_found("UPDATE approvals SET digest = 'ab' WHERE rowid = 1");
    is_found("UPDATE approvals SET target = 'arn:aws:ecs:us-east-1:123456789012:service/other' WHERE rowid = 1");
    is_found("UPDATE approvals SET until = '2030-01-01T00:00:00Z' WHERE rowid = 1");
}

#[test]
fn an_approval_that_could_be_used_again_is_found() {
    is_found("UPDATE approvals SET taken_by = NULL WHERE rowid = 1");
    is_found("UPDATE approvals SET taken_by = 1 WHERE rowid = 1");
    is_found("UPDATE approvals SET settled = 0 WHERE rowid = 1");
}

#[test]
fn an_unknown_run_that_was_settled_without_a_record_is_found() {
    is_found("UPDATE approvals SET settled = 1 WHERE rowid = 5");
}

#[test]
fn a_lease_that_was_put_back_or_taken_away_is_found() {
    is_found("UPDATE leases SET epoch = 1");
    is_found("DELETE FROM leases");
    is_found("UPDATE leases SET run = '20260101-000000-beef'");
}
