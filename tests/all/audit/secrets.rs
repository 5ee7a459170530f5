//! Canary secrets in every place that a configuration or the environment can hold one, in every spelling that a backend may
//! echo: neither the journal's file nor an export holds any.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use quarterdeck::action::{Arming, GuardContext, Plan, judge};
use quarterdeck::config::{Config, Secret, check, secrets};
use quarterdeck::executor::journal::audit::{Selection, export};
use quarterdeck::executor::journal::{Entry, Journal, JournalError, RunId};
use quarterdeck::store::Store;
use quarterdeck::text::Text;
use quarterdeck::text::mask::Mask;
use rusqlite::Connection;

use super::fixture::Scene;
use crate::harness::{quarterdeck, stdout};
use crate::runs::fixture::{SERVICE, approved_at, context, now, operator, plan};

const TEXT: &str = r#"
[environment]
name = "rtech-prod"
kind = "staging"

[prometheus]
url = "https://prometheus.example.com"
bearer_token = "${PROMETHEUS}"
tenant = "rtech-app"
headers = { "X-Api-Key" = "${HEADER}" }

[alertmanager]
url = "https://alertmanager.example.com"
basic = { user = "ops", password = "${PASSWORD}" }

[[http]]
name = "api"
url = "https://api.example.com"
bearer_token_file = "token"

[[service]]
name = "rtech-app"
cdn = { cloudflare_zone = "0123456789abcdef0123456789abcdef", token = "${CDN}" }

[[service.health]]
name = "home"
url = "https://app.example.com/health"
headers = { Authorization = "${HEALTH}" }
"#;

/// The canaries by the variable that holds them, with what needs encoding in them; the last two are a file and a variable.
const CANARIES: [(&str, &str); 7] = [
    ("PROMETHEUS", "canary-prom-8Kx/+=92"),
    ("HEADER", "canary-head-&<77>-q"),
    ("PASSWORD", "canary pass \"w0rd\" 3"),
    ("CDN", "canary-cdn-~Zq81_x"),
    ("HEALTH", "Bearer canary-health-5521"),
    ("", "canary-file-99812"),
    ("AWS_SECRET_ACCESS_KEY", "canary/aws+secret/KEY0123456789"),
];

fn configured(folder: &Path) -> Config {
    fs::write(folder.join("token"), format!("{}\n", CANARIES[5].1)).expect("a token");
    let variable = |name: &str| CANARIES.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    check::parse(TEXT, &folder.join("quarterdeck.toml"), &variable).unwrap_or_else(|errors| panic!("{errors}"))
}

fn mask(folder: &Path) -> Mask {
    let config = configured(folder);
    let variables = CANARIES.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let known = secrets::secrets(&config).into_iter().chain(secrets::variables(variables));
    Mask::new(known, secrets::secret_files(&config))
}

/// What of a secret must not be found: it without its scheme.
fn bare(secret: &str) -> &str {
    secret.strip_prefix("Bearer ").unwrap_or(secret)
}

/// A secret as backends echo it.
fn spellings(secret: &str) -> Vec<String> {
    let each = |form: fn(u8) -> String| secret.bytes().map(form).collect::<String>();
    let half = (0..=secret.len() / 2).rev().find(|at| secret.is_char_boundary(*at)).unwrap_or(0);
    vec![
        secret.to_owned(),
        serde_json::Value::from(secret).to_string(),
        base64(secret.as_bytes()),
        base64(format!("ops:{secret}").as_bytes()),
        base64(format!("x{secret}y").as_bytes()).replace('+', "-").replace('/', "_"),
        each(|byte| format!("{byte:02x}")),
        each(|byte| format!("{byte:02X}")),
        each(|byte| format!("%{byte:02X}")),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        format!("{}\n{}", &secret[..half], &secret[half..]),
        format!("{}\r\n  {}", &secret[..half], &secret[half..]),
    ]
}

/// Base64 by hand: the test must not share the code under test's own.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |group: u32, place: u32| char::from(LETTERS[(group >> (18 - 6 * place) & 63) as usize]);
    let group = |chunk: &[u8]| {
        let number = (0..3).fold(0, |number, at| number << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        (0..4).map(|at| if at <= chunk.len() as u32 { letter(number, at) } else { '=' }).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

/// A journal that covers these secrets, with every spelling of every secret in every field of every entry that can hold text.
fn planted(scene: &Scene) -> Journal {
    let store = Store::open(&scene.state()).expect("a store").masking(mask(scene.dir.path()));
    let journal = Journal::new(Arc::new(store));
    let run = journal.approve(approved_at(5, now()), now()).expect("approved");
    let taken = journal.take(&run, std::process::id(), now()).expect("a journal").expect("taken");
    journal.append(&run, Entry::Started { step: 0 }, now().wall).expect("written");
    journal.append(&run, Entry::Accepted { step: 0, receipt: "ok".into(), made: None }, now().wall).expect("written");
    for (_, secret) in CANARIES {
        for spelling in spellings(secret) {
            plant(&journal, &run, &spelling);
        }
    }
    let (reason, found) = (Text::clean(CANARIES[0].1), Text::clean(CANARIES[1].1));
    journal.append(&run, Entry::Unknown { reason, found }, now().wall).expect("written");
    journal.release(taken.lease()).expect("released");
    journal.resolve(&run, operator(CANARIES[6].1), CANARIES[2].1.into(), now()).expect("resolved");
    journal
}

fn plant(journal: &Journal, run: &RunId, spelling: &str) {
    let body = format!("HTTP 500: {{\"error\":\"denied for {spelling}, see the log\"}}");
    journal.append(run, Entry::Progress { found: Text::clean(&body) }, now().wall).expect("written");
}

/// All that must not be found in `text`, with line ends that wrapped it made whole.
#[track_caller]
fn holds_no_canary(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for (_, secret) in CANARIES {
        for spelling in spellings(secret).into_iter().chain(spellings(bare(secret))) {
            let cleaned = Text::clean(&spelling);
            for wanted in [spelling.as_str(), cleaned.as_str(), &serde_json::Value::from(cleaned.as_str()).to_string()]
            {
                let wanted = wanted.trim_matches('"').trim_end_matches('=');
                assert!(!text.contains(wanted), "{what} holds {wanted}");
            }
        }
    }
    assert!(!text.contains("canary"), "{what} holds a part of a canary");
}

#[test]
fn neither_journal_nor_export_holds_a_secret_in_any_spelling() {
    let scene = Scene::new();
    drop(planted(&scene));
    let mut out = Vec::new();
    export(&scene.file(), &Selection::default(), ("rtech-prod", scene.later().wall), &mut out).expect("exported");
    holds_no_canary("the export", &out);
    assert!(String::from_utf8_lossy(&out).contains("denied for •••, see the log"), "what is no secret stays");
    for file in fs::read_dir(scene.state()).expect("a folder") {
        let path = file.expect("a file").path();
        holds_no_canary(&path.display().to_string(), &fs::read(&path).expect("read"));
    }
    assert!(scene.verify_alone().is_whole(), "what was covered is sealed as it is stored");
}

#[test]
fn the_check_itself_finds_each_canary_where_nothing_is_covered() {
    for spelling in CANARIES.iter().flat_map(|(_, secret)| spellings(secret)) {
        let text = format!("x {spelling} y");
        assert!(std::panic::catch_unwind(|| holds_no_canary("it", text.as_bytes())).is_err(), "{spelling}");
    }
}

#[test]
fn a_plan_with_a_secret_in_it_is_refused_because_it_can_be_neither_covered_nor_kept() {
    let scene = Scene::new();
    let store = Store::open(&scene.state()).expect("a store").masking(mask(scene.dir.path()));
    let journal = Journal::new(Arc::new(store));
    let mut plan = plan(5);
    plan.runbook_step = Some(format!("deploy#{}", CANARIES[3].1));
    let config = crate::runs::fixture::config();
    let judged = judge(plan, &GuardContext { arming: Arming::Armed, ..context(&config, now().wall) });
    let approved = judged.approve(SERVICE, operator("ada"), now().wall).expect("approved");
    assert!(matches!(journal.approve(approved, now()), Err(JournalError::SecretInPlan)));
    let raw = Connection::open(scene.file()).expect("a file");
    let kept: u64 = raw.query_row("SELECT count(*) FROM approvals", [], |row| row.get(0)).expect("a number");
    assert_eq!(kept, 0, "nothing was written");
}

#[test]
fn a_secret_in_the_evidence_of_a_plan_is_covered_and_holds_up_no_second_person() {
    let scene = Scene::new();
    let store = Store::open(&scene.state()).expect("a store").masking(mask(scene.dir.path()));
    let journal = Journal::new(Arc::new(store));
    let mut plan = plan(5);
    plan.observation.workload.as_mut().expect("a workload").status = CANARIES[3].1.into();
    journal.propose(&plan, &operator("ada"), now()).expect("kept");
    let kept = journal.proposal(&plan.digest()).expect("found").plan;
    assert_eq!((kept.digest(), holds_canary(&kept)), (plan.digest(), false));
    plan.cost = Some(CANARIES[3].1.to_owned());
    assert!(matches!(journal.propose(&plan, &operator("ada"), now()), Err(JournalError::SecretInPlan)));
}

fn holds_canary(plan: &Plan) -> bool {
    serde_json::to_string(plan).expect("JSON").contains(CANARIES[3].1)
}

#[test]
fn a_tenant_and_other_plain_headers_are_no_secrets_and_hold_up_no_plan() {
    let scene = Scene::new();
    let config = configured(scene.dir.path());
    let tenant = config.prometheus.as_ref().map(|prometheus| prometheus.headers.clone()).expect("a backend");
    assert!(tenant.iter().any(|(_, value)| *value == Secret::new("rtech-app".into())), "it is kept like a secret");
    let store = Store::open(&scene.state()).expect("a store").masking(mask(scene.dir.path()));
    Journal::new(Arc::new(store)).approve(approved_at(5, now()), now()).expect("approved");
}

#[test]
fn the_binary_covers_what_its_variables_and_files_hold() {
    let scene = Scene::new();
    let text = quarterdeck::simulator::demo::demo_text("overload", 1, &scene.state());
    let file = |name: &str| scene.dir.path().join(name).to_string_lossy().into_owned();
    fs::write(file("quarterdeck.toml"), text).expect("a configuration");
    let variables = [("DEPLOY_TOKEN", "canary-aws-deploy-1"), ("LOGNAME", "canary-aws-deploy-1"), ("SUDO_USER", "")]
        .map(|(a, b)| (a.into(), b.into()));
    let (config, plan) = (file("quarterdeck.toml"), file("plan.json"));
    let planned =
        quarterdeck(&["--config", &config, "plan", "scale", "rtech-app", "desired=4", "--out", &plan], &variables);
    assert_eq!(planned.status.code(), Some(0), "{}", stdout(&planned));
    let applied = quarterdeck(&["--config", &config, "apply", &plan, "--confirm", "rtech-app"], &variables);
    assert_eq!(applied.status.code(), Some(0), "{}", stdout(&applied));
    let exported = quarterdeck(&["--config", &config, "audit", "export"], &variables);
    assert!(stdout(&exported).contains(r#""user":"•••""#), "{}", stdout(&exported));
    holds_no_canary("the export", &exported.stdout);
}
