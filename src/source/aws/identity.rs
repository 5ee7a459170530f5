//! STS: whose credentials are in use.
