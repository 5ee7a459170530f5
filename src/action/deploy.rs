//! `deploy`: another image, in a revision that is registered for it, or a given revision.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::roll_back::RollBack;
use super::{
    ANY, Act, Action, ActionSpec, ArgumentSpec, Call, Change, Draft, Effect, PlanFailure, Scene, Sight, Stage, Step,
    Undo, rollout, workload,
};
use crate::config::Config;
use crate::source::{Image, Look, Name, Observation, Registered, Releases, Revision, Subject, Which};

/// Bring another image or revision to a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deploy {
    /// The service.
    pub service: Name,
    /// What is brought to it.
    pub wanted: Wanted,
    /// The container whose image it is; none is the only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
}

/// What is brought to a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// An image of the repository that it has now, by tag or digest (`sha256:…`).
    Image(String),
    /// A revision of its task definition's family.
    Revision(u32),
}

const HINT: &str = "write `deploy SERVICE image=TAG`, `image=sha256:…` or `revision=N`; `container=NAME` with an image";

impl Deploy {
    /// The row of [`ACTIONS`](super::ACTIONS).
    pub const SPEC: ActionSpec = ActionSpec {
        name: "deploy",
        summary: "bring another image or revision to an ECS service",
        arguments: &[
            ArgumentSpec {
                name: "image",
                summary: "tag or sha256:… in the repository of its image: a copy of the running revision gets it",
            },
            ArgumentSpec { name: "revision", summary: "instead of image: the number of a registered revision" },
            ArgumentSpec { name: "container", summary: "with image, where there are several: whose it is" },
        ],
        targets: workload::targets,
        parse,
    };

    /// To a revision that is registered.
    fn to_revision(&self, number: u32, found: &Observation, config: &Config) -> Result<Draft, PlanFailure> {
        let ecs = workload::ecs(&self.service, config)?;
        let (workload, releases) = rollout::read(found)?;
        let running = rollout::revision(workload.task_definition.as_str(), releases)?;
        let new = rollout::numbered(number, running, releases)?;
        if new.id == running.id {
            return Err(nothing(&format!("it runs {} already", running.id)));
        }
        let mut changes = vec![Change::new("revision", running.id.as_str(), new.id.as_str())];
        changes.extend(rollout::differences(running, new));
        changes.push(rollout::needed(found, new.id.as_str()));
        Ok(Draft {
            steps: vec![rollout::bring(ecs, Some(new.id.as_str()))],
            ..self.draft_of(changes, (found, releases), running, config)?
        })
    }

    /// To a revision that is made for the image.
    fn to_image(&self, version: &str, found: &Observation, config: &Config) -> Result<Draft, PlanFailure> {
        let ecs = workload::ecs(&self.service, config)?;
        let (workload, releases) = rollout::read(found)?;
        let running = rollout::revision(workload.task_definition.as_str(), releases)?;
        let old = running
            .image_of(self.container.as_deref())
            .map_err(|reason| PlanFailure::new(&reason, "name one of them: `container=NAME`"))?;
        let image = old.with(version);
        let registry = self.asked(&image, found)?;
        self.refuse_what_is_there(running, old, &image, releases)?;
        let register = Call::EcsRegisterRevision {
            base: running.id.to_string(),
            container: old.container.to_string(),
            image: image.clone(),
            place: ecs.place.clone(),
        };
        let first = Step::new(format!("register a copy of {} with the image {version}", running.id), register);
        let facts = [("newest revision".to_owned(), ANY.to_owned())].into();
        let steps = vec![first, Step { facts, ..rollout::bring(ecs, None) }];
        let changes = self.lines((found, running), old, &image, registry);
        Ok(Draft { steps, ..self.draft_of(changes, (found, releases), running, config)? })
    }

    /// What the registry said of the image; that it isn't there ends the plan.
    fn asked<'a>(&self, image: &str, found: &'a Observation) -> Result<&'a Registered, PlanFailure> {
        let candidate = found.candidate.as_ref().filter(|candidate| candidate.reference.as_str() == image);
        let registry = candidate.map(|candidate| &candidate.registry);
        match registry {
            Some(Registered::Missing) => Err(PlanFailure::new(
                &format!("there is no image {image} in its registry"),
                "push it first, or check the tag",
            )),
            Some(registry) => Ok(registry),
            None => Err(PlanFailure::new(&format!("the image {image} was not asked for"), "make the plan again")),
        }
    }

    /// A revision that differs from the running one in nothing else has the image already: it is not registered twice.
    fn refuse_what_is_there(
        &self,
        running: &Revision,
        old: &Image,
        image: &str,
        releases: &Releases,
    ) -> Result<(), PlanFailure> {
        if old.reference.as_str() == image {
            return Err(nothing(&format!("{} has the image {image} already", running.id)));
        }
        let images = images_with(running, old.container.as_str(), image);
        match releases.revisions.iter().find(|one| one.content.is_some() && is_copy(one, running, &images)) {
            Some(there) if there.status.as_str() == "ACTIVE" => Err(PlanFailure::new(
                &format!("{} is the same with that image already", there.id),
                &format!("write `deploy {} revision={}`", self.service, rollout::family(there.id.as_str()).1),
            )),
            _ => Ok(()),
        }
    }

    fn lines(
        &self,
        (found, running): (&Observation, &Revision),
        old: &Image,
        image: &str,
        registry: &Registered,
    ) -> Vec<Change> {
        let short = |reference: &str| Image { reference: reference.into(), ..old.clone() }.short().to_owned();
        vec![
            Change::new("revision", running.id.as_str(), &format!("a new one with {}", short(image))),
            Change::new(
                &format!("image of {}", old.container),
                &format!("{} ({})", old.short(), rollout::registered(&old.registry)),
                &format!("{} ({})", short(image), rollout::registered(registry)),
            ),
            rollout::needed(found, running.id.as_str()),
        ]
    }

    /// What is common to both ways.
    fn draft_of(
        &self,
        mut changes: Vec<Change>,
        (found, releases): (&Observation, &Releases),
        running: &Revision,
        config: &Config,
    ) -> Result<Draft, PlanFailure> {
        let ecs = workload::ecs(&self.service, config)?;
        let (workload, _) = workload::read(found)?;
        changes.push(Change::new("desired count", &workload.desired.to_string(), &workload.desired.to_string()));
        changes.extend(rollout::taken_back(releases, running.id.as_str()));
        let number = rollout::family(running.id.as_str()).1;
        Ok(Draft {
            target_id: workload.arn.clone(),
            changes,
            on_failure: vec![rollout::bring_back(ecs, running.id.as_str())],
            undo: Undo::Action {
                action: Action::RollBack(RollBack { service: self.service.clone(), revision: Some(number) }),
            },
            gated: true,
            ..Draft::default()
        })
    }
}

fn nothing(reason: &str) -> PlanFailure {
    let hint = "choose another, or `restart` it to replace its tasks (a tag that was moved is pulled anew then)";
    PlanFailure::new(&format!("nothing would change: {reason}"), hint)
}

/// Containers and images of a revision, one image replaced.
fn images_with(revision: &Revision, container: &str, image: &str) -> Vec<(String, String)> {
    let of = |old: &Image| match old.container.as_str() == container {
        true => (old.container.to_string(), image.to_owned()),
        false => (old.container.to_string(), old.reference.to_string()),
    };
    revision.images.iter().map(of).collect()
}

/// Whether a revision is a copy of another with these images.
fn is_copy(one: &Revision, of: &Revision, images: &[(String, String)]) -> bool {
    let has: Vec<_> =
        one.images.iter().map(|image| (image.container.to_string(), image.reference.to_string())).collect();
    one.content == of.content && has == images
}

/// What a look tells of the registering: the copy is told by what it is made of, so that a lost answer is no loss.
fn registering(scene: &Scene<'_>, found: &Observation, (base, container, image): (&str, &str, &str)) -> Sight {
    let known = scene.plan.observation.releases.as_ref();
    let (Some(known), Some(now)) = (known, &found.releases) else {
        let words = "the revisions were not read".to_owned();
        return Sight { words, effect: Effect::Unclear, stage: Stage::Moving, made: None };
    };
    let newest = |releases: &Releases| releases.revisions.first().map_or(0, |one| rollout::family(one.id.as_str()).1);
    let copy = known.revisions.iter().find(|one| one.id.as_str() == base).and_then(|base| {
        let images = images_with(base, container, image);
        let is_new = |one: &&Revision| rollout::family(one.id.as_str()).1 > newest(known);
        now.revisions.iter().filter(is_new).find(|one| one.content.is_some() && is_copy(one, base, &images))
    });
    let words = now.revisions.first().map_or("no revision".to_owned(), |newest| format!("the newest is {}", newest.id));
    let made = scene.made.get(&scene.step);
    let effect = match copy {
        Some(_) => Effect::Shows,
        None if newest(now) == newest(known) => Effect::AsBefore,
        None => Effect::Unclear,
    };
    let is_there = made.is_some_and(|made| now.revisions.iter().any(|one| one.id.as_str() == made));
    let stage = if is_there { Stage::Steady } else { Stage::Moving };
    Sight { words, effect, stage, made: copy.map(|copy| copy.id.to_string()) }
}

fn parse(target: &Name, arguments: &[(String, String)]) -> Result<Action, PlanFailure> {
    let (mut wanted, mut container) = (None, None);
    for (key, value) in arguments {
        match key.as_str() {
            "image" | "revision" if wanted.is_some() => {
                return Err(PlanFailure::new("deploy takes an image or a revision, one of them once", HINT));
            }
            "image" => wanted = Some(Wanted::Image(version(value)?)),
            "revision" => wanted = Some(Wanted::Revision(number(value)?)),
            "container" if container.is_none() && !value.is_empty() => container = Some(value.clone()),
            "container" => return Err(PlanFailure::new("deploy takes one container by its name", HINT)),
            _ => return Err(PlanFailure::new(&format!("deploy has no argument `{key}`"), HINT)),
        }
    }
    match (wanted, container) {
        (None, _) => Err(PlanFailure::new("deploy wants an image or a revision", HINT)),
        (Some(Wanted::Revision(_)), Some(_)) => {
            Err(PlanFailure::new("a revision has its own images: it takes no container", HINT))
        }
        (Some(wanted), container) => Ok(Action::Deploy(Deploy { service: target.clone(), wanted, container })),
    }
}

/// The number of a revision.
pub(super) fn number(value: &str) -> Result<u32, PlanFailure> {
    let number = value.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| PlanFailure::new(&format!("`{value}` is not the number of a revision"), "write `revision=N`"))
}

/// A tag or a digest, as a registry takes them.
/// <https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#pulling-manifests>
fn version(value: &str) -> Result<String, PlanFailure> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_tag = value.starts_with(word) && value.len() <= 128 && value.chars().all(|c| word(c) || ".-".contains(c));
    let hex = value.strip_prefix("sha256:");
    let is_digest =
        hex.is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
    match is_tag || is_digest {
        true => Ok(value.to_owned()),
        false => Err(PlanFailure::new(&format!("`{value}` is neither a tag nor a digest"), HINT)),
    }
}

impl Act for Deploy {
    fn target(&self) -> &Name {
        &self.service
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        let wanted = match &self.wanted {
            Wanted::Image(version) => ("image", version.clone()),
            Wanted::Revision(number) => ("revision", number.to_string()),
        };
        let container = self.container.clone().map(|container| ("container", container));
        std::iter::once(wanted).chain(container).collect()
    }

    fn look(&self, config: &Config) -> Result<Look, PlanFailure> {
        let with_needs = |revisions| rollout::look_with_needs(&self.service, config, revisions);
        Ok(match &self.wanted {
            Wanted::Image(version) => with_needs(Which::Running)?.and(Subject::Candidate {
                service: self.service.clone(),
                container: self.container.clone(),
                version: version.clone(),
            }),
            Wanted::Revision(number) => with_needs(Which::Number(*number))?,
        })
    }

    fn draft(&self, found: &Observation, config: &Config) -> Result<Draft, PlanFailure> {
        match &self.wanted {
            Wanted::Image(version) => self.to_image(version, found, config),
            Wanted::Revision(number) => self.to_revision(*number, found, config),
        }
    }

    /// A tag that is moved to another image after the plan is drift.
    fn facts(&self, found: &Observation) -> BTreeMap<String, String> {
        let mut facts = rollout::facts(found);
        if let Wanted::Image(_) = self.wanted {
            let digest = found.candidate.as_ref().and_then(|candidate| match &candidate.registry {
                Registered::Found { digest, .. } => Some(digest.to_string()),
                _ => None,
            });
            facts.insert("image".to_owned(), digest.unwrap_or("not known".to_owned()));
        }
        facts
    }

    fn sight(&self, scene: &Scene<'_>, found: &Observation) -> Sight {
        match scene.plan.step(scene.step).map(|step| &step.call) {
            Some(Call::EcsRegisterRevision { base, container, image, .. }) => {
                registering(scene, found, (base, container, image))
            }
            Some(Call::EcsDeployRevision { revision, .. }) => match revision.as_ref().or(scene.made.get(&0)) {
                Some(wanted) => rollout::sight(scene, found, wanted),
                None => workload::unseen(),
            },
            _ => workload::unseen(),
        }
    }

    fn observed(&self, found: &Observation) -> String {
        workload::observed(found)
    }
}
