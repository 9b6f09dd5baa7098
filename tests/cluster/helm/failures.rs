//! Upgrades that do not work: what is put back, what is kept, and what is never begun.

use super::{Shop, hook, reasons};
use crate::apply::{CRASH, ended, result};
use crate::bed::{bed, both};

#[test]
fn a_chart_that_crashes_is_rolled_back_and_known_bad() {
    both(|major| {
        let shop = Shop::open(major, &[("1.0.0", "1.0.0"), ("1.0.1", CRASH)]);
        let run = shop.upgrade(&["web", "--yes"]);
        ended(&run, 4, "rolled-back", "CrashLoopBackOff");
        assert_eq!(
            shop.helm.history("web"),
            ["1 superseded shop-1.0.0", "2 superseded shop-1.0.1", "3 deployed shop-1.0.0"]
        );
        assert_eq!(shop.tag("web"), "1.0.0");
        shop.namespace.wait_rolled_out("deployment/web");
        // For this machine and for every other.
        let row = shop.row("release/web");
        assert!(reasons(&row).contains("rolled back here"), "{row}");
        let other = shop.helm.caller(bed().program());
        let place = ["-n", shop.namespace.name()];
        let plan = other.run(&[&["plan", "-o", "json"], &place[..]].concat());
        assert!(plan.exits(0).stdout.contains("rolled back here"), "{plan}");
        for args in [&["release/web=1.0.1", "--yes"][..], &["release/web", "--yes"]] {
            let named = shop.apply(args);
            assert!(named.exits(3).stderr.contains("forget"), "{named}");
        }
        let auto = shop.apply(&["--auto"]);
        assert_eq!(auto.exits(0).json()["results"], serde_json::json!([]), "{auto}");
        assert_eq!(shop.helm.newest("web"), "3 deployed shop-1.0.0");
        shop.run(&["forget", "release/web"]).exits(0);
        let row = shop.row("release/web");
        assert_eq!(row["candidate"]["tag"], "1.0.1", "{row}");
        assert_eq!(row["decision"], "update", "{row}");
    });
}

#[test]
fn a_hook_that_fails_keeps_a_minor_step_and_takes_back_a_patch() {
    both(|major| {
        let shop = Shop::new(major);
        let with_app = |version: &str, tag: &str, app: &str| {
            let text = hook("pre-upgrade", &shop.image(tag), "activeDeadlineSeconds: 2");
            let app = format!("appVersion: \"{app}\"");
            shop.chart(version, "1.0.0").head(&app).template("hook.yaml", &text)
        };
        let chart = |version: &str, tag: &str| with_app(version, tag, "1.0");
        let large = with_app("1.0.2", CRASH, "2.0");
        let charts = [chart("1.0.0", "1.0.0"), chart("1.0.1", CRASH), chart("1.1.0", CRASH), large];
        shop.publish(&charts);
        shop.install("api", &charts[0], &[]);
        // The hook that changes something comes with the new chart alone.
        shop.install("web", &shop.chart("1.0.0", "1.0.0").head("appVersion: \"1.0\""), &[]);
        let minor = ["web", "--version", "1.1.0", "--yes", "--timeout", "8s"];
        let run = shop.upgrade(&minor);
        ended(&run, 5, "failed-kept", "hook");
        assert_eq!(result(&run)["failure"]["code"], "hook", "{run}");
        assert!(!result(&run)["commands"].as_array().is_none_or(Vec::is_empty), "{run}");
        assert_eq!(shop.helm.newest("web"), "2 failed shop-1.1.0");
        let record = result(&run)["record"].as_str().unwrap_or_default().to_owned();
        let record = shop.run(&["history", "show", &record, "-o", "json"]).exits(0).json();
        assert!(
            record["record"]["said"].as_str().is_some_and(|said| said.contains("UPGRADE FAILED")),
            "{record:#}"
        );
        let run = shop.upgrade(&["api", "--version", "1.0.1", "--yes", "--timeout", "8s"]);
        ended(&run, 4, "rolled-back", "hook");
        assert_eq!(shop.helm.newest("api"), "3 deployed shop-1.0.0");
        // A patch of the chart that brings the next major of what it deploys is no patch.
        let run = shop.upgrade(&["api", "--version", "1.0.2", "--yes", "--timeout", "8s"]);
        ended(&run, 5, "failed-kept", "hook");
        assert_eq!(shop.helm.newest("api"), "4 failed shop-1.0.2");
        assert_eq!(shop.said("api", "note"), "default of 1.0.0");
        // What was kept is remembered for whoever takes it back, by hand or not.
        let commands = result(&run)["commands"].to_string();
        assert!(commands.contains("forget release/api -n"), "{run}");
        let row = shop.row("release/api");
        assert!(!row.to_string().contains("1.0.2"), "{row}");
        assert_eq!(row["candidate"]["tag"], "1.1.0", "{row}");
        let back = ["rollback", "release/web", "--yes", "-o", "json", "--soak", "0s"];
        ended(&shop.run(&back), 0, "succeeded", "");
        assert_eq!(shop.helm.newest("web"), "3 deployed shop-1.0.0");
    });
}

#[test]
fn a_chart_with_an_image_that_is_not_there_is_never_begun() {
    both(|major| {
        let shop = Shop::open(major, &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.77")]);
        let audit = bed().audit();
        let run = shop.upgrade(&["web", "--yes"]);
        assert!(run.exits(3).stderr.contains("1.0.77"), "{run}");
        let auto = shop.apply(&["--auto", "--only", "helm"]);
        assert_eq!(auto.exits(0).json()["results"], serde_json::json!([]), "{auto}");
        assert_eq!(shop.writes(&audit), Vec::<String>::new());
        assert_eq!(shop.helm.history("web"), ["1 deployed shop-1.0.0"]);
        // So is one whose hook names it.
        let text = hook("pre-upgrade", &shop.image("1.0.78"), "");
        shop.publish(&[shop.chart("1.0.2", "1.0.0").template("hook.yaml", &text)]);
        let run = shop.upgrade(&["web", "--yes"]);
        assert!(run.exits(3).stderr.contains("1.0.78"), "{run}");
        // And one whose digest nobody has, whatever its tag names.
        let gone = format!("{}@sha256:{}", shop.image("1.0.1"), "0".repeat(64));
        let pinned =
            shop.chart("1.0.3", "1.0.1").template("pinned.yaml", &hook("pre-upgrade", &gone, ""));
        shop.publish(&[pinned]);
        let run = shop.upgrade(&["web", "--yes"]);
        assert!(run.exits(3).stderr.contains("sha256:000"), "{run}");
        assert_eq!(shop.helm.history("web"), ["1 deployed shop-1.0.0"]);
    });
}

#[test]
fn an_image_that_does_not_run_where_its_pods_may_land_needs_a_yes() {
    let shop = Shop::open("helm4", &[("1.0.0", "1.0.0")]);
    let on_arm = hook("post-upgrade", &shop.image("1.0.1"), "suspend: true")
        .replace("restartPolicy:", "nodeSelector: {kubernetes.io/arch: arm64}, restartPolicy:");
    assert!(on_arm.contains("arm64"), "{on_arm}");
    shop.publish(&[shop.chart("1.0.1", "1.0.1").template("hook.yaml", &on_arm)]);
    let auto = shop.upgrade(&["web", "--auto"]);
    assert!(auto.exits(3).stderr.contains("it is not built for linux/arm64"), "{auto}");
    assert_eq!(shop.helm.history("web"), ["1 deployed shop-1.0.0"]);
    let dry = shop.upgrade(&["web", "--yes", "--dry-run"]);
    let seen = dry.exits(0).json()["previews"][0].clone();
    assert!(seen["unfit_images"][0].as_str().is_some_and(|one| one.contains("arm64")), "{seen:#}");
}

#[test]
fn what_cannot_be_rendered_or_is_refused_changes_nothing() {
    both(|major| {
        let shop = Shop::open(major, &[("1.0.0", "1.0.0")]);
        let broken = "{{ required \"say whose it is\" .Values.owner }}";
        shop.publish(&[shop.chart("1.0.1", "1.0.1").template("broken.yaml", broken)]);
        let run = shop.upgrade(&["web", "--yes"]);
        assert!(run.exits(3).stderr.contains("say whose it is"), "{run}");
        assert_eq!(shop.helm.history("web"), ["1 deployed shop-1.0.0"]);
        // A kind that the cluster does not have.
        let odd = "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: thing}\n";
        shop.publish(&[shop.chart("1.0.2", "1.0.1").template("thing.yaml", odd)]);
        let run = shop.upgrade(&["web", "--yes"]);
        assert!(run.exits(3).stderr.contains("Thing"), "{run}");
        assert_eq!(shop.helm.history("web"), ["1 deployed shop-1.0.0"]);
        assert_eq!(shop.tag("web"), "1.0.0");
    });
}

#[test]
fn what_only_the_server_refuses_is_put_back() {
    both(|major| {
        let shop = Shop::open(major, &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
        let deny = crate::bed::Verdict::Deny("not on fridays".to_owned());
        let webhook = crate::bed::Admission::new(deny).only_for_real().of(&["deployments"]);
        let webhook = shop.namespace.admission(&webhook);
        let run = shop.upgrade(&["web", "--yes"]);
        if major == "helm3" {
            // The Deployment was not changed, so that nobody is asked about it on the way back.
            ended(&run, 4, "rolled-back", "not on fridays");
        } else {
            ended(&run, 5, "inconsistent", "not on fridays");
            assert_eq!(shop.helm.newest("web"), "3 failed shop-1.0.0");
            let told = format!("helm -n {} rollback web 1", shop.namespace.name());
            assert!(result(&run)["commands"].to_string().contains(&told), "{run}");
        }
        assert_eq!(result(&run)["failure"]["code"], "helm", "{run}");
        drop(webhook);
        assert_eq!(shop.tag("web"), "1.0.0");
        let back = shop.run(&["rollback", "release/web", "--yes", "-o", "json", "--soak", "0s"]);
        back.exits(0);
        assert!(shop.helm.newest("web").ends_with("deployed shop-1.0.0"), "{back}");
        assert_eq!(shop.said("web", "note"), "default of 1.0.0");
    });
}
