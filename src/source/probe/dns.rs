//! A DNS record: whether it resolves to what is configured.

use std::net::SocketAddr;
use std::str::FromStr;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{RData, Record, RecordType};

use crate::config::{DnsRecord, Polling};
use crate::source::{Fact, HealthState, Name, Probe, SourceError, SourceErrorKind};
use crate::text::Text;

/// Records of one answer that are looked at.
const RECORDS: usize = 50;

/// Looks up one record.
pub(super) struct DnsProbe {
    source: Name,
    record: DnsRecord,
    polling: Polling,
}

/// What the resolver answered: values with the least time to live, or that there are none.
enum Answer {
    Records { values: Vec<String>, ttl: u32 },
    NoName,
    NoRecord,
}

impl DnsProbe {
    pub(super) fn new(source: &Name, record: &DnsRecord, polling: Polling) -> Self {
        Self { source: source.clone(), record: record.clone(), polling }
    }

    /// Asks the resolver, and holds the answer against what is expected.
    pub(super) async fn look(&self) -> Result<Probe, SourceError> {
        let failed = |(kind, reason): (SourceErrorKind, String)| SourceError::new(&self.source, kind, &reason);
        let late = || (SourceErrorKind::Timeout, format!("no answer within {} s", self.polling.timeout.as_secs_f64()));
        let asking = tokio::time::timeout(self.polling.timeout, self.ask()).await;
        let answer = asking.map_err(|_| failed(late()))?.map_err(failed)?;
        Ok(judge(&self.record, &answer))
    }

    /// A new resolver each time: no cache stands between, and a changed `/etc/resolv.conf` (a VPN) is picked up.
    async fn ask(&self) -> Result<Answer, (SourceErrorKind, String)> {
        let kind = RecordType::from_str(&self.record.kind)
            .map_err(|_| (SourceErrorKind::Refused, format!("{} is no type of record", self.record.kind)))?;
        let resolver = resolver(self.record.resolver, self.polling).map_err(|error| fault(&error))?;
        let name = format!("{}.", self.record.record.trim_end_matches('.'));
        match resolver.lookup(name, kind).await {
            Ok(lookup) => Ok(records(lookup.answers(), kind)),
            Err(NetError::Dns(DnsError::NoRecordsFound(none))) => match none.response_code {
                ResponseCode::NXDomain => Ok(Answer::NoName),
                ResponseCode::NoError => Ok(Answer::NoRecord),
                code => Err((SourceErrorKind::Refused, format!("the resolver answered {code}"))),
            },
            Err(error) => Err(fault(&error)),
        }
    }
}

fn resolver(address: Option<SocketAddr>, polling: Polling) -> Result<TokioResolver, NetError> {
    let mut builder = match address {
        Some(address) => {
            let at = |connection: ConnectionConfig| with_port(connection, address.port());
            let connections = vec![at(ConnectionConfig::udp()), at(ConnectionConfig::tcp())];
            let server = NameServerConfig::new(address.ip(), true, connections);
            TokioResolver::builder_with_config(
                ResolverConfig::from_name_servers(vec![server]),
                TokioRuntimeProvider::default(),
            )
        }
        None => TokioResolver::builder_tokio()?,
    };
    let options = builder.options_mut();
    options.cache_size = 0;
    options.use_hosts_file = ResolveHosts::Never;
    options.attempts = 1;
    options.timeout = polling.timeout / 2;
    builder.build()
}

fn with_port(mut connection: ConnectionConfig, port: u16) -> ConnectionConfig {
    connection.port = port;
    connection
}

fn fault(error: &NetError) -> (SourceErrorKind, String) {
    match error {
        NetError::Timeout => (SourceErrorKind::Timeout, "the resolver did not answer".to_owned()),
        NetError::Dns(DnsError::ResponseCode(code)) => {
            (SourceErrorKind::Refused, format!("the resolver answered {code}"))
        }
        NetError::Io(_) | NetError::NoConnections => (SourceErrorKind::Unreachable, format!("no resolver: {error}")),
        other => (SourceErrorKind::Refused, other.to_string()),
    }
}

/// The values of the type that was asked; a chain of CNAMEs before them is left out.
fn records(answers: &[Record], kind: RecordType) -> Answer {
    let asked: Vec<&Record> = answers.iter().filter(|record| record.record_type() == kind).take(RECORDS).collect();
    match asked.iter().map(|record| record.ttl).min() {
        Some(ttl) => Answer::Records { values: asked.iter().map(|record| value(&record.data)).collect(), ttl },
        None => Answer::NoRecord,
    }
}

/// A record's value as zone files write it, without the dot at the end of names and without quotes.
fn value(data: &RData) -> String {
    match data {
        RData::TXT(text) => text.txt_data.iter().map(|part| String::from_utf8_lossy(part)).collect(),
        other => plain(&other.to_string()),
    }
}

/// Lower case, without quotes and the dot of the root: how two spellings of one record are compared.
fn plain(value: &str) -> String {
    value.replace('"', "").trim().trim_end_matches('.').to_ascii_lowercase()
}

fn judge(record: &DnsRecord, answer: &Answer) -> Probe {
    let what = format!("{} {}", record.kind, record.record);
    let none = |found: &str| Probe::of(vec![Fact::new(&what, HealthState::Unhealthy, found)], None);
    match answer {
        Answer::NoName => none("does NOT EXIST (NXDOMAIN)"),
        Answer::NoRecord => none("has NO SUCH RECORD"),
        Answer::Records { values, ttl } => {
            let mut facts = compared(record, values);
            facts.push(Fact::new("time to live", HealthState::Healthy, &format!("{ttl} s")));
            Probe::of(facts, None)
        }
    }
}

/// What is expected and what else is there.
fn compared(record: &DnsRecord, values: &[String]) -> Vec<Fact> {
    // Text is compared as it stands: it may be a key.
    let same = |a: &str, b: &str| if record.kind == "TXT" { a == b } else { plain(a) == plain(b) };
    let found: Vec<&str> = values.iter().map(String::as_str).collect();
    let expected = record.expect.iter().map(|wanted| match values.iter().any(|value| same(wanted, value)) {
        true => Fact::new(&record.kind, HealthState::Healthy, &format!("resolves to {wanted}")),
        false => {
            let told = format!("{wanted} is MISSING; it resolves to {}", found.join(", "));
            Fact::new(&record.kind, HealthState::Unhealthy, &told)
        }
    });
    let more = values.iter().filter(|value| !record.expect.iter().any(|wanted| same(wanted, value)));
    let more = more.map(|value| match (record.expect.is_empty(), record.exact) {
        (true, _) => Fact::new(&record.kind, HealthState::Healthy, &format!("resolves to {value}")),
        (false, false) => Fact::new(&record.kind, HealthState::Healthy, &format!("resolves to {value} too")),
        (false, true) => Fact::new(&record.kind, HealthState::Unhealthy, &format!("{value} is NOT EXPECTED")),
    });
    expected.chain(more).map(|fact| Fact { found: Text::clean(&fact.found), ..fact }).collect()
}

/// Judges any bytes as a resolver's answer, for [`crate::fuzzing`].
pub(crate) fn decode_any(data: &[u8]) {
    let Ok(message) = hickory_resolver::proto::op::Message::from_vec(data) else { return };
    for kind in ["A", "AAAA", "CNAME", "MX", "NS", "TXT", "CAA"] {
        let Ok(asked) = RecordType::from_str(kind) else { continue };
        let expect = vec!["192.0.2.1".to_owned()];
        let record =
            DnsRecord { record: "example.com".to_owned(), kind: kind.to_owned(), expect, exact: true, resolver: None };
        let probe = judge(&record, &records(&message.answers, asked));
        assert!(probe.facts.len() <= RECORDS + 2, "bounded");
    }
}
