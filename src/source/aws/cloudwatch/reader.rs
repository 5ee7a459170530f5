//! GetMetricData through one client, page by page, bounded.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{MetricDataQuery, ScanBy};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

use super::answer::Answers;
use super::batch::Batch;
use super::window::Window;
use crate::config::Query;
use crate::source::aws::connect::{Connection, operation_timeout};
use crate::source::aws::error::Asked;
use crate::source::aws::meter::{Meter, Price};
use crate::source::{Name, SignalData, SourceError, SourceErrorKind};

/// Pages that are read of one call: at 100,800 samples a page (the API's default) a day of 500 metrics by the minute
/// takes eight. Newest samples come first, so that what is cut is the oldest.
const PAGES: usize = 20;

/// What became of each query.
pub(super) type Outcomes<'a> = Vec<(&'a Query, Result<SignalData, SourceError>)>;

/// Reads CloudWatch through one client.
pub(super) struct Reader {
    /// The client.
    pub(super) client: Client,
    source: Name,
    who: String,
    /// What is asked is charged here.
    pub(super) meter: Arc<Meter>,
}

impl Reader {
    /// A reader whose calls take `deadline` at most.
    pub(super) async fn new(connection: &Connection, deadline: Duration) -> Self {
        let config = connection.sdk_config(operation_timeout(deadline)).await;
        Self {
            client: Client::new(&config),
            source: Name::from("cloudwatch"),
            who: connection.who(),
            meter: connection.meter().clone(),
        }
    }

    /// Reads a batch in one call (and its further pages).
    ///
    /// # Errors
    /// If a page cannot be read; what is wrong with one query only stands at that query.
    pub(super) async fn read<'a>(&self, batch: &Batch<'a>, window: Window) -> Result<Outcomes<'a>, SourceError> {
        let (answers, cut) = self.pages(&batch.queries(), &window).await?;
        let asked = self.asked("cloudwatch:GetMetricData");
        let outcomes = batch.answers.iter().map(|(query, id)| {
            let signal = answers.signal(id, &window, window.end, cut);
            (*query, signal.map_err(|(kind, reason)| asked.error(kind, &reason)))
        });
        Ok(outcomes.collect())
    }

    /// All pages, and whether more would have followed.
    async fn pages(&self, queries: &[MetricDataQuery], window: &Window) -> Result<(Answers, bool), SourceError> {
        let mut answers = Answers::default();
        let mut token: Option<String> = None;
        for _ in 0..PAGES {
            let page = self.page(queries, window, token.clone()).await?;
            answers.add(page.metric_data_results(), page.messages());
            let next = page.next_token().filter(|next| !next.is_empty()).map(str::to_owned);
            if next.is_none() {
                return Ok((answers, false));
            }
            if next == token {
                let reason = "the answer refers to itself as its next page";
                return Err(self.asked("cloudwatch:GetMetricData").error(SourceErrorKind::Malformed, reason));
            }
            token = next;
        }
        Ok((answers, true))
    }

    async fn page(
        &self,
        queries: &[MetricDataQuery],
        window: &Window,
        token: Option<String>,
    ) -> Result<GetMetricDataOutput, SourceError> {
        let asking = self.client.get_metric_data().set_metric_data_queries(Some(queries.to_vec()));
        let asking = asking.start_time(time(window.start)).end_time(time(window.end));
        let metrics = queries.iter().filter(|query| query.metric_stat().is_some()).count();
        self.meter.charge(Price::MetricsRequested, metrics as u64);
        let sent = asking.scan_by(ScanBy::TimestampDescending).set_next_token(token).send().await;
        sent.map_err(|error| self.asked("cloudwatch:GetMetricData").failed(&error))
    }

    /// For messages.
    pub(super) fn asked<'a>(&'a self, operation: &'a str) -> Asked<'a> {
        Asked { source: &self.source, operation, who: &self.who }
    }
}

fn time(at: Timestamp) -> DateTime {
    DateTime::from_secs(at.as_second())
}
