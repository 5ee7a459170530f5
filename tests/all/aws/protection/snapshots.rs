//! Clusters and instances of the RDS API. Shapes: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/>.

use super::*;

/// The cluster, one automated snapshot of each of two days, one that is being made, and an export of one.
pub(super) fn whole(request: &Request) -> Answer {
    match request.operation.as_str() {
        "DescribeDBClusters" => xml(&clusters()),
        "DescribeDBClusterSnapshots" => xml(&snapshots()),
        "DescribeExportTasks" => xml(&exports()),
        other => panic!("{other} was not expected"),
    }
}

fn answer(operation: &str, inside: &str) -> String {
    format!(
        "<{operation}Response xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><{operation}Result>{inside}</{operation}Result></{operation}Response>"
    )
}

fn clusters() -> String {
    let cluster = format!(
        "<DBCluster><DBClusterIdentifier>rtech-mongodb</DBClusterIdentifier><Engine>docdb</Engine><Status>available</Status>\
         <BackupRetentionPeriod>7</BackupRetentionPeriod><PreferredBackupWindow>03:00-04:00</PreferredBackupWindow>\
         <EarliestRestorableTime>{}</EarliestRestorableTime><LatestRestorableTime>{}</LatestRestorableTime>\
         <ClusterCreateTime>{}</ClusterCreateTime><DBClusterArn>{RESOURCE}</DBClusterArn></DBCluster>",
        iso(160),
        iso(0),
        iso(3000)
    );
    answer("DescribeDBClusters", &format!("<DBClusters>{cluster}</DBClusters>"))
}

fn snapshot(id: &str, status: &str, kind: &str, hours: i64) -> String {
    format!(
        "<DBClusterSnapshot><DBClusterSnapshotIdentifier>{id}</DBClusterSnapshotIdentifier>\
         <DBClusterIdentifier>rtech-mongodb</DBClusterIdentifier><Status>{status}</Status><SnapshotType>{kind}</SnapshotType>\
         <SnapshotCreateTime>{}</SnapshotCreateTime><StorageEncrypted>true</StorageEncrypted>\
         <DBClusterSnapshotArn>arn:aws:rds:us-east-1:1:cluster-snapshot:{id}</DBClusterSnapshotArn></DBClusterSnapshot>",
        iso(hours)
    )
}

fn snapshots() -> String {
    let all = [
        snapshot("rds:one", "available", "automated", 30),
        snapshot("rds:two", "available", "automated", 6),
        snapshot("by-hand", "creating", "manual", 1),
    ];
    let undated = "<DBClusterSnapshot><DBClusterSnapshotIdentifier>undated</DBClusterSnapshotIdentifier><Status>available</Status></DBClusterSnapshot>";
    answer("DescribeDBClusterSnapshots", &format!("<DBClusterSnapshots>{}{undated}</DBClusterSnapshots>", all.concat()))
}

fn exports() -> String {
    let task = |id: &str, status: &str, source: &str, more: &str| {
        format!(
            "<ExportTask><ExportTaskIdentifier>{id}</ExportTaskIdentifier><Status>{status}</Status>\
             <SourceArn>arn:aws:rds:us-east-1:1:cluster-snapshot:{source}</SourceArn><SnapshotTime>{}</SnapshotTime>\
             <TaskStartTime>{}</TaskStartTime><S3Bucket>rtech-backups</S3Bucket><S3Prefix>exports</S3Prefix>{more}</ExportTask>",
            iso(30),
            iso(29)
        )
    };
    let all = [
        task(
            "done",
            "COMPLETE",
            "rds:one",
            &format!("<TaskEndTime>{}</TaskEndTime><PercentProgress>100</PercentProgress>", iso(28)),
        ),
        task("broken", "FAILED", "rds:two", "<FailureCause>the bucket is not there</FailureCause>"),
        task("under-way", "IN_PROGRESS", "rds:two", "<PercentProgress>40</PercentProgress>"),
        task("of-another", "COMPLETE", "rds:other", ""),
    ];
    answer("DescribeExportTasks", &format!("<ExportTasks>{}</ExportTasks>", all.concat()))
}

#[tokio::test]
async fn snapshots_that_are_available_count_from_the_moment_they_were_cut() {
    let server = Server::start(whole).await;
    let protection = read(&server, vec![cluster()]).await;
    let snapshots: Vec<_> = protection.points.iter().filter(|point| point.kind == CopyKind::Snapshot).collect();
    let told: Vec<_> = snapshots.iter().map(|point| (point.id.as_str(), point.cut.as_second())).collect();
    assert_eq!(told, [("rds:two", hours_ago(6)), ("rds:one", hours_ago(30))]);
    assert_eq!((missing(&protection), protection.protected), (vec![], Some(true)));
}

#[tokio::test]
async fn the_window_of_point_in_time_restore_and_the_daily_window_are_read() {
    let server = Server::start(whole).await;
    let protection = read(&server, vec![cluster()]).await;
    let window = protection.point_in_time.unwrap();
    assert_eq!(
        (window.earliest.map(|at| at.as_second()), window.latest.as_second()),
        (Some(hours_ago(160)), hours_ago(0))
    );
    let schedule = &protection.schedules[0];
    assert_eq!((schedule.name.as_str(), schedule.expression.as_str()), ("automated", "03:00-04:00"));
    assert_eq!((schedule.delete_after_days, schedule.start_within), (Some(7), Duration::from_secs(3600)));
}

#[tokio::test]
async fn automated_backups_that_are_off_have_no_window_and_protect_nothing() {
    let server = Server::start(|request| match request.operation.as_str() {
        "DescribeDBClusters" => xml(&clusters().replace(">7<", ">0<")),
        _ => whole(request),
    })
    .await;
    let protection = read(&server, vec![cluster()]).await;
    assert_eq!((protection.point_in_time, protection.protected), (None, Some(false)));
    assert!(protection.schedules.is_empty());
}

#[tokio::test]
async fn exports_are_jobs_and_only_complete_ones_of_this_cluster_are_points() {
    let server = Server::start(whole).await;
    let protection = read(&server, vec![cluster()]).await;
    let points: Vec<_> = protection.points.iter().filter(|point| point.kind == CopyKind::Export).collect();
    assert_eq!(points.len(), 1);
    assert_eq!(
        (points[0].id.as_str(), points[0].cut.as_second()),
        ("done", hours_ago(30)),
        "cut when its snapshot was"
    );
    let told = |id: &str| protection.jobs.iter().find(|job| job.id.as_str() == id);
    assert_eq!(told("broken").unwrap().message.as_ref().unwrap().as_str(), "the bucket is not there");
    assert_eq!(told("under-way").map(|job| (job.outcome, job.percent)), Some((JobOutcome::Running, Some(40.0))));
    assert!(told("of-another").is_none());
}

#[tokio::test]
async fn an_export_would_take_the_newest_snapshot_that_is_available_with_its_engine() {
    let server = Server::start(|request| match request.operation.as_str() {
        "DescribeDBClusterSnapshots" => {
            let told = "<Engine>docdb</Engine><AllocatedStorage>1</AllocatedStorage></DBClusterSnapshot>";
            xml(&snapshots().replace("</DBClusterSnapshot>", told))
        }
        _ => whole(request),
    })
    .await;
    let found = read(&server, vec![cluster()]).await.exportable.expect("a snapshot");
    assert_eq!((found.id.as_str(), found.cut.as_second()), ("rds:two", hours_ago(6)), "one that is made is none yet");
    assert_eq!(found.arn.as_str(), "arn:aws:rds:us-east-1:1:cluster-snapshot:rds:two");
    assert_eq!((found.of.as_str(), found.engine.as_str(), found.storage_gib), ("rtech-mongodb", "docdb", None));
}

#[tokio::test]
async fn an_export_without_any_date_is_under_way_all_the_same() {
    let server = Server::start(|request| match request.operation.as_str() {
        "DescribeExportTasks" => {
            let task = "<ExportTask><ExportTaskIdentifier>waits</ExportTaskIdentifier><Status>STARTING</Status>\
                        <SourceArn>arn:aws:rds:us-east-1:1:cluster-snapshot:rds:two</SourceArn></ExportTask>";
            xml(&answer("DescribeExportTasks", &format!("<ExportTasks>{task}</ExportTasks>")))
        }
        _ => whole(request),
    })
    .await;
    let jobs = read(&server, vec![cluster()]).await.jobs;
    let told: Vec<_> =
        jobs.iter().filter(|job| job.kind == JobKind::Export).map(|job| (&*job.id, job.outcome)).collect();
    assert_eq!(told, [("waits", JobOutcome::Running)]);
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_missing_and_not_without_backups() {
    let server = Server::start(|request| match request.operation.as_str() {
        "DescribeDBClusters" => {
            let body = "<ErrorResponse><Error><Type>Sender</Type><Code>DBClusterNotFoundFault</Code><Message>no</Message></Error></ErrorResponse>";
            Answer::Raw(404, "text/xml", body.as_bytes().to_vec())
        }
        _ => whole(request),
    })
    .await;
    let protection = read(&server, vec![cluster()]).await;
    assert_eq!(missing(&protection), [("point-in-time restore", true)]);
}

#[tokio::test]
async fn an_instance_is_read_like_a_cluster_and_a_copied_snapshot_keeps_its_cut() {
    let server = Server::start(|request| match request.operation.as_str() {
        "DescribeDBInstances" => xml(&answer("DescribeDBInstances", &format!(
            "<DBInstances><DBInstance><DBInstanceIdentifier>course-db</DBInstanceIdentifier><LatestRestorableTime>{}</LatestRestorableTime>\
             <BackupRetentionPeriod>30</BackupRetentionPeriod></DBInstance></DBInstances>", iso(0)))),
        "DescribeDBSnapshots" => xml(&answer("DescribeDBSnapshots", &format!(
            "<DBSnapshots><DBSnapshot><DBSnapshotIdentifier>copy</DBSnapshotIdentifier><Status>available</Status>\
             <SnapshotType>manual</SnapshotType><SnapshotCreateTime>{}</SnapshotCreateTime>\
             <OriginalSnapshotCreateTime>{}</OriginalSnapshotCreateTime></DBSnapshot></DBSnapshots>", iso(1), iso(9)))),
        _ => xml(&answer("DescribeExportTasks", "<ExportTasks/>")),
    })
    .await;
    let protection = read(&server, vec![CopySource::Instance("course-db".to_owned())]).await;
    assert_eq!(protection.points[0].cut.as_second(), hours_ago(9));
    assert!(protection.point_in_time.is_some());
    assert!(protection.schedules.is_empty(), "no window is told");
}
