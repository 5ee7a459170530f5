//! The client itself: size, time, redirects, credentials, and what its errors say.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use quarterdeck::config::{HttpAuth, Secret};
use quarterdeck::source::http::{Access, HttpClient};
use quarterdeck::source::{Name, SourceError, SourceErrorKind};

use super::{Scripted, backend, hanging, recorded, redirect, reply};

fn client(server: &Scripted, change: impl FnOnce(&mut Access)) -> HttpClient {
    let mut access = Access::from(&backend(server));
    change(&mut access);
    HttpClient::new(Name::from("prometheus"), access)
}

async fn failure(server: &Scripted, change: impl FnOnce(&mut Access)) -> SourceError {
    let client = client(server, change);
    match client.get(&server.url).await {
        Ok(answer) => client.accepted(answer).expect_err("a failure is expected"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_body_over_the_cap_is_refused_while_it_streams() {
    let endless = |_: &super::Asked| {
        let chunk = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>("x".repeat(1 << 16)));
        Response::new(Body::from_stream(chunk))
    };
    let server = Scripted::start(endless).await;
    let error = failure(&server, |access| access.max_body = 1 << 20).await;
    assert_eq!(error.kind, SourceErrorKind::Malformed);
    assert_eq!(error.reason.as_str(), "the answer is larger than 1 MiB (`max_body`); narrow the query");
}

#[tokio::test]
async fn a_compressed_body_is_counted_after_decompression() {
    // 8 MiB of one digit, compressed.
    let bomb = std::fs::read(recorded("bomb.gz")).unwrap();
    assert!(bomb.len() < 1 << 14, "it is a bomb: {} bytes on the wire", bomb.len());
    let server = Scripted::start(move |asked| {
        assert!(asked.headers["accept-encoding"].to_str().unwrap().contains("gzip"));
        Response::builder().header("content-encoding", "gzip").body(Body::from(bomb.clone())).unwrap()
    })
    .await;
    let error = failure(&server, |access| access.max_body = 1 << 20).await;
    assert_eq!(error.kind, SourceErrorKind::Malformed);
    assert!(error.reason.contains("larger than 1 MiB"), "{}", error.reason);
}

#[tokio::test]
async fn an_answer_that_never_ends_is_a_timeout() {
    let server = Scripted::start(|_| hanging()).await;
    let error = failure(&server, |access| access.timeout = Duration::from_millis(200)).await;
    assert_eq!((error.kind, error.reason.as_str()), (SourceErrorKind::Timeout, "no answer within 0.2 s"));
}

#[tokio::test]
async fn a_closed_port_is_unreachable_and_named_without_secrets() {
    let server = Scripted::json("{}").await;
    let mut url = server.url.clone();
    url.set_path("/secret-path");
    url.set_query(Some("token=hunter2"));
    let client = client(&server, |_| {});
    server.server.abort();
    let error = loop {
        // The port closes as soon as the aborted server is dropped.
        match client.get(&url).await {
            Ok(_) => tokio::task::yield_now().await,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind, SourceErrorKind::Unreachable);
    assert!(error.reason.contains("127.0.0.1"), "{}", error.reason);
    assert!(!error.reason.contains("hunter2") && !error.reason.contains("secret-path"), "{}", error.reason);
}

#[tokio::test]
async fn a_redirect_to_another_place_is_refused_and_named() {
    let other = Scripted::json(r#"{"status":"success"}"#).await;
    let target = format!("http://user:hunter2@{}/login?next=secret", other.url.authority());
    let place = format!("http://{}/login", other.url.authority());
    let server = Scripted::start(move |_| redirect(&target)).await;
    let error = failure(&server, |access| access.auth = HttpAuth::Bearer(Secret::new("t0ken-123".into()))).await;
    assert_eq!(error.kind, SourceErrorKind::Refused);
    assert_eq!(error.reason.as_str(), format!("it redirects to {place}, another place, which is not followed"));
    assert!(other.asked().is_empty(), "the other place got no request and no token");
}

#[tokio::test]
async fn a_redirect_within_the_origin_is_followed_and_circles_end() {
    let server = Scripted::start(|asked| match asked.path.as_str() {
        "/" => redirect("/there"),
        "/circle" => redirect("/circle"),
        _ => reply(200, "application/json", "[]"),
    })
    .await;
    let client = client(&server, |_| {});
    assert_eq!(client.get(&server.url).await.unwrap().body, b"[]");
    let error = client.get(&server.url.join("/circle").unwrap()).await.unwrap_err();
    assert_eq!(error.reason.as_str(), "it redirects in circles");
}

#[tokio::test]
async fn credentials_are_sent_and_a_rotated_token_is_picked_up() {
    let server = Scripted::json("[]").await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "first\n").unwrap();
    let client = client(&server, |access| {
        access.auth = HttpAuth::BearerFile(file.path().to_owned());
        access.headers = vec![("X-Scope-OrgID".to_owned(), Secret::new("rtech".to_owned()))];
    });
    client.get(&server.url).await.unwrap();
    std::fs::write(file.path(), "second").unwrap();
    client.get(&server.url).await.unwrap();
    let sent: Vec<_> = server.asked().iter().map(|asked| asked.headers["authorization"].clone()).collect();
    assert_eq!(sent, ["Bearer first", "Bearer second"]);
    assert_eq!(server.asked()[0].headers["x-scope-orgid"], "rtech");
}

#[tokio::test]
async fn basic_authentication_is_sent() {
    let server = Scripted::json("[]").await;
    let auth = HttpAuth::Basic { user: "Aladdin".to_owned(), password: Secret::new("open sesame".to_owned()) };
    client(&server, |access| access.auth = auth).get(&server.url).await.unwrap();
    // The pair and its coding are the example of RFC 7617.
    assert_eq!(server.asked()[0].headers["authorization"], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

#[tokio::test]
async fn a_token_file_that_is_gone_stops_the_request_and_is_named() {
    let server = Scripted::json("[]").await;
    let error = failure(&server, |access| access.auth = HttpAuth::BearerFile("/nowhere/token".into())).await;
    assert_eq!(error.kind, SourceErrorKind::Unauthorised);
    assert!(error.reason.contains("/nowhere/token"), "{}", error.reason);
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn statuses_become_kinds_and_the_server_s_own_words() {
    let cases = [
        (401, "text/plain", "token expired", SourceErrorKind::Unauthorised, "HTTP 401 Unauthorized: token expired"),
        (404, "text/plain", "404 page not found\n", SourceErrorKind::Missing, "HTTP 404 Not Found: 404 page not found"),
        (
            429,
            "application/json",
            r#"{"message":"slow down"}"#,
            SourceErrorKind::Throttled,
            "HTTP 429 Too Many Requests: slow down",
        ),
        (
            504,
            "text/html",
            "<html><title>504 Gateway Time-out</title>",
            SourceErrorKind::Timeout,
            "HTTP 504 Gateway Timeout: page “504 Gateway Time-out”",
        ),
        (
            500,
            "application/json",
            r#"{"error":{"message":"boom"}}"#,
            SourceErrorKind::Refused,
            "HTTP 500 Internal Server Error: boom",
        ),
        (503, "text/html", "", SourceErrorKind::Refused, "HTTP 503 Service Unavailable"),
    ];
    for (status, kind, body, expected, reason) in cases {
        let server = Scripted::start(move |_| reply(status, kind, body)).await;
        let error = failure(&server, |_| {}).await;
        assert_eq!((error.kind, error.reason.as_str()), (expected, reason));
    }
}

#[tokio::test]
async fn a_secret_that_the_server_echoes_is_masked() {
    let server = Scripted::start(|_| reply(401, "text/plain", "bad token t0ken-123 \u{1b}[2J")).await;
    let error = failure(&server, |access| access.auth = HttpAuth::Bearer(Secret::new("t0ken-123".into()))).await;
    assert_eq!(error.reason.as_str(), "HTTP 401 Unauthorized: bad token ••• \u{fffd}[2J");
}

#[tokio::test]
async fn a_ca_file_that_is_none_is_named() {
    let server = Scripted::json("[]").await;
    let error = failure(&server, |access| access.trust.ca_file = Some("/nowhere/ca.pem".into())).await;
    assert!(error.reason.contains("CA file /nowhere/ca.pem"), "{}", error.reason);
}
