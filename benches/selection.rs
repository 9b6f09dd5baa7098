//! Selecting among many tags, in memory. `cargo bench --bench selection`.

#![expect(clippy::expect_used, reason = "a benchmark ends where its own text is malformed")]

use divan::{Bencher, black_box};
use safe_update::actions::explain::image_among;
use safe_update::domain::candidate::{Catalog, Criteria, shortlist, verdicts};
use safe_update::domain::image::{ImageReference, Tag};

fn main() {
    divan::main();
}

/// A list as large repositories have it: versions in four variants, pre-releases, floating names,
/// hashes and signatures.
fn tags(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| {
            let (major, minor, patch) = (number / 1000, number / 40 % 25, number / 8 % 5);
            match number % 8 {
                0 => format!("{major}.{minor}.{patch}"),
                1 => format!("{major}.{minor}.{patch}-alpine"),
                2 => format!("{major}.{minor}.{patch}-alpine3.{}", 15 + number % 6),
                3 => format!("{major}.{minor}.{patch}-bookworm"),
                4 => format!("{major}.{minor}"),
                5 => format!("{major}.{minor}.{patch}-rc{}", number % 4),
                6 => format!("sha256-{number:064x}.sig"),
                _ => format!("build-{number:07x}"),
            }
        })
        .collect()
}

fn current() -> Tag {
    "1.2.3-alpine".parse().expect("a tag")
}

#[divan::bench(args = [1_000, 10_000, 100_000])]
fn read_catalog(bencher: Bencher<'_, '_>, count: usize) {
    let tags = tags(count);
    bencher.bench(|| black_box(&tags).iter().collect::<Catalog>());
}

#[divan::bench(args = [1_000, 10_000, 100_000])]
fn shortlist_one(bencher: Bencher<'_, '_>, count: usize) {
    let catalog: Catalog = tags(count).iter().collect();
    bencher.bench(|| shortlist(&current(), black_box(&catalog), &Criteria::default()));
}

#[divan::bench(args = [1_000, 10_000, 100_000])]
fn every_reason(bencher: Bencher<'_, '_>, count: usize) {
    let catalog: Catalog = tags(count).iter().collect();
    bencher.bench(|| verdicts(&current(), black_box(&catalog), &Criteria::default()).len());
}

/// What `explain --tags-from` does between reading the file and printing.
#[divan::bench(args = [10_000])]
fn explain(bencher: Bencher<'_, '_>, count: usize) {
    let tags = tags(count);
    let reference: ImageReference = "nginx:1.2.3-alpine".parse().expect("a reference");
    bencher.bench(|| {
        let catalog: Catalog = black_box(&tags).iter().collect();
        image_among(&reference, &catalog, false, &Criteria::default()).tags.len()
    });
}
