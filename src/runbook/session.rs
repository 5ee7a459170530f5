//! One time of following a runbook: pure steps from one state of a session to the next, each with its evidence.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Check, CheckQuery, CheckResult, Comparison, Evidence, Runbook, Session, StepRecord, StepState};
use crate::action::Operator;
use crate::config::Config;
use crate::executor::journal::{RunId, RunState, RunView};
use crate::source::{Number, Unit};
use crate::text::Text;

/// The most pieces of evidence that one step keeps; the oldest go first.
const EVIDENCE: usize = 100;

/// Begins to follow a runbook. The session is named by runbook and time, so that it can be read aloud.
pub fn begin(runbook: &Runbook, by: Operator, at: Timestamp) -> Session {
    let time = at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ");
    Session {
        id: format!("{}-{time}", runbook.id),
        runbook: runbook.id.clone(),
        digest: runbook.digest.clone(),
        by,
        began: at,
        steps: vec![StepRecord::default(); runbook.steps.len()],
        closed: None,
    }
}

/// The step that is next: the first that neither passed nor was skipped; `None` when all did.
pub fn current(session: &Session) -> Option<usize> {
    session.steps.iter().position(|step| !matches!(step.state, StepState::Passed | StepState::Skipped))
}

/// Whether the runbook's text is another than the one that the session began with.
pub fn text_changed(session: &Session, runbook: &Runbook) -> bool {
    session.digest != runbook.digest || session.steps.len() != runbook.steps.len()
}

/// Whether an answer holds against its bound. No answer, and no finite number, never does.
pub fn holds(check: &Check, result: &CheckResult) -> bool {
    result.as_ref().is_ok_and(|number| check.comparison.holds(*number, check.bound))
}

/// The step is being asked, planned or waited for.
pub fn set_running(session: &mut Session, index: usize) {
    if let Some(step) = session.steps.get_mut(index) {
        step.state = StepState::Running;
    }
}

/// A check was answered: it passed, failed, or (no finite number) is unknown.
pub fn checked(
    session: &mut Session,
    index: usize,
    config: &Config,
    check: &Check,
    result: &CheckResult,
    by: Operator,
    at: Timestamp,
) {
    let state = match result {
        Ok(Number::Finite(_)) if holds(check, result) => StepState::Passed,
        Ok(Number::Finite(_)) => StepState::Failed,
        _ => StepState::Unknown,
    };
    note(session, index, state, Evidence { at, by, reading: reading(config, check, result), run: None });
}

/// A check and its answer in words: `rtech-app/latency_p95 is 85 ms, wanted < 200 ms`.
pub fn reading(config: &Config, check: &Check, result: &CheckResult) -> Text {
    let unit = unit(config, check);
    let what = match &check.query {
        CheckQuery::Signal(id) => id.to_string(),
        CheckQuery::Query(_) => "the query".to_owned(),
        CheckQuery::Steady(service) => format!("{service}, running of desired,"),
    };
    let found = match result {
        Ok(number) => format!("is {}", number.format(unit)),
        Err(error) => format!("could not be read ({error})"),
    };
    Text::clean(&format!("{what} {found}, wanted {} {}", sign(check.comparison), unit.format(check.bound)))
}

fn unit(config: &Config, check: &Check) -> Unit {
    match &check.query {
        CheckQuery::Signal(id) => config.signal(id).map_or(Unit::Count, |signal| signal.unit),
        CheckQuery::Query(_) => Unit::Count,
        CheckQuery::Steady(_) => Unit::Ratio,
    }
}

/// A comparison as it is written.
pub fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Below => "<",
        Comparison::AtMost => "≤",
        Comparison::Above => ">",
        Comparison::AtLeast => "≥",
    }
}

/// A person did a manual step.
pub fn tick(session: &mut Session, index: usize, by: Operator, at: Timestamp) {
    note(session, index, StepState::Passed, Evidence { at, by, reading: Text::clean("done by hand"), run: None });
}

/// A person went past a step, and says why.
pub fn skip(session: &mut Session, index: usize, reason: &str, by: Operator, at: Timestamp) {
    let reading = Text::clean(&format!("skipped: {}", reason.trim()));
    note(session, index, StepState::Skipped, Evidence { at, by, reading, run: None });
}

/// The run of an action step was started.
pub fn bind_run(session: &mut Session, index: usize, run: &RunId, by: Operator, at: Timestamp) {
    let reading = Text::clean(&format!("run {run} started"));
    note(session, index, StepState::Running, Evidence { at, by, reading, run: Some(run.0.clone()) });
}

/// An action step follows its run; each new state is evidence once.
pub fn follow_run(session: &mut Session, index: usize, run: &RunView, by: Operator, at: Timestamp) {
    let state = match run.state {
        RunState::Approved | RunState::Running => StepState::Running,
        RunState::Done => StepState::Passed,
        RunState::Refused | RunState::Failed => StepState::Failed,
        RunState::Unknown | RunState::Resolved => StepState::Unknown,
    };
    let Some(step) = session.steps.get(index) else { return };
    let known = step.evidence.iter().any(|evidence| evidence.run.as_deref() == Some(&run.id.0));
    if known && (step.state == state || state == StepState::Running) {
        return;
    }
    let reading = Text::clean(&format!("run {}: {}", run.id, run.last_word()));
    note(session, index, state, Evidence { at, by, reading, run: Some(run.id.0.clone()) });
}

/// Ends the session; what is open stays open in it.
pub fn close(session: &mut Session, at: Timestamp) {
    session.closed = Some(at);
}

fn note(session: &mut Session, index: usize, state: StepState, evidence: Evidence) {
    if let Some(step) = session.steps.get_mut(index) {
        step.state = state;
        step.evidence.push(evidence);
        let surplus = step.evidence.len().saturating_sub(EVIDENCE);
        step.evidence.drain(..surplus);
    }
}
