//! The same sources against the lab's emulators: moto for STS and Application Auto Scaling, our model of an ECS rollout on
//! top of moto, ministack for CloudWatch. What leans on a model of ours proves agreement with our reading of AWS only.
//!
//! Needs `tests/lab/up` and `. target/lab/env`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::clock::Now;
use quarterdeck::config::{Config, Query};
use quarterdeck::source::aws::{CloudWatchLogs, Connections, ask, observe, sources};
use quarterdeck::source::logs::{LogAsk, LogId, LogReader, QueryAsk, query};
use quarterdeck::source::{
    AlertState, JobKind, JobOutcome, LineLevel, Look, MemberRole, Name, Number, Payload, QueryState, Reading,
    Registered, SourceErrorKind, Subject,
};

use super::poll;

fn config() -> Config {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/rtech/quarterdeck.toml");
    quarterdeck::config::find::load(Some(&file)).unwrap()
}

fn connection(config: &Config) -> Arc<Connections> {
    Arc::new(Connections::open(config.aws.as_ref().unwrap()))
}

async fn poll_all(backfill: Option<Duration>) -> Vec<Reading> {
    let config = config();
    let mut all = Vec::new();
    for source in sources(&connection(&config), &config) {
        all.extend(poll(&source, backfill).await);
    }
    all
}

#[tokio::test]
#[ignore = "run by lab::the_aws_sources_read_the_lab, with the lab's variables"]
async fn every_subject_of_the_example_that_aws_tells_is_read() {
    let readings = poll_all(Some(Duration::from_secs(3600))).await;
    let counted = |reading: &&Reading| matches!(reading.subject, Subject::LogCount { .. });
    let others = readings.iter().filter(|reading| !counted(reading)); // no emulator counts
    let failed: Vec<_> = others.filter_map(|reading| reading.outcome.as_ref().err()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let told = |is: &dyn Fn(&Subject) -> bool| readings.iter().filter(|reading| is(&reading.subject)).count();
    assert_eq!(told(&|subject| matches!(subject, Subject::Identity { .. })), 1);
    assert_eq!(told(&|subject| matches!(subject, Subject::Alerts { .. })), 1);
    assert!(told(&|subject| matches!(subject, Subject::Workload { .. })) >= 1);
    for reading in &readings {
        match (&reading.subject, &reading.outcome) {
            (Subject::Signal(id), Ok(Payload::Signal(data))) if *id.service == *"rtech-app" => {
                assert!(matches!(data.value, Some(Number::Finite(_))), "{id}: {data:?}");
                assert!(data.points.len() > 5 && data.replaces, "{id}: {} points", data.points.len());
            }
            _ => println!("{} {:?}", reading.subject, reading.outcome),
        }
    }
}

/// ministack answers for AWS Backup (it makes no recovery points of its own), moto for the cluster, its snapshots and S3 (its
/// export tasks have no dates: they are jobs, and no points).
#[tokio::test]
#[ignore = "run by lab::the_aws_sources_read_the_lab, with the lab's variables"]
async fn what_could_be_restored_is_read() {
    let readings = poll_all(None).await;
    let of = |name: &str| {
        let subject = Subject::Protection { protected: Name::from(name) };
        match &readings.iter().find(|reading| reading.subject == subject).unwrap().outcome {
            Ok(Payload::Protection(protection)) => protection.clone(),
            other => panic!("{other:?}"),
        }
    };
    let cluster = of("rtech-mongodb");
    assert!(cluster.missing.is_empty(), "{:?}", cluster.missing);
    assert!(cluster.points.iter().any(|point| point.id.as_str() == "rtech-before-release"), "{:?}", cluster.points);
    assert!(cluster.jobs.iter().any(|job| job.kind == JobKind::Backup && job.outcome == JobOutcome::Completed));
    let rules: Vec<_> = cluster.schedules.iter().map(|rule| (rule.name.as_str(), rule.delete_after_days)).collect();
    let expected = [("DailyBackups", Some(30)), ("WeeklyBackups", Some(365)), ("automated", Some(7))];
    assert!(expected.iter().all(|rule| rules.contains(rule)), "{rules:?}");
    let exports = of("rtech-exports");
    assert_eq!((exports.points.len(), exports.missing.len()), (5, 0), "{exports:?}");
    assert_eq!(exports.points[0].encryption.as_ref().map(|found| found.as_str()), Some("AES256"));
    assert_eq!(
        exports.points.iter().filter(|point| !point.cut_is_end).count(),
        1,
        "one key names a moment near its upload"
    );
}

#[tokio::test]
#[ignore = "run by lab::the_aws_sources_read_the_lab, with the lab's variables"]
async fn the_three_alarms_are_of_the_application() {
    let readings = poll_all(None).await;
    let found = readings.iter().find_map(|reading| match &reading.outcome {
        Ok(Payload::Alerts(alarms)) => Some(alarms),
        _ => None,
    });
    let alarms = found.unwrap();
    let names: Vec<_> = alarms.iter().map(|alarm| alarm.name.as_str()).collect();
    assert_eq!(names, ["rtech-high-cpu", "rtech-high-error-rate", "rtech-high-memory"]);
    assert!(alarms.iter().all(|alarm| alarm.service == Some(Name::from("rtech-app"))));
    assert!(alarms.iter().all(|alarm| matches!(alarm.state, AlertState::Ok | AlertState::Firing | AlertState::NoData)));
}

#[tokio::test]
#[ignore = "run by lab::the_aws_sources_read_the_lab, with the lab's variables"]
async fn the_application_is_observed_whole() {
    let config = config();
    let seen = observe(&connection(&config), &config, &Look::workload(&Name::from("rtech-app"), None), Now::read())
        .await
        .unwrap();
    assert_eq!(seen.identity.as_ref().unwrap().account.as_str(), "123456789012");
    assert_eq!(seen.workload.as_ref().unwrap().tasks.len() as u32, seen.workload.as_ref().unwrap().running);
    let target = seen.scaling.as_ref().unwrap().target.unwrap();
    assert_eq!((target.min, target.max), (2, 10));
    let scheduled = &seen.scaling.as_ref().unwrap().scheduled[0];
    assert_eq!((scheduled.name.as_str(), scheduled.min, scheduled.max), ("rtech-weekday-morning", Some(3), Some(12)));
    let left = scheduled.next.at().unwrap().duration_since(Now::read().wall).as_hours();
    assert!((0..=72).contains(&left), "{left}");
    assert!(seen.firing.is_some());
}

#[tokio::test]
#[ignore = "run by lab::the_aws_sources_read_the_lab, with the lab's variables"]
async fn a_runbooks_question_is_answered() {
    let config = config();
    let service = config.service("rtech-app").unwrap();
    let metric = service.signals.iter().find(|signal| matches!(signal.query, Query::CloudWatch(_))).unwrap();
    let answer = ask(&connection(&config), &metric.query, Now::read()).await.unwrap();
    assert!(matches!(answer, Number::Finite(_)), "{answer:?}");
}

/// Checked against moto: its ElastiCache lacks update actions, which must be said and not be fatal.
#[tokio::test]
#[ignore = "run by lab::the_aws_sources_read_the_lab, with the lab's variables"]
async fn the_database_and_the_cache_are_read() {
    let readings = poll_all(None).await;
    let database = |service: &str| {
        let subject = Subject::Database { service: Name::from(service) };
        let found = readings.iter().find(|reading| reading.subject == subject);
        match found.map(|reading| &reading.outcome) {
            Some(Ok(Payload::Database(database))) => database,
            other => panic!("{service}: {other:?}"),
        }
    };
    let mongodb = database("rtech-mongodb");
    assert_eq!(mongodb.status.as_str(), "available");
    assert_eq!((mongodb.backup_retention_days, mongodb.encrypted), (Some(7), Some(true)));
    let members: Vec<_> = mongodb.members.iter().map(|m| (m.id.as_str(), m.role, m.status.as_str())).collect();
    let expected =
        [("rtech-mongodb-1", MemberRole::Writer, "available"), ("rtech-mongodb-2", MemberRole::Reader, "available")];
    assert_eq!(members, expected);
    let redis = database("rtech-redis");
    assert_eq!((redis.engine.as_str(), redis.status.as_str()), ("redis", "available"));
}

/// ministack answers for CloudWatch Logs.
#[tokio::test]
#[ignore = "run by lab::the_aws_sources_read_the_lab, with the lab's variables"]
async fn the_seeded_log_is_followed_counted_and_queried() {
    let config = config();
    let reader: Arc<dyn LogReader> = Arc::new(CloudWatchLogs::new(connection(&config), &config));
    let id = LogId { service: Name::from("rtech-app"), log: Name::from("app") };
    let now = Now::read();
    let from = now.wall - Duration::from_secs(1800);
    let page = reader.read(&LogAsk { id: id.clone(), filter: "ERROR".to_owned(), from }, now).await.unwrap();
    assert!(page.events.len() > 10, "{} events", page.events.len());
    assert!(page.events.iter().all(|event| event.level == Some(LineLevel::Error)));
    let query = "fields @timestamp, @message | filter @message like /ERROR/".to_owned();
    let ask = QueryAsk { id, query, from, until: now.wall };
    let longest = Duration::from_secs(20);
    let ended = query::run(&reader, &ask, Now::read, longest, |_| {}, std::future::pending()).await;
    let query::Ended::Over(results) = ended else { panic!("{ended:?}") };
    assert_eq!(results.state, QueryState::Complete);
    assert!(results.rows.len() > 10 && results.columns.iter().any(|name| name.as_str() == "@message"), "{results:?}");
}

/// Checked against ministack (CloudFront; it completes invalidations at once) and moto (ACM).
#[tokio::test]
#[ignore = "run by lab::the_aws_sources_read_the_lab, with the lab's variables"]
async fn the_distribution_and_its_certificate_are_read() {
    let readings = poll_all(None).await;
    let of = |subject: &Subject| match readings.iter().find(|reading| reading.subject == *subject) {
        Some(Reading { outcome: Ok(payload), .. }) => payload,
        other => panic!("{subject}: {other:?}"),
    };
    let Payload::Cdn(cdn) = of(&Subject::Cdn { service: Name::from("rtech-cdn") }) else { panic!("no CDN") };
    assert_eq!((cdn.enabled, cdn.aliases[0].as_str()), (true, "www.rtech.example.com"));
    assert_eq!(cdn.behaviours[0].policy.as_deref(), Some("CachingDisabled"));
    assert_eq!(cdn.invalidations[0].status.as_str(), "Completed");
    assert!(cdn.missing.is_empty(), "{:?}", cdn.missing);
    let subject = Subject::Probe { service: Name::from("rtech-cdn"), probe: Name::from("acm") };
    let Payload::Probe(probe) = of(&subject) else { panic!("no probe") };
    assert_eq!(probe.facts[0].found.as_str(), "ISSUED");
    let left = probe.expires.unwrap().duration_since(Now::read().wall).as_hours() / 24;
    assert!((198..=200).contains(&left), "{left}");
}

/// Checked against moto's ELBv2.
#[tokio::test]
#[ignore = "run by lab::the_aws_sources_read_the_lab, with the lab's variables"]
async fn the_load_balancer_sends_90_to_blue_and_10_to_green() {
    let readings = poll_all(None).await;
    let traffic = readings.iter().find_map(|reading| match &reading.outcome {
        Ok(Payload::Traffic(traffic)) => Some(traffic),
        _ => None,
    });
    let traffic = traffic.unwrap();
    let route = &traffic.routes[0];
    let weights: Vec<_> = route.weights.iter().map(|(name, weight)| (name.as_str(), *weight)).collect();
    assert_eq!((route.listener.as_str(), weights), ("HTTP:80", vec![("rtech-blue", 90), ("rtech-green", 10)]));
    assert_eq!(traffic.greatest_share("rtech-green"), Some(0.1));
    let groups: Vec<_> = traffic.groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(groups, ["rtech-blue", "rtech-green"]);
    let healthy: Vec<_> = traffic.groups.iter().map(|group| (group.healthy(), group.targets.len())).collect();
    assert_eq!(healthy, [(2, 2), (1, 1)]);
    assert_eq!(traffic.partial().count(), 0);
}

/// Checked against moto's ECS and ECR; it has no ListServiceDeployments, which must be said and not lose the rest.
#[tokio::test]
#[ignore = "run by lab::the_aws_sources_read_the_lab, with the lab's variables"]
async fn revisions_are_read_with_their_images_and_what_can_not_be_read_is_named() {
    let readings = poll_all(None).await;
    let subject = Subject::Releases { service: Name::from("rtech-app") };
    let releases = match &readings.iter().find(|reading| reading.subject == subject).unwrap().outcome {
        Ok(Payload::Releases(releases)) => releases,
        other => panic!("{other:?}"),
    };
    let revisions: Vec<_> = releases.revisions.iter().map(|revision| revision.id.as_str()).collect();
    assert_eq!(revisions, ["rtech-app:3", "rtech-app:2", "rtech-app:1"]);
    let newest = &releases.revisions[0].images[0];
    assert_eq!(newest.short(), "rtech-app:b61f5c2");
    assert!(
        matches!(&newest.registry, Registered::Found { digest, .. } if digest.as_str().starts_with("sha256:b61f5c2"))
    );
    assert_eq!(releases.missing.len(), 1, "{:?}", releases.missing);
    assert!(releases.missing[0].as_str().starts_with("deployments: "), "{:?}", releases.missing);
}

/// No emulator knows `stats`: ministack gives the events themselves. Whatever comes, it is never taken for a count.
#[tokio::test]
#[ignore = "run by lab::the_aws_sources_read_the_lab, with the lab's variables"]
async fn an_answer_without_bins_is_refused_and_no_count() {
    let readings = poll_all(Some(Duration::from_secs(1800))).await;
    let counted = readings.iter().find(|reading| matches!(reading.subject, Subject::LogCount { .. })).unwrap();
    assert_eq!(counted.outcome.as_ref().unwrap_err().kind, SourceErrorKind::Malformed);
}
