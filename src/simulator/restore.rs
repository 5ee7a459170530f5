//! Copies of the simulated database that were restored beside it: each takes a while to be available, and to be gone.

use super::database::CLUSTER;
use super::log::{Mutated, Mutation};
use crate::config::Protected;
use crate::source::{
    CopyKind, DatabaseKind, InstanceQuota, Protection, Restore, RestoreOrigin, RestorePoint, RestoredCopy,
};
use crate::text::Text;

/// How long a cluster and an instance take to be available, and to be gone, in seconds.
const RESTORED: f64 = 8.0;
const STARTED: f64 = 6.0;
const GONE: f64 = 3.0;

/// How many instances the simulated account may have, and has besides copies.
const QUOTA: u64 = 40;
const OWN: u64 = 2;

const ENGINE: &str = "docdb";
const VERSION: &str = "5.0.0";

/// What a restore test of a thing rests on; `None` where it is no database of the fleet.
pub(super) fn restore(
    thing: &Protected,
    protection: &Protection,
    seconds: f64,
    mutations: &[Mutation],
) -> Option<Restore> {
    let (DatabaseKind::Cluster, CLUSTER) = thing.database()? else { return None };
    let snapshots = protection.points.iter().filter(|point| point.kind == CopyKind::Snapshot);
    let newest = snapshots.max_by_key(|point| point.cut);
    let copies: Vec<RestoredCopy> = made(seconds, mutations).filter_map(|one| one.copy(seconds, mutations)).collect();
    let instances = copies.iter().filter(|copy| copy.kind == DatabaseKind::Instance).count();
    Some(Restore {
        point: newest.map(|point| RestorePoint {
            id: point.id.clone(),
            cut: point.cut,
            engine: Text::from(ENGINE),
            version: Text::from(VERSION),
            storage_gib: None,
        }),
        origin: origin(),
        quota: Some(InstanceQuota { used: OWN + u64::try_from(instances).unwrap_or(u64::MAX), most: QUOTA }),
        copies,
    })
}

fn origin() -> RestoreOrigin {
    RestoreOrigin {
        id: Text::from(CLUSTER),
        kind: DatabaseKind::Cluster,
        mode: Some(Text::from("provisioned")),
        class: Some(Text::from("db.t3.medium")),
        makes_instances: false,
        subnet_group: Some(Text::from("rtech-private")),
        security_groups: vec![Text::from("sg-mongodb")],
    }
}

/// A copy that was asked for.
struct Made<'a> {
    at: f64,
    id: &'a str,
    kind: DatabaseKind,
    mark: &'a str,
}

/// The copies that were asked for so far.
fn made(seconds: f64, mutations: &[Mutation]) -> impl Iterator<Item = Made<'_>> {
    let so_far = mutations.iter().filter(move |mutation| mutation.at <= seconds);
    so_far.filter_map(|mutation| match &mutation.change {
        Mutated::Copied { copy, instance, mark } => {
            let kind = if *instance { DatabaseKind::Instance } else { DatabaseKind::Cluster };
            Some(Made { at: mutation.at, id: copy, kind, mark })
        }
        _ => None,
    })
}

impl Made<'_> {
    /// When its removal was asked for.
    fn removed(&self, seconds: f64, mutations: &[Mutation]) -> Option<f64> {
        let is_removal = |one: &&Mutation| matches!(&one.change, Mutated::Uncopied(copy) if copy == self.id);
        mutations.iter().find(|one| is_removal(one) && (self.at..=seconds).contains(&one.at)).map(|one| one.at)
    }

    /// How it stands; `None` once it is gone.
    fn copy(&self, seconds: f64, mutations: &[Mutation]) -> Option<RestoredCopy> {
        let takes = if self.kind == DatabaseKind::Cluster { RESTORED } else { STARTED };
        let status = match self.removed(seconds, mutations) {
            Some(at) if seconds >= at + GONE => return None,
            Some(_) => "deleting",
            None if seconds >= self.at + takes => "available",
            None => "creating",
        };
        Some(RestoredCopy {
            id: Text::clean(self.id),
            kind: self.kind,
            status: Text::from(status),
            engine: Text::from(ENGINE),
            version: Text::from(VERSION),
            storage_gib: None,
            public: (self.kind == DatabaseKind::Instance).then_some(false),
            made_by: Some(Text::clean(self.mark)),
            reached: None,
        })
    }
}

/// How a copy stands, if it is there.
pub(super) fn copy(id: &str, kind: DatabaseKind, seconds: f64, mutations: &[Mutation]) -> Option<RestoredCopy> {
    let asked = made(seconds, mutations).filter(|one| one.id == id && one.kind == kind);
    asked.filter_map(|one| one.copy(seconds, mutations)).last()
}
