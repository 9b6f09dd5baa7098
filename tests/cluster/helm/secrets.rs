//! No value that is secret is found anywhere afterwards.

use std::path::Path;

use super::Shop;
use crate::bed::{Run, both, shown};

const OLD: &str = "c4nary-old-92d1";
const NEW: &str = "c4nary-new-77b3";

/// Fails where a text holds a secret, as it is or as Secrets hold it.
#[track_caller]
fn clean(what: &str, text: &str) {
    use base64::Engine as _;
    for secret in [OLD, NEW] {
        let encoded = base64::engine::general_purpose::STANDARD.encode(secret);
        let login = base64::engine::general_purpose::STANDARD.encode(format!("user:{secret}"));
        for form in [secret, &encoded, encoded.trim_end_matches('='), &login] {
            assert!(!text.contains(form), "{what} holds {form}:\n{text}");
        }
    }
}

#[track_caller]
fn heard(run: &Run) {
    clean("standard output", &run.stdout);
    clean("standard error", &run.stderr);
}

/// Looks into every file below a directory; how many there are.
#[track_caller]
fn files(directory: &Path) -> usize {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| {
            let path = entry.path();
            if path.is_dir() {
                return files(&path);
            }
            let bytes = std::fs::read(&path).unwrap_or_default();
            clean(&shown(&path), &String::from_utf8_lossy(&bytes));
            1
        })
        .sum()
}

#[test]
fn passwords_are_nowhere_to_be_found() {
    both(|major| {
        let shop = Shop::new(major);
        let charts = [
            shop.chart("1.0.0", "1.0.0"),
            shop.chart("1.0.1", "1.0.1"),
            shop.chart("1.0.2", "1.0.902"),
        ];
        shop.publish(&charts[..2]);
        shop.install("web", &charts[0], &["--set", &format!("password={OLD}")]);
        let set = format!("password={NEW}");
        let metrics = shown(&shop.program.home().join("metrics.prom"));
        heard(shop.run(&["plan", "-v=4", "--diff"]).exits(0));
        heard(shop.run(&["upgrade", "web", "--dry-run", "--diff-context=-1"]).exits(0));
        heard(
            shop.run(&["upgrade", "web", "--dry-run", "--diff-context=-1", "--set", &set]).exits(0),
        );
        let upgrade = ["web", "-v=4", "--yes", "--set", &set, "--metrics-file", &metrics];
        heard(shop.upgrade(&upgrade).exits(0));
        assert_eq!(shop.helm.newest("web"), "2 deployed shop-1.0.1");
        let password = shop.field("secret/web-login", ".data.password");
        assert_ne!(password, "");
        shop.publish(&charts[2..]);
        let upgrade = ["web", "-v=4", "--yes", "--metrics-file", &metrics];
        heard(shop.upgrade(&upgrade).exits(4));
        heard(shop.run(&["history", "-o", "json"]).exits(0));
        heard(shop.run(&["rollback", "release/web", "-v=4", "--yes", "--soak", "0s"]).exits(0));
        let home = shop.program.home();
        let seen = files(home);
        assert!(seen >= 3 && home.join("metrics.prom").exists(), "{seen} files");
        let leases = shop.namespace.kubectl(&["get", "leases", "-o", "yaml"]);
        clean("a Lease", &leases.exits(0).stdout);
    });
}

#[test]
fn what_helm_quotes_is_masked() {
    both(|major| {
        let shop = Shop::open(major, &[("1.0.0", "1.0.0")]);
        let old = shop.chart("1.0.0", "1.0.0");
        shop.install("api", &old, &["--set", &format!("password={OLD}")]);
        let odd =
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"{{ .Values.password }}_\"}\n";
        let broken =
            [("1.0.1", "fail.yaml", "{{ fail .Values.password }}"), ("1.0.2", "odd.yaml", odd)];
        let set = format!("password={NEW}");
        for (version, file, text) in broken {
            shop.publish(&[shop.chart(version, "1.0.1").template(file, text)]);
            for args in [&["api", "-v=4", "--yes"][..], &["api", "-v=4", "--yes", "--set", &set]] {
                let run = shop.upgrade(args);
                assert_ne!(run.code, Some(0), "{run}");
                heard(&run);
            }
        }
        assert!(files(shop.program.home()) > 0);
    });
}

/// Where a template may write a secret so that nothing about the place says so.
const WIRING: &str = r#"
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-wiring"}
data:
  plain: {{ .Values.password | quote }}
  encoded: {{ .Values.password | b64enc | quote }}
  login: {{ printf "user:%s" .Values.password | b64enc | quote }}
  lines: |
    one
    at {{ .Values.password }} of {{ .Chart.Version }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}-worker"}
spec:
  replicas: 0
  selector: {matchLabels: {app: worker}}
  template:
    metadata: {labels: {app: worker}}
    spec:
      containers:
      - name: app
        image: {{ .Values.image | quote }}
        args: ["--token", {{ .Values.password | quote }}, "--of", {{ .Chart.Version | quote }}]
"#;

#[test]
fn a_preview_hides_a_secret_wherever_a_template_writes_it() {
    both(|major| {
        let shop = Shop::new(major);
        let chart = |version| shop.chart(version, "1.0.1").template("wiring.yaml", WIRING);
        let charts = [chart("1.0.0"), chart("1.0.1")];
        shop.publish(&charts);
        shop.install("web", &charts[0], &["--set", &format!("password={OLD}")]);
        let set = format!("password={NEW}");
        let upgrade = ["upgrade", "web", "--dry-run", "--diff-context=-1"];
        for (verb, more) in [
            (&["plan", "--diff"][..], &[][..]),
            (&upgrade, &[]),
            (&upgrade, &["--set", &set]),
            (&upgrade, &["--set", &set, "-o", "json"]),
        ] {
            let run = shop.run(&[verb, more].concat());
            heard(run.exits(0));
            // The place is shown, so that the secret would have been.
            assert!(run.stdout.contains("--token") && run.stdout.contains("***"), "{run}");
        }
    });
}

#[test]
fn what_is_set_and_is_no_secret_is_shown() {
    both(|major| {
        let shop = Shop::open(major, &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
        let run = shop.run(&["upgrade", "web", "--dry-run", "--set", "greeting=welcome"]);
        assert!(run.exits(0).stdout.contains("welcome"), "{run}");
    });
}
