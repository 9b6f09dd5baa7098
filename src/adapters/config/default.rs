//! The file that `config init` writes.

/// A commented policy that says what holds anyway. Prose stands after `# `, settings that can be
/// switched on after `#` alone or with their indentation.
pub const DEFAULT_FILE: &str = r#"# Safe Update: what may be updated, and how far.
#
# Later wins: the defaults, this file, its rules in order, the annotations of an object, the
# command line. `config show` tells where each setting came from, `config check` what is wrong.
version: 1

# By the kind of change:
#   auto    nobody needs to be asked
#   review  somebody has to say yes
#   manual  target and version have to be named
#   skip    it never happens
actions:
  patch: auto
  minor: review
  major: manual
  prerelease: skip
  digest: review # the same tag with another content
  base: review # another variant, for instance a newer base system

# How long a version must have been published: 36h, 3d, 2w.
#minimumAge: 3d

# How a new reference is written: `keep` the form it had, or `always` as tag@digest.
pin: keep

# How long a healthy update is watched for a relapse before it counts as done.
soak: 1m

# When a failed update is undone: `always`, `never`, or `careful`, which keeps a larger step of a
# workload with state once the new version has run. (SAFE_UPDATE_ROLLBACK says the same.)
rollback: careful

# The place in the order of application: lower goes first, 0 where nothing is said. Mostly of use
# in a rule.
#order: 10

# What has to answer before an update counts as healthy, asked from where this program runs.
#probes: ["https://shop.example.com/healthz", "tcp://db.example.com:5432"]

# How many changes may be written or verified at the same time, 1 to 100.
maxInFlight: 1

# Objects that somebody's manifest describes: the next apply of the manifest would put the old
# version back, so nothing is freer there than this.
owners:
  manifests: review

# Whether annotations (safe-update.io/...) of objects override this file, may only tighten it,
# or are ignored.
annotations: override

# Exceptions, in order. All that is written under `match` has to match; `*` matches any text.
#rules:
#  - match: {namespace: "prod-*", kind: StatefulSet}
#    actions: {minor: manual}
#    minimumAge: 1w
#  - match: {image: "*/postgres"}
#    constraint: ">=16 <17"
#  - match: {labels: {tier: legacy}}
#    skip: true
#  - match: {name: "migrate-*"}
#    order: -10

# When updates may happen, and when not. Without a time zone it is UTC.
#windows:
#  - {days: [mon-thu], from: "09:00", to: "16:00", timeZone: Europe/Prague}
#freeze:
#  - {from: 2026-12-20, to: 2027-01-03, reason: holidays}

# How registries are reached. `ca`, `clientCertificate`, `clientKey`, `insecure` and `tokenHosts`
# count only in a file that --config names, or in config.yaml in the state directory.
#registries:
#  registry.example.com: {mirror: "mirror.example.com:5000", maxInFlight: 16}
#  docker.io: {layout: registry/}

# Where the charts of Helm releases come from.
#charts:
#  shop: oci://registry.example.com/charts/shop
"#;

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use serde_json::{Map, Value, json};

    use super::super::env::Variables;
    use super::super::file::policy_schema;
    use super::super::merge::{Merged, merge};
    use super::super::read::{Source, read};
    use super::super::registries::Trust;
    use super::*;
    use crate::domain::inventory::{
        Kind, Leg, Owner, Rollout, Running, Slot, SlotImage, SlotKind, Workload,
    };
    use crate::domain::platform::Placement;
    use crate::domain::policy::{Limits, Overrides};
    use crate::domain::version::Bump;

    fn read_default(text: &str) -> super::super::read::Layer {
        let source = Source { name: "default", folder: Path::new("."), trust: Trust::Full };
        read(text, source).unwrap_or_else(|errors| panic!("{errors}"))
    }

    #[test]
    fn it_parses_as_it_is() {
        let layer = read_default(DEFAULT_FILE);
        assert!(layer.rules.is_empty());
        assert!(layer.registries.is_empty());
    }

    #[test]
    fn it_parses_with_everything_switched_on() {
        let switched_on: String = DEFAULT_FILE
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(rest) if rest.starts_with("  ") && !rest.starts_with("   ") => rest,
                Some(rest) if rest.starts_with("    ") => rest,
                Some(rest) if !rest.is_empty() && !rest.starts_with(' ') => rest,
                _ => line,
            })
            .filter(|line| !line.starts_with("   ") || line.contains(':'))
            .fold(String::new(), |text, line| text + line + "\n");
        let layer = read_default(&switched_on);
        assert_eq!(layer.rules.len(), 4);
        assert_eq!(layer.base.probes.as_ref().map(Vec::len), Some(2));
        assert_eq!(layer.max_in_flight, Some(1));
        assert_eq!(layer.registries.len(), 2);
        assert!(layer.windows.is_some() && layer.freezes.is_some());
        assert!(layer.base.minimum_age.is_some());
        assert_eq!(layer.charts.len(), 1);
    }

    /// What a file gives, or none.
    fn merged(text: Option<&str>) -> Merged {
        let layers = text.map(|text| (PathBuf::new(), read_default(text))).into_iter().collect();
        merge(layers, &Variables::default()).unwrap_or_else(|errors| panic!("{errors}"))
    }

    /// What that means for a workload of which nothing else is said.
    fn limits(merged: &Merged) -> Limits {
        let slot = Slot {
            kind: SlotKind::Container,
            name: "web".into(),
            image: SlotImage::read("nginx:1.25.0"),
            running: Running::NotAsked,
            line: None,
        };
        let workload = Workload {
            leg: Leg::Kubernetes,
            kind: Kind::Deployment,
            namespace: Some("shop".into()),
            name: "web".into(),
            uid: None,
            labels: std::collections::BTreeMap::new(),
            annotations: std::collections::BTreeMap::new(),
            owner: Owner::Nobody,
            rollout: Rollout::default(),
            pull: None,
            placement: Placement::default(),
            origin: None,
            slots: vec![slot],
            containers: vec!["web".into()],
        };
        merged.policy.limits(&workload, &workload.slots[0], &Overrides::default())
    }

    /// All that holds, whoever said it.
    fn holds(text: Option<&str>) -> String {
        let merged = merged(text);
        let limits = limits(&merged);
        let actions = Bump::ALL.map(|bump| limits.action(bump).value);
        let Limits { constraints, minimum_age, skip, pin, soak, rollback, order, probes, .. } =
            limits;
        let Merged { policy, registries, charts, .. } = merged;
        let one = (actions, constraints, minimum_age, skip, pin, soak, rollback, order, probes);
        let whole = (policy.rules, policy.manifests, policy.windows, policy.freezes);
        format!(
            "{one:#?} {whole:#?} {:#?}",
            (policy.annotations, policy.max_in_flight, registries, charts)
        )
    }

    #[test]
    fn it_says_what_holds_anyway() {
        assert_eq!(holds(Some(DEFAULT_FILE)), holds(None));
    }

    #[test]
    fn the_defaults_that_the_schema_tells_are_those_that_hold() {
        let schema = policy_schema();
        let mut written = Map::from_iter([("version".to_owned(), json!(1))]);
        let mut nothing = Vec::new();
        for (key, property) in schema["properties"].as_object().expect("keys") {
            match property.get("default") {
                None if key == "version" => {}
                None => panic!("{key} has no default"),
                Some(Value::Null) => nothing.push(key.as_str()),
                Some(value) => drop(written.insert(key.clone(), value.clone())),
            }
        }
        // Who writes them all down changes nothing.
        assert_eq!(holds(Some(&Value::Object(written).to_string())), holds(None));
        assert_eq!(nothing, ["constraint", "minimumAge"]);
        let merged = merged(None);
        let limits = limits(&merged);
        assert!(limits.constraints.is_empty() && limits.minimum_age.is_none(), "{limits:?}");
        // `config show` tells the same.
        assert!(merged.entries.len() > Bump::ALL.len(), "{:?}", merged.entries);
        for entry in &merged.entries {
            let key = entry.key.replacen('.', "/default/", 1);
            let key = if key == entry.key { format!("{key}/default") } else { key };
            let told = schema.pointer(&format!("/properties/{key}")).expect("a default");
            let told = told.as_str().map_or_else(|| told.to_string(), str::to_owned);
            assert_eq!(told, entry.value, "{}", entry.key);
        }
    }

    #[test]
    fn the_time_zone_that_the_schema_tells_is_the_one_that_holds() {
        let schema = policy_schema();
        let zone = |of: &str| {
            let told = &schema["$defs"][of]["properties"]["timeZone"]["default"];
            told.as_str().expect("a time zone").to_owned()
        };
        let window = json!({"days": ["mon"], "from": "09:00", "to": "16:00"});
        let freeze = json!({"from": "2026-12-20", "to": "2027-01-03"});
        let file = |window: &Value, freeze: &Value| {
            json!({"version": 1, "windows": [window], "freeze": [freeze]}).to_string()
        };
        let unsaid = holds(Some(&file(&window, &freeze)));
        let mut said = [(window, "Window"), (freeze, "Freeze")].map(|(mut one, of)| {
            one["timeZone"] = json!(zone(of));
            one
        });
        assert_eq!(holds(Some(&file(&said[0], &said[1]))), unsaid);
        said[0]["timeZone"] = json!("Europe/Prague");
        assert_ne!(holds(Some(&file(&said[0], &said[1]))), unsaid);
    }
}
