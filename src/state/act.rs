//! An action from the key to the executor: arguments → plan → confirmation → run.

use super::dialog::Confirm;
use super::{Effects, Overlay, Screen, State, StepRef, lists};
use crate::action::scale::Scale;
use crate::action::{Action, ActionSpec, BreakGlass, Decision, Judged, PlanFailure, Undo};
use crate::clock::Mono;
use crate::event::{Effect, LogLevel};
use crate::executor::journal::{RunId, RunView};
use crate::source::Name;
use crate::text::Text;

/// What is typed to confirm where the guards don't ask for the target's name.
pub(super) const PLAIN_CONFIRMATION: &str = "yes";

/// The service that an action would be on: the one that is shown or selected.
fn target(state: &State) -> Option<Name> {
    match state.screen() {
        Screen::Overview { selected } => lists::services(state).get(*selected).map(|service| service.name.clone()),
        Screen::Service { name, .. } => Some(name.clone()),
        _ => None,
    }
}

/// Asks for the arguments of `scale` on the selected service.
pub(super) fn ask_scale(state: &mut State) -> Effects {
    match target(state) {
        Some(name) => return ask_arguments(state, const { &Scale::SPEC }, name),
        None => state.tell(LogLevel::Info, "choose a service first"),
    }
    Vec::new()
}

/// Asks for the arguments of an action; one that has none is planned at once.
pub(super) fn ask_arguments(state: &mut State, spec: &'static ActionSpec, target: Name) -> Effects {
    if !(spec.targets)(&state.config).contains(&target) {
        state.tell(LogLevel::Info, &format!("{} can't be done to {target} by this configuration", spec.name));
        return Vec::new();
    }
    if spec.arguments.is_empty() {
        return arguments_given(state, spec, target, String::new());
    }
    state.overlay = Some(Overlay::Arguments { spec, target, input: String::new(), error: None });
    Vec::new()
}

/// Arguments were typed: `desired=4`, or only the value where there is one argument.
pub(super) fn arguments_given(state: &mut State, spec: &'static ActionSpec, target: Name, input: String) -> Effects {
    match (spec.parse)(&target, &pairs(spec, &input)) {
        Ok(action) => plan(state, action, None),
        Err(error) => {
            state.overlay = Some(Overlay::Arguments { spec, target, input, error: Some(error) });
            Vec::new()
        }
    }
}

fn pairs(spec: &ActionSpec, input: &str) -> Vec<(String, String)> {
    let pair = |word: String| match (word.split_once('='), spec.arguments) {
        (Some((key, value)), _) => (key.to_owned(), value.to_owned()),
        (None, [only]) => (only.name.to_owned(), word),
        (None, _) => (word, String::new()),
    };
    words(input).into_iter().map(pair).collect()
}

/// The words of what was typed; a single quote keeps blanks together, as in a shell: `comment='we know'`.
fn words(input: &str) -> Vec<String> {
    let (mut words, mut quoted, mut open) = (Vec::new(), false, false);
    for c in input.chars() {
        match c {
            '\'' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => {
                open = false;
                continue;
            }
            _ => {}
        }
        if !open {
            words.push(String::new());
            open = true;
        }
        if let Some(word) = words.last_mut().filter(|_| c != '\'') {
            word.push(c);
        }
    }
    words
}

/// Asks for the plan of an action.
pub(super) fn plan(state: &mut State, action: Action, step: Option<StepRef>) -> Effects {
    let ticket = state.ticket();
    let reference = step.as_ref().map(StepRef::to_string);
    let armed = state.is_armed();
    state.record(LogLevel::Info, &format!("planning {} on {}", action.name(), action.target()));
    state.overlay = Some(Overlay::Planning { ticket, action: action.clone(), step });
    vec![Effect::Plan { ticket, action, step: reference, armed }]
}

/// Asks for the plan of what takes the shown or selected run back.
pub(super) fn undo(state: &mut State) -> Effects {
    let run = match state.screen() {
        _ if state.overlay.is_some() => ended(state),
        Screen::Run { id, .. } => state.runs.iter().find(|run| run.id == *id),
        Screen::Runs { selected } => lists::runs(state).get(*selected).copied(),
        _ => None,
    };
    let Some((run, undo)) = run.map(|run| (run.id.clone(), run.plan.undo.clone())) else {
        state.tell(LogLevel::Info, "choose a run first");
        return Vec::new();
    };
    match undo {
        Undo::Action { action } => {
            let (ticket, armed) = (state.ticket(), state.is_armed());
            state.record(LogLevel::Info, &format!("planning to take run {run} back"));
            state.overlay = Some(Overlay::Planning { ticket, action, step: None });
            vec![Effect::Undo { ticket, run, armed }]
        }
        Undo::Impossible { reason } => {
            state.tell(LogLevel::Warning, &format!("there is no undo: {reason}"));
            Vec::new()
        }
    }
}

/// The run whose progress lies over the screen, once it has ended.
pub(super) fn ended(state: &State) -> Option<&RunView> {
    let Some(Overlay::Progress { run: Some(id), .. }) = &state.overlay else { return None };
    state.runs.iter().find(|run| run.id == *id && !run.is_open())
}

/// The plan is there. A late answer, to a question that was given up, is dropped.
pub(super) fn planned(state: &mut State, answered: u64, outcome: Result<Box<Judged>, PlanFailure>) {
    match state.overlay.take() {
        Some(Overlay::Planning { ticket, step, action }) if ticket == answered => match outcome {
            Ok(judged) => state.overlay = Some(Overlay::Confirm(Confirm::new(judged, step))),
            Err(failure) => no_plan(state, &action, step.is_some(), failure),
        },
        other => state.overlay = other,
    }
}

/// Says why there is no plan where the arguments were typed, and keeps them; a runbook's stand in the runbook.
fn no_plan(state: &mut State, action: &Action, is_step: bool, failure: PlanFailure) {
    state.record(LogLevel::Error, &failure.to_string());
    if is_step {
        return state.tell(LogLevel::Error, &failure.to_string());
    }
    let (spec, target) = (action.spec(), action.target().clone());
    let input = typed(spec, &action.arguments());
    state.overlay = Some(Overlay::Arguments { spec, target, input, error: Some(failure) });
}

/// Arguments as they are typed: what [`pairs`] takes apart.
fn typed(spec: &ActionSpec, arguments: &[(&'static str, String)]) -> String {
    let quoted = |value: &str| match value.contains(char::is_whitespace) {
        true => format!("'{value}'"),
        false => value.to_owned(),
    };
    let words = arguments.iter().map(|(key, value)| match spec.arguments {
        [_only] if !value.contains('=') => quoted(value),
        _ => format!("{key}={}", quoted(value)),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Enter in the confirmation: approves only what was shown whole, in the words that are asked for, while armed.
pub(super) fn confirm(state: &mut State, mut confirm: Confirm, at: Mono) -> Effects {
    if let Some(break_glass) = judge_again(state, &confirm, at) {
        return again(state, confirm, break_glass);
    }
    let remark = objection(state, &confirm, at);
    if remark.is_some() {
        confirm.remark = remark;
        state.overlay = Some(Overlay::Confirm(confirm));
        return Vec::new();
    }
    let Confirm { judged, typed, step, .. } = confirm;
    let sentence = format!("{} {}", judged.plan.action.name(), judged.plan.action.target());
    let asked = judged.decision() == Decision::Ask;
    let name = if asked { typed.as_str() } else { "" };
    match judged.approve(name, state.operator.clone(), state.now.wall) {
        Ok(approved) => {
            state.record(LogLevel::Warning, &format!("confirmed: {sentence}"));
            state.starting = step;
            state.overlay = Some(Overlay::Progress { run: None, failed: None });
            vec![Effect::Execute(Box::new(approved))]
        }
        Err(refusal) => {
            state.tell(LogLevel::Error, &format!("{sentence} was not started: {refusal}"));
            Vec::new()
        }
    }
}

/// Whether a denied plan is judged again: with the typed reason for skipping the one guard that denies, or to look whether
/// a second person agreed. The inner `None` skips nothing.
fn judge_again(state: &State, confirm: &Confirm, at: Mono) -> Option<Option<BreakGlass>> {
    let guard = confirm.judged.skippable()?;
    let seen = confirm.painted.is_some_and(|painted| at > painted);
    if !state.is_armed() || !seen {
        return None;
    }
    if confirm.typed.is_empty() {
        return confirm.judged.waits().then_some(None);
    }
    // The name is typed by habit: it is no reason.
    let is_name = confirm.typed.trim() == confirm.judged.plan.action.target().as_str();
    BreakGlass::new(guard, &confirm.typed).ok().filter(|_| !is_name).map(Some)
}

fn again(state: &mut State, confirm: Confirm, break_glass: Option<BreakGlass>) -> Effects {
    let Confirm { judged, step, .. } = confirm;
    let (ticket, armed) = (state.ticket(), state.is_armed());
    let plan = Box::new(judged.plan.clone());
    if let Some(glass) = &break_glass {
        state.record(LogLevel::Warning, &format!("break-glass: {} is to be skipped: {}", glass.guard, glass.reason));
    }
    state.overlay = Some(Overlay::Planning { ticket, action: plan.action.clone(), step });
    vec![Effect::Judge { ticket, plan, armed, break_glass }]
}

fn objection(state: &State, confirm: &Confirm, at: Mono) -> Option<&'static str> {
    let seen = confirm.painted.is_some_and(|painted| at > painted);
    if confirm.judged.decision() == Decision::Deny {
        Some(match confirm.judged.skippable() {
            Some(_) if !confirm.typed.is_empty() => {
                "to skip a guard: armed, and a reason (not the name) of at least 8 characters"
            }
            _ => "the guards deny this: nothing was changed",
        })
    } else if !state.is_armed() {
        Some("read-only: close this, arm, and plan again")
    } else if !confirm.is_whole() {
        Some("read the plan to its end first (pagedown), or enlarge the terminal")
    } else if !seen {
        Some("keys from before the plan was shown don't count")
    } else if confirm.typed != confirm.expected() {
        Some("that is not the name that is asked for")
    } else {
        None
    }
}

/// The executor was started, or not.
pub(super) fn started(state: &mut State, outcome: Result<RunId, Text>) -> Effects {
    let step = state.starting.take();
    match outcome {
        Ok(run) => {
            state.record(LogLevel::Info, &format!("run {run} was started"));
            if let Some(Overlay::Progress { run: shown, .. }) = &mut state.overlay {
                *shown = Some(run.clone());
            }
            step.map_or_else(Vec::new, |step| super::follow::bind_run(state, &step, &run))
        }
        Err(reason) => {
            state.tell(LogLevel::Error, &format!("the executor was not started, nothing was sent: {reason}"));
            if let Some(Overlay::Progress { failed, .. }) = &mut state.overlay {
                *failed = Some(reason);
            }
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{pairs, typed, words};
    use crate::action::spec;

    #[test]
    fn single_quotes_keep_blanks_together_as_in_a_shell() {
        assert_eq!(words("a=1  b='x y'z 'c=\"d e\"'"), ["a=1", "b=x yz", "c=\"d e\""]);
        assert!(words("  ").is_empty());
    }

    #[test]
    fn arguments_are_typed_again_as_they_were() {
        let given = [("alert", "High".to_owned()), ("comment", "we know it".to_owned()), ("for", "2h".to_owned())];
        let silence = spec("silence").unwrap();
        let again = typed(silence, &given);
        assert_eq!(again, "alert=High comment='we know it' for=2h");
        assert_eq!(pairs(silence, &again), given.map(|(key, value)| (key.to_owned(), value)));
        assert_eq!(typed(spec("scale").unwrap(), &[("desired", "4".to_owned())]), "4");
    }
}
