//! Rows of the guards about networks before the services, and alerts.

use quarterdeck::action::Decision::{Allow, Ask, Deny};
use quarterdeck::action::invalidate_cdn::InvalidateCdn;
use quarterdeck::action::silence::Silence;
use quarterdeck::action::{Action, Matcher};
use quarterdeck::config::{CdnId, CdnPlace};
use quarterdeck::source::{AlertState, Cdn, Invalidation, SeenAlert, SeenAlerts, Silences};
use quarterdeck::text::Text;

use super::{Case, Row, row};
use crate::proofs::place::unsilence;
use crate::runs::fixture::{SERVICE, scale};

pub(super) static ROWS: &[Row] = &[
    row("invalidation", Allow, "2 paths, 0 invalidations in flight", |c| invalidate(c, &["/a", "/b*"], &[])),
    row("invalidation", Ask, "everything", |c| invalidate(c, &["/*"], &[])),
    row("invalidation", Allow, "1 paths, 1 invalidations in flight", |c| invalidate(c, &["/a"], &["/x", "/y*"])),
    row("invalidation", Deny, "15 wildcards in flight", |c| invalidate(c, &["/a"], &["/y*"; 15])),
    row("invalidation", Ask, "what is in flight is not known: denied", |c| {
        invalidate(c, &["/a"], &[]);
        c.observed.cdn.as_mut().unwrap().missing = vec!["denied".into()];
    }),
    row("invalidation", Ask, "does not serve", |c| {
        invalidate(c, &["/a"], &[]);
        c.observed.cdn.as_mut().unwrap().enabled = false;
    }),
    row("invalidation", Ask, "1001 paths: more than the 1000", |c| {
        let paths: Vec<String> = (0..1001).map(|number| format!("/{number}")).collect();
        invalidate(c, &paths.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    }),
    row("invalidation", Deny, "the network was not read", |c| {
        invalidate(c, &["/a"], &[]);
        c.doctor = |p| p.observation.cdn = None;
    }),
    row("invalidation", Allow, "1000 paths, 0 invalidations", |c| {
        let paths: Vec<String> = (0..1000).map(|number| format!("/{number}")).collect();
        invalidate(c, &paths.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    }),
    row("invalidation", Allow, "1 paths, 1 invalidations", |c| invalidate(c, &["/a"], &["/y*"; 14])),
    row("invalidation", Allow, "1 paths, 1 invalidations", |c| invalidate(c, &["/a"], &["/y"; 15])),
    row("invalidation", Allow, "1 paths, 0 invalidations", |c| {
        invalidate(c, &["/a"], &["/y*"; 15]);
        c.observed.cdn.as_mut().unwrap().invalidations[0].status = "Completed".into();
    }),
    row("invalidation", Deny, "the plan names no paths", |c| {
        invalidate(c, &["/a"], &[]);
        c.doctor = |p| p.action = scale(5);
    }),
    row("silence", Allow, "it matches 1: HighLatency", |c| silence(c, "HighLatency")),
    row("silence", Ask, "it matches no alert now", |c| silence(c, "Other")),
    row("silence", Ask, "at least 1 alerts match", |c| {
        silence(c, "HighLatency");
        c.observed.alerts.as_mut().unwrap().whole = false;
    }),
    row("silence", Deny, "the alerts were not read", |c| {
        silence(c, "HighLatency");
        c.observed.alerts = None;
    }),
    row("silence", Deny, "nearly everything", |c| {
        silence(c, "HighLatency");
        c.doctor = |p| {
            let Action::Silence(silence) = &mut p.action else { return };
            silence.matchers[0].is_equal = false;
        };
    }),
    row("silence", Allow, "alerts are told again", |c| {
        silence(c, "HighLatency");
        c.doctor = |p| p.action = unsilence();
    }),
    row("silence", Deny, "the plan names no alerts", |c| {
        silence(c, "HighLatency");
        c.doctor = |p| p.action = scale(5);
    }),
];

/// An invalidation of these paths, while those are in flight.
pub(super) fn invalidate(case: &mut Case, paths: &[&str], running: &[&str]) {
    let id = CdnId::CloudFront { distribution: "E123EXAMPLE".to_owned(), place: None };
    let polling = case.config.ecs;
    case.observed.workload = None;
    case.config.services[0].cdn = Some(CdnPlace { id, polling });
    let text = |path: &&str| Text::from(*path);
    let invalidations = (!running.is_empty()).then(|| Invalidation {
        id: "I1".into(),
        status: "InProgress".into(),
        created: None,
        paths: running.iter().map(text).collect(),
        reference: None,
    });
    case.observed.cdn = Some(Cdn {
        id: "E123EXAMPLE".into(),
        domain: "d111111abcdef8.cloudfront.net".into(),
        aliases: Vec::new(),
        status: "Deployed".into(),
        enabled: true,
        modified: None,
        behaviours: Vec::new(),
        invalidations: invalidations.into_iter().collect(),
        missing: Vec::new(),
    });
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    case.action = Some(Action::InvalidateCdn(InvalidateCdn { service: SERVICE.into(), paths, host: None }));
}

/// A silence of an alert, while HighLatency fires.
pub(super) fn silence(case: &mut Case, alert: &str) {
    case.config.alertmanager = Some(crate::fixture::http_backend("http://127.0.0.1:9/am"));
    let labels = vec![("alertname".into(), "HighLatency".into())];
    let seen = SeenAlert { name: "HighLatency".into(), state: AlertState::Firing, labels };
    case.observed.alerts = Some(SeenAlerts { alerts: vec![seen], whole: true });
    case.observed.silences = Some(Silences::default());
    (case.observed.identity, case.observed.workload) = (None, None);
    let matchers = vec![Matcher::alert(alert).expect("a matcher")];
    let (source, comment) = ("alertmanager".into(), "known".to_owned());
    case.action = Some(Action::Silence(Silence { source, matchers, seconds: 3600, comment }));
}
