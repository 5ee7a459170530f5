//! The overview, in every state of its readings.

use quarterdeck::config::theme::{ColorDepth, Role, Theme};
use quarterdeck::source::{Number, Payload, Reading, SignalData, Subject};
use quarterdeck::state::{Screen, State};

use super::paint::{Paint, picture};
use crate::fixture;

fn snapshot(name: &str, state: &State, columns: u16, rows: u16) {
    let name = format!("overview_{name}_{columns}x{rows}");
    insta::assert_snapshot!(name, picture(state, columns, rows, &Paint::Roles).text_and_styles());
}

#[test]
fn live_values_stand_with_their_ages() {
    for (columns, rows) in [(80, 24), (120, 40), (200, 50)] {
        snapshot("live", &fixture::live(), columns, rows);
    }
}

#[test]
fn stale_values_are_greyed_and_aged() {
    snapshot("stale", &fixture::stale(), 80, 24);
    snapshot("stale", &fixture::stale(), 120, 40);
}

#[test]
fn failed_values_stay_greyed_with_the_reason() {
    snapshot("failed", &fixture::failed(), 80, 24);
    snapshot("failed", &fixture::failed(), 120, 40);
}

#[test]
fn before_the_first_answer_there_is_no_number_at_all() {
    snapshot("never", &fixture::never(), 80, 24);
    let text = picture(&fixture::never(), 200, 50, &Paint::Roles).text();
    assert!(text.contains("UNKNOWN") && !text.contains("HEALTHY") && !text.contains("0%"), "{text}");
}

#[test]
fn an_incident_shows_state_reasons_runbook_and_last_run() {
    for (columns, rows) in [(80, 24), (120, 40), (200, 50)] {
        snapshot("incident", &fixture::incident(), columns, rows);
    }
}

/// Every shipped theme, and the dark one in sixteen colours and in none.
#[test]
fn every_theme_and_depth_shows_the_same_words() {
    let plain = picture(&fixture::incident(), 80, 24, &Paint::Roles).text();
    for theme in Theme::shipped() {
        for depth in [ColorDepth::True, ColorDepth::Ansi16, ColorDepth::None] {
            let painted = picture(&fixture::incident(), 80, 24, &Paint::Theme(Box::new(theme.with_depth(depth))));
            assert_eq!(painted.text(), plain, "{} {depth:?}", theme.name);
        }
    }
}

#[test]
fn high_contrast_and_no_colour_keep_every_state_apart() {
    let shipped = Theme::shipped();
    let high = shipped.iter().find(|theme| theme.name == "high-contrast").unwrap();
    for (name, theme) in [("high_contrast", high.clone()), ("no_colour", shipped[0].with_depth(ColorDepth::None))] {
        let painted = picture(&fixture::incident(), 80, 24, &Paint::Theme(Box::new(theme)));
        insta::assert_snapshot!(format!("overview_{name}_80x24"), painted.text_and_styles());
    }
}

#[test]
fn the_selected_row_is_marked_by_a_sign_and_its_states_keep_their_colour() {
    let mut state = fixture::incident();
    state.screens = vec![Screen::Overview { selected: 1 }];
    let picture = picture(&state, 80, 24, &Paint::Roles);
    assert!(picture.text().contains("▸HEALTHY   rtech-worker"), "{}", picture.text());
    assert!(picture.runs_of(Role::Good).iter().any(|run| run == "HEALTHY"));
}

#[test]
fn a_selection_beyond_the_list_and_an_empty_list_are_drawn() {
    let mut state = fixture::live();
    state.screens = vec![Screen::Overview { selected: 99 }];
    assert!(picture(&state, 80, 24, &Paint::Roles).text().contains("▸HEALTHY   rtech-site"));
    state.filter = "nothing-like-it".to_owned();
    assert!(picture(&state, 80, 24, &Paint::Roles).text().contains("no service matches the filter"));
}

#[test]
fn many_services_scroll_with_the_selection() {
    let mut state = fixture::live();
    let config = std::sync::Arc::make_mut(&mut state.config);
    let site = config.services[2].clone();
    for number in 0..40 {
        let name = quarterdeck::source::Name::from(format!("service-{number:02}"));
        config.services.push(quarterdeck::config::Service { name, ..site.clone() });
    }
    state.screens = vec![Screen::Overview { selected: 30 }];
    let text = picture(&state, 80, 24, &Paint::Roles).text();
    assert!(text.contains("▸UNKNOWN   service-27") && text.contains("below"), "{text}");
}

#[test]
fn rows_out_of_sight_are_counted_by_how_they_stand() {
    let mut state = fixture::fleet(500);
    fixture::read_fleet(&mut state, fixture::READ, 1);
    for (service, signal, value) in [(3, "errors", 0.9), (400, "cpu", 85.0), (401, "cpu", f64::NAN)] {
        let id = fixture::id(&format!("service-{service:04}"), signal);
        let data = SignalData { value: Some(Number::from(value)), ..SignalData::default() };
        let reading = Reading { subject: Subject::Signal(id), outcome: Ok(Payload::Signal(data)) };
        state.readings.receive(reading, state.now);
    }
    let text = picture(&state, 80, 24, &Paint::Roles).text();
    assert!(text.contains(" 488 below 1 UNKNOWN 1 DEGRADED"), "{text}");
    state.screens = vec![Screen::Overview { selected: 250 }];
    let text = picture(&state, 80, 24, &Paint::Roles).text();
    assert!(text.contains(" 239 above 1 UNHEALTHY"), "{text}");
}
