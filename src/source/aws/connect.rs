//! One AWS connection: profile, region, role, endpoint, timeouts.
