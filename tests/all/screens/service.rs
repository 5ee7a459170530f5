//! The service screen: four panels, in every state of their readings.

use std::sync::Arc;

use quarterdeck::config::theme::Role;
use quarterdeck::config::{Baseline, Role as SignalRole, Signal};
use quarterdeck::source::{
    NextRun, Number, ObjectiveData, Payload, Reading, Scaling, ScalingTarget, ScheduledAction, SignalData, Subject,
    Traffic, WindowCount,
};
use quarterdeck::state::{Screen, State};

use super::paint::{Paint, picture};
use crate::fixture;

const PANELS: [&str; 6] = ["latency", "errors", "scaling", "health", "traffic", "releases"];

fn snapshot(name: &str, state: &State, columns: u16, rows: u16) {
    let name = format!("service_{name}_{columns}x{rows}");
    insta::assert_snapshot!(name, picture(state, columns, rows, &Paint::Roles).text_and_styles());
}

fn each_panel(state: &str, make: fn() -> State) {
    for (index, panel) in PANELS.iter().enumerate() {
        snapshot(&format!("{panel}_{state}"), &fixture::on_service(make(), index), 80, 24);
    }
    snapshot(state, &fixture::on_service(make(), 0), 160, 48);
}

#[test]
fn live_panels() {
    each_panel("live", fixture::live);
}

#[test]
fn stale_panels_keep_their_graphs_in_grey_with_the_age() {
    each_panel("stale", fixture::stale);
}

#[test]
fn failed_panels_keep_their_last_values_in_grey_with_the_reason() {
    each_panel("failed", fixture::failed);
}

#[test]
fn panels_before_the_first_answer_say_so() {
    each_panel("never", fixture::never);
}

#[test]
fn an_incident_on_one_screen() {
    snapshot("incident", &fixture::on_service(fixture::incident(), 2), 120, 40);
    snapshot("incident", &fixture::on_service(fixture::incident(), 0), 200, 50);
}

#[test]
fn the_objective_is_drawn_in_and_named() {
    let picture = picture(&fixture::on_service(fixture::live(), 0), 80, 24, &Paint::Roles);
    let drawn = picture.runs_of(Role::Objective).join(" ");
    assert!(drawn.contains("objective p95 < 200 ms") && drawn.contains("╌╌╌╌"), "{drawn}");
    assert!(drawn.contains("200 ms ╌"), "{drawn}");
}

#[test]
fn no_graph_of_a_failed_source_has_the_colour_of_a_live_one() {
    for state in [fixture::failed(), fixture::stale()] {
        let picture = picture(&fixture::on_service(state, 0), 160, 48, &Paint::Roles);
        for role in [Role::Series1, Role::Series2, Role::Series3, Role::Good] {
            assert_eq!(picture.runs_of(role), Vec::<String>::new(), "{role:?}");
        }
    }
}

#[test]
fn no_traffic_is_words_and_not_a_full_budget() {
    let mut state = fixture::live();
    let none = |seconds| WindowCount {
        window: std::time::Duration::from_secs(seconds),
        bad: Number::Finite(0.0),
        valid: Number::Finite(0.0),
    };
    let data = ObjectiveData { windows: [300, 1800, 3600, 21_600, 259_200, 2_592_000].map(none).to_vec() };
    let subject = Subject::Objective { service: "rtech-app".into(), objective: "availability".into() };
    state.readings.receive(Reading { subject, outcome: Ok(Payload::Objective(data)) }, state.now);
    let text = picture(&fixture::on_service(state, 1), 120, 24, &Paint::Roles).text();
    assert!(text.contains("no traffic") && !text.contains("budget left") && !text.contains("100 %"), "{text}");
}

#[test]
fn a_panel_scrolls_no_further_than_its_end() {
    let mut state = fixture::incident();
    state.screens.push(Screen::Service { name: "rtech-app".into(), panel: 2, scroll: 10_000 });
    let text = picture(&state, 80, 18, &Paint::Roles).text();
    assert!(text.contains("has reached a steady state"), "{text}");
}

#[test]
fn a_service_that_left_the_configuration_is_said_to_be_gone() {
    let mut state = fixture::live();
    state.screens.push(Screen::Service { name: "gone".into(), panel: 0, scroll: 0 });
    assert!(picture(&state, 80, 24, &Paint::Roles).text().contains("there is no service gone"));
}

/// A service with nothing but a signal of its own, as a cache or a bill is.
fn with_others(state: State) -> State {
    let mut state = state;
    let config = Arc::make_mut(&mut state.config);
    let other =
        |name: &str| Signal { name: name.into(), role: SignalRole::Other, ..config.services[0].signals[1].clone() };
    let (page, hit) = (other("page_p95"), other("hit_time"));
    let page = Signal { baseline: Some(Baseline { low: 2.0, high: 3.0 }), ..page };
    config.services[0].signals.push(page);
    config.services[2].signals.push(hit);
    for (service, signal) in [("rtech-app", "page_p95"), ("rtech-site", "hit_time")] {
        let value = Some(Number::Finite(1.75));
        let data = SignalData { value, sampled: Some(state.now.wall), ..SignalData::default() };
        let subject = Subject::Signal(fixture::id(service, signal));
        state.readings.receive(Reading { subject, outcome: Ok(Payload::Signal(data)) }, state.now);
    }
    state
}

#[test]
fn a_signal_without_a_panel_of_its_role_is_shown_with_value_age_and_bounds() {
    for (columns, rows) in [(80, 24), (120, 40), (200, 50)] {
        let picture =
            picture(&fixture::on_panel(with_others(fixture::live()), "signals"), columns, rows, &Paint::Roles);
        let text = picture.text();
        for word in ["page_p95", "1.75 s▲", "warning ≥ 500 ms", "critical ≥ 1.5 s", "before 2 s–3 s"] {
            assert!(text.contains(word), "{word} at {columns}: {text}");
        }
        assert!(picture.runs_of(Role::Critical).iter().any(|run| run.contains("1.75 s▲")));
    }
    let failed = picture(&fixture::on_panel(with_others(fixture::failed()), "signals"), 80, 24, &Paint::Roles).text();
    assert!(failed.contains("page_p95"), "{failed}");
}

#[test]
fn a_service_of_other_signals_alone_has_a_row_and_a_screen() {
    let mut state = with_others(fixture::live());
    let overview = picture(&state, 80, 24, &Paint::Roles).text();
    assert!(
        overview.lines().any(|line| line.contains("rtech-site") && line.contains("hit_time 1.75 s▲ 0s")),
        "{overview}"
    );
    state.screens.push(Screen::Service { name: "rtech-site".into(), panel: 1, scroll: 0 });
    snapshot("others", &state, 120, 40);
}

#[test]
fn panels_that_do_not_fit_are_named_and_the_focused_one_is_always_in_sight() {
    for (panel, also) in
        [("latency", "also: traffic, releases, signals  (tab)"), ("signals", "also: latency, errors, scaling  (tab)")]
    {
        let state = fixture::on_panel(with_others(fixture::live()), panel);
        let text = picture(&state, 120, 26, &Paint::Roles).text();
        assert!(text.contains(&format!("▸{panel} ")) && text.contains(also), "{text}");
    }
    let whole = picture(&with_others(fixture::on_service(fixture::live(), 0)), 200, 50, &Paint::Roles).text();
    assert!(whole.contains("─ signals ") && !whole.contains("also:"), "{whole}");
}

#[test]
fn a_group_that_takes_traffic_without_a_healthy_target_stands_out_with_the_reason() {
    let mut state = fixture::live();
    let mut traffic = fixture::traffic();
    traffic.groups[1].targets = vec![fixture::target(7, "unhealthy")];
    let subject = Subject::Traffic { service: "rtech-app".into() };
    state.readings.receive(Reading { subject, outcome: Ok(Payload::Traffic(traffic)) }, state.now);
    let picture = picture(&fixture::on_panel(state, "traffic"), 80, 24, &Paint::Roles);
    let text = picture.text();
    for words in ["rtech-app UNHEALTHY", "rtech-blue 90 %", "0 of 1 healthy", "NO HEALTHY TARGET", "Target.Timeout"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_load_balancer_that_was_not_read_whole_is_not_known_and_says_so() {
    let mut state = fixture::live();
    let words = "rules of HTTPS:443: only the first 400 are read";
    let traffic = Traffic { routes_partial: Some(words.into()), ..fixture::traffic() };
    let subject = Subject::Traffic { service: "rtech-app".into() };
    state.readings.receive(Reading { subject, outcome: Ok(Payload::Traffic(traffic)) }, state.now);
    let text = picture(&fixture::on_panel(state, "traffic"), 80, 24, &Paint::Roles).text();
    assert!(text.contains("rtech-app UNKNOWN") && text.contains(&format!("NOT WHOLE: {words}")), "{text}");
}

#[test]
fn suspended_scaling_and_what_is_scheduled_are_told_in_words() {
    let mut state = fixture::live();
    let action = |name: &str, next: NextRun| ScheduledAction {
        next,
        ..fixture::scheduled(name, "cron(0 6 * * ? *)", 4, "2026-01-01T06:00:00Z")
    };
    let target = ScalingTarget {
        min: 2,
        max: 10,
        scale_in_suspended: true,
        scale_out_suspended: true,
        scheduled_suspended: true,
    };
    let scaling = Scaling {
        target: Some(target),
        policies: Vec::new(),
        activities: Vec::new(),
        activities_missing: None,
        scheduled: vec![
            action("late", NextRun::At { at: "2026-01-01T00:59:00Z".parse().unwrap() }),
            action("often", NextRun::Every { seconds: 43_200 }),
            action("done", NextRun::Over),
            action("odd", NextRun::Unknown { reason: "the expression is not understood".into() }),
        ],
        scheduled_missing: Some("only the first 500 are read".into()),
    };
    let subject = Subject::Scaling { service: "rtech-app".into() };
    state.readings.receive(Reading { subject, outcome: Ok(Payload::Scaling(scaling)) }, state.now);
    let mut state = fixture::on_panel(state, "scaling");
    state.zoomed = true;
    let text = picture(&state, 160, 48, &Paint::Roles).text();
    for words in [
        "scaling in SUSPENDED  scaling out SUSPENDED  scheduled actions SUSPENDED",
        "NOT KNOWN: only the first 500 are read",
        "late sets min 4, was due 1m ago",
        "often sets min 4, every 12h",
        "done sets min 4, not again",
        "odd sets min 4, next run NOT KNOWN: the expression is not understood",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn three_crashes_are_grouped_by_reason_and_degrade_the_service() {
    let mut state = fixture::live();
    let mut releases = fixture::releases("rtech-app");
    releases.stopped = vec![fixture::crashed("rtech-app"); 3];
    releases.missing = vec!["deployments: ecs:ListServiceDeployments: AccessDeniedException".into()];
    let subject = Subject::Releases { service: "rtech-app".into() };
    state.readings.receive(Reading { subject, outcome: Ok(Payload::Releases(releases)) }, state.now);
    state.now = quarterdeck::clock::Now::fixed(fixture::READ - 1);
    let text = picture(&fixture::on_panel(state, "releases"), 80, 24, &Paint::Roles).text();
    for words in ["3 × FAILED", "OUT OF MEMORY (exit 137)", "crash loop: 3 tasks", "NOT KNOWN: deployments"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_zoomed_panel_stands_alone_below_the_tabs() {
    let mut state = fixture::on_panel(fixture::live(), "scaling");
    state.zoomed = true;
    let text = picture(&state, 160, 48, &Paint::Roles).text();
    assert!(text.contains("[scaling]") && text.contains("▸scaling ") && !text.contains("─ latency "), "{text}");
}

#[test]
fn what_is_hidden_below_a_panel_is_counted_on_its_frame() {
    let text = picture(&fixture::on_service(fixture::incident(), 0), 120, 40, &Paint::Roles).text();
    assert!(text.contains(" 0 above, 16 below "), "{text}");
}
