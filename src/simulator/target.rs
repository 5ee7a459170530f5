//! The simulated fleet, for changing: what the executor calls.

use std::path::Path;

use futures_util::future::{BoxFuture, FutureExt, pending};
use serde::{Deserialize, Serialize};

use super::log::{Kept, Log, Mutated};
use super::scenario::Scenario;
use super::tasks::{Crew, MOST_TASKS};
use super::{SimulatorError, database, fleet, releases};
use crate::action::invalidate_cdn::caller_reference;
use crate::action::{Call, GroupWeight};
use crate::clock::Now;
use crate::config;
use crate::executor::target::{ApplyError, Permit, Receipt, Target};
use crate::source::{MemberRole, Name};
use crate::text::Text;

/// The oldest revision that the fleet still has.
const OLDEST_REVISION: u32 = 39;

/// A way for calls to go wrong, for drills and tests. Injected through [`Log::inject`], so that the executor's own process
/// meets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The call is refused; nothing changes.
    Reject,
    /// The call takes effect and its answer is lost.
    DropAfterApply,
    /// The call never answers; nothing changes.
    Hang,
}

/// The door to the simulated fleet.
#[derive(Debug, Clone)]
pub struct SimulatedTarget {
    log: Log,
    clock: fn() -> Now,
}

impl SimulatedTarget {
    /// The door to the fleet that is kept in `state_dir`. `clock` tells when a call arrives.
    ///
    /// # Errors
    /// An unknown scenario.
    pub fn new(simulator: &config::Simulator, state_dir: &Path, clock: fn() -> Now) -> Result<Self, SimulatorError> {
        Ok(Self { log: Log::new(state_dir, simulator.seed, Scenario::named(&simulator.scenario)?), clock })
    }

    /// The file that the fleet is kept in.
    pub fn log(&self) -> &Log {
        &self.log
    }

    fn send(&self, call: &Call, permit: &Permit<'_>) -> Result<Receipt, ApplyError> {
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
            Call::RdsFailOver { cluster, to, .. } => {
                self.check_failover(cluster, to)?;
                self.change(cluster, Mutated::FailedOver(Name::from(to.as_str())))?;
                Ok(Receipt::from(format!("cluster {cluster} is failing-over")))
            }
            Call::BackupStart { resource, token, .. } => self.back_up(resource, token),
            Call::RdsClusterSnapshot { cluster, snapshot, .. } if cluster == database::CLUSTER => {
                let change = Mutated::Snapshotted(Name::from(snapshot.as_str()));
                if self.was_made(&change)? {
                    return Err(rejected("DBClusterSnapshotAlreadyExistsFault: it is there already"));
                }
                self.change(cluster, change)?;
                Ok(Receipt { said: format!("snapshot {snapshot} is creating").into(), made: Some(snapshot.clone()) })
            }
            Call::RdsClusterSnapshot { cluster: name, .. } | Call::RdsInstanceSnapshot { instance: name, .. } => {
                Err(rejected(&format!("DBNotFoundFault: there is no {name}")))
            }
            Call::RdsRebootWithFailover { instance, .. } => {
                Err(rejected(&format!("DBInstanceNotFound: there is no instance {instance}")))
            }
            Call::CloudFrontInvalidate { distribution, paths, .. } => self.invalidate(distribution, paths, permit),
            Call::AlertmanagerSilence { matchers, starts, ends, comment, .. } => {
                let id = self.new_id("silence")?;
                let by = format!("{}@{}", permit.by().user, permit.by().host);
                let (matchers, comment) = (matchers.clone(), comment.clone());
                let silence = Mutated::Silenced { id: id.clone(), matchers, starts: *starts, ends: *ends, by, comment };
                self.made(super::SOURCE, silence, "silence", id)
            }
            Call::AlertmanagerExpire { id, .. } => {
                let there = self
                    .kept()?
                    .mutations
                    .into_iter()
                    .any(|mutation| matches!(mutation.change, Mutated::Silenced { id: known, .. } if known == *id));
                if !there {
                    return Err(rejected(&format!("silence {id} not found")));
                }
                self.change(super::SOURCE, Mutated::Unsilenced(id.clone()))?;
                Ok(Receipt::from(format!("silence {id} was ended")))
            }
            Call::CloudflarePurge { .. } => Err(rejected("the simulated fleet has no Cloudflare zone")),
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
        }
    }

    /// The same CallerReference is the same invalidation, as CloudFront has it.
    fn invalidate(&self, distribution: &str, paths: &[String], permit: &Permit<'_>) -> Result<Receipt, ApplyError> {
        let reference = caller_reference(permit.digest());
        let found = self.kept()?.mutations.into_iter().find_map(|mutation| match mutation.change {
            Mutated::Invalidated { id, reference: known, .. } if known == reference => Some(id),
            _ => None,
        });
        if let Some(id) = found {
            return Ok(Receipt { said: Text::clean(&format!("invalidation {id}")), made: Some(id) });
        }
        let id = self.new_id("I3SIMULATED")?;
        let change = Mutated::Invalidated { id: id.clone(), reference, paths: paths.to_vec() };
        self.made(distribution, change, "invalidation", id)
    }

    fn made(&self, of: &str, change: Mutated, kind: &str, id: String) -> Result<Receipt, ApplyError> {
        self.change(of, change)?;
        Ok(Receipt { said: Text::clean(&format!("{kind} {id}")), made: Some(id) })
    }

    /// An identifier that nothing has yet.
    fn new_id(&self, prefix: &str) -> Result<String, ApplyError> {
        Ok(format!("{prefix}-{}", self.kept()?.mutations.len() + 1))
    }

    fn kept(&self) -> Result<Kept, ApplyError> {
        self.log.read((self.clock)().wall).map_err(|error| not_sent(&error.to_string()))
    }

    /// A job of AWS Backup; the same token makes no second one.
    fn back_up(&self, resource: &str, token: &str) -> Result<Receipt, ApplyError> {
        if !resource.ends_with(&format!(":cluster:{}", database::CLUSTER)) {
            return Err(rejected(&format!("ResourceNotFoundException: there is no {resource}")));
        }
        let id = format!("job-{}", token.chars().take(12).collect::<String>());
        let change = Mutated::BackedUp(Name::from(id.as_str()));
        if !self.was_made(&change)? {
            self.change(resource, change)?;
        }
        Ok(Receipt { said: format!("backup job {id}").into(), made: Some(id) })
    }

    /// Whether this very change was made before.
    fn was_made(&self, change: &Mutated) -> Result<bool, ApplyError> {
        Ok(self.kept()?.mutations.iter().any(|mutation| mutation.change == *change))
    }

    fn change(&self, service: &str, change: Mutated) -> Result<(), ApplyError> {
        let changed = self.log.change(&Name::from(service), change, (self.clock)().wall);
        changed.map_err(|error| not_sent(&error.to_string()))
    }

    /// Refuses what RDS would refuse, in its words.
    fn check_failover(&self, cluster: &str, to: &str) -> Result<(), ApplyError> {
        let now = (self.clock)().wall;
        let kept = self.log.read(now).map_err(|error| not_sent(&error.to_string()))?;
        let seconds = now.duration_since(kept.began).as_secs_f64();
        let found = database::database(cluster, kept.began, seconds, &kept.mutations);
        let Some(found) = found.filter(|_| cluster == database::CLUSTER) else {
            return Err(rejected(&format!("DBClusterNotFoundFault: there is no cluster {cluster}")));
        };
        if found.status.as_str() != "available" {
            return Err(rejected(&format!("InvalidDBClusterStateFault: {cluster} is {}", found.status)));
        }
        let role = found.members.iter().find(|member| member.id.as_str() == to).map(|member| member.role);
        match role {
            Some(MemberRole::Reader) => Ok(()),
            Some(_) => Err(rejected(&format!("InvalidDBInstanceStateFault: {to} is the writer already"))),
            None => Err(rejected(&format!("DBInstanceNotFound: there is no instance {to} in {cluster}"))),
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

    /// The tasks of a service, and the moment of the call.
    fn crew(&self, service: &str) -> Result<(Crew, f64), ApplyError> {
        let now = (self.clock)().wall;
        let kept = self.log.read(now).map_err(|error| not_sent(&error.to_string()))?;
        let seconds = now.duration_since(kept.began).as_secs_f64();
        let course = self.log.course(&kept);
        let crew = course.crew(service).ok_or_else(|| rejected(&format!("there is no service {service}")))?;
        Ok((crew.clone(), seconds))
    }

    fn fault(&self) -> Result<Option<Fault>, ApplyError> {
        let kept = self.log.read((self.clock)().wall);
        kept.map(|kept| kept.fault).map_err(|error| not_sent(&error.to_string()))
    }
}

impl Target for SimulatedTarget {
    fn apply<'a>(&'a self, call: &'a Call, permit: Permit<'a>) -> BoxFuture<'a, Result<Receipt, ApplyError>> {
        async move {
            let fault = self.fault()?;
            permit.last_look()?;
            match fault {
                None => self.send(call, &permit),
                Some(Fault::Reject) => Err(ApplyError::Rejected(Text::clean("ThrottlingException: rate exceeded"))),
                Some(Fault::DropAfterApply) => {
                    self.send(call, &permit)?;
                    Err(ApplyError::Unknown(Text::clean("the connection was closed before an answer came")))
                }
                Some(Fault::Hang) => pending().await,
            }
        }
        .boxed()
    }
}

fn rejected(reason: &str) -> ApplyError {
    ApplyError::Rejected(Text::clean(reason))
}

fn not_sent(reason: &str) -> ApplyError {
    ApplyError::NotSent(Text::clean(reason))
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

/// The cluster of the simulated fleet.
pub const CLUSTER: &str = "demo";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::Mutation;

    fn clock() -> Now {
        Now::fixed(60)
    }

    fn call(service: &str, desired: u32) -> Call {
        Call::EcsSetDesiredCount { cluster: CLUSTER.to_owned(), service: service.to_owned(), desired, place: None }
    }

    /// A call under a fault: how it ended (`None`: never), and the effects that it had.
    async fn apply(fault: Option<Fault>, call: &Call) -> (Option<Result<Receipt, ApplyError>>, Vec<Mutation>) {
        let dir = tempfile::tempdir().unwrap();
        let simulator =
            config::Simulator { seed: 1, scenario: "calm".to_owned(), interval: std::time::Duration::from_secs(1) };
        let target = SimulatedTarget::new(&simulator, dir.path(), clock).unwrap();
        let began = Now::fixed(0).wall;
        target.log().inject(fault, began).unwrap();
        let ended = target.apply(call, Permit::for_test()).now_or_never();
        (ended, target.log().read(began).unwrap().mutations)
    }

    #[tokio::test]
    async fn a_call_has_one_effect_at_the_moment_of_the_call() {
        let (ended, effects) = apply(None, &call("rtech-app", 4)).await;
        assert_eq!(ended.unwrap().unwrap().said.as_str(), "ACTIVE, desired count 4");
        assert_eq!(effects, [Mutation { at: 60.0, service: Name::from("rtech-app"), change: Mutated::Desired(4) }]);
    }

    #[tokio::test]
    async fn bounds_and_suspension_are_set_and_bounds_move_a_count_that_lies_beyond_them() {
        let (cluster, service) = (CLUSTER.to_owned(), "rtech-app".to_owned());
        let bounds =
            Call::ScalingSetBounds { cluster: cluster.clone(), service: service.clone(), min: 3, max: 6, place: None };
        let held =
            Call::ScalingSetSuspended { cluster, service, inward: true, outward: false, scheduled: true, place: None };
        let dir = tempfile::tempdir().unwrap();
        let simulator =
            config::Simulator { seed: 1, scenario: "calm".to_owned(), interval: std::time::Duration::from_secs(1) };
        let target = SimulatedTarget::new(&simulator, dir.path(), clock).unwrap();
        let began = Now::fixed(0).wall;
        target.log().read(began).unwrap();
        for call in [bounds, held] {
            target.apply(&call, Permit::for_test()).await.unwrap();
        }
        let course = target.log().course(&target.log().read(began).unwrap());
        let profile = fleet::profile("rtech-app").unwrap();
        let set = crate::simulator::ecs::scaling(&course, profile, began, 61.0).unwrap().target.unwrap();
        assert_eq!((set.min, set.max, course.crew("rtech-app").unwrap().desired(61.0)), (3, 6, 3));
        let suspended = (set.scale_in_suspended, set.scale_out_suspended, set.scheduled_suspended);
        assert_eq!(suspended, (true, false, true));
    }

    #[tokio::test]
    async fn a_fault_rejects_loses_the_answer_or_never_answers() {
        let call = call("rtech-app", 4);
        let (ended, effects) = apply(Some(Fault::Reject), &call).await;
        assert!(matches!(ended, Some(Err(ApplyError::Rejected(_)))) && effects.is_empty());
        let (ended, effects) = apply(Some(Fault::DropAfterApply), &call).await;
        assert!(matches!(ended, Some(Err(ApplyError::Unknown(_)))) && effects.len() == 1);
        let (ended, effects) = apply(Some(Fault::Hang), &call).await;
        assert!(ended.is_none() && effects.is_empty());
    }

    #[tokio::test]
    async fn a_call_about_what_is_not_there_is_rejected_without_effect() {
        let elsewhere = Call::EcsSetDesiredCount {
            cluster: "other".to_owned(),
            service: "rtech-app".to_owned(),
            desired: 3,
            place: None,
        };
        for call in [call("rtech-redis", 3), call("shop", 3), call("rtech-app", MOST_TASKS + 1), elsewhere] {
            let (ended, effects) = apply(None, &call).await;
            assert!(matches!(ended, Some(Err(ApplyError::Rejected(_)))) && effects.is_empty(), "{call:?}");
        }
    }
}
