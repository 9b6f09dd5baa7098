//! What a saved plan is held against later: which cluster it is, and what each object's pod
//! template looked like, byte for byte as the server sends it.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::RequestError;
use super::cluster::{Cluster, decode};
use super::list::Resource;
use crate::adapters::hash::sha256;
use crate::domain::inventory::Kind;
use crate::ports::DiscoverError;

/// One object, as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its uid: another object of the same name has another one.
    pub uid: String,
    /// SHA-256 (hexadecimal) of its pod template as the server sent it.
    pub template_hash: String,
}

impl Cluster {
    /// What tells this cluster from every other: the uid of its `kube-system` namespace, or, where
    /// that may not be read, the hash of the certificate authority that it gives to pods.
    pub async fn identity(&self) -> Result<String, DiscoverError> {
        let answer = self.inner.transport.get("/api/v1/namespaces/kube-system").await;
        match answer.and_then(|bytes| decode::<Named>(&bytes)) {
            Ok(object) => return Ok(object.metadata.uid),
            Err(error) if error.is_forbidden() => {}
            Err(error) => return Err(self.trouble(&error, "the namespace kube-system")),
        }
        let namespace = self.default_namespace();
        let target = format!("/api/v1/namespaces/{namespace}/configmaps/kube-root-ca.crt");
        let answer = self.inner.transport.get(&target).await;
        let authority: Authority = answer
            .and_then(|bytes| decode(&bytes))
            .map_err(|error| self.trouble(&error, "the config map kube-root-ca.crt"))?;
        Ok(format!("ca-{}", sha256([authority.data.certificate.as_bytes()])))
    }

    /// Reads one object anew.
    pub async fn standing(
        &self,
        kind: Kind,
        namespace: &str,
        name: &str,
    ) -> Result<Standing, DiscoverError> {
        let target = format!("{}/{name}", Resource::of(kind).path(Some(namespace)));
        let answer = self.inner.transport.get(&target).await;
        answer
            .and_then(|bytes| standing(kind, &bytes))
            .map_err(|error| self.trouble(&error, &format!("{namespace}/{}/{name}", kind.short())))
    }
}

#[derive(Deserialize)]
struct Named {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    uid: String,
}

#[derive(Deserialize)]
struct Authority {
    data: AuthorityData,
}

#[derive(Deserialize)]
struct AuthorityData {
    #[serde(rename = "ca.crt")]
    certificate: String,
}

/// Uid and template of the object in these bytes.
pub(super) fn standing(kind: Kind, bytes: &[u8]) -> Result<Standing, RequestError> {
    #[derive(Deserialize)]
    struct Object<'a> {
        metadata: Metadata,
        #[serde(borrow)]
        spec: &'a RawValue,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Spec<'a> {
        #[serde(borrow, alias = "jobTemplate")]
        template: &'a RawValue,
    }
    let object: Object<'_> = decode(bytes)?;
    let template = if kind == Kind::Pod {
        object.spec
    } else {
        decode::<Spec<'_>>(object.spec.get().as_bytes())?.template
    };
    Ok(Standing { uid: object.metadata.uid, template_hash: sha256([template.get().as_bytes()]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_alone_is_hashed_as_it_was_sent() {
        let object = |replicas: u8, template: &str| {
            format!(
                r#"{{"metadata":{{"uid":"u-1"}},"spec":{{"replicas":{replicas},"template":{template}}}}}"#
            )
        };
        let hash = |text: String| {
            standing(Kind::Deployment, text.as_bytes()).expect("an object").template_hash
        };
        let one = hash(object(1, r#"{"spec":{"containers":[]}}"#));
        assert_eq!(one, hash(object(3, r#"{"spec":{"containers":[]}}"#)));
        assert_ne!(one, hash(object(1, r#"{"spec":{"containers":[{}]}}"#)));
        assert_eq!(one.len(), 64);
    }

    #[test]
    fn cron_jobs_and_pods_have_theirs_elsewhere() {
        let cron = br#"{"metadata":{"uid":"u"},"spec":{"jobTemplate":{"a":1}}}"#;
        let job = br#"{"metadata":{"uid":"u"},"spec":{"template":{"a":1}}}"#;
        let hash = |kind, bytes: &[u8]| standing(kind, bytes).expect("an object").template_hash;
        assert_eq!(hash(Kind::CronJob, cron), hash(Kind::Job, job));
        assert!(
            standing(Kind::Pod, br#"{"metadata":{"uid":"u"},"spec":{"containers":[]}}"#).is_ok()
        );
        assert!(standing(Kind::Deployment, b"{}").is_err());
    }
}
