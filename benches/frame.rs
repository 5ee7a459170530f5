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

criterion_group!(benches, frames, keys);
criterion_main!(benches);
