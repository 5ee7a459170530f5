//! Alertmanager 0.25 and Prometheus' own rules.

use std::sync::Arc;

use quarterdeck::source::alertmanager::source;
use quarterdeck::source::prometheus::Prometheus;
use quarterdeck::source::{Alert, AlertOrigin, AlertState, SourceErrorKind};

use super::{Scripted, config, recorded, reply};

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
        assert_eq!(asked.path, "/am/api/v2/alerts");
        for part in ["active=true", "silenced=true", "inhibited=true"] {
            assert!(asked.query.contains(part), "{}", asked.query);
        }
        reply(200, "application/json", body.clone())
    })
    .await;
    source(&config(ALERTMANAGER, &server), None).unwrap().alerts().await.unwrap()
}

fn of<'a>(alerts: &'a [Alert], name: &str) -> &'a Alert {
    alerts.iter().find(|alert| alert.name.as_str() == name).unwrap_or_else(|| panic!("{name} in {alerts:?}"))
}

#[tokio::test]
async fn recorded_alerts_keep_firing_and_silenced_apart() {
    let body = std::fs::read_to_string(recorded("alertmanager-alerts.json")).unwrap();
    let alerts = alertmanager(body).await;
    let firing = of(&alerts, "HighLatency");
    assert_eq!((firing.state, firing.origin), (AlertState::Firing, AlertOrigin::Alertmanager));
    assert_eq!(firing.service.as_deref(), Some("rtech-app"));
    assert_eq!(firing.runbook.as_deref(), Some("scale-out-under-load"));
    assert_eq!(firing.severity.as_str(), "page");
    assert!(firing.since.is_some());
    assert_eq!(of(&alerts, "Silenced").state, AlertState::Suppressed);
    assert_eq!(of(&alerts, "Inhibited").state, AlertState::Suppressed);
    assert_eq!(of(&alerts, "Inhibited").service, None, "a service that is not configured is no service");
    assert_eq!(alerts[0].state, AlertState::Firing, "the worst first");
}

#[tokio::test]
async fn a_flood_of_alerts_is_bounded_and_says_so() {
    let alert = r#"{"labels":{"alertname":"Flood"},"startsAt":"2026-01-01T00:00:00Z","status":{"state":"active"}}"#;
    let alerts = alertmanager(format!("[{}]", vec![alert; 150].join(","))).await;
    assert_eq!(alerts.len(), 101);
    assert_eq!(alerts[100].name.as_str(), "50 more alerts are not shown (`max_series`)");
}

#[tokio::test]
async fn text_in_alerts_can_not_act_on_a_terminal() {
    let body = r#"[{"labels":{"alertname":"a\u001b]52;c;x\u0007","severity":"\u202epage"},"annotations":{"summary":"\u009b2J"},
        "startsAt":"2026-01-01T00:00:00Z","status":{"state":"active"}}]"#;
    let alerts = alertmanager(body.to_owned()).await;
    assert_eq!(alerts[0].name.as_str(), "a\u{fffd}]52;c;x\u{fffd}");
    assert_eq!((alerts[0].severity.as_str(), alerts[0].summary.as_str()), ("\u{fffd}page", "\u{fffd}2J"));
}

#[tokio::test]
async fn without_alertmanager_prometheus_rules_are_asked() {
    let body = std::fs::read_to_string(recorded("prometheus-alerts.json")).unwrap();
    let server = Scripted::start(move |asked| {
        assert_eq!(asked.path, "/api/v1/alerts");
        reply(200, "application/json", body.clone())
    })
    .await;
    let config = config(RULES_ONLY, &server);
    let prometheus = Arc::new(Prometheus::new(config.prometheus.as_ref().unwrap()));
    let alerts = source(&config, Some(&prometheus)).unwrap().alerts().await.unwrap();
    assert_eq!(of(&alerts, "HighLatency").state, AlertState::Firing);
    assert_eq!(of(&alerts, "Slowly").state, AlertState::Pending);
    assert!(alerts.iter().all(|alert| alert.origin == AlertOrigin::Prometheus));
}

#[tokio::test]
async fn an_answer_that_is_no_list_of_alerts_is_malformed() {
    for body in [r#"{"status":"success"}"#, r#"[{"labels":{}}]"#, "<html><title>Login</title>", "[", ""] {
        let server = Scripted::start(move |_| reply(200, "application/json", body)).await;
        let error = source(&config(ALERTMANAGER, &server), None).unwrap().alerts().await.unwrap_err();
        assert_eq!(error.kind, SourceErrorKind::Malformed, "{body}");
    }
}
