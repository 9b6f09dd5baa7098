//! One request through the proxy: what the rules make of it, and how an answer comes back piece by piece.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::stream;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING, USER_AGENT};
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Body as _, Bytes, Frame, Incoming};
use reqwest::Client;
use tokio::sync::watch;

use crate::bed::fault::{self, Action, Answer, Fault};
use crate::bed::proxy::Asked;
use crate::bed::tls;

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Body = UnsyncBoxBody<Bytes, Failure>;

/// What all connections share.
#[derive(Debug)]
pub(super) struct State {
    pub(super) server: String,
    pub(super) client: Client,
    pub(super) rules: Mutex<Vec<Fault>>,
    pub(super) asked: Mutex<Vec<Asked>>,
    pub(super) links: watch::Sender<Links>,
}

/// What connections have to follow. Numbers count up; whoever sees one change is meant.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Links {
    pub(super) partitioned: bool,
    pub(super) listening: bool,
    /// Everything under way breaks off.
    pub(super) cut: usize,
    /// Running watches break off.
    pub(super) watches_cut: usize,
    /// Running watches end as the API server ends them.
    pub(super) watches_ended: usize,
}

/// How an answer under way ends before its time.
enum End {
    Broken,
    Clean,
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Speaks to the API server as it is: answers are handed on as they were packed.
pub(super) fn client(authority: &Path) -> Result<Client, Failure> {
    tls::crypto();
    let authority = reqwest::Certificate::from_pem(&std::fs::read(authority)?)?;
    Ok(Client::builder().no_proxy().no_gzip().tls_certs_only([authority]).build()?)
}

/// One request. An error is a connection that ends.
pub(super) async fn serve(
    state: Arc<State>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Failure> {
    let (number, watch) = state.note(&request);
    if state.links.borrow().partitioned {
        return Err("partitioned".into());
    }
    let target = request.uri().to_string();
    let action = {
        let mut rules = locked(&state.rules);
        fault::decide(&mut rules, request.method().as_str(), watch, &target)
    };
    let mut links = state.links.subscribe();
    let answer = tokio::select! {
        biased;
        _ = state.interrupted(&mut links, watch) => Err("cut".into()),
        answer = state.act(action, request, watch) => answer,
    }?;
    if let Some(asked) = locked(&state.asked).get_mut(number) {
        asked.status = Some(answer.status().as_u16());
    }
    Ok(answer)
}

impl State {
    fn note(&self, request: &Request<Incoming>) -> (usize, bool) {
        let uri = request.uri();
        let query = uri.query().unwrap_or_default();
        let watch = query.split('&').any(|pair| matches!(pair, "watch=true" | "watch=1"));
        let agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        let mut asked = locked(&self.asked);
        asked.push(Asked {
            method: request.method().to_string(),
            path: uri.path().to_owned(),
            query: query.to_owned(),
            watch,
            user_agent: agent.unwrap_or_default().to_owned(),
            status: None,
        });
        (asked.len() - 1, watch)
    }

    /// Cuts the API server off, until somebody says otherwise.
    pub(super) fn partition(&self) {
        self.links.send_modify(|links| {
            links.partitioned = true;
            links.cut += 1;
        });
    }

    async fn act(
        &self,
        action: Action,
        request: Request<Incoming>,
        watch: bool,
    ) -> Result<Response<Body>, Failure> {
        match action {
            Action::Forward => self.forward(request, watch).await,
            Action::Answer(answer) => made_up(answer),
            Action::Drop => Err("dropped".into()),
            Action::DropAfterForward => {
                whole(self.forward(request, watch).await?).await?;
                Err("dropped after it was done".into())
            }
            Action::AnswerAfterForward(answer) => {
                whole(self.forward(request, watch).await?).await?;
                made_up(answer)
            }
            Action::PartitionAfterForward => {
                // As a whole: the cut that follows would break it off.
                let answer = whole(self.forward(request, watch).await?).await?;
                self.partition();
                Ok(answer)
            }
            Action::Silence => std::future::pending().await,
            Action::Delay(time) => {
                tokio::time::sleep(time).await;
                self.forward(request, watch).await
            }
        }
    }

    async fn forward(
        &self,
        request: Request<Incoming>,
        watch: bool,
    ) -> Result<Response<Body>, Failure> {
        let (mut head, body) = request.into_parts();
        for name in [HOST, CONNECTION, TRANSFER_ENCODING, CONTENT_LENGTH] {
            head.headers.remove(name);
        }
        let body = body.collect().await?.to_bytes();
        let mut forwarded =
            self.client.request(head.method, format!("{}{}", self.server, head.uri));
        forwarded = forwarded.headers(head.headers);
        if !body.is_empty() {
            forwarded = forwarded.body(body);
        }
        let answer = forwarded.send().await?;
        let (mut head, body) = Response::<reqwest::Body>::from(answer).into_parts();
        head.headers.remove(TRANSFER_ENCODING);
        head.headers.remove(CONNECTION);
        head.version = http::Version::HTTP_11;
        if body.is_end_stream() {
            return Ok(Response::from_parts(head, boxed(Bytes::new())));
        }
        let links = self.links.subscribe();
        Ok(Response::from_parts(head, Self::streamed(body, links, watch)))
    }

    /// The body as it comes, until something breaks it off.
    fn streamed(body: reqwest::Body, links: watch::Receiver<Links>, watch: bool) -> Body {
        let start = *links.borrow();
        let frames = stream::unfold(Some((body, links)), move |under_way| async move {
            let (mut body, mut links) = under_way?;
            tokio::select! {
                biased;
                end = interrupted_since(&start, &mut links, watch) => match end {
                    End::Broken => Some((Err("cut".into()), None)),
                    End::Clean => None,
                },
                frame = body.frame() => {
                    let frame: Result<Frame<Bytes>, Failure> = frame?.map_err(Into::into);
                    Some((frame, Some((body, links))))
                }
            }
        });
        StreamBody::new(frames).boxed_unsync()
    }

    async fn interrupted(&self, links: &mut watch::Receiver<Links>, watch: bool) -> End {
        let start = *self.links.borrow();
        interrupted_since(&start, links, watch).await
    }
}

async fn interrupted_since(start: &Links, links: &mut watch::Receiver<Links>, watch: bool) -> End {
    let broken =
        |links: &Links| links.cut != start.cut || (watch && links.watches_cut != start.watches_cut);
    let ended = |links: &Links| watch && links.watches_ended != start.watches_ended;
    match links.wait_for(|links| broken(links) || ended(links)).await {
        Ok(links) if !broken(&links) => End::Clean,
        _ => End::Broken,
    }
}

fn boxed(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).map_err(|never| match never {}).boxed_unsync()
}

/// Waits for all of an answer.
async fn whole(answer: Response<Body>) -> Result<Response<Body>, Failure> {
    let (head, body) = answer.into_parts();
    Ok(Response::from_parts(head, boxed(body.collect().await?.to_bytes())))
}

fn made_up(answer: Answer) -> Result<Response<Body>, Failure> {
    let mut made = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        made = made.header(name, value);
    }
    Ok(made.body(boxed(answer.body))?)
}
