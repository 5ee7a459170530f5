//! Asks every source once and says, source by source, what did not answer and why.

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::sync::mpsc;

use super::findings::Findings;
use crate::clock::Now;
use crate::config::Config;
use crate::executor::shared::{Dynamo, SharedLeases};
use crate::source::{Ask, Number, Payload, Reading, SharedSource, SourceErrorKind, build, poll};
use crate::text::Text;

/// What to do about a table that can't be asked.
const SHARED_HINT: &str = "its key must be `kind` and `id` (strings); dynamodb:GetItem, PutItem and Query must be allowed on it; \
     until it answers, no action is possible";

/// Readings that may wait.
const IN_FLIGHT: usize = 64;

/// Asks all sources at the same time, each within its deadline.
///
/// # Errors
/// There is no runtime to ask from.
pub(super) fn ask(config: Arc<Config>, findings: &mut Findings) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        shared(&config, findings).await;
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

/// Whether the table that several hosts share gives what an executor will ask of it. Nothing is written there.
async fn shared(config: &Config, findings: &mut Findings) {
    let Some(settings) = &config.shared else { return };
    let (table, region) = (&settings.table, &settings.aws.region);
    match SharedLeases::probing(Arc::new(Dynamo::open(settings))).await {
        Ok(leases) => findings.pass("shared", &format!("{table} in {region}: {leases} leases held or blocked")),
        Err(error) => findings.fail("shared", &format!("{error}\n    {SHARED_HINT}")),
    }
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

/// One finding for the source, with a line for each reading that failed, and a remark for each without a value.
fn tell(source: &str, readings: &[Reading], findings: &mut Findings) {
    let failed = readings.iter().filter_map(failure).collect::<Vec<_>>();
    let summary = format!("{} of {} answered", readings.len() - failed.len(), readings.len());
    if failed.is_empty() {
        findings.pass(source, &summary);
    } else {
        findings.fail(source, &format!("{summary}\n{}", failed.join("\n")));
    }
    for reading in readings {
        if let Some(word) = reading.outcome.as_ref().ok().and_then(without_value) {
            let why = "answered, without a value; check names, labels and dimensions of its query";
            findings.remark(source, &format!("{}: {word}: {why}", reading.subject));
        }
        for part in reading.outcome.as_ref().ok().map(missing).unwrap_or_default() {
            findings.remark(source, &format!("{}: answered in part: {part}", reading.subject));
        }
    }
}

fn failure(reading: &Reading) -> Option<String> {
    let error = reading.outcome.as_ref().err()?;
    // A refusal says all there is in its reason.
    let hint = if error.kind == SourceErrorKind::Refused { "" } else { error.kind.hint() };
    let hint = if hint.is_empty() { String::new() } else { format!("\n    {hint}") };
    Some(format!("{}: {}{hint}", reading.subject, error.reason))
}

/// What of an answer could not be read.
fn missing(payload: &Payload) -> Vec<String> {
    let words = |missing: &[Text]| missing.iter().map(ToString::to_string).collect();
    match payload {
        Payload::Releases(releases) => words(&releases.missing),
        Payload::Cost(cost) => words(&cost.missing),
        Payload::Database(database) => words(&database.missing),
        Payload::Cdn(cdn) => words(&cdn.missing),
        Payload::Protection(protection) => {
            protection.missing.iter().map(|unread| format!("{}: {}", unread.part, unread.reason)).collect()
        }
        _ => Vec::new(),
    }
}

/// The word for a signal that answered without a finite number.
fn without_value(payload: &Payload) -> Option<&'static str> {
    match payload {
        Payload::Signal(data) => data.value.unwrap_or(Number::NoData).word(),
        _ => None,
    }
}
