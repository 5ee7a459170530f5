//! The console itself: wires configuration, terminal, loop and doors together.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Global, doors, logging, operator};
use crate::clock::Now;
use crate::config::keymap::Keymap;
use crate::config::theme::{ColorDepth, Theme};
use crate::config::{Config, find};
use crate::run::{self, Ending, Ports};
use crate::runbook::library;
use crate::state::State;
use crate::terminal::{self, Guard};

/// Opens the console on the configuration that is found.
pub fn run(global: &Global) -> anyhow::Result<ExitCode> {
    let config = find::load(global.config.as_deref())?;
    open(config)
}

/// Opens the console on a configuration. Returns when the operator leaves; runs go on without it.
pub fn open(config: Config) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        io::stdin().is_terminal() && io::stdout().is_terminal(),
        "the console needs a terminal; without one, use `quarterdeck status`, `plan` and `apply`"
    );
    let state_dir = find::state_dir(&config)?;
    let _log = logging::to_file(&state_dir);
    let themes = themes(&config)?;
    let state = first_state(config)?;
    let ending = on_terminal(state, themes, state_dir)?;
    Ok(match ending {
        Ending::Quit => ExitCode::SUCCESS,
        Ending::Signal | Ending::Gone => ExitCode::from(129),
    })
}

fn first_state(config: Config) -> anyhow::Result<State> {
    let keymap = Keymap::load(&config.ui.keymap)?;
    let runbooks = library::load(&config)?;
    let operator = operator::operator();
    Ok(State::new(Arc::new(config), Arc::new(keymap), runbooks.into(), operator, Now::read()))
}

/// The configured theme first, the shipped others behind it, all in as many colours as the terminal has.
fn themes(config: &Config) -> anyhow::Result<Vec<Theme>> {
    let depth = ColorDepth::detect(&find::variable);
    let chosen = Theme::load(&config.ui.theme)?;
    let others = Theme::shipped().into_iter().filter(|theme| theme.name != chosen.name);
    Ok(std::iter::once(chosen.clone()).chain(others).map(|theme| theme.with_depth(depth)).collect())
}

fn on_terminal(state: State, themes: Vec<Theme>, state_dir: PathBuf) -> anyhow::Result<Ending> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut guard = Guard::enter().context("the terminal can't be taken over")?;
    let ending = runtime.block_on(async {
        let ports = Ports {
            inputs: terminal::read_inputs(),
            hangup: terminal::watch_hangup(),
            end: Box::pin(asked_to_end()?),
            clock: Now::read,
            prepare: doors::prepare(state.config.clone(), state_dir, state.range),
            themes,
        };
        anyhow::Ok(run::run(&mut guard.terminal, state, ports).await?)
    });
    drop(guard);
    // What still asks a backend is of no use any more; nothing that changes production runs in this process.
    runtime.shutdown_background();
    ending
}

/// Ends when a signal asks the process to end.
fn asked_to_end() -> io::Result<impl Future<Output = ()> + Send> {
    let signals = [SignalKind::hangup(), SignalKind::terminate(), SignalKind::interrupt()];
    let listening: Vec<Signal> = signals.into_iter().map(signal).collect::<io::Result<_>>()?;
    let heard = listening.into_iter().map(|mut signal| {
        Box::pin(async move {
            signal.recv().await;
        })
    });
    let any = futures_util::future::select_all(heard.collect::<Vec<_>>());
    Ok(async move {
        any.await;
    })
}
