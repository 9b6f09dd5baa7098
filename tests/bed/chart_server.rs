//! Repositories of charts on a loopback port, and the bed's registry behind the same port: every request is counted.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::bed::helm::{Chart, Helm, shown, sure};
use crate::bed::{Registry, tls};

/// The server; ended when dropped.
#[derive(Debug)]
pub(crate) struct ChartServer {
    host: String,
    state: Arc<Shared>,
    runtime: Option<Runtime>,
}

#[derive(Debug)]
struct Shared {
    files: TempDir,
    registry: String,
    client: reqwest::Client,
    requests: Mutex<Vec<String>>,
}

impl ChartServer {
    /// Starts it in front of a registry.
    #[track_caller]
    pub(crate) fn start(registry: &Registry) -> Self {
        tls::crypto();
        let runtime = sure(
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build(),
        );
        let state = Arc::new(Shared {
            files: sure(TempDir::with_prefix("safe-update-charts.")),
            registry: registry.host().to_owned(),
            client: sure(reqwest::Client::builder().no_proxy().build()),
            requests: Mutex::default(),
        });
        let bound = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listener = sure(runtime.block_on(bound));
        let host = sure(listener.local_addr()).to_string();
        let router = Router::new().fallback(serve).with_state(Arc::clone(&state));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { host, state, runtime: Some(runtime) }
    }

    /// Host and port: also those of the registry behind it.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The address of a repository.
    pub(crate) fn url(&self, repository: &str) -> String {
        format!("http://{}/{repository}", self.host)
    }

    /// Publishes charts in a repository, beside those that it has.
    #[track_caller]
    pub(crate) fn publish(&self, helm: &Helm, repository: &str, charts: &[Chart]) -> Vec<PathBuf> {
        let directory = self.state.files.path().join(repository);
        sure(std::fs::create_dir_all(&directory));
        let archives = charts.iter().map(|chart| helm.package(chart, &directory)).collect();
        helm.run(&["repo", "index", &shown(&directory), "--url", &self.url(repository)]);
        archives
    }

    /// Publishes a file in a directory, under its name.
    #[track_caller]
    pub(crate) fn put(&self, directory: &str, file: &Path) {
        let directory = self.state.files.path().join(directory);
        sure(std::fs::create_dir_all(&directory));
        sure(std::fs::copy(file, directory.join(file.file_name().unwrap_or_default())));
    }

    /// The requests so far whose method and path hold these words, as `GET /stable/index.yaml`.
    pub(crate) fn requests(&self, words: &str) -> Vec<String> {
        let requests = self.state.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.iter().filter(|request| request.contains(words)).cloned().collect()
    }

    /// Counts from now on.
    pub(crate) fn forget(&self) {
        self.state.requests.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Drop for ChartServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn serve(State(state): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let line = format!("{} {path}", request.method());
    state.requests.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    if path.starts_with("/v2/") {
        return forwarded(&state, request)
            .await
            .unwrap_or_else(|_| answer(StatusCode::BAD_GATEWAY));
    }
    let file = state.files.path().join(path.trim_start_matches('/'));
    match std::fs::read(Path::new(&file)) {
        Ok(bytes) => Response::new(Body::from(bytes)),
        Err(_) => answer(StatusCode::NOT_FOUND),
    }
}

async fn forwarded(state: &Shared, request: Request) -> Result<Response<Body>, reqwest::Error> {
    let uri = request.uri().path_and_query().map_or("/", |uri| uri.as_str());
    let url = format!("http://{}{uri}", state.registry);
    let mut forward = state.client.request(request.method().clone(), url);
    if let Some(accept) = request.headers().get("accept") {
        forward = forward.header("accept", accept);
    }
    let answer = forward.send().await?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut response = Response::new(Body::from(answer.bytes().await?));
    *response.status_mut() = status;
    for (name, value) in headers {
        if let Some(name) = name.filter(|name| name != "connection" && name != "transfer-encoding")
        {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

fn answer(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
