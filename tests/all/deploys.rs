//! Actions on revisions, deployments and single tasks: plans, refusals, what a look tells, whole runs on the simulated fleet.

pub(crate) mod bench;
mod lab;
mod matrix;
mod plans;
mod runs;
mod sights;
