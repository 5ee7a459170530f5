//! CloudWatch at the floor of its requests: what is asked, how often, and what that is charged.

use std::sync::Arc;
use std::time::Duration;

use ciborium::Value as Cbor;
use quarterdeck::config::{Aws, CloudWatchMetric, Config, Query};
use quarterdeck::source::aws::{Connections, sources};
use quarterdeck::source::{Payload, SharedSource, Subject, Usage};

use super::cloudwatch::{all, ids, metric};
use super::server::{Request, Server, member};
use super::{connection_at, poll, settings, with_services};

/// The same metric with another period, in another place.
fn there(query: &Query, period: u32, place: Option<&str>) -> Query {
    match query {
        Query::CloudWatch(metric) => {
            Query::CloudWatch(CloudWatchMetric { period, place: place.map(Into::into), ..metric.clone() })
        }
        other => other.clone(),
    }
}

/// An environment with so many metrics of each of these periods and places.
fn environment(count: usize, of: &[(u32, Option<&str>)]) -> Config {
    let mut signals = Vec::new();
    for (period, place) in of {
        let metrics = (0..count).map(|n| there(&metric(&format!("m{n}")), *period, *place));
        signals.extend(metrics);
    }
    let names: Vec<String> = (0..signals.len()).map(|n| format!("s{n}")).collect();
    let mut config = with_services(&["app"], names.iter().map(String::as_str).zip(signals).collect());
    let aws = config.aws.as_mut().unwrap();
    for place in of.iter().filter_map(|(_, place)| *place) {
        let at = Aws { region: "eu-west-1".into(), ..aws.clone() };
        aws.places.insert(place.into(), at);
    }
    config
}

fn connections(server: &Server, config: &Config) -> Arc<Connections> {
    let here = Connections::single(connection_at(&settings(server)));
    let places = config.aws.as_ref().unwrap().places.keys();
    Arc::new(places.fold(here, |all, place| {
        let connection = quarterdeck::source::aws::Connection::open(&settings(server))
            .with_credentials(super::credentials())
            .with_endpoint(&server.url())
            .with_meter(all.meter());
        all.and(place.clone(), Arc::new(connection))
    }))
}

fn of_metrics(connections: &Arc<Connections>, config: &Config) -> Vec<SharedSource> {
    let all = sources(connections, config).into_iter();
    all.filter(|source| source.subjects().iter().any(|subject| matches!(subject, Subject::Signal(_)))).collect()
}

#[tokio::test]
async fn calls_are_the_queries_by_five_hundred_for_each_place_and_period() {
    for (count, calls) in [(1, 1), (500, 1), (501, 2), (1_200, 3)] {
        for of in [&[(60, None)][..], &[(60, None), (300, None)], &[(60, None), (60, Some("dr")), (300, Some("dr"))]] {
            let server = Server::start(|request| all(request, "Complete", &[1.0])).await;
            let config = environment(count, of);
            let connections = connections(&server, &config);
            let mut answered = 0;
            for source in of_metrics(&connections, &config) {
                answered += poll(&source, None).await.iter().filter(|reading| reading.outcome.is_ok()).count();
            }
            assert_eq!(answered, count * of.len());
            let asked = server.seen("GetMetricData");
            assert_eq!(asked.len(), calls * of.len(), "{count} queries, {} places and periods", of.len());
            assert_eq!(asked.iter().map(|request| ids(request).len()).sum::<usize>(), count * of.len());
        }
    }
}

#[tokio::test]
async fn a_metric_by_the_day_is_a_source_of_its_own_that_rests_a_day() {
    let server = Server::start(|request| all(request, "Complete", &[1.0])).await;
    let config = environment(2, &[(60, None), (86_400, None)]);
    let sources = of_metrics(&connections(&server, &config), &config);
    let every: Vec<u64> = sources.iter().map(|source| source.cadence().every.as_secs()).collect();
    assert_eq!(every, [60, 86_400]);
    for (source, longest) in sources.iter().zip([60, 86_400]) {
        let rest = source.rest(quarterdeck::clock::Now::read()).expect("a rest");
        assert!(rest <= Duration::from_secs(longest) && !rest.is_zero(), "{rest:?}");
        assert_eq!(poll(source, None).await.len(), 2, "each answers for its own subjects");
    }
    for signal in &config.services[0].signals {
        let subject = Subject::Signal(quarterdeck::source::SignalId {
            service: config.services[0].name.clone(),
            signal: signal.name.clone(),
        });
        let source = sources.iter().find(|source| source.subjects().contains(&subject)).expect("read once");
        let cadence = config.cadence(&subject);
        assert_eq!(cadence.every, source.cadence().every, "judged by the pace at which it is asked");
    }
}

/// How many seconds a GetMetricData request asks for.
fn window(request: &Request) -> f64 {
    let second = |key: &str| match member(&request.cbor, key) {
        Some(Cbor::Tag(1, value)) => value.as_float().or(value.as_integer().map(|n| i128::from(n) as f64)).unwrap(),
        other => panic!("{other:?}"),
    };
    second("EndTime") - second("StartTime")
}

#[tokio::test]
async fn history_is_read_once_and_then_only_its_tail_but_all_that_a_failure_left_out() {
    let server = Server::start(|request| {
        let status = if window(request) < 300.0 + 61.0 { "PartialData" } else { "Complete" };
        all(request, status, &[1.0])
    })
    .await;
    let config = environment(1, &[(60, None)]);
    let source = of_metrics(&connections(&server, &config), &config).remove(0);
    for backfill in [Some(Duration::from_secs(6 * 3600)), None, None] {
        poll(&source, backfill).await;
    }
    let windows: Vec<f64> = server.seen("GetMetricData").iter().map(window).collect();
    assert_eq!(windows[0], 6.0 * 3600.0);
    // The minute may turn between two polls.
    assert!(windows[1] == 300.0 || windows[1] == 360.0, "{windows:?}");
    assert!(windows[1] * 10.0 < windows[0], "under a tenth of the window: {windows:?}");
    assert!(windows[2] >= windows[1], "what was partial is asked again: {windows:?}");
}

#[tokio::test]
async fn what_is_sent_is_charged_and_told() {
    let server = Server::start(|request| all(request, "Complete", &[1.0])).await;
    let mut config = environment(501, &[(60, None), (60, Some("dr"))]);
    config.cloudwatch.as_mut().unwrap().budget_usd_month = Some(1_000.0);
    let connections = connections(&server, &config);
    let all = sources(&connections, &config);
    for source in of_metrics(&connections, &config) {
        poll(&source, None).await;
    }
    let usage = all.iter().find(|source| source.name() == "usage").expect("the source of usage");
    let told: Usage = match poll(usage, None).await.remove(0).outcome {
        Ok(Payload::Usage(usage)) => usage,
        other => panic!("{other:?}"),
    };
    assert_eq!((told.requests, told.units), (4, 1_002));
    assert!((told.usd - 0.010_02).abs() < 1e-9, "1,002 metrics at 0.01 USD a thousand: {}", told.usd);
    assert!((told.usd_month - 1_002.0 * 43_200.0 * 1e-5).abs() < 1e-6, "{}", told.usd_month);
    assert_eq!((told.budget, told.slowed), (Some(1_000.0), 1.0));
}

#[tokio::test]
async fn an_expression_is_sent_as_written_with_the_statistics_of_its_metrics() {
    let stat = |name: &str| match metric(name) {
        Query::CloudWatch(metric) => CloudWatchMetric { statistic: "Sum".into(), ..metric },
        other => panic!("{other:?}"),
    };
    let share = Query::CloudWatchMaths {
        expression: "100*FILL(bad,0)/good + bad/PERIOD(bad)".into(),
        metrics: [("bad".to_owned(), stat("5xx")), ("good".to_owned(), stat("Requests"))].into(),
        period: 60,
    };
    let server = Server::start(|request| {
        let asked = member(&request.cbor, "MetricDataQueries").unwrap().as_array().unwrap().clone();
        let returned = |query: &&Cbor| member(query, "ReturnData").and_then(Cbor::as_bool) != Some(false);
        let ids: Vec<String> = asked
            .iter()
            .filter(returned)
            .map(|query| member(query, "Id").unwrap().as_text().unwrap().to_owned())
            .collect();
        super::cloudwatch::page(ids.iter().map(|id| super::cloudwatch::result(id, "Complete", &[2.5])).collect(), None)
    })
    .await;
    let config = with_services(&["app"], vec![("errors", share)]);
    let source = of_metrics(&connections(&server, &config), &config).remove(0);
    assert!(poll(&source, None).await[0].outcome.is_ok());
    let request = server.seen("GetMetricData").remove(0);
    let queries = member(&request.cbor, "MetricDataQueries").unwrap().as_array().unwrap().clone();
    let sent = queries.iter().find_map(|query| member(query, "Expression")?.as_text()).unwrap();
    assert_eq!(sent, "100*FILL(quarterdeck0,0)/quarterdeck1 + quarterdeck0/PERIOD(quarterdeck0)");
    let stats: Vec<&str> =
        queries.iter().filter_map(|query| member(member(query, "MetricStat")?, "Stat")?.as_text()).collect();
    assert_eq!(stats, ["Sum", "Sum"]);
}
