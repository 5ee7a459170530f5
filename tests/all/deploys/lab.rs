//! Actions on revisions and tasks against the lab's ECS and ECR, through the whole program.

use serde_json::Value;
use serde_json::json;

use crate::harness::lab::Lab;
use crate::harness::{quarterdeck, stdout};

fn run(lab: &Lab, arguments: &[&str]) -> (String, i32) {
    let arguments: Vec<&str> = ["--config", lab.config()].into_iter().chain(arguments.iter().copied()).collect();
    let output = quarterdeck(&arguments, lab.variables());
    let text = format!("{}{}", stdout(&output), String::from_utf8_lossy(&output.stderr));
    (text, output.status.code().unwrap_or(-1))
}

/// Plans the action, forgets the calls until then, and applies it.
fn done(lab: &Lab, action: &[&str]) -> (String, i32) {
    let file = lab.state_dir().join("plan.json").display().to_string();
    let arguments: Vec<&str> = ["plan"].into_iter().chain(action.iter().copied()).chain(["--out", &file]).collect();
    let (text, code) = run(lab, &arguments);
    assert_eq!(code, 0, "{text}");
    lab.forget_requests();
    run(lab, &["apply", &file, "--confirm", "rtech-app"])
}

/// The primary deployment's revision, as the emulator has it.
fn revision(lab: &Lab) -> String {
    let services = lab.get(&format!("{}/_services", lab.variable("QD_MOTO_URL")));
    let all = services.as_array().cloned().unwrap_or_default();
    let found = all.iter().find(|one| one["service"] == "rtech-app").cloned().unwrap_or(Value::Null);
    found["deployments"][0]["revision"].as_str().unwrap_or_default().to_owned()
}

fn sent(lab: &Lab) -> (usize, usize, usize) {
    let count = |operation| lab.requests(operation).len();
    (count("RegisterTaskDefinition"), count("UpdateService"), count("StopTask"))
}

#[test]
fn an_image_is_registered_and_rolled_out_with_one_call_each() {
    let lab = Lab::take();
    let before = revision(&lab);
    let (text, code) = done(&lab, &["deploy", "rtech-app", "image=e58b013"]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(sent(&lab), (1, 1, 0), "{text}");
    assert_ne!(revision(&lab), before, "{text}");
    let (text, code) = run(&lab, &["plan", "deploy", "rtech-app", "image=e58b013"]);
    assert!(code != 0 && text.contains("nothing would change"), "{text}");
}

#[test]
fn an_image_that_is_not_in_the_registry_is_no_plan() {
    let lab = Lab::take();
    let (text, code) = run(&lab, &["plan", "deploy", "rtech-app", "image=nowhere"]);
    assert!(code != 0 && text.contains("push it first"), "{code}: {text}");
}

#[test]
fn a_reply_lost_of_the_registering_is_found_in_the_family_and_it_is_registered_once() {
    let lab = Lab::take();
    let rule = json!([{"service": "ecs", "op": "RegisterTaskDefinition", "kind": "drop_after", "n": 1}]);
    lab.aws_faults(&rule);
    let (text, code) = done(&lab, &["deploy", "rtech-app", "image=e58b013"]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(sent(&lab), (1, 1, 0), "{text}");
}

#[test]
fn going_back_to_a_named_revision_is_one_call() {
    let lab = Lab::take();
    let before = revision(&lab);
    let (family, number) = before.rsplit_once(':').expect("a revision");
    let wanted = number.parse::<u32>().expect("a number") - 1;
    let (text, code) = done(&lab, &["roll_back", "rtech-app", &format!("revision={wanted}")]);
    assert_eq!(code, 0, "{text}");
    assert_eq!((sent(&lab), revision(&lab)), ((0, 1, 0), format!("{family}:{wanted}")), "{text}");
}

#[test]
fn one_task_is_stopped_with_one_call() {
    let lab = Lab::take();
    let (text, code) = done(&lab, &["scale", "rtech-app", "desired=4"]);
    assert_eq!(code, 0, "{text}");
    let (text, _) = run(&lab, &["plan", "stop_task", "rtech-app", "task=none"]);
    let task = text.split("its tasks are: ").nth(1).and_then(|rest| rest.split([',', '\n', ' ']).next());
    let task = task.unwrap_or_else(|| panic!("{text}")).to_owned();
    let (text, code) = done(&lab, &["stop_task", "rtech-app", &format!("task={task}")]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(sent(&lab), (0, 0, 1), "{text}");
}

/// moto answers for IAM, Secrets Manager and SSM, ministack for the logs; AWS itself has not been asked.
#[test]
fn what_tasks_need_is_looked_up_and_a_revision_whose_secret_is_gone_is_denied() {
    let lab = Lab::take();
    let words = "2 roles, 1 log group, 1 secret, 1 parameter found";
    let (text, code) = run(&lab, &["plan", "deploy", "rtech-app", "image=e58b013"]);
    assert!(code == 0 && text.contains(words), "{code}: {text}");
    for operation in ["GetSecretValue", "GetParameters", "GetParameter"] {
        assert!(lab.requests(operation).is_empty(), "{operation} tells values");
    }
    lab.call("secretsmanager.DeleteSecret", &json!({"SecretId": "rtech/database"}));
    let (text, code) = run(&lab, &["plan", "deploy", "rtech-app", "image=e58b013"]);
    // The emulator's snapshot doesn't keep secrets: other tests would miss it.
    lab.call("secretsmanager.RestoreSecret", &json!({"SecretId": "rtech/database"}));
    assert!(code == 4 && text.contains("it is marked for deletion"), "{code}: {text}");
}
