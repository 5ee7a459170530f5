//! The AWS sources against a scripted server on loopback that speaks AWS's own protocols (CBOR, JSON 1.1, query).
//!
//! What a real AWS would answer is written down here by hand from its API reference; the lab asks emulators.

mod action;
mod action_settings;
mod alarms;
mod balancer;
mod calendar;
mod cdn;
mod cloudwatch;
mod connection;
mod cost;
mod database;
mod deploys;
mod ecs;
mod failover;
mod failures;
mod identity;
mod invalidation;
mod lab;
mod logs;
mod logs_printed;
mod needs;
mod places;
mod protection;
mod releases;
mod requests;
mod restore_test;
mod scaling;
mod server;
mod start_backup;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use quarterdeck::clock::Now;
use quarterdeck::config::{Aws, CloudWatch, Config, EcsService, Polling, Query};
use quarterdeck::source::aws::{Connection, Connections, sources};
use quarterdeck::source::{Ask, Payload, Reading, SharedSource, SourceError, SourceErrorKind, Subject};
use tokio::sync::mpsc;

use crate::fixture;
use server::Server;

/// A connection to the scripted server, with credentials that come from nowhere.
fn connection(server: &Server) -> Arc<Connection> {
    connection_at(&settings(server))
}

fn connection_at(aws: &Aws) -> Arc<Connection> {
    scripted(aws, credentials())
}

fn credentials() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new("AKIDTEST", "secret", None, None, "test"))
}

/// Asks the scripted server even where the environment names the lab's endpoints.
fn scripted(aws: &Aws, credentials: SharedCredentialsProvider) -> Arc<Connection> {
    let endpoint = aws.endpoint.as_ref().unwrap().as_str();
    Arc::new(Connection::open(aws).with_credentials(credentials).with_endpoint(endpoint))
}

/// All places are that connection.
fn everywhere(connection: &Arc<Connection>) -> Arc<Connections> {
    Arc::new(Connections::single(connection.clone()))
}

fn settings(server: &Server) -> Aws {
    Aws {
        profile: None,
        region: "us-east-1".to_owned(),
        account: None,
        role_arn: None,
        action_role_arn: None,
        endpoint: Some(server.url().parse().unwrap()),
        places: BTreeMap::new(),
    }
}

/// The fixture's environment, with nothing in it but AWS, and no service yet.
fn empty() -> Config {
    let polling = Polling { interval: Duration::from_secs(15), timeout: Duration::from_secs(10) };
    Config {
        services: Vec::new(),
        backups: Vec::new(),
        ecs: polling,
        cloudwatch: Some(CloudWatch { polling, alarm_prefixes: Vec::new(), budget_usd_month: None, slowed: 1.0 }),
        ..fixture::config()
    }
}

/// That environment with services of these names in the cluster `rtech-prod`, and these signals on the first.
fn with_services(names: &[&str], signals: Vec<(&str, Query)>) -> Config {
    let template = fixture::config().services.remove(0);
    let mut config = empty();
    for name in names {
        let ecs = EcsService { cluster: "rtech-prod".to_owned(), service: (*name).to_owned(), place: None };
        let mut service = template.clone();
        service.name = (*name).into();
        service.ecs = Some(ecs);
        service.signals.clear();
        config.services.push(service);
    }
    let mut signal = template.signals.into_iter().next().unwrap();
    for (name, query) in signals {
        signal.name = name.into();
        signal.query = query;
        config.services[0].signals.push(signal.clone());
    }
    config
}

/// The source of that name.
fn source(server: &Server, config: &Config, name: &str) -> SharedSource {
    source_at(&settings(server), config, name)
}

fn source_at(aws: &Aws, config: &Config, name: &str) -> SharedSource {
    let found = sources(&everywhere(&connection_at(aws)), config).into_iter().find(|source| *source.name() == name);
    found.unwrap_or_else(|| panic!("no source {name}"))
}

/// One poll of a source.
async fn poll(source: &SharedSource, backfill: Option<Duration>) -> Vec<Reading> {
    let (out, mut readings) = mpsc::channel(4096);
    source.poll(Ask { now: Now::read(), backfill }, &out).await;
    drop(out);
    let mut all = Vec::new();
    while let Some(reading) = readings.recv().await {
        all.push(reading);
    }
    all
}

/// What one poll says about the one subject of the source.
async fn poll_one(source: &SharedSource) -> Result<Payload, SourceError> {
    let mut all = poll(source, None).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0).outcome
}

/// The failure of a poll of one subject.
async fn failure(source: &SharedSource) -> SourceError {
    poll_one(source).await.expect_err("a failure")
}

fn kind_of(readings: &[Reading], subject: &Subject) -> SourceErrorKind {
    let found = readings.iter().find(|reading| reading.subject == *subject).unwrap_or_else(|| panic!("no {subject}"));
    found.outcome.as_ref().expect_err("a failure").kind
}
