//! Where the configuration is found, and loading it.
