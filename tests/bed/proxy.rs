//! A proxy in front of the API server that makes trouble on request, and counts what goes through it.
//!
//! To a client it is another address of the same server: with the same certificate, with the client's own credentials,
//! with answers that are streamed as they come. (By plain HTTP, kubectl would send no credentials.) Each test has its own, so trouble and counts are that test's alone.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::bed::fault::{self, Fault};
use crate::bed::relay::{self, Links, State, locked};
use crate::bed::{Bed, tls};

/// The proxy; it ends when dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    bed: &'static Bed,
    place: TempDir,
    address: SocketAddr,
    state: Arc<State>,
    runtime: Option<Runtime>,
}

/// One request that came to the proxy, whatever became of it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The HTTP method.
    pub(crate) method: String,
    /// The path without the query.
    pub(crate) path: String,
    /// The query, without its question mark.
    pub(crate) query: String,
    /// Whether it asks for a stream of changes.
    pub(crate) watch: bool,
    /// What the client calls itself.
    pub(crate) user_agent: String,
    /// The status that the client was given; none where it has none (yet).
    pub(crate) status: Option<u16>,
}

impl Proxy {
    pub(super) fn start(bed: &'static Bed) -> Self {
        let state = Arc::new(State {
            server: read(bed.kubeconfig())
                .pointer("/clusters/0/cluster/server")
                .and_then(Value::as_str)
                .unwrap_or_else(|| panic!("a server in {}", bed.kubeconfig().display()))
                .to_owned(),
            client: relay::client(&bed.certificates().join("ca.crt"))
                .unwrap_or_else(|e| panic!("a client of the API server: {e}")),
            rules: Mutex::default(),
            asked: Mutex::default(),
            links: watch::Sender::default(),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap_or_else(|e| panic!("a runtime for the proxy: {e}"));
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .unwrap_or_else(|e| panic!("a port for the proxy: {e}"));
        let address = listener.local_addr().unwrap_or_else(|e| panic!("the proxy's port: {e}"));
        drop(listener);
        runtime.spawn(listen(Arc::clone(&state), address, tls::acceptor(&bed.certificates())));
        let place = TempDir::with_prefix("bed-proxy.")
            .unwrap_or_else(|e| panic!("a directory for kubeconfigs: {e}"));
        let proxy = Self { bed, place, address, state, runtime: Some(runtime) };
        proxy.wait_until("the proxy listens", |links| links.listening);
        proxy
    }

    /// Where it is, as a kubeconfig names a server.
    pub(crate) fn server(&self) -> String {
        format!("https://{}", self.address)
    }

    /// A kubeconfig that makes a client the administrator, through the proxy.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.kubeconfig_of(self.bed.kubeconfig())
    }

    /// Another kubeconfig of the bed, such as that of a restricted user, led through the proxy.
    #[track_caller]
    pub(crate) fn kubeconfig_of(&self, kubeconfig: &Path) -> PathBuf {
        let name =
            kubeconfig.file_name().unwrap_or_else(|| panic!("no file: {}", kubeconfig.display()));
        let copy = self.place.path().join(name);
        // By hand: kubectl may ask the server something whenever it is run, which would be counted here.
        let mut content = read(kubeconfig);
        content["clusters"][0]["cluster"]["server"] = self.server().into();
        std::fs::write(&copy, content.to_string())
            .unwrap_or_else(|e| panic!("{}: {e}", copy.display()));
        copy
    }

    /// Adds a rule after those that are there. The first rule that strikes a request decides.
    pub(crate) fn fault(&self, fault: Fault) {
        locked(&self.state.rules).push(fault);
    }

    /// How often the rules have struck, in the order in which they were given: the proof that a fault happened.
    pub(crate) fn strikes(&self) -> Vec<usize> {
        locked(&self.state.rules).iter().map(fault::strikes).collect()
    }

    /// Cuts the API server off: what is under way breaks, new connections are refused, until it is healed.
    pub(crate) fn partition(&self) {
        self.state.partition();
        self.wait_until("the port is closed", |links| !links.listening);
    }

    /// Forgets all rules and ends a partition; who was left in silence loses the connection.
    pub(crate) fn heal(&self) {
        locked(&self.state.rules).clear();
        self.state.links.send_modify(|links| {
            links.partitioned = false;
            links.cut += 1;
        });
        self.wait_until("the proxy listens again", |links| links.listening);
    }

    /// Breaks the running watches off in the middle, as a lost connection does.
    pub(crate) fn cut_watches(&self) {
        self.state.links.send_modify(|links| links.watches_cut += 1);
    }

    /// Ends the running watches in order, as the API server does from time to time.
    pub(crate) fn end_watches(&self) {
        self.state.links.send_modify(|links| links.watches_ended += 1);
    }

    /// Every request that came, in order, those that were refused by a rule included.
    pub(crate) fn requests(&self) -> Vec<Asked> {
        locked(&self.state.asked).clone()
    }

    /// How many requests had this method and these words in path or query; the words are those of [`Fault::on`].
    pub(crate) fn count(&self, method: &str, path: &str) -> usize {
        let wanted = Fault::on(method, path);
        let fits = |asked: &&Asked| wanted.fits(&asked.method, asked.watch, &asked.target());
        self.requests().iter().filter(fits).count()
    }

    #[track_caller]
    fn wait_until(&self, what: &str, reached: impl Fn(&Links) -> bool) {
        let end = Instant::now() + Duration::from_secs(5);
        while !reached(&self.state.links.borrow()) {
            assert!(Instant::now() < end, "not within 5 s: {what} ({})", self.address);
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        // Whoever waits in `accept` sees it now and not at the next connection.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_millis(10));
    }
}

impl Asked {
    fn target(&self) -> String {
        match self.query.as_str() {
            "" => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }
}

/// A kubeconfig as a value.
fn read(kubeconfig: &Path) -> Value {
    let text = std::fs::read_to_string(kubeconfig)
        .unwrap_or_else(|e| panic!("{}: {e}", kubeconfig.display()));
    serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", kubeconfig.display()))
}

/// Accepts connections while there is no partition.
async fn listen(state: Arc<State>, address: SocketAddr, acceptor: TlsAcceptor) {
    let mut links = state.links.subscribe();
    loop {
        let Ok(_) = links.wait_for(|links| !links.partitioned).await else { return };
        let Ok(listener) = TcpListener::bind(address).await else {
            // A connection that is just being closed may hold the port for a moment.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        state.links.send_modify(|links| links.listening = true);
        loop {
            tokio::select! {
                biased;
                _ = links.wait_for(|links| links.partitioned) => break,
                accepted = listener.accept() => {
                    let Ok((stream, _)) = accepted else { continue };
                    tokio::spawn(connection(Arc::clone(&state), stream, acceptor.clone()));
                }
            }
        }
        drop(listener);
        state.links.send_modify(|links| links.listening = false);
    }
}

/// One connection. An error of the service ends it without an answer: this is how requests are dropped.
async fn connection(state: Arc<State>, stream: tokio::net::TcpStream, acceptor: TlsAcceptor) {
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let service = service_fn(move |request| relay::serve(Arc::clone(&state), request));
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
