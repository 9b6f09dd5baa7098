use std::collections::BTreeMap;

use super::object::ContainerFacts;
use super::tree::differences;
use super::*;
use crate::domain::diff::LineTag;
use crate::domain::version::Bump;

/// A tree from `key = value` pairs: digits are numbers, `~` is nothing, dots are levels.
fn tree(pairs: &[(&str, &str)]) -> Tree {
    let mut root = Tree::Map(BTreeMap::new());
    for (path, value) in pairs {
        let mut at = &mut root;
        for step in path.split('.') {
            let Tree::Map(entries) = at else { panic!("{path}") };
            at = entries.entry(step.into()).or_insert_with(|| Tree::Map(BTreeMap::new()));
        }
        *at = match *value {
            "~" => Tree::Null,
            "{}" => Tree::Map(BTreeMap::new()),
            "true" => Tree::Bool(true),
            number if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                Tree::Number(number.into())
            }
            text => Tree::Text(text.into()),
        };
    }
    root
}

#[test]
fn defaults_that_move_under_the_user() {
    let check = |old: &[(&str, &str)],
                 new: &[(&str, &str)],
                 user: &[(&str, &str)],
                 moved: &[&str],
                 gone: &[&str]| {
        let changes = values_changes(&tree(old), &tree(new), &tree(user));
        let shown: Vec<_> = changes
            .moved
            .iter()
            .map(|each| {
                let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".into());
                format!("{} {} {}", each.path, text(&each.from), text(&each.to))
            })
            .collect();
        assert_eq!(shown, moved, "{old:?} {new:?} {user:?}");
        assert_eq!(changes.gone, gone, "{old:?} {new:?} {user:?}");
    };
    check(&[("a", "1")], &[("a", "2")], &[], &["a 1 2"], &[]);
    check(&[("a", "1")], &[("a", "2")], &[("a", "1")], &[], &[]);
    check(
        &[("a.b", "1"), ("a.c", "x")],
        &[("a.b", "2"), ("a.c", "z")],
        &[("a.b", "7")],
        &["a.c x z"],
        &[],
    );
    check(&[], &[("a", "x")], &[], &["a - x"], &[]);
    check(&[("a.b", "1")], &[], &[("a.b", "2")], &[], &["a"]);
    check(&[("a.b", "1"), ("a.c", "1")], &[("a.c", "1")], &[("a.b", "2")], &[], &["a.b"]);
    // Free keys below an empty default were never the chart's.
    check(&[("a", "{}")], &[("a", "{}")], &[("a.mine", "1")], &[], &[]);
    check(&[("a", "{}")], &[("b", "{}")], &[("a.mine", "1")], &["b - {}"], &["a"]);
    // Null takes a default away, in both versions.
    check(&[("a", "1")], &[("a", "2")], &[("a", "~")], &[], &[]);
    check(&[("a", "1")], &[("a.b", "2")], &[("a", "3")], &[], &[]);
    check(
        &[("auth.password", "x")],
        &[("auth.password", "y")],
        &[],
        &["auth.password (hidden) (hidden)"],
        &[],
    );
    check(&[("a", "x")], &[("a.token", "y")], &[], &["a x {token: (hidden)}"], &[]);
    check(&[("url", "x")], &[("url", "redis://u:pw@h")], &[], &["url x (hidden)"], &[]);
}

#[test]
fn variables_are_masked_by_their_names() {
    let variable = |name: &str| tree(&[("name", name), ("value", "hush")]);
    let list = |name: &str| Tree::Map([("env".into(), Tree::List(vec![variable(name)]))].into());
    let none = tree(&[]);
    let shown = |name: &str| {
        let moved = values_changes(&none, &list(name), &none).moved;
        moved[0].to.clone().expect("a value")
    };
    assert_eq!(shown("DB_PASSWORD"), "[{name: DB_PASSWORD, value: (hidden)}]");
    assert_eq!(shown("MODE"), "[{name: MODE, value: hush}]");
}

#[test]
fn keys_that_look_like_secrets() {
    for key in [
        "password",
        "adminPassword",
        "DB_PASSWORD",
        "rootpassword",
        "passwd",
        "token",
        "apiToken",
        "accesstoken",
        "API_KEY",
        "apikey",
        "secretKey",
        "tls.key",
        "credentials",
        "clientSecret",
        "pwd",
        "authorization",
        "secret.yaml",
        "private-key",
        "secretKeys",
        "PASSWORD_KEY",
        "userToken",
        "encryptionKey",
        "authKey",
    ] {
        assert!(looks_secret(key), "{key}");
    }
    for key in [
        "keycloak",
        "monkey",
        "tokenizer",
        "image",
        "secretName",
        "existingSecret",
        "passwordRef",
        "adminPasswordKey",
        "topologyKey",
        "usernameKey",
        "auth-type",
        "tokenPath",
        "keySize",
        "compass",
        "author",
        "authEnabled",
        "",
    ] {
        assert!(!looks_secret(key), "{key}");
    }
    for key in ["imagePullSecrets", "auth-secret", "key", "tokenPath", "secret"] {
        assert!(!names_secret(key), "{key}");
    }
}

#[test]
fn secrets_in_lines() {
    let check = |line: &str, shown: Option<&str>| {
        assert_eq!(secret_in(line).map(|at| &line[..at]), shown, "{line}");
    };
    check("postgres://shop:pa@ss@db:5432/shop", Some("postgres://shop:"));
    check("http://user@host:80/", None);
    check("amqp://app:k9/Zx@mq", Some("amqp://app:"));
    check("amqp://app:a?b#c@mq:5672/v", Some("amqp://app:"));
    check("http://host:8080/@scope/pkg", None);
    check("https://host/@scope/pkg:1", None);
    check("DB_PASSWORD=hunter2 URL=postgres://a:pw@db", Some("DB_PASSWORD="));
    check("URL=postgres://a:pw@db DB_PASSWORD=hunter2", Some("URL=postgres://a:"));
    check("http://host:80/a@b", None);
    check("password=x", Some("password="));
    check("  db.password: \"x\"", Some("  db.password: \""));
    check("{\"a\": 1, \"apiKey\": \"x\"}", Some("{\"a\": 1, \"apiKey\": \""));
    check("--client-secret=x", Some("--client-secret="));
    check("größe, secret = x", Some("größe, secret = "));
    check("password=", None);
    check("password: ${PASSWORD}", None);
    check("password: {{ .x }}", None);
    check("passwordFile: /etc/x", None);
    check("password: /etc/x", None);
    check("token_ttl = 5", None);
}

#[test]
fn quantities() {
    let check = |one: &str, two: &str, same: bool| {
        assert_eq!(quantity::same(one, two), same, "{one} {two}");
    };
    check("1", "1000m", true);
    check("0.5", "500m", true);
    check("1Gi", "1024Mi", true);
    check("1G", "1Gi", false);
    check("1e3", "1k", true);
    check("1E", "1000P", true);
    check("+1.5Ki", "1536", true);
    check("-1", "1", false);
    check("many", "many", true);
    for text in
        ["", "Gi", ".", "1.2.3", "1x", "--1", "1e999", "99999999999999999999999999999999999999Ei"]
    {
        assert_eq!(quantity::parse(text), None, "{text}");
    }
}

#[test]
fn places_are_named() {
    let item = |name: &str, value: &str| tree(&[("name", name), ("x", value)]);
    let list = |items: Vec<Tree>| Tree::Map([("l".into(), Tree::List(items))].into());
    let check = |one: &Tree, two: &Tree, expected: &[&str]| {
        let found: Vec<_> = differences(one, two).into_iter().map(|each| each.path).collect();
        assert_eq!(found, expected, "{one:?} {two:?}");
    };
    let base = list(vec![item("a", "1"), item("b", "1")]);
    check(&base, &base, &[]);
    check(&base, &list(vec![item("b", "1"), item("a", "2")]), &["l[a].x"]);
    check(&base, &list(vec![item("b", "1"), item("a", "1")]), &["l"]);
    check(&base, &list(vec![item("b", "1"), item("c", "1")]), &["l[a]", "l[c]"]);
    let plain =
        |texts: &[&str]| list(texts.iter().map(|text| Tree::Text((*text).into())).collect());
    check(&plain(&["a", "b"]), &plain(&["a", "c"]), &["l[1]"]);
    check(&plain(&["a", "b"]), &plain(&["a"]), &["l"]);
    let dotted = |value: &str| Tree::Map([("a.b/c".into(), Tree::Text(value.into()))].into());
    check(&dotted("x"), &dotted("y"), &["[\"a.b/c\"]"]);
}

fn object(body: Tree) -> PreviewObject {
    PreviewObject {
        key: ObjectKey {
            group: "apps".into(),
            kind: "Deployment".into(),
            namespace: Some("shop".into()),
            name: "web".into(),
        },
        api_version: "apps/v1".into(),
        template: "".into(),
        marks: Marks::default(),
        body,
        facts: Facts::default(),
    }
}

fn compared(before: &[PreviewObject], after: &[PreviewObject], context: Option<usize>) -> Preview {
    preview(Input {
        before,
        after,
        volatile: Vec::new(),
        values: ValuesChanges::default(),
        context,
    })
}

#[test]
fn steps_of_images_have_a_size() {
    let with = |image: &str| {
        let mut object = object(tree(&[("image", image)]));
        object.facts.containers = vec![ContainerFacts {
            name: "app".into(),
            image: Some(image.into()),
            ..ContainerFacts::default()
        }];
        object
    };
    let digest = |hex: &str| format!("nginx:1.25.3@sha256:{}", hex.repeat(64));
    for (from, to, size) in [
        ("nginx:1.25.3", "nginx:1.25.4", Some(Size::Up(Bump::Patch))),
        ("nginx:1.25.3", "nginx:1.26.0", Some(Size::Up(Bump::Minor))),
        ("nginx:1.25.3", "ghcr.io/x/nginx:2.0.0", Some(Size::Up(Bump::Major))),
        ("nginx:1.26.0", "nginx:1.25.3", Some(Size::Down(Bump::Minor))),
        ("nginx:1.25.3", "nginx:1.25.3-alpine", None),
        ("nginx:latest", "nginx:1.25.3", None),
        ("nginx:1.25.3", "Not Valid", None),
        (&digest("a"), &digest("b"), Some(Size::Up(Bump::Digest))),
    ] {
        let preview = compared(&[with(from)], &[with(to)], Some(3));
        let [step] = &preview.summary.images[..] else { panic!("{from} {to}") };
        assert_eq!(step.size, size, "{from} {to}");
    }
    let preview = compared(&[], &[with("nginx:1")], Some(3));
    assert_eq!(preview.summary.images[0].from, None);
    assert_eq!(compared(&[with("nginx:1")], &[], Some(3)).summary.images, []);
}

#[test]
fn context_can_be_limited_or_not() {
    let many = |changed: &str| {
        let lines: Vec<Tree> = (0..100)
            .map(|line| {
                Tree::Text(if line == 50 { changed.into() } else { format!("line-{line}").into() })
            })
            .collect();
        object(Tree::List(lines))
    };
    let shown = |context: Option<usize>| {
        let preview = compared(&[many("old")], &[many("new")], context);
        preview.objects[0].diff.hunks.iter().flat_map(|hunk| &hunk.lines).count()
    };
    assert_eq!(shown(Some(0)), 2);
    assert_eq!(shown(Some(3)), 8);
    assert_eq!(shown(None), 101);
}

#[test]
fn what_is_too_large_is_counted() {
    let lines = |word: &str, count: usize| {
        object(Tree::List(
            (0..count).map(|line| Tree::Text(format!("{word}-{line}").into())).collect(),
        ))
    };
    let preview = compared(&[lines("old", 20_000)], &[lines("new", 20_000)], Some(3));
    assert_eq!(preview.objects[0].hidden, 40_000);
    assert!(preview.objects[0].diff.hunks.is_empty());
    let preview = compared(&[], &[lines("new", 20_000)], Some(3));
    let change = &preview.objects[0];
    let added = change.diff.hunks.iter().flat_map(|hunk| &hunk.lines);
    assert_eq!(added.filter(|line| line.tag == LineTag::Added).count() + change.hidden, 20_000);
    assert!(change.hidden > 0);
}

#[test]
fn an_object_that_stands_twice_is_compared_with_its_like() {
    let twice = |values: [&str; 2]| values.map(|value| object(tree(&[("a", value)])));
    let preview = compared(&twice(["1", "2"]), &twice(["1", "3"]), Some(3));
    assert_eq!(preview.objects.len(), 1);
    let preview = compared(&twice(["1", "2"]), &twice(["1", "2"])[..1], Some(3));
    assert_eq!(preview.objects[0].change, Change::Removed);
}
