//! The actions that are proven: a row or several each. To add one: a row here, and what its call does in `effects.rs`.

use std::collections::BTreeSet;

use quarterdeck::action::declared::action_of;
use quarterdeck::action::fail_over::FailOver;
use quarterdeck::action::restart::Restart;
use quarterdeck::action::scale::Scale;
use quarterdeck::action::start_backup::Way;
use quarterdeck::action::{ACTIONS, Action, Plan, plan_for, spec};
use quarterdeck::config::Config;
use quarterdeck::executor::journal::RunState;
use quarterdeck::source::{Name, Observation};

use super::place::{
    self, blind, blindly, command, commanded, gated, instance, plain, rolling, sick, silence, silenced, suspended,
    unread, unsilence, whole, zone,
};
use crate::runs::fixture::{SERVICE, flag, now, scale};
use crate::runs::traffic::shift;
use crate::runs::{backups, databases, restores};

/// One action on one backend.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) action: fn() -> Action,
    pub(crate) config: fn() -> Config,
    /// What is so before.
    pub(crate) truth: fn() -> Observation,
    /// What the gates read after the first call; the bound is 0.01.
    pub(crate) reading: f64,
    /// How a run ends, where all calls are accepted.
    pub(crate) ends: RunState,
    /// How many calls it sends, where its bakes do not tell.
    pub(crate) sent: Option<usize>,
}

/// What the gates read while all is well.
pub(crate) const WELL: f64 = 0.001;

/// What breaks their bound.
pub(crate) const BAD: f64 = 0.5;

pub(crate) static ROWS: &[Row] = &[
    row("scale out", || scale(5), plain, WELL),
    row("scale in", || scale(2), plain, WELL),
    row("scale, gates pass", || scale(5), gated, WELL),
    row("scale, a gate fails", || scale(5), gated, BAD),
    row("restart", restart, plain, WELL),
    row("restart, a gate fails", restart, gated, BAD),
    row("bounds", || typed("scaling_bounds", &[("min", "4"), ("max", "8")]), plain, WELL),
    row("suspend", || typed("suspend_scaling", &[("kinds", "out")]), plain, WELL),
    Row { truth: suspended, ..row("resume", || typed("resume_scaling", &[]), gated, WELL) },
    row("shift at once", || shift(&[("to", "green"), ("share", "40")]), plain, WELL),
    row("shift in steps", || shift(&[("to", "green"), ("steps", "30,60"), ("bake", "10s")]), gated, WELL),
    row("shift, a gate fails", || shift(&[("to", "green"), ("steps", "30,60"), ("bake", "10s")]), gated, BAD),
    row("deploy an image", || typed("deploy", &[("image", "v8")]), plain, WELL),
    row("deploy an image, a gate fails", || typed("deploy", &[("image", "v8")]), gated, BAD),
    Row {
        truth: sick,
        ends: RunState::Failed,
        ..row("deploy what does not start", || typed("deploy", &[("image", "bad")]), plain, WELL)
    },
    row("deploy a revision", || typed("deploy", &[("revision", "6")]), plain, WELL),
    row("deploy a revision, a gate fails", || typed("deploy", &[("revision", "6")]), gated, BAD),
    row("roll back", || typed("roll_back", &[]), gated, WELL),
    Row { truth: rolling, ..row("stop and roll back", || typed("stop_deployment", &[]), plain, WELL) },
    Row { truth: rolling, ..row("stop", || typed("stop_deployment", &[("rollback", "false")]), plain, WELL) },
    row("stop a task", || typed("stop_task", &[("task", "task-0")]), plain, WELL),
    row("fail over", || databases::to("two"), plain, WELL),
    row("fail over, a gate fails", || databases::to("two"), gated, BAD),
    Row { truth: databases::instance, ..row("fail over by a reboot", databases::reboot, instance, WELL) },
    row("invalidate", || typed("invalidate_cdn", &[("paths", "/,/blog/*")]), plain, WELL),
    row("purge in two calls", || typed("invalidate_cdn", &[("paths", "/,/blog/*")]), zone, WELL),
    row("silence", silence, plain, WELL),
    Row { truth: silenced, ..row("unsilence", unsilence, plain, WELL) },
    row("back up to the vault", || backups::start(Some(Way::Vault)), plain, WELL),
    row("back up by a snapshot", || backups::start(Some(Way::Snapshot)), plain, WELL),
    row("export a snapshot to S3", || backups::start(Some(Way::Export)), plain, WELL),
    row("a declared request", || action_of(&flag()), plain, WELL),
    row("a declared request, a gate fails", || action_of(&flag()), gated, BAD),
    Row {
        truth: unread,
        ends: RunState::Inconclusive,
        ..row("the same, not read back", || action_of(&blind()), blindly, WELL)
    },
    row("restore test", restores::action, plain, WELL),
    Row {
        truth: of_another_version,
        ends: RunState::Failed,
        sent: Some(2),
        ..row("restore test, not what was saved", restores::action, plain, WELL)
    },
    Row { truth: commanded, ..row("a declared command", || action_of(&command()), plain, WELL) },
];

impl Row {
    /// How many calls a run sends, where all are accepted: those of the on-failure branch included, if it is taken.
    pub(crate) fn calls(&self) -> usize {
        let plan = self.plan();
        if let Some(sent) = self.sent {
            return sent;
        }
        match self.turns_back() {
            // The first step's bake finds the broken gate; where nothing is watched in between, the last one's.
            true => plan.steps.iter().position(|step| !step.bake.is_zero()).map_or(plan.steps.len(), |at| at + 1) + 1,
            false => plan.steps.len(),
        }
    }

    fn turns_back(&self) -> bool {
        self.ends == RunState::Failed && !self.plan().on_failure.is_empty()
    }

    /// Its plan, on what is so before.
    pub(crate) fn plan(&self) -> Plan {
        let (action, config) = ((self.action)(), (self.config)());
        let found = place::seen(&action.look(&config).expect("a look"), &(self.truth)());
        plan_for(&action, &found, &config, now().wall).expect("a plan")
    }
}

const fn row(name: &'static str, action: fn() -> Action, config: fn() -> Config, reading: f64) -> Row {
    let ends = if reading > WELL { RunState::Failed } else { RunState::Done };
    Row { name, action, config, truth: whole, reading, ends, sent: None }
}

/// Ways back are taken by some row of every action that has one.
#[test]
fn every_way_back_is_taken() {
    let with = |only_taken: bool| -> BTreeSet<_> {
        let rows = ROWS.iter().filter(|row| !row.plan().on_failure.is_empty() && (!only_taken || row.turns_back()));
        rows.map(|row| (row.action)().name()).collect()
    };
    assert_eq!(with(false), with(true));
}

#[test]
fn every_action_is_in_the_table() {
    let proven: BTreeSet<_> = ROWS.iter().map(|row| (row.action)().name()).collect();
    let missing: Vec<_> = ACTIONS.iter().map(|spec| spec.name).filter(|name| !proven.contains(name)).collect();
    assert!(missing.is_empty(), "no row of proofs/rows.rs proves {missing:?}");
}

/// The action that is typed so, on the service.
fn typed(name: &str, arguments: &[(&str, &str)]) -> Action {
    crate::runs::scaling::typed(name, arguments).expect("arguments")
}

/// What is restored turns out to be of another version than was saved: only the cluster is made, and removed.
fn of_another_version() -> Observation {
    let mut truth = whole();
    truth.restore.as_mut().expect("read").point.as_mut().expect("a snapshot").version = "4.0.0".into();
    truth
}

pub(crate) fn restart() -> Action {
    Action::Restart(Restart { service: Name::from(SERVICE) })
}

/// An action by chance, on this service or, where it is about something else, on that.
pub(crate) fn any(service: &Name, dice: &mut fastrand::Rng) -> Action {
    let of = |name: &str, arguments: &[(&str, &str)]| {
        let pairs: Vec<_> = arguments.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        (spec(name).expect("an action").parse)(service, &pairs).expect("arguments")
    };
    let number = |dice: &mut fastrand::Rng, most: u32| dice.u32(0..most).to_string();
    match dice.u32(0..32) {
        0..3 => of("restart", &[]),
        3 => of("scaling_bounds", &[("min", &number(dice, 4)), ("max", &(dice.u32(4..12)).to_string())]),
        4 => of("suspend_scaling", &[("kinds", ["in", "out", "in,out,scheduled"][dice.usize(0..3)])]),
        5 => of("resume_scaling", &[]),
        6..9 => of(
            "shift_traffic",
            &[("to", "green"), ("steps", ["20,60", "45,90", "30"][dice.usize(0..3)]), ("bake", "10s")],
        ),
        9 => of("shift_traffic", &[("to", "blue"), ("share", &number(dice, 101))]),
        10..12 => of("deploy", &[("image", "v8")]),
        12 => of("deploy", &[("revision", &number(dice, 9).replace('0', "6"))]),
        13 => of("roll_back", &[]),
        14 => of("stop_task", &[("task", &format!("task-{}", dice.u32(0..4)))]),
        15 => of("fail_over", &[("to", ["one", "two", "three"][dice.usize(0..3)])]),
        16 => of("invalidate_cdn", &[("paths", "/,/blog/*")]),
        17 => silence(),
        18 => backups::start(Some([Way::Vault, Way::Snapshot, Way::Export][dice.usize(0..3)])),
        19 => of("stop_deployment", &[("rollback", ["true", "false"][dice.usize(0..2)])]),
        20 => Action::FailOver(FailOver { service: place::WEB.into(), to: None }),
        21 => unsilence(),
        22 => restores::action(),
        23..25 => action_of(&flag()),
        25 => action_of(&place::web_command()),
        _ => Action::Scale(Scale { service: service.clone(), desired: dice.u32(0..12) }),
    }
}
