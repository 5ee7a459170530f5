//! Starting backups against scripted AWS Backup and RDS: exactly one request, named by the plan, and read back.

mod export;

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use quarterdeck::action::Plan;
use quarterdeck::action::start_backup::Way;
use quarterdeck::config::{Config, CopySource};
use quarterdeck::executor::journal::RunState;
use serde_json::json;

use super::identity::{WHOLE, xml};
use super::server::{Answer, Request, Server};
use super::world::carry_out;
use crate::runs::backups::{RESOURCE, THING, cluster, config, start, vault};
use crate::runs::fixture::now;

/// What is done with the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Accepts,
    Refuses,
    LosesTheAnswer,
    LosesTheCall,
    IsThereAlready,
}

/// AWS Backup with no job, or with the one that was started.
async fn backup(does: Does, state: &'static str) -> Server {
    let started = AtomicBool::new(false);
    Server::start(move |request| {
        let path = request.target.split('?').next().unwrap_or_default();
        match (request.operation.as_str(), request.method.as_str()) {
            ("GetCallerIdentity", _) => xml(WHOLE),
            (_, "PUT") => {
                started.store(matches!(does, Does::Accepts | Does::LosesTheAnswer), SeqCst);
                match does {
                    Does::Accepts => Answer::Json(200, json!({"BackupJobId": "j1"})),
                    Does::Refuses => Answer::Json(400, json!({"__type": "LimitExceededException", "Message": "full"})),
                    _ => Answer::Json(500, json!({})),
                }
            }
            _ if path.starts_with("/backup-jobs") => {
                let job = json!({"BackupJobId": "j1", "State": state, "ResourceArn": RESOURCE, "CreationDate":
                    now().wall.as_second(), "StatusMessage": "the role may not", "PercentDone": "50"});
                let jobs = if started.load(SeqCst) { vec![job] } else { Vec::new() };
                Answer::Json(200, json!({"BackupJobs": jobs}))
            }
            _ if path.trim_end_matches('/').ends_with("/recovery-points") => {
                Answer::Json(200, json!({"RecoveryPoints": []}))
            }
            _ => Answer::Json(403, json!({"__type": "AccessDeniedException"})),
        }
    })
    .await
}

/// A cluster without snapshots, or with the one of that name.
async fn rds(does: Does) -> Server {
    let made = std::sync::Mutex::new(None::<String>);
    Server::start(move |request| match request.operation.as_str() {
        "GetCallerIdentity" => xml(WHOLE),
        "DescribeDBClusterSnapshots" => {
            let one = made.lock().unwrap().as_ref().map_or(String::new(), |id| snapshot(id, "available"));
            rds_answer("DescribeDBClusterSnapshots", &format!("<DBClusterSnapshots>{one}</DBClusterSnapshots>"))
        }
        "CreateDBClusterSnapshot" => {
            let id = field(request, "DBClusterSnapshotIdentifier");
            if does != Does::LosesTheCall && does != Does::Refuses {
                *made.lock().unwrap() = Some(id.clone());
            }
            match does {
                Does::Accepts => rds_answer("CreateDBClusterSnapshot", &snapshot(&id, "creating")),
                Does::IsThereAlready => fault(400, "DBClusterSnapshotAlreadyExistsFault"),
                Does::Refuses => fault(400, "SnapshotQuotaExceeded"),
                _ => fault(503, "ServiceUnavailable"),
            }
        }
        _ => fault(403, "AccessDenied"),
    })
    .await
}

fn snapshot(id: &str, status: &str) -> String {
    format!(
        "<DBClusterSnapshot><DBClusterSnapshotIdentifier>{id}</DBClusterSnapshotIdentifier><DBClusterIdentifier>{THING}\
         </DBClusterIdentifier><Status>{status}</Status><SnapshotCreateTime>{}</SnapshotCreateTime></DBClusterSnapshot>",
        now().wall
    )
}

fn rds_answer(operation: &str, inside: &str) -> Answer {
    xml(&format!("<{operation}Response><{operation}Result>{inside}</{operation}Result></{operation}Response>"))
}

fn fault(status: u16, code: &str) -> Answer {
    let body = format!("<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>");
    Answer::Raw(status, "text/xml", body.into_bytes())
}

fn field(request: &Request, name: &str) -> String {
    let pairs = request.form.split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).unwrap_or_default()
}

async fn run(server: &Server, kind: CopySource, way: Way) -> (Plan, RunState, String) {
    run_in(server, config(vec![kind]), way).await
}

/// A run that gives up after a second: its plan, how it ended, and its last word.
async fn run_in(server: &Server, mut config: Config, way: Way) -> (Plan, RunState, String) {
    config.backups[0].backup_within = Duration::from_secs(1);
    let ran = carry_out(server, &config, &start(Some(way)), None).await;
    let word = ran.word();
    (ran.plan, ran.state, word)
}

fn puts(server: &Server) -> Vec<Request> {
    server.seen("/backup-jobs").into_iter().filter(|request| request.method == "PUT").collect()
}

#[tokio::test]
async fn the_job_is_asked_for_once_with_the_plan_s_token_and_is_done_when_it_completed() {
    let server = backup(Does::Accepts, "COMPLETED").await;
    let (plan, state, word) = run(&server, vault(), Way::Vault).await;
    assert_eq!(state, RunState::Done, "{word}");
    assert!(word.contains("j1 COMPLETED"), "{word}");
    let call = plan.steps[0].call.to_string();
    let token = call.rsplit("token=").next().expect("a token");
    let sent: Vec<_> = puts(&server).into_iter().map(|request| request.json).collect();
    let whole = json!({"BackupVaultName": "rtech-vault", "ResourceArn": RESOURCE,
        "IamRoleArn": "arn:aws:iam::123456789012:role/backup", "IdempotencyToken": token});
    assert_eq!(sent, [whole]);
}

#[tokio::test]
async fn a_job_that_failed_fails_the_run_with_its_message() {
    for state in ["FAILED", "ABORTED", "EXPIRED"] {
        let server = backup(Does::Accepts, state).await;
        let (_, ended, word) = run(&server, vault(), Way::Vault).await;
        assert_eq!((ended, puts(&server).len()), (RunState::Failed, 1), "{word}");
        assert!(word.contains(state) && word.contains("the role may not"), "{word}");
    }
}

#[tokio::test]
async fn a_job_whose_answer_was_lost_is_found_and_one_that_never_shows_is_unknown() {
    let server = backup(Does::LosesTheAnswer, "COMPLETED").await;
    let (_, state, word) = run(&server, vault(), Way::Vault).await;
    assert_eq!((state, puts(&server).len()), (RunState::Done, 1), "{word}");
    let server = backup(Does::LosesTheCall, "COMPLETED").await;
    let (_, state, word) = run(&server, vault(), Way::Vault).await;
    assert_eq!((state, puts(&server).len()), (RunState::Unknown, 1), "{word}");
    let server = backup(Does::Refuses, "COMPLETED").await;
    let (_, state, word) = run(&server, vault(), Way::Vault).await;
    assert_eq!((state, puts(&server).len()), (RunState::Failed, 1), "{word}");
    assert!(word.contains("LimitExceededException") && word.contains("nothing was changed"), "{word}");
}

#[tokio::test]
async fn a_snapshot_is_asked_for_once_by_the_plan_s_name_and_one_that_is_there_is_taken_for_it() {
    for (does, ends) in [
        (Does::Accepts, RunState::Done),
        (Does::IsThereAlready, RunState::Done),
        (Does::LosesTheAnswer, RunState::Done),
        (Does::LosesTheCall, RunState::Unknown),
        (Does::Refuses, RunState::Failed),
    ] {
        let server = rds(does).await;
        let (plan, state, word) = run(&server, cluster(), Way::Snapshot).await;
        assert_eq!(state, ends, "{does:?}: {word}");
        let sent: Vec<_> = server.seen("CreateDBClusterSnapshot").into_iter().map(|request| request.form).collect();
        let name = &plan.changes[0].after;
        let mut pairs: Vec<_> = sent.iter().flat_map(|form| form.split('&')).collect();
        pairs.sort_unstable();
        let (of, named) = (format!("DBClusterIdentifier={THING}"), format!("DBClusterSnapshotIdentifier={name}"));
        assert_eq!(
            pairs,
            ["Action=CreateDBClusterSnapshot", of.as_str(), named.as_str(), "Version=2014-10-31"],
            "{does:?}"
        );
    }
}
