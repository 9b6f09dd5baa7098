//! What roles allow and bindings grant, as lines that can be compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::domain::preview::{Danger, ObjectKey, RuleLine};

/// More combinations of groups and resources than this in one rule stay one line.
const COMBINATIONS_MAX: usize = 200;
/// Verbs by which whoever has them gets more.
const ESCALATING: [&str; 3] = ["bind", "escalate", "impersonate"];
/// Roles that are allowed nearly everything.
const MIGHTY: [&str; 2] = ["admin", "cluster-admin"];

/// Reads the lines of a role or a binding; nothing of other kinds.
pub(super) fn rules(key: &ObjectKey, body: &Map<String, Value>) -> Vec<RuleLine> {
    if &*key.group != "rbac.authorization.k8s.io" {
        return Vec::new();
    }
    match &*key.kind {
        "Role" | "ClusterRole" => role(body),
        "RoleBinding" | "ClusterRoleBinding" => binding(key, body),
        _ => Vec::new(),
    }
}

/// What may be done to an object.
#[derive(Default)]
struct Allowed {
    verbs: BTreeSet<String>,
    dangers: BTreeSet<Danger>,
}

fn role(body: &Map<String, Value>) -> Vec<RuleLine> {
    // Verbs by what they are for: the same is allowed in whatever order it is written.
    let mut allowed: BTreeMap<String, Allowed> = BTreeMap::new();
    for rule in body.get("rules").and_then(Value::as_array).into_iter().flatten() {
        let verbs = texts(rule, "verbs");
        for (object, mut dangers) in objects(rule) {
            if verbs.iter().any(|verb| verb == "*") {
                dangers.insert(Danger::Wildcard);
            }
            if verbs.iter().any(|verb| ESCALATING.contains(&verb.as_str())) {
                dangers.insert(Danger::Escalation);
            }
            let entry = allowed.entry(object).or_default();
            entry.verbs.extend(verbs.iter().cloned());
            entry.dangers.append(&mut dangers);
        }
    }
    let mut lines: Vec<_> = allowed
        .into_iter()
        .map(|(object, Allowed { verbs, dangers })| {
            let verbs: Vec<_> = verbs.into_iter().collect();
            let text = format!("{object}: {}", verbs.join(", ")).into();
            RuleLine { text, dangers: dangers.into_iter().collect() }
        })
        .collect();
    let gathers = |rule: &&Value| rule.get("clusterRoleSelectors").is_some_and(Value::is_array);
    if let Some(rule) = body.get("aggregationRule").filter(gathers) {
        let text = format!("all that is allowed by the cluster roles of {rule}");
        lines.push(RuleLine { text: text.into(), dangers: vec![Danger::Escalation] });
    }
    lines
}

/// What a rule is for: `apps/deployments`, `secrets (a, b)`, `url /metrics`.
fn objects(rule: &Value) -> Vec<(String, BTreeSet<Danger>)> {
    let names = texts(rule, "resourceNames").join(", ");
    let named = |object: String| {
        if names.is_empty() { object } else { format!("{object} ({names})") }
    };
    let urls = texts(rule, "nonResourceURLs").into_iter().map(|url| {
        let dangers = if url == "*" { vec![Danger::Wildcard] } else { Vec::new() };
        (format!("url {url}"), dangers.into_iter().collect())
    });
    let mut objects: Vec<(String, BTreeSet<Danger>)> = urls.collect();
    let (mut groups, resources) = (texts(rule, "apiGroups"), texts(rule, "resources"));
    if groups.is_empty() {
        groups.push(String::new());
    }
    if groups.len() * resources.len() > COMBINATIONS_MAX {
        let every = groups.iter().flat_map(|group| resources.iter().map(|r| dangers(group, r)));
        let every = every.flatten().collect();
        objects.push((named(format!("[{}]/[{}]", groups.join(", "), resources.join(", "))), every));
        return objects;
    }
    for group in &groups {
        for resource in &resources {
            let object = match group.as_str() {
                "" => resource.clone(),
                group => format!("{group}/{resource}"),
            };
            objects.push((named(object), dangers(group, resource)));
        }
    }
    objects
}

fn dangers(group: &str, resource: &str) -> BTreeSet<Danger> {
    let mut dangers = BTreeSet::new();
    if group == "*" || resource == "*" {
        dangers.insert(Danger::Wildcard);
    }
    if matches!(group, "" | "*") && matches!(resource, "secrets" | "*") {
        dangers.insert(Danger::Secrets);
    }
    dangers
}

fn binding(key: &ObjectKey, body: &Map<String, Value>) -> Vec<RuleLine> {
    let text = |value: Option<&Value>, key: &str| {
        let value = value.and_then(|value| value.get(key)).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let role = body.get("roleRef");
    let name = text(role, "name");
    let dangers = if MIGHTY.contains(&&*name) { vec![Danger::Wildcard] } else { Vec::new() };
    let role = format!("{} {name}", text(role, "kind"));
    let subjects = body.get("subjects").and_then(Value::as_array).into_iter().flatten();
    subjects
        .map(|subject| {
            let subject = Some(subject);
            let kind = text(subject, "kind");
            let place = match text(subject, "namespace") {
                // The server refuses a service account without one; say what is probably meant.
                namespace if namespace.is_empty() && kind == "ServiceAccount" => {
                    key.namespace.as_deref().map(|namespace| format!("{namespace}/"))
                }
                namespace if namespace.is_empty() => None,
                namespace => Some(format!("{namespace}/")),
            };
            let place = place.unwrap_or_default();
            let line = format!("{kind} {place}{} gets {role}", text(subject, "name"));
            RuleLine { text: line.into(), dangers: dangers.clone() }
        })
        .collect()
}

fn texts(rule: &Value, key: &str) -> Vec<String> {
    let list = rule.get(key).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}
