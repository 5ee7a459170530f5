//! Where the configuration is found, and loading it.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use super::error::{ConfigError, ConfigErrors};
use super::{Config, check};

/// The largest file that is read.
pub const LARGEST: u64 = 1 << 20;

/// The variable that names the configuration.
pub const VARIABLE: &str = "QUARTERDECK_CONFIG";

/// The file that is looked for in the working directory.
const LOCAL: &str = "quarterdeck.toml";

/// Looks an environment variable up; one that is not Unicode counts as unset.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Finds, reads and checks the configuration: `explicit` (`--config`), else `QUARTERDECK_CONFIG`, `./quarterdeck.toml`,
/// then `quarterdeck.toml` in the XDG configuration directory.
///
/// # Errors
/// No file; a file that is too large, can't be read or that everybody may write to; and all that [`check::parse`] finds.
pub fn load(explicit: Option<&Path>) -> Result<Config, ConfigErrors> {
    let path = locate(explicit, &variable)?;
    let text = read(&path)?;
    check::parse(&text, &path, &variable)
}

/// The path of the configuration, made absolute: other processes are started with it from other directories.
///
/// # Errors
/// None of the places has a file; the error lists them. A file that was named is not replaced by another.
pub fn locate(explicit: Option<&Path>, variable: &dyn Fn(&str) -> Option<String>) -> Result<PathBuf, ConfigErrors> {
    let named =
        explicit.map(Path::to_owned).or_else(|| variable(VARIABLE).filter(|v| !v.is_empty()).map(PathBuf::from));
    if let Some(path) = named {
        return Ok(std::path::absolute(&path).unwrap_or(path));
    }
    let standard = project().map(|project| project.config_dir().join(LOCAL));
    let places: Vec<PathBuf> = [std::path::absolute(LOCAL).ok(), standard].into_iter().flatten().collect();
    let found = places.iter().find(|place| place.exists());
    found.cloned().ok_or_else(|| not_found(&places).into())
}

fn not_found(places: &[PathBuf]) -> ConfigError {
    let listed: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
    let message = format!("no configuration: not given by --config or {VARIABLE}, not at {}", listed.join(", not at "));
    let hint = "start from examples/rtech/quarterdeck.toml; `quarterdeck demo` works without one";
    ConfigError::of_file(Path::new(""), &message, Some(hint))
}

/// Reads a file of bounded size that only its owner and group may change.
///
/// # Errors
/// As said; each names the file and what to do.
pub fn read(path: &Path) -> Result<String, ConfigErrors> {
    let wrong = |message: &str, hint| ConfigErrors::from(ConfigError::of_file(path, message, Some(hint)));
    let unreadable = |error: std::io::Error| {
        wrong(&format!("can't be read: {}", error.kind()), "look at the path and its permissions")
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(wrong("is not a file", "name a TOML file"));
    }
    if metadata.mode() & 0o002 != 0 {
        return Err(wrong("everybody may write to it, and it says what may be done to production", "chmod o-w it"));
    }
    let mut text = String::new();
    let read = file.take(LARGEST + 1).read_to_string(&mut text);
    read.map_err(|error| wrong(&format!("can't be read: {}", error.kind()), "it must be UTF-8 text"))?;
    if text.len() as u64 > LARGEST {
        return Err(wrong(
            "is larger than 1 MiB",
            "this can't be a configuration; split environments into files of their own",
        ));
    }
    Ok(text)
}

/// Where journal, leases and runs of this environment are kept: `state_dir` of the configuration as it is, else a folder of the
/// environment's own in the XDG state directory. It is not created here.
///
/// # Errors
/// There is no home directory to put it in.
pub fn state_dir(config: &Config) -> Result<PathBuf, ConfigErrors> {
    if let Some(dir) = &config.state_dir {
        return Ok(dir.clone());
    }
    let base = project().map(|project| project.state_dir().unwrap_or(project.data_local_dir()).to_owned());
    let dir = base.map(|base| base.join(config.environment.name.as_str()));
    let message = "there is no home directory to keep the journal in";
    dir.ok_or_else(|| ConfigError::of_file(&config.path, message, Some("set state_dir in the configuration")).into())
}

fn project() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", "quarterdeck")
}
