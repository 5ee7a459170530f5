//! Guards about backups.

use super::super::Plan;
use super::super::guard::{Finding, GuardContext};
use super::super::start_backup::{under_way, way_of};

/// One backup at a time; where it is not known whether one is under way, none.
pub(super) fn idle(plan: &Plan, _context: &GuardContext<'_>) -> Finding {
    let Some(way) = plan.calls().find_map(way_of) else { return Finding::deny("the plan starts no backup") };
    let Some(protection) = &plan.observation.protection else { return Finding::deny("the backups were not read") };
    match under_way(protection, way) {
        Err(unread) => Finding::deny(format!("whether a backup is under way is not known: {unread}")),
        Ok(jobs) => match jobs.first() {
            Some(job) => Finding::deny(format!("{} is {} already, {} under way", job.id, job.state, jobs.len())),
            None => Finding::allow("0 backups under way"),
        },
    }
}
