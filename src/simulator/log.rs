//! What is kept of the simulated fleet: when it began, and what was changed. One small file of JSON lines, which every
//! process that shares the state directory reads and appends to.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::SimulatorError;
use super::course::Course;
use super::scenario::Scenario;
use super::target::Fault;
use crate::action::Matcher;
use crate::source::Name;

/// The largest file that is read: tens of thousands of changes.
const LARGEST: u64 = 4 << 20;

/// The file's schema.
const SCHEMA: &str = "quarterdeck.simulator/1";

/// One change that was made to the fleet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mutation {
    /// When, in seconds since the fleet began.
    pub at: f64,
    /// The service.
    pub service: Name,
    /// What was changed.
    #[serde(flatten)]
    pub change: Mutated,
}

/// What a call changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mutated {
    /// The desired count from then on.
    Desired(u32),
    /// A new deployment of this revision of the service's task definition: every task is replaced.
    Deployed(u32),
    /// The bounds of the scaling target from then on: least and greatest desired count.
    Bounds(u32, u32),
    /// Weights of the target groups from then on, by name.
    Weights(Vec<(String, u32)>),
    /// What of its scaling is suspended from then on: in, out, scheduled.
    Suspended(bool, bool, bool),
    /// This instance of the database that the service is takes the writes.
    FailedOver(Name),
    /// An invalidation of the network before the fleet.
    Invalidated {
        /// Its identifier.
        id: String,
        /// Its CallerReference: the same one is the same invalidation.
        reference: String,
        /// Its paths.
        paths: Vec<String>,
    },
    /// A silence.
    Silenced {
        /// Its identifier.
        id: String,
        /// What it matches.
        matchers: Vec<Matcher>,
        /// From when.
        starts: Timestamp,
        /// Until when.
        ends: Timestamp,
        /// Who set it.
        by: String,
        /// Why.
        comment: String,
    },
    /// The end of a silence, by its identifier.
    Unsilenced(String),
    /// A revision more of the service's task definition, with the image of this tag.
    Registered(String),
    /// The deployment in flight is ended: rolled back, or left as it stands.
    Halted {
        /// Whether it is rolled back.
        rollback: bool,
    },
    /// The task of this identifier is stopped; another starts in its place.
    Stopped(String),
    /// A job of AWS Backup of this identifier, of the resource that stands for the service.
    BackedUp(Name),
    /// A snapshot of this identifier, of the cluster that stands for the service.
    Snapshotted(Name),
    /// A copy of the cluster, or its instance, is made beside it.
    Copied {
        /// Its identifier.
        copy: String,
        /// Whether it is an instance; else it is a cluster.
        instance: bool,
        /// What its tag says.
        mark: String,
    },
    /// The copy of this identifier is removed.
    Uncopied(String),
}

/// What the file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// When the fleet began.
    pub began: Timestamp,
    /// What was changed, in the order of arrival: one entry an effect.
    pub mutations: Vec<Mutation>,
    /// How the next calls go wrong, for drills and tests.
    pub fault: Option<Fault>,
}

/// The file.
#[derive(Debug, Clone)]
pub struct Log {
    path: PathBuf,
    seed: u64,
    scenario: Scenario,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
enum Line {
    Began { schema: String, seed: u64, scenario: String, at: Timestamp },
    Changed(Mutation),
    Fault { fault: Option<Fault> },
}

impl Log {
    /// The file in `state_dir`. Nothing is written yet.
    pub fn new(state_dir: &Path, seed: u64, scenario: Scenario) -> Self {
        Self { path: state_dir.join("simulator.jsonl"), seed, scenario }
    }

    /// What the file holds. If there is none, the fleet begins at `now`.
    ///
    /// # Errors
    /// The file can't be made or read, is too large, or tells another story than the one configured.
    pub fn read(&self, now: Timestamp) -> Result<Kept, SimulatorError> {
        match File::open(&self.path) {
            Ok(file) => self.parse(&self.text(file)?),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.begin(now)?;
                let file = File::open(&self.path).map_err(|error| self.error(&error.to_string()))?;
                self.parse(&self.text(file)?)
            }
            Err(error) => Err(self.error(&error.to_string())),
        }
    }

    /// The course that the file tells.
    pub fn course(&self, kept: &Kept) -> Course {
        Course::new(self.seed, self.scenario, &kept.mutations)
    }

    /// Makes a change: one line, on the disk when this returns. The caller keeps it to one call, one effect.
    ///
    /// # Errors
    /// As [`Log::read`]; nothing was changed then.
    pub fn change(&self, service: &Name, change: Mutated, now: Timestamp) -> Result<(), SimulatorError> {
        let began = self.read(now)?.began;
        let at = now.duration_since(began).as_secs_f64().max(0.0);
        self.append(&Line::Changed(Mutation { at, service: service.clone(), change }))
    }

    /// Makes all further calls go wrong in this way; `None` ends it.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub fn inject(&self, fault: Option<Fault>, now: Timestamp) -> Result<(), SimulatorError> {
        self.read(now)?;
        self.append(&Line::Fault { fault })
    }

    /// Creates the file with its first line, whole or not at all: of two processes that begin at once, one wins.
    fn begin(&self, now: Timestamp) -> Result<(), SimulatorError> {
        let scenario = self.scenario.name().to_owned();
        let first = Line::Began { schema: SCHEMA.to_owned(), seed: self.seed, scenario, at: now };
        let draft = self.path.with_extension(format!("{}.{}.draft", std::process::id(), fastrand::u64(..)));
        let made = fs::write(&draft, self.encode(&first)?).and_then(|()| fs::hard_link(&draft, &self.path));
        let tidied = fs::remove_file(&draft);
        match made {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(self.error(&error.to_string())),
            _ => tidied.map_err(|error| self.error(&error.to_string())),
        }
    }

    fn append(&self, line: &Line) -> Result<(), SimulatorError> {
        let text = self.encode(line)?;
        let written = OpenOptions::new().append(true).open(&self.path).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_data()
        });
        written.map_err(|error| self.error(&error.to_string()))
    }

    fn encode(&self, line: &Line) -> Result<String, SimulatorError> {
        let mut text = serde_json::to_string(line).map_err(|error| self.error(&error.to_string()))?;
        text.push('\n');
        Ok(text)
    }

    fn text(&self, file: File) -> Result<String, SimulatorError> {
        let mut text = String::new();
        let read = file.take(LARGEST).read_to_string(&mut text).map_err(|error| self.error(&error.to_string()))?;
        if read as u64 == LARGEST {
            return Err(self.error("larger than 4 MiB; remove it to begin anew"));
        }
        Ok(text)
    }

    fn parse(&self, text: &str) -> Result<Kept, SimulatorError> {
        let mut lines = text.lines().enumerate().map(|(index, line)| {
            serde_json::from_str::<Line>(line).map_err(|error| self.error(&format!("line {}: {error}", index + 1)))
        });
        let began = self.first(lines.next().transpose()?)?;
        let mut kept = Kept { began, mutations: Vec::new(), fault: None };
        for line in lines {
            match line? {
                Line::Changed(mutation) => kept.mutations.push(mutation),
                Line::Fault { fault } => kept.fault = fault,
                Line::Began { .. } => return Err(self.error("begins twice; remove it to begin anew")),
            }
        }
        // Two processes may append in another order than they took the time.
        kept.mutations.sort_by(|a, b| a.at.total_cmp(&b.at));
        Ok(kept)
    }

    fn first(&self, line: Option<Line>) -> Result<Timestamp, SimulatorError> {
        match line {
            Some(Line::Began { schema, seed, scenario, at }) if schema == SCHEMA => {
                if seed == self.seed && scenario == self.scenario.name() {
                    return Ok(at);
                }
                let told = format!("tells scenario {scenario} with seed {seed}");
                Err(self.error(&format!("{told}, not the configured one; remove it, or take another state directory")))
            }
            _ => Err(self.error(&format!("does not begin as {SCHEMA}; remove it to begin anew"))),
        }
    }

    fn error(&self, reason: &str) -> SimulatorError {
        SimulatorError::Log { path: self.path.clone(), reason: reason.to_owned() }
    }
}
