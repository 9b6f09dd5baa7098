//! Credential plugins of a kubeconfig (`users[].exec`): runs the command, within a deadline, and
//! keeps what it gave until it expires. Never shows arguments, environment or output of the
//! command, because secrets stand in all three.

use std::process::Stdio;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kube::config::{ExecConfig, ExecInteractiveMode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::sync::Mutex;

use super::error::ConnectError;

/// A token is renewed this long before it expires.
const EARLY: SignedDuration = SignedDuration::from_secs(60);
/// Credentials are small; more is no credential.
const OUTPUT_MAX: u64 = 1024 * 1024;

/// A plugin and what it gave last.
pub(super) struct Plugin {
    config: ExecConfig,
    deadline: Duration,
    last: Mutex<Credential>,
}

/// What a plugin gave.
#[derive(Clone, Default)]
pub(super) struct Credential {
    /// Bearer token.
    pub(super) token: Option<SecretString>,
    /// Client certificate and key, in PEM.
    pub(super) identity: Option<(String, SecretString)>,
    expires: Option<Timestamp>,
}

impl Credential {
    fn is_fresh(&self) -> bool {
        self.expires.is_none_or(|expires| Timestamp::now() + EARLY < expires)
    }
}

impl Plugin {
    /// Runs the plugin for the first time.
    pub(super) async fn start(
        config: ExecConfig,
        deadline: Duration,
    ) -> Result<(Self, Credential), ConnectError> {
        let first = run(&config, deadline).await?;
        let plugin = Self { config, deadline, last: Mutex::new(first.clone()) };
        Ok((plugin, first))
    }

    /// The token, renewed when it is about to expire.
    pub(super) async fn token(&self) -> Result<Option<SecretString>, ConnectError> {
        let mut last = self.last.lock().await;
        if !last.is_fresh() {
            *last = run(&self.config, self.deadline).await?;
        }
        Ok(last.token.clone())
    }

    /// Runs the plugin again, because the server refused this token. Does nothing when somebody
    /// else has renewed it meanwhile.
    pub(super) async fn renew(&self, refused: Option<&SecretString>) -> Result<(), ConnectError> {
        let mut last = self.last.lock().await;
        let same = last.token.as_ref().map(SecretString::expose_secret)
            == refused.map(SecretString::expose_secret);
        if same {
            *last = run(&self.config, self.deadline).await?;
        }
        Ok(())
    }
}

/// The part of `ExecCredential` that is read.
#[derive(Deserialize)]
struct Answer {
    status: Option<AnswerStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerStatus {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    expiration_timestamp: Option<Timestamp>,
}

async fn run(config: &ExecConfig, deadline: Duration) -> Result<Credential, ConnectError> {
    let command = config.command.clone().unwrap_or_default();
    let failed = |message: String| ConnectError::Plugin {
        command: command.clone(),
        message,
        install: config.install_hint.clone().filter(|hint| !hint.is_empty()),
    };
    let mut child = prepare(config)
        .map_err(&failed)?
        .spawn()
        .map_err(|error| failed(format!("cannot be started: {error}")))?;
    let mut output = Vec::new();
    let finish = async {
        if let Some(stdout) = child.stdout.take() {
            stdout.take(OUTPUT_MAX).read_to_end(&mut output).await?;
        }
        child.wait().await
    };
    // The child is killed when it is dropped, so nothing of it outlives the deadline.
    let status = tokio::time::timeout(deadline, finish)
        .await
        .map_err(|_| failed(format!("did not end within {} s", deadline.as_secs())))?
        .map_err(|error| failed(format!("cannot be waited for: {error}")))?;
    if !status.success() {
        return Err(failed(format!("failed ({status})")));
    }
    read(&output).map_err(|message| failed(message.to_owned()))
}

fn prepare(config: &ExecConfig) -> Result<Command, String> {
    let name = config.command.as_deref().unwrap_or_default();
    if name.is_empty() {
        return Err("has no command".to_owned());
    }
    let terminal = std::io::IsTerminal::is_terminal(&std::io::stdin());
    let interactive = match config.interactive_mode {
        Some(ExecInteractiveMode::Never) => false,
        Some(ExecInteractiveMode::Always) if !terminal => {
            return Err("wants a terminal to ask questions, and there is none".to_owned());
        }
        _ => terminal,
    };
    let version = config.api_version.as_deref().unwrap_or("client.authentication.k8s.io/v1");
    let info = serde_json::json!({
        "apiVersion": version,
        "kind": "ExecCredential",
        "spec": {
            "interactive": interactive,
            "cluster": config.cluster.as_ref().filter(|_| config.provide_cluster_info),
        },
    });
    let mut command = Command::new(name);
    command
        .args(config.args.iter().flatten())
        .env("KUBERNETES_EXEC_INFO", info.to_string())
        .stdin(if interactive { Stdio::inherit() } else { Stdio::null() })
        .stdout(Stdio::piped())
        // Where a plugin tells people to open a page in the browser.
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    for variable in config.env.iter().flatten() {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            command.env(name, value);
        }
    }
    Ok(command)
}

fn read(output: &[u8]) -> Result<Credential, &'static str> {
    let answer: Answer =
        serde_json::from_slice(output).map_err(|_| "gave something that is no ExecCredential")?;
    let status = answer.status.ok_or("gave no credentials")?;
    let text = |text: Option<String>| text.filter(|text| !text.is_empty());
    let certificate = text(status.client_certificate_data);
    let key = text(status.client_key_data);
    let identity = match (certificate, key) {
        (Some(certificate), Some(key)) => Some((certificate, SecretString::from(key))),
        (None, None) => None,
        _ => return Err("gave a certificate without its key, or a key alone"),
    };
    let token = text(status.token).map(SecretString::from);
    if token.is_none() && identity.is_none() {
        return Err("gave neither a token nor a certificate");
    }
    Ok(Credential { token, identity, expires: status.expiration_timestamp })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> ExecConfig {
        ExecConfig {
            command: Some("sh".into()),
            args: Some(vec!["-c".into(), script.into()]),
            env: Some(vec![
                [
                    ("name".to_owned(), "PLUGIN_SECRET".to_owned()),
                    ("value".to_owned(), "hunter2".to_owned()),
                ]
                .into(),
            ]),
            interactive_mode: Some(ExecInteractiveMode::Never),
            ..ExecConfig::default()
        }
    }

    async fn fails(script: &str, expected: &str) {
        let result = run(&shell(script), Duration::from_millis(500)).await;
        let Err(error) = result else {
            panic!("{script} gave a credential");
        };
        let text = format!("{error} {error:?} {}", error.hint());
        assert!(text.contains(expected), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[tokio::test]
    async fn a_token_is_read_from_the_output() {
        let script = r#"echo "{\"status\":{\"token\":\"$PLUGIN_SECRET\"}}""#;
        let credential = run(&shell(script), Duration::from_secs(5)).await;
        let credential = credential.expect("the plugin gives a token");
        let token = credential.token.as_ref().map(SecretString::expose_secret);
        assert_eq!(token, Some("hunter2"));
        assert!(credential.is_fresh(), "without a date it never expires");
    }

    #[tokio::test]
    async fn a_token_is_renewed_before_it_expires() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let counter = directory.path().join("count");
        let script = format!(
            r#"echo x >> {path}; n=$(wc -l < {path}); echo "{{\"status\":{{\"token\":\"t$n\",\"expirationTimestamp\":\"2020-01-01T00:00:00Z\"}}}}""#,
            path = counter.display()
        );
        let (plugin, first) =
            Plugin::start(shell(&script), Duration::from_secs(5)).await.expect("the plugin works");
        assert_eq!(first.token.expect("token").expose_secret(), "t1");
        let second = plugin.token().await.expect("the plugin works").expect("token");
        assert_eq!(second.expose_secret(), "t2");
        // Two requests that were refused with the same token run the plugin once.
        plugin.renew(Some(&second)).await.expect("the plugin works");
        plugin.renew(Some(&second)).await.expect("the plugin works");
        let runs = std::fs::read_to_string(counter).expect("the counter");
        assert_eq!(runs.lines().count(), 3);
    }

    #[tokio::test]
    async fn trouble_is_told_without_secrets() {
        fails("exit 3", "failed (exit status: 3)").await;
        fails("sleep 30", "did not end within").await;
        fails(r#"echo "token $PLUGIN_SECRET""#, "no ExecCredential").await;
        fails(r#"echo '{"status":{}}'"#, "neither a token").await;
        fails(r#"echo '{"status":{"clientKeyData":"hunter2"}}'"#, "a key alone").await;
        let absent = ExecConfig {
            command: Some("/nowhere/plugin".into()),
            install_hint: Some("install the plugin".into()),
            ..shell("")
        };
        let Err(error) = run(&absent, Duration::from_secs(5)).await else {
            panic!("a command that does not exist ran");
        };
        assert!(error.to_string().contains("cannot be started"), "{error}");
        assert_eq!(error.hint(), "install the plugin");
    }
}
