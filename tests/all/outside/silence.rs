//! Silences of Alertmanager.

use std::sync::{Arc, Mutex};

use axum::response::Response;
use quarterdeck::action::{Action, Decision, Undo};
use quarterdeck::executor::journal::RunState;
use serde_json::{Value, json};

use super::{Room, again, typed};
use crate::sources::{Asked, Scripted, reply};

/// How the server answers a change.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Well,
    /// It takes effect, and the answer is lost.
    Lost,
    /// No effect.
    Broken,
    Refused,
}

/// An Alertmanager with two alerts.
async fn alertmanager(mode: Mode) -> (Scripted, Arc<Mutex<Vec<Value>>>) {
    let kept: Arc<Mutex<Vec<Value>>> = Arc::default();
    let silences = kept.clone();
    let server = Scripted::start(move |asked| answer(asked, mode, &mut silences.lock().unwrap())).await;
    (server, kept)
}

fn answer(asked: &Asked, mode: Mode, silences: &mut Vec<Value>) -> Response {
    let ok = |value: Value| reply(200, "application/json", value.to_string());
    let alert = |name: &str, severity: &str| {
        json!({ "fingerprint": name, "labels": { "alertname": name, "severity": severity, "service": "web" },
            "annotations": {}, "startsAt": "2026-01-01T00:00:00Z", "status": { "state": "active" } })
    };
    match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/am/api/v2/alerts/groups") => ok(json!([{ "labels": {}, "receiver": { "name": "r" },
            "alerts": [alert("HighLatency", "page"), alert("DiskFull", "warning")] }])),
        ("GET", "/am/api/v2/silences") => ok(json!(silences)),
        (_, path) if path.starts_with("/am/api/v2/silence") => change(asked, mode, silences),
        other => panic!("{other:?}"),
    }
}

fn change(asked: &Asked, mode: Mode, silences: &mut Vec<Value>) -> Response {
    if matches!(mode, Mode::Well | Mode::Lost) {
        match asked.method.as_str() {
            "POST" => {
                let mut silence: Value = serde_json::from_str(&asked.body).unwrap();
                silence["id"] = json!(format!("id-{}", silences.len()));
                silence["status"] = json!({ "state": "active" });
                silences.push(silence);
            }
            _ => silences.last_mut().unwrap()["status"] = json!({ "state": "expired" }),
        }
    }
    match mode {
        Mode::Well => reply(200, "application/json", format!(r#"{{"silenceID":"id-{}"}}"#, silences.len() - 1)),
        Mode::Refused => reply(400, "application/json", r#""invalid silence""#),
        Mode::Lost | Mode::Broken => reply(503, "text/plain", "oops"),
    }
}

async fn room(server: &Scripted) -> Room {
    Room::new(&format!("[alertmanager]\nurl = \"{}am\"\n[[service]]\nname = \"web\"\n", server.url)).await
}

fn silence() -> Action {
    let arguments = [("alert", "HighLatency"), ("matchers", "service=~w.b"), ("for", "2h"), ("comment", "known; #42")];
    typed("silence", "alertmanager", &arguments).expect("an action")
}

fn changes(server: &Scripted) -> Vec<Asked> {
    server.asked().into_iter().filter(|asked| asked.method != "GET").collect()
}

#[tokio::test]
async fn a_silence_is_shown_with_what_it_matches_set_once_and_ended_by_its_undo() {
    let (server, kept) = alertmanager(Mode::Well).await;
    let room = room(&server).await;
    let judged = room.judged(&silence()).await.expect("a plan");
    let lines: Vec<_> = judged.plan.changes.iter().map(ToString::to_string).collect();
    assert!(lines[0].starts_with("silence: none → alertname=\"HighLatency\",service=~\"w.b\" until 20"), "{lines:?}");
    assert_eq!(lines[1], "matches now: 1: HighLatency → held back");
    let (state, view) = room.run(&silence()).await;
    assert_eq!(state, RunState::Done, "{}", view.last_word());
    let sent: Value = serde_json::from_str(&changes(&server)[0].body).unwrap();
    assert_eq!(sent["createdBy"], "ada@bastion");
    assert_eq!(sent["comment"], "known; #42");
    let matcher =
        |name: &str, value: &str, regex| json!({ "name": name, "value": value, "isRegex": regex, "isEqual": true });
    assert_eq!(sent["matchers"], json!([matcher("alertname", "HighLatency", false), matcher("service", "w.b", true)]));
    let Undo::Action { action } = &view.plan.undo else { panic!("{:?}", view.plan.undo) };
    let (state, view) = room.run(&again(action)).await;
    assert_eq!((state, changes(&server).len()), (RunState::Done, 2), "{}", view.last_word());
    assert_eq!(changes(&server)[1].path, "/am/api/v2/silence/id-0");
    assert_eq!(kept.lock().unwrap()[0]["status"]["state"], "expired");
    let failure = room.judged(&typed("unsilence", "alertmanager", &[("id", "id-0")]).unwrap()).await.expect_err("over");
    assert!(failure.to_string().contains("nothing would change"), "{failure}");
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_reading_back_and_nothing_is_sent_again() {
    let (server, _) = alertmanager(Mode::Lost).await;
    let (state, view) = room(&server).await.run(&silence()).await;
    assert_eq!((state, changes(&server).len()), (RunState::Done, 1), "{}", view.last_word());
    assert!(Room::told(&view).contains("FoundApplied"), "{}", Room::told(&view));
    let (server, _) = alertmanager(Mode::Broken).await;
    let (state, view) = room(&server).await.run(&silence()).await;
    assert_eq!((state, changes(&server).len()), (RunState::Unknown, 1), "{}", view.last_word());
    assert!(view.last_word().contains("it was not sent again"), "{}", view.last_word());
}

#[tokio::test]
async fn a_refusal_is_failed_in_alertmanager_s_words() {
    let (server, _) = alertmanager(Mode::Refused).await;
    let (state, view) = room(&server).await.run(&silence()).await;
    assert_eq!((state, changes(&server).len()), (RunState::Failed, 1));
    let word = view.last_word();
    assert!(word.contains("invalid silence") && word.contains("nothing was changed"), "{word}");
}

#[tokio::test]
async fn a_second_silence_of_the_same_changes_nothing_and_one_that_matches_nothing_asks() {
    let (server, _) = alertmanager(Mode::Well).await;
    let room = room(&server).await;
    room.run(&silence()).await;
    let shorter = [("matchers", "alertname=HighLatency,service=~w.b"), ("for", "1h"), ("comment", "again")];
    let failure = room.judged(&typed("silence", "alertmanager", &shorter).unwrap()).await.expect_err("no plan");
    assert!(failure.to_string().contains("silence id-0 holds these back until"), "{failure}");
    let nothing = [("alert", "HighLatncy"), ("for", "1h"), ("comment", "x")];
    let judged = room.judged(&typed("silence", "alertmanager", &nothing).unwrap()).await.expect("a plan");
    let verdict = judged.verdicts.iter().find(|verdict| verdict.guard == "silence").expect("the guard");
    assert_eq!(
        (verdict.decision, verdict.evidence.as_str()),
        (Decision::Ask, "it matches no alert now: is it written rightly?")
    );
}

#[test]
fn what_would_hold_everything_back_is_no_action() {
    for matchers in ["alertname=~.+", "service!=x", "a=~.*"] {
        let arguments = [("matchers", matchers), ("for", "1h"), ("comment", "x")];
        let failure = typed("silence", "alertmanager", &arguments).expect_err(matchers);
        assert!(failure.reason.contains("everything"), "{failure}");
    }
    for wrong in [
        vec![("alert", "X"), ("for", "1h")],
        vec![("alert", "X"), ("comment", "x")],
        vec![("alert", "X"), ("for", "8d"), ("comment", "x")],
        vec![("for", "1h"), ("comment", "x")],
        vec![("alert", "X"), ("for", "1h"), ("comment", "x"), ("what", "y")],
    ] {
        assert!(typed("silence", "alertmanager", &wrong).is_err(), "{wrong:?}");
    }
    assert_eq!(again(&silence()), silence());
}
