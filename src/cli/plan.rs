//! `quarterdeck plan`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use super::plan_file::PlanFile;
use super::room::{Room, say, say_json};
use super::{Global, TextOutput};
use crate::action::{self, Action, ActionSpec, Arming, BreakGlass, DebtChange, Decision, Judged, Plan, Undo, Verdict};
use crate::executor::planning::{Planner, PlanningError};
use crate::source::Name;

/// Arguments of `quarterdeck plan`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The action, such as `scale`.
    pub action: String,
    /// Target and `key=value` arguments, such as `web desired=4`.
    pub arguments: Vec<String>,
    /// An override of one guard.
    #[command(flatten)]
    pub skip: super::break_glass::Override,
    /// Write the plan to this file, for `apply`. A plan that is denied is not written, unless it only waits for a second
    /// person.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// `text` or `json`.
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true, default_value_t = super::TextOutput::Text)]
    pub output: super::TextOutput,
}

/// Observe, plan and judge an action; changes nothing. 0 allowed (also where a name will have to be typed), 4 denied, 2 usage
/// or configuration, 3 could not be observed.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<ExitCode> {
    let spec = action::spec(&arguments.action)?;
    let action = parse(spec, &arguments.arguments)?;
    let skip = arguments.skip.read()?;
    planned(&Room::open(global)?, &action, skip, (arguments.out.as_deref(), arguments.output))
}

/// Plans and judges an action, and tells of it; writes the plan where it may be applied.
pub(super) fn planned(
    room: &Room,
    action: &Action,
    skip: Option<BreakGlass>,
    (out, output): (Option<&Path>, TextOutput),
) -> anyhow::Result<ExitCode> {
    let world = room.world()?;
    let planner = Planner { break_glass: skip, ..room.planner(&*world) };
    let planned = room.runtime.block_on(planner.judged(action, None, Arming::Headless));
    let judged = match planned {
        Ok(judged) => judged,
        Err(error @ PlanningError::NotObserved(_)) => return not_observed(&error, output),
        Err(PlanningError::NoPlan(failure)) => return Err(failure.into()),
    };
    let file = PlanFile::of(&judged);
    let denied = judged.decision() == Decision::Deny;
    let written = out.filter(|_| !denied || judged.waits());
    if let Some(path) = written {
        file.write(path)?;
    }
    match output {
        TextOutput::Json => say_json(&serde_json::to_value(&file)?)?,
        TextOutput::Text => say(&format!("{}\n{}", shown(&judged), next(&judged, written)))?,
    }
    Ok(ExitCode::from(if denied { 4 } else { 0 }))
}

/// The first argument without `=` is the target.
fn parse(spec: &ActionSpec, arguments: &[String]) -> anyhow::Result<Action> {
    let mut pairs = Vec::new();
    let mut targets = Vec::new();
    for argument in arguments {
        match argument.split_once('=') {
            Some((key, value)) => pairs.push((key.to_owned(), value.to_owned())),
            None => targets.push(argument.as_str()),
        }
    }
    let usage = || {
        let keys: Vec<_> = spec.arguments.iter().map(|a| format!("{}=…", a.name)).collect();
        format!("write `quarterdeck plan {} TARGET {}`", spec.name, keys.join(" "))
    };
    let [target] = targets.as_slice() else { bail!("one target is needed, {} given; {}", targets.len(), usage()) };
    (spec.parse)(&Name::from(*target), &pairs).with_context(usage)
}

fn not_observed(error: &PlanningError, output: TextOutput) -> anyhow::Result<ExitCode> {
    let told = match error {
        PlanningError::NotObserved(source) => {
            serde_json::json!({ "source": source.source_name, "kind": source.kind, "reason": source.reason })
        }
        PlanningError::NoPlan(failure) if failure.unread => {
            serde_json::json!({ "kind": "partial", "reason": failure.reason })
        }
        PlanningError::NoPlan(failure) => bail!("{failure}"),
    };
    match output {
        TextOutput::Json => say_json(&serde_json::json!({ "schema": action::plan::SCHEMA, "error": told }))?,
        TextOutput::Text => say(&format!("not observed: {error}"))?,
    }
    Ok(ExitCode::from(3))
}

/// The plan for people: before → after, what was observed, verdicts, what will be sent, what follows, and undo.
pub(super) fn shown(judged: &Judged) -> String {
    let plan = &judged.plan;
    let mut lines = vec![
        format!("{} {} in {} ({})", plan.action.name(), plan.action.target(), plan.environment, kind(judged)),
        format!("  {}", plan.target_arn),
        String::new(),
    ];
    lines.extend(plan.changes.iter().map(|change| format!("  {change}")));
    let seen = &plan.observation;
    lines.push(format!("  observed {:.0}: {}", seen.taken, plan.action.observed(seen)));
    lines.push(String::new());
    let widest = judged.verdicts.iter().map(|verdict| verdict.guard.len()).max().unwrap_or_default();
    let verdict = |v: &Verdict| format!("  {:<5}  {:<widest$}  {}", word(v.decision), v.guard, v.evidence);
    lines.extend(judged.verdicts.iter().map(verdict));
    lines.push(String::new());
    lines.extend(sends(plan));
    lines.extend(plan.on_failure.iter().map(|step| format!("back    {}, once, if it fails", step.call)));
    lines.extend(afterwards(plan));
    lines.push(format!("undo    {}", undo(&plan.undo)));
    lines.push(format!("digest  {}", plan.digest()));
    lines.join("\n")
}

/// The calls in their order, and how long the gates are watched between them.
fn sends(plan: &Plan) -> impl Iterator<Item = String> {
    plan.steps.iter().enumerate().map(|(index, step)| {
        let label = if index == 0 { "sends " } else { "then  " };
        let bakes = !step.bake.is_zero() && index + 1 < plan.steps.len();
        let bake = if bakes { format!("; gates for {} s", step.bake.as_secs()) } else { String::new() };
        format!("{label}  {}, once{bake}", step.call)
    })
}

/// What is watched afterwards, what it costs and what it leaves open, where there is such.
fn afterwards(plan: &Plan) -> impl Iterator<Item = String> {
    let gates: Vec<_> = plan.gates.iter().map(ToString::to_string).collect();
    let window = plan.gate_window.as_secs();
    let watches = (!gates.is_empty()).then(|| format!("gates   {}, for {window} s afterwards", gates.join("; ")));
    let cost = plan.cost.as_ref().map(|cost| format!("costs   {cost}"));
    let leaves = plan.debt.as_ref().and_then(DebtChange::left).map(|(what, until)| {
        let until = until.map_or_else(|| "until it is undone".to_owned(), |at| format!("due {at:.0}"));
        format!("leaves  {what}, {until}")
    });
    [watches, cost, leaves].into_iter().flatten()
}

fn kind(judged: &Judged) -> &'static str {
    match judged.plan.kind {
        crate::config::EnvironmentKind::Production => "production",
        crate::config::EnvironmentKind::Staging => "staging",
        crate::config::EnvironmentKind::Development => "development",
    }
}

pub(super) fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "allow",
        Decision::Ask => "ask",
        Decision::Deny => "DENY",
    }
}

fn undo(undo: &Undo) -> String {
    match undo {
        Undo::Action { action } => format!("quarterdeck plan {action}"),
        Undo::Impossible { reason } => format!("impossible: {reason}"),
    }
}

fn next(judged: &Judged, written: Option<&Path>) -> String {
    let name = judged.plan.action.target();
    match (judged.decision(), written) {
        (Decision::Deny, Some(path)) => {
            let digest = judged.plan.digest();
            let path = path.display();
            format!(
                "next    another person: quarterdeck approve {digest} --confirm {name}\n        then    \
                 quarterdeck apply {path} --confirm {name}   (until {:.0})",
                judged.plan.expires
            )
        }
        (Decision::Deny, None) => {
            let guards: Vec<_> = judged.denials().map(|verdict| verdict.guard.as_str()).collect();
            format!("denied by {}: nothing was changed, and no plan was written", guards.join(", "))
        }
        (_, Some(path)) => {
            format!(
                "next    quarterdeck apply {} --confirm {name}   (until {:.0})",
                path.display(),
                judged.plan.expires
            )
        }
        (_, None) => format!("next    add `--out FILE`, then `quarterdeck apply FILE --confirm {name}`"),
    }
}
