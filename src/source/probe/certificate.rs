//! The certificate that a server presents: days to expiry, whether it is for the host, whether its chain is trusted.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error};
use rustls_platform_verifier::Verifier;
use tokio::sync::OnceCell;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;

use super::handshake::{presented, server_name};
use crate::clock::Now;
use crate::config::{CertificatePlace, ExpiryBounds, Polling};
use crate::source::{Fact, HealthState, Name, Probe, SourceError, SourceErrorKind};
use crate::text::Text;

/// Names of a certificate that are told.
const NAMES: usize = 6;

/// Looks at one server's certificate.
pub(super) struct CertificateProbe {
    source: Name,
    place: CertificatePlace,
    polling: Polling,
    /// Whose certificates are believed; reading them takes time, so they are read once.
    roots: OnceCell<Result<Arc<Verifier>, String>>,
}

impl CertificateProbe {
    pub(super) fn new(source: &Name, place: &CertificatePlace, polling: Polling) -> Self {
        Self { source: source.clone(), place: place.clone(), polling, roots: OnceCell::new() }
    }

    /// Connects and judges what is presented.
    pub(super) async fn look(&self, now: Now) -> Result<Probe, SourceError> {
        let failed = |(kind, reason): (SourceErrorKind, String)| SourceError::new(&self.source, kind, &reason);
        let late = || (SourceErrorKind::Timeout, format!("no answer within {} s", self.polling.timeout.as_secs_f64()));
        let looking = presented(&self.place.host, self.place.port);
        let chain = tokio::time::timeout(self.polling.timeout, looking).await.map_err(|_| failed(late()))?;
        let chain = chain.map_err(failed)?;
        let roots = self.roots.get_or_init(|| roots(self.place.ca_file.clone())).await;
        judge(&chain, &self.place, roots.as_ref(), now.wall)
            .map_err(|reason| failed((SourceErrorKind::Malformed, reason)))
    }
}

/// The system's roots, and those of a file.
async fn roots(ca_file: Option<PathBuf>) -> Result<Arc<Verifier>, String> {
    let read = tokio::task::spawn_blocking(move || {
        let extra = ca_file.map_or(Ok(Vec::new()), |file| certificates(&file))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        Verifier::new_with_extra_roots(extra, provider).map(Arc::new).map_err(|error| error.to_string())
    });
    read.await.map_err(|error| error.to_string())?
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("CA file {}: {error}", file.display());
    let all = CertificateDer::pem_file_iter(file).map_err(|error| wrong(&error))?;
    all.collect::<Result<_, _>>().map_err(|error| wrong(&error))
}

fn judge(
    chain: &[CertificateDer<'_>],
    place: &CertificatePlace,
    roots: Result<&Arc<Verifier>, &String>,
    now: Timestamp,
) -> Result<Probe, String> {
    let leaf = chain.first().ok_or("the server presented no certificate")?;
    let (_, parsed) =
        x509_parser::parse_x509_certificate(leaf).map_err(|error| format!("not a certificate: {error}"))?;
    let moment =
        |time: x509_parser::time::ASN1Time| Timestamp::from_second(time.timestamp()).map_err(|e| e.to_string());
    let (begins, expires) = (moment(parsed.validity().not_before)?, moment(parsed.validity().not_after)?);
    let name = server_name(&place.host)?;
    let facts = vec![
        expiry(Some(begins), expires, place.bounds, now),
        for_host(leaf, &name, &parsed),
        trusted(chain, &name, roots, now),
        Fact::new("issuer", HealthState::Healthy, &issuer(&parsed)),
    ];
    Ok(Probe::of(facts, Some(expires)))
}

/// How far away the expiry is.
pub(crate) fn expiry(begins: Option<Timestamp>, expires: Timestamp, bounds: ExpiryBounds, now: Timestamp) -> Fact {
    let date = expires.strftime("%Y-%m-%d");
    let left = expires.duration_since(now);
    let days = left.as_hours() / 24;
    let (state, found) = if begins.is_some_and(|begins| now < begins) {
        let begins = begins.map(|begins| begins.strftime("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default();
        (HealthState::Unhealthy, format!("is NOT VALID before {begins}"))
    } else if left.is_negative() {
        (HealthState::Unhealthy, format!("EXPIRED {} d ago, {date}", -days))
    } else {
        (bounds.state(days), format!("expires in {days} d, {date}"))
    };
    Fact::new("certificate", state, &found)
}

fn for_host(leaf: &CertificateDer<'_>, name: &ServerName<'_>, parsed: &X509Certificate<'_>) -> Fact {
    let covers = ParsedCertificate::try_from(leaf).and_then(|leaf| verify_server_name(&leaf, name));
    let names = names(parsed);
    let host = name.to_str();
    match covers {
        Ok(()) => Fact::new("name", HealthState::Healthy, &format!("is for {host}")),
        Err(_) => Fact::new("name", HealthState::Unhealthy, &format!("is NOT for {host}, but for {names}")),
    }
}

fn names(parsed: &X509Certificate<'_>) -> String {
    let alternative = parsed.subject_alternative_name().ok().flatten();
    let all: Vec<String> = alternative.iter().flat_map(|found| &found.value.general_names).filter_map(shown).collect();
    match all.len() {
        0 => "no name at all".to_owned(),
        many if many > NAMES => format!("{} and {} more", all[..NAMES].join(", "), many - NAMES),
        _ => all.join(", "),
    }
}

fn shown(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|bytes| std::net::Ipv4Addr::from(bytes).to_string()),
            _ => <[u8; 16]>::try_from(*bytes).ok().map(|bytes| std::net::Ipv6Addr::from(bytes).to_string()),
        },
        _ => None,
    }
}

/// Whether the chain leads to a root that is believed, at `now`. The verifier looks at the name last, and a wrong one is a
/// fact of its own.
fn trusted(
    chain: &[CertificateDer<'_>],
    name: &ServerName<'_>,
    roots: Result<&Arc<Verifier>, &String>,
    now: Timestamp,
) -> Fact {
    let Ok(verifier) = roots else {
        return Fact::new("chain", HealthState::Unknown, roots.err().map_or("", String::as_str));
    };
    let seconds = u64::try_from(now.as_second()).unwrap_or_default();
    let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    let Some((leaf, rest)) = chain.split_first() else {
        return Fact::new("chain", HealthState::Unknown, "is empty");
    };
    match verifier.verify_server_cert(leaf, rest, name, &[], at) {
        Ok(_) => Fact::new("chain", HealthState::Healthy, "is trusted"),
        Err(Error::InvalidCertificate(error)) if is_about_the_name(&error) => {
            Fact::new("chain", HealthState::Healthy, "is trusted")
        }
        Err(error) => Fact::new("chain", HealthState::Unhealthy, &why_not_trusted(&error)),
    }
}

fn is_about_the_name(error: &CertificateError) -> bool {
    matches!(error, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })
}

fn why_not_trusted(error: &Error) -> String {
    let Error::InvalidCertificate(error) = error else { return format!("is NOT trusted: {error}") };
    match error {
        CertificateError::UnknownIssuer => {
            "is NOT trusted: issued by nobody known (self-signed, or an intermediate is missing)".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "is NOT trusted: a certificate in it has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "is NOT trusted: a certificate in it is not valid yet".to_owned()
        }
        other => format!("is NOT trusted: {other}"),
    }
}

fn issuer(parsed: &X509Certificate<'_>) -> String {
    let issuer = parsed.issuer();
    let common = issuer.iter_common_name().next().and_then(|name| name.as_str().ok());
    let organisation = issuer.iter_organization().next().and_then(|name| name.as_str().ok());
    let parts: Vec<&str> = [common, organisation].into_iter().flatten().collect();
    Text::clean(&if parts.is_empty() { issuer.to_string() } else { parts.join(", ") }).to_string()
}

/// Judges any bytes as a server's certificate, for [`crate::fuzzing`].
pub(crate) fn decode_any(data: &[u8]) {
    let bounds = ExpiryBounds { warning_days: 30, critical_days: 7 };
    let place = CertificatePlace { host: "example.com".to_owned(), port: 443, bounds, ca_file: None };
    let chain = [CertificateDer::from(data.to_vec())];
    let _ = judge(&chain, &place, Err(&"no roots".to_owned()), Timestamp::UNIX_EPOCH);
}
