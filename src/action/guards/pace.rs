//! Guards about when and how often something may be changed.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::super::guard::{Decision, Finding, GuardContext};
use super::super::{PastRun, Plan};
use crate::config::{Calendar, Freeze, Guards};
use crate::source::CalendarState;

const HOUR: SignedDuration = SignedDuration::from_secs(3_600);

/// Actions whose way back is the same action again: going to and fro is what their wait is against.
const FLAPPING: &[&str] = &["fail_over"];

pub(super) fn freeze(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let Guards { freezes, calendars, .. } = &context.config.guards;
    if freezes.is_empty() && calendars.is_empty() {
        return Finding::allow("no change freeze is configured");
    }
    if context.facts.turning_back {
        return Finding::allow("taking back was approved with the plan");
    }
    let end = context.now.checked_add(plan.longest()).unwrap_or(Timestamp::MAX);
    let frozen = freezes.iter().filter_map(|freeze| {
        let window = freeze.touching(context.now, end)?;
        Some(frozen(plan, context, freeze, window))
    });
    let closed = calendars.iter().filter_map(|calendar| closed(plan, context, calendar, end));
    let none = || Finding::allow(format!("{} configured, none holds now", freezes.len() + calendars.len()));
    frozen.chain(closed).max_by_key(|finding| finding.decision).unwrap_or_else(none)
}

fn frozen(plan: &Plan, context: &GuardContext<'_>, freeze: &Freeze, window: (Timestamp, Timestamp)) -> Finding {
    let (name, begins, ends) = (&freeze.name, freeze.told(window.0), freeze.told(window.1));
    let begun = window.0 <= context.now;
    let line = match begun {
        true => format!("{name} until {ends}: {}", freeze.reason),
        false => format!("{name} begins {begins}, and this may take until then: {}", freeze.reason),
    };
    held(plan, context, (line, begun), (&freeze.allow, freeze.lets(&context.facts.by)))
}

/// What a calendar that is closed now, or before the plan may be at its end, makes of it. One that can't be read is closed.
fn closed(plan: &Plan, context: &GuardContext<'_>, calendar: &Calendar, end: Timestamp) -> Option<Finding> {
    let name = &calendar.name;
    let told = |at: Timestamp| at.strftime("%Y-%m-%d %H:%MZ").to_string();
    let read = context.facts.calendars.iter().find(|read| read.name == *name);
    let (line, closed) = match read.map(|read| &read.state) {
        None => (format!("the calendar {name} was not read, which counts as closed"), true),
        Some(Err(reason)) => (format!("the calendar {name} can't be read, which counts as closed: {reason}"), true),
        Some(Ok(CalendarState { open: false, next })) => {
            let until = next.map_or("; it does not say until when".to_owned(), |at| format!(" until {}", told(at)));
            (format!("the calendar {name} is closed{until}"), true)
        }
        Some(Ok(CalendarState { open: true, next: Some(at) })) if *at <= end => {
            (format!("the calendar {name} closes {}, and this may take until then", told(*at)), false)
        }
        Some(Ok(_)) => return None,
    };
    Some(held(plan, context, (line, closed), (&calendar.allow, calendar.lets(&context.facts.by))))
}

/// What a freeze that holds, or is about to, makes of a plan.
fn held(
    plan: &Plan,
    context: &GuardContext<'_>,
    (line, begun): (String, bool),
    (allow, may): (&[String], bool),
) -> Finding {
    if allow.iter().any(|action| action == plan.action.name()) {
        Finding::allow(format!("{line}; {} is let through", plan.action.name()))
    } else if may {
        Finding::ask(format!("{line}; {} may all the same", context.facts.by.user))
    } else if !begun && plan.steps.len() == 1 {
        Finding::ask(line)
    } else {
        Finding::deny(line)
    }
}

pub(super) fn cooldown(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let name = plan.action.name();
    let wait = context.config.guards.cooldown(name);
    if wait.is_zero() {
        return Finding::allow(format!("{name} does not wait here"));
    }
    let past = match &context.facts.past.0 {
        Err(reason) => return Finding::deny(format!("the journal can't be read: {reason}")),
        Ok(past) => past,
    };
    let same = past.iter().filter(|run| run.action == name && run.target == plan.target_arn);
    match same.max_by_key(|run| run.ended) {
        None => Finding::allow(format!("no {name} on this target in the last {}", length(wait))),
        Some(run) => after(run, plan, wait, context.now),
    }
}

fn after(run: &PastRun, plan: &Plan, wait: Duration, now: Timestamp) -> Finding {
    // A run that seems to end in the future ended just now: then the whole wait is left.
    let since = Duration::try_from(now.duration_since(run.ended)).unwrap_or_default();
    if run.is_open {
        return Finding::deny(format!("run {} is not over; {} to wait when it is", run.id, length(wait)));
    }
    let ago = format!("run {} ended {} ago", run.id, length(since));
    let takes_back = run.undo.as_ref() == Some(&plan.action) && !FLAPPING.contains(&plan.action.name());
    if since >= wait {
        Finding::allow(format!("{ago}, at least {}", length(wait)))
    } else if takes_back {
        Finding::allow(format!("{ago}, and this takes it back"))
    } else {
        Finding::deny(format!("{ago}; wait {} more of {}", length(wait - since), length(wait)))
    }
}

/// `45 s`, `12 min`: whole units, rounded down above two minutes.
fn length(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..=120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

pub(super) fn actions_an_hour(_plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let guards = &context.config.guards;
    let (all, own) = (guards.actions_per_hour, guards.actions_per_hour_person);
    let past = match &context.facts.past.0 {
        _ if all == 0 && own == 0 => return Finding::allow("no limit is configured"),
        Err(reason) => return Finding::deny(format!("the journal can't be read: {reason}")),
        Ok(past) => past,
    };
    let lately = || past.iter().filter(|run| context.now.duration_since(run.began) < HOUR);
    let person = &context.facts.by;
    let counted = [
        (lately().count(), all, "here".to_owned()),
        (lately().filter(|run| run.by.is_same_person(person)).count(), own, format!("by {}", person.user)),
    ];
    let told = counted.each_ref().map(|(count, limit, whose)| match limit {
        0 => format!("{count} {whose}"),
        limit => format!("{count} of {limit} {whose}"),
    });
    let line = format!("in the last hour {}", told.join(", "));
    let spent = counted.iter().any(|(count, limit, _)| *limit > 0 && *count >= *limit as usize);
    Finding::new(if spent { Decision::Deny } else { Decision::Allow }, line)
}
