//! Looks from outside: certificates, DNS records, security headers.

use std::net::SocketAddr;
use std::path::PathBuf;

use url::Url;

use super::Polling;
use crate::source::{HealthState, Name};

/// One look from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeCheck {
    /// Its name within the service.
    pub name: Name,
    /// What is looked at.
    pub kind: ProbeKind,
    /// Interval and deadline.
    pub polling: Polling,
}

/// Kinds of probes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeKind {
    /// The certificate that a server presents.
    Certificate(CertificatePlace),
    /// A certificate of AWS Certificate Manager.
    Acm(AcmCertificate),
    /// A DNS record.
    Dns(DnsRecord),
    /// Security headers of an endpoint.
    SecurityHeaders(HeaderEndpoint),
}

/// From how many days to its expiry a certificate counts as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpiryBounds {
    /// Degraded when it expires sooner.
    pub warning_days: u32,
    /// Unhealthy when it expires sooner.
    pub critical_days: u32,
}

impl ExpiryBounds {
    /// How a certificate stands that expires in so many whole days.
    pub fn state(self, days: i64) -> HealthState {
        if days < i64::from(self.critical_days) {
            HealthState::Unhealthy
        } else if days < i64::from(self.warning_days) {
            HealthState::Degraded
        } else {
            HealthState::Healthy
        }
    }
}

/// A server that presents a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificatePlace {
    /// The host, which the certificate must be for.
    pub host: String,
    /// The port.
    pub port: u16,
    /// When its expiry counts as near.
    pub bounds: ExpiryBounds,
    /// A PEM file of further roots.
    pub ca_file: Option<PathBuf>,
}

/// A certificate of AWS Certificate Manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcmCertificate {
    /// Its domain or ARN.
    pub certificate: String,
    /// The place of `[[aws.place]]`; `None` is `[aws]` itself. CloudFront's are in us-east-1.
    pub place: Option<Name>,
    /// When its expiry counts as near.
    pub bounds: ExpiryBounds,
}

/// A DNS record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsRecord {
    /// The name that is asked for.
    pub record: String,
    /// `A`, `AAAA`, `CNAME`, `MX`, `NS`, `TXT` or `CAA`.
    pub kind: String,
    /// What it must resolve to; empty: to anything.
    pub expect: Vec<String>,
    /// Whether it must resolve to nothing else.
    pub exact: bool,
    /// A resolver to ask (`address:port`); `None` is the system's.
    pub resolver: Option<SocketAddr>,
}

/// An endpoint whose security headers are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderEndpoint {
    /// What to GET.
    pub url: Url,
    /// Headers that must be there.
    pub required: Vec<String>,
    /// A PEM file of further roots.
    pub ca_file: Option<PathBuf>,
}
