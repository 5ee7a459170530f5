//! Verdicts kept, so that a frame does not judge thousands of services anew.
//!
//! `update` renews them before a frame is painted, and only those of services of which something was read since, or of which
//! a reading can have become stale. Whoever asks gets a kept verdict only where it is certainly what
//! [`service_verdict`] would say now; otherwise it is judged at once. So nothing old is ever shown as fresh.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::data_age::DataAge;
use super::verdict::{Level, ServiceVerdict, service_verdict};
use super::{ReadingStore, State};
use crate::clock::{Mono, Now};
use crate::config::{Config, Service};
use crate::source::Subject;

/// The longest that a verdict is kept, whatever its readings do: it may depend on the time itself (days to an expiry).
const KEPT_FOR: Duration = Duration::from_secs(5);

/// Readings after which verdicts are renewed without a frame, so that the next frame, which a key may wait for, has little
/// left to do.
const RENEW_AFTER: u64 = 512;

/// The kept verdicts of all services of one configuration.
#[derive(Debug, Default)]
pub struct Verdicts {
    config: Option<Arc<Config>>,
    services: Vec<Kept<Option<ServiceVerdict>>>,
    /// What belongs to no service.
    shared: Option<Kept<()>>,
    /// The revision of the readings, and the time, of the last renewal; until when all that is kept holds.
    revision: u64,
    at: Now,
    until: Mono,
    computed: u64,
}

/// What was judged of some subjects.
#[derive(Debug)]
struct Kept<T> {
    subjects: Vec<Subject>,
    verdict: T,
    data: DataAge,
    revision: u64,
    at: Mono,
    /// The last moment at which it holds if nothing is read.
    until: Mono,
}

impl Verdicts {
    /// How many verdicts were computed so far.
    pub fn computed(&self) -> u64 {
        self.computed
    }

    fn holds(&self, state: &State) -> bool {
        self.is_of(&state.config)
            && self.revision == state.readings.revision()
            && (self.at.mono..=self.until).contains(&state.now.mono)
    }

    fn is_of(&self, config: &Arc<Config>) -> bool {
        self.config.as_ref().is_some_and(|own| Arc::ptr_eq(own, config))
    }

    /// All subjects by state, if what is kept holds.
    pub(super) fn data_age(&self, state: &State) -> Option<DataAge> {
        let now = state.now.mono;
        let shared = self.shared.as_ref().filter(|_| self.holds(state))?;
        let services = self.services.iter().map(|kept| kept.data_at(now));
        Some(services.fold(shared.data_at(now), DataAge::and))
    }

    fn verdict(&self, state: &State, service: &Service) -> Option<&ServiceVerdict> {
        let place = state.config.place(&service.name).filter(|_| self.holds(state))?;
        self.services.get(place)?.verdict.as_ref()
    }
}

impl<T> Kept<T> {
    fn data_at(&self, now: Mono) -> DataAge {
        self.data.later(now.since(self.at))
    }

    fn holds(&self, revision: u64, now: Now) -> bool {
        self.revision == revision && now.mono <= self.until
    }
}

impl State {
    /// How a service of the configuration stands now.
    pub fn verdict(&self, service: &Service) -> Cow<'_, ServiceVerdict> {
        let judge = || service_verdict(&self.readings, &self.config, service, self.now);
        self.verdicts.verdict(self, service).map_or_else(|| Cow::Owned(judge()), Cow::Borrowed)
    }

    /// The level of a service of the configuration now.
    pub fn level(&self, service: &Service) -> Level {
        self.verdict(service).level
    }
}

/// Renews what does not hold any more.
pub(super) fn renew(state: &mut State) {
    if !state.verdicts.is_of(&state.config) {
        begin(state);
    }
    let State { verdicts, readings, config, now, .. } = state;
    let look = Look { readings, config, now: *now };
    let shared = match verdicts.shared.take() {
        Some(kept) if kept.holds(readings.shared_revision(), *now) => kept,
        kept => look.shared(kept.map(|kept| kept.subjects)),
    };
    let mut until = shared.until;
    for (service, kept) in config.services.iter().zip(&mut verdicts.services) {
        let revision = readings.revision_of(&service.name);
        if !kept.holds(revision, *now) {
            *kept = look.service(service, std::mem::take(&mut kept.subjects), revision, shared.until);
            verdicts.computed += 1;
        }
        until = until.min(kept.until);
    }
    (verdicts.shared, verdicts.revision, verdicts.at, verdicts.until) =
        (Some(shared), readings.revision(), *now, until);
}

/// Renews while many readings come in and no frame is painted.
pub(super) fn renew_after_many(state: &mut State) {
    if state.readings.revision() - state.verdicts.revision >= RENEW_AFTER {
        renew(state);
    }
}

/// Another configuration, or the first: nothing holds.
fn begin(state: &mut State) {
    let config = state.config.clone();
    let nothing = |service: &Service| Kept {
        subjects: service.subjects(),
        verdict: None,
        data: DataAge::default(),
        revision: u64::MAX,
        at: Mono::default(),
        until: Mono::default(),
    };
    let services = config.services.iter().map(nothing).collect();
    let computed = state.verdicts.computed;
    state.verdicts = Verdicts { config: Some(config), services, computed, ..Verdicts::default() };
}

struct Look<'a> {
    readings: &'a ReadingStore,
    config: &'a Config,
    now: Now,
}

impl Look<'_> {
    fn shared(&self, subjects: Option<Vec<Subject>>) -> Kept<()> {
        let all = || self.config.subjects().into_iter().filter(|subject| subject.service().is_none()).collect();
        let subjects = subjects.unwrap_or_else(all);
        self.kept((), subjects, self.readings.shared_revision(), self.now.mono.plus(KEPT_FOR))
    }

    fn service(
        &self,
        service: &Service,
        subjects: Vec<Subject>,
        revision: u64,
        until: Mono,
    ) -> Kept<Option<ServiceVerdict>> {
        let verdict = service_verdict(self.readings, self.config, service, self.now);
        self.kept(Some(verdict), subjects, revision, until.min(self.now.mono.plus(KEPT_FOR)))
    }

    fn kept<T>(&self, verdict: T, subjects: Vec<Subject>, revision: u64, until: Mono) -> Kept<T> {
        let (data, stale_at) = DataAge::of(self.readings, self.config, &subjects, self.now);
        let until = stale_at.map_or(until, |stale_at| until.min(stale_at));
        Kept { subjects, verdict, data, revision, at: self.now.mono, until }
    }
}
