//! TLS: whom to trust, and what unverified TLS means.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::server::{open, quick};
use crate::adapters::registry::HostSettings;
use crate::domain::image::Repository;
use crate::ports::{LookupError, Registry as _, TagList};

/// Certificate and key of `localhost`.
const PEM: &str = include_str!("localhost.pem");

/// Answers every request over TLS with one tag; gives its port and the number of connections.
fn serve() -> (u16, Arc<AtomicU32>) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certificate = CertificateDer::from_pem_slice(PEM.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(PEM.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&connections);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (config, stream) = (Arc::clone(&config), stream.unwrap());
            count.fetch_add(1, Ordering::SeqCst);
            std::thread::spawn(move || {
                let connection = ServerConnection::new(config).unwrap();
                let mut stream = StreamOwned::new(connection, stream);
                let mut request = [0; 4_096];
                // A client that does not trust the certificate ends here.
                if stream.read(&mut request).is_ok_and(|length| length > 0) {
                    let body = r#"{"tags":["1.0"]}"#;
                    let head = format!(
                        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                        body.len()
                    );
                    let _ = stream.write_all((head + body).as_bytes());
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                }
            });
        }
    });
    (port, connections)
}

async fn ask(port: u16, host: HostSettings) -> Result<Arc<TagList>, LookupError> {
    let repository: Repository = format!("localhost:{port}/app").parse().unwrap();
    let mut settings = quick();
    settings.hosts.insert(repository.registry().clone(), host);
    open(settings).tags(&repository, None).await
}

#[tokio::test]
async fn an_extra_ca_is_trusted() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    let end = "-----END CERTIFICATE-----";
    let (certificate, _) = PEM.split_once(end).unwrap();
    std::fs::write(&file, format!("{certificate}{end}\n")).unwrap();
    let (port, _) = serve();
    let host = HostSettings { ca: Some(file), ..HostSettings::default() };
    assert_eq!(ask(port, host).await.unwrap().tags, ["1.0".into()]);
}

#[tokio::test]
async fn an_unknown_certificate_is_an_error_that_no_second_try_mends() {
    let (port, connections) = serve();
    let host = HostSettings {
        mirror: Some(format!("https://localhost:{port}")),
        ..HostSettings::default()
    };
    let error = ask(port, host).await.unwrap_err();
    let LookupError::Unreachable { message, .. } = &error else { panic!("{error}") };
    assert!(message.contains("certificate"), "{message}");
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_insecure_host_is_spoken_to_in_tls_where_it_can() {
    let (port, _) = serve();
    let host = HostSettings { insecure: true, ..HostSettings::default() };
    assert_eq!(ask(port, host).await.unwrap().tags, ["1.0".into()]);
}
