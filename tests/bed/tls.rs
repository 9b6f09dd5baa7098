//! Encryption for servers that run in the test process: they show the API server's own certificate, which is one for
//! loopback, so whoever trusts the bed's authority trusts them.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Chooses how to encrypt. Building a client asks for it even where nothing is encrypted.
pub(super) fn crypto() {
    // The error means: already set.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// What accepts encrypted connections, by the certificates in the bed's directory.
pub(super) fn acceptor(certificates: &Path) -> TlsAcceptor {
    crypto();
    let (certificate, key) = (certificates.join("server.crt"), certificates.join("server.key"));
    let certificate = CertificateDer::from_pem_file(&certificate)
        .unwrap_or_else(|e| panic!("{}: {e}", certificate.display()));
    let key =
        PrivateKeyDer::from_pem_file(&key).unwrap_or_else(|e| panic!("{}: {e}", key.display()));
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap_or_else(|e| panic!("the API server's certificate: {e}"));
    TlsAcceptor::from(Arc::new(config))
}
