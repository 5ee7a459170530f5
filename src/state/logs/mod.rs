//! The log screen: which log is followed, what was read of it, which query runs.
//!
//! What is asked of the backend follows from what is shown (`settle`): a log is followed only while its lines are on the
//! screen, and a query runs only while somebody waits for its results; whatever is left is stopped.

pub mod buffer;
mod moves;

use std::time::Duration;

use super::{Effects, Screen, State};
use crate::clock::{Mono, Now};
use crate::config::SavedQuery;
use crate::event::{Effect, LogLevel};
use crate::source::logs::desk::{LogNews, LogRequest, LogTold};
use crate::source::logs::follow::LATE;
use crate::source::logs::{LogBatch, LogId};
use crate::source::{LineLevel, QueryResults, SourceError};
use buffer::{Key, LogBuffer};

pub use moves::{go, position, search};

/// How far back following begins.
pub const BACK: Duration = Duration::from_secs(600);

/// The log that is shown.
#[derive(Debug)]
pub struct LogView {
    /// Which.
    pub id: LogId,
    /// The filter pattern that the backend is given; empty is everything.
    pub filter: String,
    /// What was read.
    pub buffer: LogBuffer,
    /// Whether it is to be followed.
    pub follows: bool,
    /// The request that is answered now; none while nothing is asked.
    pub ticket: Option<u64>,
    /// When a poll last answered.
    pub answered: Option<Now>,
    /// Why the last poll failed, if it did.
    pub failing: Option<SourceError>,
    /// Groups that could not be read by the last poll.
    pub partly: Vec<SourceError>,
    /// The lowest line that is shown; none is the newest, whichever that is.
    pub bottom: Option<Key>,
    /// What is searched for; empty is nothing.
    pub search: String,
    /// The match that was found last.
    pub found: Option<Key>,
    /// The quietest level that is shown; none shows all.
    pub least: Option<LineLevel>,
    /// Whether long lines are wrapped; else they are cut, and can be scrolled.
    pub wrap: bool,
    /// Columns that lines are scrolled to the left.
    pub column: usize,
    /// What of it is shown.
    pub pane: Pane,
    /// The query that runs.
    pub running: Option<u64>,
}

/// What of a log is shown.
#[derive(Debug)]
pub enum Pane {
    /// Its lines.
    Lines,
    /// Its saved queries.
    Queries {
        /// The selected one.
        selected: usize,
    },
    /// A query and its results.
    Results(Box<QueryView>),
}

/// A query that was asked.
#[derive(Debug)]
pub struct QueryView {
    /// Which.
    pub saved: SavedQuery,
    /// The ticket that answers.
    pub ticket: u64,
    /// When it was asked.
    pub asked: Mono,
    /// What it has found so far, and when that was told.
    pub results: Option<(QueryResults, Mono)>,
    /// How it ended, where it did not end by itself: why it failed, or that it took too long.
    pub ended: Option<Result<(), SourceError>>,
    /// The first row that is shown.
    pub row: usize,
    /// The first column that is shown.
    pub column: usize,
}

impl LogView {
    fn new(id: LogId, filter: String) -> Self {
        Self {
            id,
            filter,
            buffer: LogBuffer::default(),
            follows: true,
            ticket: None,
            answered: None,
            failing: None,
            partly: Vec::new(),
            bottom: None,
            search: String::new(),
            found: None,
            least: None,
            wrap: false,
            column: 0,
            pane: Pane::Lines,
            running: None,
        }
    }
}

/// Every log of the configuration, in its order.
pub fn all(state: &State) -> Vec<LogId> {
    let of = |service: &crate::config::Service| {
        let id = |log: &crate::config::LogSource| LogId { service: service.name.clone(), log: log.name.clone() };
        service.logs.iter().map(id).collect::<Vec<_>>()
    };
    state.config.services.iter().flat_map(of).collect()
}

/// The configuration of a log.
pub fn source<'a>(state: &'a State, id: &LogId) -> Option<&'a crate::config::LogSource> {
    state.config.service(&id.service)?.logs.iter().find(|log| log.name == id.log)
}

/// Opens the log screen: on the logs of the service that is looked at, else on the log that was shown last, else on the first.
pub(super) fn open(state: &mut State) {
    let all = all(state);
    let service = match state.screen() {
        Screen::Service { name, .. } => Some(name.clone()),
        Screen::Overview { selected } => {
            super::lists::services(state).get(*selected).map(|service| service.name.clone())
        }
        _ => None,
    };
    let own = all.iter().find(|id| Some(&id.service) == service.as_ref());
    let last = state.logs.as_ref().map(|view| &view.id);
    let Some(id) = own.or(last).or(all.first()).cloned() else {
        state.tell(LogLevel::Info, "no log is configured: add [[service.log]] to a service");
        return;
    };
    choose(state, id);
    super::navigate::show(state, Screen::Logs);
}

/// Shows a log; the one that is shown already keeps its lines.
fn choose(state: &mut State, id: LogId) {
    if state.logs.as_ref().is_none_or(|view| view.id != id) {
        let filter = source(state, &id).map(|log| log.filter.clone()).unwrap_or_default();
        replace(state, LogView::new(id, filter));
    }
}

/// Puts another view in the place of the shown one; what that asked is stopped by [`settle`].
fn replace(state: &mut State, view: LogView) {
    let before = state.logs.replace(Box::new(view));
    state.log_leftover = before.and_then(|view| view.running).or(state.log_leftover);
}

/// Asks the backend for another filter pattern.
pub(super) fn filter(state: &mut State, filter: String) {
    let Some(view) = &state.logs else { return };
    let next = LogView { least: view.least, wrap: view.wrap, ..LogView::new(view.id.clone(), filter) };
    replace(state, next);
}

/// What must be asked or stopped, so that it fits what is shown.
pub(super) fn settle(state: &mut State) -> Effects {
    let mut effects = Vec::new();
    let on = matches!(state.screen(), Screen::Logs);
    let asks = on && state.paused.is_none();
    if state.log_leftover.take().is_some() {
        effects.push(Effect::Log(LogRequest::Unquery));
    }
    let ticket = state.last_ticket + 1;
    let now = state.now;
    let Some(view) = &mut state.logs else { return effects };
    if view.running.is_some() && !(on && view.waits_for_query()) {
        view.running = None;
        effects.push(Effect::Log(LogRequest::Unquery));
    }
    let follows = asks && view.follows && matches!(view.pane, Pane::Lines);
    if follows && view.ticket.is_none() {
        view.ticket = Some(ticket);
        effects.push(Effect::Log(view.request(ticket, now)));
        state.last_ticket = ticket;
    } else if !follows && view.ticket.take().is_some() {
        effects.push(Effect::Log(LogRequest::Unfollow));
    }
    effects
}

impl LogView {
    /// Whether the query that runs is the one that is shown.
    fn waits_for_query(&self) -> bool {
        matches!(&self.pane, Pane::Results(query) if Some(query.ticket) == self.running)
    }

    /// Follows from where reading last stopped, if that is not long ago; what lies between is told.
    fn request(&mut self, ticket: u64, now: Now) -> LogRequest {
        let away = self.answered.map(|answered| now.mono.since(answered.mono));
        if let (Some(away), Some(answered)) = (away, self.answered)
            && away > BACK
        {
            let until = now.wall.checked_sub(BACK).unwrap_or(now.wall);
            self.buffer.skip(answered.wall, until);
        }
        // What came late meanwhile is read too; what is there already is not kept twice.
        let back = away.map_or(BACK, |away| (away + LATE).min(BACK));
        LogRequest::Follow { ticket, id: self.id.clone(), filter: self.filter.clone(), back }
    }
}

/// What the backend told. Answers to what was asked before something else are too late.
pub(super) fn learn(state: &mut State, news: LogNews) {
    let now = state.now;
    let Some(view) = &mut state.logs else { return };
    match news.told {
        LogTold::Lines(batch) if view.ticket == Some(news.ticket) => view.take(batch, now),
        LogTold::Failed(error) if view.ticket == Some(news.ticket) => view.failing = Some(error),
        LogTold::Results(results) => view.found_so_far(news.ticket, results, now.mono),
        LogTold::QueryEnded(ended) => view.ended(news.ticket, ended),
        LogTold::Lines(_) | LogTold::Failed(_) => {}
    }
}

impl LogView {
    fn take(&mut self, batch: LogBatch, now: Now) {
        self.answered = Some(now);
        self.failing = None;
        self.partly = batch.failed;
        if let Some((from, until)) = batch.gap {
            self.buffer.skip(from, until);
        }
        batch.events.into_iter().for_each(|event| self.buffer.push(event));
    }

    fn found_so_far(&mut self, ticket: u64, results: QueryResults, now: Mono) {
        let Pane::Results(query) = &mut self.pane else { return };
        if query.ticket == ticket {
            if results.state.is_over() {
                self.running = None;
            }
            query.results = Some((results, now));
        }
    }

    fn ended(&mut self, ticket: u64, ended: Result<(), SourceError>) {
        let Pane::Results(query) = &mut self.pane else { return };
        if query.ticket == ticket {
            self.running = None;
            query.ended = Some(ended);
        }
    }
}

/// Runs the selected saved query.
fn run(state: &mut State, saved: SavedQuery) -> Effects {
    let (ticket, asked) = (state.ticket(), state.now.mono);
    let Some(view) = &mut state.logs else { return Vec::new() };
    let request = LogRequest::Query { ticket, id: view.id.clone(), query: saved.query.clone(), window: saved.window };
    view.running = Some(ticket);
    let query = QueryView { saved, ticket, asked, results: None, ended: None, row: 0, column: 0 };
    view.pane = Pane::Results(Box::new(query));
    vec![Effect::Log(request)]
}
