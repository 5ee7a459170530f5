//! One task a source: interval, deadline, jittered backoff.
