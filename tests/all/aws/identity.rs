//! STS: a cut answer is no error to the SDK, and must be one to us.

use quarterdeck::source::{Payload, SourceErrorKind};

use super::server::{Answer, Server};
use super::{empty, failure, poll_one, source};

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
