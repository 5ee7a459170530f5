//! Following the journal: what the console and `apply` see of a run.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::{Journal, RunView};
use crate::clock::Now;
use crate::text::Text;

/// How often the journal is asked whether it changed.
const EVERY: Duration = Duration::from_millis(200);

/// After how many of those it is read even so: a lease that ran out makes a run Unknown without a new record.
const AT_LEAST: u32 = 25;

/// Sends the runs ([`Journal::runs`]) at once and then whenever they change, until `out` is closed. A journal that can't be
/// read is sent as the reason, once, and asked again.
pub async fn follow(journal: Arc<Journal>, clock: fn() -> Now, out: mpsc::Sender<Result<Vec<RunView>, Text>>) {
    let mut sent: Option<Result<Vec<RunView>, Text>> = None;
    let mut version = None;
    let mut quiet = 0;
    while !out.is_closed() {
        let (now_at, news) = ask(&journal, clock, version, quiet >= AT_LEAST).await;
        version = now_at;
        quiet = if news.is_some() { 0 } else { quiet + 1 };
        if news.is_some() && news != sent {
            sent.clone_from(&news);
            let Some(news) = news else { continue };
            if out.send(news).await.is_err() {
                return;
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// The journal's version, and its runs if that changed (or if they are wanted anyway).
async fn ask(
    journal: &Arc<Journal>,
    clock: fn() -> Now,
    seen: Option<u64>,
    anyway: bool,
) -> (Option<u64>, Option<Result<Vec<RunView>, Text>>) {
    let journal = Arc::clone(journal);
    let answer = tokio::task::spawn_blocking(move || {
        let version = journal.version()?;
        let runs = if Some(version) != seen || anyway { Some(journal.runs(clock())?) } else { None };
        Ok::<_, super::JournalError>((version, runs))
    });
    match answer.await {
        Ok(Ok((version, runs))) => (Some(version), runs.map(Ok)),
        Ok(Err(error)) => (None, Some(Err(Text::clean(&error.to_string())))),
        Err(gone) => (None, Some(Err(Text::clean(&gone.to_string())))),
    }
}
