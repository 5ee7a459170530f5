//! Plans, guards, approvals, the journal, leases, and runs that go well or are refused.

pub(crate) mod databases;
mod demo_data;
mod debts;
pub(crate) mod fixture;
mod guards;
mod journal;
mod plans;
mod process;
mod properties;
mod scaling;
