use serde_json::json;

use super::super::unpack::tests::packed;
use super::*;

/// What Helm writes for a release `web` in namespace `a`, revision 3.
fn record() -> Value {
    json!({
        "name": "web",
        "namespace": "a",
        "version": 3,
        "info": {
            "first_deployed": "2026-05-01T10:00:00.123456789Z",
            "last_deployed": "2026-05-03T12:00:00+02:00",
            "deleted": "",
            "description": "Upgrade complete",
            "status": "deployed",
            "notes": "hunter2",
        },
        "chart": {
            "metadata": {
                "name": "web-server", "version": "1.2.3+build", "appVersion": "9.9", "apiVersion": "v2",
                "dependencies": [{"name": "db", "version": "1"}],
            },
            "lock": null,
            "templates": [{"name": "templates/web.yaml", "data": "aHVudGVyMg=="}],
            "values": {"replicas": 1, "password": ""},
            "schema": null,
            "files": [{"name": "README.md", "data": ""}, null],
        },
        "config": {"password": "hunter2"},
        "manifest": "---\n# Source: web\npassword: \"hunter2\"\n",
        "hooks": [
            {
                "name": "migrate", "kind": "Job", "path": "web-server/templates/job.yaml",
                "manifest": "hunter2", "events": ["pre-upgrade"], "weight": 1,
                "last_run": {"started_at": "", "completed_at": "", "phase": ""},
            },
        ],
        "apply_method": "ssa",
    })
}

fn read_as<R: Reading>(json: &str, object: &str) -> Result<R, DecodeError> {
    let data = packed(json, Keeper::Secrets);
    let labels = [
        ("name", "web"),
        ("owner", "helm"),
        ("status", "deployed"),
        ("version", "3"),
        ("team", "a"),
    ];
    let object = RecordObject { namespace: "a", name: object, labels: &labels, data: Some(&data) };
    let named = named(&object).expect("a name of Helm's");
    R::read(&object, Keeper::Secrets, named)
}

fn read<R: Reading>(record: &Value) -> Result<R, DecodeError> {
    read_as(&record.to_string(), "sh.helm.release.v1.web.v3")
}

/// A record in which one place is something else; none removes it.
fn with(pointer: &str, value: Option<Value>) -> Value {
    let mut record = record();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let parent = record.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
    match value {
        Some(value) => parent.insert(key.to_owned(), value),
        None => parent.remove(key),
    };
    record
}

#[test]
fn a_record_is_read_in_short() {
    let release: Release = read(&record()).expect("it is whole");
    let time = |text: &str| Some(text.parse::<Timestamp>().expect("a time"));
    let expected = Release {
        namespace: "a".into(),
        target_namespace: None,
        name: "web".into(),
        revision: 3,
        status: ReleaseStatus::Deployed,
        chart: ChartInUse {
            name: "web-server".into(),
            version: "1.2.3+build".into(),
            app_version: Some("9.9".into()),
            source: None,
        },
        first_deployed: time("2026-05-01T10:00:00.123456789Z"),
        last_deployed: time("2026-05-03T10:00:00Z"),
        description: "Upgrade complete".into(),
        has_hooks: true,
        has_crds: false,
        deployed: None,
    };
    assert_eq!(release, expected);
}

#[test]
fn a_record_is_read_in_full() {
    let stored: StoredRelease = read(&record()).expect("it is whole");
    assert_eq!(stored.values, json!({"password": "hunter2"}));
    assert_eq!(stored.chart_values, json!({"replicas": 1, "password": ""}));
    assert_eq!(stored.manifest, "---\n# Source: web\npassword: \"hunter2\"\n");
    assert_eq!(stored.apply_method.as_deref(), Some("ssa"));
    assert_eq!(stored.labels, BTreeMap::from([("team".to_owned(), "a".to_owned())]));
    let [hook] = stored.hooks.as_slice() else { panic!("one hook") };
    assert_eq!((&*hook.name, &*hook.kind, &*hook.manifest), ("migrate", "Job", "hunter2"));
    assert_eq!(
        (&*hook.path, &hook.events[..]),
        ("web-server/templates/job.yaml", &["pre-upgrade".to_owned()][..])
    );
    let digest = format!("sha256:{}", sha256([br#"{"password":"hunter2"}"#.as_slice()]));
    assert_eq!(stored.values_digest.as_str(), digest);
    let digest = format!("sha256:{}", sha256([stored.manifest.as_bytes()]));
    assert_eq!(stored.manifest_digest.as_str(), digest);
}

#[test]
fn debug_shows_no_values_and_no_manifest() {
    let stored: StoredRelease = read(&record()).expect("it is whole");
    let text = format!("{stored:?} {:#?} {:?}", stored, stored.hooks);
    assert!(!text.contains("hunter2"), "{text}");
    assert!(text.contains("a/web") && text.contains("migrate"), "{text}");
}

#[test]
fn what_is_empty_may_be_absent_or_null() {
    let least = json!({"chart": {"metadata": {"name": "c", "version": "1"}}});
    let nulls = json!({
        "name": null, "namespace": null, "version": null, "config": null, "manifest": null,
        "info": {"status": null, "first_deployed": null, "last_deployed": "", "description": null},
        "chart": {"metadata": {"name": "c", "version": "1", "appVersion": ""}, "values": null,
                  "files": null, "templates": null},
        "hooks": null, "apply_method": "",
    });
    let zero = json!({
        "info": {"first_deployed": "0001-01-01T00:00:00Z", "last_deployed": "yesterday", "status": "new"},
        "chart": {"metadata": {"name": "c", "version": "1"}}, "config": {}, "hooks": [null],
    });
    for record in [least, nulls, zero] {
        let stored: StoredRelease = read(&record).expect("it is enough");
        let release = &stored.release;
        assert_eq!((&*release.name, release.revision), ("web", 3), "{record}");
        assert_eq!(release.status, ReleaseStatus::Unknown, "{record}");
        assert_eq!((release.first_deployed, release.last_deployed), (None, None), "{record}");
        assert_eq!((release.has_hooks, release.has_crds), (false, false), "{record}");
        assert_eq!((&release.chart.app_version, &release.chart.source), (&None, &None), "{record}");
        assert_eq!((&stored.values, &stored.chart_values), (&json!({}), &json!({})), "{record}");
        assert_eq!((&*stored.manifest, stored.hooks.len()), ("", 0), "{record}");
        assert_eq!(stored.apply_method, None, "{record}");
        let digest = format!("sha256:{}", sha256([b"{}".as_slice()]));
        assert_eq!(stored.values_digest.as_str(), digest, "{record}");
    }
}

#[test]
fn what_is_no_record_of_this_revision_is_refused() {
    let long = "1".repeat(TEXT_MAX + 1);
    for (pointer, value, expected) in [
        ("/chart", None, DecodeError::Missing("chart")),
        ("/chart/metadata", None, DecodeError::Missing("metadata of its chart")),
        ("/chart/metadata/name", Some(json!("")), DecodeError::Missing("name of its chart")),
        ("/chart/metadata/version", None, DecodeError::Missing("version of its chart")),
        ("/chart/metadata/version", Some(json!(long)), DecodeError::Long("version of its chart")),
        ("/name", Some(json!("other")), DecodeError::Foreign("name")),
        ("/version", Some(json!(4)), DecodeError::Foreign("revision")),
    ] {
        let error = read::<Release>(&with(pointer, value)).expect_err(pointer);
        assert_eq!(error, expected, "{pointer}");
    }
    for (pointer, value) in [
        ("/version", json!("3")),
        ("/info", json!(["deployed"])),
        ("/chart/files", json!({})),
        ("/hooks", json!("hunter2")),
    ] {
        let error = read::<Release>(&with(pointer, Some(value))).expect_err(pointer).to_string();
        assert!(error.starts_with("a field is not what Helm writes there"), "{pointer}: {error}");
    }
    for text in ["", "hunter2", "[]", "{}", "null", r#"{"name":"web""#, r#"{"name":"web"} hunter2"#]
    {
        let error = read_as::<StoredRelease>(text, "sh.helm.release.v1.web.v3").expect_err(text);
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    let object = RecordObject { namespace: "a", name: "", labels: &[], data: None };
    assert_eq!(Release::read(&object, Keeper::Secrets, ("web", 3)), Err(DecodeError::Empty));
}

#[test]
fn depth_size_and_number_are_bounded_where_they_are_kept() {
    // A summary does not look into values, however deep they are.
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep =
        record().to_string().replace(r#"{"password":"hunter2"}"#, &format!(r#"{{"a":{deep}}}"#));
    assert!(read_as::<Release>(&deep, "sh.helm.release.v1.web.v3").is_ok());
    let error = read_as::<StoredRelease>(&deep, "sh.helm.release.v1.web.v3").expect_err("too deep");
    assert!(error.to_string().contains("nested too deeply"), "{error}");

    for (pointer, what) in [
        ("/config", "the text of its values takes"),
        ("/chart/values", "the text of its chart's values takes"),
    ] {
        let large = with(pointer, Some(json!({"a": " ".repeat(VALUES_MAX)})));
        let error = read::<StoredRelease>(&large).expect_err("too large");
        assert_eq!(error.to_string(), format!("{what} more than 8 MiB"));
        assert!(read::<Release>(&large).is_ok());
    }

    let many = with("/hooks", Some(Value::Array(vec![json!({}); HOOKS_MAX + 1])));
    assert!(read::<StoredRelease>(&many).is_err());
    let enough = with("/hooks", Some(Value::Array(vec![json!({}); HOOKS_MAX])));
    assert!(read::<StoredRelease>(&enough).is_ok());
    let words = with("/info/description", Some(json!("é".repeat(DESCRIPTION_MAX * 2))));
    let release: Release = read(&words).expect("it is shortened");
    assert_eq!(release.description.chars().count(), DESCRIPTION_MAX);
}

#[test]
fn hooks_count_when_they_run_by_themselves() {
    for (hooks, expected) in [
        (json!([{"events": ["test"]}]), false),
        (json!([{"events": ["test-success"]}, {"events": []}, {}]), false),
        (json!([{"events": ["test"]}, {"events": ["post-install", "post-upgrade"]}]), true),
        (json!([{"events": ["test", "pre-delete"]}]), true),
        (json!([]), false),
    ] {
        let release: Release = read(&with("/hooks", Some(hooks.clone()))).expect("it is whole");
        assert_eq!(release.has_hooks, expected, "{hooks}");
    }
}

#[test]
fn definitions_of_custom_resources_are_seen() {
    for (name, expected) in [
        ("crds/web.yaml", true),
        ("crds/deep/web.YML", true),
        ("crds/web.json", true),
        ("crds/README.md", false),
        ("crds", false),
        ("docs/crds/web.yaml", false),
    ] {
        let files = json!([{"name": "README.md"}, {"name": name, "data": "eA=="}]);
        let release: Release = read(&with("/chart/files", Some(files))).expect("it is whole");
        assert_eq!(release.has_crds, expected, "{name}");
    }
}

#[test]
fn later_fields_are_read_where_they_are() {
    for (key, value, expected) in [
        ("repoURL", "https://charts.example.com", Some("https://charts.example.com")),
        ("repoUrl", "oci://registry/charts", Some("oci://registry/charts/web-server")),
        ("repoURL", "https://ann:s3cret@charts.example.com", None),
        ("repoURL", "", None),
    ] {
        let record = with(&format!("/chart/metadata/{key}"), Some(json!(value)));
        let release: Release = read(&record).expect("it is whole");
        let source = release.chart.source.map(|source| source.to_string());
        assert_eq!(source.as_deref(), expected, "{key} {value}");
    }
    let release: Release = read(&with("/namespace", Some(json!("prod")))).expect("it is whole");
    assert_eq!((&*release.namespace, release.target_namespace.as_deref()), ("a", Some("prod")));
}

#[test]
fn objects_are_known_by_their_names() {
    for (name, expected) in [
        ("sh.helm.release.v1.web.v3", Some(("web", 3))),
        ("sh.helm.release.v1.web.v1.v12", Some(("web.v1", 12))),
        ("sh.helm.release.v1.web.v03", None),
        ("sh.helm.release.v1.web.v0", None),
        ("sh.helm.release.v1.web.v+3", None),
        ("sh.helm.release.v1.web.v4294967296", None),
        ("sh.helm.release.v1.web", None),
        ("sh.helm.release.v1..v3", None),
        ("web", None),
    ] {
        let object = RecordObject { namespace: "a", name, labels: &[], data: None };
        assert_eq!(named(&object), expected, "{name}");
        if let Some((release, revision)) = expected {
            assert_eq!(object_name(release, revision), name);
        }
    }
}
