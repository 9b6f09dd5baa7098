//! Reading, order and size of steps; the properties that hold for every tag.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::super::image::Tag;
use super::*;

fn tag(text: &str) -> Tag {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn version(text: &str) -> Version {
    match read(&tag(text)) {
        Reading::Version(version) => version,
        other => panic!("{text} is read as {other:?}"),
    }
}

/// Numeric version, prefix and variant of a tag.
#[track_caller]
fn check(text: &str, numeric: &str, prefix: &str, variant: &str) {
    let read = version(text);
    assert_eq!(
        (&*read.numeric(), read.prefix(), read.variant()),
        (numeric, prefix, variant),
        "{text}"
    );
}

#[test]
fn a_tag_is_prefix_version_and_variant() {
    check("1.25.3", "1.25.3", "", "");
    check("v1.25.3-alpine3.19", "1.25.3", "v", "-alpine3.19");
    check("16-3.4-alpine", "3.4", "16-", "-alpine");
    check("16-jammy", "16", "", "-jammy");
    check("9-1123.1717074713", "9", "", "-#");
    check("jdk-11.0.2.7-alpine-slim", "11.0.2.7", "jdk-", "-alpine-slim");
    check("x86_64-17", "17", "x86_64-", "");
    check("18-jammy-full.s6-v0.88.0", "18", "", "-jammy-full.s6-v0.88.0");
    check("2.11.1-pg15", "2.11.1", "", "-pg15");
    check("7.4.0RC6-fpm-buster", "7.4.0-rc.6", "", "-fpm-buster");
    check("2.0.0-M1", "2.0.0-milestone.1", "", "");
    check("1.2.3-rc.1-alpine", "1.2.3-rc.1", "", "-alpine");
    check("v2.3.0-rc.0.18.g1abb7b5dd-ppc64le", "2.3.0-rc.0.18", "v", "-ppc64le");
    check("v25.2-ls209", "25.2", "v", "-ls#");
    check("15.4.0-debian-11-r45", "15.4.0", "", "-debian-11-r#");
    check("17.0.9_9-jdk", "17.0.9", "", "_#-jdk");
    check("8.7-923.1669829893", "8.7", "", "-#");
    check("8.7-1049", "8.7", "", "-#");
    check("7.1-9658143", "7.1", "", "-%");
    check("7.1-0.3.1", "7.1", "", "-0.3.1");
    check("v3.9.0-177-ged5bcde", "3.9.0", "v", "-#-g@");
    check("2019-CU27-ubuntu-20.04", "2019", "", "-CU#-ubuntu-20.04");
    check("2.1.0-cu118", "2.1.0", "", "-cu118");
    check("v1.11.1-eksbuild.4", "1.11.1", "v", "-eksbuild.#");
    check("21-ea-32", "21", "", "-ea-#");
    check("2024-01-15-abc1234", "2024.1.15", "", "-@");
    check("RELEASE.2023-11-20T22-40-07Z", "2023.11.20.22.40.7", "RELEASE.", "");
    check("main-1a2b3c4-1700000000", "1700000000", "main-@-", "");
    check("4.8-20250909-windowsservercore-ltsc2022", "4.8", "", "-#-windowsservercore-ltsc2022");
    check("b3561", "3561", "b", "");
    check("1.0.0.abc1234", "1.0.0", "", ".@");
}

#[test]
fn what_has_no_version_is_told_apart() {
    let kind = |text: &str| match read(&tag(text)) {
        Reading::Version(_) => "version",
        Reading::Floating => "floating",
        Reading::Hash => "hash",
        Reading::Artifact => "artifact",
    };
    for text in ["latest", "alpine", "alpine3.19", "jdk17", "bookworm", "ltsc2022", "pr-12", "_"] {
        assert_eq!(kind(text), "floating", "{text}");
    }
    let whole = "309403913c7f0848e6616446edec909b55d53571";
    for text in [whole, "abc1234", "sha-abc1234", "sha-1234567", "main-0a1b2c3"] {
        assert_eq!(kind(text), "hash", "{text}");
    }
    let digest = format!("sha256-{}", "ab".repeat(32));
    for text in ["1.0.0.sig", "1.0.0.att", "1.0.0.sbom", &digest, &format!("{digest}.sig")] {
        assert_eq!(kind(text), "artifact", "{text}");
    }
}

#[test]
fn schemes_are_told_apart() {
    let scheme = |text: &str| version(text).scheme().to_string();
    assert_eq!(scheme("1.2.3"), "numbers");
    assert_eq!(scheme("123456"), "numbers");
    assert_eq!(scheme("2024.1"), "calendar");
    assert_eq!(scheme("20240115"), "yyyymmdd");
    assert_eq!(scheme("20241399"), "numbers");
    assert_eq!(scheme("240115"), "yymmdd");
    assert_eq!(scheme("202401151230"), "time-stamp");
    assert_eq!(scheme("2024-01-15"), "dashed-date");
    assert_eq!(scheme("main-1a2b3c4-1700000000"), "epoch");
}

#[test]
fn the_first_part_that_differs_is_the_bump() {
    let bump = |from: &str, to: &str| {
        let (from, to) = (version(from), version(to));
        assert_eq!(from.compare(&to), Some(Ordering::Less), "{from} < {to}");
        from.bump_to(&to)
    };
    assert_eq!(bump("1.2.3", "2.0.0"), Bump::Major);
    assert_eq!(bump("1.2.3", "1.3.0"), Bump::Minor);
    assert_eq!(bump("1.2.3", "1.2.4"), Bump::Patch);
    assert_eq!(bump("1.2.3.4", "1.2.3.5"), Bump::Patch);
    assert_eq!(bump("1.2", "1.3"), Bump::Minor);
    assert_eq!(bump("8", "9"), Bump::Major);
    assert_eq!(bump("1.2.3-ls1", "1.2.3-ls2"), Bump::Patch);
    assert_eq!(bump("1.2.3-20240115", "1.2.3-20240116"), Bump::Patch);
    assert_eq!(bump("1.2.3-ls2", "1.3.0-ls1"), Bump::Minor);
    assert_eq!(bump("1.2.3-rc1", "1.2.3-rc2"), Bump::Prerelease);
    assert_eq!(bump("1.2.3-rc1", "1.2.3"), Bump::Patch);
    assert_eq!(bump("1.2.3-rc1", "1.3.0"), Bump::Minor);
    assert_eq!(bump("20240115", "20250101"), Bump::Minor);
    assert_eq!(bump("20240115-1", "20240115-2"), Bump::Patch);
    assert_eq!(bump("2024-01-15", "2025-01-01"), Bump::Minor);
    assert_eq!(bump("20230915.3", "20231011.1"), Bump::Minor);
    assert_eq!(bump("20230915.3", "20230915.4"), Bump::Patch);
    assert_eq!(bump("2024.1.0", "2025.1.0"), Bump::Major);
    assert_eq!(bump("11.0.16_8", "11.0.16.1_1"), Bump::Patch);
}

#[test]
fn a_break_is_no_step() {
    let breaks = |from: &str, to: &str| version(from).breaks_scheme(&version(to));
    assert!(breaks("10.11.4", "2021.12.16"));
    assert!(breaks("8", "608111629"));
    assert!(breaks("5.1.2", "20.04.1"));
    assert!(breaks("1.5", "1.20240115"));
    assert!(!breaks("17.10", "18.04"));
    assert!(!breaks("2023.12.1", "2024.01.0"));
    assert!(!breaks("777", "999"));
    assert!(!breaks("master-3", "master-7000"));
    assert!(!breaks("99999999999999999999", "100000000000000000000"));
}

#[test]
fn a_newer_base_is_told_from_another_variant() {
    let newer = |from: &str, to: &str| version(from).has_newer_base(&version(to));
    assert!(newer("1-alpine3.9", "1-alpine3.10"));
    assert!(newer("1.0-bullseye", "1.0-bookworm"));
    assert!(newer("1.0.0-debian-11-r5", "1.0.0-debian-12-r0"));
    assert!(newer("4.8.1-windowsservercore-ltsc2019", "4.8.1-windowsservercore-ltsc2022"));
    for (from, to) in [
        ("1.0-bookworm", "1.0-bullseye"),
        ("1.0-bookworm", "1.0-noble"),
        ("1.0-alpine", "1.0-alpine3.20"),
        ("1.0-alpine3.20", "1.0-alpine3.19"),
        ("1.0-alpine3.19-node20", "1.0-alpine3.20-node18"),
        ("1.0-arm32v6", "1.0-arm32v7"),
        ("1.0-linux-i386", "1.0-linux-i686"),
        ("1.0-slim", "1.0-slim"),
    ] {
        assert!(!newer(from, to), "{from} -> {to}");
    }
}

/// Tags that look like real ones, so that many of them are comparable.
fn real_tag() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        4 => (0u32..13).prop_map(|n| n.to_string()),
        1 => Just("08".to_owned()),
        1 => Just("20240115".to_owned()),
        1 => Just("123456789012345678901".to_owned()),
        1 => Just("2024".to_owned()),
    ];
    let body = prop::collection::vec(number, 1..4).prop_map(|parts| parts.join("."));
    let prefix = prop::sample::select(vec!["", "v", "jdk-", "main-abc1234-", "x86_64-"]);
    let suffix = prop::sample::select(vec![
        "",
        "",
        "-alpine",
        "-alpine3.19",
        "-alpine3.20",
        "-rc1",
        "-rc10",
        "-beta.2",
        "rc3",
        "-ls7",
        "-ls12",
        "_3",
        "_10",
        "-5",
        "-7.1",
        "-debian-12-r3",
        "-g0a1b2c3",
        "-20240115",
        "-dev-3",
        "-bookworm",
        "-bullseye",
        "-rc2-alpine",
        "-k3s1",
    ]);
    (prefix, body, suffix).prop_map(|(prefix, body, suffix)| format!("{prefix}{body}{suffix}"))
}

proptest! {
    #[test]
    fn no_tag_panics(text in "[A-Za-z0-9_][A-Za-z0-9._-]{0,127}") {
        if let Reading::Version(version) = read(&tag(&text)) {
            prop_assert_eq!(version.compare(&version), Some(Ordering::Equal));
            prop_assert!(!version.has_newer_base(&version));
            prop_assert!(!version.breaks_scheme(&version));
            let _ = version.numeric();
        }
    }

    #[test]
    fn no_near_tag_panics(text in "[0-9a-g._vTZ-]{1,60}") {
        if let Ok(tag) = text.parse::<Tag>()
            && let Reading::Version(version) = read(&tag)
        {
            prop_assert_eq!(version.compare(&version), Some(Ordering::Equal));
        }
    }

    #[test]
    fn the_order_is_total_within_what_is_comparable(
        (a, b, c) in (real_tag(), real_tag(), real_tag()),
    ) {
        let (a, b, c) = (version(&a), version(&b), version(&c));
        prop_assert_eq!(a.compare(&b), b.compare(&a).map(Ordering::reverse));
        let order = [a.order(&b), b.order(&c), a.order(&c)];
        if order[0].is_le() && order[1].is_le() {
            prop_assert!(order[2].is_le(), "{} {} {}", a, b, c);
        }
        let base = [a.order_base(&b), b.order_base(&c), a.order_base(&c)];
        prop_assert_eq!(a.order_base(&b), b.order_base(&a).reverse());
        if base[0].is_le() && base[1].is_le() {
            prop_assert!(base[2].is_le(), "{} {} {}", a, b, c);
        }
        if a.has_newer_base(&b) {
            prop_assert_eq!(base[0], Ordering::Less);
            prop_assert!(!b.has_newer_base(&a));
        }
    }

    #[test]
    fn strict_versions_order_as_semantic_versioning_has_it(
        left in (0u64..30, 0u64..30, 0u64..30), right in (0u64..30, 0u64..30, 0u64..30),
        pre_left in pre_release(), pre_right in pre_release(),
    ) {
        let text = |(a, b, c): (u64, u64, u64), pre: &str| format!("{a}.{b}.{c}{pre}");
        let (left, right) = (text(left, &pre_left), text(right, &pre_right));
        let theirs = |text: &str| semver::Version::parse(text).expect("strict");
        let expected = theirs(&left).cmp(&theirs(&right));
        prop_assert_eq!(version(&left).compare(&version(&right)), Some(expected), "{} {}", left, right);
    }

    #[test]
    fn long_numbers_order_as_numbers(left in any::<u128>(), right in any::<u128>()) {
        let text = |number: u128| format!("v1.{number}.0");
        let order = version(&text(left)).order(&version(&text(right)));
        prop_assert_eq!(order, left.cmp(&right));
    }
}

/// Nothing, or a pre-release word with dotted numbers.
fn pre_release() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec!["alpha", "beta", "milestone", "pre", "preview", "rc"]);
    prop_oneof![
        Just(String::new()),
        (word, prop::collection::vec(0u32..120, 0..3)).prop_map(|(word, numbers)| {
            numbers.iter().fold(format!("-{word}"), |text, number| format!("{text}.{number}"))
        }),
    ]
}
