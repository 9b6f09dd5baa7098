//! Names and little else, as the shell asks for them while somebody types: of the objects of a kind, of
//! namespaces, and of what a kubeconfig knows. Only metadata crosses the network.

use jiff::Timestamp;
use serde::Deserialize;

use crate::adapters::workload::Text;
use crate::domain::inventory::Kind;
use crate::ports::{DiscoverError, Scope};

use super::cluster::Cluster;
use super::error::ConnectError;
use super::flags::{ConnectionFlags, Environment, without_empty};
use super::kubeconfig;
use super::list::{Filter, Resource, list};
use super::page::items;

/// What a kubeconfig can be told to use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The contexts, each with its cluster.
    pub contexts: Vec<(String, String)>,
    /// The clusters.
    pub clusters: Vec<String>,
    /// The users.
    pub users: Vec<String>,
}

impl Known {
    /// Reads the files that the flags and the environment name.
    ///
    /// # Errors
    /// A file that cannot be read or understood.
    pub fn read(flags: &ConnectionFlags, environment: &Environment) -> Result<Self, ConnectError> {
        let file = kubeconfig::load(&without_empty(flags), environment)?;
        let cluster = |context: Option<kube::config::Context>| context.unwrap_or_default().cluster;
        Ok(Self {
            contexts: file
                .contexts
                .into_iter()
                .map(|context| (context.name, cluster(context.context)))
                .collect(),
            clusters: file.clusters.into_iter().map(|cluster| cluster.name).collect(),
            users: file.auth_infos.into_iter().map(|user| user.name).collect(),
        })
    }
}

/// An object by its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Its namespace, empty where it has none.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Since when it is there, by the clock of the server.
    pub created: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Object<'a> {
    metadata: Metadata<'a>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Metadata<'a> {
    name: Text<'a>,
    namespace: Option<Text<'a>>,
    #[serde(rename = "creationTimestamp")]
    created: Option<Text<'a>>,
    #[serde(rename = "ownerReferences")]
    owners: Option<Vec<Owner>>,
}

#[derive(Deserialize)]
struct Owner {
    #[serde(default)]
    controller: Option<bool>,
}

impl Cluster {
    /// The objects of a kind that no other object controls. A release is no object and has its own
    /// records.
    ///
    /// # Errors
    /// The server refused or did not answer.
    pub async fn names(&self, kind: Kind, scope: &Scope) -> Result<Vec<Named>, DiscoverError> {
        let namespace = match scope {
            Scope::All => None,
            scope => Some(self.namespace_of(scope)?),
        };
        self.names_of(Resource::of(kind), namespace.as_deref()).await
    }

    /// The namespaces.
    ///
    /// # Errors
    /// The server refused or did not answer.
    pub async fn namespaces(&self) -> Result<Vec<Named>, DiscoverError> {
        self.names_of(Resource::NAMESPACES, None).await
    }

    async fn names_of(
        &self,
        resource: Resource,
        namespace: Option<&str>,
    ) -> Result<Vec<Named>, DiscoverError> {
        let page = |bytes: &[u8], kept: &mut Vec<Named>| {
            items(bytes, |object: Object<'_>| {
                let metadata = object.metadata;
                if !metadata.owners.iter().flatten().any(|owner| owner.controller == Some(true)) {
                    kept.push(Named {
                        namespace: metadata.namespace.as_deref().unwrap_or_default().to_owned(),
                        name: metadata.name.to_string(),
                        created: metadata.created.and_then(|time| time.parse().ok()),
                    });
                }
            })
        };
        list(&self.inner, resource.metadata_only(), namespace, &Filter::default(), page)
            .await
            .map_err(|error| self.trouble(&error, resource.plural()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kubeconfig_tells_its_names() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config");
        let text = "contexts:\n- {name: a, context: {cluster: one, user: ada}}\n- {name: b}\nclusters: [{name: one}]\nusers: [{name: ada}]\n";
        std::fs::write(&file, text).unwrap();
        let flags = ConnectionFlags { kubeconfig: Some(file), ..ConnectionFlags::default() };
        let environment = Environment::read(None, &|_| None);
        let pair = |name: &str, cluster: &str| (name.to_owned(), cluster.to_owned());
        assert_eq!(
            Known::read(&flags, &environment).unwrap(),
            Known {
                contexts: vec![pair("a", "one"), pair("b", "")],
                clusters: vec!["one".into()],
                users: vec!["ada".into()],
            }
        );
        let nowhere = ConnectionFlags {
            kubeconfig: Some(directory.path().join("nowhere")),
            ..ConnectionFlags::default()
        };
        assert!(Known::read(&nowhere, &environment).is_err());
        assert_eq!(
            Known::read(&ConnectionFlags::default(), &environment).unwrap(),
            Known::default()
        );
    }
}
