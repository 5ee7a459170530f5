//! One integration binary: screens, keys, config, sources, runs, recovery, simulation, terminal, lab.

mod aws;
mod config;
mod fixture;
mod keys;
mod lab;
mod recovery;
mod runbooks;
mod runs;
mod screens;
mod simulation;
mod sources;
mod terminal;
