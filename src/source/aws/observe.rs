//! Everything on AWS that a plan rests on, fresh, in one go.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;

use super::{Connection, Connections, cloudwatch, ecs, identity, needs, releases, restore, scaling};
use crate::clock::Now;
use crate::config::{Config, EcsService};
use crate::source::{
    Alert, Ask, Candidate, Identity, Look, Name, Needs, Observation, Payload, Reading, Restore, Scaling, SharedSource,
    Source, SourceError, SourceErrorKind, Subject, Workload, poll,
};

/// The longest that an observation may take.
const DEADLINE: Duration = Duration::from_secs(15);

/// Readings that wait between a source and the observation.
const READINGS: usize = 64;

/// Reads identity, and what the look asks for on AWS, all at the same time. All or an error that names the part which could
/// not be read: what is not known is never taken for fine. The alarms that fire are the exception: they are `None` where
/// they could not be read, for the guards to judge. They are CloudWatch's only.
///
/// Used for planning, and again by the executor immediately before each mutating call. Nothing is taken from an earlier
/// answer: all readers are new.
pub async fn observe(
    connections: &Connections,
    config: &Config,
    look: &Look,
    now: Now,
) -> Result<Observation, SourceError> {
    let connection = connections.exactly(look.place.as_ref()).ok_or_else(|| no_place(look))?;
    let found = read(connections, connection, config, look, now).await;
    // Asked after the reads, which may have loaded other credentials.
    match if look.is_back { renewed(connection).await? } else { None } {
        None => found,
        Some(identity) => found.map_err(|error| read_by(error, &identity)).map(|seen| seen.by(identity)),
    }
}

async fn read(
    connections: &Connections,
    connection: &Connection,
    config: &Config,
    look: &Look,
    now: Now,
) -> Result<Observation, SourceError> {
    let others = others(connections, config, look);
    // On the heap: all of them together are too large for a thread's stack.
    let (who, workload, scaling, candidate, restore, firing, others) = tokio::join!(
        who(connection, look).boxed(),
        workload(connection, config, look).boxed(),
        scaling(connection, config, look, now).boxed(),
        candidate(connection, config, look).boxed(),
        restore(connection, config, look).boxed(),
        firing(connection, config, look).boxed(),
        futures_util::future::try_join_all(others.iter().map(|source| fresh(&**source, &look.subjects, now))),
    );
    let seen = Observation { identity: who?, ..Observation::at(now.wall) };
    let mut seen = seen.with_alerts(firing.as_deref());
    for payload in others?.into_iter().flatten() {
        seen.keep(payload);
    }
    let seen = Observation { workload: workload?, scaling: scaling?, candidate: candidate?, restore: restore?, ..seen };
    Ok(Observation { needs: needs(connection, look, &seen).boxed().await, ..seen })
}

/// Whose credentials they are; where a call is read back, see [`renewed`].
async fn who(connection: &Connection, look: &Look) -> Result<Option<Identity>, SourceError> {
    if look.is_back { Ok(None) } else { identified(connection).await.map(Some) }
}

/// Whose credentials these are by now, where others are in use than STS was asked about: those that expired while a call was read
/// back may have been renewed by a login to another account, where a service of the same name tells nothing of this one.
async fn renewed(connection: &Connection) -> Result<Option<Identity>, SourceError> {
    if connection.in_use().are_others() { identified(connection).await.map(Some) } else { Ok(None) }
}

/// What can't be read with other credentials may be there all the same: it is said whose they are.
fn read_by(error: SourceError, identity: &Identity) -> SourceError {
    let reason = format!("{} (read as {})", error.reason, identity.arn);
    SourceError::new(&error.source_name, error.kind, &reason)
}

async fn identified(connection: &Connection) -> Result<Identity, SourceError> {
    within("sts", async { identity::Reader::new(connection, DEADLINE).await.identity(connection).await }).await
}

/// The alarms of the target that fire; `None` where they can't be read, or a call is read back.
async fn firing(connection: &Connection, config: &Config, look: &Look) -> Option<Vec<Alert>> {
    let place = (config, look.place.as_ref());
    let asked = async { cloudwatch::firing(connection, place, &look.target, DEADLINE).await };
    if look.is_back { None } else { within("cloudwatch", asked).await.ok() }
}

/// What the revisions need that are asked for, where workload and revisions were read.
async fn needs(connection: &Connection, look: &Look, seen: &Observation) -> Option<Needs> {
    let asked = look.subjects.iter().find_map(|subject| match subject {
        Subject::Needs { revisions, .. } => Some(*revisions),
        _ => None,
    })?;
    let (workload, releases) = (seen.workload.as_ref()?, seen.releases.as_ref()?);
    Some(needs::check(connection, releases, (asked, workload)).await)
}

/// The workload, with its tasks listed anew, where it is asked for.
async fn workload(connection: &Connection, config: &Config, look: &Look) -> Result<Option<Workload>, SourceError> {
    if !look.subjects.iter().any(|subject| matches!(subject, Subject::Workload { .. })) {
        return Ok(None);
    }
    let ecs = placed(config, &look.target)?;
    within("ecs", async { ecs::Reader::new(connection, DEADLINE).await.workload(ecs).await }).await.map(Some)
}

/// The scaling, where it is asked for.
async fn scaling(
    connection: &Connection,
    config: &Config,
    look: &Look,
    now: Now,
) -> Result<Option<Scaling>, SourceError> {
    if !look.subjects.iter().any(|subject| matches!(subject, Subject::Scaling { .. })) {
        return Ok(None);
    }
    let ecs = placed(config, &look.target)?;
    within("autoscaling", async { scaling::Reader::new(connection, DEADLINE).await.scaling(ecs, now.wall).await })
        .await
        .map(Some)
}

/// The image, where one is asked for.
async fn candidate(connection: &Connection, config: &Config, look: &Look) -> Result<Option<Candidate>, SourceError> {
    let asked = look.subjects.iter().find_map(|subject| match subject {
        Subject::Candidate { container, version, .. } => Some((container.as_deref(), version.as_str())),
        _ => None,
    });
    let Some(asked) = asked else { return Ok(None) };
    let placed = ecs::Placed { service: look.target.clone(), ecs: placed(config, &look.target)?.clone() };
    within("releases", releases::candidate(connection, &placed, asked, DEADLINE)).await.map(Some)
}

/// What a restore test rests on, where it is asked for.
async fn restore(connection: &Connection, config: &Config, look: &Look) -> Result<Option<Restore>, SourceError> {
    let asked = |subject: &Subject| matches!(subject, Subject::Restore { .. });
    let thing = config.backups.iter().find(|thing| thing.name == look.target);
    match thing.filter(|_| look.subjects.iter().any(asked)) {
        Some(thing) => within("restore", restore::restore(connection, thing, DEADLINE)).await.map(Some),
        None => Ok(None),
    }
}

/// New sources, of the target alone, for what else is asked: they have no earlier answers to give.
fn others(connections: &Connections, config: &Config, look: &Look) -> Vec<SharedSource> {
    let read_here = |subject: &Subject| {
        let of_ecs = matches!(subject, Subject::Workload { .. } | Subject::Scaling { .. });
        let of_plans = matches!(subject, Subject::Candidate { .. } | Subject::Needs { .. } | Subject::Served { .. });
        of_ecs || of_plans || matches!(subject, Subject::Restore { .. })
    };
    let wanted: Vec<&Subject> = look.subjects.iter().filter(|subject| !read_here(subject)).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let only = config.only(&look.target);
    let mut sources = super::sources(&Arc::new(connections.clone()), &only);
    sources.retain(|source| wanted.iter().any(|subject| source.subjects().contains(subject)));
    sources
}

/// One poll of a source: what it tells of these subjects, each of which it must answer if it is its own.
async fn fresh(source: &dyn Source, subjects: &[Subject], now: Now) -> Result<Vec<Payload>, SourceError> {
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<Reading>(READINGS);
    let ask = Ask { now, backfill: None };
    let mut payloads = Vec::new();
    let take = async {
        while let Some(reading) = receiver.recv().await {
            if subjects.contains(&reading.subject) {
                payloads.push(reading.outcome?);
            }
        }
        Ok(())
    };
    let poll = async move {
        poll::once(source, ask, &sender).await;
    };
    let (taken, ()) = tokio::join!(take, poll);
    taken.map(|()| payloads)
}

/// A part of the observation, which may take several calls, in time or not at all.
async fn within<T>(source: &str, part: impl Future<Output = Result<T, SourceError>>) -> Result<T, SourceError> {
    tokio::time::timeout(DEADLINE, part).await.unwrap_or_else(|_| {
        let reason = format!("observing took longer than {} s", DEADLINE.as_secs());
        Err(SourceError::new(&Name::from(source), SourceErrorKind::Timeout, &reason))
    })
}

/// Never the connection of another place: what is seen there would be of another service of the same name.
fn no_place(look: &Look) -> SourceError {
    let place = look.place.as_ref().map_or("[aws]", Name::as_str);
    let reason = format!("the configuration has no place {place}, where {} runs", look.target);
    SourceError::new(&Name::from("aws"), SourceErrorKind::Missing, &reason)
}

fn placed<'a>(config: &'a Config, service: &Name) -> Result<&'a EcsService, SourceError> {
    let found = config.service(service).and_then(|service| service.ecs.as_ref());
    found.ok_or_else(|| {
        let reason = format!("the configuration names no ECS service for {service}");
        SourceError::new(&Name::from("ecs"), SourceErrorKind::Missing, &reason)
    })
}
