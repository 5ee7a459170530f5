//! The table in DynamoDB.
//!
//! Its key is `kind` (partition, string) and `id` (sort, string). It must stand in one region: a global table of the default
//! consistency lets two regions both win. A role needs `dynamodb:GetItem`, `dynamodb:PutItem` and `dynamodb:Query` on it.

use std::collections::HashMap;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use super::table::{Key, PutError, Row, Table, Unreachable};
use crate::config;
use crate::source::aws::Connection;
use crate::text::Text;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(2);

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(4);

/// How long a question may take, loading credentials included.
const OPERATION: Duration = Duration::from_secs(8);

/// The most rows of a kind that are read, a page at a time.
const PAGES: usize = 40;

/// The largest page.
const PAGE: i32 = 500;

/// A row's attributes.
type Attributes = HashMap<String, AttributeValue>;

/// A table in DynamoDB.
#[derive(Debug)]
pub struct Dynamo {
    table: String,
    connection: Connection,
    client: OnceCell<Client>,
}

impl Dynamo {
    /// The table of a configuration. No network yet.
    pub fn open(shared: &config::Shared) -> Self {
        Self::through(&shared.table, Connection::open(&shared.aws))
    }

    /// A table on this way.
    pub fn through(table: &str, connection: Connection) -> Self {
        Self { table: table.to_owned(), connection, client: OnceCell::new() }
    }

    /// Retries are off, as for all that changes something: a write whose answer was lost is found out by reading.
    async fn client(&self) -> &Client {
        let made = async {
            let config = self.connection.sdk_config_for_actions().await;
            Client::new(&config.into_builder().timeout_config(timeouts()).build())
        };
        self.client.get_or_init(|| made).await
    }

    fn unreachable<E>(&self, what: &str, error: &SdkError<E, HttpResponse>) -> Unreachable
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let reason = match error {
            SdkError::ServiceError(context) => {
                let (code, message) = (context.err().code(), context.err().message());
                format!("{}: {}", code.unwrap_or("error"), message.unwrap_or_default())
            }
            SdkError::TimeoutError(_) => "no answer in time".to_owned(),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => "no answer in time".to_owned(),
            other => chain(other),
        };
        self.broken(&format!("{what}: {reason}"))
    }

    fn broken(&self, reason: &str) -> Unreachable {
        Unreachable { table: self.table.clone(), reason: Text::clean(reason) }
    }

    async fn read(&self, key: Key<'_>) -> Result<Option<Row>, Unreachable> {
        let request = self.client().await.get_item().table_name(&self.table).consistent_read(true);
        let sent = request.key("kind", text(key.kind)).key("id", text(key.id)).send().await;
        let answer = sent.map_err(|error| self.unreachable("GetItem", &error))?;
        answer.item.map(|item| self.row(&item)).transpose()
    }

    async fn write(&self, key: Key<'_>, body: String, seen: u64) -> Result<(), PutError> {
        let request = self.client().await.put_item().table_name(&self.table);
        let request = request.item("kind", text(key.kind)).item("id", text(key.id));
        let request = request.item("version", number(seen.saturating_add(1))).item("body", AttributeValue::S(body));
        let request = if seen == 0 {
            request.condition_expression("attribute_not_exists(id)")
        } else {
            request.condition_expression("version = :seen").expression_attribute_values(":seen", number(seen))
        };
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) if is_changed(&error) => Err(PutError::Changed),
            Err(error) => Err(PutError::Unclear(self.unreachable("PutItem", &error))),
        }
    }

    async fn rows(&self, kind: &'static str) -> Result<Vec<(String, Row)>, Unreachable> {
        let (mut rows, mut from) = (Vec::new(), None::<Attributes>);
        for _ in 0..PAGES {
            let request = self.client().await.query().table_name(&self.table).consistent_read(true).limit(PAGE);
            let request =
                request.key_condition_expression("kind = :kind").expression_attribute_values(":kind", text(kind));
            let sent = request.set_exclusive_start_key(from).send().await;
            let answer = sent.map_err(|error| self.unreachable("Query", &error))?;
            for item in answer.items() {
                rows.push((string(item, "id").ok_or_else(|| self.broken("a row without an id"))?, self.row(item)?));
            }
            from = answer.last_evaluated_key;
            if from.is_none() {
                return Ok(rows);
            }
        }
        Err(self.broken(&format!("more than {PAGES} pages of {kind} rows")))
    }

    fn row(&self, item: &Attributes) -> Result<Row, Unreachable> {
        let version = item.get("version").and_then(|value| value.as_n().ok()).and_then(|n| n.parse().ok());
        match (version, string(item, "body")) {
            (Some(version), Some(body)) => Ok(Row { version, body }),
            _ => Err(self.broken("a row without version or body, which Quarterdeck did not write")),
        }
    }
}

impl Table for Dynamo {
    fn name(&self) -> &str {
        &self.table
    }

    fn get<'a>(&'a self, key: Key<'a>) -> BoxFuture<'a, Result<Option<Row>, Unreachable>> {
        Box::pin(self.read(key))
    }

    fn put<'a>(&'a self, key: Key<'a>, body: String, seen: u64) -> BoxFuture<'a, Result<(), PutError>> {
        Box::pin(self.write(key, body, seen))
    }

    fn list(&self, kind: &'static str) -> BoxFuture<'_, Result<Vec<(String, Row)>, Unreachable>> {
        Box::pin(self.rows(kind))
    }
}

fn is_changed(error: &SdkError<PutItemError, HttpResponse>) -> bool {
    error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception)
}

/// An error with its causes, in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&cause| cause.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn string(item: &Attributes, name: &str) -> Option<String> {
    item.get(name)?.as_s().ok().cloned()
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .read_timeout(ANSWER)
        .operation_attempt_timeout(ANSWER)
        .operation_timeout(OPERATION)
        .build()
}
