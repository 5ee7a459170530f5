//! The report as a table for people.

use unicode_width::UnicodeWidthStr;

use super::alerts::{alerts_row, history_row, silences_row};
use super::report::{BackupReport, Item, ObjectiveReport, Report, ServiceReport, Share, SignalReport};
use super::usage;
use crate::config::EnvironmentKind;
use crate::source::{HealthState, Number, Unit};
use crate::state::verdict::Reason;

const HEADINGS: [&str; 6] = ["SERVICE", "WHAT", "VALUE", "STATE", "AGE", "NOTE"];

pub(super) type Row = [String; 6];

/// The whole report, one line a value.
pub fn table(report: &Report) -> String {
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    report.services.iter().for_each(|service| add_service(&mut rows, service));
    rows.extend(report.alerts.iter().map(alerts_row));
    rows.extend(report.silences.iter().map(silences_row));
    rows.extend(report.alarm_history.iter().map(history_row));
    rows.extend(super::cost::lines(report.cost.as_ref(), report.delivery.as_ref()));
    report.backups.iter().for_each(|thing| add_backup(&mut rows, thing));
    rows.extend(super::debts::lines(report));
    if let Some(identity) = &report.identity {
        let value = identity.value.as_ref().map_or_else(dash, |who| format!("{} {}", who.account, who.region));
        let arn = identity.value.as_ref().map(|who| who.arn.to_string()).unwrap_or_default();
        rows.push(row("", "identity".to_owned(), value, identity, arn));
    }
    rows.extend(usage::rows(&report.usage, &report.places));
    let kind = match report.kind {
        EnvironmentKind::Production => "production",
        EnvironmentKind::Staging => "staging",
        EnvironmentKind::Development => "development",
    };
    format!("{} ({kind}) {} at {:.0}\n\n{}\n", report.environment, report.level.word(), report.at, aligned(&rows))
}

fn add_service(rows: &mut Vec<Row>, service: &ServiceReport) {
    let name = service.name.as_str();
    let level = service.level.word().to_owned();
    rows.push([
        name.to_owned(),
        level,
        String::new(),
        String::new(),
        String::new(),
        reasons(&service.reasons, &service.notes),
    ]);
    rows.extend(service.signals.iter().map(|signal| signal_row(name, "signal", signal)));
    rows.extend(service.objectives.iter().map(|objective| objective_row(name, objective)));
    for check in &service.health {
        let value = check.item.value.map_or_else(dash, |state| word(state).to_owned());
        let latency = check.latency_ms.map(|ms| Unit::Milliseconds.format(ms));
        let note = [latency, check.detail.as_ref().map(ToString::to_string)];
        let note = note.into_iter().flatten().collect::<Vec<_>>().join(", ");
        rows.push(row(name, format!("health {}", check.name), value, &check.item, note));
    }
    if let Some(tasks) = &service.tasks {
        let value = tasks.item.value.zip(tasks.desired);
        let value = value.map_or_else(dash, |(running, desired)| format!("{running}/{desired} tasks"));
        let note = tasks.deployment.as_ref().map(|deployment| format!("rolls out {deployment}")).unwrap_or_default();
        rows.push(row(name, "tasks".to_owned(), value, &tasks.item, note));
    }
    if let Some(scaling) = &service.scaling {
        let value = match (scaling.min, scaling.max, scaling.item.value) {
            (Some(min), Some(max), _) => format!("{min} to {max}"),
            (_, _, Some(_)) => "no target".to_owned(),
            _ => dash(),
        };
        rows.push(row(name, "scaling".to_owned(), value, &scaling.item, super::scaling::note(scaling)));
    }
    rows.extend(service.database.as_ref().map(|database| super::database::line(name, database)));
    for log in &service.logs {
        let value = log.item.value.map_or_else(dash, |value| value.format(Unit::Count));
        rows.push(row(name, format!("log {}", log.name), value, &log.item, log.note()));
    }
    rows.extend(service.cdn.as_ref().map(|cdn| super::cdn::line(name, cdn)));
    rows.extend(service.probes.iter().map(|probe| super::probe::line(name, probe)));
    rows.extend(service.releases.as_ref().map(|releases| super::releases::line(name, releases)));
    rows.extend(service.traffic.as_ref().map(|traffic| super::traffic::line(name, traffic)));
}

/// The worst reasons, each cut short; the lines below and the JSON have the rest.
fn reasons(reasons: &[Reason], notes: &[String]) -> String {
    let mut shown: Vec<String> = reasons.iter().take(3).map(|reason| cut(&reason.text, 48)).collect();
    let more = reasons.len() - shown.len();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    shown.extend(notes.iter().map(|note| cut(note, 48)));
    shown.join("; ")
}

fn add_backup(rows: &mut Vec<Row>, thing: &BackupReport) {
    let name = thing.name.as_str();
    if let Some(level) = thing.level {
        let why = reasons(&thing.reasons, &[]);
        rows.push([name.to_owned(), level.word().to_owned(), String::new(), String::new(), String::new(), why]);
    }
    if let Some(recovery) = &thing.recovery {
        rows.push(row(name, "RPO now".to_owned(), recovery.value(), &recovery.item, recovery.note()));
    }
    let restore = &thing.restore;
    rows.push([name.to_owned(), "RTO".to_owned(), restore.value(), String::new(), String::new(), restore.note()]);
    rows.extend(thing.measures.iter().map(|measure| signal_row(thing.name.as_str(), "backup", measure)));
}

fn signal_row(service: &str, kind: &str, signal: &SignalReport) -> Row {
    let unit = signal.item.unit.unwrap_or(Unit::Count);
    let value = signal.item.value.map_or_else(dash, |value| value.format(unit));
    let mut notes: Vec<String> = signal.warnings.iter().map(ToString::to_string).collect();
    if signal.partial {
        notes.insert(0, "partial answer".to_owned());
    }
    if signal.level > crate::state::verdict::Level::Healthy && signal.item.state == "live" {
        notes.insert(0, signal.level.word().to_owned());
    }
    row(service, format!("{kind} {}", signal.name), value, &signal.item, notes.join(", "))
}

fn objective_row(service: &str, objective: &ObjectiveReport) -> Row {
    let value = match &objective.item.value {
        Some(Share::Of(share)) => format!("{:.3} %", share * 100.0),
        Some(Share::Word(word)) => (*word).to_owned(),
        None => dash(),
    };
    let left = objective.budget_remaining.map(|left| format!("budget left {}", Unit::Ratio.format(left)));
    let burn = objective.burn_rate.map(|burn| format!("burns {}×", Number::from(burn).format(Unit::Count)));
    let note = [Some(format!("target {}", Unit::Ratio.format(objective.target))), left, burn];
    let note = note.into_iter().flatten().collect::<Vec<_>>().join(", ");
    row(service, format!("objective {}", objective.name), value, &objective.item, note)
}

pub(super) fn row<T>(service: &str, what: String, value: String, item: &Item<T>, note: String) -> Row {
    let age = item.age_seconds.map_or_else(dash, |age| format!("{age:.0} s"));
    let reason = item.reason.as_ref().map(ToString::to_string);
    let note = reason.into_iter().chain((!note.is_empty()).then_some(note)).collect::<Vec<_>>().join("; ");
    [service.to_owned(), what, value, item.state.to_owned(), age, cut(&note, 160)]
}

pub(super) fn word(state: HealthState) -> &'static str {
    match state {
        HealthState::Healthy => "healthy",
        HealthState::Degraded => "degraded",
        HealthState::Unhealthy => "unhealthy",
        HealthState::Unknown => "unknown",
    }
}

/// Cuts a text to so many characters; the JSON has it whole.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

pub(super) fn dash() -> String {
    "–".to_owned()
}

/// Pads all columns but the last to their widest cell.
fn aligned(rows: &[Row]) -> String {
    let widest = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or_default();
    let widths: [usize; 6] = std::array::from_fn(widest);
    let line = |row: &Row| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
