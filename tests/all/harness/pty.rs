//! The real binary in a real pseudo-terminal, read by a terminal emulator.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

use super::{binary, root, wait_for};

/// The longest that a screen may take to show what it should.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A console in a pseudo-terminal.
pub(crate) struct Pty {
    parser: Arc<Mutex<vt100::Parser>>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Pty {
    /// Starts the binary with these arguments and variables, on a screen of `columns` × `rows`.
    pub(crate) fn start(arguments: &[&str], variables: &[(String, String)], columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(binary());
        command.args(arguments);
        command.cwd(root());
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env_remove("NO_COLOR");
        variables.iter().for_each(|(name, value)| command.env(name, value));
        let child = pair.slave.spawn_command(command).expect("the binary starts");
        drop(pair.slave);
        let writer = pair.master.take_writer().expect("a writer");
        let parser = read(pair.master.try_clone_reader().expect("a reader"), columns, rows);
        Self { parser, writer, child, _master: pair.master }
    }

    fn parser(&self) -> MutexGuard<'_, vt100::Parser> {
        self.parser.lock().expect("the reader lives")
    }

    /// What the screen shows, a line a row.
    pub(crate) fn screen(&self) -> String {
        self.parser().screen().contents()
    }

    /// Waits until the screen shows all of `texts`.
    pub(crate) fn sees(&self, texts: &[&str]) {
        let all = || {
            let screen = self.screen();
            texts.iter().all(|text| screen.contains(text)).then_some(())
        };
        wait_for(&format!("the screen shows {texts:?}"), SOON, all, || self.screen());
    }

    /// Waits until the screen no longer shows `text`.
    pub(crate) fn sees_no(&self, text: &str) {
        let gone = || (!self.screen().contains(text)).then_some(());
        wait_for(&format!("the screen no longer shows {text:?}"), SOON, gone, || self.screen());
    }

    /// Presses keys at once, as a program would send them.
    pub(crate) fn press(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).expect("the terminal takes keys");
        self.writer.flush().expect("the terminal takes keys");
    }

    /// Types a word by hand: each key after the one before is on the screen behind `prompt`. The first key may come before
    /// the console knows that its frame was painted, quicker than any hand; it is refused with a remark, and typed again.
    pub(crate) fn type_by_hand(&mut self, prompt: &str, word: &str) {
        let early = "keys from before";
        for end in 1..=word.len() {
            let typed = format!("{prompt}{}", &word[..end]);
            self.press(&word[end - 1..end]);
            let answered = || {
                let screen = self.screen();
                (screen.contains(&typed) || screen.contains(early)).then(|| screen.contains(&typed))
            };
            if !wait_for(&format!("{typed:?} or a remark"), SOON, answered, || self.screen()) {
                self.press(&word[end - 1..end]);
            }
            self.sees(&[&typed]);
        }
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    /// Kills the console with SIGKILL, as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        let pid = i32::try_from(self.pid()).ok().and_then(rustix::process::Pid::from_raw).expect("a pid");
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it is ours");
        self.ends();
    }

    /// Waits until the console has ended; its exit code.
    pub(crate) fn ends(&mut self) -> u32 {
        let child = &mut self.child;
        let parser = &self.parser;
        let ended = || child.try_wait().expect("it can be waited for");
        let screen = || parser.lock().map(|parser| parser.screen().contents()).unwrap_or_default();
        wait_for("the console ends", SOON, ended, screen).exit_code()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(mut from: Box<dyn Read + Send>, columns: u16, rows: u16) -> Arc<Mutex<vt100::Parser>> {
    let size = |value: u16| NonZeroU16::new(value).expect("a size");
    let parser = Arc::new(Mutex::new(vt100::Parser::new(size(rows), size(columns), 0)));
    let shared = parser.clone();
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            let Ok(mut parser) = shared.lock() else { return };
            parser.process(&buffer[..read]);
        }
    });
    parser
}

/// Whether a process is there and no zombie.
pub(crate) fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"));
    stat.is_ok_and(|stat| !stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')))
}
