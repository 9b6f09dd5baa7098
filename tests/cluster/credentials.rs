//! Private registries: where credentials come from, whose they are, and that they are shown nowhere.

use std::path::Path;

use base64::Engine as _;
use serde_json::json;

use crate::bed::{Namespace, Registry, Run, SafeUpdate, bed};
use crate::manifest::cron_job;
use crate::rows::Rows;
use crate::script::executable;

/// A password that no registry takes, and that nothing may show either.
const WRONG: &str = "wr0ng-5ecret-passw0rd";

fn base64(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// `auth` of an entry of `auths`.
fn auth(registry: &Registry, password: &str) -> String {
    base64(&format!("{}:{password}", registry.username().unwrap_or_default()))
}

fn right(registry: &Registry) -> &str {
    registry.password().unwrap_or_default()
}

/// Docker's `config.json` with one entry.
fn config(host: &str, auth: &str) -> String {
    json!({"auths": {host: {"auth": auth}}}).to_string()
}

fn secret(name: &str, kind: &str, key: &str, content: &str) -> String {
    let content = base64(content);
    format!(
        "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\ntype: {kind}\ndata: {{{key}: {content}}}\n"
    )
}

fn pull_secret(name: &str, content: &str) -> String {
    secret(name, "kubernetes.io/dockerconfigjson", ".dockerconfigjson", content)
}

/// Runs with everything that can be logged, and fails when anything of a credential is shown or kept.
fn run(program: &SafeUpdate, args: &[&str]) -> Run {
    let run = program.run(&[args, &["-v=9", "--log-format", "json"]].concat());
    let private = bed().private_registry();
    let secrets = [
        right(&private).to_owned(),
        auth(&private, right(&private)),
        WRONG.to_owned(),
        auth(&private, WRONG),
    ];
    let mut shown =
        vec![("standard output", run.stdout.clone()), ("standard error", run.stderr.clone())];
    for kept in [".cache", ".config/safe-update", ".local"] {
        shown.push((kept, everything_below(&program.home().join(kept))));
    }
    for (place, text) in shown {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{place} shows {secret}: {run}");
        }
    }
    run
}

/// The content of all files below a directory.
fn everything_below(directory: &Path) -> String {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return String::new();
    };
    let text = entries.flatten().map(|entry| match entry.path() {
        path if path.is_dir() => everything_below(&path),
        path => String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned(),
    });
    text.collect()
}

/// A repository of the private registry with 1.0.0 and 1.0.1; the reference of the first.
fn published(namespace: &Namespace) -> String {
    let private = bed().private_registry();
    let repository = namespace.repository("app");
    private.push_tags(&repository, &["1.0.0", "1.0.1"]);
    private.reference(&repository, "1.0.0")
}

#[test]
fn pull_secrets_count_as_the_kubelet_reads_them() {
    let namespace = bed().namespace();
    let private = bed().private_registry();
    let image = published(&namespace);
    let (good, bad) = (auth(&private, right(&private)), auth(&private, WRONG));
    let host = private.host();
    let mut manifests = [
        pull_secret("good", &config(host, &good)),
        pull_secret("bad", &config(host, &bad)),
        pull_secret("elsewhere", &config("registry.invalid", &good)),
        secret("old", "kubernetes.io/dockercfg", ".dockercfg", &json!({host: {"auth": good}}).to_string()),
        secret("opaque", "Opaque", ".dockerconfigjson", &config(host, &good)),
        "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: puller}\nimagePullSecrets: [{name: good}]\n"
            .to_owned(),
    ]
    .concat();
    let refused = "refused access";
    // Name, fields of the pod, decision, words.
    let cases = [
        ("new", "imagePullSecrets: [{name: good}]", "update 1.0.1", ""),
        ("old", "imagePullSecrets: [{name: old}]", "update 1.0.1", ""),
        ("second", "imagePullSecrets: [{name: bad}, {name: good}]", "update 1.0.1", ""),
        ("account", "serviceAccountName: puller", "update 1.0.1", ""),
        // Its own secrets count; the account's would only count if it had none.
        ("own", "serviceAccountName: puller, imagePullSecrets: [{name: bad}]", "unknown", refused),
        ("wrong", "imagePullSecrets: [{name: bad}]", "unknown", refused),
        ("other-host", "imagePullSecrets: [{name: elsewhere}]", "unknown", refused),
        ("absent", "imagePullSecrets: [{name: absent}]", "unknown", refused),
        ("opaque", "imagePullSecrets: [{name: opaque}]", "unknown", refused),
        ("none", "", "unknown", "name a pull secret in the workload"),
    ];
    for (name, pod, ..) in cases {
        manifests.push_str(&cron_job(name, &image, "", pod));
    }
    namespace.create_from(&manifests);

    let program = bed().program();
    let first = run(&program, &["plan", "-n", namespace.name(), "-o", "json"]);
    let again = run(&program, &["plan", "-n", namespace.name(), "-o", "json"]);
    for plan in [Rows::of(&first), Rows::of(&again)] {
        for (name, _, decision, words) in cases {
            plan.row(&format!("cj/{name}:app")).is(decision, words);
        }
        let warnings = plan.warnings();
        for warning in [
            "/secrets/absent does not exist, although it is named for pulling images",
            "/secrets/opaque could not be read for pulling images",
        ] {
            assert!(warnings.contains(warning), "{warnings}");
        }
    }
    for args in [&["plan", "--diff"][..], &["plan", "-o", "wide"], &["list", "-o", "yaml"]] {
        let _ = run(&program, &[args, &["-n", namespace.name()]].concat()).exits(0);
    }
}

/// A plan for the `CronJob` `web` is made with the credentials of this machine, or is refused with these words.
#[track_caller]
fn check(namespace: &Namespace, case: &str, program: &SafeUpdate, expected: Result<(), &str>) {
    let args = ["plan", "cj/web", "-n", namespace.name(), "-o", "json"];
    let run = run(program, &args);
    let plan = Rows::printed(&run);
    let (decision, words, code) = match expected {
        Ok(()) => ("update 1.0.1", "", 0),
        Err(words) => ("unknown", words, 9),
    };
    plan.row("cj/web:app").is(decision, words);
    assert_eq!(run.code, Some(code), "{case}: {run}");
}

/// What every registry says to nobody.
const REFUSED: Result<(), &str> = Err("refused access");

#[test]
fn credentials_of_this_machine_are_found_where_others_keep_them() {
    let namespace = bed().namespace();
    let private = bed().private_registry();
    namespace.create_from(&cron_job("web", &published(&namespace), "", ""));
    let host = private.host();
    let good = config(host, &auth(&private, right(&private)));
    let bad = config(host, &auth(&private, WRONG));
    let user = private.username().unwrap_or_default();
    let directory = tempfile::tempdir().expect("a directory for credentials");
    let file = directory.path().join("auth.json");
    std::fs::write(&file, &good).expect("a file of credentials");

    let new = || bed().program();
    let docker = |content: &str| new().home_file(".docker/config.json", content);
    let podman = new().home_file(".config/containers/auth.json", &good);
    let login = |password: &str| {
        let program = new().env("REGISTRY_USERNAME", user);
        program.env("REGISTRY_PASSWORD", password)
    };
    let here = login(right(&private)).env("REGISTRY_HOST", host);
    let elsewhere = login(right(&private)).env("REGISTRY_HOST", "registry.invalid");
    for (case, program, expected) in [
        ("nothing", new(), REFUSED),
        ("docker", docker(&good), Ok(())),
        ("docker, wrong", docker(&bad), REFUSED),
        ("docker, malformed", docker("{\"auths\": 1}"), REFUSED),
        ("podman", podman, Ok(())),
        ("a variable", new().env("DOCKER_AUTH_CONFIG", &good), Ok(())),
        ("a file", new().env("REGISTRY_AUTH_FILE", &file), Ok(())),
        ("login without a host", login(right(&private)), REFUSED),
        ("login, wrong", login(WRONG).env("REGISTRY_HOST", host), REFUSED),
        ("login for this host", here, Ok(())),
        ("login for another host", elsewhere, REFUSED),
    ] {
        check(&namespace, case, &program, expected);
    }
}

#[test]
fn credential_helpers_are_asked_and_their_failures_told() {
    let namespace = bed().namespace();
    let private = bed().private_registry();
    namespace.create_from(&cron_job("web", &published(&namespace), "", ""));
    let host = private.host();
    let answer = json!({
        "ServerURL": host,
        "Username": private.username(),
        "Secret": right(&private),
    });
    let answers = format!("read -r server; [ \"$server\" = {host} ] && echo '{answer}'");
    let fails = format!("echo '{{\"Secret\": \"{WRONG}\"'; echo '{WRONG}' >&2; exit 3");
    let tools = tempfile::tempdir().expect("a directory for helpers");
    let path = format!("{}:/usr/bin:/bin", tools.path().display());
    for (name, script, expected) in [
        ("answers", Some(answers.as_str()), Ok(())),
        ("ignorant", Some("echo 'credentials not found in native keychain'; exit 1"), REFUSED),
        (
            "locked",
            Some("echo 'the keychain is locked'; exit 1"),
            Err("docker-credential-locked failed: the keychain is locked"),
        ),
        ("fails", Some(fails.as_str()), Err("docker-credential-fails failed without a message")),
        (
            "missing",
            None,
            Err("docker-credential-missing is named in the Docker configuration and not installed"),
        ),
    ] {
        if let Some(script) = script {
            let file = tools.path().join(format!("docker-credential-{name}"));
            executable(&file, script);
        }
        for content in [json!({"credHelpers": {host: name}}), json!({"credsStore": name})] {
            let program = bed()
                .program()
                .env("PATH", &path)
                .home_file(".docker/config.json", &content.to_string());
            check(&namespace, name, &program, expected);
        }
    }
}

#[test]
fn a_login_without_a_host_is_only_for_images_that_the_user_named() {
    let namespace = bed().namespace();
    let private = bed().private_registry();
    let image = published(&namespace);
    let in_this = format!("namespace: {}", namespace.name());
    let one = cron_job("private", &image, &in_this, "");
    namespace.create_from(&one);
    let user = private.username().expect("the private registry has a user");
    let program =
        bed().program().env("REGISTRY_USERNAME", user).env("REGISTRY_PASSWORD", right(&private));
    let used = |args: &[&str]| {
        let run = run(&program, args);
        assert!(!run.exits(0).stderr.contains("REGISTRY_HOST"), "{run}");
        run
    };
    let unused = |args: &[&str], why: &str| {
        let run = run(&program, args);
        let told = run.stderr.contains(why) && run.stderr.contains("set REGISTRY_HOST");
        assert!(told, "no {why:?} in {run}");
        run
    };
    // Whoever may run a pod here chooses the registry, even if there is only one.
    let others = "up to those who run pods";
    let in_cluster = ["plan", "-n", namespace.name(), "-o", "json"];
    let rows = |run: &Run| Rows::printed(run);
    rows(&unused(&in_cluster, others)).row("cj/private:app").is("unknown", "refused access");
    let target = ["explain", "cj/private", "-n", namespace.name()];
    assert!(unused(&target, others).exits(9).stderr.contains("refused access"));
    let check = unused(&["check", "-n", namespace.name(), "-o", "json"], others);
    assert!(check.exits(9).stdout.contains("refused access"), "{check}");
    // The user's own words.
    assert!(used(&["explain", &image]).stdout.contains("1.0.1"));
    let manifest = program.home().join("one.yaml");
    std::fs::write(&manifest, &one).expect("a manifest");
    let plan = used(&["plan", "-f", &manifest.to_string_lossy(), "-o", "json"]);
    Rows::of(&plan).row("cj/private:app").is("update 1.0.1", "");
    // It belongs to one of two registries, and is sent to neither.
    let open = bed().registry();
    open.push_tags(&namespace.repository("open"), &["1.0.0", "1.0.1"]);
    let other = open.reference(&namespace.repository("open"), "1.0.0");
    let two = program.home().join("two.yaml");
    std::fs::write(&two, [one, cron_job("open", &other, &in_this, "")].concat())
        .expect("manifests");
    let args = ["plan", "-f", &two.to_string_lossy(), "-o", "json"];
    let plan = rows(&unused(&args, "the images come from several registries"));
    plan.row("cj/open:app").is("update 1.0.1", "");
    plan.row("cj/private:app").is("unknown", "refused access");
}

#[test]
fn one_namespace_does_not_see_what_another_may_read() {
    let (owner, stranger, guest) = (bed().namespace(), bed().namespace(), bed().namespace());
    let private = bed().private_registry();
    let image = published(&owner);
    let owners = auth(&private, right(&private));
    let strangers = base64(&format!("stranger:{WRONG}"));
    for (namespace, auth) in [(&owner, Some(owners)), (&stranger, Some(strangers)), (&guest, None)]
    {
        let (secret, pod) = match auth {
            Some(auth) => (
                pull_secret("pull", &config(private.host(), &auth)),
                "imagePullSecrets: [{name: pull}]",
            ),
            None => (String::new(), ""),
        };
        namespace.create_from(&[secret, cron_job("web", &image, "", pod)].concat());
    }
    let program = bed().program();
    let plan = |namespace: &Namespace, mode: &[&str]| {
        let args = [&["plan", "-n", namespace.name(), "-o", "json"], mode].concat();
        run(&program, &args)
    };
    Rows::of(&plan(&owner, &[])).row("cj/web:app").is("update 1.0.1", "");
    for namespace in [&stranger, &guest] {
        let run = plan(namespace, &[]);
        assert!(!run.exits(9).stdout.contains("1.0.1"), "{run}");
        Rows::printed(&run).row("cj/web:app").is("unknown", "refused access");
    }
    // The same home, so the same cache: what is kept in it is the owner's.
    Rows::of(&plan(&owner, &["--offline"])).row("cj/web:app").is("update 1.0.1", "");
    for namespace in [&stranger, &guest] {
        let run = plan(namespace, &["--offline"]);
        assert!(!run.exits(9).stdout.contains("1.0.1"), "{run}");
        Rows::printed(&run).row("cj/web:app").is("unknown", "is not in the cache");
    }
}
