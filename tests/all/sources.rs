//! HTTP sources against scripted servers on loopback, with recorded answers of real backends.

mod alerts;
mod cloudflare;
mod dns_server;
mod health;
mod health_shapes;
mod http;
mod json_api;
mod probe;
mod prometheus;
mod status;
mod status_backups;
mod tls_server;
mod world;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use quarterdeck::clock::Now;
use quarterdeck::config::check;
use quarterdeck::config::{Config, HttpAuth, HttpBackend, Polling};
use quarterdeck::source::{Ask, Payload, Reading, SharedSource, SourceError, Subject};

/// One request that a scripted server got.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    query: String,
    pub(crate) headers: HeaderMap,
    form: HashMap<String, String>,
    pub(crate) body: String,
}

/// A server on loopback that answers by a function and remembers what it was asked.
pub(crate) struct Scripted {
    pub(crate) url: url::Url,
    asked: Arc<Mutex<Vec<Asked>>>,
    server: tokio::task::JoinHandle<()>,
}

type Script = Arc<dyn Fn(&Asked) -> Response + Send + Sync>;

impl Scripted {
    /// A server that answers as `script` says.
    pub(crate) async fn start(script: impl Fn(&Asked) -> Response + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let state = (Arc::new(script) as Script, asked.clone());
        let router = Router::new().fallback(answer).with_state(state);
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, asked, server }
    }

    /// A server that always gives this body as JSON.
    async fn json(body: &'static str) -> Self {
        Self::start(move |_| reply(200, "application/json", body)).await
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State((script, log)): State<(Script, Arc<Mutex<Vec<Asked>>>)>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let form = url::form_urlencoded::parse(&body).into_owned().collect();
    let asked = Asked {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        form,
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let response = script(&asked);
    log.lock().unwrap().push(asked);
    response
}

pub(crate) fn reply(status: u16, kind: &str, body: impl Into<Bytes>) -> Response {
    let builder = Response::builder().status(StatusCode::from_u16(status).unwrap()).header("content-type", kind);
    builder.body(Body::from(body.into())).unwrap()
}

pub(crate) fn redirect(to: &str) -> Response {
    Response::builder().status(307).header("location", to).body(Body::empty()).unwrap()
}

/// An answer that never ends.
fn hanging() -> Response {
    Response::new(Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>()))
}

fn backend(server: &Scripted) -> HttpBackend {
    HttpBackend {
        url: server.url.clone(),
        auth: HttpAuth::None,
        headers: Vec::new(),
        ca_file: None,
        client_cert_file: None,
        polling: Polling { interval: Duration::from_secs(5), timeout: Duration::from_secs(5) },
        max_series: 100,
        max_body: 1 << 20,
        parameters: Vec::new(),
        trace_url: None,
    }
}

/// A checked configuration; `$URL` in the text is the server's.
fn config(text: &str, server: &Scripted) -> Arc<Config> {
    let head = "[environment]\nname = \"test\"\nkind = \"development\"\n";
    let text = format!("{head}{}", text.replace("$URL", server.url.as_str().trim_end_matches('/')));
    Arc::new(check::parse(&text, Path::new("test.toml"), &|_| None).unwrap_or_else(|errors| panic!("{errors}")))
}

/// Asks sources once; all readings, in the order in which they came.
async fn ask(sources: Vec<SharedSource>, backfill: Option<Duration>) -> Vec<Reading> {
    let (out, mut readings) = tokio::sync::mpsc::channel(1024);
    for source in sources {
        quarterdeck::source::poll::once(source.as_ref(), Ask { now: Now::read(), backfill }, &out).await;
    }
    drop(out);
    let mut all = Vec::new();
    while let Some(reading) = readings.recv().await {
        all.push(reading);
    }
    all
}

/// The last outcome for a subject.
fn outcome(readings: &[Reading], subject: &Subject) -> Result<Payload, SourceError> {
    let found = readings.iter().rfind(|reading| reading.subject == *subject);
    found.unwrap_or_else(|| panic!("no reading of {subject}")).outcome.clone()
}

fn recorded(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/sources/recorded").join(name)
}
