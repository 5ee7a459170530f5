//! Where the journal's head is anchored.

use std::path::PathBuf;

/// `[audit]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// The file that keeps the journal's head after each approval and each outcome; best on another mount.
    pub anchor: Option<PathBuf>,
}
