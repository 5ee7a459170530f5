//! Guards about restored copies beside production.

use super::super::guard::{Finding, GuardContext};
use super::super::restore_test::{is_copy_of, is_named_by};
use super::super::{Call, CopyChange, Plan};
use crate::config::{Config, CopySource, DatabaseId};
use crate::source::{Name, Restore};

/// What the plan does to copies.
fn changes(plan: &Plan) -> impl Iterator<Item = &CopyChange> {
    plan.calls().filter_map(|call| match call {
        Call::RdsCopy { change, .. } => Some(change),
        _ => None,
    })
}

fn read(plan: &Plan) -> Result<&Restore, Finding> {
    plan.observation.restore.as_ref().ok_or_else(|| Finding::deny("what could be restored was not read"))
}

/// What is restored is the newest that can be, by its own name.
pub(super) fn point(plan: &Plan, _context: &GuardContext<'_>) -> Finding {
    let restore = match read(plan) {
        Ok(restore) => restore,
        Err(denial) => return denial,
    };
    let Some(newest) = &restore.point else { return Finding::deny("there is no snapshot that can be restored") };
    let of = |change: &CopyChange| match change {
        CopyChange::RestoreCluster { snapshot, .. } | CopyChange::RestoreInstance { snapshot, .. } => {
            Some(snapshot.clone())
        }
        _ => None,
    };
    match changes(plan).find_map(of) {
        Some(id) if id == newest.id.as_str() => Finding::allow(format!("{id} is available, cut {:.0}", newest.cut)),
        Some(id) => Finding::deny(format!("{id} would be restored, and the newest is {}", newest.id)),
        None => Finding::deny("the plan restores no snapshot"),
    }
}

/// One test of a thing at a time: no copy of it is there, whoever made it.
pub(super) fn alone(plan: &Plan, _context: &GuardContext<'_>) -> Finding {
    let restore = match read(plan) {
        Ok(restore) => restore,
        Err(denial) => return denial,
    };
    let others = restore.copies.iter().filter(|copy| is_copy_of(plan.action.target(), &copy.id));
    let others: Vec<String> = others.map(|copy| format!("{} ({})", copy.id, copy.status)).collect();
    match others.is_empty() {
        true => Finding::allow("no restored copy of it is there"),
        false => Finding::deny(format!("restored already, by a test under way or left over: {}", others.join(", "))),
    }
}

/// The account has room for one instance more; that nobody told how much is no obstacle, and is said.
pub(super) fn quota(plan: &Plan, _context: &GuardContext<'_>) -> Finding {
    match read(plan).map(|restore| restore.quota) {
        Err(denial) => denial,
        Ok(Some(quota)) if quota.used >= quota.most => {
            Finding::deny(format!("{} of {} instances are there: the account has no room", quota.used, quota.most))
        }
        Ok(Some(quota)) => Finding::allow(format!("{} of {} instances", quota.used, quota.most)),
        Ok(None) => Finding::allow("quota NOT KNOWN (rds:DescribeAccountAttributes): AWS refuses what is too much"),
    }
}

/// Nothing is made or removed but what this plan made: by name, by tag, and by the step that makes it.
pub(super) fn own_copy(plan: &Plan, context: &GuardContext<'_>) -> Finding {
    let thing = plan.action.target();
    let mut removed = 0;
    for change in changes(plan) {
        if let Some(reason) = foreign(change, thing, context.config).or_else(|| unmade(change, plan)) {
            return Finding::deny(reason);
        }
        removed += usize::from(change.removes().is_some());
    }
    Finding::allow(format!("{removed} removal{} of what this plan makes", if removed == 1 { "" } else { "s" }))
}

/// Why the name can't be that of this plan's copy.
fn foreign(change: &CopyChange, thing: &Name, config: &Config) -> Option<String> {
    let id = change.copy();
    if let Some(owner) = in_production(id, config) {
        return Some(format!("{id} is {owner} in the configuration: that is production"));
    }
    (!is_named_by(thing, id, change.mark())).then(|| format!("{id} is not the name of a copy that this plan makes"))
}

/// What of the configuration has that identifier.
fn in_production(id: &str, config: &Config) -> Option<String> {
    let is = |name: &String| name.eq_ignore_ascii_case(id);
    let service = config.services.iter().find(|service| {
        matches!(service.database.as_ref().map(|place| &place.id),
            Some(DatabaseId::Cluster(name) | DatabaseId::Instance(name)) if is(name))
    });
    let holds = |kind: &CopySource| matches!(kind, CopySource::Cluster(name) | CopySource::Instance(name) if is(name));
    let backup = config.backups.iter().find(|thing| thing.copies.iter().flat_map(|copies| &copies.kinds).any(holds));
    let service = service.map(|service| format!("service {}", service.name));
    service.or_else(|| backup.map(|thing| format!("backup {}", thing.name)))
}

/// Why what is removed is not known to be this plan's: no step of it makes it, and it does not stand there with its tag.
fn unmade(change: &CopyChange, plan: &Plan) -> Option<String> {
    change.removes()?;
    let makes = |other: &CopyChange| {
        other.removes().is_none()
            && (other.kind(), other.copy(), other.mark()) == (change.kind(), change.copy(), change.mark())
    };
    if changes(plan).any(makes) {
        return None;
    }
    let id = change.copy();
    match plan.observation.restore.as_ref().and_then(|restore| restore.copy(change.kind(), id)) {
        Some(copy) if copy.made_by.as_ref().is_some_and(|by| by.as_str() == change.mark()) => None,
        Some(_) => Some(format!("{id} has not the tag of this plan: something else made it")),
        None => Some(format!("there is no {} {id} that this plan made", change.kind().word())),
    }
}
