//! The SDK's HTTP client with a pool that all reading clients share, proxies from the environment, and a cap on bodies.
//!
//! The SDK reads a whole body into memory before it parses it and sets no bound; it never asks for compression, so the
//! cap on what is received is the cap on what is kept.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

/// The largest body that is read, in bytes: 500 CloudWatch queries of 1,440 points in CBOR stay below it.
pub(super) const LARGEST_BODY: usize = 32 * 1024 * 1024;

/// A body was larger than [`LARGEST_BODY`].
#[derive(Debug, thiserror::Error)]
#[error("the answer is larger than {} MiB and was not read to its end", LARGEST_BODY / (1024 * 1024))]
pub(super) struct TooLarge;

/// One HTTP client, for sharing: connections are pooled over all SDK clients that are given it.
pub(super) fn client() -> SharedHttpClient {
    SharedHttpClient::new(Pool { connectors: Mutex::new(HashMap::new()) })
}

/// A connector, and with it a connection pool, for each pair of connect and read timeout.
struct Pool {
    connectors: Mutex<HashMap<Timeouts, SharedHttpConnector>>,
}

type Timeouts = (Option<Duration>, Option<Duration>);

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

impl HttpClient for Pool {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let mut connectors = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (settings.connect_timeout(), settings.read_timeout());
        connectors.entry(key).or_insert_with(|| connector(settings, components.sleep_impl())).clone()
    }
}

/// A connector with a pool of its own.
pub(super) fn connector(settings: &HttpConnectorSettings, sleep: Option<SharedAsyncSleep>) -> SharedHttpConnector {
    let mut builder: ConnectorBuilder<_> = Connector::builder()
        .connector_settings(settings.clone())
        .proxy_config(ProxyConfig::from_env())
        .pool_max_idle_per_host(4)
        .tls_provider(Provider::Rustls(CryptoMode::Ring));
    builder.set_sleep_impl(sleep);
    SharedHttpConnector::new(Capped { inner: SharedHttpConnector::new(builder.build()) })
}

/// Reads each body to its end, or to the cap.
#[derive(Debug)]
struct Capped {
    inner: SharedHttpConnector,
}

impl HttpConnector for Capped {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.inner.call(request);
        HttpConnectorFuture::new(async move { read_whole(answer.await?).await })
    }
}

async fn read_whole(mut response: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let mut stream = ByteStream::new(response.take_body());
    let mut body = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| ConnectorError::io(error.into()))?;
        if body.len() + chunk.len() > LARGEST_BODY {
            return Err(ConnectorError::other(TooLarge.into(), None));
        }
        body.extend_from_slice(&chunk);
    }
    *response.body_mut() = SdkBody::from(body);
    Ok(response)
}
