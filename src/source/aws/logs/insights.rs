//! Insights: StartQuery, GetQueryResults, StopQuery.

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::config::retry::RetryConfig;

use super::super::error::Asked;
use super::decode;
use crate::config::LogSource;
use crate::source::logs::QueryAsk;
use crate::source::{QueryResults, SourceError, SourceErrorKind};

/// Rows that a query may give: the API's own default and greatest number.
const ROWS: i32 = 10_000;

/// Starts a query, and sends that once: a second one would scan, and be billed, beside the first.
pub(super) async fn start(
    client: &Client,
    log: &LogSource,
    ask: &QueryAsk,
    asked: &Asked<'_>,
) -> Result<String, SourceError> {
    let sent = client
        .start_query()
        .set_log_group_names(Some(log.groups.clone()))
        .query_string(&ask.query)
        .start_time(ask.from.as_second())
        .end_time(ask.until.as_second())
        .limit(ROWS)
        .customize()
        .config_override(aws_sdk_cloudwatchlogs::Config::builder().retry_config(RetryConfig::disabled()))
        .send()
        .await;
    let answer = sent.map_err(|error| asked.failed(&error))?;
    let id = answer.query_id().filter(|id| !id.is_empty());
    id.map(str::to_owned).ok_or_else(|| asked.error(SourceErrorKind::Malformed, "the answer names no query"))
}

/// What a query has found so far.
pub(super) async fn results(client: &Client, query: &str, asked: &Asked<'_>) -> Result<QueryResults, SourceError> {
    let sent = client.get_query_results().query_id(query).send().await;
    let answer = sent.map_err(|error| asked.failed(&error))?;
    decode::results(&answer).map_err(|reason| asked.error(SourceErrorKind::Malformed, &reason))
}

/// Stops a query. One that is over already is refused as an invalid parameter, and that is fine.
pub(super) async fn stop(client: &Client, query: &str, asked: &Asked<'_>) -> Result<(), SourceError> {
    match client.stop_query().query_id(query).send().await {
        Ok(_) => Ok(()),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_invalid_parameter_exception()) => Ok(()),
        Err(error) => Err(asked.failed(&error)),
    }
}
