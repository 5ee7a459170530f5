//! `http`: a request that the configuration declares.

use serde::{Deserialize, Serialize};

use super::declared::{self, Declares};
use super::{Action, ActionSpec, ArgumentSpec, PlanFailure};
use crate::source::Name;

/// Send a declared request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Http {
    /// The service that is changed.
    pub service: Name,
    /// The declared action.
    pub name: Name,
}

impl Http {
    /// The row of [`ACTIONS`](super::ACTIONS).
    pub const SPEC: ActionSpec = ActionSpec {
        name: Self::ACTION,
        summary: "send a request that the configuration declares",
        arguments: &[ArgumentSpec { name: "name", summary: "the [[action]] of the configuration" }],
        targets: declared::targets::<Self>,
        parse,
    };
}

impl Declares for Http {
    const ACTION: &'static str = "http";

    fn service(&self) -> &Name {
        &self.service
    }

    fn name(&self) -> &Name {
        &self.name
    }
}

fn parse(target: &Name, arguments: &[(String, String)]) -> Result<Action, PlanFailure> {
    let name = declared::name(Http::ACTION, arguments)?;
    Ok(Action::Http(Http { service: target.clone(), name }))
}
