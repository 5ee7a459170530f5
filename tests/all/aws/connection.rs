//! The way in: endpoints, credentials, and what a mutating client must not do.

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use quarterdeck::clock::{Now, Stopwatch};
use quarterdeck::source::aws::{Connection, sources};
use quarterdeck::source::{Payload, SourceErrorKind};

use super::server::{Answer, Server, json_error};
use super::{connection, empty, everywhere, identity, poll_one, scripted, settings};

#[tokio::test]
async fn opening_a_connection_asks_nobody_anything() {
    let server = Server::start(|_| Answer::Hang).await;
    let watch = Stopwatch::start();
    let connection = connection(&server);
    assert!(!sources(&everywhere(&connection), &empty()).is_empty());
    assert!(watch.elapsed() < Duration::from_millis(20), "{:?}", watch.elapsed());
    assert!(server.seen("").is_empty());
}

#[tokio::test]
async fn a_mutating_client_sends_once_whatever_comes_back() {
    let server = Server::start(|_| json_error(500, "ServerException", "oops")).await;
    let config = connection(&server).sdk_config_for_actions().await;
    let client = aws_sdk_ecs::Client::new(&config);
    let sent = client.update_service().cluster("rtech-prod").service("rtech-app").desired_count(4).send().await;
    assert!(sent.is_err());
    assert_eq!(server.seen("UpdateService").len(), 1, "never sent again by itself");
}

#[tokio::test]
async fn a_mutating_client_has_every_timeout() {
    let server = Server::start(|_| Answer::Hang).await;
    let config = connection(&server).sdk_config_for_actions().await;
    let timeouts = config.timeout_config().unwrap();
    assert!(timeouts.connect_timeout().is_some() && timeouts.read_timeout().is_some());
    assert!(timeouts.operation_attempt_timeout().is_some() && timeouts.operation_timeout().is_some());
    assert_eq!(config.retry_config().unwrap().max_attempts(), 1);
}

#[tokio::test]
async fn the_action_role_is_assumed_for_actions_and_for_nothing_else() {
    let server = Server::start(|request| match request.operation.as_str() {
        "AssumeRole" => identity::xml(ASSUMED),
        "GetCallerIdentity" => identity::xml(identity::WHOLE),
        _ => json_error(400, "AccessDeniedException", "no"),
    })
    .await;
    let mut aws = settings(&server);
    aws.action_role_arn = Some("arn:aws:iam::123456789012:role/act".to_owned());
    let connection = scripted(&aws, given(None));
    let who = sources(&everywhere(&connection), &empty()).into_iter().find(|source| *source.name() == "sts").unwrap();
    assert!(poll_one(&who).await.is_ok());
    assert_eq!(server.seen("AssumeRole").len(), 0);
    let client = aws_sdk_ecs::Client::new(&connection.sdk_config_for_actions().await);
    assert!(client.update_service().service("rtech-app").send().await.is_err());
    assert_eq!(server.seen("AssumeRole").len(), 1);
    assert_eq!(server.seen("GetCallerIdentity")[0].access_key, "AKIDTEST");
    assert_eq!(server.seen("UpdateService")[0].access_key, "ASIA", "never the cached credentials of the reads");
}

#[tokio::test]
async fn the_role_of_the_reads_is_assumed_and_its_expiry_is_told() {
    let server = Server::start(|request| match request.operation.as_str() {
        "AssumeRole" => identity::xml(ASSUMED),
        _ => identity::xml(identity::WHOLE),
    })
    .await;
    let mut aws = settings(&server);
    aws.role_arn = Some("arn:aws:iam::123456789012:role/read".to_owned());
    let connection = scripted(&aws, given(None));
    assert_eq!(connection.who(), "the default credential chain, role arn:aws:iam::123456789012:role/read");
    let who = sources(&everywhere(&connection), &empty()).into_iter().find(|source| *source.name() == "sts").unwrap();
    match poll_one(&who).await.unwrap() {
        Payload::Identity(identity) => assert_eq!(identity.expires.unwrap().to_string(), "2099-01-01T00:00:00Z"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_refused_role_says_which() {
    let server = Server::start(|_| {
        let body = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized to \
            perform sts:AssumeRole</Message></Error></ErrorResponse>";
        Answer::Raw(403, "text/xml", body.as_bytes().to_vec())
    })
    .await;
    let mut aws = settings(&server);
    aws.role_arn = Some("arn:aws:iam::123456789012:role/read".to_owned());
    let connection = scripted(&aws, given(None));
    let who = sources(&everywhere(&connection), &empty()).into_iter().find(|source| *source.name() == "sts").unwrap();
    let error = poll_one(&who).await.unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Unauthorised, "{error}");
    assert!(error.reason.contains("role/read") && error.reason.contains("sts:AssumeRole"), "{error}");
}

#[tokio::test]
async fn credentials_that_expire_say_when() {
    let server = Server::start(|_| identity::xml(identity::WHOLE)).await;
    let soon = SystemTime::from(Now::read().wall) + Duration::from_secs(3600);
    let connection = scripted(&settings(&server), given(Some(soon)));
    assert_eq!(connection.credentials_expire(), None, "nothing was loaded yet");
    let who = sources(&everywhere(&connection), &empty()).into_iter().find(|source| *source.name() == "sts").unwrap();
    assert!(poll_one(&who).await.is_ok());
    assert_eq!(connection.credentials_expire().map(SystemTime::from), Some(soon));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_variables_of_endpoints_win_over_the_configured_one_and_the_default_chain_is_used() {
    let general = Server::start(|_| Answer::Raw(500, "text/plain", b"the wrong server".to_vec())).await;
    let special = Server::start(|_| identity::xml(identity::WHOLE)).await;
    let told = by_environment(&[("QD_TEST_ENDPOINT", &general.url()), ("AWS_ENDPOINT_URL_STS", &special.url())]).await;
    assert!(told.contains("assumed-role/ops/ann"), "{told}");
    assert_eq!(special.seen("GetCallerIdentity")[0].access_key, "AKIDENV");
    assert!(general.seen("GetCallerIdentity").is_empty());
    let told = by_environment(&[("QD_TEST_ENDPOINT", &general.url()), ("AWS_ENDPOINT_URL", &special.url())]).await;
    assert!(told.contains("assumed-role/ops/ann"), "{told}");
    let told = by_environment(&[("QD_TEST_ENDPOINT", &special.url())]).await;
    assert!(told.contains("assumed-role/ops/ann"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configured_profile_wins_over_keys_in_the_environment() {
    let server = Server::start(|_| identity::xml(identity::WHOLE)).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    std::fs::write(&file, "[rtech]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = secret\n").unwrap();
    let credentials = ("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap());
    let endpoint = server.url();
    let told = by_environment(&[("QD_TEST_ENDPOINT", &endpoint), ("QD_TEST_PROFILE", "rtech"), credentials]).await;
    assert!(told.contains("assumed-role/ops/ann"), "{told}");
    assert_eq!(server.seen("GetCallerIdentity")[0].access_key, "AKIDPROFILE");
    let told = by_environment(&[("QD_TEST_ENDPOINT", &endpoint), ("QD_TEST_PROFILE", "rtehc"), credentials]).await;
    assert!(told.contains("Unauthorised") && told.contains("profile rtehc"), "{told}");
}

/// What a poll of the identity says in a process of its own, because the environment is a process's own.
async fn by_environment(variables: &[(&str, &str)]) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "aws::connection::tells_the_identity_by_the_environment", "--ignored", "--nocapture"]);
    child.env("AWS_ACCESS_KEY_ID", "AKIDENV").env("AWS_SECRET_ACCESS_KEY", "secret").env_remove("AWS_PROFILE");
    // The lab's endpoints may be set.
    for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_CLOUDWATCH"] {
        child.env_remove(name);
    }
    child.envs(variables.iter().copied());
    let done = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
    assert!(done.status.success());
    String::from_utf8(done.stdout).unwrap()
}

#[tokio::test]
#[ignore = "the other half of the tests above, which set its environment"]
async fn tells_the_identity_by_the_environment() {
    let Ok(endpoint) = std::env::var("QD_TEST_ENDPOINT") else { return };
    let server = Server::start(|_| Answer::Hang).await;
    let mut aws = settings(&server);
    aws.endpoint = Some(endpoint.parse().unwrap());
    aws.profile = std::env::var("QD_TEST_PROFILE").ok();
    let connection = Arc::new(Connection::open(&aws));
    let who = sources(&everywhere(&connection), &empty()).into_iter().find(|source| *source.name() == "sts").unwrap();
    println!("{:?}", poll_one(&who).await);
}

fn given(expires: Option<SystemTime>) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new("AKIDTEST", "secret", None, expires, "test"))
}

const ASSUMED: &str = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\
    <AssumedRoleUser><AssumedRoleId>AROA:q</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/act/q</Arn>\
    </AssumedRoleUser><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
    <SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>\
    </AssumeRoleResponse>";
