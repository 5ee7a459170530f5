//! State → cells. Views are pure functions of (&State, &Theme, size).

pub mod panel;
