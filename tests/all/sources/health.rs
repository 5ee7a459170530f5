//! Health endpoints: statuses, shapes, latency, certificates, and what must never pass for healthy.

use std::time::Duration;

use quarterdeck::clock::Now;
use quarterdeck::config::{HealthCheck, HealthShape, Polling};
use quarterdeck::source::health::HealthSource;
use quarterdeck::source::{Health, HealthState, Name, SourceError, SourceErrorKind};

use super::{Scripted, hanging, redirect, reply};

fn check(server: &Scripted, shape: HealthShape) -> HealthCheck {
    HealthCheck {
        name: Name::from("main"),
        url: server.url.join("/health").unwrap(),
        polling: Polling { interval: Duration::from_secs(5), timeout: Duration::from_secs(5) },
        shape,
        slow: None,
        tls_warning_days: 14,
        ca_file: None,
        headers: Vec::new(),
    }
}

async fn ask(server: &Scripted, shape: HealthShape) -> Result<Health, SourceError> {
    HealthSource::new(&Name::from("app"), &check(server, shape)).check(Now::read()).await
}

async fn answered(status: u16, body: &'static str, shape: HealthShape) -> Result<Health, SourceError> {
    let server = Scripted::start(move |_| reply(status, "application/json", body)).await;
    ask(&server, shape).await
}

const SETTLED: &str = r#"{"status":"healthy","timestamp":"2026-01-01T00:00:00Z","services":{
    "database":{"status":"fulfilled","value":{"healthy":true,"responseTime":4}},
    "redis":{"status":"fulfilled","value":{"healthy":true}}}}"#;

const CHECKS: &str = r#"{"status":"unhealthy","version":"2.3.1","timestamp":"2026-01-01T00:00:00Z","checks":{
    "database":{"status":"unhealthy","latency":5001,"error":"timeout"},
    "external":{"status":"degraded","services":{"pusher":"healthy","sentry":"degraded"}}},
    "metrics":{"uptime":5,"memory":{"used":1},"cpu":0.5}}"#;

#[tokio::test]
async fn any_2xx_is_healthy_where_the_shape_is_plain() {
    let health = answered(204, "", HealthShape::Plain).await.unwrap();
    assert_eq!((health.state, health.http_status), (HealthState::Healthy, 204));
    assert!(health.latency > Duration::ZERO && health.reason.is_none());
}

#[tokio::test]
async fn a_settled_report_gives_its_components() {
    let health = answered(200, SETTLED, HealthShape::Settled).await.unwrap();
    assert_eq!(health.state, HealthState::Healthy);
    assert_eq!(health.components[0].latency_ms, Some(4.0));
}

#[tokio::test]
async fn a_503_with_a_report_is_still_a_report() {
    let server = Scripted::start(|_| {
        let mut response = reply(503, "application/json", CHECKS);
        response.headers_mut().insert("x-health-check-duration", "12ms".parse().unwrap());
        response
    })
    .await;
    let health = ask(&server, HealthShape::Checks).await.unwrap();
    assert_eq!((health.state, health.http_status), (HealthState::Unhealthy, 503));
    assert_eq!(health.version.as_deref(), Some("2.3.1"));
    let names: Vec<&str> = health.components.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["database", "external", "metrics", "health check"]);
    assert_eq!(health.components[3].latency_ms, Some(12.0));
    assert!(health.reason.unwrap().contains("database is unhealthy (timeout)"));
}

#[tokio::test]
async fn a_503_without_a_report_is_unhealthy_whatever_its_body() {
    for shape in [HealthShape::Plain, HealthShape::Settled, HealthShape::Checks] {
        let health = answered(503, "<html><title>503</title>", shape).await.unwrap();
        assert_eq!(health.state, HealthState::Unhealthy);
        assert!(health.reason.unwrap().starts_with("HTTP 503 Service Unavailable"));
    }
}

#[tokio::test]
async fn a_503_is_never_healthy_even_if_its_report_says_so() {
    let health = answered(503, SETTLED, HealthShape::Settled).await.unwrap();
    assert_eq!(health.state, HealthState::Unhealthy);
}

#[tokio::test]
async fn a_captive_portal_is_a_failure_and_never_healthy() {
    let page = "<html><head><title>Hotel Wi-Fi</title></head></html>";
    for shape in [HealthShape::Settled, HealthShape::Checks] {
        let error = answered(200, page, shape).await.unwrap_err();
        assert_eq!(error.kind, SourceErrorKind::Malformed);
        assert!(error.reason.contains("the page “Hotel Wi-Fi”"), "{}", error.reason);
    }
}

#[tokio::test]
async fn what_does_not_say_is_unknown_with_a_reason() {
    for body in ["{}", r#"{"status":null}"#, r#"{"status":"great"}"#, r#"{"healthy":true}"#] {
        let health = answered(200, body, HealthShape::Checks).await.unwrap();
        assert_eq!(health.state, HealthState::Unknown, "{body}");
        assert!(health.reason.is_some(), "{body}");
    }
}

#[tokio::test]
async fn bodies_of_another_shape_are_failures() {
    for body in ["", "OK", "[]", "\"healthy\"", "{\"status\":\"healthy\"", "1"] {
        let error = answered(200, body, HealthShape::Settled).await.expect_err(body);
        assert_eq!(error.kind, SourceErrorKind::Malformed, "{body}");
    }
}

#[tokio::test]
async fn refusals_say_nothing_of_health() {
    let kinds = [
        (401, SourceErrorKind::Unauthorised),
        (404, SourceErrorKind::Missing),
        (429, SourceErrorKind::Throttled),
        (418, SourceErrorKind::Refused),
    ];
    for (status, kind) in kinds {
        assert_eq!(answered(status, "{}", HealthShape::Plain).await.unwrap_err().kind, kind);
    }
}

#[tokio::test]
async fn a_slow_answer_is_degraded() {
    let server = Scripted::json(SETTLED).await;
    let mut check = check(&server, HealthShape::Settled);
    check.slow = Some(Duration::from_nanos(1));
    let health = HealthSource::new(&Name::from("app"), &check).check(Now::read()).await.unwrap();
    assert_eq!(health.state, HealthState::Degraded);
    assert!(health.reason.unwrap().starts_with("slow: "));
}

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed() {
    let server = Scripted::start(|_| redirect("https://login.example/")).await;
    let error = ask(&server, HealthShape::Plain).await.unwrap_err();
    assert!(error.reason.contains("https://login.example/"), "{}", error.reason);
}

#[tokio::test]
async fn an_endpoint_that_hangs_is_a_timeout() {
    let server = Scripted::start(|_| hanging()).await;
    let mut check = check(&server, HealthShape::Checks);
    check.polling.timeout = Duration::from_millis(200);
    let error = HealthSource::new(&Name::from("app"), &check).check(Now::read()).await.unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Timeout);
}
