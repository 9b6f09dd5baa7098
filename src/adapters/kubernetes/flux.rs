//! Flux `HelmReleases`: which releases helm-controller makes, and would put back if anybody else
//! upgraded them.

use kube::api::ListParams;
use kube::core::Request;
use serde::Deserialize;

use crate::domain::inventory::Owner;
use crate::ports::releases::{Declarations, Declared};

use super::client::RequestError;
use super::cluster::{Cluster, decode};
use super::list::is_path_segment;

const GROUP: &str = "helm.toolkit.fluxcd.io";
/// The version of the kind since Flux 2.3, where the server does not say which one it has.
const VERSION: &str = "v2";
/// How many are asked for at once, and how often at most.
const PAGE: u32 = 500;
const PAGES_MAX: usize = 1_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    preferred_version: GroupVersion,
}

#[derive(Deserialize)]
struct GroupVersion {
    version: String,
}

#[derive(Deserialize)]
struct HelmReleases {
    #[serde(default)]
    metadata: ListMetadata,
    #[serde(default)]
    items: Vec<HelmRelease>,
}

#[derive(Default, Deserialize)]
struct ListMetadata {
    #[serde(rename = "continue")]
    continuation: Option<String>,
}

#[derive(Deserialize)]
struct HelmRelease {
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    #[serde(default)]
    namespace: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    release_name: Option<String>,
    storage_namespace: Option<String>,
    target_namespace: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    storage_namespace: Option<String>,
    history: Vec<Snapshot>,
}

#[derive(Deserialize)]
struct Snapshot {
    name: String,
}

impl Cluster {
    /// The releases that Flux declares; none where it is not there. A `HelmRelease` may stand in another
    /// namespace than what it makes, so that all are asked, and where that is forbidden these.
    ///
    /// # Errors
    /// They may not be read, or the server does not answer.
    pub(super) async fn flux_releases(&self, namespaces: &[&str]) -> Result<Declarations, String> {
        let nothing = || Declarations { declared: Vec::new(), all: true };
        let group = format!("/apis/{GROUP}");
        let answer = self.inner.transport.get(&group).await;
        let version = match answer.and_then(|bytes| decode::<Group>(&bytes)) {
            Ok(known) => known.preferred_version.version,
            Err(error) if error.is_not_found() => return Ok(nothing()),
            // Who may not ask what the server knows may still read it.
            Err(_) => VERSION.to_owned(),
        };
        let group = format!("{group}/{version}");
        match self.helm_releases(&format!("{group}/helmreleases")).await {
            Ok(declared) => Ok(Declarations { declared, all: true }),
            Err(error) if error.is_not_found() => Ok(nothing()),
            Err(error) if error.is_forbidden() => {
                let mut found = Declarations { declared: Vec::new(), all: false };
                for namespace in namespaces.iter().filter(|one| is_path_segment(one)) {
                    let path = format!("{group}/namespaces/{namespace}/helmreleases");
                    match self.helm_releases(&path).await {
                        Ok(declared) => found.declared.extend(declared),
                        Err(error) if error.is_forbidden() => {}
                        Err(error) => return Err(self.untold(&error)),
                    }
                }
                Ok(found)
            }
            Err(error) => Err(self.untold(&error)),
        }
    }

    async fn helm_releases(&self, path: &str) -> Result<Vec<Declared>, RequestError> {
        let mut declared = Vec::new();
        let mut parameters = ListParams { limit: Some(PAGE), ..ListParams::default() };
        for _ in 0..PAGES_MAX {
            let request = Request::new(path).list(&parameters);
            let request = request.map_err(|error| RequestError::Malformed(error.to_string()))?;
            let bytes = self.inner.transport.get(&request.uri().to_string()).await?;
            let page = decode::<HelmReleases>(&bytes)?;
            declared.extend(page.items.into_iter().map(self::declared));
            parameters.continue_token =
                page.metadata.continuation.filter(|token| !token.is_empty());
            if parameters.continue_token.is_none() {
                return Ok(declared);
            }
        }
        Err(RequestError::Malformed(format!("the list has more than {PAGES_MAX} pages")))
    }

    fn untold(&self, error: &RequestError) -> String {
        self.trouble(error, "the HelmReleases of Flux").to_string()
    }
}

/// The release of a `HelmRelease`. What its status says is what helm-controller did; before that its
/// specification says what it will be called (`[TARGETNAMESPACE-]NAME`).
fn declared(one: HelmRelease) -> Declared {
    let HelmRelease { metadata, spec, status } = one;
    let Metadata { name, namespace } = metadata;
    let target = spec.target_namespace.filter(|target| !target.is_empty());
    let composed = match &target {
        Some(target) => format!("{target}-{name}"),
        None => name.clone(),
    };
    let release = status.history.into_iter().next().map(|newest| newest.name);
    let release = release.or(spec.release_name).unwrap_or(composed);
    let storage = status.storage_namespace.or(spec.storage_namespace);
    Declared {
        namespace: storage.unwrap_or_else(|| namespace.clone()),
        release,
        owner: Owner::Flux { kind: "HelmRelease", namespace, name },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: &str) {
        let one: HelmRelease = serde_json::from_str(json).expect("the fixture is a HelmRelease");
        let Declared { namespace, release, owner } = declared(one);
        assert!(matches!(owner, Owner::Flux { kind: "HelmRelease", .. }));
        assert_eq!(format!("{namespace}/{release}"), expected);
    }

    #[test]
    fn the_release_is_named_as_helm_controller_names_it() {
        check(r#"{"metadata":{"name":"shop","namespace":"apps"},"spec":{}}"#, "apps/shop");
        check(
            r#"{"metadata":{"name":"shop","namespace":"apps"},"spec":{"targetNamespace":"prod"}}"#,
            "apps/prod-shop",
        );
        check(
            r#"{"metadata":{"name":"shop","namespace":"apps"},
                "spec":{"releaseName":"web","storageNamespace":"flux-system"}}"#,
            "flux-system/web",
        );
        check(
            r#"{"metadata":{"name":"shop","namespace":"apps"},"spec":{"releaseName":"new"},
                "status":{"storageNamespace":"prod","history":[{"name":"old"},{"name":"older"}]}}"#,
            "prod/old",
        );
    }
}
