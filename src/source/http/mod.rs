//! The one HTTP client of the sources: bounded in time and size, and careful with secrets.
//!
//! Every request has a connect and a total timeout; a body is counted after decompression while it streams; redirects
//! that leave the origin are refused and named; an HTML page is summarised and never parsed as data; no error carries a
//! credential.

mod answer;
mod connect;
mod fault;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Request, Response};
use tokio::sync::OnceCell;
use url::Url;

use crate::clock::Stopwatch;
use crate::config::{HttpAuth, HttpBackend, Secret};
use crate::source::{Name, SourceError, SourceErrorKind};

pub use answer::Answer;
pub use connect::Trust;
pub(crate) use fault::decode_any as decode_any_error;
pub use fault::{page_title, shown};

/// The largest body where the configuration names none, in bytes after decompression.
pub const DEFAULT_MAX_BODY: usize = 8 * 1024 * 1024;

/// The largest bearer token file, in bytes.
const MAX_TOKEN: u64 = 64 * 1024;

/// What one client is allowed and how it gets in.
#[derive(Debug, Clone)]
pub struct Access {
    /// How to authenticate.
    pub auth: HttpAuth,
    /// Further headers.
    pub headers: Vec<(String, Secret)>,
    /// Whose certificates to believe, and our own.
    pub trust: Trust,
    /// The longest that one request may take, from connecting to the last byte.
    pub timeout: Duration,
    /// The largest body, in bytes after decompression.
    pub max_body: usize,
}

impl From<&HttpBackend> for Access {
    fn from(backend: &HttpBackend) -> Self {
        Self {
            auth: backend.auth.clone(),
            headers: backend.headers.clone(),
            trust: Trust {
                system_roots: backend.url.scheme() == "https",
                ca_file: backend.ca_file.clone(),
                client_cert_file: backend.client_cert_file.clone(),
            },
            timeout: backend.polling.timeout,
            max_body: backend.max_body,
        }
    }
}

/// What a client received so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Received {
    /// Answers, whatever their status.
    pub answers: u64,
    /// Bytes of bodies, after decompression.
    pub bytes: u64,
}

/// A client of one backend. Made without touching network or disk; both happen in the first request.
#[derive(Debug)]
pub struct HttpClient {
    name: Name,
    access: Access,
    /// Whether its requests change something: then none is redirected, and none is sent again on another connection.
    changes: bool,
    client: OnceCell<reqwest::Client>,
    answers: AtomicU64,
    bytes: AtomicU64,
}

impl HttpClient {
    /// A client whose errors are named after the source `name`.
    pub fn new(name: Name, access: Access) -> Self {
        let (answers, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { name, access, changes: false, client: OnceCell::new(), answers, bytes }
    }

    /// A client whose requests change something; only the executor makes one. It follows no redirect, keeps no connection
    /// and sends nothing twice.
    pub(crate) fn for_change(name: Name, access: Access) -> Self {
        Self { changes: true, ..Self::new(name, access) }
    }

    /// A request that changes something, ready to be sent, and what sends it.
    ///
    /// # Errors
    /// It can't be made; nothing was sent.
    pub(crate) async fn change(
        &self,
        method: reqwest::Method,
        url: &Url,
        body: Option<(&str, String)>,
    ) -> Result<(&reqwest::Client, Request), SourceError> {
        if !self.changes {
            return Err(self.error(SourceErrorKind::Refused, "this client only reads"));
        }
        let client = self.client().await?;
        let request = client.request(method, url.clone());
        let request = match body {
            Some((kind, body)) => request.header(CONTENT_TYPE, kind).body(body),
            None => request,
        };
        Ok((client, self.prepared(request).await?))
    }

    /// An answer with its whole, bounded body.
    ///
    /// # Errors
    /// The connection breaks, or the body is over the cap.
    pub(crate) async fn whole(&self, response: Response) -> Result<Answer, SourceError> {
        let mut answer = Answer::without_body(&response, Duration::ZERO);
        answer.body = self.body(response).await?;
        Ok(answer)
    }

    /// An error of the request, with secrets masked.
    pub(crate) fn told(&self, error: &reqwest::Error) -> SourceError {
        self.network(error)
    }

    /// The source that errors are named after.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// What it received so far.
    pub fn received(&self) -> Received {
        Received { answers: self.answers.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }

    /// GET with a whole, bounded body, whatever the status.
    ///
    /// # Errors
    /// Timeout, no connection, a refused redirect, a body over the cap, unreadable credentials.
    pub async fn get(&self, url: &Url) -> Result<Answer, SourceError> {
        let client = self.client().await?;
        self.send(client.get(url.clone())).await
    }

    /// POST of a form with a whole, bounded answer, whatever the status.
    ///
    /// # Errors
    /// As [`HttpClient::get`].
    pub async fn post_form(&self, url: &Url, form: &[(&str, &str)]) -> Result<Answer, SourceError> {
        let client = self.client().await?;
        self.send(client.post(url.clone()).form(form)).await
    }

    /// POST of JSON with a whole, bounded answer, whatever the status.
    ///
    /// # Errors
    /// As [`HttpClient::get`].
    pub async fn post_json(&self, url: &Url, body: &str) -> Result<Answer, SourceError> {
        let client = self.client().await?;
        self.send(client.post(url.clone()).header(CONTENT_TYPE, "application/json").body(body.to_owned())).await
    }

    /// GET that reads status and headers only.
    ///
    /// # Errors
    /// As [`HttpClient::get`].
    pub async fn head_of(&self, url: &Url) -> Result<Answer, SourceError> {
        let client = self.client().await?;
        let clock = Stopwatch::start();
        let response = self.start(client.get(url.clone())).await?;
        Ok(Answer::without_body(&response, clock.elapsed()))
    }

    /// An error of this source, with every configured secret masked.
    pub fn error(&self, kind: SourceErrorKind, reason: &str) -> SourceError {
        SourceError::new(&self.name, kind, &self.masked(reason))
    }

    /// The answer if it is a success, else the error that it tells.
    ///
    /// # Errors
    /// The status and the server's own message, for everything but 2xx.
    pub fn accepted(&self, answer: Answer) -> Result<Answer, SourceError> {
        match answer.status.is_success() {
            true => Ok(answer),
            false => Err(self.error(fault::kind_of_status(answer.status), &answer.failure())),
        }
    }

    async fn client(&self) -> Result<&reqwest::Client, SourceError> {
        let build = || async {
            connect::build(&self.access, self.changes).map_err(|fault| self.error(fault.kind, &fault.reason))
        };
        self.client.get_or_try_init(build).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer, SourceError> {
        let clock = Stopwatch::start();
        let response = self.start(request).await?;
        let (mut answer, body) = (Answer::without_body(&response, Duration::ZERO), response);
        answer.body = self.body(body).await?;
        answer.took = clock.elapsed();
        Ok(answer)
    }

    async fn start(&self, request: reqwest::RequestBuilder) -> Result<Response, SourceError> {
        let client = self.client().await?;
        let request = self.prepared(request).await?;
        let response = client.execute(request).await.map_err(|error| self.network(&error))?;
        self.answers.fetch_add(1, Ordering::Relaxed);
        Ok(response)
    }

    async fn prepared(&self, request: reqwest::RequestBuilder) -> Result<Request, SourceError> {
        let request = self.authorised(request).await?;
        let mut request = request.build().map_err(|error| self.network(&error))?;
        for (name, value) in &self.access.headers {
            self.insert(request.headers_mut(), name, value.reveal())?;
        }
        Ok(request)
    }

    fn insert(&self, headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), SourceError> {
        let bad = |what: &str| self.error(SourceErrorKind::Refused, &format!("header `{name}` has no valid {what}"));
        let key: HeaderName = name.parse().map_err(|_| bad("name"))?;
        let mut value = HeaderValue::from_str(value).map_err(|_| bad("value"))?;
        value.set_sensitive(true);
        headers.insert(key, value);
        Ok(())
    }

    async fn authorised(&self, request: reqwest::RequestBuilder) -> Result<reqwest::RequestBuilder, SourceError> {
        Ok(match &self.access.auth {
            HttpAuth::None => request,
            HttpAuth::Bearer(token) => request.bearer_auth(token.reveal()),
            HttpAuth::Basic { user, password } => request.basic_auth(user, Some(password.reveal())),
            HttpAuth::BearerFile(path) => {
                let token = read_token(path.clone()).await;
                request.bearer_auth(token.map_err(|reason| self.error(SourceErrorKind::Unauthorised, &reason))?)
            }
        })
    }

    /// Reads the body chunk by chunk, as it comes out of the decompressor, and stops at the cap.
    async fn body(&self, mut response: Response) -> Result<Vec<u8>, SourceError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.network(&error))? {
            self.bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            if body.len() + chunk.len() > self.access.max_body {
                let cap = crate::source::Unit::Bytes.format(self.access.max_body as f64);
                let reason = format!("the answer is larger than {cap} (`max_body`); narrow the query");
                return Err(self.error(SourceErrorKind::Malformed, &reason));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn network(&self, error: &reqwest::Error) -> SourceError {
        let (kind, reason) = fault::of_request(error, self.access.timeout);
        self.error(kind, &reason)
    }

    fn masked(&self, text: &str) -> String {
        let basic = match &self.access.auth {
            HttpAuth::Bearer(secret) | HttpAuth::Basic { password: secret, .. } => Some(secret),
            HttpAuth::None | HttpAuth::BearerFile(_) => None,
        };
        let secrets = self.access.headers.iter().map(|(_, secret)| secret).chain(basic);
        secrets
            .filter(|secret| secret.reveal().len() >= 4)
            .fold(text.to_owned(), |text, secret| text.replace(secret.reveal(), "•••"))
    }
}

/// The URL of `path` under `base`, which may have a path of its own (`https://host/prometheus`).
///
/// # Errors
/// A path that does not parse.
pub fn under(base: &Url, path: &str) -> Result<Url, String> {
    let mut base = base.clone();
    if !base.path().ends_with('/') {
        base.set_path(&format!("{}/", base.path()));
    }
    base.join(path).map_err(|error| format!("the URL can't take the path {path}: {error}"))
}

/// Reads a token file anew, on a thread that may block.
async fn read_token(path: std::path::PathBuf) -> Result<String, String> {
    let shown = path.display().to_string();
    let read = tokio::task::spawn_blocking(move || {
        use std::io::Read;
        let mut token = String::new();
        std::fs::File::open(&path)?.take(MAX_TOKEN).read_to_string(&mut token)?;
        Ok::<_, std::io::Error>(token)
    });
    let token =
        read.await.map_err(|error| error.to_string())?.map_err(|error| format!("token file {shown}: {error}"))?;
    match token.trim() {
        "" => Err(format!("token file {shown} is empty")),
        token => Ok(token.to_owned()),
    }
}
