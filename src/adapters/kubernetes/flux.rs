//! Flux `HelmReleases`: which releases helm-controller makes, and would put back if anybody else
//! upgraded them, and where their charts come from.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};
use kube::api::ListParams;
use kube::core::Request;
use serde::Deserialize;

use crate::domain::chart::ChartSource;
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
/// Where the objects are that say where charts come from.
const SOURCES: &str = "source.toolkit.fluxcd.io";
/// The version of the kinds since Flux 2.3 and 2.6.
const SOURCES_VERSION: &str = "v1";
/// How many of them are read at most, and how many at once.
const SOURCES_MAX: usize = 200;
const SOURCES_IN_FLIGHT: usize = 8;

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
    chart: Option<ChartTemplate>,
    chart_ref: Option<Reference>,
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

#[derive(Deserialize)]
struct ChartTemplate {
    spec: ChartSpec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChartSpec {
    chart: String,
    source_ref: Reference,
}

#[derive(Deserialize)]
struct Reference {
    kind: String,
    name: String,
    namespace: Option<String>,
}

/// A `HelmRepository` or an `OCIRepository`.
#[derive(Deserialize)]
struct SourceObject {
    spec: SourceSpec,
}

#[derive(Deserialize)]
struct SourceSpec {
    url: String,
}

/// An object that says where a chart comes from, as a path below its group, and the name of the chart
/// in it; none where the address is that of the chart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Origin {
    path: String,
    chart: Option<String>,
}

impl Cluster {
    /// The releases that Flux declares; none where it is not there. A `HelmRelease` may stand in another
    /// namespace than what it makes, so that all are asked, and where that is forbidden these.
    ///
    /// # Errors
    /// They may not be read, or the server does not answer.
    pub(super) async fn flux_releases(&self, namespaces: &[&str]) -> Result<Declarations, String> {
        let Some(group) = self.group(GROUP, VERSION).await else {
            return Ok(Declarations { declared: Vec::new(), all: true });
        };
        let (mut found, mut all) = (Vec::new(), true);
        match self.helm_releases(&format!("{group}/helmreleases")).await {
            Ok(declared) => found = declared,
            Err(error) if error.is_not_found() => {}
            Err(error) if error.is_forbidden() => {
                all = false;
                for namespace in namespaces.iter().filter(|one| is_path_segment(one)) {
                    let path = format!("{group}/namespaces/{namespace}/helmreleases");
                    match self.helm_releases(&path).await {
                        Ok(declared) => found.extend(declared),
                        Err(error) if error.is_forbidden() => {}
                        Err(error) => return Err(self.untold(&error)),
                    }
                }
            }
            Err(error) => return Err(self.untold(&error)),
        }
        let declared = self.with_sources(found, namespaces).await;
        Ok(Declarations { declared, all })
    }

    /// The path of a group in the version that the server prefers; none where there is no such group.
    async fn group(&self, group: &str, version: &str) -> Option<String> {
        let path = format!("/apis/{group}");
        let answer = self.inner.transport.get(&path).await;
        match answer.and_then(|bytes| decode::<Group>(&bytes)) {
            Ok(known) => Some(format!("{path}/{}", known.preferred_version.version)),
            Err(error) if error.is_not_found() => None,
            // Who may not ask what the server knows may still read it.
            Err(_) => Some(format!("{path}/{version}")),
        }
    }

    async fn helm_releases(
        &self,
        path: &str,
    ) -> Result<Vec<(Declared, Option<Origin>)>, RequestError> {
        let mut found = Vec::new();
        let mut parameters = ListParams { limit: Some(PAGE), ..ListParams::default() };
        for _ in 0..PAGES_MAX {
            let request = Request::new(path).list(&parameters);
            let request = request.map_err(|error| RequestError::Malformed(error.to_string()))?;
            let bytes = self.inner.transport.get(&request.uri().to_string()).await?;
            let page = decode::<HelmReleases>(&bytes)?;
            found.extend(page.items.into_iter().map(declared));
            parameters.continue_token =
                page.metadata.continuation.filter(|token| !token.is_empty());
            if parameters.continue_token.is_none() {
                return Ok(found);
            }
        }
        Err(RequestError::Malformed(format!("the list has more than {PAGES_MAX} pages")))
    }

    /// Reads where the charts of what stands in these namespaces come from, each object once. What
    /// cannot be read is left out: then helm's own repositories are searched.
    async fn with_sources(
        &self,
        found: Vec<(Declared, Option<Origin>)>,
        namespaces: &[&str],
    ) -> Vec<Declared> {
        let is_asked = |declared: &Declared| namespaces.contains(&declared.namespace.as_str());
        let origins = found.iter().filter(|(declared, _)| is_asked(declared));
        let paths: BTreeSet<String> = origins
            .filter_map(|(_, origin)| Some(origin.as_ref()?.path.clone()))
            .take(SOURCES_MAX)
            .collect();
        let group =
            if paths.is_empty() { None } else { self.group(SOURCES, SOURCES_VERSION).await };
        let Some(group) = group else {
            return found.into_iter().map(|(declared, _)| declared).collect();
        };
        let asked = paths.into_iter().map(async |path| {
            let answer = self.inner.transport.get(&format!("{group}/{path}")).await;
            let object = answer.and_then(|bytes| decode::<SourceObject>(&bytes)).ok()?;
            Some((path, object.spec.url))
        });
        let known: BTreeMap<String, String> = stream::iter(asked)
            .buffer_unordered(SOURCES_IN_FLIGHT)
            .filter_map(async |one| one)
            .collect()
            .await;
        let with_source = |(declared, origin): (Declared, Option<Origin>)| {
            let source = origin.and_then(|origin| origin.source(known.get(&origin.path)?));
            Declared { source, ..declared }
        };
        found.into_iter().map(with_source).collect()
    }

    fn untold(&self, error: &RequestError) -> String {
        self.trouble(error, "the HelmReleases of Flux").to_string()
    }
}

impl Origin {
    /// Where a `HelmRelease` says that its chart comes from.
    fn of(spec: &Spec, namespace: &str) -> Option<Self> {
        let (reference, chart) = match (&spec.chart, &spec.chart_ref) {
            (Some(template), _) => {
                let ChartSpec { chart, source_ref } = &template.spec;
                (source_ref, Some(chart.clone()))
            }
            (None, Some(reference)) => (reference, None),
            (None, None) => return None,
        };
        let plural = match reference.kind.as_str() {
            "HelmRepository" => "helmrepositories",
            "OCIRepository" => "ocirepositories",
            // Of charts in Git and in buckets no versions are published.
            _ => return None,
        };
        let namespace = reference.namespace.as_deref().unwrap_or(namespace);
        let name = &reference.name;
        let sound = is_path_segment(namespace) && is_path_segment(name);
        sound.then(|| Self { path: format!("namespaces/{namespace}/{plural}/{name}"), chart })
    }

    fn source(&self, address: &str) -> Option<ChartSource> {
        match &self.chart {
            Some(chart) => ChartSource::in_repository(address, chart),
            None => address.parse().ok(),
        }
    }
}

/// The release of a `HelmRelease`. What its status says is what helm-controller did; before that its
/// specification says what it will be called (`[TARGETNAMESPACE-]NAME`).
fn declared(one: HelmRelease) -> (Declared, Option<Origin>) {
    let HelmRelease { metadata, spec, status } = one;
    let Metadata { name, namespace } = metadata;
    let origin = Origin::of(&spec, &namespace);
    let target = spec.target_namespace.filter(|target| !target.is_empty());
    let composed = match &target {
        Some(target) => format!("{target}-{name}"),
        None => name.clone(),
    };
    let release = status.history.into_iter().next().map(|newest| newest.name);
    let release = release.or(spec.release_name).unwrap_or(composed);
    let storage = status.storage_namespace.or(spec.storage_namespace);
    let declared = Declared {
        namespace: storage.unwrap_or_else(|| namespace.clone()),
        release,
        owner: Owner::Flux { kind: "HelmRelease", namespace, name },
        source: None,
    };
    (declared, origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: &str) {
        let one: HelmRelease = serde_json::from_str(json).expect("the fixture is a HelmRelease");
        let (Declared { namespace, release, owner, .. }, _) = declared(one);
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

    #[test]
    fn a_chart_comes_from_where_its_objects_say() {
        let of = |spec: &str, url: &str| {
            let json = format!(r#"{{"metadata":{{"name":"a","namespace":"apps"}},"spec":{spec}}}"#);
            let one: HelmRelease = serde_json::from_str(&json).expect("a HelmRelease");
            let (_, origin) = declared(one);
            let source = origin.as_ref().and_then(|origin| origin.source(url));
            let told = source.map(|source| source.to_string()).unwrap_or_default();
            format!("{} {told}", origin.map(|origin| origin.path).unwrap_or_default())
        };
        let template = |kind: &str, more: &str| {
            format!(
                r#"{{"chart":{{"spec":{{"chart":"shop","sourceRef":{{"kind":"{kind}","name":"hub"{more}}}}}}}}}"#
            )
        };
        for (spec, url, expected) in [
            (
                template("HelmRepository", ""),
                "https://charts.test/",
                "namespaces/apps/helmrepositories/hub https://charts.test",
            ),
            (
                template("HelmRepository", r#","namespace":"flux-system""#),
                "oci://r.test/charts",
                "namespaces/flux-system/helmrepositories/hub oci://r.test/charts/shop",
            ),
            (
                r#"{"chartRef":{"kind":"OCIRepository","name":"shop"}}"#.into(),
                "oci://r.test/charts/shop",
                "namespaces/apps/ocirepositories/shop oci://r.test/charts/shop",
            ),
            (template("GitRepository", ""), "https://git.test", " "),
            (template("HelmRepository", r#","namespace":"../x""#), "https://charts.test", " "),
            (
                template("HelmRepository", ""),
                "https://ann:s3cret@charts.test",
                "namespaces/apps/helmrepositories/hub ",
            ),
            ("{}".into(), "https://charts.test", " "),
        ] {
            assert_eq!(of(&spec, url), expected, "{spec}");
        }
    }
}
