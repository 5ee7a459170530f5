//! What calls do to services: counts, revisions, scaling, weights.

use super::super::log::Mutated;
use super::super::tasks::MOST_TASKS;
use super::super::{fleet, releases};
use super::{CLUSTER, SimulatedTarget, not_sent, rejected};
use crate::action::{Call, GroupWeight};
use crate::executor::target::{ApplyError, Receipt};
use crate::text::Text;

/// The oldest revision that the fleet still has.
const OLDEST_REVISION: u32 = 39;

impl SimulatedTarget {
    /// A call of ECS, Application Auto Scaling or Elastic Load Balancing.
    pub(super) fn service(&self, call: &Call) -> Result<Receipt, ApplyError> {
        match call {
            Call::EcsSetDesiredCount { cluster, service, desired, .. } => {
                check(cluster, service, *desired).map_err(|reason| rejected(&reason))?;
                self.change(service, Mutated::Desired(*desired))?;
                Ok(Receipt::from(format!("ACTIVE, desired count {desired}")))
            }
            Call::EcsForceNewDeployment { cluster, service, .. } => {
                check(cluster, service, 0).map_err(|reason| rejected(&reason))?;
                let revision = self.revision(service)?;
                self.change(service, Mutated::Deployed(revision))?;
                Ok(Receipt::from(format!("ACTIVE, a new deployment of {service}:{revision}")))
            }
            Call::ScalingSetBounds { cluster, service, min, max, .. } => {
                check(cluster, service, *max).map_err(|reason| rejected(&reason))?;
                if min > max {
                    return Err(rejected("ValidationException: MinCapacity is above MaxCapacity"));
                }
                self.change(service, Mutated::Bounds(*min, *max))?;
                Ok(Receipt::from(format!("bounds {min}–{max}")))
            }
            Call::ElbSetWeights { route, weights, .. } => {
                let service = balanced(route, weights).map_err(|reason| rejected(&reason))?;
                let set = weights.iter().map(|one| (one.name.clone(), one.weight)).collect();
                self.change(&service, Mutated::Weights(set))?;
                Ok(Receipt::from("weights set"))
            }
            Call::ScalingSetSuspended { cluster, service, inward, outward, scheduled, .. } => {
                check(cluster, service, 0).map_err(|reason| rejected(&reason))?;
                self.change(service, Mutated::Suspended(*inward, *outward, *scheduled))?;
                Ok(Receipt::from(format!("suspended: in {inward}, out {outward}, scheduled {scheduled}")))
            }
            Call::EcsRegisterRevision { base, image, .. } => self.register(base, image),
            Call::EcsDeployRevision { cluster, service, revision, .. } => {
                check(cluster, service, 0).map_err(|reason| rejected(&reason))?;
                self.roll_out(service, revision.as_deref().unwrap_or_default())
            }
            Call::EcsStopServiceDeployment { deployment, rollback, .. } => self.halt(deployment, *rollback),
            Call::EcsStopTask { cluster, task, .. } => {
                check(cluster, fleet::FLEET[0].name, 0).map_err(|reason| rejected(&reason))?;
                self.stop(task)
            }
            _ => Err(not_sent("not a call of this part of the fleet")),
        }
    }

    /// A copy of a revision with another image.
    fn register(&self, base: &str, image: &str) -> Result<Receipt, ApplyError> {
        let (family, _) = base.rsplit_once(':').unwrap_or((base, ""));
        let (crew, seconds) = self.crew(family)?;
        let tag = image.rsplit_once(':').map_or(image, |(_, tag)| tag);
        let id = format!("{family}:{}", crew.newest(seconds) + 1);
        self.change(family, Mutated::Registered(tag.to_owned()))?;
        Ok(Receipt { said: Text::clean(&format!("registered {id}")), made: Some(id) })
    }

    fn roll_out(&self, service: &str, id: &str) -> Result<Receipt, ApplyError> {
        let (crew, seconds) = self.crew(service)?;
        let number = id.strip_prefix(service).and_then(|rest| rest.strip_prefix(':')?.parse::<u32>().ok());
        let known = number.filter(|number| (OLDEST_REVISION..=crew.newest(seconds)).contains(number));
        let none = || rejected(&format!("ClientException: unable to describe task definition {id}"));
        let number = known.ok_or_else(none)?;
        if crew.revision(crew.deployment(seconds)) != number {
            self.change(service, Mutated::Deployed(number))?;
        }
        Ok(Receipt::from(format!("ACTIVE, a deployment of {id}")))
    }

    /// The deployment is named by the service and its place in the crew's list, behind the last slash.
    fn halt(&self, arn: &str, rollback: bool) -> Result<Receipt, ApplyError> {
        let mut parts = arn.rsplit('/');
        let (id, service) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let (crew, seconds) = self.crew(service)?;
        let index = id.rsplit_once('-').and_then(|(_, index)| index.parse::<usize>().ok()).unwrap_or_default();
        if !crew.is_rolling(index, seconds) || index != crew.deployment(seconds) {
            return Err(rejected(&format!("ConflictException: the deployment {id} is not in progress")));
        }
        self.change(service, Mutated::Halted { rollback })?;
        Ok(Receipt::from(format!("stopping {id}")))
    }

    fn stop(&self, id: &str) -> Result<Receipt, ApplyError> {
        for profile in fleet::FLEET {
            let (crew, seconds) = self.crew(profile.name)?;
            if crew.tasks.iter().any(|task| task.id == id && task.is_running(seconds)) {
                self.change(profile.name, Mutated::Stopped(id.to_owned()))?;
                return Ok(Receipt::from(format!("stopping the task {id}")));
            }
        }
        Err(rejected(&format!("InvalidParameterException: the task {id} was not found")))
    }

    /// The revision that the service runs now.
    fn revision(&self, service: &str) -> Result<u32, ApplyError> {
        let (crew, seconds) = self.crew(service)?;
        Ok(crew.revision(crew.deployment(seconds)))
    }
}

/// Refuses what the API would refuse, in its words.
fn check(cluster: &str, service: &str, desired: u32) -> Result<(), String> {
    if cluster != CLUSTER {
        return Err(format!("ClusterNotFoundException: there is no cluster {cluster}"));
    }
    match fleet::profile(service).map(|profile| profile.run_by) {
        Some(fleet::RunBy::Orchestrator { .. }) if desired <= MOST_TASKS => Ok(()),
        Some(fleet::RunBy::Orchestrator { .. }) => {
            Err(format!("InvalidParameterException: desiredCount is at most {MOST_TASKS} here"))
        }
        _ => Err(format!("ServiceNotFoundException: there is no service {service}")),
    }
}

/// The service behind a listener; refuses what the API would refuse.
fn balanced(route: &str, weights: &[GroupWeight]) -> Result<String, String> {
    let service = route.split_once(releases::LISTENER).and_then(|(_, rest)| rest.strip_suffix("/2"));
    let service = service.filter(|service| fleet::profile(service).is_some());
    let service = service.ok_or_else(|| format!("ListenerNotFound: there is no {route}"))?;
    let groups = releases::groups(service);
    let is_known = |one: &GroupWeight| groups.contains(&one.name) && one.weight <= 999;
    match weights.iter().find(|one| !is_known(one)) {
        Some(one) => Err(format!("TargetGroupNotFound: {}={}", one.name, one.weight)),
        None if weights.is_empty() => Err("ValidationError: no target group".to_owned()),
        None => Ok(service.to_owned()),
    }
}
