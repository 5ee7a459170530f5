//! CloudFront (REST with XML) and Certificate Manager (JSON 1.1).

use std::time::Duration;

use quarterdeck::config::{AcmCertificate, CdnId, CdnPlace, Config, ExpiryBounds, Polling, ProbeCheck, ProbeKind};
use quarterdeck::source::{Cdn, HealthState, Payload, Probe, SourceErrorKind};
use serde_json::json;

use super::server::{Answer, Request, Server, json_error};
use super::{failure, identity::xml, poll_one, source, with_services};

const POLLING: Polling = Polling { interval: Duration::from_secs(60), timeout: Duration::from_secs(3) };

fn bare() -> Config {
    let mut config = with_services(&["site"], vec![]);
    config.services[0].ecs = None;
    config
}

pub(super) fn with_cdn() -> Config {
    let mut config = bare();
    let id = CdnId::CloudFront { distribution: "E123EXAMPLE".to_owned(), place: None };
    config.services[0].cdn = Some(CdnPlace { id, polling: POLLING });
    config
}

pub(super) const DISTRIBUTION: &str = r#"<Distribution xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Id>E123EXAMPLE</Id>
    <ARN>arn:aws:cloudfront::123456789012:distribution/E123EXAMPLE</ARN><Status>InProgress</Status>
    <LastModifiedTime>2026-11-21T13:00:00Z</LastModifiedTime><InProgressInvalidationBatches>1</InProgressInvalidationBatches>
    <DomainName>d111111abcdef8.cloudfront.net</DomainName><DistributionConfig><CallerReference>x</CallerReference>
    <Aliases><Quantity>2</Quantity><Items><CNAME>www.example.com</CNAME><CNAME>example.com</CNAME></Items></Aliases>
    <Origins><Quantity>0</Quantity><Items/></Origins><DefaultCacheBehavior><TargetOriginId>app</TargetOriginId>
    <ViewerProtocolPolicy>redirect-to-https</ViewerProtocolPolicy>
    <CachePolicyId>4135ea2d-6df8-44a3-9df3-4b5a84be39ad</CachePolicyId><DefaultTTL>86400</DefaultTTL></DefaultCacheBehavior>
    <CacheBehaviors><Quantity>1</Quantity><Items><CacheBehavior><PathPattern>/_next/static/*</PathPattern>
    <TargetOriginId>assets</TargetOriginId><ViewerProtocolPolicy>https-only</ViewerProtocolPolicy>
    <DefaultTTL>31536000</DefaultTTL></CacheBehavior></Items></CacheBehaviors><Comment></Comment><Enabled>true</Enabled>
    </DistributionConfig></Distribution>"#;

const INVALIDATIONS: &str = r#"<InvalidationList xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Marker></Marker>
    <MaxItems>10</MaxItems><IsTruncated>true</IsTruncated><NextMarker>I2</NextMarker><Quantity>2</Quantity><Items>
    <InvalidationSummary><Id>I1</Id><CreateTime>2026-11-21T13:59:00Z</CreateTime><Status>InProgress</Status></InvalidationSummary>
    <InvalidationSummary><Id>I0</Id><CreateTime>2026-11-20T09:00:00Z</CreateTime><Status>Completed</Status></InvalidationSummary>
    </Items></InvalidationList>"#;

const INVALIDATION: &str = r#"<Invalidation xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Id>I1</Id>
    <Status>InProgress</Status><CreateTime>2026-11-21T13:59:00Z</CreateTime><InvalidationBatch><Paths><Quantity>2</Quantity>
    <Items><Path>/index.html</Path><Path>/blog/*</Path></Items></Paths><CallerReference>r</CallerReference></InvalidationBatch>
    </Invalidation>"#;

pub(super) fn fault(status: u16, code: &str) -> Answer {
    let body = format!(
        "<ErrorResponse xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>"
    );
    Answer::Raw(status, "text/xml", body.into_bytes())
}

fn whole(request: &Request) -> Answer {
    match request.operation.as_str() {
        "/2020-05-31/distribution/E123EXAMPLE" => xml(DISTRIBUTION),
        "/2020-05-31/distribution/E123EXAMPLE/invalidation" => xml(INVALIDATIONS),
        "/2020-05-31/distribution/E123EXAMPLE/invalidation/I1" => xml(INVALIDATION),
        other => panic!("{other} was not expected"),
    }
}

async fn read(server: &Server) -> Cdn {
    match poll_one(&source(server, &with_cdn(), "cloudfront site")).await.unwrap() {
        Payload::Cdn(cdn) => cdn,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_distribution_is_read_with_what_is_in_flight() {
    let server = Server::start(whole).await;
    let cdn = read(&server).await;
    assert_eq!((cdn.status.as_str(), cdn.enabled, cdn.aliases.len()), ("InProgress", true, 2));
    assert_eq!(cdn.domain.as_str(), "d111111abcdef8.cloudfront.net");
    let behaviours: Vec<_> =
        cdn.behaviours.iter().map(|b| (b.path.as_str(), b.default_ttl, b.policy.as_deref())).collect();
    let expected = [("/_next/static/*", Some(31_536_000), None), ("default", None, Some("CachingDisabled"))];
    assert_eq!(behaviours, expected, "a policy takes the place of the old field");
    let paths: Vec<&str> = cdn.invalidations[0].paths.iter().map(|path| path.as_str()).collect();
    assert_eq!((cdn.invalidations[0].in_flight(), paths), (true, vec!["/index.html", "/blog/*"]));
    assert_eq!(cdn.invalidations[0].created, "2026-11-21T13:59:00Z".parse().ok());
    assert!(!cdn.invalidations[1].in_flight() && cdn.missing.is_empty());
    assert_eq!(server.count(), 3, "only what is in flight is asked for its paths, and one page of the list is read");
}

#[tokio::test]
async fn invalidations_that_can_t_be_read_are_told_and_leave_the_distribution() {
    let denied = |request: &Request| match request.operation.ends_with("/invalidation") {
        true => fault(403, "AccessDenied"),
        false => whole(request),
    };
    let cdn = read(&Server::start(denied).await).await;
    assert_eq!(cdn.status.as_str(), "InProgress");
    assert!(
        cdn.missing[0].starts_with("invalidations: cloudfront:ListInvalidations: AccessDenied"),
        "{:?}",
        cdn.missing
    );
    let without_paths = |request: &Request| match request.operation.ends_with("/I1") {
        true => fault(400, "Throttling"),
        false => whole(request),
    };
    let cdn = read(&Server::start(without_paths).await).await;
    assert!(cdn.invalidations[0].in_flight() && cdn.missing[0].starts_with("paths of I1: "), "{:?}", cdn.missing);
}

#[tokio::test]
async fn a_distribution_that_is_not_there_is_missing_and_a_page_is_not_one() {
    let server = Server::start(|_| fault(404, "NoSuchDistribution")).await;
    let error = failure(&source(&server, &with_cdn(), "cloudfront site")).await;
    assert_eq!(error.kind, SourceErrorKind::Missing, "{error}");
    let server = Server::start(|_| Answer::Raw(200, "text/html", b"<html><title>Proxy</title></html>".to_vec())).await;
    let error = failure(&source(&server, &with_cdn(), "cloudfront site")).await;
    assert_eq!(error.kind, SourceErrorKind::Malformed, "{error}");
    let server = Server::start(|_| Answer::Hang).await;
    let error = failure(&source(&server, &with_cdn(), "cloudfront site")).await;
    assert_eq!(error.kind, SourceErrorKind::Timeout, "{error}");
}

const ARN: &str = "arn:aws:acm:us-east-1:123456789012:certificate/one";

fn with_acm(certificate: &str) -> Config {
    let mut config = bare();
    let bounds = ExpiryBounds { warning_days: 21, critical_days: 7 };
    let kind = ProbeKind::Acm(AcmCertificate { certificate: certificate.to_owned(), place: None, bounds });
    config.services[0].probes = vec![ProbeCheck { name: "tls".into(), kind, polling: POLLING }];
    config
}

async fn certificate(server: &Server, wanted: &str) -> Probe {
    match poll_one(&source(server, &with_acm(wanted), "acm site/tls")).await.unwrap() {
        Payload::Probe(probe) => probe,
        other => panic!("{other:?}"),
    }
}

/// Seconds since 1970, so many days from now.
fn days(days: i64) -> i64 {
    quarterdeck::clock::Now::read().wall.as_second() + days * 86_400 + 3600
}

fn detail(change: serde_json::Value) -> Answer {
    let mut detail = json!({"CertificateArn": ARN, "DomainName": "www.example.com", "Status": "ISSUED", "Type": "AMAZON_ISSUED",
        "NotBefore": days(-300), "NotAfter": days(90), "InUseBy": ["arn:aws:cloudfront::123456789012:distribution/E123EXAMPLE"]});
    detail.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    Answer::Json(200, json!({ "Certificate": detail }))
}

/// One certificate with those members, asked for by its ARN.
async fn described(change: serde_json::Value) -> Probe {
    let server = Server::start(move |request| {
        assert_eq!((request.operation.as_str(), &request.json["CertificateArn"]), ("DescribeCertificate", &json!(ARN)));
        detail(change.clone())
    })
    .await;
    certificate(&server, ARN).await
}

#[tokio::test]
async fn a_certificate_is_judged_by_status_expiry_and_renewal() {
    let probe = described(json!({})).await;
    assert_eq!((probe.state, probe.summary.as_str()), (HealthState::Healthy, "status ISSUED"));
    assert!(probe.expires.is_some());
    let used = probe.facts.iter().find(|fact| fact.name.as_str() == "use").unwrap();
    assert_eq!(used.found.as_str(), "is used by E123EXAMPLE");
    let renewal = |status: &str| json!({"RenewalSummary": {"RenewalStatus": status, "DomainValidationOptions": [], "UpdatedAt": 1}});
    for (change, state) in [
        (json!({"NotAfter": days(20)}), HealthState::Degraded),
        (json!({"NotAfter": days(6)}), HealthState::Unhealthy),
        (json!({"Status": "EXPIRED", "NotAfter": days(-2)}), HealthState::Unhealthy),
        (json!({"Status": "PENDING_VALIDATION", "NotAfter": null}), HealthState::Degraded),
        (json!({"Status": "REVOKED"}), HealthState::Unhealthy),
        (json!({"Status": "SOMETHING_NEW"}), HealthState::Unknown),
        (json!({"Status": null}), HealthState::Unknown),
        (renewal("PENDING_VALIDATION"), HealthState::Degraded),
        (renewal("FAILED"), HealthState::Unhealthy),
        (renewal("SUCCESS"), HealthState::Healthy),
    ] {
        assert_eq!(described(change.clone()).await.state, state, "{change}");
    }
}

#[tokio::test]
async fn of_several_certificates_of_a_domain_the_one_in_use_that_ends_first_is_looked_at() {
    let server = Server::start(|request| match request.operation.as_str() {
        "ListCertificates" => {
            assert_eq!(request.json["Includes"]["keyTypes"].as_array().map(Vec::len), Some(7), "all kinds of keys");
            let one = |arn: &str, domain: &str, used: bool, end: i64| json!({"CertificateArn": arn, "DomainName": domain, "InUse": used, "NotAfter": days(end)});
            match request.json.get("NextToken") {
                None => Answer::Json(200, json!({"NextToken": "2", "CertificateSummaryList": [
                    one("arn:old", "www.example.com", false, 1), one("arn:other", "shop.example.com", true, 2)]})),
                Some(_) => Answer::Json(200, json!({"CertificateSummaryList": [
                    one("arn:late", "www.example.com", true, 200), one(ARN, "WWW.example.com", true, 100)]})),
            }
        }
        _ => {
            assert_eq!(request.json["CertificateArn"], ARN);
            detail(json!({}))
        }
    })
    .await;
    let probe = certificate(&server, "www.example.com").await;
    assert!(probe.facts.iter().any(|fact| fact.found.as_str() == "2 more of this domain"), "{probe:?}");
}

#[tokio::test]
async fn a_list_without_end_a_domain_without_certificate_and_a_refusal_are_failures() {
    let endless = |_: &Request| {
        Answer::Json(
            200,
            json!({"NextToken": "more", "CertificateSummaryList": [
        {"CertificateArn": ARN, "DomainName": "www.example.com"}]}),
        )
    };
    let server = Server::start(endless).await;
    let error = failure(&source(&server, &with_acm("www.example.com"), "acm site/tls")).await;
    assert!(error.reason.contains("more than 1000 certificates"), "{error}");
    assert_eq!(server.count(), 10);
    let server = Server::start(|_| Answer::Json(200, json!({"CertificateSummaryList": []}))).await;
    let error = failure(&source(&server, &with_acm("www.example.com"), "acm site/tls")).await;
    assert_eq!(error.kind, SourceErrorKind::Missing, "{error}");
    let server = Server::start(|_| json_error(400, "AccessDeniedException", "not you")).await;
    let error = failure(&source(&server, &with_acm(ARN), "acm site/tls")).await;
    assert_eq!(error.kind, SourceErrorKind::Unauthorised, "{error}");
}
