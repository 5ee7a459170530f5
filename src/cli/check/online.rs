//! Asks every source once and says, source by source, what did not answer and why.

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::sync::mpsc;

use super::findings::Findings;
use crate::clock::Now;
use crate::config::Config;
use crate::source::{Ask, Number, Payload, Reading, SharedSource, build, poll};

/// Readings that may wait.
const IN_FLIGHT: usize = 64;

/// Asks all sources at the same time, each within its deadline.
///
/// # Errors
/// There is no runtime to ask from.
pub(super) fn ask(config: Arc<Config>, findings: &mut Findings) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        match build::world(config).await {
            Ok(world) => {
                let sources = world.sources();
                let answers = join_all(sources.iter().map(once)).await;
                for (source, readings) in sources.iter().zip(&answers) {
                    tell(source.name().as_str(), readings, findings);
                }
            }
            Err(error) => findings.fail("sources", &format!("{error}\n    {}", error.kind.hint())),
        }
    });
    // What still hangs in a blocking read must not hold the exit.
    runtime.shutdown_background();
    Ok(())
}

async fn once(source: &SharedSource) -> Vec<Reading> {
    let (sender, mut receiver) = mpsc::channel(IN_FLIGHT);
    let ask = Ask { now: Now::read(), backfill: None };
    let polled = async {
        poll::once(source.as_ref(), ask, &sender).await;
        drop(sender);
    };
    let taken = async {
        let mut readings = Vec::new();
        while let Some(reading) = receiver.recv().await {
            readings.push(reading);
        }
        readings
    };
    tokio::join!(polled, taken).1
}

/// One line for the source, and one for each reading that is no plain answer.
fn tell(source: &str, readings: &[Reading], findings: &mut Findings) {
    let failed = readings.iter().filter(|reading| reading.outcome.is_err()).count();
    let summary = format!("{} of {} answered", readings.len() - failed, readings.len());
    if failed == 0 {
        findings.pass(source, &summary);
    } else {
        findings.fail(source, &summary);
    }
    for reading in readings {
        match &reading.outcome {
            Err(error) => {
                findings.fail(source, &format!("{}: {}\n    {}", reading.subject, error.reason, error.kind.hint()));
            }
            Ok(payload) => {
                if let Some(word) = without_value(payload) {
                    let why = "the query is answered, without a value; check names, labels and dimensions";
                    findings.remark(source, &format!("{}: {word}: {why}", reading.subject));
                }
            }
        }
    }
}

/// The word for a signal that answered without a finite number.
fn without_value(payload: &Payload) -> Option<&'static str> {
    match payload {
        Payload::Signal(data) => data.value.unwrap_or(Number::NoData).word(),
        _ => None,
    }
}
