//! The simulated fleet: one story a seed, an incident that only scaling ends, one world for all processes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::clock::Now;
use quarterdeck::config::{Config, Query};
use quarterdeck::simulator::course::{Course, Sample};
use quarterdeck::simulator::fleet::{FLEET, Profile, profile};
use quarterdeck::simulator::{Fault, Log, Mutated, Mutation, Scenario, alerts, demo_config, world};
use quarterdeck::source::{AlertState, Ask, Look, Measured, Name, Number, Payload, Reading, SignalId, Subject, World};
use quarterdeck::state::ReadingStore;
use tokio::sync::mpsc;

const OBJECTIVE: f64 = 0.2;

fn app() -> &'static Profile {
    profile("rtech-app").unwrap()
}

fn course(seed: u64, mutations: &[Mutation]) -> Course {
    Course::new(seed, Scenario::Overload, mutations)
}

fn scaled(at: f64, desired: u32) -> Vec<Mutation> {
    vec![Mutation { at, service: Name::from("rtech-app"), change: Mutated::Desired(desired) }]
}

fn p95(course: &Course, second: i32) -> f64 {
    course.sample(app(), f64::from(second)).p95
}

fn is_slow(course: &Course, second: i32) -> bool {
    p95(course, second) > OBJECTIVE
}

/// The story as numbers: every second of five minutes, every service.
fn story(seed: u64) -> Vec<Sample> {
    let course = course(seed, &[]);
    let seconds = (-30..300).map(f64::from);
    seconds
        .flat_map(|second| FLEET.iter().map(move |profile| (profile, second)))
        .map(|(p, s)| course.sample(p, s))
        .collect()
}

#[test]
fn the_same_seed_tells_the_same_story_and_another_seed_another() {
    assert_eq!(story(7), story(7));
    assert_ne!(story(7), story(8));
}

#[test]
fn the_incident_begins_between_50_and_75_seconds_and_never_ends_by_itself() {
    for seed in 1..=50 {
        let course = course(seed, &[]);
        let first = (0..300).find(|second| is_slow(&course, *second)).unwrap();
        assert!((50..=75).contains(&first), "seed {seed}: slow from {first} s on");
        assert!((first + 8..first + 300).all(|second| is_slow(&course, second)), "seed {seed}: ended by itself");
    }
}

#[test]
fn the_alert_fires_some_seconds_after_latency_left_its_objective() {
    for seed in 1..=20 {
        let course = course(seed, &[]);
        let began = Now::fixed(0).wall;
        let alert = |second: i32| {
            let all = alerts::alerts(&course, began, f64::from(second));
            all.into_iter().find(|alert| alert.name.as_str() == "RtechAppHighLatency").unwrap()
        };
        let slow = (0..300).find(|second| is_slow(&course, *second)).unwrap();
        let fires = (0..300).find(|second| alert(*second).state == AlertState::Firing).unwrap();
        assert!((3..=12).contains(&(fires - slow)), "seed {seed}: slow at {slow} s, fires at {fires} s");
        assert_eq!(alert(slow).state, AlertState::Pending);
        assert_eq!(alert(fires).since, alert(fires + 60).since, "seed {seed}: since when must not move");
        assert_eq!(alert(fires).service, Some(Name::from("rtech-app")));
    }
}

#[test]
fn a_calm_fleet_stays_within_its_objectives_for_an_hour() {
    for seed in 1..=10 {
        let course = Course::new(seed, Scenario::Calm, &[]);
        for second in (-1800..1800).step_by(3) {
            let sample = course.sample(app(), f64::from(second));
            assert!(sample.p95 < OBJECTIVE && sample.errors < 0.001, "seed {seed} at {second} s: {sample:?}");
            let firing = alerts::alerts(&course, Now::fixed(0).wall, f64::from(second));
            assert!(firing.iter().all(|alert| alert.state == AlertState::Ok), "seed {seed} at {second} s");
        }
    }
}

#[test]
fn scaling_from_two_to_four_tasks_heals_within_a_minute_and_for_good() {
    for seed in 1..=50 {
        let course = course(seed, &scaled(90.0, 4));
        assert!(is_slow(&course, 90), "seed {seed}");
        let healed = (90..300).find(|second| !is_slow(&course, *second)).unwrap();
        assert!((96..=150).contains(&healed), "seed {seed}: healed at {healed} s");
        assert!((healed + 5..900).all(|second| !is_slow(&course, second)), "seed {seed}: slow again");
    }
}

#[test]
fn three_tasks_are_better_than_two_and_not_enough() {
    for seed in 1..=20 {
        let (two, three) = (course(seed, &[]), course(seed, &scaled(90.0, 3)));
        for second in 120..300 {
            assert!(p95(&three, second) < p95(&two, second), "seed {seed} at {second} s");
        }
        assert!((120..300).filter(|second| is_slow(&three, *second)).count() > 150, "seed {seed}: three healed it");
    }
}

#[test]
fn more_load_is_never_faster_and_never_has_fewer_errors() {
    let course = course(1, &[]);
    let busier = |factor: f64| Profile { load: app().load * factor, ..*app() };
    for second in 0..120 {
        let samples: Vec<Sample> =
            (1..20).map(|step| course.sample(&busier(f64::from(step) / 8.0), f64::from(second))).collect();
        assert!(samples.is_sorted_by(|a, b| a.p95 <= b.p95 && a.errors <= b.errors && a.cpu <= b.cpu), "at {second} s");
    }
}

fn demo(dir: &Path, scenario: &str) -> Arc<Config> {
    Arc::new(demo_config(scenario, 1, dir).unwrap_or_else(|errors| panic!("{errors}")))
}

async fn poll(world: &dyn World, now: Now, backfill: Option<Duration>) -> Vec<Reading> {
    let (out, mut readings) = mpsc::channel(1024);
    for source in world.sources() {
        source.poll(Ask { now, backfill }, &out).await;
    }
    drop(out);
    let mut all = Vec::new();
    while let Some(reading) = readings.recv().await {
        all.push(reading);
    }
    all
}

#[tokio::test]
async fn every_subject_of_the_demo_is_answered_once_a_poll() {
    let dir = tempfile::tempdir().unwrap();
    let config = demo(dir.path(), "overload");
    let readings = poll(&*world(config.clone(), dir.path()).unwrap(), Now::fixed(0), None).await;
    for reading in &readings {
        assert!(reading.outcome.is_ok(), "{reading:?}");
        assert_eq!(readings.iter().filter(|other| other.subject == reading.subject).count(), 1, "{}", reading.subject);
    }
    for subject in config.subjects() {
        assert!(readings.iter().any(|reading| reading.subject == subject), "{subject} is not answered");
    }
}

#[tokio::test]
async fn a_backfill_brings_half_an_hour_of_history_and_a_poll_only_the_newest_sample() {
    let dir = tempfile::tempdir().unwrap();
    let config = demo(dir.path(), "overload");
    let world = world(config.clone(), dir.path()).unwrap();
    let id = SignalId { service: Name::from("rtech-app"), signal: Name::from("latency_p95") };
    let mut store = ReadingStore::default();
    for (second, backfill) in [(0, Some(Duration::from_secs(3600))), (1, None), (2, None)] {
        for reading in poll(&*world, Now::fixed(second), backfill).await {
            store.receive(reading, Now::fixed(second));
        }
    }
    let Measured::Live { value, age } = store.signal(&config, &id, Now::fixed(2)) else { panic!("not live") };
    assert_eq!(age, Duration::ZERO);
    assert!(value.points.len() > 800, "{} points", value.points.len());
    assert_eq!(value.points.newest().unwrap().at, Now::fixed(2).wall);
}

#[tokio::test]
async fn two_worlds_on_one_state_directory_are_one_fleet() {
    let dir = tempfile::tempdir().unwrap();
    let config = demo(dir.path(), "overload");
    let (one, other) = (world(config.clone(), dir.path()).unwrap(), world(config.clone(), dir.path()).unwrap());
    let service = Name::from("rtech-app");
    one.observe(&Look::workload(&service, None), Now::fixed(0)).await.unwrap();
    let log = Log::new(dir.path(), 1, Scenario::Overload);
    log.change(&service, Mutated::Desired(4), Now::fixed(100).wall).unwrap();
    let after = Now::fixed(130);
    let (seen, also) = (
        one.observe(&Look::workload(&service, None), after).await.unwrap(),
        other.observe(&Look::workload(&service, None), after).await.unwrap(),
    );
    assert_eq!(seen, also);
    assert_eq!((seen.workload.as_ref().unwrap().desired, seen.workload.as_ref().unwrap().running), (4, 4));
    assert!(seen.workload.as_ref().unwrap().is_steady() && seen.workload.as_ref().unwrap().healthy() == 4);
    let query = Query::Simulator("rtech-app/latency_p95".to_owned());
    assert_eq!(one.ask(&query, after).await.unwrap(), other.ask(&query, after).await.unwrap());
}

#[test]
fn changes_of_many_writers_at_once_are_all_kept_and_the_fleet_begins_once() {
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..8u32 {
            let log = Log::new(dir.path(), 1, Scenario::Calm);
            scope.spawn(move || {
                for change in 0..25 {
                    let desired = Mutated::Desired(2 + change % 3);
                    log.change(&Name::from("rtech-app"), desired, Now::fixed(u64::from(writer)).wall).unwrap();
                }
            });
        }
    });
    let kept = Log::new(dir.path(), 1, Scenario::Calm).read(Now::fixed(99).wall).unwrap();
    assert_eq!(kept.mutations.len(), 200);
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["simulator.jsonl"], "drafts are tidied away");
}

#[test]
fn a_state_directory_that_tells_another_story_is_refused_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    Log::new(dir.path(), 1, Scenario::Calm).read(Now::fixed(0).wall).unwrap();
    let error = Log::new(dir.path(), 2, Scenario::Calm).read(Now::fixed(0).wall).unwrap_err().to_string();
    assert!(error.contains("tells scenario calm with seed 1") && error.contains("another state directory"), "{error}");
}

#[test]
fn a_broken_line_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new(dir.path(), 1, Scenario::Calm);
    log.read(Now::fixed(0).wall).unwrap();
    let file = dir.path().join("simulator.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}{{\"line\":\"cha")).unwrap();
    let error = log.read(Now::fixed(0).wall).unwrap_err().to_string();
    assert!(error.contains("simulator.jsonl: line 2: "), "{error}");
}

#[test]
fn a_fault_holds_until_it_is_ended_and_is_seen_by_every_process() {
    let dir = tempfile::tempdir().unwrap();
    let log = || Log::new(dir.path(), 1, Scenario::Calm);
    let now = Now::fixed(0).wall;
    log().inject(Some(Fault::Hang), now).unwrap();
    assert_eq!(log().read(now).unwrap().fault, Some(Fault::Hang));
    log().inject(None, now).unwrap();
    assert_eq!(log().read(now).unwrap().fault, None);
}

#[tokio::test]
async fn a_query_that_the_fleet_does_not_know_is_an_error_that_names_the_known_ones() {
    let dir = tempfile::tempdir().unwrap();
    let world = world(demo(dir.path(), "calm"), dir.path()).unwrap();
    let error = world.ask(&Query::Simulator("rtech-app/latencyp95".to_owned()), Now::fixed(0)).await.unwrap_err();
    assert!(error.reason.contains("latency_p95"), "{error}");
    assert!(world.observe(&Look::workload(&Name::from("rtech-redis"), None), Now::fixed(0)).await.is_err());
}

#[tokio::test]
async fn objectives_count_bad_and_valid_events_over_their_windows() {
    let dir = tempfile::tempdir().unwrap();
    let world = world(demo(dir.path(), "overload"), dir.path()).unwrap();
    world.observe(&Look::workload(&Name::from("rtech-app"), None), Now::fixed(0)).await.unwrap();
    let subject = Subject::Objective { service: Name::from("rtech-app"), objective: Name::from("availability") };
    let readings = poll(&*world, Now::fixed(240), None).await;
    let reading = readings.into_iter().find(|reading| reading.subject == subject).unwrap();
    let Ok(Payload::Objective(data)) = reading.outcome else { panic!("no counts") };
    let ratio = |bad: Number, valid: Number| bad.finite().unwrap() / valid.finite().unwrap();
    let shares: Vec<f64> = data.windows.iter().map(|count| ratio(count.bad, count.valid)).collect();
    assert!(shares[0] > 0.01, "five minutes with the incident: {shares:?}");
    assert!(shares.is_sorted_by(|a, b| a > b), "the longer the window, the smaller the share: {shares:?}");
    assert!(data.windows.is_sorted_by(|a, b| a.valid.finite() < b.valid.finite()));
}
