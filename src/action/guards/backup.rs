//! Guards about backups.

use super::super::guard::{Finding, GuardContext};
use super::super::start_backup::{ENGINES, NO_ENGINE, under_way, way_of};
use super::super::{Call, Plan};
use crate::config::{Config, CopySource};
use crate::source::{Exportable, Name};

/// One backup at a time; where it is not known whether one is under way, none.
pub(super) fn idle(plan: &Plan, _context: &GuardContext<'_>) -> Finding {
    let Some(way) = plan.calls().find_map(way_of) else { return Finding::deny("the plan starts no backup") };
    let Some(protection) = &plan.observation.protection else { return Finding::deny("the backups were not read") };
    let (one, several) = way.makes();
    match under_way(protection, way) {
        Err(unread) => Finding::deny(format!("whether {one} is under way is not known: {unread}")),
        Ok(jobs) => match jobs.first() {
            Some(job) => Finding::deny(format!("{} is {} already, {} under way", job.id, job.state, jobs.len())),
            None => Finding::allow(format!("0 {several} under way")),
        },
    }
}

/// What is exported is the newest snapshot that is available, of this very database, and of an engine that has exports.
pub(super) fn source(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let wanted = plan.calls().find_map(|call| match call {
        Call::RdsExport { task, .. } => Some(task.snapshot.as_str()),
        _ => None,
    });
    let Some(wanted) = wanted else { return Finding::deny("the plan exports no snapshot") };
    let found = plan.observation.protection.as_ref().and_then(|protection| protection.exportable.as_ref());
    match found {
        None => Finding::deny("no snapshot that is available was read"),
        Some(found) if found.arn.as_str() != wanted => {
            Finding::deny(format!("{wanted} would be exported, and the newest is {}", found.arn))
        }
        Some(found) => of_the_thing(found, plan.action.target(), context.config),
    }
}

fn of_the_thing(found: &Exportable, thing: &Name, config: &Config) -> Finding {
    let Exportable { id, of, engine, cut, .. } = found;
    let copies = config.backups.iter().filter(|one| one.name == *thing).flat_map(|one| &one.copies);
    let is =
        |kind: &CopySource| matches!(kind, CopySource::Cluster(name) | CopySource::Instance(name) if *name == **of);
    if !copies.flat_map(|copies| &copies.kinds).any(is) {
        return Finding::deny(format!(
            "{id} is a snapshot of `{of}`, which the configuration does not name for {thing}"
        ));
    }
    match ENGINES.contains(&engine.as_str()) {
        true => Finding::allow(format!("{id} of {of} ({engine}) is available, cut {cut:.0}")),
        false if engine.is_empty() => Finding::deny(format!("the engine of {id} is not told; {NO_ENGINE}")),
        false => Finding::deny(format!("{id} is of the engine {engine}, which has no export; {NO_ENGINE}")),
    }
}
