//! All runbooks of an environment: shipped ones and those of the folders that the configuration names.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::Runbook;
use super::parse::{LARGEST, parse, services_of};
use crate::config::Config;
use crate::config::error::{ConfigError, ConfigErrors};
use crate::source::Name;

/// Where a shipped runbook is listed to come from.
pub const SHIPPED_ORIGIN: &str = "shipped";

/// The most runbooks that one folder may hold.
const MOST_FILES: usize = 500;

/// The shipped runbooks: name in the repository, text.
pub static SHIPPED: &[(&str, &str)] =
    &[("runbooks/scale-out-under-load.md", include_str!("../../runbooks/scale-out-under-load.md"))];

/// The runbooks of this environment, checked against its configuration: the shipped ones whose services it has, and every
/// `*.md` (but `README.md`) of its folders, by name.
///
/// # Errors
/// All that is wrong: in the runbooks, in the folders, an id that is there twice, and a service that names a runbook that is
/// not there. A runbook of one's own never takes a shipped one's place in silence.
pub fn load(config: &Config) -> Result<Vec<Runbook>, ConfigErrors> {
    let mut errors = Vec::new();
    let mut runbooks: Vec<Runbook> = Vec::new();
    for (file, text) in SHIPPED {
        if serves(config, &services_of(text, Path::new(file))?) {
            take(&mut runbooks, &mut errors, parse(text, Path::new(file), SHIPPED_ORIGIN, Some(config)));
        }
    }
    for path in config.runbook_dirs.iter().flat_map(|dir| listed(dir, &mut errors)).collect::<Vec<_>>() {
        take(&mut runbooks, &mut errors, read(&path, Some(config)));
    }
    errors.extend(twice(&runbooks));
    errors.extend(unknown(config, &runbooks));
    ConfigErrors::of(errors).map_or(Ok(runbooks), Err)
}

/// Reads and checks one file; with a configuration also the names in it.
///
/// # Errors
/// It can't be read, or all that is wrong with it.
pub fn read(path: &Path, config: Option<&Config>) -> Result<Runbook, ConfigErrors> {
    let unreadable = |error: std::io::Error| {
        let message = format!("can't be read: {}", error.kind());
        ConfigErrors::from(ConfigError::of_file(path, &message, Some("it must be UTF-8 text in a file")))
    };
    let mut text = String::new();
    let most = u64::try_from(LARGEST).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path).map_err(unreadable)?.take(most).read_to_string(&mut text).map_err(unreadable)?;
    parse(&text, path, &path.display().to_string(), config)
}

/// Shipped runbooks that this environment leaves out: it does not have the services that they serve.
pub fn left_out(config: &Config) -> Vec<&'static str> {
    let other = |(file, text): &&(&'static str, &'static str)| {
        services_of(text, Path::new(file)).is_ok_and(|services| !serves(config, &services))
    };
    SHIPPED.iter().filter(other).map(|(file, _)| *file).collect()
}

fn serves(config: &Config, services: &[Name]) -> bool {
    services.iter().all(|service| config.service(service).is_some())
}

fn take(runbooks: &mut Vec<Runbook>, errors: &mut Vec<ConfigError>, found: Result<Runbook, ConfigErrors>) {
    match found {
        Ok(runbook) => runbooks.push(runbook),
        Err(found) => errors.extend(found.all().iter().cloned()),
    }
}

/// The runbooks of a folder, by name.
fn listed(dir: &Path, errors: &mut Vec<ConfigError>) -> Vec<PathBuf> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => {
            let message = format!("the folder of runbooks can't be read: {}", error.kind());
            errors.push(ConfigError::of_file(dir, &message, Some("look at `dirs` in [runbooks] of the configuration")));
            return Vec::new();
        }
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| is_runbook(path)).collect();
    paths.sort();
    if paths.len() > MOST_FILES {
        let message = format!("holds {} runbooks, more than {MOST_FILES}", paths.len());
        errors.push(ConfigError::of_file(dir, &message, Some("is this the right folder?")));
        paths.clear();
    }
    paths
}

fn is_runbook(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md")
        && path.file_name().is_some_and(|name| !name.eq_ignore_ascii_case("README.md"))
}

fn twice(runbooks: &[Runbook]) -> Vec<ConfigError> {
    let again = |(index, runbook): (usize, &Runbook)| {
        let first = runbooks[..index].iter().find(|other| other.id == runbook.id)?;
        let message = format!("the id `{}` is there twice", runbook.id);
        let hint = match first.origin.as_str() {
            SHIPPED_ORIGIN => {
                "a shipped runbook has it; give yours another id, and name that one in `runbooks` of the service"
                    .to_owned()
            }
            origin => format!("the first is in {origin}; give one of them another id"),
        };
        Some(ConfigError::of_file(Path::new(&runbook.origin), &message, Some(&hint)))
    };
    runbooks.iter().enumerate().filter_map(again).collect()
}

/// The shipped runbook of this id, where it is left out.
fn shipped_elsewhere(config: &Config, id: &Name) -> Option<&'static str> {
    left_out(config).into_iter().find(|file| Path::new(file).file_stem().is_some_and(|stem| stem == id.as_str()))
}

/// Runbooks that a service names and that are not there.
fn unknown(config: &Config, runbooks: &[Runbook]) -> Vec<ConfigError> {
    let named = config.services.iter().flat_map(|service| service.runbooks.iter().map(move |id| (&service.name, id)));
    let missing = named.filter(|(_, id)| !runbooks.iter().any(|runbook| runbook.id == **id));
    let error = |(service, id): (&Name, &Name)| {
        let known: Vec<&str> = runbooks.iter().map(|runbook| runbook.id.as_str()).collect();
        let message = format!("there is no runbook `{id}`");
        let hint = match shipped_elsewhere(config, id) {
            Some(file) => format!(
                "{file} is shipped, but serves services that this environment does not have; copy it into a folder of \
                 [runbooks] dirs, with an id of its own and your service in it"
            ),
            None => format!("there are: {}", if known.is_empty() { "none".to_owned() } else { known.join(", ") }),
        };
        let key = format!("service[{service}].runbooks");
        ConfigError { key, ..ConfigError::of_file(&config.path, &message, Some(&hint)) }
    };
    missing.map(error).collect()
}
