//! The way into AWS: profile, region, endpoint, role, timeouts, retries; one connection pool for all reading clients.

use std::sync::Arc;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use jiff::Timestamp;
use tokio::sync::OnceCell;

use super::meter::Meter;
use super::{credentials, http};
use crate::config;

/// How long a TCP and TLS connection may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long the first byte of an answer may take. The same for all clients, so that they share one connection pool;
/// the deadlines of the sources lie above it, as the timeout of the whole operation.
pub const READ_TIMEOUT: Duration = Duration::from_secs(15);

/// How often a read is sent at most.
const READ_ATTEMPTS: u32 = 2;

/// How long one mutating call may take, reading its answer included. It is sent once.
const ACTION_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a mutating call and the loading of its credentials may take together.
const ACTION_OPERATION_TIMEOUT: Duration = Duration::from_secs(30);

/// How long loading credentials (SSO, STS) may take, where no source's deadline is tighter.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(10);

/// One environment's way into AWS. Opening costs nothing and touches neither disk nor network: profile and credentials
/// are resolved at the first read, in the task of its poller.
#[derive(Debug)]
pub struct Connection {
    settings: config::Aws,
    given: Option<SharedCredentialsProvider>,
    /// An endpoint that wins over everything else.
    only: Option<String>,
    http: SharedHttpClient,
    base: OnceCell<SdkConfig>,
    reading: OnceCell<SdkConfig>,
    in_use: credentials::InUse,
    meter: Arc<Meter>,
}

impl Connection {
    /// A connection as the configuration says.
    pub fn open(aws: &config::Aws) -> Self {
        Self {
            settings: aws.clone(),
            given: None,
            only: None,
            http: http::client(),
            base: OnceCell::new(),
            reading: OnceCell::new(),
            in_use: credentials::InUse::default(),
            meter: Arc::default(),
        }
    }

    /// The same with these credentials, in place of the profile or the default chain.
    pub fn with_credentials(mut self, credentials: SharedCredentialsProvider) -> Self {
        self.given = Some(credentials);
        self
    }

    /// The same with this endpoint for every service, whatever configuration and environment say.
    pub fn with_endpoint(mut self, endpoint: &str) -> Self {
        self.only = Some(endpoint.trim_end_matches('/').to_owned());
        self
    }

    /// The same, charging what is asked to this meter.
    pub fn with_meter(mut self, meter: &Arc<Meter>) -> Self {
        self.meter = meter.clone();
        self
    }

    /// Where what is asked through it is charged.
    pub fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// The region that all clients use.
    pub fn region(&self) -> &str {
        &self.settings.region
    }

    /// When the credentials that reads use expire; `None` where they don't, or where none were loaded yet.
    pub fn credentials_expire(&self) -> Option<Timestamp> {
        self.in_use.expire()
    }

    /// The credentials that reads use.
    pub(super) fn in_use(&self) -> &credentials::InUse {
        &self.in_use
    }

    /// Whose credentials reads use, for messages: profile and role.
    pub fn who(&self) -> String {
        let profile = match &self.settings.profile {
            Some(profile) => format!("profile {profile}"),
            None => "the default credential chain".to_owned(),
        };
        match &self.settings.role_arn {
            Some(role) => format!("{profile}, role {role}"),
            None => profile,
        }
    }

    /// For reading clients: at most two attempts, all timeouts set, one pool. An operation may take `deadline`.
    pub async fn sdk_config(&self, deadline: Duration) -> SdkConfig {
        let reading = self.reading.get_or_init(|| self.load_reading()).await;
        reading.clone().into_builder().timeout_config(read_timeouts(deadline)).build()
    }

    /// For clients that change production.
    ///
    /// Invariant: **only `executor/` may call this.** Retries are off, because the SDK repeats timeouts and 5xx without
    /// asking whether a call may be repeated; every timeout is set; the connection pool is one of its own, so that a
    /// mutating call never goes out on a connection that a stalled read left behind. The role is `action_role_arn` where
    /// configured, assumed with the credentials before `role_arn`; else the credentials of the reads.
    pub async fn sdk_config_for_actions(&self) -> SdkConfig {
        let credentials = match &self.settings.action_role_arn {
            Some(role) => Some(credentials::assume(self.base().await, role).await),
            None => self.reading.get_or_init(|| self.load_reading()).await.credentials_provider(),
        };
        let mut builder = self
            .base()
            .await
            .clone()
            .into_builder()
            .http_client(http::client())
            .retry_config(RetryConfig::disabled())
            .timeout_config(action_timeouts());
        builder.set_credentials_provider(credentials);
        builder.build()
    }

    /// Everything but the role to assume.
    async fn base(&self) -> &SdkConfig {
        self.base.get_or_init(|| self.load_base()).await
    }

    async fn load_base(&self) -> SdkConfig {
        let region = Region::new(self.settings.region.clone());
        let loader = self.credentialed(self.loader().region(region.clone()), &region);
        if let Some(only) = &self.only {
            return loader.endpoint_url(only).load().await;
        }
        let loaded = loader.load().await;
        match &self.settings.endpoint {
            Some(endpoint) => with_endpoint(loaded, endpoint.as_str()),
            None => loaded,
        }
    }

    fn credentialed(&self, loader: ConfigLoader, region: &Region) -> ConfigLoader {
        match (&self.given, &self.settings.profile) {
            (Some(given), _) => loader.credentials_provider(given.clone()),
            (None, Some(profile)) => {
                let provider = credentials::of_profile(profile, region, &self.http);
                loader.profile_name(profile).credentials_provider(provider)
            }
            (None, None) => loader,
        }
    }

    fn loader(&self) -> ConfigLoader {
        let loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(self.http.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(READ_ATTEMPTS))
            .timeout_config(read_timeouts(CREDENTIALS_TIMEOUT))
            .stalled_stream_protection(
                StalledStreamProtectionConfig::enabled().grace_period(Duration::from_secs(5)).build(),
            );
        match AppName::new("quarterdeck") {
            Ok(name) => loader.app_name(name),
            Err(_) => loader,
        }
    }

    async fn load_reading(&self) -> SdkConfig {
        let base = self.base().await;
        let provider: Option<SharedCredentialsProvider> = match &self.settings.role_arn {
            Some(role) => Some(credentials::assume(base, role).await),
            None => base.credentials_provider(),
        };
        let mut builder = base.clone().into_builder();
        builder.set_credentials_provider(provider.map(|inner| credentials::remembering(inner, &self.in_use)));
        builder.build()
    }
}

/// Sets the endpoint of all services in a way that lets `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL` and the profile's
/// `services` win: an endpoint that is set on the loader would win over them.
fn with_endpoint(loaded: SdkConfig, endpoint: &str) -> SdkConfig {
    loaded.into_builder().endpoint_url(endpoint.trim_end_matches('/')).build()
}

/// One attempt gets a little more than half of the operation, so that a hung attempt leaves time for the second.
fn read_timeouts(deadline: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .operation_attempt_timeout(deadline.mul_f64(0.6))
        .operation_timeout(deadline)
        .build()
}

fn action_timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(ACTION_TIMEOUT)
        .operation_attempt_timeout(ACTION_TIMEOUT)
        .operation_timeout(ACTION_OPERATION_TIMEOUT)
        .build()
}

/// What an SDK operation may take within a poll of `deadline`: a little less, so that the SDK's own error, which says
/// what was asked, comes before the poller gives up.
pub(super) fn operation_timeout(deadline: Duration) -> Duration {
    deadline.mul_f64(0.95)
}
