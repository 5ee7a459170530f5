//! Restore tests against scripted RDS: each call once, by the plan's names and tags, and nothing removed but what the run made.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use quarterdeck::executor::journal::{Debt, RestoreTests, RunState};
use url::form_urlencoded;

use super::identity::{WHOLE, xml};
use super::server::{Answer, Request, Server};
use super::world::carry_out;
use crate::runs::backups::THING;
use crate::runs::fixture::operator;
use crate::runs::restores::{action, config};

/// What is done with the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Accepts,
    /// Restored clusters have this status.
    Restores(&'static str),
    /// This operation is refused.
    Refuses(&'static str),
    /// This operation takes effect, and its answer is lost.
    LosesTheAnswer(&'static str),
    /// This operation is lost.
    LosesTheCall(&'static str),
    /// Once the instance was removed, the cluster has no tags any more.
    LosesTheTags,
    /// Who asks for one thing by its name is told no tags.
    HidesTheTags,
}

/// A cluster or instance.
#[derive(Debug, Clone)]
struct Thing {
    id: String,
    tags: String,
    status: &'static str,
}

#[derive(Debug, Default)]
struct Account {
    clusters: Vec<Thing>,
    instances: Vec<Thing>,
}

impl Account {
    fn new() -> Self {
        let thing = |id: &str| Thing { id: id.to_owned(), tags: String::new(), status: "available" };
        Self { clusters: vec![thing(THING)], instances: vec![thing("rtech-mongodb-1")] }
    }

    fn names(&self) -> Vec<&str> {
        self.clusters.iter().chain(&self.instances).map(|thing| thing.id.as_str()).collect()
    }

    /// What a mutating call does.
    fn take(&mut self, request: &Request, does: Does) {
        let (cluster, instance) = (field(request, "DBClusterIdentifier"), field(request, "DBInstanceIdentifier"));
        let status = if let Does::Restores(status) = does { status } else { "available" };
        let made = |id: String, status| Thing { id, tags: tags(request), status };
        match request.operation.as_str() {
            "RestoreDBClusterFromSnapshot" => self.clusters.push(made(cluster, status)),
            "CreateDBInstance" => self.instances.push(made(instance, "available")),
            "DeleteDBInstance" => {
                self.instances.retain(|thing| thing.id != instance);
                if does == Does::LosesTheTags {
                    self.clusters.iter_mut().for_each(|thing| thing.tags.clear());
                }
            }
            "DeleteDBCluster" => self.clusters.retain(|thing| thing.id != cluster),
            other => panic!("{other} was sent"),
        }
    }
}

fn field(request: &Request, name: &str) -> String {
    let mut pairs = form_urlencoded::parse(request.form.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// The tags of a request, as they are told later.
fn tags(request: &Request) -> String {
    let tag = |at: u32| {
        let key = field(request, &format!("Tags.Tag.{at}.Key"));
        let value = field(request, &format!("Tags.Tag.{at}.Value"));
        format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>")
    };
    format!("<TagList>{}{}</TagList>", tag(1), tag(2))
}

fn rds_answer(operation: &str, inside: &str) -> Answer {
    xml(&format!("<{operation}Response><{operation}Result>{inside}</{operation}Result></{operation}Response>"))
}

fn fault(status: u16, code: &str) -> Answer {
    let body = format!("<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>");
    Answer::Raw(status, "text/xml", body.into_bytes())
}

fn cluster(thing: &Thing) -> String {
    format!(
        "<DBCluster><DBClusterIdentifier>{}</DBClusterIdentifier><Status>{}</Status><Engine>docdb</Engine><EngineVersion>\
         5.0.0</EngineVersion><DBSubnetGroup>private</DBSubnetGroup><VpcSecurityGroups><VpcSecurityGroupMembership>\
         <VpcSecurityGroupId>sg-1</VpcSecurityGroupId></VpcSecurityGroupMembership></VpcSecurityGroups>\
         <DBClusterMembers><DBClusterMember><DBInstanceIdentifier>rtech-mongodb-1</DBInstanceIdentifier>\
         <IsClusterWriter>true</IsClusterWriter></DBClusterMember></DBClusterMembers>{}</DBCluster>",
        thing.id, thing.status, thing.tags
    )
}

fn instance(thing: &Thing) -> String {
    format!(
        "<DBInstance><DBInstanceIdentifier>{}</DBInstanceIdentifier><DBInstanceStatus>{}</DBInstanceStatus><Engine>docdb\
         </Engine><EngineVersion>5.0.0</EngineVersion><DBInstanceClass>db.r6g.large</DBInstanceClass><PubliclyAccessible>\
         false</PubliclyAccessible>{}</DBInstance>",
        thing.id, thing.status, thing.tags
    )
}

const SNAPSHOTS: &str = "<DBClusterSnapshots><DBClusterSnapshot><DBClusterSnapshotIdentifier>rds:s1\
    </DBClusterSnapshotIdentifier><DBClusterIdentifier>rtech-mongodb</DBClusterIdentifier><Status>available</Status>\
    <Engine>docdb</Engine><EngineVersion>5.0.0</EngineVersion><SnapshotCreateTime>2026-01-01T00:00:00Z\
    </SnapshotCreateTime></DBClusterSnapshot></DBClusterSnapshots>";

const QUOTAS: &str = "<AccountQuotas><AccountQuota><AccountQuotaName>DBInstances</AccountQuotaName><Used>3</Used>\
    <Max>40</Max></AccountQuota></AccountQuotas>";

/// What is read: of one thing, where it is asked for by its name.
fn told(account: &Account, request: &Request, does: Does) -> Answer {
    let wanted = field(request, "DBClusterIdentifier") + &field(request, "DBInstanceIdentifier");
    let one = |thing: &&Thing| wanted.is_empty() || thing.id == wanted;
    let shown = |thing: &Thing| match does == Does::HidesTheTags && !wanted.is_empty() {
        true => Thing { tags: String::new(), ..thing.clone() },
        false => thing.clone(),
    };
    let operation = request.operation.as_str();
    match operation {
        "DescribeDBClusters" => {
            let all: String = account.clusters.iter().filter(one).map(|thing| cluster(&shown(thing))).collect();
            rds_answer(operation, &format!("<DBClusters>{all}</DBClusters>"))
        }
        "DescribeDBInstances" => {
            let all: String = account.instances.iter().filter(one).map(|thing| instance(&shown(thing))).collect();
            rds_answer(operation, &format!("<DBInstances>{all}</DBInstances>"))
        }
        "DescribeDBClusterSnapshots" => rds_answer(operation, SNAPSHOTS),
        "DescribeAccountAttributes" => rds_answer(operation, QUOTAS),
        _ => fault(403, "AccessDenied"),
    }
}

async fn rds(does: Does, account: Arc<Mutex<Account>>) -> Server {
    Server::start(move |request| {
        let mut account = account.lock().unwrap();
        let operation = request.operation.as_str();
        if operation == "GetCallerIdentity" {
            return xml(WHOLE);
        }
        if !["Restore", "Create", "Delete"].iter().any(|verb| operation.starts_with(verb)) {
            return told(&account, request, does);
        }
        match does {
            Does::Refuses(this) if this == operation => return fault(400, "InstanceQuotaExceeded"),
            Does::LosesTheCall(this) if this == operation => return fault(503, "ServiceUnavailable"),
            _ => account.take(request, does),
        }
        if matches!(does, Does::LosesTheAnswer(this) if this == operation) {
            return fault(503, "ServiceUnavailable");
        }
        let thing = |id: String| Thing { id, tags: String::new(), status: "creating" };
        let is_cluster = operation.contains("Cluster");
        rds_answer(
            operation,
            &match is_cluster {
                true => cluster(&thing(field(request, "DBClusterIdentifier"))),
                false => instance(&thing(field(request, "DBInstanceIdentifier"))),
            },
        )
    })
    .await
}

/// What became of a run.
struct Ran {
    state: RunState,
    word: String,
    /// The mutating calls, in order.
    sent: Vec<Request>,
    /// What is there afterwards.
    left: Vec<String>,
    debts: Vec<Debt>,
    measured: bool,
}

impl Ran {
    fn operations(&self) -> Vec<&str> {
        self.sent.iter().map(|request| request.operation.as_str()).collect()
    }
}

const MUTATING: [&str; 4] = ["RestoreDBClusterFromSnapshot", "CreateDBInstance", "DeleteDBInstance", "DeleteDBCluster"];

/// A run that gives each restore a second.
async fn run(does: Does) -> Ran {
    let account = Arc::new(Mutex::new(Account::new()));
    let server = rds(does, account.clone()).await;
    let mut config = config();
    config.backups[0].restore_test.within = Duration::from_secs(2);
    let ended = carry_out(&server, &config, &action(), None).await;
    let sent = server.all().into_iter().filter(|request| MUTATING.contains(&request.operation.as_str())).collect();
    let left = account.lock().unwrap().names().into_iter().map(str::to_owned).collect();
    let mut tests = RestoreTests::default();
    ended.journal.catch_up_restore_tests(&mut tests, &config.environment.name).expect("read");
    let (debts, measured) = (ended.journal.debts().expect("debts"), !tests.tests().is_empty());
    Ran { state: ended.state, word: ended.word(), sent, left, debts, measured }
}

const PRODUCTION: [&str; 2] = ["rtech-mongodb", "rtech-mongodb-1"];

#[tokio::test]
async fn a_copy_is_restored_beside_production_measured_and_removed_with_one_call_each() {
    let ran = run(Does::Accepts).await;
    assert_eq!((ran.state, ran.operations()), (RunState::Done, MUTATING.to_vec()), "{}", ran.word);
    assert_eq!((ran.left, ran.debts, ran.measured), (PRODUCTION.map(str::to_owned).to_vec(), vec![], true));
    let [restore, add, remove_instance, remove_cluster] = ran.sent.as_slice() else { panic!("four calls") };
    let copy = field(restore, "DBClusterIdentifier");
    assert!(copy.starts_with("qd-restore-rtech-mongodb-"), "{copy}");
    let told = |name: &str| field(restore, name);
    assert_eq!((told("SnapshotIdentifier"), told("Engine")), ("rds:s1".to_owned(), "docdb".to_owned()));
    assert_eq!((told("DBSubnetGroupName"), told("DeletionProtection")), ("private".to_owned(), "false".to_owned()));
    assert_eq!(told("VpcSecurityGroupIds.VpcSecurityGroupId.1"), "sg-1");
    let told = |name: &str| field(add, name);
    assert_eq!((told("DBClusterIdentifier"), told("DBInstanceIdentifier")), (copy.clone(), format!("{copy}-1")));
    assert_eq!((told("PubliclyAccessible"), told("DBInstanceClass")), ("false".to_owned(), "db.r6g.large".to_owned()));
    for request in [restore, add] {
        assert!(tags(request).contains("<Key>quarterdeck:restore-test</Key>"), "{}", tags(request));
        assert!(tags(request).contains("<Key>quarterdeck:run</Key>"), "{}", tags(request));
    }
    assert_eq!(field(remove_instance, "DBInstanceIdentifier"), format!("{copy}-1"));
    assert_eq!(field(remove_cluster, "DBClusterIdentifier"), copy);
    for request in [remove_instance, remove_cluster] {
        assert_eq!(field(request, "SkipFinalSnapshot"), "true");
    }
}

#[tokio::test]
async fn a_restore_that_fails_or_is_late_is_removed_by_the_way_back_and_measures_nothing() {
    for (status, reason) in [("incompatible-restore", "is incompatible-restore"), ("creating", "not steady within")] {
        let ran = run(Does::Restores(status)).await;
        assert_eq!(ran.operations(), [MUTATING[0], MUTATING[3]], "{}", ran.word);
        assert!(ran.state == RunState::Failed && ran.word.contains(reason), "{}", ran.word);
        assert!(ran.word.contains("it was taken back"), "{}", ran.word);
        assert_eq!((ran.left, ran.debts, ran.measured), (PRODUCTION.map(str::to_owned).to_vec(), vec![], false));
    }
}

#[tokio::test]
async fn a_refused_restore_changes_nothing_and_a_refused_instance_takes_the_cluster_back() {
    let ran = run(Does::Refuses(MUTATING[0])).await;
    assert_eq!((ran.state, ran.operations()), (RunState::Failed, vec![MUTATING[0]]), "{}", ran.word);
    assert!(ran.word.contains("nothing was changed") && ran.debts.is_empty(), "{}", ran.word);
    let ran = run(Does::Refuses(MUTATING[1])).await;
    assert_eq!(ran.operations(), [MUTATING[0], MUTATING[1], MUTATING[3]], "{}", ran.word);
    assert!(ran.state == RunState::Failed && ran.word.contains("InstanceQuotaExceeded"), "{}", ran.word);
    assert_eq!((ran.left, ran.debts), (PRODUCTION.map(str::to_owned).to_vec(), vec![]));
}

#[tokio::test]
async fn a_refused_removal_leaves_a_debt_with_its_owner_and_is_not_sent_again() {
    for (at, operation) in [(2, MUTATING[2]), (3, MUTATING[3])] {
        let ran = run(Does::Refuses(operation)).await;
        assert_eq!((ran.state, ran.operations()), (RunState::Failed, MUTATING[..=at].to_vec()), "{}", ran.word);
        let [debt] = ran.debts.try_into().expect("one debt");
        assert!(debt.what.contains("restored copy left") && debt.owner == operator("ada"), "{debt:?}");
        assert!(ran.measured, "the restore itself was measured");
        assert!(ran.left.len() > PRODUCTION.len());
    }
}

#[tokio::test]
async fn a_lost_answer_is_found_by_name_and_tag_and_nothing_is_sent_twice() {
    for operation in MUTATING {
        let ran = run(Does::LosesTheAnswer(operation)).await;
        assert_eq!((ran.state, ran.operations()), (RunState::Done, MUTATING.to_vec()), "{operation}: {}", ran.word);
        assert_eq!((ran.left, ran.debts), (PRODUCTION.map(str::to_owned).to_vec(), vec![]), "{operation}");
    }
    let ran = run(Does::LosesTheCall(MUTATING[1])).await;
    assert_eq!((ran.state, ran.operations()), (RunState::Unknown, MUTATING[..2].to_vec()), "{}", ran.word);
    assert_eq!(ran.debts.len(), 1, "what it made may be there");
}

#[tokio::test]
async fn what_has_not_the_tag_of_the_plan_is_not_removed_even_by_its_name() {
    let ran = run(Does::LosesTheTags).await;
    assert_eq!((ran.state, ran.operations()), (RunState::Failed, MUTATING[..3].to_vec()), "{}", ran.word);
    assert!(ran.word.contains("has not the tag of this plan") && ran.debts.len() == 1, "{}", ran.word);
    let ran = run(Does::HidesTheTags).await;
    assert_eq!((ran.state, ran.operations()), (RunState::Failed, MUTATING[..2].to_vec()), "{}", ran.word);
    assert!(ran.word.contains("it is not removed") && ran.debts.len() == 1, "{}", ran.word);
}
