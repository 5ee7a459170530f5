//! What actions on a database share: where it is, how far its replicas lag, its facts and how it stands.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{PlanFailure, workload};
use crate::config::{CloudWatchMetric, Config, DatabaseId, DatabasePlace, Query, Service};
use crate::source::{Database, Identity, Look, Member, MemberRole, Name, Observation, Subject, Unit};
use crate::text::Text;

/// The status in which a cluster, an instance or a member can be relied on.
pub(super) const AVAILABLE: &str = "available";

/// How far a replica lies behind, as CloudWatch tells it of one instance: namespace, metric, and how many of its units are a
/// second. Each engine has one of them; of the others there are no data.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html>
/// <https://docs.aws.amazon.com/documentdb/latest/developerguide/cloud_watch.html>
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html>
const LAGS: [(&str, &str, f64); 3] = [
    ("AWS/RDS", "AuroraReplicaLag", 1000.0),
    ("AWS/DocDB", "DBInstanceReplicaLag", 1000.0),
    ("AWS/RDS", "ReplicaLag", 1.0),
];

/// The services that are a database of RDS, Aurora or DocumentDB.
pub(super) fn targets(config: &Config) -> Vec<Name> {
    let ours = config.services.iter().filter(|service| service.database.as_ref().is_some_and(on_rds));
    ours.map(|service| service.name.clone()).collect()
}

fn on_rds(place: &DatabasePlace) -> bool {
    matches!(place.id, DatabaseId::Cluster(_) | DatabaseId::Instance(_))
}

/// The service and the database that it is.
pub(super) fn place<'a>(name: &Name, config: &'a Config) -> Result<(&'a Service, &'a DatabasePlace), PlanFailure> {
    let service = workload::service(name, config)?;
    let known = || targets(config).iter().map(Name::to_string).collect::<Vec<_>>().join(", ");
    match service.database.as_ref().filter(|place| on_rds(place)) {
        Some(place) => Ok((service, place)),
        None => Err(PlanFailure::new(
            &format!("service `{name}` is no database of RDS, Aurora or DocumentDB in the configuration"),
            &format!(
                "write database = {{ cluster = \"…\" }} or {{ instance = \"…\" }} there; those that are: {}",
                known()
            ),
        )),
    }
}

/// One way to ask how far a replica lies behind.
struct LagQuestion {
    name: String,
    query: Query,
    /// How many of its units are a second.
    a_second: f64,
}

/// How it is asked: the signal that the configuration names for it, else the metrics of CloudWatch.
fn lag_questions(service: &Service, place: &DatabasePlace, replica: &Name, simulated: bool) -> Vec<LagQuestion> {
    let named = place.lag.as_ref().and_then(|name| service.signals.iter().find(|signal| signal.name == *name));
    if let Some(signal) = named {
        let a_second = if signal.unit == Unit::Milliseconds { 1000.0 } else { 1.0 };
        return vec![LagQuestion { name: signal.name.to_string(), query: signal.query.clone(), a_second }];
    }
    if simulated {
        let query = Query::Simulator(format!("{}/replica_lag", service.name));
        return vec![LagQuestion { name: "replica_lag".to_owned(), query, a_second: 1.0 }];
    }
    let metric = |(namespace, metric, a_second): (&str, &str, f64)| LagQuestion {
        name: metric.to_owned(),
        query: Query::CloudWatch(CloudWatchMetric {
            namespace: namespace.to_owned(),
            metric: metric.to_owned(),
            dimensions: BTreeMap::from([("DBInstanceIdentifier".to_owned(), replica.to_string())]),
            statistic: "Maximum".to_owned(),
            period: 60,
            place: place.place.clone(),
        }),
        a_second,
    };
    LAGS.map(metric).into()
}

/// The database, and how far the replica lies behind.
pub(super) fn look(name: &Name, replica: Option<&Name>, config: &Config) -> Result<Look, PlanFailure> {
    let (service, place) = self::place(name, config)?;
    let mut look = Look::of(name, place.place.as_ref(), Subject::Database { service: name.clone() });
    if let Some(replica) = replica {
        let asked = lag_questions(service, place, replica, config.simulator.is_some());
        look.questions = asked.into_iter().map(|question| (question.name, question.query)).collect();
    }
    Ok(look)
}

/// How far the replica lies behind, and who says so. Of several answers the worst; `None` where there is none that is a time.
pub(super) fn lag(name: &Name, replica: &Name, found: &Observation, config: &Config) -> Option<(Duration, String)> {
    let (service, place) = self::place(name, config).ok()?;
    let asked = lag_questions(service, place, replica, config.simulator.is_some());
    let told = asked.into_iter().filter_map(|question| {
        let value = found.answers.get(&question.name)?.finite()?;
        Some((Duration::try_from_secs_f64(value / question.a_second).ok()?, question.name))
    });
    told.max_by_key(|(lag, _)| *lag)
}

/// What was read of the database.
pub(super) fn read(found: &Observation) -> Result<&Database, PlanFailure> {
    let missing = || PlanFailure::new("the database was not read", "make the plan again");
    found.database.as_ref().ok_or_else(missing)
}

/// The one that takes the writes.
pub(super) fn writer(database: &Database) -> Option<&Member> {
    database.members.iter().find(|member| member.role == MemberRole::Writer)
}

/// The member of that identifier.
pub(super) fn member<'a>(database: &'a Database, id: &str) -> Option<&'a Member> {
    database.members.iter().find(|member| member.id.as_str() == id)
}

/// The ARN of a resource of RDS in the account and region of these credentials.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.ARN.Constructing.html>
pub(super) fn arn(kind: &str, name: &str, identity: Option<&Identity>) -> Result<Text, PlanFailure> {
    let unknown = || PlanFailure::new("it is not known whose credentials these are", "make the plan again");
    let Identity { account, region, arn, .. } = identity.ok_or_else(unknown)?;
    let partition = arn.split(':').nth(1).unwrap_or("aws");
    Ok(Text::clean(&format!("arn:{partition}:rds:{region}:{account}:{kind}:{name}")))
}

/// How it stands, in words: `available, writer rtech-mongodb-1 (available, us-east-1a)`.
pub(super) fn standing(database: &Database) -> String {
    match writer(database) {
        Some(writer) => format!("{}, writer {}", database.status, described(writer)),
        None => format!("{}, no writer", database.status),
    }
}

/// A member with its status and zone.
pub(super) fn described(member: &Member) -> String {
    let zone = member.zone.as_ref().map_or(String::new(), |zone| format!(", {zone}"));
    format!("{} ({}{zone})", member.id, member.status)
}
