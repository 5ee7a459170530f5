//! Collects readings without a screen.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::mpsc;

use crate::clock::Now;
use crate::source::poll::{self, Poller};
use crate::source::{Ask, Reading, SharedSource, Subject};
use crate::state::ReadingStore;

/// Readings that wait between the sources and the store.
const IN_FLIGHT: usize = 256;

/// Asks every source once, all at the same time; each ends at its own deadline.
pub(super) async fn once(sources: &[SharedSource]) -> ReadingStore {
    let (out, mut readings) = mpsc::channel(IN_FLIGHT);
    let ask = Ask { now: Now::read(), backfill: None };
    let polls = sources.iter().map(|source| poll::once(source.as_ref(), ask, &out));
    let asking = join_all(polls);
    let mut store = ReadingStore::default();
    tokio::pin!(asking);
    loop {
        tokio::select! {
            biased;
            Some(reading) = readings.recv() => store.receive(reading, Now::read()),
            _ = &mut asking => break,
        }
    }
    while let Ok(reading) = readings.try_recv() {
        store.receive(reading, Now::read());
    }
    store
}

/// Sources that are polled on and on.
pub(super) struct Watched {
    _poller: Poller,
    readings: mpsc::Receiver<Reading>,
    subjects: HashSet<Subject>,
    longest: Duration,
}

impl Watched {
    pub(super) fn start(sources: Vec<SharedSource>, window: Duration) -> Self {
        let (out, readings) = mpsc::channel(IN_FLIGHT);
        let subjects = sources.iter().flat_map(|source| source.subjects().to_vec()).collect();
        let longest = sources.iter().map(|source| source.deadline()).max().unwrap_or_default();
        let poller = poll::spawn(sources, out, Arc::new(Now::read), window);
        Self { _poller: poller, readings, subjects, longest }
    }

    /// Receives until every subject was answered for once.
    pub(super) async fn first_round(&mut self, store: &mut ReadingStore) {
        let mut open = self.subjects.clone();
        let round = async {
            while !open.is_empty() {
                let Some(reading) = self.readings.recv().await else { return };
                open.remove(&reading.subject);
                store.receive(reading, Now::read());
            }
        };
        // Every poll ends at its deadline, so this only guards against a source that answers for less than it names.
        let _ = tokio::time::timeout(self.longest + Duration::from_secs(1), round).await;
    }

    /// Receives for this long.
    pub(super) async fn receive_for(&mut self, store: &mut ReadingStore, time: Duration) {
        let receiving = async {
            while let Some(reading) = self.readings.recv().await {
                store.receive(reading, Now::read());
            }
            std::future::pending::<()>().await;
        };
        let _ = tokio::time::timeout(time, receiving).await;
    }
}
