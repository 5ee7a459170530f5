//! One poll of one source, with its deadline: every subject is answered for.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio::sync::mpsc;

use crate::source::{Ask, Reading, Source, SourceError, SourceErrorKind, Subject};

/// Readings that wait between a source and whoever takes them.
const IN_FLIGHT: usize = 64;

/// How one poll went, in subjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Subjects that gave a value.
    pub answered: usize,
    /// Subjects that failed.
    pub failed: usize,
}

impl Outcome {
    /// Whether nothing was answered: then, and only then, the source is asked less often.
    pub fn failed_whole(self) -> bool {
        self.answered == 0 && self.failed > 0
    }
}

/// How a poll ended.
enum End {
    Finished,
    Late,
    Broken,
}

/// Asks a source once and passes its readings on as they come; by the source's deadline every subject that was not
/// answered gets a failure reading. A panic within the source is a failure reading too.
pub async fn once(source: &dyn Source, ask: Ask, out: &mpsc::Sender<Reading>) -> Outcome {
    let (sender, mut receiver) = mpsc::channel(IN_FLIGHT);
    let poll = AssertUnwindSafe(async move { source.poll(ask, &sender).await }).catch_unwind();
    let guarded = async {
        match tokio::time::timeout(source.deadline(), poll).await {
            Ok(Ok(())) => End::Finished,
            Ok(Err(_)) => End::Broken,
            Err(_) => End::Late,
        }
    };
    let mut tally = Tally::default();
    let forward = async {
        while let Some(reading) = receiver.recv().await {
            tally.count(&reading);
            if out.send(reading).await.is_err() {
                receiver.close();
            }
        }
    };
    let (end, ()) = tokio::join!(guarded, forward);
    for subject in source.subjects() {
        if !tally.seen.contains(subject) {
            let reading = Reading { subject: subject.clone(), outcome: Err(unanswered(source, &end)) };
            tally.count(&reading);
            let _ = out.send(reading).await;
        }
    }
    tally.outcome
}

#[derive(Default)]
struct Tally {
    seen: HashSet<Subject>,
    outcome: Outcome,
}

impl Tally {
    fn count(&mut self, reading: &Reading) {
        if self.seen.insert(reading.subject.clone()) {
            match reading.outcome {
                Ok(_) => self.outcome.answered += 1,
                Err(_) => self.outcome.failed += 1,
            }
        }
    }
}

fn unanswered(source: &dyn Source, end: &End) -> SourceError {
    let (kind, reason) = match end {
        End::Late => (SourceErrorKind::Timeout, format!("no answer within {} s", source.deadline().as_secs_f64())),
        End::Finished => (SourceErrorKind::Malformed, "the source left this unanswered".to_owned()),
        End::Broken => (SourceErrorKind::Malformed, "the source failed inside quarterdeck; see the log".to_owned()),
    };
    SourceError::new(source.name(), kind, &reason)
}
