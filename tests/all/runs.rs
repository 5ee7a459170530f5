//! Plans, guards, approvals, the journal, leases, and runs that go well or are refused.

pub(crate) mod backups;
pub(crate) mod databases;
mod debts;
mod demo_data;
pub(crate) mod fixture;
mod guards;
mod handover;
mod journal;
mod plans;
pub(crate) mod process;
mod properties;
pub(crate) mod restores;
pub(crate) mod scaling;
mod second;
pub(crate) mod stage;
pub(crate) mod traffic;
mod undo;
