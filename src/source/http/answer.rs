//! An HTTP answer, read whole.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap};
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;

use super::fault::{self, page_title};

/// An answer with its body; the status may be any.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body after decompression; empty where it was not read.
    pub body: Vec<u8>,
    /// From sending to the last byte that was read.
    pub took: Duration,
    /// When the server's certificate expires, over HTTPS.
    pub tls_expires: Option<Timestamp>,
}

impl Answer {
    pub(super) fn without_body(response: &Response, took: Duration) -> Self {
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            body: Vec::new(),
            took,
            tls_expires: tls_expiry(response),
        }
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// Says what came instead: an HTML page with its title, an empty body, or where the JSON breaks.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, String> {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Err(format!("HTTP {} with an empty body where JSON is expected", self.status.as_u16()));
        }
        if self.is_html() {
            let page = page_title(&self.body).map_or_else(|| "an HTML page".to_owned(), |t| format!("the page “{t}”"));
            return Err(format!("{page} came where JSON is expected; a login page or a proxy?"));
        }
        serde_json::from_slice(&self.body).map_err(|error| format!("not the expected JSON: {error}"))
    }

    /// Whether the body is an HTML page, by its first character or its declared type.
    pub fn is_html(&self) -> bool {
        let declared = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let first = self.body.iter().find(|byte| !byte.is_ascii_whitespace());
        first == Some(&b'<') || (declared.starts_with("text/html") && first != Some(&b'{') && first != Some(&b'['))
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The server's clock when it answered, to the second (`Date`, RFC 9110).
    pub fn server_time(&self) -> Option<Timestamp> {
        let date = self.headers.get(DATE)?.to_str().ok()?;
        jiff::fmt::rfc2822::parse(date).ok().map(|zoned| zoned.timestamp())
    }

    /// One line about an answer that is not a success: the status and what the server says of it.
    pub fn failure(&self) -> String {
        fault::describe(self)
    }
}

fn tls_expiry(response: &Response) -> Option<Timestamp> {
    let info = response.extensions().get::<reqwest::tls::TlsInfo>()?;
    let (_, certificate) = x509_parser::parse_x509_certificate(info.peer_certificate()?).ok()?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}

impl Answer {
    /// A body that came with status 200, for [`crate::fuzzing`].
    pub(crate) fn of_body(body: &[u8]) -> Self {
        Self {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: body.to_vec(),
            took: Duration::ZERO,
            tls_expires: None,
        }
    }
}
