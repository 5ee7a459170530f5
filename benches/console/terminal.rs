//! The console in a pseudo-terminal; what it paints is stamped when it arrives.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// The longest that anything may take.
const LONGEST: Duration = Duration::from_secs(20);

pub(crate) struct Terminal {
    parser: vt100::Parser,
    output: Receiver<(Instant, Vec<u8>)>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
    /// Just before the process was made.
    pub(crate) began: Instant,
    /// Bytes that it painted.
    pub(crate) bytes: usize,
}

/// Columns and rows.
pub(crate) fn size() -> (u16, u16) {
    let size = std::env::var("QD_BENCH_SIZE").unwrap_or_else(|_| "200x50".to_owned());
    let (columns, rows) = size.split_once('x').expect("QD_BENCH_SIZE like 80x24");
    (columns.parse().unwrap(), rows.parse().unwrap())
}

/// Which console is started.
pub(crate) struct Console<'a> {
    pub(crate) config: PathBuf,
    /// `QD_INTERVAL` and `QD_CLOUDWATCH_INTERVAL`, where the configuration knows them.
    pub(crate) polling: Option<&'a str>,
    pub(crate) state_dir: &'a Path,
}

impl Terminal {
    /// Starts the console on the example configuration, polling as often as it may be asked to: every second.
    pub(crate) fn start(state_dir: &Path) -> Self {
        Self::start_on(&Console { config: "examples/rtech/quarterdeck.toml".into(), polling: Some("1s"), state_dir })
    }

    /// Starts a console.
    pub(crate) fn start_on(console: &Console<'_>) -> Self {
        let (cols, rows) = size();
        let pair = native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        let binary = std::env::var("QD_BENCH_BINARY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_quarterdeck").to_owned());
        let mut command = CommandBuilder::new(binary);
        command.arg("--config");
        command.arg(&console.config);
        command.cwd(env!("CARGO_MANIFEST_DIR"));
        for (name, value) in [("TERM", "xterm-256color"), ("COLORTERM", "truecolor")] {
            command.env(name, value);
        }
        for name in ["QD_INTERVAL", "QD_CLOUDWATCH_INTERVAL"] {
            console.polling.into_iter().for_each(|every| command.env(name, every));
        }
        command.env("QD_STATE_DIR", console.state_dir);
        command.env_remove("NO_COLOR");
        let output = stamped(pair.master.try_clone_reader().unwrap());
        let writer = pair.master.take_writer().unwrap();
        let began = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        let size = |value: u16| NonZeroU16::new(value).unwrap();
        let parser = vt100::Parser::new(size(rows), size(cols), 0);
        Self { parser, output, writer, child, _master: pair.master, began, bytes: 0 }
    }

    pub(crate) fn press(&mut self, key: &str) -> Instant {
        let at = Instant::now();
        self.writer.write_all(key.as_bytes()).unwrap();
        self.writer.flush().unwrap();
        at
    }

    /// The moment at which the painting arrived after which the screen is as `wanted`.
    pub(crate) fn until(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> Instant {
        let end = Instant::now() + LONGEST;
        loop {
            let Ok((at, bytes)) = self.output.recv_timeout(end.saturating_duration_since(Instant::now())) else {
                panic!("{what}: not within {LONGEST:?}\n{}", self.screen());
            };
            self.take(&bytes);
            if wanted(&self.screen()) {
                return at;
            }
        }
    }

    /// Reads what is painted for a while; how often something was.
    pub(crate) fn watch(&mut self, length: Duration) -> usize {
        let (end, mut times) = (Instant::now() + length, 0);
        let mut last: Option<Instant> = None;
        loop {
            match self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok((at, bytes)) => {
                    self.take(&bytes);
                    // A frame may come in several reads, close together.
                    times += usize::from(last.is_none_or(|last| at.duration_since(last) > Duration::from_millis(10)));
                    last = Some(at);
                }
                Err(RecvTimeoutError::Timeout) => return times,
                Err(RecvTimeoutError::Disconnected) => panic!("the console ended\n{}", self.screen()),
            }
        }
    }

    pub(crate) fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Processor time of all its threads until now. Unlike wall time it tells little of what else the machine does.
    pub(crate) fn computed(&self) -> Duration {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid())).unwrap();
        tasks.flatten().map(|task| computed(&task.path())).sum()
    }

    /// Processor time of its first thread, which handles events and draws.
    pub(crate) fn drew(&self) -> Duration {
        let pid = self.pid();
        computed(format!("/proc/{pid}/task/{pid}").as_ref())
    }

    fn take(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len();
        self.parser.process(bytes);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn stamped(mut from: Box<dyn Read + Send>) -> Receiver<(Instant, Vec<u8>)> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 65536];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            if sender.send((Instant::now(), buffer[..read].to_vec())).is_err() {
                return;
            }
        }
    });
    receiver
}

/// The first field of a thread's `schedstat`, in nanoseconds.
fn computed(task: &std::path::Path) -> Duration {
    let schedstat = std::fs::read_to_string(task.join("schedstat")).unwrap_or_default();
    Duration::from_nanos(schedstat.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or_default())
}
