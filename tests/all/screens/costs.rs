//! Cost and delivery on one screen.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::clock::Now;
use quarterdeck::config::CostBudget;
use quarterdeck::source::*;
use quarterdeck::state::{Screen, State};
use quarterdeck::text::Text;

use super::paint::{Paint, picture};
use crate::fixture;

fn configured(mut state: State) -> State {
    let interval = Duration::from_secs(6 * 3600);
    let budget = CostBudget { monthly_usd: Some(1000.0), place: None, interval };
    Arc::make_mut(&mut state.config).cost = Some(budget);
    state.screens.push(Screen::Costs { scroll: 0 });
    state
}

fn cost(forecast: Option<f64>) -> Cost {
    let month = jiff::civil::date(2026, 1, 1);
    Cost {
        month,
        month_to_date: 743.2,
        forecast,
        estimated: true,
        by_service: vec![
            (Text::from("Amazon Elastic Container Service"), 512.0),
            (Text::from("AmazonCloudWatch"), 31.2),
        ],
        by_day: vec![(month, 36.1)],
        missing: Vec::new(),
    }
}

/// A deployment that was asked for so many hours before the readings.
fn deployment(hours: u64, status: &str) -> ServiceDeployment {
    let at = |hours: u64| Now::fixed(fixture::READ + 720 * 3600 - hours * 3600).wall;
    ServiceDeployment {
        id: Text::from("d"),
        status: Text::from(status),
        reason: None,
        task_definition: None,
        created: Some(at(hours)),
        started: Some(at(hours)),
        finished: Some(at(hours - 1)),
        rolled_back: status != "SUCCESSFUL",
    }
}

fn read(state: State, forecast: Option<f64>) -> State {
    let mut state = configured(state);
    state.now = Now::fixed(fixture::READ + 720 * 3600);
    let mut keep = |subject: Subject, payload: Payload| {
        state.readings.receive(Reading { subject, outcome: Ok(payload) }, state.now);
    };
    keep(Subject::Cost { source: "cost".into() }, Payload::Cost(cost(forecast)));
    let usage = Usage {
        requests: 1440,
        units: 28_800,
        log_bytes_scanned: 4_000_000_000,
        cost_requests: 8,
        usd: 0.388,
        usd_month: 8.66,
        budget: Some(5.0),
        slowed: 1.7,
    };
    keep(Subject::Usage { source: "cloudwatch".into() }, Payload::Usage(usage));
    let app = vec![deployment(10, "SUCCESSFUL"), deployment(30, "ROLLBACK_SUCCESSFUL"), deployment(100, "SUCCESSFUL")];
    for (service, deployments) in [("rtech-app", app), ("rtech-worker", vec![deployment(50, "SUCCESSFUL")])] {
        let releases = Releases { deployments, ..Releases::default() };
        keep(Subject::Releases { service: service.into() }, Payload::Releases(releases));
    }
    state
}

fn snapshot(name: &str, state: &State, columns: u16, rows: u16) {
    let name = format!("costs_{name}_{columns}x{rows}");
    insta::assert_snapshot!(name, picture(state, columns, rows, &Paint::Roles).text_and_styles());
}

#[test]
fn cost_polling_and_delivery() {
    snapshot("live", &read(fixture::never(), Some(1150.0)), 80, 24);
    snapshot("live", &read(fixture::never(), Some(1150.0)), 120, 40);
    snapshot("never", &configured(fixture::never()), 80, 24);
}

#[test]
fn a_forecast_that_is_not_known_is_not_within_the_budget() {
    let text = picture(&read(fixture::never(), None), 80, 24, &Paint::Roles).text();
    assert!(text.contains("not judged") && !text.contains("within it"), "{text}");
}

#[test]
fn the_fleet_s_delivery_is_not_known_while_one_service_s_is_not() {
    let mut state = read(fixture::never(), None);
    let known = picture(&state, 120, 40, &Paint::Roles).text();
    assert!(known.contains("1 of 4 (25%)") || known.contains("1 of 4 (25 %)"), "{known}");
    let subject = Subject::Releases { service: "rtech-worker".into() };
    // Nothing listed is not the same as none.
    let unread =
        Releases { missing: vec!["deployments: ecs:ListServiceDeployments: HTTP 500".into()], ..Releases::default() };
    state.readings.receive(Reading { subject: subject.clone(), outcome: Ok(Payload::Releases(unread)) }, state.now);
    let text = picture(&state, 120, 40, &Paint::Roles).text();
    assert!(text.contains("all of them          not known") && text.contains("not known: deployments"), "{text}");
    for _ in 0..3 {
        let error = SourceError::new(&"releases".into(), SourceErrorKind::Timeout, "no answer");
        state.readings.receive(Reading { subject: subject.clone(), outcome: Err(error) }, state.now);
    }
    let text = picture(&state, 120, 40, &Paint::Roles).text();
    assert!(text.contains("all of them          not known"), "{text}");
}
