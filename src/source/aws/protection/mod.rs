//! What could be restored: AWS Backup, snapshots and point-in-time restore, exports, objects in S3.
//!
//! One source a protected thing. Its places are asked at the same time, and each part may fail alone: what could not be
//! read is named in [`Protection::missing`], so that what was read stays. Only where no part at all answered has the reading
//! failed.

mod backup;
mod backup_decode;
mod exportable;
mod exports;
mod key_time;
mod objects;
pub(super) mod snapshots;

pub(crate) use key_time::decode_any as decode_any_key;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use jiff::Timestamp;
use tokio::sync::OnceCell;

use super::Connections;
use super::connect::{Connection, operation_timeout};
use super::rds::Rds;
use crate::config::{Config, Copies, CopySource};
use crate::source::{
    Ask, BackupJob, Cadence, Name, Payload, Protection, Reading, Readings, RecoveryPoint, SharedSource, Source,
    SourceError, SourceErrorKind, Subject, Unread,
};
use crate::text::Text;

/// The most points, jobs and schedules of one thing that are kept, the newest.
const KEPT: usize = 400;

/// The sources that the configuration asks for.
pub(super) fn sources(connections: &Arc<Connections>, config: &Config) -> Vec<SharedSource> {
    let one = |thing: &crate::config::Protected| -> Option<SharedSource> {
        let copies = thing.copies.clone()?;
        let connection = connections.at(copies.place.as_ref()).clone();
        Some(Arc::new(Recovery::new(connection, &thing.name, copies)))
    };
    config.backups.iter().filter_map(one).collect()
}

/// Reads what could be restored of one protected thing.
struct Recovery {
    name: Name,
    connection: Arc<Connection>,
    copies: Copies,
    subjects: Vec<Subject>,
    readers: OnceCell<Readers>,
}

/// One client an API; all share the connection pool.
struct Readers {
    backup: backup::Backup,
    rds: Rds,
    objects: objects::Objects,
}

impl Recovery {
    fn new(connection: Arc<Connection>, thing: &Name, copies: Copies) -> Self {
        let subjects = vec![Subject::Protection { protected: thing.clone() }];
        let name = Name::from(format!("recovery-{thing}"));
        Self { name, connection, copies, subjects, readers: OnceCell::new() }
    }

    async fn open(&self) -> Readers {
        let config = self.connection.sdk_config(operation_timeout(self.copies.polling.timeout)).await;
        let (source, who) = (self.name.clone(), self.connection.who());
        Readers {
            backup: backup::Backup::new(&config, source.clone(), who.clone()),
            rds: Rds::new(&config, source.clone(), who.clone()),
            objects: objects::Objects::new(&config, source, who),
        }
    }

    async fn read(&self, now: Timestamp) -> Result<Protection, SourceError> {
        let readers = self.readers.get_or_init(|| self.open()).await;
        let parts = self.copies.kinds.iter().map(|kind| readers.read(kind, now));
        let mut whole = Found::default();
        for part in join_all(parts).await {
            whole.add(part);
        }
        whole.finish()
    }
}

impl Readers {
    fn read<'a>(&'a self, kind: &'a CopySource, now: Timestamp) -> BoxFuture<'a, Found> {
        Box::pin(async move {
            match kind {
                CopySource::AwsBackup { vault, resource, plans, .. } => {
                    self.backup.read(&backup::Of { vault, resource, plans }, now).await
                }
                CopySource::Cluster(name) => snapshots::cluster(&self.rds, name, now).await,
                CopySource::Instance(name) => snapshots::instance(&self.rds, name, now).await,
                CopySource::Objects { bucket, prefix, .. } => self.objects.read(bucket, prefix).await,
            }
        })
    }
}

impl Source for Recovery {
    fn name(&self) -> &Name {
        &self.name
    }

    fn cadence(&self) -> Cadence {
        Cadence { every: self.copies.polling.interval, lag: Duration::ZERO }
    }

    fn deadline(&self) -> Duration {
        self.copies.polling.timeout
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let outcome = self.read(ask.now.wall).await.map(Payload::Protection);
            for subject in &self.subjects {
                let _ = out.send(Reading { subject: subject.clone(), outcome: outcome.clone() }).await;
            }
        })
    }
}

/// What was found so far.
#[derive(Debug, Default)]
struct Found {
    protection: Protection,
    /// Calls that answered.
    answered: usize,
    /// The first failure, whole.
    failed: Option<SourceError>,
}

impl Found {
    /// What a call answered; a failure is named as missing. `points` says whether there may be points among it.
    fn take<T>(&mut self, part: &str, points: bool, answer: Result<T, SourceError>) -> Option<T> {
        match answer {
            Ok(answer) => {
                self.answered += 1;
                Some(answer)
            }
            Err(error) => {
                self.lack(part, points, &error.reason);
                self.failed.get_or_insert(error);
                None
            }
        }
    }

    /// Names a part that is missing or not whole.
    fn lack(&mut self, part: &str, points: bool, reason: &str) {
        let unread = Unread { part: Text::clean(part), points, reason: Text::clean(reason) };
        self.protection.missing.push(unread);
    }

    /// Takes a list that may have been cut; returns whether it is whole.
    fn take_list<T>(&mut self, part: &str, points: bool, answer: Result<Listed<T>, SourceError>) -> (Vec<T>, bool) {
        let Some(listed) = self.take(part, points, answer) else { return (Vec::new(), false) };
        if let Some(why) = &listed.cut {
            self.lack(part, points, why);
        }
        (listed.items, listed.cut.is_none())
    }

    fn add(&mut self, other: Self) {
        let (all, more) = (&mut self.protection, other.protection);
        all.points.extend(more.points);
        all.jobs.extend(more.jobs);
        all.schedules.extend(more.schedules);
        all.missing.extend(more.missing);
        // Protected by one of them is protected.
        all.protected = [all.protected, more.protected].into_iter().flatten().max();
        // Of two windows the one that reaches further is what would be restored from.
        all.point_in_time = [all.point_in_time, more.point_in_time].into_iter().flatten().max_by_key(|one| one.latest);
        all.exportable = [all.exportable.take(), more.exportable].into_iter().flatten().max_by_key(|one| one.cut);
        self.answered += other.answered;
        self.failed = self.failed.take().or(other.failed);
    }

    /// The whole, the newest first and bounded; an error where nothing answered.
    fn finish(mut self) -> Result<Protection, SourceError> {
        if let Some(error) = self.failed.filter(|_| self.answered == 0) {
            return Err(error);
        }
        let all = &mut self.protection;
        all.points.sort_by_key(|point: &RecoveryPoint| std::cmp::Reverse(point.cut));
        all.points.truncate(KEPT);
        all.jobs.sort_by_key(|job: &BackupJob| std::cmp::Reverse(job.created));
        all.jobs.truncate(KEPT);
        all.schedules.truncate(KEPT);
        Ok(self.protection)
    }
}

/// Items of a listing, and why it was cut, if it was.
pub(super) struct Listed<T> {
    pub(super) items: Vec<T>,
    pub(super) cut: Option<String>,
}

/// One page of a listing, and how to ask for the next.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) next: Option<String>,
}

/// Reads page after page, at most `most`; a token that comes again ends it too.
pub(super) async fn paged<T, F>(most: usize, ask: impl Fn(Option<String>) -> F) -> Result<Listed<T>, SourceError>
where
    F: Future<Output = Result<Page<T>, SourceError>>,
{
    let (mut items, mut token) = (Vec::new(), None);
    for _ in 0..most {
        let page = ask(token.clone()).await?;
        items.extend(page.items);
        match page.next.filter(|next| !next.is_empty()) {
            None => return Ok(Listed { items, cut: None }),
            next if next == token => break,
            next => token = next,
        }
    }
    let cut = format!("the list goes on after {} that were read", items.len());
    Ok(Listed { items, cut: Some(cut) })
}

/// What an error means where absence is an answer: nothing there.
fn absent<T>(answer: Result<T, SourceError>) -> Result<Option<T>, SourceError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind == SourceErrorKind::Missing => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_endless_listing_ends_and_is_not_taken_for_whole() {
        let count = std::sync::atomic::AtomicUsize::new(0);
        let ask = |_| {
            let at = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            std::future::ready(Ok(Page { items: vec![at], next: Some(format!("token {at}")) }))
        };
        let listed = paged(5, ask).await.unwrap();
        assert_eq!((listed.items.len(), listed.cut.is_some()), (5, true));
        let same = |_| std::future::ready(Ok(Page { items: vec![1], next: Some("again".to_owned()) }));
        let listed = paged(100, same).await.unwrap();
        assert_eq!((listed.items.len(), listed.cut.is_some()), (2, true));
    }
}
