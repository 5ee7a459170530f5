//! Rows of the guards about declared requests and commands.

use std::time::Duration;

use quarterdeck::action::Decision::{Allow, Ask, Deny};
use quarterdeck::action::declared::action_of;
use quarterdeck::action::http::Http;
use quarterdeck::action::{Action, Call};
use quarterdeck::config::{Declared, DeclaredCommand, EnvironmentKind, How};
use quarterdeck::source::{SeenDeclared, SeenProgram};

use super::{Case, Row, row};
use crate::runs::fixture::{SERVICE, flag, flag_seen};

pub(super) static ROWS: &[Row] = &[
    row("declared", Allow, "judged by checkout", |c| declare(c, flag())),
    row("declared", Ask, "customers see the old one", |c| {
        declare(c, Declared { warning: Some("customers see the old one".into()), ..flag() });
    }),
    row("declared", Ask, "nothing reads its outcome back", |c| declare(c, Declared { read_back: None, ..flag() })),
    row("declared", Deny, "the declaration changed", |c| {
        declare(c, flag());
        c.doctor = |p| p.observation.declared.as_mut().unwrap().digest = "0".repeat(64);
    }),
    row("declared", Deny, "the declaration changed", |c| {
        declare(c, flag());
        c.doctor = |p| {
            let Call::DeclaredRequest { declaration, .. } = &mut p.steps[0].call else { return };
            *declaration = "0".repeat(64);
        }
    }),
    row("declared", Deny, "declares no other of rtech-app", |c| {
        declare(c, flag());
        c.doctor = |p| p.action = Action::Http(Http { service: SERVICE.into(), name: "other".into() });
    }),
    row("declared", Deny, "the declaration was not read", |c| {
        declare(c, flag());
        c.doctor = |p| p.observation.declared = None;
    }),
    row("declared", Deny, "not of one declared call", |c| {
        declare(c, flag());
        c.doctor = |p| p.steps.push(p.steps[0].clone());
    }),
    row("command", Ask, "production: it runs on this host", |c| declare(c, script())),
    row("command", Allow, "it runs on this host; 9 bytes", |c| {
        declare(c, script());
        c.config.environment.kind = EnvironmentKind::Staging;
    }),
    row("command", Deny, "everybody on this host may write", |c| {
        declare(c, script());
        c.observed.declared.as_mut().unwrap().program.as_mut().unwrap().open = true;
    }),
    row("command", Deny, "is not a file that runs", |c| {
        declare(c, script());
        c.observed.declared.as_mut().unwrap().program.as_mut().unwrap().runs = false;
    }),
    row("command", Deny, "was not looked at", |c| {
        declare(c, script());
        c.observed.declared.as_mut().unwrap().program = None;
    }),
];

/// A declared command.
pub(super) fn script() -> Declared {
    let command = DeclaredCommand {
        command: vec!["/opt/flush".into()],
        directory: "/".into(),
        env: Vec::new(),
        success: vec![0],
        timeout: Duration::from_secs(20),
    };
    Declared { how: How::Exec(command), ..flag() }
}

/// The case of carrying a declaration out, while the flag is on.
pub(super) fn declare(case: &mut Case, declared: Declared) {
    let program = SeenProgram { stamp: "9 bytes".into(), runs: true, open: false };
    let program = matches!(declared.how, How::Exec(_)).then_some(program);
    case.observed.declared = Some(SeenDeclared { program, ..flag_seen(&declared, "true") });
    (case.observed.identity, case.observed.workload) = (None, None);
    case.action = Some(action_of(&declared));
    case.config.actions = vec![declared];
}
