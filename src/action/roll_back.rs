//! `roll_back`: to a revision that served before.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::deploy::{Deploy, Wanted, number};
use super::rollout::{self, PROVEN, spell};
use super::{Act, Action, ActionSpec, ArgumentSpec, Call, Change, Draft, PlanFailure, Scene, Sight, Undo, workload};
use crate::config::Config;
use crate::source::{Look, Name, Observation, Releases, Revision, Subject, Which};

/// Earlier revisions that are told of.
const TOLD: usize = 5;

/// Bring a service back to a revision that served before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollBack {
    /// The service.
    pub service: Name,
    /// The revision's number; none is the newest earlier one that was proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u32>,
}

const HINT: &str = "write `roll_back SERVICE` or `roll_back SERVICE revision=N`";

impl RollBack {
    /// The row of [`ACTIONS`](super::ACTIONS).
    pub const SPEC: ActionSpec = ActionSpec {
        name: "roll_back",
        summary: "bring an ECS service back to a revision that served before",
        arguments: &[ArgumentSpec {
            name: "revision",
            summary: "its number; left out: the newest earlier one that served for 10 minutes or more",
        }],
        targets: workload::targets,
        parse,
    };

    /// The revision that it goes back to.
    fn chosen<'a>(
        &self,
        running: &Revision,
        releases: &'a Releases,
        found: &Observation,
    ) -> Result<&'a Revision, PlanFailure> {
        if let Some(number) = self.revision {
            return rollout::numbered(number, running, releases);
        }
        let proven = |one: &&Revision| {
            let served = releases.served(one.id.as_str(), found.taken);
            one.status.as_str() == "ACTIVE" && served.is_some_and(|served| served.lasted >= PROVEN)
        };
        earlier(running, releases).find(proven).ok_or_else(|| {
            let missing: Vec<_> = releases.missing.iter().map(|part| part.to_string()).collect();
            let told = if missing.is_empty() { String::new() } else { format!(" ({})", missing.join("; ")) };
            let reason =
                format!("no revision before {} is known to have served for {}{told}", running.id, spell(PROVEN));
            let hint = format!("name one: `roll_back {} revision=N`", self.service);
            match releases.deployments_unread() {
                Some(_) => PlanFailure::unread(&reason, &hint),
                None => PlanFailure::new(&reason, &hint),
            }
        })
    }
}

/// Revisions before that one, the newest first.
fn earlier<'a>(running: &Revision, releases: &'a Releases) -> impl Iterator<Item = &'a Revision> {
    let (family, number) = rollout::family(running.id.as_str());
    let (family, number) = (family.to_owned(), number);
    releases.revisions.iter().filter(move |one| {
        let (of, its) = rollout::family(one.id.as_str());
        of == family && its < number
    })
}

/// How long earlier revisions served, and how the service did meanwhile: what to choose by.
fn picker(running: &Revision, old: &Revision, releases: &Releases, found: &Observation) -> Vec<Change> {
    let line = |one: &Revision| {
        let words = releases.served(one.id.as_str(), found.taken).map_or("not known to have served".to_owned(), |s| {
            let until = s.until.strftime("%Y-%m-%d %H:%MZ");
            format!("{}, until {until}; {}", spell(s.lasted), rollout::did(found, one.id.as_str()))
        });
        Change::new(&format!("{} served", one.id), &words, &words)
    };
    let newest: Vec<&Revision> = earlier(running, releases).take(TOLD).collect();
    let further = Some(old).filter(|old| newest.iter().all(|one| one.id != old.id));
    newest.into_iter().chain(further).map(line).collect()
}

fn parse(target: &Name, arguments: &[(String, String)]) -> Result<Action, PlanFailure> {
    let revision = match arguments {
        [] => None,
        [(key, value)] if key == "revision" => Some(number(value)?),
        [(key, _)] => return Err(PlanFailure::new(&format!("roll_back has no argument `{key}`"), HINT)),
        _ => return Err(PlanFailure::new("roll_back takes one argument at most, revision", HINT)),
    };
    Ok(Action::RollBack(RollBack { service: target.clone(), revision }))
}

impl Act for RollBack {
    fn target(&self) -> &Name {
        &self.service
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        self.revision.map(|number| ("revision", number.to_string())).into_iter().collect()
    }

    fn look(&self, config: &Config) -> Result<Look, PlanFailure> {
        let look =
            rollout::look_with_needs(&self.service, config, self.revision.map_or(Which::Earlier, Which::Number))?;
        Ok(look.and(Subject::Served { service: self.service.clone(), revision: self.revision }))
    }

    fn draft(&self, found: &Observation, config: &Config) -> Result<Draft, PlanFailure> {
        let ecs = workload::ecs(&self.service, config)?;
        let (workload, releases) = rollout::read(found)?;
        let running = rollout::revision(workload.task_definition.as_str(), releases)?;
        let old = self.chosen(running, releases, found)?;
        if old.id == running.id {
            let reason = format!("nothing would change: it runs {} already", running.id);
            return Err(PlanFailure::new(&reason, "choose another, or `restart` it to replace its tasks"));
        }
        let mut changes = vec![Change::new("revision", running.id.as_str(), old.id.as_str())];
        changes.extend(rollout::differences(running, old));
        changes.push(rollout::needed(found, old.id.as_str()));
        changes.extend(picker(running, old, releases, found));
        let number = rollout::family(running.id.as_str()).1;
        Ok(Draft {
            target_id: workload.arn.clone(),
            changes,
            steps: vec![rollout::bring(ecs, Some(old.id.as_str()))],
            undo: Undo::Action {
                action: Action::Deploy(Deploy {
                    service: self.service.clone(),
                    wanted: Wanted::Revision(number),
                    container: None,
                }),
            },
            gated: true,
            ..Draft::default()
        })
    }

    fn facts(&self, found: &Observation) -> BTreeMap<String, String> {
        rollout::facts(found)
    }

    fn sight(&self, scene: &Scene<'_>, found: &Observation) -> Sight {
        match scene.plan.step(scene.step).map(|step| &step.call) {
            Some(Call::EcsDeployRevision { revision: Some(wanted), .. }) => rollout::sight(scene, found, wanted),
            _ => workload::unseen(),
        }
    }

    fn observed(&self, found: &Observation) -> String {
        workload::observed(found)
    }
}
