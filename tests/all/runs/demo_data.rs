//! The demo's database: its actions done for real by the binary.

use super::process::Fleet;

#[test]
fn the_demo_s_database_fails_over_to_the_named_reader_and_back() {
    let fleet = Fleet::new();
    for (to, from) in [("rtech-mongodb-2", "rtech-mongodb-1"), ("rtech-mongodb-1", "rtech-mongodb-2")] {
        let file = format!("{to}.json");
        let file = fleet.path(&file);
        let (code, text) = fleet.run(&["plan", "fail_over", "rtech-mongodb", &format!("to={to}"), "--out", &file]);
        assert_eq!(code, 0, "{text}");
        assert!(text.contains(&format!("writer: {from} → {to}")) && text.contains("irreversible"), "{text}");
        let undo = format!("quarterdeck plan fail_over rtech-mongodb to={from}");
        assert!(text.contains(&undo), "{text}");
        let (code, answer) = fleet.json(&["apply", &file, "--confirm", "rtech-mongodb", "--output", "json"]);
        assert_eq!((code, &answer["state"]), (0, &"done".into()), "{answer}");
        let found = answer["records"].as_array().and_then(|all| all.last()).expect("records").to_string();
        assert!(found.contains(&format!("writer {to} (available")), "{found}");
    }
    assert_eq!(fleet.effects(), 2);
    let (code, text) = fleet.run(&["plan", "fail_over", "rtech-mongodb", "to=rtech-mongodb-1"]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("is the writer of `rtech-mongodb` already"), "{text}");
}

#[test]
fn the_demo_s_backup_job_runs_and_completes_and_its_snapshot_becomes_available() {
    let fleet = Fleet::new();
    for (by, found) in [("by=vault", "COMPLETED"), ("by=snapshot", "available")] {
        let file = fleet.path("backup.json");
        let (code, text) = fleet.run(&["plan", "start_backup", "rtech-mongodb", by, "--out", &file]);
        assert_eq!(code, 0, "{text}");
        let (code, answer) = fleet.json(&["apply", &file, "--confirm", "rtech-mongodb", "--output", "json"]);
        assert_eq!((code, &answer["state"]), (0, &"done".into()), "{answer}");
        let last = answer["records"].as_array().and_then(|all| all.last()).expect("records").to_string();
        assert!(last.contains(found), "{last}");
    }
    assert_eq!(fleet.effects(), 2);
    let (code, text) = fleet.run(&["plan", "start_backup", "rtech-exports"]);
    assert_eq!(code, 2, "{text}");
}

#[test]
fn the_demo_s_database_is_restored_beside_itself_measured_and_removed_and_the_status_tells_it() {
    let fleet = Fleet::new();
    let file = fleet.path("restore.json");
    let (code, text) = fleet.run(&["plan", "restore_test", "rtech-mongodb", "--out", &file]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("cluster rtech-mongodb is not touched") && text.contains("2 of 40 instances"), "{text}");
    let (code, answer) = fleet.json(&["apply", &file, "--confirm", "rtech-mongodb", "--output", "json"]);
    assert_eq!((code, &answer["state"]), (0, &"done".into()), "{answer}");
    let records = answer["records"].as_array().expect("records");
    let last = records.last().expect("a record").to_string();
    assert!(last.contains("measured ") && last.contains("is gone"), "{last}");
    let took = records.iter().find_map(|record| record["entry"]["took_seconds"].as_u64());
    assert_eq!(fleet.effects(), 4, "two made, two removed");
    let (_, status) = fleet.json(&["status", "--output", "json"]);
    let things = status["backups"].as_array().expect("backups");
    let thing = things.iter().find(|thing| thing["name"] == "rtech-mongodb").expect("the thing");
    assert_eq!(thing["restore"]["by"], "run", "{thing:#}");
    assert_eq!(thing["restore"]["took_seconds"].as_f64().map(|seconds| seconds as u64), took, "{thing:#}");
    let (_, text) = fleet.run(&["debts"]);
    assert!(text.contains("nothing is left open"), "{text}");
}
