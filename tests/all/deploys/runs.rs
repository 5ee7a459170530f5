//! Whole runs on the simulated fleet: the same engine, guards and journal as on the real one.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::action::{Action, spec};
use quarterdeck::config::Config;
use quarterdeck::executor::journal::RunState;
use quarterdeck::simulator::{Fault, Mutated, Simulated, SimulatedTarget, demo_config};
use quarterdeck::source::{Look, Name, Releases, Subject, Workload, World};
use tempfile::TempDir;

use super::bench::{Bench, clock};

/// The calm demo fleet, under its own configuration.
struct Fleet {
    _dir: TempDir,
    config: Config,
    world: Simulated,
    target: SimulatedTarget,
}

impl Fleet {
    fn new() -> Self {
        let dir = TempDir::new().expect("a directory");
        let config = demo_config("calm", 1, dir.path()).expect("the demo's configuration");
        let simulator = config.simulator.clone().expect("a simulator");
        let world = Simulated::new(Arc::new(config.clone()), dir.path()).expect("the fleet");
        let target = SimulatedTarget::new(&simulator, dir.path(), clock).expect("its door");
        target.log().read(clock().wall).expect("it begins");
        Self { _dir: dir, config, world, target }
    }

    async fn run(&self, service: &str, name: &str, arguments: &[(&str, &str)]) -> (RunState, Bench) {
        let bench = Bench::approved(self.config.clone(), &on(service, name, arguments), &self.world).await;
        let state = bench.execute(&self.world, &self.target).await;
        (state, bench)
    }

    fn changes(&self) -> Vec<Mutated> {
        let kept = self.target.log().read(clock().wall).expect("the log");
        kept.mutations.into_iter().map(|mutation| mutation.change).collect()
    }

    async fn look(&self, service: &str) -> (Workload, Releases) {
        let name = Name::from(service);
        let look = Look::workload(&name, None).and(Subject::Releases { service: name.clone() });
        let found = self.world.observe(&look, clock()).await.expect("observed");
        (found.workload.expect("a workload"), found.releases.expect("releases"))
    }
}

fn on(service: &str, name: &str, arguments: &[(&str, &str)]) -> Action {
    let pairs: Vec<_> = arguments.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    (spec(name).expect("an action").parse)(&service.into(), &pairs).expect("an action")
}

const TWO_STEPS: [&str; 9] =
    ["approved", "taken", "started", "accepted", "settled", "started", "accepted", "settled", "done"];

#[tokio::test(start_paused = true)]
async fn an_image_is_registered_once_and_rolled_out() {
    let fleet = Fleet::new();
    let (state, bench) = fleet.run("rtech-app", "deploy", &[("image", "c47d9e0")]).await;
    assert_eq!(state, RunState::Done, "{}", bench.view().last_word());
    assert_eq!(bench.kinds(), TWO_STEPS);
    assert_eq!(fleet.changes(), [Mutated::Registered("c47d9e0".into()), Mutated::Deployed(42)]);
    let (workload, releases) = fleet.look("rtech-app").await;
    assert_eq!(workload.task_definition.as_str(), "rtech-app:42");
    assert!(workload.is_steady() && releases.deployments[0].status.as_str() == "SUCCESSFUL");
    assert!(releases.revisions[0].images[0].reference.ends_with(":c47d9e0"));
}

#[tokio::test(start_paused = true)]
async fn a_reply_lost_of_each_call_is_found_and_nothing_is_made_or_sent_twice() {
    let fleet = Fleet::new();
    let action = on("rtech-app", "deploy", &[("image", "c47d9e0")]);
    let bench = Bench::approved(fleet.config.clone(), &action, &fleet.world).await;
    fleet.target.log().inject(Some(Fault::DropAfterApply), clock().wall).expect("a fault");
    let state = bench.execute(&fleet.world, &fleet.target).await;
    assert_eq!(state, RunState::Done, "{}", bench.view().last_word());
    let found = bench.kinds().iter().filter(|kind| *kind == "found_applied").count();
    assert_eq!((found, fleet.changes().len()), (2, 2), "{:?}", bench.kinds());
}

#[tokio::test(start_paused = true)]
async fn a_rollout_that_the_platform_rolls_back_is_failed_and_this_run_does_nothing_more() {
    let fleet = Fleet::new();
    let (state, bench) = fleet.run("rtech-app", "deploy", &[("image", "bad")]).await;
    let word = bench.view().last_word();
    assert_eq!(state, RunState::Failed, "{word}");
    assert!(word.contains("rolled back to rtech-app:41, by the platform") && word.contains("3 tasks failed"), "{word}");
    assert!(!bench.kinds().contains(&"turning_back".to_owned()), "{:?}", bench.kinds());
    assert_eq!(fleet.changes().len(), 2, "registered and rolled out, no more");
    let (workload, releases) = fleet.look("rtech-app").await;
    assert!(workload.is_steady() && workload.task_definition.as_str() == "rtech-app:41");
    assert_eq!(releases.deployments[0].status.as_str(), "ROLLBACK_SUCCESSFUL");
}

#[tokio::test(start_paused = true)]
async fn a_rollout_that_nobody_rolls_back_is_taken_back_by_this_run_once() {
    let fleet = Fleet::new();
    let (state, bench) = fleet.run("rtech-worker", "deploy", &[("image", "bad")]).await;
    let word = bench.view().last_word();
    assert_eq!(state, RunState::Failed, "{word}");
    assert!(word.contains("it was taken back"), "{word}");
    assert_eq!(bench.kinds().iter().filter(|kind| *kind == "turning_back").count(), 1);
    assert_eq!(fleet.changes().last(), Some(&Mutated::Deployed(41)));
    let (workload, _) = fleet.look("rtech-worker").await;
    assert!(workload.is_steady() && workload.task_definition.as_str() == "rtech-worker:41");
}

#[tokio::test(start_paused = true)]
async fn going_back_goes_to_the_proven_revision_and_its_undo_forward_again() {
    let fleet = Fleet::new();
    let (state, bench) = fleet.run("rtech-app", "roll_back", &[]).await;
    assert_eq!(state, RunState::Done, "{}", bench.view().last_word());
    assert_eq!(fleet.look("rtech-app").await.0.task_definition.as_str(), "rtech-app:40");
    let (state, bench) = fleet.run("rtech-app", "deploy", &[("revision", "41")]).await;
    assert_eq!(state, RunState::Done, "{}", bench.view().last_word());
    assert_eq!(fleet.changes(), [Mutated::Deployed(40), Mutated::Deployed(41)]);
}

/// Somebody else begins a deployment of the revision 40.
async fn begin(fleet: &Fleet) {
    fleet.target.log().change(&"rtech-app".into(), Mutated::Deployed(40), clock().wall).expect("a deployment");
    tokio::time::advance(Duration::from_secs(3)).await;
    assert!(fleet.look("rtech-app").await.0.in_flight().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_deployment_in_flight_is_stopped_and_rolled_back() {
    let fleet = Fleet::new();
    begin(&fleet).await;
    let (state, bench) = fleet.run("rtech-app", "stop_deployment", &[]).await;
    assert_eq!(state, RunState::Done, "{}", bench.view().last_word());
    let (workload, releases) = fleet.look("rtech-app").await;
    assert!(workload.is_steady() && workload.task_definition.as_str() == "rtech-app:41", "{workload:?}");
    assert_eq!(releases.deployments[0].status.as_str(), "ROLLBACK_SUCCESSFUL");
}

#[tokio::test(start_paused = true)]
async fn a_deployment_in_flight_is_stopped_where_it_stands_and_the_service_goes_on() {
    let fleet = Fleet::new();
    begin(&fleet).await;
    let (state, bench) = fleet.run("rtech-app", "stop_deployment", &[("rollback", "false")]).await;
    assert_eq!(state, RunState::Done, "{}", bench.view().last_word());
    let (workload, releases) = fleet.look("rtech-app").await;
    assert_eq!((workload.running, releases.deployments[0].status.as_str()), (2, "STOPPED"));
}

#[tokio::test(start_paused = true)]
async fn one_task_is_stopped_and_another_runs_in_its_place() {
    let fleet = Fleet::new();
    // One more than the floor, so that one may go.
    fleet.target.log().change(&"rtech-app".into(), Mutated::Desired(3), clock().wall).expect("a count");
    tokio::time::advance(Duration::from_secs(30)).await;
    let task = fleet.look("rtech-app").await.0.tasks[0].id.to_string();
    let (state, bench) = fleet.run("rtech-app", "stop_task", &[("task", &task)]).await;
    assert_eq!(state, RunState::Done, "{}", bench.view().last_word());
    let (workload, _) = fleet.look("rtech-app").await;
    assert!(workload.running == 3 && workload.tasks.iter().all(|one| one.id.as_str() != task), "{workload:?}");
}
