//! One integration binary: screens, keys, config, sources, runs, recovery, simulation, terminal, lab.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests, too

mod audit;
mod aws;
mod config;
mod deploys;
mod fixture;
mod fleets;
mod fuzzing;
mod harness;
mod keys;
mod lab;
mod logs;
mod outside;
mod pictures;
mod proofs;
mod recovery;
mod runbooks;
mod runs;
mod scale;
mod screens;
mod shared;
mod simulation;
mod sources;
mod terminal;
