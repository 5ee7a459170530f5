//! What ECR says of an image: whether it exists, its digest, and what its scan found.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_sdk_ecr::Client;
use aws_sdk_ecr::types::{ImageDetail, ImageIdentifier};

use super::super::decode::{last_part, timestamp};
use super::super::error::Asked;
use super::super::recent::Recent;
use crate::clock::Mono;
use crate::source::{Name, Registered, Revision};
use crate::text::Text;

/// Revisions besides those in use whose images are asked for.
const NEWEST: usize = 3;

/// Images that are asked for of one service.
const IMAGES: usize = 8;

/// How long an answer is used again: tags move and scans end by the minute.
const RECENT: Duration = Duration::from_secs(120);

/// Registries by region, and their recent answers.
pub(super) struct Registry {
    config: SdkConfig,
    source: Name,
    who: String,
    clients: Mutex<HashMap<String, Client>>,
    told: Recent<Registered>,
}

impl Registry {
    pub(super) fn new(config: SdkConfig, source: Name, who: String) -> Self {
        Self { config, source, who, clients: Mutex::default(), told: Recent::lasting(RECENT) }
    }

    /// Says of each image in use, and of the newest ones, what its registry says.
    pub(super) async fn complete(&self, revisions: &mut [Revision], in_use: &[String], now: Mono) {
        let is_used = |revision: &Revision| in_use.iter().any(|arn| last_part(arn) == revision.id.as_str());
        let wanted: Vec<bool> =
            revisions.iter().enumerate().map(|(index, revision)| index < NEWEST || is_used(revision)).collect();
        let mut left = IMAGES;
        for (revision, _) in revisions.iter_mut().zip(wanted).filter(|(_, wanted)| *wanted) {
            for image in &mut revision.images {
                if let Some(place) = Reference::parse(image.reference.as_str()).filter(|_| left > 0) {
                    left -= 1;
                    image.registry = self.asked(image.reference.as_str(), &place, now).await;
                }
            }
        }
    }

    /// What the registry says of one image, asked anew.
    pub(super) async fn image(&self, reference: &str) -> Registered {
        match Reference::parse(reference) {
            Some(place) => self.ask(&place).await,
            None => Registered::NotAsked,
        }
    }

    async fn asked(&self, reference: &str, place: &Reference<'_>, now: Mono) -> Registered {
        if let Some(known) = self.told.get(reference, now) {
            return known;
        }
        let told = self.ask(place).await;
        self.told.keep(reference.to_owned(), now, told.clone());
        told
    }

    async fn ask(&self, place: &Reference<'_>) -> Registered {
        let asking = self.client(place.region).describe_images().registry_id(place.account);
        let sent = asking.repository_name(place.repository).image_ids(place.identifier()).send().await;
        let asked = Asked { source: &self.source, operation: "ecr:DescribeImages", who: &self.who };
        match sent {
            Ok(described) => described.image_details().first().and_then(found).unwrap_or_else(|| Registered::Failed {
                reason: Text::clean("ecr:DescribeImages: the answer names no image and no failure"),
            }),
            Err(error) => {
                let service = error.as_service_error();
                let is_missing = service.is_some_and(|error| error.is_image_not_found_exception());
                let no_repository = service.is_some_and(|error| error.is_repository_not_found_exception());
                if is_missing || no_repository {
                    return Registered::Missing;
                }
                Registered::Failed { reason: Text::clean(&asked.failed(&error).reason) }
            }
        }
    }

    /// A client of the region that the image's registry is in.
    fn client(&self, region: &str) -> Client {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let open = || {
            let config = aws_sdk_ecr::config::Builder::from(&self.config).region(Region::new(region.to_owned()));
            Client::from_conf(config.build())
        };
        clients.entry(region.to_owned()).or_insert_with(open).clone()
    }
}

fn found(detail: &ImageDetail) -> Option<Registered> {
    let summary = detail.image_scan_findings_summary();
    let counts = summary.and_then(|summary| summary.finding_severity_counts());
    let scan = detail.image_scan_status().and_then(|scan| scan.status()).map(|status| status.as_str());
    Some(Registered::Found {
        digest: Text::clean(detail.image_digest()?),
        pushed: detail.image_pushed_at().and_then(timestamp),
        findings: summary.map(|_| {
            let count = |count: &i32| u32::try_from(*count).unwrap_or(0);
            let counts = counts.into_iter().flatten().map(|(name, found)| (rank(name.as_str()), name, count(found)));
            let sorted: BTreeMap<_, _> = counts.map(|(rank, name, found)| ((rank, name.as_str()), found)).collect();
            sorted.into_iter().map(|((_, name), found)| (Text::clean(name), found)).collect()
        }),
        scan: scan.map(Text::clean),
    })
}

/// The worst first.
fn rank(severity: &str) -> usize {
    const ORDER: [&str; 5] = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL"];
    ORDER.iter().position(|known| *known == severity).unwrap_or(ORDER.len())
}

/// An image of ECR: `ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY[:TAG][@DIGEST]`.
/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html>
#[derive(Debug, PartialEq, Eq)]
struct Reference<'a> {
    account: &'a str,
    region: &'a str,
    repository: &'a str,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// `None` for an image of another registry.
    fn parse(reference: &'a str) -> Option<Self> {
        let (host, path) = reference.split_once('/')?;
        let (account, rest) = host.split_once('.')?;
        let region = ["dkr.ecr.", "dkr.ecr-fips.", "dkr-ecr.", "dkr-ecr-fips."]
            .iter()
            .find_map(|kind| rest.strip_prefix(kind))?;
        let (region, domain) = region.split_once('.')?;
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        if !is_account || !matches!(domain, "amazonaws.com" | "amazonaws.com.cn" | "on.aws") {
            return None;
        }
        let (path, digest) = path.split_once('@').map_or((path, None), |(path, digest)| (path, Some(digest)));
        let (repository, tag) = path.split_once(':').map_or((path, None), |(path, tag)| (path, Some(tag)));
        (!repository.is_empty()).then_some(Self { account, region, repository, tag, digest })
    }

    /// A digest says more than a tag beside it; without both, Docker means `latest`.
    fn identifier(&self) -> ImageIdentifier {
        match self.digest {
            Some(digest) => ImageIdentifier::builder().image_digest(digest).build(),
            None => ImageIdentifier::builder().image_tag(self.tag.unwrap_or("latest")).build(),
        }
    }
}

/// Reads any bytes as an image, for [`crate::fuzzing`].
pub(crate) fn decode_any(data: &[u8]) {
    if let Some(reference) = Reference::parse(&String::from_utf8_lossy(data)) {
        let _ = reference.identifier();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_images_of_ecr_are_asked_for() {
        let of = |reference| Reference::parse(reference).map(|r| (r.account, r.region, r.repository, r.tag, r.digest));
        let host = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
        let text = format!("{host}/team/app:3f1c2a9");
        assert_eq!(of(&text), Some(("123456789012", "eu-central-1", "team/app", Some("3f1c2a9"), None)));
        let text = format!("{host}/app@sha256:00");
        assert_eq!(of(&text), Some(("123456789012", "eu-central-1", "app", None, Some("sha256:00"))));
        for other in [
            "nginx",
            "nginx:1.25",
            "public.ecr.aws/nginx/nginx:1",
            "ghcr.io/team/app:1",
            "1234.dkr.ecr.eu-central-1.amazonaws.com/app:1",
            "123456789012.dkr.ecr.eu-central-1.evil.example/app:1",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
