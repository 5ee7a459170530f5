//! The simulated fleet's database and cache, as their platform would tell of them.

use jiff::Timestamp;

use super::log::{Mutated, Mutation};
use super::measure::moment;
use crate::source::{Database, Member, MemberRole, Name, PendingMaintenance};
use crate::text::Text;

/// How far the newest restorable moment lies behind, in seconds: continuous backup goes on every few minutes.
const RESTORABLE_EVERY: f64 = 300.0;

/// The cluster of databases that the fleet has.
pub const CLUSTER: &str = "rtech-mongodb";

/// Its instances, the first writer first.
pub const INSTANCES: [&str; 2] = ["rtech-mongodb-1", "rtech-mongodb-2"];

/// How long after a failover was asked for the writer changes, and how long until all is available, in seconds.
const PROMOTED: f64 = 4.0;
const RECOVERED: f64 = 10.0;

/// The database that a service is, `seconds` after the beginning; `None` where it is none.
pub fn database(service: &str, began: Timestamp, seconds: f64, mutations: &[Mutation]) -> Option<Database> {
    match service {
        CLUSTER => Some(failed_over(mongodb(began, seconds), &failovers(mutations), seconds)),
        "rtech-redis" => Some(redis()),
        _ => None,
    }
}

fn mongodb(began: Timestamp, seconds: f64) -> Database {
    let restorable = (seconds / RESTORABLE_EVERY).floor() * RESTORABLE_EVERY - 60.0;
    Database {
        id: Text::from("rtech-mongodb"),
        engine: Text::from("docdb"),
        version: Text::from("5.0.0"),
        status: Text::from("available"),
        multi_az: true,
        encrypted: Some(true),
        backup_retention_days: Some(7),
        backup_window: Some(Text::from("03:00-04:00")),
        maintenance_window: Some(Text::from("sun:04:00-sun:05:00")),
        latest_restorable: Some(moment(began, restorable)),
        members: vec![
            member("rtech-mongodb-1", MemberRole::Writer, "db.t3.medium", "us-east-1a", Some(1)),
            member("rtech-mongodb-2", MemberRole::Reader, "db.t3.medium", "us-east-1b", Some(1)),
        ],
        pending: vec![PendingMaintenance {
            resource: Text::from("rtech-mongodb-1"),
            action: Text::from("system-update"),
            description: Text::from("New Operating System update is available"),
            forced: None,
            applied_on: Some(moment(began, 4.0 * 86_400.0)),
        }],
        missing: Vec::new(),
    }
}

/// When failovers were asked for, and to which instance.
fn failovers(mutations: &[Mutation]) -> Vec<(f64, Name)> {
    let of_ours = mutations.iter().filter(|mutation| mutation.service == *CLUSTER);
    let failovers = of_ours.filter_map(|mutation| match &mutation.change {
        Mutated::FailedOver(to) => Some((mutation.at, to.clone())),
        _ => None,
    });
    failovers.collect()
}

/// The database after its failovers: a while nobody knows of a new writer, then the roles change.
fn failed_over(mut database: Database, failovers: &[(f64, Name)], seconds: f64) -> Database {
    let so_far = || failovers.iter().rev().filter(|(at, _)| *at <= seconds);
    let writer = so_far().find(|(at, _)| seconds >= at + PROMOTED).map(|(_, to)| to.as_str());
    let moving = so_far().next().is_some_and(|(at, _)| seconds < at + RECOVERED);
    for member in &mut database.members {
        let writes = writer.map_or(member.role == MemberRole::Writer, |writer| member.id.as_str() == writer);
        member.role = if writes { MemberRole::Writer } else { MemberRole::Reader };
        if moving {
            member.status = Text::from(if writes { "available" } else { "rebooting" });
        }
    }
    database.members.sort_by_key(|member| member.role);
    if moving {
        database.status = Text::from("failing-over");
    }
    database
}

fn redis() -> Database {
    Database {
        id: Text::from("rtech-redis"),
        engine: Text::from("redis"),
        version: Text::from("7.0.7"),
        status: Text::from("available"),
        multi_az: false,
        encrypted: Some(true),
        backup_retention_days: Some(1),
        backup_window: Some(Text::from("05:00-06:00")),
        maintenance_window: Some(Text::from("mon:02:00-mon:03:00")),
        latest_restorable: None,
        members: vec![
            member("rtech-redis-001", MemberRole::Writer, "cache.t3.small", "us-east-1a", None),
            member("rtech-redis-002", MemberRole::Reader, "cache.t3.small", "us-east-1b", None),
        ],
        pending: Vec::new(),
        missing: Vec::new(),
    }
}

fn member(id: &str, role: MemberRole, class: &str, zone: &str, promotion_tier: Option<u32>) -> Member {
    Member {
        id: Text::from(id),
        role,
        status: Text::from("available"),
        class: Text::from(class),
        zone: Some(Text::from(zone)),
        promotion_tier,
        pending: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Now;

    #[test]
    fn a_failover_changes_the_writer_after_a_while_and_is_over_after_another() {
        let began = Now::fixed(0).wall;
        let asked = [Mutation { at: 100.0, service: CLUSTER.into(), change: Mutated::FailedOver(INSTANCES[1].into()) }];
        let at = |seconds| {
            let database = database(CLUSTER, began, seconds, &asked).unwrap();
            (database.status.to_string(), database.members[0].id.to_string())
        };
        let told = |status: &str, writer: usize| (status.to_owned(), INSTANCES[writer].to_owned());
        assert_eq!(at(99.0), told("available", 0));
        assert_eq!(at(101.0), told("failing-over", 0));
        assert_eq!(at(105.0), told("failing-over", 1));
        assert_eq!(at(111.0), told("available", 1));
    }
}
