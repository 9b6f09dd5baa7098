//! What an update costs the API server, and that many at once lose none.

use super::{Stage, ended};
use crate::bed::bed;

#[test]
fn one_update_asks_the_server_at_most_a_dozen_times() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    let audit = bed().audit();
    ended(
        &stage.run(&["apply", "deploy/web", "--auto", "-o", "json", "--soak", "0s"]),
        0,
        "succeeded",
        "done",
    );
    let tally = audit.tally("safe-update", stage.namespace.name());
    // Twelve for the update; four to read the target, its budgets, its pull secrets and its Lease before.
    assert!(tally.total() <= 16, "{tally:#?}");
    assert!(tally.writes() <= 4, "{tally:#?}");
}

#[test]
fn many_at_once_lose_no_update() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    let names: Vec<String> = (0..12).map(|number| format!("web-{number:02}")).collect();
    for name in &names {
        let manifest = crate::bed::deployment(name, &stage.image("1.0.0"));
        stage.namespace.create_from(&manifest);
    }
    for name in &names {
        stage.namespace.wait_rolled_out(&format!("deployment/{name}"));
    }
    let run =
        stage.run(&["apply", "--auto", "-o", "json", "--soak", "0s", "--max-in-flight", "12"]);
    let results = run.exits(0).json()["results"].as_array().map_or(0, Vec::len);
    assert_eq!(results, names.len(), "{run}");
    for name in &names {
        assert_eq!(stage.tag(&format!("deploy/{name}")), "1.0.1", "{name}");
        assert_eq!(stage.field(&format!("deploy/{name}"), ".metadata.generation"), "2", "{name}");
    }
}

#[test]
fn after_a_failure_nothing_more_is_begun() {
    let stage = Stage::new(&["1.0.0", super::CRASH]);
    for name in ["a", "b", "c"] {
        stage.deploy(name, "1.0.0");
    }
    let run = stage.run(&["apply", "--auto", "-o", "json", "--soak", "0s"]);
    let json = run.exits(4).json();
    let results = json["results"].as_array().expect("results");
    let begun = results.iter().filter(|result| result["record"].is_string()).count();
    assert_eq!((results.len(), begun), (3, 1), "{run}");
    for name in ["a", "b", "c"] {
        assert_eq!(stage.tag(&format!("deploy/{name}")), "1.0.0");
    }
}
