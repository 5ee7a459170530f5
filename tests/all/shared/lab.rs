//! The same rules on DynamoDB as the lab's emulator speaks it (moto; its conditional writes are made one at a time by ours),
//! with real time, real connections and real processes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use quarterdeck::clock::Now;
use quarterdeck::config::Aws;
use quarterdeck::executor::journal::{Entry, Journal, RunState, RunView};
use quarterdeck::executor::shared::{Claim, Dynamo, SharedLeases, TERM};
use quarterdeck::simulator::demo::demo_text;
use quarterdeck::simulator::{Log, Scenario};
use quarterdeck::source::aws::Connection;
use quarterdeck::store::{FILE, Store};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::memory::TARGET;
use super::proxy::Proxy;
use crate::harness::lab::Lab;
use crate::harness::{binary, no_cooldowns, wait_for};
use crate::recovery::fake::{Answer, Bench, Fake};

/// Longer than anything here takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// How many rounds two hosts race for one target.
const ROUNDS: usize = 200;

fn connection(endpoint: &str) -> Connection {
    let aws = Aws {
        profile: None,
        region: "us-east-1".into(),
        account: None,
        role_arn: None,
        action_role_arn: None,
        endpoint: None,
        places: std::collections::BTreeMap::new(),
    };
    let given = Credentials::new("testing", "testing", None, None, "test");
    Connection::open(&aws).with_endpoint(endpoint).with_credentials(SharedCredentialsProvider::new(given))
}

/// A table of its own on the emulator.
pub(super) async fn table(lab: &Lab, name: &str) -> String {
    let name = format!("{name}-{}", std::process::id());
    let client = aws_sdk_dynamodb::Client::new(&connection(lab.variable("QD_MOTO_URL")).sdk_config(PATIENCE).await);
    let attribute = |name: &str| {
        let made = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build();
        made.expect("an attribute")
    };
    let key =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("a key");
    let request = client.create_table().table_name(&name).billing_mode(BillingMode::PayPerRequest);
    let request = request.attribute_definitions(attribute("kind")).attribute_definitions(attribute("id"));
    let request = request.key_schema(key("kind", KeyType::Hash)).key_schema(key("id", KeyType::Range));
    let made = request.send().await;
    assert!(made.is_ok() || format!("{made:?}").contains("ResourceInUse"), "{made:?}");
    name
}

/// A host: a state directory and a way to the table.
struct Host {
    shared: SharedLeases,
    _dir: TempDir,
}

impl Host {
    fn new(table: &str, endpoint: &str, name: &str) -> Self {
        let dir = TempDir::new().expect("a directory");
        let store = Arc::new(Store::open(dir.path()).expect("a store"));
        let dynamo = Arc::new(Dynamo::through(table, connection(endpoint)));
        Self { shared: SharedLeases::new(dynamo, store, name).expect("leases"), _dir: dir }
    }

    async fn take(&self, target: &str, run: &str) -> Result<u64, String> {
        let claim = Claim { target, run, by: "ada".into(), what: "scale".into() };
        let taken = self.shared.take(&claim, &Now::read).await;
        taken.map(|held| held.epoch()).map_err(|error| error.to_string())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hosts_that_race_for_a_target_exactly_one_gets_it_each_time_and_no_epoch_repeats() {
    let lab = Lab::take();
    let table = table(&lab, "races").await;
    let host = |name: &str| Arc::new(Host::new(&table, lab.variable("QD_MOTO_URL"), name));
    let (first, second) = (host("bastion-1"), host("bastion-2"));
    let (mut epochs, mut wins) = (Vec::new(), [0, 0]);
    for round in 0..ROUNDS {
        let start = |host: &Arc<Host>| {
            let (host, run) = (host.clone(), format!("run-{round}"));
            tokio::spawn(async move { host.take(TARGET, &run).await })
        };
        let (one, two) = (start(&first), start(&second));
        let outcomes = [one.await.expect("a task"), two.await.expect("a task")];
        let taken: Vec<usize> = (0..2).filter(|at| outcomes[*at].is_ok()).collect();
        assert_eq!(taken.len(), 1, "round {round}: {outcomes:?}");
        wins[taken[0]] += 1;
        epochs.push(outcomes[taken[0]].clone().expect("it was taken"));
        let winner = [&first, &second][taken[0]];
        winner.shared.finish(TARGET, &format!("run-{round}"), true).await.expect("told");
    }
    assert!(epochs.is_sorted_by(|a, b| a < b), "{epochs:?}");
    println!("{ROUNDS} rounds, won {wins:?}");
}

/// An engine on a host of its own, through `endpoint`.
fn engine(table: &str, endpoint: &str) -> (Bench, Journal) {
    let bench = Bench::new(Fake::new(Answer::Accept));
    let dynamo = Arc::new(Dynamo::through(table, connection(endpoint)));
    let shared = SharedLeases::new(dynamo, bench.journal.store().clone(), "bastion").expect("leases");
    let journal = bench.journal.clone().with_shared(Some(Arc::new(shared)));
    (bench, journal)
}

#[tokio::test]
async fn of_two_executors_that_race_for_a_target_exactly_one_sends_its_call() {
    let lab = Lab::take();
    let table = table(&lab, "executors").await;
    for round in 0..10 {
        let ((first, ours), (second, theirs)) =
            (engine(&table, lab.variable("QD_MOTO_URL")), engine(&table, lab.variable("QD_MOTO_URL")));
        let (one, two) = tokio::join!(first.execute_on(&ours), second.execute_on(&theirs));
        let states = [one.expect("a run"), two.expect("a run")];
        let calls = first.fake.calls() + second.fake.calls();
        assert_eq!(calls, 1, "round {round}: {states:?}");
        assert!(states.contains(&RunState::Done) && states.contains(&RunState::Refused), "round {round}: {states:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_that_is_partitioned_from_the_table_stops_before_its_next_call() {
    let lab = Lab::take();
    let table = table(&lab, "partition").await;
    let proxy = Proxy::start(lab.variable("QD_MOTO_URL"));
    let (bench, journal) = engine(&table, &proxy.url());
    // It takes the lease; its next write, the mark before the call, is swallowed.
    proxy.swallow_from_put(2);
    let healed = async {
        proxy.swallowed().await;
        let ended = || (!bench.view().is_open()).then_some(());
        while ended().is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        proxy.heal();
    };
    let (state, ()) = tokio::join!(bench.execute_on(&journal), healed);
    assert_eq!((state.expect("a run"), bench.fake.calls()), (RunState::Failed, 0));
    let word = bench.view().last_word();
    assert!(word.contains("no answer in time") && word.contains("nothing was sent"), "{word}");
    // The end was told once the network was back: others may go on.
    let other = Host::new(&table, lab.variable("QD_MOTO_URL"), "bastion-2");
    other.take(&bench.view().plan.target_arn, "run-2").await.expect("free");
}

#[tokio::test]
async fn a_table_that_is_not_there_or_not_reachable_refuses_before_anything_is_sent() {
    let lab = Lab::take();
    for (endpoint, says) in
        [(lab.variable("QD_MOTO_URL"), "ResourceNotFound"), ("http://127.0.0.1:1", "dispatch failure")]
    {
        let (bench, journal) = engine("nobody-made-this-table", endpoint);
        assert_eq!(bench.execute_on(&journal).await.expect("a run"), RunState::Refused);
        assert_eq!(bench.fake.calls(), 0);
        let word = bench.view().last_word();
        assert!(
            word.contains(says) && word.contains("nobody-made-this-table") && word.contains("nothing is sent"),
            "{word}"
        );
    }
}

/// A simulated fleet whose leases stand in a table, for real processes.
pub(super) struct Fleet {
    dir: TempDir,
}

impl Fleet {
    pub(super) fn new(table: &str, endpoint: &str) -> Self {
        let fleet = Self { dir: TempDir::new().expect("a directory") };
        let text = demo_text("overload", 1, &fleet.state());
        let shared =
            format!("\n[shared]\ndynamodb_table = \"{table}\"\nregion = \"us-east-1\"\nendpoint = \"{endpoint}\"\n");
        std::fs::write(fleet.config(), text + &shared).expect("a configuration");
        std::fs::create_dir(fleet.state()).expect("a directory");
        fleet
    }

    fn config(&self) -> PathBuf {
        self.dir.path().join("quarterdeck.toml")
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    pub(super) fn plan_file(&self) -> String {
        self.dir.path().join("plan.json").to_string_lossy().into_owned()
    }

    /// With this line among the guards.
    pub(super) fn guard(&self, line: &str) {
        let text = std::fs::read_to_string(self.config()).expect("a configuration");
        let guarded = text.replacen("[guards]\n", &format!("[guards]\n{line}\n"), 1);
        assert_ne!(guarded, text, "there are guards");
        std::fs::write(self.config(), guarded).expect("written");
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.arg("--config").arg(self.config()).args(arguments).stdin(Stdio::null());
        command.env("AWS_ACCESS_KEY_ID", "testing").env("AWS_SECRET_ACCESS_KEY", "testing");
        command.env("AWS_EC2_METADATA_DISABLED", "true").env_remove("AWS_ENDPOINT_URL").env_remove("AWS_PROFILE");
        command
    }

    pub(super) fn run(&self, arguments: &[&str]) -> (i32, String) {
        ended(&mut self.command(arguments))
    }

    /// As this user.
    pub(super) fn run_as(&self, user: &str, arguments: &[&str]) -> (i32, String) {
        ended(self.command(arguments).envs(["SUDO_USER", "LOGNAME", "USER"].map(|name| (name, user))))
    }

    pub(super) fn effects(&self) -> usize {
        let log = Log::new(&self.state(), 1, Scenario::named("overload").expect("a scenario"));
        log.read(Now::read().wall).expect("a log").mutations.len()
    }

    pub(super) fn wait(&self, what: &str, wanted: impl Fn(&RunView) -> bool) -> RunView {
        let journal = Journal::open(&self.state()).expect("a journal");
        let find = || journal.runs(Now::read()).expect("runs").into_iter().find(|view| wanted(view));
        wait_for(what, PATIENCE, find, || format!("{:?}", journal.runs(Now::read())))
    }
}

/// The exit code of a command, and what it said.
fn ended(command: &mut Command) -> (i32, String) {
    let Output { status, stdout, stderr } = command.output().expect("it runs");
    let text = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
    (status.code().unwrap_or(-1), text)
}

fn executor(view: &RunView) -> Pid {
    let pid = view.records.iter().find_map(|record| match record.entry {
        Entry::Taken { pid, .. } => i32::try_from(pid).ok(),
        _ => None,
    });
    pid.and_then(Pid::from_raw).expect("an executor")
}

fn is_stopped(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.as_raw_nonzero().to_string()).join("stat"));
    stat.expect("it lives").rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_executor_that_was_stopped_past_its_lease_finds_it_lost_and_sends_nothing() {
    let lab = Lab::take();
    let table = table(&lab, "stopped").await;
    let proxy = Proxy::start(lab.variable("QD_MOTO_URL"));
    let fleet = Fleet::new(&table, &proxy.url());
    let (code, text) = fleet.run(&["plan", "scale", "rtech-app", "desired=4", "--out", &fleet.plan_file()]);
    assert_eq!(code, 0, "{text}");
    // The mark before the call is on its way, and waits in the network.
    proxy.hold_put(2);
    let (code, text) = fleet.run(&["apply", &fleet.plan_file(), "--confirm", "rtech-app", "--detach"]);
    assert_eq!(code, 0, "{text}");
    proxy.held().await;
    let view = fleet.wait("it is about to send", |view| view.is_open());
    let pid = executor(&view);
    kill_process(pid, Signal::STOP).expect("sent");
    wait_for("it is stopped", PATIENCE, || is_stopped(pid).then_some(()), String::new);
    // Another host, whose clock tells it that the lease stood still for its whole term, takes it over.
    let other = Host::new(&table, lab.variable("QD_MOTO_URL"), "bastion-2");
    let claim = Claim { target: &view.plan.target_arn, run: "run-2", by: "bob".into(), what: "scale".into() };
    let refused = other.shared.take(&claim, &Now::read).await.expect_err("it is held");
    assert!(refused.to_string().contains(&view.id.0), "{refused}");
    let held = other.shared.take(&claim, &|| Now::read().plus(TERM)).await.expect("the term is over");
    assert_eq!(held.epoch(), 2);
    proxy.let_go();
    kill_process(pid, Signal::CONT).expect("sent");
    let ended = fleet.wait("it ended", |view| !view.is_open());
    assert_eq!((ended.state, fleet.effects()), (RunState::Failed, 0), "{}", ended.last_word());
    assert!(ended.last_word().contains("nothing was sent"), "{}", ended.last_word());
    let (code, text) = fleet.run(&["plan", "scale", "rtech-app", "desired=4"]);
    assert!(code == 4 && text.contains("run-2"), "the other host holds it now: {code} {text}");
}

/// The sequence of the only head in the table.
fn head(table: &str, lab: &Lab) -> Option<u64> {
    let host = Host::new(table, lab.variable("QD_MOTO_URL"), "reader");
    let asked = async { host.shared.heads().await.expect("heads") };
    let heads = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(asked));
    heads.first().map(|head| head.sequence)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_was_put_back_is_found_by_the_head_that_the_table_keeps() {
    let lab = Lab::take();
    let table = table(&lab, "heads").await;
    let fleet = Fleet::new(&table, lab.variable("QD_MOTO_URL"));
    let verify = || fleet.run(&["audit", "verify"]);
    let (code, text) = verify();
    assert!(code == 3 || text.contains("was never shared"), "{code} {text}");
    let config = std::fs::read_to_string(fleet.config()).expect("a configuration");
    let quick = config.replace("gate_window = \"20s\"", &format!("gate_window = \"0s\"\n{}", no_cooldowns()));
    std::fs::write(fleet.config(), quick).expect("written");
    let scale = |desired: &str| {
        let file = fleet.plan_file();
        let (code, text) = fleet.run(&["plan", "scale", "rtech-app", &format!("desired={desired}"), "--out", &file]);
        assert_eq!(code, 0, "{text}");
        let (code, text) = fleet.run(&["apply", &file, "--confirm", "rtech-app"]);
        assert_eq!(code, 0, "{text}");
    };
    scale("4");
    let older = std::fs::read(fleet.state().join(FILE)).expect("a journal");
    scale("3");
    // The executor leaves the head when `apply` was told of the end already.
    let records = Journal::open(&fleet.state()).expect("a journal").runs(Now::read()).expect("runs");
    let last = records.iter().flat_map(|run| &run.records).map(|record| record.sequence).max();
    wait_for("the table has the head", PATIENCE, || (head(&table, &lab) == last).then_some(()), || verify().1);
    let (code, text) = verify();
    assert!(code == 0 && text.contains("1 anchored heads"), "{code} {text}");
    for side in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(fleet.state().join(format!("{FILE}{side}")));
    }
    std::fs::write(fleet.state().join(FILE), older).expect("put back");
    let (code, text) = verify();
    assert!(code == 5 && text.contains("rewound") && text.contains(&table), "{code} {text}");
}

#[tokio::test]
async fn check_online_asks_the_table_and_lease_list_shows_it() {
    let lab = Lab::take();
    let table = table(&lab, "asked").await;
    let fleet = Fleet::new(&table, lab.variable("QD_MOTO_URL"));
    let (code, text) = fleet.run(&["check", "--online"]);
    assert!(code == 0 && text.contains("0 leases held or blocked"), "{code} {text}");
    Host::new(&table, lab.variable("QD_MOTO_URL"), "bastion-2").take(TARGET, "run-7").await.expect("free");
    let (code, text) = fleet.run(&["check", "--online"]);
    assert!(code == 0 && text.contains("1 leases held or blocked"), "{code} {text}");
    let (code, text) = fleet.run(&["lease", "list", "--output", "json"]);
    let listed: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((code, &listed["schema"]), (0, &"quarterdeck.leases/1".into()));
    assert_eq!(listed["shared"][0]["held"]["run"], "run-7", "{listed:#}");
    let (code, text) = fleet.run(&["lease", "release", TARGET, "--confirm", TARGET]);
    assert!(code == 4 && text.contains("run-7") && text.contains("nothing was released"), "{code} {text}");
    let missing = Fleet::new("nobody-made-this-table", lab.variable("QD_MOTO_URL"));
    let (code, text) = missing.run(&["check", "--online"]);
    assert!(code == 2 && text.contains("ResourceNotFound") && text.contains("dynamodb:GetItem"), "{code} {text}");
    let (code, text) = missing.run(&["plan", "scale", "rtech-app", "desired=4"]);
    assert!(code == 4 && text.contains("nobody-made-this-table"), "{code} {text}");
}
