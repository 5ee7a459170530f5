//! Taking a lease away from a holder that is gone, and the heads of journals.

use std::sync::Arc;

use quarterdeck::executor::journal::{Entry, Journal};
use quarterdeck::executor::shared::{AnchorError, NotReleased, Releaser, SharedLeases};
use quarterdeck::store::Store;
use tempfile::TempDir;

use super::memory::{Host, Link, Memory, TARGET, Way, now};
use crate::runs::fixture;

fn who(run: Option<&str>) -> Releaser<'_> {
    Releaser { by: "bob".into(), run }
}

#[test]
fn a_lease_is_taken_away_only_when_it_stood_still_for_a_term() {
    let memory = Arc::new(Memory::default());
    let (first, second) = (Host::new(&memory, "bastion-1", 0), Host::new(&memory, "bastion-2", 777));
    let release = |at| now(second.shared.release(TARGET, &who(None), &second.at(at)));
    assert!(matches!(release(0), Err(NotReleased::Free)));
    let mut held = first.take("run-1", 0).expect("free");
    assert!(matches!(release(1), Err(NotReleased::MayLive { .. })));
    now(first.shared.renew(&mut held, &first.at(30))).expect("renewed");
    assert!(matches!(release(62), Err(NotReleased::MayLive { .. })), "it was renewed meanwhile");
    let released = release(122).expect("gone");
    assert_eq!((released.run.as_str(), released.by.as_str()), ("run-1", "bob"));
    let listed = now(second.shared.list(&second.at(123))).expect("listed");
    assert!(listed.is_empty(), "{listed:?}");
    assert!(now(first.shared.begin(&mut held, 0, &first.at(31))).is_err(), "a holder that wakes up finds it lost");
}

#[test]
fn an_unknown_run_is_given_up_only_by_its_name() {
    let memory = Arc::new(Memory::default());
    let (first, second) = (Host::new(&memory, "bastion-1", 0), Host::new(&memory, "bastion-2", 777));
    let mut held = first.take("run-1", 0).expect("free");
    now(first.shared.begin(&mut held, 0, &first.at(1))).expect("begun");
    let release = |run, at| now(second.shared.release(TARGET, &who(run), &second.at(at)));
    assert!(matches!(release(Some("run-1"), 2), Err(NotReleased::MayLive { .. })), "the lease lives");
    let refused = release(None, 62).expect_err("not named");
    assert!(refused.to_string().contains("--run run-1"), "{refused}");
    assert!(matches!(release(Some("run-2"), 62), Err(NotReleased::Unnamed(_))));
    release(Some("run-1"), 62).expect("named");
    second.take("run-2", 63).expect("free");
}

#[test]
fn a_table_that_is_cut_off_releases_nothing() {
    let memory = Arc::new(Memory::default());
    let host = Host::new(&memory, "bastion-1", 0);
    host.link.set(Way::Cut);
    assert!(matches!(now(host.shared.release(TARGET, &who(None), &host.at(0))), Err(NotReleased::NotAsked(_))));
}

/// A host with a journal of its own.
fn with_journal(memory: &Arc<Memory>) -> (TempDir, Journal, SharedLeases) {
    let dir = TempDir::new().expect("a directory");
    let store = Arc::new(Store::open(dir.path()).expect("a store"));
    let shared = SharedLeases::new(Link::new(memory), store.clone(), "bastion-1").expect("leases");
    (dir, Journal::new(store), shared)
}

#[test]
fn the_head_of_a_journal_is_anchored_and_a_journal_that_was_rewound_is_found() {
    let memory = Arc::new(Memory::default());
    let (dir, journal, shared) = with_journal(&memory);
    let clock = fixture::now;
    assert_eq!(now(shared.anchor(&clock)).expect("empty"), None);
    let run = journal.approve(fixture::approved_at(4, clock()), clock()).expect("a run");
    let before = TempDir::new().expect("a directory");
    let file = quarterdeck::store::FILE;
    rusqlite::Connection::open(dir.path().join(file))
        .and_then(|raw| raw.execute("VACUUM INTO ?1", [before.path().join(file).to_string_lossy()]))
        .expect("a copy");
    let first = now(shared.anchor(&clock)).expect("anchored").expect("a head");
    let refused = Entry::Refused { reasons: vec!["no".into()], drift: Vec::new() };
    journal.append(&run, refused, clock().wall).expect("written");
    let second = now(shared.anchor(&clock)).expect("anchored").expect("a head");
    assert_eq!((first.sequence, second.sequence), (1, 2));
    assert_ne!(first.hash, second.hash);
    assert_eq!(now(shared.head(shared.host())).expect("read"), Some(second.clone()));
    assert_eq!(now(shared.heads()).expect("read"), [second]);
    let rewound = Arc::new(Store::open(before.path()).expect("a store"));
    let rewound = SharedLeases::new(Link::new(&memory), rewound, "bastion-1").expect("leases");
    assert_eq!(rewound.host(), shared.host(), "the same state directory, as it was");
    let error = now(rewound.anchor(&clock)).expect_err("rewound");
    assert!(matches!(error, AnchorError::Rewound { found: 1, anchored: 2, .. }), "{error}");
}

#[test]
fn two_state_directories_of_one_host_are_two() {
    let memory = Arc::new(Memory::default());
    let (_one, _, first) = with_journal(&memory);
    let (_two, _, second) = with_journal(&memory);
    assert_ne!(first.host(), second.host());
}
