//! `exec`: a command that the configuration declares.

use serde::{Deserialize, Serialize};

use super::declared::{self, Declares};
use super::{Action, ActionSpec, ArgumentSpec, PlanFailure};
use crate::source::Name;

/// Run a declared command on this host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exec {
    /// The service that is changed.
    pub service: Name,
    /// The declared action.
    pub name: Name,
}

impl Exec {
    /// The row of [`ACTIONS`](super::ACTIONS).
    pub const SPEC: ActionSpec = ActionSpec {
        name: Self::ACTION,
        summary: "run a local command that the configuration declares",
        arguments: &[ArgumentSpec { name: "name", summary: "the [[action]] of the configuration" }],
        targets: declared::targets::<Self>,
        parse,
    };
}

impl Declares for Exec {
    const ACTION: &'static str = "exec";

    fn service(&self) -> &Name {
        &self.service
    }

    fn name(&self) -> &Name {
        &self.name
    }
}

fn parse(target: &Name, arguments: &[(String, String)]) -> Result<Action, PlanFailure> {
    let name = declared::name(Exec::ACTION, arguments)?;
    Ok(Action::Exec(Exec { service: target.clone(), name }))
}
