//! A failover against a scripted RDS: the target is always named, it is sent once, and it is read back.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use quarterdeck::executor::journal::RunState;

use super::identity::{WHOLE, xml};
use super::server::{Answer, Server};
use super::world::carry_out;
use crate::runs::databases::{CLUSTER, cluster, to};

/// What RDS does with the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rds {
    Accepts,
    Refuses,
    LosesTheAnswer,
    LosesTheCall,
    TellsOfAnother,
}

/// A cluster of `one` and `two`; a call that takes effect makes `two` the writer.
async fn rds(does: Rds) -> Server {
    let writer = AtomicUsize::new(0);
    Server::start(move |request| match request.operation.as_str() {
        "GetCallerIdentity" => xml(WHOLE),
        "DescribeDBClusters" => cluster_of(writer.load(SeqCst)),
        "DescribeDBInstances" => instances(),
        "FailoverDBCluster" => {
            if matches!(does, Rds::Accepts | Rds::LosesTheAnswer) {
                writer.store(1, SeqCst);
            }
            answered(does)
        }
        other => Answer::Raw(400, "text/xml", format!("<Error><Code>{other}</Code></Error>").into_bytes()),
    })
    .await
}

fn answered(does: Rds) -> Answer {
    let told = |id: &str| {
        xml(&format!(
            "<FailoverDBClusterResponse><FailoverDBClusterResult><DBCluster><DBClusterIdentifier>{id}\
             </DBClusterIdentifier><Status>failing-over</Status></DBCluster></FailoverDBClusterResult>\
             </FailoverDBClusterResponse>"
        ))
    };
    let fault = |status, code| {
        let body = format!("<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>");
        Answer::Raw(status, "text/xml", body.into_bytes())
    };
    match does {
        Rds::Accepts => told(CLUSTER),
        Rds::TellsOfAnother => told("other"),
        Rds::Refuses => fault(400, "InvalidDBClusterStateFault"),
        Rds::LosesTheAnswer | Rds::LosesTheCall => fault(503, "ServiceUnavailable"),
    }
}

fn cluster_of(writer: usize) -> Answer {
    let member = |index: usize| {
        format!(
            "<DBClusterMember><DBInstanceIdentifier>{}</DBInstanceIdentifier><IsClusterWriter>{}</IsClusterWriter>\
             <PromotionTier>1</PromotionTier></DBClusterMember>",
            ["one", "two"][index],
            index == writer
        )
    };
    xml(&format!(
        "<DescribeDBClustersResponse><DescribeDBClustersResult><DBClusters><DBCluster><DBClusterIdentifier>{CLUSTER}\
         </DBClusterIdentifier><Engine>docdb</Engine><Status>available</Status><DBClusterMembers>{}{}</DBClusterMembers>\
         </DBCluster></DBClusters></DescribeDBClustersResult></DescribeDBClustersResponse>",
        member(0),
        member(1)
    ))
}

fn instances() -> Answer {
    let one = |id: &str| {
        format!(
            "<DBInstance><DBInstanceIdentifier>{id}</DBInstanceIdentifier><DBClusterIdentifier>{CLUSTER}\
             </DBClusterIdentifier><DBInstanceStatus>available</DBInstanceStatus></DBInstance>"
        )
    };
    xml(&format!(
        "<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances>{}{}</DBInstances>\
         </DescribeDBInstancesResult></DescribeDBInstancesResponse>",
        one("one"),
        one("two")
    ))
}

/// A run of `fail_over rtech-app to=two` that gives up after a second: how it ended, and its last word.
async fn run(server: &Server) -> (RunState, String) {
    let mut config = cluster();
    config.guards.steady_deadline = Duration::from_secs(1);
    // How far the replica lies behind, in seconds.
    let ran = carry_out(server, &config, &to("two"), Some(0.02)).await;
    (ran.state, ran.word())
}

#[tokio::test]
async fn the_call_names_its_target_is_sent_once_and_is_done_when_the_writer_changed() {
    let server = rds(Rds::Accepts).await;
    let (state, word) = run(&server).await;
    assert_eq!(state, RunState::Done, "{word}");
    assert!(word.contains("available, writer two (available)"), "{word}");
    let sent: Vec<_> = server.seen("FailoverDBCluster").into_iter().map(|request| request.form).collect();
    assert_eq!(
        sent,
        [
            "Action=FailoverDBCluster&Version=2014-10-31&DBClusterIdentifier=rtech-mongodb&TargetDBInstanceIdentifier=two"
        ]
    );
}

#[tokio::test]
async fn a_refused_failover_is_failed_with_its_words_and_changed_nothing() {
    let server = rds(Rds::Refuses).await;
    let (state, word) = run(&server).await;
    assert_eq!((state, server.seen("FailoverDBCluster").len()), (RunState::Failed, 1));
    assert!(word.contains("InvalidDBClusterStateFault") && word.contains("nothing was changed"), "{word}");
    assert!(word.contains("writer one"), "{word}");
}

#[tokio::test]
async fn an_answer_that_was_lost_is_found_by_the_new_writer_and_nothing_is_sent_again() {
    let server = rds(Rds::LosesTheAnswer).await;
    let (state, word) = run(&server).await;
    assert_eq!((state, server.seen("FailoverDBCluster").len()), (RunState::Done, 1), "{word}");
}

#[tokio::test]
async fn a_call_of_which_nothing_shows_is_unknown_and_is_not_sent_again() {
    for does in [Rds::LosesTheCall, Rds::TellsOfAnother] {
        let server = rds(does).await;
        let (state, word) = run(&server).await;
        assert_eq!((state, server.seen("FailoverDBCluster").len()), (RunState::Unknown, 1), "{does:?}: {word}");
        assert!(word.contains("it was not sent again"), "{word}");
    }
}
