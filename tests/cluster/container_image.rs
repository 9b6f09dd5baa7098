//! The container image, built and run by a real engine: what is in it, as whom it runs, and that it reaches a cluster and
//! registries.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::bed::{bed, sure};
use crate::helm::readme::blocks_under;
use crate::krew::stripped;

const TAG: &str = "safe-update:test";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// An engine of its own, which ends with this value or with the process.
struct Engine {
    socket: String,
    docker: String,
    _lifeline: Child,
}

impl Engine {
    fn start() -> Self {
        let mut child = sure(
            Command::new(root().join("tests/bed/engine.sh"))
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn(),
        );
        let mut line = String::new();
        let output = child.stdout.take().unwrap_or_else(|| panic!("no standard output"));
        sure(BufReader::new(output).read_line(&mut line));
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["READY", socket, docker] => Self {
                socket: format!("unix://{socket}"),
                docker: docker.to_owned(),
                _lifeline: child,
            },
            _ => panic!(
                "no container engine (it needs root, and what `tests/bed/get.sh engine node` gets); why is on \
                 standard error, in the lines that begin with `bed:`"
            ),
        }
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let bin = Path::new(&self.docker).parent().unwrap_or(Path::new("/")).display().to_string();
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{bin}:{path}")).env("DOCKER_HOST", &self.socket);
        command
    }

    fn docker(&self, args: &[&str]) -> Output {
        sure(self.command(Path::new(&self.docker)).args(args).output())
    }

    /// Standard output of what has to succeed.
    #[track_caller]
    fn says(&self, args: &[&str]) -> String {
        let output = self.docker(args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "docker {args:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// One engine and one image for all: what a user does with it, in order.
#[test]
fn the_image_is_one_program_that_works() {
    let engine = Engine::start();
    let place = sure(TempDir::with_prefix("safe-update-image."));
    let program = stripped(place.path());
    let mut build = engine.command(&root().join("dist/image.sh"));
    let built = sure(build.args(["--tag", TAG, "--binary"]).arg(program).output());
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));

    let about: Value = sure(serde_json::from_str(&engine.says(&["image", "inspect", TAG])));
    let config = &about[0]["Config"];
    assert_eq!(config["User"], "65532:65532");
    let labels = &config["Labels"];
    assert_eq!(labels["org.opencontainers.image.version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(labels["org.opencontainers.image.licenses"], "Apache-2.0");
    for label in ["created", "description", "revision", "source", "title", "url"] {
        let value = labels[format!("org.opencontainers.image.{label}")].as_str();
        assert!(value.is_some_and(|value| !value.is_empty() && value != "unknown"), "{label}");
    }

    let run =
        ["run", "--rm", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
    let offline = [&run[..], &["--network", "none"]].concat();
    let version = engine.says(&[&offline[..], &[TAG, "version"]].concat());
    assert!(version.contains(env!("CARGO_PKG_VERSION")), "{version}");
    let shop = format!("{}:/shop:ro", root().join("examples/shop").display());
    let names = engine.says(
        &[&offline[..], &["--volume", &shop, TAG, "plan", "-f", "/shop", "-o", "name"]].concat(),
    );
    assert!(!names.is_empty());
    // Its home can be written by whom it runs as.
    let init = ["run", "--rm", "--network", "none", TAG, "config", "init", "policy.yaml"];
    let _ = engine.says(&init);

    // A cluster over TLS, and a registry, both on this machine.
    let namespace = bed().namespace();
    let repository = namespace.repository("web");
    bed().registry().push_tags(&repository, &["1.0.0", "1.0.1"]);
    namespace.deploy("web", &bed().registry().reference(&repository, "1.0.0"));
    // Whom it runs as has to be able to read it.
    let kubeconfig = place.path().join("config");
    let whole = bed().kubectl(&["config", "view", "--raw", "--flatten"]);
    sure(std::fs::write(&kubeconfig, &whole.exits(0).stdout));
    let shared = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    sure(std::fs::set_permissions(&kubeconfig, shared));
    let volume = format!("{}:/kubeconfig:ro", kubeconfig.display());
    let plan = engine.says(
        &[
            &[
                "run",
                "--rm",
                "--network",
                "host",
                "--volume",
                &volume,
                "--env",
                "KUBECONFIG=/kubeconfig",
            ][..],
            &[TAG, "plan", "-n", namespace.name(), "-o", "json"],
        ]
        .concat(),
    );
    assert!(plan.contains("1.0.1"), "{plan}");

    // As the README has it, with the places of this machine.
    let block = blocks_under("### As a container").concat();
    let shop = root().join("examples/shop").display().to_string();
    let script = block
        .replace("ghcr.io/safe-update/safe-update:0.1.0", TAG)
        .replace("docker run", "docker run --rm --network host")
        .replace("./manifests", &shop)
        .replace("~/.kube/config", &kubeconfig.display().to_string())
        .replace("$(id -u)", "1000");
    // As a kubeconfig is: nobody else may read it.
    sure(std::os::unix::fs::chown(&kubeconfig, Some(1000), Some(1000)));
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    sure(std::fs::set_permissions(&kubeconfig, private));
    let mut bash = engine.command(Path::new("bash"));
    let output = sure(bash.args(["-euc", &script]).output());
    let (told, said) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}: {said}");
    assert!(told.contains("13 targets: ") && told.contains("deploy/web"), "{told}");
    // Whoever it runs as, what was done is recorded in a volume.
    let image = [
        "run",
        "--rm",
        "--user",
        "1000",
        "--network",
        "host",
        "--volume",
        &volume,
        "--env",
        "KUBECONFIG=/kubeconfig",
        "--volume",
        "state:/home/safe-update",
        TAG,
    ];
    let target = "deploy/web=1.0.1";
    let here = ["-n", namespace.name()];
    let _ = engine.says(&[&image[..], &["apply", target, "--yes", "--soak", "1s"], &here].concat());
    let history = engine.says(&[&image[..], &["history", "-o", "json"]].concat());
    assert!(history.contains("succeeded") && history.contains(namespace.name()), "{history}");
}
