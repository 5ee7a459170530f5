//! Commands on this host that the configuration declares: run once, without a shell, with nothing but what was declared.
//!
//! A command is the leader of a process group of its own. When its time is over the whole group is killed, and nobody knows
//! what it did until then. What leaves the group on purpose (a daemon) is not followed.

use std::ffi::OsString;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use futures_util::future::BoxFuture;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use super::target::{ApplyError, Permit, Receipt, Target};
use crate::action::Call;
use crate::action::declared::call as call_of;
use crate::config::{Config, DeclaredCommand, How, secrets};
use crate::text::Text;
use crate::text::mask::Mask;

/// The most of what a command prints that is kept, in bytes of each stream: the end of it.
const KEPT: usize = 64 * 1024;

/// How long is waited for the end of the streams once the command itself has ended: what it left behind may hold them open.
const STREAMS: Duration = Duration::from_secs(1);

/// The last lines that are told, and the most characters of them.
const LINES: usize = 5;
const MOST_TOLD: usize = 1_000;

/// Runs declared commands. Only the executor's process opens it.
#[derive(Debug)]
pub struct Local {
    config: Config,
}

impl Local {
    /// What the configuration declares.
    pub fn new(config: &Config) -> Self {
        Self { config: config.clone() }
    }

    async fn run(&self, call: &Call, permit: Permit<'_>) -> Result<Receipt, ApplyError> {
        let command = self.declared(call)?;
        let mut prepared = prepared(command)?;
        // With a handler for it, the end of a child is told even where whoever started us had SIGCHLD ignored.
        let _ended = signal(SignalKind::child()).map_err(|error| not_sent(&format!("no signal is heard: {error}")))?;
        permit.last_look()?;
        let spawned = prepared.spawn();
        let child = spawned.map_err(|error| not_sent(&format!("{} can't be run: {error}", command.program())))?;
        let ran = Running::new(child).end(command.timeout).await;
        self.told(command, ran)
    }

    fn declared(&self, call: &Call) -> Result<&DeclaredCommand, ApplyError> {
        let Call::DeclaredCommand { service, name, .. } = call else {
            return Err(not_sent("the call is no declared command"));
        };
        let found = self.config.declared(service, name).filter(|declared| call_of(declared) == *call);
        match found.map(|declared| &declared.how) {
            Some(How::Exec(command)) => Ok(command),
            _ => Err(not_sent(&format!("the declaration of {name} is not the one that was planned"))),
        }
    }

    /// What the end of a command says. Values of the variables that it was given are covered in what it printed.
    fn told(&self, command: &DeclaredCommand, ran: Result<Ended, Text>) -> Result<Receipt, ApplyError> {
        let Ended { status, output, errors } = ran.map_err(ApplyError::Unknown)?;
        let given = secrets::given_to_commands(&self.config, |name| std::env::var(name).ok());
        let files = secrets::secret_files(&self.config);
        let mask = Mask::new(secrets::secrets(&self.config).into_iter().chain(given), files);
        let said = |stream: &Tail| mask.text(&stream.last_lines());
        let Some(code) = status.code() else {
            let words = format!("it was ended by a signal ({status}); it said: {}", said(&errors));
            return Err(ApplyError::Unknown(Text::clean(&words)));
        };
        let made = format!("exit code {code}");
        if u8::try_from(code).is_ok_and(|code| command.success.contains(&code)) {
            return Ok(Receipt { said: Text::clean(&with(&made, &said(&output))), made: Some(made) });
        }
        Err(ApplyError::Failed(Text::clean(&with(&made, &said(&errors)))))
    }
}

impl Target for Local {
    fn apply<'a>(&'a self, call: &'a Call, permit: Permit<'a>) -> BoxFuture<'a, Result<Receipt, ApplyError>> {
        Box::pin(self.run(call, permit))
    }
}

fn with(what: &str, said: &str) -> String {
    if said.is_empty() { what.to_owned() } else { format!("{what}: {said}") }
}

fn not_sent(reason: &str) -> ApplyError {
    ApplyError::NotSent(Text::clean(reason))
}

/// The command with exactly the variables that were declared, and `PATH`.
fn prepared(declared: &DeclaredCommand) -> Result<Command, ApplyError> {
    let mut command = Command::new(declared.program());
    command.args(declared.command.iter().skip(1)).current_dir(&declared.directory).env_clear();
    command.envs(variables(declared)?);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0).kill_on_drop(true);
    Ok(command)
}

fn variables(declared: &DeclaredCommand) -> Result<Vec<(String, OsString)>, ApplyError> {
    let path = std::env::var_os("PATH").map(|path| ("PATH".to_owned(), path));
    let named = declared.env.iter().map(|name| {
        let missing = || not_sent(&format!("the variable {name} is not set here, and the command wants it"));
        Ok((name.clone(), std::env::var_os(name).ok_or_else(missing)?))
    });
    path.into_iter().map(Ok).chain(named).collect()
}

/// A command that ended.
struct Ended {
    status: ExitStatus,
    output: Tail,
    errors: Tail,
}

/// A command that runs. Its whole group is killed when this goes before the command has ended.
struct Running {
    child: Child,
    group: Option<Pid>,
}

impl Running {
    fn new(child: Child) -> Self {
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        Self { child, group }
    }

    /// Waits for the end, at most so long.
    async fn end(mut self, within: Duration) -> Result<Ended, Text> {
        let (mut output, mut errors) = (Tail::default(), Tail::default());
        let (out, err) = (self.child.stdout.take(), self.child.stderr.take());
        let status = {
            let streams = async { tokio::join!(output.follow(out), errors.follow(err)) };
            tokio::pin!(streams);
            let mut drained = false;
            let ended = async {
                loop {
                    tokio::select! {
                        status = self.child.wait() => break status,
                        _ = &mut streams, if !drained => drained = true,
                    }
                }
            };
            let status = timeout(within, ended).await;
            // What it left behind may hold the streams open.
            if status.is_ok() && !drained {
                let _ = timeout(STREAMS, &mut streams).await;
            }
            status
        };
        match status {
            Ok(Ok(status)) => {
                self.group = None;
                Ok(Ended { status, output, errors })
            }
            Ok(Err(error)) => Err(Text::clean(&format!("how it ended can't be told: {error}"))),
            Err(_) => Err(self.killed(within).await),
        }
    }

    async fn killed(mut self, within: Duration) -> Text {
        self.kill();
        let _ = timeout(STREAMS, self.child.wait()).await; // it is gone; this only takes its status
        let seconds = within.as_secs();
        Text::clean(&format!("it did not end within {seconds} s, and was killed with all that it had started"))
    }

    fn kill(&mut self) {
        if let Some(group) = self.group.take()
            && let Err(error) = kill_process_group(group, Signal::KILL)
        {
            tracing::warn!(%error, "the command's processes could not be killed");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The end of what a command printed.
#[derive(Default)]
struct Tail {
    kept: Vec<u8>,
}

impl Tail {
    /// Reads a stream to its end, and keeps the end of it.
    async fn follow(&mut self, stream: Option<impl AsyncRead + Unpin>) {
        let Some(mut stream) = stream else { return };
        let mut chunk = vec![0; 8 * 1024];
        while let Ok(count @ 1..) = stream.read(&mut chunk).await {
            self.kept.extend_from_slice(&chunk[..count]);
            let beyond = self.kept.len().saturating_sub(KEPT);
            self.kept.drain(..beyond);
        }
    }

    /// The last lines, on one.
    fn last_lines(&self) -> String {
        let text = String::from_utf8_lossy(&self.kept);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let told = lines[lines.len().saturating_sub(LINES)..].join(" / ");
        let beyond = told.chars().count().saturating_sub(MOST_TOLD);
        told.chars().skip(beyond).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_end_of_what_is_printed_is_kept_and_told() {
        let mut tail = Tail::default();
        let text = "x\n".repeat(100_000) + "\n one \n\ntwo\u{1b}\nthree\nfour\nfive";
        tail.follow(Some(text.as_bytes())).await;
        assert_eq!(tail.kept.len(), KEPT);
        assert_eq!(tail.last_lines(), "one / two\u{1b} / three / four / five");
        assert!(!Text::clean(&tail.last_lines()).contains('\u{1b}'));
        let mut long = Tail::default();
        long.follow(Some("y".repeat(5_000).as_bytes())).await;
        assert_eq!(long.last_lines().len(), MOST_TOLD);
    }
}
