//! One Insights query from its start to its end: asked again and again, and stopped where nobody waits for it any more.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::{LogReader, QueryAsk, QueryTicket};
use crate::clock::Now;
use crate::source::{QueryResults, SourceError};

/// The pause before the first question for results, and the longest one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Failures in a row after which asking for results is given up.
const FAILURES: u32 = 3;

/// How long stopping may take.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(3);

/// How a query ended for the one who asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    /// The backend has nothing more to tell: complete, failed, cancelled, timed out.
    Over(QueryResults),
    /// It could not be started, or asking for results failed several times.
    Failed(SourceError),
    /// It was left, and stopped, or could not be.
    Left(Result<(), SourceError>),
}

/// Starts a query and asks for its results until it is over, until `leave` is ready, or for `longest` at most; tells what
/// was found so far. Whatever is left unfinished is stopped.
pub async fn run(
    reader: &Arc<dyn LogReader>,
    ask: &QueryAsk,
    clock: fn() -> Now,
    longest: Duration,
    mut partial: impl FnMut(QueryResults),
    leave: impl Future<Output = ()>,
) -> Ended {
    // The start is never cut off: a query whose identifier is not known can't be stopped.
    let ticket = match reader.start(ask, clock()).await {
        Ok(ticket) => ticket,
        Err(error) => return Ended::Failed(error),
    };
    let asking = async { timeout(longest, results(reader, &ticket, clock, &mut partial)).await.ok() };
    let outcome = tokio::select! {
        biased;
        () = leave => None,
        outcome = asking => outcome,
    };
    match outcome {
        Some(Ok(results)) => Ended::Over(results),
        Some(Err(error)) => {
            let _ = stop(reader, &ticket).await;
            Ended::Failed(error)
        }
        None => Ended::Left(stop(reader, &ticket).await),
    }
}

async fn results(
    reader: &Arc<dyn LogReader>,
    ticket: &QueryTicket,
    clock: fn() -> Now,
    partial: &mut impl FnMut(QueryResults),
) -> Result<QueryResults, SourceError> {
    let (mut pause, mut failures) = (FIRST_PAUSE, 0);
    loop {
        sleep(pause).await;
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        match reader.results(ticket, clock()).await {
            Ok(results) if results.state.is_over() => return Ok(results),
            Ok(results) => {
                failures = 0;
                partial(results);
            }
            Err(error) => {
                failures += 1;
                pause = LONGEST_PAUSE;
                if failures >= FAILURES {
                    return Err(error);
                }
            }
        }
    }
}

/// Stops a query; bounded in time.
async fn stop(reader: &Arc<dyn LogReader>, ticket: &QueryTicket) -> Result<(), SourceError> {
    let began = Instant::now();
    let stopped = timeout(STOP_TIMEOUT, reader.stop(ticket)).await;
    stopped.unwrap_or_else(|_| {
        let reason = format!("the query was not stopped within {} s", began.elapsed().as_secs());
        let source = crate::source::Name::from("logs");
        Err(SourceError::new(&source, crate::source::SourceErrorKind::Timeout, &reason))
    })
}
