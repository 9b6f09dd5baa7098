//! What was done is remembered, and can be taken back.

use super::Shop;
use crate::apply::{ended, result};
use crate::bed::both;

#[test]
fn an_upgrade_is_recorded_and_taken_back() {
    both(|major| {
        let shop = Shop::open(major, &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1"), ("1.1.0", "1.1.0")]);
        let first = shop.upgrade(&["web", "--yes"]);
        ended(&first, 0, "succeeded", "done");
        let record = result(&first)["record"].as_str().unwrap_or_default().to_owned();
        shop.upgrade(&["web", "--version", "1.1.0", "--yes"]).exits(0);
        let history = shop.run(&["history", "release/web"]);
        assert!(history.exits(0).stdout.contains(&record), "{history}");
        let shown = shop.run(&["history", "show", &record]);
        let text = &shown.exits(0).stdout;
        assert!(text.contains("1.0.0") && text.contains("1.0.1"), "{shown}");
        // The last one first; then one by its name, past what came after it.
        let back = ["rollback", "release/web", "-o", "json", "--soak", "0s"];
        let last = shop.run(&[&back[..], &["--yes"]].concat());
        ended(&last, 0, "succeeded", "");
        assert_eq!(shop.helm.newest("web"), "4 deployed shop-1.0.1");
        assert_eq!(shop.tag("web"), "1.0.1");
        let rehearsal = shop.run(&[&back[..], &["--to", &record, "--dry-run"]].concat());
        ended(&rehearsal, 0, "rehearsed", "nothing was written");
        assert_eq!(shop.helm.newest("web"), "4 deployed shop-1.0.1");
        let named = shop.run(&[&back[..], &["--to", &record, "--yes"]].concat());
        ended(&named, 0, "succeeded", "");
        assert_eq!(shop.helm.newest("web"), "5 deployed shop-1.0.0");
        assert_eq!(shop.tag("web"), "1.0.0");
        assert_eq!(shop.said("web", "note"), "default of 1.0.0");
        shop.run(&["audit", "verify"]).exits(0);
        // Asked for again: it is so.
        shop.run(&[&back[..], &["--yes"]].concat()).exits(0);
        assert_eq!(shop.helm.newest("web"), "5 deployed shop-1.0.0");
    });
}

#[test]
fn what_was_never_upgraded_here_has_no_way_back() {
    let shop = Shop::open("helm3", &[("1.0.0", "1.0.0")]);
    let run = shop.run(&["rollback", "release/web", "--yes"]);
    assert!(run.exits(3).stderr.contains("release/web"), "{run}");
    let run = shop.run(&["resume", "release/web"]);
    assert!(run.exits(0).stderr.contains("Nothing was left unfinished"), "{run}");
    let run = shop.run(&["resume", "release/absent"]);
    assert_ne!(run.code, Some(0), "{run}");
}

#[test]
fn a_saved_plan_is_carried_out_or_stale() {
    both(|major| {
        let shop = Shop::open(major, &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
        shop.run(&["plan", "--only", "helm", "--out", "plan.json"]).exits(0);
        ended(&shop.apply(&["plan.json", "--yes"]), 0, "succeeded", "done");
        assert_eq!(shop.helm.newest("web"), "2 deployed shop-1.0.1");
        // What is there already is nothing to do.
        let again = shop.apply(&["plan.json", "--yes"]);
        assert_eq!(again.exits(0).json()["results"], serde_json::json!([]), "{again}");
        let old = shop.chart("1.0.0", "1.0.0");
        shop.install("api", &old, &[]);
        shop.run(&["plan", "release/api", "--out", "api.json"]).exits(0);
        let directory = crate::bed::shown(&shop.helm.unpacked(&old));
        shop.helm.run(&["upgrade", "api", &directory, "--set", "greeting=since"]);
        shop.apply(&["api.json", "--yes"]).exits(6);
        assert_eq!(shop.helm.newest("api"), "2 deployed shop-1.0.0");
    });
}
