//! Health reports as Spring Boot, ASP.NET Core, health+json and NestJS Terminus write them, and what breaks them.

use std::time::Duration;

use quarterdeck::clock::Now;
use quarterdeck::config::{HealthCheck, HealthShape, Polling};
use quarterdeck::source::health::HealthSource;
use quarterdeck::source::{Component, Health, HealthState, Name, SourceError, SourceErrorKind};
use serde_json::json;

use super::{Scripted, reply};

async fn answered(
    status: u16,
    kind: &'static str,
    body: impl Into<String>,
    shape: HealthShape,
) -> Result<Health, SourceError> {
    let body = body.into();
    let server = Scripted::start(move |_| reply(status, kind, body.clone())).await;
    let check = HealthCheck {
        name: Name::from("main"),
        url: server.url.join("/health").unwrap(),
        polling: Polling { interval: Duration::from_secs(5), timeout: Duration::from_secs(20) },
        shape,
        slow: None,
        tls_warning_days: 14,
        ca_file: None,
        headers: Vec::new(),
    };
    HealthSource::new(&Name::from("app"), &check).check(Now::read()).await
}

async fn told(body: impl Into<String>, shape: HealthShape) -> Health {
    answered(200, "application/json", body, shape).await.unwrap()
}

/// Name, state, latency and detail of components.
fn parts(components: &[Component]) -> Vec<(&str, HealthState, Option<f64>, &str)> {
    let part = |part: &'_ Component| (part.state, part.latency_ms);
    let named = components.iter().map(|one| {
        let (state, latency) = part(one);
        (one.name.as_str(), state, latency, one.detail.as_deref().unwrap_or_default())
    });
    named.collect()
}

const HEALTHY: HealthState = HealthState::Healthy;
const UNHEALTHY: HealthState = HealthState::Unhealthy;

const SPRING: &str = r#"{"status":"DOWN","components":{
    "broker":{"status":"UP","components":{"us1":{"status":"UP","details":{"version":"1.0.2"}},"us2":{"status":"OUT_OF_SERVICE"}}},
    "db":{"status":"DOWN","details":{"error":"org.h2.jdbc.JdbcSQLException: Connection refused","validationQuery":"isValid()"}},
    "diskSpace":{"status":"UP","details":{"total":100000000,"free":50000000,"exists":true,"path":"/app"}},
    "custom":{"status":"FUNNY"}},"groups":["liveness","readiness"]}"#;

#[tokio::test]
async fn spring_boot_tells_nested_components_and_their_details() {
    let health =
        answered(503, "application/vnd.spring-boot.actuator.v3+json", SPRING, HealthShape::Spring).await.unwrap();
    assert_eq!((health.state, health.http_status), (UNHEALTHY, 503));
    let broker = &health.components[0];
    assert_eq!((broker.state, broker.components.len()), (HealthState::Degraded, 2), "UP with a part that is not");
    assert_eq!(parts(&broker.components)[0], ("us1", HEALTHY, None, "version 1.0.2"));
    assert_eq!(broker.components[1].state, UNHEALTHY, "out of service");
    assert!(health.components.iter().any(|part| part.name.as_str() == "custom" && part.state == HealthState::Unknown));
    let reason = health.reason.unwrap();
    assert!(reason.contains("it says “DOWN”") && reason.contains("Connection refused"), "{reason}");
}

#[tokio::test]
async fn spring_boot_without_details_and_of_before_2_2_is_read_too() {
    let bare = told(r#"{"status":"UP"}"#, HealthShape::Spring).await;
    assert_eq!((bare.state, bare.components.len()), (HEALTHY, 0));
    let old = r#"{"status":"UP","details":{"db":{"status":"UP","details":{"database":"PostgreSQL","hello":1}}}}"#;
    let old = told(old, HealthShape::Spring).await;
    assert_eq!(parts(&old.components), [("db", HEALTHY, None, "database PostgreSQL, hello 1")]);
    let unknown = told(r#"{"status":"UNKNOWN"}"#, HealthShape::Spring).await;
    assert_eq!(unknown.state, HealthState::Unknown);
}

const ASPNET: &str = r#"{"status":"Unhealthy","totalDuration":"00:00:00.2123456","entries":{
    "sql":{"data":{},"description":"A network-related error","duration":"00:00:00.2000000","exception":"SqlException: refused","status":"Unhealthy","tags":["db"]},
    "memory":{"data":{"AllocatedBytes":123},"duration":"00:00:00.0000100","status":"Degraded"},
    "redis":{"data":{},"duration":"00:00:00.0012000","status":"Healthy","tags":[]}}}"#;

#[tokio::test]
async fn asp_net_tells_entries_with_their_durations() {
    let health = answered(503, "application/json", ASPNET, HealthShape::Aspnet).await.unwrap();
    assert_eq!(health.state, UNHEALTHY);
    let mut parts = parts(&health.components);
    parts.sort_by_key(|part| part.0);
    let degraded = HealthState::Degraded;
    assert_eq!(parts[0], ("health check", HEALTHY, Some(212.3456), ""));
    assert_eq!(parts[1], ("memory", degraded, Some(0.01), "AllocatedBytes 123"));
    assert_eq!(parts[2], ("redis", HEALTHY, Some(1.2), ""));
    assert_eq!(parts[3], ("sql", UNHEALTHY, Some(200.0), "SqlException: refused"));
}

#[tokio::test]
async fn asp_net_says_it_in_one_plain_word_too() {
    for (word, state) in [("Healthy", HEALTHY), ("Degraded\n", HealthState::Degraded), ("Unhealthy", UNHEALTHY)] {
        for shape in [HealthShape::Aspnet, HealthShape::Auto] {
            let health = answered(200, "text/plain", word, shape).await.unwrap();
            assert_eq!(health.state, state, "{word}");
        }
    }
    for word in ["", "OK", "Healthy and more", "not Healthy"] {
        let error = answered(200, "text/plain", word, HealthShape::Aspnet).await.unwrap_err();
        assert_eq!(error.kind, SourceErrorKind::Malformed, "{word}");
    }
}

const HEALTH_JSON: &str = r#"{"status":"warn","version":"1","releaseId":"1.2.2","notes":[""],"output":"cpu is high","serviceId":"f03e522f",
    "checks":{
        "cassandra:responseTime":[{"componentId":"dfd6cf2b","componentType":"datastore","observedValue":250,"observedUnit":"ms","status":"pass","affectedEndpoints":["/users"],"time":"2018-01-17T03:36:48Z","output":""}],
        "cassandra:connections":[{"componentId":"a","observedValue":75,"status":"warn","output":"too many"},{"componentId":"b","observedValue":3,"status":"PASS"}],
        "uptime":[{"componentType":"system","observedValue":1209600.245,"observedUnit":"s"}]},
    "links":{"about":"http://api.example.com/about/authz"},"description":"health of authz service"}"#;

#[tokio::test]
async fn health_json_tells_checks_measurements_and_its_synonyms() {
    let health = answered(200, "application/health+json", HEALTH_JSON, HealthShape::HealthJson).await.unwrap();
    assert_eq!((health.state, health.version.as_deref()), (HealthState::Degraded, Some("1")));
    assert!(health.reason.unwrap().contains("cpu is high"));
    let mut parts = parts(&health.components);
    parts.sort_by_key(|part| part.0);
    assert_eq!(parts[0], ("cassandra:connections a", HealthState::Degraded, None, "too many"));
    assert_eq!(parts[1], ("cassandra:connections b", HEALTHY, None, "3"));
    assert_eq!(parts[2], ("cassandra:responseTime", HEALTHY, Some(250.0), ""));
    assert_eq!(parts[3], ("uptime", HEALTHY, None, "1209600.245 s"));
    let words = [("pass", HEALTHY), ("OK", HEALTHY), ("up", HEALTHY), ("warn", HealthState::Degraded)];
    let bad = [("fail", UNHEALTHY), ("error", UNHEALTHY), ("down", UNHEALTHY), ("whatever", HealthState::Unknown)];
    for (word, state) in words.into_iter().chain(bad) {
        assert_eq!(told(format!(r#"{{"status":"{word}"}}"#), HealthShape::HealthJson).await.state, state, "{word}");
    }
}

#[tokio::test]
async fn a_failure_that_health_json_tells_with_4xx_is_told_and_a_login_is_not() {
    let fail = r#"{"status":"fail"}"#;
    let health = answered(424, "application/health+json; charset=utf-8", fail, HealthShape::HealthJson).await.unwrap();
    assert_eq!((health.state, health.http_status), (UNHEALTHY, 424));
    let pass = answered(424, "application/health+json", r#"{"status":"pass"}"#, HealthShape::Auto).await.unwrap();
    assert_eq!(pass.state, UNHEALTHY, "the worse of status and report counts");
    let error = answered(401, "application/json", fail, HealthShape::HealthJson).await.unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Unauthorised);
}

const TERMINUS: &str = r#"{"status":"error","info":{"redis":{"status":"up"}},"error":{"db":{"status":"down","message":"timeout of 1000ms exceeded"}},
    "details":{"redis":{"status":"up"},"db":{"status":"down","message":"timeout of 1000ms exceeded"},"odd":{"status":"sideways"}}}"#;

#[tokio::test]
async fn terminus_tells_details_and_a_shutdown() {
    let health = answered(503, "application/json", TERMINUS, HealthShape::Terminus).await.unwrap();
    assert_eq!(health.state, UNHEALTHY);
    let mut parts = parts(&health.components);
    parts.sort_by_key(|part| part.0);
    assert_eq!(parts[0], ("db", UNHEALTHY, None, "timeout of 1000ms exceeded"));
    assert_eq!((parts[1].1, parts[2].1), (HealthState::Unknown, HEALTHY));
    assert_eq!(told(r#"{"status":"shutting_down","info":{}}"#, HealthShape::Terminus).await.state, UNHEALTHY);
    let bare = told(r#"{"status":"ok","info":{"db":{"status":"up"}},"error":{}}"#, HealthShape::Terminus).await;
    assert_eq!((bare.state, bare.components.len()), (HEALTHY, 1));
}

const SETTLED: &str = r#"{"status":"healthy","services":{"database":{"status":"fulfilled","value":{"healthy":true,"responseTime":4}},
    "s3":{"status":"rejected","reason":"AccessDenied"}}}"#;
const CHECKS: &str = r#"{"status":"healthy","version":"2.1","checks":{"database":{"status":"healthy","latency":3},
    "external":{"status":"healthy","services":{"pusher":"healthy","sentry":"degraded"}}},
    "metrics":{"uptime":5,"memory":{"used":1},"cpu":0.5}}"#;

#[tokio::test]
async fn auto_reads_each_shape_as_if_it_were_named() {
    let all = [
        (SETTLED, HealthShape::Settled),
        (CHECKS, HealthShape::Checks),
        (SPRING, HealthShape::Spring),
        (r#"{"status":"UP"}"#, HealthShape::Spring),
        (ASPNET, HealthShape::Aspnet),
        (HEALTH_JSON, HealthShape::HealthJson),
        (r#"{"status":"pass"}"#, HealthShape::HealthJson),
        (TERMINUS, HealthShape::Terminus),
        (r#"{"status":"ok","info":{},"error":{},"details":{}}"#, HealthShape::Terminus),
        (r#"{"status":"healthy"}"#, HealthShape::Checks),
    ];
    for (body, shape) in all {
        let (named, found) = (told(body, shape).await, told(body, HealthShape::Auto).await);
        assert_eq!(
            (named.state, named.components, named.version),
            (found.state, found.components, found.version),
            "{body}"
        );
    }
}

#[tokio::test]
async fn auto_concludes_nothing_from_what_is_no_report() {
    for body in
        ["", "OK", "[]", "{}", "3", r#"{"healthy":true}"#, r#"{"data":{"status":"UP"}}"#, "<html><title>x</title>"]
    {
        let error = answered(200, "application/json", body, HealthShape::Auto).await.expect_err(body);
        assert_eq!(error.kind, SourceErrorKind::Malformed, "{body}");
    }
    let odd = told(r#"{"status":"success"}"#, HealthShape::Auto).await;
    assert_eq!(odd.state, HealthState::Unknown, "a word that is not known");
}

#[tokio::test]
async fn a_sick_service_within_a_healthy_check_counts_and_metrics_are_told() {
    let health = told(CHECKS, HealthShape::Checks).await;
    assert_eq!(health.state, HealthState::Degraded, "sentry is degraded");
    let names: Vec<&str> = health.components.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["database", "external", "metrics"]);
    assert_eq!(health.components[1].state, HealthState::Degraded);
    assert_eq!(health.components[2].detail.as_deref(), Some("uptime 5, cpu 0.5"));
    assert_eq!(told(SETTLED, HealthShape::Settled).await.reason.as_deref(), Some("s3 is unhealthy (AccessDenied)"));
}

const SHAPES: [HealthShape; 7] = [
    HealthShape::Settled,
    HealthShape::Checks,
    HealthShape::Spring,
    HealthShape::Aspnet,
    HealthShape::HealthJson,
    HealthShape::Terminus,
    HealthShape::Auto,
];

#[tokio::test]
async fn wrong_types_are_never_healthy_in_any_shape() {
    let bodies = [
        json!({"status": true}),
        json!({"status": 1, "checks": [], "components": "x", "entries": 3, "details": null, "services": []}),
        json!({"status": ["UP"]}),
        json!({"status": null, "checks": {"a": null}}),
        json!({"status": "", "entries": {"a": {"status": "Healthy"}}}),
    ];
    for shape in SHAPES {
        for body in &bodies {
            match answered(200, "application/json", body.to_string(), shape).await {
                Ok(health) => assert_eq!(health.state, HealthState::Unknown, "{shape:?} {body}"),
                Err(error) => assert_eq!(error.kind, SourceErrorKind::Malformed, "{shape:?} {body}"),
            }
        }
    }
    let parts = [
        (HealthShape::Checks, json!({"status": "healthy", "checks": {"a": null, "b": [1], "c": {"status": 3}}})),
        (HealthShape::Spring, json!({"status": "UP", "components": {"a": 3}})),
        (HealthShape::Aspnet, json!({"status": "Healthy", "entries": {"a": {"status": "Fine", "duration": 3}}})),
        (HealthShape::HealthJson, json!({"status": "pass", "checks": {"a": [3], "b": [{"status": 7}]}})),
        (HealthShape::Terminus, json!({"status": "ok", "details": {"a": "up"}})),
    ];
    for (shape, body) in parts {
        assert_eq!(told(body.to_string(), shape).await.state, HealthState::Unknown, "{shape:?} {body}");
    }
}

#[tokio::test]
async fn of_ten_thousand_components_the_sick_ones_are_kept_and_the_rest_is_counted() {
    let part = |n: usize| (format!("c{n:05}"), json!({"status": if n == 9_999 { "down" } else { "up" }}));
    let details: serde_json::Map<String, serde_json::Value> = (0..10_000).map(part).collect();
    let health = told(json!({"status": "ok", "details": details}).to_string(), HealthShape::Terminus).await;
    assert_eq!((health.state, health.components.len()), (HealthState::Degraded, 64));
    assert_eq!(health.components[0].name.as_str(), "c09999");
    assert_eq!(health.components[63].name.as_str(), "9937 more");
}

#[tokio::test]
async fn a_sick_part_counts_however_deep_it_lies_and_a_bomb_of_depth_is_malformed() {
    let mut tree = json!({"status": "DOWN"});
    for _ in 0..40 {
        tree = json!({"status": "UP", "components": {"inner": tree}});
    }
    let health = told(tree.to_string(), HealthShape::Spring).await;
    assert_eq!(health.state, HealthState::Degraded);
    let depth = std::iter::successors(health.components.first(), |part| part.components.first()).count();
    assert_eq!(depth, 4, "kept as deep as is shown");
    let bomb = format!("{}{}", r#"{"status":"UP","components":{"a":"#.repeat(50_000), "}}".repeat(50_000));
    let error = answered(200, "application/json", bomb, HealthShape::Spring).await.unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Malformed);
}

#[tokio::test]
async fn huge_strings_and_escapes_in_reports_are_cut_and_cleaned() {
    let huge = "x".repeat(1_000_000);
    let evil = "db\u{1b}]52;c;x\u{7}\u{202e}";
    let bodies = [
        (
            HealthShape::Spring,
            json!({"status": "DOWN", "components": {evil: {"status": "DOWN", "details": {"error": huge}}}}),
        ),
        (
            HealthShape::Aspnet,
            json!({"status": "Unhealthy", "entries": {evil: {"status": "Unhealthy", "exception": huge}}}),
        ),
        (
            HealthShape::HealthJson,
            json!({"status": "fail", "output": huge, "checks": {evil: [{"status": "fail", "output": huge}]}}),
        ),
        (HealthShape::Terminus, json!({"status": "error", "details": {evil: {"status": "down", "message": huge}}})),
        (HealthShape::Checks, json!({"status": huge, "checks": {evil: {"status": "down", "error": evil}}})),
    ];
    for (shape, body) in bodies {
        let health = told(body.to_string(), shape).await;
        let part = &health.components[0];
        assert_eq!(part.name.as_str(), "db\u{fffd}]52;c;x\u{fffd}\u{fffd}", "{shape:?}");
        assert!(part.detail.as_ref().is_some_and(|detail| detail.len() <= 4099), "{shape:?}");
        let reason = health.reason.unwrap();
        assert!(reason.len() <= 4099 && !reason.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shape:?}");
    }
}
