//! Builds the client: TLS, timeouts, and the rule for redirects.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::redirect::{Attempt, Policy};

use super::Access;
use super::fault::{Fault, shown};
use crate::source::SourceErrorKind;

/// The longest that connecting may take, within the request's own timeout.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The most redirects that are followed within one origin.
const MAX_REDIRECTS: usize = 3;

/// Whose certificates to believe, and our own.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Whether the system's roots are believed; reading them takes time, so plain HTTP goes without.
    pub system_roots: bool,
    /// A PEM file of further roots.
    pub ca_file: Option<PathBuf>,
    /// A PEM file with our certificate and key.
    pub client_cert_file: Option<PathBuf>,
}

/// Builds a client; one that `changes` something sends each request once, on a connection of its own, and nowhere else.
pub(super) fn build(access: &Access, changes: bool) -> Result<reqwest::Client, Fault> {
    // An error means that a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("quarterdeck/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT.min(access.timeout))
        .timeout(access.timeout)
        .pool_max_idle_per_host(4)
        .tls_info(true)
        .redirect(Policy::custom(within_origin));
    if changes {
        builder = builder.redirect(Policy::none()).retry(reqwest::retry::never()).pool_max_idle_per_host(0);
    }
    builder = with_roots(builder, &access.trust)?;
    if let Some(path) = &access.trust.client_cert_file {
        let pem = read(path, "client certificate")?;
        let identity =
            reqwest::Identity::from_pem(&pem).map_err(|error| unusable(path, "client certificate", &error))?;
        builder = builder.identity(identity);
    }
    builder.build().map_err(|error| {
        let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        Fault { kind: SourceErrorKind::Unreachable, reason: format!("TLS can't be set up: {cause}") }
    })
}

fn with_roots(builder: reqwest::ClientBuilder, trust: &Trust) -> Result<reqwest::ClientBuilder, Fault> {
    let extra = match &trust.ca_file {
        Some(path) => {
            let pem = read(path, "CA")?;
            reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| unusable(path, "CA", &error))?
        }
        None => Vec::new(),
    };
    Ok(match trust.system_roots {
        true => builder.tls_certs_merge(extra),
        false => builder.tls_certs_only(extra),
    })
}

fn read(path: &Path, what: &str) -> Result<Vec<u8>, Fault> {
    std::fs::read(path).map_err(|error| unusable(path, what, &error))
}

fn unusable(path: &Path, what: &str, error: &dyn std::fmt::Display) -> Fault {
    let reason = format!("{what} file {}: {error}", path.display());
    Fault { kind: SourceErrorKind::Unauthorised, reason }
}

/// A redirect is followed within the origin (scheme, host, port) only: elsewhere, another server would answer for this one.
fn within_origin(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let origin = attempt.previous().first().map(url::Url::origin);
    if origin != Some(attempt.url().origin()) {
        let place = shown(attempt.url());
        return attempt.error(format!("it redirects to {place}, another place, which is not followed"));
    }
    match attempt.previous().len() > MAX_REDIRECTS {
        true => attempt.error("it redirects in circles"),
        false => attempt.follow(),
    }
}
