//! `quarterdeck logs`, the real binary on the simulated fleet.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use quarterdeck::clock::Now;
use quarterdeck::simulator::demo_text;
use serde_json::Value;

use crate::harness::{binary, stdout, wait_for};

const DEADLINE: Duration = Duration::from_secs(30);

struct Fleet {
    dir: tempfile::TempDir,
}

impl Fleet {
    fn new() -> Self {
        let fleet = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::write(fleet.config(), demo_text("overload", 1, fleet.dir.path())).unwrap();
        fleet
    }

    fn config(&self) -> PathBuf {
        self.dir.path().join("quarterdeck.toml")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.arg("logs").args(arguments).arg("--config").arg(self.config()).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }
}

/// The moment that a printed line begins with.
fn moment(line: &str) -> jiff::Timestamp {
    let word = line.split(' ').next().unwrap();
    word.parse().unwrap_or_else(|error| panic!("{line}: {error}"))
}

#[test]
fn the_last_lines_are_printed_once_in_order_with_their_level() {
    let fleet = Fleet::new();
    let before = Now::read().wall;
    let output = fleet.run(&["rtech-app", "app", "--since", "30s"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() >= 50, "two requests a second: {}", lines.len());
    assert!(lines.iter().all(|line| line.contains("Z INFO  rtech-app/")), "{text}");
    let moments: Vec<_> = lines.iter().map(|line| moment(line)).collect();
    assert!(moments.is_sorted() && moments[0] >= before - jiff::SignedDuration::from_secs(31), "{text}");
    assert!(output.stderr.is_empty());
}

#[test]
fn a_line_as_json_is_one_document_of_its_schema() {
    let text = stdout(&Fleet::new().run(&["rtech-app", "--since", "3s", "--output", "json"]));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!lines.is_empty());
    for line in &lines {
        assert_eq!(line["schema"], "quarterdeck.log-line/1");
        assert_eq!((&line["line"]["level"], &line["line"]["cut"]), (&"info".into(), &false.into()), "{line}");
        assert!(line["line"]["text"].as_str().unwrap().starts_with("GET /"), "{line}");
    }
}

#[test]
fn following_goes_on_with_new_lines_each_once() {
    let fleet = Fleet::new();
    let began = Now::read().wall;
    let arguments = ["rtech-app", "--since", "2s", "--follow", "--output", "json"];
    let mut child = fleet.command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let (sender, lines) = mpsc::channel();
    let reading = std::thread::spawn(move || {
        for line in out.lines() {
            let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
            if sender.send(line["line"].clone()).is_err() {
                return;
            }
        }
    });
    let mut ids = Vec::new();
    loop {
        let line = lines.recv_timeout(DEADLINE).expect("another line in time");
        ids.push(line["id"].as_str().unwrap().to_owned());
        let at: jiff::Timestamp = line["at"].as_str().unwrap().parse().unwrap();
        if at > began + jiff::SignedDuration::from_secs(3) {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    drop(lines);
    reading.join().unwrap();
    let told = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), told, "each once");
}

#[test]
fn a_reader_that_goes_away_ends_it() {
    let fleet = Fleet::new();
    let mut child = fleet.command(&["rtech-app", "--since", "5s", "--follow"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    drop(out);
    wait_for("it ends", DEADLINE, || child.try_wait().unwrap(), || "it goes on".to_owned());
}

#[test]
fn what_is_not_there_or_no_time_is_named() {
    let fleet = Fleet::new();
    for (arguments, said) in [
        (vec!["nope"], "there are rtech-app"),
        (vec!["rtech-app", "nope"], "it has app"),
        (vec!["rtech-redis"], "add [[service.log]]"),
        (vec!["rtech-app", "--since", "soon"], "such as 90s"),
        (vec!["rtech-app", "--since", "1month"], "such as 90s"),
        (vec!["rtech-app", "--since", "0s"], "between 1s and 24h"),
        (vec!["rtech-app", "--since", "25h"], "between 1s and 24h"),
    ] {
        let output = fleet.run(&arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains(said) && output.stdout.is_empty(), "{arguments:?}: {text}");
    }
}
