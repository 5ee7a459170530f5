//! `scale`: set the desired count of an ECS service.

use serde::{Deserialize, Serialize};

use super::{Action, ActionSpec, ArgumentSpec, PlanFailure};
use crate::source::Name;

/// Set the desired count of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scale {
    /// The service.
    pub service: Name,
    /// Tasks wanted.
    pub desired: u32,
}

/// The row of [`ACTIONS`](super::ACTIONS).
pub const SPEC: ActionSpec = ActionSpec {
    name: "scale",
    summary: "set the desired count of an ECS service",
    arguments: &[ArgumentSpec {
        name: "desired",
        summary: "tasks wanted: a whole number, within the scaling target's min and max",
    }],
    parse,
};

fn parse(target: &Name, arguments: &[(String, String)]) -> Result<Action, PlanFailure> {
    let hint = "write `scale SERVICE desired=N`, N a whole number";
    let [(key, value)] = arguments else {
        return Err(PlanFailure::new("scale takes exactly one argument, desired", hint));
    };
    if key != "desired" {
        return Err(PlanFailure::new(&format!("scale has no argument `{key}`"), hint));
    }
    let desired = value.parse().map_err(|_| PlanFailure::new(&format!("`{value}` is not a count of tasks"), hint))?;
    Ok(Action::Scale(Scale { service: target.clone(), desired }))
}
