//! The promises, proven by faults: every crash point of every action, torn and failed writes, a seeded simulation, races,
//! kills. What is proven how, with figures and commands: `docs/proofs.md`.
#![allow(clippy::print_stdout)] // the figures of `docs/proofs.md`

mod backend;
mod crash;
mod dice;
mod effects;
mod keys;
mod kills;
mod oracle;
mod past;
pub(crate) mod place;
mod races;
pub(crate) mod rows;
mod seat;
mod simulation;
mod stand;
mod torn;
mod weather;
mod wire;
