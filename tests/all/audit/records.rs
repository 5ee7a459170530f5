//! Attacks on the records and the file: flips, deletions, reorderings, splices, cut ends, damaged pages and schemas.

use quarterdeck::executor::journal::audit::FaultKind::{
    Damaged, Flipped, Illegal, Missing, Reordered, SplicedIn, Unmatched,
};
use rusqlite::params;

use super::fixture::{Row, Scene, chain, expect, kinds, rewrite};

#[test]
fn an_untouched_journal_of_many_runs_is_whole() {
    let scene = Scene::of(60);
    let report = scene.verify();
    assert!(report.is_whole(), "{:#?}", report.faults);
    assert_eq!((report.runs, report.records), (60, scene.rows().len() as u64));
    assert_eq!(report.heads, Some(60 * 2 + 10), "each approval, outcome and resolution is anchored");
    assert!(report.unproven.is_empty(), "{:?}", report.unproven);
    let alone = scene.verify_alone();
    assert!(alone.is_whole(), "{:#?}", alone.faults);
    assert!(alone.unproven.iter().any(|word| word.contains("without an anchor")), "{:?}", alone.unproven);
}

#[test]
fn an_empty_journal_is_whole() {
    let scene = Scene::new();
    drop(scene.journal());
    let report = scene.verify_alone();
    assert!(report.is_whole() && report.records == 0, "{:#?}", report.faults);
}

/// What a byte of each class may become: another of its class, one of another class, a control character, a line's end, one
/// outside ASCII.
fn flips(byte: char) -> Vec<char> {
    let other = match byte {
        'a' => 'b',
        '0' => '1',
        c if c.is_ascii_digit() => '0',
        c if c.is_ascii_lowercase() => c.to_ascii_uppercase(),
        _ => 'a',
    };
    vec![other, '\u{1}', '\n', 'é']
}

#[test]
fn a_flip_of_any_byte_of_any_text_is_found() {
    let scene = Scene::of(3);
    let rows = scene.rows();
    let middle = rows.iter().find(|row| row.entry.contains("accepted")).expect("a record").clone();
    let set = |column: &str, value: &str| {
        scene.attack(|raw| {
            let sql = format!("UPDATE records SET {column} = ?2 WHERE sequence = ?1");
            raw.execute(&sql, params![middle.sequence, value]).expect("altered");
        });
    };
    for (column, text) in [
        ("run", &middle.run),
        ("at", &middle.at),
        ("entry", &middle.entry),
        ("prev", &middle.prev),
        ("hash", &middle.hash),
    ] {
        for (place, byte) in text.char_indices().step_by(if text.len() > 30 { 7 } else { 1 }) {
            for flipped in flips(byte) {
                let mut value = text.clone();
                value.replace_range(place..=place, &flipped.to_string());
                set(column, &value);
                let report = scene.verify_alone();
                let told = report.faults.iter().any(|fault| {
                    fault.sequence == Some(middle.sequence as u64) && matches!(fault.kind, Flipped | Damaged)
                });
                assert!(told, "{column}[{place}] as {flipped:?}: {:#?}", report.faults);
            }
        }
        for value in [format!("{text}\0"), format!(" {text}"), String::new()] {
            set(column, &value);
            assert!(!scene.verify_alone().is_whole(), "{column} as {value:?}");
        }
        set(column, text);
        assert!(scene.verify_alone().is_whole());
    }
}

#[test]
fn a_flip_anywhere_in_what_was_shown_is_found() {
    let scene = Scene::of(2);
    let shown = scene.rows()[0].entry.clone();
    for place in (0..shown.len()).step_by(211) {
        let mut bytes = shown.clone().into_bytes();
        bytes[place] ^= 1;
        let Ok(value) = String::from_utf8(bytes) else { continue };
        scene.attack(|raw| {
            raw.execute("UPDATE records SET entry = ?1 WHERE sequence = 1", [&value]).expect("altered");
        });
        assert!(scene.verify_alone().faults.iter().any(|fault| fault.kind == Flipped), "byte {place}");
    }
}

#[test]
fn another_sequence_is_found() {
    for (from, to) in [(5, 5_000), (5, -5), (1, 0), (9, 10_000_000)] {
        let scene = Scene::of(3);
        scene.attack(|raw| {
            raw.execute("UPDATE records SET sequence = ?2 WHERE sequence = ?1", [from, to]).expect("altered");
        });
        assert!(!scene.verify_alone().is_whole(), "{from} as {to}");
    }
}

#[test]
fn a_deletion_in_the_middle_is_found_and_told() {
    let scene = Scene::of(4);
    scene.attack(|raw| {
        raw.execute("DELETE FROM records WHERE sequence IN (5, 6)", []).expect("deleted");
    });
    let report = scene.verify_alone();
    expect(&report, &[Missing, Unmatched]);
    let fault = report.faults.iter().find(|fault| fault.kind == Missing).expect("told");
    assert_eq!(fault.sequence, Some(5));
    assert!(fault.what.contains("up to 6"), "{fault}");
}

#[test]
fn a_deletion_with_the_rest_moved_up_is_found() {
    let scene = Scene::of(4);
    scene.attack(|raw| {
        raw.execute("DELETE FROM records WHERE sequence = 5", []).expect("deleted");
        let last: i64 = raw.query_row("SELECT max(sequence) FROM records", [], |row| row.get(0)).expect("a number");
        for sequence in 6..=last {
            raw.execute("UPDATE records SET sequence = sequence - 1 WHERE sequence = ?1", [sequence]).expect("moved");
        }
    });
    let report = scene.verify_alone();
    assert!(kinds(&report).is_superset(&["spliced in", "reordered", "truncated"].into()), "{:#?}", report.faults);
    // The one behind the gap follows a record that is nowhere; all others are this journal's.
    assert_eq!(report.faults.iter().filter(|fault| fault.kind == SplicedIn).count(), 1);
}

#[test]
fn a_reordering_is_found_and_told() {
    let scene = Scene::of(4);
    let mut rows = scene.rows();
    let (a, b) = (rows[6].sequence, rows[9].sequence);
    (rows[6].sequence, rows[9].sequence) = (b, a);
    rows.sort_by_key(|row| row.sequence);
    scene.attack(|raw| rewrite(raw, &rows));
    let report = scene.verify_alone();
    let moved: Vec<_> = report.faults.iter().filter(|fault| fault.kind == Reordered).map(|f| f.sequence).collect();
    assert!(moved.contains(&Some(7)) && moved.contains(&Some(10)), "{:#?}", report.faults);
    assert!(!kinds(&report).contains("spliced in"), "{:#?}", report.faults);
}

#[test]
fn a_cut_end_is_found_by_what_it_leaves() {
    let scene = Scene::of(4);
    scene.attack(|raw| {
        raw.execute("DELETE FROM records WHERE sequence > 10", []).expect("deleted");
    });
    let report = scene.verify_alone();
    assert!(kinds(&report).contains("truncated"), "{:#?}", report.faults);
    assert!(kinds(&report).contains("unmatched"), "approvals without records: {:#?}", report.faults);
}

#[test]
fn a_cut_end_that_was_tidied_up_is_said_not_to_be_found_without_an_anchor_and_found_with_one() {
    let scene = Scene::of(4);
    let rows = scene.rows();
    let cut = rows.iter().rposition(|row| row.entry.contains(r#""entry":"approved""#)).expect("a run");
    let gone = rows[cut].run.clone();
    scene.attack(|raw| {
        rewrite(raw, &rows[..cut]);
        raw.execute("DELETE FROM approvals WHERE run = ?1", [&gone]).expect("deleted");
    });
    let alone = scene.verify_alone();
    assert!(alone.is_whole() && !alone.unproven.is_empty(), "{:#?}", alone.faults);
    let report = scene.verify();
    expect(&report, &[quarterdeck::executor::journal::audit::FaultKind::Rewound]);
}

#[test]
fn a_record_of_another_journal_is_found_and_told() {
    let (scene, other) = (Scene::of(4), Scene::of(9));
    let mut rows = scene.rows();
    let foreign = other.rows()[6].clone();
    // Whole, as another journal sealed it in that place.
    rows[6] = Row { sequence: 7, entry: foreign.entry.replace(" of ", " OF "), ..foreign };
    let mut sealed = [rows[6].clone()];
    chain_from(&mut sealed, 7, &"ab".repeat(32));
    rows[6] = sealed[0].clone();
    scene.attack(|raw| rewrite(raw, &rows));
    let report = scene.verify_alone();
    let told = report.faults.iter().any(|fault| fault.kind == SplicedIn && fault.sequence == Some(7));
    assert!(told, "{:#?}", report.faults);
    assert!(!kinds(&report).contains("reordered"), "{:#?}", report.faults);
}

fn chain_from(rows: &mut [Row], first: i64, prev: &str) {
    let mut prev = prev.to_owned();
    for (sequence, row) in (first..).zip(rows) {
        let text = [prev.as_str(), &sequence.to_string(), &row.run, &row.at, &row.entry].join("\n");
        *row = Row { sequence, prev, hash: quarterdeck::action::plan::sha256(&text), ..row.clone() };
        prev = row.hash.clone();
    }
}

#[test]
fn records_of_another_journal_at_the_end_are_found() {
    let (scene, other) = (Scene::of(2), Scene::of(5));
    let mut rows = scene.rows();
    rows.extend(other.rows().split_off(rows.len()));
    scene.attack(|raw| rewrite(raw, &rows));
    let report = scene.verify_alone();
    assert!(kinds(&report).contains("unmatched"), "{:#?}", report.faults);
}

#[test]
fn a_plan_that_was_altered_and_chained_anew_does_not_fit_its_digest() {
    let scene = Scene::of(2);
    let mut rows = scene.rows();
    assert!(rows[0].entry.contains(r#""desired":4"#), "{}", rows[0].entry);
    rows[0].entry = rows[0].entry.replace(r#""desired":4"#, r#""desired":9"#);
    chain(&mut rows);
    scene.attack(|raw| rewrite(raw, &rows));
    expect(&scene.verify_alone(), &[Illegal]);
}

#[test]
fn an_outcome_that_was_taken_out_and_chained_anew_is_found() {
    let scene = Scene::of(3);
    let mut rows = scene.rows();
    let outcome = rows.iter().position(|row| row.entry.contains(r#""entry":"done""#)).expect("one");
    rows.remove(outcome);
    chain(&mut rows);
    scene.attack(|raw| rewrite(raw, &rows));
    expect(&scene.verify_alone(), &[Unmatched]);
}

#[test]
fn a_trigger_that_was_taken_away_and_a_view_in_the_place_of_a_table_are_found() {
    let attacks = [
        "DROP TRIGGER records_never_go",
        "DROP TRIGGER records_never_change; CREATE TRIGGER records_never_change BEFORE UPDATE ON records BEGIN SELECT 1; END",
        "CREATE TRIGGER more AFTER INSERT ON records BEGIN DELETE FROM leases; END",
        "DROP INDEX records_by_run; CREATE INDEX records_by_run ON records (run, sequence) WHERE sequence < 5",
        "ALTER TABLE records RENAME TO kept; CREATE VIEW records AS SELECT * FROM kept",
        "CREATE TEMP TABLE x (a); CREATE VIEW runs AS SELECT * FROM records",
    ];
    for sql in attacks {
        let scene = Scene::of(2);
        let raw = rusqlite::Connection::open(scene.file()).expect("a file");
        raw.execute_batch(sql).expect(sql);
        drop(raw);
        assert!(kinds(&scene.verify_alone()).contains("damaged"), "{sql}: {:#?}", scene.verify_alone().faults);
    }
}

#[test]
fn damaged_pages_are_found_and_never_stop_the_verifier() {
    let scene = Scene::of(12);
    let whole = scene.copy();
    let (mut found, mut tried) = (0, 0);
    for place in (0..whole.len()).step_by(2_311) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x55;
        scene.put(&bytes);
        tried += 1;
        // A flip in free space or in a counter changes nothing that is told; it must not stop the verifier either.
        let verified = quarterdeck::executor::journal::audit::verify(
            &scene.file(),
            &quarterdeck::executor::journal::audit::Terms { anchor: None, now: scene.later().wall },
        );
        found += usize::from(verified.map_or(true, |report| !report.is_whole()));
    }
    assert!(found * 10 > tried * 5, "{found} of {tried}");
    for cut in [whole.len() / 3, 100, 17] {
        scene.put(&whole[..cut]);
        let verified = quarterdeck::executor::journal::audit::verify(
            &scene.file(),
            &quarterdeck::executor::journal::audit::Terms { anchor: None, now: scene.later().wall },
        );
        assert!(verified.map_or(true, |report| !report.is_whole()), "cut at {cut}");
    }
}
