//! Failing over: what a plan of it says, what it refuses, and what a look afterwards tells.

use std::time::Duration;

use quarterdeck::action::fail_over::FailOver;
use quarterdeck::action::{
    Action, Arming, Decision, Effect, Made, PlanFailure, Scene, Stage, Undo, judge, plan_for, spec,
};
use quarterdeck::config::{Config, DatabaseId, DatabasePlace, Polling};
use quarterdeck::source::{Database, Member, MemberRole, Name, Number, Observation, Subject};
use quarterdeck::text::Text;

use super::fixture::{self, SERVICE, context, now};

pub(crate) const CLUSTER: &str = "rtech-mongodb";

/// The environment of the runs' tests, whose service is a database as well.
pub(crate) fn config(id: DatabaseId) -> Config {
    let second = Duration::from_secs(1);
    let polling = Polling { interval: second, timeout: second * 5 };
    let mut config = fixture::config();
    config.services[0].database = Some(DatabasePlace { id, place: None, lag: None, max_lag: second, polling });
    config
}

pub(crate) fn cluster() -> Config {
    config(DatabaseId::Cluster(CLUSTER.to_owned()))
}

fn member(id: &str, role: MemberRole, zone: &str) -> Member {
    Member {
        id: Text::from(id),
        role,
        status: Text::from("available"),
        class: Text::from("db.t3.medium"),
        zone: Some(Text::from(zone)),
        promotion_tier: Some(1),
        pending: Vec::new(),
    }
}

fn database(members: Vec<Member>) -> Database {
    Database {
        id: Text::from(CLUSTER),
        engine: Text::from("docdb"),
        version: Text::from("5.0.0"),
        status: Text::from("available"),
        multi_az: true,
        encrypted: Some(true),
        backup_retention_days: Some(7),
        backup_window: None,
        maintenance_window: None,
        latest_restorable: Some(now().wall - Duration::from_secs(240)),
        members,
        pending: Vec::new(),
        missing: Vec::new(),
    }
}

/// A cluster of a writer `one` and two readers.
pub(crate) fn observation() -> Observation {
    let members = vec![
        member("one", MemberRole::Writer, "us-east-1a"),
        member("two", MemberRole::Reader, "us-east-1b"),
        member("three", MemberRole::Reader, "us-east-1c"),
    ];
    let lag = ("DBInstanceReplicaLag".to_owned(), Number::Finite(85.0));
    Observation {
        workload: None,
        scaling: None,
        database: Some(database(members)),
        answers: [lag, ("AuroraReplicaLag".to_owned(), Number::NoData)].into(),
        ..fixture::observation()
    }
}

/// A single instance with a standby in another zone.
pub(crate) fn instance() -> Observation {
    let members =
        vec![member("main", MemberRole::Writer, "us-east-1a"), member("standby", MemberRole::Standby, "us-east-1b")];
    Observation { database: Some(database(members)), answers: [].into(), ..observation() }
}

pub(crate) fn to(instance: &str) -> Action {
    Action::FailOver(FailOver { service: SERVICE.into(), to: Some(instance.into()) })
}

pub(crate) fn reboot() -> Action {
    Action::FailOver(FailOver { service: SERVICE.into(), to: None })
}

fn refused(action: &Action, found: &Observation, config: &Config) -> PlanFailure {
    plan_for(action, found, config, now().wall).expect_err("no plan")
}

#[test]
fn a_failover_shows_both_writers_the_lag_the_newest_restore_point_and_that_it_is_irreversible() {
    let plan = plan_for(&to("two"), &observation(), &cluster(), now().wall).expect("a plan");
    let lines: Vec<_> = plan.changes.iter().take(3).map(ToString::to_string).collect();
    assert_eq!(lines[0], "writer: one → two");
    assert_eq!(lines[1], "replica lag: 0.085 s (DBInstanceReplicaLag) (unchanged)");
    assert!(lines[2].contains("240 s before this was read"), "{}", lines[2]);
    let lost = "writes not yet replicated: on one alone → may be lost: irreversible";
    assert_eq!(plan.changes[3].to_string(), lost);
    let call = plan.steps[0].call.to_string();
    assert_eq!(call, "rds:FailoverDBCluster rtech-mongodb targetDBInstanceIdentifier=two");
    let said = &plan.steps[0].summary;
    assert!(
        said.contains("irreversible: writes not yet replicated may be lost") && said.contains("under 35 s"),
        "{said}"
    );
    assert_eq!(plan.undo, Undo::Action { action: to("one") });
    assert_eq!(plan.target_arn.as_str(), "arn:aws:rds:us-east-1:123456789012:cluster:rtech-mongodb");
}

#[test]
fn a_multi_az_instance_is_rebooted_to_the_zone_of_its_standby() {
    let config = config(DatabaseId::Instance("main".to_owned()));
    let plan = plan_for(&reboot(), &instance(), &config, now().wall).expect("a plan");
    assert_eq!(plan.changes[0].to_string(), "zone of the writer: us-east-1a → us-east-1b");
    assert_eq!(plan.steps[0].call.to_string(), "rds:RebootDBInstance main forceFailover=true");
    assert_eq!(plan.undo, Undo::Action { action: reboot() });
    let judged = judge(plan, &context(&config, now().wall));
    assert_eq!(judged.reasons(), Vec::<String>::new());
}

#[test]
fn a_failover_that_can_t_be_is_refused_with_what_to_do() {
    let single = config(DatabaseId::Instance("main".to_owned()));
    let mut mysql = observation();
    mysql.database.as_mut().unwrap().engine = "mysql".into();
    let mut writerless = observation();
    writerless.database.as_mut().unwrap().members.remove(0);
    let mut alone = instance();
    alone.database.as_mut().unwrap().members.truncate(1);
    let cache = config(DatabaseId::ReplicationGroup("redis".to_owned()));
    let unread = Observation { database: None, ..observation() };
    let rows = [
        (
            refused(&to("one"), &observation(), &cluster()),
            "`one` is the writer of `rtech-mongodb` already",
            "two, three",
        ),
        (refused(&to("four"), &observation(), &cluster()), "no instance `four`", "its readers are: two, three"),
        (refused(&to("two"), &mysql, &cluster()), "RDS for MySQL", "would fail back"),
        (refused(&to("two"), &writerless, &cluster()), "no writer now", "plan again"),
        (refused(&to("two"), &instance(), &single), "single instance", "reboot=true"),
        (refused(&reboot(), &observation(), &cluster()), "must be named", "to=INSTANCE"),
        (refused(&reboot(), &alone, &single), "no standby", "Multi-AZ"),
        (refused(&to("two"), &observation(), &cache), "no database of RDS", "cluster = "),
        (refused(&to("two"), &observation(), &fixture::config()), "no database of RDS", "those that are"),
        (refused(&to("two"), &unread, &cluster()), "was not read", "again"),
    ];
    for (failure, reason, hint) in rows {
        assert!(failure.reason.contains(reason) && failure.hint.contains(hint), "{failure}");
    }
}

#[test]
fn its_arguments_are_one_instance_or_a_reboot_and_nothing_else() {
    let spec = spec("fail_over").expect("a row");
    let parse = |pairs: &[(&str, &str)]| {
        let pairs: Vec<_> = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        (spec.parse)(&Name::from(SERVICE), &pairs)
    };
    assert_eq!(parse(&[("to", "two")]), Ok(to("two")));
    assert_eq!(parse(&[("reboot", "true")]), Ok(reboot()));
    for wrong in [&[][..], &[("to", "")], &[("reboot", "false")], &[("to", "two"), ("reboot", "true")], &[("x", "1")]] {
        assert!(parse(wrong).expect_err("refused").hint.contains("fail_over SERVICE to=INSTANCE"), "{wrong:?}");
    }
    assert_eq!((spec.targets)(&cluster()), [Name::from(SERVICE)]);
    assert!((spec.targets)(&fixture::config()).is_empty());
}

#[test]
fn the_lag_is_asked_of_the_named_instance_or_of_the_signal_that_is_configured() {
    let look = to("two").look(&cluster()).expect("a look");
    assert_eq!(look.subjects, [Subject::Database { service: SERVICE.into() }]);
    let names: Vec<_> = look.questions.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["AuroraReplicaLag", "DBInstanceReplicaLag", "ReplicaLag"]);
    assert!(look.questions.iter().all(|(_, query)| format!("{query:?}").contains("\"DBInstanceIdentifier\": \"two\"")));
    assert!(reboot().look(&cluster()).expect("a look").questions.is_empty());

    let mut config = cluster();
    let mut signal = crate::fixture::config().services[0].signals[1].clone();
    (signal.name, signal.unit) = ("behind".into(), quarterdeck::source::Unit::Milliseconds);
    config.services[0].signals.push(signal);
    config.services[0].database.as_mut().unwrap().lag = Some("behind".into());
    let look = to("two").look(&config).expect("a look");
    assert_eq!(look.questions.len(), 1);
    let observed = Observation { answers: [("behind".to_owned(), Number::Finite(1500.0))].into(), ..observation() };
    let plan = plan_for(&to("two"), &observed, &config, now().wall).expect("a plan");
    assert_eq!(plan.changes[1].before, "1.500 s (behind)");
    let mut context = context(&config, now().wall);
    context.arming = Arming::Armed;
    let verdicts = judge(plan, &context).verdicts.clone();
    let lag = verdicts.iter().find(|verdict| verdict.guard == "replica-lag").expect("judged");
    assert_eq!((lag.decision, lag.evidence.as_str()), (Decision::Deny, "two is 1.500 s behind (behind), at most 1 s"));
}

/// What a look tells of a plan of `action` after `change`.
fn sight(action: &Action, before: &Observation, config: &Config, change: fn(&mut Database)) -> (Effect, Stage) {
    let plan = plan_for(action, before, config, now().wall).expect("a plan");
    let mut found = before.clone();
    change(found.database.as_mut().unwrap());
    let sight = action.sight(&Scene { plan: &plan, step: 0, made: &Made::new() }, &found);
    (sight.effect, sight.stage)
}

fn promote(database: &mut Database, id: &str) {
    for member in &mut database.members {
        member.role = if member.id.as_str() == id { MemberRole::Writer } else { MemberRole::Reader };
    }
}

#[test]
fn a_look_tells_the_new_writer_from_the_old_one_and_from_another() {
    let look = |change| sight(&to("two"), &observation(), &cluster(), change);
    assert_eq!(look(|_| {}), (Effect::AsBefore, Stage::Moving));
    assert_eq!(look(|d| d.status = "failing-over".into()), (Effect::Unclear, Stage::Moving));
    assert_eq!(look(|d| promote(d, "none")), (Effect::Unclear, Stage::Moving));
    assert_eq!(look(|d| promote(d, "two")), (Effect::Shows, Stage::Steady));
    assert_eq!(
        look(|d| {
            promote(d, "two");
            d.status = "failing-over".into();
        }),
        (Effect::Shows, Stage::Moving)
    );
    assert_eq!(
        look(|d| {
            promote(d, "two");
            d.members[1].status = "rebooting".into();
        }),
        (Effect::Shows, Stage::Moving)
    );
    let (effect, stage) = look(|d| promote(d, "three"));
    let Stage::Elsewhere(reason) = stage else { panic!("{stage:?}") };
    assert_eq!(effect, Effect::Unclear);
    assert!(reason.contains("three became the writer, not two"), "{reason}");
}

#[test]
fn a_look_tells_by_the_zone_that_an_instance_moved() {
    let config = config(DatabaseId::Instance("main".to_owned()));
    let look = |change| sight(&reboot(), &instance(), &config, change);
    assert_eq!(look(|_| {}), (Effect::AsBefore, Stage::Moving));
    assert_eq!(look(|d| d.status = "rebooting".into()), (Effect::Unclear, Stage::Moving));
    assert_eq!(look(|d| d.members[0].zone = Some("us-east-1b".into())), (Effect::Shows, Stage::Steady));
    assert_eq!(
        look(|d| {
            d.members[0].zone = Some("us-east-1b".into());
            d.status = "rebooting".into();
        }),
        (Effect::Shows, Stage::Moving)
    );
    assert_eq!(look(|d| d.members[0].zone = None), (Effect::Unclear, Stage::Moving));
}

#[test]
fn another_writer_zone_or_status_is_drift() {
    let plan = plan_for(&to("two"), &observation(), &cluster(), now().wall).expect("a plan");
    let drifted = |change: fn(&mut Database)| {
        let mut found = observation();
        change(found.database.as_mut().unwrap());
        let drift = plan.drift(&to("two").facts(&found));
        drift.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(drifted(|_| {}), "");
    assert_eq!(drifted(|d| d.status = "backing-up".into()), "status: available → backing-up");
    assert!(drifted(|d| promote(d, "three")).contains("writer: one → three"));
    assert_eq!(drifted(|d| d.members[1].status = "rebooting".into()), "target: Reader, available → Reader, rebooting");
}
