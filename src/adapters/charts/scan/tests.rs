//! The scan against the parser: whatever the scan knows, it knows as the parser does.

#![expect(clippy::format_push_string, reason = "what a test writes need not be quick")]

use proptest::prelude::*;

use super::super::read::whole;
use super::*;

fn wanted(names: &[&str]) -> BTreeSet<Arc<str>> {
    names.iter().map(|name| Arc::from(*name)).collect()
}

fn scanned(text: &str, wanted: &BTreeSet<Arc<str>>) -> Option<Found> {
    scan(&mut text.as_bytes(), wanted).unwrap()
}

/// What the scan and the parser find, as `CHART: VERSION VERSION (UNREADABLE)`; they must agree
/// where the scan knows.
#[track_caller]
fn check(text: &str, known: bool, expected: &str) {
    let wanted = wanted(&["nginx", "redis"]);
    let scan = scanned(text, &wanted);
    let parsed = whole(text.as_bytes(), &wanted);
    assert_eq!(scan.is_some(), known, "{text}");
    if let Some(scan) = scan {
        assert_eq!(Ok(&scan), parsed.as_ref(), "{text}");
    }
    let parsed = match parsed {
        Ok(found) => show(&found),
        Err(error) => error,
    };
    assert_eq!(parsed, expected, "{text}");
}

fn show(found: &Found) -> String {
    let charts = found.iter().map(|(name, versions)| {
        let mut text = format!("{name}:");
        for entry in &versions.entries {
            text += &format!(" {}", entry.version);
        }
        if versions.unreadable > 0 {
            text += &format!(" ({})", versions.unreadable);
        }
        text
    });
    charts.collect::<Vec<_>>().join("; ")
}

#[test]
fn indexes_as_tools_write_them() {
    check(
        "apiVersion: v1\nentries:\n  nginx:\n  - apiVersion: v2\n    created: \"2024-01-01T00:00:00Z\"\n    urls:\n    - https://x/nginx-1.2.3.tgz\n    version: 1.2.3\n  - version: 1.2.2\n  other:\n  - version: 9.9.9\n  redis:\n  - version: 7.0.0\ngenerated: \"2024-01-01T00:00:00Z\"\n",
        true,
        "nginx: 1.2.3 1.2.2; redis: 7.0.0",
    );
    // Deeper lists, a deeper list of entries, a dash alone, and everything quoted (Jackson).
    check(
        "---\n\"apiVersion\": \"v1\"\n\"entries\":\n    \"nginx\":\n      -   \"version\": \"1.0.0\"\n          'urls':\n            - x\n      -\n        version: 2.0.0\n",
        true,
        "nginx: 1.0.0 2.0.0",
    );
    let crlf = "apiVersion: v1\r\nentries:\r\n  nginx:\r\n  - version: 1.0.0\r\n    description: |\r\n      x\r\n";
    check(crlf, true, "nginx: 1.0.0");
    check("\u{feff}entries:\n  nginx:\n  - version: 1.0.0", true, "nginx: 1.0.0");
    check("apiVersion: v1\nentries: {}\n", true, "");
    check("apiVersion: v1\nentries:\n", true, "");
    check("apiVersion: v1\n", true, "");
    check("entries:\n  nginx: []\n  other: [{version: 1}]\n", true, "nginx:");
    check("entries:\n  nginx:\n  redis:\n  - version: 1.0.0\n", true, "nginx:; redis: 1.0.0");
    check(
        "# a\nserverInfo:\n  entries:\n    nginx: x\nlist:\n- entries: 1\nentries: # here\n\n  # names\n  nginx: # one\n\n  # entries\n  - # keys\n    version: 1.0.0 # the version\n# end\n    digest: x\n",
        true,
        "nginx: 1.0.0",
    );
}

#[test]
fn what_looks_like_structure_inside_of_texts_is_none() {
    check(
        "entries:\n  nginx:\n  - description: |\n      entries:\n        nginx:\n        - version: 9.9.9\n\n      # no comment\n    version: 1.0.0\n  other:\n  - description: |-\n      x\n      redis:\n      - version: 8.0.0\n    version: 2.0.0\n",
        true,
        "nginx: 1.0.0",
    );
    check(
        "entries:\n  nginx:\n  - description: \"a\n      version: 9.9.9\n      b\" # c\n    appVersion: 'it''s\n      two'\n    version: 1.0.0\n",
        true,
        "nginx: 1.0.0",
    );
    check(
        "entries:\n  nginx:\n  - annotations:\n      artifacthub.io/changes: |\n        - kind: added\n          description: x & y\n    version: 1.0.0\n    keywords: [a,\n      b]\n",
        true,
        "nginx: 1.0.0",
    );
}

#[test]
fn what_is_wrong_in_one_entry_spoils_no_other() {
    check(
        "entries:\n  nginx:\n  - version: latest\n  - name: x\n  - version: 1.0.0\n    removed: true\n  - version: 2.0.0\n  -\n",
        true,
        "nginx: 2.0.0 (3)",
    );
    // Of what stands there twice the last one counts.
    check(
        "entries:\n  nginx:\n  - version: 1.0.0\n    version: 2.0.0\n  redis:\n  - version: 1.0.0\n  nginx:\n  - version: 3.0.0\n",
        true,
        "nginx: 3.0.0; redis: 1.0.0",
    );
    let wrong = "entries:\n  nginx:\n  - version: [1]\n  - version: 1.0.0\n";
    let found = scanned(wrong, &wanted(&["nginx"])).unwrap();
    assert_eq!(show(&found), "nginx: 1.0.0 (1)");
}

#[test]
fn what_is_not_known_is_left_to_the_parser() {
    for (text, expected) in [
        ("entries: {nginx: [{version: 1.0.0}]}\n", "nginx: 1.0.0"),
        ("entries:\n  nginx: [{version: 1.0.0}]\n", "nginx: 1.0.0"),
        ("entries:\n  nginx:\n    [{version: 1.0.0}]\n", "nginx: 1.0.0"),
        ("entries:\n  nginx:\n  - {version: 1.0.0}\n", "nginx: 1.0.0"),
        ("entries:\n  nginx:\n  - !!map\n    version: 1.0.0\n", "nginx: 1.0.0"),
        ("entries:\n  ? nginx\n  : - version: 1.0.0\n", "nginx: 1.0.0"),
        ("entries:\n  \"n\\x67inx\":\n  - version: 1.0.0\n", "nginx: 1.0.0"),
        ("entries:\n  other: &all\n  - version: 1.0.0\n  nginx: *all\n", "nginx: 1.0.0"),
        (
            "entries:\n  other:\n  - &one\n    version: 1.0.0\n  nginx:\n  - <<: *one\n    digest: x\n",
            "nginx: 1.0.0",
        ),
        (
            "entries:\n  other:\n  - version: 1.0.0\n    annotations: &a\n      x: y\n  nginx:\n  - version: 1.0.0\n    annotations: *a\n",
            "nginx: 1.0.0",
        ),
        ("entries:\n  nginx:\n  - sources:\n    - &v 1.0.0\n    version: *v\n", "nginx: 1.0.0"),
        ("entries:\n  nginx:\n  - urls: [\n    \"x\"\n    ]\n    version: 1.0.0\n", "nginx: 1.0.0"),
        ("%YAML 1.2\n---\nentries:\n  nginx:\n  - version: 1.0.0\n", "nginx: 1.0.0"),
        ("entries:\n  nginx:\n  - version: 1.0.0\n...\n", "nginx: 1.0.0"),
        ("{\"entries\": {\"nginx\": [{\"version\": \"1.0.0\"}]}, # c\n}\n", "nginx: 1.0.0"),
    ] {
        check(text, false, expected);
    }
    for text in [
        "",
        "<!DOCTYPE html>\n<html>\n",
        "text\n",
        "- a\n",
        "entries:\n- nginx\n",
        "name: x\n",
        "entries:\n\tnginx:\n\t- version: 1.0.0\n",
        "apiVersion: v1\n---\nentries: {}\n",
        "entries:\n  nginx:\n  - version: 1.0.0\n   digest: x\n",
        "entries:\n  nginx:\n    version: 1.0.0\n",
    ] {
        let all = wanted(&["nginx"]);
        assert_eq!(scanned(text, &all), None, "{text}");
        assert!(whole(text.as_bytes(), &all).is_err(), "{text}");
    }
}

#[test]
fn a_quoted_text_that_is_not_indented_is_not_guessed_at() {
    // Some parsers take it, and then the second version is part of the text.
    let text = "entries:\n  nginx:\n  - description: \"a\n    version: 9.9.9\n    b\"\n    version: 1.0.0\n";
    assert_eq!(scanned(text, &wanted(&["nginx"])), None);
    let open = "entries:\n  nginx:\n  - version: \"1.0.0\n";
    assert_eq!(scanned(open, &wanted(&["nginx"])), None);
}

#[test]
fn long_lines_and_entries_end() {
    let all = wanted(&["nginx"]);
    let line = format!("entries:\n  nginx:\n  - description: {}\n", "x".repeat(5 << 20));
    assert_eq!(scanned(&line, &all), None);
    let long = format!(
        "entries:\n  nginx:\n  - version: 1.0.0\n    annotations:\n{}  - version: 2.0.0\n",
        "      key: value\n".repeat(100_000)
    );
    assert_eq!(show(&scanned(&long, &all).unwrap()), "nginx: 2.0.0 (1)");
}

/// A value in one of the styles of YAML, for a key on a column.
fn value(column: usize) -> impl Strategy<Value = String> {
    let deep = " ".repeat(column + 2);
    let line = prop_oneof![
        Just("entries:".to_owned()),
        Just("  nginx:".to_owned()),
        Just("- version: 9.9.9".to_owned()),
        Just("# no comment".to_owned()),
        Just("version: 8.8.8".to_owned()),
        Just("it's \"quoted\" \\".to_owned()),
        Just(String::new()),
        "[a-z ,.:&*-]{0,12}",
    ];
    let block =
        (proptest::collection::vec(line, 1..4), prop_oneof![Just("|"), Just(">-"), Just("|+")])
            .prop_map({
                let deep = deep.clone();
                move |(lines, style)| {
                    let mut text = style.to_owned();
                    text += &format!("\n{deep}begin");
                    for line in lines {
                        text.push('\n');
                        if !line.is_empty() {
                            text.push_str(&deep);
                            text.push_str(&line);
                        }
                    }
                    text
                }
            });
    let folded = ("[a-z]{1,8}", "[a-z]{1,8}: ?[a-z]{0,3}").prop_map({
        let deep = deep.clone();
        move |(one, two)| format!("\"{one}\n{deep}{two}\\\"x\" # c")
    });
    prop_oneof![
        "[a-z][a-z0-9 .]{0,12}[a-z]",
        "'[a-z :#]{0,9}(''x)?'",
        r#""[a-z :#]{0,9}(\\"x)?""#,
        Just("2024-05-06T07:08:09Z".to_owned()),
        Just("true".to_owned()),
        Just("~".to_owned()),
        Just(String::new()),
        block,
        folded,
        "\\[[a-z]{1,3}, [a-z]{1,3}\\]",
    ]
}

/// A list or a mapping below a key.
fn nested(column: usize) -> impl Strategy<Value = String> {
    (0..3_usize, value(column + 2), value(column + 2)).prop_map(move |(style, one, two)| {
        let (same, deep) = (" ".repeat(column), " ".repeat(column + 2));
        match style {
            0 => format!(
                "\n{same}- {}\n{same}- x",
                one.lines().next().unwrap_or_default().trim_matches(['|', '>', '-', '+', '"'])
            ),
            1 => format!("\n{deep}- name: {}\n{deep}  version: 7.7.7", "x"),
            _ => format!("\n{deep}artifacthub.io/prerelease: \"true\"\n{deep}other: {two}"),
        }
    })
}

fn key_and_value(column: usize) -> impl Strategy<Value = String> {
    let text =
        prop_oneof![Just("description"), Just("appVersion"), Just("kubeVersion"), Just("home")];
    let version = prop_oneof![
        "[0-9]\\.[0-9]\\.[0-9](-rc\\.[0-9])?",
        Just("latest".to_owned()),
        Just("\"1.2.3\"".to_owned()),
        Just("1.20".to_owned()),
    ];
    let flag = prop_oneof![Just("deprecated: true"), Just("removed: true"), Just("removed: false")];
    let lists = prop_oneof![Just("urls"), Just("sources"), Just("dependencies")];
    let inner = nested(column);
    prop_oneof![
        4 => version.prop_map(|version| format!("version: {version}")),
        3 => (text, value(column)).prop_map(|(key, value)| format!("{key}: {value}")),
        1 => flag.prop_map(str::to_owned),
        1 => (lists, nested(column)).prop_map(|(key, value)| format!("{key}:{value}")),
        1 => inner.prop_filter("a mapping", |text| text.contains("prerelease")).prop_map(|text| format!("annotations:{text}")),
        1 => Just("created: \"2024-05-06T07:08:09Z\"".to_owned()),
    ]
}

fn index() -> impl Strategy<Value = String> {
    (0..3_usize, 1..4_usize).prop_flat_map(|(list, space)| {
        let names = 2;
        let column = names + list;
        let keys = column + 1 + space;
        let key = (key_and_value(keys), 0..8_u8).prop_map(move |(text, noise)| {
            let before = match noise {
                0 => "\n".to_owned(),
                1 => format!("{}# comment\n", " ".repeat(keys)),
                2 => "# comment: x\n".to_owned(),
                _ => String::new(),
            };
            (before, text)
        });
        let entry = proptest::collection::vec(key, 1..5).prop_map(move |all| {
            let mut text = String::new();
            for (number, (before, key)) in all.iter().enumerate() {
                let lead = if number == 0 {
                    format!("{}-{}", " ".repeat(column), " ".repeat(space))
                } else {
                    text.push_str(before);
                    " ".repeat(keys)
                };
                text += &format!("{lead}{key}\n");
            }
            text
        });
        let name = prop_oneof![
            Just("nginx"),
            Just("redis"),
            Just("other"),
            Just("'nginx'"),
            Just("a.b-c")
        ];
        let chart = (name, proptest::collection::vec(entry, 0..4))
            .prop_map(|(name, entries)| format!("  {name}:\n{}", entries.concat()));
        let end =
            prop_oneof![Just(""), Just("generated: \"2024-05-06T07:08:09Z\"\n"), Just("# end\n")];
        (proptest::collection::vec(chart, 0..4), end, any::<bool>(), any::<bool>()).prop_map(
            |(charts, end, marker, crlf)| {
                let marker = if marker { "---\n" } else { "" };
                let text = format!("{marker}apiVersion: v1\nentries:\n{}{end}", charts.concat());
                if crlf { text.replace('\n', "\r\n") } else { text }
            },
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_scan_and_the_parser_agree(text in index()) {
        let wanted = wanted(&["nginx", "a.b-c"]);
        let parsed = whole(text.as_bytes(), &wanted);
        let scan = scanned(&text, &wanted);
        match (scan, parsed) {
            (Some(scan), Ok(parsed)) => prop_assert_eq!(scan, parsed),
            // The parser gives up where one entry is wrong; the scan need not.
            (_, Err(_)) => {}
            (None, Ok(_)) => prop_assert!(text.contains('&'), "not known"),
        }
    }

    #[test]
    fn any_text_is_read_without_panic(text in r#"((entries|nginx|version|- |:| |\n|"|'|#|---|&a|\*a|\{|\}|\[|\]|\||\t|\r|1\.0\.0)){0,40}"#) {
        let wanted = wanted(&["nginx"]);
        if let (Some(scan), Ok(parsed)) = (scanned(&text, &wanted), whole(text.as_bytes(), &wanted)) {
            prop_assert_eq!(scan, parsed);
        }
    }
}
