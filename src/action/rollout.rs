//! What the actions that bring a revision to a service share: its revisions, the call, and what a look tells of its rollout.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::{ANY, Call, Change, Effect, PlanFailure, Scene, Sight, Stage, Step, workload};
use crate::config::{Config, EcsService};
use crate::source::{
    Deployment, Existence, Image, Look, Name, NeedKind, Needed, Observation, Registered, Releases, Revision,
    ServedWell, Subject, Which, Workload,
};

/// Tasks that must have failed to start, and none of them run, before a rollout that nothing watches is called failed: where
/// ECS's own circuit breaker trips at the earliest.
const FAILED_TASKS: u32 = 3;

/// How long a revision must have served before it counts as proven.
pub(super) const PROVEN: SignedDuration = SignedDuration::from_mins(10);

/// Workload, scaling, and what was released.
pub(super) fn look(service: &Name, config: &Config) -> Result<Look, PlanFailure> {
    Ok(workload::look(service, config)?.and(Subject::Releases { service: service.clone() }))
}

/// What was read of workload and releases.
pub(super) fn read(found: &Observation) -> Result<(&Workload, &Releases), PlanFailure> {
    let (workload, _) = workload::read(found)?;
    let releases = found.releases.as_ref();
    releases.map(|releases| (workload, releases)).ok_or_else(|| {
        PlanFailure::new("the revisions and deployments of the service were not read", "make the plan again")
    })
}

/// A revision of those that were read, by `family:revision`.
pub(super) fn revision<'a>(id: &str, releases: &'a Releases) -> Result<&'a Revision, PlanFailure> {
    releases.revisions.iter().find(|revision| revision.id.as_str() == id).ok_or_else(|| {
        let missing: Vec<&str> = releases.missing.iter().map(|part| part.as_str()).collect();
        let known: Vec<&str> = releases.revisions.iter().map(|revision| revision.id.as_str()).collect();
        let hint = match known.is_empty() {
            true => missing.join("; "),
            false => format!("the newest are: {}", known.join(", ")),
        };
        PlanFailure::new(&format!("the revision {id} was not found among the newest"), &hint)
    })
}

/// The revision of that number in the family of another; it must be one that can be run.
pub(super) fn numbered<'a>(number: u32, like: &Revision, releases: &'a Releases) -> Result<&'a Revision, PlanFailure> {
    let found = revision(&format!("{}:{number}", family(like.id.as_str()).0), releases)?;
    match found.status.as_str() {
        "ACTIVE" => Ok(found),
        status => Err(PlanFailure::new(
            &format!("{} is {status}: no service can be brought to it", found.id),
            "choose an active revision, or register it anew",
        )),
    }
}

/// Family and number of `family:revision`; 0 where there is none.
pub(super) fn family(id: &str) -> (&str, u32) {
    id.rsplit_once(':').map_or((id, 0), |(family, number)| (family, number.parse().unwrap_or(0)))
}

/// The call that brings a revision to a service; none is the one that the first step makes.
pub(super) fn bring(ecs: &EcsService, revision: Option<&str>) -> Step {
    let EcsService { cluster, service, place } = ecs.clone();
    let words = revision.unwrap_or("the new revision");
    let summary = format!("roll {cluster}/{service} out to {words}");
    Step::new(summary, Call::EcsDeployRevision { cluster, service, revision: revision.map(str::to_owned), place })
}

/// The same as the way back, whatever the rollout and autoscaling made of the service since.
pub(super) fn bring_back(ecs: &EcsService, revision: &str) -> Step {
    let moved = [
        "desired count",
        "task definition",
        "primary deployment",
        "rollout",
        "newest revision",
        "image",
        "scaling bounds",
        "scaling suspended",
    ];
    let facts = moved.map(|key| (key.to_owned(), ANY.to_owned())).into();
    Step { facts, ..bring(ecs, Some(revision)) }
}

/// The same look, and what tasks of these revisions need.
pub(super) fn look_with_needs(service: &Name, config: &Config, revisions: Which) -> Result<Look, PlanFailure> {
    Ok(look(service, config)?.and(Subject::Needs { service: service.clone(), revisions }))
}

/// What tasks of a revision need besides images, and whether that is there, in one line.
pub(super) fn needed(found: &Observation, revision: &str) -> Change {
    let words = match found.needs.as_ref().and_then(|needs| needs.of(revision)) {
        Some(needs) => Tally::of(needs).words(),
        None => "not verified".to_owned(),
    };
    Change::new("roles, log groups and secrets", &words, &words)
}

/// How the service did while a revision served alone for the last time, in words.
pub(super) fn did(found: &Observation, revision: &str) -> String {
    match served_well(found, revision) {
        Some(served) if served.figures.is_empty() => "it has no signals of errors and p95 latency".to_owned(),
        Some(served) => served.figures.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        None => "error rate and p95 not known".to_owned(),
    }
}

/// What was read of that time.
pub(super) fn served_well<'a>(found: &'a Observation, revision: &str) -> Option<&'a ServedWell> {
    found.served.as_ref()?.iter().find(|served| served.revision.as_str() == revision)
}

/// What a revision needs, sorted by whether it is there.
#[derive(Debug, Default)]
pub(super) struct Tally {
    found: BTreeMap<NeedKind, usize>,
    /// What is missing, in words.
    pub(super) missing: Vec<String>,
    /// What could not be told, in words.
    pub(super) not_verified: Vec<String>,
}

/// Things that are named of each sort.
const NAMED: usize = 4;

impl Tally {
    pub(super) fn of<'a>(needs: impl Iterator<Item = &'a Needed>) -> Self {
        let mut tally = Self::default();
        for Needed { need, existence, .. } in needs {
            match existence {
                Existence::Found => *tally.found.entry(need.kind).or_default() += 1,
                Existence::Missing { reason } => {
                    tally.missing.push(format!("{} {} is missing: {reason}", need.what, need.name));
                }
                Existence::NotVerified { reason } => {
                    tally.not_verified.push(format!("{} {} is not verified: {reason}", need.what, need.name));
                }
            }
        }
        tally
    }

    /// What is missing and what could not be told first, then how many are there.
    pub(super) fn words(&self) -> String {
        let few = |all: &[String]| {
            let more = all.len().saturating_sub(NAMED);
            let more = (more > 0).then(|| format!("{more} more likewise"));
            all.iter().take(NAMED).cloned().chain(more).collect::<Vec<_>>()
        };
        let counted = |(kind, count): (&NeedKind, &usize)| {
            format!("{count} {}{}", kind.word(), if *count == 1 { "" } else { "s" })
        };
        let found: Vec<_> = self.found.iter().map(counted).collect();
        let found = (!found.is_empty()).then(|| format!("{} found", found.join(", ")));
        let all: Vec<_> = few(&self.missing).into_iter().chain(few(&self.not_verified)).chain(found).collect();
        if all.is_empty() { "it needs none".to_owned() } else { all.join("; ") }
    }
}

/// Who takes a rollout back that fails.
pub(super) fn taken_back(releases: &Releases, old: &str) -> [Change; 2] {
    let same = |what: &str, value: String| Change::new(what, &value, &value);
    let rollout = match releases.safety {
        Some(safety) if safety.rolls_back => format!("the platform rolls it back to {old} (circuit breaker)"),
        Some(safety) if safety.fails => format!("this run goes back to {old}: the platform calls it failed, no more"),
        Some(_) => format!("this run goes back to {old} once {FAILED_TASKS} tasks failed to start and none runs"),
        None => format!("this run goes back to {old}; it is not known what the platform does"),
    };
    [same("a rollout that fails", rollout), same("a health gate that fails", format!("this run goes back to {old}"))]
}

/// The facts that a rollout rests on.
pub(super) fn facts(found: &Observation) -> BTreeMap<String, String> {
    let mut facts = workload::facts(found);
    let newest = found.releases.as_ref().and_then(|releases| releases.revisions.first());
    facts.insert("newest revision".to_owned(), newest.map_or("none".to_owned(), |newest| newest.id.to_string()));
    facts
}

/// What a look tells of the call that brings `wanted` to the service.
pub(super) fn sight(scene: &Scene<'_>, found: &Observation, wanted: &str) -> Sight {
    let before = scene.plan.observation.workload.as_ref();
    let (Some(workload), Some(before)) = (&found.workload, before) else { return workload::unseen() };
    let seen = Seen { scene, found, workload, before, wanted };
    let words = format!("{}, {}", workload::standing(workload), primary(workload));
    Sight { words, effect: seen.effect(), stage: seen.stage(), made: None }
}

/// The revision of the primary deployment.
fn primary(workload: &Workload) -> &str {
    let primary = workload.deployments.first().map(|deployment| deployment.task_definition.as_str());
    primary.unwrap_or(workload.task_definition.as_str())
}

/// One look at a rollout.
struct Seen<'a> {
    scene: &'a Scene<'a>,
    found: &'a Observation,
    workload: &'a Workload,
    before: &'a Workload,
    wanted: &'a str,
}

impl Seen<'_> {
    fn runs_it(&self) -> bool {
        primary(self.workload) == self.wanted
    }

    /// Whether this is the way back.
    fn goes_back(&self) -> bool {
        self.scene.step >= self.scene.plan.steps.len()
    }

    /// Whether the primary deployment is the one from before the plan.
    fn stands_as_before(&self) -> bool {
        let id = |workload: &Workload| workload.deployments.first().map(|deployment| deployment.id.clone());
        id(self.workload) == id(self.before) && primary(self.workload) == primary(self.before)
    }

    /// Whether the orchestrator remembers a deployment of it that was not there before: it may have been rolled back since.
    fn was_brought(&self) -> bool {
        let listed = |found: &Observation| found.releases.as_ref().map(|releases| releases.deployments.clone());
        let known = listed(&self.scene.plan.observation).unwrap_or_default();
        let now = listed(self.found).unwrap_or_default();
        let is_new = |id| !known.iter().any(|deployment| deployment.id == id);
        now.into_iter().any(|one| one.task_definition.as_deref() == Some(self.wanted) && is_new(one.id))
            || self.failed().is_some()
    }

    /// The deployment of it that is being taken away again.
    fn failed(&self) -> Option<&Deployment> {
        let others = self.workload.deployments.iter().skip(1);
        others.into_iter().find(|other| other.task_definition.as_str() == self.wanted && !self.goes_back())
    }

    fn effect(&self) -> Effect {
        match self.stands_as_before() {
            _ if self.runs_it() => Effect::Shows,
            _ if self.goes_back() => Effect::AsBefore,
            _ if self.was_brought() => Effect::Shows,
            true => Effect::AsBefore,
            false => Effect::Unclear,
        }
    }

    fn stage(&self) -> Stage {
        let before = workload::primary(self.before);
        if self.runs_it() {
            return self.failure().unwrap_or_else(|| {
                if workload::is_steady(self.workload, before) { Stage::Steady } else { Stage::Moving }
            });
        }
        if self.goes_back() {
            return Stage::Elsewhere(format!("the revision is {}, not {} again", primary(self.workload), self.wanted));
        }
        let old = primary(self.before);
        if primary(self.workload) != old {
            return Stage::Elsewhere(format!("someone else brought {} to it", primary(self.workload)));
        }
        if !self.was_brought() && self.stands_as_before() {
            return Stage::Elsewhere(format!("the revision is still {old}"));
        }
        match workload::is_steady(self.workload, before) {
            true => Stage::Elsewhere(format!("it was rolled back to {old}{}: {}", self.by_whom(), self.why())),
            false => Stage::Moving,
        }
    }

    /// Why the rollout of the wanted revision failed, if it did. Where the platform rolls it back by itself, it is left to.
    fn failure(&self) -> Option<Stage> {
        let safety = self.scene.plan.observation.releases.as_ref().and_then(|releases| releases.safety);
        let reason = workload::failure(self.workload, None).or_else(|| self.starts_nothing())?;
        match safety {
            Some(safety) if safety.rolls_back && !self.goes_back() => {
                Some(Stage::Elsewhere(format!("{reason}; the platform has not rolled it back")))
            }
            _ => Some(Stage::Failed(reason)),
        }
    }

    fn starts_nothing(&self) -> Option<String> {
        let Deployment { failed, running, .. } = self.workload.deployments.first()?;
        let stuck = *failed >= FAILED_TASKS && *running == 0;
        stuck.then(|| format!("{failed} tasks of {} failed to start and none runs", self.wanted))
    }

    /// `, by the platform` where it says so.
    fn by_whom(&self) -> &'static str {
        let releases = self.found.releases.as_ref();
        let rolled = releases.is_some_and(|releases| {
            releases
                .deployments
                .iter()
                .any(|one| one.rolled_back && one.task_definition.as_deref() == Some(self.wanted))
        });
        let told = self.workload.deployments.first().is_some_and(|primary| primary.reason.contains("rolling back"));
        if rolled || told { ", by the platform" } else { ", by the platform or by someone else" }
    }

    fn why(&self) -> String {
        let releases = self.found.releases.as_ref();
        let listed = releases.and_then(|releases| {
            let mine = |one: &&_| {
                let one: &crate::source::ServiceDeployment = one;
                one.task_definition.as_deref() == Some(self.wanted) && one.reason.is_some()
            };
            releases.deployments.iter().find(mine)?.reason.as_ref().map(ToString::to_string)
        });
        let failed = || self.failed().map(|failed| failed.reason.to_string());
        listed.or_else(failed).filter(|reason| !reason.is_empty()).unwrap_or("no reason is told".to_owned())
    }
}

/// What differs between the images of two revisions; what else of them does.
pub(super) fn differences(old: &Revision, new: &Revision) -> Vec<Change> {
    let of = |revision: &Revision, name: &str| {
        revision.images.iter().find(|image| image.container.as_str() == name).map_or("none".to_owned(), named)
    };
    let mut names: Vec<&str> = Vec::new();
    for image in old.images.iter().chain(&new.images) {
        if !names.contains(&image.container.as_str()) {
            names.push(image.container.as_str());
        }
    }
    let image = |name: &&str| Change::new(&format!("image of {name}"), &of(old, name), &of(new, name));
    let mut changes: Vec<Change> = names.iter().map(image).collect();
    let rest = match (&old.content, &new.content) {
        (Some(old), Some(new)) if old == new => "nothing else differs".to_owned(),
        (Some(_), Some(_)) => "differ as well: compare the two revisions".to_owned(),
        _ => "not known".to_owned(),
    };
    changes.push(Change::new("variables, roles, sizes and all else", &rest, &rest));
    changes
}

/// An image with what its registry says.
fn named(image: &Image) -> String {
    format!("{} ({})", image.short(), registered(&image.registry))
}

/// What a registry says of an image, in words: digest, scan, findings.
pub(super) fn registered(registry: &Registered) -> String {
    match registry {
        Registered::NotAsked => "its registry was not asked".to_owned(),
        Registered::Missing => "not in its registry".to_owned(),
        Registered::Failed { reason } => format!("its registry could not be asked: {reason}"),
        Registered::Found { digest, findings, scan, .. } => {
            let digest: String = digest.chars().take(19).collect();
            let scan = scan.as_ref().map_or("not scanned".to_owned(), |scan| format!("scan {scan}"));
            let found = findings.as_ref().map(|found| {
                let one = |(severity, count): &(crate::text::Text, u32)| format!("{count} {severity}");
                let all: Vec<String> = found.iter().map(one).collect();
                if all.is_empty() { "0 findings".to_owned() } else { all.join(", ") }
            });
            found.map_or(format!("{digest}…, {scan}"), |found| format!("{digest}…, {scan}: {found}"))
        }
    }
}

/// `3 d 4 h`, `4 h 5 min`, `5 min`, `40 s`.
pub(super) fn spell(duration: SignedDuration) -> String {
    let (days, hours, minutes) = (duration.as_hours() / 24, duration.as_hours() % 24, duration.as_mins() % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{} s", duration.as_secs()),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}
