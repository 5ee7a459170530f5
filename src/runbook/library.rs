//! All runbooks: shipped ones and those of the configuration.
