use super::*;
use std::fs;
use std::path::Path;

const FILE: &str = "
apiVersion: v1
kind: Config
current-context: prod
contexts:
- {name: prod, context: {cluster: east, user: admin, namespace: shop}}
- {name: test, context: {cluster: west, user: plugin}}
clusters:
- {name: east, cluster: {server: 'https://east.example.com:6443', insecure-skip-tls-verify: true}}
- {name: west, cluster: {server: 'https://west.example.com', proxy-url: 'socks5://jump:1080'}}
users:
- {name: admin, user: {token: hunter2}}
- {name: plugin, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: login, args: [hunter2]}}}
";

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().expect("a temporary directory"));
        home.write("config", FILE);
        home
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, content).expect("a writable directory");
        path
    }

    fn environment(&self, list: &[&str]) -> Environment {
        let paths = list.iter().map(|name| self.0.path().join(name));
        let list = std::env::join_paths(paths).expect("no separator in the names");
        Environment::read(None, &|name| (name == "KUBECONFIG").then(|| list.clone()))
    }
}

fn server(flags: &ConnectionFlags, environment: &Environment) -> Result<String, ConnectError> {
    resolve(flags, environment).map(|resolved| resolved.config.cluster_url.to_string())
}

fn flags(change: impl FnOnce(&mut ConnectionFlags)) -> ConnectionFlags {
    let mut flags = ConnectionFlags::default();
    change(&mut flags);
    flags
}

fn fails(flags: &ConnectionFlags, environment: &Environment, expected: &str) {
    let Err(error) = resolve(flags, environment) else {
        panic!("{expected}: it was accepted");
    };
    let text = format!("{error} | {}", error.hint());
    assert!(text.contains(expected), "{text}");
    assert!(!format!("{text} {error:?}").contains("hunter2"), "{text}");
}

#[test]
fn the_current_context_counts_and_flags_override_it() {
    let home = Home::new();
    let environment = home.environment(&["config"]);
    let resolved = resolve(&ConnectionFlags::default(), &environment).expect("a good file");
    assert_eq!(resolved.context.as_deref(), Some("prod"));
    assert_eq!(resolved.namespace, "shop");
    assert!(resolved.config.accept_invalid_certs);
    assert!(!resolved.config.default_retry);
    assert!(resolved.plugin.is_none());

    let test = resolve(&flags(|flags| flags.context = Some("test".into())), &environment);
    let test = test.expect("a good context");
    assert_eq!(test.namespace, "default");
    assert_eq!(test.plugin.and_then(|plugin| plugin.command).as_deref(), Some("login"));
    let proxy = test.config.proxy_url.map(|url| url.to_string());
    assert_eq!(proxy.as_deref(), Some("socks5://jump:1080/"));

    let token = flags(|flags| {
        flags.context = Some("test".into());
        flags.token = Some("t".to_owned().into());
        flags.namespace = Some("other".into());
        flags.server = Some("127.0.0.1:8001".into());
        flags.cluster = Some("east".into());
        flags.impersonate = Some("jane".into());
        flags.impersonate_extra = vec!["scopes=a".into(), "scopes=b".into()];
    });
    let token = resolve(&token, &environment).expect("all is said");
    assert!(token.plugin.is_none(), "a token makes the plugin superfluous");
    assert_eq!(token.namespace, "other");
    assert_eq!(token.config.cluster_url.to_string(), "http://127.0.0.1:8001/");
    assert!(token.config.disable_compression, "nothing is gained on loopback");
    let extra = token.config.auth_info.impersonate_user_extra.expect("extra values");
    assert_eq!(extra["scopes"], ["a", "b"]);
}

#[test]
fn a_list_of_files_is_merged_and_missing_ones_are_skipped() {
    let home = Home::new();
    home.write(
        "second",
        "current-context: test\nclusters:\n- {name: east, cluster: {server: 'https://other'}}\n",
    );
    let none = ConnectionFlags::default();
    let east = "https://east.example.com:6443/";
    for (list, expected) in [
        (&["config", "second"][..], east),
        (&["missing", "config"], east),
        // The first file to say something wins.
        (&["second", "config"], "https://west.example.com/"),
    ] {
        let server = server(&none, &home.environment(list));
        assert_eq!(server.expect("a good list"), expected, "{list:?}");
    }
    let east = flags(|flags| flags.cluster = Some("east".into()));
    let server = server(&east, &home.environment(&["second", "config"]));
    assert_eq!(server.expect("a good list"), "https://other/");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let home = Home::new();
    let none = ConnectionFlags::default();
    let environment = home.environment(&["config"]);
    let context = flags(|flags| flags.context = Some("stage".into()));
    fails(&context, &environment, "\"stage\" does not exist | the kubeconfig has: prod, test");
    let cluster = flags(|flags| flags.cluster = Some("north".into()));
    fails(&cluster, &environment, "no cluster \"north\" | the kubeconfig has: east, west");
    let user = flags(|flags| flags.user = Some("root".into()));
    fails(&user, &environment, "no user \"root\"");
    let group = flags(|flags| flags.impersonate_groups = vec!["admins".into()]);
    fails(&group, &environment, "--as");
    let absent = flags(|flags| flags.kubeconfig = Some("/nowhere/config".into()));
    fails(&absent, &environment, "/nowhere/config does not exist");

    home.write("broken", "users:\n- {name: a, user: {token: hunter2}\n- ]");
    fails(&none, &home.environment(&["broken"]), "broken:3:");
    home.write("shape", "users: {token: hunter2}");
    fails(&none, &home.environment(&["shape"]), "shape:1:");
    home.write("contextless", "clusters:\n- {name: a, cluster: {server: 'https://a'}}");
    fails(&none, &home.environment(&["contextless"]), "no current context");
    let directory = home.environment(&[""]);
    fails(&none, &directory, "cannot be read");
    home.write("secret-url", &FILE.replace("https://east.", "https://u:hunter2@east."));
    fails(&none, &home.environment(&["secret-url"]), "server address \"https://east.");
    home.write(
        "ca",
        &FILE.replace("insecure-skip-tls-verify: true", "certificate-authority-data: aHVudGVyMg=="),
    );
    fails(
        &none,
        &home.environment(&["ca"]),
        "certificate-authority-data has no usable certificate",
    );
    home.write(
        "old",
        &FILE.replace("token: hunter2", "auth-provider: {name: gcp, config: {cmd-path: /bin/sh}}"),
    );
    fails(&none, &home.environment(&["old"]), "auth provider \"gcp\"");
}

#[test]
fn a_pod_uses_its_service_account_only_when_no_file_says_anything() {
    let home = Home::new();
    home.write("token", "t");
    home.write("namespace", "jobs\n");
    let in_pod = |list: &[&str]| Environment {
        service_host: Some("fd00::1".into()),
        service_port: Some("443".into()),
        service_account: home.0.path().to_owned(),
        ..home.environment(list)
    };
    let none = ConnectionFlags::default();
    // The CA of a real pod is missing here, which is told.
    fails(&none, &in_pod(&["missing"]), "ca.crt cannot be read");
    fs::write(home.0.path().join("ca.crt"), CERTIFICATE).expect("a writable directory");
    let pod = resolve(&none, &in_pod(&["missing"])).expect("a pod");
    assert_eq!(pod.config.cluster_url.to_string(), "https://[fd00::1]:443/");
    assert_eq!((pod.namespace.as_str(), pod.context), ("jobs", None));
    assert!(pod.config.auth_info.token_file.is_some());

    let file = resolve(&none, &in_pod(&["config"])).expect("a file");
    assert_eq!(file.context.as_deref(), Some("prod"), "a file comes before the pod");
    home.write("broken", "users: [");
    fails(&none, &in_pod(&["broken"]), "broken");
    fails(&none, &home.environment(&["missing"]), "no kubeconfig");
    let alone = flags(|flags| flags.server = Some("https://a".into()));
    assert_eq!(
        server(&alone, &home.environment(&["missing"])).expect("enough is said"),
        "https://a/"
    );
}

#[test]
fn relative_paths_are_relative_to_their_file() {
    let home = Home::new();
    fs::write(home.0.path().join("ca.pem"), CERTIFICATE).expect("a writable directory");
    home.write(
        "relative",
        &FILE.replace("insecure-skip-tls-verify: true", "certificate-authority: ca.pem"),
    );
    let resolved = resolve(&ConnectionFlags::default(), &home.environment(&["relative"]));
    let certificates = resolved.expect("the CA is beside the file").config.root_cert;
    assert_eq!(certificates.map(|list| list.len()), Some(1));
    assert!(Path::new("ca.pem").is_relative());
}

/// Of nobody: its key was never kept.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUfMaUXlsLMuBLxc6McGJb7DKgqTQwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjMxMzI4MTBaGA8yMTI2MTAzMDEzMjgx
MFowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNhc
wbAH/xROJmtUV2/lGH7tZU+OCz9p7u2a5x5HQ82nCey0tx4SfpTn4j1ig6N9NMGz
FDyJyF/2i045PI9eoNujUzBRMB0GA1UdDgQWBBR/ND5EeywyMAEvBdaiRmPKXNiU
gDAfBgNVHSMEGDAWgBR/ND5EeywyMAEvBdaiRmPKXNiUgDAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIQC5pIIyRG1lszCkHyyewid6pvygJXt5voEH
7UsAKtv45wIgP6bXRGHc3ReLhQoJ2C341Hllb9cklyDnZQHeFTL/U4o=
-----END CERTIFICATE-----";
