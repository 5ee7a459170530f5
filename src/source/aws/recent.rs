//! Answers that a poll may use again for a few seconds: what seldom changes is not asked every second.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Mono;

/// How long an answer is used again. Shorter than any interval that is usual (15 s), so it counts at fast polling only.
const RECENT: Duration = Duration::from_millis(4_500);

/// Recent answers by what they depend on. Bounded: what is no longer recent is dropped.
pub(super) struct Recent<T> {
    kept: Mutex<HashMap<String, (Mono, T)>>,
    lasts: Duration,
}

impl<T: Clone> Recent<T> {
    /// No answer yet.
    pub(super) fn new() -> Self {
        Self::lasting(RECENT)
    }

    /// No answer yet; one is used again for so long.
    pub(super) fn lasting(lasts: Duration) -> Self {
        Self { kept: Mutex::new(HashMap::new()), lasts }
    }

    /// The answer of that key, if it is recent.
    pub(super) fn get(&self, key: &str, now: Mono) -> Option<T> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(key).filter(|(at, _)| now.since(*at) < self.lasts).map(|(_, answer)| answer.clone())
    }

    /// Keeps an answer.
    pub(super) fn keep(&self, key: String, now: Mono, answer: T) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (at, _)| now.since(*at) < self.lasts);
        kept.insert(key, (now, answer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_used_again_only_while_it_is_recent() {
        let (recent, at) = (Recent::new(), |seconds| Mono::from_boot(Duration::from_secs(seconds)));
        recent.keep("a".to_owned(), at(10), 1);
        assert_eq!((recent.get("a", at(14)), recent.get("b", at(14))), (Some(1), None));
        assert_eq!(recent.get("a", at(15)), None);
    }
}
