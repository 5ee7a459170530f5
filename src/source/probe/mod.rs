//! Looks from outside: certificates, DNS records, security headers. Each probe is a source of its own, so that a slow one
//! delays no other.
//!
//! What a probe finds wrong is its verdict; only what keeps it from looking (no connection, no resolver) is a failure to
//! read. Nothing is sent but the question: a TLS handshake, a DNS query, one GET.

mod certificate;
mod dns;
mod handshake;
mod headers;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::clock::Now;
use crate::config::{Config, Polling, ProbeCheck, ProbeKind};
use crate::source::{
    Ask, Cadence, Name, Payload, Probe, Reading, Readings, SharedSource, Source, SourceError, Subject,
};

pub(crate) use certificate::expiry;

use certificate::CertificateProbe;
use dns::DnsProbe;
use headers::HeaderProbe;

/// One probe as a source.
struct ProbeSource {
    name: Name,
    polling: Polling,
    look: Look,
    subjects: [Subject; 1],
}

enum Look {
    Certificate(CertificateProbe),
    Dns(DnsProbe),
    Headers(HeaderProbe),
}

/// The probes of a configuration, but for those that AWS answers.
pub fn sources(config: &Config) -> Vec<SharedSource> {
    let all = config.services.iter().flat_map(|service| service.probes.iter().map(move |check| (&service.name, check)));
    all.filter_map(|(service, check)| source(service, check)).collect()
}

/// One probe; `None` for one that AWS answers.
pub fn source(service: &Name, check: &ProbeCheck) -> Option<SharedSource> {
    let name = Name::from(format!("probe {service}/{}", check.name));
    let look = match &check.kind {
        ProbeKind::Certificate(place) => Look::Certificate(CertificateProbe::new(&name, place, check.polling)),
        ProbeKind::Dns(record) => Look::Dns(DnsProbe::new(&name, record, check.polling)),
        ProbeKind::SecurityHeaders(endpoint) => Look::Headers(HeaderProbe::new(&name, endpoint, check.polling)),
        ProbeKind::Acm(_) => return None,
    };
    let subjects = [Subject::Probe { service: service.clone(), probe: check.name.clone() }];
    Some(Arc::new(ProbeSource { name, polling: check.polling, look, subjects }))
}

impl ProbeSource {
    async fn look(&self, now: Now) -> Result<Probe, SourceError> {
        match &self.look {
            Look::Certificate(probe) => probe.look(now).await,
            Look::Dns(probe) => probe.look().await,
            Look::Headers(probe) => probe.look().await,
        }
    }
}

impl Source for ProbeSource {
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
            let outcome = self.look(ask.now).await.map(Payload::Probe);
            let [subject] = &self.subjects;
            // The receiver is gone when the poll is given up; then nobody wants the reading.
            let _ = out.send(Reading { subject: subject.clone(), outcome }).await;
        })
    }
}

/// Decoders of what servers and resolvers present, for [`crate::fuzzing`].
pub(crate) mod decoders {
    pub(crate) use super::certificate::decode_any as certificate;
    pub(crate) use super::dns::decode_any as dns;
    pub(crate) use super::headers::decode_any as security_headers;
}
