//! Two hosts with real processes and the table on DynamoDB as the lab's emulator speaks it: a second person's yes, and a target
//! that is handed over.

use std::process::{Command, Output, Stdio};

use quarterdeck::executor::journal::{Entry, RunState, RunView};

use super::lab::{Fleet, PATIENCE, table};
use crate::harness::lab::Lab;
use crate::harness::{quarterdeck, stdout, wait_for};

const SCALE: [&str; 4] = ["plan", "scale", "rtech-app", "desired=4"];

/// Two hosts that share a table: each with its own state directory, and its own copy of the simulated fleet.
async fn two(lab: &Lab, name: &str) -> [Fleet; 2] {
    let table = table(lab, name).await;
    [(); 2].map(|()| Fleet::new(&table, lab.variable("QD_MOTO_URL")))
}

fn as_user(user: &str) -> [(&str, &str); 3] {
    ["SUDO_USER", "LOGNAME", "USER"].map(|name| (name, user))
}

/// The digest in what a plan's command printed.
fn digest(text: &str) -> String {
    let found = text.split("quarterdeck approve ").nth(1).and_then(|rest| rest.split('`').next());
    found.unwrap_or_else(|| panic!("no digest in {text}")).to_owned()
}

#[tokio::test]
async fn a_plan_of_one_host_is_applied_when_another_person_agreed_on_another_host() {
    let lab = Lab::take();
    let [first, second] = two(&lab, "second").await;
    for fleet in [&first, &second] {
        fleet.guard("approval = \"two_person\"");
    }
    let file = first.plan_file();
    let (code, text) = first.run_as("ada", &[&SCALE[..], &["--out", &file]].concat());
    assert_eq!(code, 4, "{text}");
    let digest = digest(&text);
    let approve = |fleet: &Fleet, user| fleet.run_as(user, &["approve", &digest, "--confirm", "rtech-app"]);
    let (code, text) = approve(&second, "ada");
    assert!(code == 4 && text.contains("another person must agree"), "{code} {text}");
    let apply = || first.run_as("ada", &["apply", &file, "--confirm", "rtech-app"]);
    let (code, text) = apply();
    assert!(code == 4 && text.contains("waits for a second person"), "{code} {text}");
    let (code, text) = approve(&second, "eve");
    assert!(code == 0 && text.contains("2 → 4") && text.contains("agreed, until"), "{code} {text}");
    let (code, text) = apply();
    assert_eq!((code, first.effects(), second.effects()), (0, 1, 0), "{text}");
    let run = first.wait("the run", |_| true);
    let shown = first.run(&["runs", "show", &run.id.0, "--output", "json"]).1;
    assert!(shown.contains("eve@") && shown.contains("agreed at"), "who agreed is journalled: {shown}");
}

#[tokio::test]
async fn a_table_that_can_t_be_asked_leaves_a_plan_without_a_second_person() {
    let lab = Lab::take();
    let fleet = Fleet::new("nobody-made-this-table", lab.variable("QD_MOTO_URL"));
    fleet.guard("approval = \"two_person\"");
    let (code, text) = fleet.run(&SCALE);
    assert!(code == 4 && text.contains("whether a second person agreed is not known"), "{code} {text}");
    let (code, text) = fleet.run(&["approve", "deadbeef", "--confirm", "rtech-app"]);
    assert!(code == 3 && text.contains("ResourceNotFound"), "{code} {text}");
}

/// Shifts traffic in two steps, far apart: the run, once its first step is steady.
fn between_two_steps(fleet: &Fleet) -> (std::process::Child, RunView) {
    let file = fleet.plan_file();
    let shift = ["shift_traffic", "rtech-app", "to=rtech-app-green", "steps=50,100", "bake=10m"];
    let (code, text) = fleet.run(&[&["plan"], &shift[..], &["--out", &file]].concat());
    assert_eq!(code, 0, "{text}");
    let mut apply = fleet.command(&["apply", &file, "--confirm", "rtech-app"]);
    let apply = apply.stdout(Stdio::null()).spawn().expect("it runs");
    let settled = |view: &RunView| view.records.iter().any(|record| matches!(record.entry, Entry::Settled { .. }));
    (apply, fleet.wait("the first step is steady", settled))
}

#[tokio::test]
async fn a_target_is_asked_for_on_one_host_granted_on_the_other_and_free_then() {
    let lab = Lab::take();
    let [first, second] = two(&lab, "handover").await;
    let (mut apply, run) = between_two_steps(&first);
    let id = run.id.0.as_str();
    let (code, text) = second.run(&["plan", "shift_traffic", "rtech-app", "weights=rtech-app:100,rtech-app-green:0"]);
    assert!(code == 4 && text.contains(id), "the other host is kept off: {code} {text}");
    let (code, text) = second.run_as("eve", &["lease", "ask", id, "--reason", "checkout fails on green"]);
    assert!(code == 0 && text.contains("to hand over"), "{code} {text}");
    let list = |fleet: &Fleet| fleet.run(&["lease", "list"]).1;
    assert!(list(&second).contains("not granted yet: checkout fails on green"), "{}", list(&second));
    // The run's executor hears of it with its heartbeat, and tells its own host.
    let grant = || {
        let (code, text) = first.run(&["lease", "grant", id]);
        (code == 0).then_some(text)
    };
    let text = wait_for("the wish is heard", PATIENCE, grant, || list(&first));
    assert!(text.contains("goes to eve@"), "{text}");
    let ended = first.wait("it ended", |view| !view.is_open());
    let word = ended.last_word();
    assert_eq!(ended.state, RunState::Failed, "{word}");
    assert!(word.contains("handed over to eve@") && word.contains("checkout fails on green"), "{word}");
    assert_eq!((first.effects(), apply.wait().expect("it ended").code()), (1, Some(5)), "no second call");
    let free = || Some(list(&second)).filter(|text| text.contains("free: ") && text.contains("granted "));
    wait_for("the target is free, and that it was granted is told", PATIENCE, free, || list(&second));
    let (code, text) = second.run_as("eve", &["lease", "ask", id, "--reason", "late"]);
    assert!(code == 4 && text.contains("no run"), "{code} {text}");
}

/// A desk on a host of its own, with AWS credentials of its own: the lab's fleet on the emulator.
struct Desk<'a> {
    lab: &'a Lab,
    user: &'static str,
    variables: Vec<(String, String)>,
    dir: tempfile::TempDir,
}

impl<'a> Desk<'a> {
    /// `user` in a session of a role, which the emulator's STS tells apart.
    fn new(lab: &'a Lab, user: &'static str, role: &str, session: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut variables = lab.variables().to_vec();
        let set = [
            ("QD_STATE_DIR", dir.path().display().to_string()),
            ("AWS_ACCESS_KEY_ID", session_key(lab, role, session)),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ];
        let set = set.into_iter().chain(as_user(user).map(|(name, user)| (name, user.to_owned())));
        variables.extend(set.map(|(name, value)| (name.to_owned(), value)));
        Self { lab, user, variables, dir }
    }

    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = quarterdeck(&[&["--config", self.lab.config()], arguments].concat(), &self.variables);
        let text = stdout(&output) + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap_or(-1), text)
    }

    fn plan_file(&self) -> String {
        self.dir.path().join("plan.json").display().to_string()
    }
}

/// An access key of this session of a role.
fn session_key(lab: &Lab, role: &str, session: &str) -> String {
    let scope = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sts/aws4_request";
    let role = format!("arn:aws:iam::123456789012:role/{role}");
    let form = format!("Action=AssumeRole&Version=2011-06-15&RoleArn={role}&RoleSessionName={session}");
    let arguments = ["-s", "--max-time", "10", "-H", scope, "-d", &form, lab.variable("QD_MOTO_URL")];
    let Output { stdout, .. } = Command::new("curl").args(arguments).output().expect("curl runs");
    let answer = String::from_utf8_lossy(&stdout).into_owned();
    let key = answer.split("<AccessKeyId>").nth(1).and_then(|rest| rest.split('<').next());
    key.unwrap_or_else(|| panic!("no key in {answer}")).to_owned()
}

#[tokio::test]
async fn on_aws_only_credentials_that_sts_tells_apart_are_another_person() {
    let lab = Lab::take();
    let table = table(&lab, "identities").await;
    lab.configure("approval =", "approval = \"two_person\"");
    lab.configure("# [shared]", "[shared]");
    lab.configure("# dynamodb_table", &format!("dynamodb_table = \"{table}\""));
    const OPS: &str = "AWSReservedSSO_ops_0123456789abcdef";
    let ada = Desk::new(&lab, "ada", OPS, "ada@corp");
    let (code, text) = ada.run(&[&SCALE[..], &["--out", &ada.plan_file()]].concat());
    assert_eq!(code, 4, "{text}");
    let digest = digest(&text);
    let apply = || ada.run(&["apply", &ada.plan_file(), "--confirm", "rtech-app"]);
    // She herself at another desk, called otherwise there, in the same session or in one of another permission set.
    for (user, role, flaw) in [
        ("eve", OPS, "with the same AWS credentials"),
        ("bob", "AWSReservedSSO_admin_0123456789abcdef", "is the same person for AWS, in another role"),
    ] {
        let desk = Desk::new(&lab, user, role, "ada@corp");
        let (code, text) = desk.run(&["approve", &digest, "--confirm", "rtech-app"]);
        assert!(code == 4 && text.contains(&format!("would not count: {flaw}")), "{}: {code} {text}", desk.user);
        let (code, text) = apply();
        assert!(code == 4 && text.contains("waits for a second person"), "{code} {text}");
    }
    let (code, text) = Desk::new(&lab, "eve", "ops", "eve").run(&["approve", &digest, "--confirm", "rtech-app"]);
    assert!(code == 4 && text.contains("two IAM users count, or two persons"), "{code} {text}");
    let eve = Desk::new(&lab, "eve", OPS, "eve@corp");
    let (code, text) = eve.run(&["approve", &digest, "--confirm", "rtech-app"]);
    assert_eq!(code, 0, "{text}");
    lab.forget_requests();
    let (code, text) = apply();
    assert_eq!((code, lab.requests("UpdateService").len(), lab.desired("rtech-app")), (0, 1, 4), "{text}");
}
