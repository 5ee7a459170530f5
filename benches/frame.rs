//! What a frame and a key cost. Run with `cargo bench`; figures and method are in `benches/README.md`.
#![allow(missing_docs, clippy::unwrap_used)] // criterion's macros; a bench may stop at the first error

#[path = "../tests/all/fixture.rs"]
mod fixture;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use crossterm::event::{KeyCode, KeyModifiers};
use quarterdeck::config::keymap::{KeyPress, Keymap};
use quarterdeck::config::theme::Theme;
use quarterdeck::event::{Event, Stamped};
use quarterdeck::state::{State, update};
use quarterdeck::view;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

fn ready(mut state: State) -> State {
    state.keymap = Arc::new(Keymap::shipped());
    state
}

fn draw(criterion: &mut Criterion, name: &str, state: &State, size: (u16, u16)) {
    let theme = Theme::shipped().remove(0);
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| terminal.draw(|frame| view::draw(frame, black_box(state), &theme)).unwrap().count);
    });
}

fn frames(criterion: &mut Criterion) {
    let overview = ready(fixture::live());
    draw(criterion, "frame/overview 80x24", &overview, (80, 24));
    draw(criterion, "frame/overview 200x50", &overview, (200, 50));
    let service = ready(fixture::on_service(fixture::live(), 0));
    draw(criterion, "frame/service 80x24", &service, (80, 24));
    draw(criterion, "frame/service 200x50", &service, (200, 50));
}

/// Samples of six hours, 15 s apart: more than the console keeps of them, which is every two minutes.
const SIX_HOURS: u64 = 1440;

fn fleet(services: usize) -> State {
    let mut state = fixture::fleet(services);
    fixture::read_fleet(&mut state, fixture::READ + 6 * 3600, SIX_HOURS);
    state.range = std::time::Duration::from_secs(6 * 3600);
    let now = state.now;
    update(&mut state, Stamped { now, event: Event::Paint });
    state
}

fn fleets(criterion: &mut Criterion) {
    for services in [50, 500, 5000] {
        let mut state = fleet(services);
        draw(criterion, &format!("frame/overview of {services} services 200x50"), &state, (200, 50));
        let now = state.now;
        criterion.bench_function(&format!("paint/renew all verdicts of {services} services"), |bencher| {
            bencher.iter(|| {
                state.verdicts = Default::default();
                update(&mut state, Stamped { now, event: Event::Paint }).len()
            });
        });
        criterion.bench_function(&format!("paint/nothing was read of {services} services"), |bencher| {
            bencher.iter(|| update(&mut state, Stamped { now, event: Event::Paint }).len());
        });
    }
}

fn readings(criterion: &mut Criterion) {
    let mut state = fleet(500);
    let subjects = state.config.subjects();
    let mut seconds = 0;
    criterion.bench_function("reading/receive 3,000, verdicts included", |bencher| {
        bencher.iter(|| {
            seconds += 15;
            let now = state.now.plus(std::time::Duration::from_secs(15));
            for subject in &subjects {
                let reading = fixture::value(subject, seconds as f64, now);
                update(&mut state, Stamped { now, event: Event::Reading(reading) });
            }
        });
    });
}

fn keys(criterion: &mut Criterion) {
    let mut state = ready(fixture::live());
    let now = state.now;
    let mut down = true;
    criterion.bench_function("key/move the selection", |bencher| {
        bencher.iter(|| {
            down = !down;
            let code = KeyCode::Char(if down { 'j' } else { 'k' });
            let key = KeyPress { code, modifiers: KeyModifiers::NONE };
            update(&mut state, Stamped { now, event: Event::Key { key, at: now.mono } }).len()
        });
    });
}

criterion_group!(benches, frames, fleets, readings, keys);
criterion_main!(benches);
