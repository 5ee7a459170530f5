//! The terminal guard: raw mode and back, keys with the moment they were read, and the end when the terminal goes away.
//!
//! crossterm 0.29 spins at full load when the terminal is gone and nobody passes SIGHUP on (issues #793, #1110 there): its
//! read loop handles neither end-of-file nor EIO. So a watcher of our own asks the kernel for POLLHUP and ends the process.

use std::io::{self, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::event::{self, DisableBracketedPaste, EnableBracketedPaste, KeyEventKind};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::Terminal;
use ratatui::backend::{Backend, CrosstermBackend, TestBackend};
use rustix::event::{PollFd, PollFlags, poll};
use tokio::sync::{mpsc, oneshot};

use crate::clock::{Mono, Now};
use crate::config::keymap::KeyPress;
use crate::view::links::Link;

/// What comes from the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key, and when it was read.
    Key(KeyPress, Mono),
    /// Pasted text.
    Paste(String),
    /// A new size: columns, rows.
    Resize(u16, u16),
}

/// Inputs that may wait; a reader that is this far ahead waits itself.
const INPUTS: usize = 256;

/// A backend that may make cells open an address.
pub trait Linking: Backend {
    /// Makes the cells of a link open its address. Without a terminal that can there is nothing to do.
    ///
    /// # Errors
    /// What writing to the terminal says.
    fn link(&mut self, _link: &Link) -> Result<(), Self::Error> {
        Ok(())
    }
}

impl Linking for TestBackend {}

/// OSC 8 (<https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda>): the cells are written again between the
/// two sequences. ratatui keeps control characters out of its cells, and so do we; terminals that don't know OSC 8 ignore it.
impl<W: Write> Linking for CrosstermBackend<W> {
    fn link(&mut self, link: &Link) -> io::Result<()> {
        write!(self, "\u{1b}]8;;{}\u{1b}\\", link.url)?;
        self.draw((link.x..).zip(&link.cells).map(|(x, cell)| (x, link.y, cell)))?;
        write!(self, "\u{1b}]8;;\u{1b}\\")?;
        Backend::flush(self)
    }
}

/// How long the loop may take to end after the terminal went away, before the process is ended under it.
const GRACE: Duration = Duration::from_millis(300);

/// Exit code after the terminal went away: 128 + SIGHUP.
pub const GONE: i32 = 129;

/// Set once the terminal is gone: nothing is written to it any more.
static DEAD: AtomicBool = AtomicBool::new(false);

/// The terminal in raw mode on its alternate screen. Dropping it puts everything back.
pub struct Guard {
    /// To draw on.
    pub terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Guard {
    /// Takes the terminal over; a panic puts it back before its message is printed.
    pub fn enter() -> io::Result<Self> {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            restore();
            before(info);
        }));
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
        Ok(Self { terminal: Terminal::new(CrosstermBackend::new(io::stdout()))? })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Puts the terminal back, unless it is gone. Errors are of no use to anybody here.
fn restore() {
    if DEAD.load(Ordering::Relaxed) {
        return;
    }
    let _ = execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, crossterm::cursor::Show);
    let _ = disable_raw_mode();
}

/// Reads keys on a thread of its own, each stamped when it was read.
pub fn read_inputs() -> mpsc::Receiver<Input> {
    let (sender, receiver) = mpsc::channel(INPUTS);
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            if translate(event).is_some_and(|input| sender.blocking_send(input).is_err()) {
                return;
            }
        }
    });
    receiver
}

fn translate(event: event::Event) -> Option<Input> {
    match event {
        event::Event::Key(key) if key.kind != KeyEventKind::Release => {
            Some(Input::Key(KeyPress::from(key), Now::read().mono))
        }
        event::Event::Paste(text) => Some(Input::Paste(text)),
        event::Event::Resize(columns, rows) => Some(Input::Resize(columns, rows)),
        _ => None,
    }
}

/// Tells when the terminal goes away; ends the process if nobody has ended it shortly after.
pub fn watch_hangup() -> oneshot::Receiver<()> {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        wait_for_hangup();
        DEAD.store(true, Ordering::Relaxed);
        let _ = sender.send(());
        std::thread::sleep(GRACE);
        std::process::exit(GONE);
    });
    receiver
}

/// Returns when the kernel says that the terminal hung up. Asks for no other event, so it never takes input away.
fn wait_for_hangup() {
    let stdin = io::stdin();
    loop {
        let mut fds = [PollFd::new(&stdin, PollFlags::empty())];
        match poll(&mut fds, None) {
            Ok(_) if fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) => return,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
    }
}
