//! The guards, one pure function each. They fail closed: what is unknown, missing, stale or partial is never an Allow.

mod backup;
mod capacity;
mod database;
mod declared;
mod evidence;
mod operator;
mod outside;
mod pace;
mod place;
mod readiness;
mod release;
mod restore;
mod scaling;
mod second;
mod surroundings;
mod traffic;

use super::guard::Scope::{Every, Of};
use super::guard::{Finding, Guard, GuardContext, Scope};
use super::{Family, Plan};

pub use second::{OWN_WORD, Who, perhaps_same};

/// What changes a workload or its scaling.
const WORKLOAD: Scope = Of(&[
    Family::Count,
    Family::Deployment,
    Family::Revision,
    Family::Definition,
    Family::Halt,
    Family::Task,
    Family::Bounds,
    Family::Suspension,
]);

/// What must not meet a deployment that is in flight.
const SETTLED: Scope = Of(&[Family::Count, Family::Deployment, Family::Revision, Family::Task, Family::Bounds]);

/// What ends a deployment.
const HALT: Scope = Of(&[Family::Halt]);

/// What replaces tasks.
const DEPLOYMENT: Scope = Of(&[Family::Deployment, Family::Revision]);

/// What brings another revision.
const REVISION: Scope = Of(&[Family::Revision]);

/// What takes tasks away.
const TASKS: Scope = Of(&[Family::Count, Family::Bounds, Family::Task]);

/// What changes who takes the writes of a database.
const FAILOVER: Scope = Of(&[Family::Failover]);

/// What may break what works: judged by alerts and error budgets too.
pub(crate) const RISKY: &[Family] = &[Family::Deployment, Family::Revision, Family::Traffic];

/// What makes a copy of what is protected.
const BACKUP: Scope = Of(&[Family::Backup, Family::Export]);

/// What writes a copy to S3.
const EXPORT: Scope = Of(&[Family::Export]);

/// What restores a copy beside production.
const RESTORE: Scope = Of(&[Family::Restore]);

/// What restores or removes a copy beside production.
const COPY: Scope = Of(&[Family::Restore, Family::Removal]);

/// What sets a count of tasks.
const COUNT: Scope = Of(&[Family::Count]);

/// What sets a count of tasks, or moves it by its bounds.
const COUNTED: Scope = Of(&[Family::Count, Family::Bounds]);

/// What sets weights of target groups.
const TRAFFIC: Scope = Of(&[Family::Traffic]);

/// What sets the bounds of a scaling target.
const BOUNDS: Scope = Of(&[Family::Bounds]);

/// What suspends or resumes scaling.
const SUSPENSION: Scope = Of(&[Family::Suspension]);
/// What a content delivery network has in its caches.
const CDN: Scope = Of(&[Family::CloudFront, Family::Cloudflare]);

/// What holds alerts back.
const SILENCE: Scope = Of(&[Family::Silence]);

/// What the configuration declares.
const DECLARED: Scope = Of(&[Family::Request, Family::Command]);

/// What runs a program on this host.
const COMMAND: Scope = Of(&[Family::Command]);

type Judge = fn(&Plan, &GuardContext<'_>) -> Finding;

/// A guard that judges once, before the first call.
const fn once(name: &'static str, summary: &'static str, scope: Scope, judge: Judge) -> Guard {
    Guard { name, summary, scope, each_call: false, judge }
}

/// A guard that judges before each call.
const fn each(name: &'static str, summary: &'static str, scope: Scope, judge: Judge) -> Guard {
    Guard { name, summary, scope, each_call: true, judge }
}

/// The guard that wants changes to be possible here.
pub const ARMED: &str = "armed";

/// The guard that waits for a second person.
pub const APPROVAL: &str = "approval";

/// All guards, in the order in which their verdicts are shown.
pub const GUARDS: &[Guard] = &[
    once(ARMED, "changes are possible here", Every, operator::armed),
    each("environment", "the plan is of this environment", Every, place::environment),
    each("account", "account and region are those configured", Every, place::account),
    once("shown-is-sent", "the calls are what the lines say", Every, place::shown_is_sent),
    each("freeze", "no change freeze holds", Every, pace::freeze),
    once("cooldown", "the last one of its kind is long enough ago", Every, pace::cooldown),
    once("actions-an-hour", "not too much is done at a time", Every, pace::actions_an_hour),
    once("credentials-last", "the credentials last as long as it may take", Every, readiness::credentials_last),
    each("service-active", "the service is active", WORKLOAD, surroundings::service_active),
    once("deployment", "no deployment is in flight", SETTLED, surroundings::deployment),
    once("in-flight", "a deployment is in flight", HALT, surroundings::in_flight_now),
    once("image", "its images exist, and what their scans found", REVISION, release::image),
    once("definition", "roles, log groups and secrets exist", REVISION, release::definition),
    once("proven", "the revision carried traffic before", REVISION, release::proven),
    once("scaling-bounds", "within the scaling target's bounds", COUNT, capacity::scaling_bounds),
    once("caps", "within the configured caps", COUNTED, capacity::caps),
    once("healthy-floor", "enough healthy tasks remain", TASKS, capacity::healthy_floor),
    once("healthy-now", "enough tasks are healthy to begin", DEPLOYMENT, capacity::healthy_now),
    once("not-to-zero", "not to zero by accident", COUNTED, capacity::not_to_zero),
    once("bounds", "bounds are within the configured caps", BOUNDS, scaling::bounds),
    once("suspension", "what no longer scales is known", SUSPENSION, scaling::suspension),
    each("database-available", "the database is available", FAILOVER, database::available),
    once("failover-target", "the target can take the writes", FAILOVER, database::target),
    once("replica-lag", "the target has nearly all writes", FAILOVER, database::replica_lag),
    once("invalidation", "what leaves the caches is known and meant", CDN, outside::invalidation),
    once("silence", "what is held back is known and meant", SILENCE, outside::silence),
    each("declared", "the declaration is the one planned", DECLARED, declared::declaration),
    each("command", "the program is there, and is nobody's to change", COMMAND, declared::command),
    once("traffic-step", "no step moves too much traffic", TRAFFIC, traffic::step),
    each("traffic-health", "who gets more traffic is healthy enough", TRAFFIC, traffic::health),
    once("traffic-owner", "no deployment shifts this traffic", TRAFFIC, traffic::owner),
    once("backup-idle", "no other backup is under way", BACKUP, backup::idle),
    once("export-source", "the newest snapshot can be exported", EXPORT, backup::source),
    once("restore-point", "the newest copy is what is restored", RESTORE, restore::point),
    once("restore-alone", "no other restored copy is there", RESTORE, restore::alone),
    once("restore-quota", "the account has room for it", RESTORE, restore::quota),
    each("own-copy", "nothing is removed but what it makes", COPY, restore::own_copy),
    each("evidence", "what was observed is fresh", Every, evidence::fresh),
    once("alerts", "firing alerts are known", Every, surroundings::alerts),
    once("paging-alerts", "no alert pages somebody", Of(RISKY), readiness::paging),
    once("error-budget", "there is error budget left", Of(RISKY), readiness::error_budget),
    once("autoscaling", "how autoscaling may answer", COUNT, surroundings::autoscaling),
    each("other-runs", "no other run on the target is open", Every, operator::other_runs),
    once(APPROVAL, "a second person agreed, where two are wanted", Every, second::approval),
    once("plan-age", "the plan has not expired", Every, evidence::plan_age),
    once("type-the-name", "the operator types the name", Every, operator::type_the_name),
];
