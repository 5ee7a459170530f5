//! The sources of a configuration.
