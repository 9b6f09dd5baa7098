//! Facts of other objects that stand in the way of a rollout: disruption budgets that allow
//! nothing, and claims that only one node can mount.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Deserialize;

use crate::adapters::workload::{
    Interner, Text, WireAmount, WireMetadata, WireObject, WireRequirement, WireSelector,
};
use crate::domain::inventory::{Kind, Strategy, Workload};

use super::client::RequestError;
use super::page::items;

/// What of a template other objects refer to.
#[derive(Debug, Default)]
pub(super) struct Template {
    /// Labels of the pods.
    labels: Box<[(Arc<str>, Arc<str>)]>,
    /// Claims that old and new pods would mount at the same time.
    claims: Box<[Arc<str>]>,
}

impl Template {
    /// Reads it from an object and the workload that was made of it.
    pub(super) fn read(
        object: &WireObject<'_>,
        workload: &Workload,
        interner: &mut Interner,
    ) -> Self {
        let metadata = match object.spec.pod_template() {
            Some(template) => &template.metadata,
            None => &object.metadata,
        };
        // Only a Deployment starts new pods before the old ones have gone.
        let surge = &object.spec.strategy.rolling_update.max_surge;
        let overlaps = workload.kind == Kind::Deployment
            && workload.rollout.strategy == Strategy::Rolling
            && !surge.as_ref().is_some_and(WireAmount::is_zero);
        let volumes = object.spec.pod().volumes.iter();
        Self {
            labels: metadata
                .labels
                .iter()
                .map(|(key, value)| (interner.text(key), interner.text(value)))
                .collect(),
            claims: volumes
                .filter(|_| overlaps)
                .filter_map(|volume| volume.persistent_volume_claim.as_ref())
                .map(|claim| interner.text(&claim.claim_name))
                .collect(),
        }
    }

    /// Whether a claim could be in the way.
    pub(super) fn has_claims(&self) -> bool {
        !self.claims.is_empty()
    }
}

/// A disruption budget that allows nothing now.
#[derive(Debug)]
pub(super) struct Budget {
    namespace: Box<str>,
    name: Box<str>,
    selector: Selector,
}

/// Reads a page of disruption budgets; those that allow something are dropped.
pub(super) fn budgets(bytes: &[u8], kept: &mut Vec<Budget>) -> Result<(), RequestError> {
    #[derive(Deserialize, Default)]
    #[serde(default, bound(deserialize = "'de: 'a"))]
    struct Wire<'a> {
        metadata: WireMetadata<'a>,
        spec: WireSpec<'a>,
        status: WireStatus,
    }
    #[derive(Deserialize, Default)]
    #[serde(default, bound(deserialize = "'de: 'a"))]
    struct WireSpec<'a> {
        selector: Option<WireSelector<'a>>,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    struct WireStatus {
        disruptions_allowed: i64,
        expected_pods: i64,
    }
    items(bytes, |budget: Wire<'_>| {
        let blocks = budget.status.disruptions_allowed <= 0 && budget.status.expected_pods > 0;
        // Without a selector a budget covers no pods; an empty one covers all.
        if let (true, Some(selector)) = (blocks, &budget.spec.selector) {
            kept.push(Budget {
                namespace: budget.metadata.namespace.as_deref().unwrap_or_default().into(),
                name: (*budget.metadata.name).into(),
                selector: Selector::read(selector),
            });
        }
    })
}

/// Namespace and name of a claim.
pub(super) type ClaimName = (Arc<str>, Arc<str>);

/// Reads a page of claims, and keeps those that only one node (or pod) can mount.
pub(super) fn claims(bytes: &[u8], kept: &mut Vec<ClaimName>) -> Result<(), RequestError> {
    #[derive(Deserialize, Default)]
    #[serde(default, bound(deserialize = "'de: 'a"))]
    struct Wire<'a> {
        metadata: WireMetadata<'a>,
        spec: WireSpec<'a>,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
    struct WireSpec<'a> {
        access_modes: Vec<Text<'a>>,
    }
    items(bytes, |claim: Wire<'_>| {
        let modes = &claim.spec.access_modes;
        let one = |mode: &Text<'_>| matches!(&**mode, "ReadWriteOnce" | "ReadWriteOncePod");
        if !modes.is_empty() && modes.iter().all(one) {
            let namespace = claim.metadata.namespace.as_deref().unwrap_or_default();
            kept.push((namespace.into(), (*claim.metadata.name).into()));
        }
    })
}

/// Fills in what is in the way of a workload.
pub(super) fn fill(
    workload: &mut Workload,
    template: &Template,
    budgets: &[Budget],
    claims: &HashSet<ClaimName>,
) {
    let Some(namespace) = workload.namespace.clone() else {
        return;
    };
    workload.rollout.blocking_budget = budgets
        .iter()
        .find(|budget| *budget.namespace == *namespace && budget.selector.matches(&template.labels))
        .map(|budget| budget.name.to_string());
    workload.rollout.exclusive_claim = template
        .claims
        .iter()
        .find(|claim| claims.contains(&(Arc::clone(&namespace), Arc::clone(claim))))
        .map(ToString::to_string);
}

/// A label selector: all requirements must hold.
#[derive(Debug, Default)]
struct Selector(Vec<Requirement>);

#[derive(Debug)]
enum Requirement {
    In(Box<str>, Vec<Box<str>>),
    NotIn(Box<str>, Vec<Box<str>>),
    Exists(Box<str>),
    DoesNotExist(Box<str>),
}

impl Selector {
    fn read(wire: &WireSelector<'_>) -> Self {
        let labels = wire
            .match_labels
            .iter()
            .map(|(key, value)| Requirement::In(key.into(), vec![value.into()]));
        let expressions = wire.match_expressions.iter().map(Requirement::read);
        Self(labels.chain(expressions).collect())
    }

    fn matches(&self, labels: &[(Arc<str>, Arc<str>)]) -> bool {
        let value = |key: &str| {
            let found = labels.iter().find(|(name, _)| **name == *key);
            found.map(|(_, value)| &**value)
        };
        let one_of = |values: &[Box<str>], value: &str| values.iter().any(|one| **one == *value);
        self.0.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => value(key).is_some_and(|value| one_of(values, value)),
            // As the API has it, a label that is absent is in no set.
            Requirement::NotIn(key, values) => {
                value(key).is_none_or(|value| !one_of(values, value))
            }
            Requirement::Exists(key) => value(key).is_some(),
            Requirement::DoesNotExist(key) => value(key).is_none(),
        })
    }
}

impl Requirement {
    fn read(wire: &WireRequirement<'_>) -> Self {
        let key = (*wire.key).into();
        let values = wire.values.iter().map(|value| (**value).into()).collect();
        match &*wire.operator {
            "NotIn" => Self::NotIn(key, values),
            "Exists" => Self::Exists(key),
            "DoesNotExist" => Self::DoesNotExist(key),
            // `In`; an operator that is not known has no values and matches nothing.
            _ => Self::In(key, values),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::workload::workload;
    use crate::domain::inventory::Leg;

    fn read(kind: Kind, json: &str) -> (Workload, Template) {
        let object: WireObject<'_> = serde_json::from_str(json).expect("the fixture is JSON");
        let mut interner = Interner::default();
        let workload = workload(kind, &object, Leg::Kubernetes, &mut interner);
        let template = Template::read(&object, &workload, &mut interner);
        (workload, template)
    }

    fn blocks(selector: &str, status: &str) -> bool {
        let (mut web, template) = read(
            Kind::Deployment,
            r#"{"metadata":{"name":"web","namespace":"n","labels":{"app":"other"}},
                "spec":{"template":{"metadata":{"labels":{"app":"web","tier":"front"}}}}}"#,
        );
        let page = format!(
            r#"{{"items":[{{"metadata":{{"name":"elsewhere","namespace":"m"}},"spec":{{"selector":{{}}}},
                  "status":{{"expectedPods":1}}}},
                {{"metadata":{{"name":"b","namespace":"n"}},"spec":{{"selector":{selector}}},"status":{status}}}]}}"#
        );
        let mut kept = Vec::new();
        budgets(page.as_bytes(), &mut kept).expect("the fixture is a list");
        fill(&mut web, &template, &kept, &HashSet::new());
        web.rollout.blocking_budget.as_deref() == Some("b")
    }

    #[test]
    fn a_budget_blocks_the_pods_that_it_selects() {
        let full = r#"{"disruptionsAllowed":0,"expectedPods":3}"#;
        for (selector, expected) in [
            (r#"{"matchLabels":{"app":"web"}}"#, true),
            (r#"{"matchLabels":{"app":"web","tier":"back"}}"#, false),
            (r#"{"matchLabels":{"app":"other"}}"#, false),
            ("{}", true),
            ("null", false),
            (r#"{"matchExpressions":[{"key":"app","operator":"In","values":["a","web"]}]}"#, true),
            (r#"{"matchExpressions":[{"key":"app","operator":"NotIn","values":["web"]}]}"#, false),
            (r#"{"matchExpressions":[{"key":"zone","operator":"NotIn","values":["a"]}]}"#, true),
            (r#"{"matchExpressions":[{"key":"tier","operator":"Exists"}]}"#, true),
            (r#"{"matchExpressions":[{"key":"tier","operator":"DoesNotExist"}]}"#, false),
            (r#"{"matchExpressions":[{"key":"tier","operator":"Near"}]}"#, false),
        ] {
            assert_eq!(blocks(selector, full), expected, "{selector}");
        }
        assert!(!blocks("{}", r#"{"disruptionsAllowed":1,"expectedPods":3}"#));
        assert!(!blocks("{}", r#"{"disruptionsAllowed":0,"expectedPods":0}"#));
    }

    #[test]
    fn a_claim_is_in_the_way_when_old_and_new_pods_overlap() {
        let page = br#"{"items":[
            {"metadata":{"name":"once","namespace":"n"},"spec":{"accessModes":["ReadWriteOnce"]}},
            {"metadata":{"name":"many","namespace":"n"},"spec":{"accessModes":["ReadWriteOnce","ReadWriteMany"]}}]}"#;
        let mut kept = Vec::new();
        claims(page, &mut kept).expect("the fixture is a list");
        let exclusive: HashSet<ClaimName> = kept.into_iter().collect();
        for (kind, claim, strategy, expected) in [
            (Kind::Deployment, "once", "{}", true),
            (Kind::Deployment, "many", "{}", false),
            (Kind::Deployment, "once", r#"{"type":"Recreate"}"#, false),
            (Kind::Deployment, "once", r#"{"rollingUpdate":{"maxSurge":0}}"#, false),
            (Kind::Deployment, "once", r#"{"rollingUpdate":{"maxSurge":"0%"}}"#, false),
            (Kind::Deployment, "once", r#"{"rollingUpdate":{"maxSurge":"25%"}}"#, true),
            (Kind::StatefulSet, "once", "{}", false),
        ] {
            let json = format!(
                r#"{{"metadata":{{"name":"w","namespace":"n"}},"spec":{{"strategy":{strategy},
                    "template":{{"spec":{{"volumes":[{{"name":"v","persistentVolumeClaim":{{"claimName":"{claim}"}}}}]}}}}}}}}"#
            );
            let (mut workload, template) = read(kind, &json);
            fill(&mut workload, &template, &[], &exclusive);
            let found = workload.rollout.exclusive_claim.is_some();
            assert_eq!(found, expected, "{kind} {claim} {strategy}");
        }
    }
}
