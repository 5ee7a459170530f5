//! A TLS handshake that only looks: it keeps the chain that the server presents, whatever is wrong with it.
//!
//! An expired or foreign certificate must be told with its dates, and not end as "connection refused". So the handshake
//! itself accepts anything, nothing is sent over it, and the chain is judged afterwards by the real verifier.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::source::SourceErrorKind;

/// Certificates of one chain that are kept.
const LONGEST_CHAIN: usize = 10;

/// Why nothing was presented.
pub(super) type Fault = (SourceErrorKind, String);

/// The chain that the server presents for `host`, its own certificate first.
///
/// # Errors
/// No connection, or an end before a certificate came.
pub(super) async fn presented(host: &str, port: u16) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let unreachable =
        |error: std::io::Error| (SourceErrorKind::Unreachable, format!("no connection to {host}:{port}: {error}"));
    let name = server_name(host).map_err(|reason| (SourceErrorKind::Refused, reason))?;
    let witness =
        Arc::new(Witness { provider: Arc::new(rustls::crypto::ring::default_provider()), seen: Mutex::default() });
    let connector = TlsConnector::from(Arc::new(client(&witness).map_err(|error| refused(&error))?));
    let stream = TcpStream::connect((host, port)).await.map_err(unreachable)?;
    // What happens after the certificate (a client certificate is wanted, …) does not matter here.
    let ended = connector.connect(name, stream).await;
    let chain = std::mem::take(&mut *witness.seen.lock().unwrap_or_else(PoisonError::into_inner));
    match (chain.is_empty(), ended) {
        (false, _) => Ok(chain),
        (true, Err(error)) => Err((SourceErrorKind::Refused, format!("no TLS at {host}:{port}: {error}"))),
        (true, Ok(_)) => Err((SourceErrorKind::Malformed, "the server presented no certificate".to_owned())),
    }
}

/// A host name or an address, as TLS names it.
///
/// # Errors
/// What can't be a name.
pub(super) fn server_name(host: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(host.to_owned()).map_err(|_| format!("{host} can't be the name of a TLS server"))
}

fn client(witness: &Arc<Witness>) -> Result<ClientConfig, Error> {
    let builder =
        ClientConfig::builder_with_provider(witness.provider.clone()).with_safe_default_protocol_versions()?;
    Ok(builder.dangerous().with_custom_certificate_verifier(witness.clone()).with_no_client_auth())
}

fn refused(error: &Error) -> Fault {
    (SourceErrorKind::Refused, format!("TLS can't be set up: {error}"))
}

/// Keeps what it sees and judges nothing.
#[derive(Debug)]
struct Witness {
    provider: Arc<CryptoProvider>,
    seen: Mutex<Vec<CertificateDer<'static>>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = std::iter::once(end_entity).chain(intermediates).take(LONGEST_CHAIN);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) =
            chain.map(|certificate| certificate.clone().into_owned()).collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
