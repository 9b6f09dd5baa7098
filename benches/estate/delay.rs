//! A registry far away: forwards every request after a pause, and counts how many wait at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;

pub(crate) struct Proxy {
    address: String,
    counts: Arc<Counts>,
    _runtime: tokio::runtime::Runtime,
}

struct Counts {
    upstream: String,
    pause: Duration,
    now: AtomicUsize,
    most: AtomicUsize,
    client: reqwest::Client,
}

impl Proxy {
    pub(crate) fn start(upstream: &str, pause_ms: u64) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let counts = Arc::new(Counts {
            upstream: upstream.to_owned(),
            pause: Duration::from_millis(pause_ms),
            now: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            client: reqwest::Client::builder().no_proxy().build().expect("a client"),
        });
        let listener =
            runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let app = Router::new().fallback(forward).with_state(counts.clone());
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { address, counts, _runtime: runtime }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn most_in_flight(&self) -> usize {
        self.counts.most.load(Ordering::Relaxed)
    }
}

async fn forward(State(counts): State<Arc<Counts>>, request: Request) -> Response {
    let now = counts.now.fetch_add(1, Ordering::Relaxed) + 1;
    counts.most.fetch_max(now, Ordering::Relaxed);
    tokio::time::sleep(counts.pause).await;
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let answer = counts
        .client
        .request(request.method().clone(), format!("http://{}{path}", counts.upstream))
        .headers(request.headers().clone())
        .send()
        .await
        .expect("the registry answers");
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if name != "transfer-encoding" && name != "connection" {
            response = response.header(name, value);
        }
    }
    let body = answer.bytes().await.expect("a whole answer");
    counts.now.fetch_sub(1, Ordering::Relaxed);
    response.body(Body::from(body)).expect("a response")
}
