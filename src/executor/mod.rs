//! The only door to production.
//!
//! The executor is a process of its own (`quarterdeck executor RUN`, started detached from the terminal), so that a
//! dropped connection or a panic in a panel never cuts an action in half. It takes an approval out of the journal (once),
//! takes the lease, observes again and refuses on drift, and then, per step: journal Started (fsync) → apply, without
//! retries → read back → journal Done, Failed or Unknown. Mutating clients are built here and nowhere else.

pub mod aws;
pub mod doors;
pub mod engine;
mod facts;
pub mod handover;
pub mod journal;
pub mod lease;
pub mod local;
pub mod outside;
pub mod planning;
pub mod process;
pub mod second;
pub mod shared;
pub mod target;
pub mod team;
pub mod undo;
