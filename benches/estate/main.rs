//! A plan of a large estate on real servers: 10,000 Deployments, 2,000 images, 500 repositories.
//! `cargo bench --bench estate` starts the bed, fills it (about two minutes), measures and prints a
//! table. Another run can use a bed that is held: `SAFE_UPDATE_BED=DIR` (see tests/bed/README.md),
//! filled by `tests/bed/scale.sh`.
//!
//! Each figure is the median of the runs. Memory is the kernel's high-water mark of the process.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark prints its figures and ends where it cannot measure"
)]

mod bed;
mod delay;
mod measure;

use std::path::Path;

use bed::Bed;
use measure::{Measured, Program, median};

/// Runs a figure.
const RUNS: usize = 3;
/// What every registry request waits in the slow series.
const DELAY_MS: u64 = 80;

fn main() {
    // `cargo test --benches` only wants to see that it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let bed = Bed::open();
    println!("bed: {}", bed.describe());

    let list = median(RUNS, || bed.plain_list());
    row("plain LIST of the deployments (curl)", &list, None);
    let kubectl = median(RUNS, || bed.kubectl_get());
    row("kubectl get deployments -A -o name", &kubectl, None);

    let cold = median(RUNS, || plan(&bed, None, Cache::Cold));
    row("plan -A, cold cache", &cold, Some(("of kubectl", &kubectl)));
    let warm = median(RUNS, || plan(&bed, None, Cache::Warm));
    row("plan -A, warm cache", &warm, Some(("of the LIST", &list)));

    let proxy = delay::Proxy::start(bed.registry(), DELAY_MS);
    let policy = bed.policy_with_mirror(proxy.address());
    let slow = median(RUNS, || plan(&bed, Some(&policy), Cache::Cold));
    row(&format!("plan -A, cold cache, {DELAY_MS} ms a registry request"), &slow, None);
    println!("at most {} requests in flight", proxy.most_in_flight());

    let version = median(21, || Program::new(&bed, "version").run());
    row("version", &version, None);
    let tags = bed.tag_file(10_000);
    let explain =
        median(21, || Program::new(&bed, "explain").arg("nginx:1.2.3").tags_from(&tags).run());
    row("explain with 10,000 tags, as JSON", &explain, None);

    // What a key costs: the shell waits for it.
    for (what, words) in [
        ("a verb completed", &["pl"][..]),
        ("a namespace completed, of 50", &["plan", "-n", ""]),
        ("a target completed, in a namespace of 200 Deployments", &["plan", "-n", "bench-01", ""]),
        ("a container completed", &["plan", "-n", "bench-01", "deploy/app-00001:"]),
    ] {
        let ask = || words.iter().fold(Program::new(&bed, "__complete"), Program::arg);
        row(what, &median(21, || ask().run()), None);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Cache {
    Cold,
    Warm,
}

fn plan(bed: &Bed, policy: Option<&Path>, cache: Cache) -> Measured {
    let mut program = Program::new(bed, "plan").arg("-A").arg("-o").arg("wide");
    if let Some(policy) = policy {
        program = program.arg("--config").arg(policy);
    }
    if cache == Cache::Cold {
        program.forget_cache();
    }
    program.run()
}

fn row(name: &str, measured: &Measured, against: Option<(&str, &Measured)>) {
    let ratio = against.map_or_else(String::new, |(what, other)| {
        format!("  {:.2} {what}", measured.wall.as_secs_f64() / other.wall.as_secs_f64())
    });
    println!(
        "{name:<55} {:>8.1} ms wall {:>8.1} ms CPU {:>6.1} MB{ratio}  {}",
        measured.wall.as_secs_f64() * 1e3,
        measured.cpu.as_secs_f64() * 1e3,
        measured.peak_kib as f64 / 1024.0,
        measured.note,
    );
}
