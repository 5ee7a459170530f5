//! `quarterdeck status`: the real binary against scripted servers, its exit codes, and its documented JSON.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

use super::{Asked, Scripted, recorded, reply};

const FLEET: &str = r#"
[environment]
name = "test"
kind = "development"
[prometheus]
url = "$URL"
timeout = "2s"
[alertmanager]
url = "$URL"
timeout = "2s"
[[service]]
name = "rtech-app"
[[service.signal]]
name = "latency_p95"
promql = "latency"
unit = "seconds"
warning = 0.2
[[service.signal]]
name = "ratio"
promql = "ratio"
unit = "ratio"
[[service.objective]]
name = "availability"
target = 0.999
period = "30d"
bad = "bad($window)"
valid = "valid($window)"
[[service.health]]
name = "main"
url = "$URL/health"
shape = "checks"
[[backup]]
name = "db"
schedule = "daily"
[[backup.measure]]
name = "age"
promql = "age"
unit = "seconds"
"#;

/// A fleet whose latency is `latency` seconds, and whose alert list is `alerts`.
fn fleet(latency: &'static str, alerts: String) -> impl Fn(&Asked) -> axum::response::Response {
    move |asked| match asked.path.as_str() {
        "/api/v2/alerts/groups" => reply(200, "application/json", alerts.clone()),
        "/api/v2/silences" => {
            reply(200, "application/json", std::fs::read(recorded("alertmanager-silences.json")).unwrap())
        }
        "/health" => {
            reply(200, "application/json", r#"{"status":"healthy","checks":{"db":{"status":"healthy","latency":3}}}"#)
        }
        _ => {
            let value = match asked.form["query"].as_str() {
                "latency" => latency,
                "ratio" => "NaN",
                query if query.starts_with("bad") => "3",
                _ => "10000",
            };
            let now = quarterdeck::clock::Now::read().wall.as_second();
            let body = format!(r#"{{"status":"success","data":{{"resultType":"scalar","result":[{now},"{value}"]}}}}"#);
            reply(200, "application/json", body)
        }
    }
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(text: &str, server: &Scripted) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = text.replace("$URL", server.url.as_str().trim_end_matches('/'));
        std::fs::write(folder.path().join("quarterdeck.toml"), text).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("quarterdeck.toml")
    }
}

/// Runs the binary while the scripted server goes on.
async fn status(config: &Path, arguments: &[&str]) -> Output {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.env_clear().arg("--config").arg(config).arg("status").args(arguments).kill_on_drop(true);
    tokio::time::timeout(std::time::Duration::from_secs(20), command.output()).await.unwrap().unwrap()
}

fn document(output: &Output) -> Value {
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "nothing but the document is printed");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stdout)))
}

async fn reported(latency: &'static str, alerts: &str) -> (i32, Value) {
    let server = Scripted::start(fleet(latency, alerts.to_owned())).await;
    let folder = Folder::with(FLEET, &server);
    let output = status(&folder.file(), &["--output", "json"]).await;
    (output.status.code().unwrap(), document(&output))
}

#[tokio::test]
async fn everything_is_named_with_value_unit_age_and_state() {
    let alerts = std::fs::read_to_string(recorded("alertmanager-groups.json")).unwrap();
    let (code, report) = reported("0.1", &alerts).await;
    assert_eq!((code, &report["level"]), (1, &json!("unhealthy")), "an alert that pages fires for it");
    let service = &report["services"][0];
    let latency = &service["signals"][0];
    assert_eq!(
        (&latency["name"], &latency["value"], &latency["unit"]),
        (&json!("latency_p95"), &json!(0.1), &json!("seconds"))
    );
    assert_eq!((&latency["state"], latency["age_seconds"].is_number()), (&json!("live"), true));
    assert_eq!(service["signals"][1]["value"], json!("NaN"), "what is not finite stays a word");
    assert!((service["objectives"][0]["budget_remaining"].as_f64().unwrap() - 0.7).abs() < 1e-9);
    assert_eq!(service["health"][0]["components"][0]["latency_ms"], json!(3.0));
    assert_eq!(report["alerts"][0]["value"], json!(2), "two fire; the silenced and the inhibited do not");
    assert_eq!(report["alerts"][0]["alerts"].as_array().unwrap().len(), 4);
    assert_eq!(report["silences"][0]["state"], json!("live"));
    assert_eq!(report["backups"][0]["measures"][0]["value"], json!(10_000.0));
}

#[tokio::test]
async fn the_exit_code_tells_healthy_degraded_and_not_known_apart() {
    let (code, report) = reported("0.1", "[]").await;
    assert_eq!((code, &report["level"]), (0, &json!("healthy")));
    let (code, report) = reported("0.3", "[]").await;
    assert_eq!((code, &report["level"]), (1, &json!("degraded")));
    let (code, report) = reported("NaN", "[]").await;
    assert_eq!((code, &report["level"]), (3, &json!("unknown")));
    let (code, report) = reported("0.1", "<html><title>Login</title>").await;
    assert_eq!(
        (code, &report["alerts"][0]["state"]),
        (3, &json!("failed")),
        "alerts that can't be read are not no alerts"
    );
}

#[tokio::test]
async fn a_bad_configuration_ends_with_2_and_prints_no_document() {
    let server = Scripted::json("{}").await;
    let folder = Folder::with("[environment]\nname = \"x\"\nkind = \"moon\"\n", &server);
    let output = status(&folder.file(), &["--output", "json"]).await;
    assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(2), true));
    assert!(String::from_utf8_lossy(&output.stderr).contains("moon"));
}

#[tokio::test]
async fn the_table_is_for_people() {
    let server = Scripted::start(fleet("0.3", "[]".to_owned())).await;
    let folder = Folder::with(FLEET, &server);
    let output = status(&folder.file(), &[]).await;
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("test (development) DEGRADED at "), "{text}");
    for part in ["signal latency_p95", "300 ms", "live", "objective availability", "99.970 %", "NaN", "0 firing"] {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
}

#[tokio::test]
async fn watching_prints_a_document_a_line_and_follows_a_backend_that_goes_away() {
    use tokio::io::AsyncBufReadExt;
    let gone = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (seen, well) = (gone.clone(), fleet("0.1", "[]".to_owned()));
    let server = Scripted::start(move |asked| match seen.load(std::sync::atomic::Ordering::SeqCst) {
        true if asked.path.starts_with("/api/v1") => reply(500, "text/plain", "gone"),
        _ => well(asked),
    })
    .await;
    let fast = FLEET.replace("timeout = \"2s\"", "timeout = \"2s\"\ninterval = \"1s\"");
    let folder = Folder::with(&fast, &server);
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.env_clear().arg("--config").arg(folder.file());
    command.args(["status", "--watch", "--every", "1", "--output", "json"]).kill_on_drop(true);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = tokio::io::BufReader::new(child.stdout.take().unwrap()).lines();
    let mut states = Vec::new();
    let follow = async {
        while states.last().map(String::as_str) != Some("failed") {
            let report: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
            let signal = &report["services"][0]["signals"][0];
            assert_eq!(signal["value"], json!(0.1), "the last value stays");
            assert_eq!(report["services"][0]["health"][0]["state"], json!("live"), "only what is gone goes stale");
            let state = signal["state"].as_str().unwrap().to_owned();
            if states.last() != Some(&state) {
                states.push(state);
            }
            gone.store(true, std::sync::atomic::Ordering::SeqCst);
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), follow).await.unwrap();
    assert_eq!(states, ["live", "stale", "failed"]);
}

#[tokio::test]
async fn the_json_is_as_its_schema_says() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/status.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    let alerts = std::fs::read_to_string(recorded("alertmanager-groups.json")).unwrap();
    for (latency, alerts) in [("0.1", alerts.as_str()), ("NaN", "[]"), ("+Inf", "no alerts")] {
        let (_, report) = reported(latency, alerts).await;
        assert_eq!(valid(&schema, &schema, &report, "$"), Ok(()));
    }
    let (_, mut report) = reported("0.1", "[]").await;
    report["services"][0]["signals"][0]["state"] = json!("fresh");
    assert!(valid(&schema, &schema, &report, "$").unwrap_err().contains("$.services.0.signals.0.state"));
}

#[tokio::test]
async fn places_and_what_reading_costs_are_told_as_the_schema_says() {
    let server = Scripted::start(|_: &Asked| reply(404, "text/html", "not AWS".to_owned())).await;
    let aws = "[aws]\nregion = \"us-east-1\"\nendpoint = \"$URL\"\n[[aws.place]]\nname = \"dr\"\nregion = \"eu-west-1\"\n\
               [cloudwatch]\nalarm_prefixes = [\"\"]\nbudget_usd_month = 3\n[prometheus]";
    let folder = Folder::with(&FLEET.replacen("[prometheus]", aws, 1), &server);
    let keys = "[default]\naws_access_key_id = AKIDTEST\naws_secret_access_key = secret\n";
    std::fs::write(folder.0.path().join("keys"), keys).unwrap();
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.env_clear().env("AWS_SHARED_CREDENTIALS_FILE", folder.0.path().join("keys")).kill_on_drop(true);
    command.arg("--config").arg(folder.file()).args(["status", "--output", "json"]);
    let output = tokio::time::timeout(std::time::Duration::from_secs(60), command.output()).await.unwrap().unwrap();
    let report = document(&output);
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/status.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(valid(&schema, &schema, &report, "$"), Ok(()));
    let usage = &report["usage"][0];
    assert_eq!((&usage["source"], &usage["state"]), (&json!("cloudwatch"), &json!("live")));
    // Two places, one prefix once a minute, its history every five: 2 × (43,200 + 8,640) requests.
    assert!((usage["value"]["usd_month"].as_f64().unwrap() - 1.0368).abs() < 1e-9 && usage["value"]["budget"] == 3.0);
    let place = &report["places"][0];
    assert_eq!((&place["place"], &place["region"]), (&json!("dr"), &json!("eu-west-1")));
    assert_eq!(place["identity"]["state"], json!("failed"), "{place}");
    let sources: Vec<&Value> = report["alerts"].as_array().unwrap().iter().map(|alerts| &alerts["source"]).collect();
    assert!(sources.contains(&&json!("cloudwatch")) && sources.contains(&&json!("cloudwatch dr")), "{sources:?}");
}

/// The part of JSON Schema that the document uses.
pub(super) fn valid(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    if let Some(name) = schema["$ref"].as_str() {
        let target = root.pointer(name.trim_start_matches('#')).ok_or_else(|| format!("no {name}"))?;
        valid(root, target, value, at)?;
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let errors: Vec<String> = any.iter().filter_map(|one| valid(root, one, value, at).err()).collect();
        if errors.len() == any.len() {
            return Err(errors.join("; or "));
        }
    }
    let allowed = schema["enum"].as_array().is_none_or(|all| all.contains(value));
    if !allowed || schema.get("const").is_some_and(|only| only != value) || !typed(&schema["type"], value) {
        return Err(format!("{at}: {value} is not as {schema}"));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        if schema.get("items").is_some() {
            valid(root, &schema["items"], item, &format!("{at}.{index}"))?;
        }
    }
    let (Some(members), Some(properties)) = (value.as_object(), schema["properties"].as_object()) else {
        return Ok(());
    };
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        members.get(name).ok_or_else(|| format!("{at}: no {name}"))?;
    }
    for (name, member) in members {
        let property = properties.get(name).ok_or_else(|| format!("{at}: {name} is not in the schema"))?;
        valid(root, property, member, &format!("{at}.{name}"))?;
    }
    Ok(())
}

fn typed(kind: &Value, value: &Value) -> bool {
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    match kind {
        Value::String(kind) => is(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).any(is),
        _ => true,
    }
}
