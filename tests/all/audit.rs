//! `quarterdeck audit`: an untouched journal passes, and no attack on journal, export or anchor does.

mod anchors;
mod approvals;
mod command;
mod exports;
mod fixture;
mod records;
mod secrets;
mod size;
