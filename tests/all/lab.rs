//! The whole program against real backends on loopback: Prometheus, Alertmanager, nginx, and an AWS emulator (moto for ECS,
//! Application Auto Scaling and STS, ministack for CloudWatch; the ECS rollout is a model of our own).

mod actions;
mod half_open;
mod logins;
mod races;
mod storms;

use std::process::Command;
use std::time::Duration;

use quarterdeck::config::{Query, Service, check};
use serde_json::{Value, json};

use crate::harness::lab::{EXAMPLE, Lab};
use crate::harness::pty::{Pty, is_alive};
use crate::harness::{Stopwatch, quarterdeck, root, stdout, wait_for};

fn status(lab: &Lab) -> (Value, i32) {
    let output = quarterdeck(&["--config", lab.config(), "status", "--output", "json"], lab.variables());
    let text = stdout(&output);
    let json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("status is not JSON ({error}): {text}"));
    (json, output.status.code().unwrap_or(-1))
}

fn run(lab: &Lab, arguments: &[&str]) -> (String, i32) {
    let arguments: Vec<&str> = ["--config", lab.config()].into_iter().chain(arguments.iter().copied()).collect();
    let output = quarterdeck(&arguments, lab.variables());
    let text = format!("{}{}", stdout(&output), String::from_utf8_lossy(&output.stderr));
    (text, output.status.code().unwrap_or(-1))
}

fn console(lab: &Lab) -> Pty {
    Pty::start(&["--config", lab.config()], lab.variables(), 120, 40)
}

/// Every object of a JSON document that has all of `keys`.
fn objects_with<'a>(json: &'a Value, keys: &[&str], into: &mut Vec<&'a Value>) {
    if keys.iter().all(|key| json.get(key).is_some()) {
        into.push(json);
    }
    match json {
        Value::Array(all) => all.iter().for_each(|one| objects_with(one, keys, into)),
        Value::Object(fields) => fields.values().for_each(|one| objects_with(one, keys, into)),
        _ => {}
    }
}

#[test]
fn status_names_everything_with_value_unit_age_and_state() {
    let lab = Lab::take();
    let (json, code) = status(&lab);
    assert_eq!(json["schema"], "quarterdeck.status/1");
    let text = json.to_string();
    for name in
        ["rtech-app", "rtech-app-blue", "rtech-app-green", "latency_p95", "rtech-high-cpu", "rtech-high-error-rate"]
    {
        assert!(text.contains(name), "status does not name {name}: {json:#}");
    }
    let mut measured = Vec::new();
    objects_with(&json, &["state", "age_seconds"], &mut measured);
    assert!(measured.len() > 20, "only {} measured things: {json:#}", measured.len());
    let known = |one: &&&Value| ["never", "live", "stale", "failed"].iter().any(|state| one["state"] == *state);
    assert_eq!(measured.iter().filter(known).count(), measured.len());
    assert_eq!(json["level"] == "healthy", code == 0, "exit code {code}");
    assert!([0, 1].contains(&code), "everything is known on the lab, exit code {code}: {json:#}");
}

/// The SDK reads its endpoints from the environment, so the tests of `aws::lab` run in a process that has the lab's.
#[test]
fn the_aws_sources_read_the_lab() {
    let lab = Lab::take();
    let mut tests = Command::new(std::env::current_exe().expect("the test binary"));
    tests.args(["--ignored", "--test-threads=1", "aws::lab::"]).envs(lab.variables().iter().cloned());
    let output = tests.output().expect("the tests run");
    let said = stdout(&output);
    assert!(output.status.success() && said.contains(" 11 passed"), "{said}");
}

#[test]
fn a_stopped_prometheus_fails_exactly_its_own_readings() {
    let lab = Lab::take();
    lab.prometheus_mode("refuse");
    let (json, _) = status(&lab);
    let mut measured = Vec::new();
    objects_with(&json, &["state", "age_seconds", "reason"], &mut measured);
    let mut failed: Vec<&Value> = measured.into_iter().filter(|one| one["state"] != "live").collect();
    // No emulator counts log events (Insights' `stats`); see aws::lab.
    failed.retain(|one| one["reason"].as_str().is_none_or(|reason| !reason.starts_with("log-count")));
    let by_prometheus = |one: &&&Value| one["reason"].as_str().is_some_and(|reason| reason.starts_with("prometheus"));
    assert_eq!(failed.iter().filter(by_prometheus).count(), failed.len(), "{failed:#?}");
    assert_eq!(failed.len(), asked_of_prometheus(&lab), "{failed:#?}");
}

/// How many subjects of the example are asked of Prometheus.
fn asked_of_prometheus(lab: &Lab) -> usize {
    let text = std::fs::read_to_string(root().join(EXAMPLE)).expect("the example is there");
    let variable = |name: &str| lab.variables().iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let config = check::parse(&text, &root().join(EXAMPLE), &variable).expect("the example is valid");
    let asked = |service: &Service| {
        let promql = service.signals.iter().filter(|signal| matches!(signal.query, Query::Prometheus(_)));
        promql.count() + service.objectives.len()
    };
    config.services.iter().map(asked).sum()
}

#[test]
fn the_console_keeps_the_last_values_greyed_when_prometheus_stops() {
    let lab = Lab::take();
    let mut console = console(&lab);
    console.sees(&["rtech-app", "HEALTHY"]);
    lab.prometheus_mode("refuse");
    console.sees(&["stale"]);
    console.press("?");
    console.sees(&["quit"]);
    console.press("q");
    lab.prometheus_mode("pass");
    console.sees_no("stale");
    console.press("q");
    assert_eq!(console.ends(), 0);
}

#[test]
fn the_log_of_a_service_is_printed() {
    let lab = Lab::take();
    let (text, code) = run(&lab, &["logs", "rtech-app", "app", "--since", "2h", "--filter", "ERROR"]);
    assert_eq!(code, 0, "{text}");
    let lines: Vec<&str> = text.lines().collect();
    // As seeded: of 360 lines of each of two streams every tenth.
    assert_eq!(lines.len(), 72, "{text}");
    assert!(lines.iter().all(|line| line.contains(" ERROR payment of order ")), "{text}");
    assert!(lines.is_sorted_by_key(|line| line.split(' ').next()), "{text}");
}

#[test]
fn a_plan_beyond_the_scaling_target_is_denied_with_its_reason() {
    let lab = Lab::take();
    lab.forget_requests();
    let (text, code) = run(&lab, &["plan", "scale", "rtech-app", "desired=40"]);
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("10"), "the reason names the maximum: {text}");
    assert_eq!(lab.requests("UpdateService").len(), 0);
}

fn plan_to(lab: &Lab, desired: u32) -> String {
    let file = lab.state_dir().join("plan.json").display().to_string();
    let (text, code) = run(lab, &["plan", "scale", "rtech-app", &format!("desired={desired}"), "--out", &file]);
    assert_eq!(code, 0, "{text}");
    file
}

#[test]
fn apply_scales_with_exactly_one_call_and_verifies() {
    let lab = Lab::take();
    let plan = plan_to(&lab, 4);
    lab.forget_requests();
    let (text, code) = run(&lab, &["apply", &plan, "--confirm", "rtech-app"]);
    assert_eq!(code, 0, "{text}");
    assert_eq!((lab.requests("UpdateService").len(), lab.desired("rtech-app")), (1, 4));
    let (again, code) = run(&lab, &["apply", &plan, "--confirm", "rtech-app"]);
    assert_eq!(code, 4, "a plan is used once: {again}");
    assert_eq!(lab.requests("UpdateService").len(), 1);
}

/// Plans an action and applies it; what `apply` said.
fn carry_out(lab: &Lab, arguments: &[&str], confirm: &str) -> String {
    let file = lab.state_dir().join("plan.json").display().to_string();
    let (text, code) = run(lab, &[&["plan"], arguments, &["--out", &file]].concat());
    assert_eq!(code, 0, "{text}");
    let (text, code) = run(lab, &["apply", &file, "--confirm", confirm]);
    assert_eq!(code, 0, "{text}");
    text
}

#[test]
fn a_silence_is_set_at_the_real_alertmanager_and_ended_again() {
    let lab = Lab::take();
    let url = format!("{}/api/v2/silences", lab.variable("QD_ALERTMANAGER_URL"));
    let ours = || {
        let all = lab.get(&url);
        let found = all.as_array().unwrap().iter().find(|one| one["comment"] == "known; the lab");
        found.cloned().unwrap_or_else(|| panic!("no such silence in {all:#}"))
    };
    let silence = ["silence", "alertmanager", "matchers=alertname=RtechGreenLowTraffic,service=~rtech-.*", "for=1h"];
    carry_out(&lab, &[&silence[..], &["comment=known; the lab"]].concat(), "alertmanager");
    let set = ours();
    assert_eq!(set["status"]["state"], "active", "{set:#}");
    assert_eq!(set["matchers"].as_array().unwrap().len(), 2);
    let id = format!("id={}", set["id"].as_str().unwrap());
    carry_out(&lab, &["unsilence", "alertmanager", &id], "alertmanager");
    assert_eq!(ours()["status"]["state"], "expired");
}

/// ministack completes invalidations at once.
#[test]
fn an_invalidation_is_asked_for_at_the_emulator_and_found_completed() {
    let lab = Lab::take();
    let text = carry_out(&lab, &["invalidate_cdn", "rtech-cdn", "paths=/,/blog/*"], "rtech-cdn");
    assert!(text.contains("Completed"), "{text}");
}

/// Plans and applies an action on the database; how it ended.
fn done_to_the_database(lab: &Lab, action: &[&str]) -> (String, i32) {
    let file = lab.state_dir().join("database.json").display().to_string();
    let (text, code) = run(lab, &[&["plan"], action, &["--out", &file]].concat());
    assert_eq!(code, 0, "{text}");
    run(lab, &["apply", &file, "--confirm", "rtech-mongodb"])
}

/// moto fails the cluster over, ministack tells how far the reader lies behind.
#[test]
fn a_cluster_fails_over_to_the_named_reader_and_back_with_one_call_each() {
    let lab = Lab::take();
    lab.forget_requests();
    for (count, to) in [(1, "rtech-mongodb-2"), (2, "rtech-mongodb-1")] {
        let (text, code) = done_to_the_database(&lab, &["fail_over", "rtech-mongodb", &format!("to={to}")]);
        assert_eq!(code, 0, "{text}");
        assert!(text.contains(&format!("writer {to} (available")), "{text}");
        assert_eq!(lab.requests("FailoverDBCluster").len(), count);
    }
}

/// moto makes the snapshot at once; a second plan makes another, because the newest is another by then.
#[test]
fn a_snapshot_of_the_cluster_is_made_and_the_next_plan_names_another() {
    let lab = Lab::take();
    lab.forget_requests();
    for count in 1..=2 {
        let (text, code) = done_to_the_database(&lab, &["start_backup", "rtech-mongodb", "by=snapshot"]);
        assert_eq!(code, 0, "{text}");
        assert!(text.contains("qd-rtech-mongodb-"), "{text}");
        assert_eq!(lab.requests("CreateDBClusterSnapshot").len(), count);
    }
}

/// moto's cluster answers as aurora-postgresql, and its exports are complete at once; a repeat of the plan is stale by then.
#[test]
fn a_snapshot_of_the_cluster_is_exported_to_s3_once() {
    let lab = Lab::take();
    let (text, code) = done_to_the_database(&lab, &["start_backup", "rtech-mongodb", "by=snapshot"]);
    assert_eq!(code, 0, "{text}");
    let cluster = "cluster = \"rtech-mongodb\"       #";
    let export = "export = { bucket = \"rtech-backups\", prefix = \"parquet\", role = \"arn:aws:iam::123456789012:role/export\", \
                  key = \"arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000\" }";
    let example = std::fs::read_to_string(lab.config()).expect("a configuration");
    assert_eq!(example.matches(cluster).count(), 1, "the example's [[backup]]");
    let config = lab.state_dir().join("exporting.toml").display().to_string();
    std::fs::write(&config, example.replace(cluster, &format!("{export}\n{cluster}"))).expect("written");
    let file = lab.state_dir().join("export.json").display().to_string();
    let quarterdeck = |arguments: &[&str]| {
        let output = quarterdeck(&[&["--config", &config], arguments].concat(), lab.variables());
        let text = format!("{}{}", stdout(&output), String::from_utf8_lossy(&output.stderr));
        (text, output.status.code().unwrap_or(-1))
    };
    lab.forget_requests();
    let (text, code) = quarterdeck(&["plan", "start_backup", "rtech-mongodb", "by=export", "--out", &file]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("→ s3://rtech-backups/parquet/qd-rtech-mongodb-"), "{text}");
    let apply = || quarterdeck(&["apply", &file, "--confirm", "rtech-mongodb"]);
    let (text, code) = apply();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("complete"), "{text}");
    let (text, code) = apply();
    assert_eq!(code, 4, "{text}");
    assert_eq!(lab.requests("StartExportTask").len(), 1);
}

/// The identifiers of all clusters and instances, as moto tells them.
fn databases(lab: &Lab) -> Vec<String> {
    let scope = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/rds/aws4_request";
    let ask = |operation: &str| {
        let form = format!("Action={operation}&Version=2014-10-31");
        let arguments = ["-s", "--max-time", "10", "-H", scope, "-d", &form, lab.variable("QD_MOTO_URL")];
        let output = Command::new("curl").args(arguments).output().expect("curl runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let all = ask("DescribeDBClusters") + &ask("DescribeDBInstances");
    let names = all.split('<').filter_map(|part| {
        part.strip_prefix("DBClusterIdentifier>").or_else(|| part.strip_prefix("DBInstanceIdentifier>"))
    });
    names.map(str::to_owned).collect()
}

/// moto restores at once; what was there before is there afterwards, and nothing else.
#[test]
fn a_cluster_is_restored_beside_production_and_removed_and_all_is_as_before() {
    let lab = Lab::take();
    let (text, code) = done_to_the_database(&lab, &["start_backup", "rtech-mongodb", "by=snapshot"]);
    assert_eq!(code, 0, "{text}");
    let before = databases(&lab);
    assert!(before.contains(&"rtech-mongodb".to_owned()), "{before:?}");
    lab.forget_requests();
    let (text, code) = done_to_the_database(&lab, &["restore_test", "rtech-mongodb"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("measured "), "{text}");
    let count = |operation| lab.requests(operation).len();
    let calls = ["RestoreDBClusterFromSnapshot", "CreateDBInstance", "DeleteDBInstance", "DeleteDBCluster"];
    assert_eq!(calls.map(count), [1, 1, 1, 1]);
    assert_eq!(databases(&lab), before);
}

/// ministack completes the job at once.
#[test]
fn a_backup_job_is_started_and_completes() {
    let lab = Lab::take();
    let (text, code) = done_to_the_database(&lab, &["start_backup", "rtech-mongodb", "by=vault"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("COMPLETED"), "{text}");
}

#[test]
fn apply_refuses_when_the_service_was_changed_in_between() {
    let lab = Lab::take();
    let plan = plan_to(&lab, 4);
    lab.post("QD_MOTO_URL", "/_autoscale", &json!({"resource_id": "service/rtech-prod/rtech-app", "desired": 3}));
    lab.forget_requests();
    let (text, code) = run(&lab, &["apply", &plan, "--confirm", "rtech-app"]);
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("desired"), "the diff is shown: {text}");
    assert_eq!((lab.requests("UpdateService").len(), lab.desired("rtech-app")), (0, 3));
}

#[test]
fn apply_with_another_name_sends_nothing() {
    let lab = Lab::take();
    let plan = plan_to(&lab, 4);
    lab.forget_requests();
    let (text, code) = run(&lab, &["apply", &plan, "--confirm", "rtech-app-blue"]);
    assert_eq!(code, 4, "{text}");
    assert_eq!((lab.requests("UpdateService").len(), lab.desired("rtech-app")), (0, 2));
}

#[test]
fn a_reply_lost_after_the_effect_is_found_by_reading_back_and_never_sent_again() {
    let lab = Lab::take();
    let plan = plan_to(&lab, 4);
    lab.forget_requests();
    lab.aws_faults(&json!([{"service": "ecs", "op": "UpdateService", "kind": "drop_after", "n": 1}]));
    let (text, code) = run(&lab, &["apply", &plan, "--confirm", "rtech-app"]);
    assert_eq!(code, 0, "{text}");
    assert_eq!((lab.requests("UpdateService").len(), lab.desired("rtech-app")), (1, 4));
}

#[test]
fn a_throttled_call_is_a_failure_that_changed_nothing_and_is_never_sent_again() {
    let lab = Lab::take();
    let plan = plan_to(&lab, 4);
    lab.forget_requests();
    lab.aws_faults(&json!([{"service": "ecs", "op": "UpdateService", "kind": "throttle"}]));
    let (text, code) = run(&lab, &["apply", &plan, "--confirm", "rtech-app"]);
    assert_eq!(code, 5, "{text}");
    assert_eq!((lab.requests("UpdateService").len(), lab.desired("rtech-app")), (1, 2));
}

/// Through the runbook's steps to the confirmation of its action, 2 → 4.
fn follow_to_the_confirmation(lab: &Lab, console: &mut Pty) {
    lab.post("QD_APP_CONTROL_URL", "/_load", &json!({"service": "rtech-app", "rps": 95}));
    console.sees(&["rtech-app", "READ-ONLY"]);
    console.press("\r");
    console.sees(&["latency", "scaling"]);
    console.press("A");
    console.sees(&["ARMED"]);
    open_the_suggested_runbook(console);
    pass_the_steps_before_the_action(console);
    console.press(" ");
    console.sees(&["type rtech-app to confirm"]);
}

fn open_the_suggested_runbook(console: &mut Pty) {
    console.sees(&["RtechAppHighLatency"]);
    console.press("R");
    console.sees(&["scale-out-under-load"]);
    console.press("\r");
    console.sees(&["Is it slow"]);
}

/// Runs checks, ticks what a person does, until the step that acts is the next.
fn pass_the_steps_before_the_action(console: &mut Pty) {
    for _ in 0..12 {
        let screen = console.screen();
        let next = screen.lines().find(|line| line.contains('▸')).unwrap_or_default().to_owned();
        if next.contains("action") {
            return;
        }
        console.press(if next.contains("by hand") { "t" } else { " " });
        let step = next.split_whitespace().nth(1).unwrap_or_default().to_owned();
        console.sees(&[&format!("{step}   ✓ passed")]);
    }
    panic!("no action step was reached\n{}", console.screen());
}

#[test]
fn the_runbook_scales_with_one_call_even_when_the_console_is_killed_after_the_confirmation() {
    let lab = Lab::take();
    let mut first = console(&lab);
    follow_to_the_confirmation(&lab, &mut first);
    lab.forget_requests();
    first.type_by_hand("confirm: ", "rtech-app");
    first.press("\r");
    // Until then the screen says that the approval is being written, and a killed console has started nothing.
    first.sees(&["confirmed by "]);
    first.kill();

    let sent = || (lab.requests("UpdateService").len() == 1).then_some(());
    wait_for("the executor sends the call", Duration::from_secs(20), sent, || run(&lab, &["runs", "list"]).0);
    let mut second = console(&lab);
    second.press("n");
    second.sees(&["DONE", "rtech-app"]);
    assert_eq!((lab.requests("UpdateService").len(), lab.desired("rtech-app")), (1, 4));
    second.press("q");
    second.ends();
}

#[test]
fn every_key_answers_while_prometheus_hangs_and_aws_throttles_or_fails() {
    let lab = Lab::take();
    for kind in ["throttle", "error"] {
        lab.prometheus_mode("hang");
        lab.aws_faults(&json!([{"kind": kind}]));
        every_key_answers(&lab, || true);
    }
}

/// Of a console that is opened now, and closed again; keys are pressed once its backends are as they should be.
fn every_key_answers(lab: &Lab, are_so: impl Fn() -> bool) {
    let mut console = console(lab);
    console.sees(&["rtech-app"]);
    wait_for("the backends are asked", Duration::from_secs(20), || are_so().then_some(()), || console.screen());
    answers_in_time(&mut console, "?", "leave the console");
    close(&mut console, "leave the console");
    answers_in_time(&mut console, ":", "scale rtech-app");
    close(&mut console, "scale rtech-app");
    answers_in_time(&mut console, "\r", "scaling");
    let pid = console.pid();
    console.press("q");
    console.ends();
    assert!(!is_alive(pid));
}

/// The time a key may take to show on a loaded test machine; what it takes is measured in `benches/`.
const ANSWER: Duration = Duration::from_secs(1);

fn answers_in_time(console: &mut Pty, key: &str, shown: &str) {
    let pressed = Stopwatch::start();
    console.press(key);
    console.sees(&[shown]);
    assert!(pressed.elapsed() < ANSWER, "{key:?} took {:?}", pressed.elapsed());
}

fn close(console: &mut Pty, shown: &str) {
    console.press("\u{1b}");
    console.sees_no(shown);
}
