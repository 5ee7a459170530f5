//! Silences of Alertmanager.
//! <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::once::{self, Request};
use super::{not_sent, untold};
use crate::action::Call;
use crate::config::{Config, HttpBackend};
use crate::executor::target::{ApplyError, Permit, Receipt};
use crate::source::Name;
use crate::source::http::{Access, HttpClient, shown, under};
use crate::text::Text;

#[derive(Deserialize)]
struct Posted {
    #[serde(rename = "silenceID")]
    id: String,
}

/// Sends one call of Alertmanager, once.
pub(super) async fn send(config: &Config, call: &Call, permit: Permit<'_>) -> Result<Receipt, ApplyError> {
    let backend = config.alertmanager.as_ref().ok_or_else(|| not_sent("the configuration has no [alertmanager]"))?;
    let client = HttpClient::for_change(Name::from("alertmanager"), Access::from(backend));
    match call {
        Call::AlertmanagerSilence { url, .. } => {
            let at = address(backend, url, "api/v2/silences")?;
            let body = body(call, &permit).ok_or_else(|| not_sent("the call has no silence"))?;
            let body = Some(("application/json", body));
            let answer = once::send(&client, Request { method: Method::POST, url: &at, body }, &permit).await?;
            if !answer.status.is_success() {
                return Err(once::refused(&client, &answer));
            }
            let posted: Posted = answer.json().map_err(|reason| untold(&reason))?;
            Ok(Receipt { said: Text::clean(&format!("silence {}", posted.id)), made: Some(posted.id) })
        }
        Call::AlertmanagerExpire { url, id } => {
            let at = address(backend, url, &format!("api/v2/silence/{id}"))?;
            let answer = once::send(&client, Request { method: Method::DELETE, url: &at, body: None }, &permit).await?;
            match answer.status.is_success() {
                true => Ok(Receipt::from(format!("silence {id} was ended"))),
                false => Err(once::refused(&client, &answer)),
            }
        }
        _ => Err(not_sent("the call is not Alertmanager's")),
    }
}

/// The address below the configuration's own URL, which must be the plan's.
fn address(backend: &HttpBackend, planned: &str, path: &str) -> Result<Url, ApplyError> {
    let ours = format!("{}/", shown(&backend.url).trim_end_matches('/'));
    if ours != planned {
        return Err(not_sent(&format!("[alertmanager] is {ours}, the plan is of {planned}")));
    }
    under(&backend.url, path).map_err(|reason| not_sent(&reason))
}

/// A silence as the API takes it; set by the operator who said yes.
fn body(call: &Call, permit: &Permit<'_>) -> Option<String> {
    let Call::AlertmanagerSilence { matchers, starts, ends, comment, .. } = call else { return None };
    let by = format!("{}@{}", permit.by().user, permit.by().host);
    let silence = json!({
        "matchers": matchers,
        "startsAt": starts,
        "endsAt": ends,
        "createdBy": by,
        "comment": comment,
    });
    Some(silence.to_string())
}
