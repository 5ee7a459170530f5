//! Certificates, DNS records and security headers, looked at on servers of our own.

use std::time::Duration;

use quarterdeck::clock::Now;
use quarterdeck::config::{
    CertificatePlace, DnsRecord, ExpiryBounds, HeaderEndpoint, HttpAuth, Polling, ProbeCheck, ProbeKind,
};
use quarterdeck::source::http::{Access, HttpClient, Trust};
use quarterdeck::source::{Ask, HealthState, Name, Payload, Probe, SourceError, SourceErrorKind};

use super::dns_server::{DnsServer, Reply, name};
use super::tls_server::{Authority, Day, TlsServer};
use super::{Scripted, reply};

/// All looks are made on this day: 2026-01-01.
fn today() -> Now {
    Now::fixed(0)
}

async fn look(kind: ProbeKind) -> Result<Probe, SourceError> {
    let polling = Polling { interval: Duration::from_secs(60), timeout: Duration::from_secs(3) };
    let check = ProbeCheck { name: Name::from("it"), kind, polling };
    let source = quarterdeck::source::probe::source(&Name::from("web"), &check).unwrap();
    let (out, mut readings) = tokio::sync::mpsc::channel(4);
    let ask = Ask { now: today(), backfill: None };
    quarterdeck::source::poll::once(source.as_ref(), ask, &out).await;
    match readings.recv().await.unwrap().outcome? {
        Payload::Probe(probe) => Ok(probe),
        other => panic!("{other:?}"),
    }
}

/// State and words of one fact.
fn fact<'a>(probe: &'a Probe, name: &str) -> (HealthState, &'a str) {
    let found = probe.facts.iter().find(|fact| fact.name.as_str() == name);
    let found = found.unwrap_or_else(|| panic!("no {name} in {probe:?}"));
    (found.state, found.found.as_str())
}

fn place(host: &str, port: u16, authority: &Authority) -> ProbeKind {
    ProbeKind::Certificate(CertificatePlace {
        host: host.to_owned(),
        port,
        bounds: ExpiryBounds { warning_days: 21, critical_days: 7 },
        ca_file: Some(authority.file.path().to_owned()),
    })
}

/// What is found of a server for `localhost` whose certificate ends on that day.
async fn until(end: Day) -> Probe {
    let authority = Authority::new();
    let server = authority.serve(&["localhost"], (2020, 1, 1), end, "").await;
    look(place("localhost", server.port, &authority)).await.unwrap()
}

#[tokio::test]
async fn a_certificate_is_told_with_its_days_and_judged_by_them() {
    let well = until((2026, 3, 3)).await;
    assert_eq!((well.state, well.summary.as_str()), (HealthState::Healthy, "certificate expires in 61 d, 2026-03-03"));
    assert_eq!(well.expires, "2026-03-03T00:00:00Z".parse().ok());
    assert_eq!(fact(&well, "name"), (HealthState::Healthy, "is for localhost"));
    assert_eq!(fact(&well, "chain"), (HealthState::Healthy, "is trusted"));
    assert_eq!(fact(&well, "issuer").1, "Test Authority");
    // The bounds are 21 and 7 days: on the day they begin, one day earlier is not yet.
    for (end, state) in [
        ((2026, 1, 22), HealthState::Healthy),
        ((2026, 1, 21), HealthState::Degraded),
        ((2026, 1, 8), HealthState::Degraded),
        ((2026, 1, 7), HealthState::Unhealthy),
    ] {
        assert_eq!(until(end).await.state, state, "{end:?}");
    }
}

#[tokio::test]
async fn an_expired_certificate_is_told_with_its_date_and_not_as_a_lost_connection() {
    let expired = until((2025, 12, 29)).await;
    assert_eq!(expired.state, HealthState::Unhealthy);
    assert_eq!(fact(&expired, "certificate"), (HealthState::Unhealthy, "EXPIRED 3 d ago, 2025-12-29"));
    assert_eq!(fact(&expired, "chain").1, "is NOT trusted: a certificate in it has expired");
}

#[tokio::test]
async fn a_certificate_that_is_not_valid_yet_is_unhealthy() {
    let authority = Authority::new();
    let server = authority.serve(&["localhost"], (2026, 2, 1), (2027, 1, 1), "").await;
    let probe = look(place("localhost", server.port, &authority)).await.unwrap();
    assert_eq!(fact(&probe, "certificate"), (HealthState::Unhealthy, "is NOT VALID before 2026-02-01 00:00 UTC"));
}

#[tokio::test]
async fn a_certificate_for_another_host_is_unhealthy_though_its_chain_is_trusted() {
    let authority = Authority::new();
    let server = authority.serve(&["www.example.com", "example.com"], (2020, 1, 1), (2030, 1, 1), "").await;
    let probe = look(place("localhost", server.port, &authority)).await.unwrap();
    assert_eq!(probe.state, HealthState::Unhealthy);
    assert_eq!(probe.summary.as_str(), "name is NOT for localhost, but for www.example.com, example.com");
    assert_eq!(fact(&probe, "chain").0, HealthState::Healthy);
}

#[tokio::test]
async fn a_chain_that_nobody_vouches_for_is_unhealthy() {
    let (authority, other) = (Authority::new(), Authority::new());
    let own = authority.self_signed(&["localhost"], (2020, 1, 1), (2030, 1, 1)).await;
    let foreign = other.serve(&["localhost"], (2020, 1, 1), (2030, 1, 1), "").await;
    for server in [own, foreign] {
        let probe = look(place("localhost", server.port, &authority)).await.unwrap();
        assert_eq!(probe.state, HealthState::Unhealthy);
        assert!(fact(&probe, "chain").1.starts_with("is NOT trusted: "), "{probe:?}");
    }
}

#[tokio::test]
async fn where_there_is_no_tls_nothing_is_known() {
    let authority = Authority::new();
    let plain = Scripted::json("{}").await;
    let error = look(place("localhost", plain.url.port().unwrap(), &authority)).await.unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Refused);
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let error = look(place("127.0.0.1", closed, &authority)).await.unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Unreachable);
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let error = look(place("127.0.0.1", silent.local_addr().unwrap().port(), &authority)).await.unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Timeout);
}

#[tokio::test]
async fn the_expiry_that_the_health_source_tells_is_the_certificate_s() {
    let authority = Authority::new();
    let server = authority.serve(&["localhost"], (2020, 1, 1), (2099, 6, 1), "").await;
    let trust = Trust { ca_file: Some(authority.file.path().to_owned()), ..Trust::default() };
    let timeout = Duration::from_secs(3);
    let access = Access { auth: HttpAuth::None, headers: Vec::new(), trust, timeout, max_body: 1024 };
    let client = HttpClient::new(Name::from("health web/main"), access);
    let url = format!("https://localhost:{}/", server.port).parse().unwrap();
    assert_eq!(client.get(&url).await.unwrap().tls_expires, "2099-06-01T00:00:00Z".parse().ok());
}

/// The whole binary on a health endpoint whose certificate ends in ten days, by the real clock.
#[tokio::test]
async fn a_health_endpoint_whose_certificate_ends_soon_is_degraded() {
    let end = Now::read().wall.checked_add(jiff::SignedDuration::from_hours(10 * 24 + 12)).unwrap();
    let end = end.to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = (i32::from(end.year()), u8::try_from(end.month()).unwrap(), u8::try_from(end.day()).unwrap());
    let authority = Authority::new();
    let server: TlsServer = authority.serve(&["localhost"], (2020, 1, 1), day, "").await;
    let home = tempfile::tempdir().unwrap();
    let text = format!(
        "[environment]\nname = \"t\"\nkind = \"development\"\n[[service]]\nname = \"web\"\n[[service.health]]\nname = \"main\"\n\
         url = \"https://localhost:{}/health\"\nshape = \"checks\"\ntls_warning_days = 14\n",
        server.port
    );
    let file = home.path().join("q.toml");
    std::fs::write(&file, text).unwrap();
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.args(["status", "--output", "json", "--config"]).arg(&file).env_clear().env("HOME", home.path());
    let output = command.env("SSL_CERT_FILE", authority.file.path()).output().await.unwrap();
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let health = &told["services"][0]["health"][0];
    assert_eq!(health["value"], "degraded", "{told}");
    assert_eq!(health["tls_expires"], format!("{end}T00:00:00Z"));
    assert!(health["detail"].as_str().unwrap().starts_with("the certificate expires in "), "{health}");
}

/// The whole binary on a health endpoint behind an authority of one's own.
#[tokio::test]
async fn a_health_endpoint_behind_a_private_authority_is_believed_by_its_ca_file_only() {
    let authority = Authority::new();
    let server: TlsServer = authority.serve(&["localhost"], (2020, 1, 1), (2099, 6, 1), "").await;
    let home = tempfile::tempdir().unwrap();
    for (trust, state) in [(format!("ca_file = {:?}\n", authority.file.path()), "live"), (String::new(), "failed")] {
        let text = format!(
            "[environment]\nname = \"t\"\nkind = \"development\"\n[[service]]\nname = \"web\"\n[[service.health]]\n\
             name = \"main\"\nurl = \"https://localhost:{}/health\"\n{trust}",
            server.port
        );
        let file = home.path().join("q.toml");
        std::fs::write(&file, text).unwrap();
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command.args(["status", "--output", "json", "--config"]).arg(&file).env_clear().env("HOME", home.path());
        let output = command.output().await.unwrap();
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let health = &told["services"][0]["health"][0];
        assert_eq!(health["state"], state, "{trust}{told}");
    }
}

fn record(kind: &str, expect: &[&str], server: &DnsServer) -> DnsRecord {
    DnsRecord {
        record: "www.example.com".to_owned(),
        kind: kind.to_owned(),
        expect: expect.iter().map(|value| (*value).to_owned()).collect(),
        exact: false,
        resolver: Some(server.address),
    }
}

async fn resolved(kind: &str, expect: &[&str], script: fn(&str, u16) -> Reply) -> Result<Probe, SourceError> {
    let server = DnsServer::start(script).await;
    look(ProbeKind::Dns(record(kind, expect, &server))).await
}

/// Two addresses behind an alias, as a network before a site answers.
fn two(asked: &str, kind: u16) -> Reply {
    assert_eq!((asked, kind), ("www.example.com", 1));
    let alias = (5, 300, name("www.example.com.cdn.example.net"));
    Some((0, vec![alias, (1, 60, vec![203, 0, 113, 7]), (1, 30, vec![203, 0, 113, 8])]))
}

#[tokio::test]
async fn a_record_that_resolves_to_what_is_configured_is_healthy_with_its_time_to_live() {
    // Real servers give the addresses under the alias's own name; the first answer's name is enough for both here.
    let probe = resolved("A", &["203.0.113.7"], |_, _| Some((0, vec![(1, 60, vec![203, 0, 113, 7])]))).await.unwrap();
    assert_eq!((probe.state, probe.summary.as_str()), (HealthState::Healthy, "A resolves to 203.0.113.7"));
    assert_eq!(fact(&probe, "time to live").1, "60 s");
}

#[tokio::test]
async fn more_than_is_expected_is_told_and_only_exact_refuses_it() {
    let server = DnsServer::start(|_, _| two("www.example.com", 1).map(|(code, all)| (code, all[1..].to_vec()))).await;
    let expected = record("A", &["203.0.113.7"], &server);
    let probe = look(ProbeKind::Dns(expected.clone())).await.unwrap();
    assert_eq!(probe.state, HealthState::Healthy);
    assert!(probe.facts.iter().any(|fact| fact.found.as_str() == "resolves to 203.0.113.8 too"), "{probe:?}");
    let probe = look(ProbeKind::Dns(DnsRecord { exact: true, ..expected })).await.unwrap();
    assert_eq!((probe.state, probe.summary.as_str()), (HealthState::Unhealthy, "A 203.0.113.8 is NOT EXPECTED"));
}

#[tokio::test]
async fn a_record_that_points_elsewhere_is_unhealthy_and_says_where() {
    let probe = resolved("A", &["203.0.113.9"], |_, _| Some((0, vec![(1, 60, vec![198, 51, 100, 1])]))).await.unwrap();
    let told = "A 203.0.113.9 is MISSING; it resolves to 198.51.100.1";
    assert_eq!((probe.state, probe.summary.as_str()), (HealthState::Unhealthy, told));
}

#[tokio::test]
async fn records_are_compared_as_people_write_them() {
    let mail = |_: &str, _: u16| Some((0, vec![(15, 300, [vec![0, 10], name("Mail.Example.com")].concat())]));
    assert_eq!(resolved("MX", &["10 mail.example.com"], mail).await.unwrap().state, HealthState::Healthy);
    let text = |_: &str, _: u16| Some((0, vec![(16, 300, b"\x0Av=spf1 inc\x07lude:x\0".to_vec())]));
    let probe = resolved("TXT", &["v=spf1 include:x\0"], text).await.unwrap();
    assert_eq!(probe.state, HealthState::Healthy, "strings of one record are joined: {probe:?}");
    assert!(probe.facts.iter().all(|fact| !fact.found.contains('\0')), "{probe:?}");
    let authority = |_: &str, _: u16| Some((0, vec![(257, 300, b"\0\x05issueletsencrypt.org".to_vec())]));
    assert_eq!(resolved("CAA", &["0 issue letsencrypt.org"], authority).await.unwrap().state, HealthState::Healthy);
}

#[tokio::test]
async fn a_name_or_record_that_is_not_there_is_unhealthy() {
    let probe = resolved("A", &[], |_, _| Some((3, Vec::new()))).await.unwrap();
    assert_eq!(probe.summary.as_str(), "A www.example.com does NOT EXIST (NXDOMAIN)");
    let probe = resolved("AAAA", &[], |_, _| Some((0, Vec::new()))).await.unwrap();
    assert_eq!((probe.state, probe.facts[0].found.as_str()), (HealthState::Unhealthy, "has NO SUCH RECORD"));
}

#[tokio::test]
async fn a_resolver_that_fails_or_is_silent_says_nothing_of_the_record() {
    for code in [2, 5] {
        let server = DnsServer::start(move |_, _| Some((code, Vec::new()))).await;
        let error = look(ProbeKind::Dns(record("A", &[], &server))).await.unwrap_err();
        assert_eq!(error.kind, SourceErrorKind::Refused, "{error}");
        assert!(error.reason.contains("the resolver answered"), "{error}");
    }
    let error = resolved("A", &[], |_, _| None).await.unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Timeout, "{error}");
}

fn endpoint(url: url::Url, authority: Option<&Authority>) -> ProbeKind {
    let required =
        ["Content-Security-Policy", "Strict-Transport-Security", "X-Frame-Options", "X-Content-Type-Options"];
    ProbeKind::SecurityHeaders(HeaderEndpoint {
        url,
        required: required.map(str::to_owned).to_vec(),
        ca_file: authority.map(|authority| authority.file.path().to_owned()),
    })
}

#[tokio::test]
async fn headers_that_are_there_and_do_something_are_healthy() {
    let authority = Authority::new();
    let headers = "content-security-policy: default-src 'self'; frame-ancestors 'none'\r\n\
        strict-transport-security: max-age=31536000; includeSubDomains\r\nx-content-type-options: nosniff\r\n";
    let server = authority.serve(&["localhost"], (2020, 1, 1), (2099, 1, 1), headers).await;
    let url = format!("https://localhost:{}/", server.port).parse().unwrap();
    let probe = look(endpoint(url, Some(&authority))).await.unwrap();
    assert_eq!(probe.state, HealthState::Healthy, "{probe:?}");
    assert_eq!(fact(&probe, "X-Frame-Options").1, "by frame-ancestors of Content-Security-Policy");
}

#[tokio::test]
async fn headers_that_are_missing_or_do_nothing_are_told_one_by_one() {
    let server = Scripted::start(|_| {
        let mut answer = reply(200, "text/html", "<html>");
        for (header, value) in [
            ("strict-transport-security", "max-age=600"),
            ("x-frame-options", "ALLOW-FROM https://x"),
            ("x-content-type-options", "sniff"),
        ] {
            answer.headers_mut().insert(header, value.parse().unwrap());
        }
        answer
    })
    .await;
    let probe = look(endpoint(server.url.clone(), None)).await.unwrap();
    assert_eq!(probe.state, HealthState::Degraded);
    assert_eq!(fact(&probe, "Content-Security-Policy"), (HealthState::Degraded, "is MISSING"));
    assert_eq!(fact(&probe, "Strict-Transport-Security").1, "browsers IGNORE it over http: max-age=600");
    assert_eq!(fact(&probe, "X-Frame-Options").1, "is NEITHER deny nor sameorigin: ALLOW-FROM https://x");
    assert_eq!(fact(&probe, "X-Content-Type-Options").1, "is NOT nosniff: sniff");
}

#[tokio::test]
async fn the_headers_of_an_error_page_are_not_those_of_the_site() {
    let server = Scripted::start(|_| reply(503, "text/html", "")).await;
    let error = look(endpoint(server.url.clone(), None)).await.unwrap_err();
    assert_eq!((error.kind, error.reason.as_str()), (SourceErrorKind::Refused, "HTTP 503 Service Unavailable"));
}
