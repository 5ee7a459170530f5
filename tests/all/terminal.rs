//! The real binary in a real pseudo-terminal, on the simulated fleet.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::harness::pty::{Pty, is_alive};
use crate::harness::{Stopwatch, binary, wait_for};

/// How long a console may live on after its terminal went away.
const GONE: Duration = Duration::from_secs(1);

/// A console whose terminal belongs to another process, so that the terminal can be taken away by killing that one.
struct Hosted {
    host: Child,
    console: u32,
    _folder: tempfile::TempDir,
}

impl Hosted {
    /// Runs `before; quarterdeck demo` in a terminal held by `script`, and waits until the console is there.
    fn start(before: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let pid_file = folder.path().join("pid");
        // The console is a child of the shell, not the session's leader: the kernel tells only the leader of a hang-up.
        let inner = format!(
            "stty cols 80 rows 24; {before} {} demo & console=$!; echo $console > {}; fg >/dev/null 2>&1 || wait $console; true",
            binary(),
            pid_file.display()
        );
        let shell = format!("bash -mc '{inner}'");
        let mut command = Command::new("script");
        command.args(["-qfc", &shell, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut host = command.spawn().expect("script (util-linux) runs");
        wait_until_drawn(&mut host);
        let read = || std::fs::read_to_string(&pid_file).ok()?.trim().parse().ok();
        let console = wait_for("the console's pid", Duration::from_secs(10), read, String::new);
        Self { host, console, _folder: folder }
    }

    /// Takes the terminal away.
    fn hang_up(&mut self) {
        self.host.kill().expect("the host is ours");
        self.host.wait().expect("the host ends");
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        let _ = self.host.kill();
        let _ = self.host.wait();
        if let Some(pid) = i32::try_from(self.console).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

fn wait_until_drawn(host: &mut Child) {
    use std::io::Read;
    let mut output = host.stdout.take().expect("its output");
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (mut seen, mut buffer) = (String::new(), [0; 4096]);
        while let Ok(read @ 1..) = output.read(&mut buffer) {
            seen.push_str(&String::from_utf8_lossy(&buffer[..read]));
            if seen.contains("PRODUCTION") {
                let _ = sender.send(());
            }
        }
    });
    receiver.recv_timeout(Duration::from_secs(10)).expect("the console draws its first frame");
}

fn ends_within_a_second(hosted: &mut Hosted) {
    let pid = hosted.console;
    assert!(is_alive(pid));
    hosted.hang_up();
    let gone = || (!is_alive(pid)).then_some(());
    wait_for("the console ends with its terminal", GONE, gone, || format!("pid {pid} lives on"));
}

#[test]
fn a_closed_terminal_ends_the_console_within_a_second() {
    ends_within_a_second(&mut Hosted::start(""));
}

#[test]
fn a_closed_terminal_ends_the_console_even_where_a_parent_ignores_the_hang_up() {
    ends_within_a_second(&mut Hosted::start("trap \"\" HUP;"));
}

fn demo(columns: u16, rows: u16) -> Pty {
    Pty::start(&["demo", "--seed", "7"], &[], columns, rows)
}

#[test]
fn the_demo_shows_its_fleet_and_leaves_the_terminal_as_it_was() {
    for (columns, rows) in [(80, 24), (120, 40), (200, 50)] {
        let mut console = demo(columns, rows);
        console.sees(&["demo", "PRODUCTION", "READ-ONLY", "rtech-app", "HEALTHY"]);
        console.press("q");
        assert_eq!(console.ends(), 0);
        console.sees_no("rtech-app");
    }
}

#[test]
fn a_demo_scale_runs_from_key_to_done() {
    let mut console = demo(120, 40);
    console.sees(&["rtech-app", "HEALTHY"]);
    console.press("A");
    console.sees(&["ARMED"]);
    console.press("s");
    console.sees(&["desired"]);
    console.press("3\r");
    console.sees(&["type rtech-app to confirm"]);
    console.type_by_hand("confirm: ", "rtech-app");
    console.press("\r");
    console.sees(&["DONE"]);
    console.press("q");
    console.press("q");
    assert_eq!(console.ends(), 0);
}

#[test]
fn pasted_text_and_keys_sent_by_a_program_confirm_nothing() {
    let mut console = demo(120, 40);
    console.sees(&["rtech-app", "HEALTHY"]);
    console.press("As3\r");
    console.sees(&["type rtech-app to confirm"]);
    console.press("\u{1b}[200~rtech-app\u{1b}[201~");
    console.sees(&["pasted text doesn't count"]);
    console.press("\r");
    console.sees(&["that is not the name", "type rtech-app to confirm"]);
    console.press("rtech-app");
    console.sees(&["pasted text doesn't count"]);
    console.press("\r");
    console.sees(&["that is not the name", "type rtech-app to confirm"]);
    console.press("\u{1b}");
    console.sees_no("to confirm");
    console.press("n");
    console.sees(&["RUNS", "the journal is empty"]);
    console.sees_no("scale");
}

#[test]
fn the_first_frame_comes_before_any_data() {
    let started = Stopwatch::start();
    let console = demo(80, 24);
    console.sees(&["rtech-app"]);
    // The figure itself is measured in `benches/`; here only that nothing on the way waits for a backend.
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn without_a_terminal_the_console_says_what_to_use_instead() {
    let output = Command::new(binary()).args(["demo"]).stdin(Stdio::null()).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("terminal") && said.contains("status"), "{said}");
}
