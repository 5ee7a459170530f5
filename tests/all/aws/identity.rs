//! STS: a cut answer is no error to the SDK, and must be one to us.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use quarterdeck::clock::Now;
use quarterdeck::source::aws::observe;
use quarterdeck::source::{Look, Name, Payload, SourceErrorKind, Subject};

use super::server::{Answer, Server, json_error};
use super::{ecs, empty, everywhere, failure, poll_one, scripted, settings, source, with_services};

pub(super) const WHOLE: &str = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
    <GetCallerIdentityResult><Arn>arn:aws:sts::123456789012:assumed-role/ops/ann</Arn><UserId>AROA:ann</UserId>\
    <Account>123456789012</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId>\
    </ResponseMetadata></GetCallerIdentityResponse>";

pub(super) fn xml(body: &str) -> Answer {
    Answer::Raw(200, "text/xml", body.as_bytes().to_vec())
}

#[tokio::test]
async fn the_identity_is_read() {
    let server = Server::start(|_| xml(WHOLE)).await;
    match poll_one(&source(&server, &empty(), "sts")).await.unwrap() {
        Payload::Identity(identity) => {
            assert_eq!(identity.account.as_str(), "123456789012");
            assert_eq!(identity.arn.as_str(), "arn:aws:sts::123456789012:assumed-role/ops/ann");
            assert_eq!(identity.region.as_str(), "us-east-1");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_cut_at_any_byte_is_never_an_identity() {
    let end = WHOLE.find("</Account>").unwrap();
    for cut in (0..end).step_by(7) {
        let server = Server::start(move |_| xml(&WHOLE[..cut])).await;
        let error = failure(&source(&server, &empty(), "sts")).await;
        assert_eq!(error.kind, SourceErrorKind::Malformed, "cut at {cut}: {error}");
    }
}

/// Hands out sessions that are over at once, of the access key that is logged in to.
#[derive(Debug, Clone)]
struct Login(Arc<Mutex<&'static str>>);

impl Login {
    fn to(&self, key: &'static str) {
        *self.0.lock().unwrap() = key;
    }
}

impl ProvideCredentials for Login {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let key = *self.0.lock().unwrap();
        let over = SystemTime::from(Now::read().wall) + Duration::from_secs(1);
        future::ProvideCredentials::ready(Ok(Credentials::new(key, "secret", None, Some(over), "test")))
    }
}

#[tokio::test]
async fn a_call_is_read_back_without_asking_who_we_are_until_somebody_else_logs_in() {
    let server = Server::start(|request| match (request.operation.as_str(), request.access_key.as_str()) {
        ("GetCallerIdentity", "AKIDOURS") => xml(WHOLE),
        ("GetCallerIdentity", _) => xml(&WHOLE.replace("123456789012", "999999999999")),
        (_, "AKIDGONE") => json_error(400, "ClusterNotFoundException", "Cluster not found."),
        _ => ecs::whole(request),
    });
    let (server, login) = (server.await, Login(Arc::new(Mutex::new("AKIDOURS"))));
    let connection = scripted(&settings(&server), SharedCredentialsProvider::new(login.clone()));
    let (config, service) = (with_services(&["rtech-app"], vec![]), Name::from("rtech-app"));
    let first = Look::of(&service, None, Subject::Workload { service: service.clone() });
    let back = Look { is_back: true, ..first.clone() };
    let places = everywhere(&connection);
    let account = async |look: &Look| {
        let seen = observe(&places, &config, look, Now::read()).await.unwrap();
        seen.identity.map(|identity| identity.account.to_string())
    };
    assert_eq!(account(&first).await.as_deref(), Some("123456789012"));
    assert_eq!(account(&back).await, None);
    assert_eq!(server.seen("GetCallerIdentity").len(), 1, "the same key, the same account");
    login.to("AKIDOTHER");
    assert_eq!(account(&back).await.as_deref(), Some("999999999999"));
    login.to("AKIDGONE");
    let error = observe(&places, &config, &back, Now::read()).await.unwrap_err();
    assert!(error.reason.contains("Cluster not found") && error.reason.contains("999999999999"), "{error}");
}
