//! Credentials that expire in mid-action, and what is logged in to afterwards.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use super::storms::resolve;
use super::{plan_to, run};
use crate::harness::lab::Lab;
use crate::harness::{quarterdeck, stdout, wait_for};

/// How long a session lasts, in seconds; the SDK renews it 5 to 10 s before its end.
const SESSION: u32 = 14;

/// Longer than a session and what is read back after it.
const SOON: Duration = Duration::from_secs(60);

/// The account of the credentials of somebody else.
const ELSEWHERE: &str = "999999999999";

/// Sessions last shorter here than a plan may take: the guard that refuses that is skipped, with a reason.
const EVEN_SO: [&str; 4] = ["--break-glass", "credentials-last", "--reason", "the lab's sessions are short"];

/// A lab whose credentials come from a program that a person logs in to (`credential_process`).
struct Desk {
    lab: Lab,
}

impl Desk {
    fn new() -> Self {
        let mut lab = Lab::take();
        lab.configure("# profile", "profile = \"lab\"");
        lab.configure("steady_deadline", "steady_deadline = \"30s\"");
        let (program, profiles) = (lab.state_dir().join("session"), lab.state_dir().join("aws"));
        let text = format!("[profile lab]\nregion = us-east-1\ncredential_process = {}\n", program.display());
        std::fs::write(&profiles, text).expect("written");
        std::fs::write(&program, PROGRAM).expect("written");
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o700)).expect("ours");
        lab.set("AWS_CONFIG_FILE", &profiles.display().to_string());
        let desk = Self { lab };
        desk.log_in("test");
        desk
    }

    fn session(&self) -> PathBuf {
        self.lab.state_dir().join("key")
    }

    /// From now on sessions are of this access key.
    fn log_in(&self, key: &str) {
        let next = self.session().with_extension("next");
        std::fs::write(&next, format!("{key} {SESSION}\n")).expect("written");
        std::fs::rename(&next, self.session()).expect("renamed"); // never half of it
    }

    /// No session is to be had.
    fn log_out(&self) {
        std::fs::remove_file(self.session()).expect("removed");
    }

    fn plan(&self) -> String {
        let file = self.lab.state_dir().join("plan.json").display().to_string();
        let plan = ["plan", "scale", "rtech-app", "desired=4", "--out", &file];
        let (text, code) = run(&self.lab, &[&plan[..], &EVEN_SO].concat());
        assert_eq!(code, 0, "{text}");
        file
    }

    /// Sends the call, which is accepted; the rollout stands still.
    fn begin(&self) {
        self.lab.post("QD_MOTO_URL", "/_rollout", &json!({ "hold": true }));
        let plan = self.plan();
        self.lab.forget_requests();
        let apply = ["apply", &plan, "--confirm", "rtech-app", "--detach"];
        let (text, code) = run(&self.lab, &[&apply[..], &EVEN_SO].concat());
        assert_eq!(code, 0, "{text}");
        self.waits_for("accepted");
    }

    fn show(&self) -> String {
        let (listed, _) = run(&self.lab, &["runs", "list"]);
        let id = listed.split_whitespace().next().unwrap_or_default().to_owned();
        run(&self.lab, &["runs", "show", &id]).0
    }

    /// Until the journal's records of the run hold these words.
    fn waits_for(&self, words: &str) -> String {
        let found = || Some(self.show()).filter(|shown| shown.contains(words));
        wait_for(words, SOON, found, || self.show())
    }

    fn go_on(&self) {
        self.lab.post("QD_MOTO_URL", "/_rollout", &json!({ "hold": false }));
    }

    fn sent(&self) -> usize {
        self.lab.requests("UpdateService").len()
    }
}

/// Tells the session that is there, for so many seconds from now.
const PROGRAM: &str = r#"#!/bin/sh
read -r key seconds <"$(dirname "$0")/key" 2>/dev/null || { echo "the session has expired, log in" >&2; exit 1; }
until=$(date -u -d "+$seconds seconds" +%Y-%m-%dT%H:%M:%SZ)
printf '{"Version": 1, "AccessKeyId": "%s", "SecretAccessKey": "secret", "SessionToken": "token", "Expiration": "%s"}\n' "$key" "$until"
"#;

/// An access key of another account, where a service of the same name has four tasks.
fn key_elsewhere(lab: &Lab) -> String {
    let role = format!("arn:aws:iam::{ELSEWHERE}:role/other");
    let scope = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sts/aws4_request";
    let form = format!("Action=AssumeRole&Version=2011-06-15&RoleArn={role}&RoleSessionName=lab");
    let arguments = ["-s", "--max-time", "10", "-H", scope, "-d", &form, lab.variable("QD_MOTO_URL")];
    let answer = Command::new("curl").args(arguments).output().expect("curl runs");
    let answer = stdout(&answer);
    let key = answer.split("<AccessKeyId>").nth(1).and_then(|rest| rest.split('<').next());
    let key = key.unwrap_or_else(|| panic!("no key in {answer}")).to_owned();
    let ecs = |operation: &str, body| {
        lab.call_as((&key, "ecs"), &format!("AmazonEC2ContainerServiceV20141113.{operation}"), &body);
    };
    ecs("CreateCluster", json!({"clusterName": "rtech-prod"}));
    let containers = json!([{"name": "app", "image": "rtech-app:1", "memory": 512}]);
    ecs("RegisterTaskDefinition", json!({"family": "rtech-app", "containerDefinitions": containers}));
    let service =
        json!({"cluster": "rtech-prod", "serviceName": "rtech-app", "taskDefinition": "rtech-app", "desiredCount": 4});
    ecs("CreateService", service);
    key
}

#[test]
fn a_session_that_ends_while_a_call_is_read_back_doubles_nothing_and_the_run_goes_on_after_the_next_login() {
    let desk = Desk::new();
    desk.begin();
    desk.log_out();
    let shown = desk.waits_for("log in again");
    assert!(shown.contains("could not be read back") && shown.contains("running"), "{shown}");
    desk.log_in("test");
    desk.go_on();
    desk.waits_for("done: ");
    assert_eq!((desk.sent(), desk.lab.desired("rtech-app")), (1, 4));
}

#[test]
fn a_login_to_another_account_in_mid_action_reads_nothing_back_and_settles_nothing() {
    let desk = Desk::new();
    let other = key_elsewhere(&desk.lab);
    desk.begin();
    desk.log_in(&other);
    let shown = desk.waits_for(ELSEWHERE);
    assert!(shown.contains("log in to 123456789012 again"), "{shown}");
    let shown = desk.waits_for("UNKNOWN");
    assert!(!shown.contains("done: "), "{shown}");
    let (text, code) = resolve(&desk.lab);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("not settled") && text.contains(ELSEWHERE), "{text}");
    desk.go_on();
    desk.log_in("test");
    let (text, code) = resolve(&desk.lab);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("the change shows"), "{text}");
    assert_eq!((desk.sent(), desk.lab.desired("rtech-app")), (1, 4));
}

#[test]
fn a_login_to_another_account_between_plan_and_apply_sends_nothing() {
    let desk = Desk::new();
    let other = key_elsewhere(&desk.lab);
    let plan = desk.plan();
    desk.lab.forget_requests();
    desk.log_in(&other);
    let apply = ["apply", &plan, "--confirm", "rtech-app"];
    let (text, code) = run(&desk.lab, &[&apply[..], &EVEN_SO].concat());
    assert_eq!((code, desk.sent()), (4, 0), "{text}");
}

/// Everything with these arguments is answered: the session is not valid any more.
fn expired(rule: serde_json::Value) -> serde_json::Value {
    let message = "The security token included in the request is expired";
    let mut whole = json!({"kind": "error", "status": 400, "code": "ExpiredTokenException", "message": message});
    whole.as_object_mut().expect("a rule").extend(rule.as_object().expect("fields").clone());
    json!([whole])
}

#[test]
fn a_call_that_is_refused_for_an_expired_session_is_sent_once_changed_nothing_and_says_to_log_in() {
    let lab = Lab::take();
    let plan = plan_to(&lab, 4);
    lab.forget_requests();
    lab.aws_faults(&expired(json!({"op": "UpdateService"})));
    let (text, code) = run(&lab, &["apply", &plan, "--confirm", "rtech-app"]);
    assert_eq!((code, lab.requests("UpdateService").len(), lab.desired("rtech-app")), (5, 1, 2), "{text}");
    assert!(text.contains("ExpiredToken") && text.contains("nothing was changed"), "{text}");
    assert!(text.contains("log in again, then make the plan again"), "{text}");
}

#[test]
fn a_session_that_ends_before_the_call_is_found_by_asking_whose_it_is_and_nothing_is_sent() {
    let lab = Lab::take();
    // Asked by `apply`, by the executor as it looks, and by it right before the call.
    for (skip, code) in [(0, 4), (1, 4), (2, 5)] {
        lab.aws_faults(&json!([]));
        let plan = plan_to(&lab, 4);
        lab.forget_requests();
        lab.aws_faults(&expired(json!({"op": "GetCallerIdentity", "skip": skip})));
        let output =
            quarterdeck(&["--config", lab.config(), "apply", &plan, "--confirm", "rtech-app"], lab.variables());
        let text = stdout(&output);
        assert_eq!((output.status.code(), lab.requests("UpdateService").len()), (Some(code), 0), "{skip}: {text}");
        assert!(text.contains("ExpiredToken") && text.contains("log in again"), "{skip}: {text}");
        assert!(text.contains("nothing was sent"), "{skip}: {text}");
    }
}
