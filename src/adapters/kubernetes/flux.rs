//! Flux `HelmReleases`: which releases helm-controller makes, and would put back if anybody else
//! upgraded them.

use serde::Deserialize;

use crate::domain::inventory::Owner;
use crate::ports::Scope;
use crate::ports::releases::Declared;

use super::cluster::{Cluster, decode};
use super::list::is_path_segment;

/// The versions of the kind, the newest first. The older ones are gone since Flux 2.7.
const VERSIONS: [&str; 2] = ["v2", "v2beta2"];
/// The most of them that are looked at: a page of a size that is taken.
const LIMIT: usize = 5_000;

#[derive(Deserialize)]
struct HelmReleases {
    #[serde(default)]
    items: Vec<HelmRelease>,
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
    /// The releases that Flux declares; none where it is not there.
    ///
    /// # Errors
    /// They may not be read, or the server does not answer.
    pub(super) async fn flux_releases(&self, scope: &Scope) -> Result<Vec<Declared>, String> {
        let namespace = match scope {
            Scope::All => None,
            Scope::Namespace(namespace) => Some(namespace.as_str()),
            Scope::Current => Some(self.default_namespace()),
        };
        if namespace.is_some_and(|namespace| !is_path_segment(namespace)) {
            return Ok(Vec::new());
        }
        for version in VERSIONS {
            let group = format!("/apis/helm.toolkit.fluxcd.io/{version}");
            let path = match namespace {
                Some(namespace) => format!("{group}/namespaces/{namespace}/helmreleases"),
                None => format!("{group}/helmreleases"),
            };
            let answer = self.inner.transport.get(&format!("{path}?limit={LIMIT}")).await;
            match answer.and_then(|bytes| decode::<HelmReleases>(&bytes)) {
                Ok(found) => return Ok(found.items.into_iter().map(declared).collect()),
                Err(error) if error.is_not_found() => {}
                // Who may not look everywhere looks where he is.
                Err(error) if error.is_forbidden() && namespace.is_none() => {
                    return Box::pin(self.flux_releases(&Scope::Current)).await;
                }
                Err(error) => {
                    return Err(self.trouble(&error, "the HelmReleases of Flux").to_string());
                }
            }
        }
        Ok(Vec::new())
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
