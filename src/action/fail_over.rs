//! `fail_over`: make a named reader of a cluster its writer, or move a single Multi-AZ instance to its standby.
//!
//! The target of a cluster's failover is always named: `FailoverDBCluster` has no idempotency token, and with the target a
//! repeat finds it the writer already, where without one it would fail back.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverDBCluster.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::act::whose;
use super::database::{self, AVAILABLE};
use super::{
    Act, Action, ActionSpec, ArgumentSpec, Call, Change, Draft, Effect, PlanFailure, Scene, Sight, Stage, Step, Undo,
};
use crate::config::{Config, DatabaseId, DatabasePlace};
use crate::source::{Database, Look, Member, MemberRole, Name, Observation};
use crate::text::Text;

/// What it means for those who use the database.
const IRREVERSIBLE: &str =
    "irreversible: writes not yet replicated may be lost; connections drop, typically for under 35 s";

const WRITE: &str = "write `fail_over SERVICE to=INSTANCE`, or `fail_over SERVICE reboot=true` for a Multi-AZ instance";

/// Make another instance of a database the one that takes the writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailOver {
    /// The service.
    pub service: Name,
    /// The reader of the cluster that becomes the writer; `None`: a single Multi-AZ instance is rebooted to its standby.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Name>,
}

impl FailOver {
    /// The row of [`ACTIONS`](super::ACTIONS).
    pub const SPEC: ActionSpec = ActionSpec {
        name: "fail_over",
        summary: "make a named reader of a database cluster its writer; irreversible",
        arguments: &[
            ArgumentSpec { name: "to", summary: "the instance of the cluster that becomes the writer" },
            ArgumentSpec {
                name: "reboot",
                summary: "`true` instead of `to`: a single Multi-AZ instance moves to its standby",
            },
        ],
        targets: database::targets,
        parse,
    };

    /// To a named reader of a cluster.
    fn promote(
        &self,
        to: &Name,
        found: &Observation,
        (place, config): (&DatabasePlace, &Config),
    ) -> Result<Draft, PlanFailure> {
        let DatabaseId::Cluster(cluster) = &place.id else { return Err(self.not_a_cluster()) };
        let database = database::read(found)?;
        let writer = self.replaced(to, database)?;
        let lag = database::lag(&self.service, to, found, config);
        let lag = lag.map_or("not known".to_owned(), |(lag, by)| format!("{} ({by})", spoken(lag)));
        let call = Call::RdsFailOver { cluster: cluster.clone(), to: to.to_string(), place: place.place.clone() };
        Ok(Draft {
            target_id: database::arn("cluster", cluster, found.identity.as_ref())?,
            changes: vec![
                Change::new("writer", &writer.id, to),
                same("replica lag", &lag),
                same("newest restore point", &restorable(database, found)),
                Change::new(
                    "writes not yet replicated",
                    &format!("on {} alone", writer.id),
                    "may be lost: irreversible",
                ),
                Change::new("connections to the writer", "open", "dropped, typically for under 35 s"),
                same("cluster", &format!("{} {}, {}", database.engine, database.version, database.status)),
            ],
            steps: vec![Step::new(format!("make {to} the writer of {cluster}; {IRREVERSIBLE}"), call)],
            undo: Undo::Action {
                action: Action::FailOver(Self { to: Some(Name::from(writer.id.as_str())), ..self.clone() }),
            },
            cost: Some(format!("no charge; {IRREVERSIBLE}")),
            gated: true,
            ..Draft::default()
        })
    }

    /// The writer that would be replaced, if the named one can become it.
    fn replaced<'a>(&self, to: &Name, database: &'a Database) -> Result<&'a Member, PlanFailure> {
        if database.engine.as_str() == "mysql" {
            return Err(PlanFailure::new(
                &format!(
                    "`{}` is a Multi-AZ cluster of RDS for MySQL, whose failover can't be given a target",
                    self.service
                ),
                "fail it over in the console of RDS: without a target a repeat would fail back",
            ));
        }
        let readers: Vec<_> = database.members.iter().filter(|member| member.role == MemberRole::Reader).collect();
        let readers = readers.iter().map(|member| member.id.as_str()).collect::<Vec<_>>().join(", ");
        let hint =
            if readers.is_empty() { "it has no reader".to_owned() } else { format!("its readers are: {readers}") };
        let Some(target) = database::member(database, to) else {
            return Err(PlanFailure::new(&format!("`{}` has no instance `{to}`", database.id), &hint));
        };
        if target.role == MemberRole::Writer {
            let reason = format!("nothing would change: `{to}` is the writer of `{}` already", database.id);
            return Err(PlanFailure::new(&reason, &hint));
        }
        database::writer(database).ok_or_else(|| {
            PlanFailure::new(&format!("`{}` has no writer now", database.id), "wait until it has one, and plan again")
        })
    }

    /// To the standby of a single instance.
    fn reboot(&self, found: &Observation, place: &DatabasePlace) -> Result<Draft, PlanFailure> {
        let DatabaseId::Instance(instance) = &place.id else {
            let reason = format!("`{}` is a cluster: its new writer must be named", self.service);
            return Err(PlanFailure::new(&reason, WRITE));
        };
        let database = database::read(found)?;
        let Some((from, to)) = zones(database) else {
            let reason =
                format!("`{instance}` has no standby in another zone that is known: a reboot would not fail over");
            return Err(PlanFailure::new(&reason, "only a Multi-AZ instance can be failed over so"));
        };
        let call = Call::RdsRebootWithFailover { instance: instance.clone(), place: place.place.clone() };
        Ok(Draft {
            target_id: database::arn("db", instance, found.identity.as_ref())?,
            changes: vec![
                Change::new("zone of the writer", &from, &to),
                same("replica lag", "none: the standby has every write that was answered"),
                same("newest restore point", &restorable(database, found)),
                Change::new("open transactions", "under way", "lost: irreversible"),
                Change::new("connections", "open", "dropped, typically for one to two minutes"),
                same("instance", &format!("{} {}, {}", database.engine, database.version, database.status)),
            ],
            steps: vec![Step::new(
                format!(
                    "reboot {instance} with failover to {to}; irreversible: connections drop, open transactions are lost"
                ),
                call,
            )],
            undo: Undo::Action { action: Action::FailOver(self.clone()) },
            cost: Some("no charge; connections drop and open transactions are lost".to_owned()),
            gated: true,
            ..Draft::default()
        })
    }

    fn not_a_cluster(&self) -> PlanFailure {
        let reason = format!("`{}` is a single instance: it has no reader that could be named", self.service);
        PlanFailure::new(&reason, &format!("write `fail_over {} reboot=true`, if it is Multi-AZ", self.service))
    }
}

fn same(what: &str, value: &str) -> Change {
    Change::new(what, value, value)
}

fn spoken(lag: std::time::Duration) -> String {
    format!("{:.3} s", lag.as_secs_f64())
}

/// The newest moment that can be restored to, and how long ago that is.
fn restorable(database: &Database, found: &Observation) -> String {
    database.latest_restorable.map_or("none is known".to_owned(), |at| {
        let age = found.taken.duration_since(at).as_secs();
        format!("{at:.0}, {age} s before this was read")
    })
}

/// The zones of a single instance and of its standby, if both are known and differ.
fn zones(database: &Database) -> Option<(Text, Text)> {
    let zone = |role| database.members.iter().find(|member| member.role == role)?.zone.clone();
    let (own, standby) = (zone(MemberRole::Writer)?, zone(MemberRole::Standby)?);
    (own != standby).then_some((own, standby))
}

fn parse(target: &Name, arguments: &[(String, String)]) -> Result<Action, PlanFailure> {
    let to = match arguments {
        [(key, value)] if key == "to" && !value.is_empty() => Some(Name::from(value.as_str())),
        [(key, value)] if key == "reboot" && value == "true" => None,
        [(key, value)] => {
            return Err(PlanFailure::new(&format!("fail_over does not understand `{key}={value}`"), WRITE));
        }
        _ => return Err(PlanFailure::new("fail_over takes exactly one argument, to or reboot", WRITE)),
    };
    Ok(Action::FailOver(FailOver { service: target.clone(), to }))
}

impl Act for FailOver {
    fn target(&self) -> &Name {
        &self.service
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        vec![self.to.as_ref().map_or(("reboot", "true".to_owned()), |to| ("to", to.to_string()))]
    }

    fn look(&self, config: &Config) -> Result<Look, PlanFailure> {
        database::look(&self.service, self.to.as_ref(), config)
    }

    fn draft(&self, found: &Observation, config: &Config) -> Result<Draft, PlanFailure> {
        let (_, place) = database::place(&self.service, config)?;
        match &self.to {
            Some(to) => self.promote(to, found, (place, config)),
            None => self.reboot(found, place),
        }
    }

    fn facts(&self, found: &Observation) -> BTreeMap<String, String> {
        let mut facts = whose(found);
        let mut fact = |key: &str, value: String| facts.insert(key.to_owned(), value);
        if let Some(database) = &found.database {
            let writer = database::writer(database);
            fact("database", database.id.to_string());
            fact("status", database.status.to_string());
            fact("writer", writer.map_or("none".to_owned(), |writer| writer.id.to_string()));
            let zone = writer.and_then(|writer| writer.zone.as_ref());
            fact("zone of the writer", zone.map_or("not known".to_owned(), ToString::to_string));
            let target = self.to.as_ref().and_then(|to| database::member(database, to));
            fact("target", target.map_or("none".to_owned(), |target| format!("{:?}, {}", target.role, target.status)));
        }
        facts
    }

    fn sight(&self, scene: &Scene<'_>, found: &Observation) -> Sight {
        let (Some(database), Some(before)) = (&found.database, &scene.plan.observation.database) else {
            let words = "the database was not read".to_owned();
            return Sight { words, effect: Effect::Unclear, stage: Stage::Moving, made: None };
        };
        let (effect, stage) = match &self.to {
            Some(to) => promoted(to, before, database),
            None => moved(before, database),
        };
        Sight { words: database::standing(database), effect, stage, made: None }
    }

    fn observed(&self, found: &Observation) -> String {
        found.database.as_ref().map_or("no database".to_owned(), database::standing)
    }
}

/// Whether the named one is the writer, and the cluster and it are available.
fn promoted(to: &Name, before: &Database, now: &Database) -> (Effect, Stage) {
    let quiet = now.status.as_str() == AVAILABLE;
    match database::writer(now) {
        Some(writer) if writer.id.as_str() == to.as_str() => {
            let steady = quiet && writer.status.as_str() == AVAILABLE;
            (Effect::Shows, if steady { Stage::Steady } else { Stage::Moving })
        }
        Some(writer) if database::writer(before).is_some_and(|old| old.id == writer.id) => {
            (if quiet { Effect::AsBefore } else { Effect::Unclear }, Stage::Moving)
        }
        Some(writer) => {
            let reason = format!("{} became the writer, not {to}: look before anything else is done", writer.id);
            (Effect::Unclear, Stage::Elsewhere(reason))
        }
        None => (Effect::Unclear, Stage::Moving),
    }
}

/// Whether the instance runs in the zone that its standby was in.
fn moved(before: &Database, now: &Database) -> (Effect, Stage) {
    let quiet = now.status.as_str() == AVAILABLE;
    let own = database::writer(now).and_then(|writer| writer.zone.clone());
    match (zones(before), own) {
        (Some((_, to)), Some(own)) if own == to => (Effect::Shows, if quiet { Stage::Steady } else { Stage::Moving }),
        (Some((from, _)), Some(own)) if own == from && quiet => (Effect::AsBefore, Stage::Moving),
        _ => (Effect::Unclear, Stage::Moving),
    }
}
