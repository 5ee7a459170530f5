//! AWS Backup. Shapes: <https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Operations.html>.

use super::*;

fn by() -> serde_json::Value {
    json!({"BackupPlanId": "p1", "BackupRuleId": "r1", "BackupRuleName": "DailyBackups"})
}

/// Yesterday's job failed, today's made a point, last week's was restored and found good.
pub(super) fn whole(request: &Request) -> Answer {
    let path = request.target.split('?').next().unwrap_or_default();
    Answer::Json(
        200,
        match path {
            path if path.trim_end_matches('/').ends_with("/recovery-points") => points(),
            path if path.starts_with("/backup-jobs") => jobs(),
            path if path.starts_with("/copy-jobs") => json!({"CopyJobs": []}),
            path if path.contains("/restore-jobs") => restores(),
            path if path.starts_with("/resources/") => json!({"ResourceArn": RESOURCE, "ResourceType": "DocumentDB"}),
            "/backup/plans/" | "/backup/plans" => {
                json!({"BackupPlansList": [{"BackupPlanId": "p1", "BackupPlanName": "rtech"}]})
            }
            path if path.starts_with("/backup/plans/p1") => plan(),
            other => panic!("{other} was not expected"),
        },
    )
}

fn points() -> serde_json::Value {
    let point = |id: &str, status: &str, begun: i64, made: i64| {
        json!({"RecoveryPointArn": format!("arn:aws:backup:us-east-1:1:recovery-point:{id}"), "Status": status,
            "ResourceArn": RESOURCE, "InitiationDate": begun, "CreationDate": made, "CompletionDate": made + 600,
            "BackupSizeInBytes": 7_000_000_000u64, "IsEncrypted": true, "CreatedBy": by(),
            "CalculatedLifecycle": {"DeleteAt": hours_ago(-700)}})
    };
    json!({"RecoveryPoints": [
        point("good", "COMPLETED", hours_ago(10), hours_ago(9)),
        point("partial", "PARTIAL", hours_ago(2), hours_ago(2)),
        point("expired", "EXPIRED", hours_ago(1), hours_ago(1)),
        {"RecoveryPointArn": "arn:aws:backup:us-east-1:1:recovery-point:undated", "Status": "COMPLETED", "IsEncrypted": false},
    ]})
}

fn jobs() -> serde_json::Value {
    json!({"BackupJobs": [
        {"BackupJobId": "j1", "State": "COMPLETED", "ResourceArn": RESOURCE, "CreationDate": hours_ago(10),
            "CompletionDate": hours_ago(9), "PercentDone": "100.0", "CreatedBy": by(), "IsEncrypted": true},
        {"BackupJobId": "j2", "State": "FAILED", "ResourceArn": RESOURCE, "CreationDate": hours_ago(34),
            "StatusMessage": "Access denied to the key\u{1b}[2J", "CreatedBy": by()},
        {"BackupJobId": "j3", "State": "SOMETHING_NEW", "CreationDate": hours_ago(35)},
        {"BackupJobId": "undated", "State": "FAILED"},
        {"BackupJobId": "other", "State": "FAILED", "ResourceArn": "arn:aws:rds:us-east-1:1:cluster:other", "CreationDate": hours_ago(1)},
    ]})
}

fn restores() -> serde_json::Value {
    json!({"RestoreJobs": [
        {"RestoreJobId": "s1", "Status": "COMPLETED", "SourceResourceArn": RESOURCE, "CreationDate": hours_ago(170),
            "CompletionDate": hours_ago(169), "ValidationStatus": "SUCCESSFUL"},
        {"RestoreJobId": "s2", "Status": "COMPLETED", "CreationDate": hours_ago(100), "ValidationStatus": "TIMED_OUT"},
    ]})
}

fn plan() -> serde_json::Value {
    let rule = |name: &str, cron: &str, cold: u32, gone: u32| {
        json!({"RuleName": name, "TargetBackupVaultName": "rtech-vault", "ScheduleExpression": cron,
            "Lifecycle": {"MoveToColdStorageAfterDays": cold, "DeleteAfterDays": gone}})
    };
    let elsewhere =
        json!({"RuleName": "Elsewhere", "TargetBackupVaultName": "other", "ScheduleExpression": "rate(1 hour)"});
    json!({"BackupPlanId": "p1", "CreationDate": hours_ago(2000), "BackupPlan": {"BackupPlanName": "rtech", "Rules": [
        rule("DailyBackups", "cron(0 2 ? * * *)", 7, 30), rule("WeeklyBackups", "cron(0 3 ? * MON *)", 30, 365), elsewhere]}})
}

#[tokio::test]
async fn only_points_that_are_whole_and_dated_can_be_restored_and_the_jobs_start_is_their_cut() {
    let server = Server::start(whole).await;
    let protection = read(&server, vec![aws_backup()]).await;
    let ids: Vec<&str> = protection.points.iter().map(|point| point.id.as_str()).collect();
    assert_eq!((ids.as_slice(), missing(&protection)), (["good"].as_slice(), vec![]));
    let point = &protection.points[0];
    assert_eq!(point.cut.as_second(), hours_ago(10));
    assert_eq!((point.bytes, point.encrypted), (Some(7_000_000_000), Some(true)));
    assert_eq!(point.origin.as_ref().map(|rule| rule.as_str()), Some("DailyBackups"));
    assert!(point.expires.is_some());
}

#[tokio::test]
async fn jobs_are_told_with_outcome_and_reason_and_those_of_others_are_not() {
    let server = Server::start(whole).await;
    let protection = read(&server, vec![aws_backup()]).await;
    let jobs: Vec<_> = protection.jobs.iter().map(|job| (job.id.as_str(), job.kind, job.outcome)).collect();
    let expected = [
        ("j1", JobKind::Backup, JobOutcome::Completed),
        ("j2", JobKind::Backup, JobOutcome::Failed),
        ("j3", JobKind::Backup, JobOutcome::Failed),
        ("s2", JobKind::Restore, JobOutcome::Completed),
        ("s1", JobKind::Restore, JobOutcome::Completed),
    ];
    assert_eq!(jobs, expected, "a state that is not known is no success");
    let reason = protection.jobs[1].message.as_ref().unwrap();
    assert!(reason.contains("Access denied to the key") && !reason.contains('\u{1b}'));
    assert_eq!(protection.jobs[3].validation, Some(Validation::Failed));
    assert_eq!(protection.jobs[4].validation, Some(Validation::Successful));
    assert_eq!(protection.protected, Some(true));
}

#[tokio::test]
async fn the_plans_rules_of_this_vault_are_its_schedules() {
    let server = Server::start(whole).await;
    let schedules = read(&server, vec![aws_backup()]).await.schedules;
    let names: Vec<&str> = schedules.iter().map(|schedule| schedule.name.as_str()).collect();
    assert_eq!(names, ["DailyBackups", "WeeklyBackups"]);
    let (daily, weekly) = (&schedules[0], &schedules[1]);
    assert_eq!((daily.cold_after_days, daily.delete_after_days), (Some(7), Some(30)));
    assert_eq!((weekly.cold_after_days, weekly.delete_after_days), (Some(30), Some(365)));
    let gap = |days: u64| Some(Duration::from_secs(days * 86_400));
    assert_eq!((daily.longest_gap, weekly.longest_gap), (gap(1), gap(7)));
    assert_eq!(daily.start_within, Duration::from_secs(8 * 3600), "AWS's own default");
    assert!(daily.due.len() >= 14 && daily.checked_since.is_some());
}

#[tokio::test]
async fn a_resource_that_is_not_protected_and_a_plan_that_is_not_there_are_told() {
    let server = Server::start(|request| match request.target.as_str() {
        target if target.starts_with("/resources/") && !target.contains("restore-jobs") => {
            Answer::Json(400, json!({"__type": "ResourceNotFoundException", "message": "no"}))
        }
        target if target.starts_with("/backup/plans") => Answer::Json(200, json!({"BackupPlansList": []})),
        _ => whole(request),
    })
    .await;
    let protection = read(&server, vec![aws_backup()]).await;
    assert_eq!(protection.protected, Some(false));
    assert_eq!(missing(&protection), [("backup plan rtech", false)]);
}

#[tokio::test]
async fn jobs_that_are_denied_leave_the_points_and_no_run_counts_as_missing() {
    let server = Server::start(|request| match request.target.starts_with("/backup-jobs") {
        true => denied_json(),
        false => whole(request),
    })
    .await;
    let protection = read(&server, vec![aws_backup()]).await;
    assert_eq!(missing(&protection), [("backup jobs", false)]);
    assert_eq!(protection.points.len(), 1);
    assert!(protection.schedules.iter().all(|schedule| schedule.checked_since.is_none()));
}

#[tokio::test]
async fn an_endless_list_ends_and_is_told_as_cut() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::start(move |request| {
        if !request.target.starts_with("/backup-jobs") {
            return whole(request);
        }
        let at = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let mut page = jobs();
        page["NextToken"] = json!(format!("token {at}"));
        Answer::Json(200, page)
    })
    .await;
    let protection = read(&server, vec![aws_backup()]).await;
    assert_eq!(missing(&protection), [("backup jobs", false)]);
    assert!(protection.missing[0].reason.contains("goes on"), "{:?}", protection.missing);
    let asked = [server.seen("/backup-jobs/"), server.seen("/backup-jobs")].concat().len();
    assert!((2..=10).contains(&asked), "{asked} pages");
}
