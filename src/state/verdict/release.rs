//! What releases say of a service: a deployment that was rolled back, tasks that crash again and again, an image that is gone.

use std::time::Duration;

use super::{Level, Reason};
use crate::clock::Now;
use crate::source::{Registered, Releases, StoppedTask};

/// Failed tasks of one revision within [`CRASH_WINDOW`] from which it is a crash loop.
const CRASHES: usize = 3;

/// The window that crashes are counted in.
const CRASH_WINDOW: Duration = Duration::from_secs(600);

/// What live releases say; nothing where there is nothing against them. `current` is the task definition that new tasks get.
pub(super) fn releases(releases: &Releases, current: Option<&str>, now: Now) -> Vec<Reason> {
    [rolled_back(releases), crash_loop(releases, now), image_gone(releases, current)].into_iter().flatten().collect()
}

fn degraded(text: String) -> Option<Reason> {
    Some(Reason { level: Level::Degraded, text })
}

/// The newest deployment, if it was or is rolled back. A later one that went well settles it.
fn rolled_back(releases: &Releases) -> Option<Reason> {
    let newest = releases.deployments.first().filter(|deployment| deployment.rolled_back)?;
    let brought = newest.task_definition.as_ref().map_or("the newest deployment", |revision| revision.as_str());
    let reason = newest.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    let words = match newest.status.as_str() {
        "ROLLBACK_SUCCESSFUL" => "was ROLLED BACK",
        "ROLLBACK_FAILED" => "FAILED, and so did its rollback",
        _ => "is being ROLLED BACK",
    };
    degraded(format!("{brought} {words}{reason}"))
}

fn crash_loop(releases: &Releases, now: Now) -> Option<Reason> {
    let recent = |task: &&StoppedTask| {
        let age = task.stopped.and_then(|at| Duration::try_from(now.wall.duration_since(at)).ok());
        task.failed() && age.is_some_and(|age| age <= CRASH_WINDOW)
    };
    let crashed: Vec<&StoppedTask> = releases.stopped.iter().filter(recent).collect();
    let of = |revision: &str| crashed.iter().filter(|task| task.task_definition.as_str() == revision).count();
    let worst = crashed.iter().max_by_key(|task| of(task.task_definition.as_str()))?;
    let count = of(worst.task_definition.as_str());
    if count < CRASHES {
        return None;
    }
    let minutes = CRASH_WINDOW.as_secs() / 60;
    degraded(format!("crash loop: {count} tasks of {} failed in {minutes} min: {}", worst.task_definition, worst.why()))
}

/// A task of the current revision that is to be started would find no image.
fn image_gone(releases: &Releases, current: Option<&str>) -> Option<Reason> {
    let revision = releases.revisions.iter().find(|revision| Some(revision.id.as_str()) == current)?;
    let gone = revision.images.iter().find(|image| image.registry == Registered::Missing)?;
    degraded(format!("{}: the image {} is NOT IN ITS REGISTRY: no task can start", revision.id, gone.short()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Image, Revision, ServiceDeployment, StoppedContainer};
    use crate::text::Text;

    fn crashed(seconds_ago: u64, code: &str) -> StoppedTask {
        let at = Now::fixed(10_000 - seconds_ago).wall;
        StoppedTask {
            id: Text::from("a"),
            task_definition: Text::from("app:7"),
            stopped: Some(at),
            code: Text::from(code),
            reason: Text::from("Essential container in task exited"),
            containers: vec![StoppedContainer { name: Text::from("app"), exit_code: Some(137), reason: None }],
        }
    }

    fn judged(releases: &Releases) -> Vec<String> {
        let parts = super::releases(releases, Some("app:7"), Now::fixed(10_000));
        assert!(parts.iter().all(|part| part.level == Level::Degraded));
        parts.into_iter().map(|part| part.text).collect()
    }

    #[test]
    fn three_crashes_of_one_revision_within_ten_minutes_are_a_crash_loop() {
        let exits = |ages: &[u64], code: &str| Releases {
            stopped: ages.iter().map(|age| crashed(*age, code)).collect(),
            ..Releases::default()
        };
        let text = judged(&exits(&[10, 100, 599], "EssentialContainerExited"));
        assert_eq!(
            text,
            ["crash loop: 3 tasks of app:7 failed in 10 min: app exit 137 (killed, mostly out of memory)"]
        );
        assert!(judged(&exits(&[10, 100], "EssentialContainerExited")).is_empty());
        assert!(judged(&exits(&[10, 100, 601], "EssentialContainerExited")).is_empty(), "the third is too old");
        assert!(judged(&exits(&[10, 20, 30, 40], "ServiceSchedulerInitiated")).is_empty(), "scaling in is no crash");
    }

    #[test]
    fn only_the_newest_deployment_counts_as_rolled_back() {
        let deployment = |status: &str| ServiceDeployment {
            id: Text::from("d"),
            status: Text::from(status),
            reason: Some(Text::from("circuit breaker: 3 tasks failed")),
            task_definition: Some(Text::from("app:7")),
            created: None,
            started: None,
            finished: None,
            rolled_back: status.starts_with("ROLLBACK"),
        };
        let of = |all: &[&str]| Releases {
            deployments: all.iter().map(|status| deployment(status)).collect(),
            ..Releases::default()
        };
        let back = judged(&of(&["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]));
        assert_eq!(back, ["app:7 was ROLLED BACK: circuit breaker: 3 tasks failed"]);
        assert!(judged(&of(&["SUCCESSFUL", "ROLLBACK_SUCCESSFUL"])).is_empty());
    }

    #[test]
    fn an_image_that_is_gone_degrades_only_the_revision_in_use() {
        let revision = |id: &str| Revision {
            id: Text::from(id),
            status: Text::from("ACTIVE"),
            registered: None,
            registered_by: None,
            images: vec![Image {
                container: Text::from("app"),
                reference: Text::from("r.example/app:1"),
                registry: Registered::Missing,
            }],
            content: None,
            needs: Vec::new(),
        };
        let of = |id: &str| Releases { revisions: vec![revision(id)], ..Releases::default() };
        assert!(judged(&of("app:7"))[0].contains("NOT IN ITS REGISTRY"));
        assert!(judged(&of("app:6")).is_empty());
    }
}
