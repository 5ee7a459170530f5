//! The services of the simulated fleet: a believable shop, with the names of the reference fleet.

/// What one service is made of. Rates are requests a second, times are seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// Its name, as in the configuration and on the orchestrator.
    pub name: &'static str,
    /// Requests a second on a calm day.
    pub load: f64,
    /// Requests a second that one task can serve at most.
    pub capacity: f64,
    /// Mean service time of an idle task, in seconds.
    pub service_time: f64,
    /// Share of requests that fail on a calm day.
    pub errors: f64,
    /// Memory in use when idle, in per cent.
    pub memory: f64,
    /// How much of a surge of visitors reaches it: 1 all, 0 nothing.
    pub surge: f64,
    /// How it is run.
    pub run_by: RunBy,
}

/// How a service is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunBy {
    /// As tasks, by the orchestrator: so many at the start, and the scaling target's bounds.
    Orchestrator {
        /// Tasks at the start.
        tasks: u32,
        /// Least desired count.
        min: u32,
        /// Greatest desired count.
        max: u32,
    },
    /// As a managed thing of fixed size: so many nodes.
    Managed {
        /// Nodes.
        nodes: u32,
    },
}

impl Profile {
    /// Tasks or nodes at the start.
    pub fn initial(&self) -> u32 {
        match self.run_by {
            RunBy::Orchestrator { tasks, .. } => tasks,
            RunBy::Managed { nodes } => nodes,
        }
    }
}

const fn tasks(tasks: u32, min: u32, max: u32) -> RunBy {
    RunBy::Orchestrator { tasks, min, max }
}

/// All services. `rtech-app` is half busy on two tasks: a surge of 2.3 overloads two, troubles three and suits four.
pub static FLEET: &[Profile] = &[
    Profile {
        name: "rtech-app",
        load: 96.0,
        capacity: 96.0,
        service_time: 0.020,
        errors: 0.0003,
        memory: 52.0,
        surge: 1.0,
        run_by: tasks(2, 2, 10),
    },
    Profile {
        name: "rtech-worker",
        load: 24.0,
        capacity: 20.0,
        service_time: 0.12,
        errors: 0.0004,
        memory: 61.0,
        surge: 0.05,
        run_by: tasks(2, 1, 6),
    },
    Profile {
        name: "rtech-search",
        load: 30.0,
        capacity: 40.0,
        service_time: 0.030,
        errors: 0.0002,
        memory: 70.0,
        surge: 0.25,
        run_by: tasks(2, 2, 6),
    },
    Profile {
        name: "rtech-mongodb",
        load: 300.0,
        capacity: 900.0,
        service_time: 0.006,
        errors: 0.000_02,
        memory: 64.0,
        surge: 0.30,
        run_by: RunBy::Managed { nodes: 1 },
    },
    Profile {
        name: "rtech-redis",
        load: 1200.0,
        capacity: 12_000.0,
        service_time: 0.000_4,
        errors: 0.000_01,
        memory: 41.0,
        surge: 0.60,
        run_by: RunBy::Managed { nodes: 1 },
    },
];

/// Whether the orchestrator rolls a failed rollout of a service back by itself; of all it says that a rollout failed.
pub fn rolls_back(service: &str) -> bool {
    service != "rtech-worker"
}

/// The service of that name.
pub fn profile(name: &str) -> Option<&'static Profile> {
    FLEET.iter().find(|profile| profile.name == name)
}
