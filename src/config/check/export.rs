//! `export` of a `[[backup]]`: where and how snapshots of its cluster or instance are exported to S3.

use super::copies::{bounded, bucket, role};
use super::words::{filled, or};
use crate::config::raw::{Entry, Section};
use crate::config::{CopySource, ExportTo};

/// The longest prefix: a key has at most 1,024 bytes, and names of the export, database, table and file follow.
const PREFIX_LONGEST: usize = 512;

/// Whether there is exactly one database whose snapshots it can be about; an error is noted where not.
pub(super) fn fits(entry: Option<Entry<'_>>, kinds: &[CopySource]) -> Option<()> {
    let Some(entry) = entry else { return Some(()) };
    let (fault, hint) = match kinds.iter().filter(|kind| kind.is_database()).count() {
        1 => return Some(()),
        0 => ("does nothing here: the block names no cluster or instance", "add cluster or instance"),
        _ => ("is of one database, and the block names two", "write a [[backup]] for each"),
    };
    entry.error(fault, Some(hint));
    None
}

/// `{ bucket, prefix, role, key, only }`.
pub(super) fn export(section: &Section<'_>) -> Option<ExportTo> {
    let bucket = section.need("bucket").and_then(|entry| bucket(&entry));
    let prefix = or(section.get("prefix"), String::new(), prefix);
    let role = section.need("role").and_then(|entry| role(&entry));
    let key = section.need("key").and_then(|entry| key(&entry));
    let only = or(section.get("only"), Vec::new(), only);
    section.done();
    Some(ExportTo { bucket: bucket?, prefix: prefix?, role: role?, key: key?, only: only? })
}

/// RDS puts a slash between the prefix and what follows.
fn prefix(entry: &Entry<'_>) -> Option<String> {
    let value = filled(entry)?;
    let whole = value.trim_end_matches('/');
    if !whole.is_empty() && !whole.starts_with('/') && whole.len() <= PREFIX_LONGEST {
        return Some(whole.to_owned());
    }
    entry.error("is not a prefix of keys", Some("such as exports/orders; up to 512 bytes, no slash before it"));
    None
}

/// The ARN of a key of KMS, or of its alias.
fn key(entry: &Entry<'_>) -> Option<String> {
    let value = filled(entry)?;
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "kms", _, _, name] if is_key(name) && !value.contains(' ') => Some(value),
        _ => {
            entry
                .error("is not the ARN of a key of KMS", Some("such as arn:aws:kms:us-east-1:123456789012:key/1234-…"));
            None
        }
    }
}

fn is_key(name: &str) -> bool {
    ["key/", "alias/"].iter().any(|kind| name.strip_prefix(kind).is_some_and(|rest| !rest.is_empty()))
}

/// Databases, schemas or tables.
fn only(entry: &Entry<'_>) -> Option<Vec<String>> {
    bounded(entry)?.iter().map(part).collect::<Vec<_>>().into_iter().collect()
}

fn part(entry: &Entry<'_>) -> Option<String> {
    let value = filled(entry)?;
    if (1..=3).contains(&value.split('.').count()) && value.split('.').all(|name| !name.is_empty()) {
        return Some(value);
    }
    entry.error("is no part of a database", Some("database, database.table, database.schema or database.schema.table"));
    None
}
