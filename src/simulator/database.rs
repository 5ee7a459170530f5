//! The simulated fleet's database and cache, as their platform would tell of them.

use jiff::Timestamp;

use super::measure::moment;
use crate::source::{Database, Member, MemberRole, PendingMaintenance};
use crate::text::Text;

/// How far the newest restorable moment lies behind, in seconds: continuous backup goes on every few minutes.
const RESTORABLE_EVERY: f64 = 300.0;

/// The database that a service is, `seconds` after the beginning; `None` where it is none.
pub fn database(service: &str, began: Timestamp, seconds: f64) -> Option<Database> {
    match service {
        "rtech-mongodb" => Some(mongodb(began, seconds)),
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
