//! What reading costs, and whose credentials are in use in other places than `[aws]` itself.

use serde::Serialize;

use super::judge::Look;
use super::report::Item;
use super::table::{Row, dash, row};
use crate::config::{Aws, source_at};
use crate::source::{Identity, Name, Subject, Unit, Usage};

/// What polling a paid source costs.
#[derive(Debug, Serialize)]
pub struct UsageReport {
    /// The source, such as `cloudwatch`.
    pub source: Name,
    /// Requests, charged units and USD since the start; USD a month at the present pace; budget; slowing down.
    #[serde(flatten)]
    pub item: Item<Option<Usage>>,
}

/// Whose credentials are in use in a place.
#[derive(Debug, Serialize)]
pub struct PlaceReport {
    /// The place.
    pub place: Name,
    /// Its region, by the configuration.
    pub region: String,
    /// The account that is meant, by the configuration.
    pub account: Option<String>,
    /// Whose credentials they are.
    pub identity: Item<Option<Identity>>,
}

impl Look<'_> {
    pub(super) fn usage(&self) -> Vec<UsageReport> {
        let told = |subject: Subject| match &subject {
            Subject::Usage { source } => {
                let measured = self.readings.of::<Usage>(self.config, &subject, self.now);
                Some(UsageReport { source: source.clone(), item: Item::of(&measured, None, |usage| usage.cloned()) })
            }
            _ => None,
        };
        self.config.usage().and_then(told).into_iter().collect()
    }

    pub(super) fn places(&self) -> Vec<PlaceReport> {
        let places = self.config.aws.iter().flat_map(|aws| &aws.places);
        places.map(|(place, aws)| self.place(place, aws)).collect()
    }

    fn place(&self, place: &Name, aws: &Aws) -> PlaceReport {
        let measured = self.readings.identity(self.config, &source_at("sts", Some(place)), self.now);
        PlaceReport {
            place: place.clone(),
            region: aws.region.clone(),
            account: aws.account.clone(),
            identity: Item::of(&measured, None, |identity| identity.cloned()),
        }
    }
}

/// Their lines of the table.
pub(super) fn rows(usage: &[UsageReport], places: &[PlaceReport]) -> Vec<Row> {
    let identity = |report: &PlaceReport| {
        let who = report.identity.value.as_ref();
        let value = who.map_or_else(dash, |who| format!("{} {}", who.account, who.region));
        let wrong = who.zip(report.account.as_ref()).filter(|(who, meant)| who.account.as_str() != meant.as_str());
        let wrong = wrong.map(|(_, meant)| format!("WRONG ACCOUNT, meant {meant}; "));
        let arn = who.map(|who| who.arn.to_string()).unwrap_or_default();
        let note = format!("{}{arn}", wrong.unwrap_or_default());
        row("", format!("identity {}", report.place), value, &report.identity, note)
    };
    let cost = |report: &UsageReport| {
        let value = report.item.value.as_ref().map_or_else(dash, |usage| format!("{:.2} USD/month", usage.usd_month));
        let note = report.item.value.as_ref().map(words).unwrap_or_default();
        row("", format!("reading {}", report.source), value, &report.item, note)
    };
    places.iter().map(identity).chain(usage.iter().map(cost)).collect()
}

/// What to add to the figure for a month.
fn words(usage: &Usage) -> String {
    let so_far = format!(
        "{} metrics in {} requests, {} of logs scanned, {:.4} USD since the start",
        usage.units,
        usage.requests,
        Unit::Bytes.format(usage.log_bytes_scanned as f64),
        usage.usd
    );
    match usage.budget {
        Some(budget) if usage.slowed > 1.0 => {
            format!("SLOWED {:.1}× to keep within {budget:.2} USD; {so_far}", usage.slowed)
        }
        Some(budget) => format!("within {budget:.2} USD; {so_far}"),
        None => so_far,
    }
}
