//! Each guard, by a table: what it decides, and that it is this guard that decides it.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use quarterdeck::action::declared::action_of;
use quarterdeck::action::guards::GUARDS;
use quarterdeck::action::http::Http;
use quarterdeck::action::invalidate_cdn::InvalidateCdn;
use quarterdeck::action::restart::Restart;
use quarterdeck::action::scaling_bounds::ScalingBounds;
use quarterdeck::action::silence::Silence;
use quarterdeck::action::{
    Action, Arming, BreakGlass, BudgetLeft, CalendarRead, Call, Decision, Facts, Known, Matcher, OtherRun, PastRun,
    Plan, SecondYes, Undo, Verdict, judge, plan_for,
};
use quarterdeck::clock::Now;
use quarterdeck::config::{
    Approval, Calendar, CdnId, CdnPlace, Config, Declared, DeclaredCommand, EnvironmentKind, Freeze, FreezeWindow,
    Guards, How, Objective, Query, Simulator, Stance,
};
use quarterdeck::source::{
    AlertState, CalendarState, Cdn, Existence, Invalidation, NextRun, Observation, Registered, Rollout,
    ScheduledAction, SeenAlert, SeenAlerts, SeenDeclared, SeenProgram, Silences,
};
use quarterdeck::text::Text;

use super::fixture::{
    ARN, SERVICE, config, context, deployment, flag, flag_seen, now, observation, operator, scale, workload,
};
use super::traffic::{self, seen, shift};
use super::{backups, databases, restores};
use crate::deploys::bench::{self, found};
use crate::fixture::scheduled;

/// Everything that a row may change, before and after the plan is made.
struct Case {
    config: Config,
    observed: Observation,
    desired: u32,
    arming: Arming,
    facts: Facts,
    now: Now,
    doctor: fn(&mut Plan),
    /// Another action than scaling to `desired`.
    action: Option<Action>,
}

impl Case {
    fn new() -> Self {
        let facts = Facts::quiet(operator("ada"));
        let (arming, doctor) = (Arming::Armed, (|_| {}) as fn(&mut Plan));
        let mut config = config();
        let production = Guards::defaults(EnvironmentKind::Production);
        config.guards.cooldowns = production.cooldowns;
        config.guards.actions_per_hour = production.actions_per_hour;
        config.guards.actions_per_hour_person = production.actions_per_hour_person;
        Self { config, observed: observation(), desired: 5, arming, facts, now: now(), doctor, action: None }
    }

    fn verdicts(self) -> Vec<Verdict> {
        let action = self.action.unwrap_or_else(|| scale(self.desired));
        let made = plan_for(&action, &self.observed, &self.config, now().wall);
        let mut plan = made.expect("a plan");
        (self.doctor)(&mut plan);
        let mut context = context(&self.config, self.now.wall);
        (context.arming, context.facts) = (self.arming, self.facts);
        judge(plan, &context).verdicts.clone()
    }
}

struct Row {
    guard: &'static str,
    decision: Decision,
    evidence: &'static str,
    change: fn(&mut Case),
}

const fn row(guard: &'static str, decision: Decision, evidence: &'static str, change: fn(&mut Case)) -> Row {
    Row { guard, decision, evidence, change }
}

use Decision::{Allow, Ask, Deny};

fn other(unknown: bool) -> OtherRun {
    OtherRun { id: "20260101-000000-abcd".into(), unknown, by: "eve".into() }
}

static ROWS: &[Row] = &[
    row("armed", Allow, "armed", |_| {}),
    row("armed", Deny, "read-only", |c| c.arming = Arming::ReadOnly),
    row("armed", Ask, "apply --confirm rtech-app", |c| c.arming = Arming::Headless),
    row("environment", Allow, "rtech-prod", |_| {}),
    row("environment", Deny, "the plan is of other", |c| c.doctor = |p| p.environment = "other".into()),
    row("environment", Deny, "Development", |c| c.doctor = |p| p.kind = EnvironmentKind::Development),
    row("account", Allow, "123456789012 in us-east-1", |_| {}),
    row("account", Deny, "not 999999999999", |c| aws(c).account = Some("999999999999".into())),
    row("account", Deny, "aws.account is not configured", |c| aws(c).account = None),
    row("account", Ask, "aws.account is not configured", |c| {
        aws(c).account = None;
        c.config.environment.kind = EnvironmentKind::Staging;
    }),
    row("account", Deny, "not eu-west-1", |c| aws(c).region = "eu-west-1".into()),
    row("account", Deny, "not an account (12 digits)", |c| {
        c.observed.identity.as_mut().unwrap().account = "12345".into()
    }),
    row("account", Deny, "not an account (12 digits)", |c| c.observed.identity.as_mut().unwrap().account = "".into()),
    row("account", Deny, "not an account (12 digits)", |c| c.observed.identity.as_mut().unwrap().region = "".into()),
    row("account", Deny, "not in account", |c| {
        c.observed.workload.as_mut().unwrap().arn = "arn:aws:ecs:us-east-1:999999999999:service/a/b".into();
    }),
    row("account", Deny, "not in account", |c| c.observed.workload.as_mut().unwrap().arn = "rtech-app".into()),
    row("account", Deny, "the credentials are of", |c| {
        c.doctor = |p| p.observation.identity.as_mut().unwrap().account = "999999999999".into();
    }),
    row("account", Deny, "neither [aws] nor", |c| c.config.aws = None),
    row("account", Allow, "simulated fleet", |c| {
        c.config.aws = None;
        c.config.simulator = Some(Simulator { seed: 1, scenario: "x".into(), interval: Duration::from_secs(1) });
    }),
    row("account", Allow, "210987654321 in eu-west-1, as configured", |c| in_dr(c, "210987654321", "eu-west-1")),
    row("account", Deny, "not 210987654321, which aws.place[dr].account says", |c| {
        in_dr(c, "123456789012", "eu-west-1");
    }),
    row("account", Deny, "not eu-west-1, which aws.place[dr].region says", |c| in_dr(c, "210987654321", "us-east-1")),
    row("account", Deny, "there is no aws.place[dr]", |c| {
        in_dr(c, "210987654321", "eu-west-1");
        aws(c).places.clear();
    }),
    row("account", Deny, "aws.place[dr].account is not configured", |c| {
        in_dr(c, "210987654321", "eu-west-1");
        aws(c).places.values_mut().for_each(|place| place.account = None);
    }),
    row("shown-is-sent", Allow, "1 call, as shown", |_| {}),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        in_dr(c, "210987654321", "eu-west-1");
        c.doctor = |p| {
            let Call::EcsSetDesiredCount { place, .. } = &mut p.steps[0].call else { return };
            *place = None;
        }
    }),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        c.doctor = |p| {
            let Call::EcsSetDesiredCount { desired, .. } = &mut p.steps[0].call else { return };
            *desired = 6;
        }
    }),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        c.doctor = |p| {
            let Call::EcsSetDesiredCount { service, .. } = &mut p.steps[0].call else { return };
            *service = "other".into();
        }
    }),
    row("shown-is-sent", Deny, "not those of this action", |c| c.doctor = |p| p.changes[0].after = "4".into()),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        c.doctor = |p| p.undo = Undo::Impossible { reason: "none".into() };
    }),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        silence(c, "HighLatency");
        c.doctor = |p| p.account = "999999999999".into();
    }),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        silence(c, "HighLatency");
        c.doctor = |p| p.region = "eu-west-1".into();
    }),
    row("shown-is-sent", Deny, "the target changed since", |c| {
        c.doctor = |p| p.observation.workload.as_mut().unwrap().desired = 4
    }),
    row("shown-is-sent", Deny, "nothing would change", |c| {
        c.doctor = |p| p.observation.workload.as_mut().unwrap().desired = 5
    }),
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
    row("cooldown", Allow, "no scale on this target in the last 60 s", |_| {}),
    row("cooldown", Deny, "run r ended 59 s ago; wait 1 s more of 60 s", |c| past(c, 59, |_| {})),
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
    row("credentials-last", Ask, "when they expire is not known, this takes up to 2 min", |c| {
        c.config.guards.unknown_expiry = Duration::from_secs(119);
    }),
    row("credentials-last", Allow, "when they expire is not known", |c| {
        c.config.guards.unknown_expiry = Duration::from_secs(120);
    }),
    row("credentials-last", Allow, "when they expire is not known", |c| {
        c.config.guards.unknown_expiry = Duration::ZERO;
        c.config.environment.kind = EnvironmentKind::Staging;
    }),
    row("credentials-last", Allow, "they last 2 min more, this takes up to 2 min", |c| expiring(c, 120)),
    row("credentials-last", Deny, "they last 1 min more, this takes up to 2 min", |c| expiring(c, 119)),
    row("credentials-last", Deny, "they last 0 min more", |c| expiring(c, -1)),
    row("credentials-last", Deny, "this takes up to 5 min", |c| {
        expiring(c, 299);
        c.doctor = |p| {
            // Two steps, a bake between them, the way back and the gates.
            p.steps[0].bake = Duration::from_secs(30);
            p.on_failure = vec![p.steps[0].clone()];
            p.on_failure[0].bake = Duration::ZERO;
            p.gate_window = Duration::from_secs(30);
        }
    }),
    row("credentials-last", Allow, "no AWS credentials are used", |c| c.doctor = |p| p.observation.identity = None),
    row("service-active", Allow, "ACTIVE", |_| {}),
    row("service-active", Deny, "DRAINING", |c| c.observed.workload.as_mut().unwrap().status = "DRAINING".into()),
    row("service-active", Deny, "status ", |c| c.observed.workload.as_mut().unwrap().status = "".into()),
    row("deployment", Allow, "is completed", |_| {}),
    row("deployment", Deny, "is rolling out: 3 of 3", |c| rollout(c, Rollout::InProgress)),
    row("deployment", Deny, "is not known", |c| rollout(c, Rollout::Unknown)),
    row("deployment", Ask, "the last rollout failed", |c| rollout(c, Rollout::Failed)),
    row("deployment", Deny, "no deployment was found", |c| c.observed.workload.as_mut().unwrap().deployments.clear()),
    row("deployment", Deny, "2 deployments at once", |c| {
        c.observed.workload.as_mut().unwrap().deployments.push(deployment(3, 0))
    }),
    row("scaling-bounds", Allow, "5 is within 2–10", |_| {}),
    row("scaling-bounds", Deny, "1 is not within 2–10", |c| c.desired = 1),
    row("scaling-bounds", Deny, "40 is not within 2–10", |c| c.desired = 40),
    row("scaling-bounds", Allow, "only the configured caps", |c| c.observed.scaling.as_mut().unwrap().target = None),
    row("caps", Allow, "a step of 2, at most 4", |_| {}),
    row("caps", Allow, "a step of 4, at most 4", |c| c.desired = 7),
    row("caps", Deny, "a step of 5 tasks; at most 4", |c| c.desired = 8),
    row("caps", Deny, "10 is not within 1–9", |c| c.desired = 10),
    row("caps", Deny, "0 is not within 1–9", |c| c.desired = 0),
    row("healthy-floor", Allow, "3 healthy now, floor 2", |_| {}),
    row("healthy-floor", Allow, "1 stop, 2 left at worst", |c| c.desired = 2),
    row("healthy-floor", Deny, "1 tasks are fewer than the floor of 2", |c| c.desired = 1),
    row("healthy-floor", Deny, "2 healthy now, 1 stop, 1 left", |c| {
        c.desired = 2;
        c.observed.workload.as_mut().unwrap().tasks[0].health = "UNHEALTHY".into();
    }),
    row("healthy-floor", Deny, "health is not known: 0 tasks listed", |c| {
        c.desired = 2;
        c.observed.workload.as_mut().unwrap().tasks.clear();
    }),
    row("healthy-floor", Deny, "health is not known: 4 tasks listed, 3 running", |c| {
        c.desired = 2;
        c.observed.workload.as_mut().unwrap().tasks = workload(4, 4).tasks;
    }),
    row("healthy-floor", Deny, "6 healthy now, 5 stop, 1 left", |c| {
        // An earlier scaling in is still stopping tasks: 8 run (2 of them sick), 4 are wanted, 3 would be.
        c.desired = 3;
        c.observed.workload = Some(workload(4, 8));
        c.observed.workload.as_mut().unwrap().tasks[0].health = "UNHEALTHY".into();
        c.observed.workload.as_mut().unwrap().tasks[1].health = "UNHEALTHY".into();
    }),
    row("healthy-floor", Ask, "no health check vouches for 3 of them", |c| {
        c.desired = 2;
        c.observed.workload.as_mut().unwrap().tasks.iter_mut().for_each(|task| task.health = "UNKNOWN".into());
    }),
    row("healthy-floor", Ask, "health is not known", |c| c.observed.workload.as_mut().unwrap().tasks.clear()),
    row("healthy-floor", Allow, "1 healthy now", |c| {
        c.observed.workload.as_mut().unwrap().tasks[0].health = "UNHEALTHY".into();
        c.observed.workload.as_mut().unwrap().tasks[1].health = "UNHEALTHY".into();
    }),
    row("healthy-now", Allow, "3 healthy now, floor 2", restart),
    row("healthy-now", Ask, "1 healthy now, fewer than the floor of 2", |c| {
        restart(c);
        c.observed.workload.as_mut().unwrap().tasks[0].health = "UNHEALTHY".into();
        c.observed.workload.as_mut().unwrap().tasks[1].health = "UNHEALTHY".into();
    }),
    row("healthy-now", Ask, "health is not known", |c| {
        restart(c);
        c.observed.workload.as_mut().unwrap().tasks.clear();
    }),
    row("healthy-floor", Allow, "3 healthy now, 1 stop, 2 left at worst", |c| {
        act(c, "stop_task", &[("task", "task-1")])
    }),
    row("healthy-floor", Deny, "2 healthy now, 1 stop, 1 left", |c| {
        act(c, "stop_task", &[("task", "task-1")]);
        c.observed.workload.as_mut().unwrap().tasks[0].health = "UNHEALTHY".into();
    }),
    row("healthy-floor", Allow, "the task that stops is none of them", |c| {
        act(c, "stop_task", &[("task", "task-1")]);
        c.observed.workload.as_mut().unwrap().tasks[1].health = "UNHEALTHY".into();
    }),
    row("healthy-floor", Deny, "and this stops a task", |c| {
        act(c, "stop_task", &[("task", "task-1")]);
        c.observed.workload.as_mut().unwrap().running = 4;
    }),
    row("in-flight", Allow, "is rolling out", in_flight),
    row("in-flight", Deny, "nothing to stop", |c| {
        in_flight(c);
        rollout(c, Rollout::Completed);
    }),
    row("image", Allow, "rtech-app:v8: sha256:0123456789ab…, scan COMPLETE: 0 CRITICAL", |c| {
        deploy(c, "image", "v8")
    }),
    row("image", Ask, "2 CRITICAL", |c| {
        deploy(c, "image", "v8");
        c.observed.candidate.as_mut().unwrap().registry = found(2);
    }),
    row("image", Ask, "its registry was not asked", |c| {
        deploy(c, "image", "v8");
        c.observed.candidate.as_mut().unwrap().registry = Registered::NotAsked;
    }),
    row("image", Ask, "not scanned", |c| {
        deploy(c, "image", "v8");
        let registry = &mut c.observed.candidate.as_mut().unwrap().registry;
        if let Registered::Found { findings, scan, .. } = registry {
            (*findings, *scan) = (None, None);
        }
    }),
    row("image", Deny, "could not be asked: denied", |c| {
        deploy(c, "image", "v8");
        c.observed.candidate.as_mut().unwrap().registry = Registered::Failed { reason: "denied".into() };
    }),
    row("image", Deny, "not in its registry", |c| {
        deploy(c, "revision", "6");
        c.observed.releases.as_mut().unwrap().revisions[1].images[0].registry = Registered::Missing;
    }),
    row("definition", Allow, "2 roles, 1 log group, 1 secret found", |c| deploy(c, "image", "v8")),
    row("definition", Allow, "2 roles, 1 log group, 1 secret found", |c| deploy(c, "revision", "6")),
    row("definition", Allow, "it needs none", |c| {
        deploy(c, "revision", "6");
        c.observed.needs.as_mut().unwrap().all.clear();
    }),
    row("definition", Ask, "token-AbCdEf is not verified: AccessDenied", |c| {
        secret(c, Existence::NotVerified { reason: "AccessDenied".into() });
    }),
    row("definition", Deny, "secret TOKEN of app arn:aws:secretsmanager:", |c| {
        secret(c, Existence::Missing { reason: "it is marked for deletion".into() });
    }),
    row("definition", Deny, "what its tasks need was not looked up", |c| {
        deploy(c, "image", "v8");
        c.observed.needs = None;
    }),
    row("definition", Deny, "what its tasks need was not looked up", |c| {
        deploy(c, "revision", "6");
        c.observed.needs.as_mut().unwrap().of.retain(|id| id.as_str() != "rtech-app:6");
    }),
    row("proven", Allow, "a new revision", |c| deploy(c, "image", "v8")),
    row("proven", Allow, "rtech-app:6 served for 2 d 0 h", |c| deploy(c, "revision", "6")),
    row("proven", Allow, "served for 2 d 0 h; errors 0.02 % (mean), latency_p95 120 ms (mean)", |c| {
        went_back(c, Some(0.000_2));
    }),
    row("proven", Ask, "that was not rtech-app/errors below 1 %", |c| went_back(c, Some(0.02))),
    row("proven", Ask, "whether it was rtech-app/errors below 1 % is not known", |c| went_back(c, None)),
    row("proven", Ask, "error rate and p95 not known; whether it was rtech-app/errors below 1 % is not known", |c| {
        went_back(c, None);
        c.observed.served = Some(Vec::new());
    }),
    row("proven", Ask, "rtech-app:5 served for 5 min only", |c| deploy(c, "revision", "5")),
    row("proven", Ask, "rtech-app:4 never carried traffic", |c| deploy(c, "revision", "4")),
    row("proven", Deny, "were not read", |c| {
        deploy(c, "revision", "4");
        c.doctor = |p| p.observation.releases = None;
    }),
    row("not-to-zero", Allow, "5 is more than 0", |_| {}),
    row("not-to-zero", Deny, "0 tasks would stop", |c| c.desired = 0),
    row("not-to-zero", Ask, "min_desired = 0 allows it", |c| {
        c.desired = 0;
        c.config.services[0].caps.min_desired = 0;
    }),
    row("bounds", Allow, "2–8 is within 1–9", |c| bounds(c, 2, 8)),
    row("bounds", Deny, "2–12 is not within 1–9", |c| bounds(c, 2, 12)),
    row("bounds", Deny, "0–8 is not within 1–9", |c| bounds(c, 0, 8)),
    row("bounds", Deny, "min 8 is above max 2", |c| bounds(c, 8, 2)),
    row("bounds", Deny, "at most 1 tasks are fewer than the floor of 2", |c| bounds(c, 1, 1)),
    row("bounds", Deny, "exactly one pair of bounds", |c| {
        bounds(c, 2, 8);
        c.doctor = |p| p.steps.push(p.steps[0].clone());
    }),
    // What bounds do to the count is judged as the count itself.
    row("caps", Allow, "3 is within 1–9; a step of 0", |c| bounds(c, 2, 8)),
    row("caps", Deny, "a step of 5 tasks; at most 4", |c| bounds(c, 8, 9)),
    row("caps", Deny, "doesn't set exactly one count", |c| bounds(c, 8, 2)),
    row("healthy-floor", Allow, "3 healthy now, floor 2; none stops", |c| bounds(c, 2, 8)),
    row("healthy-floor", Deny, "1 tasks are fewer than the floor of 2", |c| bounds(c, 1, 1)),
    row("healthy-floor", Deny, "2 healthy now, 1 stop, 1 left", |c| {
        bounds(c, 1, 2);
        c.observed.workload.as_mut().unwrap().tasks[0].health = "UNHEALTHY".into();
    }),
    row("alerts", Ask, "and this scales in", |c| {
        bounds(c, 1, 2);
        c.observed.firing = Some(vec!["rtech-high-cpu".into()]);
    }),
    row("deployment", Deny, "is rolling out", |c| {
        bounds(c, 2, 8);
        rollout(c, Rollout::InProgress);
    }),
    row("service-active", Deny, "DRAINING", |c| {
        holding(c, "kinds", "out");
        c.observed.workload.as_mut().unwrap().status = "DRAINING".into();
    }),
    row("traffic-step", Allow, "a step of 50 points, at most 50", |c| shifted(c, &[("to", "green")])),
    row("traffic-step", Deny, "a step of 90 points, at most 50", |c| shifted(c, &[("to", "green"), ("share", "100")])),
    row("traffic-step", Allow, "a step of 90 points, at most 100", |c| {
        shifted(c, &[("to", "green"), ("share", "100")]);
        c.config.services[0].caps.max_traffic_step = 100;
    }),
    row("traffic-step", Allow, "a step of 45 points", |c| shifted(c, &[("weights", "blue:0,green:1")])),
    row("traffic-step", Deny, "more than one route", |c| {
        shifted(c, &[("to", "green")]);
        c.doctor = |p| {
            let Call::ElbSetWeights { route, .. } = &mut p.steps[1].call else { return };
            *route = "other".into();
        }
    }),
    row("traffic-step", Deny, "the route that is set was not read", |c| {
        shifted(c, &[("to", "green")]);
        c.doctor = |p| p.observation.traffic.as_mut().unwrap().routes.clear();
    }),
    row("traffic-step", Deny, "the load balancer was not read", |c| {
        shifted(c, &[("to", "green")]);
        c.doctor = |p| p.observation.traffic = None;
    }),
    row("traffic-health", Deny, "green: 1 healthy for 100 %, floor 2", |c| {
        shifted(c, &[("to", "green")]);
        green(c, |group| group.targets.truncate(1));
    }),
    row("traffic-health", Deny, "green: 1 healthy", |c| {
        shifted(c, &[("to", "green")]);
        green(c, |group| group.targets.iter_mut().skip(1).for_each(|target| target.state = "unavailable".into()));
    }),
    row("traffic-health", Deny, "green: 0 healthy", |c| {
        shifted(c, &[("to", "green")]);
        c.doctor = |p| drop(p.observation.traffic.as_mut().unwrap().groups.pop());
    }),
    row("traffic-health", Ask, "in proportion it would be 6", |c| shifted(c, &[("to", "green")])),
    row("traffic-health", Allow, "green: 3 healthy for 40 %", |c| shifted(c, &[("to", "green"), ("share", "40")])),
    row("traffic-owner", Allow, "nothing else shifts its traffic", |c| shifted(c, &[("to", "green")])),
    row("traffic-owner", Deny, "CODE_DEPLOY shifts the traffic", |c| {
        shifted(c, &[("to", "green")]);
        c.observed.workload.as_mut().unwrap().traffic_owner = Some("CODE_DEPLOY".into());
    }),
    row("traffic-owner", Ask, "was not read", |c| {
        shifted(c, &[("to", "green")]);
        c.observed.workload = None;
    }),
    row("traffic-owner", Allow, "no deployment controller is configured", |c| {
        shifted(c, &[("to", "green")]);
        c.observed.workload = None;
        c.config.services[0].ecs = None;
    }),
    row("account", Allow, "123456789012 in us-east-1", |c| shifted(c, &[("to", "green")])),
    row("shown-is-sent", Allow, "3 calls, as shown; 1 call only if it fails", |c| shifted(c, &[("to", "green")])),
    row("suspension", Allow, "no more of scaling out", |c| holding(c, "kinds", "in")),
    row("suspension", Allow, "more load meets the tasks that run", |c| holding(c, "kinds", "in,out")),
    row("suspension", Ask, "scaling out stops while 1 fire", |c| {
        holding(c, "kinds", "out");
        c.observed.firing = Some(vec!["rtech-high-cpu".into()]);
    }),
    row("suspension", Ask, "it is not known what fires", |c| {
        holding(c, "kinds", "out");
        c.observed.firing = None;
    }),
    row("suspension", Deny, "the scaling target was not read", |c| {
        holding(c, "kinds", "out");
        c.doctor = |p| p.observation.scaling = None;
    }),
    row("database-available", Allow, "status available", failover),
    row("database-available", Deny, "status failing-over", |c| members(c, |d| d.status = "failing-over".into())),
    row("failover-target", Allow, "two is a reader, available, promotion tier 1", failover),
    row("failover-target", Deny, "two is rebooting", |c| members(c, |d| d.members[1].status = "rebooting".into())),
    row("failover-target", Deny, "two is unknown", |c| members(c, |d| d.members[1].status = "unknown".into())),
    row("failover-target", Deny, "promotion tier of two is not known", |c| {
        members(c, |d| d.members[1].promotion_tier = None);
    }),
    row("failover-target", Deny, "is no reader: Unknown", |c| {
        members(c, |d| d.members[1].role = quarterdeck::source::MemberRole::Unknown);
    }),
    row("replica-lag", Allow, "two is 0.085 s behind (DBInstanceReplicaLag), at most 1 s", failover),
    row("replica-lag", Deny, "1.001 s behind", |c| lag(c, quarterdeck::source::Number::Finite(1001.0))),
    row("replica-lag", Deny, "is not known", |c| lag(c, quarterdeck::source::Number::NoData)),
    row("replica-lag", Deny, "is not known", |c| lag(c, quarterdeck::source::Number::NotANumber)),
    row("replica-lag", Deny, "is not known", |c| lag(c, quarterdeck::source::Number::Finite(-1.0))),
    row("invalidation", Allow, "2 paths, 0 invalidations in flight", |c| invalidate(c, &["/a", "/b*"], &[])),
    row("invalidation", Ask, "everything", |c| invalidate(c, &["/*"], &[])),
    row("invalidation", Allow, "1 paths, 1 invalidations in flight", |c| invalidate(c, &["/a"], &["/x", "/y*"])),
    row("invalidation", Deny, "15 wildcards in flight", |c| invalidate(c, &["/a"], &["/y*"; 15])),
    row("invalidation", Ask, "what is in flight is not known: denied", |c| {
        invalidate(c, &["/a"], &[]);
        c.observed.cdn.as_mut().unwrap().missing = vec!["denied".into()];
    }),
    row("invalidation", Ask, "does not serve", |c| {
        invalidate(c, &["/a"], &[]);
        c.observed.cdn.as_mut().unwrap().enabled = false;
    }),
    row("invalidation", Ask, "1001 paths: more than the 1000", |c| {
        let paths: Vec<String> = (0..1001).map(|number| format!("/{number}")).collect();
        invalidate(c, &paths.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    }),
    row("invalidation", Deny, "the network was not read", |c| {
        invalidate(c, &["/a"], &[]);
        c.doctor = |p| p.observation.cdn = None;
    }),
    row("account", Deny, "not in account", |c| {
        invalidate(c, &["/a"], &[]);
        c.observed.workload = None;
        c.doctor = |p| p.target_arn = "arn:aws:cloudfront::999999999999:distribution/E123EXAMPLE".into();
    }),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        invalidate(c, &["/a"], &[]);
        c.doctor = |p| {
            let Call::CloudFrontInvalidate { paths, .. } = &mut p.steps[0].call else { return };
            paths.push("/*".into());
        };
    }),
    row("silence", Allow, "it matches 1: HighLatency", |c| silence(c, "HighLatency")),
    row("silence", Ask, "it matches no alert now", |c| silence(c, "Other")),
    row("silence", Ask, "at least 1 alerts match", |c| {
        silence(c, "HighLatency");
        c.observed.alerts.as_mut().unwrap().whole = false;
    }),
    row("silence", Deny, "the alerts were not read", |c| {
        silence(c, "HighLatency");
        c.observed.alerts = None;
    }),
    row("silence", Deny, "nearly everything", |c| {
        silence(c, "HighLatency");
        c.doctor = |p| {
            let Action::Silence(silence) = &mut p.action else { return };
            silence.matchers[0].is_equal = false;
        };
    }),
    row("account", Allow, "not on AWS: http://127.0.0.1:9/am/api/v2/silences", |c| silence(c, "HighLatency")),
    row("declared", Allow, "judged by checkout", |c| declare(c, flag())),
    row("declared", Ask, "customers see the old one", |c| {
        declare(c, Declared { warning: Some("customers see the old one".into()), ..flag() });
    }),
    row("declared", Ask, "nothing reads its outcome back", |c| declare(c, Declared { read_back: None, ..flag() })),
    row("declared", Deny, "the declaration changed", |c| {
        declare(c, flag());
        c.doctor = |p| p.observation.declared.as_mut().unwrap().digest = "0".repeat(64);
    }),
    row("declared", Deny, "the declaration changed", |c| {
        declare(c, flag());
        c.doctor = |p| {
            let Call::DeclaredRequest { declaration, .. } = &mut p.steps[0].call else { return };
            *declaration = "0".repeat(64);
        }
    }),
    row("declared", Deny, "declares no other of rtech-app", |c| {
        declare(c, flag());
        c.doctor = |p| p.action = Action::Http(Http { service: SERVICE.into(), name: "other".into() });
    }),
    row("declared", Deny, "the declaration was not read", |c| {
        declare(c, flag());
        c.doctor = |p| p.observation.declared = None;
    }),
    row("declared", Deny, "not of one declared call", |c| {
        declare(c, flag());
        c.doctor = |p| p.steps.push(p.steps[0].clone());
    }),
    row("command", Ask, "production: it runs on this host", |c| declare(c, script())),
    row("command", Allow, "it runs on this host; 9 bytes", |c| {
        declare(c, script());
        c.config.environment.kind = EnvironmentKind::Staging;
    }),
    row("command", Deny, "everybody on this host may write", |c| {
        declare(c, script());
        c.observed.declared.as_mut().unwrap().program.as_mut().unwrap().open = true;
    }),
    row("command", Deny, "is not a file that runs", |c| {
        declare(c, script());
        c.observed.declared.as_mut().unwrap().program.as_mut().unwrap().runs = false;
    }),
    row("command", Deny, "was not looked at", |c| {
        declare(c, script());
        c.observed.declared.as_mut().unwrap().program = None;
    }),
    row("account", Allow, "not on AWS: http:rtech-app@https://flags.example.com", |c| declare(c, flag())),
    row("account", Allow, "not on AWS: exec:rtech-app", |c| declare(c, script())),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        declare(c, flag());
        c.doctor = |p| {
            let Call::DeclaredRequest { url, .. } = &mut p.steps[0].call else { return };
            url.push_str("/other");
        }
    }),
    row("shown-is-sent", Deny, "not those of this action", |c| {
        declare(c, script());
        c.doctor = |p| {
            let Call::DeclaredCommand { command, .. } = &mut p.steps[0].call else { return };
            command.push("--all".into());
        }
    }),
    row("backup-idle", Allow, "0 backups under way", backup),
    row("backup-idle", Deny, "j1 is RUNNING already, 1 under way", |c| {
        backup(c);
        let job = &mut c.observed.protection.as_mut().unwrap().jobs[0];
        (job.state, job.outcome) = ("RUNNING".into(), quarterdeck::source::JobOutcome::Running);
    }),
    row("backup-idle", Deny, "is not known: backup jobs: AccessDenied", |c| {
        backup(c);
        let unread =
            quarterdeck::source::Unread { part: "backup jobs".into(), points: false, reason: "AccessDenied".into() };
        c.observed.protection.as_mut().unwrap().missing.push(unread);
    }),
    row("restore-point", Allow, "rds:s1 is available", restored),
    row("restore-point", Deny, "rds:s1 would be restored, and the newest is rds:s2", |c| {
        restored(c);
        c.doctor = |p| p.observation.restore.as_mut().unwrap().point.as_mut().unwrap().id = "rds:s2".into();
    }),
    row("restore-point", Deny, "no snapshot", |c| {
        restored(c);
        c.doctor = |p| p.observation.restore.as_mut().unwrap().point = None;
    }),
    row("restore-point", Deny, "was not read", |c| {
        restored(c);
        c.doctor = |p| p.observation.restore = None;
    }),
    row("restore-alone", Allow, "no restored copy", restored),
    row("restore-alone", Deny, "left over: qd-restore-rtech-mongodb-0123456789ab (failed)", |c| {
        restored(c);
        let mut other = restores::copy(&made_by(&restores::plan(), 0), "failed");
        (other.id, other.made_by) = ("qd-restore-rtech-mongodb-0123456789ab".into(), None);
        c.observed.restore.as_mut().unwrap().copies.push(other);
    }),
    row("restore-alone", Allow, "no restored copy", |c| {
        restored(c);
        let mut other = restores::copy(&made_by(&restores::plan(), 0), "available");
        other.id = "qd-restore-rtech-mongodb-users-0123456789ab".into();
        c.observed.restore.as_mut().unwrap().copies.push(other);
    }),
    row("restore-alone", Deny, "was not read", |c| {
        restored(c);
        c.doctor = |p| p.observation.restore = None;
    }),
    row("restore-quota", Allow, "3 of 40 instances", restored),
    row("restore-quota", Deny, "40 of 40 instances", |c| {
        restored(c);
        c.observed.restore.as_mut().unwrap().quota.as_mut().unwrap().used = 40;
    }),
    row("restore-quota", Allow, "quota NOT KNOWN", |c| {
        restored(c);
        c.observed.restore.as_mut().unwrap().quota = None;
    }),
    row("own-copy", Allow, "4 removals of what this plan makes", restored),
    row("own-copy", Deny, "rtech-mongodb is backup rtech-mongodb in the configuration", |c| {
        removing(c, |p| set_copy(p, 2, "rtech-mongodb"));
    }),
    row("own-copy", Deny, "RTECH-MONGODB is backup", |c| removing(c, |p| set_copy(p, 5, "RTECH-MONGODB"))),
    row("own-copy", Deny, "orders is service rtech-app in the configuration", |c| {
        removing(c, |p| set_copy(p, 3, "orders"));
        let polling = c.config.ecs;
        let id = quarterdeck::config::DatabaseId::Cluster("orders".into());
        let max_lag = Duration::from_secs(1);
        c.config.services[0].database =
            Some(quarterdeck::config::DatabasePlace { id, place: None, lag: None, max_lag, polling });
    }),
    row("own-copy", Deny, "users is not the name of a copy", |c| removing(c, |p| set_copy(p, 3, "users"))),
    row("own-copy", Deny, "is not the name of a copy", |c| {
        removing(c, |p| set_copy(p, 3, "qd-restore-rtech-mongodb-0123456789ab"));
    }),
    row("own-copy", Deny, "is not the name of a copy", |c| {
        removing(c, |p| set_copy(p, 0, "qd-restore-other-0123456789ab"));
    }),
    row("own-copy", Deny, "that this plan made", |c| removing(c, |p| drop(p.steps.drain(..2)))),
    row("own-copy", Allow, "1 removal of what this plan makes", |c| alone(c, |_| {})),
    row("own-copy", Deny, "has not the tag of this plan", |c| alone(c, |copy| copy.made_by = None)),
    row("own-copy", Deny, "has not the tag of this plan", |c| alone(c, |copy| copy.made_by = Some("other".into()))),
    row("own-copy", Deny, "there is no instance", |c| alone(c, |copy| copy.id = "qd-restore-x".into())),
    row("own-copy", Deny, "is not the name of a copy", |c| removing(c, |p| set_mark(p, 2, ""))),
    row("evidence", Allow, "observed 0 s ago, at most 60", |_| {}),
    row("evidence", Allow, "observed 60 s ago", |c| c.now = now().plus(Duration::from_secs(60))),
    row("evidence", Deny, "observed 61 s ago", |c| c.now = now().plus(Duration::from_secs(61))),
    row("evidence", Deny, "in the future", |c| c.observed.taken = now().plus(Duration::from_secs(6)).wall),
    row("alerts", Allow, "0 firing", |_| {}),
    row("alerts", Allow, "1 firing: rtech-high-cpu", |c| c.observed.firing = Some(vec!["rtech-high-cpu".into()])),
    row("alerts", Ask, "and this scales in", |c| {
        c.desired = 2;
        c.observed.firing = Some(vec!["rtech-high-cpu".into()]);
    }),
    row("alerts", Deny, "could not be read, and this is production", |c| c.observed.firing = None),
    row("alerts", Ask, "could not be read", |c| {
        c.observed.firing = None;
        c.config.environment.kind = EnvironmentKind::Staging;
    }),
    row("paging-alerts", Allow, "no alert pages anybody", restart),
    row("paging-alerts", Ask, "1 paging: rtech-down", |c| paging(c, Stance::Ask)),
    row("paging-alerts", Allow, "1 paging: rtech-down; told only", |c| paging(c, Stance::Allow)),
    row("paging-alerts", Ask, "1 paging: rtech-down", |c| paging(c, Stance::Deny)),
    row("paging-alerts", Deny, "1 paging: rtech-down", |c| {
        paging(c, Stance::Deny);
        not_a_remedy(c);
    }),
    row("paging-alerts", Deny, "is not known", |c| {
        paging(c, Stance::Deny);
        not_a_remedy(c);
        c.observed.paging = None;
    }),
    row("paging-alerts", Ask, "is not known", |c| {
        paging(c, Stance::Ask);
        c.observed.paging = None;
    }),
    row("error-budget", Allow, "the configuration has no objectives", restart),
    row("error-budget", Allow, "availability: 40 % of its budget left", |c| budget(c, Ok(Some(0.4)))),
    row("error-budget", Allow, "availability: no traffic", |c| budget(c, Ok(None))),
    row("error-budget", Ask, "availability: its budget is used up (0 % left)", |c| budget(c, Ok(Some(0.0)))),
    row("error-budget", Ask, "availability: its budget is not known: timeout", |c| budget(c, Err("timeout".into()))),
    row("error-budget", Ask, "the error budget was not read", |c| {
        budget(c, Ok(Some(0.4)));
        c.facts.budgets.clear();
    }),
    row("error-budget", Ask, "is used up", |c| budget(c, Ok(Some(f64::NAN)))),
    row("error-budget", Deny, "availability: its budget is used up (-20 % left)", |c| {
        budget(c, Ok(Some(-0.2)));
        not_a_remedy(c);
    }),
    row("error-budget", Allow, "told only, as configured", |c| {
        budget(c, Ok(Some(-0.2)));
        c.config.guards.error_budget = Stance::Allow;
    }),
    row("autoscaling", Allow, "cpu (target 70) may move the count again", |_| {}),
    row("autoscaling", Allow, "suspended: in", |c| suspend(c, true, false)),
    row("autoscaling", Allow, "stays where it is put", |c| suspend(c, true, true)),
    row("autoscaling", Allow, "suspended in, out and scheduled: the count stays where it is put", |c| {
        suspend(c, true, true);
        schedule(c, true);
    }),
    row("autoscaling", Allow, "suspended: in and out; scheduled action peak sets bounds 2026-12-24 06:00Z", |c| {
        suspend(c, true, true);
        schedule(c, false);
    }),
    row("autoscaling", Allow, "again; scheduled action peak sets bounds", |c| schedule(c, false)),
    row("autoscaling", Allow, "again; suspended: scheduled", |c| schedule(c, true)),
    row("autoscaling", Allow, "again; scheduled actions not known", |c| {
        c.observed.scaling.as_mut().unwrap().scheduled_missing = Some("denied".into());
    }),
    row("autoscaling", Allow, "none registered", |c| c.observed.scaling.as_mut().unwrap().target = None),
    row("autoscaling", Allow, "target not known", |c| {
        c.observed.scaling.as_mut().unwrap().policies[0].target = Some(f64::NAN)
    }),
    row("other-runs", Allow, "0 open runs", |_| {}),
    row("other-runs", Deny, "is not known (1 open); settle it", |c| c.facts.other_runs = Known::of(vec![other(true)])),
    row("other-runs", Deny, "is under way", |c| c.facts.other_runs = Known::of(vec![other(false)])),
    row("other-runs", Deny, "is not known (2 open)", |c| {
        c.facts.other_runs = Known::of(vec![other(false), other(true)])
    }),
    row("other-runs", Deny, "the journal can't be read: disk", |c| c.facts.other_runs = unreadable()),
    row("approval", Allow, "one person is enough", |_| {}),
    row("approval", Allow, "one person is enough", |c| {
        c.config.guards.approval = Approval::TwoPersonFor(vec!["fail_over".to_owned()]);
    }),
    row("approval", Deny, "waits for a second person: `quarterdeck approve ", |c| {
        c.config.guards.approval = Approval::TwoPersonFor(vec!["scale".to_owned()]);
    }),
    row("approval", Allow, "eve@bastion (pts/1) agreed at", |c| agreed(c, |_| {})),
    row("approval", Deny, "eve agreed, but to another plan", |c| agreed(c, |yes| yes.digest = "0".repeat(64))),
    row("approval", Deny, "eve agreed, but to another plan", |c| {
        agreed(c, |_| {});
        c.doctor = |p| p.steps[0].bake = Duration::from_secs(1);
    }),
    row("approval", Deny, "that is too long ago", |c| agreed(c, |yes| yes.until = now().wall)),
    row("approval", Deny, "ada agreed, but is the one who acts", |c| agreed(c, |yes| yes.by = operator("ada"))),
    row("approval", Deny, "from the same login", |c| agreed(c, |yes| yes.login = Some(1000))),
    row("approval", Deny, "with the same AWS credentials", |c| {
        let own = c.observed.identity.as_ref().map(|identity| identity.arn.clone());
        agreed(c, |_| {});
        c.facts.seconds.0.as_mut().expect("a yes")[0].caller = own;
    }),
    row("approval", Deny, "nothing but their own word", |c| agreed(c, |yes| (yes.login, yes.caller) = (None, None))),
    row("approval", Deny, "whether a second person agreed is not known: disk", |c| {
        agreed(c, |_| {});
        c.facts.seconds = unreadable();
    }),
    row("plan-age", Allow, "300 s left", |_| {}),
    row("plan-age", Deny, "expired 0 s ago", |c| c.now = now().plus(Duration::from_secs(300))),
    row("plan-age", Deny, "longer than plan_ttl", |c| {
        c.doctor = |p| p.expires = "2027-01-01T00:00:00Z".parse().unwrap()
    }),
    row("plan-age", Deny, "in the future", |c| c.doctor = |p| p.made = "2026-02-01T00:00:00Z".parse().unwrap()),
    row("type-the-name", Ask, "production: type `rtech-app`", |_| {}),
    row("type-the-name", Allow, "not production", |c| c.config.environment.kind = EnvironmentKind::Staging),
    row("type-the-name", Ask, "wants the name typed", |c| {
        c.config.environment.kind = EnvironmentKind::Staging;
        c.config.guards.type_name = true;
    }),
];

fn aws(case: &mut Case) -> &mut quarterdeck::config::Aws {
    case.config.aws.as_mut().expect("[aws]")
}

/// The service runs in the place dr, which is of account 210987654321 in eu-west-1; it was observed there with these
/// credentials.
fn in_dr(case: &mut Case, account: &str, region: &str) {
    let there = quarterdeck::config::Aws {
        account: Some("210987654321".into()),
        region: "eu-west-1".into(),
        ..aws(case).clone()
    };
    aws(case).places.insert("dr".into(), there);
    case.config.services[0].ecs.as_mut().expect("ECS").place = Some("dr".into());
    let identity = case.observed.identity.as_mut().expect("an identity");
    (identity.account, identity.region) = (account.into(), region.into());
    let arn = format!("arn:aws:ecs:{region}:{account}:service/rtech-prod/rtech-app");
    case.observed.workload.as_mut().unwrap().arn = arn.as_str().into();
}

/// The case of failing over to `two`.
fn failover(case: &mut Case) {
    let observed = databases::observation();
    (case.config, case.observed, case.action) = (databases::cluster(), observed, Some(databases::to("two")));
}

/// The case of starting a job of AWS Backup.
fn backup(case: &mut Case) {
    let config = backups::config(vec![backups::vault()]);
    (case.config, case.observed, case.action) = (config, backups::observation(), Some(backups::start(None)));
}

/// The case of a restore test of a cluster.
fn restored(case: &mut Case) {
    (case.config, case.observed, case.action) = (restores::config(), restores::observation(), Some(restores::action()));
}

/// The same, whose plan was doctored.
fn removing(case: &mut Case, doctor: fn(&mut Plan)) {
    restored(case);
    case.doctor = doctor;
}

/// The removal of the instance alone, as it is judged when it is due, with the copy as it stands then.
fn alone(case: &mut Case, change: fn(&mut quarterdeck::source::RestoredCopy)) {
    restored(case);
    let mut copy = restores::copy(&made_by(&restores::plan(), 1), "available");
    change(&mut copy);
    case.observed.restore.as_mut().unwrap().copies.push(copy);
    case.doctor = |p| {
        p.steps = vec![p.steps[2].clone()];
        p.on_failure.clear();
    };
}

fn made_by(plan: &Plan, step: usize) -> quarterdeck::action::CopyChange {
    let Some(Call::RdsCopy { change, .. }) = plan.calls().nth(step) else { panic!("no copy in step {step}") };
    change.clone()
}

fn fields(plan: &mut Plan, step: usize) -> (&mut String, &mut String) {
    use quarterdeck::action::CopyChange::{
        AddInstance, RemoveCluster, RemoveInstance, RestoreCluster, RestoreInstance,
    };
    let Some(Call::RdsCopy { change, .. }) =
        plan.steps.iter_mut().chain(&mut plan.on_failure).nth(step).map(|step| &mut step.call)
    else {
        panic!("no copy in step {step}")
    };
    match change {
        RestoreCluster { copy, mark, .. }
        | AddInstance { copy, mark, .. }
        | RestoreInstance { copy, mark, .. }
        | RemoveInstance { copy, mark, .. }
        | RemoveCluster { copy, mark, .. } => (copy, mark),
    }
}

fn set_copy(plan: &mut Plan, step: usize, id: &str) {
    *fields(plan, step).0 = id.to_owned();
}

fn set_mark(plan: &mut Plan, step: usize, mark: &str) {
    *fields(plan, step).1 = mark.to_owned();
}

fn members(case: &mut Case, change: fn(&mut quarterdeck::source::Database)) {
    failover(case);
    change(case.observed.database.as_mut().unwrap());
}

fn lag(case: &mut Case, milliseconds: quarterdeck::source::Number) {
    failover(case);
    case.observed.answers.insert("DBInstanceReplicaLag".to_owned(), milliseconds);
}

/// An invalidation of these paths, while those are in flight.
fn invalidate(case: &mut Case, paths: &[&str], running: &[&str]) {
    let id = CdnId::CloudFront { distribution: "E123EXAMPLE".to_owned(), place: None };
    let polling = case.config.ecs;
    case.config.services[0].cdn = Some(CdnPlace { id, polling });
    let text = |path: &&str| Text::from(*path);
    let invalidations = (!running.is_empty()).then(|| Invalidation {
        id: "I1".into(),
        status: "InProgress".into(),
        created: None,
        paths: running.iter().map(text).collect(),
        reference: None,
    });
    case.observed.cdn = Some(Cdn {
        id: "E123EXAMPLE".into(),
        domain: "d111111abcdef8.cloudfront.net".into(),
        aliases: Vec::new(),
        status: "Deployed".into(),
        enabled: true,
        modified: None,
        behaviours: Vec::new(),
        invalidations: invalidations.into_iter().collect(),
        missing: Vec::new(),
    });
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    case.action = Some(Action::InvalidateCdn(InvalidateCdn { service: SERVICE.into(), paths, host: None }));
}

/// A silence of an alert, while HighLatency fires.
fn silence(case: &mut Case, alert: &str) {
    case.config.alertmanager = Some(crate::fixture::http_backend("http://127.0.0.1:9/am"));
    let labels = vec![("alertname".into(), "HighLatency".into())];
    let seen = SeenAlert { name: "HighLatency".into(), state: AlertState::Firing, labels };
    case.observed.alerts = Some(SeenAlerts { alerts: vec![seen], whole: true });
    case.observed.silences = Some(Silences::default());
    (case.observed.identity, case.observed.workload) = (None, None);
    let matchers = vec![Matcher::alert(alert).expect("a matcher")];
    let (source, comment) = ("alertmanager".into(), "known".to_owned());
    case.action = Some(Action::Silence(Silence { source, matchers, seconds: 3600, comment }));
}

/// A declared command.
fn script() -> Declared {
    let command = DeclaredCommand {
        command: vec!["/opt/flush".into()],
        directory: "/".into(),
        env: Vec::new(),
        success: vec![0],
        timeout: Duration::from_secs(20),
    };
    Declared { how: How::Exec(command), ..flag() }
}

/// The case of carrying a declaration out, while the flag is on.
fn declare(case: &mut Case, declared: Declared) {
    let program = SeenProgram { stamp: "9 bytes".into(), runs: true, open: false };
    let program = matches!(declared.how, How::Exec(_)).then_some(program);
    case.observed.declared = Some(SeenDeclared { program, ..flag_seen(&declared, "true") });
    (case.observed.identity, case.observed.workload) = (None, None);
    case.action = Some(action_of(&declared));
    case.config.actions = vec![declared];
}

fn unreadable<T>() -> Known<T> {
    Err::<T, _>("disk").into()
}

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
fn past(case: &mut Case, ago: i64, change: fn(&mut PastRun)) {
    let ended = now().wall - SignedDuration::from_secs(ago);
    let mut run = PastRun {
        id: "r".into(),
        action: "scale".into(),
        target: ARN.into(),
        by: operator("ada"),
        began: ended,
        ended,
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

fn expiring(case: &mut Case, seconds: i64) {
    let at = now().wall + SignedDuration::from_secs(seconds);
    case.observed.identity.as_mut().expect("an identity").expires = Some(at);
}

/// A restart while an alert pages.
fn paging(case: &mut Case, stance: Stance) {
    restart(case);
    case.observed.paging = Some(vec!["rtech-down".into()]);
    case.config.guards.paging_alerts = stance;
}

/// A restart of a service with one objective.
fn budget(case: &mut Case, left: Result<Option<f64>, Text>) {
    restart(case);
    let query = Query::Simulator("rtech-app/requests".into());
    case.config.services[0].objectives = vec![Objective {
        name: "availability".into(),
        target: 0.999,
        period: Duration::from_secs(86_400),
        bad: query.clone(),
        valid: query,
        interval: Duration::from_secs(60),
    }];
    case.facts.budgets = vec![BudgetLeft { objective: "availability".into(), left }];
}

/// Two persons are wanted, and eve agreed to what ada wants to do.
fn agreed(case: &mut Case, change: fn(&mut SecondYes)) {
    case.config.guards.approval = Approval::TwoPerson;
    let plan = plan_for(&scale(case.desired), &case.observed, &case.config, now().wall).expect("a plan");
    let mut yes = SecondYes {
        digest: plan.digest(),
        by: operator("eve"),
        login: Some(1001),
        caller: Some("arn:aws:sts::123456789012:assumed-role/ops/eve".into()),
        at: now().wall,
        until: now().wall + SignedDuration::from_secs(60),
    };
    change(&mut yes);
    (case.facts.login, case.facts.seconds) = (Some(1000), Known::of(vec![yes]));
}

/// The same calls for another reason than that something is wrong.
fn not_a_remedy(case: &mut Case) {
    case.doctor = |plan| plan.action = scale(5);
}

fn restart(case: &mut Case) {
    case.action = Some(Action::Restart(Restart { service: SERVICE.into() }));
}

fn bounds(case: &mut Case, min: u32, max: u32) {
    case.action = Some(Action::ScalingBounds(ScalingBounds { service: SERVICE.into(), min, max }));
}

fn holding(case: &mut Case, key: &str, value: &str) {
    let spec = quarterdeck::action::spec("suspend_scaling").expect("an action");
    let arguments = [(key.to_owned(), value.to_owned())];
    case.action = Some((spec.parse)(&SERVICE.into(), &arguments).expect("arguments"));
}

/// Traffic between blue 90 and green 10 is shifted so.
fn shifted(case: &mut Case, arguments: &[(&str, &str)]) {
    (case.config, case.observed) = (traffic::config(), seen(90, 10));
    case.action = Some(shift(arguments));
}

fn green(case: &mut Case, change: fn(&mut quarterdeck::source::TargetGroup)) {
    change(&mut case.observed.traffic.as_mut().unwrap().groups[1]);
}

fn act(case: &mut Case, name: &str, arguments: &[(&str, &str)]) {
    case.action = Some(bench::action(name, arguments));
}

fn deploy(case: &mut Case, what: &str, value: &str) {
    case.observed = bench::observed(true);
    act(case, "deploy", &[(what, value)]);
}

/// Going back to revision 6, during which the error ratio was this; its critical bound is 1 %.
fn went_back(case: &mut Case, errors: Option<f64>) {
    act(case, "roll_back", &[("revision", "6")]);
    case.observed = bench::observed(true);
    case.observed.served = Some(bench::served(errors));
    case.config.services[0].signals = traffic::config().services[0].signals.clone();
}

/// A deployment of a revision with a secret of which that is known.
fn secret(case: &mut Case, existence: Existence) {
    deploy(case, "revision", "6");
    case.observed.needs = Some(bench::needs(existence));
}

fn in_flight(case: &mut Case) {
    case.observed = bench::observed(true);
    case.observed.releases.as_mut().unwrap().deployments[0] = bench::deployment(7, "IN_PROGRESS", 0);
    rollout(case, Rollout::InProgress);
    act(case, "stop_deployment", &[]);
}

fn rollout(case: &mut Case, rollout: Rollout) {
    case.observed.workload.as_mut().unwrap().deployments[0].rollout = rollout;
}

fn suspend(case: &mut Case, inward: bool, outward: bool) {
    let target = case.observed.scaling.as_mut().unwrap().target.as_mut().expect("a scaling target");
    (target.scale_in_suspended, target.scale_out_suspended) = (inward, outward);
}

/// One that is over, and one that comes.
fn schedule(case: &mut Case, suspended: bool) {
    let over = ScheduledAction {
        next: NextRun::Over,
        ..scheduled("over", "at(2020-01-01T00:00:00)", 2, "2020-01-01T00:00:00Z")
    };
    let peak = scheduled("peak", "cron(0 6 24 12 ? *)", 4, "2026-12-24T06:00:00Z");
    case.observed.scaling.as_mut().unwrap().scheduled = vec![over, peak];
    case.observed.scaling.as_mut().unwrap().target.as_mut().expect("a scaling target").scheduled_suspended = suspended;
}

#[test]
fn each_guard_decides_as_its_table_says() {
    let mut wrong = Vec::new();
    for Row { guard, decision, evidence, change } in ROWS {
        let mut case = Case::new();
        change(&mut case);
        let verdicts = case.verdicts();
        let verdict = verdicts.iter().find(|verdict| verdict.guard == *guard).expect(guard);
        if verdict.decision != *decision || !verdict.evidence.contains(evidence) {
            wrong.push(format!("wanted {decision:?} `{evidence}`, got {verdict:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_guard_is_in_the_table_and_every_guard_that_can_deny_does_so_there() {
    let listed: Vec<_> = GUARDS.iter().map(|guard| guard.name).collect();
    let in_rows: BTreeSet<_> = ROWS.iter().map(|row| row.guard).collect();
    assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), in_rows);
    assert_eq!(listed.len(), in_rows.len(), "a guard is listed twice");
    let denying: BTreeSet<_> = ROWS.iter().filter(|row| row.decision == Deny).map(|row| row.guard).collect();
    let never: Vec<_> = in_rows.difference(&denying).copied().collect();
    assert_eq!(never, ["autoscaling", "healthy-now", "type-the-name"], "these inform or ask, all others deny");
}

#[test]
fn a_plan_that_nothing_stands_against_is_only_asked_for_its_name() {
    let verdicts = Case::new().verdicts();
    let asked: Vec<_> = verdicts.iter().filter(|v| v.decision != Allow).map(|v| v.guard.as_str()).collect();
    assert_eq!(asked, ["type-the-name"]);
}

/// A denial of the cooldown and one of the caps.
fn denied_twice() -> Case {
    let mut case = Case::new();
    past(&mut case, 10, |_| {});
    case.desired = 8;
    case
}

fn glass(guard: &str) -> BreakGlass {
    BreakGlass { guard: guard.to_owned(), reason: "orders are lost".into() }
}

#[test]
fn break_glass_skips_the_one_guard_that_it_names_and_says_so() {
    let decisions = |case: Case| -> Vec<_> {
        let denied = |verdict: &Verdict| ["cooldown", "caps"].contains(&verdict.guard.as_str());
        case.verdicts().into_iter().filter(denied).map(|verdict| (verdict.decision, verdict.evidence)).collect()
    };
    let [(Deny, _), (Deny, caps)] = &decisions(denied_twice())[..] else { panic!("both deny") };
    let mut case = denied_twice();
    case.facts.break_glass = Some(glass("cooldown"));
    let [(Ask, skipped), (Deny, still)] = &decisions(case)[..] else { panic!("only the named one is skipped") };
    assert!(skipped.starts_with("SKIPPED by break-glass (orders are lost): "), "{skipped}");
    assert_eq!(still, caps);
}

/// Even where something else than [`BreakGlass::new`] made it.
#[test]
fn break_glass_never_skips_identity_evidence_and_what_was_shown() {
    for guard in ["armed", "environment", "account", "shown-is-sent", "evidence", "other-runs", "plan-age"] {
        let row = ROWS.iter().find(|row| row.guard == guard && row.decision == Deny).expect("a row");
        let mut case = Case::new();
        (row.change)(&mut case);
        case.facts.break_glass = Some(glass(guard));
        let verdicts = case.verdicts();
        let verdict = verdicts.iter().find(|verdict| verdict.guard == guard).expect("a verdict");
        assert_eq!(verdict.decision, Deny, "{verdict:?}");
        assert!(BreakGlass::new(guard, "orders are lost").is_err(), "{guard}");
    }
}

#[test]
fn break_glass_wants_a_guard_that_there_is_and_a_reason() {
    let told = |guard, reason| BreakGlass::new(guard, reason).expect_err("refused").to_string();
    assert!(told("freezes", "orders are lost").contains("guards that may be skipped: freeze, cooldown"));
    assert!(told("freeze", "  urgent  ").contains("the reason is too short"));
    assert!(BreakGlass::new("freeze", "orders are lost").is_ok());
}
