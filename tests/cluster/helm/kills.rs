//! A helm that is killed, and a run that is: the release comes to be deployed again, in its old or in
//! its new version.

use super::{Shop, WHILE, hook, reasons};
use crate::apply::{CRASH, MINUTE, ended};
use crate::bed::{Chart, Run, Running, bed, both, is_alive, kill, within};

/// A release, and an upgrade of it that waits in a hook until that is let go.
struct Held {
    shop: Shop,
    run: Running,
    helm: u32,
    event: &'static str,
}

impl Held {
    #[track_caller]
    fn at(major: &str, event: &'static str) -> Self {
        let shop = Shop::new(major);
        let chart = |version: &str, tag: &str| -> Chart {
            let text = hook(event, &shop.image("1.0.0"), "suspend: true");
            shop.chart(version, tag).template("hook.yaml", &text)
        };
        shop.publish(&[chart("1.0.0", "1.0.0"), chart("1.0.1", "1.0.1")]);
        shop.install("web", &chart("1.0.0", "1.0.0"), &[]);
        let upgrade = ["upgrade", "web", "--yes", "-o", "json", "--soak", "1s"];
        let run = shop.program.spawn(&[&upgrade[..], &["-n", shop.namespace.name()]].concat());
        shop.wait_for(&format!("job/web-{event}"));
        assert_eq!(shop.helm.newest("web"), "2 pending-upgrade shop-1.0.1");
        let helm = shop.helm.child_of(&run);
        Self { shop, run, helm, event }
    }

    /// Lets the hook do its work.
    #[track_caller]
    fn goes_on(&self) {
        let job = format!("job/web-{}", self.event);
        let go = ["patch", &job, "--type=merge", "-p", r#"{"spec":{"suspend":false}}"#];
        self.shop.namespace.kubectl(&go).exits(0);
    }
}

#[track_caller]
fn resume(shop: &Shop) -> Run {
    shop.lease_expires("web");
    shop.run(&["resume", "release/web", "-o", "json", "--soak", "1s"])
}

/// Whatever happened, one version stands whole, and nothing is left to be taken up.
#[track_caller]
fn stands(shop: &Shop, newest: &str, tag: &str) {
    assert_eq!(shop.helm.newest("web"), newest);
    assert_eq!(shop.tag("web"), tag);
    assert_eq!(shop.said("web", "note"), format!("default of {tag}"));
    let again = resume(shop);
    assert_eq!(again.exits(0).json()["results"], serde_json::json!([]), "{again}");
    shop.run(&["audit", "verify"]).exits(0);
}

#[test]
fn a_helm_that_is_killed_is_put_back() {
    both(|major| {
        for event in ["pre-upgrade", "post-upgrade"] {
            let Held { shop, run, helm, .. } = Held::at(major, event);
            kill(helm);
            ended(&run.wait(MINUTE), 4, "rolled-back", "pending-upgrade");
            stands(&shop, "3 deployed shop-1.0.0", "1.0.0");
        }
    });
}

#[test]
fn a_run_that_is_killed_leaves_its_helm_at_work_and_takes_it_up_afterwards() {
    both(|major| {
        let held = Held::at(major, "post-upgrade");
        let (shop, helm) = (&held.shop, held.helm);
        held.run.signal("KILL");
        ended(&resume(shop), 7, "busy", "still works on it");
        let unlock = shop.upgrade(&["web", "--yes", "--unlock"]);
        assert!(unlock.exits(7).stderr.contains("still works on it"), "{unlock}");
        assert!(is_alive(helm), "resume has ended helm");
        assert_eq!(shop.helm.newest("web"), "2 pending-upgrade shop-1.0.1");
        held.goes_on();
        assert!(within(WHILE, || (!is_alive(helm)).then_some(())).is_some(), "helm hangs");
        ended(&resume(shop), 0, "succeeded", "");
        stands(shop, "2 deployed shop-1.0.1", "1.0.1");
    });
}

#[test]
fn a_run_that_is_killed_with_its_helm_is_put_back() {
    both(|major| {
        for event in ["pre-upgrade", "post-upgrade"] {
            let Held { shop, run, helm, .. } = Held::at(major, event);
            run.signal("KILL");
            kill(helm);
            let status = shop.run(&["status"]);
            assert!(status.exits(0).stdout.contains("release/web"), "{status}");
            let row = shop.row("release/web");
            assert!(reasons(&row).contains("; begun by admin ("), "{row}");
            ended(&resume(&shop), 4, "rolled-back", "");
            stands(&shop, "3 deployed shop-1.0.0", "1.0.0");
        }
    });
}

#[test]
fn a_rollback_that_is_killed_is_taken_up() {
    both(|major| {
        let shop = Shop::new(major);
        let text = hook("pre-rollback", &shop.image("1.0.0"), "suspend: true");
        let chart = |version: &str, tag: &str| -> Chart {
            shop.chart(version, tag).template("hook.yaml", &text)
        };
        shop.publish(&[chart("1.0.0", "1.0.0"), chart("1.0.1", CRASH)]);
        shop.install("web", &chart("1.0.0", "1.0.0"), &[]);
        let place = ["-n", shop.namespace.name()];
        let upgrade = ["upgrade", "web", "--yes", "-o", "json", "--soak", "1s"];
        let run = shop.program.spawn(&[&upgrade[..], &place].concat());
        shop.wait_for("job/web-pre-rollback");
        assert_eq!(shop.helm.newest("web"), "3 pending-rollback shop-1.0.0");
        let helm = shop.helm.child_of(&run);
        run.signal("KILL");
        kill(helm);
        shop.namespace.kubectl(&["delete", "job/web-pre-rollback"]).exits(0);
        shop.lease_expires("web");
        let taken_up = ["resume", "release/web", "-o", "json", "--soak", "1s"];
        let taken_up = shop.program.spawn(&[&taken_up[..], &place].concat());
        shop.wait_for("job/web-pre-rollback");
        let held = Held { shop, run: taken_up, helm, event: "pre-rollback" };
        held.goes_on();
        let Held { shop, run, .. } = held;
        ended(&run.wait(MINUTE), 4, "rolled-back", "");
        stands(&shop, "4 deployed shop-1.0.0", "1.0.0");
    });
}

#[test]
fn another_machine_waits_as_long_as_its_helm_may_be_at_work() {
    let Held { mut shop, run, helm, .. } = Held::at("helm4", "pre-upgrade");
    run.signal("KILL");
    kill(helm);
    let elsewhere = shop.helm.caller(bed().program());
    let here = std::mem::replace(&mut shop.program, elsewhere);
    let waits = resume(&shop);
    ended(&waits, 7, "busy", "may still work on it until 2");
    assert_eq!(shop.helm.newest("web"), "2 pending-upgrade shop-1.0.1");
    let elsewhere = std::mem::replace(&mut shop.program, here);
    ended(&resume(&shop), 4, "rolled-back", "");
    stands(&shop, "3 deployed shop-1.0.0", "1.0.0");

    // Once that helm has had its time, it goes back from there, too.
    let Held { mut shop, run, helm, .. } = Held::at("helm3", "pre-upgrade");
    run.signal("KILL");
    kill(helm);
    shop.program = shop.helm.caller(bed().program());
    shop.lease_expires("web");
    shop.began_long_ago("web", 2);
    ended(&resume(&shop), 4, "rolled-back", "");
    stands(&shop, "3 deployed shop-1.0.0", "1.0.0");
    drop(elsewhere);
}

#[test]
fn an_interrupt_leaves_helm_to_end_its_work() {
    let held = Held::at("helm3", "pre-upgrade");
    held.run.signal("INT");
    held.goes_on();
    let Held { shop, run, helm, .. } = held;
    let stopped = run.wait(MINUTE);
    ended(&stopped, 8, "unknown", "");
    assert!(!is_alive(helm), "helm was left alone: {stopped}");
    ended(&resume(&shop), 0, "succeeded", "");
    stands(&shop, "2 deployed shop-1.0.1", "1.0.1");
}
