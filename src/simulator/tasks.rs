//! Tasks by time: which exist, and since when they run.

use super::fleet;
use super::log::{Mutated, Mutation};
use super::noise::{mix, seed_of, unit};

/// The most tasks that a service can be given, so that a typing error can't fill the memory.
pub const MOST_TASKS: u32 = 200;

/// The life of one task, in seconds since the fleet began.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Its identifier: 32 hexadecimal digits.
    pub id: String,
    /// When it was asked for.
    pub asked: f64,
    /// When it runs.
    pub runs: f64,
    /// When it is stopped, if it is.
    pub stops: Option<f64>,
    /// The deployment that it belongs to, by its place in [`Crew::deployments`].
    pub deployment: usize,
}

impl Task {
    /// Whether it runs at that moment.
    pub fn is_running(&self, seconds: f64) -> bool {
        self.runs <= seconds && !self.is_stopped(seconds)
    }

    /// Whether it is starting at that moment.
    pub fn is_pending(&self, seconds: f64) -> bool {
        self.asked <= seconds && seconds < self.runs && !self.is_stopped(seconds)
    }

    fn is_stopped(&self, seconds: f64) -> bool {
        self.stops.is_some_and(|stops| stops <= seconds)
    }
}

/// The tasks of one service: what its size at the start and the changes since make of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Crew {
    /// All tasks that ever were, oldest first.
    pub tasks: Vec<Task>,
    /// Changes: when, and the desired count from then on.
    pub changes: Vec<(f64, u32)>,
    /// Deployments, oldest first; the first was there before the fleet began.
    pub deployments: Vec<Deployed>,
    /// Revisions that were registered since the fleet began: when, and the tag of their image.
    pub registered: Vec<(f64, String)>,
    /// What was set besides: when, and what.
    pub settings: Vec<(f64, Mutated)>,
    initial: u32,
    rolls_back: bool,
    /// When the deployment in flight is found to have failed.
    trips: Option<f64>,
}

/// One deployment of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployed {
    /// When it began, in seconds since the fleet began.
    pub at: f64,
    /// The revision that it brought.
    pub revision: u32,
    /// When and how it ended before it was done, if it did.
    pub ended: Option<(f64, Ending)>,
    /// Whether the orchestrator began it to roll the one before back.
    pub is_rollback: bool,
}

/// How a deployment ended before it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Its tasks did not start.
    Failed,
    /// Somebody stopped it, and it was rolled back.
    RolledBack,
    /// Somebody stopped it where it stood.
    Stopped,
}

/// The revision that runs at the start.
pub const FIRST_REVISION: u32 = 41;

/// Images whose tag begins so don't start.
const BAD: &str = "bad";

/// Seconds after which a task of such an image ends, and how many of them it takes to call the rollout failed.
const DOOMED: f64 = 8.0;
const ATTEMPTS: u32 = 3;

impl Crew {
    /// The crew of `service` with `initial` tasks at the start.
    pub fn new(seed: u64, service: &str, initial: u32, mutations: &[Mutation]) -> Self {
        let first = Deployed { at: -2.0 * 86_400.0, revision: FIRST_REVISION, ended: None, is_rollback: false };
        let mut crew = Self {
            tasks: Vec::new(),
            changes: Vec::new(),
            deployments: vec![first],
            registered: Vec::new(),
            settings: Vec::new(),
            initial,
            rolls_back: fleet::rolls_back(service),
            trips: None,
        };
        let seed = seed_of(seed, service);
        for _ in 0..initial {
            crew.add(seed, -86_400.0, 45.0);
        }
        for mutation in mutations.iter().filter(|mutation| mutation.service == *service) {
            crew.trip(seed, mutation.at);
            match &mutation.change {
                Mutated::Desired(desired) => crew.change(seed, mutation.at, (*desired).min(MOST_TASKS)),
                Mutated::Deployed(revision) => crew.deploy(seed, mutation.at, *revision),
                Mutated::Registered(tag) => crew.registered.push((mutation.at, tag.clone())),
                Mutated::Halted { rollback } => crew.halt(seed, mutation.at, *rollback),
                Mutated::Stopped(id) => crew.stop(seed, mutation.at, id),
                Mutated::Bounds(min, max) => crew.bound(seed, mutation.at, (*min, *max)),
                // Nothing that tasks are about.
                _ => {}
            }
            crew.settings.push((mutation.at, mutation.change.clone()));
        }
        crew.trip(seed, f64::INFINITY);
        crew
    }

    /// Autoscaling moves a count that lies beyond new bounds to the nearest one within.
    fn bound(&mut self, seed: u64, at: f64, (min, max): (u32, u32)) {
        let desired = self.desired(at);
        if min <= max && !(min..=max).contains(&desired) {
            self.change(seed, at, desired.clamp(min, max).min(MOST_TASKS));
        }
    }

    /// What was set last of one kind, at that moment.
    pub fn setting<T>(&self, seconds: f64, kind: impl Fn(&Mutated) -> Option<T>) -> Option<T> {
        let so_far = self.settings.iter().rev().filter(|(at, _)| *at <= seconds);
        so_far.map(|(_, set)| set).find_map(kind)
    }

    /// Whether a revision's image doesn't start.
    fn is_bad(&self, revision: u32) -> bool {
        let index = revision.checked_sub(FIRST_REVISION + 1).and_then(|index| usize::try_from(index).ok());
        let tag = index.and_then(|index| self.registered.get(index));
        tag.is_some_and(|(_, tag)| tag.starts_with(BAD))
    }

    /// The newest revision that is registered at that moment.
    pub fn newest(&self, seconds: f64) -> u32 {
        let since = self.registered.iter().filter(|(at, _)| *at <= seconds).count();
        FIRST_REVISION + u32::try_from(since).unwrap_or_default()
    }

    /// Tasks that are not told to stop by then; whoever was to stop later goes on, because nothing takes its place any more.
    fn keep(&mut self, at: f64) {
        let last = self.deployments.len() - 1;
        for task in self.tasks.iter_mut().filter(|task| task.deployment != last) {
            task.stops = task.stops.filter(|stops| *stops <= at);
        }
    }

    /// The rollout that is found to have failed by then: it is over, and rolled back where the service is set up so.
    fn trip(&mut self, seed: u64, by: f64) {
        let Some(at) = self.trips.take_if(|at| *at <= by) else { return };
        self.end(at, Ending::Failed);
        if self.rolls_back {
            self.back(seed, at);
        }
    }

    fn end(&mut self, at: f64, ending: Ending) {
        if let Some(last) = self.deployments.last_mut() {
            last.ended = Some((at, ending));
        }
    }

    /// The revision before the last deployment, again.
    fn back(&mut self, seed: u64, at: f64) {
        let before = self.deployments.len().checked_sub(2).and_then(|index| self.deployments.get(index));
        let revision = before.map_or(FIRST_REVISION, |before| before.revision);
        self.deploy(seed, at, revision);
        if let Some(last) = self.deployments.last_mut() {
            last.is_rollback = true;
        }
    }

    /// Somebody ends the deployment in flight.
    fn halt(&mut self, seed: u64, at: f64, rollback: bool) {
        self.trips = None;
        self.keep(at);
        let last = self.deployments.len() - 1;
        let gone = |task: &&mut Task| task.deployment == last && (rollback || task.runs > at);
        for task in self.tasks.iter_mut().filter(gone) {
            task.stops = Some(task.stops.map_or(at, |stops| stops.min(at)));
        }
        self.end(at, if rollback { Ending::RolledBack } else { Ending::Stopped });
        if rollback {
            self.back(seed, at);
        }
    }

    /// Somebody stops one task; another is started.
    fn stop(&mut self, seed: u64, at: f64, id: &str) {
        if let Some(task) = self.tasks.iter_mut().find(|task| task.id == id && task.stops.is_none()) {
            task.stops = Some(at + 1.0);
            self.start(seed, at + 1.0, 0);
        }
    }

    fn change(&mut self, seed: u64, at: f64, desired: u32) {
        self.changes.push((at, desired));
        let wanted = desired as usize;
        let staying = self.tasks.iter().filter(|task| task.stops.is_none()).count();
        for place in staying..wanted {
            self.start(seed, at, place - staying);
        }
        let surplus = staying.saturating_sub(wanted);
        for task in self.tasks.iter_mut().rev().filter(|task| task.stops.is_none()).take(surplus) {
            task.stops = Some(at + 2.0);
        }
    }

    /// Every task is replaced: the old one stops when the new one runs.
    fn deploy(&mut self, seed: u64, at: f64, revision: u32) {
        self.deployments.push(Deployed { at, revision, ended: None, is_rollback: false });
        if self.is_bad(revision) {
            return self.doom(seed, at);
        }
        let old: Vec<usize> =
            self.tasks.iter().enumerate().filter(|(_, task)| task.stops.is_none()).map(|(index, _)| index).collect();
        for (turn, index) in old.into_iter().enumerate() {
            let runs = self.start(seed, at, turn);
            if let Some(task) = self.tasks.get_mut(index) {
                task.stops = Some(runs + 2.0);
            }
        }
    }

    /// One task after the other is tried, and none comes to run; those that run go on.
    fn doom(&mut self, seed: u64, at: f64) {
        for attempt in 0..ATTEMPTS {
            let asked = at + DOOMED * f64::from(attempt);
            self.add(seed, asked, f64::INFINITY);
            if let Some(task) = self.tasks.last_mut() {
                task.stops = Some(asked + DOOMED);
            }
        }
        self.trips = Some(at + DOOMED * f64::from(ATTEMPTS));
    }

    /// Whether a deployment is in flight at that moment: it was not ended, and its tasks start or others still run.
    pub fn is_rolling(&self, deployment: usize, seconds: f64) -> bool {
        let Some(deployed) = self.deployments.get(deployment) else { return false };
        if deployment == 0 || deployed.ended.is_some_and(|(at, _)| at <= seconds) || deployed.at > seconds {
            return false;
        }
        let done = self.done(deployment);
        done.is_none_or(|done| seconds < done)
    }

    /// When a deployment is done: its first tasks run and those before it have stopped. `None`: it never is.
    pub fn done(&self, deployment: usize) -> Option<f64> {
        let deployed = self.deployments.get(deployment)?;
        let first = self.tasks.iter().filter(|task| task.deployment == deployment && task.asked <= deployed.at);
        let last = first.map(|task| task.runs).fold(deployed.at, f64::max) + 2.0;
        (last.is_finite() && deployed.ended.is_none()).then_some(last)
    }

    /// Tasks of a deployment that failed to start by that moment.
    pub fn failed(&self, deployment: usize, seconds: f64) -> u32 {
        let failed =
            |task: &&Task| task.deployment == deployment && task.runs.is_infinite() && task.is_stopped(seconds);
        count(self.tasks.iter().filter(failed))
    }

    /// A task that is asked for, and when it will run. One after the other: a scheduler places them in turn, and images take
    /// 6 to 10 s to start.
    fn start(&mut self, seed: u64, at: f64, turn: usize) -> f64 {
        let index = i64::try_from(self.tasks.len()).unwrap_or_default();
        #[allow(clippy::cast_precision_loss)] // a few tasks
        let starting = 6.0 + 0.4 * turn.min(30) as f64 + 3.0 * unit(seed, index);
        self.add(seed, at, starting);
        at + starting
    }

    /// The deployment in force at that moment, by its place in [`Crew::deployments`].
    pub fn deployment(&self, seconds: f64) -> usize {
        self.deployments.iter().rposition(|deployed| deployed.at <= seconds).unwrap_or_default()
    }

    /// The revision that a deployment brought.
    pub fn revision(&self, deployment: usize) -> u32 {
        self.deployments.get(deployment).map_or(FIRST_REVISION, |deployed| deployed.revision)
    }

    fn add(&mut self, seed: u64, asked: f64, starting: f64) {
        let number = self.tasks.len() as u64;
        let id = format!("{:016x}{:016x}", mix(seed ^ mix(number)), mix(seed ^ mix(number) ^ 1));
        let deployment = self.deployments.len() - 1;
        self.tasks.push(Task { id, asked, runs: asked + starting, stops: None, deployment });
    }

    /// Tasks wanted at that moment.
    pub fn desired(&self, seconds: f64) -> u32 {
        self.changes.iter().rev().find(|(at, _)| *at <= seconds).map_or(self.initial, |(_, desired)| *desired)
    }

    /// Tasks running at that moment.
    pub fn running(&self, seconds: f64) -> u32 {
        count(self.tasks.iter().filter(|task| task.is_running(seconds)))
    }

    /// Tasks starting at that moment.
    pub fn pending(&self, seconds: f64) -> u32 {
        count(self.tasks.iter().filter(|task| task.is_pending(seconds)))
    }
}

fn count<'a>(tasks: impl Iterator<Item = &'a Task>) -> u32 {
    u32::try_from(tasks.count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Name;

    fn mutation(at: f64, desired: u32) -> Mutation {
        Mutation { at, service: Name::from("rtech-app"), change: Mutated::Desired(desired) }
    }

    #[test]
    fn a_new_task_is_pending_for_six_to_ten_seconds_and_then_runs() {
        let crew = Crew::new(1, "rtech-app", 2, &[mutation(100.0, 4)]);
        assert_eq!((crew.desired(99.0), crew.running(99.0), crew.pending(99.0)), (2, 2, 0));
        assert_eq!((crew.desired(101.0), crew.running(101.0), crew.pending(101.0)), (4, 2, 2));
        assert_eq!((crew.running(105.9), crew.running(110.0), crew.pending(110.0)), (2, 4, 0));
    }

    #[test]
    fn scaling_in_stops_the_newest_tasks() {
        let crew = Crew::new(1, "rtech-app", 2, &[mutation(100.0, 4), mutation(200.0, 3)]);
        assert_eq!((crew.running(199.0), crew.running(203.0)), (4, 3));
        assert!(crew.tasks[3].stops.is_some() && crew.tasks[0].stops.is_none());
    }

    #[test]
    fn a_deployment_replaces_every_task_and_never_runs_fewer() {
        let deployed = Mutation { at: 100.0, service: Name::from("rtech-app"), change: Mutated::Deployed(42) };
        let crew = Crew::new(1, "rtech-app", 2, &[deployed]);
        assert_eq!((crew.deployment(99.0), crew.deployment(100.0), crew.revision(1)), (0, 1, 42));
        for second in 100..130 {
            assert!(crew.running(f64::from(second)) >= 2, "{second}");
        }
        assert_eq!((crew.running(130.0), crew.pending(130.0)), (2, 0));
        assert!(crew.tasks.iter().all(|task| task.is_running(130.0) == (task.deployment == 1)));
    }

    #[test]
    fn a_huge_count_is_bounded() {
        let crew = Crew::new(1, "rtech-app", 2, &[mutation(0.0, u32::MAX)]);
        assert_eq!(crew.tasks.len(), MOST_TASKS as usize);
    }

    #[test]
    fn changes_of_another_service_do_nothing() {
        let crew = Crew::new(1, "rtech-search", 2, &[mutation(0.0, 9)]);
        assert_eq!(crew.running(60.0), 2);
    }
}
