//! What a restore test rests on: the newest point that it would restore, what that is a copy of, and copies that were restored.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::source::Name;
use crate::text::Text;

/// What restored copies are named by: nothing else may ever be called so.
pub const COPY_PREFIX: &str = "qd-restore-";

/// The tag that names the plan which made a copy.
pub const COPY_TAG: &str = "quarterdeck:restore-test";

/// The longest part of a thing's name that goes into a copy's identifier, whose limit is 63.
const NAME: usize = 30;

/// How copies of a thing are called, up to what is the plan's own.
pub fn copy_prefix(thing: &Name) -> String {
    let mut name = String::new();
    for c in thing.as_str().chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => name.push(c),
            _ if !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    name.truncate(NAME);
    format!("{COPY_PREFIX}{}-", name.trim_matches('-'))
}

/// What was found of one protected thing that can be restored from a snapshot. It is asked for by plans only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Restore {
    /// The newest snapshot that can be restored; `None` where there is none.
    pub point: Option<RestorePoint>,
    /// The cluster or instance that it is a copy of, as it stands in production.
    pub origin: RestoreOrigin,
    /// All clusters and instances of the account whose names are those of restored copies.
    pub copies: Vec<RestoredCopy>,
    /// How many instances the account may have; `None` where that was not told.
    pub quota: Option<InstanceQuota>,
}

/// A cluster, or an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseKind {
    /// A cluster (Aurora, DocumentDB).
    Cluster,
    /// An instance, in a cluster or not.
    Instance,
}

impl DatabaseKind {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Instance => "instance",
        }
    }
}

/// A snapshot that can be restored now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RestorePoint {
    /// Its identifier.
    pub id: Text,
    /// When its data was cut.
    pub cut: Timestamp,
    /// The engine.
    pub engine: Text,
    /// The engine's version.
    pub version: Text,
    /// Allocated storage in GiB; `None` where it is not told, or grows by itself.
    pub storage_gib: Option<u32>,
}

/// What a restored copy is set up as.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RestoreOrigin {
    /// Its identifier.
    pub id: Text,
    /// What it is.
    pub kind: DatabaseKind,
    /// `provisioned`, `serverless` …; `None` of an instance, and where it is not told.
    pub mode: Option<Text>,
    /// The class of its instances, the writer's where they differ; `None` where it has none.
    pub class: Option<Text>,
    /// Whether the cluster makes its instances itself (RDS Multi-AZ DB cluster).
    pub makes_instances: bool,
    /// Its subnet group.
    pub subnet_group: Option<Text>,
    /// Its security groups.
    pub security_groups: Vec<Text>,
}

/// A cluster or an instance that was restored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RestoredCopy {
    /// Its identifier.
    pub id: Text,
    /// What it is.
    pub kind: DatabaseKind,
    /// `creating`, `available`, `deleting` …
    pub status: Text,
    /// The engine.
    pub engine: Text,
    /// The engine's version.
    pub version: Text,
    /// Allocated storage in GiB.
    pub storage_gib: Option<u32>,
    /// Whether it can be reached from the internet; `None` where it is not told, as of clusters of Aurora.
    pub public: Option<bool>,
    /// The plan that made it, as its tag says; `None` where it has no such tag.
    pub made_by: Option<Text>,
    /// Whether its endpoint took a connection, where that was tried; else why not.
    pub reached: Option<Result<(), Text>>,
}

/// How many instances an account has and may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceQuota {
    /// How many there are.
    pub used: u64,
    /// How many there may be.
    pub most: u64,
}

impl Restore {
    /// The copy of that identifier.
    pub fn copy(&self, kind: DatabaseKind, id: &str) -> Option<&RestoredCopy> {
        self.copies.iter().find(|copy| copy.kind == kind && copy.id.as_str() == id)
    }
}
