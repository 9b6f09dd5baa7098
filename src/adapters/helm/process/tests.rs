use std::os::unix::fs::PermissionsExt;

use super::*;

/// A shell script in place of helm.
pub(in crate::adapters::helm) async fn find(
    script: &str,
) -> (tempfile::TempDir, Result<Helm, HelmError>) {
    let directory = tempfile::tempdir().expect("a directory");
    let program = directory.path().join("helm");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("a file");
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o700)).expect("a mode");
    let settings = HelmSettings {
        program: Some(program.into()),
        token: Some("t0ken".to_owned().into()),
        as_groups: vec!["a".into(), "b".into()],
        ..HelmSettings::default()
    };
    (directory, Helm::find(settings).await)
}

fn call<'a>(arguments: &[&str], secrets: &'a [SecretString]) -> Call<'a> {
    Call {
        arguments: arguments.iter().map(Into::into).collect(),
        namespace: Some("prod"),
        deadline: Duration::from_secs(20),
        secrets,
        ..Call::default()
    }
}

#[tokio::test]
async fn files_are_called_by_the_names_that_the_user_gave() {
    let script = r#"[ "$1" = version ] && { echo v4.3.1; exit; }
        echo "Error: failed to parse $2: line 1" >&2; exit 1"#;
    let (_directory, found) = find(script).await;
    let mut helm = found.expect("a helm");
    let mut copies = Copies::default();
    let copy = copies.keep("prod.yaml", b"a: [".to_vec()).into_string().expect("text");
    Arc::get_mut(&mut helm.settings).expect("nobody else has it").copies = copies;
    let error = helm.run(&call(&["upgrade", &copy], &[])).await.expect_err("it fails");
    assert_eq!(error.to_string(), "helm upgrade: failed to parse prod.yaml: line 1");
}

#[tokio::test]
async fn what_the_server_quotes_of_an_object_is_left_out_and_a_signal_is_told() {
    let script = r#"[ "$1" = version ] && { echo v3.22.0; exit; }
        [ "$1" = killed ] && kill -9 $$
        echo 'Error: UPGRADE FAILED: cannot patch "other" with kind Secret:  "" is invalid: patch: Invalid value: "{\"data\":{\"live\":\"TElWRQ==\"}}": json: no number' >&2
        exit 1"#;
    let (_directory, found) = find(script).await;
    let helm = found.expect("a helm");
    let error = helm.run(&call(&["upgrade"], &[])).await.expect_err("it fails").to_string();
    assert!(error.contains("with kind Secret") && error.ends_with("json: no number"), "{error}");
    assert!(!error.contains("TElW") && !error.contains("live"), "{error}");
    let error = helm.run(&call(&["killed"], &[])).await.expect_err("it fails").to_string();
    assert_eq!(error, "helm killed: signal 9 ended it");
}

#[tokio::test]
async fn old_ones_and_others_are_refused() {
    for (script, says) in [
        ("echo v3.13.9", "is v3.13.9, and 3.14 or newer"),
        ("echo hello", "says no version of helm: hello"),
        ("true", "says no version of helm: nothing"),
        ("exit 3", "helm version: it failed without a message"),
    ] {
        let (_directory, found) = find(script).await;
        let error = found.expect_err(script).to_string();
        assert!(error.contains(says), "{error}");
    }
    let settings =
        HelmSettings { program: Some("/no/such/helm".into()), ..HelmSettings::default() };
    let error = Helm::find(settings).await.expect_err("there is none");
    assert!(error.hint().expect("a hint").contains("HELM_BIN"));
}

#[tokio::test]
async fn it_is_told_where_and_who_and_no_secret_is_on_its_command_line() {
    let script = r#"[ "$1" = version ] && { echo v3.14.0; exit; }
        echo "$HELM_NAMESPACE $HELM_KUBETOKEN $HELM_KUBEASGROUPS $@""#;
    let (_directory, found) = find(script).await;
    let helm = found.expect("new enough");
    assert_eq!(helm.major(), 3);
    let printed = helm.run(&call(&["get", "values"], &[])).await.expect("it works");
    assert_eq!(String::from_utf8_lossy(&printed.stdout), "prod t0ken a,b get values\n");
}

#[tokio::test]
async fn its_error_is_told_without_secrets() {
    let script = r#"[ "$1" = version ] && { echo v4.3.1; exit; }
        [ "$1" = die ] && kill -9 $$
        echo 'level=WARN msg=x' >&2; echo 'Error: UPGRADE FAILED: bad s3cret' >&2; echo '  more' >&2; exit 1"#;
    let (_directory, found) = find(script).await;
    let helm = found.expect("new enough");
    let secrets = ["s3cret".to_owned().into()];
    let error = helm.run(&call(&["upgrade"], &secrets)).await.expect_err("it fails");
    assert_eq!(error.to_string(), "helm upgrade: UPGRADE FAILED: bad ***; more");
    let error = helm.run(&call(&["die"], &[])).await.expect_err("it is killed");
    assert!(matches!(error, HelmError::Failed { killed: true, .. }));
}

#[tokio::test]
async fn one_that_never_ends_is_asked_to_and_a_flood_is_cut() {
    let script = r#"[ "$1" = version ] && { echo v4.3.1; exit; }
        [ "$1" = flood ] && { head -c 300000 /dev/zero | tr '\0' x >&2; exit 1; }
        trap 'kill $!; exit 1' TERM; sleep 30 & wait"#;
    let (_directory, found) = find(script).await;
    let helm = found.expect("new enough");
    let error = helm.run(&call(&["flood"], &[])).await.expect_err("it fails");
    assert!(error.to_string().len() <= 65 << 10);
    let short = Call { deadline: Duration::from_millis(200), ..call(&["upgrade"], &[]) };
    let error = helm.run(&short).await.expect_err("it is late");
    assert!(matches!(error, HelmError::Timeout { .. }));
}
