//! The one mutating call, against a scripted AWS: sent once, whatever is answered.

use std::time::Duration;

use quarterdeck::executor::aws::Aws;
use quarterdeck::executor::journal::{Entry, RunState};
use quarterdeck::source::aws::Connections;
use serde_json::json;

use super::identity::{WHOLE, xml};
use super::server::{Answer, Server};
use super::{connection_at, settings};
use crate::recovery::fake::{self, Bench, Fake};
use crate::runs::fixture::config;

/// A run on a service that is observed in this process and changed over HTTP; it gives up after a second.
async fn run(server: &Server) -> (RunState, Bench) {
    let mut config = config();
    config.guards.steady_deadline = Duration::from_secs(1);
    let bench = Bench::with_config(Fake::new(fake::Answer::Accept), config);
    let connections = Connections::single(connection_at(&settings(server)));
    let state = bench.execute_with(&bench.journal, &Aws::new(connections)).await.expect("a run");
    (state, bench)
}

/// Answers who we are, and `update` to everything else.
async fn server(update: fn() -> Answer) -> Server {
    Server::start(move |request| if request.operation == "GetCallerIdentity" { xml(WHOLE) } else { update() }).await
}

#[tokio::test]
async fn the_call_sets_the_count_and_nothing_else() {
    let server = server(|| {
        let service = json!({ "serviceName": "rtech-app", "status": "ACTIVE", "desiredCount": 5 });
        Answer::Json(200, json!({ "service": service }))
    });
    let server = server.await;
    let (_, bench) = run(&server).await;
    let sent: Vec<_> = server.seen("UpdateService").into_iter().map(|request| request.json).collect();
    assert_eq!(sent, [json!({ "cluster": "rtech-prod", "service": "rtech-app", "desiredCount": 5 })]);
    let accepted = bench.entries().into_iter().find(|entry| matches!(entry, Entry::Accepted { .. }));
    assert_eq!(accepted.expect("accepted").sentence(), "accepted: ACTIVE, desired count 5");
}

#[tokio::test]
async fn a_refusal_is_failed_and_is_sent_once() {
    for (code, says) in [("ThrottlingException", "Rate exceeded"), ("AccessDeniedException", "not authorized")] {
        let server = Server::start(move |request| match request.operation.as_str() {
            "GetCallerIdentity" => xml(WHOLE),
            _ => Answer::Json(400, json!({ "__type": code, "message": says })),
        });
        let server = server.await;
        let (state, bench) = run(&server).await;
        assert_eq!((state, server.seen("UpdateService").len()), (RunState::Failed, 1), "{code}");
        let word = bench.view().last_word();
        assert!(word.contains(code) && word.contains("nothing was changed"), "{word}");
    }
}

#[tokio::test]
async fn an_answer_that_tells_nothing_is_unknown_and_is_sent_once() {
    let answers: [fn() -> Answer; 5] = [
        || Answer::Json(500, json!({ "__type": "ServerException", "message": "oops" })),
        || Answer::Json(503, json!({})),
        || Answer::Raw(502, "text/html", b"<html>bad gateway</html>".to_vec()),
        || Answer::Raw(200, "text/html", b"<html>please log in</html>".to_vec()),
        || Answer::Json(200, json!({})),
    ];
    for answer in answers {
        let server = server(answer).await;
        let (state, bench) = run(&server).await;
        let word = bench.view().last_word();
        assert_eq!((state, server.seen("UpdateService").len()), (RunState::Unknown, 1), "{word}");
        assert!(word.contains("it was not sent again"), "{word}");
    }
}

#[tokio::test]
async fn credentials_of_another_account_send_nothing() {
    let other = WHOLE.replace("<Account>123456789012", "<Account>999999999999");
    let server = Server::start(move |_| xml(&other)).await;
    let (state, bench) = run(&server).await;
    assert_eq!((state, server.seen("UpdateService").len()), (RunState::Failed, 0));
    let word = bench.view().last_word();
    assert!(word.contains("999999999999") && word.contains("nothing was sent"), "{word}");
}
