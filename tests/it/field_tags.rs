//! Tags as projects really write them: what runs, what is published, and what may follow.

use safe_update::domain::candidate::{Catalog, Criteria, shortlist};
use safe_update::domain::image::Tag;

/// What runs; what is published; the highest tag that may be offered (empty: stay); why.
type Case = (&'static str, &'static str, &'static str, &'static str);

const NUMBERS: &[Case] = &[
    ("1.2.3", "1.2.3 1.2.10 1.2.9", "1.2.10", "numbers, not text"),
    ("1.9", "1.10 1.9.9 2", "1.10", "two parts stay two parts"),
    ("3", "4 3.9 3.9.1", "4", "one part stays one part"),
    ("v1.2.3", "1.9.0 v1.2.4 V1.3.0", "v1.2.4", "the mark stays, case included"),
    ("1.2.3", "v9.0.0 release-9.0.0", "", "a mark is not added"),
    ("version-1.2.3", "version-1.3.0 1.4.0", "version-1.3.0", "a word before the version"),
    ("release-1.2", "release-1.3 release-1.2.9", "release-1.3", "a branch of releases"),
    ("1.2.3.4", "1.2.3.5 1.2.4", "1.2.3.5", "four parts"),
    ("1.2.3.4.5", "1.2.3.4.6", "1.2.3.4.6", "five parts"),
    ("24.04.9.2.1", "24.04.13.1.1 25.04.1.1.1", "25.04.1.1.1", "leading zeros in five parts"),
    ("2026.09.1", "2026.10.0 2026.9.2", "2026.10.0", "a leading zero means nothing"),
    ("2024.12.1", "2025.01.0", "2025.01.0", "a calendar may begin to pad"),
    ("17.10", "18.04 18.10", "18.10", "two-digit years rise as numbers"),
    ("20.04", "22.04 jammy 24.04", "24.04", "a distribution's own calendar"),
    ("1.08", "1.8", "", "the same version written another way is not newer"),
    ("1.2.3", "1.2.3-foo 1.2.2", "", "nothing newer"),
    ("0.118.5", "0.118.6 2020.12.0", "0.118.6", "a move to years is named by a person"),
    ("10.11.4", "2021.12.16 10.11.5", "10.11.5", "a retired calendar"),
    ("2021.12.16", "10.11.4", "", "never down, whatever the scheme"),
    ("5.1.2", "5.1.4 20.04.1", "5.1.4", "the release of a distribution beside versions"),
    ("2.0.20231116.0", "2.0.20231218.0 2023.2.20231113.0", "2.0.20231218.0", "two products"),
    ("2023.2.20231113.0", "2023.3.20231218.0", "2023.3.20231218.0", "a year and a date inside"),
    ("v1.13.2", "608111629 v1.13.3", "v1.13.3", "a stray number"),
    ("8", "9 608111629", "9", "a stray number beside one part"),
    ("16", "17 20240101", "17", "a date beside one part"),
    ("9.2.3", "9.2.4 9799770991 12345", "9.2.4", "stray numbers"),
    ("1.4.5", "3050", "", "a lone number is another precision"),
    ("1234567890", "1234567891 1234567889", "1234567891", "a scheme of numbers"),
    (
        "18446744073709551616",
        "18446744073709551617 18446744073709551615",
        "18446744073709551617",
        "numbers beyond 64 bits",
    ),
    (
        "340282366920938463463374607431768211456",
        "340282366920938463463374607431768211457",
        "340282366920938463463374607431768211457",
        "numbers beyond 128 bits",
    ),
    ("1803", "1903 1903-KB4505057 ltsc2019", "1903", "a release of Windows"),
    ("1909", "2004 20H2", "2004", "a number that happens to be a year"),
    ("455.0.0", "456.0.0", "456.0.0", "a fast major"),
];

const VARIANTS: &[Case] = &[
    ("1.25.3-alpine", "1.25.4 1.25.4-alpine 1.25.5-alpine3.19", "1.25.4-alpine", "plain variant"),
    ("1.25.3", "1.25.4-alpine 1.25.4-perl", "", "no variant is added"),
    ("1.25.3-Alpine", "1.25.4-alpine", "", "case is part of the variant"),
    (
        "3.12-slim-bookworm",
        "3.13-slim-trixie 3.13-slim-bookworm",
        "3.13-slim-bookworm",
        "base stays",
    ),
    ("20-alpine3.19", "22-alpine3.20 22-alpine3.19", "22-alpine3.19", "number in the variant"),
    ("16-3.4-alpine", "16-3.5-alpine 17-3.5-alpine", "16-3.5-alpine", "the flavour is prefix"),
    ("2.11.1-pg15", "2.12.0-pg16 2.12.0-pg15", "2.12.0-pg15", "database in the variant"),
    (
        "0.38.0-kafka-3.5.1",
        "0.39.0-kafka-3.6.0 0.39.0-kafka-3.5.1",
        "0.39.0-kafka-3.5.1",
        "other version in the variant",
    ),
    (
        "10.1.15-jdk17-temurin",
        "10.1.16-jdk21-temurin 10.1.16-jdk17-temurin",
        "10.1.16-jdk17-temurin",
        "runtime in the variant",
    ),
    ("jdk-17.0.8", "jdk-17.0.9 jre-17.0.9", "jdk-17.0.9", "flavour before the version"),
    (
        "x86_64-ubuntu-jdk-11.0.1.13-slim",
        "x86_64-ubuntu-jdk-11.0.2.9-slim aarch64-ubuntu-jdk-11.0.2.9-slim",
        "x86_64-ubuntu-jdk-11.0.2.9-slim",
        "processor before the version",
    ),
    (
        "1.10.0_linux_amd64",
        "1.11.0_linux_arm64 1.10.1_linux_amd64",
        "1.10.1_linux_amd64",
        "processor behind the version",
    ),
    (
        "arm64v8-4.0.3",
        "arm64v8-4.0.4 arm32v7-4.0.5",
        "arm64v8-4.0.4",
        "processor glued to a number",
    ),
    (
        "10.0.17763.1234-amd64",
        "10.0.17763.1300-amd64 10.0.17763.1400-arm",
        "10.0.17763.1300-amd64",
        "Windows",
    ),
    (
        "10.0.14393.1066_cs-cz",
        "10.0.14393.1198_de-de 10.0.14393.1198_cs-cz",
        "10.0.14393.1198_cs-cz",
        "language",
    ),
    ("pg14-v0.2.0", "pg15-v0.3.0 pg14-v0.2.1", "pg14-v0.2.1", "a mark behind a prefix"),
    (
        "18-jammy-full.s6-v0.88.0",
        "19-jammy-full.s6-v0.88.0 18-jammy-full.s6-v0.89.0",
        "19-jammy-full.s6-v0.88.0",
        "the number in front is the version",
    ),
    ("fpm-2.1.0-prod", "fpm-2.2.0-prod fpm-2.3.0-dev", "fpm-2.2.0-prod", "both sides"),
    (
        "v1beta2-1.3.8-3.1.1",
        "v1beta2-1.3.9-3.1.1 v1beta2-1.4.0-3.2.0",
        "v1beta2-1.3.9-3.1.1",
        "an interface before the version",
    ),
    (
        "controller-v1.9.4",
        "controller-v1.9.5 helm-chart-4.8.4",
        "controller-v1.9.5",
        "two products in one repository",
    ),
    (
        "3.9.5-eclipse-temurin-17-focal",
        "3.9.6-eclipse-temurin-21-focal 3.9.6-eclipse-temurin-17-focal",
        "3.9.6-eclipse-temurin-17-focal",
        "number behind words",
    ),
    ("2.1.0-cu118", "2.2.0-cu121 2.1.2-cu118", "2.1.2-cu118", "CUDA is no counter"),
    ("5.0.0.Final", "5.0.1.Final 5.1.0.CR1", "5.0.1.Final", "words with dots"),
    ("3.x", "4.x 4.0", "4.x", "a series"),
    (
        "4.0.13-22-trixie",
        "4-22-trixie 4-24-trixie 4.0-22-trixie 4.0-24-trixie 4.0.13-24-trixie 4.0.14-22-trixie 4.0.14-24-trixie",
        "4.0.14-22-trixie",
        "a number that comes back with each release is a flavour",
    ),
];

const COUNTERS: &[Case] = &[
    ("v25.2-ls209", "v25.3-ls212 v25.2-ls210", "v25.3-ls212", "version and counter rise together"),
    ("4.0.3-r0-ls9", "4.0.3-r1-ls10 4.0.4-r0-ls11", "4.0.4-r0-ls11", "two counters"),
    (
        "15.4.0-debian-11-r45",
        "15.5.0-debian-11-r2 15.6.0-debian-12-r0 15.5.0",
        "15.5.0-debian-11-r2",
        "base fixed, revision counted",
    ),
    (
        "17.0.9_9-jdk",
        "17.0.10_7-jdk 17.0.10_7-jre 21_35-jdk",
        "21_35-jdk",
        "a JDK build is complete at any precision",
    ),
    ("11.0.16_8-jdk", "11.0.16.1_1-jdk 11.0.16_7-jdk", "11.0.16.1_1-jdk", "a missing part is zero"),
    ("8u392-b08-jdk", "8u402-b06-jdk 11.0.1_1-jdk", "8u402-b06-jdk", "updates of the old JDK"),
    ("8.7-923.1669829893", "8.7-1049 8.7", "8.7-1049", "release numbers with and without time"),
    ("9.4-949.1717074713", "9.4-1123 9.5-1 9.5", "9.5-1", "a counter begins again"),
    (
        "7.1-0.1",
        "7.2-0.3 7.2-0.3.1 7.2-9658143 7.2-ed7eee0",
        "7.2-0.3",
        "commits and patches are no counters",
    ),
    ("v1.28.4-k3s1", "v1.28.4-k3s2 v1.29.0-k3s1 v1.29.1-rc1-k3s1", "v1.29.0-k3s1", "k3s"),
    ("v1.28.4-rke2r1", "v1.28.5-rke2r1", "v1.28.5-rke2r1", "rke2"),
    ("v1.11.1-eksbuild.4", "v1.11.1-eksbuild.12 v1.11.3-eksbuild.1", "v1.11.3-eksbuild.1", "eks"),
    ("v1.2.3-build20240115", "v1.2.3-build20240221", "v1.2.3-build20240221", "a dated build"),
    (
        "2019-CU25-ubuntu-20.04",
        "2019-CU27-ubuntu-20.04 2019-CU28-ubuntu-22.04",
        "2019-CU27-ubuntu-20.04",
        "cumulative updates",
    ),
    ("1803-KB4487017", "1903-KB4505057 1903_KB4505057", "1903-KB4505057", "knowledge base numbers"),
    ("3.5.10-0", "3.5.12-0 3.5.12", "3.5.12-0", "a package revision"),
    ("7.9.1-1-ubi8", "7.9.1-2-ubi8 7.9.2-1-ubi9", "7.9.1-2-ubi8", "revision before the variant"),
    ("1.2.1-7_base", "1.2.1-12_base 1.2.2-1", "1.2.1-12_base", "revision glued to a variant"),
    ("1.9.3-p547", "1.9.3-p551 1.9.3-p551-slim", "1.9.3-p551", "patch levels"),
    ("3.10-master-777", "3.10-master-999", "3.10-master-999", "builds of a branch"),
    (
        "22-ea-7-windowsservercore-1809",
        "22-ea-9-windowsservercore-1809 22-ea-9",
        "22-ea-9-windowsservercore-1809",
        "the number behind the channel counts, the other stays",
    ),
    (
        "1.2.0-unstable0001",
        "1.2.0-unstable0002",
        "1.2.0-unstable0002",
        "a counter glued to a channel",
    ),
    ("2.9-dev9", "2.9-dev10 2.9", "2.9-dev10", "a channel is left by hand"),
    ("b3561", "b3600 full-b3700", "b3600", "a build number alone"),
    ("server-b3561", "server-b3600 full-b3700", "server-b3600", "a build number behind a flavour"),
    ("master-6140", "master-7178 v1.0.0", "master-7178", "builds of a branch without version"),
    (
        "cf1f086c-ls51",
        "98239515-ls42 ab12cd34-ls52",
        "ab12cd34-ls52",
        "a commit keeps its place only",
    ),
    ("10.4.0-security-01", "10.4.0-security-02 10.4.1", "10.4.0-security-02", "security releases"),
    (
        "7.9.1-1-ubi8",
        "7.9.1-2-ubi8 7.9.2-1-ubi8 7.9.2-2-ubi8",
        "7.9.2-2-ubi8",
        "counters begin again",
    ),
    (
        "v1.27.3-gke.100",
        "v1.27.4-gke.1200 v1.27.3-gke.1700",
        "v1.27.4-gke.1200",
        "builds of a cloud",
    ),
    ("v3.4.3-rancher1-1", "v3.4.3-rancher1-2 v3.4.4", "v3.4.3-rancher1-2", "builds of a vendor"),
    ("1.0.0-dev.3", "1.0.0-dev.10 1.0.0", "1.0.0-dev.10", "builds of a channel with a dot"),
    ("0.1.0-unstable0001", "0.1.0-unstable0002", "0.1.0-unstable0002", "builds glued to a channel"),
    ("8.6-990", "8.7-929 8.7", "8.7-929", "a counter that falls with a new version"),
    ("r1070-ls46", "r1180-ls50", "r1180-ls50", "a revision and a counter"),
    ("v1.0.20200827-ls30", "v1.0.20210914-ls7", "v1.0.20210914-ls7", "a date as third part"),
    ("2.0.0-b12", "2.0.0-b13 2.0.0", "2.0.0-b13", "builds"),
    ("r35.2.1", "r35.3.1 r36.2.0", "r36.2.0", "a revision in parts"),
];

const DATES: &[Case] = &[
    ("20240115", "20240201 240301 1.0", "20240201", "a date is not a short date"),
    ("240115", "240201 20250101", "240201", "a short date is not a date"),
    ("2024-01-15", "2024-02-01 20240301", "2024-02-01", "dashes stay"),
    ("2024-01", "2024-02 2024-02-01", "2024-02", "months"),
    (
        "2024-01-15-abc1234",
        "2024-02-01-0dead12 2024-03-01",
        "2024-02-01-0dead12",
        "date and commit",
    ),
    (
        "20231101-230548-g159857a0b",
        "20231203-230414-gd53f37589",
        "20231203-230414-gd53f37589",
        "date, time, commit",
    ),
    ("v20231011-8b53cabe0", "v20231226-1a7112e06", "v20231226-1a7112e06", "date behind a mark"),
    ("0.0.0-20240115-abcdef", "0.0.0-20240116-123abc", "0.0.0-20240116-123abc", "pseudo versions"),
    (
        "main-1a2b3c4-1700000000",
        "main-ffffff0-1700000001 dev-ffffff0-1800000000",
        "main-ffffff0-1700000001",
        "branch, commit, seconds",
    ),
    ("main-20240115", "main-20240116 20250101", "main-20240116", "branch and date"),
    ("artful-20170826", "artful-20170916 zesty-20170917", "artful-20170916", "code name and date"),
    (
        "bookworm-20231120-slim",
        "bookworm-20231218-slim trixie-20240101-slim",
        "bookworm-20231218-slim",
        "code name, date, variant",
    ),
    (
        "xenial-20160119.1",
        "xenial-20160125 xenial-20160217.2 xenial",
        "xenial-20160217.2",
        "a count behind the date comes and goes",
    ),
    (
        "2.10.0-git-abcdef1",
        "2.11.0-git-1234567 2.12.0",
        "2.11.0-git-1234567",
        "a commit of digits by chance",
    ),
    ("7.1-ed7eee0", "7.2-g7b82110 7.2-7b82110", "7.2-7b82110", "commits are written one way"),
    ("img_20230915.3", "img_20231011.1", "img_20231011.1", "date and count"),
    (
        "RELEASE.2023-11-20T22-40-07Z",
        "RELEASE.2023-12-02T10-51-33Z latest",
        "RELEASE.2023-12-02T10-51-33Z",
        "a whole moment",
    ),
    (
        "RELEASE.2023-11-20T22-40-07Z-cpuv1",
        "RELEASE.2023-12-02T10-51-33Z",
        "",
        "a moment with a variant",
    ),
    (
        "3.3-apache-202209221209",
        "3.3-apache-202402140602 3.3.5-apache-202402140602",
        "3.3-apache-202402140602",
        "rebuild behind the variant",
    ),
    (
        "4.8-20250909-windowsservercore-ltsc2022",
        "4.8-20251014-windowsservercore-ltsc2022 4.8-windowsservercore-ltsc2022",
        "4.8-20251014-windowsservercore-ltsc2022",
        "rebuild before the variant",
    ),
    (
        "v4.12.0-202301042257.p0.g1234567.assembly.stream",
        "v4.12.0-202302042257.p0.gabcdef0.assembly.stream",
        "v4.12.0-202302042257.p0.gabcdef0.assembly.stream",
        "everything at once",
    ),
    ("2023-12-01-ls77", "2024-01-01-ls80", "2024-01-01-ls80", "date and counter"),
    (
        "base-20231126.0.194130",
        "base-20231203.0.196183",
        "base-20231203.0.196183",
        "date first, dots behind",
    ),
    ("3.18", "20230901 3.19", "3.19", "dates of an edge release"),
    ("nightly-2024-01-15", "nightly-2024-01-16 nightly", "nightly-2024-01-16", "dated nightly"),
];

const PRE_RELEASES: &[Case] = &[
    ("1.2.2", "1.2.3-rc.1 1.2.3rc1 1.2.3-beta", "", "from a release never to a pre-release"),
    ("1.2.3-rc9", "1.2.3-rc10 1.2.3-rc8", "1.2.3-rc10", "natural numbers"),
    ("1.2.3-rc.1", "1.2.3 1.2.3-rc.2", "1.2.3", "its own release"),
    ("1.2.3-rc.1", "1.2.4-rc.1 1.3.0-beta.1", "", "not the pre-release of another version"),
    ("1.2.3-beta.2", "1.2.3-rc.1 1.2.3-alpha.9", "1.2.3-rc.1", "words in order"),
    ("3.7.0a1", "3.7.0a2 3.7.0", "3.7.0", "glued words"),
    (
        "7.4.0RC5-fpm-buster",
        "7.4.0RC6-fpm-buster 7.4.0RC7-cli",
        "7.4.0RC6-fpm-buster",
        "glued and with a variant",
    ),
    ("16beta1", "16beta2 16rc1", "16rc1", "glued to one part"),
    ("16beta1-alpine", "16-alpine 17beta1-alpine", "16-alpine", "one part, its own release"),
    ("10.1.0-M16-jdk17", "10.1.0-M17-jdk17 10.1.0-jdk17", "10.1.0-jdk17", "milestones"),
    (
        "8.0.0-preview.7.23375.6",
        "8.0.0-preview.7.23375.9 8.0.0-rc.1.23419.4",
        "8.0.0-rc.1.23419.4",
        "long counts",
    ),
    ("v0.108.0-b.9", "v0.108.0-b.47 v0.107.0", "v0.108.0-b.47", "one letter with a count"),
    ("10.2.0", "10.2.1-62263pre 10.3.0-65810pre", "", "a count before the word"),
    ("1.0.0-dev", "1.5.0-dev 1.6.0", "1.5.0-dev", "a channel stays"),
    ("1.0.0", "1.5.0-SNAPSHOT 1.5.0-nightly 1.5.0-edge 1.1.0", "1.1.0", "no channel is entered"),
    ("2.1.3", "2.10.0 2.10.0pre20220530_929ab5b", "2.10.0", "a dated pre-release"),
    (
        "v3.9.0-177-ged5bcde",
        "v3.10.0-17-gfefefef v3.9.0-181-gbabf17f",
        "v3.10.0-17-gfefefef",
        "git describe",
    ),
];

const NO_ORDER: &[Case] = &[
    ("latest", "1.0.0 2.0.0 stable", "", "a name"),
    ("alpine", "alpine-perl alpine3.19 1.0-alpine", "", "a variant alone"),
    ("bookworm", "trixie sid", "", "a code name alone"),
    ("ltsc2022-amd64", "ltsc2025-amd64", "", "a word with a number"),
    ("sha-abc1234", "sha-def5678 1.0.0", "", "a commit"),
    ("sha-1234567", "sha-9999999", "", "a commit of digits by chance"),
    (
        "309403913c7f0848e6616446edec909b55d53571",
        "1.0.0 ffffffffffffffffffffffffffffffffffffffff",
        "",
        "a whole commit",
    ),
    ("pr-12", "pr-13 pr-14", "", "a change under review"),
    (
        "1.0.0",
        "1.1.0.sig sha256-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.sig 1.1.0.att 1.1.0.sbom",
        "",
        "signatures",
    ),
    ("1.0.0", "1.1.0\n -1.2 1.3.0+build .1.4.0", "", "no tags"),
];

/// Reads a part of a case; the cases are ours, so a malformed one is a failed test.
#[track_caller]
fn parse<T>(text: &str) -> T
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    text.parse().unwrap_or_else(|error| panic!("`{text}`: {error}"))
}

#[track_caller]
fn check(cases: &[Case]) {
    let mut failures = Vec::new();
    for (current, tags, expected, why) in cases {
        let tag: Tag = parse(current);
        let catalog: Catalog = std::iter::once(*current).chain(tags.split(' ')).collect();
        let found = shortlist(&tag, &catalog, &Criteria::default());
        let latest = found.latest().map_or("", |candidate| candidate.tag().as_str());
        if latest != *expected {
            failures.push(format!("{current} -> `{latest}`, expected `{expected}` ({why})"));
        }
    }
    assert!(failures.is_empty(), "{} wrong:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn numbers_rise() {
    check(NUMBERS);
}

#[test]
fn variants_stay() {
    check(VARIANTS);
}

#[test]
fn counters_count() {
    check(COUNTERS);
}

#[test]
fn dates_order_and_commits_do_not() {
    check(DATES);
}

#[test]
fn pre_releases_lead_to_their_release() {
    check(PRE_RELEASES);
}

#[test]
fn what_has_no_order_stays() {
    check(NO_ORDER);
}
