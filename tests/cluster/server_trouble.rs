//! Servers that are not there, refuse or are silent, and what else stands between a kubeconfig and a cluster: each ends in
//! time, with a message that says what to do and shows no secret.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::bed::{Namespace, SafeUpdate, bed};
use crate::manifest::cron_job;
use crate::script::executable;

/// What stands in kubeconfigs and must not be shown.
const SECRET: &str = "k33p-this-t0-yourself";

/// What kubectl reads at a place of the administrator's kubeconfig.
fn admin(place: &str) -> String {
    let path = format!("jsonpath={{{place}}}");
    let view = ["config", "view", "--raw", "-o", &path];
    bed().kubectl(&view).exits(0).stdout.clone()
}

/// A kubeconfig with the cluster's certificate authority, another server if one is given, and this user.
fn kubeconfig(server: Option<&str>, user: &str) -> String {
    let server = server.map_or_else(|| admin(".clusters[0].cluster.server"), str::to_owned);
    format!(
        "apiVersion: v1
kind: Config
clusters: [{{name: bed, cluster: {{server: '{server}', certificate-authority: '{authority}'}}}}]
users:
- name: somebody
  user:
    {user}
contexts: [{{name: here, context: {{cluster: bed, user: somebody}}}}, {{name: there, context: {{cluster: bed, user: somebody}}}}]
current-context: here
",
        authority = admin(".clusters[0].cluster.certificate-authority")
    )
}

fn with(content: &str) -> SafeUpdate {
    let program = bed().program().home_file("kubeconfig", content);
    let file = program.home().join("kubeconfig");
    program.kubeconfig(&file)
}

/// The program ends with this code within some seconds, says these words, prints nothing and shows no secret.
#[track_caller]
fn check(program: &SafeUpdate, args: &[&str], code: i32, words: &[&str], seconds: u64) {
    let start = Instant::now();
    let run = program.run(&[&["plan", "-v=9"], args].concat());
    let took = start.elapsed();
    for word in words {
        assert!(run.exits(code).stderr.contains(word), "{word:?}: {run}");
    }
    assert!(run.stderr.contains("error: ") && run.stdout.is_empty(), "{run}");
    assert!(!run.stderr.contains(SECRET), "{run}");
    assert!(took < Duration::from_secs(seconds), "{took:?}: {run}");
}

#[test]
fn a_kubeconfig_that_is_no_use_is_told_with_what_to_do() {
    let token = format!("token: {SECRET}");
    let good = kubeconfig(None, &token);
    let cases = [
        ("malformed", good.replace("users:", "users: ["), &[][..], 1, &["kubeconfig:"][..]),
        (
            "of another form",
            good.replace("- name: somebody", "- name: [somebody]"),
            &[],
            1,
            &["kubeconfig:"],
        ),
        (
            "no context",
            good.replace("current-context: here\n", ""),
            &[],
            9,
            &["no current context", "here, there"],
        ),
        (
            "unknown context",
            good.clone(),
            &["--context", "nowhere"],
            1,
            &["\"nowhere\" does not exist", "here, there"],
        ),
        (
            "unknown user",
            good.clone(),
            &["--user", "nobody"],
            1,
            &["no user \"nobody\"", "somebody"],
        ),
        (
            "unknown cluster",
            good.clone(),
            &["--cluster", "none"],
            1,
            &["no cluster \"none\"", "bed"],
        ),
        (
            "no server",
            good.replace("server: 'https", "serve: 'https"),
            &[],
            9,
            &["gives no server"],
        ),
        ("malformed server", good.clone(), &["--server", "https://no host"], 1, &["malformed"]),
        (
            "absent",
            good.clone(),
            &["--kubeconfig", "/no/such/file"],
            1,
            &["/no/such/file does not exist", "-f to read manifests"],
        ),
        ("a directory", good.clone(), &["--kubeconfig", "/tmp"], 9, &["/tmp cannot be read"]),
    ];
    for (case, content, args, code, words) in cases {
        eprintln!("{case}");
        check(&with(&content), args, code, words, 20);
    }
    let nothing = bed().program().env("KUBECONFIG", "");
    check(&nothing, &[], 9, &["there is no kubeconfig", "--kubeconfig"], 20);
}

#[test]
fn a_server_that_refuses_or_is_not_there_is_told() {
    let closed =
        TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
    let closed = format!("https://{closed}");
    let wrong = kubeconfig(None, &format!("token: {SECRET}"));
    check(&with(&wrong), &[], 9, &["refused the credentials", "log in to the cluster again"], 20);
    check(&with(&wrong), &["-A"], 9, &["refused the credentials"], 20);
    check(&with(&wrong), &["deploy/web"], 9, &["refused the credentials"], 20);
    let unreachable = [closed.as_str(), "cannot be reached", "--request-timeout"];
    let gone = kubeconfig(Some(&closed), &format!("token: {SECRET}"));
    check(&with(&gone), &[], 9, &unreachable, 20);
    check(&with(&gone), &["deploy/web"], 9, &unreachable, 20);
    // Nobody vouches for the certificate.
    let strangers = wrong.replace("certificate-authority: '", "proxy-url: '', x: '");
    check(&with(&strangers), &[], 9, &["certificate"], 20);
}

#[test]
fn a_server_that_never_answers_is_given_up_in_time() {
    // The kernel takes the connections; nobody ever reads from them.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let server = format!("https://{}", silent.local_addr().expect("its address"));
    let program = with(&kubeconfig(Some(&server), &format!("token: {SECRET}")));
    let asked = |args: &[&str]| {
        let args = [args, &["--request-timeout", "2s"]].concat();
        let words = [server.as_str(), "--request-timeout"];
        check(&program, &args, 9, &words, 10);
    };
    std::thread::scope(|scope| {
        for args in [&[][..], &["-A"], &["deploy/web"]] {
            scope.spawn(move || asked(args));
        }
    });
}

/// A kubeconfig whose user is found by running a script.
fn plugin(script: &Path) -> String {
    kubeconfig(
        None,
        &format!(
            "exec:
      apiVersion: client.authentication.k8s.io/v1
      command: '{}'
      args: [--secret, {SECRET}]
      env: [{{name: PLUGIN_SECRET, value: {SECRET}}}]
      interactiveMode: Never
      installHint: get it from the cloud team",
            script.display()
        ),
    )
}

fn namespace() -> Namespace {
    let namespace = bed().namespace();
    namespace.create_from(&cron_job("web", "registry.invalid/app:1.0.0", "", ""));
    namespace
}

#[test]
fn a_credential_plugin_is_run_unless_it_is_forbidden() {
    let namespace = namespace();
    let directory = tempfile::tempdir().expect("a directory for plugins");
    let script = directory.path().join("gives-a-token");
    let answer = serde_json::json!({
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": admin(".users[0].user.token")},
    });
    // Only with the arguments and the environment of the kubeconfig.
    executable(
        &script,
        &format!(
            "[ \"$2\" = \"$PLUGIN_SECRET\" ] && echo ran >> {}/runs && echo '{answer}'",
            directory.path().display()
        ),
    );
    let program = with(&plugin(&script));
    let list = ["list", "-o", "name", "-n", namespace.name()];
    let run = program.run(&list);
    assert_eq!(run.exits(0).stdout, format!("{}/cj/web:app\n", namespace.name()), "{run}");
    let runs = || std::fs::read_to_string(directory.path().join("runs")).unwrap_or_default();
    assert_eq!(runs(), "ran\n", "once for all requests of a run");

    let words = ["gives-a-token", "which is not allowed", "--token"];
    check(&program, &["--no-exec"], 9, &words, 20);
    assert_eq!(runs(), "ran\n", "it was not run");
}

#[test]
fn a_credential_plugin_that_fails_is_told_without_its_secrets() {
    let directory = tempfile::tempdir().expect("a directory for plugins");
    let refused = r#"{"kind":"ExecCredential","status":{"token":"wr0ng"}}"#;
    let missing = directory.path().join("is-missing");
    for (name, script, words) in [
        ("garbage", "echo \"my token is $2\"", "gave something that is no ExecCredential"),
        ("empty", "true", "gave something that is no ExecCredential"),
        ("nothing", "echo '{\"kind\":\"ExecCredential\"}'", "gave no credentials"),
        ("fails", "echo \"$2\"; exit 7", "failed (exit status: 7)"),
        ("killed", "kill -9 $$", "failed (signal: 9"),
        ("is-missing", "", "cannot be started"),
        ("refused", &format!("echo '{refused}'"), "refused the credentials"),
    ] {
        let file = directory.path().join(name);
        if file != missing {
            executable(&file, script);
        }
        let hint = if name == "refused" { "log in" } else { "get it from the cloud team" };
        check(&with(&plugin(&file)), &[], 9, &[words, hint], 20);
    }
}

#[test]
fn a_credential_plugin_that_hangs_is_ended() {
    let directory = tempfile::tempdir().expect("a directory for plugins");
    let script = directory.path().join("hangs");
    executable(&script, &format!("echo $$ > {}/pid; exec sleep 300", directory.path().display()));
    check(&with(&plugin(&script)), &[], 9, &["hangs", "did not end within"], 45);
    let pid = std::fs::read_to_string(directory.path().join("pid")).expect("it was started");
    let process = Path::new("/proc").join(pid.trim());
    // It is killed as the program ends; the system takes a moment to clean up.
    for _ in 0..50 {
        if !process.exists() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the plugin still runs: {}", process.display());
}
