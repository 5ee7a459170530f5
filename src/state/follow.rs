//! Following a runbook: which step is run, what its answer means, what is kept.

use std::time::Duration;

use super::{Effects, Overlay, PendingCheck, Screen, State, StepRef, Waiting, act, lists};
use crate::config::Query;
use crate::event::{Effect, LogLevel};
use crate::executor::journal::RunId;
use crate::runbook::check::steady_share;
use crate::runbook::{Check, CheckQuery, CheckResult, Runbook, Session, Step, StepKind, session};
use crate::source::{Name, SourceError, SourceErrorKind};

/// How often a waiting step asks again.
const ASK_EVERY: Duration = Duration::from_secs(3);

/// The most sessions that are kept in memory.
const SESSIONS: usize = 50;

/// The step that is next: the first that neither passed nor was skipped.
pub(super) fn current(session: &Session) -> usize {
    session::current(session).unwrap_or(session.steps.len().saturating_sub(1))
}

/// Sessions that were kept before: steps that were being asked when the console was closed are open again.
pub(super) fn learn(state: &mut State, mut sessions: Vec<Session>) {
    for session in sessions.iter_mut().filter(|session| session.closed.is_none()) {
        let runbook = state.runbooks.iter().find(|runbook| runbook.id == session.runbook).cloned();
        if let Some(warning) = runbook.and_then(|runbook| session::resume(session, &runbook)) {
            state.tell(LogLevel::Warning, &warning);
        }
    }
    state.sessions = sessions;
    let open = state.sessions.iter().filter(|session| session.closed.is_none()).count();
    if open > 0 {
        state.tell(LogLevel::Info, &format!("{open} runbook session(s) can be resumed: see the runbooks screen"));
    }
}

/// Runs the selected step; begins a session where none is open.
pub(super) fn run_step(state: &mut State) -> Effects {
    let Some((reference, mut effects)) = selected_step(state) else { return Vec::new() };
    let Some(step) = step_of(state, &reference).cloned() else { return effects };
    effects.extend(match step.kind {
        StepKind::Check(check) => ask(state, &reference, &check),
        StepKind::Wait { check, deadline } => {
            begin_wait(state, &reference, deadline);
            ask(state, &reference, &check)
        }
        StepKind::Action(action) => act::plan(state, action, Some(reference)),
        StepKind::Manual => {
            state.tell(LogLevel::Info, "a person does this step: do it, then tick it");
            Vec::new()
        }
    });
    effects
}

fn begin_wait(state: &mut State, reference: &StepRef, deadline: Duration) {
    let since = state.now.mono;
    state.waits.retain(|wait| wait.step != *reference);
    let (until, next) = (since.plus(deadline), since.plus(ASK_EVERY));
    state.waits.push(Waiting { step: reference.clone(), since, until, last: None, next });
}

/// Ticks the selected step: a person did it.
pub(super) fn tick_step(state: &mut State) -> Effects {
    let Some((reference, _)) = selected_step(state) else { return Vec::new() };
    if step_of(state, &reference).is_some_and(|step| step.kind != StepKind::Manual) {
        state.tell(LogLevel::Info, "only a manual step can be ticked; run this one, or skip it with a reason");
        return Vec::new();
    }
    change(state, &reference, session::tick)
}

/// Asks for the reason of skipping the selected step.
pub(super) fn ask_reason(state: &mut State) {
    if let Some((step, _)) = selected_step(state) {
        state.overlay = Some(Overlay::Reason { step, input: String::new() });
    }
}

/// Skips a step, with a reason.
pub(super) fn skip(state: &mut State, step: StepRef, reason: String) -> Effects {
    if reason.trim().is_empty() {
        state.tell(LogLevel::Info, "skipping needs a reason");
        state.overlay = Some(Overlay::Reason { step, input: reason });
        return Vec::new();
    }
    state.waits.retain(|wait| wait.step != step);
    change(state, &step, |session, index, by, at| session::skip(session, index, &reason, by, at))
}

/// The selected step of the runbook that is shown, in its session; begins one where none is open.
fn selected_step(state: &mut State) -> Option<(StepRef, Effects)> {
    let Screen::Runbook { id, session, selected } = state.screen().clone() else { return None };
    let mut effects = Vec::new();
    let session = match session {
        Some(session) if is_closed(state, &session) => {
            state.tell(LogLevel::Info, "this session is closed: go back and open the runbook again to begin anew");
            return None;
        }
        Some(session) => session,
        None => {
            let begun = begin(state, &id)?;
            effects.push(Effect::SaveSession(Box::new(begun.clone())));
            begun.id
        }
    };
    Some((StepRef { session, step: selected }, effects))
}

fn is_closed(state: &State, id: &str) -> bool {
    state.sessions.iter().any(|session| session.id == id && session.closed.is_some())
}

fn begin(state: &mut State, id: &Name) -> Option<Session> {
    let runbook = runbook(state, id)?;
    let begun = session::begin(runbook, state.operator.clone(), state.now.wall);
    state.record(LogLevel::Info, &format!("began runbook {id}, session {}", begun.id));
    state.sessions.insert(0, begun.clone());
    state.sessions.truncate(SESSIONS);
    if let Some(Screen::Runbook { session, .. }) = state.screens.last_mut() {
        *session = Some(begun.id.clone());
    }
    Some(begun)
}

fn runbook<'a>(state: &'a State, id: &Name) -> Option<&'a Runbook> {
    state.runbooks.iter().find(|runbook| runbook.id == *id)
}

fn session_mut<'a>(state: &'a mut State, id: &str) -> Option<&'a mut Session> {
    state.sessions.iter_mut().find(|session| session.id == id)
}

fn step_of<'a>(state: &'a State, reference: &StepRef) -> Option<&'a Step> {
    let session = state.sessions.iter().find(|session| session.id == reference.session)?;
    runbook(state, &session.runbook)?.steps.get(reference.step)
}

/// Changes a session, keeps it where it is another now, and goes on to the next step once that is another.
fn change(
    state: &mut State,
    reference: &StepRef,
    with: impl FnOnce(&mut Session, usize, crate::action::Operator, jiff::Timestamp),
) -> Effects {
    let (by, at) = (state.operator.clone(), state.now.wall);
    let Some(session) = session_mut(state, &reference.session) else { return Vec::new() };
    let before = session.clone();
    with(session, reference.step, by, at);
    let done = session.closed.is_none() && session::current(session).is_none();
    if done {
        session::close(session, at);
    }
    let kept = session.clone();
    if kept == before {
        return Vec::new();
    }
    if current(&kept) != current(&before) {
        go_on(state, &kept);
    }
    if done {
        let left = left_open(state);
        state.tell(LogLevel::Info, &format!("all steps of {} are done: its session is closed{left}", kept.runbook));
    }
    vec![Effect::SaveSession(Box::new(kept))]
}

/// What is to be handed over with a session that ends: the debts that are open, each in the log.
fn left_open(state: &mut State) -> String {
    let (debts, now) = (state.debts.clone(), state.now.wall);
    for debt in &debts {
        let until = debt.until.map_or_else(|| "no end set".to_owned(), |until| format!("due {until:.0}"));
        let late = if debt.is_overdue(now) { ", OVERDUE" } else { "" };
        let text = format!("left open: {} {}, {until}{late}, of {}", debt.target, debt.what, debt.owner.user);
        state.record(LogLevel::Warning, &text);
    }
    match debts.len() {
        0 => String::new(),
        1 => "; 1 debt is left open: see the runs".to_owned(),
        count => format!("; {count} debts are left open: see the runs"),
    }
}

/// Ends the session that is shown before all its steps are done, or takes it up again.
pub(super) fn close_session(state: &mut State) -> Effects {
    let Screen::Runbook { session: Some(id), .. } = state.screen().clone() else {
        state.tell(LogLevel::Info, "nothing to end: no session was begun");
        return Vec::new();
    };
    let at = state.now.wall;
    let Some(session) = session_mut(state, &id) else { return Vec::new() };
    let (words, closed) = match session.closed {
        Some(_) if session::current(session).is_none() => ("all steps are done: the session stays closed", None),
        Some(_) => ("the session is open again", Some(false)),
        None => ("the session is closed; what is open stays open in it", Some(true)),
    };
    match closed {
        Some(true) => session::close(session, at),
        Some(false) => session.closed = None,
        None => {}
    }
    let kept = session.clone();
    let left = if closed == Some(true) { left_open(state) } else { String::new() };
    state.tell(LogLevel::Info, &format!("{words}{left}"));
    state.waits.retain(|wait| wait.step.session != id);
    state.checks.retain(|check| check.step.session != id);
    closed.map_or_else(Vec::new, |_| vec![Effect::SaveSession(Box::new(kept))])
}

/// Moves the selection to the step that is next, where this session is shown.
fn go_on(state: &mut State, session: &Session) {
    let next = current(session);
    for screen in &mut state.screens {
        if let Screen::Runbook { session: Some(shown), selected, .. } = screen
            && *shown == session.id
        {
            *selected = next;
        }
    }
}

/// Asks a check: from the workload that is known, or of a source.
fn ask(state: &mut State, reference: &StepRef, check: &Check) -> Effects {
    let query = match &check.query {
        CheckQuery::Steady(service) => {
            let result = steadiness(state, service);
            return answered(state, reference, check, &result);
        }
        CheckQuery::Signal(id) => state.config.signal(id).map(|signal| signal.query.clone()),
        CheckQuery::Query(query) => Some(query.clone()),
    };
    match query {
        Some(query) => ask_source(state, reference, query),
        None => {
            let error = missing("the signal is not in the configuration");
            answered(state, reference, check, &Err(error))
        }
    }
}

fn ask_source(state: &mut State, reference: &StepRef, query: Query) -> Effects {
    let ticket = state.ticket();
    state.checks.retain(|check| check.step != *reference);
    state.checks.push(PendingCheck { ticket, step: reference.clone() });
    let mut effects = change(state, reference, |session, index, _, _| session::set_running(session, index));
    effects.push(Effect::Check { ticket, query });
    effects
}

/// 1.0 when a service runs steadily what is wanted, else the share that runs, below 1.
fn steadiness(state: &State, service: &Name) -> CheckResult {
    let measured = state.readings.workload(&state.config, service, state.now);
    let workload =
        measured.live().ok_or_else(|| missing(&format!("the tasks of {service} are {}", measured.word())))?;
    Ok(steady_share(workload))
}

fn missing(reason: &str) -> SourceError {
    SourceError::new(&Name::from("console"), SourceErrorKind::Missing, reason)
}

/// A check was answered. An answer to a question that nobody waits for any more is dropped.
pub(super) fn checked(state: &mut State, ticket: u64, result: &CheckResult) -> Effects {
    let Some(at) = state.checks.iter().position(|check| check.ticket == ticket) else { return Vec::new() };
    let reference = state.checks.remove(at).step;
    let check = match step_of(state, &reference).map(|step| &step.kind) {
        Some(StepKind::Check(check) | StepKind::Wait { check, .. }) => check.clone(),
        _ => return Vec::new(),
    };
    answered(state, &reference, &check, result)
}

fn answered(state: &mut State, reference: &StepRef, check: &Check, result: &CheckResult) -> Effects {
    let holds = session::holds(check, result);
    let now = state.now.mono;
    let waits = state.waits.iter_mut().find(|wait| wait.step == *reference && now < wait.until);
    if let (Some(wait), false) = (waits, holds) {
        wait.last = Some(session::reading(&state.config, check, result));
        return change(state, reference, |session, index, _, _| session::set_running(session, index));
    }
    let config = state.config.clone();
    if state.waits.iter().any(|wait| wait.step == *reference) {
        state.waits.retain(|wait| wait.step != *reference);
        let (level, word) = if holds { (LogLevel::Info, "over") } else { (LogLevel::Error, "not fulfilled in time") };
        let reading = session::reading(&config, check, result);
        state.tell(level, &format!("the wait of step {} is {word}: {reading}", reference.step + 1));
    }
    change(state, reference, |session, index, by, at| session::checked(session, index, &config, check, result, by, at))
}

/// Asks again for the steps that wait, and ends those whose deadline is over.
pub(super) fn tick(state: &mut State) -> Effects {
    let now = state.now.mono;
    let due: Vec<StepRef> = state.waits.iter().filter(|wait| wait.next <= now).map(|wait| wait.step.clone()).collect();
    let mut effects = Vec::new();
    for reference in due {
        if let Some(wait) = state.waits.iter_mut().find(|wait| wait.step == reference) {
            wait.next = now.plus(ASK_EVERY);
        }
        if state.checks.iter().any(|check| check.step == reference) {
            continue;
        }
        if let Some(StepKind::Wait { check, .. }) = step_of(state, &reference).map(|step| step.kind.clone()) {
            effects.extend(ask(state, &reference, &check));
        }
    }
    effects
}

/// An action step's run was started.
pub(super) fn bind_run(state: &mut State, reference: &StepRef, run: &RunId) -> Effects {
    change(state, reference, |session, index, by, at| session::bind_run(session, index, run, by, at))
}

/// The journal changed: action steps follow their runs, also those that another console started.
pub(super) fn runs_changed(state: &mut State) -> Effects {
    let mut effects = Vec::new();
    for session in lists::open_action_steps(state) {
        let run = state.runs.iter().find(|run| run.plan.runbook_step.as_deref() == Some(&session.to_string())).cloned();
        if let Some(run) = run {
            effects.extend(change(state, &session, |kept, index, _, at| session::follow_run(kept, index, &run, at)));
        }
    }
    effects
}
