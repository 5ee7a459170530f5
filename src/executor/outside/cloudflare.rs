//! Purges of Cloudflare zones. <https://developers.cloudflare.com/api/resources/cache/methods/purge/>

use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::once::{self, Request};
use super::{not_sent, untold};
use crate::action::{Call, Purge};
use crate::config::{CdnId, Config, HttpAuth};
use crate::executor::target::{ApplyError, Permit, Receipt};
use crate::source::Name;
use crate::source::http::{Access, HttpClient, Trust, under};

/// The longest that a purge may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The largest answer, in bytes.
const LARGEST: usize = 64 * 1024;

#[derive(Deserialize)]
struct Envelope {
    success: bool,
    result: Option<Purged>,
}

#[derive(Deserialize)]
struct Purged {
    id: String,
}

/// Sends one purge, once.
pub(super) async fn send(config: &Config, call: &Call, permit: Permit<'_>) -> Result<Receipt, ApplyError> {
    let Call::CloudflarePurge { service, zone, purge } = call else {
        return Err(not_sent("the call is not Cloudflare's"));
    };
    let place = config.service(service).and_then(|service| service.cdn.as_ref());
    let (token, api) = match place.map(|cdn| &cdn.id) {
        Some(CdnId::Cloudflare { zone: ours, token, api }) if ours == zone => (token.clone(), api),
        _ => return Err(not_sent(&format!("the configuration has no zone {zone} of {service}"))),
    };
    let access = Access {
        auth: HttpAuth::Bearer(token),
        headers: Vec::new(),
        trust: Trust { system_roots: api.scheme() == "https", ..Trust::default() },
        timeout: TIMEOUT,
        max_body: LARGEST,
    };
    let client = HttpClient::for_change(Name::from("cloudflare"), access);
    let url = under(api, &format!("zones/{zone}/purge_cache")).map_err(|reason| not_sent(&reason))?;
    let body = Some(("application/json", body(purge)));
    let answer = once::send(&client, Request { method: Method::POST, url: &url, body }, &permit).await?;
    if !answer.status.is_success() {
        return Err(once::refused(&client, &answer));
    }
    let told: Envelope = answer.json().map_err(|reason| untold(&reason))?;
    match (told.success, told.result) {
        (true, Some(Purged { id })) => {
            Ok(Receipt { said: once::line(&client, &format!("purge {id}")), made: Some(id) })
        }
        _ => Err(untold("HTTP 200, but it doesn't say that it was purged")),
    }
}

fn body(purge: &Purge) -> String {
    match purge {
        Purge::Files(urls) => json!({ "files": urls }),
        Purge::Prefixes(prefixes) => json!({ "prefixes": prefixes }),
        Purge::Everything => json!({ "purge_everything": true }),
    }
    .to_string()
}
