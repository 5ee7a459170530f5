//! The journal against its anchor, and attacks on the anchor and on the verifier.

use std::fs;
use std::path::Path;
use std::time::Duration;

use quarterdeck::action::plan::sha256;
use quarterdeck::executor::journal::audit::FaultKind::{AnchorBehind, Replaced, Rewound};
use quarterdeck::executor::journal::audit::{AuditError, Terms, verify};
use quarterdeck::executor::journal::{Anchor, AnchorError, Entry, Head};
use serde_json::Value;

use super::fixture::{Row, Scene, chain, expect, kinds, rewrite};
use crate::runs::fixture::{approved_at, now};

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).expect("an anchor").lines().map(str::to_owned).collect()
}

fn write(path: &Path, lines: &[String]) {
    fs::write(path, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).expect("written");
}

#[test]
fn each_approval_and_each_outcome_is_anchored_and_nothing_between() {
    let scene = Scene::of(2);
    let heads: Vec<Head> = scene.anchor.heads().expect("heads").map(|head| head.expect("a head")).collect();
    let sequences: Vec<u64> = heads.iter().map(|head| head.sequence).collect();
    // Approved, taken, started, accepted, progress, done; twice.
    assert_eq!(sequences, [1, 6, 7, 12]);
    let rows = scene.rows();
    for head in &heads {
        let row = &rows[head.sequence as usize - 1];
        assert_eq!((&head.hash, head.at.to_string(), &head.journal), (&row.hash, row.at.clone(), &rows[0].hash));
        assert_eq!(head.host.as_str(), "bastion");
    }
}

#[test]
fn a_whole_file_that_was_put_back_is_found() {
    let mut scene = Scene::of(3);
    let older = scene.copy();
    scene.tell(3);
    assert!(scene.verify().is_whole());
    scene.put(&older);
    assert!(scene.verify_alone().is_whole(), "nothing in the file itself tells");
    expect(&scene.verify(), &[Rewound]);
}

#[test]
fn a_journal_that_went_on_after_it_was_put_back_is_found_and_never_blessed() {
    let mut scene = Scene::of(3);
    let older = scene.copy();
    scene.tell(3);
    let anchored = lines(scene.anchor.path());
    scene.put(&older);
    // The program itself goes on upon the older copy, with other runs, past the anchored end.
    scene.skip_to(40);
    scene.tell(12);
    assert_eq!(lines(scene.anchor.path()), anchored, "no head was added above one that does not hold");
    assert!(kinds(&scene.verify()).contains("replaced"), "{:#?}", scene.verify().faults);
}

#[test]
fn a_newer_head_vouches_for_no_older_record() {
    // As in CVE-2023-31439: what is old is altered, everything is sealed again, and the newest seal is right.
    let scene = Scene::of(5);
    let mut rows = scene.rows();
    let altered = rows.iter().position(|row| row.entry.contains("receipt of 1")).expect("one");
    rows[altered].entry = rows[altered].entry.replace("receipt of 1", "receipt of 9");
    chain(&mut rows);
    scene.attack(|raw| rewrite(raw, &rows));
    assert!(scene.verify_alone().is_whole(), "chained anew");
    let old = lines(scene.anchor.path());
    let last = rows.last().expect("a record");
    let forged = Head {
        journal: rows[0].hash.clone(),
        sequence: last.sequence as u64,
        hash: last.hash.clone(),
        at: last.at.parse().expect("a time"),
        host: "bastion".into(),
    };
    // The newest line is exchanged for one that vouches for the new end, the anchor's own chain being right.
    write(scene.anchor.path(), &old[..old.len() - 1]);
    scene.anchor.keep(&forged).expect("kept");
    assert_eq!(lines(scene.anchor.path()).len(), old.len());
    expect(&scene.verify(), &[Replaced]);
    let first = scene.verify().faults[0].clone();
    assert!(first.sequence.expect("a record") > altered as u64, "{first}");
}

#[test]
fn a_replaced_journal_is_found() {
    let (scene, other) = (Scene::of(4), Scene::of(30));
    let foreign = {
        let mut rows = other.rows();
        rows[0].at = "2026-01-01T00:16:41Z".into();
        chain(&mut rows);
        other.attack(|raw| rewrite(raw, &rows));
        other.copy()
    };
    scene.put(&foreign);
    assert!(scene.verify_alone().is_whole());
    expect(&scene.verify(), &[AnchorBehind, Replaced]);
}

#[test]
fn a_record_that_was_altered_and_chained_anew_is_found() {
    for altered in [0, 4, 9] {
        let scene = Scene::of(4);
        let mut rows = scene.rows();
        rows[altered] = Row { at: "2026-01-01T00:00:00Z".into(), ..rows[altered].clone() };
        chain(&mut rows);
        scene.attack(|raw| rewrite(raw, &rows));
        assert!(kinds(&scene.verify()).contains("replaced"), "{altered}: {:#?}", scene.verify().faults);
    }
}

#[test]
fn a_flip_of_any_byte_of_the_anchor_is_found() {
    let scene = Scene::of(1);
    let whole = fs::read(scene.anchor.path()).expect("an anchor");
    for place in (0..whole.len()).step_by(3) {
        for flip in [0x01, 0x80] {
            let mut bytes = whole.clone();
            bytes[place] ^= flip;
            fs::write(scene.anchor.path(), bytes).expect("written");
            let report = scene.verify();
            assert!(!report.is_whole(), "byte {place} flipped by {flip:#x}");
        }
    }
    fs::write(scene.anchor.path(), whole).expect("written");
    assert!(scene.verify().is_whole());
}

#[test]
fn lines_of_the_anchor_that_were_taken_out_moved_or_doubled_are_found() {
    let scene = Scene::of(4);
    let whole = lines(scene.anchor.path());
    let attacks: [(&str, Vec<String>); 4] = [
        ("first out", whole[1..].to_vec()),
        ("one out", [&whole[..3], &whole[4..]].concat()),
        ("two moved", [&whole[..2], &[whole[3].clone(), whole[2].clone()], &whole[4..]].concat()),
        ("one doubled", [&whole[..3], &whole[2..]].concat()),
    ];
    for (what, lines) in attacks {
        write(scene.anchor.path(), &lines);
        assert!(kinds(&scene.verify()).contains("anchor damaged"), "{what}: {:#?}", scene.verify().faults);
    }
}

#[test]
fn an_anchor_that_was_put_back_emptied_or_removed_is_found() {
    let scene = Scene::of(4);
    let whole = lines(scene.anchor.path());
    for keep in 0..whole.len() {
        write(scene.anchor.path(), &whole[..keep]);
        expect(&scene.verify(), &[AnchorBehind]);
    }
    fs::remove_file(scene.anchor.path()).expect("removed");
    let terms = Terms { anchor: Some(&scene.anchor), now: scene.later().wall };
    assert!(matches!(verify(&scene.file(), &terms), Err(AuditError::Unreadable { .. })));
}

#[test]
fn a_cut_last_line_is_found_and_the_next_head_stands_on_a_line_of_its_own() {
    let mut scene = Scene::of(2);
    let whole = fs::read_to_string(scene.anchor.path()).expect("an anchor");
    fs::write(scene.anchor.path(), &whole[..whole.len() - 40]).expect("written");
    assert!(kinds(&scene.verify()).contains("anchor damaged"));
    scene.tell(1);
    let report = scene.verify();
    assert!(kinds(&report).contains("anchor damaged"), "{:#?}", report.faults);
}

#[test]
fn an_end_of_a_moment_ago_need_not_be_anchored_yet() {
    let scene = Scene::of(2);
    let whole = lines(scene.anchor.path());
    write(scene.anchor.path(), &whole[..whole.len() - 1]);
    let last: jiff::Timestamp = scene.rows().last().expect("a record").at.parse().expect("a time");
    let at = |seconds| Terms { anchor: Some(&scene.anchor), now: last + Duration::from_secs(seconds) };
    let fresh = verify(&scene.file(), &at(30)).expect("read");
    assert!(fresh.is_whole() && fresh.unproven.iter().any(|word| word.contains("not anchored yet")), "{fresh:#?}");
    expect(&verify(&scene.file(), &at(90)).expect("read"), &[AnchorBehind]);
}

#[test]
fn an_anchor_that_can_t_be_written_stops_no_run_and_is_told() {
    let scene = Scene::of(1);
    fs::remove_file(scene.anchor.path()).expect("removed");
    fs::create_dir(scene.anchor.path()).expect("a directory in its place");
    let journal = scene.journal();
    let at = now().plus(Duration::from_secs(5_000));
    let run = journal.approve(approved_at(5, at), at).expect("approved");
    journal.append(&run, Entry::Refused { reasons: vec!["x".into()], drift: Vec::new() }, at.wall).expect("written");
    let head = Head { journal: "a".into(), sequence: 1, hash: "b".into(), at: at.wall, host: "h".into() };
    assert!(matches!(scene.anchor.keep(&head), Err(AnchorError::Unreachable { .. })));
    let report = verify(&scene.file(), &Terms { anchor: Some(&scene.anchor), now: scene.later().wall });
    assert!(report.map_or(true, |report| kinds(&report).contains("anchor damaged")));
}

#[test]
fn the_anchor_of_another_journal_is_told_apart_even_where_its_chain_is_right() {
    let scene = Scene::of(2);
    let mut prev = "0".repeat(64);
    let forged: Vec<String> = lines(scene.anchor.path())
        .iter()
        .map(|line| {
            let mut value: Value = serde_json::from_str(line).expect("JSON");
            value["journal"] = "ab".repeat(32).into();
            value["prev"] = prev.clone().into();
            value["seal"] = "".into();
            value["seal"] = sha256(&value.to_string()).into();
            let line = value.to_string();
            prev = sha256(&line);
            line
        })
        .collect();
    write(scene.anchor.path(), &forged);
    expect(&scene.verify(), &[Replaced]);
}
