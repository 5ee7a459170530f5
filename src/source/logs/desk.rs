//! Who looks at which log now: at most one is followed, and at most one query runs. Starting another, or none, ends them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::follow::{Follower, LogBatch};
use super::query::{self, Ended};
use super::{LogId, LogReader, QueryAsk};
use crate::clock::Now;
use crate::source::{QueryResults, SourceError};

/// The longest that an interactive query is waited for: the backend's own limit is an hour, and so is its bill.
pub const LONGEST_QUERY: Duration = Duration::from_secs(900);

/// What is asked of the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogRequest {
    /// Follow a log, in place of the one that is followed.
    Follow {
        /// Names the request in its answers.
        ticket: u64,
        /// The log.
        id: LogId,
        /// The filter pattern; empty is everything.
        filter: String,
        /// How far back to begin.
        back: Duration,
    },
    /// Follow nothing.
    Unfollow,
    /// Run a query, in place of the one that runs, which is stopped.
    Query {
        /// Names the request in its answers.
        ticket: u64,
        /// The log.
        id: LogId,
        /// The query's text.
        query: String,
        /// The window that it looks at, up to now.
        window: Duration,
    },
    /// Stop the query that runs.
    Unquery,
}

/// What the desk tells.
#[derive(Debug, Clone)]
pub struct LogNews {
    /// The ticket of the request.
    pub ticket: u64,
    /// What is new.
    pub told: LogTold,
}

/// What is new of a log.
#[derive(Debug, Clone)]
pub enum LogTold {
    /// A poll answered, maybe with no new line.
    Lines(LogBatch),
    /// A poll failed; it is asked again.
    Failed(SourceError),
    /// What a query has found so far, or at its end.
    Results(QueryResults),
    /// A query went wrong, or was stopped (`Ok`) after it took too long.
    QueryEnded(Result<(), SourceError>),
}

/// The desk.
pub struct LogDesk {
    reader: Arc<dyn LogReader>,
    clock: fn() -> Now,
    news: mpsc::Sender<LogNews>,
    following: Option<JoinHandle<()>>,
    query: Option<Running>,
    /// Queries that are being stopped.
    leaving: Vec<JoinHandle<()>>,
}

struct Running {
    leave: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl LogDesk {
    /// A desk where nobody looks at anything. Needs a tokio runtime once it is asked.
    pub fn new(reader: Arc<dyn LogReader>, clock: fn() -> Now, news: mpsc::Sender<LogNews>) -> Self {
        Self { reader, clock, news, following: None, query: None, leaving: Vec::new() }
    }

    /// Does what is asked; never waits.
    pub fn perform(&mut self, request: LogRequest) {
        match request {
            LogRequest::Follow { ticket, id, filter, back } => {
                self.unfollow();
                let follower = Follower::new(id.clone(), filter, (self.clock)(), back);
                let interval = self.reader.interval(&id);
                let polls = Polls { reader: self.reader.clone(), clock: self.clock, interval, ticket };
                self.following = Some(tokio::spawn(polls.run(follower, self.news.clone())));
            }
            LogRequest::Unfollow => self.unfollow(),
            LogRequest::Query { ticket, id, query, window } => {
                self.unquery();
                let until = (self.clock)().wall;
                let ask = QueryAsk { id, query, from: super::follow::earlier(until, window), until };
                self.query = Some(self.start(ticket, ask));
            }
            LogRequest::Unquery => self.unquery(),
        }
    }

    fn unfollow(&mut self) {
        if let Some(task) = self.following.take() {
            task.abort();
        }
    }

    fn unquery(&mut self) {
        self.leaving.retain(|task| !task.is_finished());
        if let Some(running) = self.query.take() {
            let _ = running.leave.send(()); // over already
            self.leaving.push(running.task);
        }
    }

    fn start(&self, ticket: u64, ask: QueryAsk) -> Running {
        let (leave, left) = oneshot::channel();
        let (reader, clock, news) = (self.reader.clone(), self.clock, self.news.clone());
        let task = tokio::spawn(async move {
            let left = async { drop(left.await) };
            // Partial results are news that the next ones replace: where nobody reads them, they may be lost.
            let partial = |results| drop(news.try_send(LogNews { ticket, told: LogTold::Results(results) }));
            let told = match query::run(&reader, &ask, clock, LONGEST_QUERY, partial, left).await {
                Ended::Over(results) => LogTold::Results(results),
                Ended::Failed(error) => LogTold::QueryEnded(Err(error)),
                Ended::Left(stopped) => LogTold::QueryEnded(stopped),
            };
            let _ = news.send(LogNews { ticket, told }).await;
        });
        Running { leave, task }
    }

    /// Ends everything: follows nothing, and waits until running queries were stopped, for so long at most.
    pub async fn close(mut self, longest: Duration) {
        self.unfollow();
        self.unquery();
        let leaving = futures_util::future::join_all(std::mem::take(&mut self.leaving));
        let _ = timeout(longest, leaving).await;
    }
}

impl Drop for LogDesk {
    fn drop(&mut self) {
        self.unfollow();
        self.unquery();
    }
}

/// The polls of one log that is followed.
struct Polls {
    reader: Arc<dyn LogReader>,
    clock: fn() -> Now,
    interval: Duration,
    ticket: u64,
}

impl Polls {
    async fn run(self, mut follower: Follower, news: mpsc::Sender<LogNews>) {
        loop {
            let asked = (self.clock)();
            let (told, pause) = match self.reader.read(&follower.ask(), asked).await {
                Ok(page) => (LogTold::Lines(follower.take(page, asked)), self.interval),
                Err(error) => self.failed(&mut follower, error),
            };
            if news.send(LogNews { ticket: self.ticket, told }).await.is_err() {
                return;
            }
            sleep(pause).await;
        }
    }

    /// Slows down; what is left behind is told as a gap.
    fn failed(&self, follower: &mut Follower, error: SourceError) -> (LogTold, Duration) {
        let pause = follower.failed(self.interval);
        match follower.leaves_behind(&error, (self.clock)()) {
            gap @ Some(_) => (LogTold::Lines(LogBatch { gap, failed: vec![error], ..LogBatch::default() }), pause),
            None => (LogTold::Failed(error), pause),
        }
    }
}
