//! Upgrades that work: which version, with which values.

use super::Shop;
use crate::apply::{MINUTE, ended};
use crate::bed::{bed, both, sure, tool};

#[test]
fn each_step_keeps_the_values_of_the_user_and_takes_new_defaults() {
    both(|major| {
        let shop = Shop::new(major);
        let charts =
            [("1.0.0", "1.0.0"), ("1.0.1", "1.0.1"), ("1.1.0", "1.1.0"), ("2.0.0", "2.0.0")]
                .map(|(version, tag)| shop.chart(version, tag));
        shop.publish(&charts);
        shop.install("web", &charts[0], &["--set", "greeting=mine"]);
        ended(&shop.upgrade(&["web", "--auto"]), 0, "succeeded", "soaked 1 s");
        assert_eq!(shop.helm.newest("web"), "2 deployed shop-1.0.1");
        assert_eq!(shop.tag("web"), "1.0.1");
        assert_eq!(shop.said("web", "greeting"), "mine");
        assert_eq!(shop.said("web", "note"), "default of 1.0.1");
        // A minor step wants a yes, and a major one its version.
        let auto = shop.upgrade(&["web", "--auto"]);
        assert!(auto.exits(3).stderr.contains("minor"), "{auto}");
        let set = ["web", "--version", "1.1.0", "--yes", "--set", "note=said"];
        ended(&shop.upgrade(&set), 0, "succeeded", "done");
        assert_eq!(shop.helm.newest("web"), "3 deployed shop-1.1.0");
        assert_eq!(shop.said("web", "greeting"), "mine");
        assert_eq!(shop.said("web", "note"), "said");
        let yes = shop.upgrade(&["web", "--yes"]);
        assert!(yes.exits(3).stderr.contains("release/web=2.0.0"), "{yes}");
        let file = shop.helm.file("mine.yaml", "greeting: from a file\n");
        let file = ["web", "--version", "2.0.0", "--yes", "-f", &crate::bed::shown(&file)];
        ended(&shop.upgrade(&file), 0, "succeeded", "done");
        assert_eq!(shop.helm.newest("web"), "4 deployed shop-2.0.0");
        assert_eq!(shop.tag("web"), "2.0.0");
        assert_eq!(shop.said("web", "greeting"), "from a file");
        assert_eq!(shop.said("web", "note"), "said");
        assert_eq!(shop.helm.history("web").len(), 4);
    });
}

#[test]
fn of_several_at_once_one_upgrades() {
    both(|major| {
        let shop = Shop::open(major, &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
        let place = ["-n", shop.namespace.name(), "-o", "json", "--soak", "1s"];
        let args = [&["upgrade", "web", "--yes"][..], &place].concat();
        // From here twice, and from another machine.
        let other = shop.helm.caller(bed().program());
        let runs = [shop.program.spawn(&args), shop.program.spawn(&args), other.spawn(&args)];
        let mut codes: Vec<_> = runs.into_iter().map(|run| run.wait(MINUTE).code).collect();
        codes.sort_unstable();
        assert_eq!(codes[0], Some(0), "{codes:?}");
        // The others were too late: busy, stale, or there was nothing left to do.
        assert!(codes.iter().all(|code| matches!(code, Some(0 | 6 | 7))), "{codes:?}");
        assert_eq!(shop.helm.history("web"), ["1 superseded shop-1.0.0", "2 deployed shop-1.0.1"]);
        shop.run(&["audit", "verify"]).exits(0);
    });
}

#[test]
fn what_changed_since_it_was_looked_at_is_not_upgraded() {
    let shop = Shop::open("helm4", &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
    let args = ["upgrade", "web", "--soak", "1s", "-n", shop.namespace.name()];
    let mut run = shop.program.terminal(&args);
    run.wait_for("[y, n", MINUTE);
    let old = crate::bed::shown(&shop.helm.unpacked(&shop.chart("1.0.0", "1.0.0")));
    shop.helm.run(&["upgrade", "web", &old, "--set", "greeting=since"]);
    run.types("y\n");
    let run = run.wait(MINUTE);
    assert!(run.exits(6).stdout.contains("what helm stored of it was changed since"), "{run}");
    assert_eq!(shop.helm.newest("web"), "2 deployed shop-1.0.0");
    assert_eq!(shop.said("web", "greeting"), "since");
}

#[test]
fn helm_is_found_on_the_path() {
    let shop = Shop::open("helm4", &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
    let bin = shop.program.home().join("bin");
    sure(std::fs::create_dir_all(&bin));
    sure(std::os::unix::fs::symlink(tool("helm4"), bin.join("helm")));
    // Empty means unset.
    let program = shop.helm.caller(bed().program()).env("HELM_BIN", "").env("PATH", &bin);
    program
        .run(&["upgrade", "web", "--auto", "--soak", "1s", "-n", shop.namespace.name()])
        .exits(0);
    assert_eq!(shop.helm.newest("web"), "2 deployed shop-1.0.1");
}

#[test]
fn values_can_be_reset_or_kept_with_the_old_defaults() {
    let shop = Shop::open("helm4", &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
    let old = shop.chart("1.0.0", "1.0.0");
    shop.install("api", &old, &["--set", "greeting=mine"]);
    shop.install("old", &old, &["--set", "greeting=mine"]);
    shop.upgrade(&["api", "--yes", "--reset-values"]).exits(0);
    assert_eq!(shop.said("api", "greeting"), "hello");
    assert_eq!(shop.said("api", "note"), "default of 1.0.1");
    shop.upgrade(&["old", "--yes", "--reuse-values"]).exits(0);
    assert_eq!(shop.said("old", "greeting"), "mine");
    assert_eq!(shop.said("old", "note"), "default of 1.0.0");
    assert_eq!(shop.tag("old"), "1.0.0");
    assert_eq!(shop.helm.newest("old"), "2 deployed shop-1.0.1");
}

#[test]
fn apply_upgrades_releases_too() {
    both(|major| {
        let shop = Shop::open(major, &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1"), ("1.1.0", "1.1.0")]);
        let old = shop.chart("1.0.0", "1.0.0");
        shop.install("api", &old, &[]);
        ended(&shop.apply(&["release/web", "--yes"]), 0, "succeeded", "done");
        assert_eq!(shop.helm.newest("web"), "2 deployed shop-1.0.1");
        assert_eq!(shop.helm.newest("api"), "1 deployed shop-1.0.0");
        // What a release owns is not patched beside it.
        let auto = shop.apply(&["--auto"]);
        ended(&auto, 0, "succeeded", "done");
        assert_eq!(shop.helm.newest("api"), "2 deployed shop-1.0.1");
        assert_eq!(shop.tag("api"), "1.0.1");
        ended(&shop.apply(&["release/api=1.1.0", "--yes"]), 0, "succeeded", "done");
        assert_eq!(shop.helm.newest("api"), "3 deployed shop-1.1.0");
        let absent = shop.apply(&["release/api=9.9.9", "--yes"]);
        assert!(absent.exits(3).stderr.contains("9.9.9 is not published"), "{absent}");
        let (json, why) = (absent.json(), "9.9.9 is not published");
        assert_eq!(json["exit"], 3, "{absent}");
        assert_eq!(json["results"][0]["outcome"], "refused", "{absent}");
        assert!(json["results"][0]["message"].to_string().contains(why), "{absent}");
        shop.apply(&["release/absent", "--yes"]).exits(1);
    });
}

#[test]
fn a_second_run_has_nothing_to_do() {
    let shop = Shop::open("helm3", &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
    shop.upgrade(&["web", "--yes"]).exits(0);
    let audit = bed().audit();
    let again = shop.upgrade(&["web", "--yes"]);
    assert_eq!(again.exits(0).json()["results"], serde_json::json!([]), "{again}");
    // Values that would not be applied are refused, and not left out in silence.
    for more in
        [&["--set", "note=mine"][..], &["--set", "note=mine", "--auto"], &["--reset-values"]]
    {
        let consent = if more.contains(&"--auto") { &[][..] } else { &["--yes"] };
        let run = shop.upgrade(&[&["web"], consent, more].concat());
        let message = run.exits(3).json()["results"][0]["message"].to_string();
        assert!(message.contains("values alone are not changed from here"), "{run}");
        assert!(message.contains("--version 1.0.1"), "{run}");
    }
    let unlock = shop.upgrade(&["web", "--yes", "--unlock"]);
    assert!(unlock.exits(0).stderr.contains("there is nothing to unlock"), "{unlock}");
    assert_eq!(shop.writes(&audit), Vec::<String>::new());
    assert_eq!(shop.helm.newest("web"), "2 deployed shop-1.0.1");
}

#[test]
fn a_dry_run_writes_nothing() {
    both(|major| {
        let shop = Shop::open(major, &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
        let audit = bed().audit();
        let run = shop.upgrade(&["web", "--dry-run"]);
        ended(&run, 0, "rehearsed", "nothing was written");
        let seen = run.json()["previews"][0].clone();
        assert_eq!(seen["ground"]["same"], true, "{seen:#}");
        assert_eq!(seen["preview"]["images"][0]["bump"], "patch", "{seen:#}");
        assert_eq!(shop.writes(&audit), Vec::<String>::new());
        assert_eq!(shop.helm.history("web"), ["1 deployed shop-1.0.0"]);
        assert_eq!(shop.namespace.kubectl(&["get", "leases", "-o", "name"]).exits(0).stdout, "");
    });
}

#[test]
fn without_a_release_it_is_a_plan_of_all() {
    let shop = Shop::open("helm4", &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
    let plan = shop.run(&["upgrade", "-o", "json"]);
    let rows = plan.exits(0).json()["proposals"].as_array().map(Vec::len);
    assert_eq!(rows, Some(1), "{plan}");
    // The preview says what would change, on a terminal or in words.
    let preview = shop.run(&["upgrade", "web", "--dry-run"]);
    let stdout = &preview.exits(0).stdout;
    for words in ["shop-1.0.0", "1.0.1", "settings", "default of 1.0.1"] {
        assert!(stdout.contains(words), "{words}: {preview}");
    }
}
