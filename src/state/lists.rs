//! The rows of each screen: filtered and ordered once, for the views that draw them and the keys that select among them.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config as MatcherConfig, Matcher};

use super::command::{COMMANDS, Command};
use super::{LogLine, State, StepRef};
use crate::action::{ACTIONS, Action, ActionSpec, declared};
use crate::config::{Protected, Service};
use crate::executor::journal::{RunState, RunView};
use crate::runbook::{Runbook, Session, StepKind, StepRecord, StepState};
use crate::source::{Alert, AlertState, Name, Silence, Silences, Subject};

/// The services that the overview lists, in the order of the configuration: a row never moves under the operator's hand.
pub fn services(state: &State) -> Vec<&Service> {
    let shown = |service: &&Service| matches(state, &[service.name.as_str(), &service.summary]);
    state.config.services.iter().filter(shown).collect()
}

/// The protected things, in the order of the configuration.
pub fn backups(state: &State) -> Vec<&Protected> {
    state.config.backups.iter().filter(|thing| matches(state, &[thing.name.as_str(), &thing.summary])).collect()
}

/// The lines of the console's log, the oldest first.
pub fn log(state: &State) -> Vec<&LogLine> {
    state.log.iter().filter(|line| matches(state, &[line.text.as_str()])).collect()
}

/// The alerts of all sources that are not `OK`, the worst first. Whether each source's list is live is asked apart.
pub fn alerts(state: &State) -> Vec<Told<'_>> {
    let mut rows: Vec<Told<'_>> = told_alerts(state).filter(|told| told.alert.state != AlertState::Ok).collect();
    rows.retain(|Told { alert, .. }| {
        let service = alert.service.as_ref().map_or("", |service| service.as_str());
        matches(state, &[alert.name.as_str(), alert.summary.as_str(), alert.severity.as_str(), service])
    });
    rows.sort_by(|a, b| {
        let key = |told: &Told<'_>| (told.alert.state, severity_rank(told.alert.severity.as_str()));
        key(a).cmp(&key(b)).then_with(|| a.alert.name.cmp(&b.alert.name))
    });
    rows
}

/// An alert and who told it.
#[derive(Debug, Clone)]
pub struct Told<'a> {
    /// The alert.
    pub alert: &'a Alert,
    /// The source, which may be one of several of the same origin.
    pub source: Name,
}

/// A row of the alerts screen: the alerts, and below them the silences.
#[derive(Debug, Clone)]
pub enum AlertRow<'a> {
    /// An alert.
    Alert(Told<'a>),
    /// A silence, of those of one Alertmanager.
    Silence(&'a Silence, &'a Silences),
}

/// The rows of the alerts screen.
pub fn alert_rows(state: &State) -> Vec<AlertRow<'_>> {
    let alerts = alerts(state).into_iter().map(AlertRow::Alert);
    alerts.chain(silences(state).into_iter().map(|(silence, of)| AlertRow::Silence(silence, of))).collect()
}

/// The silences that are told, in force first, as last told.
pub fn silences(state: &State) -> Vec<(&Silence, &Silences)> {
    let mut rows = Vec::new();
    for source in state.config.silence_sources() {
        let measured = state.readings.of::<Silences>(&state.config, &Subject::Silences { source }, state.now);
        let told = measured.value().map(|(told, _)| told);
        rows.extend(told.into_iter().flat_map(|told| told.silences.iter().map(move |silence| (silence, told))));
    }
    rows.retain(|(silence, _)| {
        let texts = [&silence.comment, &silence.created_by].into_iter().chain(&silence.matchers);
        matches(state, &texts.map(|text| text.as_str()).collect::<Vec<_>>())
    });
    rows.sort_by_key(|(silence, of)| of.state(silence, state.now.wall));
    rows
}

/// Every alert that any source told last, live or not.
pub fn all_alerts(state: &State) -> impl Iterator<Item = &Alert> {
    told_alerts(state).map(|told| told.alert)
}

/// The same with their sources.
pub fn told_alerts(state: &State) -> impl Iterator<Item = Told<'_>> {
    state.config.alert_sources().into_iter().flat_map(move |source| {
        let measured = state.readings.alerts(&state.config, &source, state.now);
        let alerts = measured.value().map_or(&[][..], |(alerts, _)| alerts.as_slice());
        alerts.iter().map(move |alert| Told { alert, source: source.clone() })
    })
}

/// How many alerts fire, as last told.
pub fn firing(state: &State) -> usize {
    all_alerts(state).filter(|alert| alert.state == AlertState::Firing).count()
}

/// How many alerts are held back, as last told: silenced, muted or inhibited.
pub fn held_back(state: &State) -> usize {
    all_alerts(state).filter(|alert| alert.state == AlertState::Suppressed).count()
}

fn severity_rank(severity: &str) -> u8 {
    match severity {
        "page" | "critical" => 0,
        "warning" | "ticket" => 1,
        _ => 2,
    }
}

/// A runbook in its list.
#[derive(Debug, Clone, Copy)]
pub struct RunbookRow<'a> {
    /// The runbook.
    pub runbook: &'a Runbook,
    /// The firing alert that it answers, which makes it a suggestion.
    pub suggested_by: Option<&'a Alert>,
    /// The session that is open on it.
    pub session: Option<&'a Session>,
}

/// The runbooks, suggested ones first, then those with an open session.
pub fn runbooks(state: &State) -> Vec<RunbookRow<'_>> {
    let mut rows: Vec<RunbookRow<'_>> = state
        .runbooks
        .iter()
        .filter(|runbook| matches(state, &[runbook.id.as_str(), runbook.title.as_str()]))
        .map(|runbook| RunbookRow {
            runbook,
            suggested_by: suggested_by(state, runbook),
            session: open_session(state, &runbook.id),
        })
        .collect();
    rows.sort_by_key(|row| (row.suggested_by.is_none(), row.session.is_none()));
    rows
}

/// The runbooks that are suggested for a service: theirs is a firing alert of it.
pub fn suggested<'a>(state: &'a State, service: &Name) -> Vec<RunbookRow<'a>> {
    let serves = |row: &RunbookRow<'_>| row.runbook.services.contains(service);
    runbooks(state).into_iter().filter(|row| row.suggested_by.is_some() && serves(row)).collect()
}

fn suggested_by<'a>(state: &'a State, runbook: &Runbook) -> Option<&'a Alert> {
    let answers = |alert: &&Alert| {
        alert.state == AlertState::Firing
            && (runbook.alerts.contains(&alert.name)
                || alert.runbook.as_ref().is_some_and(|id| id.as_str() == runbook.id.as_str()))
    };
    all_alerts(state).find(answers)
}

/// The newest session of a runbook that is not closed.
pub fn open_session<'a>(state: &'a State, runbook: &Name) -> Option<&'a Session> {
    state.sessions.iter().find(|session| session.runbook == *runbook && session.closed.is_none())
}

/// The journal's runs: unknown outcomes first, then the newest first.
pub fn runs(state: &State) -> Vec<&RunView> {
    let shown = |run: &&RunView| matches(state, &[run.id.0.as_str(), run.plan.action.target().as_str()]);
    let mut rows: Vec<&RunView> = state.runs.iter().filter(shown).collect();
    rows.sort_by_key(|run| run.state != RunState::Unknown);
    rows
}

/// A line of the palette.
#[derive(Debug, Clone)]
pub struct PaletteEntry {
    /// What is matched and shown.
    pub label: String,
    /// What it does.
    pub hint: String,
    /// What choosing it means.
    pub choice: Choice,
}

/// What choosing a palette line means.
#[derive(Debug, Clone)]
pub enum Choice {
    /// Run a command.
    Command(Command),
    /// Open a service.
    Service(Name),
    /// Ask for the arguments of an action on a service.
    Action(&'static ActionSpec, Name),
    /// Plan an action whose arguments are all declared.
    Declared(Box<Action>),
    /// Open a runbook.
    Runbook(Name),
}

/// The palette's lines that match what was typed, the best first.
pub fn palette(state: &State, input: &str) -> Vec<PaletteEntry> {
    let entries = palette_entries(state);
    if input.trim().is_empty() {
        return entries;
    }
    let mut matcher = Matcher::new(MatcherConfig::DEFAULT);
    let pattern = Pattern::parse(input.trim(), CaseMatching::Ignore, Normalization::Smart);
    let mut buffer = Vec::new();
    let mut scored: Vec<(u32, PaletteEntry)> = entries
        .into_iter()
        .filter_map(|entry| {
            let haystack = nucleo_matcher::Utf32Str::new(&entry.label, &mut buffer);
            pattern.score(haystack, &mut matcher).map(|score| (score, entry))
        })
        .collect();
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, entry)| entry).collect()
}

fn palette_entries(state: &State) -> Vec<PaletteEntry> {
    let mut entries = Vec::new();
    for service in &state.config.services {
        entries.push(entry(service.name.as_str(), "open the service", Choice::Service(service.name.clone())));
    }
    for declared in &state.config.actions {
        let label = format!("{} {} {}", declared.action(), declared.service, declared.name);
        let choice = Choice::Declared(Box::new(declared::action_of(declared)));
        entries.push(entry(&label, &declared.title, choice));
    }
    for spec in ACTIONS.iter().filter(|spec| !declared::is_declared(spec.name)) {
        for target in (spec.targets)(&state.config) {
            let label = format!("{} {target}", spec.name);
            entries.push(entry(&label, spec.summary, Choice::Action(spec, target)));
        }
    }
    for runbook in state.runbooks.iter() {
        let label = format!("runbook {}", runbook.id);
        entries.push(entry(&label, runbook.title.as_str(), Choice::Runbook(runbook.id.clone())));
    }
    entries.extend(COMMANDS.iter().map(|spec| entry(spec.name, spec.summary, Choice::Command(spec.command))));
    entries
}

fn entry(label: &str, hint: &str, choice: Choice) -> PaletteEntry {
    PaletteEntry { label: label.to_owned(), hint: hint.to_owned(), choice }
}

/// Whether a row passes the filter: every word of it occurs in one of the texts, whatever the case.
fn matches(state: &State, texts: &[&str]) -> bool {
    let filter = state.filter.to_lowercase();
    filter.split_whitespace().all(|word| texts.iter().any(|text| text.to_lowercase().contains(word)))
}

/// Action steps of open sessions that neither passed nor were skipped.
pub(super) fn open_action_steps(state: &State) -> Vec<StepRef> {
    let mut steps = Vec::new();
    for session in state.sessions.iter().filter(|session| session.closed.is_none()) {
        let Some(runbook) = state.runbooks.iter().find(|runbook| runbook.id == session.runbook) else { continue };
        for (index, step) in runbook.steps.iter().enumerate() {
            let done = |record: &StepRecord| matches!(record.state, StepState::Passed | StepState::Skipped);
            let open = session.steps.get(index).is_some_and(|record| !done(record));
            if open && matches!(step.kind, StepKind::Action(_)) {
                steps.push(StepRef { session: session.id.clone(), step: index });
            }
        }
    }
    steps
}
