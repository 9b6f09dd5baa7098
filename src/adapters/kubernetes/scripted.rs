//! An API server in this process that answers as a test says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::cluster::{Cluster, Options};
use super::flags::{ConnectionFlags, Environment};
use crate::domain::image::ImageReference;

/// The query of a request, and beside it its `authorization`, `accept`, `method`, `type` and
/// `body`.
pub(super) type Parameters = HashMap<String, String>;
/// Answers a path; none means an empty list.
type Script = dyn Fn(&str, &Parameters) -> Option<Response> + Send + Sync;

pub(super) struct Server {
    pub(super) address: String,
    pub(super) asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(super) async fn start(
        script: impl Fn(&str, &Parameters) -> Option<Response> + Send + Sync + 'static,
    ) -> Self {
        type Shared = (Arc<Script>, Arc<Mutex<Vec<String>>>);
        async fn answer(
            State((script, asked)): State<Shared>,
            method: Method,
            uri: Uri,
            headers: HeaderMap,
            body: String,
        ) -> Response {
            let line =
                if method == Method::GET { uri.to_string() } else { format!("{method} {uri}") };
            asked.lock().expect("no test panicked here").push(line);
            if let Some(silent) = headers.get("impersonate-user")
                && silent == "silence"
            {
                std::future::pending::<()>().await;
            }
            let url = reqwest::Url::parse(&format!("http://server{uri}")).expect("a URL");
            let mut parameters: Parameters = url.query_pairs().into_owned().collect();
            let headers_of = ["authorization", "accept", "content-type"];
            for (name, header) in ["authorization", "accept", "type"].into_iter().zip(headers_of) {
                if let Some(value) = headers.get(header) {
                    let value = value.to_str().expect("a header is text").to_owned();
                    parameters.insert(name.to_owned(), value);
                }
            }
            parameters.insert("method".to_owned(), method.to_string());
            parameters.insert("body".to_owned(), body);
            script(uri.path(), &parameters).unwrap_or_else(|| list("", &[]))
        }
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let script: Arc<Script> = Arc::new(script);
        let router = axum::Router::new().fallback(answer).with_state((script, Arc::clone(&asked)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, asked }
    }

    pub(super) async fn connect(&self) -> Cluster {
        self.connect_with(|_, _| {}).await
    }

    pub(super) async fn connect_with(
        &self,
        change: impl FnOnce(&mut ConnectionFlags, &mut Options),
    ) -> Cluster {
        // Another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut flags =
            ConnectionFlags { server: Some(self.address.clone()), ..ConnectionFlags::default() };
        let mut options = Options {
            request: Duration::from_secs(10),
            floating: |image: &ImageReference| {
                image.effective_tag().is_some_and(|tag| tag.as_str() == "latest")
            },
            ..Options::default()
        };
        change(&mut flags, &mut options);
        Cluster::connect(&flags, &Environment::read(None, &|_| None), options)
            .await
            .expect("the flags are complete")
    }

    pub(super) fn asked(&self, part: &str) -> usize {
        let asked = self.asked.lock().expect("no test panicked here");
        asked.iter().filter(|uri| uri.contains(part)).count()
    }
}

pub(super) fn list(next: &str, items: &[String]) -> Response {
    let items = items.join(",");
    format!(r#"{{"kind":"List","metadata":{{"continue":"{next}"}},"items":[{items}]}}"#)
        .into_response()
}

pub(super) fn refusal(code: u16, message: &str) -> Response {
    let status = StatusCode::from_u16(code).expect("a status");
    let body = format!(r#"{{"kind":"Status","message":"{message}","code":{code}}}"#);
    (status, body).into_response()
}
