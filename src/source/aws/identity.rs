//! Whose credentials are in use: STS GetCallerIdentity.
//!
//! An answer that was cut in the middle of its XML is no error to the SDK: it gives half an ARN. What guards rest on is
//! therefore checked here: an account of twelve digits, and a whole ARN of that same account.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sts::Client;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use super::connect::{Connection, operation_timeout};
use super::error::Asked;
use crate::config::{IDENTITY_INTERVAL, source_at};
use crate::source::{
    Ask, Cadence, Identity, Name, Payload, Reading, Readings, Source, SourceError, SourceErrorKind, Subject,
};
use crate::text::Text;

/// The longest that one poll may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// Asks every [`IDENTITY_INTERVAL`] who we are in one place. Its name is that of its subject.
pub struct WhoAmI {
    name: Name,
    connection: Arc<Connection>,
    subjects: Vec<Subject>,
    reader: OnceCell<Reader>,
}

impl WhoAmI {
    /// A source named `sts`, or `sts PLACE` of another place than `[aws]` itself.
    pub fn new(connection: Arc<Connection>, place: Option<&Name>) -> Self {
        let name = source_at("sts", place);
        let subjects = vec![Subject::Identity { source: name.clone() }];
        Self { name, connection, subjects, reader: OnceCell::new() }
    }
}

impl Source for WhoAmI {
    fn name(&self) -> &Name {
        &self.name
    }

    fn cadence(&self) -> Cadence {
        Cadence { every: IDENTITY_INTERVAL, lag: Duration::ZERO }
    }

    fn deadline(&self) -> Duration {
        DEADLINE
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, _ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let reader = self.reader.get_or_init(|| Reader::new(&self.connection, DEADLINE)).await;
            let outcome = reader.identity(&self.connection).await.map(Payload::Identity);
            let _ = out.send(Reading { subject: Subject::Identity { source: self.name.clone() }, outcome }).await;
        })
    }
}

/// Reads STS through one client.
pub(super) struct Reader {
    client: Client,
    source: Name,
    who: String,
}

impl Reader {
    /// A reader whose calls take `deadline` at most.
    pub(super) async fn new(connection: &Connection, deadline: Duration) -> Self {
        let config = connection.sdk_config(operation_timeout(deadline)).await;
        Self { client: Client::new(&config), source: Name::from("sts"), who: connection.who() }
    }

    /// Who the connection's credentials are.
    pub(super) async fn identity(&self, connection: &Connection) -> Result<Identity, SourceError> {
        let asked = Asked { source: &self.source, operation: "sts:GetCallerIdentity", who: &self.who };
        let before = connection.in_use().key();
        let answer = self.client.get_caller_identity().send().await.map_err(|error| asked.failed(&error))?;
        connection.in_use().asked(before);
        let (account, arn) = checked(&answer).map_err(|reason| asked.error(SourceErrorKind::Malformed, &reason))?;
        let region = Text::clean(connection.region());
        Ok(Identity { account, region, arn, expires: connection.credentials_expire() })
    }
}

/// Account and ARN, if they are whole and agree.
fn checked(answer: &GetCallerIdentityOutput) -> Result<(Text, Text), String> {
    let (account, arn) = (answer.account().unwrap_or_default(), answer.arn().unwrap_or_default());
    if !is_account(account) {
        return Err(format!("the answer is cut or no AWS answer: its account is {account:?}, not 12 digits"));
    }
    if account_of(arn) != Some(account) {
        return Err(format!("the answer is cut or no AWS answer: its ARN is {arn:?}, of the account {account}"));
    }
    Ok((Text::clean(account), Text::clean(arn)))
}

fn is_account(account: &str) -> bool {
    account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())
}

/// The account of a whole caller's ARN: `arn:PARTITION:iam|sts::ACCOUNT:RESOURCE`, the resource with its name
/// (`root` alone has none). <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>
fn account_of(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    let (prefix, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (_region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
    let named = resource == "root" || resource.split_once('/').is_some_and(|(_, name)| !name.is_empty());
    let whole = prefix == "arn" && partition.starts_with("aws") && matches!(service, "iam" | "sts") && named;
    whole.then_some(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(account: &str, arn: &str) -> GetCallerIdentityOutput {
        GetCallerIdentityOutput::builder().account(account).arn(arn).user_id("A").build()
    }

    #[test]
    fn a_whole_identity_passes() {
        for arn in [
            "arn:aws:iam::123456789012:user/dev",
            "arn:aws:iam::123456789012:root",
            "arn:aws-cn:sts::123456789012:assumed-role/ops/quarterdeck-ann",
        ] {
            assert!(checked(&answer("123456789012", arn)).is_ok(), "{arn}");
        }
    }

    #[test]
    fn a_cut_or_contradicting_identity_is_refused() {
        for (account, arn) in [
            ("123456789012", "arn:aws:sts::123"),
            ("123456789012", "arn:aws:sts::123456789012:assumed-role"),
            ("123456789012", "arn:aws:iam::999999999999:user/dev"),
            ("12345678901", "arn:aws:iam::12345678901:user/dev"),
            ("", ""),
        ] {
            assert!(checked(&answer(account, arn)).is_err(), "{account} {arn}");
        }
    }
}
