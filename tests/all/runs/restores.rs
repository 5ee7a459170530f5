//! Restore tests: what a plan says and sends, what it refuses, what a look tells of its copy, and what stays in the ledger.

use std::time::Duration;

use quarterdeck::action::restore_test::RestoreTest;
use quarterdeck::action::{
    Action, CopyChange, Effect, Made, Plan, PlanFailure, Scene, Sight, Stage, Undo, judge, plan_for, spec,
};
use quarterdeck::config::{Config, CopySource};
use quarterdeck::executor::journal::{Entry, Journal, RestoreTests, RunId};
use quarterdeck::source::{
    DatabaseKind, InstanceQuota, Name, Observation, Restore, RestoreOrigin, RestorePoint, RestoredCopy, Subject,
};
use quarterdeck::text::Text;
use tempfile::TempDir;

use super::backups::{self, THING};
use super::fixture::{context, now, operator};

/// The environment of the backups' tests with one cluster.
pub(crate) fn config() -> Config {
    backups::config(vec![backups::cluster()])
}

pub(crate) fn of_instance() -> Config {
    backups::config(vec![CopySource::Instance("main".to_owned())])
}

pub(crate) fn action() -> Action {
    Action::RestoreTest(RestoreTest { protected: THING.into() })
}

fn origin(kind: DatabaseKind) -> RestoreOrigin {
    RestoreOrigin {
        id: Text::from(if kind == DatabaseKind::Cluster { THING } else { "main" }),
        kind,
        mode: Some(Text::from("provisioned")),
        class: Some(Text::from("db.r6g.large")),
        makes_instances: false,
        subnet_group: Some(Text::from("private")),
        security_groups: vec![Text::from("sg-1"), Text::from("sg-2")],
    }
}

/// A night's snapshot of a cluster or an instance, and no copy.
pub(crate) fn observed(kind: DatabaseKind) -> Observation {
    let point = RestorePoint {
        id: Text::from("rds:s1"),
        cut: now().wall - Duration::from_secs(3 * 3600),
        engine: Text::from("docdb"),
        version: Text::from("5.0.0"),
        storage_gib: (kind == DatabaseKind::Instance).then_some(100),
    };
    let quota = Some(InstanceQuota { used: 3, most: 40 });
    let restore = Restore { point: Some(point), origin: origin(kind), copies: Vec::new(), quota };
    Observation { protection: None, restore: Some(restore), ..backups::observation() }
}

pub(crate) fn observation() -> Observation {
    observed(DatabaseKind::Cluster)
}

pub(crate) fn plan() -> Plan {
    plan_for(&action(), &observation(), &config(), now().wall).expect("a plan")
}

fn refused(found: &Observation, config: &Config) -> PlanFailure {
    plan_for(&action(), found, config, now().wall).expect_err("no plan")
}

fn changes(plan: &Plan) -> Vec<CopyChange> {
    let change = |call: &quarterdeck::action::Call| match call {
        quarterdeck::action::Call::RdsCopy { change, .. } => Some(change.clone()),
        _ => None,
    };
    plan.calls().filter_map(change).collect()
}

/// The copy that a step of the plan makes, available, as it was saved.
pub(crate) fn copy(change: &CopyChange, status: &str) -> RestoredCopy {
    RestoredCopy {
        id: Text::from(change.copy()),
        kind: change.kind(),
        status: Text::from(status),
        engine: Text::from("docdb"),
        version: Text::from("5.0.0"),
        storage_gib: Some(100),
        public: Some(false),
        made_by: Some(Text::from(change.mark())),
        reached: None,
    }
}

#[test]
fn a_cluster_s_plan_restores_adds_an_instance_and_removes_both_and_says_that_production_is_not_touched() {
    let plan = plan();
    let calls: Vec<_> = plan.calls().map(ToString::to_string).collect();
    let id = changes(&plan)[0].copy().to_owned();
    assert!(id.starts_with("qd-restore-rtech-mongodb-") && id.len() <= 61, "{id}");
    let network = "subnetGroup=private securityGroups=sg-1,sg-2";
    let gone = [
        format!("rds:DeleteDBInstance {id}-1 (as step 2 made it) skipFinalSnapshot=true"),
        format!("rds:DeleteDBCluster {id} (as step 1 made it) skipFinalSnapshot=true"),
    ];
    let wanted = [
        format!("rds:RestoreDBClusterFromSnapshot {id} snapshot=rds:s1 engine=docdb {network}"),
        format!("rds:CreateDBInstance {id}-1 in {id} class=db.r6g.large publiclyAccessible=false"),
        gone[0].clone(),
        gone[1].clone(),
        gone[0].clone(),
        gone[1].clone(),
    ];
    assert_eq!((calls, plan.on_failure.len()), (wanted.to_vec(), 2));
    let lines: Vec<_> = plan.changes.iter().map(ToString::to_string).collect();
    assert_eq!(lines[0], format!("restored copy: none → {id} of rds:s1, checked, and removed again"));
    assert!(lines[1].contains("cluster rtech-mongodb is not touched"), "{lines:#?}");
    assert!(lines[2].contains("rds:s1, cut") && lines[2].contains("3 h old"), "{lines:#?}");
    assert!(lines[4].contains("connection NOT checked") && lines[4].contains("its data is not read"), "{lines:#?}");
    assert!(plan.cost.as_ref().is_some_and(|cost| cost.contains("db.r6g.large")), "{:?}", plan.cost);
    assert!(matches!(&plan.undo, Undo::Impossible { reason } if reason.contains("removes")), "{:?}", plan.undo);
    assert!(
        !plan.target_arn.ends_with(":rtech-mongodb"),
        "others may change production meanwhile: {}",
        plan.target_arn
    );
}

#[test]
fn the_time_that_is_allowed_is_the_restore_s_and_half_an_hour_a_removal() {
    let plan = plan();
    let within: Vec<_> = plan.steps.iter().map(|step| step.within.map(|within| within.as_secs())).collect();
    assert_eq!(within, [Some(7200), Some(7200), Some(1800), Some(1800)]);
    assert_eq!(plan.longest(), Duration::from_secs(4 * 3600 + 4 * 1800));
    let flags = |of: fn(&quarterdeck::action::Step) -> bool| plan.steps.iter().map(of).collect::<Vec<_>>();
    assert_eq!(flags(|step| step.turns_back), [true, true, false, false]);
    assert_eq!(flags(|step| step.measures), [false, true, false, false]);
}

#[test]
fn an_instance_s_plan_is_one_restore_and_one_removal_of_the_configured_class() {
    let mut config = of_instance();
    config.backups[0].restore_test.class = Some("db.t4g.medium".to_owned());
    let plan = plan_for(&action(), &observed(DatabaseKind::Instance), &config, now().wall).expect("a plan");
    let calls: Vec<_> = plan.steps.iter().map(|step| step.call.to_string()).collect();
    assert_eq!((calls.len(), plan.on_failure.len()), (2, 1));
    assert!(calls[0].contains("rds:RestoreDBInstanceFromDBSnapshot") && calls[0].contains("class=db.t4g.medium"));
    assert!(calls[1].contains("rds:DeleteDBInstance") && calls[1].contains("(as step 1 made it)"), "{calls:#?}");
    assert!(plan.changes[4].before.contains("100 GiB"), "{:?}", plan.changes[4]);
}

#[test]
fn a_plan_of_another_moment_names_another_copy_and_a_newer_snapshot_is_drift_of_the_first_step_only() {
    let later =
        plan_for(&action(), &observation(), &config(), now().plus(Duration::from_secs(1)).wall).expect("a plan");
    assert_ne!(changes(&later)[0].copy(), changes(&plan())[0].copy());
    let mut newer = observation();
    newer.restore.as_mut().unwrap().point.as_mut().unwrap().id = "rds:s2".into();
    newer.restore.as_mut().unwrap().copies = vec![copy(&changes(&plan())[0], "available")];
    newer.restore.as_mut().unwrap().origin.security_groups.clear();
    let (plan, found) = (plan(), action().facts(&newer));
    assert_eq!(plan.drift_at(0, &found).len(), 3, "{:?}", plan.drift_at(0, &found));
    for step in 1..6 {
        assert_eq!(plan.drift_at(step, &found), [], "what is restored is removed whatever production does");
    }
    let mut elsewhere = newer;
    elsewhere.identity.as_mut().unwrap().account = "999999999999".into();
    assert!(!plan.drift_at(5, &action().facts(&elsewhere)).is_empty());
}

#[test]
fn what_can_t_be_restored_is_refused_with_what_to_do() {
    let with = |change: fn(&mut Restore)| {
        let mut found = observation();
        change(found.restore.as_mut().unwrap());
        refused(&found, &config())
    };
    let two = backups::config(vec![backups::cluster(), CopySource::Instance("main".to_owned())]);
    let unread = Observation { restore: None, ..observation() };
    let rows = [
        (with(|restore| restore.point = None), "no snapshot", "start_backup rtech-mongodb by=snapshot"),
        (with(|restore| restore.origin.makes_instances = true), "Multi-AZ DB cluster", "restore_took"),
        (with(|restore| restore.origin.mode = Some("serverless".into())), "`serverless`", "by hand"),
        (with(|restore| restore.origin.class = None), "no instance", "restore_class"),
        (with(|restore| restore.origin.class = Some("db.serverless".into())), "no instance", "restore_class"),
        (refused(&observation(), &two), "which database", "one `cluster` or one `instance`"),
        (refused(&observation(), &backups::config(vec![backups::vault()])), "which database", "one `cluster`"),
        (refused(&unread, &config()), "not read", "again"),
    ];
    for (failure, reason, hint) in rows {
        assert!(failure.reason.contains(reason) && failure.hint.contains(hint), "{failure}");
    }
    let spec = spec("restore_test").expect("a row");
    assert_eq!((spec.targets)(&config()), [Name::from(THING)]);
    assert!((spec.targets)(&two).is_empty());
    assert_eq!((spec.parse)(&THING.into(), &[]), Ok(action()));
    assert!((spec.parse)(&THING.into(), &[("by".to_owned(), "vault".to_owned())]).is_err());
    assert_eq!(action().look(&config()).expect("a look").subjects, [Subject::Restore { protected: THING.into() }]);
}

/// What a look tells of a step, where these copies are there.
fn sight(plan: &Plan, step: usize, copies: Vec<RestoredCopy>) -> Sight {
    let mut found = plan.observation.clone();
    found.restore.as_mut().unwrap().copies = copies;
    action().sight(&Scene { plan, step, made: &Made::new() }, &found)
}

#[test]
fn a_copy_counts_once_it_is_available_and_is_what_was_saved() {
    let plan = plan_for(&action(), &observed(DatabaseKind::Instance), &of_instance(), now().wall).expect("a plan");
    let restored = changes(&plan)[0].clone();
    let look = |change: fn(&mut RestoredCopy)| {
        let mut copy = copy(&restored, "available");
        change(&mut copy);
        let sight = sight(&plan, 0, vec![copy]);
        (sight.effect, sight.stage, sight.made)
    };
    let shows = |stage: Stage| (Effect::Shows, stage, Some(restored.copy().to_owned()));
    assert_eq!(look(|_| {}), shows(Stage::Steady));
    assert_eq!(look(|copy| copy.status = "creating".into()), shows(Stage::Moving));
    assert_eq!(look(|copy| copy.reached = Some(Ok(()))), shows(Stage::Steady));
    assert_eq!(look(|copy| copy.reached = Some(Err("refused".into()))), shows(Stage::Moving));
    let wrong: [fn(&mut RestoredCopy); 8] = [
        |copy| copy.status = "failed".into(),
        |copy| copy.status = "incompatible-restore".into(),
        |copy| copy.engine = "postgres".into(),
        |copy| copy.version = "4.0.0".into(),
        |copy| copy.storage_gib = Some(20),
        |copy| copy.storage_gib = None,
        |copy| copy.public = Some(true),
        |copy| copy.public = None,
    ];
    for (row, change) in wrong.into_iter().enumerate() {
        assert!(matches!(look(change), (Effect::Shows, Stage::Failed(_), Some(_))), "row {row}: {:?}", look(change));
    }
    assert_eq!(sight(&plan, 0, Vec::new()).effect, Effect::AsBefore);
    for made_by in [None, Some("another".into())] {
        let stranger = RestoredCopy { made_by, ..copy(&restored, "available") };
        let sight = sight(&plan, 0, vec![stranger]);
        assert!((sight.effect, sight.made) == (Effect::Unclear, None) && matches!(sight.stage, Stage::Elsewhere(_)));
    }
}

#[test]
fn a_removal_is_steady_when_the_copy_is_gone_and_not_before() {
    let plan = plan();
    let all = changes(&plan);
    for (step, change) in all.iter().enumerate().skip(2) {
        let at = |status: &str| sight(&plan, step, vec![copy(change, status)]);
        assert_eq!((at("available").effect, at("available").stage), (Effect::AsBefore, Stage::Moving));
        assert_eq!((at("deleting").effect, at("deleting").stage), (Effect::Shows, Stage::Moving));
        let gone = sight(&plan, step, Vec::new());
        assert_eq!((gone.effect, gone.stage), (Effect::Shows, Stage::Steady), "{}", gone.words);
    }
}

/// What is removed is resolved from what the run made: nothing else has a call at all.
#[test]
fn a_removal_has_no_call_unless_a_step_of_the_run_made_exactly_that() {
    let plan = plan();
    let all = changes(&plan);
    for (step, by) in [(2, 1), (3, 0), (4, 1), (5, 0)] {
        let call = &plan.step(step).expect("a step").call;
        let made = |id: &str| Made::from([(by, id.to_owned())]);
        assert_eq!(call.resolved(&Made::new()), None);
        assert!(call.removes_nothing(&Made::new()));
        assert_eq!(call.resolved(&made("rtech-mongodb")), None);
        assert_eq!(call.resolved(&Made::from([(7, all[step].copy().to_owned())])), None);
        assert_eq!(call.resolved(&made(all[step].copy())).as_ref(), Some(call));
    }
}

/// A run of the plan with these entries after it was taken.
fn run(told: &[Entry]) -> (TempDir, Journal, RunId) {
    let dir = TempDir::new().expect("a directory");
    let journal = Journal::open(dir.path()).expect("a journal");
    let judged = judge(plan(), &context(&config(), now().wall));
    let approved = judged.approve(THING, operator("ada"), now().wall).expect("approved");
    let run = journal.approve(approved, now()).expect("a run");
    let taken = journal.take(&run, std::process::id(), now()).expect("a journal").expect("a lease");
    for (entry, seconds) in told.iter().zip(10..) {
        journal.append(&run, entry.clone(), now().plus(Duration::from_secs(seconds)).wall).expect("written");
    }
    journal.release(taken.lease()).expect("given back");
    (dir, journal, run)
}

fn sent(step: usize) -> [Entry; 2] {
    [Entry::Started { step }, Entry::Accepted { step, receipt: "yes".into(), made: None }]
}

fn settled(step: usize, took_seconds: Option<u64>) -> Entry {
    Entry::Settled { step, found: "available".into(), took_seconds }
}

fn restored() -> Vec<Entry> {
    [sent(0).to_vec(), vec![settled(0, None)], sent(1).to_vec(), vec![settled(1, Some(840))]].concat()
}

fn failed() -> Entry {
    Entry::Failed { reason: "no".into(), effect: "no".into() }
}

#[test]
fn a_copy_that_could_not_be_removed_is_a_debt_that_names_it_and_one_that_is_gone_is_none() {
    let left = [restored(), vec![Entry::Started { step: 2 }, failed()]].concat();
    let (_dir, journal, id) = run(&left);
    let [debt] = journal.debts().expect("debts").try_into().expect("one");
    assert_eq!((&debt.run, debt.key.as_str(), debt.certain, debt.undo), (&id, "restored copy", false, None));
    assert!(debt.what.contains("cost money") && debt.what.contains(changes(&plan())[0].copy()), "{}", debt.what);
    assert_eq!(debt.owner, operator("ada"));

    let turned = Entry::TurningBack { reason: "no".into() };
    let back = [sent(0).to_vec(), vec![turned, settled(4, None)], sent(5).to_vec(), vec![settled(5, None), failed()]];
    let (_dir, journal, _) = run(&back.concat());
    assert_eq!(journal.debts().expect("debts"), [], "all that was made was removed");
}

#[test]
fn the_journal_tells_the_last_measured_restore_even_where_the_removal_failed_later() {
    let (_dir, journal, id) = run(&[restored(), vec![Entry::Started { step: 2 }, failed()]].concat());
    let mut tests = RestoreTests::default();
    journal.catch_up_restore_tests(&mut tests, &"another".into()).expect("read");
    assert_eq!(tests.tests(), [], "of another environment");
    let mut tests = RestoreTests::default();
    journal.catch_up_restore_tests(&mut tests, &config().environment.name).expect("read");
    let [test] = tests.tests().try_into().expect("one");
    assert_eq!((test.protected.as_str(), test.run.as_str(), test.took.as_secs()), (THING, id.0.as_str(), 840));
    assert_eq!(test.at, now().plus(Duration::from_secs(10)).wall, "when the first call was sent");
    let before = tests.clone();
    journal.catch_up_restore_tests(&mut tests, &config().environment.name).expect("read");
    assert_eq!(tests, before, "nothing is folded twice");
    let (_dir, journal, _) = run(&[sent(0).to_vec(), vec![failed()]].concat());
    let mut none = RestoreTests::default();
    journal.catch_up_restore_tests(&mut none, &config().environment.name).expect("read");
    assert_eq!(none.tests(), [], "what was never available was never measured");
}
