//! Tasks by time: which exist, and since when they run.

use super::log::Mutation;
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
    initial: u32,
}

impl Crew {
    /// The crew of `service` with `initial` tasks at the start.
    pub fn new(seed: u64, service: &str, initial: u32, mutations: &[Mutation]) -> Self {
        let mut crew = Self { tasks: Vec::new(), changes: Vec::new(), initial };
        let seed = seed_of(seed, service);
        for _ in 0..initial {
            crew.add(seed, -86_400.0, 45.0);
        }
        for mutation in mutations.iter().filter(|mutation| mutation.service == *service) {
            crew.change(seed, mutation.at, mutation.desired.min(MOST_TASKS));
        }
        crew
    }

    fn change(&mut self, seed: u64, at: f64, desired: u32) {
        self.changes.push((at, desired));
        let wanted = desired as usize;
        let staying = self.tasks.iter().filter(|task| task.stops.is_none()).count();
        for place in staying..wanted {
            // One after the other: a scheduler places them in turn, and images take 6 to 10 s to start.
            let index = i64::try_from(self.tasks.len()).unwrap_or_default();
            #[allow(clippy::cast_precision_loss)] // a few tasks
            let turn = 0.4 * (place - staying).min(30) as f64;
            self.add(seed, at, 6.0 + turn + 3.0 * unit(seed, index));
        }
        let surplus = staying.saturating_sub(wanted);
        for task in self.tasks.iter_mut().rev().filter(|task| task.stops.is_none()).take(surplus) {
            task.stops = Some(at + 2.0);
        }
    }

    fn add(&mut self, seed: u64, asked: f64, starting: f64) {
        let number = self.tasks.len() as u64;
        let id = format!("{:016x}{:016x}", mix(seed ^ mix(number)), mix(seed ^ mix(number) ^ 1));
        self.tasks.push(Task { id, asked, runs: asked + starting, stops: None });
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
        Mutation { at, service: Name::from("rtech-app"), desired }
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
