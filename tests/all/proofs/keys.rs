//! No way round: whatever is typed at a read-only console, nothing is executed.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyModifiers};
use quarterdeck::action::{Action, Arming, Facts, GuardContext, PlanFailure, judge, plan_for};
use quarterdeck::config::keymap::{KeyPress, Keymap};
use quarterdeck::event::{Effect, Event, Stamped};
use quarterdeck::state::{Arm, State, update};

use crate::fixture;

/// Words that a hand would type, besides single keys.
const WORDS: [&str; 8] = [
    "rtech-app\n",
    ":scale rtech-app desired=4\n",
    ":restart rtech-app\n",
    "s4\n",
    "y\n",
    "\n\n\n",
    ":runs\n",
    "/rtech\n",
];

fn random_keys(dice: &mut fastrand::Rng) -> Vec<KeyPress> {
    let plain = |code| KeyPress { code, modifiers: KeyModifiers::NONE };
    if dice.u32(0..20) == 0 {
        let word = WORDS[dice.usize(0..WORDS.len())];
        let code = |c| if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) };
        return word.chars().map(|c| plain(code(c))).collect();
    }
    let code = match dice.u32(0..24) {
        0 => KeyCode::Enter,
        1 => KeyCode::Esc,
        2 => KeyCode::Tab,
        3 => KeyCode::Backspace,
        4 => KeyCode::Up,
        5 => KeyCode::Down,
        6 => KeyCode::Left,
        7 => KeyCode::Right,
        _ => KeyCode::Char(dice.char(' '..='~')),
    };
    let modifiers = if dice.u32(0..20) == 0 { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
    vec![KeyPress { code, modifiers }]
}

fn send(state: &mut State, millis: u64, event: impl FnOnce(&State) -> Event) -> Vec<Effect> {
    state.now = state.now.plus(Duration::from_millis(millis));
    let (now, event) = (state.now, event(state));
    update(state, Stamped { now, event })
}

/// Presses `count` keys: how many plans were asked for and answered, and how often it was armed (which is undone at once).
fn press(count: u64, seed: u64) -> (u64, u64) {
    let mut dice = fastrand::Rng::with_seed(seed);
    let (mut state, mut plans, mut armed, mut pressed) = (fresh(), 0, 0, 0);
    while pressed < count {
        for key in random_keys(&mut dice) {
            pressed += 1;
            let mut effects = send(&mut state, 100, |state| Event::Key { key, at: state.now.mono });
            if state.is_armed() {
                state.arm = Arm::ReadOnly;
                armed += 1;
            }
            while let Some(effect) = effects.pop() {
                match effect {
                    Effect::Execute(approved) => panic!("seed {seed}, key {pressed}: executes {approved:?}"),
                    Effect::Quit => state = fresh(),
                    Effect::Plan { ticket, action, armed: false, .. } => {
                        plans += 1;
                        effects.extend(send(&mut state, 10, |state| planned(state, ticket, &action)));
                    }
                    Effect::Plan { armed: true, .. } => panic!("seed {seed}, key {pressed}: armed though read-only"),
                    _ => {}
                }
            }
            send(&mut state, 10, |_| Event::Painted { rows: 1, room: 1 });
        }
    }
    (plans, armed)
}

fn fresh() -> State {
    let mut state = fixture::live();
    state.keymap = Arc::new(Keymap::shipped());
    state
}

/// What the guards say of it, as the loop would answer.
fn planned(state: &State, ticket: u64, action: &Action) -> Event {
    let fixed = fixture::plan();
    let judged = plan_for(action, &fixed.observation, &state.config, fixed.made).map(|plan| {
        let facts = Facts::quiet(state.operator.clone());
        let (config, now, arming) = (&state.config, fixed.made, Arming::ReadOnly);
        Box::new(judge(plan, &GuardContext { config, now, arming, facts }))
    });
    let outcome: Result<_, PlanFailure> = judged;
    Event::Planned { ticket, outcome }
}

#[test]
fn random_keys_on_a_read_only_console_execute_nothing() {
    let (plans, armed) = press(30_000, 1);
    println!("{plans} plans asked for, armed {armed} times");
    assert!(plans > 10 && armed > 10, "{plans} plans, armed {armed} times: the keys reach nothing");
}

#[test]
#[ignore = "minutes; docs/proofs.md says when it ran"]
fn a_million_random_keys_on_a_read_only_console_execute_nothing() {
    let (plans, armed) = press(1_000_000, 2);
    println!("{plans} plans asked for, armed {armed} times");
}
