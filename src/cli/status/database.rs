//! Databases and caches in the report.

use serde::Serialize;

use super::judge::Look;
use super::report::Item;
use super::table::{Row, dash, row};
use crate::config::Service;
use crate::source::{Database, Subject};
use crate::text::Text;

/// The database that a service is. The value is its status in its platform's word.
#[derive(Debug, Serialize)]
pub struct DatabaseReport {
    /// `available`, `failing-over`, `backing-up` …
    #[serde(flatten)]
    pub item: Item<Option<Text>>,
    /// All that its platform tells; null where it never was read.
    pub details: Option<Database>,
}

impl Look<'_> {
    pub(super) fn database(&self, service: &Service) -> Option<DatabaseReport> {
        service.database.as_ref()?;
        let subject = Subject::Database { service: service.name.clone() };
        let measured = self.readings.of::<Database>(self.config, &subject, self.now);
        Some(DatabaseReport {
            item: Item::of(&measured, None, |database| database.map(|database| database.status.clone())),
            details: measured.value().map(|(database, _)| database.clone()),
        })
    }
}

/// The database's line of the table.
pub(super) fn line(service: &str, database: &DatabaseReport) -> Row {
    let value = database.item.value.as_ref().map_or_else(dash, ToString::to_string);
    let note = database.details.as_ref().map(|database| {
        let mut notes = vec![format!("{} {}, {} members", database.engine, database.version, database.members.len())];
        notes.extend((!database.pending.is_empty()).then(|| format!("{} maintenance waits", database.pending.len())));
        notes.extend(database.missing.iter().map(|missing| format!("not known: {missing}")));
        notes.join(", ")
    });
    row(service, "database".to_owned(), value, &database.item, note.unwrap_or_default())
}
