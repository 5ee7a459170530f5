//! The hand tells the truth whatever happens to it, and never sends twice: crashes, lost answers, drift, a full disk.

mod crash;
pub(crate) mod fake;
mod gates;
mod outcome;
