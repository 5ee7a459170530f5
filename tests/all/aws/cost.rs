//! Cost Explorer: sums over days and services, the forecast, and what makes no sum.

use std::time::Duration;

use quarterdeck::config::{Config, CostBudget};
use quarterdeck::source::aws::meter::Price;
use quarterdeck::source::{Cost, Payload, SourceErrorKind};
use serde_json::{Value, json};

use super::server::{Answer, Request, Server, json_error};
use super::{connection, empty, everywhere, failure, poll_one, source};

fn config() -> Config {
    let interval = Duration::from_secs(6 * 3600);
    Config { cost: Some(CostBudget { monthly_usd: Some(1000.0), place: None, interval }), ..empty() }
}

fn usd(amount: &str) -> Value {
    json!({"UnblendedCost": {"Amount": amount, "Unit": "USD"}})
}

fn day(start: &str, groups: &[(&str, &str)]) -> Value {
    let groups: Vec<Value> =
        groups.iter().map(|(name, amount)| json!({"Keys": [name], "Metrics": usd(amount)})).collect();
    json!({"TimePeriod": {"Start": start, "End": "2026-11-30"}, "Groups": groups, "Estimated": true})
}

fn whole(request: &Request) -> Answer {
    if request.operation == "GetCostForecast" {
        return Answer::Json(200, json!({"Total": {"Amount": "250.5", "Unit": "USD"}}));
    }
    let second = request.json.get("NextPageToken").is_some();
    let page = if second {
        json!({"ResultsByTime": [day("2026-11-02", &[("ECS", "20"), ("S3", "0.5")])]})
    } else {
        json!({"ResultsByTime": [day("2026-11-01", &[("ECS", "10.25"), ("S3", "30")])], "NextPageToken": "two"})
    };
    Answer::Json(200, page)
}

async fn read(server: &Server) -> Cost {
    match poll_one(&source(server, &config(), "cost")).await.unwrap() {
        Payload::Cost(cost) => cost,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn days_and_services_of_all_pages_are_summed() {
    let server = Server::start(whole).await;
    let cost = read(&server).await;
    assert!((cost.month_to_date - 60.75).abs() < 1e-9, "{cost:?}");
    assert_eq!(cost.by_service[0].0.as_str(), "S3", "the dearest first");
    assert!((cost.by_service[0].1 - 30.5).abs() < 1e-9 && (cost.by_service[1].1 - 30.25).abs() < 1e-9, "{cost:?}");
    let days: Vec<f64> = cost.by_day.iter().map(|(_, usd)| *usd).collect();
    assert_eq!(days, [40.25, 20.5]);
    assert_eq!(server.seen("GetCostAndUsage").len(), 2);
    assert!(server.seen("GetCostForecast").len() <= 1);
}

#[tokio::test]
async fn a_forecast_that_aws_cannot_make_is_not_known_and_no_failure() {
    let server = Server::start(|request| match request.operation.as_str() {
        "GetCostForecast" => json_error(400, "DataUnavailableException", "too little history"),
        _ => whole(request),
    })
    .await;
    let cost = read(&server).await;
    // On a month's last day nothing is left to forecast.
    let asked = !server.seen("GetCostForecast").is_empty();
    assert_eq!(cost.forecast.is_none(), asked, "{cost:?}");
    assert!(cost.missing.is_empty(), "{:?}", cost.missing);
}

#[tokio::test]
async fn a_forecast_that_is_refused_is_said_and_leaves_the_rest() {
    let server = Server::start(|request| match request.operation.as_str() {
        "GetCostForecast" => json_error(400, "AccessDeniedException", "no"),
        _ => whole(request),
    })
    .await;
    let cost = read(&server).await;
    assert!(cost.month_to_date > 60.0);
    let asked = !server.seen("GetCostForecast").is_empty();
    assert_eq!(cost.missing.iter().any(|missing| missing.contains("forecast")), asked, "{:?}", cost.missing);
}

#[tokio::test]
async fn another_currency_or_no_number_is_no_sum() {
    for (amount, unit) in [("10", "EUR"), ("NaN", "USD"), ("1_000", "USD"), ("", "USD")] {
        let server = Server::start(move |_| {
            let metrics = json!({"UnblendedCost": {"Amount": amount, "Unit": unit}});
            let groups = json!([{"Keys": ["ECS"], "Metrics": metrics}]);
            Answer::Json(200, json!({"ResultsByTime": [{"TimePeriod": {"Start": "2026-11-01", "End": "2026-11-02"}, "Groups": groups}]}))
        })
        .await;
        let error = failure(&source(&server, &config(), "cost")).await;
        assert_eq!(error.kind, SourceErrorKind::Malformed, "{amount} {unit}: {error}");
    }
}

#[tokio::test]
async fn pages_without_end_are_no_whole_month() {
    let server = Server::start(|_| {
        Answer::Json(200, json!({"ResultsByTime": [day("2026-11-01", &[("ECS", "1")])], "NextPageToken": "again"}))
    })
    .await;
    let error = failure(&source(&server, &config(), "cost")).await;
    assert_eq!(error.kind, SourceErrorKind::Malformed, "{error}");
    assert_eq!(server.seen("GetCostAndUsage").len(), 10);
}

#[tokio::test]
async fn each_request_is_charged_a_cent() {
    let server = Server::start(whole).await;
    let connection = connection(&server);
    let meter = connection.meter().clone();
    let sources = quarterdeck::source::aws::sources(&everywhere(&connection), &config());
    let source = sources.into_iter().find(|source| *source.name() == "cost").unwrap();
    assert!(matches!(poll_one(&source).await, Ok(Payload::Cost(_))));
    let sent = server.seen("GetCostAndUsage").len() + server.seen("GetCostForecast").len();
    assert_eq!(meter.requests(Price::CostExplorerRequests), sent as u64);
    assert!((meter.usd() - 0.01 * sent as f64).abs() < 1e-12);
}
