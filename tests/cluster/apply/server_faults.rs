//! Trouble with the API server is waited out, and is never a reason to roll back.

use std::time::{Duration, Instant};

use super::{CRASH, MINUTE, Stage, ended, result};
use crate::bed::{Answer, Fault, Proxy, SafeUpdate, bed};

/// A stage whose program goes through a proxy.
fn stage() -> (Stage, Proxy, SafeUpdate) {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    let proxy = bed().proxy();
    let program = bed().program().kubeconfig(&proxy.kubeconfig());
    (stage, proxy, program)
}

const APPLY: [&str; 6] = ["apply", "--auto", "-o", "json", "--soak", "1s"];

#[test]
fn a_server_that_is_gone_for_a_while_is_waited_for() {
    let (stage, proxy, program) = stage();
    let args = [&APPLY[..4], &["--soak", "6s", "-n", stage.namespace.name()]].concat();
    let child = program.spawn(&args);
    stage.wait_for_tag("deploy/web", "1.0.1");
    proxy.partition();
    std::thread::sleep(Duration::from_secs(10));
    proxy.heal();
    ended(&child.wait(MINUTE), 0, "succeeded", "done");
    assert_eq!(stage.tag("deploy/web"), "1.0.1");
}

#[test]
fn errors_of_the_server_while_watching_are_no_failure() {
    let (stage, proxy, program) = stage();
    let changed = Answer::status(500, "etcdserver: leader changed");
    proxy.fault(Fault::on("WATCH", "").times(5).answers(changed.clone()));
    proxy.fault(Fault::on("READ", "/pods").times(2).answers(changed));
    let run = stage.run_by(&program, &APPLY);
    ended(&run, 0, "succeeded", "done");
    assert!(proxy.strikes()[0] > 0, "{:?}", proxy.strikes());
}

#[test]
fn a_write_whose_answer_is_lost_is_not_repeated() {
    for lost in ["dropped", "504"] {
        let (stage, proxy, program) = stage();
        let write = || Fault::on("PATCH", "/deployments/web").nth(2);
        proxy.fault(match lost {
            "dropped" => write().drops_after_forward(),
            _ => write().answers_after_forward(Answer::status(504, "timeout")),
        });
        ended(&stage.run_by(&program, &APPLY), 0, "succeeded", "done");
        assert_eq!(proxy.strikes()[0], 1, "{lost}");
        let requests = proxy.requests();
        let writes = requests.iter().filter(|asked| {
            asked.method == "PATCH"
                && asked.path.ends_with("/deployments/web")
                && !asked.query.contains("dryRun")
        });
        assert_eq!(writes.count(), 1, "{lost}");
        assert_eq!(stage.field("deploy/web", ".metadata.generation"), "2", "{lost}");
    }
}

#[test]
fn a_write_that_did_not_arrive_is_made_again() {
    for lost in ["dropped", "silent"] {
        let (stage, proxy, program) = stage();
        let write = Fault::on("PATCH", "/deployments/web").nth(2);
        proxy.fault(if lost == "silent" { write.stays_silent() } else { write.drops() });
        let run = stage.run_by(&program, &[&APPLY[..], &["--request-timeout", "2s"]].concat());
        ended(&run, 0, "succeeded", "done");
        assert_eq!(stage.field("deploy/web", ".metadata.generation"), "2", "{lost}");
    }
}

#[test]
fn a_server_that_wants_a_day_is_not_waited_for() {
    let (stage, proxy, program) = stage();
    let busy = Answer::status(429, "too many requests").header("retry-after", "86400");
    proxy.fault(Fault::on("PATCH", "/deployments/web").answers(busy));
    let begun = Instant::now();
    let args = [&APPLY[..], &["--request-timeout", "5s", "-n", stage.namespace.name()]].concat();
    let run = program.spawn(&args).wait(2 * MINUTE);
    ended(&run, 9, "abandoned", "nothing was written");
    assert!(begun.elapsed() < Duration::from_secs(100));
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
}

#[test]
fn after_the_write_a_silent_server_leaves_the_outcome_unknown_and_resume_finishes() {
    let (stage, proxy, program) = stage();
    let write = Fault::on("PATCH", "/deployments/web").nth(2);
    proxy.fault(write.partitions_after_forward());
    let args = [&APPLY[..], &["--progress-deadline", "6s", "--request-timeout", "2s"]].concat();
    let run = stage.run_by(&program, &args);
    ended(&run, 8, "unknown", "");
    assert_eq!(stage.tag("deploy/web"), "1.0.1");
    proxy.heal();
    // Another machine, with nothing but the Lease.
    stage.lease_expires("web");
    let other = bed().program();
    let run = stage.run_by(&other, &["resume", "deploy/web", "-o", "json", "--soak", "1s"]);
    ended(&run, 0, "succeeded", "done");
    assert!(result(&run)["record"].is_string(), "{run}");
}

#[test]
fn a_socket_that_stays_silent_before_the_write_ends_the_run_with_nothing_written() {
    for (method, path) in [("READ", ""), ("READ", "/leases/")] {
        let (stage, proxy, program) = stage();
        proxy.fault(Fault::on(method, path).stays_silent());
        let run = stage.run_by(&program, &[&APPLY[..], &["--request-timeout", "1s"]].concat());
        let said = [run.exits(9).stdout.as_str(), &run.stderr].concat();
        assert!(said.contains("no answer within 1 s"), "{method} {path}: {run}");
        assert!(proxy.strikes()[0] > 0, "{method} {path}");
        assert_eq!(stage.field("deploy/web", ".metadata.generation"), "1", "{method} {path}");
    }
}

#[test]
fn a_server_that_falls_silent_after_the_write_leaves_the_outcome_unknown() {
    let (stage, proxy, program) = stage();
    let args = ["--progress-deadline", "6s", "--request-timeout", "1s", "--soak", "30s"];
    let place = ["-n", stage.namespace.name()];
    let child = program.spawn(&[&APPLY[..4], &args, &place].concat());
    stage.wait_for_tag("deploy/web", "1.0.1");
    proxy.fault(Fault::on("", "").stays_silent());
    proxy.cut_watches();
    ended(&child.wait(MINUTE), 8, "unknown", "");
    assert_eq!(stage.tag("deploy/web"), "1.0.1");
    proxy.heal();
    stage.lease_expires("web");
    let run = stage.run(&["resume", "deploy/web", "-o", "json", "--soak", "1s"]);
    ended(&run, 0, "succeeded", "done");
}

#[test]
fn an_undo_whose_answer_is_lost_is_found_and_the_version_is_known_bad() {
    for lost in ["dropped", "504"] {
        let (stage, proxy, program) = stage();
        bed().registry().push_tags(&stage.repository, &[CRASH]);
        // The dry run, the write, the undo.
        let undo = || Fault::on("PATCH", "/deployments/web").nth(3);
        proxy.fault(match lost {
            "dropped" => undo().drops_after_forward(),
            _ => undo().answers_after_forward(Answer::status(504, "timeout")),
        });
        let run = stage.run_by(&program, &APPLY);
        ended(&run, 4, "rolled-back", "CrashLoopBackOff");
        assert_eq!(proxy.strikes()[0], 1, "{lost}");
        assert_eq!(stage.tag("deploy/web"), "1.0.0");
        // Known bad: the next best is taken, and not the same once more.
        ended(&stage.run_by(&program, &APPLY), 0, "succeeded", "done");
        assert_eq!(stage.tag("deploy/web"), "1.0.1");
    }
}

#[test]
fn a_bulk_run_that_misses_a_whole_kind_does_not_end_well() {
    let (stage, proxy, program) = stage();
    proxy.fault(Fault::on("READ", "/deployments").stays_silent());
    let run = stage.run_by(&program, &[&APPLY[..], &["--request-timeout", "1s"]].concat());
    assert!(run.exits(9).stderr.contains("deployments.apps"), "{run}");
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
}

#[test]
fn a_lease_that_cannot_be_made_is_trouble_and_not_another_run() {
    let (stage, proxy, program) = stage();
    proxy.fault(Fault::on("POST", "/leases").stays_silent());
    let run = stage.run_by(&program, &[&APPLY[..], &["--request-timeout", "1s"]].concat());
    ended(&run, 9, "abandoned", "leases");
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
}
