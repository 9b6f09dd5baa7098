use serde_json::{Value, json};

use super::*;

/// A plan file with two targets that can be taken and two that cannot.
fn file() -> Value {
    let row = |id: &str, decision: &str, candidate: Value| json!({"target": {"id": id, "kind": "Deployment"}, "current": {"image": "corp/app:1"}, "candidate": candidate, "decision": decision});
    let candidate = |tag: &str| json!({"tag": tag, "digest": format!("sha256:{}", "a".repeat(64))});
    json!({
        "schema": "safe-update/plan/v1",
        "created": "2026-11-24T16:00:00Z",
        "proposals": [
            row("shop/deploy/web:main", "update", candidate("1.25.4")),
            row("shop/deploy/api:api", "held", json!({"tag": "5.1.0", "digest": null})),
            row("shop/deploy/pay:pay", "blocked", candidate("1.4.3")),
            row("shop/deploy/new:new", "up-to-date", Value::Null),
        ],
        "basis": {
            "cluster": "c-1",
            "policy_hash": "p",
            "expires": "2026-11-25T16:00:00Z",
            "changes": [
                {"object": "shop/deploy/web", "uid": "u-1", "template_hash": "h-1", "digests": {}},
                {"object": "shop/deploy/api", "uid": "u-2", "template_hash": "h-2", "digests": {}},
            ],
        },
    })
}

fn read_text(text: &str) -> Result<Planned, String> {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("plan.json");
    std::fs::write(&path, text).expect("a file");
    read(&path).map_err(|error| {
        assert_eq!(error.kind, Kind::Usage);
        assert!(!error.hints.is_empty(), "{error:?}");
        format!("{:#}", error.error)
    })
}

#[test]
fn what_can_be_taken_is_read_with_its_versions() {
    let planned = read_text(&file().to_string()).expect("a plan");
    assert_eq!(planned.targets, ["shop/deploy/web:main", "shop/deploy/api:api"]);
    let tags: Vec<&str> = planned.versions.iter().map(|named| named.tag.as_str()).collect();
    assert_eq!(tags, ["1.25.4", "5.1.0"]);
    assert_eq!(planned.digests.len(), 1);
    let web = "shop/deploy/web".parse().expect("an object");
    assert_eq!(planned.template_hash(&web), Some("h-1"));
    let api = "shop/deploy/api".parse().expect("an object");
    assert_eq!(planned.template_hash(&api), Some("h-2"));
    let mut without = file();
    without["basis"]["changes"].as_array_mut().expect("a list").pop();
    let error = read_text(&without.to_string()).expect_err("a row without a basis");
    assert!(error.contains("what shop/deploy/api:api was like"), "{error}");
}

#[test]
fn what_is_there_already_is_of_the_same_repository_version_and_digest() {
    let planned = read_text(&file().to_string()).expect("a plan");
    let slot = |name: &str| crate::domain::change::SlotId {
        kind: crate::domain::inventory::SlotKind::Container,
        name: name.into(),
    };
    let digest = |letter: &str| format!("sha256:{}", letter.repeat(64));
    for (image, there) in [
        ("corp/app:1.25.4".to_owned(), true),
        (format!("docker.io/corp/app:1.25.4@{}", digest("a")), true),
        (format!("corp/app:1.25.4@{}", digest("b")), false),
        ("corp/app:1.25.3".to_owned(), false),
        ("evil.example/corp/app:1.25.4".to_owned(), false),
    ] {
        let images: Images = vec![(slot("main"), image.as_str().into())];
        assert_eq!(planned.is_there(&planned.versions[0], &images), there, "{image}");
        let elsewhere: Images = vec![(slot("side"), image.as_str().into())];
        assert!(!planned.is_there(&planned.versions[0], &elsewhere), "{image}");
    }
}

#[test]
fn what_is_no_plan_says_what_is_wrong_and_where() {
    let whole = file().to_string();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut file = file();
        change(&mut file);
        file.to_string()
    };
    let cases = [
        (String::new(), "is cut short (line 1, column 0)"),
        (whole[..whole.len() / 2].to_owned(), "is cut short (line 1, column "),
        ("[1, 2]".into(), "is no plan (line 1, column"),
        ("{\"schema\": 3}".into(), "is no plan (line 1, column"),
        ("not json".into(), "is no plan (line 1, column"),
        (
            with(&|file| file["schema"] = json!("safe-update/plan/v2\u{1b}[2J")),
            "has the format safe-update/plan/v2^[[2J; this program reads safe-update/plan/v1",
        ),
        // Another shape with the name of a newer format is still told as that.
        ("{\"schema\": \"safe-update/plan/v9\", \"rows\": 1}".into(), "safe-update/plan/v9"),
        (with(&|file| file["basis"] = Value::Null), "does not say which cluster"),
        (with(&|file| file["basis"]["cluster"] = Value::Null), "does not say which cluster"),
        (with(&|file| file["basis"]["expires"] = json!("soon")), "unreadable time in `expires`"),
        (
            with(&|file| file["basis"]["changes"][0]["object"] = json!("deploy/web")),
            "names an object wrongly",
        ),
        (
            with(&|file| file["proposals"][0]["target"]["id"] = json!("../web")),
            "names a target wrongly",
        ),
        (
            with(&|file| file["proposals"][0]["candidate"]["tag"] = json!("a b")),
            "malformed version for shop/deploy/web:main",
        ),
    ];
    for (text, part) in cases {
        let error = read_text(&text).expect_err(part);
        assert!(error.contains(part), "no {part:?} in {error}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = read(Path::new("/none/plan.json")).expect_err("no file");
    assert_eq!(error.kind, Kind::Usage);
    assert!(error.error.to_string().contains("/none/plan.json"), "{error:?}");
    assert_eq!(error.hints, ["`plan --out FILE` writes one"]);
}
