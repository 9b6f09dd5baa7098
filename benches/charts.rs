//! Reading an index of charts of 20 MB. `cargo bench --bench charts` prints the time and the memory
//! that one run takes, offline, from a copy on disk.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints its figures and ends where it cannot measure"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use safe_update::adapters::charts::{ChartSettings, Environment, HelmCharts};
use safe_update::adapters::clock;
use safe_update::adapters::registry::{CredentialSources, Registries, RegistrySettings};
use safe_update::domain::chart::ChartSource;
use safe_update::ports::charts::Charts as _;

/// Versions of each chart.
const VERSIONS: usize = 50;

fn main() {
    // `cargo test --benches` only wants to see that it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let home = tempfile::tempdir().expect("a directory");
    let (yaml, json) = indexes(20 << 20);
    let repositories = "repositories:\n- name: yaml\n  url: https://yaml.test\n- name: json\n  url: https://json.test\n";
    std::fs::write(home.path().join("repositories.yaml"), repositories).expect("a file");
    for (name, text) in [("yaml", &yaml), ("json", &json)] {
        let path = home.path().join(format!("{name}-index.yaml"));
        std::fs::write(path, text).expect("a file");
    }
    println!(
        "{} charts, YAML {} MB, JSON {} MB",
        yaml.matches("\n  chart-").count(),
        yaml.len() >> 20,
        json.len() >> 20
    );
    drop((yaml, json));
    for name in ["yaml", "json"] {
        for count in [1, 20, usize::MAX] {
            runtime.block_on(measure(home.path(), name, count));
        }
    }
}

async fn measure(home: &Path, name: &str, count: usize) {
    let environment = Environment {
        repositories: Some(home.join("repositories.yaml")),
        repository_cache: Some(home.into()),
        registry_config: None,
        plugins: None,
    };
    let mut settings = ChartSettings::default();
    settings.cache.offline = true;
    let registries = Arc::new(Registries::new(
        RegistrySettings::default(),
        CredentialSources::default(),
        None,
        Arc::new(clock::now),
    ));
    let charts = HelmCharts::new(environment, settings, registries, Arc::new(clock::now));
    let url = format!("https://{name}.test").into();
    let source = ChartSource::Index { url, name: Some(name.into()) };
    let wanted: BTreeSet<Arc<str>> = (0..count.min(2_000))
        .map(|number| format!("chart-{}", number * 7 % 2_000).into())
        .collect();
    reset_peak();
    let (before, start) = (peak_kib(), Instant::now());
    let found = charts.published(&source, &wanted).await.expect("an index");
    let (took, peak) = (start.elapsed(), peak_kib());
    let versions: usize = found.charts.iter().map(|(_, versions)| versions.len()).sum();
    println!(
        "{name}, {:>4} charts wanted: {took:>9.1?}, {:>3} MB more at its peak, {versions} versions",
        wanted.len(),
        peak.saturating_sub(before) >> 10
    );
}

/// The kernel's high-water mark of resident memory; Linux only.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or_default()
}

/// Lets the mark begin again at what is used now.
fn reset_peak() {
    drop(std::fs::write("/proc/self/clear_refs", "5"));
}

/// An index as Helm writes it, of that many bytes as YAML, and the same as JSON.
fn indexes(bytes: usize) -> (String, String) {
    let mut yaml = String::from("apiVersion: v1\nentries:\n");
    let mut json = String::from("{\"apiVersion\":\"v1\",\"entries\":{");
    for chart in 0.. {
        if yaml.len() >= bytes {
            break;
        }
        let _ = writeln!(yaml, "  chart-{chart}:");
        let _ = write!(json, "{}\"chart-{chart}\":[", if chart == 0 { "" } else { "," });
        for number in 0..VERSIONS {
            let version = format!("{}.{}.{}", number / 20, number / 5 % 4, number % 5);
            let digest = format!("{:064x}", chart * VERSIONS + number);
            let _ = write!(
                yaml,
                "  - annotations:\n      artifacthub.io/changes: |\n        - kind: added\n          description: Support for topology spread constraints\n      category: Database\n    apiVersion: v2\n    appVersion: \"{version}\"\n    created: \"2024-03-0{day}T10:00:00.123456789Z\"\n    description: A Helm chart for the service {chart}, with everything that it needs to run\n    digest: {digest}\n    home: https://charts.test/chart-{chart}\n    icon: https://charts.test/chart-{chart}.svg\n    keywords:\n    - database\n    - cluster\n    kubeVersion: '>=1.25.0-0'\n    maintainers:\n    - email: someone@charts.test\n      name: Someone\n    name: chart-{chart}\n    urls:\n    - https://charts.test/chart-{chart}-{version}.tgz\n    version: {version}\n",
                day = number % 9 + 1,
            );
            let _ = write!(
                json,
                "{}{{\"annotations\":{{\"category\":\"Database\"}},\"apiVersion\":\"v2\",\"appVersion\":\"{version}\",\"created\":\"2024-03-01T10:00:00Z\",\"description\":\"A Helm chart for the service {chart}, with everything that it needs to run, and with much more besides that nobody asked for\",\"digest\":\"{digest}\",\"home\":\"https://charts.test/chart-{chart}\",\"keywords\":[\"database\",\"cluster\"],\"maintainers\":[{{\"email\":\"someone@charts.test\",\"name\":\"Someone\"}}],\"name\":\"chart-{chart}\",\"urls\":[\"https://charts.test/chart-{chart}-{version}.tgz\"],\"version\":\"{version}\"}}",
                if number == 0 { "" } else { "," },
            );
        }
        json.push(']');
    }
    yaml.push_str("generated: \"2024-03-01T10:00:00Z\"\n");
    json.push_str("}}");
    (yaml, json)
}
