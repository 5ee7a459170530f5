//! Several regions and accounts: each subject is read, and each change is sent, in its own place and no other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::clock::Now;
use quarterdeck::config::{Aws, Config};
use quarterdeck::executor::aws as target;
use quarterdeck::executor::journal::RunState;
use quarterdeck::source::aws::{Connections, observe, sources};
use quarterdeck::source::{Look, Name, SourceErrorKind, Subject};
use serde_json::json;

use super::identity::xml;
use super::server::{Answer, Server};
use super::{connection_at, settings, with_services};
use crate::recovery::fake::{self, Bench, Fake};
use crate::runs::fixture::config;

const DR: &str = "dr";

fn there(server: &Server) -> Aws {
    Aws { region: "eu-west-1".into(), account: Some("210987654321".into()), ..settings(server) }
}

fn connections(here: &Server, dr: &Server) -> Connections {
    Connections::single(connection_at(&settings(here))).and(DR.into(), connection_at(&there(dr)))
}

/// An answer of STS for that account.
fn whose(account: &str) -> Answer {
    xml(&format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>arn:aws:iam::{account}:user/ann</Arn><UserId>A</UserId><Account>{account}</Account>\
         </GetCallerIdentityResult></GetCallerIdentityResponse>"
    ))
}

/// An ECS that takes any count, reached with credentials of `account`.
async fn ecs(account: &'static str) -> Server {
    Server::start(move |request| match request.operation.as_str() {
        "GetCallerIdentity" => whose(account),
        _ => {
            let service = json!({ "serviceName": "rtech-app", "status": "ACTIVE", "desiredCount": 5 });
            Answer::Json(200, json!({ "service": service }))
        }
    })
    .await
}

/// The environment of the runs' tests, whose service runs in `dr`: same names, other account and region.
fn in_dr(account: &str) -> Config {
    let mut config = config();
    config.guards.steady_deadline = Duration::from_secs(1);
    let aws = config.aws.as_mut().unwrap();
    let dr = Aws { account: Some(account.to_owned()), ..aws.clone() };
    aws.places.insert(DR.into(), dr);
    config.services[0].ecs.as_mut().unwrap().place = Some(DR.into());
    config
}

/// A run on the service in `dr`; the calls that came here, and there.
async fn run(connections: Connections, here: &Server, dr: &Server) -> (RunState, usize, usize, String) {
    let bench = Bench::with_config(Fake::new(fake::Answer::Accept), in_dr("123456789012"));
    let state = bench.execute_with(&bench.journal, &target::Aws::new(connections)).await.expect("a run");
    let word = bench.view().last_word();
    (state, here.seen("UpdateService").len(), dr.seen("UpdateService").len(), word)
}

#[tokio::test]
async fn a_change_is_sent_to_the_place_of_its_service_and_nowhere_else() {
    let (here, dr) = (ecs("123456789012").await, ecs("123456789012").await);
    let connections =
        Connections::single(connection_at(&settings(&here))).and(DR.into(), connection_at(&settings(&dr)));
    let (_, sent_here, sent_there, _) = run(connections, &here, &dr).await;
    assert_eq!((sent_here, sent_there), (0, 1));
    assert!(here.seen("GetCallerIdentity").is_empty());
}

#[tokio::test]
async fn a_change_with_credentials_of_another_account_than_its_place_is_not_sent() {
    let (here, dr) = (ecs("123456789012").await, ecs("999999999999").await);
    let connections =
        Connections::single(connection_at(&settings(&here))).and(DR.into(), connection_at(&settings(&dr)));
    let (state, sent_here, sent_there, word) = run(connections, &here, &dr).await;
    assert_eq!((state, sent_here, sent_there), (RunState::Failed, 0, 0), "{word}");
    assert!(word.contains("999999999999") && word.contains("nothing was sent"), "{word}");
}

#[tokio::test]
async fn a_change_is_not_sent_where_the_place_is_gone_or_in_another_region() {
    let (here, dr) = (ecs("123456789012").await, ecs("123456789012").await);
    let gone = Connections::single(connection_at(&settings(&here)));
    for (connections, says) in [(gone, "no place dr"), (connections(&here, &dr), "is in eu-west-1")] {
        let (state, sent_here, sent_there, word) = run(connections, &here, &dr).await;
        assert_eq!((state, sent_here, sent_there), (RunState::Failed, 0, 0), "{word}");
        assert!(word.contains(says), "{word}");
    }
}

#[tokio::test]
async fn what_a_plan_rests_on_is_observed_in_the_place_of_the_service() {
    let nothing = |_: &super::server::Request| Answer::Json(400, json!({ "__type": "AccessDeniedException" }));
    let (here, dr) = (Server::start(nothing).await, Server::start(nothing).await);
    let mut config = with_services(&["rtech-app"], Vec::new());
    config.services[0].ecs.as_mut().unwrap().place = Some(DR.into());
    let service = Name::from("rtech-app");
    let _ = observe(&connections(&here, &dr), &config, &Look::workload(&service, Some(&Name::from("dr"))), Now::read())
        .await;
    assert!(here.count() == 0 && dr.count() > 0);
    let gone = Connections::single(connection_at(&settings(&here)));
    let error =
        observe(&gone, &config, &Look::workload(&service, Some(&Name::from("dr"))), Now::read()).await.unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Missing, "{error}");
    assert!(here.count() == 0, "never another place's service of the same name");
}

#[tokio::test]
async fn every_subject_is_read_in_one_place() {
    let server = ecs("123456789012").await;
    let mut config = with_services(&["rtech-app", "rtech-dr"], Vec::new());
    config.services[1].ecs.as_mut().unwrap().place = Some(DR.into());
    config.cloudwatch.as_mut().unwrap().alarm_prefixes = vec!["rtech-".into()];
    config.aws.as_mut().unwrap().places = BTreeMap::from([(DR.into(), there(&server))]);
    let sources = sources(&Arc::new(connections(&server, &server)), &config);
    let mut told: Vec<String> = sources.iter().flat_map(|source| source.subjects()).map(Subject::to_string).collect();
    let count = told.len();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), count, "{told:?}");
    for subject in config.subjects().iter().filter(|subject| !matches!(subject, Subject::Signal(_))) {
        let asked = sources.iter().filter(|source| source.subjects().contains(subject)).count();
        let theirs = match subject {
            Subject::Alerts { source } | Subject::AlarmHistory { source } => source.starts_with("cloudwatch"),
            _ => matches!(
                subject,
                Subject::Workload { .. } | Subject::Scaling { .. } | Subject::Releases { .. } | Subject::Traffic { .. }
            ),
        };
        assert_eq!(asked, usize::from(theirs), "{subject}");
    }
    let names: Vec<_> = sources.iter().map(|source| source.name().as_str()).collect();
    for name in ["sts", "sts dr", "ecs", "ecs dr", "autoscaling dr", "cloudwatch-alarms", "cloudwatch-alarms dr"] {
        assert_eq!(names.iter().filter(|given| **given == name).count(), 1, "{name}: {names:?}");
    }
}
