//! Certificates of AWS Certificate Manager: status, expiry, renewal, and who uses them.
//!
//! <https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html>. `ListCertificates` leaves out keys
//! other than RSA of 1024 and 2048 bits unless they are asked for, so all are.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_acm::Client;
use aws_sdk_acm::types::{
    CertificateDetail, CertificateStatus, CertificateSummary, CertificateType, Filters, KeyAlgorithm, RenewalStatus,
};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::OnceCell;

use super::Connections;
use super::connect::{Connection, operation_timeout};
use super::decode::timestamp;
use super::error::Asked;
use crate::config::{AcmCertificate, Config, Polling, ProbeCheck, ProbeKind};
use crate::source::probe::expiry;
use crate::source::{
    Ask, Cadence, Fact, HealthState, Name, Payload, Probe, Reading, Readings, SharedSource, Source, SourceError,
    SourceErrorKind, Subject,
};

/// Pages of certificates that are searched for a domain.
const PAGES: usize = 10;

/// Certificates on one page.
const PAGE: i32 = 100;

/// All kinds of keys.
const KEYS: [KeyAlgorithm; 7] = [
    KeyAlgorithm::EcPrime256v1,
    KeyAlgorithm::EcSecp384r1,
    KeyAlgorithm::EcSecp521r1,
    KeyAlgorithm::Rsa1024,
    KeyAlgorithm::Rsa2048,
    KeyAlgorithm::Rsa3072,
    KeyAlgorithm::Rsa4096,
];

/// The certificates that the configuration asks for.
pub(super) fn sources(connections: &Arc<Connections>, config: &Config) -> Vec<SharedSource> {
    let all = config.services.iter().flat_map(|service| service.probes.iter().map(move |check| (&service.name, check)));
    all.filter_map(|(service, check)| source(connections, service, check)).collect()
}

fn source(connections: &Arc<Connections>, service: &Name, check: &ProbeCheck) -> Option<SharedSource> {
    let ProbeKind::Acm(wanted) = &check.kind else { return None };
    Some(Arc::new(Acm {
        name: Name::from(format!("acm {service}/{}", check.name)),
        who: connections.at(wanted.place.as_ref()).who(),
        connection: connections.at(wanted.place.as_ref()).clone(),
        wanted: wanted.clone(),
        polling: check.polling,
        subjects: [Subject::Probe { service: service.clone(), probe: check.name.clone() }],
        client: OnceCell::new(),
    }))
}

/// One certificate as a source.
struct Acm {
    name: Name,
    connection: Arc<Connection>,
    who: String,
    wanted: AcmCertificate,
    polling: Polling,
    subjects: [Subject; 1],
    client: OnceCell<Client>,
}

impl Source for Acm {
    fn name(&self) -> &Name {
        &self.name
    }

    fn cadence(&self) -> Cadence {
        Cadence { every: self.polling.interval, lag: Duration::ZERO }
    }

    fn deadline(&self) -> Duration {
        self.polling.timeout
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let outcome = self.look(ask.now.wall).await.map(Payload::Probe);
            let [subject] = &self.subjects;
            let _ = out.send(Reading { subject: subject.clone(), outcome }).await;
        })
    }
}

impl Acm {
    async fn look(&self, now: Timestamp) -> Result<Probe, SourceError> {
        let client = self.client.get_or_init(|| self.connect()).await;
        let (arn, others) = self.chosen(client).await?;
        let sent = client.describe_certificate().certificate_arn(&arn).send().await;
        let asked = self.asked("acm:DescribeCertificate");
        let answer = sent.map_err(|error| asked.failed(&error))?;
        let none = || asked.error(SourceErrorKind::Malformed, "an answer without a certificate");
        Ok(judge(answer.certificate().ok_or_else(none)?, &self.wanted, others, now))
    }

    async fn connect(&self) -> Client {
        Client::new(&self.connection.sdk_config(operation_timeout(self.polling.timeout)).await)
    }

    /// The certificate that is meant, and how many others its domain has: of those in use the one that expires first, and
    /// where none is in use the newest.
    async fn chosen(&self, client: &Client) -> Result<(String, usize), SourceError> {
        if self.wanted.certificate.starts_with("arn:") {
            return Ok((self.wanted.certificate.clone(), 0));
        }
        let found = self.of_domain(client).await?;
        let in_use = found.iter().filter(|found| found.in_use() == Some(true)).min_by_key(|found| expires(found));
        let chosen = in_use.or_else(|| found.iter().max_by_key(|found| expires(found)));
        let arn = chosen.and_then(CertificateSummary::certificate_arn).map(str::to_owned);
        let missing = format!("there is no certificate for {} in this region", self.wanted.certificate);
        let missing = || self.asked("acm:ListCertificates").error(SourceErrorKind::Missing, &missing);
        Ok((arn.ok_or_else(missing)?, found.len().saturating_sub(1)))
    }

    async fn of_domain(&self, client: &Client) -> Result<Vec<CertificateSummary>, SourceError> {
        let asked = self.asked("acm:ListCertificates");
        let filters = Filters::builder().set_key_types(Some(KEYS.to_vec())).build();
        let (mut found, mut token) = (Vec::new(), None);
        for _ in 0..PAGES {
            let asking = client.list_certificates().includes(filters.clone()).max_items(PAGE).set_next_token(token);
            let page = asking.send().await.map_err(|error| asked.failed(&error))?;
            let of_domain = page.certificate_summary_list().iter().filter(|summary| self.is_for_domain(summary));
            found.extend(of_domain.cloned());
            token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
            if token.is_none() {
                return Ok(found);
            }
        }
        // The one in use may be on a later page: half a list must not choose.
        let most = PAGES * usize::try_from(PAGE).unwrap_or_default();
        Err(asked.error(SourceErrorKind::Refused, &format!("more than {most} certificates; name this one by its arn")))
    }

    fn is_for_domain(&self, summary: &CertificateSummary) -> bool {
        let wanted = &self.wanted.certificate;
        let same = |name: &str| name.eq_ignore_ascii_case(wanted);
        summary.domain_name().is_some_and(same)
            || summary.subject_alternative_name_summaries().iter().any(|name| same(name))
    }

    fn asked<'a>(&'a self, operation: &'a str) -> Asked<'a> {
        Asked { source: &self.name, operation, who: &self.who }
    }
}

fn expires(summary: &CertificateSummary) -> i64 {
    summary.not_after().map_or(i64::MIN, aws_smithy_types::DateTime::secs)
}

fn judge(found: &CertificateDetail, wanted: &AcmCertificate, others: usize, now: Timestamp) -> Probe {
    let expires = found.not_after().and_then(timestamp);
    let mut facts = vec![status(found)];
    facts.extend(expires.map(|at| expiry(found.not_before().and_then(timestamp), at, wanted.bounds, now)));
    facts.extend(renewal(found));
    facts.push(used(found));
    if others > 0 {
        facts.push(Fact::new("others", HealthState::Healthy, &format!("{others} more of this domain")));
    }
    Probe::of(facts, expires)
}

fn status(found: &CertificateDetail) -> Fact {
    let word = found.status().map_or("without a status", CertificateStatus::as_str);
    let state = match found.status() {
        Some(CertificateStatus::Issued) => HealthState::Healthy,
        Some(CertificateStatus::PendingValidation) => HealthState::Degraded,
        None => HealthState::Unknown,
        Some(
            CertificateStatus::Expired
            | CertificateStatus::Failed
            | CertificateStatus::Inactive
            | CertificateStatus::Revoked
            | CertificateStatus::ValidationTimedOut,
        ) => HealthState::Unhealthy,
        Some(_) => HealthState::Unknown,
    };
    let why = found.failure_reason().map(|reason| format!(": {}", reason.as_str())).unwrap_or_default();
    Fact::new("status", state, &format!("{word}{why}"))
}

/// Whether AWS renews it. An imported certificate is renewed by whoever imported it.
fn renewal(found: &CertificateDetail) -> Option<Fact> {
    if found.r#type() == Some(&CertificateType::Imported) {
        return Some(Fact::new("renewal", HealthState::Healthy, "is imported: AWS does not renew it"));
    }
    let renewal = found.renewal_summary()?;
    let status = renewal.renewal_status();
    let state = match status {
        RenewalStatus::Success | RenewalStatus::PendingAutoRenewal => HealthState::Healthy,
        RenewalStatus::PendingValidation => HealthState::Degraded,
        RenewalStatus::Failed => HealthState::Unhealthy,
        _ => HealthState::Unknown,
    };
    let hint = match status {
        RenewalStatus::PendingValidation => ": a domain can't be validated; look at its CNAME record",
        _ => "",
    };
    let why = renewal.renewal_status_reason().map(|reason| format!(" ({})", reason.as_str())).unwrap_or_default();
    Some(Fact::new("renewal", state, &format!("{}{why}{hint}", status.as_str())))
}

fn used(found: &CertificateDetail) -> Fact {
    let told = match found.in_use_by() {
        [] => "is used by nothing".to_owned(),
        [one] => format!("is used by {}", super::decode::last_part(one)),
        many => format!("is used by {}", many.len()),
    };
    Fact::new("use", HealthState::Healthy, &told)
}
