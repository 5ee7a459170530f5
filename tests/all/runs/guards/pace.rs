//! Rows of the guards about when and how often something may be changed.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use quarterdeck::action::Decision::{Allow, Ask, Deny};
use quarterdeck::action::{CalendarRead, PastRun};
use quarterdeck::config::{Calendar, EnvironmentKind, Freeze, FreezeWindow, Guards};
use quarterdeck::source::CalendarState;

use super::database::failover;
use super::{Case, Row, restart, row, unreadable};
use crate::runs::databases;
use crate::runs::fixture::{ARN, now, operator, scale};

pub(super) static ROWS: &[Row] = &[
    row("freeze", Allow, "no change freeze is configured", |_| {}),
    row("freeze", Deny, "peak until 2026-01-01 01:17 CET: orders", |c| frozen(c, -60, 60, |_| {})),
    row("freeze", Deny, "peak until", |c| frozen(c, 0, 60, |_| {})),
    row("freeze", Allow, "1 configured, none holds now", |c| frozen(c, -60, 0, |_| {})),
    row("freeze", Ask, "peak begins 2026-01-01 01:18 CET, and this may take until then", |c| {
        frozen(c, 120, 600, |_| {})
    }),
    row("freeze", Allow, "none holds now", |c| frozen(c, 121, 600, |_| {})),
    row("freeze", Deny, "and this may take until then", |c| {
        frozen(c, 120, 600, |_| {});
        c.doctor = |p| p.steps.push(p.steps[0].clone());
    }),
    row("freeze", Allow, "scale is let through", |c| frozen(c, -60, 60, |f| f.allow = vec!["scale".into()])),
    row("freeze", Deny, "peak until", |c| frozen(c, -60, 60, |f| f.allow = vec!["restart".into()])),
    row("freeze", Ask, "ada may all the same", |c| frozen(c, -60, 60, |f| f.who = vec!["ada@bastion".into()])),
    row("freeze", Deny, "peak until", |c| frozen(c, -60, 60, |f| f.who = vec!["ada@elsewhere".into(), "eve".into()])),
    row("freeze", Allow, "taking back was approved", |c| {
        frozen(c, -60, 60, |_| {});
        c.facts.turning_back = true;
    }),
    row("freeze", Deny, "quiet until", |c| {
        frozen(c, -60, 60, |f| f.allow = vec!["scale".into()]);
        frozen(c, -60, 60, |f| f.name = "quiet".into());
    }),
    row("freeze", Allow, "1 configured, none holds now", |c| calendar(c, true, None, |_| {})),
    row("freeze", Allow, "1 configured, none holds now", |c| calendar(c, true, Some(121), |_| {})),
    row("freeze", Ask, "the calendar shop closes 2026-01-01 00:18Z, and this may take until then", |c| {
        calendar(c, true, Some(120), |_| {});
    }),
    row("freeze", Deny, "the calendar shop closes", |c| {
        calendar(c, true, Some(120), |_| {});
        c.doctor = |p| p.steps.push(p.steps[0].clone());
    }),
    row("freeze", Deny, "the calendar shop is closed until 2026-01-01 01:16Z", |c| {
        calendar(c, false, Some(3600), |_| {})
    }),
    row("freeze", Deny, "the calendar shop is closed; it does not say until when", |c| {
        calendar(c, false, None, |_| {});
    }),
    row("freeze", Deny, "the calendar shop can't be read, which counts as closed: AccessDenied", |c| {
        calendar(c, true, None, |_| {});
        c.facts.calendars[0].state = Err("AccessDenied".into());
    }),
    row("freeze", Deny, "the calendar shop was not read, which counts as closed", |c| {
        calendar(c, true, None, |_| {});
        c.facts.calendars.clear();
    }),
    row("freeze", Allow, "scale is let through", |c| calendar(c, false, None, |l| l.allow = vec!["scale".into()])),
    row("freeze", Ask, "ada may all the same", |c| calendar(c, false, None, |l| l.who = vec!["ada".into()])),
    row("freeze", Deny, "the calendar shop is closed", |c| {
        calendar(c, false, None, |_| {});
        frozen(c, -60, 60, |f| f.allow = vec!["scale".into()]);
    }),
    row("freeze", Allow, "taking back was approved", |c| {
        calendar(c, false, None, |_| {});
        c.facts.turning_back = true;
    }),
    row("freeze", Allow, "scale is let through", |c| {
        frozen(c, -60, 60, |f| f.allow = vec!["restart".into(), "scale".into()]);
    }),
    row("freeze", Deny, "the calendar bank is closed", |c| {
        calendar(c, true, None, |_| {});
        calendar(c, false, None, |l| l.name = "bank".into());
    }),
    row("cooldown", Allow, "no scale on this target in the last 60 s", |_| {}),
    row("cooldown", Deny, "run r ended 59 s ago; wait 1 s more of 60 s", |c| past(c, 59, |_| {})),
    row("cooldown", Deny, "run r is not over; 60 s to wait when it is", |c| past(c, 600, |run| run.is_open = true)),
    row("cooldown", Allow, "ended 60 s ago, at least 60 s", |c| past(c, 60, |_| {})),
    row("cooldown", Deny, "wait 60 s more", |c| past(c, -5, |_| {})),
    row("cooldown", Deny, "wait 50 s more", |c| {
        past(c, 10, |_| {});
        past(c, 100, |_| {});
    }),
    row("cooldown", Allow, "no scale on this target", |c| past(c, 10, |r| r.target = "another".into())),
    row("cooldown", Allow, "no scale on this target", |c| past(c, 10, |r| r.action = "restart".into())),
    row("cooldown", Allow, "and this takes it back", |c| past(c, 10, |r| r.undo = Some(scale(5)))),
    row("cooldown", Deny, "wait 50 s more", |c| past(c, 10, |r| r.undo = Some(scale(4)))),
    row("cooldown", Allow, "scale does not wait here", |c| {
        past(c, 10, |_| {});
        c.config.guards.cooldowns.clear();
    }),
    row("cooldown", Deny, "wait 4 min more of 5 min", |c| {
        restart(c);
        past(c, 10, |r| r.action = "restart".into());
    }),
    row("cooldown", Deny, "the journal can't be read: disk", |c| c.facts.past = unreadable()),
    row("cooldown", Deny, "wait 10 min more of 10 min", |c| {
        // Going to and fro between two writers is what the wait is against.
        failover(c);
        c.config.guards.cooldowns = Guards::defaults(EnvironmentKind::Production).cooldowns;
        past(c, 0, |r| {
            (r.action, r.undo) = ("fail_over".into(), Some(databases::to("two")));
            r.target = "arn:aws:rds:us-east-1:123456789012:cluster:rtech-mongodb".into();
        });
    }),
    row("cooldown", Allow, "run r ended 120 s ago", |c| past(c, 120, |_| {})),
    row("cooldown", Allow, "run r ended 2 min ago", |c| past(c, 121, |_| {})),
    row("actions-an-hour", Allow, "0 of 60 here, 0 of 30 by ada", |_| {}),
    row("actions-an-hour", Allow, "2 of 3 here, 1 of 2 by ada", |c| hour(c, 3, 2)),
    row("actions-an-hour", Deny, "2 of 2 here", |c| hour(c, 2, 2)),
    row("actions-an-hour", Deny, "1 of 1 by ada", |c| hour(c, 3, 1)),
    row("actions-an-hour", Allow, "2 here, 1 of 2 by ada", |c| hour(c, 0, 2)),
    row("actions-an-hour", Deny, "2 here, 1 of 1 by ada", |c| hour(c, 0, 1)),
    row("actions-an-hour", Allow, "2 of 3 here, 1 by ada", |c| hour(c, 3, 0)),
    row("actions-an-hour", Allow, "0 of 1 here", |c| {
        c.config.guards.actions_per_hour = 1;
        past(c, 3600, |_| {});
    }),
    row("actions-an-hour", Deny, "1 of 1 here", |c| {
        c.config.guards.actions_per_hour = 1;
        past(c, 3599, |_| {});
    }),
    row("actions-an-hour", Deny, "the journal can't be read: disk", |c| c.facts.past = unreadable()),
    row("actions-an-hour", Allow, "no limit is configured", |c| {
        hour(c, 0, 0);
        c.facts.past = unreadable();
    }),
];

/// A calendar that says this, and turns so many seconds after now.
fn calendar(case: &mut Case, open: bool, next: Option<i64>, change: fn(&mut Calendar)) {
    let (allow, who) = (Vec::new(), Vec::new());
    let mut calendar = Calendar { name: "shop".into(), document: "shop".into(), place: None, allow, who };
    change(&mut calendar);
    let next = next.map(|seconds| now().wall + SignedDuration::from_secs(seconds));
    let state = Ok(CalendarState { open, next });
    case.facts.calendars.push(CalendarRead { name: calendar.name.clone(), state });
    case.config.guards.calendars.push(calendar);
}

/// A freeze from so many to so many seconds after now.
fn frozen(case: &mut Case, from: i64, to: i64, change: fn(&mut Freeze)) {
    let at = |seconds: i64| now().wall + SignedDuration::from_secs(seconds);
    let mut freeze = Freeze {
        name: "peak".into(),
        reason: "orders".into(),
        window: FreezeWindow::Once { from: at(from), to: at(to) },
        zone: TimeZone::get("Europe/Berlin").expect("a zone"),
        allow: Vec::new(),
        who: Vec::new(),
    };
    change(&mut freeze);
    case.config.guards.freezes.push(freeze);
}

/// A run of the same kind on the same target, from ten minutes before its end to so many seconds ago.
pub(super) fn past(case: &mut Case, ago: i64, change: fn(&mut PastRun)) {
    let ended = now().wall - SignedDuration::from_secs(ago);
    let mut run = PastRun {
        id: "r".into(),
        action: "scale".into(),
        target: ARN.into(),
        by: operator("ada"),
        began: ended,
        ended,
        is_open: false,
        undo: None,
    };
    change(&mut run);
    case.facts.past.0.as_mut().expect("runs").push(run);
}

/// Two runs, one of them ada's, and these limits.
fn hour(case: &mut Case, all: u32, own: u32) {
    past(case, 1000, |_| {});
    past(case, 1000, |run| run.by = operator("eve"));
    (case.config.guards.actions_per_hour, case.config.guards.actions_per_hour_person) = (all, own);
}
