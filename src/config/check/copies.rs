//! Where the copies of a `[[backup]]` are found: `aws_backup`, `cluster`, `instance`, `objects`; where they are exported to;
//! and whose screen shows it.

use std::time::Duration;

use super::backend::{every, polling};
use super::words::{duration, filled, maybe, or};
use super::{Sources, export};
use crate::config::raw::{Entry, Section};
use crate::config::{Copies, CopySource, Protected, Service};

/// The least share of the median that the newest object may have, in per cent, where none is written.
const LEAST_PERCENT: u64 = 50;

/// The most places of one protected thing.
const MOST: usize = 16;

/// Where the copies are found; `None` within where the section names no place.
pub(super) fn copies(section: &Section<'_>, sources: &Sources) -> Option<Option<Copies>> {
    let keys = [section.get("aws_backup"), section.get("cluster"), section.get("instance"), section.get("objects")];
    let [aws_backup, cluster, instance, objects] = keys;
    let first = [&aws_backup, &cluster, &instance, &objects].into_iter().find_map(Clone::clone);
    let aws_backup = maybe(aws_backup, |entry| self::aws_backup(&entry.clone().section()?));
    let cluster = maybe(cluster, |entry| identifier(entry).map(CopySource::Cluster));
    let instance = maybe(instance, |entry| identifier(entry).map(CopySource::Instance));
    let objects = or(objects, Vec::new(), self::objects);
    let export = maybe(section.get("export"), |entry| export::export(&entry.clone().section()?));
    let place = super::words::place(section.get("place"), sources);
    let apart = maybe(section.get("every"), |entry| {
        duration(entry, Duration::from_secs(60)..=Duration::from_secs(366 * 86_400))
    });
    let polling = polling(section, every(300, 30));
    let Some(first) = first else {
        return without_copies(section);
    };
    let mut kinds: Vec<CopySource> = [aws_backup?, cluster?, instance?].into_iter().flatten().collect();
    kinds.extend(objects?);
    export::fits(section.peek("export"), &kinds)?;
    let copies = Copies { kinds, place: place?, export: export?, every: apart?, polling: polling? };
    reachable(&first, sources)?;
    Some(Some(copies))
}

/// A key that only counts where copies are read would do nothing without them.
fn without_copies(section: &Section<'_>) -> Option<Option<Copies>> {
    let idle = ["place", "export", "every", "interval", "timeout"].into_iter().find_map(|key| section.peek(key));
    if let Some(idle) = idle {
        idle.error(
            "does nothing here: the block names no copies to look at",
            Some("add aws_backup, cluster, instance or objects"),
        );
        return None;
    }
    Some(None)
}

fn reachable(entry: &Entry<'_>, sources: &Sources) -> Option<()> {
    if sources.aws || sources.simulator.is_some() {
        return Some(());
    }
    entry.error("needs the section [aws]", Some("add [aws] with its region"));
    None
}

/// `{ vault, resource, plan, role }`.
fn aws_backup(section: &Section<'_>) -> Option<CopySource> {
    let vault = section.need("vault").and_then(|entry| identifier(&entry));
    let resource = section.need("resource").and_then(|entry| arn(&entry));
    let plans = or(section.get("plan"), Vec::new(), plans);
    let role = maybe(section.get("role"), role);
    section.done();
    Some(CopySource::AwsBackup { vault: vault?, resource: resource?, plans: plans?, role: role? })
}

/// One name, or a list of names.
fn plans(entry: &Entry<'_>) -> Option<Vec<String>> {
    if !entry.is_list() {
        return Some(vec![filled(entry)?]);
    }
    bounded(entry)?.iter().map(filled).collect::<Vec<_>>().into_iter().collect()
}

fn arn(entry: &Entry<'_>) -> Option<String> {
    let value = filled(entry)?;
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    if parts.len() == 6 && parts[0] == "arn" && !parts[5].is_empty() && !value.contains(' ') {
        return Some(value);
    }
    entry.error("is not an ARN", Some("such as arn:aws:rds:us-east-1:123456789012:cluster:rtech-mongodb"));
    None
}

/// The ARN of a role of IAM.
pub(super) fn role(entry: &Entry<'_>) -> Option<String> {
    let value = filled(entry)?;
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", _, name] if name.starts_with("role/") && !value.contains(' ') => Some(value),
        _ => {
            entry.error("is not the ARN of a role", Some("such as arn:aws:iam::123456789012:role/backup"));
            None
        }
    }
}

/// An identifier of AWS that is a name and no ARN.
fn identifier(entry: &Entry<'_>) -> Option<String> {
    let value = entry.expanded()?.value;
    let safe = value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if safe && (1..=255).contains(&value.len()) {
        return Some(value);
    }
    entry.error("is not an identifier", Some("the name, not the ARN: letters, digits, `-`, `_` and `.`"));
    None
}

/// One table, or a list of tables.
fn objects(entry: &Entry<'_>) -> Option<Vec<CopySource>> {
    if entry.is_table() {
        return Some(vec![object(&entry.clone().section()?)?]);
    }
    let items = bounded(entry)?.into_iter().map(|item| object(&item.section()?));
    items.collect::<Vec<_>>().into_iter().collect()
}

pub(super) fn bounded<'a>(entry: &Entry<'a>) -> Option<Vec<Entry<'a>>> {
    let items = entry.clone().items()?;
    if (1..=MOST).contains(&items.len()) {
        return Some(items);
    }
    entry.error(&format!("must hold 1 to {MOST} items"), None);
    None
}

/// `{ bucket, prefix, encryption, least_percent }`.
fn object(section: &Section<'_>) -> Option<CopySource> {
    let bucket = section.need("bucket").and_then(|entry| bucket(&entry));
    let prefix = section.need("prefix").and_then(|entry| filled(&entry));
    let encryption = maybe(section.get("encryption"), |entry| entry.one_of(ENCRYPTIONS));
    let least = or(section.get("least_percent"), LEAST_PERCENT, |entry| entry.integer(0..=100));
    section.done();
    Some(CopySource::Objects {
        bucket: bucket?,
        prefix: prefix?,
        encryption: encryption?.map(str::to_owned),
        least_percent: u32::try_from(least?).ok()?,
    })
}

/// What S3 tells as server-side encryption.
const ENCRYPTIONS: &[(&str, &str)] = &[("AES256", "AES256"), ("aws:kms", "aws:kms"), ("aws:kms:dsse", "aws:kms:dsse")];

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
pub(super) fn bucket(entry: &Entry<'_>) -> Option<String> {
    let value = entry.expanded()?.value;
    let safe = value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.'));
    if safe && (3..=63).contains(&value.len()) {
        return Some(value);
    }
    entry.error("is not a bucket's name", Some("3 to 63 lower-case letters, digits, `-` and `.`, without s3://"));
    None
}

/// Tells each service which protected things stand on its screen; refuses one that names a service that is not there.
pub(super) fn beside_services(
    root: &Section<'_>,
    services: Option<Vec<Service>>,
    backups: Option<&[Protected]>,
) -> Option<Vec<Service>> {
    let (mut services, backups) = (services?, backups.unwrap_or_default());
    for thing in backups {
        let Some(named) = &thing.service else { continue };
        match services.iter_mut().find(|service| service.name == *named) {
            Some(service) => service.backups.push(thing.name.clone()),
            None => unknown_service(root, thing, named, &services)?,
        }
    }
    Some(services)
}

fn unknown_service(root: &Section<'_>, thing: &Protected, named: &str, services: &[Service]) -> Option<()> {
    let is = |section: &Section<'_>| super::written(section, "name") == Some(thing.name.as_str());
    let sections = root.sections("backup");
    let entry = sections.iter().find(|section| is(section)).and_then(|section| section.peek("service"))?;
    let known = services.iter().map(|service| service.name.as_str());
    let hint = crate::config::error::did_you_mean(named, known);
    entry.error(&format!("there is no [[service]] `{named}`{hint}"), Some("name a service of this file"));
    None
}
