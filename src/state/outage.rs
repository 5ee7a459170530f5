//! Which sources fail, and why: so that one outage is one line of the log, not one for each of its subjects.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Name, SourceError, SourceErrorKind, Subject};

/// The outages that go on: a source and a kind of failure, whatever the number of subjects.
#[derive(Debug, Default)]
pub struct Outages {
    open: BTreeMap<(Name, SourceErrorKind), Outage>,
}

#[derive(Debug, Default)]
struct Outage {
    /// The subjects that fail so now.
    subjects: BTreeSet<Subject>,
    /// How many there were at most.
    most: usize,
}

impl Outages {
    /// Notes a failure; what to log of it, if it begins an outage.
    pub(super) fn failed(&mut self, subject: &Subject, error: &SourceError) -> Option<String> {
        let key = (error.source_name.clone(), error.kind);
        let known = self.open.get(&key).is_some_and(|outage| outage.subjects.contains(subject));
        if known {
            return None;
        }
        self.leave(subject);
        let begins = !self.open.contains_key(&key);
        let outage = self.open.entry(key).or_default();
        outage.subjects.insert(subject.clone());
        outage.most = outage.most.max(outage.subjects.len());
        begins.then(|| format!("{error} (first at {subject})"))
    }

    /// Notes an answer; what to log of it, if it ends an outage.
    pub(super) fn answered(&mut self, subject: &Subject) -> Option<String> {
        let ((source, _), outage) = self.leave(subject)?;
        let others = self.open.keys().any(|(other, _)| *other == source);
        let what = if others { "answers in part" } else { "answers again" };
        Some(format!("{source} {what} ({} failed)", counted(outage.most)))
    }

    /// Takes a subject out of its outage; the outage, if that was its last.
    fn leave(&mut self, subject: &Subject) -> Option<((Name, SourceErrorKind), Outage)> {
        let (key, outage) = self.open.iter_mut().find(|(_, outage)| outage.subjects.contains(subject))?;
        outage.subjects.remove(subject);
        let key = key.clone();
        let ended = self.open.get(&key).is_some_and(|outage| outage.subjects.is_empty());
        ended.then(|| self.open.remove(&key)).flatten().map(|outage| (key, outage))
    }
}

fn counted(subjects: usize) -> String {
    if subjects == 1 { "1 reading".to_owned() } else { format!("{subjects} readings") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(number: usize) -> Subject {
        Subject::Workload { service: Name::from(format!("app-{number}")) }
    }

    fn error(kind: SourceErrorKind) -> SourceError {
        SourceError::new(&Name::from("ecs"), kind, "no way")
    }

    #[test]
    fn an_outage_of_many_subjects_begins_and_ends_with_one_line() {
        let mut outages = Outages::default();
        let down = error(SourceErrorKind::Unreachable);
        let begun: Vec<String> = (0..17).filter_map(|number| outages.failed(&subject(number), &down)).collect();
        assert_eq!(begun, ["ecs: no way (first at workload app-0)"]);
        assert!((0..17).all(|number| outages.failed(&subject(number), &down).is_none()), "said once");
        let ended: Vec<String> = (0..17).filter_map(|number| outages.answered(&subject(number))).collect();
        assert_eq!(ended, ["ecs answers again (17 readings failed)"]);
        assert!(outages.failed(&subject(3), &down).is_some(), "the next outage is said again");
    }

    #[test]
    fn another_kind_of_failure_is_another_line() {
        let mut outages = Outages::default();
        assert!(outages.failed(&subject(1), &error(SourceErrorKind::Refused)).is_some());
        assert!(outages.failed(&subject(2), &error(SourceErrorKind::Timeout)).is_some());
        assert_eq!(outages.answered(&subject(2)).as_deref(), Some("ecs answers in part (1 reading failed)"));
        assert!(outages.failed(&subject(1), &error(SourceErrorKind::Timeout)).is_some(), "its kind changed");
        assert_eq!(outages.answered(&subject(1)).as_deref(), Some("ecs answers again (1 reading failed)"));
        assert_eq!(outages.answered(&subject(1)), None);
    }
}
