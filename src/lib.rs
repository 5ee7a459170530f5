//! Quarterdeck: a terminal operations console for on-call engineers.

pub mod action;
pub mod cli;
pub mod clock;
pub mod config;
pub mod event;
pub mod executor;
pub mod run;
pub mod runbook;
pub mod simulator;
pub mod slo;
pub mod source;
pub mod state;
pub mod store;
pub mod terminal;
pub mod text;
pub mod view;
