use super::*;
use crate::adapters::helm::manifest::{read, values};
use crate::cli::render::escape::steers;
use crate::cli::render::json::{ground_output, preview_output};
use crate::domain::preview::{self, Input, Tree, ValuesChanges, values_changes, volatile};

const BEFORE: &str = include_str!("before.yaml");
const AFTER: &str = include_str!("after.yaml");

fn tree(yaml: &str) -> Tree {
    values(&serde_yaml::from_str(yaml).expect("YAML"))
}

fn shop(context: Option<usize>) -> Preview {
    let objects = |text: &str| read(text, "shop").unwrap_or_else(|error| panic!("{error}"));
    let (before, after) = (objects(BEFORE), objects(AFTER));
    let again = objects(&AFTER.replace("aHVzaC0yMjIyMjI=", "aHVzaC0zMzMzMzM="));
    preview::preview(Input {
        before: &before,
        after: &after,
        volatile: volatile(&after, &again),
        values: values_changes(
            &tree("{replicas: 1, auth: {password: hush-1}, metrics: {port: 80}, old: {a: 1}}"),
            &tree("{replicas: 2, auth: {password: hush-2}, metrics: {port: 90}}"),
            &tree("{metrics: {port: 85}, old: {a: 2}}"),
        ),
        context,
    })
}

#[test]
fn a_preview_as_text() {
    insta::assert_snapshot!(text(&shop(context(3)), &Styles::default()));
}

#[test]
fn a_preview_as_json() {
    insta::assert_json_snapshot!(preview_output(&shop(context(0))));
}

#[test]
fn context_is_a_number_or_all() {
    assert_eq!(context(3), Some(3));
    assert_eq!(context(-1), None);
    let all = text(&shop(context(-1)), &Styles::default());
    assert!(!all.contains("..."), "{all}");
}

#[test]
fn no_secret_is_shown() {
    let preview = shop(context(-1));
    let json = serde_json::to_string(&preview_output(&preview)).expect("JSON");
    for shown in [text(&preview, &Styles::colored()), json] {
        for hush in ["hush", "aHVzaC0", "4f1d"] {
            assert!(!shown.contains(hush), "{hush}: {shown}");
        }
    }
}

#[test]
fn nothing_is_said_of_nothing() {
    let nothing = preview::preview(Input {
        before: &[],
        after: &[],
        volatile: Vec::new(),
        values: ValuesChanges::default(),
        context: Some(3),
    });
    assert_eq!(text(&nothing, &Styles::default()), "No object changes\n");
}

#[test]
fn the_ground_is_told() {
    let objects = |text: &str| read(text, "shop").unwrap_or_else(|error| panic!("{error}"));
    let differs = preview::ground(&objects(BEFORE), &objects(AFTER), &[]);
    insta::assert_snapshot!(ground(&differs, &Styles::default()), @r#"
    The installed chart makes something else
      ConfigMap shop/notes: the chart does not make it
      PersistentVolumeClaim shop/uploads: the chart does not make it
      Secret shop/db: data.password
      Service shop/web: it is not in the release
      CustomResourceDefinition widgets.example.com: spec.names.shortNames
      Deployment shop/web: metadata.labels["app.kubernetes.io/version"], spec.replicas, spec.template.spec.containers[app].image, spec.template.spec.containers[app].resources.requests.cpu, spec.template.spec.containers[proxy].image
      StatefulSet shop/db: spec.serviceName
      Job shop/migrate: spec.template.spec.containers[migrate].image
      ClusterRole web: rules[0].resources
    "#);
    assert_eq!(ground(&Ground::Same, &Styles::default()), "");
    assert!(ground_output(&Ground::Same).same);
    assert_eq!(ground_output(&differs).objects.len(), 9);
}

#[test]
fn foreign_text_does_not_steer() {
    let hostile = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"a\\e[31m\"}\ndata: {\"k\\u202e\": \"v\\e]0;x\\a\"}\n";
    let objects = read(&format!("# Source: a\u{202e}b\n{hostile}"), "shop").expect("an object");
    let preview = preview::preview(Input {
        before: &[],
        after: &objects,
        volatile: volatile(&[], &objects),
        values: values_changes(&tree("{}"), &tree("{\"k\\e[0m\": \"v\\e[1m\"}"), &tree("{}")),
        context: Some(3),
    });
    let shown = text(&preview, &Styles::default());
    assert!(!steers(&shown), "{shown:?}");
}
