//! Completion through the real kubectl and the real Helm: what is offered is what is in the cluster,
//! it comes in time, and trouble says nothing.

use std::time::{Duration, Instant};

use crate::bed::{Fault, SafeUpdate, bed, deployment};
use crate::plugin::{Helm, MAJORS};

/// What kubectl shows, without descriptions, and its directive.
fn values(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.starts_with("Completion ended"));
    lines.map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

/// These candidates, and no files.
fn offered(names: &[&str]) -> Vec<String> {
    names.iter().chain(&[":4"]).map(|name| (*name).to_owned()).collect()
}

/// kubectl with the plugin, set up as the README says it.
fn kubectl() -> SafeUpdate {
    let program = bed().program();
    let installed = bed().plugin(&program, &["safe-update", "completion", "install"]);
    assert!(installed.exits(0).stdout.contains("/bin/kubectl_complete-safe_update -> "));
    program
}

fn ask(program: &SafeUpdate, words: &[&str]) -> Vec<String> {
    let line = [&["__complete", "safe-update"], words].concat();
    values(&bed().plugin(program, &line).exits(0).stdout)
}

#[test]
fn kubectl_offers_what_is_in_the_cluster() {
    let namespace = bed().namespace();
    let name = namespace.name();
    namespace.create_from(&deployment("web", "registry.invalid/web:1.0.0"));
    namespace.create_from(&deployment("worker", "registry.invalid/web:1.0.0"));
    namespace.create_from("apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\nspec:\n  schedule: '0 0 1 1 *'\n  jobTemplate:\n    spec:\n      template:\n        spec: {restartPolicy: Never, containers: [{name: job, image: 'registry.invalid/job:1'}]}\n");
    let kubectl = kubectl();
    let here = |words: &[&str]| ask(&kubectl, &[&["plan", "-n", name], words].concat());
    assert_eq!(here(&[""]), ["deploy/web", "deploy/worker", "cj/nightly", ":4"]);
    assert_eq!(here(&["deploy/we"]), ["deploy/web", ":4"]);
    assert_eq!(here(&["deployment/web", "deployments.apps/wo"]), ["deployments.apps/worker", ":4"]);
    assert_eq!(here(&["deploy/web", ""]), ["deploy/worker", "cj/nightly", ":4"]);
    assert_eq!(here(&["deploy/web:"]), ["deploy/web:app", ":4"]);
    assert_eq!(here(&["deploy/web", "-c", ""]), ["app", ":4"]);
    assert_eq!(here(&["cronjob/"]), ["cronjob/nightly", ":4"]);
    // Pods and sets that a Deployment makes are none of their own.
    assert_eq!(here(&["rs/"]), [":4"]);
    let all = format!("{name}/deploy/we");
    let web = format!("{name}/deploy/web");
    assert_eq!(ask(&kubectl, &["plan", &all]), [web.as_str(), ":4"]);
    assert_eq!(ask(&kubectl, &["plan", "-A", &all]), [web.as_str(), ":4"]);
    // Everywhere, namespaces stand for what is in them.
    assert_eq!(ask(&kubectl, &["plan", "-A", name]), [&format!("{name}/"), ":6"]);
    assert_eq!(ask(&kubectl, &["plan", "-A", &format!("{name}/deploy/")])[0], web);
    assert_eq!(ask(&kubectl, &["plan", "-A", "deploy/we"]), [":4"]);
    assert_eq!(ask(&kubectl, &["plan", "-n", name]), [name, ":4"]);
    assert_eq!(ask(&kubectl, &["plan", &format!("--namespace={name}")]), [name, ":4"]);
    assert_eq!(ask(&kubectl, &["apply", "-n", name, "deploy/we"]), ["deploy/web", ":0"]);
    let context = bed().kubectl(&["config", "current-context"]).exits(0).stdout.trim().to_owned();
    assert_eq!(ask(&kubectl, &["plan", "--context", ""]), [context.as_str(), ":4"]);
    assert_eq!(ask(&kubectl, &["plan", "--context", "nowhere", "-n", ""]), [":4"]);
    assert_eq!(ask(&kubectl, &["pl"]), ["plan", ":4"]);

    // With what a shell shows beside each.
    let described = |words: &[&str]| {
        let line = [&["__complete", "safe-update"], words].concat();
        bed().plugin(&kubectl, &line).exits(0).stdout.lines().next().unwrap_or_default().to_owned()
    };
    for (words, start) in [
        (&["pl"][..], "plan\tShow what could move"),
        (&["plan", "--context", ""], &format!("{context}\t")),
        (&["plan", "-n", name], &format!("{name}\t")),
        (&["plan", "-n", name, "deploy/we"], "deploy/web\tDeployment, "),
        (&["plan", "-n", name, "cj/"], "cj/nightly\tCronJob, "),
        (&["plan", "-n", name, "deploy/web:"], "deploy/web:app\tregistry.invalid/web:1.0.0"),
    ] {
        let first = described(words);
        assert!(first.starts_with(start), "{words:?}: {first:?}");
        assert!(first.split_once('\t').is_some_and(|(_, told)| !told.is_empty()), "{first:?}");
    }
}

#[test]
fn kubectl_offers_what_is_recorded() {
    let namespace = bed().namespace();
    let name = namespace.name();
    let repository = namespace.repository("web");
    bed().registry().push_tags(&repository, &["1.0.0", "1.0.1"]);
    namespace.deploy("web", &bed().registry().reference(&repository, "1.0.0"));
    let kubectl = kubectl();
    kubectl.run(&["apply", "-n", name, "deploy/web=1.0.1", "--yes", "--soak", "1s"]).exits(0);
    let history = kubectl.run(&["history", "-o", "json"]).exits(0).json();
    let id = history["records"][0]["id"].as_str().unwrap_or("none").to_owned();
    let line = ["__complete", "safe-update", "history", "show", ""];
    let told = bed().plugin(&kubectl, &line).exits(0).stdout.clone();
    let first = told.lines().next().unwrap_or_default();
    assert!(first.starts_with(&format!("{id}\t{name}/deploy/web, ")), "{told}");
    assert!(first.ends_with("succeeded"), "{told}");
    assert_eq!(ask(&kubectl, &["history", "show", &id[..4]]), [id.as_str(), ":36"]);
}

#[test]
fn a_server_that_does_not_answer_is_not_waited_for() {
    let proxy = bed().proxy();
    let program = bed().program().kubeconfig(&proxy.kubeconfig());
    proxy.fault(Fault::on("READ", "").stays_silent());
    for line in [
        &["__complete", "plan", ""][..],
        &["__complete", "plan", "-n", ""],
        &["__complete", "upgrade", ""],
        &["__complete", "plan", "deploy/web:"],
    ] {
        let start = Instant::now();
        let run = program.run(line);
        let took = start.elapsed();
        assert_eq!((run.exits(0).stdout.as_str(), run.stderr.as_str()), (":4\n", ""));
        // A second, and some more to start on a machine that is busy.
        assert!(took < Duration::from_secs(3), "{line:?} took {took:?}");
    }
    assert!(proxy.strikes()[0] > 0);
}

#[test]
fn who_may_see_little_is_offered_that() {
    let namespace = bed().namespace();
    namespace.create_from(&deployment("web", "registry.invalid/web:1.0.0"));
    let rules = "[{apiGroups: [apps], resources: [deployments], verbs: [get, list]}]";
    let user = namespace.restricted_user("reader", rules);
    let program = bed().program().kubeconfig(&user);
    let run = program.run(&["__complete", "plan", "-n", namespace.name(), ""]);
    assert_eq!((values(&run.exits(0).stdout), run.stderr.as_str()), (offered(&["deploy/web"]), ""));
    let run = program.run(&["__complete", "plan", "-n", ""]);
    assert_eq!((run.exits(0).stdout.as_str(), run.stderr.as_str()), (":4\n", ""));
}

#[test]
fn names_cost_metadata_alone() {
    let namespace = bed().namespace();
    namespace.create_from(&deployment("web", "registry.invalid/web:1.0.0"));
    let proxy = bed().proxy();
    let program = bed().program().kubeconfig(&proxy.kubeconfig());
    let run = program.run(&["__complete", "plan", "-n", namespace.name(), "deploy/"]);
    assert_eq!(values(&run.exits(0).stdout), offered(&["deploy/web"]));
    assert_eq!(proxy.requests().len(), 1, "{:?}", proxy.requests());
}

#[test]
fn helm_offers_verbs_releases_and_their_versions() {
    for major in MAJORS {
        let namespace = bed().namespace();
        let name = namespace.name();
        let helm = Helm::with_plugin(major);
        helm.release(&namespace, "storefront");
        helm.release(&namespace, "plan-b");
        // Helm's own copy of an index; nobody answers at the address.
        let text = "repositories:\n- {name: shops, url: 'https://charts.invalid'}\n";
        let write = |path: &str, text: &str| {
            let file = helm.home().join(path);
            std::fs::create_dir_all(file.parent().unwrap_or(&file))
                .and_then(|()| std::fs::write(&file, text))
                .unwrap_or_else(|error| panic!("{path}: {error}"));
        };
        write(".config/helm/repositories.yaml", text);
        let entry = |version: &str| format!("  - {{name: shop, version: {version}, urls: [x]}}\n");
        let entries: String = ["1.2.3", "1.10.0", "2.0.0-rc.1"].into_iter().map(entry).collect();
        let index = format!("apiVersion: v1\nentries:\n  shop:\n{entries}");
        write(".cache/helm/repository/shops-index.yaml", &index);

        let ask = |words: &[&str]| {
            let line = [&["__complete", "-n", name, "safe-upgrade"], words].concat();
            let ran = helm.run(&line).exits(0);
            let told: Vec<&str> = ran.err.lines().collect();
            assert!(told.iter().all(|line| line.starts_with("Completion ended")), "{ran:#?}");
            values(&ran.out)
        };
        let first = ask(&[""]);
        for word in ["plan", "apply", "upgrade", "version", "storefront", "plan-b", ":4"] {
            assert!(first.contains(&word.to_owned()), "{major}: no {word} in {first:?}");
        }
        assert_eq!(ask(&["up"]), ["upgrade", ":4"]);
        assert_eq!(ask(&["sto"]), ["storefront", ":4"]);
        assert_eq!(ask(&["pla"]), ["plan", "plan-b", ":4"]);
        assert_eq!(ask(&["release/p"]), ["release/plan-b", ":4"]);
        assert_eq!(ask(&["upgrade", "sto"]), ["storefront", ":4"]);
        assert_eq!(ask(&["plan", "release/"]), ["release/plan-b", "release/storefront", ":4"]);
        assert_eq!(ask(&["storefront", "--reset-v"]), ["--reset-values", ":4"]);
        assert_eq!(ask(&["plan", "--detailed"]), ["--detailed-exitcode", ":4"]);
        let versions = ["2.0.0-rc.1", "1.10.0", "1.2.3", ":36"];
        assert_eq!(ask(&["storefront", "--version", ""]), versions);
        assert_eq!(ask(&["storefront", "--version=1.1"]), ["1.10.0", ":36"]);
        assert_eq!(ask(&["upgrade", "storefront", "shops/shop", "--version", ""]), versions);
        assert_eq!(ask(&["storefront", "other/shop", "--version", ""]), [":36"]);
        assert_eq!(ask(&["storefront", "-f", ""]), [":0"]);
        let line = ["__complete", "-n", name, "safe-upgrade", "sto"];
        let described = helm.run(&line).exits(0).out;
        assert!(described.starts_with("storefront\tshop-1.2.3\n"), "{described}");
        // Silent where the server is not there.
        let nowhere = [
            "__complete",
            "--kube-apiserver",
            "https://127.0.0.1:1",
            "safe-upgrade",
            "plan",
            "release/",
        ];
        assert_eq!(values(&helm.run(&nowhere).exits(0).out), [":4"]);
        // Each flag once, although Helm has some of the same names.
        let mut flags = ask(&["plan", "--"]);
        let all = flags.len();
        flags.sort();
        flags.dedup();
        assert_eq!(flags.len(), all, "{major}: {flags:?}");
    }
}
