//! ECS: services, deployments, events, tasks.
