//! What screens and panels are made of: writing with roles, ages, numbers, sparklines, graphs, frames, the final sweep.

pub mod age;
pub mod badge;
pub mod clip;
pub mod number;
pub mod panel_frame;
pub mod pen;
pub mod reading;
pub mod spark;
pub mod sweep;

pub use pen::{Bit, Pen, bit};
