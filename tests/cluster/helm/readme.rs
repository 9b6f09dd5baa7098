//! The commands of the README, in its order, in a namespace made ready for them. Those whose output it
//! prints are run by `tests/it/readme.rs`.

use super::{Shop, WHILE};
use crate::apply::MINUTE;
use crate::bed::{Run, bed, deployment, shown, sure};

/// How a command comes to its end.
enum Way {
    /// By itself, with this code.
    Exits(i32),
    /// It asks, and is answered with a yes.
    Asks,
    /// Another test runs it, with what it needs.
    Elsewhere,
}

use Way::{Asks, Elsewhere, Exits};

/// Every command without printed output, in the order of the README.
const COMMANDS: [(&str, Way); 46] = [
    ("cargo run --release -- plan -f examples/shop", Elsewhere), // printed_output_is_real
    ("./tests/run", Elsewhere),                                  // this is a part of it
    ("kubectl krew install safe-update", Elsewhere),             // all that installs: installs.rs
    ("kubectl safe-update plan", Exits(0)),
    ("helm plugin install https", Elsewhere),
    ("helm safe-upgrade plan", Elsewhere),
    ("helm plugin install .tgz --verify=false", Elsewhere),
    ("helm safe-upgrade plan", Elsewhere),
    ("curl -LO .tar.gz", Elsewhere),
    ("curl -LO .tar.gz.sha256", Elsewhere),
    ("sha256sum -c", Elsewhere),
    ("tar -xzf", Elsewhere),
    ("sudo install", Elsewhere),
    ("kubectl safe-update version", Exits(0)),
    ("docker run -v ./manifests", Elsewhere), // container_image.rs
    ("docker run --user .plan -A", Elsewhere),
    ("cargo install --locked --path", Elsewhere),
    ("kubectl safe-update version", Exits(0)),
    ("SAFE_UPDATE_BIN=", Elsewhere),
    ("helm safe-upgrade --help", Elsewhere),
    ("kubectl safe-update completion install", Exits(0)),
    ("kubectl safe-update completion uninstall", Exits(0)),
    ("kubectl safe-update check -A", Exits(0)),
    ("kubectl safe-update apply", Asks),
    ("kubectl safe-update apply deploy/web=1.26.0 --yes", Exits(0)),
    ("kubectl safe-update apply -A --auto --metrics-file", Exits(0)),
    ("kubectl safe-update plan -A --out plan.json", Exits(0)),
    // What stands in it wants the version by name.
    ("kubectl safe-update apply plan.json --yes", Exits(3)),
    ("kubectl safe-update approve deploy/web=2.0.0 --expires 3d", Exits(0)),
    ("kubectl safe-update approve plan.json", Exits(0)),
    ("kubectl safe-update forget deploy/web:nginx --version 1.26.0", Exits(0)),
    ("kubectl safe-update status -A", Exits(0)),
    ("kubectl safe-update history deploy/web --since 7d", Exits(0)),
    ("kubectl safe-update history show", Exits(0)),
    ("kubectl safe-update rollback deploy/web", Asks),
    ("kubectl safe-update resume", Exits(0)),
    ("kubectl safe-update audit verify", Exits(0)),
    ("kubectl safe-update config init", Exits(0)),
    ("kubectl safe-update config check safe-update.yaml", Exits(0)),
    ("kubectl safe-update config show -f examples/shop", Exits(0)),
    ("kubectl safe-update config schema --for policy", Exits(0)),
    ("kubectl safe-update plan --only helm -A", Exits(0)),
    ("kubectl safe-update upgrade shop", Asks),
    ("kubectl safe-update upgrade shop oci://", Exits(0)),
    ("kubectl safe-update apply --auto -A --only helm", Exits(0)),
    ("kubectl safe-update rollback release/shop", Asks),
];

fn text() -> String {
    sure(std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")))
}

/// The insides of ```` ```console ```` blocks.
fn blocks(text: &str) -> impl Iterator<Item = &str> {
    let blocks = text.split("```console\n").skip(1);
    blocks.filter_map(|block| block.split("```").next())
}

/// The blocks under a title, as a shell takes them.
pub(crate) fn blocks_under(title: &str) -> Vec<String> {
    let text = text();
    let (_, rest) = text
        .split_once(&format!("{title}\n"))
        .unwrap_or_else(|| panic!("the README has no {title}"));
    let section = rest.split("\n#").next().unwrap_or_default();
    let script = |block: &str| {
        block.lines().map(|line| line.trim_start_matches("$ ").to_owned() + "\n").collect()
    };
    blocks(section).map(script).collect()
}

/// The commands in blocks that print nothing there.
fn commands() -> Vec<String> {
    let text = text();
    let mut all = Vec::new();
    for block in blocks(&text) {
        let mut lines = block.lines().peekable();
        while let Some(line) = lines.next() {
            let prints = lines.peek().is_some_and(|next| !next.starts_with("$ "));
            if let Some(command) = line.strip_prefix("$ ").filter(|_| !prints) {
                all.push(command.to_owned());
            }
        }
    }
    all
}

/// A namespace with a Deployment `web` and a release `shop`, and a user who is at home there alone.
fn ready() -> Shop {
    let shop = Shop::new("helm4");
    let (namespace, server) = (&shop.namespace, &shop.server);
    let repository = namespace.repository("nginx");
    let registry = bed().registry();
    registry.push_tags(&repository, &["1.25.3", "1.25.4", "1.26.0", "1.26.1", "2.0.0"]);
    let web = deployment("web", &registry.reference(&repository, "1.25.3"));
    namespace.create_from(&web.replace("name: app,", "name: nginx,"));
    namespace.wait_rolled_out("deployment/web");
    let old = shop.chart("1.0.0", "1.0.0");
    server.publish(
        &shop.helm,
        "stable",
        &[old.clone(), shop.chart("1.0.1", "1.0.1"), shop.chart("1.1.0", "1.1.0")],
    );
    shop.install("shop", &old, &[]);
    let archive = shop.helm.package(&shop.chart("2.1.0", "2.0.0"), shop.helm.home());
    let charts = format!("oci://{}/{}/charts", registry.host(), namespace.name());
    shop.helm.run(&["push", &shown(&archive), &charts, "--plain-http"]);

    let everything = "[{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]";
    let user = namespace.restricted_user("owner", everything);
    let program = shop.program.kubeconfig(&user);
    // A minute of watching for each change is none of this test's affair.
    let program = program.home_file(".config/safe-update/config.yaml", "version: 1\nsoak: 1s\n");
    Shop { program, ..shop }
}

/// Runs a command line of the README, with this machine's places for those that it names.
fn run(shop: &Shop, command: &str, asks: bool) -> Run {
    let home = shop.program.home();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/shop");
    let charts = format!("oci://{}/{}/charts/shop", shop.server.host(), shop.namespace.name());
    let records = shop.run(&["history", "deploy/web", "-o", "json"]).json();
    let record = records["records"][0]["id"].as_str().unwrap_or("none").to_owned();
    let metrics = shown(&home.join("metrics.prom"));
    let command = command
        .replace("/var/lib/node_exporter/safe-update.prom", &metrics)
        .replace("oci://registry.example.com/charts/shop", &charts)
        .replace("20261124t165301z-5f3a9c01/1", &record)
        .replace("examples/shop", root);
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    if !asks {
        return bed().plugin(&shop.program, &words);
    }
    let mut run = shop.program.terminal(&words[1..]);
    run.wait_for("[y, n", WHILE);
    run.types("y\n");
    run.wait(MINUTE)
}

#[test]
fn every_command_does_what_it_is_shown_for() {
    let commands = commands();
    for (number, command) in commands.iter().enumerate() {
        let known = COMMANDS.get(number).is_some_and(|(start, _)| {
            // Of what another machine is asked for, the ends tell.
            let (first, last) = start.split_once(" .").unwrap_or((start, ""));
            command.starts_with(first) && command.ends_with(last)
        });
        assert!(known, "the README has a command of which this test does not know: {command}");
    }
    assert_eq!(commands.len(), COMMANDS.len(), "the README has lost some");

    let shop = ready();
    for (command, (_, way)) in commands.iter().zip(COMMANDS) {
        if command.ends_with("upgrade shop") {
            // `config init` has written a policy that watches for a minute.
            sure(std::fs::remove_file(shop.program.home().join("safe-update.yaml")));
            // The saved plan has taken what there was.
            let charts = [shop.chart("1.1.0", "1.1.0"), shop.chart("1.2.0", "1.1.0")];
            shop.server.publish(&shop.helm, "stable", &charts);
        }
        match way {
            Elsewhere => {}
            Exits(code) => {
                run(&shop, command, false).exits(code);
            }
            Asks => {
                run(&shop, command, true).exits(0);
            }
        }
    }
    // What they did, at last: `web` came back from 1.26.1, and the release from 2.1.0.
    let image = shop.field("deploy/web", ".spec.template.spec.containers[0].image");
    assert!(image.ends_with("nginx:1.26.0"), "{image}");
    assert!(shop.helm.newest("shop").ends_with("deployed shop-1.2.0"));
    let metrics = sure(std::fs::read_to_string(shop.program.home().join("metrics.prom")));
    assert!(metrics.contains("safe_updater_scans_total 1"), "{metrics}");
}
