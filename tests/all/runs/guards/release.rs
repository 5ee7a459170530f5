//! Rows of the guards about the revision that is brought.

use quarterdeck::action::Decision::{Allow, Ask, Deny};
use quarterdeck::source::{Existence, Registered, Unit};

use super::{Case, Row, act, row, whole};
use crate::deploys::bench::{self, found};
use crate::runs::traffic;
use jiff::SignedDuration;
use quarterdeck::config::{Role, Signal};
use quarterdeck::text::Text;

pub(super) static ROWS: &[Row] = &[
    row("image", Allow, "rtech-app:v8: sha256:0123456789ab…, scan COMPLETE: 0 CRITICAL", |c| {
        deploy(c, "image", "v8")
    }),
    row("image", Ask, "2 CRITICAL", |c| {
        deploy(c, "image", "v8");
        c.observed.candidate.as_mut().unwrap().registry = found(2);
    }),
    row("image", Ask, "its registry was not asked", |c| {
        deploy(c, "image", "v8");
        c.observed.candidate.as_mut().unwrap().registry = Registered::NotAsked;
    }),
    row("image", Ask, "not scanned", |c| {
        deploy(c, "image", "v8");
        let registry = &mut c.observed.candidate.as_mut().unwrap().registry;
        if let Registered::Found { findings, scan, .. } = registry {
            (*findings, *scan) = (None, None);
        }
    }),
    row("image", Deny, "could not be asked: denied", |c| {
        deploy(c, "image", "v8");
        c.observed.candidate.as_mut().unwrap().registry = Registered::Failed { reason: "denied".into() };
    }),
    row("image", Deny, "not in its registry", |c| {
        deploy(c, "revision", "6");
        c.observed.releases.as_mut().unwrap().revisions[1].images[0].registry = Registered::Missing;
    }),
    row("image", Ask, "1 CRITICAL", |c| {
        deploy(c, "image", "v8");
        c.observed.candidate.as_mut().unwrap().registry = found(1);
    }),
    row("image", Allow, "0 CRITICAL, 3 HIGH", |c| scanned(c, &[("CRITICAL", 0), ("HIGH", 3)])),
    row("image", Ask, "1 CRITICAL, 3 HIGH", |c| scanned(c, &[("CRITICAL", 1), ("HIGH", 3)])),
    row("image", Deny, "not in its registry", |c| {
        deploy(c, "revision", "6");
        let images = &mut c.observed.releases.as_mut().unwrap().revisions[1].images;
        images.push(bench::image("side", "v1"));
        images[0].registry = Registered::Missing;
    }),
    row("image", Deny, "the revisions were not read", |c| {
        deploy(c, "image", "v8");
        c.doctor = |p| p.observation.releases = None;
    }),
    row("image", Deny, "not known which images", |c| {
        deploy(c, "image", "v8");
        c.doctor = |p| p.observation.candidate = None;
    }),
    row("definition", Allow, "2 roles, 1 log group, 1 secret found", |c| deploy(c, "image", "v8")),
    row("definition", Allow, "2 roles, 1 log group, 1 secret found", |c| deploy(c, "revision", "6")),
    row("definition", Allow, "it needs none", |c| {
        deploy(c, "revision", "6");
        c.observed.needs.as_mut().unwrap().all.clear();
    }),
    row("definition", Ask, "token-AbCdEf is not verified: AccessDenied", |c| {
        secret(c, Existence::NotVerified { reason: "AccessDenied".into() });
    }),
    row("definition", Deny, "secret TOKEN of app arn:aws:secretsmanager:", |c| {
        secret(c, Existence::Missing { reason: "it is marked for deletion".into() });
    }),
    row("definition", Deny, "what its tasks need was not looked up", |c| {
        deploy(c, "image", "v8");
        c.observed.needs = None;
    }),
    row("definition", Deny, "what its tasks need was not looked up", |c| {
        deploy(c, "revision", "6");
        c.observed.needs.as_mut().unwrap().of.retain(|id| id.as_str() != "rtech-app:6");
    }),
    row("proven", Allow, "a new revision", |c| deploy(c, "image", "v8")),
    whole("proven", Allow, "rtech-app:6 served for 2 d 0 h", |c| deploy(c, "revision", "6")),
    row("proven", Allow, "served for 2 d 0 h; errors 0.02 % (mean), latency_p95 120 ms (mean)", |c| {
        went_back(c, Some(0.000_2));
    }),
    row("proven", Ask, "that was not rtech-app/errors below 1 %", |c| went_back(c, Some(0.02))),
    row("proven", Ask, "whether it was rtech-app/errors below 1 % is not known", |c| went_back(c, None)),
    row("proven", Ask, "error rate and p95 not known; whether it was rtech-app/errors below 1 % is not known", |c| {
        went_back(c, None);
        c.observed.served = Some(Vec::new());
    }),
    row("proven", Ask, "rtech-app:5 served for 5 min only", |c| deploy(c, "revision", "5")),
    row("proven", Ask, "rtech-app:4 never carried traffic", |c| deploy(c, "revision", "4")),
    row("proven", Deny, "were not read", |c| {
        deploy(c, "revision", "4");
        c.doctor = |p| p.observation.releases = None;
    }),
    row("proven", Allow, "rtech-app:5 served for 10 min", |c| {
        deploy(c, "revision", "5");
        let briefly = &mut c.observed.releases.as_mut().unwrap().deployments[2];
        briefly.finished = briefly.finished.map(|at| at - SignedDuration::from_mins(5));
    }),
    row("proven", Ask, "that was not rtech-app/latency_p95 below 100 ms", |c| {
        went_back(c, Some(0.000_2));
        judging(c, "latency_p95", Role::LatencyP95, 0.1);
    }),
    row("proven", Allow, "latency_p95 120 ms (mean)", |c| {
        // What is judged of a time that is over is what was read of it: errors and the 95th percentile.
        went_back(c, Some(0.000_2));
        judging(c, "latency_p99", Role::LatencyP99, 0.1);
    }),
];

fn deploy(case: &mut Case, what: &str, value: &str) {
    case.observed = bench::observed(true);
    act(case, "deploy", &[(what, value)]);
}

/// Going back to revision 6, during which the error ratio was this; its critical bound is 1 %.
fn went_back(case: &mut Case, errors: Option<f64>) {
    act(case, "roll_back", &[("revision", "6")]);
    case.observed = bench::observed(true);
    case.observed.served = Some(bench::served(errors));
    case.config.services[0].signals = traffic::config().services[0].signals.clone();
}

/// A deployment of a revision with a secret of which that is known.
fn secret(case: &mut Case, existence: Existence) {
    deploy(case, "revision", "6");
    case.observed.needs = Some(bench::needs(existence));
}

/// A deployment of an image whose scan found so many of each severity.
fn scanned(case: &mut Case, of: &[(&str, u32)]) {
    deploy(case, "image", "v8");
    let registry = &mut case.observed.candidate.as_mut().unwrap().registry;
    let Registered::Found { findings, .. } = registry else { panic!("no findings") };
    *findings = Some(of.iter().map(|(severity, count)| (Text::from(*severity), *count)).collect());
}

/// Another signal of the service, of that role and critical bound.
fn judging(case: &mut Case, name: &str, role: Role, critical: f64) {
    let signals = &mut case.config.services[0].signals;
    let unit = Unit::Seconds;
    signals.push(Signal { name: name.into(), role, unit, critical: Some(critical), ..signals[0].clone() });
}
