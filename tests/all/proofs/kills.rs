//! Real processes on the simulated fleet: killed at random moments, and with a disk that is full at any write.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use quarterdeck::clock::Now;
use quarterdeck::executor::journal::{Entry, Journal, RunState, RunView};
use quarterdeck::simulator::Fault;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::harness::pty::Pty;
use crate::harness::{Stopwatch, wait_for};
use crate::runs::process::Fleet;

const SOON: Duration = Duration::from_secs(60);

/// How long an executor may take to start.
const STARTS: Duration = Duration::from_secs(6);

/// The one run, if there is one.
fn only_run(fleet: &Fleet) -> Option<RunView> {
    let journal = Journal::open(&fleet.state()).expect("a journal");
    journal.runs(Now::read()).expect("runs").into_iter().next()
}

fn executor(view: &RunView) -> Option<Pid> {
    let pid = view.records.iter().find_map(|record| match record.entry {
        Entry::Taken { pid, .. } => i32::try_from(pid).ok(),
        _ => None,
    });
    pid.and_then(Pid::from_raw)
}

/// Waits until the journal says that nobody works on the run; kills who does, unless it is to be spared.
fn end(fleet: &Fleet, spared: bool) -> Option<RunView> {
    let watch = Stopwatch::start();
    wait_for(
        "nobody is at work",
        SOON,
        || {
            let Some(view) = only_run(fleet) else { return Some(None) };
            if let Some(pid) = executor(&view).filter(|_| view.is_open() && !spared) {
                let _ = kill_process(pid, Signal::KILL); // it may have ended
            }
            // An approval that nobody takes lasts a minute; here the one who would have taken it is most likely dead.
            let waits = view.state == RunState::Approved && watch.elapsed() < STARTS;
            (view.state != RunState::Running && !waits).then_some(Some(view))
        },
        || "still running".to_owned(),
    )
}

/// What the run says is so, and it had one effect at most.
fn assert_true(view: Option<&RunView>, effects: usize, at: &str) {
    let state = view.map(|view| view.state);
    let word = view.map(RunView::last_word).unwrap_or_default();
    let right = match state {
        None | Some(RunState::Approved | RunState::Refused) => effects == 0,
        Some(RunState::Done | RunState::Inconclusive) => effects == 1,
        Some(RunState::Failed) => effects == usize::from(word.contains("took effect")),
        Some(RunState::Unknown) => effects <= 1,
        Some(RunState::Running | RunState::Resolved) => false,
    };
    assert!(right, "{at}: {state:?}, though {effects} effects: {word}");
}

/// What is killed in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Victim {
    /// The console, so long after the key that confirms.
    Console,
    /// `apply`, so long after it was started.
    Apply,
    /// What carries the run out, so long after it took it.
    Executor,
    /// `apply`, so long after it was started, and then what carries the run out.
    Both,
}

impl Victim {
    const ALL: [Self; 4] = [Self::Console, Self::Apply, Self::Executor, Self::Both];

    /// The latest moment, in milliseconds: by then the call is most likely sent.
    fn latest(self) -> u64 {
        match self {
            Self::Console => 1_200,
            Self::Apply | Self::Both => 900,
            Self::Executor => 400,
        }
    }

    /// Starts a run, and kills what is to be killed after so long; what remains of it afterwards is not known.
    fn killed(self, fleet: &Fleet, after: Duration) -> Option<RunView> {
        match self {
            Self::Console => {
                let mut console = confirming(fleet);
                console.press("\r");
                std::thread::sleep(after); // the moment is what is tried
                console.kill();
                end(fleet, true)
            }
            Self::Apply | Self::Executor | Self::Both => self.killed_headless(fleet, after),
        }
    }

    fn killed_headless(self, fleet: &Fleet, after: Duration) -> Option<RunView> {
        let file = fleet.planned_to(4);
        let mut command = fleet.command(&["apply", &file, "--confirm", "rtech-app"]);
        let mut apply = command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
        if self == Self::Executor {
            let taken = || only_run(fleet).as_ref().and_then(executor);
            wait_for("it was taken", SOON, taken, String::new);
        }
        std::thread::sleep(after); // the moment is what is tried
        if self != Self::Executor {
            kill_process_group(Pid::from_child(&apply), Signal::KILL).expect("sent");
        }
        let view = end(fleet, self == Self::Apply);
        let _ = kill_process_group(Pid::from_child(&apply), Signal::KILL);
        apply.wait().expect("it ended");
        view
    }
}

/// A console in which all but the last key is pressed that scales 2 → 4.
fn confirming(fleet: &Fleet) -> Pty {
    let config = fleet.config().display().to_string();
    let mut console = Pty::start(&["--config", &config], &[], 120, 40);
    console.sees(&["rtech-app", "READ-ONLY"]);
    console.press("A");
    console.sees(&["ARMED"]);
    console.press("s");
    console.sees(&["desired"]);
    console.press("4\r");
    console.sees(&["type rtech-app to confirm"]);
    console.type_by_hand("confirm: ", "rtech-app");
    console
}

/// One round: the truth is told, whatever was killed when, and what is not known can be settled.
fn killed_after(victim: Victim, millis: u64) -> Option<RunState> {
    let fleet = Fleet::new();
    let at = format!("{victim:?} killed after {millis} ms");
    let view = victim.killed(&fleet, Duration::from_millis(millis));
    assert_true(view.as_ref(), fleet.effects(), &at);
    let outlived =
        matches!(victim, Victim::Console | Victim::Apply) && view.as_ref().is_some_and(|v| v.records.len() > 1);
    assert!(
        !outlived || view.as_ref().is_some_and(|v| v.state == RunState::Done),
        "{at}: the hand outlives the screen"
    );
    if let Some(view) = view.as_ref().filter(|view| view.state == RunState::Unknown) {
        let (code, text) = fleet.run(&["runs", "resolve", &view.id.0]);
        assert_eq!(code, 0, "{at}: {text}");
    }
    view.map(|view| view.state)
}

fn rounds(count: usize, seed: u64) {
    let mut dice = fastrand::Rng::with_seed(seed);
    let mut states = std::collections::BTreeMap::<_, u32>::new();
    for victim in Victim::ALL.into_iter().cycle().take(count) {
        let millis = dice.u64(0..victim.latest());
        *states.entry((victim, killed_after(victim, millis).map(|state| format!("{state:?}")))).or_default() += 1;
    }
    println!("{count} rounds: {states:?}");
}

#[test]
fn kill_9_of_console_or_executor_at_a_random_moment_leaves_the_truth() {
    rounds(4, 1);
}

#[test]
#[ignore = "minutes; docs/proofs.md says when it ran"]
fn kill_9_of_console_or_executor_at_a_random_moment_leaves_the_truth_200_times() {
    rounds(200, 2);
}

/// `apply` and its executor where no file may grow beyond so many bytes: writes fail as on a full disk (EFBIG).
fn apply_within(fleet: &Fleet, bytes: u64) {
    let file = fleet.planned_to(4);
    let blocks = bytes / 512;
    let mut shell = Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    shell.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_quarterdeck"), "--config"]).arg(fleet.config());
    shell.args(["apply", &file, "--confirm", "rtech-app", "--detach"]).stdin(Stdio::null());
    let output = shell.output().expect("it runs");
    assert_ne!(output.status.code(), Some(101), "it panicked: {}", String::from_utf8_lossy(&output.stderr));
}

/// The disk is full after so many pages more than there are before the approval.
fn full_after(pages: u64, fault: Option<Fault>) -> (Option<RunState>, bool) {
    let fleet = Fleet::new();
    drop(Journal::open(&fleet.state()).expect("a journal"));
    if let Some(fault) = fault {
        fleet.inject(fault);
    }
    // The write-ahead log begins empty, the other files are smaller than this.
    apply_within(&fleet, 8_192 + pages * 4_096);
    let view = end(&fleet, false);
    let at = format!("full after {pages} pages, {fault:?}");
    assert_true(view.as_ref(), fleet.effects(), &at);
    let started = |entry: &Entry| matches!(entry, Entry::Started { .. });
    let begun = view.as_ref().is_some_and(|view| view.records.iter().any(|record| started(&record.entry)));
    assert!(begun || fleet.effects() == 0, "{at}: sent before Started was on the disk");
    (view.map(|view| view.state), begun)
}

/// Each further page, until a run gets to its end.
fn full_disks(step: usize) {
    let mut seen = std::collections::BTreeMap::<String, u32>::new();
    for fault in [Some(Fault::Reject), Some(Fault::DropAfterApply)] {
        for pages in (0..120).step_by(step) {
            let (state, begun) = full_after(pages, fault);
            *seen.entry(format!("{state:?}, started: {begun}")).or_default() += 1;
            if matches!(state, Some(RunState::Failed | RunState::Done)) {
                break;
            }
        }
    }
    println!("{seen:?}");
    assert!(seen.len() > 2, "the disk was never full where it matters: {seen:?}");
}

#[test]
fn a_disk_that_is_full_at_some_page_leaves_the_truth() {
    full_disks(12);
}

#[test]
#[ignore = "minutes; docs/proofs.md says when it ran"]
fn a_disk_that_is_full_at_any_page_leaves_the_truth() {
    full_disks(1);
}
