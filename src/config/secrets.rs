//! Which secrets a configuration holds: what must never be written down.

use std::path::PathBuf;

use super::{CdnId, Config, How, HttpAuth, HttpBackend, Secret};

/// Headers whose names hold one of these carry a secret.
const CARRIERS: &[&str] = &["authorization", "cookie", "token", "secret", "key", "password", "auth"];

/// Whether a header of that name carries a secret.
pub fn carries_secret(header: &str) -> bool {
    let header = header.to_ascii_lowercase();
    CARRIERS.iter().any(|word| header.contains(word))
}

/// The values that must never be written down: passwords, tokens, and headers that carry one. A tenant or another plain header
/// is none, though it is kept like one.
pub fn secrets(config: &Config) -> Vec<String> {
    let backends = backends(config).flat_map(of_backend);
    let checks = config.services.iter().flat_map(|service| &service.health);
    let checks = checks.flat_map(|check| headers(&check.headers));
    let networks = config.services.iter().filter_map(|service| service.cdn.as_ref()).filter_map(|cdn| match &cdn.id {
        CdnId::Cloudflare { token, .. } => Some(token.reveal().to_owned()),
        CdnId::CloudFront { .. } => None,
    });
    backends.chain(checks).chain(networks).collect()
}

/// The files whose first line is a token that is read anew before each use.
pub fn secret_files(config: &Config) -> Vec<PathBuf> {
    let file = |backend: &HttpBackend| match &backend.auth {
        HttpAuth::BearerFile(file) => Some(file.clone()),
        _ => None,
    };
    backends(config).filter_map(file).collect()
}

fn backends(config: &Config) -> impl Iterator<Item = &HttpBackend> {
    let apis = config.http.iter().map(|source| &source.backend);
    config.prometheus.iter().chain(&config.alertmanager).chain(apis)
}

fn of_backend(backend: &HttpBackend) -> Vec<String> {
    let auth = match &backend.auth {
        HttpAuth::Bearer(secret) | HttpAuth::Basic { password: secret, .. } => Some(secret.reveal().to_owned()),
        HttpAuth::None | HttpAuth::BearerFile(_) => None,
    };
    let url = backend.url.password().map(str::to_owned);
    auth.into_iter().chain(url).chain(headers(&backend.headers)).collect()
}

/// A header with a prefix (`Bearer …`) is also a secret without it.
fn headers(headers: &[(String, Secret)]) -> Vec<String> {
    let carriers = headers.iter().filter(|(name, _)| carries_secret(name)).map(|(_, secret)| secret.reveal());
    carriers
        .flat_map(|value| std::iter::once(value).chain(value.split_once(' ').map(|(_, bare)| bare)))
        .map(str::to_owned)
        .collect()
}

/// Whether a variable is named like a secret, such as `AWS_SECRET_ACCESS_KEY` and `GITHUB_TOKEN`. What names a file or an
/// address is none.
pub fn is_named_like_a_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let words = ["SECRET", "TOKEN", "PASSWORD", "PASSWD", "API_KEY", "APIKEY", "PRIVATE_KEY", "CREDENTIAL"];
    let place = ["_FILE", "_PATH", "_DIR", "_URI", "_URL", "_ARN", "_ID", "_NAME"];
    words.iter().any(|word| name.contains(word)) && !place.iter().any(|end| name.ends_with(end))
}

/// The values of variables that are named like a secret.
pub fn variables(variables: impl IntoIterator<Item = (String, String)>) -> Vec<String> {
    let named = variables.into_iter().filter(|(name, value)| is_named_like_a_secret(name) && !value.starts_with('/'));
    named.map(|(_, value)| value).collect()
}

/// The values of the variables that declared commands are given, whatever they are called: what a command prints of them is
/// covered. Paths are none.
pub fn given_to_commands(config: &Config, variable: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let named = config.actions.iter().filter_map(|action| match &action.how {
        How::Exec(command) => Some(&command.env),
        How::Http(_) => None,
    });
    named.flatten().filter_map(|name| variable(name)).filter(|value| !value.starts_with('/')).collect()
}
