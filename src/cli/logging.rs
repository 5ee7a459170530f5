//! The program's own log: to a file in the state directory, never to the screen.

use std::path::Path;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

/// Writes the log to `quarterdeck.log` in the state directory, a file a day, the last seven kept. `QUARTERDECK_LOG` sets the
/// level (`info` without it). Dropping the guard writes what is still waiting. `None` where no file can be written: the
/// console works without a log.
pub(super) fn to_file(state_dir: &Path) -> Option<WorkerGuard> {
    let file = tracing_appender::rolling::Builder::new()
        .rotation(tracing_appender::rolling::Rotation::DAILY)
        .filename_prefix("quarterdeck.log")
        .max_log_files(7)
        .build(state_dir)
        .ok()?;
    let (writer, guard) = tracing_appender::non_blocking(file);
    let filter = EnvFilter::try_from_env("QUARTERDECK_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt().with_writer(writer).with_ansi(false).with_env_filter(filter);
    subscriber.try_init().ok()?;
    Some(guard)
}
