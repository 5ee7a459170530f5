//! What each call does to the made-up backend, at once and between two looks. One function a kind of call.

use quarterdeck::action::invalidate_cdn::caller_reference;
use quarterdeck::action::{Call, CopyChange, Plan};
use quarterdeck::clock::Now;
use quarterdeck::executor::target::ApplyError;
use quarterdeck::source::{
    self, BackupJob, CopyKind, Deployment, Invalidation, JobKind, JobOutcome, Member, MemberRole, Observation,
    RecoveryPoint, Releases, Rollout, Silence, SilenceState, Workload,
};

use crate::runs::backups;
use crate::runs::fixture::{deployment, workload};
use crate::runs::restores;
use crate::runs::stage;

/// The end of an image's name whose tasks don't start.
pub(crate) const BAD: &str = ":bad";

/// A call that takes effect.
pub(crate) struct Sent<'a> {
    pub(crate) call: &'a Call,
    pub(crate) plan: &'a Plan,
    /// Tells one call from another.
    pub(crate) nth: usize,
    pub(crate) now: Now,
}

/// What a call made, if anything, or why there is nothing that it could change.
type Effect = Result<Option<String>, ApplyError>;

/// What a call does to its target.
pub(crate) fn take_effect(sent: &Sent<'_>, truth: &mut Observation) -> Effect {
    match sent.call {
        Call::EcsSetDesiredCount { .. }
        | Call::EcsForceNewDeployment { .. }
        | Call::EcsRegisterRevision { .. }
        | Call::EcsDeployRevision { .. }
        | Call::EcsStopServiceDeployment { .. }
        | Call::EcsStopTask { .. } => on_service(sent, truth),
        Call::RdsFailOver { .. } | Call::RdsRebootWithFailover { .. } => fail_over(sent.call, truth),
        Call::CloudFrontInvalidate { paths, .. } => invalidate(sent, paths, truth),
        Call::CloudflarePurge { .. } => Ok(Some(format!("purge-{}", sent.nth))),
        Call::AlertmanagerSilence { .. } | Call::AlertmanagerExpire { .. } => hold_back(sent, truth),
        Call::BackupStart { .. } => back_up(format!("job-{}", sent.nth), sent, truth),
        Call::RdsClusterSnapshot { snapshot, .. } | Call::RdsInstanceSnapshot { snapshot, .. } => {
            back_up(snapshot.clone(), sent, truth)
        }
        Call::RdsExport { task, .. } => export(&task.task, sent, truth),
        Call::RdsCopy { change, .. } => copied(change, truth),
        Call::DeclaredRequest { .. } | Call::DeclaredCommand { .. } => declared(truth),
        // Registered anew, a target would need its bounds.
        Call::ScalingSetSuspended { .. } if truth.scaling.as_ref().is_none_or(|scaling| scaling.target.is_none()) => {
            no_such("scalable target")
        }
        call if stage::set(call, truth) => Ok(None),
        _ => no_such("call that this backend knows"),
    }
}

fn no_such(what: &str) -> Effect {
    Err(ApplyError::Rejected(format!("there is no {what}").as_str().into()))
}

/// What a call about a restored copy does; RDS refuses what is there, and what is not there.
fn copied(change: &CopyChange, truth: &mut Observation) -> Effect {
    let Some(restore) = truth.restore.as_mut() else { return no_such("database") };
    let is = |copy: &source::RestoredCopy| copy.kind == change.kind() && copy.id.as_str() == change.copy();
    let there = restore.copies.iter_mut().find(|copy| is(copy));
    match (change.removes(), there) {
        (None, None) => {
            restore.copies.push(restores::copy(change, "creating"));
            Ok(Some(change.copy().to_owned()))
        }
        (Some(_), Some(copy)) => {
            copy.status = "deleting".into();
            Ok(None)
        }
        _ => no_such("copy, or there is one already"),
    }
}

fn on_service(sent: &Sent<'_>, truth: &mut Observation) -> Effect {
    let (Some(found), nth) = (truth.workload.as_mut(), sent.nth) else { return no_such("service") };
    match sent.call {
        Call::EcsSetDesiredCount { desired, .. } => {
            found.desired = *desired;
            found.deployments[0].desired = *desired;
        }
        Call::EcsForceNewDeployment { .. } => begin_rollout(found, nth),
        Call::EcsStopTask { task, .. } => {
            let Some(one) = found.tasks.iter_mut().find(|one| one.id.as_str() == task) else {
                return no_such("task of that name");
            };
            one.id = format!("task-after-{nth}").as_str().into();
        }
        call => {
            let Some(releases) = truth.releases.as_mut() else { return no_such("history") };
            return release(call, found, releases, sent);
        }
    }
    Ok(None)
}

fn begin_rollout(found: &mut Workload, nth: usize) {
    let mut fresh = deployment(found.desired, 0);
    fresh.id = format!("ecs-svc/new-{nth}").into();
    fresh.task_definition = found.task_definition.clone();
    fresh.rollout = Rollout::InProgress;
    found.deployments.insert(0, fresh);
}

fn release(call: &Call, found: &mut Workload, releases: &mut Releases, sent: &Sent<'_>) -> Effect {
    match call {
        Call::EcsRegisterRevision { base, container, image, .. } => register(releases, base, container, image),
        Call::EcsDeployRevision { revision: Some(revision), .. } => {
            found.task_definition = revision.as_str().into();
            begin_rollout(found, sent.nth);
            let mut fresh = crate::deploys::bench::deployment(0, "IN_PROGRESS", 0);
            (fresh.id, fresh.task_definition) =
                (format!("new-{}", sent.nth).as_str().into(), Some(revision.as_str().into()));
            (fresh.created, fresh.started) = (Some(sent.now.wall), Some(sent.now.wall));
            releases.deployments.insert(0, fresh);
            Ok(None)
        }
        Call::EcsStopServiceDeployment { deployment, rollback, .. } => {
            let named = |id: &str| deployment.rsplit('/').next() == Some(id);
            let Some(one) = releases.deployments.iter_mut().find(|one| named(&one.id)) else {
                return no_such("deployment of that name");
            };
            one.status = if *rollback { "ROLLBACK_IN_PROGRESS" } else { "STOPPED" }.into();
            Ok(None)
        }
        _ => no_such("call of this part of the backend"),
    }
}

fn register(releases: &mut Releases, base: &str, container: &str, image: &str) -> Effect {
    let Some(base) = releases.revisions.iter().find(|one| one.id.as_str() == base).cloned() else {
        return no_such("revision of that name");
    };
    let mut fresh = base;
    let newest = releases.revisions[0].id.rsplit_once(':').and_then(|(_, number)| number.parse::<u32>().ok());
    let id = format!("rtech-app:{}", newest.unwrap_or_default() + 1);
    fresh.id = id.as_str().into();
    let replaced = fresh.images.iter_mut().filter(|one| one.container.as_str() == container);
    replaced.for_each(|one| one.reference = image.into());
    releases.revisions.insert(0, fresh);
    Ok(Some(id))
}

fn fail_over(call: &Call, truth: &mut Observation) -> Effect {
    let Some(database) = truth.database.as_mut() else { return no_such("database") };
    let (writes, stands_by) = (MemberRole::Writer, |one: &Member| one.role == MemberRole::Standby);
    database.status = "failing-over".into();
    if let Call::RdsFailOver { to, .. } = call {
        for one in &mut database.members {
            one.role = if one.id.as_str() == to { writes } else { MemberRole::Reader };
        }
        return Ok(None);
    }
    let zone = |found: Option<&Member>| found.and_then(|one| one.zone.clone());
    let zones = (zone(database.members.iter().find(|one| stands_by(one))), zone(database.members.first()));
    for one in &mut database.members {
        one.zone = if one.role == writes { zones.0.clone() } else { zones.1.clone() };
    }
    Ok(None)
}

/// The same CallerReference is the same invalidation, as CloudFront has it.
fn invalidate(sent: &Sent<'_>, paths: &[String], truth: &mut Observation) -> Effect {
    let Some(cdn) = truth.cdn.as_mut() else { return no_such("network") };
    let id = format!("I{}", sent.nth);
    cdn.invalidations.insert(
        0,
        Invalidation {
            id: id.as_str().into(),
            status: "InProgress".into(),
            created: Some(sent.now.wall),
            paths: paths.iter().map(|path| path.as_str().into()).collect(),
            reference: Some(caller_reference(&sent.plan.digest()).as_str().into()),
        },
    );
    Ok(Some(id))
}

fn hold_back(sent: &Sent<'_>, truth: &mut Observation) -> Effect {
    let Some(silences) = truth.silences.as_mut() else { return no_such("Alertmanager") };
    match sent.call {
        Call::AlertmanagerSilence { matchers, starts, ends, comment, .. } => {
            let id = format!("s-{}", sent.nth + 1);
            silences.silences.push(Silence {
                id: id.as_str().into(),
                state: SilenceState::Active,
                matchers: matchers.iter().map(|one| one.to_string().as_str().into()).collect(),
                starts: *starts,
                ends: *ends,
                created_by: "ada".into(),
                comment: comment.as_str().into(),
            });
            Ok(Some(id))
        }
        Call::AlertmanagerExpire { id, .. } => {
            let ended = silences.silences.iter_mut().find(|one| one.id.as_str() == id);
            let Some(ended) = ended else { return no_such("silence of that name") };
            ended.state = SilenceState::Expired;
            Ok(None)
        }
        _ => no_such("call of this part of the backend"),
    }
}

fn back_up(id: String, sent: &Sent<'_>, truth: &mut Observation) -> Effect {
    let Some(protection) = truth.protection.as_mut() else { return no_such("protected thing") };
    let state = if matches!(sent.call, Call::BackupStart { .. }) { "RUNNING" } else { "creating" };
    let job = backups::job(&id, state, JobOutcome::Running, 0);
    protection.jobs.push(BackupJob { created: sent.now.wall, ..job });
    Ok(Some(id))
}

/// The same identifier is the same export, as RDS has it.
fn export(id: &str, sent: &Sent<'_>, truth: &mut Observation) -> Effect {
    let Some(protection) = truth.protection.as_mut() else { return no_such("protected thing") };
    if !protection.jobs.iter().any(|job| job.kind == JobKind::Export && job.id.as_str() == id) {
        let job = backups::job(id, "STARTING", JobOutcome::Running, 0);
        protection.jobs.push(BackupJob { kind: JobKind::Export, created: sent.now.wall, ..job });
    }
    Ok(Some(id.to_owned()))
}

fn declared(truth: &mut Observation) -> Effect {
    let Some(seen) = truth.declared.as_mut() else { return no_such("declared action") };
    seen.read_back.iter_mut().for_each(|back| back.value = "false".into());
    Ok(Some("HTTP 200".to_owned()))
}

/// What moves by itself between two looks: tasks come and go, what is under way gets on and ends.
pub(crate) fn move_on(truth: &mut Observation) {
    let bad = sick_revisions(truth);
    if let Some(found) = truth.workload.as_mut() {
        roll(found, &bad);
        if let Some(releases) = truth.releases.as_mut() {
            end_deployments(found, releases);
        }
    }
    if let Some(database) = truth.database.as_mut() {
        database.status = "available".into();
    }
    if let Some(cdn) = truth.cdn.as_mut() {
        cdn.invalidations.iter_mut().for_each(|one| one.status = "Completed".into());
    }
    if let Some(restore) = truth.restore.as_mut() {
        restore.copies.retain(|copy| copy.status.as_str() != "deleting");
        restore.copies.iter_mut().for_each(|copy| copy.status = "available".into());
    }
    finish_backups(truth);
}

fn sick_revisions(truth: &Observation) -> Vec<String> {
    let revisions = truth.releases.iter().flat_map(|releases| &releases.revisions);
    let sick = revisions.filter(|one| one.images.iter().any(|image| image.reference.ends_with(BAD)));
    sick.map(|one| one.id.to_string()).collect()
}

fn roll(found: &mut Workload, bad: &[String]) {
    let (desired, running) = (found.desired, found.running);
    let next = if running < desired { running + 1 } else { running.min(desired.max(running.saturating_sub(1))) };
    let healthy = found.tasks.iter().all(|task| task.health.as_str() == "HEALTHY");
    if next != running || (healthy && found.tasks.len() != next as usize) {
        found.tasks = workload(desired, next).tasks;
    }
    (found.running, found.pending) = (next, desired.saturating_sub(next));
    if found.deployments.len() > 1 {
        let fresh = &mut found.deployments[0];
        if bad.iter().any(|one| one == fresh.task_definition.as_str()) {
            fresh.failed += 1;
            return;
        }
        fresh.running = (fresh.running + 1).min(desired);
        if fresh.running == desired && fresh.id.contains("new") {
            fresh.rollout = Rollout::Completed;
            found.deployments.truncate(1);
        }
    }
}

/// A rollout that is over is told so; one that is rolled back leaves what was before.
fn end_deployments(found: &mut Workload, releases: &mut Releases) {
    let steady = found.deployments.len() == 1;
    for one in &mut releases.deployments {
        match one.status.as_str() {
            "IN_PROGRESS" if steady => one.status = "SUCCESSFUL".into(),
            "ROLLBACK_IN_PROGRESS" => {
                one.status = "ROLLBACK_SUCCESSFUL".into();
                keep_oldest(&mut found.deployments);
                found.task_definition = found.deployments[0].task_definition.clone();
            }
            _ => {}
        }
    }
}

fn keep_oldest(deployments: &mut Vec<Deployment>) {
    let newer = deployments.len().saturating_sub(1);
    deployments.drain(..newer);
}

fn finish_backups(truth: &mut Observation) {
    let Some(protection) = truth.protection.as_mut() else { return };
    for job in protection.jobs.iter_mut().filter(|job| job.outcome == JobOutcome::Running) {
        let kind = match (job.kind, job.state.as_str()) {
            (JobKind::Export, _) => CopyKind::Export,
            (_, "RUNNING") => CopyKind::AwsBackup,
            _ => CopyKind::Snapshot,
        };
        (job.state, job.outcome) = ("COMPLETED".into(), JobOutcome::Completed);
        let point = backups::point(&format!("of-{}", job.id), kind, 0);
        let id = if kind == CopyKind::Snapshot { job.id.clone() } else { point.id.clone() };
        if let (CopyKind::Snapshot, Some(newest)) = (kind, protection.exportable.as_mut()) {
            let arn = backups::SNAPSHOT.replace("rds:s1", &id);
            (newest.id, newest.arn, newest.cut) = (id.clone(), arn.as_str().into(), job.created);
        }
        protection.points.push(RecoveryPoint { id, cut: job.created, ..point });
    }
}
