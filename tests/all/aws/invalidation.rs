//! Invalidations of CloudFront, against a scripted AWS: read, planned, sent once, read back.

use std::sync::{Arc, Mutex};

use quarterdeck::action::Action;
use quarterdeck::action::invalidate_cdn::InvalidateCdn;
use quarterdeck::config::EnvironmentKind;
use quarterdeck::executor::journal::RunState;

use super::cdn::{DISTRIBUTION, fault, with_cdn};
use super::identity::{WHOLE, xml};
use super::server::{Answer, Request, Server};
use super::settings;
use super::world::{Ran, carry_out};
use crate::runs::fixture::now;

const OF: &str = "/2020-05-31/distribution/E123EXAMPLE/invalidation";

/// How a call ends.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Well,
    Lost,
    Broken,
    Refused(&'static str),
}

/// A distribution whose one invalidation is kept by its CallerReference, and is completed when it is looked at again.
async fn server(mode: Mode) -> Server {
    let kept: Arc<Mutex<Option<(String, u32)>>> = Arc::default();
    Server::start(move |request| {
        let mut kept = kept.lock().unwrap();
        match (request.method.as_str(), request.operation.as_str()) {
            (_, "GetCallerIdentity") => xml(WHOLE),
            ("GET", "/2020-05-31/distribution/E123EXAMPLE") => xml(DISTRIBUTION),
            ("GET", OF) => list(&mut kept),
            ("GET", _) if request.operation.starts_with(OF) => invalidation(200, kept.as_ref()),
            ("POST", OF) => create(request, mode, &mut kept),
            _ => Answer::Json(400, serde_json::json!({})),
        }
    })
    .await
}

fn create(request: &Request, mode: Mode, kept: &mut Option<(String, u32)>) -> Answer {
    if matches!(mode, Mode::Well | Mode::Lost) {
        *kept = Some((between(&request.body, "<CallerReference>"), 0));
    }
    match mode {
        Mode::Well => invalidation(201, kept.as_ref()),
        Mode::Refused(code) => fault(400, code),
        Mode::Lost | Mode::Broken => fault(503, "ServiceUnavailable"),
    }
}

fn between(text: &str, tag: &str) -> String {
    let (_, rest) = text.split_once(tag).unwrap();
    rest.split('<').next().unwrap().to_owned()
}

fn status(looks: u32) -> &'static str {
    if looks < 2 { "InProgress" } else { "Completed" }
}

fn list(kept: &mut Option<(String, u32)>) -> Answer {
    let items = kept.as_mut().map(|(_, looks)| {
        *looks += 1;
        let now = now().wall;
        format!(
            "<Quantity>1</Quantity><Items><InvalidationSummary><Id>I7</Id><CreateTime>{now:.0}</CreateTime><Status>{}</Status>\
             </InvalidationSummary></Items>",
            status(*looks)
        )
    });
    let items = items.unwrap_or("<Quantity>0</Quantity>".to_owned());
    xml(&format!(
        "<InvalidationList xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Marker></Marker><MaxItems>10</MaxItems>\
         <IsTruncated>false</IsTruncated>{items}</InvalidationList>"
    ))
}

fn invalidation(code: u16, kept: Option<&(String, u32)>) -> Answer {
    let (reference, looks) = kept.unwrap();
    let body = format!(
        "<Invalidation xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Id>I7</Id><Status>{}</Status>\
         <CreateTime>{:.0}</CreateTime><InvalidationBatch><Paths><Quantity>1</Quantity><Items><Path>/a</Path></Items></Paths>\
         <CallerReference>{reference}</CallerReference></InvalidationBatch></Invalidation>",
        status(*looks),
        now().wall
    );
    Answer::Raw(code, "text/xml", body.into_bytes())
}

/// Plans, confirms and carries out the invalidation of `/a` and `/b*`.
async fn run(server: &Server) -> Ran {
    let mut config = with_cdn();
    config.environment.kind = EnvironmentKind::Staging;
    config.aws = Some(settings(server));
    config.guards.steady_deadline = std::time::Duration::from_secs(3);
    let paths = vec!["/a".to_owned(), "/b*".to_owned()];
    let action = Action::InvalidateCdn(InvalidateCdn { service: "site".into(), paths, host: None });
    let ran = carry_out(server, &config, &action, None).await;
    assert_eq!(ran.plan.target_arn.as_str(), "arn:aws:cloudfront::123456789012:distribution/E123EXAMPLE");
    assert!(ran.plan.cost.as_ref().unwrap().starts_with("2 paths: an account's first 1000 a month are free"));
    ran
}

fn posts(server: &Server) -> Vec<Request> {
    server.seen(OF).into_iter().filter(|request| request.method == "POST").collect()
}

#[tokio::test]
async fn an_invalidation_is_asked_for_once_under_the_plan_s_own_reference_and_followed_to_its_end() {
    let server = server(Mode::Well).await;
    let ran = run(&server).await;
    assert_eq!((ran.state, posts(&server).len()), (RunState::Done, 1), "{}", ran.word());
    let body = &posts(&server)[0].body;
    let reference = between(body, "<CallerReference>");
    assert_eq!(reference, format!("quarterdeck-{}", &ran.plan.digest()[..40]));
    assert!(body.contains("<Quantity>2</Quantity><Items><Path>/a</Path><Path>/b*</Path></Items>"), "{body}");
    assert!(ran.word().contains("invalidation I7 is Completed"), "{}", ran.word());
}

#[tokio::test]
async fn a_lost_answer_is_found_by_its_reference_and_never_sent_again() {
    let server = server(Mode::Lost).await;
    let ran = run(&server).await;
    assert_eq!((ran.state, posts(&server).len()), (RunState::Done, 1), "{}", ran.word());
}

#[tokio::test]
async fn an_answer_that_tells_nothing_is_unknown_and_a_refusal_is_failed() {
    let broken = server(Mode::Broken).await;
    let ran = run(&broken).await;
    assert_eq!((ran.state, posts(&broken).len()), (RunState::Unknown, 1), "{}", ran.word());
    for code in ["TooManyInvalidationsInProgress", "AccessDenied"] {
        let refusing = server(Mode::Refused(code)).await;
        let ran = run(&refusing).await;
        assert_eq!((ran.state, posts(&refusing).len()), (RunState::Failed, 1), "{}", ran.word());
        assert!(ran.word().contains(code), "{}", ran.word());
    }
}
