//! Digests and facts of one repository. Whatever is asked for by digest is hashed before it is
//! believed.

use http::{Method, StatusCode};

use super::cache::Artifact;
use super::client::Lookup;
use super::document::{ACCEPT, ArtifactKind, ConfigFacts, Descriptor, Document, sha256, verify};
use super::hosts::Class;
use super::request::{Answer, MAX_DOCUMENT, Request};
use super::transport::bad_answer;
use crate::domain::image::Digest;
use crate::ports::{LookupError, Manifest, Wanted};

impl Lookup<'_> {
    /// The digest of what a tag or a digest names: from the headers of a HEAD, else from the content.
    pub(super) async fn digest(&self, reference: &str) -> Result<Digest, LookupError> {
        let mark = if reference.contains(':') { '@' } else { ':' };
        let what = format!("{}{mark}{reference}", self.repository.path());
        let head = self.manifest_request(Method::HEAD, reference, &what)?;
        let answer = self.ask(&head).await?;
        match answer.status {
            StatusCode::OK => {
                if let Some(digest) = self.named(&answer, &what)? {
                    return Ok(digest);
                }
            }
            // Old registries know no HEAD here.
            StatusCode::METHOD_NOT_ALLOWED => {}
            _ => return Err(self.unexpected(&answer, &what)),
        }
        let get = self.manifest_request(Method::GET, reference, &what)?;
        let answer = self.ask(&get).await?;
        if answer.status != StatusCode::OK {
            return Err(self.unexpected(&answer, &what));
        }
        match self.named(&answer, &what)? {
            Some(digest) => {
                verify(&answer.body, &digest).map_err(|m| bad_answer(self.host, &what, m))?;
                Ok(digest)
            }
            None => Ok(sha256(&answer.body)),
        }
    }

    /// The facts of what a digest names.
    pub(super) async fn facts(
        &self,
        digest: &Digest,
        wanted: Wanted,
    ) -> Result<Manifest, LookupError> {
        let what = format!("{}@{}", self.repository.path(), digest.short());
        let bad = |message| bad_answer(self.host, &what, message);
        let document = self.document(digest, &what).await?;
        let mut platforms = document.platforms();
        let mut created = document.created();
        if let Some(config) = &document.config {
            if config.is_image_config() {
                let config = self.config(config, &what).await?;
                platforms.extend(config.platform);
                created = created.or(config.created);
            }
        } else if wanted.created
            && created.is_none()
            && let Some(image) = document.representative()
        {
            created = image.created();
            if created.is_none() {
                let inner = image.digest().map_err(bad)?;
                let inner = self.document(&inner, &what).await?;
                created = inner.created();
                if let Some(config) = inner.config.as_ref().filter(|c| c.is_image_config()) {
                    created = created.or(self.config(config, &what).await?.created);
                }
            }
        }
        Ok(Manifest {
            digest: digest.clone(),
            platforms,
            created: created.filter(|_| wanted.created),
            children: document.children(),
        })
    }

    /// The artifact that a digest names: its configuration, and none of its layers.
    pub(super) async fn artifact(
        &self,
        digest: &Digest,
        kind: ArtifactKind,
    ) -> Result<Artifact, LookupError> {
        let what = format!("{}@{}", self.repository.path(), digest.short());
        let bad = |message| bad_answer(self.host, &what, message);
        let document = self.document(digest, &what).await?;
        let config = document.config_of(kind).map_err(bad)?;
        let body = self.blob(&config.digest().map_err(bad)?, kind.config_bytes, &what).await?;
        let config = String::from_utf8(body).map_err(|_| bad("no text".into()))?;
        let created = document.created();
        Ok(Artifact { config_type: kind.config_type.to_owned(), created, config })
    }

    async fn document(&self, digest: &Digest, what: &str) -> Result<Document, LookupError> {
        let request = self.manifest_request(Method::GET, digest.as_str(), what)?;
        let body = self.verified(&request, digest).await?;
        Document::read(&body).map_err(|message| bad_answer(self.host, what, message))
    }

    async fn config(
        &self,
        descriptor: &Descriptor,
        what: &str,
    ) -> Result<ConfigFacts, LookupError> {
        let bad = |message| bad_answer(self.host, what, message);
        let digest = descriptor.digest().map_err(bad)?;
        let body = self.blob(&digest, MAX_DOCUMENT, what).await?;
        ConfigFacts::read(&body).map_err(bad)
    }

    async fn blob(
        &self,
        digest: &Digest,
        limit: usize,
        what: &str,
    ) -> Result<Vec<u8>, LookupError> {
        let request = Request {
            method: Method::GET,
            url: self.url(&format!("blobs/{digest}"))?,
            accept: "*/*",
            validators: None,
            form: None,
            limit,
            into: None,
            class: Class::Others,
            what,
        };
        self.verified(&request, digest).await
    }

    /// Content by digest, held against it.
    async fn verified(
        &self,
        request: &Request<'_>,
        digest: &Digest,
    ) -> Result<Vec<u8>, LookupError> {
        let answer = self.ask(request).await?;
        if answer.status != StatusCode::OK {
            return Err(self.unexpected(&answer, request.what));
        }
        verify(&answer.body, digest)
            .map_err(|message| bad_answer(self.host, request.what, message))?;
        Ok(answer.body)
    }

    fn manifest_request<'a>(
        &self,
        method: Method,
        reference: &str,
        what: &'a str,
    ) -> Result<Request<'a>, LookupError> {
        Ok(Request {
            method,
            url: self.url(&format!("manifests/{reference}"))?,
            accept: ACCEPT,
            validators: None,
            form: None,
            limit: MAX_DOCUMENT,
            into: None,
            class: Class::Manifests,
            what,
        })
    }

    /// The digest that the headers name.
    fn named(&self, answer: &Answer, what: &str) -> Result<Option<Digest>, LookupError> {
        let Some(header) = answer.headers.get("docker-content-digest") else {
            return Ok(None);
        };
        let digest = header.to_str().ok().and_then(|text| text.parse().ok());
        let malformed =
            || bad_answer(self.host, what, "its header names a malformed digest".into());
        digest.map(Some).ok_or_else(malformed)
    }
}
