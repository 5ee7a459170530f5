//! Local commands that the configuration declares: real ones.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quarterdeck::action::Action;
use quarterdeck::executor::journal::RunState;
use tempfile::TempDir;

use super::{Room, holds, typed};
use crate::harness::{binary, wait_for};
use crate::sources::{Scripted, reply};

/// A script in a folder of its own.
fn script(body: &str) -> (TempDir, PathBuf) {
    let dir = TempDir::new().expect("a folder");
    let path = dir.path().join("do-it");
    write(&path, body);
    (dir, path)
}

fn write(path: &Path, body: &str) {
    std::fs::write(path, format!("#!/bin/sh\n{body}\n")).expect("a script");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("may run");
}

fn text(command: &str, more: &str) -> String {
    let timeout = if more.contains("timeout") { "" } else { "timeout = \"10s\"," };
    format!(
        "[[service]]\nname = \"web\"\n[[action]]\nname = \"flush\"\nservice = \"web\"\ntitle = \"flush the cache\"\n\
         patience = \"1s\"\nexec = {{ command = {command}, {timeout} {more} }}\n"
    )
}

fn of(path: &Path) -> String {
    format!("[\"{}\", \"it's\", \"\"]", path.display())
}

fn flush() -> Action {
    typed("exec", "web", &[("name", "flush")]).expect("an action")
}

#[tokio::test]
async fn a_command_is_shown_with_all_its_arguments_runs_once_and_is_read_back() {
    let (dir, path) =
        script("if read line; then exit 9; fi\necho \"$#:$1:$2\" >> $(dirname \"$0\")/done\npwd\necho flushed");
    let done = dir.path().join("done");
    let seen = done.clone();
    let server = Scripted::start(move |_| reply(200, "application/json", seen.exists().to_string())).await;
    let back =
        "\nread_back = { source = \"cache\", path = \"/\", pointer = \"\", what = \"flushed\", equals = true }\n";
    let source = format!("[[http]]\nname = \"cache\"\nurl = \"{}\"\n", server.url);
    let room = Room::new(&(text(&of(&path), "directory = \"/tmp\"") + back + &source)).await;
    let judged = room.judged(&flush()).await.expect("a plan");
    assert_eq!(judged.plan.changes[0].to_string(), "flushed: false → true");
    let call = judged.plan.steps[0].call.to_string();
    assert_eq!(call, format!("{} 'it'\\''s' '' in /tmp", path.display()));
    let (state, view) = room.run(&flush()).await;
    assert_eq!(state, RunState::Done, "{}", Room::told(&view));
    assert_eq!(std::fs::read_to_string(done).unwrap(), "2:it's:\n", "once, and nothing stands on its input");
    assert!(Room::told(&view).contains("exit code 0: /tmp / flushed"), "{}", Room::told(&view));
}

#[tokio::test]
async fn a_command_that_fails_is_failed_with_its_last_words_and_what_it_did_is_not_guessed() {
    let (_dir, path) = script("for i in 1 2 3 4 5 6; do echo \"line $i\" >&2; done; printf '\\033[2J' >&2; exit 3");
    let (state, view) = Room::new(&text(&of(&path), "")).await.run(&flush()).await;
    let word = view.last_word();
    assert_eq!(state, RunState::Failed, "{word}");
    assert!(word.contains("it failed: exit code 3: line 3 / line 4 / line 5 / line 6 / \u{fffd}[2J"), "{word}");
    assert!(word.contains("what it changed until then is not known"), "{word}");
    let (state, view) = Room::new(&text(&of(&path), "success = [0, 3]")).await.run(&flush()).await;
    assert!(state == RunState::Inconclusive && view.last_word().contains("exit code 3"), "{}", view.last_word());
}

/// Whether a process is there and no corpse.
#[tokio::test]
async fn what_a_declared_change_leaves_open_is_a_debt_until_its_way_back_is_done() {
    let way = |name: &str, more: &str| {
        format!(
            "[[action]]\nname = \"{name}\"\nservice = \"web\"\ntitle = \"alarms {name}\"\n{more}\n\
             exec = {{ command = [\"/bin/true\", \"{name}\"] }}\n"
        )
    };
    let off = way("off", "leaves = \"no alarm of web notifies anybody\"\ndue = \"2h\"\nundo = \"on\"");
    let room = Room::new(&("[[service]]\nname = \"web\"\n".to_owned() + &off + &way("on", ""))).await;
    let act = |name| typed("exec", "web", &[("name", name)]).expect("an action");
    let (_, view) = room.run(&act("off")).await;
    let [debt] = room.journal.debts().expect("debts").try_into().expect("one");
    assert_eq!(
        (debt.what.as_str(), debt.undo.as_deref()),
        ("no alarm of web notifies anybody", Some("exec web name=on"))
    );
    let lasts = debt.until.expect("an end").duration_since(view.plan.made);
    assert_eq!(lasts.as_secs(), 2 * 3_600);
    room.run(&act("on")).await;
    assert_eq!(room.journal.debts().expect("debts"), []);
}

fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_killed_with_all_that_it_started_and_nobody_knows() {
    let (dir, path) = script("sleep 600 &\necho $! $$ > $(dirname \"$0\")/pids\nwait");
    let (state, view) = Room::new(&text(&of(&path), "timeout = \"3s\"")).await.run(&flush()).await;
    let word = view.last_word();
    assert_eq!(state, RunState::Unknown, "{word}");
    assert!(word.contains("did not end within 3 s, and was killed with all that it had started"), "{word}");
    let pids = std::fs::read_to_string(dir.path().join("pids")).expect("it ran");
    let gone = || pids.split_whitespace().all(|pid| !lives(pid)).then_some(());
    assert_eq!(pids.split_whitespace().count(), 2);
    wait_for("the whole group is gone", Duration::from_secs(10), gone, || pids.clone());
}

#[tokio::test]
async fn a_command_ended_by_a_signal_is_unknown() {
    let (_dir, path) = script("kill -9 $$");
    let (state, view) = Room::new(&text(&of(&path), "timeout = \"3s\"")).await.run(&flush()).await;
    assert!(state == RunState::Unknown && view.last_word().contains("ended by a signal"), "{}", view.last_word());
}

#[tokio::test]
async fn however_much_a_command_prints_little_of_it_is_kept() {
    let (_dir, path) =
        script("head -c 3000000 /dev/zero | tr '\\0' x; echo; head -c 3000000 /dev/zero | tr '\\0' y >&2");
    let room = Room::new(&text(&of(&path), "")).await;
    let (state, view) = room.run(&flush()).await;
    assert_eq!(state, RunState::Inconclusive, "{}", view.last_word());
    assert!(Room::told(&view).contains(&"x".repeat(900)) && Room::told(&view).len() < 20_000);
}

#[tokio::test]
async fn what_a_command_leaves_behind_does_not_hold_its_end_up() {
    let (_dir, path) = script("sleep 20 &\necho begun");
    let clock = quarterdeck::clock::Stopwatch::start();
    let (state, view) = Room::new(&text(&of(&path), "")).await.run(&flush()).await;
    assert_eq!(state, RunState::Inconclusive, "{}", view.last_word());
    assert!(Room::told(&view).contains("exit code 0: begun") && clock.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn a_program_that_was_changed_after_the_plan_is_not_run() {
    let (dir, path) = script("exit 0");
    let room = Room::new(&text(&of(&path), "")).await;
    let run = room.confirmed(&flush()).await;
    write(&path, "touch $(dirname \"$0\")/done");
    let (state, view) = room.carry_out(&run).await;
    assert!(state == RunState::Refused && Room::told(&view).contains("\"program\""), "{}", Room::told(&view));
    assert!(!dir.path().join("done").exists());
}

#[tokio::test]
async fn a_program_that_everybody_may_change_or_that_is_not_there_is_refused() {
    let (_dir, path) = script("exit 0");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o757)).unwrap();
    for (command, words) in
        [(of(&path), "everybody on this host may write"), ("[\"/no/such\"]".to_owned(), "is not a file that runs")]
    {
        let judged = Room::new(&text(&command, "")).await.judged(&flush()).await.expect("a plan");
        assert!(
            judged.reasons().iter().any(|reason| reason.starts_with("command: ") && reason.contains(words)),
            "{:?}",
            judged.reasons()
        );
    }
}

#[tokio::test]
async fn a_variable_that_is_not_set_means_that_nothing_ran() {
    let (dir, path) = script("touch $(dirname \"$0\")/done");
    let (state, view) = Room::new(&text(&of(&path), "env = [\"QD_TEST_NOT_SET\"]")).await.run(&flush()).await;
    let word = view.last_word();
    assert!(
        state == RunState::Failed
            && word.contains("QD_TEST_NOT_SET is not set here")
            && word.contains("nothing was sent"),
        "{word}"
    );
    assert!(!dir.path().join("done").exists());
}

/// Runs the binary with these variables and no others.
fn quarterdeck(dir: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = std::process::Command::new(binary());
    command.args(arguments).env_clear().env("HOME", dir).env("PATH", "/usr/bin:/bin").current_dir(dir);
    command.env("QD_OTHER", "must-not-be-passed-on").env("FLUSH_CARD", "canary-of-the-command").env("LANG", "C");
    let output = command.output().expect("the binary runs");
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
    )
}

/// The whole way, by the binary and its executor's process.
#[test]
fn a_command_gets_the_declared_variables_alone_and_their_values_are_never_written_down() {
    let (dir, path) = script("env > $(dirname \"$0\")/env\necho \"the card is $FLUSH_CARD\"");
    let head = "state_dir = \"state\"\n[environment]\nname = \"t\"\nkind = \"development\"\n";
    std::fs::write(dir.path().join("q.toml"), head.to_owned() + &text(&of(&path), "env = [\"FLUSH_CARD\", \"HOME\"]"))
        .unwrap();
    let (code, told) =
        quarterdeck(dir.path(), &["--config", "q.toml", "plan", "exec", "web", "name=flush", "--out", "plan.json"]);
    assert_eq!(code, Some(0), "{told}");
    let sends = format!("sends   {} 'it'\\''s' '' in / with FLUSH_CARD, HOME, once", path.display());
    assert!(told.contains(&sends), "{told}");
    let (code, told) = quarterdeck(dir.path(), &["--config", "q.toml", "apply", "plan.json", "--confirm", "web"]);
    assert_eq!(code, Some(6), "inconclusive: {told}");
    assert!(told.contains("exit code 0: the card is •••"), "{told}");
    let env = std::fs::read_to_string(dir.path().join("env")).expect("it ran");
    let mut names: Vec<&str> = env.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    names.retain(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name)); // those a shell sets itself
    names.sort_unstable();
    assert_eq!(names, ["FLUSH_CARD", "HOME", "PATH"]);
    assert!(env.contains("canary-of-the-command"));
    assert!(!holds(&dir.path().join("state"), "canary-of-the-command"), "it got into the state directory");
    assert!(!std::fs::read_to_string(dir.path().join("plan.json")).unwrap().contains("canary"), "it got into the plan");
}
