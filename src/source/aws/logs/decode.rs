//! What GetQueryResults says.

use aws_sdk_cloudwatchlogs::operation::get_query_results::GetQueryResultsOutput;
use aws_sdk_cloudwatchlogs::types::{QueryStatus, ResultField};

use crate::source::{QueryResults, QueryState, QueryStatistics};
use crate::text::Text;

/// Rows that are kept: more than fit a screen, and a year of months by day.
const ROWS: usize = 10_000;

/// Columns that are kept.
const COLUMNS: usize = 50;

/// Bytes of all cells that are kept.
const BYTES: usize = 4 << 20;

/// A pointer to the event that every row of `fields` has; of no use to a person.
const POINTER: &str = "@ptr";

/// The results.
///
/// # Errors
/// The answer does not say how the query stands.
pub(super) fn results(answer: &GetQueryResultsOutput) -> Result<QueryResults, String> {
    let status = answer.status().ok_or("the answer has no status")?;
    let raw = answer.results();
    let columns = columns(raw);
    let mut bytes = 0;
    let mut rows = Vec::new();
    for row in raw.iter().take(ROWS) {
        let cells: Vec<Text> = columns.iter().map(|column| cell(row, column)).collect();
        bytes += cells.iter().map(|cell| cell.len()).sum::<usize>();
        if bytes > BYTES {
            break;
        }
        rows.push(cells);
    }
    let more = rows.len() < raw.len() || raw.len() >= ROWS || answer.next_token().is_some();
    Ok(QueryResults {
        state: state(status),
        columns: columns.into_iter().map(Text::clean).collect(),
        rows,
        truncated: more,
        statistics: answer.statistics().map(|statistics| QueryStatistics {
            matched: statistics.records_matched(),
            scanned: statistics.records_scanned(),
            bytes: statistics.bytes_scanned(),
        }),
    })
}

/// Names of the fields, in the order in which rows first have them.
fn columns(rows: &[Vec<ResultField>]) -> Vec<&str> {
    let mut columns: Vec<&str> = Vec::new();
    for name in rows.iter().take(ROWS).flatten().filter_map(ResultField::field) {
        if name != POINTER && columns.len() < COLUMNS && !columns.contains(&name) {
            columns.push(name);
        }
    }
    columns
}

fn cell(row: &[ResultField], column: &str) -> Text {
    let found = row.iter().find(|field| field.field() == Some(column));
    Text::clean(found.and_then(ResultField::value).unwrap_or_default())
}

fn state(status: &QueryStatus) -> QueryState {
    match status {
        QueryStatus::Scheduled => QueryState::Scheduled,
        QueryStatus::Running => QueryState::Running,
        QueryStatus::Complete => QueryState::Complete,
        QueryStatus::Failed => QueryState::Failed,
        QueryStatus::Cancelled => QueryState::Cancelled,
        QueryStatus::Timeout => QueryState::TimedOut,
        _ => QueryState::Unknown,
    }
}
