//! Which targets a command is about: names, selectors, files. Shared by `plan`, `list` and
//! `explain`.

use std::sync::Arc;

use crate::actions::discover::discover;
use crate::adapters::helm::releases::Releases;
use crate::adapters::kubernetes::Cluster;
use crate::adapters::manifests::Manifests;
use crate::cli::args::{Connection, OnlyLeg, Selection};
use crate::cli::error::CommandError;
use crate::cli::settings::Settings;
use crate::cli::wire;
use crate::domain::inventory::{Inventory, Kind, Warning, Workload};
use crate::domain::target::TargetName;
use crate::ports::{DiscoverError, EventSink, ObjectName, Platform, Query, Scope};

/// What was selected, already typed.
#[derive(Debug)]
pub struct Selected {
    targets: Vec<TargetName>,
    container: Option<String>,
    query: Query,
    files: Vec<String>,
    legs: Vec<OnlyLeg>,
}

/// What was found, and where.
pub struct Found {
    /// The inventory.
    pub inventory: Inventory,
    /// The cluster; none for manifests on disk.
    pub cluster: Option<Cluster>,
}

impl Selected {
    /// Reads names and selectors.
    ///
    /// # Errors
    /// A target that is malformed, or flags that contradict each other.
    pub fn read(
        targets: &[String],
        selection: &Selection,
        connection: &Connection,
    ) -> Result<Self, CommandError> {
        let targets = targets
            .iter()
            .map(|text| text.parse::<TargetName>())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| {
                CommandError::usage(error).hint(
                    "`list` shows what there is; `-o name` prints names that every verb takes",
                )
            })?;
        let labelled = selection.selector.is_some() || selection.field_selector.is_some();
        if !targets.is_empty() && labelled {
            return Err(CommandError::usage_message(
                "targets and selectors cannot be combined: name the targets, or select them",
            ));
        }
        let only_releases = selection.only == [OnlyLeg::Helm];
        let useless = if !selection.only.is_empty() && !targets.is_empty() {
            Some("--only cannot be combined with targets, which say it already")
        } else if only_releases && !selection.filename.is_empty() {
            Some("--only helm cannot be combined with -f: files hold no releases")
        } else if only_releases && labelled {
            Some("--only helm cannot be combined with selectors: releases have no labels")
        } else {
            None
        };
        if let Some(why) = useless {
            return Err(CommandError::usage_message(why));
        }
        if let Some(target) =
            targets.iter().find(|target| selection.all_namespaces && target.namespace.is_none())
        {
            return Err(CommandError::usage_message(format!(
                "{target} has no namespace, and --all-namespaces does not say which"
            ))
            .hint(format!("write NAMESPACE/{target}, or use -n")));
        }
        // helm always names a namespace; of files only the one that was typed counts.
        let namespace = if selection.filename.is_empty() {
            connection.namespace.as_deref()
        } else {
            connection.asked_namespace()
        };
        let scope = match namespace {
            _ if selection.all_namespaces => Scope::All,
            Some(namespace) => Scope::Namespace(namespace.to_owned()),
            None => Scope::Current,
        };
        let mut objects: Vec<ObjectName> = targets
            .iter()
            .map(|target| ObjectName {
                namespace: target.namespace.clone(),
                kind: target.kind,
                name: target.name.clone(),
            })
            .collect();
        objects.sort();
        objects.dedup();
        let query = Query {
            scope,
            selector: selection.selector.clone(),
            field_selector: selection.field_selector.clone(),
            objects,
        };
        Ok(Self {
            targets,
            container: selection.container.clone(),
            query,
            files: selection.filename.clone(),
            legs: selection.only.clone(),
        })
    }

    /// The targets that were named.
    pub fn targets(&self) -> &[TargetName] {
        &self.targets
    }

    /// Whether single targets were named.
    pub fn is_named(&self) -> bool {
        !self.targets.is_empty()
    }

    /// Whether several namespaces may appear.
    pub fn spans_namespaces(&self) -> bool {
        self.query.scope == Scope::All
            || self.targets.iter().any(|target| target.namespace.is_some())
    }

    /// Whether manifests on disk are read.
    pub fn is_of_files(&self) -> bool {
        !self.files.is_empty()
    }

    /// Finds what was selected.
    ///
    /// # Errors
    /// The cluster's or the files', or a container that no workload has.
    pub async fn find(
        &self,
        settings: &Settings,
        events: &Arc<dyn EventSink>,
    ) -> Result<Found, CommandError> {
        let (mut inventory, cluster) = if self.is_of_files() {
            let manifests =
                Manifests::new(self.files.iter().map(Into::into).collect(), std::io::stdin());
            (discover(&[&manifests], &self.query).await?, None)
        } else {
            let cluster = wire::cluster(settings, events.clone()).await?;
            (self.discover(&cluster).await?, Some(cluster))
        };
        self.keep_containers(&mut inventory, cluster.as_ref())?;
        Ok(Found { inventory, cluster })
    }

    /// Whether a leg is looked at.
    fn takes(&self, leg: OnlyLeg) -> bool {
        self.legs.is_empty() || self.legs.contains(&leg)
    }

    /// Finds the workloads of a cluster and its releases.
    async fn discover(&self, cluster: &Cluster) -> Result<Inventory, CommandError> {
        let (releases, workloads): (Vec<_>, Vec<_>) =
            self.query.objects.iter().cloned().partition(|object| object.kind == Kind::Release);
        let all = self.query.objects.is_empty();
        let mut legs: Vec<&dyn Platform> = Vec::new();
        // Who names a workload says which leg is meant.
        if (all && self.takes(OnlyLeg::Kubernetes)) || !workloads.is_empty() {
            legs.push(cluster);
        }
        let query = |objects| Query { objects, ..self.query.clone() };
        let mut inventory = discover(&legs, &query(workloads)).await?;
        if (!all || !self.takes(OnlyLeg::Helm)) && releases.is_empty() {
            return Ok(inventory);
        }
        let driver = match wire::helm_driver() {
            Ok(driver) => driver,
            Err(error) if all && !self.legs.contains(&OnlyLeg::Helm) => {
                inventory.warnings.push(Warning {
                    code: "helm-driver",
                    message: format!("{error}; releases are left out"),
                    object: None,
                });
                return Ok(inventory);
            }
            Err(error) => return Err(CommandError::usage(error)),
        };
        let leg = Releases::new(cluster, driver, cluster.default_namespace());
        let found = discover(&[&leg], &query(releases)).await?;
        // Who asks for releases alone is not told that there are none, when he may not see any.
        let unseen = found.warnings.iter().find(|warning| warning.code == "forbidden");
        if let (true, [OnlyLeg::Helm], Some(warning)) =
            (found.workloads.is_empty(), self.legs.as_slice(), unseen)
        {
            let message = warning.message.clone();
            return Err(DiscoverError::Forbidden { message }.into());
        }
        inventory.workloads.extend(found.workloads);
        inventory.warnings.extend(found.warnings);
        inventory.arrange();
        Ok(inventory)
    }

    /// Leaves out what `-c` and the containers of targets do not name.
    fn keep_containers(
        &self,
        inventory: &mut Inventory,
        cluster: Option<&Cluster>,
    ) -> Result<(), CommandError> {
        let here = cluster.map(Cluster::default_namespace);
        let mut found = vec![false; self.targets.len()];
        for workload in &mut inventory.workloads {
            let names: Vec<(usize, &TargetName)> = self
                .targets
                .iter()
                .enumerate()
                .filter(|(_, target)| names(target, workload, here))
                .collect();
            let whole =
                names.is_empty() || names.iter().any(|(_, target)| target.container.is_none());
            workload.slots.retain(|slot| {
                let by_target = names.iter().filter(|(_, target)| {
                    target.container.as_deref().is_none_or(|name| name == &*slot.name)
                });
                let mut named = false;
                for (index, _) in by_target {
                    found[*index] = true;
                    named = true;
                }
                (whole || named) && self.container.as_deref().is_none_or(|name| name == &*slot.name)
            });
        }
        let missing = self.targets.iter().zip(&found).find(|(_, found)| !**found);
        if let Some((target, _)) = missing {
            return Err(CommandError::usage_message(match &target.container {
                Some(container) => format!(
                    "{}/{} has no container or image volume {container:?}",
                    target.kind.short(),
                    target.name
                ),
                None => format!("{target} not found"),
            })
            .hint("`list` shows what there is; -n chooses the namespace"));
        }
        inventory.workloads.retain(|workload| !workload.slots.is_empty());
        if inventory.workloads.is_empty()
            && let Some(container) = self.container.as_deref().filter(|_| self.is_named())
        {
            return Err(CommandError::usage_message(format!(
                "no target has a container or image volume {container:?}"
            )));
        }
        Ok(())
    }

    /// What to say when nothing was found.
    pub fn nothing(&self, cluster: Option<&Cluster>) -> String {
        let selected = if self.query.selector.is_some()
            || self.query.field_selector.is_some()
            || self.container.is_some()
        {
            " that match"
        } else {
            ""
        };
        match (&self.query.scope, cluster) {
            (_, None) => format!("No workloads{selected} found in {}.", self.files.join(", ")),
            (Scope::All, Some(_)) => format!("No workloads{selected} found."),
            (Scope::Namespace(namespace), Some(_)) => {
                format!("No workloads{selected} found in {namespace} namespace.")
            }
            (Scope::Current, Some(cluster)) => {
                format!(
                    "No workloads{selected} found in {} namespace.",
                    cluster.default_namespace()
                )
            }
        }
    }
}

/// Whether a target names a workload. In a cluster a target without a namespace means the one of
/// the command line; in files it means any.
fn names(target: &TargetName, workload: &Workload, here: Option<&str>) -> bool {
    target.kind == workload.kind
        && *target.name == *workload.name
        && match (target.namespace.as_deref().or(here), workload.namespace.as_deref()) {
            (Some(wanted), Some(namespace)) => wanted == namespace,
            (None, _) | (_, None) => true,
        }
}
