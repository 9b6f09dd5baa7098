//! The whole way from files and variables to a policy, and what is said about what is wrong.

use std::fs;
use std::path::{Path, PathBuf};

use super::read::{Layer, Source, read};
use super::registries::Trust;
use super::*;
use crate::domain::policy::{Action, Annotations, Pin};
use crate::domain::version::Bump;

fn read_as(text: &str, trust: Trust) -> Result<Layer, ConfigErrors> {
    read(text, Source { name: "f.yaml", folder: Path::new("/srv/project"), trust })
}

const WHOLE: &str = r#"
version: 1
actions: {patch: auto, minor: review, major: manual, prerelease: skip, digest: review, base: review}
minimumAge: 3d
rules:
  - match: {namespace: "prod-*", kind: StatefulSet, name: "db-*", image: "*/postgres", labels: {tier: data}}
    actions: {minor: manual}
    constraint: ">=16 <17"
    soak: 10m
    rollback: always
owners: {manifests: auto}
windows: [{days: [mon-thu], from: "09:00", to: 16:00, timeZone: Europe/Prague}]
freeze:  [{from: 2026-12-20, to: 2027-01-03, reason: holidays}]
annotations: tighten
registries:
  registry.example.com: {mirror: "mirror.local:5000", ca: ca.pem, insecure: false, maxInFlight: 16}
  docker.io: {layout: registry/}
charts: {shop: "oci://registry.example.com/charts/shop"}
"#;

#[test]
fn a_whole_file_is_read() {
    let layer = read_as(WHOLE, Trust::Full).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(layer.base.actions.get(Bump::Major), Some(Action::Manual));
    assert_eq!(layer.base.minimum_age.map(|age| age.as_secs()), Some(3 * 86_400));
    assert_eq!(layer.rules.len(), 1);
    assert_eq!(layer.manifests, Some(Action::Auto));
    assert_eq!(layer.annotations, Some(Annotations::Tighten));
    assert_eq!(layer.windows.map(|windows| windows[0].days.len()), Some(4));
    let host = |name: &str| name.parse().expect("a host");
    let entry = &layer.registries[&host("registry.example.com")];
    assert_eq!(entry.ca.as_deref(), Some(Path::new("/srv/project/ca.pem")));
    assert_eq!(entry.max_in_flight, Some(16));
    assert_eq!(entry.mirror.as_deref(), Some("mirror.local:5000"));
    let layout = &layer.registries[&host("docker.io")].layout;
    assert_eq!(layout.as_deref(), Some(Path::new("/srv/project/registry/")));
    assert_eq!(layer.charts.len(), 1);
    let line = |key: &str| {
        let written = layer.written.iter().find(|written| written.key == key);
        written.unwrap_or_else(|| panic!("{key} is not noted")).line
    };
    assert_eq!(line("minimumAge"), Some(4));
    assert_eq!(line("rules[1].constraint"), Some(8));
    assert_eq!(line("registries.docker.io.layout"), Some(17));
}

/// Text, line, column, and a part of what is said.
const WRONG: &[(&str, u32, u32, &str)] = &[
    ("actoins: {}\nversion: 1\n", 1, 1, "did you mean \"actions\"?"),
    ("version: 1\nminimum-age: 3d\n", 2, 1, "did you mean \"minimumAge\"?"),
    ("version: 1\npin: keep\npin: always\n", 3, 1, "\"pin\" stands here twice"),
    ("version: 2\nunheard: of\n", 2, 1, "unknown key"),
    ("version: 2\n", 1, 10, "written for a newer program"),
    ("version: 0\n", 1, 10, "another program"),
    ("pin: keep\n", 1, 1, "begin the file with `version: 1`"),
    ("version: 1\nactions: {patch: never}\n", 2, 18, "is no action"),
    ("version: 1\nactions: {pach: auto}\n", 2, 11, "did you mean \"patch\"?"),
    ("version: 1\nminimumAge: 3 days\n", 2, 13, "no length of time"),
    ("version: 1\nannotations: yes\n", 2, 14, "override, tighten or ignore"),
    ("version: 1\nrules: [{match: {}}]\n", 2, 9, "the rule sets nothing"),
    ("version: 1\nrules: [{skip: true}]\n", 2, 10, "\"match\" is missing"),
    ("version: 1\nrules: [{match: {name: '['}, skip: true}]\n", 2, 24, "is no pattern"),
    ("version: 1\nrules: [{match: {kind: Deploymnt}, skip: true}]\n", 2, 24, "did you mean"),
    ("version: 1\nrules: [{match: {image: 'a/b:1'}, skip: true}]\n", 2, 25, "has a tag"),
    ("version: 1\nwindows: [{days: [], from: 1:00, to: 2:00}]\n", 2, 11, "no days"),
    ("version: 1\nwindows: [{days: [mon], from: 9, to: 2:00}]\n", 2, 31, "\"9\" is no time of day"),
    (
        "version: 1\nwindows: [{days: [sun], from: 1:00, to: 2:00, timeZone: Mars/X}]\n",
        2,
        57,
        "is no time zone",
    ),
    ("version: 1\nfreeze: [{from: 2027-01-03, to: 2026-12-20}]\n", 2, 33, "before it begins"),
    ("version: 1\nregistries: {'a b': {}}\n", 2, 14, "is no registry"),
    ("version: 1\nregistries: {a.b: {mirorr: x}}\n", 2, 20, "did you mean \"mirror\"?"),
    ("version: 1\nregistries: {a.b: {maxInFlight: 0}}\n", 2, 33, "between 1 and 256"),
    ("version: 1\nregistries: {a.b: {clientKey: k}}\n", 2, 31, "belong together"),
    ("version: 1\nregistries: {a.b: {mirror: 'ftp://x'}}\n", 2, 28, "is no mirror"),
    (
        "version: 1\nregistries:\n  docker.io: {insecure: false}\n  index.docker.io: {insecure: false}\n",
        4,
        3,
        "stands here twice",
    ),
    ("version: 1\ncharts: {shop: ./shop}\n", 2, 16, "no place of a chart"),
    (
        "version: 1\ncharts: {shop: \"oci://r.test:5000/shop:1.0.0\"}\n",
        2,
        16,
        "credentials, query and version",
    ),
    ("version: 1\nrules:\n  - match: {}\n   skip: true\n", 4, 4, ""),
    ("version: 1\n\tpin: keep\n", 2, 1, "indent with spaces"),
];

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let mut slips = Vec::new();
    for &(text, line, column, said) in WRONG {
        let Err(errors) = read_as(text, Trust::Full) else {
            slips.push(format!("accepted: {text}"));
            continue;
        };
        let shown = errors.to_string();
        let error = &errors.0[0];
        let pointed = error.excerpt.as_ref().is_some_and(|excerpt| excerpt.ends_with('^'));
        let placed = (error.line, error.column) == (Some(line), Some(column));
        if !placed || !pointed || !shown.contains(said) {
            slips.push(format!("expected {line}:{column} {said}, got {shown}"));
        }
    }
    assert!(slips.is_empty(), "{}", slips.join("\n\n"));
}

#[test]
fn wrong_values_are_all_told() {
    let text = "version: 1\nactions: {patch: x, minor: y}\nsoak: z\npin: w\n";
    let errors = read_as(text, Trust::Full).expect_err("errors");
    let lines: Vec<_> = errors.0.iter().map(|error| error.line).collect();
    assert_eq!(lines, [Some(2), Some(2), Some(3), Some(4)]);
}

#[test]
fn a_message_reads_whole() {
    let errors = read_as("version: 1\npin: sometimes\n", Trust::Full).expect_err("errors");
    assert_eq!(
        errors.to_string(),
        "f.yaml:2:6: \"sometimes\" is no pin: use keep or always\n  1 | version: 1\n  2 | pin: sometimes\n    |      ^"
    );
}

#[test]
fn line_ends_and_byte_order_marks_do_not_matter() {
    let text = format!("\u{feff}{}", WHOLE.replace('\n', "\r\n"));
    assert!(read_as(&text, Trust::Full).is_ok());
}

#[test]
fn a_project_may_not_choose_whom_to_trust() {
    for (entry, key) in [
        ("ca: ca.pem", "ca"),
        ("insecure: true", "insecure"),
        ("tokenHosts: [auth.example.com]", "tokenHosts"),
        ("clientCertificate: c, clientKey: k", "clientCertificate"),
        ("layout: ../x", "leaves the folder"),
        ("layout: /etc", "leaves the folder"),
    ] {
        let text = format!("version: 1\nregistries:\n  a.example.com: {{{entry}}}\n");
        assert!(read_as(&text, Trust::Full).is_ok(), "{entry}");
        let errors = read_as(&text, Trust::Project).expect_err("errors");
        assert!(errors.to_string().contains(key), "{errors}");
        assert!(errors.0[0].hint.is_some(), "{errors}");
        assert_eq!(errors.0[0].line, Some(3), "{errors}");
    }
    let text = "version: 1\nregistries: {a.example.com: {insecure: false, maxInFlight: 2}}\n";
    assert!(read_as(text, Trust::Project).is_ok());
}

/// A home, a working directory and a folder of manifests.
struct Places {
    _root: tempfile::TempDir,
    state: PathBuf,
    work: PathBuf,
    manifests: PathBuf,
}

impl Places {
    fn new(files: &[(&str, &str)]) -> Self {
        let root = tempfile::tempdir().expect("a directory");
        let path = |name: &str| root.path().join(name);
        let (state, work, manifests) = (path("state"), path("work"), path("work/manifests"));
        fs::create_dir_all(&manifests).expect("a directory");
        fs::create_dir_all(&state).expect("a directory");
        for (name, text) in files {
            fs::write(path(name), text).expect("a file");
        }
        Self { state, work, manifests, _root: root }
    }

    fn load(&self, named: Option<&Path>, manifests: &[PathBuf]) -> Result<Merged, ConfigErrors> {
        self.load_with(named, manifests, &[])
    }

    fn load_with(
        &self,
        named: Option<&Path>,
        manifests: &[PathBuf],
        environment: &[(&str, &str)],
    ) -> Result<Merged, ConfigErrors> {
        let environment: Environment = environment.iter().copied().collect();
        let variables = Variables::read(&environment, &self.work, &[])?;
        load(&Lookup {
            named,
            manifests,
            directory: &self.work,
            state: &self.state,
            variables: &variables,
        })
    }
}

fn value<'a>(merged: &'a Merged, key: &str) -> (&'a str, String) {
    let entry = merged.entries.iter().find(|entry| entry.key == key);
    let entry = entry.unwrap_or_else(|| panic!("no {key} in {:#?}", merged.entries));
    let origin = entry.origin.to_string();
    let short = origin.rsplit('/').next().unwrap_or_default();
    (&entry.value, short.to_owned())
}

#[test]
fn nearer_files_override_and_variables_override_them() {
    let places = Places::new(&[
        (
            "state/config.yaml",
            "version: 1\nactions: {patch: review, minor: skip}\npin: always\nrules: [{match: {}, skip: true}]\nregistries: {docker.io: {maxInFlight: 2, insecure: true}}\n",
        ),
        (
            "work/safe-update.yaml",
            "version: 1\nactions: {minor: manual}\nsoak: 1m\nregistries: {docker.io: {maxInFlight: 4}}\n",
        ),
        (
            "work/manifests/safe-update.yaml",
            "version: 1\nactions: {major: skip}\nrules: [{match: {name: web}, skip: false}]\n",
        ),
        ("work/.env", "SAFE_UPDATE_SOAK=3m\nSAFE_UPDATE_ACTIONS=base=auto\n"),
    ]);
    let environment = [("SAFE_UPDATE_SOAK", "5m")];
    let manifests = [PathBuf::from("-"), PathBuf::from("manifests")];
    let merged = places.load_with(None, &manifests, &environment);
    let merged = merged.unwrap_or_else(|errors| panic!("{errors}"));
    for (key, expected, origin) in [
        ("actions.patch", "review", "config.yaml:2"),
        ("actions.minor", "manual", "safe-update.yaml:2"),
        ("actions.major", "skip", "safe-update.yaml:2"),
        ("actions.digest", "review", "default"),
        ("actions.base", "auto", ".env:2"),
        ("pin", "always", "config.yaml:3"),
        ("soak", "5m", "SAFE_UPDATE_SOAK"),
        ("rules[1].skip", "true", "config.yaml"),
        ("rules[2].match.name", "web", "safe-update.yaml:3"),
        ("registries.docker.io.maxInFlight", "4", "safe-update.yaml:4"),
    ] {
        assert_eq!(value(&merged, key), (expected, origin.to_owned()), "{key}");
    }
    assert_eq!(merged.files.len(), 3);
    assert_eq!(merged.policy.rules.len(), 2);
    assert_eq!(merged.policy.base.pin, Some(Pin::Always));
    assert_eq!(merged.policy.base.actions.get(Bump::Base), Some(Action::Auto));
    let hub = &merged.registries[&"docker.io".parse().expect("a host")];
    assert_eq!((hub.max_in_flight, hub.insecure), (Some(4), Some(true)));
    let keys: Vec<_> = merged.entries.iter().map(|entry| &entry.key).collect();
    let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
    assert_eq!(keys.len(), distinct.len(), "{keys:?}");
}

#[test]
fn a_named_file_stands_alone_and_is_trusted() {
    let places = Places::new(&[
        ("state/config.yaml", "not: [even, yaml"),
        ("work/safe-update.yaml", "version: 7\n"),
        ("work/mine.yaml", "version: 1\nregistries: {a.b: {insecure: true}}\n"),
    ]);
    let merged = places.load(Some(Path::new("mine.yaml")), &[]);
    assert_eq!(merged.map(|merged| merged.files.len()).ok(), Some(1));
    let errors = places.load(Some(Path::new("gone.yaml")), &[]).expect_err("errors");
    assert!(errors.to_string().contains("no such file"), "{errors}");
    let errors = places.load(None, &[]).expect_err("errors");
    assert_eq!(errors.0.len(), 2, "both files are complained about: {errors}");
}

#[test]
fn the_folder_of_a_manifest_counts_once() {
    let places = Places::new(&[("work/safe-update.yaml", "version: 1\nrules: []\n")]);
    let manifests = [places.work.join("web.yaml")];
    let merged = places.load(None, &manifests).expect("a policy");
    assert_eq!(merged.files, [places.work.join("safe-update.yaml")]);
    assert!(Places::new(&[]).load(None, &[]).is_ok_and(|merged| merged.files.is_empty()));
}

#[test]
fn a_misnamed_project_file_is_no_silent_loss() {
    let places = Places::new(&[("work/manifests/safe-update.yml", "version: 1\n")]);
    let errors = places.load(None, std::slice::from_ref(&places.manifests)).expect_err("errors");
    assert!(errors.to_string().contains("rename it to safe-update.yaml"), "{errors}");
}

#[cfg(unix)]
#[test]
fn a_project_file_that_is_a_link_out_is_not_shown() {
    let places = Places::new(&[("state/secret", "hush: hush\n")]);
    let link = places.work.join("safe-update.yaml");
    std::os::unix::fs::symlink(places.state.join("secret"), &link).expect("a link");
    let shown = places.load(None, &[]).expect_err("errors").to_string();
    assert!(shown.contains("no file inside its folder") && !shown.contains("hush"), "{shown}");
    // Mounted ConfigMaps are links inside their folder.
    fs::remove_file(&link).expect("removed");
    fs::write(places.work.join("..data"), "version: 1\n").expect("a file");
    std::os::unix::fs::symlink("..data", &link).expect("a link");
    assert!(places.load(None, &[]).is_ok());
}

#[test]
fn wrong_variables_are_named() {
    let places = Places::new(&[("work/.env", "SAFE_UPDATE_PIN=x\n")]);
    let errors = places.load_with(None, &[], &[("SAFE_UPDATE_SOAK", "y")]).expect_err("errors");
    let shown = errors.to_string();
    assert!(shown.contains(".env:1: SAFE_UPDATE_PIN"), "{shown}");
    assert!(shown.contains("SAFE_UPDATE_SOAK: \"y\" is no length"), "{shown}");
}

#[test]
fn checking_a_file_holds_a_projects_to_what_it_may_say() {
    let text = "version: 1\nregistries: {a.b: {insecure: true}}\n";
    let places = Places::new(&[("work/safe-update.yaml", text), ("work/other.yaml", text)]);
    assert!(check(&places.work.join("other.yaml")).is_ok());
    assert!(check(&places.work.join("safe-update.yaml")).is_err());
    assert!(check(&places.work.join("none.yaml")).is_err());
}

#[test]
fn the_defaults_that_are_shown_are_those_that_hold() {
    let merged = Places::new(&[]).load(None, &[]).expect("a policy");
    assert_eq!(value(&merged, "pin").0.parse(), Ok(Pin::default()));
    assert_eq!(value(&merged, "annotations").0.parse(), Ok(merged.policy.annotations));
    assert_eq!(value(&merged, "owners.manifests").0.parse(), Ok(merged.policy.manifests));
    let careful = crate::domain::policy::RollbackMode::default();
    assert_eq!(value(&merged, "rollback").0.parse(), Ok(careful));
}

#[test]
fn the_schema_describes_every_key() {
    let schema = policy_schema();
    for key in [
        "version",
        "actions",
        "constraint",
        "minimumAge",
        "pin",
        "soak",
        "rollback",
        "skip",
        "rules",
        "owners",
        "windows",
        "freeze",
        "annotations",
        "registries",
        "charts",
    ] {
        let described = schema.pointer(&format!("/properties/{key}"));
        assert!(
            described.is_some_and(|property| property.to_string().contains("description")),
            "{key}"
        );
    }
    assert_eq!(schema.pointer("/additionalProperties"), Some(&serde_json::Value::Bool(false)));
    assert!(!schema.to_string().contains("Spanned"));
}
