//! Whose credentials are used: a named profile, the default chain, a role on top; when they expire, and whether STS was asked
//! about those that are in use now.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use jiff::Timestamp;

/// The credentials that are in use, shared by whoever loads them and whoever asks about them.
#[derive(Debug, Clone, Default)]
pub(super) struct InUse(Arc<Mutex<Loaded>>);

/// What is known of them. The access key names them: each session has another, and an access key is of one account.
#[derive(Debug, Default)]
struct Loaded {
    expires: Option<Timestamp>,
    key: Option<String>,
    /// The access key that STS was asked about last.
    asked_of: Option<String>,
}

impl InUse {
    fn loaded(&self) -> MutexGuard<'_, Loaded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When they expire; `None` where they don't, or none were loaded yet.
    pub(super) fn expire(&self) -> Option<Timestamp> {
        self.loaded().expires
    }

    /// Their access key, where any were loaded.
    pub(super) fn key(&self) -> Option<String> {
        self.loaded().key.clone()
    }

    /// STS told whose they are; `before` is the key that was in use when it was asked. Where others were loaded meanwhile, it is
    /// not known which of them it told about.
    pub(super) fn asked(&self, before: Option<String>) {
        let mut loaded = self.loaded();
        if before.is_none() || before == loaded.key {
            loaded.asked_of = loaded.key.clone();
        }
    }

    /// Whether others are in use than those that STS was asked about: somebody logged in again, or a session was renewed.
    pub(super) fn are_others(&self) -> bool {
        let loaded = self.loaded();
        loaded.key != loaded.asked_of
    }

    fn keep(&self, credentials: &Credentials) {
        let mut loaded = self.loaded();
        loaded.expires = credentials.expiry().and_then(|at| Timestamp::try_from(at).ok());
        loaded.key = Some(credentials.access_key_id().to_owned());
    }
}

/// Remembers the credentials that it hands on.
#[derive(Debug)]
struct Remembering {
    inner: SharedCredentialsProvider,
    in_use: InUse,
}

impl ProvideCredentials for Remembering {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let credentials = self.inner.provide_credentials().await?;
            self.in_use.keep(&credentials);
            Ok(credentials)
        })
    }
}

/// `inner`, with what it hands on kept in `in_use`.
pub(super) fn remembering(inner: SharedCredentialsProvider, in_use: &InUse) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Remembering { inner, in_use: in_use.clone() })
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
