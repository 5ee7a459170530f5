//! `cdn = { … }` of a service.

use url::Url;

use super::Sources;
use super::backend::{every, polling};
use super::words::{or, place, secret, secret_file, url};
use crate::config::raw::{Entry, Section};
use crate::config::{CdnId, CdnPlace, Secret};

/// Where Cloudflare answers.
const CLOUDFLARE: &str = "https://api.cloudflare.com/client/v4";

/// `cdn = { distribution = "…" }` or `cdn = { cloudflare_zone = "…", token = "${…}" }`.
pub(super) fn cdn(section: &Section<'_>, sources: &Sources) -> Option<CdnPlace> {
    let cloudfront = section.get("distribution").map(|entry| cloudfront(section, &entry, sources));
    let cloudflare = section.get("cloudflare_zone").map(|entry| cloudflare(section, &entry));
    let polling = polling(section, every(60, 15));
    section.done();
    let id = match (cloudfront, cloudflare) {
        (Some(id), None) | (None, Some(id)) => id,
        _ => {
            section.error("needs one network", Some("one of distribution (CloudFront) and cloudflare_zone"));
            None
        }
    };
    Some(CdnPlace { id: id?, polling: polling? })
}

fn cloudfront(section: &Section<'_>, entry: &Entry<'_>, sources: &Sources) -> Option<CdnId> {
    let place = place(section.get("place"), sources);
    let distribution = distribution(entry);
    if !sources.aws && sources.simulator.is_none() {
        section.error("needs the section [aws]", Some("add [aws] with its region"));
        return None;
    }
    Some(CdnId::CloudFront { distribution: distribution?, place: place? })
}

fn distribution(entry: &Entry<'_>) -> Option<String> {
    let value = entry.expanded()?.value;
    let safe = value.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    if safe && (5..=32).contains(&value.len()) {
        return Some(value);
    }
    entry.error("is not the id of a distribution", Some("such as E123EXAMPLE: capital letters and digits"));
    None
}

fn cloudflare(section: &Section<'_>, entry: &Entry<'_>) -> Option<CdnId> {
    let zone = zone(entry);
    let from_variable = section.get("token").map(|entry| secret(&entry));
    let from_file = section.get("token_file").map(|entry| secret_file(&entry));
    let default = || Url::parse(CLOUDFLARE).ok();
    let api = section.get("api").map_or_else(default, |entry| url(&entry));
    let token: Option<Secret> = match (from_variable, from_file) {
        (Some(token), None) | (None, Some(token)) => token,
        _ => {
            section
                .error("needs a token", Some("one of token (from a variable) and token_file; it only needs Zone:Read"));
            None
        }
    };
    Some(CdnId::Cloudflare { zone: zone?, token: token?, api: api? })
}

fn zone(entry: &Entry<'_>) -> Option<String> {
    let value = entry.expanded()?.value;
    if value.len() == 32 && value.chars().all(|c| c.is_ascii_hexdigit()) {
        return Some(value);
    }
    entry.error("is not the id of a zone", Some("32 hexadecimal digits, on the zone's overview page"));
    None
}

/// The network of a service, if it names one.
pub(super) fn of_service(service: &Section<'_>, sources: &Sources) -> Option<Option<CdnPlace>> {
    or(service.get("cdn"), None, |entry| cdn(&entry.clone().section()?, sources).map(Some))
}
