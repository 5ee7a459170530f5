//! What is seen of the simulated fleet from outside: its network, certificate, record and headers.

use jiff::{SignedDuration, Timestamp};

use super::log::{Mutated, Mutation};
use super::measure::moment;
use crate::config::ProbeKind;
use crate::source::{Behaviour, Cdn, Fact, HealthState, Invalidation, Probe};
use crate::text::Text;

/// How long an invalidation is in flight, in seconds.
const INVALIDATING: f64 = 90.0;

/// How long one that somebody asked for is, in seconds: short enough to be followed.
const ASKED: f64 = 20.0;

/// The pages are published anew this often, in seconds; each time an invalidation follows.
const PUBLISHED_EVERY: f64 = 900.0;

/// The certificate's days to expiry when the story begins.
const DAYS: i64 = 61;

/// The network before the fleet, `seconds` after the beginning.
pub(super) fn cdn(mutations: &[Mutation], began: Timestamp, seconds: f64) -> Cdn {
    let published = (seconds / PUBLISHED_EVERY).floor() * PUBLISHED_EVERY;
    let running = published > 0.0 && seconds - published < INVALIDATING;
    Cdn {
        id: Text::from("E2SIMULATED"),
        domain: Text::from("d111111abcdef8.cloudfront.net"),
        aliases: vec![Text::from("rtech.example.com")],
        status: Text::from("Deployed"),
        enabled: true,
        modified: Some(moment(began, -86_400.0)),
        behaviours: vec![
            behaviour("/_next/static/*", Some("CachingOptimized")),
            behaviour("/api/*", Some("CachingDisabled")),
            behaviour("default", None),
        ],
        invalidations: invalidations(mutations, published_at(published, running, began), began, seconds),
        missing: Vec::new(),
    }
}

/// The invalidation of the newest publication.
fn published_at(published: f64, running: bool, began: Timestamp) -> Invalidation {
    Invalidation {
        id: Text::from("I2SIMULATED"),
        status: Text::from(if running { "InProgress" } else { "Completed" }),
        created: Some(moment(began, published)),
        paths: if running { vec![Text::from("/"), Text::from("/products/*")] } else { Vec::new() },
        reference: Some(Text::from("publication")),
    }
}

/// Those that were asked for, and that of the publication: the newest first.
fn invalidations(mutations: &[Mutation], published: Invalidation, began: Timestamp, seconds: f64) -> Vec<Invalidation> {
    let asked = mutations.iter().filter(|mutation| mutation.at <= seconds);
    let mut all: Vec<_> = asked.filter_map(|mutation| asked_for(mutation, began, seconds)).collect();
    all.push(published);
    all.sort_by_key(|one| std::cmp::Reverse(one.created));
    all
}

fn asked_for(mutation: &Mutation, began: Timestamp, seconds: f64) -> Option<Invalidation> {
    let Mutated::Invalidated { id, reference, paths } = &mutation.change else { return None };
    let status = if seconds - mutation.at < ASKED { "InProgress" } else { "Completed" };
    Some(Invalidation {
        id: Text::clean(id),
        status: Text::from(status),
        created: Some(moment(began, mutation.at)),
        paths: paths.iter().map(|path| Text::clean(path)).collect(),
        reference: Some(Text::clean(reference)),
    })
}

fn behaviour(path: &str, policy: Option<&str>) -> Behaviour {
    let default_ttl = policy.is_none().then_some(60);
    Behaviour { path: Text::from(path), origin: Text::from("rtech-alb"), default_ttl, policy: policy.map(Text::from) }
}

/// What a look finds: all is well.
pub(super) fn probe(kind: &ProbeKind, began: Timestamp, seconds: f64) -> Probe {
    match kind {
        ProbeKind::Certificate(place) => certificate(&place.host, began, seconds),
        ProbeKind::Acm(wanted) => certificate(&wanted.certificate, began, seconds),
        ProbeKind::Dns(record) => {
            let found = record.expect.first().map_or("203.0.113.7", String::as_str);
            Probe::of(vec![Fact::new(&record.kind, HealthState::Healthy, &format!("resolves to {found}"))], None)
        }
        ProbeKind::SecurityHeaders(endpoint) => {
            let fact = |header: &String| Fact::new(header, HealthState::Healthy, "is there");
            Probe::of(endpoint.required.iter().map(fact).collect(), None)
        }
    }
}

fn certificate(host: &str, began: Timestamp, seconds: f64) -> Probe {
    let expires = began.checked_add(SignedDuration::from_hours(DAYS * 24)).unwrap_or(began);
    let days = expires.duration_since(moment(began, seconds)).as_hours() / 24;
    let found = format!("expires in {days} d, {}", expires.strftime("%Y-%m-%d"));
    let facts = vec![
        Fact::new("certificate", HealthState::Healthy, &found),
        Fact::new("name", HealthState::Healthy, &format!("is for {host}")),
        Fact::new("chain", HealthState::Healthy, "is trusted"),
    ];
    Probe::of(facts, Some(expires))
}
