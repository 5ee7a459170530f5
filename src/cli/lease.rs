//! `quarterdeck lease`: who holds what, and taking a lease away from a holder that is gone.

use std::process::ExitCode;

use anyhow::bail;
use serde_json::{Value, json};

use super::operator::operator;
use super::room::{Room, say, say_json, tell};
use super::{Global, TextOutput};
use crate::clock::Now;
use crate::executor::handover::NotHandedOver;
use crate::executor::journal::JournalError;
use crate::executor::lease::{LeaseView, Process};
use crate::executor::shared::{Holder, Listed, NotAsked, NotReleased, Releaser, SharedLeases, TERM};
use crate::text::Text;

/// Arguments of `quarterdeck lease`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: LeaseCommand,
}

/// What to do with leases.
#[derive(Debug, clap::Subcommand)]
pub enum LeaseCommand {
    /// Who holds which target, here and on the hosts that share a table with this one.
    List {
        /// `text` or `json`.
        #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true, default_value_t = super::TextOutput::Text)]
        output: super::TextOutput,
    },
    /// Ask the one who confirmed a run to hand its target over to you.
    Ask {
        /// The run, or as much of its beginning or end as names it.
        run: String,
        /// Why; it is shown to them, and stands in the run's outcome.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Hand your run's target over to who asked for it: the run begins no further step, and ends.
    Grant {
        /// The run, or as much of its beginning or end as names it.
        run: String,
    },
    /// Take the lease of a target away from a holder that is gone.
    Release {
        /// The target, as `lease list` names it.
        target: String,
        /// The target once more.
        #[arg(long, value_name = "TARGET")]
        confirm: String,
        /// The run whose outcome nobody knows and that is given up, where another host left one.
        #[arg(long, value_name = "RUN")]
        run: Option<String>,
    },
}

/// The schema of leases as JSON.
const SCHEMA: &str = "quarterdeck.leases/1";

/// List leases, ask for a target or hand one over, or take a lease away from a holder that is gone. 4 where that may not be, 3 where the shared table can't
/// be asked.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<ExitCode> {
    let room = Room::open(global)?;
    match &arguments.command {
        LeaseCommand::List { output } => list(&room, *output),
        LeaseCommand::Ask { run, reason } => ask(&room, run, &Text::clean(reason)),
        LeaseCommand::Grant { run } => grant(&room, run),
        LeaseCommand::Release { target, confirm, run } => {
            if target != confirm {
                bail!("--confirm names `{confirm}`, not `{target}`; nothing was released");
            }
            release(&room, target, run.as_deref())
        }
    }
}

/// Asks for the target of a run of this state directory, else for that of a run of another host.
fn ask(room: &Room, run: &str, why: &Text) -> anyhow::Result<ExitCode> {
    match (room.journal.run(run, Now::read()), room.journal.shared()) {
        (Ok(view), _) => {
            let asked = room.journal.ask_handover(&view, &operator(), why, Now::read());
            handed_over(asked.map(|()| format!("asked {} to hand {} over", view.by, view.plan.action.target())))
        }
        (Err(JournalError::NoSuchRun(_)), Some(shared)) => ask_elsewhere(room, shared, run, why),
        (Err(error), _) => Err(error.into()),
    }
}

fn ask_elsewhere(room: &Room, shared: &SharedLeases, run: &str, why: &Text) -> anyhow::Result<ExitCode> {
    let (text, code) = match room.runtime.block_on(shared.ask(run, &operator(), why, &Now::read)) {
        Ok(Holder { run, by, host, what, .. }) => {
            let next = "they see it within 10 s; `quarterdeck lease list` tells when it was granted";
            let asked = format!("asked {by} on {host} to hand over what run {run} holds ({what})");
            (format!("{}: {next}", Text::clean(&asked)), 0)
        }
        Err(NotAsked::Table(error)) => (format!("not asked, as far as is known: {error}; say it again"), 3),
        Err(error) => (Text::clean(&error.to_string()).to_string(), 4),
    };
    say(&text)?;
    Ok(ExitCode::from(code))
}

/// Grants what was asked for, and tells the host on which it was asked.
fn grant(room: &Room, run: &str) -> anyhow::Result<ExitCode> {
    let view = room.journal.run(run, Now::read())?;
    let granted = room.journal.grant_handover(&view, &operator(), Now::read());
    if let (Ok(asked), Some(shared)) = (&granted, room.journal.shared()) {
        let at = asked.granted.unwrap_or(asked.at);
        if let Err(error) = room.runtime.block_on(shared.grant(&view.plan.target_arn, asked, at)) {
            tell(&format!("other hosts were not told that it was granted: {error}"));
        }
    }
    handed_over(granted.map(|asked| {
        let target = view.plan.action.target();
        let stops = "begins no further step of its plan (a way back or a clean-up that is due is still done)";
        format!("{target} goes to {}: run {} {stops}; see where it stands before", asked.by, view.id)
    }))
}

/// 0 with what was done; 4 with why it was not.
fn handed_over(done: Result<String, NotHandedOver>) -> anyhow::Result<ExitCode> {
    let (text, code) = match done {
        Ok(text) => (text, 0),
        Err(NotHandedOver::Journal(error)) => return Err(error.into()),
        Err(error) => (error.to_string(), 4),
    };
    say(&text)?;
    Ok(ExitCode::from(code))
}

/// The shared leases where a table is configured, or why they are not known.
type Shared = Option<Result<Vec<Listed>, String>>;

fn list(room: &Room, output: TextOutput) -> anyhow::Result<ExitCode> {
    let leases = room.journal.leases(Now::read())?;
    let ask = |shared: &SharedLeases| {
        room.runtime.block_on(shared.list(&Now::read)).map_err(|error| Text::clean(&error.to_string()).to_string())
    };
    let shared = room.journal.shared().map(ask);
    match output {
        TextOutput::Json => say_json(&whole(&leases, &shared))?,
        TextOutput::Text => text(&leases, &shared)?,
    }
    Ok(ExitCode::from(if matches!(shared, Some(Err(_))) { 3 } else { 0 }))
}

fn text(leases: &[LeaseView], shared: &Shared) -> std::io::Result<()> {
    if leases.is_empty() {
        say("no lease is held from this state directory")?;
    }
    leases.iter().try_for_each(|lease| say(&line(lease)))?;
    match shared {
        None => Ok(()),
        Some(Err(reason)) => say(&format!("other hosts: not known: {reason}")),
        Some(Ok(listed)) if listed.iter().all(|listed| listed.own) => say("other hosts hold none"),
        Some(Ok(listed)) => listed.iter().filter(|listed| !listed.own).try_for_each(|listed| say(&shared_line(listed))),
    }
}

fn line(lease: &LeaseView) -> String {
    let LeaseView { target, run, holder, what, since, epoch, pid, .. } = lease;
    let process = match lease.process {
        Process::Alive => format!("process {pid} is alive"),
        Process::Gone => format!("process {pid} is gone"),
        Process::Elsewhere => "its process is elsewhere".to_owned(),
    };
    let left = match lease.expires_in {
        Some(left) => format!("expires in {} s", left.as_secs()),
        None => "OVER".to_owned(),
    };
    format!("{target}\n    run {run} of {holder} since {since:.0}, epoch {epoch}: {what}\n    {left}, {process}")
}

/// What stands in the table may be anything: none of it acts on the terminal.
fn shared_line(listed: &Listed) -> String {
    let (still, clean) = (listed.still.as_secs(), |text: &str| Text::clean(text));
    let slot = &listed.slot;
    let held = slot.held.as_ref().map(|held| {
        let stands = if listed.still < TERM { "held" } else { "OVER" };
        let (run, by, host, since) = (clean(&held.run), &held.by, clean(&held.host), held.since);
        format!(
            "\n    {stands}: run {run} of {by} on {host} since {since:.0}, seen unchanged for {still} s: {}",
            held.what
        )
    });
    let open = slot.open.as_ref().map(|open| {
        format!(
            "\n    open: run {} of {} on {}, step {} begun {:.0}",
            clean(&open.run),
            open.by,
            clean(&open.host),
            open.step + 1,
            open.at
        )
    });
    let wish = listed.wish.as_ref().map(|wish| {
        let stands = wish.granted.map_or("not granted yet".to_owned(), |at| format!("granted {at:.0}"));
        format!("\n    asked for by {} at {:.0}, {stands}: {}", wish.by, wish.at, wish.reason)
    });
    let free = (held.is_none() && open.is_none()).then(|| "\n    free: nobody holds it".to_owned());
    let parts = [held, open, free, wish].map(Option::unwrap_or_default).concat();
    format!("{}, epoch {}{parts}", clean(&listed.target), slot.epoch)
}

fn whole(leases: &[LeaseView], shared: &Shared) -> Value {
    let mut document = json!({ "schema": SCHEMA, "leases": leases.iter().map(local_json).collect::<Vec<_>>() });
    let (key, value) = match shared {
        None => return document,
        Some(Ok(listed)) => ("shared", listed.iter().map(shared_json).collect()),
        Some(Err(reason)) => ("shared_error", json!(reason)),
    };
    if let Value::Object(fields) = &mut document {
        fields.insert(key.to_owned(), value);
    }
    document
}

fn local_json(lease: &LeaseView) -> Value {
    json!({
        "target": lease.target,
        "run": lease.run,
        "holder": lease.holder,
        "what": lease.what,
        "since": lease.since,
        "epoch": lease.epoch,
        "pid": lease.pid,
        "process": lease.process,
        "live": lease.expires_in.is_some(),
        "expires_in_seconds": lease.expires_in.map(|left| left.as_secs_f64()),
    })
}

fn shared_json(listed: &Listed) -> Value {
    json!({
        "target": listed.target,
        "epoch": listed.slot.epoch,
        "held": listed.slot.held,
        "open": listed.slot.open,
        "released": listed.slot.released,
        "unchanged_seconds": listed.still.as_secs_f64(),
        "live": listed.slot.held.is_some() && listed.still < TERM,
        "own": listed.own,
        "asked": listed.wish,
    })
}

/// Here first: what this host's own executor holds is never taken away in the table while it may go on.
fn release(room: &Room, target: &str, run: Option<&str>) -> anyhow::Result<ExitCode> {
    let here = room.journal.leases(Now::read())?.into_iter().find(|lease| lease.target == target);
    if let Some(refused) = here.as_ref().and_then(|lease| lease.may_be_released().err()) {
        say(&format!("{refused}; nothing was released"))?;
        return Ok(ExitCode::from(4));
    }
    let shared = match room.journal.shared() {
        Some(shared) => release_shared(room, shared, target, run)?,
        None => None,
    };
    match (here, shared) {
        (_, Some(code)) if code != 0 => Ok(ExitCode::from(code)),
        (None, None) => bail!("nobody holds `{target}`; `quarterdeck lease list` names what is held"),
        (None, Some(_)) => Ok(ExitCode::SUCCESS),
        (Some(_), _) => {
            let lease = room.journal.release_lease(target, operator(), Now::read())?;
            say(&format!("released: {target}, held by run {} of {}, which is gone", lease.run, lease.holder))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The exit code, or `None` where nobody holds it there.
fn release_shared(room: &Room, shared: &SharedLeases, target: &str, run: Option<&str>) -> anyhow::Result<Option<u8>> {
    let who = Releaser { by: Text::clean(&operator().to_string()), run };
    match room.runtime.block_on(shared.release(target, &who, &Now::read)) {
        Ok(released) => {
            tracing::warn!(%target, run = %released.run, by = %released.by, "a shared lease was taken away");
            say(&format!("released for all hosts: {target}, held or left open by run {}", Text::clean(&released.run)))?;
            Ok(Some(0))
        }
        Err(NotReleased::Free) => Ok(None),
        Err(NotReleased::NotAsked(error)) => {
            say(&format!("{error}; nothing was released"))?;
            Ok(Some(3))
        }
        Err(refused) => {
            say(&format!("{}; nothing was released", Text::clean(&refused.to_string())))?;
            Ok(Some(4))
        }
    }
}
