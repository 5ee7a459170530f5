//! What screens and panels are made of: writing with roles, ages, numbers, sparklines, graphs, frames, the final sweep.

pub mod age;
pub mod badge;
pub mod chart;
pub mod clip;
pub mod debt;
pub mod flow;
pub mod keys;
pub mod list;
pub mod number;
pub mod page;
pub mod panel_frame;
pub mod pen;
pub mod plan;
pub mod reading;
pub mod recovery;
pub mod run;
pub mod signal;
pub mod signs;
pub mod spark;
pub mod step;
pub mod sweep;
pub mod table;
pub mod team;
pub mod words;

pub use pen::{Bit, Pen, bit};
