//! The lab: real backends on loopback (`tests/lab`). Its tests share one fleet, so they run one after the other.

use std::process::Command;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::{no_cooldowns, root, wait_for};

/// The configuration that the lab's tests run with, as a new user would.
pub(crate) const EXAMPLE: &str = "examples/rtech/quarterdeck.toml";

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
static UP: Once = Once::new();

/// The lab, held by one test, in its seeded state.
pub(crate) struct Lab {
    variables: Vec<(String, String)>,
    state_dir: tempfile::TempDir,
    config: tempfile::NamedTempFile,
    _turn: MutexGuard<'static, ()>,
}

impl Lab {
    /// Takes the lab, starting it where it is not up; puts the fleet back to its seeded state.
    pub(crate) fn take() -> Self {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        UP.call_once(|| script("up"));
        // Some identifiers are new after each reset.
        script("reset");
        let mut variables = read();
        let state_dir = tempfile::tempdir().expect("a folder");
        let more = [
            ("QD_STATE_DIR", state_dir.path().display().to_string()),
            ("QD_INTERVAL", "1s".to_owned()),
            ("QD_CLOUDWATCH_INTERVAL", "10s".to_owned()),
        ];
        variables.extend(more.map(|(name, value)| (name.to_owned(), value)));
        let lab = Self { variables, state_dir, config: config(), _turn: turn };
        lab.wait_until_calm();
        lab
    }

    /// After a reset, rates and alerts take a while to show it.
    fn wait_until_calm(&self) {
        let calm = || {
            let alerts = self.get(&format!(
                "{}/api/v2/alerts?active=true&silenced=false&inhibited=false",
                self.variable("QD_ALERTMANAGER_URL")
            ));
            let p95 = self.prometheus("histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{service=\"rtech-app\"}[10s])))");
            (alerts.as_array().is_some_and(Vec::is_empty) && p95.is_some_and(|p95| p95 < 0.3)).then_some(())
        };
        wait_for("the lab is calm", Duration::from_secs(60), calm, || "alerts or latency stay high".to_owned());
    }

    /// Variables for the binary.
    pub(crate) fn variables(&self) -> &[(String, String)] {
        &self.variables
    }

    /// One of the lab's variables.
    pub(crate) fn variable(&self, name: &str) -> &str {
        let found = self.variables.iter().find(|(known, _)| known == name);
        found.map_or_else(|| panic!("target/lab/env has no {name}"), |(_, value)| value)
    }

    /// The example's configuration, its waits between actions taken out.
    pub(crate) fn config(&self) -> &str {
        self.config.path().to_str().expect("a path of plain characters")
    }

    /// From now on the binary sees this variable so.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Writes this in place of the configuration's line that begins so.
    pub(crate) fn configure(&self, beginning: &str, instead: &str) {
        let text = std::fs::read_to_string(self.config.path()).expect("a configuration");
        let line = text.lines().find(|line| line.starts_with(beginning));
        let line = line.unwrap_or_else(|| panic!("no line of the example begins `{beginning}`"));
        std::fs::write(self.config.path(), text.replacen(line, instead, 1)).expect("written");
    }

    /// The state directory of this test.
    pub(crate) fn state_dir(&self) -> &std::path::Path {
        self.state_dir.path()
    }

    /// The newest value of a PromQL expression, asked of Prometheus itself.
    pub(crate) fn prometheus(&self, expression: &str) -> Option<f64> {
        let base = self.variable("QD_PROMETHEUS_DIRECT_URL");
        let output =
            curl(&["-sG", &format!("{base}/api/v1/query"), "--data-urlencode", &format!("query={expression}")]);
        let answer: Value = serde_json::from_str(&output).ok()?;
        answer["data"]["result"][0]["value"][1].as_str()?.parse().ok()
    }

    /// GETs JSON.
    pub(crate) fn get(&self, url: &str) -> Value {
        serde_json::from_str(&curl(&["-s", url])).unwrap_or(Value::Null)
    }

    /// Posts JSON to one of the lab's controls.
    pub(crate) fn post(&self, base: &str, path: &str, body: &Value) {
        let url = format!("{}{path}", self.variable(base));
        let body = body.to_string();
        let arguments = ["-sS", "-f", "-X", "POST", "-H", "Content-Type: application/json", "-d", &body, &url];
        let output = Command::new("curl").args(["--max-time", "10"]).args(arguments).output().expect("curl runs");
        assert!(output.status.success(), "{url} {body}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Sends the AWS emulator an operation of JSON 1.1, such as `secretsmanager.DeleteSecret`.
    pub(crate) fn call(&self, target: &str, body: &Value) {
        self.call_as(("lab", target.split('.').next().unwrap_or_default()), target, body);
    }

    /// The same with this access key, which tells the account, signed for this service; what was answered.
    pub(crate) fn call_as(&self, (key, service): (&str, &str), target: &str, body: &Value) -> Value {
        let signed =
            format!("Authorization: AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/{service}/aws4_request");
        let (target, url) = (format!("X-Amz-Target: {target}"), self.variable("QD_MOTO_URL").to_owned());
        let headers = ["-H", &target, "-H", &signed, "-H", "Content-Type: application/x-amz-json-1.1"];
        let answer = curl(&[&["-sS", "-X", "POST"], &headers[..], &["-d", &body.to_string(), &url]].concat());
        serde_json::from_str(&answer).unwrap_or(Value::Null)
    }

    /// Sets how the switch before Prometheus behaves: `pass`, `hang`, `refuse`, …
    pub(crate) fn prometheus_mode(&self, mode: &str) {
        self.post("QD_PROMETHEUS_PROXY_CONTROL_URL", "/_mode", &json!({ "mode": mode }));
    }

    /// Sets the faults of the AWS emulator.
    pub(crate) fn aws_faults(&self, rules: &Value) {
        self.post("QD_MOTO_URL", "/_faults", rules);
    }

    /// Forgets the AWS calls until now.
    pub(crate) fn forget_requests(&self) {
        curl(&["-s", "-X", "DELETE", &format!("{}/_requests", self.variable("QD_MOTO_URL"))]);
    }

    /// AWS calls of one operation since they were forgotten.
    pub(crate) fn requests(&self, operation: &str) -> Vec<Value> {
        let all = self.get(&format!("{}/_requests", self.variable("QD_MOTO_URL")));
        let all = all.as_array().cloned().unwrap_or_default();
        all.into_iter().filter(|request| request["op"] == operation).collect()
    }

    /// The desired count of a service, as the emulator has it, past all faults.
    pub(crate) fn desired(&self, service: &str) -> u64 {
        let services = self.get(&format!("{}/_services", self.variable("QD_MOTO_URL")));
        let found = services.as_array().and_then(|all| all.iter().find(|one| one["service"] == service));
        found.and_then(|one| one["desired"].as_u64()).unwrap_or_else(|| panic!("no {service} in {services}"))
    }
}

/// The example without the guards that are about haste: tests act one after the other, and the lab's service has long used up
/// its error budget.
fn config() -> tempfile::NamedTempFile {
    let mut text = std::fs::read_to_string(root().join(EXAMPLE)).expect("the example is there");
    let waits = no_cooldowns();
    for (key, instead) in
        [("gate_window", "gate_window = \"0s\""), ("error_budget", "error_budget = \"allow\""), ("cooldown", &waits)]
    {
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_else(|| panic!("no {key} in the example"));
        text = text.replace(line, instead);
    }
    let file = tempfile::Builder::new().suffix(".toml").tempfile().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    file
}

fn read() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join("target/lab/env")).expect("tests/lab/up writes target/lab/env");
    let lines = text.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
    lines.map(|(name, value)| (name.to_owned(), value.trim_matches(['\'', '"']).to_owned())).collect()
}

fn script(name: &str) {
    let output = Command::new(root().join("tests/lab").join(name)).output().expect("the lab's script runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "tests/lab/{name} failed (tests/lab/install installs what it needs): {said}");
}

fn curl(arguments: &[&str]) -> String {
    let output = Command::new("curl").args(["--max-time", "10"]).args(arguments).output().expect("curl runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
