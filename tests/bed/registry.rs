//! The registries of the bed, and a quick way to fill them: a blob goes over the wire once, a tag costs one request.

use std::collections::HashSet;

use base64::Engine as _;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};

use crate::bed::images::{INDEX, Layout, MANIFEST, Manifest, sha256};
use crate::bed::{Image, tls};

/// Requests under way at once; more gains nothing on a machine that runs the registry too.
const IN_FLIGHT: usize = 8;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A registry on a loopback port, spoken to by plain HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Registry {
    host: String,
    login: Option<(String, String)>,
}

impl Registry {
    pub(super) fn open(host: &str) -> Self {
        Self { host: host.to_owned(), login: None }
    }

    pub(super) fn private(host: &str, username: &str, password: &str) -> Self {
        Self { host: host.to_owned(), login: Some((username.to_owned(), password.to_owned())) }
    }

    /// Host and port, as an image reference begins.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The user that may read and write; none where everybody may.
    pub(crate) fn username(&self) -> Option<&str> {
        self.login.as_ref().map(|(username, _)| username.as_str())
    }

    /// That user's password.
    pub(crate) fn password(&self) -> Option<&str> {
        self.login.as_ref().map(|(_, password)| password.as_str())
    }

    /// The `config.json` that `docker login` would leave; without any entry where no credentials are asked for.
    pub(crate) fn docker_config(&self) -> String {
        let mut auths = serde_json::Map::new();
        if let Some((username, password)) = &self.login {
            let auth =
                base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
            auths.insert(self.host.clone(), serde_json::json!({"auth": auth}));
        }
        serde_json::json!({"auths": auths}).to_string()
    }

    /// The image reference `HOST/REPOSITORY:TAG`.
    pub(crate) fn reference(&self, repository: &str, tag: &str) -> String {
        format!("{}/{repository}:{tag}", self.host)
    }

    /// Publishes plain images under these tags; their digests, in the same order.
    #[track_caller]
    pub(crate) fn push_tags(&self, repository: &str, tags: &[&str]) -> Vec<String> {
        let images: Vec<Image> = tags.iter().map(|tag| Image::tag(tag)).collect();
        self.push_images(repository, &images)
    }

    /// Publishes one image; the digest that its tag has then.
    #[track_caller]
    pub(crate) fn push(&self, repository: &str, image: &Image) -> String {
        self.push_images(repository, std::slice::from_ref(image)).remove(0)
    }

    /// Publishes images; the digests that their tags have then, in the same order.
    #[track_caller]
    pub(crate) fn push_images(&self, repository: &str, images: &[Image]) -> Vec<String> {
        let layouts: Vec<Layout> = images.iter().map(Image::layout).collect();
        talk(async |client| self.upload(&client, repository, &layouts).await)
            .unwrap_or_else(|e| panic!("pushing to {}/{repository}: {e}", self.host));
        layouts.into_iter().map(|layout| layout.root.blob.digest).collect()
    }

    /// Removes what a digest names, and with it every tag that points there.
    #[track_caller]
    pub(crate) fn delete(&self, repository: &str, digest: &str) {
        let path = format!("{repository}/manifests/{digest}");
        talk(async |client| {
            accepted(self.request(&client, Method::DELETE, &path)).await?;
            Ok(())
        })
        .unwrap_or_else(|e| panic!("deleting {}/{repository}@{digest}: {e}", self.host));
    }

    /// The same registry for somebody without credentials.
    pub(crate) fn anonymous(&self) -> Self {
        Self::open(&self.host)
    }

    /// Asks for something below `/v2/`; status and body of the answer, whatever they are.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        // Who does not say that it understands OCI's manifests is told that there are none.
        let accept = format!("{MANIFEST}, {INDEX}, */*");
        talk(async |client| {
            let answer =
                self.request(&client, Method::GET, path).header("accept", accept).send().await?;
            Ok((answer.status().as_u16(), answer.text().await?))
        })
        .unwrap_or_else(|e| panic!("http://{}/v2/{path}: {e}", self.host))
    }

    /// What a tag names now; none where there is no such tag.
    #[track_caller]
    pub(crate) fn digest(&self, repository: &str, tag: &str) -> Option<String> {
        let (status, manifest) = self.get(&format!("{repository}/manifests/{tag}"));
        (status == 200).then(|| sha256(manifest.as_bytes()))
    }

    fn request(&self, client: &Client, method: Method, path: &str) -> RequestBuilder {
        self.authorized(client.request(method, format!("http://{}/v2/{path}", self.host)))
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.login {
            Some((username, password)) => request.basic_auth(username, Some(password)),
            None => request,
        }
    }

    async fn upload(
        &self,
        client: &Client,
        repository: &str,
        layouts: &[Layout],
    ) -> Result<(), Failure> {
        // In this order, because a registry refuses what refers to something that it does not have.
        let mut seen = HashSet::new();
        let blobs = layouts
            .iter()
            .flat_map(|layout| &layout.blobs)
            .filter(|blob| seen.insert(blob.digest.as_str()));
        side_by_side(
            blobs.map(|blob| self.put_blob(client, repository, &blob.digest, blob.bytes.clone())),
        )
        .await?;
        let children = layouts.iter().flat_map(|layout| &layout.children);
        side_by_side(children.map(|manifest| {
            self.put_manifest(client, repository, &manifest.blob.digest, manifest)
        }))
        .await?;
        side_by_side(
            layouts
                .iter()
                .map(|layout| self.put_manifest(client, repository, &layout.tag, &layout.root)),
        )
        .await
    }

    async fn put_blob(
        &self,
        client: &Client,
        repository: &str,
        digest: &str,
        bytes: Vec<u8>,
    ) -> Result<(), Failure> {
        let start = self.request(client, Method::POST, &format!("{repository}/blobs/uploads/"));
        let answer = accepted(start).await?;
        let location =
            answer.headers().get("location").ok_or("an upload without a Location")?.to_str()?;
        let mut place: Url = answer.url().join(location)?;
        place.query_pairs_mut().append_pair("digest", digest);
        accepted(self.authorized(client.put(place)).body(bytes)).await?;
        Ok(())
    }

    async fn put_manifest(
        &self,
        client: &Client,
        repository: &str,
        reference: &str,
        manifest: &Manifest,
    ) -> Result<(), Failure> {
        let put = self
            .request(client, Method::PUT, &format!("{repository}/manifests/{reference}"))
            .header("content-type", manifest.media_type)
            .body(manifest.blob.bytes.clone());
        accepted(put).await?;
        Ok(())
    }
}

/// Runs a conversation to its end, on a thread of its own: the caller may itself be inside a runtime.
fn talk<T: Send>(
    conversation: impl AsyncFnOnce(Client) -> Result<T, Failure> + Send,
) -> Result<T, Failure> {
    tls::crypto();
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let client = Client::builder().no_proxy().build()?;
            runtime.block_on(conversation(client))
        });
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

async fn side_by_side(
    tasks: impl Iterator<Item = impl Future<Output = Result<(), Failure>>>,
) -> Result<(), Failure> {
    stream::iter(tasks).buffer_unordered(IN_FLIGHT).try_collect().await
}

async fn accepted(request: RequestBuilder) -> Result<reqwest::Response, Failure> {
    let answer = request.send().await?;
    let (status, url) = (answer.status(), answer.url().clone());
    if matches!(status, StatusCode::OK | StatusCode::CREATED | StatusCode::ACCEPTED) {
        return Ok(answer);
    }
    Err(format!("{url} answered {status}: {}", answer.text().await?).into())
}
