//! Releases in other states than deployed, and records in other places than Secrets.

use super::{Shop, hook, proposed, reasons};
use crate::apply::ended;
use crate::bed::{Chart, Helm, bed, both, kill};

#[test]
fn what_a_dead_helm_left_is_held_and_busy() {
    both(|major| {
        let shop = Shop::new(major);
        let text = hook("pre-upgrade", &shop.image("1.0.0"), "suspend: true");
        let chart =
            |version: &str| -> Chart { shop.chart(version, "1.0.0").template("hook.yaml", &text) };
        shop.publish(&[chart("1.0.0"), chart("1.0.1")]);
        shop.install("web", &chart("1.0.0"), &[]);
        let directory = crate::bed::shown(&shop.helm.unpacked(&chart("1.0.1")));
        let mut helm = crate::bed::sure(shop.helm.command(&["upgrade", "web", &directory]).spawn());
        shop.wait_for("job/web-pre-upgrade");
        kill(helm.id());
        let _ = helm.wait();
        let row = shop.row("release/web");
        assert_eq!(row["decision"], "held", "{row}");
        let reasons = reasons(&row);
        assert!(reasons.contains("revision 2 is pending-upgrade since 20"), "{reasons}");
        let audit = bed().audit();
        for run in [shop.upgrade(&["web", "--yes"]), shop.apply(&["release/web=1.0.1", "--yes"])] {
            assert!(run.exits(7).stderr.contains("pending-upgrade"), "{run}");
        }
        let auto = shop.apply(&["--auto", "--only", "helm"]);
        assert_eq!(auto.exits(0).json()["results"], serde_json::json!([]), "{auto}");
        // That helm may still be at work.
        let early = shop.upgrade(&["web", "--yes", "--unlock"]);
        assert!(early.exits(7).stderr.contains("may still work on it until 2"), "{early}");
        assert_eq!(shop.writes(&audit), Vec::<String>::new());
        assert_eq!(shop.helm.newest("web"), "2 pending-upgrade shop-1.0.1");

        // When it has certainly ended, the release is freed, and goes on from where it was.
        shop.began_long_ago("web", 2);
        shop.publish(&[shop.chart("1.0.2", "1.0.2")]);
        let run = shop.upgrade(&["web", "--yes", "--unlock"]);
        ended(&run, 0, "succeeded", "done");
        assert!(run.stderr.contains("is free: its last deployed revision is back"), "{run}");
        assert_eq!(shop.helm.newest("web"), "4 deployed shop-1.0.2");
        assert_eq!(shop.helm.history("web")[2], "3 superseded shop-1.0.0");
        assert_eq!(shop.tag("web"), "1.0.2");
        // It is recorded as any other change.
        let history = shop.run(&["history", "release/web", "-o", "json"]).exits(0).json();
        let of = |at: usize| {
            let record = &history["records"][at];
            format!("{} {}", record["outcome"], record["why"])
        };
        assert!(of(0).contains("succeeded"), "{history:#}");
        let freed = of(1);
        assert!(
            freed.contains("rolled-back")
                && freed.contains("left by another helm: pending-upgrade since"),
            "{history:#}"
        );
    });
}

#[test]
fn a_failed_revision_above_a_deployed_one_is_left_to_whom_it_names() {
    both(|major| {
        let shop = Shop::open(major, &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
        let odd = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NOT_A_NAME}\n";
        let odd = shop.chart("1.0.0", "1.0.0").template("odd.yaml", odd);
        let directory = crate::bed::shown(&shop.helm.unpacked(&odd));
        shop.helm.fails(&["upgrade", "web", &directory]);
        assert_eq!(shop.helm.newest("web"), "2 failed shop-1.0.0");
        assert_eq!(proposed(&shop.row("release/web")), "1.0.1 patch auto held");
        ended(&shop.upgrade(&["web", "--yes"]), 0, "succeeded", "done");
        assert_eq!(shop.helm.newest("web"), "3 deployed shop-1.0.1");
        assert_eq!(shop.tag("web"), "1.0.1");
    });
}

#[test]
fn what_a_newer_major_wrote_is_no_work_for_an_older() {
    let shop = Shop::open("helm4", &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
    let older = Helm::new("helm3", &shop.namespace);
    older.knows(&[("stable", &shop.server.url("stable"))]);
    let older = older.caller(bed().program());
    for args in [&["upgrade", "web", "--yes", "--dry-run"][..], &["upgrade", "web", "--yes"]] {
        let run = older.run(&[args, &["-n", shop.namespace.name()]].concat());
        assert!(run.exits(3).stdout.contains("Helm 4 wrote this release"), "{run}");
    }
    assert_eq!(shop.helm.history("web"), ["1 deployed shop-1.0.0"]);
}

#[test]
fn what_was_typed_wrong_or_may_not_be_seen_is_told_by_the_code() {
    let shop = Shop::open("helm3", &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
    let bad = crate::bed::shown(&shop.helm.file("bad.yaml", "a: [\n"));
    let run = shop.upgrade(&["web", "--yes", "-f", &bad]);
    assert!(
        run.exits(1).stderr.contains(&bad) && !run.stderr.contains("safe-update-values"),
        "{run}"
    );
    shop.upgrade(&["web", "--yes", "--set", "a"]).exits(1);
    let user = shop.namespace.restricted_user("blind", "[]");
    let program = bed().program().kubeconfig(&user);
    for args in [&["plan", "--only", "helm"][..], &["apply", "--auto", "--only", "helm", "-q"]] {
        let run = program.run(args);
        assert!(run.exits(9).stderr.contains("not allowed to"), "{run}");
    }
    assert_eq!(shop.helm.history("web"), ["1 deployed shop-1.0.0"]);
}

#[test]
fn what_is_uninstalled_is_no_row() {
    both(|major| {
        let shop = Shop::open(major, &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
        shop.helm.run(&["uninstall", "web", "--keep-history"]);
        assert!(shop.helm.newest("web").starts_with("1 uninstalled"));
        let plan = shop.run(&["plan", "-o", "json", "--only", "helm"]);
        assert_eq!(plan.exits(0).json()["proposals"], serde_json::json!([]), "{plan}");
        let named = shop.upgrade(&["web", "--yes"]);
        assert!(named.exits(1).stderr.contains("release/web"), "{named}");
    });
}

#[test]
fn records_in_config_maps_are_as_good() {
    both(|major| {
        let shop = Shop::with(major, "configmap");
        let charts = [shop.chart("1.0.0", "1.0.0"), shop.chart("1.0.1", "1.0.1")];
        shop.publish(&charts);
        shop.install("web", &charts[0], &[]);
        ended(&shop.upgrade(&["web", "--yes"]), 0, "succeeded", "done");
        assert_eq!(shop.helm.newest("web"), "2 deployed shop-1.0.1");
        let back = ["rollback", "release/web", "--yes", "-o", "json", "--soak", "0s"];
        ended(&shop.run(&back), 0, "succeeded", "");
        assert_eq!(shop.helm.newest("web"), "3 deployed shop-1.0.0");
        let secrets = shop.namespace.kubectl(&["get", "secrets", "-l", "owner=helm", "-o", "name"]);
        assert_eq!(secrets.exits(0).stdout, "");
    });
}

#[test]
fn records_in_a_database_are_refused_in_clear_words() {
    let shop = Shop::open("helm4", &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
    let program = shop.helm.caller(bed().program()).env("HELM_DRIVER", "sql");
    let shop = Shop { program, ..shop };
    let run = shop.upgrade(&["web", "--yes"]);
    assert!(run.stderr.contains("HELM_DRIVER=sql"), "{run}");
    assert!(matches!(run.code, Some(1 | 9)), "{run}");
    // What is no release goes on.
    let plan = shop.run(&["plan", "-o", "json"]);
    assert!(plan.exits(0).stderr.contains("HELM_DRIVER=sql"), "{plan}");
    assert_eq!(super::row(&plan, "deploy/web")["decision"], "blocked", "{plan}");
}
