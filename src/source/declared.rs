//! What declared actions rest on: their declaration as it stands, what their read-backs tell, the programs they would run.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use jiff::Timestamp;

use crate::config::{Config, Declared, How, ReadBack};
use crate::source::{Name, Number, SeenBack, SeenDeclared, SeenProgram, SourceError, SourceErrorKind};
use crate::text::Text;

/// The words for a signal that keeps its bound, and for one that does not.
const KEPT: [&str; 2] = ["yes", "no"];

/// The declared action of a service.
///
/// # Errors
/// There is none.
pub fn find<'a>(config: &'a Config, service: &str, name: &str) -> Result<&'a Declared, SourceError> {
    let missing = || {
        let reason = format!("the configuration declares no action {name} of {service}");
        SourceError::new(&Name::from("configuration"), SourceErrorKind::Missing, &reason)
    };
    config.declared(service, name).ok_or_else(missing)
}

/// All that was found of it. The program is looked at on a thread that may block.
pub async fn seen(declared: &Declared, read_back: Option<SeenBack>) -> SeenDeclared {
    let program = match &declared.how {
        How::Http(_) => None,
        How::Exec(command) => {
            let path = command.program().to_owned();
            tokio::task::spawn_blocking(move || program(Path::new(&path))).await.ok()
        }
    };
    SeenDeclared { digest: declared.digest(), read_back, program }
}

/// What a value of a JSON API tells.
pub fn of_value(what: &str, expected: Option<&String>, value: Text) -> SeenBack {
    let expected = expected.map(|expected| Text::clean(expected));
    SeenBack { what: Text::clean(what), value, expected, figure: None }
}

/// What a signal tells.
///
/// # Errors
/// It has no number, or the configuration has no such signal: what is not known is never taken for fine.
pub fn of_signal(read_back: &ReadBack, config: &Config, reading: Number) -> Result<SeenBack, SourceError> {
    let fault = |kind, reason: &str| SourceError::new(&Name::from("read-back"), kind, reason);
    let ReadBack::Signal { signal: id, comparison, bound } = read_back else {
        return Err(fault(SourceErrorKind::Malformed, "it is no signal"));
    };
    let missing = || fault(SourceErrorKind::Missing, &format!("the configuration has no signal {id}"));
    let unit = config.signal(id).ok_or_else(missing)?.unit;
    let unknown = || fault(SourceErrorKind::Malformed, &format!("{id} gave no number"));
    let figure = unit.format(reading.finite().ok_or_else(unknown)?);
    let kept = KEPT[usize::from(!comparison.holds(reading, *bound))];
    Ok(SeenBack {
        what: Text::clean(&format!("{id} {comparison} {}", unit.format(*bound))),
        value: Text::from(kept),
        expected: Some(Text::from(KEPT[0])),
        figure: Some(Text::clean(&figure)),
    })
}

/// A program as it lies there. What can't be looked at does not run.
fn program(path: &Path) -> SeenProgram {
    let found = match std::fs::metadata(path) {
        Ok(found) => found,
        Err(error) => {
            let stamp = Text::clean(&format!("can't be looked at: {}", error.kind()));
            return SeenProgram { stamp, runs: false, open: false };
        }
    };
    let written = Timestamp::new(found.mtime(), i32::try_from(found.mtime_nsec()).unwrap_or_default());
    let written = written.map_or_else(|_| "at an unknown time".to_owned(), |at| at.to_string());
    let mode = found.permissions().mode();
    SeenProgram {
        stamp: Text::clean(&format!("{} bytes, written {written}", found.len())),
        runs: found.is_file() && mode & 0o111 != 0,
        open: mode & 0o002 != 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_told_by_what_lies_there() {
        let shell = program(&std::fs::canonicalize("/bin/sh").unwrap());
        assert!(shell.runs && !shell.open && shell.stamp.contains("bytes, written 20"), "{shell:?}");
        let missing = program(Path::new("/no/such/program"));
        assert!(!missing.runs && missing.stamp.contains("entity not found"), "{missing:?}");
        let folder = program(Path::new("/tmp"));
        assert!(!folder.runs, "{folder:?}");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o757)).unwrap();
        let open = program(file.path());
        assert!(open.runs && open.open, "{open:?}");
    }
}
