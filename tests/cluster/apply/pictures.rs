//! The picture of a rollback in the README, drawn from what a real one prints. `UPDATE_README=1 cargo test
//! --test cluster pictures` draws it anew.

use std::path::Path;

use super::{CRASH, Stage};
use crate::bed::picture::svg;
use crate::bed::{bed, sure};

const COLUMNS: u16 = 120;

#[test]
fn the_picture_of_a_rollback_tells_what_happens() {
    let stage = Stage::new(&["1.0.0", CRASH]);
    stage.deploy("web", "1.0.0");
    let place = ["-n", stage.namespace.name(), "--color", "always"];
    let run = stage.program.run(&[&["apply", "deploy/web", "--yes"][..], &place].concat());
    // As on a terminal: the plan, what happens meanwhile, how it ended.
    let (plan, end) =
        run.exits(4).stdout.split_once("\u{1b}[1mOBJECT").unwrap_or((&run.stdout, ""));
    let printed = format!("{plan}{}\u{1b}[1mOBJECT{end}", run.stderr);
    for words in ["putting the old version back", "failed and rolled back", "CrashLoopBackOff"] {
        assert!(printed.contains(words), "{words}: {run}");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures/rollback.svg");
    if std::env::var_os("UPDATE_README").is_some() {
        let repository = format!("{}/{}", bed().registry().host(), stage.repository);
        // Names of the same length, so that every column stays where it is.
        let told = printed
            .replace(&repository, "registry.example.com/checkout/app")
            .replace(stage.namespace.name(), "shop-checkout");
        sure(std::fs::write(
            &path,
            svg("kubectl safe-update apply deploy/web --yes", &told, COLUMNS),
        ));
    }
    let kept = sure(std::fs::read_to_string(&path));
    for words in ["apply deploy/web --yes", "failed and rolled back", "CrashLoopBackOff"] {
        assert!(kept.contains(words), "{words}: UPDATE_README=1 draws {} anew", path.display());
    }
}
