//! `quarterdeck logs`: the lines of a service's log, once or followed.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use jiff::Timestamp;
use serde_json::json;
use tokio::time::sleep;

use super::room::tell;
use super::{Global, TextOutput};
use crate::clock::Now;
use crate::config::{self, Config};
use crate::source::logs::{Follower, LogBatch, LogId, LogReader, line};
use crate::source::{LogEvent, build};
use crate::text::Text;
use crate::view::part::sweep;

/// The schema of one line as JSON.
const SCHEMA: &str = "quarterdeck.log-line/1";

/// The longest time that lines are read back.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Arguments of `quarterdeck logs`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The service.
    pub service: String,
    /// The log's name within the service; the first where none is given.
    pub log: Option<String>,
    /// A filter pattern, as CloudWatch Logs writes them; else that of the configuration.
    #[arg(long, value_name = "PATTERN")]
    pub filter: Option<String>,
    /// How far back to begin: `90s`, `10m`, `24h` at most.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = since)]
    pub since: Duration,
    /// Go on until interrupted.
    #[arg(long)]
    pub follow: bool,
    /// `text` or `json`: one document a line.
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true, default_value_t = super::TextOutput::Text)]
    pub output: super::TextOutput,
}

fn since(text: &str) -> Result<Duration, String> {
    let span: jiff::Span = text.parse().map_err(|_| "such as 90s, 10m, 2h".to_owned())?;
    // Months and years have no length.
    let length = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours());
    let length = length.map_err(|_| "such as 90s, 10m, 2h".to_owned())?;
    let length = Duration::try_from(length).map_err(|_| "must not be negative".to_owned())?;
    if length.is_zero() || length > LONGEST { Err("must lie between 1s and 24h".to_owned()) } else { Ok(length) }
}

/// Print the lines of a service's log. Exits 0 where they were read whole, 3 where not, 2 is usage and configuration.
///
/// # Errors
/// No valid configuration, no such log, or a standard output that can't be written.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<ExitCode> {
    let config = Arc::new(config::find::load(global.config.as_deref())?);
    let (id, configured) = find(&config, arguments)?;
    let filter = arguments.filter.clone().unwrap_or(configured);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let whole = runtime.block_on(async {
        let world = build::world(config.clone()).await.context("no log can be read")?;
        let follower = Follower::new(id.clone(), filter, Now::read(), arguments.since);
        print(world.logs().as_ref(), follower, &id, &config, arguments).await
    });
    // What still hangs in a blocking read must not hold the exit.
    runtime.shutdown_background();
    Ok(ExitCode::from(if whole? { 0 } else { 3 }))
}

/// The log that is meant, and its filter pattern.
fn find(config: &Config, arguments: &Arguments) -> anyhow::Result<(LogId, String)> {
    let Some(service) = config.service(&arguments.service) else {
        let names: Vec<&str> = config.services.iter().map(|service| service.name.as_str()).collect();
        bail!("there is no service `{}`; there are {}", arguments.service, names.join(", "));
    };
    let named = |name: &String| service.logs.iter().find(|log| log.name == name.as_str());
    let found = arguments.log.as_ref().map_or_else(|| service.logs.first(), named);
    let names: Vec<&str> = service.logs.iter().map(|log| log.name.as_str()).collect();
    let log = match found {
        Some(log) => log,
        None if names.is_empty() => bail!("{} has no log: add [[service.log]] to it", service.name),
        None => bail!("{} has no such log; it has {}", service.name, names.join(", ")),
    };
    Ok((LogId { service: service.name.clone(), log: log.name.clone() }, log.filter.clone()))
}

/// Prints what each poll adds: once, or until interrupted. False where something was not read.
async fn print(
    reader: &dyn LogReader,
    mut follower: Follower,
    id: &LogId,
    config: &Config,
    arguments: &Arguments,
) -> anyhow::Result<bool> {
    let mut whole = true;
    loop {
        let asked = Now::read();
        let pause = match reader.read(&follower.ask(), asked).await {
            Ok(page) => {
                let batch = follower.take(page, asked);
                whole &= batch.gap.is_none() && batch.failed.is_empty();
                write(&batch, config, arguments.output)?;
                reader.interval(id)
            }
            Err(error) => {
                whole = false;
                tell(&error.to_string());
                let pause = follower.failed(reader.interval(id));
                if let Some((from, until)) = follower.leaves_behind(&error, Now::read()) {
                    tell(&skipped(from, until));
                }
                pause
            }
        };
        if !arguments.follow {
            return Ok(whole);
        }
        sleep(pause).await;
    }
}

/// Lines to standard output; what is missing to standard error.
fn write(batch: &LogBatch, config: &Config, output: TextOutput) -> io::Result<()> {
    if let Some((from, until)) = batch.gap {
        tell(&skipped(from, until));
    }
    batch.failed.iter().for_each(|error| tell(&error.to_string()));
    let mut out = io::stdout().lock();
    for event in &batch.events {
        let event = LogEvent { text: masked(&event.text, config), ..event.clone() };
        match output {
            TextOutput::Text => writeln!(out, "{}", text(&event))?,
            TextOutput::Json => writeln!(out, "{}", json!({"schema": SCHEMA, "line": event}))?,
        }
    }
    out.flush()
}

fn skipped(from: Timestamp, until: Timestamp) -> String {
    format!("lines were skipped from {from} to {until}")
}

fn text(event: &LogEvent) -> String {
    // A level that the text says is not said twice.
    let level = event.level.filter(|_| !line::says_level(event)).map_or("", |level| level.word());
    let cut = if event.cut { format!(" [cut, {} bytes in all]", event.bytes) } else { String::new() };
    format!("{:.3} {level:<5} {} {}{cut}", event.at, event.stream, event.text)
}

/// The text without any secret of the configuration.
fn masked(text: &Text, config: &Config) -> Text {
    let long = |secret: &&str| secret.chars().count() >= sweep::SHORTEST_SECRET;
    let hidden = sweep::secrets(config).filter(long).filter(|secret| text.contains(secret));
    hidden.fold(text.clone(), |text, secret| Text::clean(&text.replace(secret, "•••")))
}
