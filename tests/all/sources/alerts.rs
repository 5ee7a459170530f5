//! Alertmanager 0.25 and Prometheus' own rules.

use std::sync::Arc;

use quarterdeck::clock::Now;
use quarterdeck::source::alertmanager::source;
use quarterdeck::source::prometheus::Prometheus;
use quarterdeck::source::{
    Alert, AlertOrigin, AlertState, Name, Payload, SilenceState, Silences, SourceErrorKind, Subject, Suppression,
};
use quarterdeck::text::Text;

use super::{Scripted, ask, config, outcome, recorded, reply};

const ALERTMANAGER: &str = r#"
[alertmanager]
url = "$URL/am"
max_series = 100
[[service]]
name = "rtech-app"
[[service.health]]
name = "ping"
url = "$URL/ping"
"#;

const RULES_ONLY: &str = r#"
[prometheus]
url = "$URL"
[[service]]
name = "rtech-app"
[[service.health]]
name = "ping"
url = "$URL/ping"
"#;

async fn alertmanager(body: String) -> Vec<Alert> {
    let server = Scripted::start(move |asked| {
        assert_eq!(asked.path, "/am/api/v2/alerts/groups");
        for part in ["active=true", "silenced=true", "inhibited=true"] {
            assert!(asked.query.contains(part), "{}", asked.query);
        }
        reply(200, "application/json", body.clone())
    })
    .await;
    source(&config(ALERTMANAGER, &server), None).unwrap().alerts().await.unwrap()
}

/// The groups with one group of these alerts, in JSON.
fn group(alerts: &str) -> String {
    format!(r#"[{{"labels":{{}},"receiver":{{"name":"ops"}},"alerts":[{alerts}]}}]"#)
}

fn of<'a>(alerts: &'a [Alert], name: &str) -> &'a Alert {
    alerts.iter().find(|alert| alert.name.as_str() == name).unwrap_or_else(|| panic!("{name} in {alerts:?}"))
}

#[tokio::test]
async fn recorded_alerts_keep_firing_and_silenced_apart() {
    let body = std::fs::read_to_string(recorded("alertmanager-groups.json")).unwrap();
    let alerts = alertmanager(body).await;
    let firing = of(&alerts, "HighLatency");
    assert_eq!((firing.state, firing.origin), (AlertState::Firing, AlertOrigin::Alertmanager));
    assert_eq!(firing.service.as_deref(), Some("rtech-app"));
    assert_eq!(firing.runbook.as_deref(), Some("scale-out-under-load"));
    assert_eq!(firing.severity.as_str(), "page");
    assert!(firing.since.is_some());
    let silenced = of(&alerts, "Silenced");
    assert_eq!(silenced.state, AlertState::Suppressed);
    assert!(matches!(silenced.held_by[..], [Suppression::Silence(_)]), "{:?}", silenced.held_by);
    let inhibited = of(&alerts, "Inhibited");
    assert_eq!(inhibited.state, AlertState::Suppressed);
    assert_eq!(inhibited.held_by, [Suppression::Alert(Text::from("TargetDown"))], "by name, not by fingerprint");
    let group = &firing.groups[0];
    assert_eq!((group.receiver.as_str(), group.labels[0].1.as_str()), ("null", "HighLatency"));
    assert_eq!(of(&alerts, "Inhibited").service, None, "a service that is not configured is no service");
    assert_eq!(alerts[0].state, AlertState::Firing, "the worst first");
}

#[tokio::test]
async fn a_flood_of_alerts_is_bounded_and_says_so() {
    let alert = |n: usize| {
        let fields = r#""labels":{"alertname":"Flood"},"startsAt":"2026-01-01T00:00:00Z","status":{"state":"active"}"#;
        format!(r#"{{"fingerprint":"{n}",{fields}}}"#)
    };
    let alerts = alertmanager(group(&(0..150).map(alert).collect::<Vec<_>>().join(","))).await;
    assert_eq!(alerts.len(), 101);
    assert_eq!(alerts[100].name.as_str(), "50 more alerts are not shown (`max_series`)");
}

#[tokio::test]
async fn text_in_alerts_can_not_act_on_a_terminal() {
    let body = r#"{"fingerprint":"1","labels":{"alertname":"a\u001b]52;c;x\u0007","severity":"\u202epage"},"annotations":{"summary":"\u009b2J"},
        "startsAt":"2026-01-01T00:00:00Z","status":{"state":"active"}}"#;
    let alerts = alertmanager(group(body)).await;
    assert_eq!(alerts[0].name.as_str(), "a\u{fffd}]52;c;x\u{fffd}");
    assert_eq!((alerts[0].severity.as_str(), alerts[0].summary.as_str()), ("\u{fffd}page", "\u{fffd}2J"));
}

#[tokio::test]
async fn without_alertmanager_prometheus_rules_are_asked() {
    let body = std::fs::read_to_string(recorded("prometheus-rules.json")).unwrap();
    let server = Scripted::start(move |asked| {
        assert_eq!((asked.path.as_str(), asked.query.as_str()), ("/api/v1/rules", "type=alert"));
        reply(200, "application/json", body.clone())
    })
    .await;
    let config = config(RULES_ONLY, &server);
    let prometheus = Arc::new(Prometheus::new(config.prometheus.as_ref().unwrap()));
    let alerts = source(&config, Some(&prometheus)).unwrap().alerts().await.unwrap();
    assert_eq!(of(&alerts, "HighLatency").state, AlertState::Firing);
    assert_eq!(of(&alerts, "Slowly").state, AlertState::Pending);
    assert!(alerts.iter().all(|alert| alert.origin == AlertOrigin::Prometheus));
    let broken = of(&alerts, "Broken");
    assert_eq!((broken.state, broken.service.as_deref()), (AlertState::NoData, Some("rtech-app")));
    assert!(broken.summary.starts_with("the rule can't be evaluated: found duplicate series"), "{}", broken.summary);
}

#[tokio::test]
async fn an_answer_that_is_no_list_of_alerts_is_malformed() {
    for body in [
        r#"{"status":"success"}"#,
        r#"[{"labels":{}}]"#,
        r#"[{"receiver":{"name":"x"},"alerts":[{"labels":{}}]}]"#,
        "<html><title>Login</title>",
        "[",
        "",
    ] {
        let server = Scripted::start(move |_| reply(200, "application/json", body)).await;
        let error = source(&config(ALERTMANAGER, &server), None).unwrap().alerts().await.unwrap_err();
        assert_eq!(error.kind, SourceErrorKind::Malformed, "{body}");
    }
}

#[tokio::test]
async fn an_alert_of_two_groups_is_told_once_with_both_receivers() {
    let alert = r#"{"fingerprint":"1","labels":{"alertname":"A"},"status":{"state":"active","silencedBy":null,"inhibitedBy":[]}}"#;
    let one = |receiver: &str| format!(r#"{{"labels":{{}},"receiver":{{"name":"{receiver}"}},"alerts":[{alert}]}}"#);
    let alerts = alertmanager(format!("[{},{}]", one("pager"), one("chat"))).await;
    let receivers: Vec<&str> = alerts[0].groups.iter().map(|group| group.receiver.as_str()).collect();
    assert_eq!((alerts.len(), receivers), (1, vec!["pager", "chat"]));
}

#[tokio::test]
async fn an_alert_that_a_time_interval_mutes_or_an_unknown_alert_inhibits_is_suppressed_and_says_by_what() {
    let of = |status: &str| group(&format!(r#"{{"fingerprint":"1","labels":{{"alertname":"A"}},"status":{status}}}"#));
    let muted = alertmanager(of(r#"{"state":"suppressed","mutedBy":["weekends"]}"#)).await;
    assert_eq!(muted[0].held_by, [Suppression::Interval(Text::from("weekends"))]);
    let inhibited = alertmanager(of(r#"{"state":"active","inhibitedBy":["beef"]}"#)).await;
    assert_eq!(inhibited[0].held_by, [Suppression::Alert(Text::from("beef"))]);
    assert!(muted.iter().chain(&inhibited).all(|alert| alert.state == AlertState::Suppressed));
}

async fn silences(body: String, date: Option<&'static str>) -> Result<Silences, SourceErrorKind> {
    let server = Scripted::start(move |asked| {
        assert_eq!(asked.path, "/am/api/v2/silences");
        let mut response = reply(200, "application/json", body.clone());
        response.headers_mut().extend(date.map(|date| (axum::http::header::DATE, date.parse().unwrap())));
        response
    })
    .await;
    let now = Now::fixed(0);
    source(&config(ALERTMANAGER, &server), None).unwrap().silences(now).await.map_err(|error| error.kind)
}

/// The date of `Now::fixed(0)`.
const DATE: Option<&str> = Some("Thu, 01 Jan 2026 00:00:00 GMT");

fn silence(state: &str, starts: &str, ends: &str) -> String {
    format!(
        r#"{{"id":"x","status":{{"state":"{state}"}},"startsAt":"{starts}","endsAt":"{ends}","createdBy":"alice",
        "comment":"why","matchers":[{{"name":"a","value":"q\"\\","isRegex":true,"isEqual":false}},{{"name":"b","value":"c"}}]}}"#
    )
}

#[tokio::test]
async fn recorded_silences_stand_in_the_order_in_which_they_matter() {
    let body = std::fs::read_to_string(recorded("alertmanager-silences.json")).unwrap();
    let told = silences(body, DATE).await.unwrap();
    let states: Vec<SilenceState> = told.silences.iter().map(|silence| silence.state).collect();
    assert!(states.is_sorted() && states.contains(&SilenceState::Active) && states.contains(&SilenceState::Expired));
    let first = told.silences.iter().find(|silence| silence.created_by.as_str() == "alice").unwrap();
    let matchers: Vec<&str> = first.matchers.iter().map(|matcher| matcher.as_str()).collect();
    assert_eq!(matchers, [r#"alertname="Silenced""#, r#"severity=~"warn.*""#, r#"service!="x""#]);
    assert_eq!(first.comment.as_str(), "known, ticket 4711");
}

#[tokio::test]
async fn silences_that_ended_long_ago_are_left_out_and_one_for_ever_is_read() {
    let long_ago = silence("expired", "2025-12-30T00:00:00Z", "2025-12-31T00:00:00Z");
    let lately = silence("expired", "2025-12-30T00:00:00Z", "2025-12-31T23:00:00Z");
    let for_ever = silence("active", "2025-12-30T00:00:00Z", "9999-12-31T23:59:59Z");
    let told = silences(format!("[{long_ago},{lately},{for_ever}]"), DATE).await.unwrap();
    let states: Vec<SilenceState> = told.silences.iter().map(|silence| silence.state).collect();
    assert_eq!(states, [SilenceState::Active, SilenceState::Expired]);
    assert_eq!(told.silences[0].matchers[0].as_str(), r#"a!~"q\"\\""#, "quotes and backslashes are escaped");
    assert_eq!(told.silences[0].matchers[1].as_str(), r#"b="c""#, "before 0.22 there was no `isEqual`");
}

#[tokio::test]
async fn a_clock_that_is_ahead_shortens_what_is_left_of_a_silence() {
    let one = format!("[{}]", silence("active", "2025-12-31T00:00:00Z", "2026-01-01T00:10:00Z"));
    let now = Now::fixed(0).wall;
    let left = |told: Silences| (told.clock_ahead, told.until(told.silences[0].ends, now).as_secs());
    assert_eq!(left(silences(one.clone(), DATE).await.unwrap()), (0, 600));
    assert_eq!(left(silences(one.clone(), Some("Thu, 01 Jan 2026 00:04:00 GMT")).await.unwrap()), (240, 360));
    let over = silences(one, Some("Thu, 01 Jan 2026 00:20:00 GMT")).await.unwrap();
    assert_eq!(over.state(&over.silences[0], now), SilenceState::Expired, "it ended since it was read");
}

#[tokio::test]
async fn a_flood_of_silences_is_bounded_and_says_so() {
    let one = silence("active", "2025-12-31T00:00:00Z", "2026-01-01T00:10:00Z");
    let told = silences(format!("[{}]", vec![one; 250].join(",")), DATE).await.unwrap();
    assert_eq!((told.silences.len(), told.left_out), (200, 50));
}

#[tokio::test]
async fn an_answer_that_is_no_list_of_silences_is_malformed() {
    for body in ["{}", r#"[{"id":"x"}]"#, &format!("[{}]", silence("active", "soon", "later")), ""] {
        assert_eq!(silences(body.to_owned(), DATE).await.unwrap_err(), SourceErrorKind::Malformed, "{body}");
    }
}

#[tokio::test]
async fn alerts_are_told_even_where_silences_can_not_be_read() {
    let server = Scripted::start(|asked| match asked.path.as_str() {
        "/am/api/v2/alerts/groups" => reply(200, "application/json", "[]"),
        _ => reply(500, "application/json", r#""silences are out of order""#),
    })
    .await;
    let readings = ask(vec![Arc::new(source(&config(ALERTMANAGER, &server), None).unwrap())], None).await;
    let name = || Name::from("alertmanager");
    assert!(matches!(outcome(&readings, &Subject::Alerts { source: name() }), Ok(Payload::Alerts(_))));
    assert!(outcome(&readings, &Subject::Silences { source: name() }).is_err());
}
