//! ECS as a target: the mutating client, without retries.
