//! Leases that several hosts share: one holder at a time, whatever the network and the clocks do.

mod engine;
mod hosts;
mod lab;
mod memory;
mod proxy;
mod release;
mod rules;
mod schedules;
mod second;
mod wish;
