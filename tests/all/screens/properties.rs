//! What holds on every screen, at every size.

use proptest::prelude::*;
use quarterdeck::config::theme::Role;
use quarterdeck::state::State;

use super::paint::{Paint, picture};
use crate::fixture;

fn states() -> [fn() -> State; 5] {
    [fixture::live, fixture::stale, fixture::failed, fixture::never, fixture::incident]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_size_makes_a_screen_panic(columns in 0u16..220, rows in 0u16..70, which in 0usize..5, panel in 0usize..14, zoomed: bool) {
        let state = states()[which]();
        let mut state = if panel == 13 { state } else { fixture::on_service(state, panel) };
        state.zoomed = zoomed;
        picture(&state, columns, rows, &Paint::Roles);
    }
}

#[test]
fn the_smallest_sizes_are_drawn_without_a_panic() {
    for (columns, rows) in (0..24).flat_map(|columns| (0..8).map(move |rows| (columns, rows))) {
        for state in [fixture::live(), fixture::on_service(fixture::failed(), 1)] {
            picture(&state, columns, rows, &Paint::Roles);
        }
    }
}

#[test]
fn nothing_stale_or_failed_looks_live() {
    let values = ["157", "0.048", "51.6", "50.3", "50%", "56%", "2/2"];
    for (state, size) in [fixture::stale(), fixture::failed()].iter().flat_map(|state| [(state, 80), (state, 200)]) {
        let picture = picture(state, size, 50, &Paint::Roles);
        for role in [Role::Text, Role::Good, Role::Warning, Role::Title] {
            for run in picture.runs_of(role) {
                assert!(!values.iter().any(|value| run.contains(value)), "{role:?} {run}");
            }
        }
        assert!(picture.runs_of(Role::Stale).iter().any(|run| run.contains("157ms")), "{}", picture.text());
    }
}

#[test]
fn a_secret_of_the_configuration_never_reaches_a_cell() {
    let mut state = fixture::live();
    state.filter = fixture::PASSWORD.to_owned();
    let text = picture(&state, 120, 40, &Paint::Roles).text();
    assert!(!text.contains(fixture::PASSWORD) && text.contains("•••"), "{text}");
}

#[test]
fn an_unsafe_character_never_reaches_a_cell() {
    let mut state = fixture::live();
    state.filter = "rtech\u{202e}\u{1b}[2J".to_owned();
    let text = picture(&state, 120, 40, &Paint::Roles).text();
    assert!(!text.contains('\u{202e}') && !text.contains('\u{1b}'), "{text}");
}
