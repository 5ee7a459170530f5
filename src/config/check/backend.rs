//! `[aws]`, `[cloudwatch]`, `[ecs]`, `[prometheus]`, `[alertmanager]`, `[simulator]`.

use std::collections::BTreeMap;
use std::time::Duration;

use url::Url;

use super::place::places;
use super::words::{duration, file, filled, line, maybe, or, path, secret, secret_file, url};
use crate::config::raw::{Entry, Section};
use crate::config::secrets::carries_secret;
use crate::config::{Aws, CloudWatch, EnvironmentKind, HttpAuth, HttpBackend, Polling, Secret, Simulator, TraceUrl};
use crate::simulator::Scenario;

const SECOND: Duration = Duration::from_secs(1);
const LONGEST_INTERVAL: Duration = Duration::from_secs(3_600);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(300);

/// Defaults of polling: interval and timeout in seconds.
pub(super) const fn every(interval: u64, timeout: u64) -> Polling {
    Polling { interval: Duration::from_secs(interval), timeout: Duration::from_secs(timeout) }
}

/// `interval` and `timeout` of any section.
pub(super) fn polling(section: &Section<'_>, default: Polling) -> Option<Polling> {
    let interval = or(section.get("interval"), default.interval, interval);
    let timeout = or(section.get("timeout"), default.timeout, |entry| {
        duration(entry, Duration::from_millis(100)..=LONGEST_TIMEOUT)
    });
    Some(Polling { interval: interval?, timeout: timeout? })
}

/// A polling interval.
pub(super) fn interval(entry: &Entry<'_>) -> Option<Duration> {
    duration(entry, SECOND..=LONGEST_INTERVAL)
}

/// `[aws]`. In production the account must be named, so that a wrong login is noticed.
pub(super) fn aws(section: &Section<'_>, kind: EnvironmentKind) -> Option<Aws> {
    let profile = maybe(section.get("profile"), line);
    let region = section.need("region").and_then(|entry| region(&entry));
    let account = maybe(section.get("account"), account);
    let role_arn = maybe(section.get("role_arn"), role);
    let action_role_arn = maybe(section.get("action_role_arn"), role);
    let endpoint = maybe(section.get("endpoint"), optional_url);
    let itself = || {
        Some(Aws {
            profile: profile?.filter(|profile| !profile.is_empty()),
            region: region?,
            account: account?.flatten(),
            role_arn: role_arn?.flatten(),
            action_role_arn: action_role_arn?.flatten(),
            endpoint: endpoint?.flatten(),
            places: BTreeMap::new(),
        })
    };
    let itself = itself().and_then(|aws| accountable(section, aws, kind));
    let places = places(section, itself.as_ref(), kind);
    section.done();
    Some(Aws { places: places?, ..itself? })
}

fn accountable(section: &Section<'_>, aws: Aws, kind: EnvironmentKind) -> Option<Aws> {
    if aws.account.is_none() && kind == EnvironmentKind::Production {
        section.error(
            "the key `account` is missing",
            Some("in production name the account (12 digits) that the credentials must belong to"),
        );
        return None;
    }
    Some(aws)
}

pub(super) fn region(entry: &Entry<'_>) -> Option<String> {
    let value = entry.expanded()?.value;
    let parts: Vec<&str> = value.split('-').collect();
    let words =
        parts.len() >= 3 && parts.iter().all(|part| part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
    let number = parts.last().is_some_and(|last| last.parse::<u8>().is_ok());
    if words && number && parts.iter().all(|part| !part.is_empty()) {
        return Some(value);
    }
    entry.error("is not a region", Some("such as us-east-1 or eu-central-1"));
    None
}

/// An account; an empty string (of an optional variable) is none.
pub(super) fn account(entry: &Entry<'_>) -> Option<Option<String>> {
    let value = entry.expanded()?.value;
    if value.is_empty() {
        return Some(None);
    }
    if value.len() == 12 && value.chars().all(|c| c.is_ascii_digit()) {
        return Some(Some(value));
    }
    entry.error("is not an AWS account", Some("12 digits in quotes, such as \"123456789012\""));
    None
}

/// A role's ARN; an empty string (of an optional variable) is none.
pub(super) fn role(entry: &Entry<'_>) -> Option<Option<String>> {
    let value = entry.expanded()?.value;
    if value.is_empty() {
        return Some(None);
    }
    if is_role_arn(&value) {
        return Some(Some(value));
    }
    entry.error("is not the ARN of a role", Some("such as arn:aws:iam::123456789012:role/on-call"));
    None
}

fn is_role_arn(value: &str) -> bool {
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    let [arn, partition, service, region, account, resource] = parts[..] else { return false };
    let path = resource.strip_prefix("role/").unwrap_or_default();
    arn == "arn"
        && partition.starts_with("aws")
        && service == "iam"
        && region.is_empty()
        && account.len() == 12
        && account.chars().all(|c| c.is_ascii_digit())
        && !path.is_empty()
        && path.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@_-/".contains(c))
}

pub(super) fn optional_url(entry: &Entry<'_>) -> Option<Option<Url>> {
    let empty = entry.expanded()?.value.is_empty();
    if empty { Some(None) } else { url(entry).map(Some) }
}

/// `[cloudwatch]`.
pub(super) fn cloudwatch(section: &Section<'_>) -> Option<CloudWatch> {
    let polling = polling(section, every(60, 20));
    let prefixes = or(section.get("alarm_prefixes"), Vec::new(), |entry| {
        let items = entry.clone().items()?;
        items.iter().map(line).collect::<Vec<_>>().into_iter().collect()
    });
    let budget = maybe(section.get("budget_usd_month"), budget);
    section.done();
    Some(CloudWatch { polling: polling?, alarm_prefixes: prefixes?, budget_usd_month: budget?, slowed: 1.0 })
}

/// A budget in USD a month.
fn budget(entry: &Entry<'_>) -> Option<f64> {
    let value = entry.number()?;
    if (0.01..=1_000_000.0).contains(&value) {
        return Some(value);
    }
    entry.error("must lie between 0.01 and 1000000", Some("USD a month, such as 20"));
    None
}

/// `[ecs]`.
pub(super) fn ecs(section: &Section<'_>) -> Option<Polling> {
    let polling = polling(section, ECS);
    section.done();
    polling
}

/// Polling of ECS where `[ecs]` is not there.
pub(super) const ECS: Polling = every(15, 10);

/// What an HTTP backend is where nothing is written, and how many series (of a tenant) its answers may have, if they have
/// any: where nothing is written, and at most.
pub(super) struct HttpDefaults {
    pub(super) polling: Polling,
    pub(super) max_body: u64,
    pub(super) series: Option<(u64, u64)>,
}

/// Prometheus: one answer serves a whole fleet. 5,000 services with 15 buckets each are 75,000 series, in 8 MB at once or
/// 23 MB of history without buckets; what an answer may take is bounded by its bytes.
const PROMETHEUS: HttpDefaults =
    HttpDefaults { polling: every(15, 10), max_body: 32 << 20, series: Some((100_000, 1_000_000)) };

/// Alertmanager: nobody reads more than a hundred alerts.
const ALERTMANAGER: HttpDefaults =
    HttpDefaults { polling: every(15, 10), max_body: 8 << 20, series: Some((100, 10_000)) };

/// What the API itself takes: `parameters` must not stand in its way.
const OWN_PARAMETERS: [&str; 7] = ["query", "time", "start", "end", "step", "timeout", "limit"];

/// The header by which Mimir, Cortex and Thanos' receivers tell tenants apart.
const TENANT: &str = "X-Scope-OrgID";

/// `[prometheus]`: any server with its API.
pub(super) fn prometheus(section: &Section<'_>) -> Option<HttpBackend> {
    let parameters = section.section("parameters").map_or(Some(Vec::new()), |section| parameters(&section));
    let trace_url = maybe(section.get("trace_url"), trace_url);
    let backend = http_backend(section, &PROMETHEUS);
    section.done();
    Some(HttpBackend { parameters: parameters?, trace_url: trace_url?, ..backend? })
}

fn parameters(section: &Section<'_>) -> Option<Vec<(String, String)>> {
    let read = |(key, _, entry): &(&str, _, Entry<'_>)| {
        if OWN_PARAMETERS.contains(key) {
            entry.error("is set by the query itself", Some("such as dedup = \"true\", partial_response = \"true\""));
            return None;
        }
        Some(((*key).to_owned(), filled(entry)?))
    };
    section.all().iter().map(read).collect::<Vec<_>>().into_iter().collect()
}

fn trace_url(entry: &Entry<'_>) -> Option<TraceUrl> {
    let url = TraceUrl::new(&filled(entry)?);
    if url.is_none() {
        entry.error(
            "is not the address of a trace",
            Some(
                "an http or https URL with {trace_id} in it once, such as https://jaeger.example.com/trace/{trace_id}",
            ),
        );
    }
    url
}

/// A tenant's name, as Mimir allows it: what a header can carry, and no separator of tenants but `|`.
fn tenant(entry: &Entry<'_>) -> Option<String> {
    let value = filled(entry)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!-_.*'()|".contains(c);
    if value.len() <= 150 && value.chars().all(allowed) {
        return Some(value);
    }
    entry.error(
        "is not the name of a tenant",
        Some("up to 150 letters, digits and !-_.*'(); several are joined by `|`"),
    );
    None
}

fn with_tenant(
    section: &Section<'_>,
    mut headers: Vec<(String, Secret)>,
    tenant: Option<String>,
) -> Option<Vec<(String, Secret)>> {
    let Some(tenant) = tenant else { return Some(headers) };
    if headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(TENANT)) {
        section
            .error(&format!("names the tenant twice: as tenant and as the header {TENANT}"), Some("keep one of them"));
        return None;
    }
    headers.push((TENANT.to_owned(), Secret::new(tenant)));
    Some(headers)
}

/// `[alertmanager]`.
pub(super) fn alertmanager(section: &Section<'_>) -> Option<HttpBackend> {
    let backend = http_backend(section, &ALERTMANAGER);
    section.done();
    backend
}

/// The keys of any HTTP backend.
pub(super) fn http_backend(section: &Section<'_>, default: &HttpDefaults) -> Option<HttpBackend> {
    let url = section.need("url").and_then(|entry| base_url(&entry));
    let auth = auth(section);
    let headers = section.section("headers").map_or(Some(Vec::new()), |headers| self::headers(&headers));
    let tenant = maybe(default.series.and_then(|_| section.get("tenant")), tenant);
    let ca_file = maybe(section.get("ca_file"), file);
    let client_cert_file = maybe(section.get("client_cert_file"), file);
    let polling = polling(section, default.polling);
    let (series, most) = default.series.unwrap_or((0, 0));
    let max_series =
        or(default.series.and_then(|_| section.get("max_series")), series, |entry| entry.integer(1..=most));
    let max_body = or(section.get("max_body"), default.max_body, |entry| entry.integer(1_024..=256 << 20));
    Some(HttpBackend {
        url: url?,
        auth: auth?,
        headers: with_tenant(section, headers?, tenant?)?,
        ca_file: ca_file?,
        client_cert_file: client_cert_file?,
        polling: polling?,
        max_series: usize::try_from(max_series?).ok()?,
        max_body: usize::try_from(max_body?).ok()?,
        parameters: Vec::new(),
        trace_url: None,
    })
}

fn base_url(entry: &Entry<'_>) -> Option<Url> {
    let url = url(entry)?;
    if url.query().is_some() {
        entry
            .error("must not have a query (?…)", Some("only the base address, such as https://prometheus.example.com"));
        return None;
    }
    Some(url)
}

fn auth(section: &Section<'_>) -> Option<HttpAuth> {
    let file = section.get("bearer_token_file").map(|entry| path(&entry).map(HttpAuth::BearerFile));
    let token = section.get("bearer_token").map(|entry| secret(&entry).map(HttpAuth::Bearer));
    let basic = section.section("basic").map(|section| basic(&section));
    let mut given: Vec<Option<HttpAuth>> = [file, token, basic].into_iter().flatten().collect();
    if given.len() > 1 {
        section.error("has several ways to authenticate", Some("keep one of bearer_token_file, bearer_token, basic"));
        return None;
    }
    given.pop().unwrap_or(Some(HttpAuth::None))
}

fn basic(section: &Section<'_>) -> Option<HttpAuth> {
    let user = section.need("user").and_then(|entry| filled(&entry));
    let from_variable = section.get("password").map(|entry| secret(&entry));
    let from_file = section.get("password_file").map(|entry| secret_file(&entry));
    section.done();
    let password = match (from_variable, from_file) {
        (Some(password), None) | (None, Some(password)) => password,
        _ => {
            section.error("needs a password", Some("one of password (from a variable) and password_file"));
            None
        }
    };
    Some(HttpAuth::Basic { user: user?, password: password? })
}

/// Headers. Those that carry a secret must take it from a variable.
pub(super) fn headers(section: &Section<'_>) -> Option<Vec<(String, Secret)>> {
    let read = |(key, _, entry): &(&str, _, Entry<'_>)| header(key, entry);
    section.all().iter().map(read).collect::<Vec<_>>().into_iter().collect()
}

fn header(key: &str, entry: &Entry<'_>) -> Option<(String, Secret)> {
    let token = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c));
    if !token {
        entry.error("is not the name of a header", Some("letters, digits and `-`, such as X-Scope-OrgID"));
        return None;
    }
    let value = match entry.is_table() {
        true => header_file(&entry.clone().section()?),
        false if carries_secret(key) => secret(entry),
        false => line(entry).map(Secret::new),
    };
    Some((key.to_owned(), value?))
}

/// `{ file = "…", prefix = "Bearer " }`: the first line of a file, after a prefix.
fn header_file(section: &Section<'_>) -> Option<Secret> {
    let secret = section.need("file").and_then(|entry| secret_file(&entry));
    let prefix = or(section.get("prefix"), String::new(), line);
    section.done();
    Some(Secret::new(format!("{}{}", prefix?, secret?.reveal())))
}

/// `[simulator]`.
pub(super) fn simulator(section: &Section<'_>) -> Option<Simulator> {
    let seed = or(section.get("seed"), 1, |entry| entry.integer(0..=i64::MAX.unsigned_abs()));
    let scenario =
        or(section.get("scenario"), Scenario::Overload, |entry| entry.one_of(crate::simulator::scenario::ALL));
    let interval = or(section.get("interval"), SECOND, interval);
    section.done();
    Some(Simulator { seed: seed?, scenario: scenario?.name().to_owned(), interval: interval? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_arn_of_a_role_is_one() {
        assert!(is_role_arn("arn:aws:iam::123456789012:role/on-call"));
        assert!(is_role_arn("arn:aws-cn:iam::123456789012:role/team/on-call"));
        for wrong in
            ["on-call", "arn:aws:iam::12:role/x", "arn:aws:iam::123456789012:user/x", "arn:aws:iam::123456789012:role/"]
        {
            assert!(!is_role_arn(wrong), "{wrong}");
        }
    }

    #[test]
    fn headers_that_carry_secrets_are_known_by_name() {
        assert!(carries_secret("X-Api-Key") && carries_secret("Authorization") && carries_secret("X-Auth-Token"));
        assert!(!carries_secret("X-Scope-OrgID"));
    }
}
