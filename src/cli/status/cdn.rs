//! Content delivery networks in the report.

use serde::Serialize;

use super::judge::Look;
use super::report::Item;
use super::table::{Row, dash, row};
use crate::config::Service;
use crate::source::{Cdn, Subject};
use crate::text::Text;

/// The network that a service is. The value is its status in its own word.
#[derive(Debug, Serialize)]
pub struct CdnReport {
    /// `Deployed`, `InProgress`; `active`, `pending`, `moved` of a zone.
    #[serde(flatten)]
    pub item: Item<Option<Text>>,
    /// All that it tells; null where it never was read.
    pub details: Option<Cdn>,
}

impl Look<'_> {
    pub(super) fn cdn(&self, service: &Service) -> Option<CdnReport> {
        service.cdn.as_ref()?;
        let subject = Subject::Cdn { service: service.name.clone() };
        let measured = self.readings.of::<Cdn>(self.config, &subject, self.now);
        Some(CdnReport {
            item: Item::of(&measured, None, |cdn| cdn.map(|cdn| cdn.status.clone())),
            details: measured.value().map(|(cdn, _)| cdn.clone()),
        })
    }
}

/// The network's line of the table.
pub(super) fn line(service: &str, cdn: &CdnReport) -> Row {
    let value = cdn.item.value.as_ref().map_or_else(dash, ToString::to_string);
    let note = cdn.details.as_ref().map(|cdn| {
        let running = cdn.invalidations.iter().filter(|one| one.in_flight()).count();
        let mut notes = vec![cdn.domain.to_string()];
        notes.extend((!cdn.enabled).then(|| "not enabled".to_owned()));
        notes.extend((running > 0).then(|| format!("{running} invalidations in flight")));
        notes.extend(cdn.missing.iter().map(|missing| format!("not known: {missing}")));
        notes.join(", ")
    });
    row(service, "CDN".to_owned(), value, &cdn.item, note.unwrap_or_default())
}
