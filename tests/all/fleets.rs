//! The shipped examples: each objective of a fleet is a line of its configuration.

use std::time::Duration;

use quarterdeck::config::{Baseline, Config, Service, check};

fn fleet(name: &str) -> Config {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name).join("quarterdeck.toml");
    check::parse(&std::fs::read_to_string(&file).unwrap(), &file, &|_| None).unwrap()
}

fn service<'a>(config: &'a Config, name: &str) -> &'a Service {
    config.services.iter().find(|service| *service.name == *name).unwrap_or_else(|| panic!("no service {name}"))
}

/// Fleet, service, signal, objective, warning and critical bound, in the signal's unit.
type Line = (&'static str, &'static str, &'static str, f64, Option<f64>, Option<f64>);

const SIGNALS: &[Line] = &[
    ("rtech", "rtech-app", "latency_p95", 0.2, Some(0.2), Some(0.5)),
    ("rtech", "rtech-app", "page_p95", 2.0, Some(2.0), Some(3.0)),
    ("rtech", "rtech-app", "errors", 0.001, Some(0.01), Some(0.05)),
    ("rtech", "rtech-app", "cpu", 70.0, Some(80.0), Some(95.0)),
    ("rtech", "rtech-app", "memory", 80.0, Some(90.0), Some(95.0)),
    ("rtech", "rtech-mongodb", "latency_p95", 0.05, Some(0.05), Some(0.2)),
    ("edtech", "edtech-api", "latency_p95", 0.5, Some(0.5), Some(1.0)),
    ("edtech", "edtech-api", "errors", 0.001, Some(0.001), Some(0.01)),
    ("edtech", "edtech-api", "availability", 0.999, Some(0.999), Some(0.995)),
    ("edtech", "edtech-aurora", "latency_p95", 0.1, Some(0.1), Some(0.5)),
    ("edtech", "edtech-cdn", "hit_rate", 80.0, Some(80.0), Some(60.0)),
    ("studyai", "gateway", "response_average", 0.2, Some(0.2), Some(1.0)),
    ("studyai", "ai-engine", "response_average", 0.2, Some(0.2), Some(1.0)),
    ("studyai", "gateway", "errors", 0.001, Some(0.001), Some(0.01)),
    ("studyai", "nginx", "traffic", 1000.0, None, None),
    ("studyai", "delivery", "deployments_a_day", 10.0, None, None),
    ("studyai", "delivery", "deployment_success", 0.99, Some(0.99), None),
    ("studyai", "delivery", "lead_time", 3600.0, Some(3600.0), None),
    ("studyai", "delivery", "critical_vulnerabilities", 0.0, None, Some(1.0)),
    ("ai-course", "web", "page_load_p95", 2.0, Some(2.0), Some(3.0)),
    ("ai-course", "api", "latency_p95", 0.5, Some(0.5), Some(1.0)),
    ("ai-course", "api", "errors", 0.001, Some(0.001), Some(0.01)),
    ("ai-course", "api", "uptime", 99.9, Some(99.9), Some(99.5)),
    ("ai-course", "database", "latency_p95", 0.1, Some(0.1), Some(0.5)),
    ("ai-course", "cache", "hit_rate", 80.0, Some(80.0), Some(60.0)),
    ("phase9", "api", "response_average", 0.1, Some(0.1), Some(0.3)),
    ("phase9", "api", "uptime", 99.9, Some(99.9), Some(99.5)),
    ("phase9", "web", "page_p75", 1.0, Some(1.0), Some(3.0)),
    ("phase9", "postgres", "query_average", 0.05, Some(0.05), Some(0.2)),
];

#[test]
fn each_objective_of_a_fleet_is_a_line_of_its_configuration() {
    for (name, owner, signal, objective, warning, critical) in SIGNALS {
        let config = fleet(name);
        let found = service(&config, owner).signals.iter().find(|found| *found.name == **signal);
        let found = found.unwrap_or_else(|| panic!("{name}: no signal {owner} {signal}"));
        assert_eq!(
            (found.objective, found.warning, found.critical),
            (Some(*objective), *warning, *critical),
            "{name}: {owner} {signal}"
        );
    }
}

/// What phase9 was before the work (`fleets.md`): shown beside what it is now and what it is to be.
#[test]
fn the_baseline_before_the_work_stands_in_the_configuration() {
    let config = fleet("phase9");
    for (owner, signal, low, high) in [
        ("api", "response_average", 0.2, 0.3),
        ("api", "uptime", 95.0, 95.0),
        ("web", "page_p75", 2.0, 3.0),
        ("postgres", "query_average", 0.1, 0.2),
    ] {
        let found = service(&config, owner).signals.iter().find(|found| *found.name == *signal);
        assert_eq!(found.and_then(|found| found.baseline), Some(Baseline { low, high }), "{owner} {signal}");
    }
}

#[test]
fn a_fleet_with_prometheus_has_its_availability_as_a_budget() {
    for (name, owner) in [("rtech", "rtech-app"), ("studyai", "gateway"), ("studyai", "ai-engine")] {
        let config = fleet(name);
        let objectives = &service(&config, owner).objectives;
        let availability = objectives.iter().find(|objective| *objective.name == *"availability").unwrap();
        assert_eq!((availability.target, availability.period), (0.999, Duration::from_secs(30 * 86_400)), "{name}");
    }
}

#[test]
fn recovery_objectives_are_those_of_the_plans() {
    for (name, backup) in [("rtech", "rtech-mongodb"), ("phase9", "postgres")] {
        let config = fleet(name);
        let thing = config.backups.iter().find(|thing| *thing.name == *backup).unwrap();
        let (rpo, rto) = (Duration::from_secs(15 * 60), Duration::from_secs(3600));
        assert_eq!((thing.rpo, thing.rto), (Some(rpo), Some(rto)), "{name}");
        assert!(thing.copies.is_some(), "{name}: it names what is looked at");
    }
}

#[test]
fn what_no_api_of_ours_does_is_declared() {
    let declared = |fleet_name: &str, owner: &str, name: &str| {
        let config = fleet(fleet_name);
        config.declared(owner, name).unwrap_or_else(|| panic!("{fleet_name}: no action {owner} {name}")).clone()
    };
    for (name, owner, action) in
        [("phase9", "web", "promote"), ("phase9", "api", "redeploy"), ("ai-course", "web", "promote")]
    {
        let found = declared(name, owner, action);
        assert!(found.action() == "http" && found.read_back.is_some(), "{name}: {found:?}");
    }
    let (off, on) = (declared("ai-course", "web", "tutor-off"), declared("ai-course", "web", "tutor-on"));
    assert_eq!((off.undo.as_ref(), on.undo.as_ref()), (Some(&on.name), Some(&off.name)), "each takes the other back");
    assert_eq!(declared("studyai", "gateway", "release").action(), "exec");
}
