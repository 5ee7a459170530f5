//! Change calendars: what SSM is asked, and what its answers and failures mean.

use quarterdeck::config::Calendar;
use quarterdeck::source::aws::calendar;
use quarterdeck::source::{CalendarState, SourceErrorKind};
use serde_json::json;

use super::server::{Answer, Server, json_error};
use super::{connection, everywhere};

const ARN: &str = "arn:aws:ssm:eu-west-1:210987654321:document/shop-freeze";

fn named(document: &str) -> Calendar {
    let (allow, who) = (Vec::new(), Vec::new());
    Calendar { name: "shop".into(), document: document.into(), place: None, allow, who }
}

#[tokio::test]
async fn a_calendar_is_asked_by_its_document_in_its_own_region() {
    let next = "2026-12-01T08:00:00Z";
    let server = Server::start(move |_| {
        Answer::Json(200, json!({"State": "CLOSED", "AtTime": "2026-11-26T09:00:00Z", "NextTransitionTime": next}))
    })
    .await;
    let connections = everywhere(&connection(&server));
    let closed = CalendarState { open: false, next: Some(next.parse().unwrap()) };
    for (document, region) in [("shop-freeze", "us-east-1"), (ARN, "eu-west-1")] {
        assert_eq!(calendar(&connections, &named(document)).await.unwrap(), closed);
        let sent = server.seen("GetCalendarState").pop().unwrap();
        assert_eq!((sent.json, sent.region.as_str()), (json!({"CalendarNames": [document]}), region));
        assert_eq!(sent.access_key, "AKIDTEST", "it is signed");
    }
}

#[tokio::test]
async fn a_calendar_that_cannot_be_read_is_an_error_and_never_open() {
    let denied = || json_error(400, "AccessDeniedException", "not authorized to perform ssm:GetCalendarState");
    let page = || Answer::Raw(200, "text/html", b"<html>log in</html>".to_vec());
    let answers: [(fn() -> Answer, SourceErrorKind); 4] = [
        (denied, SourceErrorKind::Unauthorised),
        (|| json_error(400, "InvalidDocument", "no such document"), SourceErrorKind::Refused),
        (page, SourceErrorKind::Malformed),
        (|| Answer::Json(200, json!({})), SourceErrorKind::Malformed),
    ];
    for (answer, kind) in answers {
        let server = Server::start(move |_| answer()).await;
        let error = calendar(&everywhere(&connection(&server)), &named("shop-freeze")).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
    }
}

#[tokio::test]
async fn a_calendar_that_does_not_answer_is_given_up_in_time() {
    let server = Server::start(|_| Answer::Hang).await;
    let began = tokio::time::Instant::now();
    let error = calendar(&everywhere(&connection(&server)), &named("shop-freeze")).await.unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Timeout, "{error}");
    assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
}
