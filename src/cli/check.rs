//! `quarterdeck check`: configuration, keymap, theme and runbooks; with `--online` every source is asked once too.

mod findings;
mod online;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use super::Global;
use crate::config::keymap::Keymap;
use crate::config::theme::Theme;
use crate::config::{self, Config, EnvironmentKind};
use crate::runbook::library;
use crate::source::aws::cloudwatch::pacing::Projection;

use findings::Findings;

/// Arguments of `quarterdeck check`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Ask every source once too.
    #[arg(long)]
    pub online: bool,
}

/// Check configuration, keymaps, themes and runbooks. Exits 0 if all is well, else 2. A source that answers without data is
/// told, and is no failure.
///
/// # Errors
/// A standard output that can't be written.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<ExitCode> {
    let mut findings = Findings::default();
    if let Some(config) = offline(global, &mut findings)
        && arguments.online
    {
        online::ask(Arc::new(config), &mut findings)?;
    }
    write!(std::io::stdout().lock(), "{findings}")?;
    Ok(ExitCode::from(if findings.failed() { 2 } else { 0 }))
}

/// Everything that can be said without asking anyone; the configuration, if it is right.
fn offline(global: &Global, findings: &mut Findings) -> Option<Config> {
    let config = match config::find::load(global.config.as_deref()) {
        Ok(config) => config,
        Err(errors) => {
            findings.fail("configuration", &errors.to_string());
            return None;
        }
    };
    findings.pass("configuration", &summary(&config));
    costs(&config, findings);
    match Keymap::load(&config.ui.keymap) {
        Ok(keymap) => findings.pass("keymap", &format!("{}: {} keys", config.ui.keymap, keymap.bindings.len())),
        Err(errors) => findings.fail("keymap", &errors.to_string()),
    }
    match Theme::load(&config.ui.theme) {
        Ok(_) => findings.pass("theme", &config.ui.theme),
        Err(errors) => findings.fail("theme", &errors.to_string()),
    }
    runbooks(&config, findings);
    match config::find::state_dir(&config) {
        Ok(dir) => findings.pass("state", &dir.display().to_string()),
        Err(errors) => findings.fail("state", &errors.to_string()),
    }
    Some(config)
}

fn summary(config: &Config) -> String {
    let kind = match config.environment.kind {
        EnvironmentKind::Production => "production",
        EnvironmentKind::Staging => "staging",
        EnvironmentKind::Development => "development",
    };
    let signals: usize = config.services.iter().map(|service| service.signals.len()).sum();
    let objectives: usize = config.services.iter().map(|service| service.objectives.len()).sum();
    let health: usize = config.services.iter().map(|service| service.health.len()).sum();
    format!(
        "{}: {} ({kind}): services {}, signals {signals}, objectives {objectives}, health endpoints {health}, backups {}",
        config.path.display(),
        config.environment.name,
        config.services.len(),
        config.backups.len(),
    )
}

/// What reading CloudWatch will cost, before anything is read.
fn costs(config: &Config, findings: &mut Findings) {
    let (Some(settings), Some(_)) = (&config.cloudwatch, config.usage()) else { return };
    let projected = Projection::of(config);
    let told = format!(
        "{} metrics, {:.0} GetMetricData calls a month: {:.2} USD a month at list price, {:.2} of it for alarms, {:.2} \
         for Cost Explorer{}",
        projected.metrics,
        projected.calls,
        projected.usd(),
        projected.alarms_usd,
        projected.cost_usd,
        if projected.counts_logs { "; what counting log lines scans is not known before" } else { "" },
    );
    match settings.budget_usd_month {
        Some(budget) if settings.slowed > 1.0 => findings.remark(
            "cloudwatch",
            &format!(
                "{told}\nmetrics are asked {:.2} times less often to keep within {budget:.2} USD",
                settings.slowed
            ),
        ),
        Some(budget) => findings.pass("cloudwatch", &format!("{told}; the budget is {budget:.2} USD")),
        None => findings.pass("cloudwatch", &format!("{told}; there is no budget_usd_month")),
    }
}

fn runbooks(config: &Config, findings: &mut Findings) {
    match library::load(config) {
        Ok(runbooks) => {
            let ids: Vec<&str> = runbooks.iter().map(|runbook| runbook.id.as_str()).collect();
            findings.pass("runbooks", &if ids.is_empty() { "none".to_owned() } else { ids.join(", ") });
        }
        Err(errors) => findings.fail("runbooks", &errors.to_string()),
    }
    for file in library::left_out(config) {
        findings.remark("runbooks", &format!("{file} is left out: its services are not in this environment"));
    }
}
