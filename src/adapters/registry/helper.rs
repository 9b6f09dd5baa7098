//! Docker's credential helpers: `docker-credential-NAME get`, the server on standard input, JSON on
//! standard output. A helper has a deadline, its output a bound, and it is killed when nobody
//! waits for it any more.

use std::ffi::OsString;
use std::process::Stdio;
use std::time::Duration;

use secrecy::zeroize::Zeroize as _;
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::credentials::Credential;

/// More than any token is long.
const MAX_OUTPUT: u64 = 256 << 10;
/// What helpers print when they know nothing about a server (docker-credential-helpers).
const NOT_FOUND: &str = "credentials not found";

#[derive(Deserialize)]
struct Answer {
    #[serde(default, rename = "Username")]
    username: String,
    #[serde(rename = "Secret")]
    secret: String,
}

/// Asks a helper for the credentials of a server; none when it has none. `path` is the search path
/// for programs, where it is not that of this process. Errors name the helper and no secret.
pub(super) async fn get(
    name: &str,
    server: &str,
    path: Option<&OsString>,
    deadline: Duration,
) -> Result<Option<Credential>, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || !name.bytes().all(plain) {
        return Err("the configuration names a credential helper that is no plain name".into());
    }
    let program = format!("docker-credential-{name}");
    tokio::time::timeout(deadline, run(&program, server, path)).await.unwrap_or_else(|_| {
        Err(format!("{program} did not answer within {} s", deadline.as_secs_f32()))
    })
}

async fn run(
    program: &str,
    server: &str,
    path: Option<&OsString>,
) -> Result<Option<Credential>, String> {
    let mut command = Command::new(program);
    command
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // Helpers speak on standard output, errors too; the rest is noise of desktop libraries.
        .stderr(Stdio::null())
        .kill_on_drop(true);
    if let Some(path) = path {
        command.env("PATH", path);
    }
    let mut child = command.spawn().map_err(|error| {
        if error.kind() == std::io::ErrorKind::NotFound {
            format!("{program} is named in the Docker configuration and not installed")
        } else {
            format!("{program} cannot be started: {error}")
        }
    })?;
    if let Some(mut input) = child.stdin.take() {
        // A helper that does not read its input has closed the pipe, which is no trouble.
        let _ = input.write_all(server.as_bytes()).await;
    }
    let mut output = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        let read = stdout.take(MAX_OUTPUT + 1).read_to_end(&mut output).await;
        read.map_err(|error| format!("{program} cannot be read: {error}"))?;
    }
    if output.len() as u64 > MAX_OUTPUT {
        output.zeroize();
        return Err(format!("{program} printed more than {MAX_OUTPUT} bytes"));
    }
    let status = child.wait().await.map_err(|error| format!("{program} got lost: {error}"))?;
    let result = judge(program, status.success(), &output);
    output.zeroize();
    result
}

/// Reads what a helper printed.
fn judge(program: &str, success: bool, output: &[u8]) -> Result<Option<Credential>, String> {
    if success {
        let answer: Answer = serde_json::from_slice(output)
            .map_err(|_| format!("{program} did not print the JSON of the helper protocol"))?;
        return Ok(Some(Credential::new(answer.username, answer.secret.into())));
    }
    let text = String::from_utf8_lossy(output);
    if text.contains(NOT_FOUND) {
        return Ok(None);
    }
    // By protocol this is an error message; JSON would be an answer with a secret in it.
    let line = text.lines().next().unwrap_or_default().trim();
    let line: String = line.chars().filter(|c| !c.is_control()).take(200).collect();
    if line.is_empty() || line.contains('{') {
        return Err(format!("{program} failed without a message"));
    }
    Err(format!("{program} failed: {line}"))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use secrecy::ExposeSecret as _;

    use super::*;

    /// Runs a shell script as a helper.
    async fn ask(script: &str, deadline: Duration) -> Result<Option<Credential>, String> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("docker-credential-fake");
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o700)).unwrap();
        let path = std::env::join_paths([directory.path(), "/usr/bin".as_ref(), "/bin".as_ref()]);
        get("fake", "r.test", Some(&path.unwrap()), deadline).await
    }

    const LONG: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_helper_gets_the_server_and_gives_credentials() {
        let script = r#"read server; [ "$1" = get ] && printf '{"ServerURL":"%s","Username":"%s","Secret":"s3"}' "$server" "u-$server""#;
        let Some(Credential::Password { username, secret }) = ask(script, LONG).await.unwrap()
        else {
            panic!("a password")
        };
        assert_eq!((username.as_str(), secret.expose_secret()), ("u-r.test", "s3"));
        let token = ask(r#"echo '{"Username":"<token>","Secret":"idt"}'"#, LONG).await;
        assert!(matches!(token, Ok(Some(Credential::IdentityToken(_)))));
    }

    #[tokio::test]
    async fn not_found_is_none_and_other_failures_are_errors() {
        let none = ask("echo 'credentials not found in native keychain'; exit 1", LONG).await;
        assert!(matches!(none, Ok(None)));
        for (script, part) in [
            ("echo 'keychain is locked'; exit 1", "failed: keychain is locked"),
            ("exit 1", "without a message"),
            ("echo '{\"Secret\":\"hunter2\"}'; exit 1", "without a message"),
            ("echo hunter2", "did not print the JSON"),
            ("yes hunter2", "more than"),
        ] {
            let error = ask(script, LONG).await.unwrap_err();
            assert!(error.contains(part), "{script}: {error}");
            assert!(!error.contains("hunter2"), "{script}: {error}");
        }
    }

    #[tokio::test]
    async fn a_helper_that_hangs_is_killed_at_its_deadline() {
        let marker = tempfile::NamedTempFile::new().unwrap();
        let script = format!("sleep 0.4; echo alive > {}", marker.path().display());
        let error = ask(&script, Duration::from_millis(100)).await.unwrap_err();
        assert!(error.contains("did not answer"), "{error}");
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(std::fs::read_to_string(marker.path()).unwrap(), "");
    }

    #[tokio::test]
    async fn a_helper_that_is_missing_or_a_path_is_an_error() {
        let error = get("is-not-there", "r.test", None, LONG).await.unwrap_err();
        assert!(error.contains("not installed"), "{error}");
        for name in ["../evil", "a/b", "", "a b"] {
            let error = get(name, "r.test", None, LONG).await.unwrap_err();
            assert!(error.contains("no plain name"), "{error}");
        }
    }
}
