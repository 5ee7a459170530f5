//! What is on the screen: snapshots with styles, and properties of every size.

mod paint;
mod properties;
