//! Everything that can come back instead of an answer: its kind, and a line that helps.

use std::time::Duration;

use quarterdeck::source::{SourceError, SourceErrorKind};

use super::server::{Answer, Server, json_error};
use super::{failure, source, with_services};

/// What a poll of ECS says if everything is answered so.
async fn answered(answer: impl Fn() -> Answer + Send + Sync + 'static) -> SourceError {
    let server = Server::start(move |_| answer()).await;
    let mut config = with_services(&["rtech-app"], vec![]);
    config.ecs.timeout = Duration::from_secs(3);
    failure(&source(&server, &config, "ecs")).await
}

fn assert_is(error: &SourceError, kind: SourceErrorKind, says: &str) {
    assert_eq!(error.kind, kind, "{error}");
    assert!(error.reason.contains(says), "{error}");
}

#[tokio::test]
async fn throttling_with_http_400_is_throttling() {
    let error = answered(|| json_error(400, "ThrottlingException", "Rate exceeded")).await;
    assert_is(&error, SourceErrorKind::Throttled, "Rate exceeded");
}

#[tokio::test]
async fn http_429_without_a_code_is_throttling() {
    let error = answered(|| Answer::Raw(429, "text/html", b"<h1>Slow down</h1>".to_vec())).await;
    assert_is(&error, SourceErrorKind::Throttled, "429");
}

#[tokio::test]
async fn denied_and_expired_credentials_say_whose_they_were() {
    for code in ["AccessDeniedException", "ExpiredTokenException", "UnrecognizedClientException"] {
        let error = answered(move || json_error(400, code, "no")).await;
        assert_is(&error, SourceErrorKind::Unauthorised, "the default credential chain");
        assert_is(&error, SourceErrorKind::Unauthorised, code);
    }
}

#[tokio::test]
async fn a_wrong_clock_is_said_to_be_one() {
    let skew = "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z";
    let error = answered(move || json_error(403, "InvalidSignatureException", skew)).await;
    assert_is(&error, SourceErrorKind::Unauthorised, "clock");
}

#[tokio::test]
async fn a_missing_cluster_is_missing() {
    let error = answered(|| json_error(400, "ClusterNotFoundException", "Cluster not found.")).await;
    assert_is(&error, SourceErrorKind::Missing, "Cluster not found.");
}

#[tokio::test]
async fn a_page_of_html_is_no_aws_whatever_its_status() {
    for status in [200, 403, 404, 500] {
        let page = b"<!doctype html><title>Log in to the Wi-Fi</title>".to_vec();
        let error = answered(move || Answer::Raw(status, "text/html", page.clone())).await;
        assert_is(&error, SourceErrorKind::Malformed, "not as AWS");
        assert_is(&error, SourceErrorKind::Malformed, "Wi-Fi");
    }
}

#[tokio::test]
async fn an_empty_error_answer_is_refused_with_its_status() {
    let error = answered(|| Answer::Raw(503, "text/plain", Vec::new())).await;
    assert_is(&error, SourceErrorKind::Refused, "503");
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let huge = vec![b' '; 33 * 1024 * 1024];
    let server = Server::start(move |_| Answer::Raw(200, "application/x-amz-json-1.1", huge.clone())).await;
    let mut config = with_services(&["rtech-app"], vec![]);
    config.ecs.timeout = Duration::from_secs(60); // a busy machine takes its time over so much
    let error = failure(&source(&server, &config, "ecs")).await;
    assert_is(&error, SourceErrorKind::Malformed, "larger than 32 MiB");
}

#[tokio::test]
async fn a_server_that_never_answers_is_a_timeout_before_the_deadline() {
    let server = Server::start(|_| Answer::Hang).await;
    let mut config = with_services(&["rtech-app"], vec![]);
    config.ecs.timeout = Duration::from_secs(1);
    let source = source(&server, &config, "ecs");
    let error = tokio::time::timeout(source.deadline(), failure(&source)).await.expect("its own error, in time");
    assert_is(&error, SourceErrorKind::Timeout, "DescribeServices");
    assert!(server.seen("DescribeServices").len() <= 2, "two attempts at most");
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_unreachable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let server = Server::start(|_| Answer::Hang).await;
    let mut aws = super::settings(&server);
    aws.endpoint = Some(format!("http://{address}").parse().unwrap());
    let error = super::failure(&super::source_at(&aws, &super::with_services(&["rtech-app"], vec![]), "ecs")).await;
    assert_is(&error, SourceErrorKind::Unreachable, "refused");
}

#[tokio::test]
async fn five_hundreds_are_asked_twice_and_no_more() {
    let server = Server::start(|_| json_error(500, "ServerException", "oops")).await;
    let config = with_services(&["rtech-app"], vec![]);
    let error = failure(&source(&server, &config, "ecs")).await;
    assert_is(&error, SourceErrorKind::Refused, "oops");
    assert_eq!(server.seen("DescribeServices").len(), 2);
}
