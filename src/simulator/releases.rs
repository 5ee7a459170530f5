//! What was released to the simulated fleet, and the load balancer before it.

use jiff::Timestamp;

use super::fleet::{Profile, RunBy, rolls_back};
use super::log::Mutated;
use super::measure::moment;
use super::tasks::{Crew, Ending, FIRST_REVISION};
use super::{ACCOUNT, REGION};
use crate::source::{
    Candidate, Existence, Image, Need, NeedKind, Needed, Needs, Registered, Releases, Revision, Route, Safety,
    ServiceDeployment, TargetGroup, Traffic, TrafficTarget,
};
use crate::text::Text;

const DAY: f64 = 86_400.0;

/// Revisions with the commit that they were built from, and how many days before the beginning they were registered.
const REVISIONS: [(u32, &str, f64); 3] = [(41, "b61f5c2", 2.0), (40, "8d04e77", 9.0), (39, "3f1c2a9", 16.0)];

/// Images that were built and not deployed yet: with what their scans found. Those that begin with `bad` don't start.
const BUILT: [(&str, &str, u32); 3] = [("c47d9e0", "LOW", 2), ("d90aa31", "CRITICAL", 1), ("bad", "LOW", 2)];

/// Revisions, deployments and how rollouts are watched, `seconds` after the beginning; `None` for a service that no
/// orchestrator runs.
pub fn releases(profile: &Profile, crew: &Crew, began: Timestamp, seconds: f64) -> Option<Releases> {
    let RunBy::Orchestrator { .. } = profile.run_by else { return None };
    let now = crew.registered.iter().zip(FIRST_REVISION + 1..).filter(|((at, _), _)| *at <= seconds);
    let now = now.map(|((at, tag), number)| revision(profile, &(number, tag.as_str(), -at / DAY), began));
    let mut revisions: Vec<Revision> = now.collect();
    revisions.reverse();
    revisions.extend(REVISIONS.iter().map(|known| revision(profile, known, began)));
    let indices = (1..crew.deployments.len()).rev();
    let mut deployments: Vec<ServiceDeployment> =
        indices.filter_map(|index| deployed(profile, crew, index, (began, seconds))).collect();
    deployments.extend(before(profile, began));
    let safety = Some(Safety { fails: true, rolls_back: rolls_back(profile.name) });
    Some(Releases { revisions, deployments, safety, ..Releases::default() })
}

/// A deployment since the beginning; rollbacks belong to the deployment that they roll back.
fn deployed(
    profile: &Profile,
    crew: &Crew,
    index: usize,
    (began, seconds): (Timestamp, f64),
) -> Option<ServiceDeployment> {
    let deployed = crew.deployments.get(index).filter(|one| one.at <= seconds && !one.is_rollback)?;
    let ended = deployed.ended.filter(|(at, _)| *at <= seconds);
    let rolled = crew.deployments.get(index + 1).is_some_and(|next| next.is_rollback);
    let (status, finished) = match ended {
        Some(_) if rolled => match crew.done(index + 1).filter(|done| *done <= seconds) {
            Some(done) => ("ROLLBACK_SUCCESSFUL", Some(done)),
            None => ("ROLLBACK_IN_PROGRESS", None),
        },
        Some((at, _)) => ("STOPPED", Some(at)),
        None if crew.is_rolling(index, seconds) => ("IN_PROGRESS", None),
        None => ("SUCCESSFUL", crew.done(index)),
    };
    let reason = ended.map(|(_, ending)| match ending {
        Ending::Failed => "circuit breaker: 3 tasks failed",
        Ending::RolledBack | Ending::Stopped => "stopped by a user",
    });
    Some(ServiceDeployment {
        id: Text::clean(&format!("{}-{}-{index}", profile.name, deployed.revision)),
        status: Text::clean(status),
        reason: reason.map(Text::clean),
        task_definition: Some(Text::clean(&format!("{}:{}", profile.name, deployed.revision))),
        created: Some(moment(began, deployed.at)),
        started: Some(moment(began, deployed.at)),
        finished: finished.map(|at| moment(began, at)),
        rolled_back: status.starts_with("ROLLBACK"),
    })
}

/// What the registry says of an image of a service, by its tag.
pub fn candidate(profile: &Profile, crew: &Crew, version: &str, began: Timestamp) -> Candidate {
    let built = BUILT.iter().any(|(tag, ..)| *tag == version);
    let known = REVISIONS.iter().any(|(_, tag, _)| *tag == version);
    let used = crew.registered.iter().any(|(_, tag)| tag == version);
    let image = image(profile, version, moment(began, -600.0));
    let reference = Text::clean(&image.with(version));
    Candidate { reference, registry: if built || known || used { image.registry } else { Registered::Missing } }
}

/// The deployments before the beginning.
fn before(profile: &Profile, began: Timestamp) -> Vec<ServiceDeployment> {
    let brought = |(revision, _, days): &(u32, &str, f64)| ServiceDeployment {
        id: Text::clean(&format!("{}-{revision}", profile.name)),
        status: Text::clean("SUCCESSFUL"),
        reason: None,
        task_definition: Some(Text::clean(&format!("{}:{revision}", profile.name))),
        created: Some(moment(began, -days * DAY)),
        started: Some(moment(began, -days * DAY)),
        finished: Some(moment(began, 180.0 - days * DAY)),
        rolled_back: false,
    };
    REVISIONS.iter().map(brought).collect()
}

fn revision(profile: &Profile, (revision, commit, days): &(u32, &str, f64), began: Timestamp) -> Revision {
    Revision {
        id: Text::clean(&format!("{}:{revision}", profile.name)),
        status: Text::clean("ACTIVE"),
        registered: Some(moment(began, -days * DAY)),
        registered_by: Some(Text::clean(&format!("arn:aws:sts::{ACCOUNT}:assumed-role/ci/deploy"))),
        images: vec![image(profile, commit, moment(began, -600.0 - days * DAY))],
        content: Some(Text::clean(&format!("the definition of {}", profile.name))),
        needs: needs(profile),
    }
}

/// What tasks of a service need.
fn needs(profile: &Profile) -> Vec<Need> {
    let need = |kind, what: &str, name: String| {
        let (what, name) = (Text::clean(what), Text::clean(&name));
        Need { kind, what, name, region: None }
    };
    let role = |of: &str| format!("arn:aws:iam::{ACCOUNT}:role/{}-{of}", profile.name);
    let secret = format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{}/database-Q7x2Lm", profile.name);
    vec![
        need(NeedKind::Role, "task role", role("task")),
        need(NeedKind::Role, "execution role", role("execution")),
        need(NeedKind::LogGroup, &format!("log group of {}", profile.name), format!("/ecs/{}", profile.name)),
        need(NeedKind::Secret, &format!("secret DATABASE_URL of {}", profile.name), secret),
    ]
}

/// The same, looked up: all of it is there.
pub fn needed(profile: &Profile, releases: &Releases) -> Needs {
    let of: Vec<Text> = releases.revisions.iter().map(|revision| revision.id.clone()).collect();
    let found = |need| Needed { need, of: of.clone(), existence: Existence::Found };
    Needs { all: needs(profile).into_iter().map(found).collect(), of: of.clone() }
}

fn image(profile: &Profile, tag: &str, pushed: Timestamp) -> Image {
    let old = REVISIONS.iter().find(|(_, commit, _)| *commit == tag).map(|(revision, ..)| ("MEDIUM", revision - 38));
    let built = || BUILT.iter().find(|(built, ..)| *built == tag).map(|(_, severity, count)| (*severity, *count));
    let found = old.or_else(built).into_iter().map(|(severity, count)| (Text::clean(severity), count)).collect();
    Image {
        container: Text::clean(profile.name),
        reference: Text::clean(&format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{}:{tag}", profile.name)),
        registry: Registered::Found {
            digest: Text::clean(&format!("sha256:{}", tag.repeat(9))),
            pushed: Some(pushed),
            findings: Some(found),
            scan: Some(Text::clean("COMPLETE")),
        },
    }
}

/// The service that has a second target group, with as many targets as the first.
const BLUE_GREEN: &str = "rtech-app";

/// What stands before a service's name in the ARN of its listener.
pub(super) const LISTENER: &str = "listener/app/demo/";

/// The target groups of a service that the fleet has, the first of which takes all traffic at the start.
pub(super) fn groups(service: &str) -> Vec<String> {
    let second = (service == BLUE_GREEN).then(|| format!("{service}-green"));
    std::iter::once(service.to_owned()).chain(second).collect()
}

/// Weights as they were set last; the targets of each group are the tasks that run.
pub fn traffic(profile: &Profile, crew: &Crew, seconds: f64) -> Traffic {
    let set = |set: &Mutated| if let Mutated::Weights(weights) = set { Some(weights.clone()) } else { None };
    let first = || groups(profile.name).into_iter().enumerate().map(|(at, name)| (name, u32::from(at == 0))).collect();
    let weights: Vec<(String, u32)> = crew.setting(seconds, set).unwrap_or_else(first);
    let cleaned = |(name, weight): &(String, u32)| (Text::clean(name), *weight);
    let names = groups(profile.name);
    Traffic {
        state: Some(Text::clean("active")),
        routes: vec![Route {
            listener: Text::clean("HTTPS:443"),
            arn: Text::clean(&format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:{LISTENER}{}/2", profile.name)),
            weights: weights.iter().map(cleaned).collect(),
            sticky_seconds: None,
            besides: Vec::new(),
        }],
        groups: names.iter().enumerate().map(|(at, name)| group(name, at, crew, seconds)).collect(),
        ..Traffic::default()
    }
}

/// A target group, the `at`-th of its service.
fn group(name: &str, at: usize, crew: &Crew, seconds: f64) -> TargetGroup {
    let tasks = crew.tasks.iter().filter(|task| task.is_running(seconds) || task.is_pending(seconds));
    let target = |(index, task): (usize, &super::tasks::Task)| TrafficTarget {
        id: Text::clean(&format!("10.0.{}.{}:3000", at + 1, 10 + index % 200)),
        state: Text::clean(if task.is_running(seconds) { "healthy" } else { "initial" }),
        reason: (!task.is_running(seconds)).then(|| Text::clean("Elb.RegistrationInProgress")),
        description: None,
    };
    TargetGroup {
        name: Text::clean(name),
        arn: Text::clean(&format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/{name}/1")),
        targets: tasks.take(100).enumerate().map(target).collect(),
    }
}
