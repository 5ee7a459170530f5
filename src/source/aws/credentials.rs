//! Whose credentials are used: a named profile, the default chain, a role on top; and when they expire.

use std::sync::{Arc, Mutex, PoisonError};

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use jiff::Timestamp;

/// When the credentials that are in use expire; empty where they don't, or none were loaded yet.
pub(super) type Expiry = Arc<Mutex<Option<Timestamp>>>;

/// Remembers when the credentials that it hands on expire.
#[derive(Debug)]
struct Remembering {
    inner: SharedCredentialsProvider,
    expiry: Expiry,
}

impl ProvideCredentials for Remembering {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let credentials = self.inner.provide_credentials().await?;
            let expires = credentials.expiry().and_then(|at| Timestamp::try_from(at).ok());
            *self.expiry.lock().unwrap_or_else(PoisonError::into_inner) = expires;
            Ok(credentials)
        })
    }
}

/// `inner`, with each expiry kept in `expiry`.
pub(super) fn remembering(inner: SharedCredentialsProvider, expiry: &Expiry) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Remembering { inner, expiry: expiry.clone() })
}

/// The credentials of a profile, and of nothing else: unlike in the SDK's default chain, access keys in the environment
/// don't win over the profile that the configuration names (as with `aws --profile`).
pub(super) fn of_profile(profile: &str, region: &Region, http: &SharedHttpClient) -> ProfileFileCredentialsProvider {
    let settings = ProviderConfig::default().with_http_client(http.clone()).with_region(Some(region.clone()));
    ProfileFileCredentialsProvider::builder().profile_name(profile).configure(&settings).build()
}

/// `base` with its credentials replaced by those of `role`, which `base`'s credentials assume.
pub(super) async fn assume(base: &SdkConfig, role: &str) -> SharedCredentialsProvider {
    let provider = AssumeRoleProvider::builder(role).configure(base).session_name(session_name()).build().await;
    SharedCredentialsProvider::new(provider)
}

/// The name under which CloudTrail shows the session: `quarterdeck-USER`, in STS's alphabet (2 to 64 characters).
fn session_name() -> String {
    let user = std::env::var("USER").unwrap_or_default();
    let user: String = user.chars().filter(|c| c.is_ascii_alphanumeric() || "+=,.@-_".contains(*c)).take(48).collect();
    if user.is_empty() { "quarterdeck".to_owned() } else { format!("quarterdeck-{user}") }
}
