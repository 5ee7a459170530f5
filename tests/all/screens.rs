//! What is on the screen: snapshots with styles, and properties of every size.

mod costs;
mod database;
mod dialogs;
mod header;
mod lists;
mod logs;
mod outside;
mod overview;
mod paint;
mod properties;
pub(crate) mod recovery;
mod service;
mod traces;
