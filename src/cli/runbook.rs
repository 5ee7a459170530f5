//! `quarterdeck runbook`: list, lint, show, run.

mod follow;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use serde_json::{Value, json};

use super::{Global, Output, TextOutput};
use crate::config::error::ConfigErrors;
use crate::config::{Config, find};
use crate::runbook::session::sign;
use crate::runbook::{Check, CheckQuery, Runbook, Step, StepKind, library};

/// Exit code of runbooks that are wrong: configuration.
const WRONG: u8 = 2;

/// Arguments of `quarterdeck runbook`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: RunbookCommand,
}

/// What to do with runbooks.
#[derive(Debug, clap::Subcommand)]
pub enum RunbookCommand {
    /// All runbooks of this environment.
    List {
        /// `table` or `json`.
        #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true, default_value_t = Output::Table)]
        output: Output,
    },
    /// Check runbook files, or all runbooks of this environment; exits 2 if one is wrong.
    ///
    /// Without a configuration, files are checked for themselves: whether services and signals exist is not known then.
    Lint {
        /// Markdown files; without any, all runbooks of the environment.
        files: Vec<PathBuf>,
    },
    /// One runbook with its steps.
    Show {
        /// The runbook's identifier, as `runbook list` shows it.
        id: String,
        /// `text` or `json`.
        #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true, default_value_t = TextOutput::Text)]
        output: TextOutput,
    },
    /// Follow a runbook step by step: checks and waits are asked; at an action it stops and says how to plan it.
    ///
    /// Exits 0 when it came to the end or handed over to a person, and 1 when a check did not hold.
    Run {
        /// The runbook's identifier, as `runbook list` shows it.
        id: String,
        /// Begin at this step, from 1.
        #[arg(long, default_value_t = 1, value_name = "STEP")]
        from: usize,
    },
}

/// List, lint, show and run runbooks.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    match &arguments.command {
        RunbookCommand::List { output } => list(&mut out, global, *output),
        RunbookCommand::Lint { files } => lint(&mut out, global, files),
        RunbookCommand::Show { id, output } => show(&mut out, global, id, *output),
        RunbookCommand::Run { id, from } => {
            let (config, runbooks) = all(global)?;
            let config = Arc::new(config);
            let code = follow::run(config.clone(), find_one(&runbooks, id)?, *from, &program(global), &mut out)?;
            super::debts::hand_over(&config, &mut out)?;
            Ok(code)
        }
    }
}

/// How this program was called: with the same configuration, the commands that are printed mean the same environment.
fn program(global: &Global) -> String {
    global.config.as_ref().map_or_else(
        || "quarterdeck".to_owned(),
        |path| {
            let path = path.to_string_lossy();
            let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+=@%".contains(c));
            let quoted = if plain { path.into_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) };
            format!("quarterdeck --config {quoted}")
        },
    )
}

fn all(global: &Global) -> anyhow::Result<(Config, Vec<Runbook>)> {
    let config = find::load(global.config.as_deref())?;
    let runbooks = library::load(&config)?;
    Ok((config, runbooks))
}

fn find_one<'a>(runbooks: &'a [Runbook], id: &str) -> anyhow::Result<&'a Runbook> {
    let known = || runbooks.iter().map(|runbook| runbook.id.as_str()).collect::<Vec<_>>().join(", ");
    let found = runbooks.iter().find(|runbook| runbook.id == *id);
    found.with_context(|| format!("there is no runbook `{id}`; there are: {}", known()))
}

fn list(out: &mut impl Write, global: &Global, output: Output) -> anyhow::Result<ExitCode> {
    let (config, runbooks) = all(global)?;
    match output {
        Output::Json => {
            let rows: Vec<Value> = runbooks.iter().map(head_json).collect();
            let environment = config.environment.name.as_str();
            let list = json!({ "schema": "quarterdeck.runbooks/1", "environment": environment, "runbooks": rows });
            writeln!(out, "{}", serde_json::to_string_pretty(&list)?)?;
        }
        Output::Table => table(out, &config, &runbooks)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn table(out: &mut impl Write, config: &Config, runbooks: &[Runbook]) -> io::Result<()> {
    let width = runbooks.iter().map(|runbook| runbook.id.len()).max().unwrap_or(0).max(8);
    writeln!(out, "{:width$}  {:8}  {:5}  {:20}  ALERTS", "RUNBOOK", "SEVERITY", "STEPS", "SERVICES")?;
    for runbook in runbooks {
        let (services, alerts) = (join(&runbook.services), join(&runbook.alerts));
        let (id, severity, steps) = (&runbook.id, runbook.severity.as_str(), runbook.steps.len());
        writeln!(out, "{id:width$}  {severity:8}  {steps:>5}  {services:20}  {alerts}")?;
    }
    for file in library::left_out(config) {
        writeln!(out, "not for this environment, which does not have its services: {file}")?;
    }
    Ok(())
}

fn join(names: &[impl ToString]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn lint(out: &mut impl Write, global: &Global, files: &[PathBuf]) -> anyhow::Result<ExitCode> {
    if files.is_empty() {
        let config = find::load(global.config.as_deref())?;
        return match library::load(&config) {
            Ok(runbooks) => {
                runbooks.iter().try_for_each(|runbook| fine(out, &runbook.origin, runbook))?;
                Ok(ExitCode::SUCCESS)
            }
            Err(errors) => wrong(out, &errors),
        };
    }
    let config = lint_config(global)?;
    if config.is_none() {
        writeln!(out, "no configuration: whether services and signals exist is not checked")?;
    }
    let mut code = ExitCode::SUCCESS;
    for file in files {
        match library::read(file, config.as_ref()) {
            Ok(runbook) => fine(out, &file.display().to_string(), &runbook)?,
            Err(errors) => code = wrong(out, &errors)?,
        }
    }
    Ok(code)
}

/// The configuration, if there is one: a runbook can be checked in a repository that holds nothing else.
fn lint_config(global: &Global) -> Result<Option<Config>, ConfigErrors> {
    let explicit: Option<&Path> = global.config.as_deref();
    match find::locate(explicit, &find::variable) {
        Ok(path) => find::load(Some(&path)).map(Some),
        Err(_) if explicit.is_none() => Ok(None),
        Err(errors) => Err(errors),
    }
}

fn fine(out: &mut impl Write, origin: &str, runbook: &Runbook) -> io::Result<()> {
    writeln!(out, "{origin}: {} is fine, {} steps", runbook.id, runbook.steps.len())
}

fn wrong(out: &mut impl Write, errors: &ConfigErrors) -> anyhow::Result<ExitCode> {
    writeln!(out, "{errors}")?;
    Ok(ExitCode::from(WRONG))
}

fn show(out: &mut impl Write, global: &Global, id: &str, output: TextOutput) -> anyhow::Result<ExitCode> {
    let (_, runbooks) = all(global)?;
    let runbook = find_one(&runbooks, id)?;
    match output {
        TextOutput::Json => {
            let mut shown = json!({ "schema": "quarterdeck.runbook/1" });
            if let (Value::Object(shown), Value::Object(head)) = (&mut shown, head_json(runbook)) {
                shown.extend(head);
                let steps = runbook.steps.iter().enumerate().map(|(index, step)| step_json(index, step));
                shown.insert("introduction".to_owned(), json!(runbook.introduction));
                shown.insert("steps".to_owned(), steps.collect());
            }
            writeln!(out, "{}", serde_json::to_string_pretty(&shown)?)?;
        }
        TextOutput::Text => text(out, runbook)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn text(out: &mut impl Write, runbook: &Runbook) -> io::Result<()> {
    writeln!(out, "{} ({}, {})", runbook.title, runbook.id, runbook.severity)?;
    writeln!(out, "owner {} · services {} · alerts {}", runbook.owner, join(&runbook.services), join(&runbook.alerts))?;
    writeln!(out, "\n{}", runbook.introduction)?;
    for (index, step) in runbook.steps.iter().enumerate() {
        follow::print_step(out, index, step)?;
        writeln!(out, "   → {}", does(&step.kind))?;
    }
    Ok(())
}

/// What a step does, in one line.
fn does(kind: &StepKind) -> String {
    match kind {
        StepKind::Check(check) => format!("check: {}", asks(check)),
        StepKind::Wait { check, deadline } => format!("wait: {}, for {} s at most", asks(check), deadline.as_secs()),
        StepKind::Action(action) => format!("action: quarterdeck {}", follow::plan_command(action)),
        StepKind::Manual => "by hand".to_owned(),
    }
}

fn asks(check: &Check) -> String {
    let what = match &check.query {
        CheckQuery::Signal(id) => id.to_string(),
        CheckQuery::Query(crate::config::Query::Prometheus(promql)) => promql.expression.clone(),
        CheckQuery::Query(query) => format!("{query:?}"),
        CheckQuery::Steady(service) => format!("share of tasks of {service} that run"),
    };
    format!("{what} {} {}", sign(check.comparison), check.bound)
}

fn head_json(runbook: &Runbook) -> Value {
    json!({
        "id": runbook.id,
        "title": runbook.title,
        "owner": runbook.owner,
        "services": runbook.services,
        "alerts": runbook.alerts,
        "severity": runbook.severity,
        "step_count": runbook.steps.len(),
        "origin": runbook.origin,
        "digest": runbook.digest,
    })
}

fn step_json(index: usize, step: &Step) -> Value {
    let kind = match &step.kind {
        StepKind::Check(_) => "check",
        StepKind::Wait { .. } => "wait",
        StepKind::Action(_) => "action",
        StepKind::Manual => "manual",
    };
    let mut shown =
        json!({ "number": index + 1, "title": step.title, "text": step.text, "line": step.line, "kind": kind });
    if let Value::Object(shown) = &mut shown {
        shown.extend(details(&step.kind));
    }
    shown
}

/// What a step of its kind says besides: what is asked and its bound, the deadline, the action.
fn details(kind: &StepKind) -> serde_json::Map<String, Value> {
    let details = match kind {
        StepKind::Check(check) => check_json(check),
        StepKind::Wait { check, deadline } => {
            let mut details = check_json(check);
            if let Value::Object(details) = &mut details {
                details.insert("deadline_seconds".to_owned(), json!(deadline.as_secs()));
            }
            details
        }
        StepKind::Action(action) => json!({ "action": action }),
        StepKind::Manual => json!({}),
    };
    match details {
        Value::Object(details) => details,
        _ => serde_json::Map::new(),
    }
}

fn check_json(check: &Check) -> Value {
    let (key, asked) = match &check.query {
        CheckQuery::Signal(id) => ("signal", id.to_string()),
        CheckQuery::Query(crate::config::Query::Prometheus(promql)) => ("promql", promql.expression.clone()),
        CheckQuery::Query(query) => ("query", format!("{query:?}")),
        CheckQuery::Steady(service) => ("steady", service.to_string()),
    };
    json!({ key: asked, "comparison": check.comparison, "bound": check.bound })
}
