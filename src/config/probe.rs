//! Looks from outside: certificates, DNS records, security headers.

use super::Polling;
use crate::source::Name;

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
    Certificate {
        /// The host, which the certificate must be for.
        host: String,
        /// The port.
        port: u16,
        /// Degraded when it expires sooner.
        warning_days: u32,
        /// Unhealthy when it expires sooner.
        critical_days: u32,
    },
    /// A certificate of AWS Certificate Manager.
    Acm {
        /// Its domain or ARN.
        certificate: String,
        /// The place of `[[aws.place]]`; `None` is `[aws]` itself. CloudFront's are in us-east-1.
        place: Option<Name>,
        /// Degraded when it expires sooner.
        warning_days: u32,
        /// Unhealthy when it expires sooner.
        critical_days: u32,
    },
    /// A DNS record.
    Dns {
        /// The name that is asked for.
        record: String,
        /// `A`, `AAAA`, `CNAME`, `MX`, `NS`, `TXT` or `CAA`.
        kind: String,
        /// What it must resolve to; empty: to anything.
        expect: Vec<String>,
        /// A resolver to ask (`address:port`); `None` is the system's.
        resolver: Option<std::net::SocketAddr>,
    },
    /// Security headers of an endpoint.
    SecurityHeaders {
        /// What to GET.
        url: url::Url,
        /// Headers that must be there.
        required: Vec<String>,
    },
}
