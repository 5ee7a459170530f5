//! The real binary on the simulated fleet: exit codes, JSON, and an executor that outlives what started it.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use quarterdeck::clock::Now;
use quarterdeck::executor::journal::{Entry, Journal, RunState, RunView};
use quarterdeck::simulator::demo::demo_text;
use quarterdeck::simulator::{Fault, Log, Mutated, Scenario};
use quarterdeck::store::FILE;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::no_cooldowns;

/// Longer than any run here takes.
const DEADLINE: Duration = Duration::from_secs(60);

/// A simulated fleet of its own.
pub(crate) struct Fleet {
    dir: TempDir,
}

impl Fleet {
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    /// One whose `[guards]` say this too.
    pub(crate) fn with(guards: &str) -> Self {
        let dir = TempDir::new().expect("a directory");
        let fleet = Self { dir };
        let text = demo_text("overload", 1, &fleet.state());
        let text =
            text.replace("gate_window = \"20s\"", &format!("gate_window = \"0s\"\n{}\n{guards}", no_cooldowns()));
        std::fs::write(fleet.config(), text).expect("a configuration");
        std::fs::create_dir(fleet.state()).expect("a directory");
        fleet
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.dir.path().join("quarterdeck.toml")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    fn file(&self) -> String {
        self.path("plan.json")
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_string_lossy().into_owned()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command.arg("--config").arg(self.config()).args(arguments).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String) {
        let Output { status, stdout, stderr } = self.command(arguments).output().expect("it runs");
        let text = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
        (status.code().unwrap_or(-1), text)
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let Output { status, stdout, .. } = self.command(arguments).output().expect("it runs");
        (status.code().unwrap_or(-1), serde_json::from_slice(&stdout).expect("JSON alone on standard output"))
    }

    /// A plan file of 2 → 4.
    fn planned(&self) -> String {
        self.planned_to(4)
    }

    pub(crate) fn planned_to(&self, desired: u32) -> String {
        self.planned_as("plan.json", desired)
    }

    /// A plan file of that name.
    pub(crate) fn planned_as(&self, name: &str, desired: u32) -> String {
        let (argument, file) = (format!("desired={desired}"), self.path(name));
        let (code, text) = self.run(&["plan", "scale", "rtech-app", &argument, "--out", &file]);
        assert_eq!(code, 0, "{text}");
        file
    }

    /// Kills the executor of a run, where it has not ended, so that nothing of it outlives the test.
    pub(crate) fn end_executor(&self, view: &RunView) {
        let _ = kill_process(executor(view), Signal::KILL); // it may have ended
    }

    /// As if their time were over.
    fn let_leases_run_out(&self) {
        let raw = rusqlite::Connection::open(self.state().join(FILE)).expect("a file");
        raw.busy_timeout(DEADLINE).expect("patience");
        raw.execute_batch("UPDATE leases SET expires_boot_ms = 0").expect("run out");
    }

    /// Stops an executor between two writes: stopped within one, it would keep the journal's lock.
    fn stop_between_writes(&self, pid: Pid) {
        let until = deadline();
        loop {
            kill_process(pid, Signal::STOP).expect("sent");
            while !is_stopped(pid) {
                assert!(!passed(until), "it does not stop");
            }
            let raw = rusqlite::Connection::open(self.state().join(FILE)).expect("a file");
            raw.busy_timeout(Duration::ZERO).expect("no patience");
            if raw.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_ok() {
                return;
            }
            kill_process(pid, Signal::CONT).expect("sent");
            assert!(!passed(until), "it never lets go of the journal");
        }
    }

    fn log(&self) -> Log {
        Log::new(&self.state(), 1, Scenario::named("overload").expect("a scenario"))
    }

    pub(crate) fn inject(&self, fault: Fault) {
        self.log().inject(Some(fault), Now::read().wall).expect("injected");
    }

    /// Somebody scales a service in another way.
    pub(crate) fn scale_by_hand(&self, service: &str, desired: u32) {
        let changed = self.log().change(&service.into(), Mutated::Desired(desired), Now::read().wall);
        changed.expect("scaled");
    }

    /// How many changes the fleet got.
    pub(crate) fn effects(&self) -> usize {
        self.log().read(Now::read().wall).expect("a log").mutations.len()
    }

    /// Waits until the one run is as wanted.
    pub(crate) fn wait(&self, what: &str, wanted: impl Fn(&RunView) -> bool) -> RunView {
        let journal = Journal::open(&self.state()).expect("a journal");
        let until = deadline();
        loop {
            let runs = journal.runs(Now::read()).expect("runs");
            if let Some(view) = runs.into_iter().find(|view| wanted(view)) {
                return view;
            }
            assert!(!passed(until), "{what}: not within {DEADLINE:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[allow(clippy::disallowed_methods)] // how long a test waits is no part of what it tests
fn deadline() -> Instant {
    Instant::now() + DEADLINE
}

#[allow(clippy::disallowed_methods)]
fn passed(until: Instant) -> bool {
    Instant::now() >= until
}

fn executor(view: &RunView) -> Pid {
    let pid = view.records.iter().find_map(|record| match record.entry {
        Entry::Taken { pid, .. } => i32::try_from(pid).ok(),
        _ => None,
    });
    pid.and_then(Pid::from_raw).expect("an executor")
}

fn is_stopped(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).expect("it lives");
    stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
}

fn was_taken(view: &RunView) -> bool {
    view.records.iter().any(|record| matches!(record.entry, Entry::Taken { .. }))
}

fn was_started(view: &RunView) -> bool {
    view.records.iter().any(|record| matches!(record.entry, Entry::Started { .. }))
}

#[test]
fn a_plan_is_made_applied_once_and_verified() {
    let fleet = Fleet::new();
    let file = fleet.planned();
    let (code, answer) = fleet.json(&["apply", &file, "--confirm", "rtech-app", "--output", "json"]);
    assert_eq!(code, 0, "{answer}");
    assert_eq!((&answer["schema"], &answer["state"]), (&"quarterdeck.apply/1".into(), &"done".into()));
    assert_eq!(fleet.effects(), 1);
    let (code, text) = fleet.run(&["apply", &file, "--confirm", "rtech-app"]);
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("desired count: 2 → 4") && text.contains("nothing was sent"), "{text}");
    assert_eq!(fleet.effects(), 1, "a plan is applied once");
    let (code, listed) = fleet.json(&["runs", "list", "--output", "json"]);
    assert_eq!((code, &listed["schema"]), (0, &"quarterdeck.runs/1".into()));
    assert_eq!(listed["runs"].as_array().map(Vec::len), Some(1), "a refusal before the approval is no run");
    let id = listed["runs"][0]["id"].as_str().expect("an id");
    let (_, shown) = fleet.json(&["runs", "show", id, "--output", "json"]);
    assert_eq!(shown["run"]["plan"]["schema"], "quarterdeck.plan/1");
    assert_eq!(shown["run"]["records"].as_array(), answer["records"].as_array());
}

#[test]
fn plans_exit_as_documented() {
    let fleet = Fleet::new();
    let (code, denied) = fleet.json(&["plan", "scale", "rtech-app", "desired=40", "--output", "json"]);
    assert_eq!((code, &denied["decision"]), (4, &"deny".into()), "{denied}");
    assert_eq!(
        (&denied["schema"], &denied["plan"]["changes"][0]["after"]),
        (&"quarterdeck.plan/1".into(), &"40".into())
    );
    for (arguments, says) in [
        (vec!["plan", "explode", "rtech-app"], "actions are: scale"),
        (vec!["plan", "scale", "desired=3"], "one target is needed"),
        (vec!["plan", "scale", "rtech-app", "desired=many"], "not a count"),
        (vec!["plan", "scale", "rtech-app", "desired=2"], "nothing would change"),
        (vec!["runs", "show", "nope"], "no run `nope`"),
        (vec!["apply", "/nonexistent", "--confirm", "x"], "can't be read"),
    ] {
        let (code, text) = fleet.run(&arguments);
        assert_eq!(code, 2, "{arguments:?}: {text}");
        assert!(text.contains(says), "{arguments:?}: {text}");
    }
    let (code, _) = fleet.run(&["plan", "scale", "rtech-app", "desired=40", "--out", &fleet.file()]);
    assert_eq!((code, PathBuf::from(fleet.file()).exists()), (4, false), "a denied plan is not written");
    assert_eq!(fleet.effects(), 0);
}

#[test]
fn apply_refuses_another_name_and_a_plan_that_was_edited() {
    let fleet = Fleet::new();
    let file = fleet.planned();
    let (code, text) = fleet.run(&["apply", &file, "--confirm", "rtech-search"]);
    assert_eq!(code, 4, "{text}");
    let edited = std::fs::read_to_string(&file).expect("a plan").replace("\"desired\": 4", "\"desired\": 5");
    std::fs::write(&file, edited).expect("written");
    let (code, text) = fleet.run(&["apply", &file, "--confirm", "rtech-app"]);
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("digest"), "{text}");
    assert_eq!(fleet.effects(), 0);
}

#[test]
fn a_rejected_call_exits_5_and_a_lost_answer_is_found_applied() {
    let fleet = Fleet::new();
    fleet.inject(Fault::Reject);
    let (code, text) = fleet.run(&["apply", &fleet.planned(), "--confirm", "rtech-app"]);
    assert_eq!((code, fleet.effects()), (5, 0), "{text}");
    assert!(text.contains("nothing was changed"), "{text}");
    fleet.inject(Fault::DropAfterApply);
    let (code, text) = fleet.run(&["apply", &fleet.planned(), "--confirm", "rtech-app"]);
    assert_eq!((code, fleet.effects()), (0, 1), "{text}");
    assert!(text.contains("found applied"), "{text}");
}

/// `apply` as the leader of a process group of its own, as a shell starts it.
fn apply_in_a_group(fleet: &Fleet) -> Child {
    let file = fleet.planned();
    let mut command = fleet.command(&["apply", &file, "--confirm", "rtech-app"]);
    command.process_group(0).stdout(Stdio::null()).spawn().expect("it runs")
}

#[test]
fn a_run_outlives_hang_up_and_kill_of_what_started_it_and_the_polite_signals_itself() {
    let fleet = Fleet::new();
    let mut apply = apply_in_a_group(&fleet);
    let group = Pid::from_child(&apply);
    let taken = fleet.wait("it was taken", was_taken);
    kill_process_group(group, Signal::HUP).expect("sent");
    kill_process_group(group, Signal::KILL).expect("sent");
    apply.wait().expect("it ended");
    let pid = executor(&taken);
    assert_eq!(rustix::process::getsid(Some(pid)).expect("a session"), pid, "it leads a session of its own");
    for signal in [Signal::HUP, Signal::TERM, Signal::INT] {
        kill_process(pid, signal).expect("sent");
    }
    let ended = fleet.wait("it ended", |view| !view.is_open());
    assert_eq!((ended.state, fleet.effects()), (RunState::Done, 1), "{}", ended.last_word());
}

#[test]
fn an_executor_that_is_killed_in_the_call_leaves_unknown_at_once_which_blocks_until_resolved() {
    let fleet = Fleet::new();
    fleet.inject(Fault::Hang);
    let file = fleet.planned();
    let (code, _) = fleet.run(&["apply", &file, "--confirm", "rtech-app", "--detach"]);
    assert_eq!(code, 0);
    let started = fleet.wait("it started", was_started);
    kill_process(executor(&started), Signal::KILL).expect("sent");
    let unknown = fleet.wait("it is unknown", |view| view.state == RunState::Unknown);
    let (code, text) = fleet.run(&["plan", "scale", "rtech-app", "desired=4"]);
    assert_eq!(code, 4, "{text}");
    assert!(text.contains(&format!("quarterdeck runs resolve {}", unknown.id)), "{text}");
    let (code, text) = fleet.run(&["runs", "resolve", &unknown.id.0]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("the change does not show: 2 of 2 running"), "{text}");
    let (code, text) = fleet.run(&["plan", "scale", "rtech-app", "desired=4"]);
    assert_eq!((code, fleet.effects()), (0, 0), "{text}");
}

#[test]
fn an_executor_that_was_stopped_past_its_lease_keeps_its_run_from_being_settled_until_it_is_ended() {
    let fleet = Fleet::new();
    fleet.inject(Fault::Hang);
    let file = fleet.planned();
    fleet.run(&["apply", &file, "--confirm", "rtech-app", "--detach"]);
    let pid = executor(&fleet.wait("it started", was_started));
    fleet.stop_between_writes(pid);
    fleet.let_leases_run_out();
    let unknown = fleet.wait("it is unknown", |view| view.state == RunState::Unknown);
    let (code, text) = fleet.run(&["runs", "resolve", &unknown.id.0]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("still lives") && text.contains("kill -9"), "{text}");
    kill_process(pid, Signal::KILL).expect("sent");
    let settled = || fleet.run(&["runs", "resolve", &unknown.id.0]).0 == 0;
    let until = deadline();
    while !settled() {
        assert!(!passed(until), "it can't be settled");
    }
    assert_eq!(fleet.effects(), 0);
}

#[test]
fn ctrl_c_ends_apply_with_the_way_to_follow_and_not_the_run() {
    let fleet = Fleet::new();
    let file = fleet.planned();
    let mut command = fleet.command(&["apply", &file, "--confirm", "rtech-app"]);
    let apply = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    fleet.wait("it was taken", was_taken);
    kill_process_group(Pid::from_child(&apply), Signal::INT).expect("sent");
    let Output { status, stderr, .. } = apply.wait_with_output().expect("it ended");
    let said = String::from_utf8_lossy(&stderr);
    assert_eq!(status.code(), Some(6), "{said}");
    assert!(said.contains("goes on") && said.contains("quarterdeck runs show"), "{said}");
    let ended = fleet.wait("it ended", |view| !view.is_open());
    assert_eq!((ended.state, fleet.effects()), (RunState::Done, 1), "{}", ended.last_word());
}

#[test]
fn apply_exits_by_the_run_though_nobody_reads_what_it_prints() {
    for output in ["text", "json"] {
        let fleet = Fleet::new();
        let file = fleet.planned();
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = fleet.command(&["apply", &file, "--confirm", "rtech-app", "--output", output]);
        let status = command.stdout(writer).stderr(Stdio::null()).status().expect("it runs");
        assert_eq!((status.code(), fleet.effects()), (Some(0), 1), "{output}, to a closed pipe");
        let file = fleet.planned_to(3);
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
        let mut command = fleet.command(&["apply", &file, "--confirm", "rtech-app", "--output", output]);
        let status = command.stdout(full).stderr(Stdio::null()).status().expect("it runs");
        assert_eq!((status.code(), fleet.effects()), (Some(0), 2), "{output}, to a full disk");
    }
}

#[test]
fn an_executor_starts_though_sigchld_is_ignored() {
    let fleet = Fleet::new();
    let file = fleet.planned();
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' CHLD; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_quarterdeck"), "--config"]);
    shell.arg(fleet.config()).args(["apply", &file, "--confirm", "rtech-app"]).stdin(Stdio::null());
    let Output { status, stdout, stderr } = shell.output().expect("it runs");
    let text = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
    assert_eq!((status.code(), fleet.effects()), (Some(0), 1), "{text}");
}

#[test]
fn a_run_that_is_shown_carries_what_the_guards_said_when_it_was_confirmed() {
    let fleet = Fleet::new();
    let file = fleet.planned();
    fleet.run(&["apply", &file, "--confirm", "rtech-app"]);
    let view = fleet.wait("it ended", |view| !view.is_open());
    let guards: Vec<_> = view.verdicts().iter().map(|verdict| verdict.guard.as_str()).collect();
    assert!(guards.contains(&"healthy-floor") && guards.contains(&"other-runs"), "{guards:?}");
    let (_, text) = fleet.run(&["runs", "show", &view.id.0]);
    assert!(text.contains("healthy-floor"), "{text}");
}

#[test]
fn a_second_executor_of_a_run_leaves_it_to_the_first() {
    let fleet = Fleet::new();
    fleet.inject(Fault::Hang);
    let file = fleet.planned();
    fleet.run(&["apply", &file, "--confirm", "rtech-app", "--detach"]);
    let taken = fleet.wait("it was taken", was_taken);
    let state = fleet.state().to_string_lossy().into_owned();
    let (code, text) = fleet.run(&["executor", &taken.id.0, "--state-dir", &state, "--leader"]);
    assert_eq!(code, 2, "{text}");
    let view = fleet.wait("it started", was_started);
    assert!(view.is_open(), "{}", view.last_word());
    kill_process(executor(&view), Signal::KILL).expect("sent");
}

#[test]
fn a_lease_is_listed_and_taken_away_only_from_an_executor_that_is_gone() {
    let fleet = Fleet::new();
    assert_eq!(fleet.run(&["lease", "list"]), (0, "no lease is held from this state directory\n".to_owned()));
    fleet.inject(Fault::Hang);
    let file = fleet.planned();
    fleet.run(&["apply", &file, "--confirm", "rtech-app", "--detach"]);
    let started = fleet.wait("it started", was_started);
    let (code, listed) = fleet.json(&["lease", "list", "--output", "json"]);
    let lease = &listed["leases"][0];
    assert_eq!((code, &listed["schema"]), (0, &"quarterdeck.leases/1".into()));
    assert_eq!((&lease["run"], &lease["live"]), (&started.id.0.as_str().into(), &true.into()), "{listed:#}");
    assert_eq!((&lease["process"], &lease["epoch"]), (&"alive".into(), &1.into()), "{listed:#}");
    let target = lease["target"].as_str().expect("a target").to_owned();
    let release = || fleet.run(&["lease", "release", &target, "--confirm", &target]);
    let (code, text) = release();
    assert!(code == 4 && text.contains("at work") && text.contains("nothing was released"), "{code} {text}");
    let (code, text) = fleet.run(&["lease", "release", &target, "--confirm", "rtech-app"]);
    assert!(code == 2 && text.contains("nothing was released"), "{code} {text}");
    let pid = executor(&started);
    fleet.stop_between_writes(pid);
    fleet.let_leases_run_out();
    let (code, text) = release();
    assert!(code == 4 && text.contains("still lives") && text.contains("kill -9"), "{code} {text}");
    kill_process(pid, Signal::KILL).expect("sent");
    let until = deadline();
    while !fleet.run(&["lease", "list"]).1.contains("is gone") {
        assert!(!passed(until), "it is not seen to be gone");
    }
    let (code, text) = release();
    assert!(code == 0 && text.contains(&started.id.0), "{code} {text}");
    let (_, text) = fleet.run(&["runs", "show", &started.id.0]);
    assert!(text.contains("UNKNOWN") && text.contains("lease 1 was taken away by"), "it stays to be settled: {text}");
    let (code, text) = release();
    assert!(code == 2 && text.contains("nobody holds"), "{code} {text}");
    assert_eq!(fleet.run(&["runs", "resolve", &started.id.0]).0, 0);
}

#[test]
fn the_consoles_of_a_state_directory_see_whose_confirmation_is_open_as_long_as_it_is() {
    let fleet = Fleet::new();
    let journal = Journal::open(&fleet.state()).expect("a journal");
    let ada = crate::runs::fixture::operator("ada");
    let seen = || journal.team(Now::read()).expect("a team").confirming;
    assert!(seen().is_empty(), "before anybody ever confirmed");
    journal.tell_confirming(&ada, Some(&"scale".into()), Now::read()).expect("told");
    assert!(seen().is_empty(), "one's own is on one's own screen");
    // As if another process had told it: one that lives, then one that ended.
    let raw = rusqlite::Connection::open(fleet.state().join(FILE)).expect("a file");
    raw.busy_timeout(DEADLINE).expect("patience");
    let mut other = Command::new("sleep").arg("600").spawn().expect("it runs");
    raw.execute("UPDATE confirmations SET pid = ?1", [other.id()]).expect("written");
    assert_eq!(seen().iter().map(|open| open.what.as_str()).collect::<Vec<_>>(), ["scale"]);
    assert!(seen()[0].by.as_str().starts_with("ada@bastion"), "{:?}", seen());
    other.kill().expect("sent");
    other.wait().expect("it ended");
    assert!(seen().is_empty(), "a console that is gone confirms nothing");
    journal.tell_confirming(&ada, Some(&"scale".into()), Now::read()).expect("told");
    journal.tell_confirming(&ada, None, Now::read()).expect("told");
    let left: u32 = raw
        .query_row("SELECT count(*) FROM confirmations WHERE pid = ?1", [std::process::id()], |row| row.get(0))
        .expect("a count");
    assert_eq!(left, 0);
}
