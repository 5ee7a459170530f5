//! `[[service.certificate]]`, `[[service.acm]]`, `[[service.dns]]`, `[[service.security_headers]]`.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use super::Sources;
use super::backend::{every, polling};
use super::words::{file, filled, maybe, name, or, place, url};
use crate::config::raw::{Entry, Section};
use crate::config::{
    AcmCertificate, CertificatePlace, DnsRecord, ExpiryBounds, HeaderEndpoint, Polling, ProbeCheck, ProbeKind,
};

/// Certificates and headers change by the day.
const SELDOM: Polling = every(300, 10);

/// Records are changed by hand, and a wrong one is an outage.
const DNS: Polling = every(60, 5);

/// The headers that are asked for where none are named: the first four that scanners look for.
const HEADERS: [&str; 4] =
    ["Content-Security-Policy", "Strict-Transport-Security", "X-Frame-Options", "X-Content-Type-Options"];

/// Types of records.
const RECORDS: &[(&str, &str)] =
    &[("A", "A"), ("AAAA", "AAAA"), ("CNAME", "CNAME"), ("MX", "MX"), ("NS", "NS"), ("TXT", "TXT"), ("CAA", "CAA")];

/// Reads what is special to one kind.
type Read = fn(&Section<'_>, &Sources) -> Option<ProbeKind>;

const KINDS: [(&str, Read, Polling); 4] = [
    ("certificate", certificate, SELDOM),
    ("acm", acm, SELDOM),
    ("dns", dns, DNS),
    ("security_headers", headers, SELDOM),
];

/// All probes of a service; a name stands for one of them, whatever its kind.
pub(super) fn probes(service: &Section<'_>, sources: &Sources) -> Option<Vec<ProbeCheck>> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut probes = Vec::new();
    for (key, read, polling) in KINDS {
        for section in service.sections(key) {
            once(&section, &mut seen);
            probes.push(probe(&section, sources, read, polling));
        }
    }
    probes.into_iter().collect()
}

fn probe(section: &Section<'_>, sources: &Sources, read: Read, default: Polling) -> Option<ProbeCheck> {
    let name = section.need("name").and_then(|entry| name(&entry));
    let kind = read(section, sources);
    let polling = polling(section, default);
    section.done();
    Some(ProbeCheck { name: name?, kind: kind?, polling: polling? })
}

fn once(section: &Section<'_>, seen: &mut HashMap<String, usize>) {
    let Some(name) = section.peek("name").and_then(|entry| entry.written().map(str::to_owned)) else { return };
    if let Some(first) = seen.insert(name.clone(), section.document().line(section.span())) {
        let hint = format!("the first is in line {first}; certificates, records and headers share their names");
        section.error(&format!("the name `{name}` is there twice"), Some(&hint));
    }
}

fn certificate(section: &Section<'_>, _: &Sources) -> Option<ProbeKind> {
    let host = section.need("host").and_then(|entry| host(&entry));
    let port = or(section.get("port"), 443, |entry| u16::try_from(entry.integer(1..=65_535)?).ok());
    let bounds = bounds(section);
    let ca_file = maybe(section.get("ca_file"), file);
    Some(ProbeKind::Certificate(CertificatePlace { host: host?, port: port?, bounds: bounds?, ca_file: ca_file? }))
}

fn host(entry: &Entry<'_>) -> Option<String> {
    let value = entry.expanded()?.value;
    if value.parse::<IpAddr>().is_ok() || is_host(&value) {
        return Some(value);
    }
    entry
        .error("is not a host", Some("a name or an address alone, without https:// and path, such as www.example.com"));
    None
}

/// A name of letters, digits, `-` and `_` between dots, as DNS and TLS take it.
fn is_host(value: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    value.len() <= 253 && value.trim_end_matches('.').split('.').all(label)
}

fn bounds(section: &Section<'_>) -> Option<ExpiryBounds> {
    let days = |key, default: u32| or(section.get(key), default, |entry| u32::try_from(entry.integer(0..=3650)?).ok());
    let (warning, critical) = (days("warning_days", 21), days("critical_days", 7));
    let bounds = ExpiryBounds { warning_days: warning?, critical_days: critical? };
    if bounds.warning_days < bounds.critical_days {
        section.error("warning_days must not be less than critical_days", None);
        return None;
    }
    Some(bounds)
}

fn acm(section: &Section<'_>, sources: &Sources) -> Option<ProbeKind> {
    let domain = section.get("domain").map(|entry| filled(&entry));
    let arn = section.get("arn").map(|entry| arn(&entry));
    let place = place(section.get("place"), sources);
    let bounds = bounds(section);
    let certificate = match (domain, arn) {
        (Some(one), None) | (None, Some(one)) => one,
        _ => {
            section
                .error("needs a certificate", Some("one of domain = \"www.example.com\" and arn = \"arn:aws:acm:…\""));
            None
        }
    };
    if !sources.aws && sources.simulator.is_none() {
        section.error("needs the section [aws]", Some("add [aws] with its region"));
        return None;
    }
    Some(ProbeKind::Acm(AcmCertificate { certificate: certificate?, place: place?, bounds: bounds? }))
}

fn arn(entry: &Entry<'_>) -> Option<String> {
    let value = filled(entry)?;
    if value.starts_with("arn:aws") && value.contains(":acm:") && value.contains(":certificate/") {
        return Some(value);
    }
    entry.error("is not the ARN of a certificate", Some("such as arn:aws:acm:us-east-1:123456789012:certificate/…"));
    None
}

fn dns(section: &Section<'_>, _: &Sources) -> Option<ProbeKind> {
    let record = section.need("record").and_then(|entry| record(&entry));
    let kind = section.need("type").and_then(|entry| entry.one_of(RECORDS));
    let expect = or(section.get("expect"), Vec::new(), strings);
    let exact = or(section.get("exact"), false, |entry| entry.boolean());
    let resolver = maybe(section.get("resolver"), resolver);
    let (expect, exact) = (expect?, exact?);
    if exact && expect.is_empty() {
        section.error("exact needs expect", Some("expect = [\"203.0.113.7\"]"));
        return None;
    }
    Some(ProbeKind::Dns(DnsRecord { record: record?, kind: kind?.to_owned(), expect, exact, resolver: resolver? }))
}

fn record(entry: &Entry<'_>) -> Option<String> {
    let value = entry.expanded()?.value;
    if is_host(&value) {
        return Some(value);
    }
    entry.error("is not the name of a record", Some("such as www.example.com or _dmarc.example.com"));
    None
}

fn strings(entry: &Entry<'_>) -> Option<Vec<String>> {
    let items = entry.clone().items()?;
    items.iter().map(filled).collect::<Vec<_>>().into_iter().collect()
}

/// An address with or without a port.
fn resolver(entry: &Entry<'_>) -> Option<SocketAddr> {
    let value = entry.expanded()?.value;
    let alone = || value.parse::<IpAddr>().ok().map(|address| SocketAddr::new(address, 53));
    let resolver = value.parse().ok().or_else(alone);
    if resolver.is_none() {
        entry.error("is not the address of a resolver", Some("such as 1.1.1.1, 10.0.0.2:53 or [2606:4700::1111]:53"));
    }
    resolver
}

fn headers(section: &Section<'_>, _: &Sources) -> Option<ProbeKind> {
    let url = section.need("url").and_then(|entry| url(&entry));
    let default = || HEADERS.map(str::to_owned).to_vec();
    let required = section.get("required").map_or_else(|| Some(default()), |entry| header_names(&entry));
    let ca_file = maybe(section.get("ca_file"), file);
    Some(ProbeKind::SecurityHeaders(HeaderEndpoint { url: url?, required: required?, ca_file: ca_file? }))
}

fn header_names(entry: &Entry<'_>) -> Option<Vec<String>> {
    let names = strings(entry)?;
    let token = |name: &String| name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if !names.is_empty() && names.iter().all(token) {
        return Some(names);
    }
    entry.error("is not a list of headers", Some("such as [\"Strict-Transport-Security\", \"Referrer-Policy\"]"));
    None
}
