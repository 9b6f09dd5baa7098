use super::*;
use crate::domain::preview::{ground, volatile};

/// What no output may contain.
const HUSH: &str = "hush-4f1d9c";

fn secret(data: &str) -> String {
    object("v1", "Secret", &format!("data:\n{data}"))
}

#[test]
fn changes_of_secrets_are_seen_and_not_shown() {
    // "alpha", "bravo" and "bravo!" in base64.
    let check = |before: &str, after: &str, expected: &[&str]| {
        assert_eq!(changed(&previewed(before, after)), expected, "{before} | {after}");
    };
    let alpha = secret("  a: YWxwaGE=\n  b: YWxwaGE=\n");
    check(&alpha, &alpha, &[]);
    check(
        &alpha,
        &secret("  a: YnJhdm8=\n  b: YWxwaGE=\n"),
        &["-a: '-------- # (5 bytes)'", "+a: '++++++++ # (5 bytes)'"],
    );
    check(
        &alpha,
        &secret("  a: YWxwaGE=\n  c: YWxwaGE=\n"),
        &["-b: '-------- # (5 bytes)'", "+c: '++++++++ # (5 bytes)'"],
    );
    // The same content, wrapped.
    check(&alpha, &secret("  a: |\n    YWxw\n    aGE=\n  b: YWxwaGE=\n"), &[]);
    let text = |value: &str| object("v1", "Secret", &format!("stringData:\n  a: {value}\n"));
    check(&text("x"), &text("z"), &["-a: '-------- # (1 bytes)'", "+a: '++++++++ # (1 bytes)'"]);
    let same = previewed(&alpha, &secret("  a: YnJhdm8=\n  b: YWxwaGE=\n"));
    let lines = &same.objects[0].diff.hunks[0].lines;
    assert!(lines.iter().any(|line| line.text == "  b: 'REDACTED # (5 bytes)'"), "{lines:?}");
}

/// Objects that hold a secret each, in all the places where charts have them.
fn holders(hush: &str) -> Vec<String> {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(hush);
    let container = |rest: &str| {
        object(
            "apps/v1",
            "Deployment",
            &format!("spec: {{template: {{spec: {{containers: [{{name: app, {rest}}}]}}}}}}\n"),
        )
    };
    let applied = format!(
        "  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{{\"data\":{{\"a\":\"{encoded}\"}}}}'\n"
    );
    let fixed = |rest: &str| {
        object(
            "batch/v1",
            "Job",
            &format!("spec: {{template: {{spec: {{containers: [{{name: app, {rest}}}]}}}}}}\n"),
        )
    };
    vec![
        secret(&format!("  a: {encoded}\n")),
        object("v1", "Secret", &format!("data: {encoded}\n")),
        object("v1", "Secret", &format!("data:\n  a: [{hush}]\n")),
        object("v1", "Secret", &format!("stringData:\n  a: {hush}\n")),
        object("v1", "Secret", &format!("immutable: true\nstringData:\n  a: {hush}\n")),
        object("v1", "Secret", &applied),
        container(&format!("env: [{{name: DB_PASSWORD, value: {hush}}}]")),
        container(&format!(
            "env: [{{name: DATABASE_URL, value: 'postgres://shop:{hush}@db/shop'}}]"
        )),
        container(&format!("args: ['--db-password={hush}']")),
        fixed(&format!("env: [{{name: API_TOKEN, value: {hush}}}]")),
        object("v1", "ConfigMap", &format!("data:\n  admin-password: {hush}\n")),
        object(
            "v1",
            "ConfigMap",
            &format!("data:\n  app.ini: |\n    [db]\n    password = {hush}\n    port = 1\n"),
        ),
        object(
            "v1",
            "ConfigMap",
            &format!("data:\n  app.json: |\n    {{\"apiKey\": \"{hush}\"}}\n"),
        ),
        object(
            "v1",
            "ConfigMap",
            &format!("data:\n  id: |\n    -----BEGIN PRIVATE KEY-----\n    {hush}\n"),
        ),
        object("example.com/v1", "Database", &format!("spec: {{adminPassword: {hush}}}\n")),
    ]
}

#[test]
fn no_secret_leaves_an_object() {
    for (old, new) in holders(HUSH).iter().zip(holders("hush-4f1d9c-2")) {
        let (before, after) = (objects(old), objects(&new));
        let preview = previewed(old, &new);
        let shown = format!(
            "{}{:?}{:?}{:?}{:?}",
            canonical(&before[0].body),
            before,
            preview,
            volatile(&before, &after),
            ground(&before, &after, &[]),
        );
        assert!(!shown.contains("hush-4f1d9c") && !shown.contains("aHVzaC00ZjFkOWM"), "{shown}");
        // What is removed from the text altogether is no change.
        let applied = old.contains("last-applied");
        assert_eq!(preview.is_empty(), applied, "a change is not seen: {old}");
        assert_eq!(changed(&preview).is_empty(), applied, "{old}");
    }
}

#[test]
fn a_line_of_a_file_is_hidden_and_its_neighbours_are_not() {
    let file = |password: &str| {
        object(
            "v1",
            "ConfigMap",
            &format!("data:\n  app.ini: |\n    user = shop\n    password = {password}\n"),
        )
    };
    assert_eq!(
        changed(&previewed(&file("alpha"), &file("bravo"))),
        ["-password = -------- # (5 bytes)", "+password = ++++++++ # (5 bytes)"]
    );
    assert!(
        canonical(&one(&file("alpha")).body)
            .contains("    user = shop\n    password = REDACTED # (5 bytes)\n")
    );
}

#[test]
fn errors_do_not_quote_documents() {
    for text in [
        format!("apiVersion: v1\nkind: Secret\nstringData:\n  a: \"{HUSH}\n"),
        format!("apiVersion: v1\nkind: Secret\n {HUSH}: x\n"),
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: x}}\nstringData: !!int {HUSH}\n"),
        format!("apiVersion: v1\nkind: Secret\nstringData:\n  a: *{HUSH}\n"),
        HUSH.to_owned(),
    ] {
        let error = read(&text, "shop").expect_err(&text);
        assert!(!format!("{error} {error:?}").contains(HUSH), "{error:?}");
    }
}

#[test]
fn what_secrets_hold_is_found_wherever_they_stand() {
    let found = |text: &str| {
        let mut found = Vec::new();
        super::super::secrets(text, |secret| found.push(secret.to_owned()));
        found
    };
    // "hunter2" in base64, wrapped.
    let data = secret("  db-password: |\n    aHVu\n    dGVyMg==\n  user: aHVudGVyMg==\n");
    assert_eq!(found(&data), ["hunter2"]);
    let file = "stringData:\n  app.ini: |\n    host=db\n    password=\"hunter2\"\n";
    assert_eq!(found(&object("v1", "Secret", file)), ["hunter2"]);
    let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: \"Secret\" # one\n  stringData: {token: hunter2}\n";
    assert_eq!(found(list), ["hunter2"]);
    let other = object("v1", "ConfigMap", "data: {note: kind Secret, password: hunter2}\n");
    assert_eq!(found(&other), Vec::<String>::new());
    assert_eq!(found("kind: Secret\n---\n: ["), Vec::<String>::new());
}
