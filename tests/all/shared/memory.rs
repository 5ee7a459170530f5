//! A table in memory, reached by each host over a link of its own that may be cut; and hosts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use quarterdeck::clock::Now;
use quarterdeck::executor::shared::{Claim, Held, Key, NotTaken, PutError, Row, SharedLeases, Table, Unreachable};
use quarterdeck::store::Store;
use quarterdeck::text::mask::Mask;
use tempfile::TempDir;

/// The table.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<BTreeMap<(&'static str, String), Row>>);

impl Memory {
    fn rows<T>(&self, work: impl FnOnce(&mut BTreeMap<(&'static str, String), Row>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// As if the table had been made anew.
    pub(crate) fn forget_all(&self) {
        self.rows(BTreeMap::clear);
    }
}

/// How a link behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Everything arrives.
    Up,
    /// Nothing arrives.
    Cut,
    /// Writes arrive, their answers don't.
    Deaf,
}

/// A host's way to the table.
pub(crate) struct Link {
    memory: Arc<Memory>,
    way: Mutex<Way>,
    puts: AtomicU64,
    /// The link is cut after so many writes.
    cut_after: AtomicU64,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Link")
    }
}

impl Link {
    pub(crate) fn new(memory: &Arc<Memory>) -> Arc<Self> {
        let (puts, cut_after) = (AtomicU64::new(0), AtomicU64::new(u64::MAX));
        Arc::new(Self { memory: memory.clone(), way: Mutex::new(Way::Up), puts, cut_after })
    }

    pub(crate) fn set(&self, way: Way) {
        *self.way.lock().unwrap_or_else(PoisonError::into_inner) = way;
    }

    /// Cuts it after so many writes from now on.
    pub(crate) fn cut_after(&self, puts: u64) {
        self.cut_after.store(self.puts.load(Ordering::Relaxed) + puts, Ordering::Relaxed);
    }

    fn way(&self) -> Way {
        *self.way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unreachable() -> Unreachable {
        Unreachable { table: "memory".into(), reason: "no answer in time".into() }
    }

    fn read<T>(&self, work: impl FnOnce(&mut BTreeMap<(&'static str, String), Row>) -> T) -> Result<T, Unreachable> {
        if self.way() == Way::Cut { Err(Self::unreachable()) } else { Ok(self.memory.rows(work)) }
    }

    fn write(&self, key: Key<'_>, body: String, seen: u64) -> Result<(), PutError> {
        if self.puts.fetch_add(1, Ordering::Relaxed) >= self.cut_after.load(Ordering::Relaxed) {
            self.set(Way::Cut);
        }
        let written = self.read(|rows| {
            let at = (key.kind, key.id.to_owned());
            let free = rows.get(&at).map_or(0, |row| row.version) == seen;
            if free {
                rows.insert(at, Row { version: seen + 1, body });
            }
            free
        })?;
        match (self.way(), written) {
            (Way::Deaf, _) => Err(Self::unreachable().into()),
            (_, true) => Ok(()),
            (_, false) => Err(PutError::Changed),
        }
    }
}

impl Table for Link {
    fn name(&self) -> &str {
        "memory"
    }

    fn get<'a>(&'a self, key: Key<'a>) -> BoxFuture<'a, Result<Option<Row>, Unreachable>> {
        let row = self.read(|rows| rows.get(&(key.kind, key.id.to_owned())).cloned());
        std::future::ready(row).boxed()
    }

    fn put<'a>(&'a self, key: Key<'a>, body: String, seen: u64) -> BoxFuture<'a, Result<(), PutError>> {
        std::future::ready(self.write(key, body, seen)).boxed()
    }

    fn list(&self, kind: &'static str) -> BoxFuture<'_, Result<Vec<(String, Row)>, Unreachable>> {
        let of_kind = self.read(|rows| {
            let rows = rows.iter().filter(|((of, _), _)| *of == kind);
            rows.map(|((_, id), row)| (id.clone(), row.clone())).collect()
        });
        std::future::ready(of_kind).boxed()
    }
}

pub(crate) const TARGET: &str = "arn:aws:ecs:us-east-1:123456789012:service/rtech-prod/rtech-app";

/// A host: a state directory, a link, and a clock that agrees with nobody's.
pub(crate) struct Host {
    pub(crate) shared: Arc<SharedLeases>,
    pub(crate) link: Arc<Link>,
    /// Seconds that its clocks are ahead.
    ahead: u64,
    _dir: TempDir,
}

impl Host {
    pub(crate) fn new(memory: &Arc<Memory>, name: &str, ahead: u64) -> Self {
        Self::with(memory, name, ahead, Mask::default())
    }

    /// One that knows a secret.
    pub(crate) fn masking(memory: &Arc<Memory>, name: &str, secret: &str) -> Self {
        Self::with(memory, name, 0, Mask::new([secret.to_owned()], Vec::new()))
    }

    fn with(memory: &Arc<Memory>, name: &str, ahead: u64, mask: Mask) -> Self {
        let dir = TempDir::new().expect("a directory");
        let store = Arc::new(Store::open(dir.path()).expect("a store").masking(mask));
        let link = Link::new(memory);
        let shared = Arc::new(SharedLeases::new(link.clone(), store, name).expect("leases"));
        Self { shared, link, ahead, _dir: dir }
    }

    /// Its clock, `at` seconds after all began.
    pub(crate) fn at(&self, at: u64) -> impl Fn() -> Now + Send + Sync + 'static {
        let now = Now::fixed(1_000 + self.ahead + at);
        move || now
    }

    pub(crate) fn take(&self, run: &str, at: u64) -> Result<Held, NotTaken> {
        let claim = Claim { target: TARGET, run, by: "ada".into(), what: "scale".into() };
        now(self.shared.take(&claim, &self.at(at)))
    }
}

/// What a future of the table in memory gives: it never waits.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("it never waits")
}
