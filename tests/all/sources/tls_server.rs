//! A TLS server on loopback with certificates of any dates and names, and its own authority.

use std::io::Write;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Year, month, day.
pub(super) type Day = (i32, u8, u8);

/// An authority that nobody knows but who reads its file.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(super) file: tempfile::NamedTempFile,
}

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2100, 1, 1);
        params.distinguished_name.push(rcgen::DnType::CommonName, "Test Authority");
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(certificate.pem().as_bytes()).unwrap();
        Self { issuer: Issuer::new(params, key), file }
    }

    /// A certificate for `names` from day to day; signed by itself where it is no authority's.
    fn issue(&self, names: &[&str], from: Day, until: Day, own: bool) -> (CertificateDer<'static>, KeyPair) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(from.0, from.1, from.2);
        params.not_after = date_time_ymd(until.0, until.1, until.2);
        let key = KeyPair::generate().unwrap();
        let certificate = match own {
            true => params.self_signed(&key).unwrap(),
            false => params.signed_by(&key, &self.issuer).unwrap(),
        };
        (certificate.der().clone(), key)
    }

    /// A server that presents such a certificate, and answers every request with `headers` and an empty object.
    pub(super) async fn serve(&self, names: &[&str], from: Day, until: Day, headers: &'static str) -> TlsServer {
        TlsServer::start(self.issue(names, from, until, false), headers).await
    }

    /// The same with a certificate that is signed by itself.
    pub(super) async fn self_signed(&self, names: &[&str], from: Day, until: Day) -> TlsServer {
        TlsServer::start(self.issue(names, from, until, true), "").await
    }
}

/// The running server; it stops when it is dropped.
pub(super) struct TlsServer {
    pub(super) port: u16,
    task: tokio::task::JoinHandle<()>,
}

impl TlsServer {
    async fn start((certificate, key): (CertificateDer<'static>, KeyPair), headers: &'static str) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config =
            rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let mut request = [0; 4096];
                    if stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                        let body = r#"{"status":"healthy","checks":{}}"#;
                        let answer = format!(
                            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}connection: close\r\n\r\n{body}",
                            body.len()
                        );
                        let _ = stream.write_all(answer.as_bytes()).await;
                        let _ = stream.shutdown().await;
                    }
                });
            }
        });
        Self { port, task }
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
