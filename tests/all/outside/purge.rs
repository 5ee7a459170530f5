//! Purges of Cloudflare zones.

use quarterdeck::action::Decision;
use quarterdeck::executor::journal::RunState;
use serde_json::{Value, json};

use super::{Room, typed};
use crate::sources::{Asked, Scripted, redirect, reply};

const ZONE: &str = "023e105f4ecef8ad9ca31a8372d0c353";

/// A zone whose purges are answered so.
async fn zone(purge: fn() -> axum::response::Response) -> Scripted {
    Scripted::start(move |asked| {
        assert_eq!(asked.headers["authorization"], "Bearer hunter2-token");
        match asked.method.as_str() {
            "GET" => reply(
                200,
                "application/json",
                r#"{"success":true,"errors":[],"result":{"name":"example.com","status":"active","paused":false}}"#,
            ),
            _ => purge(),
        }
    })
    .await
}

fn purged() -> axum::response::Response {
    reply(
        200,
        "application/json",
        r#"{"success":true,"errors":[],"messages":[],"result":{"id":"9a7806061c88ada191ed06f989cc3dac"}}"#,
    )
}

async fn room(server: &Scripted) -> Room {
    Room::new(&format!(
        "[[service]]\nname = \"site\"\ncdn = {{ cloudflare_zone = \"{ZONE}\", token = \"${{TOKEN}}\", api = \"{}client/v4\" }}\n",
        server.url
    ))
    .await
}

fn sent(server: &Scripted) -> Vec<Asked> {
    server.asked().into_iter().filter(|asked| asked.method != "GET").collect()
}

#[tokio::test]
async fn paths_are_purged_by_kind_one_call_each() {
    let server = zone(purged).await;
    let room = room(&server).await;
    let action = typed("invalidate_cdn", "site", &[("paths", "/,/blog/*"), ("host", "www.example.com")]).unwrap();
    let (state, view) = room.run(&action).await;
    assert_eq!(state, RunState::Done, "{}", view.last_word());
    let bodies: Vec<Value> = sent(&server).iter().map(|asked| serde_json::from_str(&asked.body).unwrap()).collect();
    assert_eq!(
        bodies,
        [json!({ "files": ["https://www.example.com/"] }), json!({ "prefixes": ["www.example.com/blog/"] })]
    );
    assert!(sent(&server).iter().all(|asked| asked.path == format!("/client/v4/zones/{ZONE}/purge_cache")));
    assert!(view.last_word().contains("doesn't let its effect be read back"), "{}", view.last_word());
    assert!(!Room::told(&view).contains("hunter2"), "the token is not in the journal");
}

#[tokio::test]
async fn what_was_not_answered_is_unknown_and_is_sent_once() {
    let answers: [fn() -> axum::response::Response; 4] = [
        || reply(503, "text/plain", "oops"),
        || reply(200, "text/html", "<html><title>Log in</title></html>"),
        || reply(200, "application/json", r#"{"success":false,"result":null}"#),
        || redirect("/elsewhere"),
    ];
    for answer in answers {
        let server = zone(answer).await;
        let action = typed("invalidate_cdn", "site", &[("paths", "/a")]).unwrap();
        let (state, view) = room(&server).await.run(&action).await;
        let word = view.last_word();
        assert_eq!((state, sent(&server).len()), (RunState::Unknown, 1), "{word}");
        assert!(word.contains("can't be read back") && word.contains("it was not sent again"), "{word}");
    }
}

#[tokio::test]
async fn a_refusal_is_failed() {
    let server =
        zone(|| reply(403, "application/json", r#"{"success":false,"errors":[{"message":"no permission"}]}"#)).await;
    let action = typed("invalidate_cdn", "site", &[("paths", "/a")]).unwrap();
    let (state, view) = room(&server).await.run(&action).await;
    assert_eq!((state, sent(&server).len()), (RunState::Failed, 1), "{}", view.last_word());
}

#[tokio::test]
async fn all_of_a_zone_is_asked_for_and_foreign_hosts_and_half_folders_are_no_plan() {
    let server = zone(purged).await;
    let room = room(&server).await;
    let judged = room.judged(&typed("invalidate_cdn", "site", &[("paths", "/*")]).unwrap()).await.expect("a plan");
    let verdict = judged.verdicts.iter().find(|verdict| verdict.guard == "invalidation").expect("the guard");
    assert_eq!(verdict.decision, Decision::Ask, "{verdict:?}");
    assert!(judged.plan.steps[0].call.to_string().ends_with("purge_everything=true"));
    for arguments in [vec![("paths", "/b*")], vec![("paths", "/"), ("host", "evil.example")]] {
        let action = typed("invalidate_cdn", "site", &arguments).unwrap();
        assert!(room.judged(&action).await.is_err(), "{arguments:?}");
    }
}
