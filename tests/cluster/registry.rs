//! What registries tell: floating tags, ages, versions that are gone, registries that are down, and what is kept of it all.

use std::net::TcpListener;

use serde_json::Value;

use crate::bed::{Image, Namespace, Registry, Run, SafeUpdate, bed};
use crate::manifest::cron_job;
use crate::rows::Rows;

/// A Deployment whose node reports this `imageID`; none when it is empty.
fn reporting(name: &str, image: &str, image_id: &str) -> String {
    let annotation = match image_id {
        "" => String::new(),
        id => format!(", annotations: {{bed.safe-update.io/image-id.app: '{id}'}}"),
    };
    format!(
        "---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}{annotation}}}
    spec: {{containers: [{{name: app, image: '{image}'}}]}}
"
    )
}

fn run(program: &SafeUpdate, namespace: &Namespace, args: &[&str]) -> Run {
    program.run(&[&["plan", "-n", namespace.name()], args].concat())
}

fn plan(program: &SafeUpdate, namespace: &Namespace, args: &[&str]) -> Rows {
    Rows::of(&run(program, namespace, &[&["-o", "json"], args].concat()))
}

/// The digest that an index gives for its first platform.
fn first_child(registry: &Registry, repository: &str, tag: &str) -> String {
    let (_, index) = registry.get(&format!("{repository}/manifests/{tag}"));
    let index: Value = serde_json::from_str(&index).unwrap_or_default();
    let child = &index["manifests"][0]["digest"];
    let digest = child.as_str().unwrap_or_else(|| panic!("no index: {index}"));
    digest.to_owned()
}

#[test]
fn floating_tags_are_followed_by_their_digests() {
    let namespace = bed().namespace();
    let registry = bed().registry();
    let (app, multi) = (namespace.repository("app"), namespace.repository("multi"));
    let index = |revision| {
        Image::tag("stable").platforms(&["linux/amd64", "linux/arm64"]).revision(revision)
    };
    let before = registry.push(&app, &Image::tag("stable"));
    registry.push(&multi, &index(0));
    let child = first_child(&registry, &multi, "stable");
    let image = registry.reference(&app, "stable");
    let everywhere = registry.reference(&multi, "stable");
    let id = |repository: &str, digest: &str| format!("{}/{repository}@{digest}", registry.host());
    let old = format!("sha256:{}", "0".repeat(64));
    let manifests = [
        reporting("same", &image, &id(&app, &before)),
        reporting("old-runtime", &image, &format!("docker-pullable://{}", id(&app, &before))),
        reporting("platform", &everywhere, &id(&multi, &child)),
        reporting("behind", &image, &id(&app, &old)),
        reporting("silent", &image, ""),
        // The digest of a configuration is in no registry.
        reporting("config", &image, &before),
        cron_job("pinned", &format!("{image}@{before}"), "", ""),
        cron_job("untagged", &id(&app, &before), "", ""),
    ];
    namespace.create_from(&manifests.concat());
    for name in ["same", "old-runtime", "platform", "behind", "silent", "config"] {
        namespace.wait_rolled_out(&format!("deployment/{name}"));
    }

    let program = bed().program();
    let still = plan(&program, &namespace, &[]);
    for (name, digest) in [
        ("deploy/same", &before),
        ("deploy/old-runtime", &before),
        ("deploy/platform", &child),
        ("cj/pinned", &before),
        ("cj/untagged", &before),
    ] {
        let row = still.row(&format!("{name}:app")).is("up-to-date", "");
        assert_eq!(row.text("/current/digest"), digest, "{name}");
    }
    still.row("cj/untagged:app").is("up-to-date", "name:tag@digest");
    let unreported = "no node reports which digest runs, so a moved tag would not be noticed";
    for name in ["silent", "config"] {
        let row = still.row(&format!("deploy/{name}:app")).is("up-to-date", unreported);
        assert_eq!(row.text("/current/digest"), "");
        let warning = format!("no node reports which digest of {image} runs in {}", row.id());
        assert!(still.warnings().contains(&warning), "{still:?}");
    }
    let check_moved = |plan: &Rows, name: &str, from: &str, to: &str| {
        let row = plan.row(&format!("{name}:app")).is("held stable", "a digest change needs a yes");
        let [change, current, candidate] =
            ["/change", "/current/digest", "/candidate/digest"].map(|at| row.text(at));
        assert_eq!((change, current, candidate), ("digest", from, to), "{name}");
    };
    check_moved(&still, "deploy/behind", &old, &before);

    let after = registry.push(&app, &Image::tag("stable").revision(1));
    let index = registry.push(&multi, &index(1));
    let moved = plan(&program, &namespace, &["--refresh"]);
    for name in ["deploy/same", "deploy/old-runtime", "cj/pinned"] {
        check_moved(&moved, name, &before, &after);
    }
    check_moved(&moved, "deploy/platform", &child, &index);
    moved.row("deploy/silent:app").is("up-to-date", unreported);
    // The same tag again would be no rollout, so the digest is written beside it.
    let diff = run(&program, &namespace, &["deploy/same", "--diff"]);
    assert!(diff.exits(0).stdout.contains(&format!("{image}@{after}")), "{diff}");
}

#[test]
fn young_versions_are_left_to_ripen() {
    let namespace = bed().namespace();
    let registry = bed().registry();
    let now = jiff::Timestamp::now().to_string();
    let (ripe, green) = (namespace.repository("ripe"), namespace.repository("green"));
    registry.push_images(
        &ripe,
        &[Image::tag("1.0.0"), Image::tag("1.0.1"), Image::tag("1.0.2").created(&now)],
    );
    registry.push_images(&green, &[Image::tag("1.0.0"), Image::tag("1.0.1").created(&now)]);
    namespace.create_from(
        &[
            cron_job("ripe", &registry.reference(&ripe, "1.0.0"), "", ""),
            cron_job("green", &registry.reference(&green, "1.0.0"), "", ""),
            cron_job(
                "hasty",
                &registry.reference(&green, "1.0.0"),
                "annotations: {safe-update.io/minimum-age: 0s}",
                "",
            ),
        ]
        .concat(),
    );
    let program = bed().program().home_file("safe-update.yaml", "version: 1\nminimumAge: 3d\n");
    let patient = plan(&program, &namespace, &[]);
    patient.row("cj/ripe:app").is("update 1.0.1", "");
    patient.row("cj/green:app").is("held", "it is younger than");
    patient.row("cj/hasty:app").is("update 1.0.1", "");
    let any = plan(&bed().program(), &namespace, &[]);
    any.row("cj/ripe:app").is("update 1.0.2", "");
    any.row("cj/green:app").is("update 1.0.1", "");
}

#[test]
fn without_a_way_back_it_is_held() {
    let namespace = bed().namespace();
    let registry = bed().registry();
    let (gone, only) = (namespace.repository("gone"), namespace.repository("only"));
    let digests = registry.push_tags(&gone, &["1.0.0", "1.0.1"]);
    registry.push_tags(&only, &["2.0.0"]);
    registry.delete(&gone, &digests[0]);
    namespace.create_from(
        &[
            cron_job("gone", &registry.reference(&gone, "1.0.0"), "", ""),
            // Newer than all that is published: never a way down.
            cron_job("ahead", &registry.reference(&only, "3.0.0"), "", ""),
        ]
        .concat(),
    );
    let plan = plan(&bed().program(), &namespace, &[]);
    plan.row("cj/gone:app").is("held 1.0.1", "no way back: the running image");
    plan.row("cj/ahead:app").is("up-to-date", "no newer version");
}

#[test]
fn a_registry_that_is_down_spoils_only_its_own() {
    let namespace = bed().namespace();
    let registry = bed().registry();
    let repository = namespace.repository("app");
    registry.push_tags(&repository, &["1.0.0", "1.0.1"]);
    let closed =
        TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
    namespace.create_from(
        &[
            cron_job("fine", &registry.reference(&repository, "1.0.0"), "labels: {up: 'yes'}", ""),
            cron_job("down", &format!("{closed}/app:1.0.0"), "labels: {up: 'no'}", ""),
            cron_job("nowhere", "registry.invalid/app:1.0.0", "labels: {up: 'no'}", ""),
            cron_job(
                "absent",
                &registry.reference(&namespace.repository("absent"), "1.0.0"),
                "labels: {up: 'no'}",
                "",
            ),
            cron_job("malformed", "UPPER/Case:1.0.0", "labels: {up: 'no'}", ""),
        ]
        .concat(),
    );
    let program = bed().program();
    let all = run(&program, &namespace, &["-o", "json"]);
    let plan = Rows::of(&all);
    plan.row("cj/fine:app").is("update 1.0.1", "");
    let down = format!("{closed} cannot be reached");
    for (name, words) in [
        ("down", down.as_str()),
        ("nowhere", "registry.invalid cannot be reached"),
        ("absent", "/absent not found in"),
        ("malformed", "\"UPPER/Case:1.0.0\" is no image reference"),
    ] {
        plan.row(&format!("cj/{name}:app")).is("unknown", words);
        if name != "malformed" {
            assert!(plan.warnings().contains(words) && all.stderr.contains(words), "{all}");
        }
    }
    for (args, code) in [
        (&["cj/fine"][..], 0),
        (&["-l", "up=yes"], 0),
        (&["cj/down"], 9),
        (&["cj/fine", "cj/absent"], 9),
        (&["-l", "up=no"], 9),
        (&["--detailed-exitcode"], 2),
    ] {
        let _ = run(&program, &namespace, args).exits(code);
    }
}

/// What a plan says that it asked of registries.
#[track_caller]
fn asked(run: &Run) -> u64 {
    let line = run.exits(0).stderr.lines().find(|line| line.contains(" registry request"));
    let number =
        line.and_then(|line| line.split(' ').next()).and_then(|number| number.parse().ok());
    number.unwrap_or_else(|| panic!("no count of requests: {run}"))
}

#[test]
fn what_was_asked_is_not_asked_again() {
    let namespace = bed().namespace();
    let registry = bed().registry();
    let repository = namespace.repository("app");
    registry.push_tags(&repository, &["1.0.0", "1.0.1"]);
    let image = registry.reference(&repository, "1.0.0");
    let workloads: String =
        (0..20).map(|n| cron_job(&format!("web-{n}"), &image, "", "")).collect();
    namespace.create_from(&workloads);
    let program = bed().program();
    let offers = |run: &Run, tag: &str| {
        let rows = run.exits(0).stdout.lines().filter(|line| line.contains(tag)).count();
        assert_eq!(rows, 20, "{run}");
    };

    let never = run(&program, &namespace, &["--offline"]);
    assert!(never.exits(9).stdout.contains("is not in the cache"), "{never}");
    let first = run(&program, &namespace, &[]);
    offers(&first, " 1.0.1 ");
    assert!((1..=4).contains(&asked(&first)), "twenty workloads of one repository: {first}");

    // What comes later is not seen until it is asked for.
    registry.push_tags(&repository, &["1.0.2"]);
    for args in [&[][..], &["--offline"]] {
        let again = run(&program, &namespace, args);
        offers(&again, " 1.0.1 ");
        assert_eq!(asked(&again), 0, "{again}");
    }
    let refreshed = run(&program, &namespace, &["--refresh"]);
    offers(&refreshed, " 1.0.2 ");
    assert!(asked(&refreshed) > 0, "{refreshed}");
    let after = run(&program, &namespace, &[]);
    offers(&after, " 1.0.2 ");
    assert_eq!(asked(&after), 0, "{after}");

    let elsewhere = bed().program();
    let cache = program.home().join("kept").display().to_string();
    let _ = run(&elsewhere, &namespace, &["--cache-dir", &cache]).exits(0);
    let kept = run(&elsewhere, &namespace, &["--cache-dir", &cache, "--offline"]);
    offers(&kept, " 1.0.2 ");
}

#[test]
fn runs_side_by_side_share_a_cache_and_agree() {
    let namespace = bed().namespace();
    let registry = bed().registry();
    let workloads = (0..5).map(|n| {
        let repository = namespace.repository(&format!("app-{n}"));
        registry.push_tags(&repository, &["1.0.0", "1.0.1"]);
        let image = registry.reference(&repository, "1.0.0");
        cron_job(&format!("web-{n}"), &image, "", "")
    });
    namespace.create_from(&workloads.collect::<String>());
    let program = bed().program();
    let plans: Vec<Run> = std::thread::scope(|scope| {
        let start = || scope.spawn(|| run(&program, &namespace, &["--no-headers"]));
        let runs: Vec<_> = (0..6).map(|_| start()).collect();
        let ended = runs.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended.map(|run| run.expect("a run")).collect()
    });
    for plan in &plans {
        assert_eq!(plan.exits(0).stdout, plans[0].stdout, "{plan}");
        assert_eq!(plan.stdout.matches(" 1.0.1 ").count(), 5, "{plan}");
    }
    assert_eq!(asked(&run(&program, &namespace, &[])), 0);
}
