//! Text fields: the palette, the filter, arguments, reasons, and the name that confirms an action.

use crossterm::event::{KeyCode, KeyModifiers};

use super::dialog::Confirm;
use super::{Effects, Overlay, State, act, follow, keys, lists, logs, navigate};
use crate::clock::Mono;
use crate::config::keymap::KeyPress;

/// The longest that a field takes, in characters.
const LONGEST: usize = 200;

/// What a key means in a text field.
enum Edit {
    Insert(char),
    Backspace,
    DeleteWord,
    Clear,
    Accept,
    Cancel,
    Up,
    Down,
    PageUp,
    PageDown,
    Nothing,
}

/// A key while a text field is open. Fields have keys of their own (those of a shell), so that letters stay letters.
pub(super) fn press(state: &mut State, key: KeyPress, at: Mono) -> Effects {
    let edit = edit(key);
    match &edit {
        Edit::Cancel => {
            cancel(state);
            return Vec::new();
        }
        Edit::Accept => return accept(state, at),
        Edit::Up | Edit::Down | Edit::PageUp | Edit::PageDown => {
            turn(state, &edit);
            return Vec::new();
        }
        _ => {}
    }
    match &mut state.overlay {
        Some(Overlay::Confirm(confirm)) => type_name(confirm, &edit, at),
        Some(overlay) => {
            if let Some(input) = field(overlay) {
                apply(input, &edit);
            }
            retyped(state);
        }
        None => {}
    }
    Vec::new()
}

fn edit(key: KeyPress) -> Edit {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Esc => Edit::Cancel,
        KeyCode::Char('c') if control => Edit::Cancel,
        KeyCode::Enter => Edit::Accept,
        KeyCode::Backspace => Edit::Backspace,
        KeyCode::Char('h') if control => Edit::Backspace,
        KeyCode::Char('w') if control => Edit::DeleteWord,
        KeyCode::Char('u') if control => Edit::Clear,
        KeyCode::Up => Edit::Up,
        KeyCode::Down => Edit::Down,
        KeyCode::PageUp => Edit::PageUp,
        KeyCode::PageDown => Edit::PageDown,
        KeyCode::Char('p') if control => Edit::Up,
        KeyCode::Char('n') if control => Edit::Down,
        KeyCode::Char(c) if !control && !key.modifiers.contains(KeyModifiers::ALT) && !crate::text::is_unsafe(c) => {
            Edit::Insert(c)
        }
        _ => Edit::Nothing,
    }
}

fn field(overlay: &mut Overlay) -> Option<&mut String> {
    match overlay {
        Overlay::Palette { input, .. }
        | Overlay::Filter { input }
        | Overlay::Search { input }
        | Overlay::LogFilter { input }
        | Overlay::Arguments { input, .. }
        | Overlay::Reason { input, .. } => Some(input),
        _ => None,
    }
}

fn apply(input: &mut String, edit: &Edit) {
    match edit {
        Edit::Insert(c) if input.chars().count() < LONGEST => input.push(*c),
        Edit::Backspace => drop(input.pop()),
        Edit::DeleteWord => {
            let kept = input.trim_end().rfind(' ').map_or(0, |space| space + 1);
            input.truncate(kept);
        }
        Edit::Clear => input.clear(),
        _ => {}
    }
}

/// What follows from a changed field: the filter works while it is typed, the palette starts from its best match.
fn retyped(state: &mut State) {
    match &mut state.overlay {
        Some(Overlay::Filter { input }) => {
            state.filter.clone_from(input);
            navigate::clamp(state);
        }
        Some(Overlay::Palette { selected, .. }) => *selected = 0,
        Some(Overlay::Arguments { error, .. }) => *error = None,
        _ => {}
    }
}

fn cancel(state: &mut State) {
    if let Some(Overlay::Filter { .. }) = state.overlay {
        state.filter.clear();
    }
    state.overlay = None;
}

/// Another page of a long plan, or another row of the palette.
fn turn(state: &mut State, edit: &Edit) {
    match (&mut state.overlay, edit) {
        (Some(Overlay::Confirm(confirm)), _) => confirm.turn(matches!(edit, Edit::Down | Edit::PageDown)),
        (_, Edit::Up | Edit::Down) => choose(state, matches!(edit, Edit::Down)),
        _ => {}
    }
}

fn choose(state: &mut State, down: bool) {
    let Some(Overlay::Palette { input, selected }) = &state.overlay else { return };
    let last = keys::palette_len(state, input).saturating_sub(1);
    let to = if down { selected + 1 } else { selected.saturating_sub(1) }.min(last);
    if let Some(Overlay::Palette { selected, .. }) = &mut state.overlay {
        *selected = to;
    }
}

fn accept(state: &mut State, at: Mono) -> Effects {
    match state.overlay.take() {
        Some(Overlay::Palette { input, selected }) => {
            let chosen = lists::palette(state, &input).into_iter().nth(selected);
            chosen.map_or_else(Vec::new, |entry| keys::choose(state, entry.choice))
        }
        Some(Overlay::Filter { .. }) | None => Vec::new(),
        Some(Overlay::Arguments { spec, target, input, .. }) => act::arguments_given(state, spec, target, input),
        Some(Overlay::Reason { step, input }) => follow::skip(state, step, input),
        Some(Overlay::Search { input }) => {
            logs::search(state, input);
            Vec::new()
        }
        Some(Overlay::LogFilter { input }) => {
            logs::filter(state, input.trim().to_owned());
            Vec::new()
        }
        Some(Overlay::Confirm(confirm)) => act::confirm(state, confirm, at),
        Some(other) => {
            state.overlay = Some(other);
            Vec::new()
        }
    }
}

/// Keys that come faster than this, one after the other, were not typed by a hand.
const HAND: std::time::Duration = std::time::Duration::from_millis(4);

/// So many keys in a row faster than a hand count as pasted. A slow link may bring a few typed keys at once.
const BURST: u8 = 5;

/// One key of the confirming name. Only what is typed by hand, after the whole plan was on the screen, counts.
fn type_name(confirm: &mut Confirm, edit: &Edit, at: Mono) {
    let Some(painted) = confirm.painted else {
        confirm.remark = Some("keys from before the plan was shown don't count");
        return;
    };
    if at <= painted {
        confirm.remark = Some("keys from before the plan was shown don't count");
        return;
    }
    let quick = confirm.last_key.is_some_and(|last| at.since(last) < HAND);
    confirm.burst = if quick { confirm.burst.saturating_add(1) } else { 0 };
    confirm.last_key = Some(at);
    if confirm.burst >= BURST {
        refuse_paste(confirm);
        return;
    }
    confirm.remark = None;
    apply(&mut confirm.typed, edit);
}

fn refuse_paste(confirm: &mut Confirm) {
    confirm.typed.clear();
    confirm.remark = Some("pasted text doesn't count: type the name");
}

/// Text was pasted: fields take it, a confirmation never does.
pub(super) fn paste(state: &mut State, text: &str) {
    match &mut state.overlay {
        Some(Overlay::Confirm(confirm)) => refuse_paste(confirm),
        Some(overlay) => {
            if let Some(input) = field(overlay) {
                let line = text.lines().next().unwrap_or_default();
                line.chars().filter(|c| !crate::text::is_unsafe(*c)).for_each(|c| apply(input, &Edit::Insert(c)));
            }
            retyped(state);
        }
        None => {}
    }
}
