//! The promises, proven by faults: every crash point of every action, torn and failed writes, a seeded simulation, races,
//! kills. What is proven how, with figures and commands: `docs/proofs.md`.

mod backend;
mod crash;
mod rows;
mod stand;
mod torn;
