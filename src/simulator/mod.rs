//! The built-in simulated fleet, for the demo, drills and tests.
