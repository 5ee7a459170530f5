//! `quarterdeck snapshot`: a picture of a screen, made of the program's own cells on the simulated fleet.
//!
//! The fleet is polled through the very sources that the console polls, at made-up moments: the same arguments, the same
//! picture.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::ValueEnum;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Color;
use tokio::sync::mpsc;

use super::Global;
use crate::action::scale::Scale;
use crate::action::{Action, Arming, Facts, GuardContext, Operator, judge, plan_for};
use crate::clock::Now;
use crate::config::keymap::Keymap;
use crate::config::theme::{Role, Theme};
use crate::event::{Event, Stamped};
use crate::runbook::library;
use crate::simulator::{self, demo};
use crate::source::{Ask, Name, SharedSource, World};
use crate::state::dialog::Confirm;
use crate::state::{Arm, Overlay, Screen, State, update};
use crate::text::Text;
use crate::view;
use crate::view::svg::{Paper, svg};

/// Arguments of `quarterdeck snapshot`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The screen.
    #[arg(value_enum, default_value_t = Shown::Overview)]
    pub screen: Shown,
    /// Columns.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub columns: u16,
    /// Rows.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub rows: u16,
    /// Theme: `dark`, `light`, `high-contrast`, or a file.
    #[arg(long, default_value = "dark")]
    pub theme: String,
    /// The simulated fleet's story.
    #[arg(long, default_value = "overload")]
    pub scenario: String,
    /// The same seed tells the same story.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Seconds after the story's beginning; the incident comes after about a minute.
    #[arg(long, default_value_t = 150)]
    pub after: u32,
}

/// What can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shown {
    /// All services.
    Overview,
    /// One service.
    Service,
    /// Alarms and alerts.
    Alerts,
    /// Backups and recovery.
    Backups,
    /// Runbooks.
    Runbooks,
    /// One runbook.
    Runbook,
    /// The journal's runs.
    Runs,
    /// The console's own log.
    Log,
    /// Keys and what they do.
    Help,
    /// The command palette.
    Palette,
    /// The confirmation of scaling a service.
    Confirm,
}

/// The service that is shown.
const SERVICE: &str = "rtech-app";

/// The count that the confirmation scales it to.
const DESIRED: u32 = 6;

/// The runbook that is shown.
const RUNBOOK: &str = "scale-out-under-load";

/// Seconds into the made-up day at which the story begins.
const BEGINS: u64 = 3 * 3600;

/// Print a picture of a screen, as SVG, without a terminal.
pub fn run(arguments: &Arguments, _global: &Global) -> anyhow::Result<ExitCode> {
    let picture = picture(arguments)?;
    std::io::stdout().lock().write_all(picture.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// The picture.
///
/// # Errors
/// The theme or the scenario is not known, or the folder for the simulated fleet can't be made.
pub fn picture(arguments: &Arguments) -> anyhow::Result<String> {
    let theme = Theme::load(&arguments.theme)?;
    let folder = Scratch::new()?;
    let state = state(arguments, &folder.0)?;
    let buffer = draw(&state, &theme)?;
    let text = theme.style(Role::Text);
    let paper = Paper { ink: text.fg.unwrap_or(Color::Reset), ground: text.bg.unwrap_or(Color::Reset) };
    let name = arguments.screen.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    Ok(svg(&buffer, paper, &format!("Quarterdeck: {name}, on the simulated fleet")))
}

fn draw(state: &State, theme: &Theme) -> anyhow::Result<Buffer> {
    let (columns, rows) = state.size;
    let mut terminal = Terminal::new(TestBackend::new(columns, rows))?;
    terminal.draw(|frame| view::draw(frame, state, theme))?;
    Ok(terminal.backend().buffer().clone())
}

/// The console's state some seconds into the story.
fn state(arguments: &Arguments, folder: &Path) -> anyhow::Result<State> {
    let config = Arc::new(demo::demo_config(&arguments.scenario, arguments.seed, folder)?);
    let runbooks = library::load(&config)?;
    let begin = Now::fixed(BEGINS);
    let mut state = State::new(config.clone(), Arc::new(Keymap::shipped()), runbooks.into(), operator(), begin);
    state.size = (arguments.columns, arguments.rows);
    let world = simulator::world(config, folder)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(async {
        poll(&mut state, &world.sources(), begin).await;
        poll(&mut state, &world.sources(), begin.plus(Duration::from_secs(arguments.after.into()))).await;
        state.now = state.now.plus(Duration::from_secs(1));
        show(&mut state, arguments.screen, world.as_ref()).await
    })?;
    Ok(state)
}

fn operator() -> Operator {
    Operator { user: Text::from("alice"), host: Text::from("bastion-1"), terminal: Text::from("pts/3"), from: None }
}

/// One poll of every source, with the history that the graphs show.
async fn poll(state: &mut State, sources: &[SharedSource], now: Now) {
    for source in sources {
        let (sender, mut readings) = mpsc::channel(source.subjects().len().max(1));
        let ask = Ask { now, backfill: Some(state.range) };
        let asking = async {
            source.poll(ask, &sender).await;
            drop(sender);
        };
        let hearing = async {
            while let Some(reading) = readings.recv().await {
                update(state, Stamped { now, event: Event::Reading(reading) });
            }
        };
        futures_util::future::join(asking, hearing).await;
    }
}

/// Opens what is to be shown.
async fn show(state: &mut State, shown: Shown, world: &dyn World) -> anyhow::Result<()> {
    let screen = match shown {
        Shown::Overview | Shown::Help | Shown::Palette => None,
        Shown::Service | Shown::Confirm => Some(Screen::Service { name: Name::from(SERVICE), panel: 0, scroll: 0 }),
        Shown::Alerts => Some(Screen::Alerts { selected: 0 }),
        Shown::Backups => Some(Screen::Backups { selected: 0 }),
        Shown::Runbooks => Some(Screen::Runbooks { selected: 0 }),
        Shown::Runbook => Some(Screen::Runbook { id: Name::from(RUNBOOK), session: None, selected: 0 }),
        Shown::Runs => Some(Screen::Runs { selected: 0 }),
        Shown::Log => Some(Screen::Log { scroll: 0 }),
    };
    state.screens.extend(screen);
    state.overlay = match shown {
        Shown::Help => Some(Overlay::Help { scroll: 0 }),
        Shown::Palette => Some(Overlay::Palette { input: "sca".to_owned(), selected: 0 }),
        Shown::Confirm => Some(confirm(state, world).await?),
        _ => None,
    };
    Ok(())
}

/// The confirmation of scaling out: observed, planned and judged as in the console.
async fn confirm(state: &mut State, world: &dyn World) -> anyhow::Result<Overlay> {
    let service = Name::from(SERVICE);
    state.arm = Arm::Armed { until: state.now.mono.plus(state.config.guards.arm_for) };
    let action = Action::Scale(Scale { service, desired: DESIRED });
    let observation = world.observe(&action.look(&state.config)?, state.now).await?;
    let plan = plan_for(&action, &observation, &state.config, state.now.wall)?;
    let facts = Facts::quiet(state.operator.clone());
    let context = GuardContext { config: &state.config, now: state.now.wall, arming: Arming::Armed, facts };
    Ok(Overlay::Confirm(Confirm::new(Box::new(judge(plan, &context)), None)))
}

/// A folder of its own for the simulated fleet, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> anyhow::Result<Self> {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("quarterdeck-snapshot-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).with_context(|| format!("{} can't be made", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0); // a left-over in the system's temporary folder harms nobody
    }
}
