//! Any JSON API: the answers of the seven in docs/http.md, one request for many signals, and what must never be a value.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::clock::Now;
use quarterdeck::config::{Config, check};
use quarterdeck::source::json_api::{apis, sources};
use quarterdeck::source::{
    Name, Number, Payload, Reading, SignalData, SignalId, SourceError, SourceErrorKind, Subject,
};

use super::{Asked, Scripted, ask, hanging, outcome, redirect, reply};

const HEAD: &str = "[environment]\nname = \"test\"\nkind = \"development\"\n[[service]]\nname = \"web\"\n";

/// The configuration with `text` in it; every `https://host` is the server's.
fn config(text: &str, server: &Scripted) -> Arc<Config> {
    let base = server.url.as_str().trim_end_matches('/');
    let text = served_by(text, base);
    let secret = |_: &str| Some("hunter2-secret".to_owned());
    let parsed = check::parse(&format!("{HEAD}{text}"), Path::new("docs/http.toml"), &secret);
    Arc::new(parsed.unwrap_or_else(|errors| panic!("{errors}")))
}

/// Puts the server in place of each `url = "https://host…`, keeping the path.
fn served_by(text: &str, base: &str) -> String {
    let line = |line: &str| match line.strip_prefix("url = \"https://") {
        Some(rest) => {
            let path = rest.trim_end_matches('"').split_once('/').map_or("", |(_, path)| path);
            format!("url = \"{base}/{path}\"")
        }
        None => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn subject(signal: &str) -> Subject {
    Subject::Signal(SignalId { service: Name::from("web"), signal: Name::from(signal) })
}

async fn poll(config: &Config) -> Vec<Reading> {
    ask(sources(config, &apis(config)), Some(Duration::from_secs(3600))).await
}

fn data(readings: &[Reading], signal: &str) -> Result<SignalData, SourceError> {
    match outcome(readings, &subject(signal))? {
        Payload::Signal(data) => Ok(data),
        other => panic!("{other:?}"),
    }
}

fn value(readings: &[Reading], signal: &str) -> Number {
    data(readings, signal).unwrap_or_else(|error| panic!("{signal}: {error}")).value.unwrap()
}

/// One source and one signal `it`, whose query is `http`.
fn one(http: &str) -> String {
    format!(
        "[[service.signal]]\nname = \"it\"\nunit = \"count\"\nhttp = {{ source = \"api\", path = \"/v\", {http} }}\n\
         [[http]]\nname = \"api\"\nurl = \"https://api.example.com\"\ntimeout = \"2s\"\nbearer_token = \"${{TOKEN}}\""
    )
}

async fn answered(status: u16, body: &str, http: &str) -> Result<SignalData, SourceError> {
    let body = body.to_owned();
    let server = Scripted::start(move |_| reply(status, "application/json", body.clone())).await;
    data(&poll(&config(&one(http), &server)).await, "it")
}

async fn refused(status: u16, body: &str, http: &str) -> (SourceErrorKind, String) {
    let error = answered(status, body, http).await.expect_err("an error is expected");
    (error.kind, error.reason.to_string())
}

/// The block of docs/http.md under a heading.
fn documented(heading: &str) -> String {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/http.md")).unwrap();
    let section = page.split_once(&format!("## {heading}\n")).unwrap_or_else(|| panic!("no {heading}")).1;
    section.split_once("```toml\n").unwrap().1.split_once("```").unwrap().0.to_owned()
}

/// Asks what the documentation says, of a server that answers with the shape which that API documents.
async fn as_documented(heading: &str, shape: &'static str) -> (Vec<Reading>, Vec<Asked>) {
    let server = Scripted::json(shape).await;
    let readings = poll(&config(&documented(heading), &server)).await;
    (readings, server.asked())
}

#[tokio::test]
async fn vercel_s_newest_deployment_is_read() {
    let shape = r#"{"deployments":[{"uid":"dpl_1","name":"web","url":"web-1.vercel.app","created":1767225600000,"state":"ERROR",
        "readyState":"ERROR","target":"production"}],"pagination":{"count":1,"next":1767225000000,"prev":1767225600000}}"#;
    let (readings, asked) = as_documented("Vercel", shape).await;
    assert_eq!(value(&readings, "deployment"), Number::Finite(0.0));
    assert_eq!((asked[0].path.as_str(), asked[0].method.as_str()), ("/v6/deployments", "GET"));
    assert_eq!(asked[0].headers["authorization"], "Bearer hunter2-secret");
}

#[tokio::test]
async fn railway_s_newest_deployment_is_read_by_graphql() {
    let shape =
        r#"{"data":{"deployments":{"edges":[{"node":{"status":"SUCCESS","createdAt":"2026-01-01T00:00:00.000Z"}}]}}}"#;
    let (readings, asked) = as_documented("Railway", shape).await;
    assert_eq!(value(&readings, "deployment"), Number::Finite(1.0));
    let sent: serde_json::Value = serde_json::from_str(&asked[0].body).unwrap();
    assert!(sent["query"].as_str().unwrap().starts_with("{ deployments(first: 1"), "{sent}");
    assert_eq!(
        (asked[0].method.as_str(), &asked[0].headers["content-type"]),
        ("POST", &"application/json".parse().unwrap())
    );
}

#[tokio::test]
async fn cloudflare_s_zone_and_analytics_are_read() {
    let zone = r#"{"result":{"id":"023e105f4ecef8ad9ca31a8372d0c353","name":"example.com","status":"active","paused":false},
        "success":true,"errors":[],"messages":[]}"#;
    let analytics = r#"{"data":{"viewer":{"zones":[{"httpRequests1hGroups":[{"dimensions":{"datetime":"2026-01-01T00:00:00Z"},
        "sum":{"cachedRequests":9000,"requests":10000}}]}]}},"errors":null}"#;
    let answers =
        move |asked: &Asked| reply(200, "application/json", if asked.method == "POST" { analytics } else { zone });
    let server = Scripted::start(answers).await;
    let readings = poll(&config(&documented("Cloudflare"), &server)).await;
    assert_eq!(value(&readings, "zone"), Number::Finite(1.0));
    let cached = data(&readings, "cached_requests").unwrap();
    assert_eq!((cached.value, cached.sampled), (Some(Number::Finite(9000.0)), "2026-01-01T00:00:00Z".parse().ok()));
    let posted = server.asked().into_iter().find(|asked| asked.method == "POST").unwrap();
    assert!(!posted.body.contains("{now"), "the moment is filled in: {}", posted.body);
    assert_eq!(posted.path, "/client/v4/graphql");
}

#[tokio::test]
async fn sentry_s_issues_are_counted_and_its_statistics_read() {
    let answers = |asked: &Asked| match asked.path.as_str() {
        "/api/0/projects/acme/web/issues/" => reply(200, "application/json", r#"[{"id":"1"},{"id":"2"},{"id":"3"}]"#),
        _ => reply(
            200,
            "application/json",
            r#"{"start":"2026-01-01T00:00:00Z","intervals":["2026-01-01T00:00:00Z"],
            "groups":[{"by":{},"totals":{"sum(quantity)":165},"series":{"sum(quantity)":[165]}}]}"#,
        ),
    };
    let server = Scripted::start(answers).await;
    let readings = poll(&config(&documented("Sentry"), &server)).await;
    assert_eq!(value(&readings, "unresolved_issues"), Number::Finite(3.0));
    assert_eq!(value(&readings, "errors_last_hour"), Number::Finite(165.0));
}

#[tokio::test]
async fn uptimerobot_s_monitor_is_read() {
    let shape = r#"{"id":777749809,"friendlyName":"web","url":"https://example.com","type":"HTTP","status":"DOWN","interval":300,
        "timeout":30,"currentStateDuration":60}"#;
    let (readings, asked) = as_documented("UptimeRobot", shape).await;
    assert_eq!(value(&readings, "monitor"), Number::Finite(0.0));
    assert_eq!(asked[0].path, "/v3/monitors/777749809");
}

#[tokio::test]
async fn datadog_s_newest_point_is_read_with_its_moment() {
    let shape = r#"{"status":"ok","series":[{"metric":"system.cpu.idle","scope":"service:web","interval":20,"length":2,
        "pointlist":[[1767225580000.0,91.5],[1767225600000.0,88.25]],"unit":null}],"from_date":1767225000000}"#;
    let (readings, asked) = as_documented("Datadog", shape).await;
    let idle = data(&readings, "cpu_idle").unwrap();
    assert_eq!((idle.value, idle.sampled), (Some(Number::Finite(88.25)), "2026-01-01T00:00:00Z".parse().ok()));
    assert_eq!(asked[0].headers["dd-application-key"], "hunter2-secret");
    let window: Vec<i64> =
        asked[0].query.split('&').take(2).map(|pair| pair.split_once('=').unwrap().1.parse().unwrap()).collect();
    assert_eq!(window[1] - window[0], 600, "the last ten minutes are asked for");
}

#[tokio::test]
async fn new_relic_s_nrql_is_read() {
    let shape = r#"{"data":{"actor":{"account":{"nrql":{"results":[{"errors":0.4}]}}}}}"#;
    let (readings, asked) = as_documented("New Relic", shape).await;
    assert_eq!(value(&readings, "error_percentage"), Number::Finite(0.4));
    assert_eq!(asked[0].headers["api-key"], "hunter2-secret");
}

#[tokio::test]
async fn an_answer_is_asked_for_once_whoever_points_into_it() {
    let server = Scripted::json(r#"{"up":1,"latency":250,"list":[1,2]}"#).await;
    let signal = |name: &str, rest: &str| {
        format!(
            "[[service.signal]]\nname = \"{name}\"\nunit = \"count\"\nhttp = {{ source = \"api\", path = \"/v?a=1\", {rest} }}\n"
        )
    };
    let text = [
        signal("up", "pointer = \"/up\""),
        signal("latency", "pointer = \"/latency\", scale = 0.001"),
        signal("length", "pointer = \"/list\", count = true"),
        signal("gone", "pointer = \"/gone\""),
        "[[http]]\nname = \"api\"\nurl = \"https://api.example.com\"".to_owned(),
    ];
    let readings = poll(&config(&text.concat(), &server)).await;
    assert_eq!(server.asked().len(), 1);
    assert_eq!(value(&readings, "latency"), Number::Finite(0.25));
    assert_eq!(value(&readings, "length"), Number::Finite(2.0));
    assert_eq!(value(&readings, "up"), Number::Finite(1.0), "one that fails takes no other with it");
    assert!(data(&readings, "gone").is_err());
    assert_eq!(data(&readings, "up").unwrap().points.len(), 1, "the history grows by what is now");
}

#[tokio::test]
async fn a_pointer_that_leads_nowhere_is_an_error_and_not_no_data() {
    let pointer = r#"pointer = "/series/0/pointlist/-1/1""#;
    let (kind, reason) = refused(200, r#"{"status":"ok","series":[]}"#, pointer).await;
    assert_eq!(kind, SourceErrorKind::Malformed);
    assert_eq!(reason, "nothing at /series/0/pointlist/-1/1: /series is an empty list");
    let (kind, reason) = refused(200, r#"{"status":"error","error":"no such metric"}"#, pointer).await;
    assert_eq!(kind, SourceErrorKind::Refused);
    assert!(reason.starts_with("no such metric (nothing at /series/0"), "{reason}");
    let null = answered(200, r#"{"v":null}"#, r#"pointer = "/v""#).await.unwrap();
    assert_eq!(null.value, Some(Number::NoData), "null is");
}

#[tokio::test]
async fn graphql_errors_with_status_200_are_failures() {
    let pointer = r#"pointer = "/data/actor/account/nrql/results/0/x""#;
    for data in ["null", r#"{"actor":{"account":{"nrql":null}}}"#] {
        let body = format!(r#"{{"data":{data},"errors":[{{"message":"NRQL Syntax Error","extensions":{{}}}}]}}"#);
        let (kind, reason) = refused(200, &body, pointer).await;
        assert_eq!(kind, SourceErrorKind::Refused);
        assert!(reason.starts_with("NRQL Syntax Error"), "{reason}");
    }
    let null = r#"{"data":{"v":null},"errors":[{"message":"timed out"}]}"#;
    assert_eq!(refused(200, null, r#"pointer = "/data/v""#).await.1, "timed out", "null with an error is not no data");
}

#[tokio::test]
async fn a_value_beside_errors_is_told_as_not_whole() {
    let body = r#"{"data":{"v":3},"errors":[{"message":"one shard is down"}]}"#;
    let data = answered(200, body, r#"pointer = "/data/v""#).await.unwrap();
    assert!(data.partial && data.warnings[0].contains("one shard is down"), "{data:?}");
}

#[tokio::test]
async fn a_list_that_goes_on_is_not_counted_as_whole() {
    for (link, whole) in [
        ("<https://sentry.io/api/0/x?cursor=0:100:0>; rel=\"next\"; results=\"true\"; cursor=\"0:100:0\"", false),
        (
            "<https://sentry.io/a>; rel=\"previous\"; results=\"false\", <https://sentry.io/b>; rel=\"next\"; results=\"false\"",
            true,
        ),
    ] {
        let server = Scripted::start(move |_| {
            let mut answer = reply(200, "application/json", "[1,2,3]");
            answer.headers_mut().insert("link", link.parse().unwrap());
            answer
        })
        .await;
        let counted = data(&poll(&config(&one(r#"pointer = "", count = true"#), &server)).await, "it").unwrap();
        assert_eq!((counted.value, counted.partial), (Some(Number::Finite(3.0)), !whole), "{link}");
    }
}

#[tokio::test]
async fn what_is_no_json_is_never_a_value() {
    let deep = "[".repeat(100_000);
    for (body, told) in [
        ("<html><title>Sign in</title>", "the page “Sign in” came where JSON is expected"),
        ("", "an empty body"),
        ("{\"v\":1} trailing", "not the expected JSON"),
        ("{\"v\":NaN}", "not the expected JSON"),
        ("{\"v\":1e999}", "not the expected JSON"),
        (deep.as_str(), "recursion limit exceeded"),
    ] {
        let (kind, reason) = refused(200, body, r#"pointer = "/v""#).await;
        assert_eq!(kind, SourceErrorKind::Malformed);
        assert!(reason.contains(told), "{reason}");
    }
}

#[tokio::test]
async fn a_hundred_megabytes_are_refused_while_they_stream() {
    let server = Scripted::start(|_| {
        let chunks = futures_util::stream::iter((0..1600).map(|_| Ok::<_, std::io::Error>("1,".repeat(1 << 15))));
        axum::response::Response::new(axum::body::Body::from_stream(chunks))
    })
    .await;
    let error = data(&poll(&config(&one(r#"pointer = "/v""#), &server)).await, "it").unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Malformed);
    assert!(error.reason.contains("larger than 1 MiB"), "{}", error.reason);
}

#[tokio::test]
async fn a_token_does_not_follow_a_redirect_and_is_in_no_error() {
    let other = Scripted::json(r#"{"v":1}"#).await;
    let target = other.url.join("/v").unwrap().to_string();
    let server = Scripted::start(move |_| redirect(&target)).await;
    let error = data(&poll(&config(&one(r#"pointer = "/v""#), &server)).await, "it").unwrap_err();
    assert!(error.reason.contains("another place"), "{}", error.reason);
    assert!(other.asked().is_empty());
    let (_, reason) = refused(400, r#"{"message":"bad token hunter2-secret"}"#, r#"pointer = "/v""#).await;
    assert_eq!(reason, "HTTP 400 Bad Request: bad token •••");
}

#[tokio::test]
async fn a_hanging_api_is_a_timeout_and_statuses_keep_their_kind() {
    let server = Scripted::start(|_| hanging()).await;
    let text = one(r#"pointer = "/v""#).replace("2s", "300ms");
    assert_eq!(data(&poll(&config(&text, &server)).await, "it").unwrap_err().kind, SourceErrorKind::Timeout);
    for (status, kind) in
        [(401, SourceErrorKind::Unauthorised), (404, SourceErrorKind::Missing), (429, SourceErrorKind::Throttled)]
    {
        assert_eq!(refused(status, r#"{"v":1}"#, r#"pointer = "/v""#).await.0, kind);
    }
}

#[tokio::test]
async fn a_moment_that_is_missing_or_ahead_makes_no_value_young() {
    let query = r#"pointer = "/v", at = "/at""#;
    let (kind, reason) = refused(200, r#"{"v":1,"at":null}"#, query).await;
    assert_eq!(kind, SourceErrorKind::Malformed);
    assert!(reason.starts_with("/at: null is not a moment"), "{reason}");
    let ahead = answered(200, r#"{"v":1,"at":"2099-01-01T00:00:00Z"}"#, query).await.unwrap();
    assert!(ahead.sampled.unwrap() <= Now::read().wall);
}

#[tokio::test]
async fn a_check_of_a_runbook_asks_the_api_too() {
    let server = Scripted::json(r#"{"v":"7"}"#).await;
    let config = config(&one(r#"pointer = "/v""#), &server);
    let world = quarterdeck::source::build::world(config.clone()).await.unwrap();
    let query = &config.services[0].signals[0].query;
    assert_eq!(world.ask(query, Now::read()).await, Ok(Number::Finite(7.0)));
    assert_eq!(world.sources().len(), 1);
}
