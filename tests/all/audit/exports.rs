//! Exports: verifiable by themselves, and against the anchor.

use std::fs;
use std::path::PathBuf;

use quarterdeck::action::plan::sha256;
use quarterdeck::executor::journal::audit::FaultKind::{Flipped, Illegal, Missing, Replaced, Truncated};
use quarterdeck::executor::journal::audit::{AuditError, Report, Selection, export};
use serde_json::{Value, json};

use super::fixture::{Scene, expect, kinds};

fn exported(scene: &Scene, selection: &Selection) -> PathBuf {
    let path = scene.dir.path().join("export.jsonl");
    let mut file = fs::File::create(&path).expect("a file");
    export(&scene.file(), selection, ("rtech-prod", scene.later().wall), &mut file).expect("exported");
    path
}

fn whole(scene: &Scene) -> Vec<String> {
    let path = exported(scene, &Selection::default());
    fs::read_to_string(path).expect("an export").lines().map(str::to_owned).collect()
}

fn verify(scene: &Scene, lines: &[String], anchored: bool) -> Report {
    let path = scene.dir.path().join("attacked.jsonl");
    fs::write(&path, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).expect("written");
    scene.verify_export(&path, anchored)
}

#[test]
fn an_export_is_whole_and_holds_every_record_byte_by_byte() {
    let scene = Scene::of(20);
    let lines = whole(&scene);
    for anchored in [false, true] {
        let report = verify(&scene, &lines, anchored);
        assert!(report.is_whole(), "{:#?}", report.faults);
        assert_eq!((report.runs, report.records), (20, scene.rows().len() as u64));
        assert_eq!(report.unproven.is_empty(), anchored, "{:?}", report.unproven);
    }
    for (row, line) in scene.rows().iter().zip(&lines[1..]) {
        assert!(line.contains(&row.entry), "the entry as it is stored, not written anew");
    }
    let header: Value = serde_json::from_str(&lines[0]).expect("JSON");
    assert_eq!(header["schema"], "quarterdeck.audit/1");
}

#[test]
fn an_empty_journal_has_an_export() {
    let scene = Scene::new();
    drop(scene.journal());
    assert!(verify(&scene, &whole(&scene), false).is_whole());
}

#[test]
fn exports_of_one_run_and_of_a_time_are_whole() {
    let scene = Scene::of(12);
    let rows = scene.rows();
    let run = rows[20].run.clone();
    let path = exported(&scene, &Selection { run: Some(run.clone()), since: None });
    for anchored in [false, true] {
        let report = scene.verify_export(&path, anchored);
        assert!(report.is_whole(), "{:#?}", report.faults);
        assert_eq!(report.records, rows.iter().filter(|row| row.run == run).count() as u64);
        assert!(report.unproven.iter().any(|word| word.contains("one run")), "{:?}", report.unproven);
    }
    let by_its_end = Selection { run: Some(run[run.len() - 6..].to_owned()), since: None };
    assert!(scene.verify_export(&exported(&scene, &by_its_end), true).is_whole(), "named as everywhere");
    // In the middle of a run, and after the end.
    for sequence in [2, 17, 30] {
        let since = rows[sequence].at.parse().expect("a time");
        let path = exported(&scene, &Selection { run: None, since: Some(since) });
        for anchored in [false, true] {
            let report = scene.verify_export(&path, anchored);
            assert!(report.is_whole(), "{:#?}", report.faults);
            assert!(report.records > 0 && report.records < rows.len() as u64);
        }
    }
    let path = exported(&scene, &Selection { run: None, since: Some(scene.later().wall) });
    assert!(scene.verify_export(&path, true).is_whole());
}

#[test]
fn a_run_that_is_not_there_is_not_exported() {
    let scene = Scene::of(1);
    let selection = Selection { run: Some("20200101-000000-beef".into()), since: None };
    let refused = export(&scene.file(), &selection, ("x", scene.later().wall), &mut Vec::new());
    assert!(matches!(refused, Err(AuditError::Nothing(_))), "{refused:?}");
}

#[test]
fn a_flip_anywhere_in_an_export_is_found() {
    let scene = Scene::of(2);
    let lines = whole(&scene);
    let text = lines.join("\n") + "\n";
    let header = lines[0].len() + 1;
    for place in (header..text.len()).step_by(401).chain(text.len() - 40..text.len()) {
        let mut bytes = text.clone().into_bytes();
        bytes[place] ^= 1;
        let path = scene.dir.path().join("attacked.jsonl");
        fs::write(&path, bytes).expect("written");
        assert!(!scene.verify_export(&path, false).is_whole(), "byte {place}: {}", &text[place..=place]);
    }
}

#[test]
fn an_altered_header_is_found() {
    let scene = Scene::of(1);
    let lines = whole(&scene);
    for (was, becomes) in [("rtech-prod", "rtech-dev"), (r#""since":null"#, r#""since":"2026-01-01T00:00:00Z""#)] {
        let header = lines[0].replace(was, becomes);
        assert_ne!(header, lines[0]);
        expect(&verify(&scene, &[&[header], &lines[1..]].concat(), false), &[Flipped]);
    }
}

#[test]
fn lines_taken_out_moved_doubled_or_cut_off_are_found() {
    let scene = Scene::of(4);
    let lines = whole(&scene);
    let last = lines.len() - 1;
    let attacks: [(&str, &str, Vec<String>); 6] = [
        ("one out", "missing", [&lines[..5], &lines[6..]].concat()),
        ("moved", "reordered", [&lines[..5], &[lines[6].clone(), lines[5].clone()], &lines[7..]].concat()),
        ("doubled", "reordered", [&lines[..6], &lines[5..]].concat()),
        ("end cut", "truncated", lines[..last].to_vec()),
        ("records cut", "truncated", [&lines[..last - 3], &lines[last..]].concat()),
        ("more behind", "spliced in", [&lines[..], &lines[5..6]].concat()),
    ];
    for (what, kind, lines) in attacks {
        let report = verify(&scene, &lines, false);
        assert!(kinds(&report).contains(kind), "{what}: {:#?}", report.faults);
    }
    let report = verify(&scene, &[&lines[..5], &lines[6..]].concat(), false);
    assert_eq!(report.faults[0].sequence, Some(5), "the line behind the header is record 1");
    assert_eq!(report.faults[0].kind, Missing);
}

#[test]
fn an_altered_entry_is_told_with_its_record() {
    let scene = Scene::of(4);
    let mut lines = whole(&scene);
    lines[4] = lines[4].replace("receipt of 0", "receipt of 7");
    let report = verify(&scene, &lines, false);
    expect(&report, &[Flipped]);
    assert_eq!(report.faults[0].sequence, Some(4));
}

#[test]
fn a_key_that_is_there_twice_or_that_nobody_reads_is_no_record() {
    let scene = Scene::of(1);
    for more in [r#"{"sequence":1,"#, r#"{"note":"x","#] {
        let mut lines = whole(&scene);
        lines[1] = lines[1].replacen('{', more, 1);
        assert!(!verify(&scene, &lines, false).is_whole(), "{more}");
    }
}

/// Writes an export anew with one entry altered, as a forger who knows the format would.
fn forged(scene: &Scene) -> Vec<String> {
    let mut prev = "0".repeat(64);
    let mut lines = whole(scene);
    let rows = scene.rows();
    for (row, line) in rows.iter().zip(lines.iter_mut().skip(1)) {
        let entry = row.entry.replace("receipt of 0", "receipt of 7");
        let hash = sha256(&[prev.as_str(), &row.sequence.to_string(), &row.run, &row.at, &entry].join("\n"));
        *line = format!(
            r#"{{"sequence":{},"run":"{}","at":"{}","entry":{entry},"prev":"{prev}","hash":"{hash}"}}"#,
            row.sequence, row.run, row.at
        );
        prev = hash;
    }
    let end =
        json!({ "end": { "records": rows.len(), "sequence": rows.len(), "hash": prev, "header": sha256(&lines[0]) } });
    *lines.last_mut().expect("an end") = end.to_string();
    lines
}

#[test]
fn an_export_that_was_written_anew_is_found_with_the_anchor_and_said_not_to_be_without() {
    let scene = Scene::of(3);
    let lines = forged(&scene);
    let alone = verify(&scene, &lines, false);
    assert!(alone.is_whole() && !alone.unproven.is_empty(), "{:#?}", alone.faults);
    expect(&verify(&scene, &lines, true), &[Replaced]);
}

#[test]
fn an_export_that_hides_its_end_is_found_with_the_anchor() {
    let scene = Scene::of(4);
    let mut lines = whole(&scene);
    let row = &scene.rows()[11];
    lines.truncate(13);
    lines.push(
        json!({ "end": { "records": 12, "sequence": 12, "hash": row.hash, "header": sha256(&lines[0]) } }).to_string(),
    );
    assert!(verify(&scene, &lines, false).is_whole());
    let report = verify(&scene, &lines, true);
    assert!(kinds(&report).contains("rewound"), "{:#?}", report.faults);
}

#[test]
fn a_step_that_was_taken_out_of_an_export_of_one_run_is_found() {
    let scene = Scene::of(3);
    let path = exported(&scene, &Selection { run: Some(scene.rows()[6].run.clone()), since: None });
    let text = fs::read_to_string(&path).expect("an export");
    let lines: Vec<String> = text.lines().filter(|line| !line.contains("started")).map(str::to_owned).collect();
    expect(&verify(&scene, &lines, false), &[Illegal, Truncated]);
}
