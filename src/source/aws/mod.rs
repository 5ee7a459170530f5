//! AWS, read only: connection, CloudWatch, ECS, Application Auto Scaling, STS.

pub mod cloudwatch;
pub mod connect;
pub mod ecs;
pub mod identity;
pub mod scaling;
