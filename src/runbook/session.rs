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

/// Takes a session up again in another console. Steps that nobody asks or waits for any more are open again; an action step
/// that has a run goes on following it. Says in words if the runbook's text is another than the one that was followed.
pub fn resume(session: &mut Session, runbook: &Runbook) -> Option<Text> {
    for step in session.steps.iter_mut().filter(|step| step.state == StepState::Running && !has_run(step)) {
        step.state = StepState::Open;
    }
    if !text_changed(session, runbook) {
        return None;
    }
    let (known, now) = (session.steps.len(), runbook.steps.len());
    let steps = if known == now { String::new() } else { format!(", with {now} steps in place of {known}") };
    if known < now {
        session.steps.resize_with(now, StepRecord::default);
    }
    let words = format!("the text of {} changed since this session began{steps}: read it again", runbook.id);
    Some(Text::clean(&words))
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

/// Whether the step follows a run that was started for it.
fn has_run(step: &StepRecord) -> bool {
    step.evidence.last().is_some_and(|evidence| evidence.run.is_some())
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

/// An action step follows its run; what the journal says of it last is evidence once, in the name of who confirmed it.
pub fn follow_run(session: &mut Session, index: usize, run: &RunView, at: Timestamp) {
    let state = match run.state {
        RunState::Approved | RunState::Running => StepState::Running,
        RunState::Done => StepState::Passed,
        RunState::Refused | RunState::Failed => StepState::Failed,
        RunState::Unknown | RunState::Inconclusive | RunState::Resolved => StepState::Unknown,
    };
    let Some(step) = session.steps.get(index) else { return };
    let reading = Text::clean(&format!("run {}: {}", run.id, run.last_word()));
    let told = step.evidence.iter().rev().find(|evidence| evidence.run.as_deref() == Some(&run.id.0));
    if told.is_some_and(|told| state == StepState::Running || told.reading == reading) {
        return;
    }
    note(session, index, state, Evidence { at, by: run.by.clone(), reading, run: Some(run.id.0.clone()) });
}

/// Ends the session; what is open stays open in it, and nobody asks or waits for a step any more.
pub fn close(session: &mut Session, at: Timestamp) {
    let asked = |step: &&mut StepRecord| step.state == StepState::Running && !has_run(step);
    session.steps.iter_mut().filter(asked).for_each(|step| step.state = StepState::Open);
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use futures_util::FutureExt;

    use super::*;
    use crate::clock::Now;
    use crate::executor::journal::{Entry, Record};
    use crate::runbook::StepKind;
    use crate::runbook::parse::parse;
    use crate::source::{Name, SourceError, SourceErrorKind};

    const TEXT: &str =
        "+++\nid = \"x\"\ntitle = \"X\"\nowner = \"o\"\nservices = [\"rtech-app\"]\nseverity = \"page\"\n+++\n
## Look\n\n```check\nsignal = \"rtech-app/latency_p95\"\nbelow = 0.2\n```\n
## Act\n\n```action\naction = \"scale\"\ntarget = \"rtech-app\"\ndesired = 4\n```\n
## Tell\n\nTell.\n";

    fn config() -> Config {
        crate::simulator::demo_config("calm", 1, Path::new("/nowhere")).unwrap()
    }

    fn runbook() -> Runbook {
        parse(TEXT, Path::new("x.md"), "x.md", None).unwrap()
    }

    fn operator(user: &str) -> Operator {
        Operator { user: Text::clean(user), host: Text::clean("bastion"), terminal: Text::clean("pts/1"), from: None }
    }

    fn begun() -> Session {
        begin(&runbook(), operator("ada"), Now::fixed(0).wall)
    }

    fn answer(session: &mut Session, result: &CheckResult) {
        let StepKind::Check(check) = &runbook().steps[0].kind else { panic!("a check") };
        checked(session, 0, &config(), check, result, operator("ada"), Now::fixed(7).wall);
    }

    fn error() -> SourceError {
        SourceError::new(&Name::from("prometheus"), SourceErrorKind::Timeout, "no answer in 5 s")
    }

    #[test]
    fn a_session_begins_at_its_first_step_and_is_named_by_runbook_and_time() {
        let session = begun();
        assert_eq!((session.id.as_str(), current(&session)), ("x-20260101T000000Z", Some(0)));
        assert!(session.steps.iter().all(|step| step.state == StepState::Open) && session.steps.len() == 3);
    }

    #[test]
    fn only_a_finite_number_within_its_bound_passes_a_check() {
        let cases = [
            (Ok(Number::Finite(0.085)), StepState::Passed),
            (Ok(Number::Finite(0.2)), StepState::Failed),
            (Ok(Number::NotANumber), StepState::Unknown),
            (Ok(Number::NegativeInfinity), StepState::Unknown),
            (Ok(Number::NoData), StepState::Unknown),
            (Err(error()), StepState::Unknown),
        ];
        for (result, state) in cases {
            let mut session = begun();
            answer(&mut session, &result);
            assert_eq!(session.steps[0].state, state, "{result:?}");
            assert_eq!(current(&session), Some(usize::from(state == StepState::Passed)), "{result:?}");
        }
    }

    #[test]
    fn the_evidence_of_a_check_says_who_when_and_what_was_read_against_which_bound() {
        let mut session = begun();
        answer(&mut session, &Ok(Number::Finite(0.412)));
        answer(&mut session, &Err(error()));
        let [first, second] = &session.steps[0].evidence[..] else { panic!("two pieces") };
        assert_eq!(first.reading.as_str(), "rtech-app/latency_p95 is 412 ms, wanted < 200 ms");
        assert_eq!((first.by.user.as_str(), first.at), ("ada", Now::fixed(7).wall));
        assert!(second.reading.contains("could not be read (prometheus: no answer in 5 s)"), "{}", second.reading);
    }

    #[test]
    fn a_skipped_step_keeps_its_reason_and_is_gone_past() {
        let mut session = begun();
        skip(&mut session, 0, " the graph is enough ", operator("ada"), Now::fixed(1).wall);
        assert_eq!((session.steps[0].state, current(&session)), (StepState::Skipped, Some(1)));
        assert_eq!(session.steps[0].evidence[0].reading.as_str(), "skipped: the graph is enough");
    }

    #[test]
    fn a_ticked_step_is_passed_by_hand_and_the_last_one_ends_the_runbook() {
        let mut session = begun();
        for index in 0..3 {
            tick(&mut session, index, operator("ada"), Now::fixed(1).wall);
        }
        assert_eq!(current(&session), None);
        assert_eq!(session.steps[2].evidence[0].reading.as_str(), "done by hand");
    }

    #[test]
    fn evidence_is_bounded_and_the_newest_stays() {
        let mut session = begun();
        for count in 0..EVIDENCE + 20 {
            skip(&mut session, 0, &count.to_string(), operator("ada"), Now::fixed(1).wall);
        }
        assert_eq!(session.steps[0].evidence.len(), EVIDENCE);
        assert_eq!(session.steps[0].evidence[EVIDENCE - 1].reading.as_str(), "skipped: 119");
    }

    fn plan() -> crate::action::Plan {
        let (dir, config) = (tempfile::tempdir().unwrap(), config());
        let world = crate::simulator::world(std::sync::Arc::new(config.clone()), dir.path()).unwrap();
        let now = Now::fixed(0);
        let look = crate::source::Look::workload(&Name::from("rtech-app"), None);
        let observed = world.observe(&look, now).now_or_never().unwrap().unwrap();
        let StepKind::Action(action) = &runbook().steps[1].kind else { panic!("an action") };
        crate::action::plan_for(action, &observed, &config, now.wall).unwrap()
    }

    fn run(state: RunState, entry: Entry) -> RunView {
        let id = RunId("r1".to_owned());
        let record = Record { sequence: 1, run: id.clone(), at: Now::fixed(3).wall, entry };
        let (by, approved) = (operator("grace"), Now::fixed(2).wall);
        RunView { id, state, plan: plan(), by, approved, records: vec![record] }
    }

    fn followed(states: &[RunView]) -> StepRecord {
        let mut session = begun();
        bind_run(&mut session, 1, &RunId("r1".to_owned()), operator("ada"), Now::fixed(2).wall);
        for view in states {
            follow_run(&mut session, 1, view, Now::fixed(5).wall);
            follow_run(&mut session, 1, view, Now::fixed(6).wall); // the same news again
        }
        session.steps[1].clone()
    }

    #[test]
    fn an_action_step_ends_as_its_run_does() {
        let found = || Text::clean("4 of 4 running");
        let done = run(RunState::Done, Entry::Done { found: found() });
        let refused = run(RunState::Refused, Entry::Refused { reasons: vec!["drift".to_owned()], drift: vec![] });
        let unknown = run(RunState::Unknown, Entry::Unknown { reason: Text::clean("timeout"), found: found() });
        let going = run(RunState::Running, Entry::Progress { found: found() });
        let states = [(&done, StepState::Passed), (&refused, StepState::Failed), (&unknown, StepState::Unknown)];
        for (view, state) in states {
            let record = followed(&[going.clone(), view.clone()]);
            assert_eq!(record.state, state);
            assert_eq!(record.evidence.len(), 2, "{:?}", record.evidence);
            assert_eq!(record.evidence[1].by.user.as_str(), "grace", "in the name of who confirmed it");
            assert_eq!(record.evidence[1].run.as_deref(), Some("r1"));
        }
        assert_eq!(followed(&[going]).state, StepState::Running);
    }

    #[test]
    fn an_unknown_run_that_is_settled_stays_for_a_person_to_judge_and_is_told() {
        let found = || Text::clean("4 of 4 running");
        let unknown = run(RunState::Unknown, Entry::Unknown { reason: Text::clean("timeout"), found: found() });
        let settled = run(RunState::Resolved, Entry::Resolved { by: operator("grace"), found: found() });
        let record = followed(&[unknown, settled]);
        assert_eq!(record.state, StepState::Unknown);
        assert_eq!(record.evidence.last().unwrap().reading.as_str(), "run r1: resolved by grace: 4 of 4 running");
    }

    #[test]
    fn a_resumed_session_waits_for_nobody_but_its_runs() {
        let mut session = begun();
        set_running(&mut session, 0);
        bind_run(&mut session, 1, &RunId("r1".to_owned()), operator("ada"), Now::fixed(2).wall);
        assert_eq!(resume(&mut session, &runbook()), None);
        assert_eq!((session.steps[0].state, session.steps[1].state), (StepState::Open, StepState::Running));
    }

    #[test]
    fn a_resumed_session_says_that_the_text_changed_and_keeps_its_evidence() {
        let mut session = begun();
        answer(&mut session, &Ok(Number::Finite(0.1)));
        let text = format!("{TEXT}\n## One more\n\nMore.\n");
        let changed = parse(&text, Path::new("x.md"), "x.md", None).unwrap();
        let warning = resume(&mut session, &changed).unwrap();
        assert!(warning.contains("4 steps in place of 3"), "{warning}");
        assert_eq!((session.steps.len(), session.steps[0].evidence.len()), (4, 1));
        assert!(text_changed(&session, &changed), "the screen goes on saying so");
    }

    #[test]
    fn a_session_survives_being_kept_as_json() {
        let mut session = begun();
        answer(&mut session, &Ok(Number::Finite(0.1)));
        close(&mut session, Now::fixed(9).wall);
        let kept = serde_json::to_string(&session).unwrap();
        assert_eq!(serde_json::from_str::<Session>(&kept).unwrap(), session);
    }
}
