//! Exports to S3 against a scripted RDS.

use super::*;
use crate::runs::backups::{SNAPSHOT, exporting};

/// A cluster with one automated snapshot, and no export or the one that was started, in that state.
async fn rds(does: Does, state: &'static str) -> Server {
    let started = std::sync::Mutex::new(None::<String>);
    Server::start(move |request| match request.operation.as_str() {
        "GetCallerIdentity" => xml(WHOLE),
        "DescribeDBClusterSnapshots" => {
            let told = format!(
                "<Engine>aurora-postgresql</Engine><DBClusterSnapshotArn>{SNAPSHOT}</DBClusterSnapshotArn></DBClusterSnapshot>"
            );
            let one = snapshot("rds:s1", "available").replace("</DBClusterSnapshot>", &told);
            rds_answer("DescribeDBClusterSnapshots", &format!("<DBClusterSnapshots>{one}</DBClusterSnapshots>"))
        }
        "DescribeExportTasks" => {
            let one = started.lock().unwrap().as_ref().map_or(String::new(), |id| task(id, state));
            rds_answer("DescribeExportTasks", &format!("<ExportTasks>{one}</ExportTasks>"))
        }
        "StartExportTask" => {
            let id = field(request, "ExportTaskIdentifier");
            if does != Does::LosesTheCall && does != Does::Refuses {
                *started.lock().unwrap() = Some(id.clone());
            }
            match does {
                Does::Accepts => rds_answer(
                    "StartExportTask",
                    &format!("<ExportTaskIdentifier>{id}</ExportTaskIdentifier><Status>STARTING</Status>"),
                ),
                Does::IsThereAlready => fault(400, "ExportTaskAlreadyExists"),
                Does::Refuses => fault(400, "IamRoleMissingPermissions"),
                _ => fault(503, "ServiceUnavailable"),
            }
        }
        _ => fault(403, "AccessDenied"),
    })
    .await
}

fn task(id: &str, state: &str) -> String {
    let cause = if state == "FAILED" { "<FailureCause>the key is gone</FailureCause>" } else { "" };
    format!(
        "<ExportTask><ExportTaskIdentifier>{id}</ExportTaskIdentifier><SourceArn>{SNAPSHOT}</SourceArn><Status>{state}</Status>\
         <SnapshotTime>{}</SnapshotTime><PercentProgress>40</PercentProgress>{cause}</ExportTask>",
        now().wall
    )
}

async fn export(server: &Server) -> (Plan, RunState, String) {
    run_in(server, exporting(vec![cluster()]), Way::Export).await
}

#[tokio::test]
async fn an_export_is_asked_for_once_with_what_was_shown_and_one_that_is_there_is_taken_for_it() {
    for (does, ends) in [
        (Does::Accepts, RunState::Done),
        (Does::IsThereAlready, RunState::Done),
        (Does::LosesTheAnswer, RunState::Done),
        (Does::LosesTheCall, RunState::Unknown),
        (Does::Refuses, RunState::Failed),
    ] {
        let server = rds(does, "COMPLETE").await;
        let (plan, state, word) = export(&server).await;
        assert_eq!(state, ends, "{does:?}: {word}");
        let sent: Vec<_> = server.seen("StartExportTask").into_iter().map(|request| request.form).collect();
        let mut pairs: Vec<_> = sent.iter().flat_map(|form| form.split('&')).collect();
        pairs.sort_unstable();
        let (id, arn) = (format!("ExportTaskIdentifier={}", plan.changes[0].after), SNAPSHOT.replace(':', "%3A"));
        let source = format!("SourceArn={arn}");
        let expected = [
            "Action=StartExportTask",
            "ExportOnly.member.1=orders.public",
            &id,
            "IamRoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fexport",
            "KmsKeyId=arn%3Aaws%3Akms%3Aus-east-1%3A123456789012%3Akey%2Fk1",
            "S3BucketName=rtech-exports",
            "S3Prefix=nightly%2Fdb",
            &source,
            "Version=2014-10-31",
        ];
        assert_eq!(pairs, expected, "{does:?}");
    }
}

#[tokio::test]
async fn an_export_that_failed_fails_the_run_with_its_cause_and_one_under_way_is_not_known() {
    let server = rds(Does::Accepts, "FAILED").await;
    let (_, state, word) = export(&server).await;
    assert_eq!(state, RunState::Failed, "{word}");
    assert!(word.contains("the key is gone"), "{word}");
    let server = rds(Does::Accepts, "IN_PROGRESS").await;
    let (_, state, word) = export(&server).await;
    assert_eq!(state, RunState::Unknown, "{word}");
    assert!(word.contains("IN_PROGRESS, 40 %"), "{word}");
    assert_eq!(server.seen("StartExportTask").len(), 1);
}
