//! The loop: one `select!`, stamp `now`, update, perform effects, draw.
//!
//! Its inputs are arguments (keys, clock, backends), so that tests drive the same loop with keys of their own on a
//! `TestBackend`. Nothing here waits on the network: what takes time is spawned and comes back as an event.

use std::time::Duration;

use futures_util::future::BoxFuture;
use ratatui::Terminal;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};

use crate::clock::Now;
use crate::config::theme::Theme;
use crate::event::{Effect, Event, Stamped};
use crate::state::{Overlay, State, update};
use crate::terminal::{Input, Linking};
use crate::text::Text;
use crate::view;

/// Events that may wait to be handled; a sender that is this far ahead waits itself.
const EVENTS: usize = 1024;

/// Events that are handled before the next frame, so that a flood of readings can't hold the screen up.
const BATCH: usize = 512;

/// Keys that are handled before the next frame.
const INPUTS_A_FRAME: usize = 16;

/// How long readings are gathered before they are drawn: one frame for all that come together, since a frame costs far
/// more than a reading. Keys and answers that somebody waits for don't wait for this.
const GATHER: Duration = Duration::from_millis(200);

/// How often time goes on without an event.
const TICK: Duration = Duration::from_secs(1);

/// Performs effects: the doors to backends, executor and store. Answers come back through the sender it was made with.
pub trait Performer: Send {
    /// Performs one effect; never waits.
    fn perform(&mut self, effect: Effect);

    /// Tells the others who share the state directory what the operator is asked to confirm; `None`: nothing. Never waits.
    fn confirming(&mut self, _what: Option<Text>) {}

    /// The console ends: stops what would go on elsewhere. Bounded in time.
    fn close(&mut self) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// Makes the performer after the first frame was drawn, as connections and keys of certificates take their time.
pub type Prepare = Box<dyn FnOnce(mpsc::Sender<Event>) -> BoxFuture<'static, Box<dyn Performer>> + Send>;

/// What the loop is given.
pub struct Ports {
    /// Keys, pastes, sizes.
    pub inputs: mpsc::Receiver<Input>,
    /// Told when the terminal is gone.
    pub hangup: oneshot::Receiver<()>,
    /// Told when the process is asked to end (SIGTERM, SIGINT, SIGHUP).
    pub end: BoxFuture<'static, ()>,
    /// Reads the time.
    pub clock: fn() -> Now,
    /// Makes the performer.
    pub prepare: Prepare,
    /// Themes that can be switched through; not empty.
    pub themes: Vec<Theme>,
}

/// How the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The operator left.
    Quit,
    /// The process was asked to end.
    Signal,
    /// The terminal went away.
    Gone,
}

/// Runs the console until it ends.
pub async fn run<B: Linking>(terminal: &mut Terminal<B>, mut state: State, ports: Ports) -> Result<Ending, B::Error> {
    let (sender, receiver) = mpsc::channel(EVENTS);
    let mut console = Console::new(ports.clock, ports.themes, receiver);
    let size = terminal.size()?;
    state.size = (size.width, size.height);
    console.draw(terminal, &mut state)?;
    let mut preparing = (ports.prepare)(sender);
    let (mut inputs, mut hangup, mut end) = (ports.inputs, ports.hangup, ports.end);
    loop {
        tokio::select! {
            biased;
            _ = &mut hangup => return Ok(console.end(Ending::Gone).await),
            () = &mut end => return Ok(console.end(Ending::Signal).await),
            Some(input) = inputs.recv() => {
                console.press(&mut state, input, &mut inputs);
                console.draw(terminal, &mut state)?;
            }
            performer = &mut preparing, if console.performer.is_none() => console.ready(performer),
            () = until(console.draw_at) => console.draw(terminal, &mut state)?,
            Some(event) = console.events.recv() => console.gather(&mut state, event),
            _ = console.tick.tick() => {
                console.handle(&mut state, Event::Tick);
                // Not at once: readings that come with the second share its frame.
                console.draw_within(GATHER);
            }
        }
        if console.quit {
            return Ok(console.end(Ending::Quit).await);
        }
    }
}

fn event_of(input: Input) -> Event {
    match input {
        Input::Key(key, at) => Event::Key { key, at },
        Input::Paste(text) => Event::Paste(text),
        Input::Resize(columns, rows) => Event::Resize(columns, rows),
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

struct Console {
    clock: fn() -> Now,
    themes: Vec<Theme>,
    events: mpsc::Receiver<Event>,
    performer: Option<Box<dyn Performer>>,
    /// Effects from before the performer was there.
    waiting: Vec<Effect>,
    tick: Interval,
    draw_at: Option<Instant>,
    quit: bool,
    /// What the others were told last.
    confirming: Option<Text>,
}

impl Console {
    fn new(clock: fn() -> Now, themes: Vec<Theme>, events: mpsc::Receiver<Event>) -> Self {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        Self {
            clock,
            themes,
            events,
            performer: None,
            waiting: Vec::new(),
            tick,
            draw_at: None,
            quit: false,
            confirming: None,
        }
    }

    fn ready(&mut self, performer: Box<dyn Performer>) {
        let performer = self.performer.insert(performer);
        self.waiting.drain(..).for_each(|effect| performer.perform(effect));
    }

    async fn end(&mut self, ending: Ending) -> Ending {
        if let Some(performer) = &mut self.performer {
            performer.close().await;
        }
        ending
    }

    fn handle(&mut self, state: &mut State, event: Event) {
        self.handle_at(state, (self.clock)(), event);
    }

    fn handle_at(&mut self, state: &mut State, now: Now, event: Event) {
        let effects = update(state, Stamped { now, event });
        for effect in effects {
            match (&mut self.performer, effect) {
                (_, Effect::Quit) => self.quit = true,
                (Some(performer), effect) => performer.perform(effect),
                (None, effect) => self.waiting.push(effect),
            }
        }
    }

    /// Handles a key and those that were typed behind it, up to a frame's worth.
    fn press(&mut self, state: &mut State, first: Input, inputs: &mut mpsc::Receiver<Input>) {
        self.handle(state, event_of(first));
        for _ in 1..INPUTS_A_FRAME {
            let Ok(input) = inputs.try_recv() else { break };
            self.handle(state, event_of(input));
        }
    }

    /// Handles an event and those that wait behind it; what they change is drawn together, a moment later.
    fn gather(&mut self, state: &mut State, first: Event) {
        let mut soon = is_answer(&first);
        self.handle(state, first);
        for _ in 1..BATCH {
            let Ok(event) = self.events.try_recv() else { break };
            soon |= is_answer(&event);
            self.handle(state, event);
        }
        self.draw_within(if soon { Duration::ZERO } else { GATHER });
    }

    /// Draws at the latest so much later; sooner where that was planned already.
    fn draw_within(&mut self, wait: Duration) {
        let latest = Instant::now() + wait;
        self.draw_at = Some(self.draw_at.map_or(latest, |planned| planned.min(latest)));
    }

    fn tell_confirming(&mut self, state: &State) {
        let Some(performer) = &mut self.performer else { return };
        let what = match &state.overlay {
            Some(Overlay::Confirm(confirm)) => Some(Text::clean(&confirm.judged.plan.summary())),
            _ => None,
        };
        if what != self.confirming {
            performer.confirming(what.clone());
            self.confirming = what;
        }
    }

    fn draw<B: Linking>(&mut self, terminal: &mut Terminal<B>, state: &mut State) -> Result<(), B::Error> {
        self.draw_at = None;
        self.handle(state, Event::Paint);
        let theme = &self.themes[state.theme % self.themes.len()];
        let links = view::links::links(terminal.draw(|frame| view::draw(frame, state, theme))?.buffer, state);
        links.iter().try_for_each(|link| terminal.backend_mut().link(link))?;
        let painted = (self.clock)();
        let (rows, room) = match &state.overlay {
            Some(Overlay::Confirm(confirm)) => view::dialog::confirm::extent(&confirm.judged, state.size),
            _ => (0, 0),
        };
        self.handle_at(state, painted, Event::Painted { rows, room });
        self.tell_confirming(state);
        Ok(())
    }
}

/// Whether somebody waits for this event, so that it is drawn at once.
fn is_answer(event: &Event) -> bool {
    matches!(
        event,
        Event::Planned { .. } | Event::Started { .. } | Event::Checked { .. } | Event::Runs(_) | Event::Log(_)
    )
}
