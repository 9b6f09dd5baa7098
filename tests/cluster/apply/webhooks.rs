//! Admission: a denial is a refusal before anything is written, a rewritten image is noticed.

use super::{Stage, ended};
use crate::bed::{Admission, Verdict};

fn stage() -> Stage {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    stage
}

#[test]
fn a_denial_is_a_refusal_and_nothing_is_written() {
    let stage = stage();
    let denies = Admission::new(Verdict::Deny("no updates on fridays".into()));
    let _webhook = stage.namespace.admission(&denies);
    ended(&stage.apply(&["--auto"]), 3, "refused", "no updates on fridays");
    assert_eq!(stage.field("deploy/web", ".metadata.generation"), "1");
}

#[test]
fn a_webhook_that_rewrites_the_image_is_noticed_in_the_dry_run() {
    let stage = stage();
    let other = stage.image("9.9.9");
    let _webhook = stage.namespace.admission(&Admission::new(Verdict::Image(other.clone())));
    ended(&stage.apply(&["--auto"]), 3, "refused", &other);
    assert_eq!(stage.field("deploy/web", ".metadata.generation"), "1");
}

#[test]
fn a_webhook_that_only_acts_for_real_is_noticed_and_undone() {
    let stage = stage();
    let other = stage.image("1.0.7");
    let rewrites = Admission::new(Verdict::Image(other.clone())).only_for_real();
    let webhook = stage.namespace.admission(&rewrites);
    let run = stage.apply(&["--auto"]);
    assert!(!webhook.reviews().is_empty());
    // It rewrites the undo as well, so the old version cannot come back: that is said, not hidden.
    ended(&run, 5, "inconsistent", &other);
    assert!(run.stdout.contains("kubectl -n"), "{run}");
}
