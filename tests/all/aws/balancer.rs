//! Load balancers: weights of rules and listeners, target health with its reason, pages, refusals.

use std::time::Duration;

use quarterdeck::config::{Config, LoadBalancer, Polling};
use quarterdeck::source::{Payload, SharedSource, SourceErrorKind, Traffic};

use super::server::{Answer, Request, Server};
use super::{failure, poll_one, source, with_services};

fn config() -> Config {
    let mut config = with_services(&["rtech-app"], vec![]);
    config.services[0].load_balancer = Some(LoadBalancer {
        name: Some("rtech-alb".to_owned()),
        target_groups: vec!["blue".to_owned(), "green".to_owned()],
        place: None,
        polling: Polling { interval: Duration::from_secs(30), timeout: Duration::from_secs(5) },
    });
    config
}

fn arn(group: &str) -> String {
    format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{group}/0123")
}

fn forward(weights: &[(&str, u32)]) -> String {
    let member = |(name, weight): &(&str, u32)| {
        format!("<member><TargetGroupArn>{}</TargetGroupArn><Weight>{weight}</Weight></member>", arn(name))
    };
    let groups: String = weights.iter().map(member).collect();
    format!("<member><Type>forward</Type><ForwardConfig><TargetGroups>{groups}</TargetGroups></ForwardConfig></member>")
}

fn xml(operation: &str, inner: &str) -> Answer {
    let body = format!("<{operation}Response><{operation}Result>{inner}</{operation}Result></{operation}Response>");
    Answer::Raw(200, "text/xml", body.into_bytes())
}

fn refused(code: &str) -> Answer {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
    );
    Answer::Raw(400, "text/xml", body.into_bytes())
}

/// Blue 90, green 10 by default; a rule for `/api/*` that goes to green alone; green's one target times out.
fn whole(request: &Request) -> Answer {
    let operation = request.operation.as_str();
    let inner = match operation {
        "DescribeLoadBalancers" => "<LoadBalancers><member><LoadBalancerName>rtech-alb</LoadBalancerName>\
            <LoadBalancerArn>arn:lb</LoadBalancerArn><State><Code>active</Code></State></member></LoadBalancers>"
            .to_owned(),
        "DescribeListeners" => format!(
            "<Listeners><member><ListenerArn>arn:listener</ListenerArn><Protocol>HTTPS</Protocol><Port>443</Port>\
             <DefaultActions>{}</DefaultActions></member></Listeners>",
            forward(&[("blue", 90), ("green", 10)])
        ),
        "DescribeRules" => format!(
            "<Rules><member><RuleArn>arn:rule</RuleArn><Priority>5</Priority><IsDefault>false</IsDefault><Conditions><member>\
             <Field>path-pattern</Field><PathPatternConfig><Values><member>/api/*</member></Values></PathPatternConfig>\
             </member></Conditions><Actions>{}</Actions></member><member><RuleArn>arn:default</RuleArn>\
             <Priority>default</Priority><IsDefault>true</IsDefault><Actions>{}</Actions></member><member><RuleArn>arn:other</RuleArn>\
             <Priority>6</Priority><IsDefault>false</IsDefault><Actions>{}</Actions></member></Rules>",
            forward(&[("green", 1)]),
            forward(&[("blue", 90), ("green", 10)]),
            forward(&[("somebody-else", 1)]),
        ),
        "DescribeTargetGroups" => ["green", "blue"]
            .map(|name| format!("<member><TargetGroupName>{name}</TargetGroupName><TargetGroupArn>{}</TargetGroupArn></member>", arn(name)))
            .concat()
            .replacen("<member>", "<TargetGroups><member>", 1)
            + "</TargetGroups>",
        "DescribeTargetHealth" => "<TargetHealthDescriptions><member><Target><Id>10.0.0.1</Id><Port>3000</Port></Target>\
            <TargetHealth><State>unhealthy</State><Reason>Target.Timeout</Reason><Description>Request timed out</Description>\
            </TargetHealth></member><member><Target><Id>10.0.0.2</Id><Port>3000</Port></Target></member></TargetHealthDescriptions>"
            .to_owned(),
        other => panic!("{other} was not expected"),
    };
    xml(operation, &inner)
}

async fn with(but: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static) -> (Server, SharedSource) {
    let server = Server::start(move |request| but(request).unwrap_or_else(|| whole(request))).await;
    let source = source(&server, &config(), "balancer");
    (server, source)
}

async fn traffic(source: &SharedSource) -> Traffic {
    match poll_one(source).await.unwrap() {
        Payload::Traffic(traffic) => traffic,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn weights_of_default_and_rules_are_read_and_other_services_routes_are_left_out() {
    let (_server, source) = with(|_| None).await;
    let traffic = traffic(&source).await;
    assert_eq!(traffic.state.as_ref().unwrap().as_str(), "active");
    let routes: Vec<(&str, Option<f64>)> =
        traffic.routes.iter().map(|route| (route.listener.as_str(), route.share("green"))).collect();
    assert_eq!(routes, [("HTTPS:443 rule 5 path-pattern /api/*", Some(1.0)), ("HTTPS:443", Some(0.1))]);
    assert_eq!(traffic.greatest_share("green"), Some(1.0));
}

#[tokio::test]
async fn targets_have_their_reason_and_one_without_a_state_is_not_healthy() {
    let (_server, source) = with(|_| None).await;
    let traffic = traffic(&source).await;
    let names: Vec<&str> = traffic.groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["blue", "green"], "in the order of the configuration");
    let targets = &traffic.groups[0].targets;
    assert_eq!((targets[0].id.as_str(), targets[0].state.as_str()), ("10.0.0.1:3000", "unhealthy"));
    assert_eq!(targets[0].reason.as_ref().unwrap().as_str(), "Target.Timeout");
    assert_eq!((targets[1].state.as_str(), traffic.groups[0].healthy()), ("unknown", 0));
}

#[tokio::test]
async fn a_marker_that_never_ends_is_not_followed_for_ever() {
    let (server, source) = with(|request| {
        let endless = request.operation == "DescribeRules";
        endless.then(|| xml("DescribeRules", "<Rules></Rules><NextMarker>again</NextMarker>"))
    })
    .await;
    let traffic = traffic(&source).await;
    assert_eq!(traffic.routes.len(), 1);
    assert_eq!(server.seen("DescribeRules").len(), 4);
    let words = traffic.routes_partial.expect("what was not read is said");
    assert_eq!(words.as_str(), "rules of HTTPS:443: only the first 0 are read");
    assert_eq!(traffic.groups_partial, None);
}

#[tokio::test]
async fn listeners_beyond_the_last_page_are_told() {
    let (server, source) = with(|request| {
        let endless = request.operation == "DescribeListeners";
        endless.then(|| xml("DescribeListeners", "<Listeners></Listeners><NextMarker>again</NextMarker>"))
    })
    .await;
    let traffic = traffic(&source).await;
    assert_eq!(traffic.routes_partial.unwrap().as_str(), "listeners: only the first 0 are read");
    assert_eq!(server.seen("DescribeListeners").len(), 4);
}

fn groups_page(names: &[String], more: &str) -> Answer {
    let group = |name: &String| {
        format!(
            "<member><TargetGroupName>{name}</TargetGroupName><TargetGroupArn>{}</TargetGroupArn></member>",
            arn(name)
        )
    };
    let groups: String = names.iter().map(group).collect();
    xml("DescribeTargetGroups", &format!("<TargetGroups>{groups}</TargetGroups>{more}"))
}

#[tokio::test]
async fn target_groups_are_read_page_by_page() {
    let pages = std::sync::atomic::AtomicUsize::new(0);
    let (server, source) = with(move |request| {
        (request.operation == "DescribeTargetGroups").then(|| {
            match pages.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                0 => groups_page(&["green".to_owned()], "<NextMarker>more</NextMarker>"),
                _ => groups_page(&["blue".to_owned()], ""),
            }
        })
    })
    .await;
    let traffic = traffic(&source).await;
    let names: Vec<&str> = traffic.groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!((names, traffic.groups_partial), (vec!["blue", "green"], None));
    assert_eq!(server.seen("DescribeTargetGroups").len(), 2);
}

#[tokio::test]
async fn target_groups_beyond_the_bound_are_told_where_the_configuration_names_none() {
    for (count, more) in [(25, ""), (3, "<NextMarker>more</NextMarker>")] {
        let names: Vec<String> = (0..count).map(|index| format!("group-{index}")).collect();
        let server = Server::start(move |request| match request.operation.as_str() {
            "DescribeTargetGroups" => groups_page(&names, more),
            _ => whole(request),
        })
        .await;
        let mut config = config();
        config.services[0].load_balancer.as_mut().unwrap().target_groups.clear();
        let traffic = traffic(&source(&server, &config, "balancer")).await;
        let words = traffic.groups_partial.expect("what was not read is said");
        assert_eq!(words.as_str(), format!("target groups: only the first {} are read", traffic.groups.len()));
        assert_eq!(traffic.groups.len(), if count > 20 { 20 } else { 12 });
    }
}

#[tokio::test]
async fn a_part_that_is_refused_or_lost_fails_the_whole_and_names_the_operation() {
    for (operation, code, kind) in [
        ("DescribeLoadBalancers", "LoadBalancerNotFound", SourceErrorKind::Missing),
        ("DescribeTargetGroups", "TargetGroupNotFound", SourceErrorKind::Missing),
        ("DescribeRules", "AccessDenied", SourceErrorKind::Unauthorised),
        ("DescribeTargetHealth", "Throttling", SourceErrorKind::Throttled),
    ] {
        let (_server, source) = with(move |request| (request.operation == operation).then(|| refused(code))).await;
        let error = failure(&source).await;
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.reason.contains(operation), "{error}");
    }
}

#[tokio::test]
async fn a_target_group_that_the_answer_lacks_is_missing() {
    let (_server, source) = with(|request| {
        let groups = request.operation == "DescribeTargetGroups";
        groups.then(|| xml("DescribeTargetGroups", "<TargetGroups></TargetGroups>"))
    })
    .await;
    assert_eq!(failure(&source).await.kind, SourceErrorKind::Missing);
}
