//! `quarterdeck debts`: what actions left open, and accepting it.

use std::io::Write;
use std::process::ExitCode;

use anyhow::ensure;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::operator::operator;
use super::room::{self, Room, say, say_json};
use super::{Global, TextOutput};
use crate::clock::Now;
use crate::config::{self, Config};
use crate::executor::journal::{Debt, Journal, RestoreTests};
use crate::slo::recovery::RestoreTest;
use crate::store::FILE;
use crate::text::Text;
use crate::view::part::debt::sentence;

/// Arguments of `quarterdeck debts`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// What to do; without it the debts are listed.
    #[command(subcommand)]
    pub command: Option<DebtsCommand>,
    /// `text` or `json`.
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true, default_value_t = super::TextOutput::Text)]
    pub output: super::TextOutput,
}

/// What to do with debts.
#[derive(Debug, clap::Subcommand)]
pub enum DebtsCommand {
    /// Accept what a run left open: it is no debt from then on. Who and why goes to the journal.
    Accept {
        /// The run, or as much of its beginning or end as names it.
        run: String,
        /// Why it may stay as it is.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// The schema of debts as JSON.
const SCHEMA: &str = "quarterdeck.debts/1";

/// Exit code where a debt is overdue.
const OVERDUE: u8 = 1;

/// List what is open, or accept it. 1 where something is overdue, 2 where there is nothing of that run to accept.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<ExitCode> {
    let room = Room::open(global)?;
    match &arguments.command {
        None => list(&room, arguments.output),
        Some(DebtsCommand::Accept { run, reason }) => accept(&room, run, reason),
    }
}

fn list(room: &Room, output: TextOutput) -> anyhow::Result<ExitCode> {
    let (debts, now) = (room.journal.debts()?, Now::read().wall);
    match output {
        TextOutput::Json => say_json(&whole(&debts, now))?,
        TextOutput::Text if debts.is_empty() => say("nothing is left open")?,
        TextOutput::Text => debts.iter().try_for_each(|debt| say(&sentence(debt, now)))?,
    }
    let overdue = debts.iter().any(|debt| debt.is_overdue(now));
    Ok(ExitCode::from(if overdue { OVERDUE } else { 0 }))
}

/// What is open in the journal of a configuration; nothing where there is no journal yet.
///
/// # Errors
/// It can't be read.
pub(super) fn open(config: &Config) -> anyhow::Result<Vec<Debt>> {
    journal(config)?.map_or_else(|| Ok(Vec::new()), |journal| Ok(journal.debts()?))
}

/// The last restore tests in the journal of a configuration; none where there is no journal yet.
///
/// # Errors
/// It can't be read.
pub(super) fn restore_tests(config: &Config) -> anyhow::Result<Vec<RestoreTest>> {
    let mut tests = RestoreTests::default();
    if let Some(journal) = journal(config)? {
        journal.catch_up_restore_tests(&mut tests, &config.environment.name)?;
    }
    Ok(tests.tests())
}

/// The journal of a configuration, if there is one yet.
fn journal(config: &Config) -> anyhow::Result<Option<Journal>> {
    let state_dir = config::find::state_dir(config)?;
    match state_dir.join(FILE).is_file() {
        true => Ok(Some(Journal::new(room::store(&state_dir, Some(config))?.into()))),
        false => Ok(None),
    }
}

/// What is open, for whoever takes over.
pub(super) fn hand_over(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let (debts, now) = (open(config)?, Now::read().wall);
    if debts.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nleft open, to hand over:")?;
    debts.iter().try_for_each(|debt| writeln!(out, "   {}", sentence(debt, now)))?;
    Ok(())
}

fn whole(debts: &[Debt], now: Timestamp) -> Value {
    let debts: Vec<Value> = debts.iter().map(|debt| as_json(debt, now)).collect();
    json!({ "schema": SCHEMA, "at": now, "debts": debts })
}

/// One debt, as `debts` and `status` print it.
pub(super) fn as_json(debt: &Debt, now: Timestamp) -> Value {
    json!({
        "run": debt.run,
        "target": debt.target,
        "target_id": debt.target_id,
        "key": debt.key,
        "what": debt.what,
        "was": debt.was,
        "undo": debt.undo,
        "owner": debt.owner,
        "since": debt.since,
        "until": debt.until,
        "due_in_seconds": debt.left(now).map(|left| left.as_secs()),
        "overdue": debt.is_overdue(now),
        "certain": debt.certain,
    })
}

fn accept(room: &Room, run: &str, reason: &str) -> anyhow::Result<ExitCode> {
    let reason = Text::clean(reason.trim());
    ensure!(!reason.is_empty(), "--reason is empty: say why it may stay as it is");
    let now = Now::read();
    let run = room.journal.run(run, now)?.id;
    for debt in room.journal.accept_debt(&run, operator(), reason, now)? {
        say(&format!("accepted: {}", sentence(&debt, now.wall)))?;
    }
    Ok(ExitCode::SUCCESS)
}
