//! `quarterdeck audit`.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Read as _, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::operator;
use super::room::{anchor, say, say_json, tell};
use super::{Global, TextOutput};
use crate::clock::Now;
use crate::config::{Config, Shared, find};
use crate::executor::journal::audit::{
    self, AuditError, Fault, FaultKind, Report, Selection, Terms, verify, verify_export,
};
use crate::executor::journal::{Anchor, AnchorFile};
use crate::executor::shared::{Dynamo, Head, Table as _, anchored};
use crate::store::FILE;
use crate::text::Text;

/// The schema of a verification as JSON.
const SCHEMA: &str = "quarterdeck.audit-verify/1";

/// How a file of SQLite begins.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// Arguments of `quarterdeck audit`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: AuditCommand,
}

/// What to do with the journal.
#[derive(Debug, clap::Subcommand)]
pub enum AuditCommand {
    /// Verify that nothing in the journal was altered, taken out, moved, put in or put back.
    ///
    /// Exits 0 whole, 2 usage or configuration, 3 could not be read, 5 not whole.
    Verify {
        /// An export, or a copy of a journal; else the journal of the configuration.
        file: Option<PathBuf>,
        /// The anchor to verify against; else that of the configuration, if the journal is its own.
        #[arg(long, value_name = "FILE")]
        anchor: Option<PathBuf>,
        /// `text` or `json`.
        #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true, default_value_t = super::TextOutput::Text)]
        output: super::TextOutput,
    },
    /// Print the journal as JSON Lines that `audit verify FILE` can verify.
    ///
    /// Exits 0 exported, 2 usage or configuration or no such run, 3 could not be read.
    Export {
        /// A file to write, which must not be there yet; else standard output.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// From the first record of this moment on: `2026-01-31T14:00Z`.
        #[arg(long, value_name = "TIME")]
        since: Option<Timestamp>,
        /// The records of one run only.
        #[arg(long, value_name = "RUN", conflicts_with = "since")]
        run: Option<String>,
    },
}

/// Verify and export the journal.
///
/// # Errors
/// Usage or configuration.
pub fn run(arguments: &Arguments, global: &Global) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        AuditCommand::Verify { file, anchor, output } => {
            let outcome = verified(file.as_deref(), anchor.as_deref(), global)?;
            outcome.map_or_else(|error| unread(&error, *output), |report| told(&report, *output))
        }
        AuditCommand::Export { output, since, run } => {
            let selection = Selection { run: run.clone(), since: *since };
            let config = find::load(global.config.as_deref())?;
            export(&config, &selection, output.as_deref())
        }
    }
}

fn verified(file: Option<&Path>, named: Option<&Path>, global: &Global) -> anyhow::Result<Result<Report, AuditError>> {
    let named = named.map(|path| Arc::new(AnchorFile::new(path.to_owned())) as Arc<dyn Anchor>);
    if let Some(file) = file {
        return Ok(of_file(file, named.as_deref()));
    }
    let config = find::load(global.config.as_deref())?;
    let (journal, anchor) = (find::state_dir(&config)?.join(FILE), named.or_else(|| anchor(&config)));
    let verified = verify(&journal, &terms(anchor.as_deref()));
    let verified = verified.map(|report| beside(report, &journal, config.audit.anchor.as_deref()));
    match (verified, &config.shared) {
        (Ok(report), Some(shared)) => against_table(report, &journal, shared),
        (verified, _) => Ok(verified),
    }
}

/// Holds the journal against the head that its last run left in the shared table, off this host.
fn against_table(mut report: Report, journal: &Path, shared: &Shared) -> anyhow::Result<Result<Report, AuditError>> {
    let table = Dynamo::open(shared);
    match table_head(&table, journal)? {
        Err(reason) => report.unproven.push(format!("the head in the table {}: {reason}", table.name())),
        Ok(head) => match audit::hash_at(journal, head.sequence) {
            Err(error) => return Ok(Err(error)),
            Ok(stored) if stored.as_ref() == Some(&head.hash) => {
                report.heads = Some(report.heads.unwrap_or_default() + 1);
            }
            Ok(stored) => report.faults.push(contradiction(&head, stored.is_some(), table.name())),
        },
    }
    Ok(Ok(report))
}

/// The head of this state directory, or why it is not known.
fn table_head(table: &Dynamo, journal: &Path) -> anyhow::Result<Result<Head, String>> {
    let Some(id) = audit::shared_id(journal)? else {
        return Ok(Err("this state directory was never shared".to_owned()));
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let head = runtime.block_on(anchored(table, &format!("{}/{id}", operator::host())));
    Ok(head.map_err(|error| error.to_string()).and_then(|head| head.ok_or_else(|| "no run ended here yet".to_owned())))
}

fn contradiction(head: &Head, is_there: bool, table: &str) -> Fault {
    let (kind, what) = match is_there {
        true => (FaultKind::Replaced, "it is another record by now: written anew and chained again"),
        false => (
            FaultKind::Rewound,
            "the journal ends before it: its end was cut off, or an older copy stands in its place",
        ),
    };
    let what = Text::clean(&format!("the table {table} anchored it at {:.0}, and {what}", head.at));
    Fault { kind, sequence: Some(head.sequence), run: None, what }
}

fn terms(anchor: Option<&dyn Anchor>) -> Terms<'_> {
    Terms { anchor, now: Now::read().wall }
}

/// A journal, or an export: told by how it begins.
fn of_file(file: &Path, anchor: Option<&dyn Anchor>) -> Result<Report, AuditError> {
    let begins = || {
        let mut first = Vec::new();
        std::fs::File::open(file)?.take(SQLITE.len() as u64).read_to_end(&mut first)?;
        Ok(first)
    };
    let unreadable = |error: io::Error| AuditError::Unreadable {
        place: file.display().to_string(),
        reason: error.to_string(),
        hint: "see that it is there and that you may read it",
    };
    if begins().map_err(unreadable)? == SQLITE {
        verify(file, &terms(anchor))
    } else {
        verify_export(file, &terms(anchor))
    }
}

/// An anchor on the journal's own file system proves little: who can change the one can change the other.
fn beside(mut report: Report, journal: &Path, anchor: Option<&Path>) -> Report {
    let device = |path: &Path| path.metadata().map(|metadata| metadata.dev()).ok();
    if let Some(anchor) = anchor.filter(|anchor| device(anchor).is_some() && device(anchor) == device(journal)) {
        report.unproven.push(format!(
            "the anchor {} is on the journal's own file system: who can change the one can change the other",
            anchor.display()
        ));
    }
    report
}

fn told(report: &Report, output: TextOutput) -> anyhow::Result<ExitCode> {
    match output {
        TextOutput::Json => say_json(&as_json(report)?)?,
        TextOutput::Text => say_report(report)?,
    }
    Ok(ExitCode::from(if report.is_whole() { 0 } else { 5 }))
}

fn as_json(report: &Report) -> anyhow::Result<Value> {
    let mut value = json!({ "schema": SCHEMA, "whole": report.is_whole() });
    if let (Value::Object(fields), Value::Object(more)) = (&mut value, serde_json::to_value(report)?) {
        fields.extend(more);
    }
    Ok(value)
}

fn say_report(report: &Report) -> io::Result<()> {
    let word = if report.is_whole() { "whole" } else { "NOT WHOLE" };
    let heads = report.heads.map(|heads| format!(", {heads} anchored heads")).unwrap_or_default();
    say(&format!("{}: {word}; {} records of {} runs{heads}", report.place, report.records, report.runs))?;
    if let Some((sequence, hash)) = &report.head {
        say(&format!("  ends at record {sequence}, {hash}"))?;
    }
    report.faults.iter().try_for_each(|fault| say(&format!("  {fault}")))?;
    if report.more > 0 {
        say(&format!("  and {} more", report.more))?;
    }
    report.unproven.iter().try_for_each(|word| say(&format!("  not proven: {word}")))?;
    next(&report.faults).into_iter().try_for_each(|word| say(&format!("  next: {word}")))
}

/// What to do about it.
fn next(faults: &[Fault]) -> Option<&'static str> {
    let behind = |fault: &Fault| fault.kind == FaultKind::AnchorBehind;
    match faults {
        [] => None,
        faults if faults.iter().all(behind) => {
            Some("find out why the anchor is older than the journal; the journal itself seals")
        }
        _ => Some(
            "copy the state directory and the anchor away as they are, change nothing there, compare with an earlier \
             export, and find out who could write to them (docs/audit.md)",
        ),
    }
}

fn unread(error: &AuditError, output: TextOutput) -> anyhow::Result<ExitCode> {
    if output == TextOutput::Json {
        say_json(&json!({ "schema": SCHEMA, "whole": null, "error": error.to_string() }))?;
    }
    tell(&error.to_string());
    Ok(ExitCode::from(3))
}

fn export(config: &Config, selection: &Selection, output: Option<&Path>) -> anyhow::Result<ExitCode> {
    let journal = find::state_dir(config)?.join(FILE);
    let about = (config.environment.name.as_str(), Now::read().wall);
    let written = match output {
        None => audit::export(&journal, selection, about, &mut BufWriter::new(io::stdout().lock())),
        Some(path) => new_file(path).and_then(|mut file| audit::export(&journal, selection, about, &mut file)),
    };
    match written {
        Ok(records) => {
            if let Some(path) = output {
                say(&format!("{}: {records} records; verify it: `quarterdeck audit verify {0}`", path.display()))?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(AuditError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::from(141)),
        Err(error @ AuditError::Unreadable { .. }) => {
            tell(&error.to_string());
            Ok(ExitCode::from(3))
        }
        Err(error) => Err(error.into()),
    }
}

/// A file for its owner only; one that is there is never written over.
fn new_file(path: &Path) -> Result<impl Write, AuditError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let reason = |error: &io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => "it is there already; name another file, or remove it".to_owned(),
        _ => error.to_string(),
    };
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {}", path.display(), reason(&error)));
    Ok(BufWriter::new(file.map_err(named)?))
}
