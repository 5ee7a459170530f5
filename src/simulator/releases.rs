//! What was released to the simulated fleet, and the load balancer before it.

use jiff::Timestamp;

use super::fleet::{Profile, RunBy};
use super::log::Mutated;
use super::measure::moment;
use super::tasks::Crew;
use super::{ACCOUNT, REGION};
use crate::source::{
    Image, Registered, Releases, Revision, Route, ServiceDeployment, TargetGroup, Traffic, TrafficTarget,
};
use crate::text::Text;

const DAY: f64 = 86_400.0;

/// Revisions with the commit that they were built from, and how many days before the beginning they were registered.
const REVISIONS: [(u32, &str, f64); 3] = [(41, "b61f5c2", 2.0), (40, "8d04e77", 9.0), (39, "3f1c2a9", 16.0)];

/// The newest revisions of a service; `None` for one that no orchestrator runs.
pub fn releases(profile: &Profile, began: Timestamp) -> Option<Releases> {
    let RunBy::Orchestrator { .. } = profile.run_by else { return None };
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
    Some(Releases {
        revisions: REVISIONS.iter().map(|known| revision(profile, known, began)).collect(),
        deployments: REVISIONS.iter().map(brought).collect(),
        ..Releases::default()
    })
}

fn revision(profile: &Profile, (revision, commit, days): &(u32, &str, f64), began: Timestamp) -> Revision {
    Revision {
        id: Text::clean(&format!("{}:{revision}", profile.name)),
        status: Text::clean("ACTIVE"),
        registered: Some(moment(began, -days * DAY)),
        registered_by: Some(Text::clean(&format!("arn:aws:sts::{ACCOUNT}:assumed-role/ci/deploy"))),
        images: vec![Image {
            container: Text::clean(profile.name),
            reference: Text::clean(&format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{}:{commit}", profile.name)),
            registry: Registered::Found {
                digest: Text::clean(&format!("sha256:{}", commit.repeat(9))),
                pushed: Some(moment(began, -600.0 - days * DAY)),
                findings: Some(vec![(Text::clean("MEDIUM"), *revision - 38)]),
                scan: Some(Text::clean("COMPLETE")),
            },
        }],
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
