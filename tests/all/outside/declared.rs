//! Requests that the configuration declares.

use std::sync::{Arc, Mutex};

use axum::response::Response;
use quarterdeck::action::{Action, Decision, Undo};
use quarterdeck::config::check;
use quarterdeck::executor::journal::{RunState, RunView};
use quarterdeck::runbook::{StepKind, parse};
use quarterdeck::state::lists;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Room, again, holds, typed};
use crate::sources::{Asked, Scripted, redirect, reply};

/// The flag `checkout`, and how a change of it is answered.
type Answer = fn(&mut bool) -> Response;

fn well(on: &mut bool) -> Response {
    *on = !*on;
    reply(200, "application/json", json!({ "ok": true }).to_string())
}

async fn flags(answer: Answer) -> Scripted {
    let on = Mutex::new(true);
    Scripted::start(move |asked| {
        assert_eq!(asked.headers["authorization"], "Bearer hunter2-token");
        let mut on = on.lock().unwrap();
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/api/flags/checkout") => {
                reply(200, "application/json", json!({ "environments": { "production": { "on": *on } } }).to_string())
            }
            ("PATCH", "/api/flags/checkout") => answer(&mut on),
            other => panic!("{other:?}"),
        }
    })
    .await
}

const READ_BACK: &str = r#"read_back = { source = "flags", path = "/flags/checkout", pointer = "/environments/production/on", what = "checkout", equals = false }"#;

/// The flag's server, where changes go, what a success is, and what else is declared.
fn text(server: &str, changes: &str, success: &str, more: &str) -> String {
    format!(
        r#"
[[http]]
name = "flags"
url = "{server}api"
bearer_token = "${{TOKEN}}"
[[http]]
name = "changes"
url = "{changes}api"
bearer_token = "${{TOKEN}}"
[[service]]
name = "web"
[[action]]
name = "checkout-off"
service = "web"
title = "turn the new checkout off"
patience = "1s"
{more}
[action.http]
source = "changes"
method = "PATCH"
path = "/flags/checkout?comment=on-call"
body = '{{"on": false}}'
idempotency_header = "Idempotency-Key"
timeout = "1s"
{success}
"#
    )
}

async fn room(server: &Scripted) -> Room {
    Room::new(&text(server.url.as_str(), server.url.as_str(), "", READ_BACK)).await
}

fn off() -> Action {
    typed("http", "web", &[("name", "checkout-off")]).expect("an action")
}

fn changes(server: &Scripted) -> Vec<Asked> {
    server.asked().into_iter().filter(|asked| asked.method != "GET").collect()
}

#[tokio::test]
async fn a_request_is_shown_whole_sent_once_as_shown_and_read_back() {
    let server = flags(well).await;
    let back = r#"undo = "checkout-on"
reason = "orders fail"
warning = "customers see the old one"
idempotent = true"#;
    let other = "[[action]]\nname = \"checkout-on\"\nservice = \"web\"\ntitle = \"on again\"\nhttp = { source = \"flags\", method = \"PATCH\", path = \"/flags/checkout\" }\n";
    let url = server.url.as_str();
    let room = Room::new(&(text(url, url, "", &format!("{READ_BACK}\n{back}")) + other)).await;
    let judged = room.judged(&off()).await.expect("a plan");
    let lines: Vec<_> = judged.plan.changes.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "checkout: true → false",
            "does: turn the new checkout off (unchanged)",
            "why: orders fail (unchanged)",
            "body: {\"on\": false} (unchanged)",
            "success: HTTP 2xx (unchanged)",
            "a repeat: is harmless, as declared (unchanged)",
        ]
    );
    let call = judged.plan.steps[0].call.to_string();
    let digest = quarterdeck::action::plan::sha256("{\"on\": false}");
    let said = format!("PATCH {url}api/flags/checkout?comment=on-call application/json sha256:{}…", &digest[..12]);
    assert_eq!(call, said);
    let verdict = judged.verdicts.iter().find(|verdict| verdict.guard == "declared").expect("the guard");
    assert_eq!((verdict.decision, verdict.evidence.as_str()), (Decision::Ask, "customers see the old one"));
    let Undo::Action { action } = &judged.plan.undo else { panic!("{:?}", judged.plan.undo) };
    assert_eq!((action.to_string().as_str(), &again(action)), ("http web name=checkout-on", action));
    let (state, view) = room.run(&off()).await;
    assert_eq!(state, RunState::Done, "{}", view.last_word());
    let [sent] = changes(&server).try_into().expect("one request");
    assert_eq!(
        (sent.body.as_str(), &sent.headers["content-type"]),
        ("{\"on\": false}", &"application/json".parse().unwrap())
    );
    assert_eq!(sent.headers["idempotency-key"], format!("quarterdeck-{}", &view.plan.digest()[..40]));
    let failure = room.judged(&off()).await.expect_err("it is off");
    assert!(failure.to_string().contains("nothing would change: checkout is false already"), "{failure}");
    assert!(!holds(room.dir.path(), "hunter2"), "the token got into the state directory");
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_reading_back_and_nothing_is_sent_again() {
    let lost: [(Answer, RunState); 4] = [
        (
            |on| {
                *on = false;
                reply(503, "text/plain", "oops")
            },
            RunState::Done,
        ),
        (|_| reply(503, "text/plain", "oops"), RunState::Unknown),
        (|_| reply(408, "text/plain", "too slow"), RunState::Unknown),
        (|_| redirect("/elsewhere"), RunState::Unknown),
    ];
    for (answer, ended) in lost {
        let server = flags(answer).await;
        let (state, view) = room(&server).await.run(&off()).await;
        assert_eq!((state, changes(&server).len()), (ended, 1), "{}", view.last_word());
        let found = Room::told(&view).contains("FoundApplied");
        let kept = view.last_word().contains("it was not sent again");
        assert_eq!((found, kept), (ended == RunState::Done, ended == RunState::Unknown), "{}", Room::told(&view));
    }
}

/// A server that takes one request, does what it asks for (or not) and closes the connection, or never answers.
async fn mute(on: Option<Arc<Mutex<bool>>>, hangs: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let _ = stream.read(&mut request).await;
            on.iter().for_each(|on| *on.lock().unwrap() = false);
            match hangs {
                true => kept.push(stream),
                false => drop(stream.shutdown().await),
            }
        }
    });
    url
}

#[tokio::test]
async fn a_connection_that_breaks_or_hangs_after_sending_is_unknown_until_it_is_read_back() {
    for (takes_effect, hangs, ended) in [(true, false, RunState::Done), (false, true, RunState::Unknown)] {
        let on = Arc::new(Mutex::new(true));
        let shared = on.clone();
        let server = Scripted::start(move |_| {
            reply(
                200,
                "application/json",
                json!({ "environments": { "production": { "on": *shared.lock().unwrap() } } }).to_string(),
            )
        })
        .await;
        let dumb = mute(takes_effect.then(|| on.clone()), hangs).await;
        let (state, view) = Room::new(&text(server.url.as_str(), &dumb, "", READ_BACK)).await.run(&off()).await;
        assert_eq!(state, ended, "{}", Room::told(&view));
    }
}

#[tokio::test]
async fn a_refusal_is_failed_in_the_server_s_words_and_a_closed_port_means_that_nothing_was_sent() {
    let server = flags(|_| reply(403, "application/json", r#"{"message":"read-only token hunter2-token"}"#)).await;
    let (state, view) = room(&server).await.run(&off()).await;
    let word = view.last_word();
    assert_eq!((state, changes(&server).len()), (RunState::Failed, 1), "{word}");
    assert!(
        word.contains("read-only token •••") && word.contains("nothing was changed; read back: checkout: true"),
        "{word}"
    );
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let room = Room::new(&text(server.url.as_str(), &format!("http://{closed}/"), "", READ_BACK)).await;
    let (state, view) = room.run(&off()).await;
    assert!(state == RunState::Failed && view.last_word().contains("nothing was sent"), "{}", view.last_word());
}

#[tokio::test]
async fn a_success_is_what_the_declaration_says() {
    let cases: [(Answer, &str, RunState, &str); 5] = [
        (well, "success = { pointer = \"/ok\", equals = true }", RunState::Done, "checkout: false"),
        (well, "success = { pointer = \"/ok\", equals = false }", RunState::Done, "/ok is true, not false"),
        (well, "success = { pointer = \"/no\", equals = false }", RunState::Done, "nothing at /no"),
        (|_| reply(409, "text/plain", "is so"), "success = { status = [409] }", RunState::Unknown, "not steady within"),
        (
            |_| reply(200, "text/html", "<title>Log in</title>"),
            "success = { pointer = \"/ok\", equals = true }",
            RunState::Unknown,
            "“Log in” came where JSON",
        ),
    ];
    for (answer, success, ended, words) in cases {
        let server = flags(answer).await;
        let url = server.url.as_str();
        let (state, view) = Room::new(&text(url, url, success, READ_BACK)).await.run(&off()).await;
        let told = Room::told(&view);
        assert!(state == ended && told.contains(words) && changes(&server).len() == 1, "{success}: {told}");
    }
}

#[tokio::test]
async fn without_a_read_back_only_the_answer_is_known() {
    let server = flags(well).await;
    let room = Room::new(&text(server.url.as_str(), server.url.as_str(), "", "")).await;
    let judged = room.judged(&off()).await.expect("a plan");
    let line = judged.plan.changes[0].to_string();
    assert!(line.ends_with("not known: nothing reads it back → only its answer will be known"), "{line}");
    let verdict = judged.verdicts.iter().find(|verdict| verdict.guard == "declared").expect("the guard");
    assert_eq!(verdict.decision, Decision::Ask, "{verdict:?}");
    let (state, view) = room.run(&off()).await;
    let word = view.last_word();
    assert!(
        state == RunState::Inconclusive && word.contains("only its answer is known") && word.contains("HTTP 200"),
        "{word}"
    );
    let broken = flags(|_| reply(503, "text/plain", "oops")).await;
    let room = Room::new(&text(broken.url.as_str(), broken.url.as_str(), "", "")).await;
    let (state, view) = room.run(&off()).await;
    assert!(state == RunState::Unknown && changes(&broken).len() == 1, "{}", view.last_word());
}

/// Confirms the plan of one declaration, and lets an executor carry it out that reads another.
async fn carried_out_by_another(server: &Scripted, other: &str) -> (RunState, RunView) {
    let room = room(server).await;
    let run = room.confirmed(&off()).await;
    room.redeclared(other).await.carry_out(&run).await
}

#[tokio::test]
async fn a_declaration_that_was_changed_after_the_plan_is_not_carried_out() {
    let server = flags(well).await;
    let url = server.url.as_str();
    let as_planned = text(url, url, "", READ_BACK);
    let others = [
        as_planned.replace("{\"on\": false}", "{\"on\": true}"),
        as_planned.replace("turn the new checkout off", "do something else"),
        as_planned.replace("equals = false", "equals = \"false \""),
        as_planned.replace("/flags/checkout?comment", "/flags/checkout?Comment"),
    ];
    for other in &others {
        let (state, view) = carried_out_by_another(&server, other).await;
        let word = view.last_word();
        assert!(state == RunState::Refused && word.contains("changed since the plan was made"), "{word}");
    }
    assert!(changes(&server).is_empty(), "nothing was sent");
    let (state, view) = carried_out_by_another(&server, &as_planned).await;
    assert_eq!(state, RunState::Done, "{}", view.last_word());
}

#[tokio::test]
async fn somebody_else_s_change_after_the_plan_is_drift() {
    let server = flags(well).await;
    let room = room(&server).await;
    let run = room.confirmed(&off()).await;
    let client = reqwest::Client::new();
    let other = client.patch(server.url.join("api/flags/checkout").unwrap()).bearer_auth("hunter2-token").send().await;
    assert!(other.expect("sent").status().is_success());
    let (state, view) = room.carry_out(&run).await;
    assert!(state == RunState::Refused && changes(&server).len() == 1, "{}", view.last_word());
}

#[tokio::test]
async fn a_signal_can_judge_the_outcome_and_another_value_can_be_expected() {
    let server = flags(well).await;
    let url = server.url.as_str();
    let signal = "[[service.signal]]\nname = \"share\"\nunit = \"percent\"\nhttp = { source = \"flags\", path = \"/flags/checkout\", pointer = \"/environments/production/on\" }\n[[action]]";
    let read_back = "read_back = { signal = \"share\", below = 0.5 }";
    let room = Room::new(&text(url, url, "", read_back).replacen("[[action]]", signal, 1)).await;
    let judged = room.judged(&off()).await.expect("a plan");
    assert_eq!(judged.plan.changes[0].to_string(), "web/share below 0.5 %: no → yes");
    assert!(judged.plan.changes.iter().any(|change| change.to_string() == "reads now: 1 % (unchanged)"));
    let (state, view) = room.run(&off()).await;
    assert_eq!(state, RunState::Done, "{}", view.last_word());
    let another = READ_BACK.replace("equals = false", "changes = true");
    let room = Room::new(&text(url, url, "", &another)).await;
    let judged = room.judged(&off()).await.expect("a plan, whatever the value is");
    assert_eq!(judged.plan.changes[0].to_string(), "checkout: false → another");
    let (state, view) = room.run(&off()).await;
    assert!(state == RunState::Done && view.last_word().contains("checkout: true"), "{}", view.last_word());
}

#[tokio::test]
async fn what_is_not_declared_is_no_plan_and_no_runbook_step_and_what_is_stands_in_the_palette() {
    let server = flags(well).await;
    let room = room(&server).await;
    for (action, service, name, words) in [
        ("http", "web", "checkout-of", "did you mean `checkout-off`?"),
        ("http", "api", "checkout-off", "declares no http `checkout-off` of api"),
        ("exec", "web", "checkout-off", "declare it: [[action]]"),
    ] {
        let failure = room.judged(&typed(action, service, &[("name", name)]).unwrap()).await.expect_err(name);
        assert!(failure.to_string().contains(words), "{failure}");
    }
    for wrong in [vec![], vec![("name", "a"), ("what", "b")]] {
        assert!(typed("http", "web", &wrong).is_err() && typed("exec", "web", &wrong).is_err(), "{wrong:?}");
    }
    let runbook = |name: &str| {
        let head = "+++\nid = \"x\"\ntitle = \"X\"\nowner = \"o\"\nservices = [\"web\"]\nalerts = []\nseverity = \"page\"\n+++\n\n# X\n\n## Off\n\n";
        let text = format!("{head}```action\naction = \"http\"\ntarget = \"web\"\nname = \"{name}\"\n```\n");
        parse::parse(&text, std::path::Path::new("x.md"), "x.md", Some(&room.config))
    };
    let step = &runbook("checkout-off").unwrap_or_else(|errors| panic!("{errors}")).steps[0];
    assert_eq!(step.kind, StepKind::Action(off()));
    let errors = runbook("checkout-on").expect_err("not declared").to_string();
    assert!(
        errors.contains("declares no http `checkout-on` of web") && errors.contains("there are: checkout-off"),
        "{errors}"
    );
    let mut state = crate::fixture::live();
    state.config = room.config.clone();
    let labels: Vec<String> = lists::palette(&state, "").into_iter().map(|entry| entry.label).collect();
    assert!(
        labels.contains(&"http web checkout-off".to_owned()) && !labels.contains(&"http web".to_owned()),
        "{labels:?}"
    );
}

#[test]
fn a_declaration_without_secrets_shows_none_and_its_source_s_are_known_to_the_mask() {
    let text = format!(
        "[environment]\nname = \"t\"\nkind = \"development\"\n{}",
        text("https://a.example/", "https://b.example/", "", READ_BACK)
    );
    let config = check::parse(&text, std::path::Path::new("t.toml"), &|_| Some("hunter2-token".to_owned()));
    let config = config.unwrap_or_else(|errors| panic!("{errors}"));
    assert!(!format!("{:?}", config.actions).contains("hunter2"));
    assert!(quarterdeck::config::secrets::secrets(&config).contains(&"hunter2-token".to_owned()));
}
