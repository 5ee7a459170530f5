//! A zone of Cloudflare: what its API documents, and what must not pass for a zone.

use quarterdeck::source::cloudflare::sources;
use quarterdeck::source::{Cdn, Name, Payload, SourceError, SourceErrorKind, Subject};

use super::{Scripted, ask, outcome, reply};

async fn zone(status: u16, body: &'static str) -> Result<Cdn, SourceError> {
    let server = Scripted::start(move |asked| {
        assert_eq!(asked.path, "/client/v4/zones/023e105f4ecef8ad9ca31a8372d0c353");
        assert_eq!(asked.headers["authorization"], "Bearer hunter2-token");
        reply(status, "application/json", body)
    })
    .await;
    let text = format!(
        "[environment]\nname = \"t\"\nkind = \"development\"\n[[service]]\nname = \"site\"\ncdn = {{ cloudflare_zone = \
         \"023e105f4ecef8ad9ca31a8372d0c353\", token = \"${{TOKEN}}\", api = \"{}client/v4\" }}\n",
        server.url
    );
    let token = |_: &str| Some("hunter2-token".to_owned());
    let config = quarterdeck::config::check::parse(&text, std::path::Path::new("t.toml"), &token);
    let config = config.unwrap_or_else(|errors| panic!("{errors}"));
    let readings = ask(sources(&config), None).await;
    match outcome(&readings, &Subject::Cdn { service: Name::from("site") })? {
        Payload::Cdn(cdn) => Ok(cdn),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_zone_is_read() {
    let cdn = zone(
        200,
        r#"{"success":true,"errors":[],"messages":[],"result":{"id":"023e105f4ecef8ad9ca31a8372d0c353",
        "name":"example.com","status":"active","paused":true,"type":"full","modified_on":"2026-01-01T05:20:00.12345Z",
        "plan":{"name":"Pro Plan"}}}"#,
    );
    let cdn = cdn.await.unwrap();
    assert_eq!((cdn.domain.as_str(), cdn.status.as_str(), cdn.enabled), ("example.com", "active", false));
    assert!(cdn.modified.is_some() && cdn.missing.is_empty());
}

#[tokio::test]
async fn an_answer_that_is_no_success_is_a_failure_in_cloudflare_s_words() {
    let refused = r#"{"success":false,"errors":[{"code":7003,"message":"Could not route to /zones/x"}],"result":null}"#;
    let error = zone(200, refused).await.unwrap_err();
    assert_eq!((error.kind, error.reason.as_str()), (SourceErrorKind::Refused, "Could not route to /zones/x"));
    let error = zone(403, refused).await.unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Unauthorised);
    assert_eq!(
        zone(200, r#"{"success":true,"result":{"name":"x"}}"#).await.unwrap_err().kind,
        SourceErrorKind::Malformed
    );
}
