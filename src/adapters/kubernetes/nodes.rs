//! The platforms of the nodes, which decide whether an image can run at all.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;

use crate::adapters::workload::{Text, WireMetadata};
use crate::domain::inventory::{Inventory, Warning};
use crate::domain::platform::Platform;

use super::client::RequestError;
use super::cluster::{Cluster, Inner};
use super::list::{Filter, Resource, list};
use super::page::items;

#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Node<'a> {
    metadata: WireMetadata<'a>,
    spec: NodeSpec<'a>,
    status: NodeStatus<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct NodeSpec<'a> {
    taints: Option<Vec<Taint<'a>>>,
}

#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Taint<'a> {
    effect: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
struct NodeStatus<'a> {
    node_info: NodeInfo<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
struct NodeInfo<'a> {
    operating_system: Option<Text<'a>>,
    architecture: Option<Text<'a>>,
}

impl Cluster {
    /// Learns the platforms of the nodes, where nobody asked for them before.
    pub async fn learn_platforms(&self, inventory: &mut Inventory) {
        if !inventory.platforms.is_empty() || !inventory.tainted_platforms.is_empty() {
            return;
        }
        match platforms(&self.inner).await {
            Ok(found) => {
                inventory.platforms = found.free;
                inventory.tainted_platforms = found.tainted;
            }
            Err(error) => {
                let message = self.trouble(&error, "the nodes").to_string();
                inventory.warnings.push(Warning {
                    code: "platforms-unread",
                    message: format!("{message}; the platforms of images are not checked"),
                    object: None,
                });
            }
        }
    }
}

/// The distinct platforms of the nodes. A node that does not say is left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Platforms {
    /// Of nodes that take any pod.
    pub(super) free: Vec<Platform>,
    /// Of nodes whose taints keep pods away.
    pub(super) tainted: Vec<Platform>,
}

/// Lists the nodes.
pub(super) async fn platforms(inner: &Arc<Inner>) -> Result<Platforms, RequestError> {
    let filter = Filter::default();
    let found = list(inner, Resource::NODES, None, &filter, |bytes, kept| {
        let mut page = BTreeSet::new();
        items(bytes, |node: Node<'_>| {
            page.extend(platform(&node).map(|platform| (is_tainted(&node), platform)));
        })?;
        kept.extend(page);
        Ok(())
    })
    .await?;
    let distinct: BTreeSet<(bool, Platform)> = found.into_iter().collect();
    let mut platforms = Platforms::default();
    for (tainted, platform) in distinct {
        if tainted { &mut platforms.tainted } else { &mut platforms.free }.push(platform);
    }
    Ok(platforms)
}

/// `PreferNoSchedule` keeps no pod away when there is no other place.
fn is_tainted(node: &Node<'_>) -> bool {
    let mut taints = node.spec.taints.iter().flatten();
    taints.any(|taint| matches!(&*taint.effect, "NoSchedule" | "NoExecute"))
}

fn platform(node: &Node<'_>) -> Option<Platform> {
    let read = |info: &Option<Text<'_>>, label: &str| {
        let text = info
            .as_deref()
            .filter(|text| !text.is_empty())
            .or_else(|| node.metadata.labels.get(label))?;
        Some(text.to_owned())
    };
    let info = &node.status.node_info;
    // Nodes do not report a variant.
    Some(Platform::new(
        &read(&info.operating_system, "kubernetes.io/os")?,
        &read(&info.architecture, "kubernetes.io/arch")?,
        None,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_says_its_platform_in_two_places() {
        for (json, expected) in [
            (
                r#"{"status":{"nodeInfo":{"operatingSystem":"linux","architecture":"arm64"}}}"#,
                Some("linux/arm64"),
            ),
            (
                r#"{"metadata":{"labels":{"kubernetes.io/os":"windows","kubernetes.io/arch":"amd64"}},
                    "status":{"nodeInfo":{"operatingSystem":"","architecture":""}}}"#,
                Some("windows/amd64"),
            ),
            (r#"{"metadata":{"labels":{"kubernetes.io/os":"linux"}}}"#, None),
        ] {
            let node: Node<'_> = serde_json::from_str(json).expect("the fixture is JSON");
            let text = platform(&node).map(|platform| platform.to_string());
            assert_eq!(text.as_deref(), expected, "{json}");
        }
    }
}
