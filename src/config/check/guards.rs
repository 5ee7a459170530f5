//! `[guards]`: what may be done, how often, and when not at all.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::words::{duration, filled, maybe, or, place};
use super::{HOUR, MINUTE, SECOND, Sources, named};
use crate::action::ACTIONS;
use crate::config::raw::{Entry, Section};
use crate::config::{Approval, Calendar, EnvironmentKind, Freeze, FreezeWindow, Guards, Stance};
use crate::slo::schedule::Recurrence;

const DAY: Duration = Duration::from_secs(86_400);

const STANCES: &[(&str, Stance)] = &[("allow", Stance::Allow), ("ask", Stance::Ask), ("deny", Stance::Deny)];

/// `[guards]`.
pub(super) fn guards(section: &Section<'_>, sources: &Sources) -> Option<Guards> {
    let kind = sources.kind;
    let default = Guards::defaults(kind);
    let span = |key, default, least, most| or(section.get(key), default, |entry| duration(entry, least..=most));
    let stance = |key, default| or(section.get(key), default, |entry| entry.one_of(STANCES));
    let arm_for = span("arm_for", default.arm_for, MINUTE, 8 * HOUR);
    let plan_ttl = span("plan_ttl", default.plan_ttl, 10 * SECOND, 30 * MINUTE);
    let evidence_max_age = span("evidence_max_age", default.evidence_max_age, 5 * SECOND, 10 * MINUTE);
    let type_name = or(section.get("type_name"), default.type_name, |entry| type_name(entry, kind));
    let steady_deadline = span("steady_deadline", default.steady_deadline, 30 * SECOND, 2 * HOUR);
    let gate_window = span("gate_window", default.gate_window, Duration::ZERO, HOUR);
    let freezes = named(section.sections("freeze"), freeze);
    let calendars = named(section.sections("calendar"), |section| calendar(section, sources));
    let cooldowns = cooldowns(section, default.cooldowns);
    let actions_per_hour = limit(section, "actions_per_hour", default.actions_per_hour);
    let actions_per_hour_person = limit(section, "actions_per_hour_person", default.actions_per_hour_person);
    let paging_alerts = stance("paging_alerts", default.paging_alerts);
    let error_budget = stance("error_budget", default.error_budget);
    let approval = or(section.get("approval"), default.approval, approval);
    let approval_ttl = span("approval_ttl", default.approval_ttl, MINUTE, DAY);
    let unknown_expiry = span("unknown_expiry", default.unknown_expiry, Duration::ZERO, DAY);
    section.done();
    Some(Guards {
        arm_for: arm_for?,
        plan_ttl: plan_ttl?,
        evidence_max_age: evidence_max_age?,
        type_name: type_name?,
        steady_deadline: steady_deadline?,
        gate_window: gate_window?,
        freezes: freezes?,
        calendars: calendars?,
        cooldowns: cooldowns?,
        actions_per_hour: actions_per_hour?,
        actions_per_hour_person: actions_per_hour_person?,
        paging_alerts: paging_alerts?,
        error_budget: error_budget?,
        approval: approval?,
        approval_ttl: approval_ttl?,
        unknown_expiry: unknown_expiry?,
    })
}

fn type_name(entry: &Entry<'_>, kind: EnvironmentKind) -> Option<bool> {
    let value = entry.boolean()?;
    if !value && kind == EnvironmentKind::Production {
        entry.error("can't be switched off in production", Some("there the target's name is always typed"));
        return None;
    }
    Some(value)
}

/// A number of runs an hour; 0 is without limit.
fn limit(section: &Section<'_>, key: &'static str, default: u32) -> Option<u32> {
    or(section.get(key), default, |entry| u32::try_from(entry.integer(0..=10_000)?).ok())
}

/// `[guards.cooldown]`: the defaults, with what is written laid over them.
fn cooldowns(section: &Section<'_>, mut all: BTreeMap<String, Duration>) -> Option<BTreeMap<String, Duration>> {
    let Some(entry) = section.get("cooldown") else { return Some(all) };
    let mut right = true;
    for (action, _, entry) in entry.section()?.all() {
        match (known_action(action, &entry), duration(&entry, Duration::ZERO..=DAY)) {
            (Some(action), Some(wait)) => drop(all.insert(action, wait)),
            _ => right = false,
        }
    }
    right.then_some(all)
}

fn known_action(name: &str, entry: &Entry<'_>) -> Option<String> {
    if ACTIONS.iter().any(|spec| spec.name == name) {
        return Some(name.to_owned());
    }
    let known: Vec<_> = ACTIONS.iter().map(|spec| spec.name).collect();
    entry.error(&format!("there is no action `{name}`"), Some(&format!("actions are: {}", known.join(", "))));
    None
}

/// A list of action names.
fn actions(entry: &Entry<'_>) -> Option<Vec<String>> {
    let named = |item: &Entry<'_>| known_action(&item.expanded()?.value, item);
    entry.clone().items()?.iter().map(named).collect::<Vec<_>>().into_iter().collect()
}

/// `approval`: a word, or the actions that want two.
fn approval(entry: &Entry<'_>) -> Option<Approval> {
    if entry.is_list() {
        return actions(entry).map(Approval::TwoPersonFor);
    }
    let two = entry.one_of(&[("one_person", false), ("two_person", true)])?;
    Some(if two { Approval::TwoPerson } else { Approval::OnePerson })
}

fn people(entry: &Entry<'_>) -> Option<Vec<String>> {
    entry.clone().items()?.iter().map(filled).collect::<Vec<_>>().into_iter().collect()
}

/// `[[guards.freeze]]`.
fn freeze(section: &Section<'_>) -> Option<Freeze> {
    let name = section.need("name").and_then(|entry| super::name(&entry));
    let reason = section.need("reason").and_then(|entry| filled(&entry));
    let zone = section.need("time_zone").and_then(|entry| zone(&entry));
    let allow = or(section.get("allow"), Vec::new(), actions);
    let who = or(section.get("who"), Vec::new(), people);
    let window = window(section, zone.as_ref());
    section.done();
    Some(Freeze { name: name?, reason: reason?, window: window?, zone: zone?, allow: allow?, who: who? })
}

/// `[[guards.calendar]]`.
fn calendar(section: &Section<'_>, sources: &Sources) -> Option<Calendar> {
    if !sources.aws {
        section.error("needs the section [aws]", Some("SSM is asked there; a [[guards.freeze]] needs nothing"));
    }
    let name = section.need("name").and_then(|entry| super::name(&entry));
    let document = section.need("document").and_then(|entry| document(&entry));
    let place = place(section.get("place"), sources);
    let allow = or(section.get("allow"), Vec::new(), actions);
    let who = or(section.get("who"), Vec::new(), people);
    section.done();
    let calendar = Calendar { name: name?, document: document?, place: place?, allow: allow?, who: who? };
    Some(calendar).filter(|_| sources.aws)
}

/// Name or ARN of a calendar's document.
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCalendarState.html>
fn document(entry: &Entry<'_>) -> Option<String> {
    let written = entry.expanded()?.value;
    let parts: Vec<&str> = written.splitn(6, ':').collect();
    let name = match parts.as_slice() {
        ["arn", _, "ssm", region, account, document] if !region.is_empty() && account.len() == 12 => {
            document.strip_prefix("document/").unwrap_or_default()
        }
        [name] => name,
        _ => "",
    };
    let of_name = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if (3..=128).contains(&name.len()) && name.chars().all(of_name) {
        return Some(written);
    }
    let hint = "its document's name, or \"arn:aws:ssm:REGION:ACCOUNT:document/NAME\" of one that is shared";
    entry.error("is no change calendar", Some(hint));
    None
}

fn zone(entry: &Entry<'_>) -> Option<TimeZone> {
    let name = entry.expanded()?.value;
    let zone = TimeZone::get(&name).ok();
    if zone.is_none() {
        entry.error("is not a time zone that is known here", Some("such as \"Europe/Berlin\" or \"UTC\""));
    }
    zone
}

/// `from` and `to`, or `cron` and `for`.
fn window(section: &Section<'_>, zone: Option<&TimeZone>) -> Option<FreezeWindow> {
    let from = maybe(section.get("from"), civil);
    let to = maybe(section.get("to"), civil);
    let cron = maybe(section.get("cron"), cron);
    let length = maybe(section.get("for"), |entry| duration(entry, MINUTE..=31 * DAY));
    let zone = zone?;
    match (from?, to?, cron?, length?) {
        (Some(from), Some(to), None, None) => once(section, from, to, zone),
        (None, None, Some(begins), Some(length)) => Some(FreezeWindow::Again { begins, length }),
        _ => {
            section.error("doesn't say when", Some("write `from` and `to`, or `cron` and `for`"));
            None
        }
    }
}

/// Of a time that the zone's clock shows twice or skips, the reading that makes the window longer is meant.
fn once(section: &Section<'_>, from: DateTime, to: DateTime, zone: &TimeZone) -> Option<FreezeWindow> {
    let from = zone.to_ambiguous_timestamp(from).earlier().ok();
    let to = zone.to_ambiguous_timestamp(to).later().ok();
    let window: Option<(Timestamp, Timestamp)> = from.zip(to).filter(|(from, to)| from < to);
    if window.is_none() {
        section.error("ends before it begins", None);
    }
    window.map(|(from, to)| FreezeWindow::Once { from, to })
}

fn civil(entry: &Entry<'_>) -> Option<DateTime> {
    let moment = entry.expanded()?.value.parse::<DateTime>().ok();
    if moment.is_none() {
        entry.error("is not a date and time", Some("write \"2026-11-26T08:00\"; its zone is that of `time_zone`"));
    }
    moment
}

/// AWS's cron, of which `rate(…)` is no part: it begins at a moment that nobody tells.
fn cron(entry: &Entry<'_>) -> Option<Recurrence> {
    let written = entry.expanded()?.value;
    let read = Recurrence::parse(&format!("cron({written})"));
    if read.is_none() {
        let hint = "six fields as AWS has them, minutes first, the year `*`: \"0 17 ? * FRI *\"";
        entry.error("is not understood as cron", Some(hint));
    }
    read
}
