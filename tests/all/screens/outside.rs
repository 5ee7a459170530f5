//! The panels of the network before a service and of looks from outside, in every state, and what they mean for the service.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::clock::Now;
use quarterdeck::config::{CdnId, CdnPlace, CertificatePlace, ExpiryBounds, Polling, ProbeCheck, ProbeKind};
use quarterdeck::source::*;
use quarterdeck::state::verdict::{Level, service_verdict};
use quarterdeck::state::{Screen, State};
use quarterdeck::text::Text;

use super::paint::{Paint, picture};
use crate::fixture;

const SERVICE: &str = "rtech-site";
const NAMES: [&str; 3] = ["shop", "www", "records"];

fn subjects() -> Vec<Subject> {
    let probe = |name: &str| Subject::Probe { service: SERVICE.into(), probe: name.into() };
    std::iter::once(Subject::Cdn { service: SERVICE.into() }).chain(NAMES.map(probe)).collect()
}

/// The static pages' service behind a network, with three looks from outside in place of its health endpoint.
fn configured(mut state: State) -> State {
    let polling = Polling { interval: Duration::from_secs(60), timeout: Duration::from_secs(10) };
    let bounds = ExpiryBounds { warning_days: 21, critical_days: 7 };
    let place = CertificatePlace { host: "www.example.com".to_owned(), port: 443, bounds, ca_file: None };
    let check = |name: &str| ProbeCheck { name: name.into(), kind: ProbeKind::Certificate(place.clone()), polling };
    let service = &mut Arc::make_mut(&mut state.config).services[2];
    service.health.clear();
    let id = CdnId::CloudFront { distribution: "E123EXAMPLE".to_owned(), place: None };
    service.cdn = Some(CdnPlace { id, polling });
    service.probes = NAMES.map(check).to_vec();
    state.screens.push(Screen::Service { name: SERVICE.into(), panel: 0, scroll: 0 });
    state
}

fn read(state: State, payloads: Vec<Payload>) -> State {
    let mut state = configured(state);
    for (subject, payload) in subjects().into_iter().zip(payloads) {
        state.readings.receive(Reading { subject, outcome: Ok(payload) }, Now::fixed(fixture::READ));
    }
    state
}

fn ago(minutes: u64) -> Option<jiff::Timestamp> {
    Some(Now::fixed(fixture::READ - minutes * 60).wall)
}

fn cdn() -> Cdn {
    let invalidation = |id: &str, status: &str, minutes, paths: &[&str]| Invalidation {
        id: Text::from(id),
        status: Text::from(status),
        created: ago(minutes),
        paths: paths.iter().map(|path| Text::from(*path)).collect(),
        reference: None,
    };
    let behaviour = |path: &str, ttl, policy: Option<&str>| Behaviour {
        path: Text::from(path),
        origin: Text::from("rtech-alb"),
        default_ttl: ttl,
        policy: policy.map(Text::from),
    };
    Cdn {
        id: Text::from("E123EXAMPLE"),
        domain: Text::from("d111111abcdef8.cloudfront.net"),
        aliases: vec![Text::from("www.example.com"), Text::from("example.com")],
        status: Text::from("Deployed"),
        enabled: true,
        modified: ago(50),
        behaviours: vec![
            behaviour("/_next/static/*", Some(31_536_000), None),
            behaviour("/api/*", None, Some("CachingDisabled")),
            behaviour("default", Some(0), None),
        ],
        invalidations: vec![
            invalidation("I2", "InProgress", 2, &["/index.html", "/blog/*"]),
            invalidation("I1", "Completed", 40, &[]),
        ],
        missing: Vec::new(),
    }
}

fn well(days: u64) -> Probe {
    let end = Now::fixed(days * 86_400 + 2 * 3600).wall;
    let found = format!("expires in {days} d, {}", end.strftime("%Y-%m-%d"));
    let facts = vec![
        Fact::new("certificate", HealthState::Healthy, &found),
        Fact::new("name", HealthState::Healthy, "is for www.example.com"),
    ];
    Probe::of(facts, Some(end))
}

fn ending(days: u64) -> Probe {
    let mut probe = well(days);
    probe.facts[0].state = HealthState::Degraded;
    probe.facts.push(Fact::new("chain", HealthState::Unhealthy, "is NOT trusted: issued by nobody known"));
    Probe::of(probe.facts, probe.expires)
}

fn record() -> Probe {
    Probe::of(vec![Fact::new("A", HealthState::Healthy, "resolves to 203.0.113.7")], None)
}

fn all() -> Vec<Payload> {
    vec![Payload::Cdn(cdn()), Payload::Probe(well(61)), Payload::Probe(ending(12)), Payload::Probe(record())]
}

fn level(state: &State) -> Level {
    let service = state.config.service(SERVICE).unwrap();
    service_verdict(&state.readings, &state.config, service, state.now).level
}

fn failed(mut state: State) -> State {
    for (attempt, subject) in (0..3).flat_map(|attempt| subjects().into_iter().map(move |subject| (attempt, subject))) {
        let error = SourceError::new(&Name::from("outside"), SourceErrorKind::Timeout, "no answer within 10 s");
        state
            .readings
            .receive(Reading { subject, outcome: Err(error) }, Now::fixed(fixture::READ + 30 * (attempt + 1)));
    }
    state.now = Now::fixed(fixture::READ + 120);
    state
}

fn snapshot(name: &str, state: &State, columns: u16, rows: u16) {
    let name = format!("outside_{name}_{columns}x{rows}");
    insta::assert_snapshot!(name, picture(state, columns, rows, &Paint::Roles).text_and_styles());
}

#[test]
fn the_panels_in_every_state_of_their_readings() {
    snapshot("live", &read(fixture::live(), all()), 80, 24);
    snapshot("live", &read(fixture::live(), all()), 160, 48);
    snapshot("stale", &read(fixture::stale(), all()), 80, 24);
    snapshot("failed", &failed(read(fixture::live(), all())), 80, 24);
    snapshot("never", &configured(fixture::live()), 80, 24);
}

#[test]
fn a_service_is_as_bad_as_what_is_seen_of_it_from_outside() {
    let with = |cdn: Cdn, probe: Probe| {
        let payloads =
            vec![Payload::Cdn(cdn), Payload::Probe(probe), Payload::Probe(well(90)), Payload::Probe(record())];
        level(&read(fixture::live(), payloads))
    };
    let changed = |change: fn(&mut Cdn)| {
        let mut cdn = cdn();
        change(&mut cdn);
        cdn
    };
    assert_eq!(with(cdn(), well(61)), Level::Healthy, "an invalidation in flight is nothing bad");
    assert_eq!(with(cdn(), ending(12)), Level::Unhealthy);
    assert_eq!(with(changed(|cdn| cdn.enabled = false), well(61)), Level::Unhealthy, "it serves nobody");
    assert_eq!(with(changed(|cdn| cdn.status = Text::from("InProgress")), well(61)), Level::Healthy);
    assert_eq!(with(changed(|cdn| cdn.status = Text::from("Novel")), well(61)), Level::Unknown);
    assert_eq!(with(changed(|cdn| cdn.invalidations[0].created = ago(31)), well(61)), Level::Degraded, "it is stuck");
    assert_eq!(level(&read(fixture::stale(), all())), Level::Unknown, "old is not known");
}

#[test]
fn no_facts_are_no_evidence_and_a_failure_outweighs_what_is_not_known() {
    assert_eq!(Probe::of(Vec::new(), None).state, HealthState::Unknown);
    let facts = [HealthState::Unknown, HealthState::Unhealthy, HealthState::Degraded];
    let facts = facts.map(|state| Fact::new("x", state, "y")).to_vec();
    assert_eq!(Probe::of(facts, None).state, HealthState::Unhealthy);
}
