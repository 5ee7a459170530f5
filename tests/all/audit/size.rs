//! A journal of a hundred thousand records: how long verifying takes, and in how much memory.

use quarterdeck::action::plan::digest_of;
use quarterdeck::clock::Stopwatch;
use rusqlite::{Connection, params};
use serde_json::Value;

use super::fixture::{Row, Scene, chain, rewrite};

const RECORDS: usize = 100_000;

/// The same six runs over and over, each with a plan of its own.
fn many(scene: &Scene) -> Vec<Row> {
    let six = scene.rows();
    let mut rows = Vec::with_capacity(RECORDS + six.len());
    for round in 0.. {
        if rows.len() >= RECORDS {
            break;
        }
        rows.extend(six.iter().map(|row| renamed(row, round)));
    }
    chain(&mut rows);
    rows
}

fn renamed(row: &Row, round: u32) -> Row {
    let run = format!("{}-{round}", row.run);
    if !row.entry.starts_with(r#"{"entry":"approved""#) {
        return Row { run, ..row.clone() };
    }
    let mut entry: Value = serde_json::from_str(&row.entry).expect("JSON");
    entry["plan"]["runbook_step"] = format!("round#{round}").into();
    entry["digest"] = digest_of(entry["plan"].clone()).into();
    Row { run, entry: entry.to_string(), ..row.clone() }
}

fn approve(raw: &Connection, rows: &[Row]) {
    for row in rows.iter().filter(|row| row.entry.starts_with(r#"{"entry":"approved""#)) {
        let (first, _) = row.run.rsplit_once('-').expect("a round");
        let digest: Value = serde_json::from_str(&row.entry).expect("JSON");
        let sql = "INSERT INTO approvals SELECT ?1, ?2, target, until, taken_by, settled FROM approvals WHERE run = ?3";
        raw.execute(sql, params![row.run, digest["digest"].as_str(), first]).expect("inserted");
    }
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("a peak");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

#[test]
#[ignore = "a measurement; run it alone, with --release"]
fn a_hundred_thousand_records_are_verified_in_seconds_and_bounded_memory() {
    let scene = Scene::of(6);
    scene.attack(|raw| {
        let rows = many(&scene);
        raw.execute_batch("BEGIN").expect("begun");
        rewrite(raw, &rows);
        approve(raw, &rows);
        raw.execute_batch("DELETE FROM approvals WHERE run NOT IN (SELECT run FROM records); COMMIT").expect("written");
    });
    // The peak so far is of making it.
    std::fs::write("/proc/self/clear_refs", "5").expect("reset");
    let (before, watch) = (peak_kib(), Stopwatch::start());
    let report = scene.verify_alone();
    let (took, grown) = (watch.elapsed(), peak_kib().saturating_sub(before));
    assert!(report.is_whole() && report.records >= RECORDS as u64, "{:#?}", report.faults);
    println!("{} records of {} runs: {took:?}, {grown} KiB more at its peak", report.records, report.runs);
    assert!(took.as_secs() < 60 && grown < 32 * 1024, "{took:?}, {grown} KiB");
}
