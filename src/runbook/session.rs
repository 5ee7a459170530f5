//! One time of following a runbook: advance().
