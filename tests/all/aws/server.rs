//! A scripted AWS: answers what a test says, and writes down what it was asked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use ciborium::Value as Cbor;
use serde_json::Value as Json;

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// The operation, such as `DescribeServices`; of a REST protocol the path.
    pub(super) operation: String,
    /// The HTTP method.
    pub(super) method: String,
    /// Path and query, as they were sent.
    pub(super) target: String,
    /// The access key that signed it.
    pub(super) access_key: String,
    /// The region that it is signed for.
    pub(super) region: String,
    /// The body of a JSON request.
    pub(super) json: Json,
    /// The body of a request of the query protocol, as it was sent.
    pub(super) form: String,
    /// The body of a CBOR request.
    pub(super) cbor: Cbor,
    /// The body as text.
    pub(super) body: String,
}

/// One answer.
pub(super) enum Answer {
    /// JSON 1.1.
    Json(u16, Json),
    /// CBOR of Smithy RPC v2.
    Cbor(u16, Cbor),
    /// Anything.
    Raw(u16, &'static str, Vec<u8>),
    /// None, ever.
    Hang,
}

type Script = dyn Fn(&Request) -> Answer + Send + Sync;

struct Shared {
    script: Box<Script>,
    seen: Mutex<Vec<Request>>,
}

/// The running server; it stops with the test's runtime.
pub(super) struct Server {
    port: u16,
    shared: Arc<Shared>,
}

impl Server {
    /// Starts a server that answers by `script`.
    pub(super) async fn start(script: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let shared = Arc::new(Shared { script: Box::new(script), seen: Mutex::default() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = Router::new().fallback(answer).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { port, shared }
    }

    /// Its address.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// How many requests of any operation came so far.
    pub(super) fn count(&self) -> usize {
        self.shared.seen.lock().unwrap().len()
    }

    /// All requests so far, in the order of their arrival.
    pub(super) fn all(&self) -> Vec<Request> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// All requests of one operation so far.
    pub(super) fn seen(&self, operation: &str) -> Vec<Request> {
        let seen = self.shared.seen.lock().unwrap();
        seen.iter().filter(|request| request.operation == operation).cloned().collect()
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = Request {
        operation: operation(&uri, &headers, &body),
        method: method.to_string(),
        target: uri.to_string(),
        access_key: signed(&headers, 0),
        region: signed(&headers, 2),
        form: String::from_utf8_lossy(&body).into_owned(),
        json: serde_json::from_slice(&body).unwrap_or_default(),
        cbor: ciborium::from_reader(&body[..]).unwrap_or(Cbor::Null),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    shared.seen.lock().unwrap().push(request.clone());
    match (shared.script)(&request) {
        Answer::Json(status, json) => send(status, "application/x-amz-json-1.1", json.to_string().into_bytes()),
        Answer::Cbor(status, cbor) => {
            let mut bytes = Vec::new();
            ciborium::into_writer(&cbor, &mut bytes).unwrap();
            let mut response = send(status, "application/cbor", bytes);
            response.headers_mut().insert("smithy-protocol", "rpc-v2-cbor".parse().unwrap());
            response
        }
        Answer::Raw(status, kind, bytes) => send(status, kind, bytes),
        Answer::Hang => std::future::pending().await,
    }
}

/// Named by the path (CBOR), a header (JSON 1.1), the form (query protocol), or else by the path (REST).
fn operation(uri: &Uri, headers: &HeaderMap, body: &[u8]) -> String {
    if let Some((_, operation)) = uri.path().split_once("/operation/") {
        return operation.to_owned();
    }
    if let Some(target) = headers.get("x-amz-target") {
        return target.to_str().unwrap().rsplit('.').next().unwrap().to_owned();
    }
    let form = String::from_utf8_lossy(body);
    let action = form.split('&').find_map(|pair| pair.strip_prefix("Action="));
    action.unwrap_or_else(|| uri.path()).to_owned()
}

/// A part of `AWS4-HMAC-SHA256 Credential=AKID/date/region/service/aws4_request, …`.
fn signed(headers: &HeaderMap, part: usize) -> String {
    let signed = headers.get("authorization").and_then(|header| header.to_str().ok()).unwrap_or_default();
    let credential = signed.split_once("Credential=").map_or("", |(_, rest)| rest);
    credential.split('/').nth(part).unwrap_or_default().to_owned()
}

fn send(status: u16, kind: &'static str, body: Vec<u8>) -> Response {
    (StatusCode::from_u16(status).unwrap(), [(header::CONTENT_TYPE, kind)], body).into_response()
}

/// A CBOR map.
pub(super) fn map<const N: usize>(pairs: [(&str, Cbor); N]) -> Cbor {
    Cbor::Map(pairs.into_iter().map(|(key, value)| (Cbor::Text(key.to_owned()), value)).collect())
}

/// A CBOR text.
pub(super) fn text(text: &str) -> Cbor {
    Cbor::Text(text.to_owned())
}

/// A CBOR time: tag 1, seconds since 1970.
pub(super) fn time(second: i64) -> Cbor {
    #[allow(clippy::cast_precision_loss)] // seconds of this century
    Cbor::Tag(1, Box::new(Cbor::Float(second as f64)))
}

/// A member of a CBOR map.
pub(super) fn member<'a>(value: &'a Cbor, key: &str) -> Option<&'a Cbor> {
    let found = value.as_map()?.iter().find(|(name, _)| name.as_text() == Some(key));
    found.map(|(_, value)| value)
}

/// An error answer of the JSON protocols.
pub(super) fn json_error(status: u16, code: &str, message: &str) -> Answer {
    Answer::Json(status, serde_json::json!({"__type": code, "message": message}))
}

/// An error answer of the CBOR protocol.
pub(super) fn cbor_error(status: u16, code: &str, message: &str) -> Answer {
    Answer::Cbor(status, map([("__type", text(code)), ("message", text(message))]))
}
