//! Releases of services in the report.

use serde::Serialize;

use super::judge::Look;
use super::report::Item;
use super::table::{Row, dash, row};
use crate::config::Service;
use crate::source::{Releases, Subject};
use crate::text::Text;

/// What was released to a service. The value is the newest revision of its task definition.
#[derive(Debug, Serialize)]
pub struct ReleasesReport {
    /// `family:revision`; null where none could be read.
    #[serde(flatten)]
    pub item: Item<Option<Text>>,
    /// All that was read; null where nothing ever was.
    pub details: Option<Releases>,
}

impl Look<'_> {
    pub(super) fn releases(&self, service: &Service) -> Option<ReleasesReport> {
        service.ecs.as_ref()?;
        let subject = Subject::Releases { service: service.name.clone() };
        let measured = self.readings.of::<Releases>(self.config, &subject, self.now);
        let newest = |releases: &Releases| releases.revisions.first().map(|revision| revision.id.clone());
        Some(ReleasesReport {
            item: Item::of(&measured, None, |releases| releases.and_then(newest)),
            details: measured.value().map(|(releases, _)| releases.clone()),
        })
    }
}

/// The line of the table: the newest revision with its images, and how its newest deployment went.
pub(super) fn line(service: &str, releases: &ReleasesReport) -> Row {
    let value = releases.item.value.as_ref().map_or_else(dash, ToString::to_string);
    let note = releases.details.as_ref().map(note).unwrap_or_default();
    row(service, "releases".to_owned(), value, &releases.item, note)
}

fn note(releases: &Releases) -> String {
    let images = releases.revisions.first().into_iter().flat_map(|revision| &revision.images);
    let mut notes: Vec<String> = images.map(|image| image.short().to_owned()).collect();
    notes.extend(releases.deployments.first().map(|deployment| {
        let brought = deployment.task_definition.as_ref().map_or("a deployment", Text::as_str);
        format!("{brought} {}", deployment.status)
    }));
    let failed = releases.stopped.iter().filter(|task| task.failed()).count();
    notes.extend((failed > 0).then(|| format!("{failed} stopped tasks failed")));
    notes.extend(releases.missing.iter().map(|missing| format!("not known: {missing}")));
    notes.join(", ")
}
