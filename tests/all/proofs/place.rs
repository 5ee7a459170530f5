//! One place with everything that an action can change: a service behind a load balancer and a network, which is a database
//! as well; an Alertmanager; a thing that is backed up.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use quarterdeck::action::silence::Silence;
use quarterdeck::action::unsilence::{Unsilence, Which};
use quarterdeck::action::{Action, Matcher};
use quarterdeck::config::{
    CdnId, CdnPlace, Config, DatabaseId, Declared, DeclaredCommand, Direction, How, PromQuery, Query, Role, Secret,
    Service, Signal,
};
use quarterdeck::source::{
    self, Cdn, Look, Name, Observation, Rollout, SeenAlerts, SeenDeclared, SeenProgram, SilenceState, Silences,
    Subject, Unit,
};

use super::effects::BAD;
use crate::deploys::bench;
use crate::runs::fixture::{SERVICE, flag, flag_seen, now};
use crate::runs::{backups, databases, restores, traffic};

/// The Alertmanager's name.
const ALERTS: &str = "alertmanager";

/// The configuration without gates.
pub(crate) fn plain() -> Config {
    let mut config = gated();
    config.services[0].signals.clear();
    config
}

/// The configuration with one health gate, watched for 10 s.
pub(crate) fn gated() -> Config {
    let mut config = traffic::config();
    config.guards.gate_window = Duration::from_secs(10);
    config.alertmanager = Some(crate::fixture::http_backend("http://127.0.0.1:9/am"));
    config.backups = backups::exporting(vec![backups::vault(), backups::cluster()]).backups;
    config.actions = vec![flag(), command()];
    let service = &mut config.services[0];
    service.signals = vec![errors()];
    service.database = databases::cluster().services.remove(0).database;
    service.cdn = Some(cdn(CdnId::CloudFront { distribution: "E123EXAMPLE".to_owned(), place: None }));
    config
}

/// The service is a single instance.
pub(crate) fn instance() -> Config {
    let mut config = plain();
    config.services[0].database =
        databases::config(DatabaseId::Instance("main".to_owned())).services.remove(0).database;
    config
}

/// The network is a zone of Cloudflare.
pub(crate) fn zone() -> Config {
    let mut config = plain();
    config.services[0].cdn = Some(cdn(cloudflare()));
    config
}

fn cloudflare() -> CdnId {
    let api = "https://api.cloudflare.example/client/v4".parse().expect("a URL");
    CdnId::Cloudflare { zone: "0".repeat(32), token: Secret::new("token".to_owned()), api }
}

fn cdn(id: CdnId) -> CdnPlace {
    CdnPlace { id, polling: databases::cluster().ecs }
}

fn errors() -> Signal {
    Signal {
        name: Name::from("errors"),
        role: Role::Errors,
        query: Query::Prometheus(PromQuery::single("rtech:errors")),
        unit: Unit::Ratio,
        direction: Direction::HigherIsWorse,
        warning: None,
        critical: Some(0.01),
        objective: None,
        interval: Duration::from_secs(15),
        exemplars: None,
        baseline: None,
    }
}

/// A declared request that nothing reads back.
pub(crate) fn blind() -> Declared {
    Declared { read_back: None, ..flag() }
}

pub(crate) fn blindly() -> Config {
    Config { actions: vec![blind()], ..plain() }
}

pub(crate) fn unread() -> Observation {
    Observation { declared: Some(flag_seen(&blind(), "true")), ..whole() }
}

/// The flag is turned by a command.
pub(crate) fn command() -> Declared {
    let command = DeclaredCommand {
        command: vec!["/usr/local/bin/flag".to_owned(), "off".to_owned()],
        directory: "/".into(),
        env: Vec::new(),
        success: vec![0],
        timeout: Duration::from_secs(20),
    };
    Declared { name: "command".into(), how: How::Exec(command), ..flag() }
}

pub(crate) fn commanded() -> Observation {
    Observation { declared: Some(seen_command(&command())), ..whole() }
}

fn seen_command(declared: &Declared) -> SeenDeclared {
    let program = Some(SeenProgram { stamp: "9 bytes".into(), runs: true, open: false });
    SeenDeclared { program, ..flag_seen(declared, "true") }
}

/// The command of [`WEB`].
pub(crate) fn web_command() -> Declared {
    Declared { service: WEB.into(), ..command() }
}

/// What is so before: all is well and nothing moves.
pub(crate) fn whole() -> Observation {
    let data = databases::observation();
    Observation {
        traffic: traffic::seen(90, 10).traffic,
        database: data.database,
        answers: data.answers,
        protection: backups::observation().protection,
        restore: restores::observation().restore,
        cdn: Some(network()),
        silences: Some(Silences::default()),
        alerts: Some(SeenAlerts { alerts: Vec::new(), whole: true }),
        declared: Some(flag_seen(&flag(), "true")),
        ..bench::observed(false)
    }
}

/// What a look tells of what is so: no more than it asks for.
pub(crate) fn seen(look: &Look, truth: &Observation) -> Observation {
    let asks = |wanted: fn(&Subject) -> bool| look.subjects.iter().any(wanted);
    fn only<T: Clone>(asked: bool, part: &Option<T>) -> Option<T> {
        part.as_ref().filter(|_| asked).cloned()
    }
    Observation {
        identity: only(look.is_on_aws(), &truth.identity),
        workload: only(asks(|one| matches!(one, Subject::Workload { .. })), &truth.workload),
        scaling: only(asks(|one| matches!(one, Subject::Scaling { .. })), &truth.scaling),
        releases: only(asks(|one| matches!(one, Subject::Releases { .. })), &truth.releases),
        candidate: only(asks(|one| matches!(one, Subject::Candidate { .. })), &truth.candidate),
        needs: only(asks(|one| matches!(one, Subject::Needs { .. })), &truth.needs),
        served: only(asks(|one| matches!(one, Subject::Served { .. })), &truth.served),
        traffic: only(asks(|one| matches!(one, Subject::Traffic { .. })), &truth.traffic),
        database: only(asks(|one| matches!(one, Subject::Database { .. })), &truth.database),
        protection: only(asks(|one| matches!(one, Subject::Protection { .. })), &truth.protection),
        restore: only(asks(|one| matches!(one, Subject::Restore { .. })), &truth.restore),
        cdn: only(asks(|one| matches!(one, Subject::Cdn { .. })), &truth.cdn),
        silences: only(asks(|one| matches!(one, Subject::Silences { .. })), &truth.silences),
        alerts: only(asks(|one| matches!(one, Subject::Alerts { .. })), &truth.alerts),
        declared: only(look.declared.is_some(), &truth.declared),
        answers: if look.questions.is_empty() { BTreeMap::new() } else { truth.answers.clone() },
        firing: truth.firing.clone(),
        paging: truth.paging.clone(),
        held_back: truth.held_back.clone(),
        taken: truth.taken,
    }
}

fn network() -> Cdn {
    Cdn {
        id: "E123EXAMPLE".into(),
        domain: "example.com".into(),
        aliases: Vec::new(),
        status: "Deployed".into(),
        enabled: true,
        modified: None,
        behaviours: Vec::new(),
        invalidations: Vec::new(),
        missing: Vec::new(),
    }
}

/// Scaling out is suspended.
pub(crate) fn suspended() -> Observation {
    let mut truth = whole();
    suspend(&mut truth);
    truth
}

/// Somebody suspends scaling out.
pub(crate) fn suspend(truth: &mut Observation) {
    truth.scaling.as_mut().expect("scaling").target.as_mut().expect("a target").scale_out_suspended = true;
}

/// The image `bad` is asked for, whose tasks don't start; no circuit breaker watches.
pub(crate) fn sick() -> Observation {
    let mut truth = whole();
    truth.candidate.as_mut().expect("a candidate").reference = format!("{}{BAD}", bench::REPOSITORY).as_str().into();
    truth
}

/// A deployment of revision 7 is in flight where 6 ran.
pub(crate) fn rolling() -> Observation {
    let mut truth = whole();
    roll(&mut truth);
    truth
}

/// A deployment of revision 7 begins.
pub(crate) fn roll(truth: &mut Observation) {
    truth.releases.as_mut().expect("releases").deployments[0] = bench::deployment(7, "IN_PROGRESS", 0);
    let workload = truth.workload.as_mut().expect("a workload");
    let mut old = workload.deployments[0].clone();
    (old.id, old.status, old.task_definition) = ("ecs-svc/0".into(), "ACTIVE".into(), "rtech-app:6".into());
    workload.deployments[0].rollout = Rollout::InProgress;
    workload.deployments.push(old);
}

/// A silence is in force.
pub(crate) fn silenced() -> Observation {
    let mut truth = whole();
    hush(&mut truth);
    truth
}

/// Somebody sets a silence, if theirs is not there; the Alertmanager gives no identifier twice.
pub(crate) fn hush(truth: &mut Observation) {
    let silences = &mut truth.silences.as_mut().expect("silences").silences;
    if silences.iter().all(|one| one.id != of_eve().id) {
        silences.push(of_eve());
    }
}

/// A silence of somebody else.
fn of_eve() -> source::Silence {
    source::Silence {
        id: "s-0".into(),
        state: SilenceState::Active,
        matchers: vec!["alertname=\"HighLatency\"".into()],
        starts: now().wall,
        ends: now().plus(Duration::from_secs(7200)).wall,
        created_by: "eve".into(),
        comment: "known".into(),
    }
}

pub(crate) fn silence() -> Action {
    let matchers = vec![Matcher::alert("HighLatency").expect("a matcher")];
    Action::Silence(Silence { source: ALERTS.into(), matchers, seconds: 3600, comment: "known".to_owned() })
}

pub(crate) fn unsilence() -> Action {
    Action::Unsilence(Unsilence { source: ALERTS.into(), which: Which::Id("s-0".to_owned()) })
}

/// The service whose network is a zone of Cloudflare and whose database is one instance, where there are several.
pub(crate) const WEB: &str = "rtech-web";

/// The names of what is changed: services, the Alertmanager, what is backed up.
pub(crate) fn names() -> (Vec<Name>, Vec<Name>) {
    let services: Vec<_> = [SERVICE, "rtech-api", WEB].map(Name::from).into();
    let others = [ALERTS, backups::THING].map(Name::from);
    (services.clone(), services.into_iter().chain(others).collect())
}

/// The configuration of several such services.
pub(crate) fn fleet() -> Config {
    let mut config = gated();
    let one = config.services.remove(0);
    config.services = names().0.iter().map(|name| service(&one, name)).collect();
    config.actions = vec![flag(), web_command()];
    config
}

fn service(like: &Service, name: &Name) -> Service {
    let mut service = like.clone();
    service.name = name.clone();
    service.ecs.as_mut().expect("on ECS").service = name.to_string();
    service.database.as_mut().expect("a database").id = DatabaseId::Cluster(format!("{name}-db"));
    service.cdn = Some(cdn(CdnId::CloudFront { distribution: format!("E-{name}"), place: None }));
    if name.as_str() == WEB {
        service.database.as_mut().expect("a database").id = DatabaseId::Instance(format!("{name}-db"));
        service.cdn = Some(cdn(cloudflare()));
    }
    service
}

/// What is so before of one of them.
pub(crate) fn of(name: &Name) -> Observation {
    // Made once: simulations ask for it after each round.
    static ALL: LazyLock<BTreeMap<Name, Observation>> =
        LazyLock::new(|| names().1.into_iter().map(|name| (name.clone(), made_up(&name))).collect());
    ALL.get(name).cloned().unwrap_or_else(|| made_up(name))
}

fn made_up(name: &Name) -> Observation {
    let mut truth = whole();
    let arn = format!("arn:aws:ecs:us-east-1:123456789012:service/rtech-prod/{name}");
    truth.workload.as_mut().expect("a workload").arn = arn.as_str().into();
    let route = format!("{}-{name}", traffic::LISTENER);
    truth.traffic.as_mut().expect("traffic").routes[0].arn = route.as_str().into();
    if name.as_str() == WEB {
        truth.database = databases::instance().database;
        truth.declared = Some(seen_command(&web_command()));
    }
    truth
}
