//! Certificates, DNS records and security headers in the report.

use jiff::Timestamp;
use serde::Serialize;

use super::judge::Look;
use super::report::Item;
use super::table::{Row, dash, row};
use crate::config::{ProbeCheck, Service};
use crate::source::{Fact, HealthState, Name, Probe, Subject};
use crate::text::Text;

/// One look from outside.
#[derive(Debug, Serialize)]
pub struct ProbeReport {
    /// Its name.
    pub name: Name,
    /// How what was found stands against what is configured.
    #[serde(flatten)]
    pub item: Item<Option<HealthState>>,
    /// What was found, in one line.
    pub summary: Option<Text>,
    /// When it expires (certificates).
    pub expires: Option<Timestamp>,
    /// Each fact that was looked at.
    pub facts: Vec<Fact>,
}

impl Look<'_> {
    pub(super) fn probes(&self, service: &Service) -> Vec<ProbeReport> {
        service.probes.iter().map(|check| self.probe(service, check)).collect()
    }

    fn probe(&self, service: &Service, check: &ProbeCheck) -> ProbeReport {
        let subject = Subject::Probe { service: service.name.clone(), probe: check.name.clone() };
        let measured = self.readings.of::<Probe>(self.config, &subject, self.now);
        let probe = measured.value().map(|(probe, _)| probe);
        ProbeReport {
            name: check.name.clone(),
            item: Item::of(&measured, None, |probe| probe.map(|probe| probe.state)),
            summary: probe.map(|probe| probe.summary.clone()),
            expires: probe.and_then(|probe| probe.expires),
            facts: probe.map(|probe| probe.facts.clone()).unwrap_or_default(),
        }
    }
}

/// A probe's line of the table.
pub(super) fn line(service: &str, probe: &ProbeReport) -> Row {
    let value = probe.item.value.map_or_else(dash, |state| super::table::word(state).to_owned());
    let note = probe.summary.as_ref().map(ToString::to_string).unwrap_or_default();
    row(service, format!("probe {}", probe.name), value, &probe.item, note)
}
