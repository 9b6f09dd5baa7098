//! Releases that do not stand on their charts any more: a post-renderer, another chart of the same
//! version, or fields that somebody else owns.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use super::{Shop, hook};
use crate::apply::ended;
use crate::bed::{bed, both, shown, sure};

/// Fails unless `web` is held for what an object has that its chart has not, and a yes passes it.
#[track_caller]
fn held(shop: &Shop, object: &str, newest: &str) {
    let before = shop.helm.newest("web");
    let audit = bed().audit();
    let auto = shop.upgrade(&["web", "--auto"]);
    let stderr = &auto.exits(3).stderr;
    let object = format!("ConfigMap {}/{object}", shop.namespace.name());
    assert!(
        stderr.contains("does not render what is stored") && stderr.contains(&object),
        "{auto}"
    );
    let bulk = shop.apply(&["--auto", "--only", "helm"]);
    assert_eq!(bulk.exits(0).json()["results"], serde_json::json!([]), "{bulk}");
    assert_eq!(shop.writes(&audit), Vec::<String>::new());
    assert_eq!(shop.helm.newest("web"), before);
    ended(&shop.upgrade(&["web", "--yes"]), 0, "succeeded", "done");
    assert_eq!(shop.helm.newest("web"), newest);
}

#[test]
fn what_a_post_renderer_added_is_named() {
    // Helm 4 takes only plugins, which leave the same behind.
    let shop = Shop::new("helm3");
    let charts = [shop.chart("1.0.0", "1.0.0"), shop.chart("1.0.1", "1.0.1")];
    shop.publish(&charts);
    let script = "#!/bin/sh\nexec sed 's/greeting: \"hello\"/greeting: \"rendered\"/'\n";
    let script = shop.helm.file("post", script);
    sure(std::fs::set_permissions(&script, Permissions::from_mode(0o755)));
    shop.install("web", &charts[0], &["--post-renderer", &shown(&script)]);
    assert_eq!(shop.said("web", "greeting"), "rendered");
    held(&shop, "web-settings", "2 deployed shop-1.0.1");
    assert_eq!(shop.said("web", "greeting"), "hello");
}

#[test]
fn a_changed_chart_of_the_same_version_is_named() {
    both(|major| {
        let shop = Shop::open(major, &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
        let extra = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n";
        let changed = shop.chart("1.0.0", "1.0.0").template("extra.yaml", extra);
        shop.helm.run(&["upgrade", "web", &shown(&shop.helm.unpacked(&changed))]);
        assert_eq!(shop.helm.newest("web"), "2 deployed shop-1.0.0");
        held(&shop, "extra", "3 deployed shop-1.0.1");
    });
}

#[test]
fn a_field_of_another_manager_is_named_before_anything_is_written() {
    let shop = Shop::open("helm4", &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
    let other = shop.image("1.0.2");
    let foreign = super::DEPLOYMENT
        .replace("{{ .Release.Name }}", "web")
        .replace("{{ .Values.image | quote }}", &format!("\"{other}\""));
    let apply = ["apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", "-"];
    let apply = [&["-n", shop.namespace.name()], &apply[..]].concat();
    bed().kubectl_with_input(&apply, &foreign).exits(0);
    shop.namespace.wait_rolled_out("deployment/web");
    let audit = bed().audit();
    let run = shop.upgrade(&["web", "--yes"]);
    assert!(run.exits(3).stderr.contains("other"), "{run}");
    // The lock is taken before the server is asked.
    let written = shop.writes(&audit);
    assert!(written.iter().all(|one| one.contains(" leases ")), "{written:?}");
    assert_eq!(shop.helm.history("web"), ["1 deployed shop-1.0.0"]);
    assert_eq!(shop.said("web", "note"), "default of 1.0.0");
    assert_eq!(shop.tag("web"), "1.0.2");
}

#[test]
fn what_the_server_does_not_take_is_found_before_anything_is_written() {
    both(|major| {
        let shop = Shop::open(major, &[("1.0.0", "1.0.0")]);
        let elsewhere =
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: nope, namespace: no-such-one}\n";
        let typed = super::DEPLOYMENT.replace("replicas: 1", "replicas: \"two\"");
        for (version, template, text, told) in [
            ("1.0.1", "nope.yaml", elsewhere, "\"no-such-one\" not found"),
            ("1.0.2", "deployment.yaml", &typed, "expected numeric"),
        ] {
            shop.publish(&[shop.chart(version, "1.0.1").template(template, text)]);
            for args in [&["web", "--yes", "--dry-run"][..], &["web", "--yes"]] {
                let run = shop.upgrade(args);
                assert!(run.exits(3).stderr.contains(told), "{run}");
            }
            assert_eq!(shop.helm.history("web"), ["1 deployed shop-1.0.0"]);
            assert_eq!(shop.said("web", "note"), "default of 1.0.0");
        }
    });
}

#[test]
fn who_may_not_write_all_of_it_begins_nothing() {
    both(|major| {
        let shop = Shop::open(major, &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
        let rules = "[{apiGroups: ['*'], resources: ['*'], verbs: [get, list, watch]}, \
            {apiGroups: ['', coordination.k8s.io], resources: [secrets, configmaps, leases], verbs: ['*']}]";
        let user = shop.namespace.restricted_user("half", rules);
        let Shop { program, .. } = &shop;
        let place = ["-n", shop.namespace.name(), "-o", "json", "--kubeconfig", &shown(&user)];
        for args in [&["upgrade", "web", "--yes", "--dry-run"][..], &["upgrade", "web", "--yes"]] {
            let run = program.run(&[args, &place].concat());
            assert!(run.exits(3).stderr.contains("cannot patch resource"), "{run}");
        }
        assert_eq!(shop.helm.history("web"), ["1 deployed shop-1.0.0"]);
        assert_eq!(shop.said("web", "note"), "default of 1.0.0");
    });
}

#[test]
fn who_may_not_ask_the_server_sees_what_a_template_gives() {
    both(|major| {
        let shop = Shop::new(major);
        let looks = "{{ (lookup \"v1\" \"ConfigMap\" .Release.Namespace \"web-settings\").kind }}";
        let looks = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: seen}}\ndata: {{kind: \"{looks}\"}}\n"
        );
        let new = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: brand-new}\n";
        let chart = |version: &str| shop.chart(version, version).template("seen.yaml", &looks);
        shop.publish(&[chart("1.0.0"), chart("1.0.1").template("new.yaml", new)]);
        shop.install("web", &chart("1.0.0"), &["--set", "greeting=ahoy"]);
        let rules = "[{apiGroups: [''], resources: [secrets], verbs: [get, list]}, \
            {apiGroups: [''], resources: [configmaps], verbs: [get], resourceNames: [kube-root-ca.crt]}]";
        let user = shop.namespace.restricted_user("looker", rules);
        let place = ["-n", shop.namespace.name(), "--kubeconfig", &shown(&user)];
        let run = shop.program.run(&[&["plan", "release/web", "--diff"], &place[..]].concat());
        let text = &run.exits(0).stdout;
        assert!(text.contains("blocked") && text.contains("brand-new"), "{run}");
        assert!(text.contains("default of 1.0.0 -> default of 1.0.1"), "{run}");
        // The release's own values are in it: no line with one of them changes.
        let changes = |line: &str| line.starts_with(['-', '+']) && line.contains("greeting");
        assert!(text.contains("ahoy") && !text.lines().any(changes), "{run}");
        let args = ["upgrade", "web", "--yes"];
        let run = shop.program.run(&[&args, &place[..]].concat());
        assert!(run.exits(3).stderr.contains("does not let helm ask"), "{run}");
        assert_eq!(shop.helm.history("web"), ["1 deployed shop-1.0.0"]);
    });
}

#[test]
fn a_hook_that_changes_is_no_other_ground() {
    let shop = Shop::new("helm4");
    let chart = |version: &str| {
        let text = hook("pre-upgrade", &shop.image(version), "");
        shop.chart(version, version).template("hook.yaml", &text)
    };
    shop.publish(&[chart("1.0.0"), chart("1.0.1")]);
    shop.install("web", &chart("1.0.0"), &[]);
    ended(&shop.upgrade(&["web", "--auto"]), 0, "succeeded", "done");
    assert_eq!(shop.helm.newest("web"), "2 deployed shop-1.0.1");
}
