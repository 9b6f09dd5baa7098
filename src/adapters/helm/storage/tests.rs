use std::sync::Mutex;

use futures_util::future::BoxFuture;
use serde_json::json;

use super::super::unpack::tests::packed;
use super::*;
use crate::ports::releases::{Keeper, TakeRecord};

/// Objects in memory, listed in the order of their names as etcd does, and what was asked of them.
#[derive(Default)]
struct Objects {
    stored: Vec<Object>,
    forbidden: bool,
    asked: Mutex<Vec<String>>,
}

struct Object {
    namespace: &'static str,
    name: String,
    labels: Vec<(&'static str, String)>,
    data: Option<String>,
}

impl Object {
    fn new(namespace: &'static str, name: &str, revision: u32, status: &str) -> Self {
        let json = json!({
            "name": name, "namespace": namespace, "version": revision, "info": {"status": status},
            "chart": {"metadata": {"name": "chart", "version": format!("1.0.{revision}")}},
            "config": {"password": "hunter2"}, "manifest": format!("revision: {revision}"),
        });
        Self {
            namespace,
            name: object_name(name, revision),
            labels: vec![
                ("owner", "helm".into()),
                ("name", name.into()),
                ("status", status.into()),
                ("version", revision.to_string()),
            ],
            data: Some(packed(&json.to_string(), Keeper::Secrets)),
        }
    }

    fn broken(mut self) -> Self {
        self.data = Some("aHVudGVyMg==".into());
        self
    }

    fn hand_over(&self, with_data: bool, take: &mut TakeRecord<'_>) {
        let labels: Vec<_> = self.labels.iter().map(|(name, value)| (*name, &**value)).collect();
        let data = self.data.as_deref().filter(|_| with_data);
        take(&RecordObject { namespace: self.namespace, name: &self.name, labels: &labels, data });
    }

    fn fits(&self, selector: &str) -> bool {
        let label = |name: &str| {
            let found = self.labels.iter().find(|(key, _)| *key == name);
            found.map_or("", |(_, value)| value)
        };
        selector.split(',').all(|term| match term.split_once("!=") {
            Some((name, value)) => label(name) != value,
            None => term.split_once('=').is_some_and(|(name, value)| label(name) == value),
        })
    }
}

impl ReleaseRecords for Objects {
    fn declared<'a>(
        &'a self,
        _namespaces: &'a [&'a str],
    ) -> BoxFuture<'a, Result<Declarations, String>> {
        Box::pin(async { Ok(Declarations { declared: Vec::new(), all: true }) })
    }

    fn list<'a>(
        &'a self,
        query: &'a RecordQuery<'a>,
        take: &'a mut TakeRecord<'a>,
    ) -> BoxFuture<'a, Result<Vec<Warning>, DiscoverError>> {
        let names = if query.names_only { " names" } else { "" };
        self.asked.lock().expect("no panic").push(format!("list {}{names}", query.selector));
        Box::pin(async move {
            if self.forbidden {
                return Err(DiscoverError::Forbidden { message: "no".to_owned() });
            }
            for object in self.stored.iter().filter(|object| object.fits(query.selector)) {
                match query.scope {
                    Scope::Namespace(namespace) if namespace != object.namespace => {}
                    _ => object.hand_over(!query.names_only, take),
                }
            }
            Ok(Vec::new())
        })
    }

    fn get<'a>(
        &'a self,
        _keeper: Keeper,
        namespace: &'a str,
        name: &'a str,
        take: &'a mut TakeRecord<'a>,
    ) -> BoxFuture<'a, Result<bool, DiscoverError>> {
        self.asked.lock().expect("no panic").push(format!("get {name}"));
        Box::pin(async move {
            let mut objects = self.stored.iter();
            let found = objects.find(|it| it.namespace == namespace && it.name == name);
            if let Some(object) = found {
                object.hand_over(true, take);
            }
            Ok(found.is_some())
        })
    }
}

fn objects(mut objects: Vec<Object>) -> Objects {
    objects.sort_by(|one, other| (one.namespace, &one.name).cmp(&(other.namespace, &other.name)));
    Objects { stored: objects, ..Objects::default() }
}

#[tokio::test]
async fn each_release_is_told_by_its_newest_revision() {
    let mut odd = Object::new("a", "web", 1, "deployed");
    odd.name = "my-own-secret".into();
    let objects = objects(vec![
        Object::new("b", "web", 1, "pending-install"),
        Object::new("a", "web", 9, "deployed"),
        Object::new("a", "web", 10, "failed"),
        Object::new("a", "web", 11, "pending-upgrade"),
        Object::new("a", "web", 8, "superseded"),
        Object::new("a", "old", 2, "superseded"),
        Object::new("a", "gone", 2, "uninstalled"),
        odd,
    ]);
    let storage = Storage::new(&objects, Driver::Secrets);
    let told = storage.summaries(&Scope::All).await.expect("the list is there");
    let rows: Vec<_> = told
        .releases
        .iter()
        .map(|it| {
            (it.id(), it.revision, it.status.as_str(), it.deployed.as_ref().map(|it| it.revision))
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("a/gone".to_owned(), 2, "uninstalled", None),
            ("a/web".to_owned(), 11, "pending-upgrade", Some(9)),
            ("b/web".to_owned(), 1, "pending-install", None),
        ]
    );
    assert_eq!(told.warnings, []);
    assert_eq!(*objects.asked.lock().expect("no panic"), ["list owner=helm,status!=superseded"]);
    let one = storage.summaries(&Scope::Namespace("b".into())).await.expect("the list is there");
    assert_eq!(one.releases.len(), 1);
}

#[tokio::test]
async fn an_unreadable_record_is_a_warning_where_it_counts() {
    let objects = objects(vec![
        Object::new("a", "fine", 1, "deployed"),
        // The newest.
        Object::new("a", "newest", 1, "deployed"),
        Object::new("a", "newest", 2, "failed").broken(),
        // The deployed one.
        Object::new("a", "deployed", 1, "deployed").broken(),
        Object::new("a", "deployed", 2, "failed"),
        // Neither.
        Object::new("a", "history", 1, "failed").broken(),
        Object::new("a", "history", 2, "deployed"),
        Object::new("a", "history", 3, "failed"),
    ]);
    let storage = Storage::new(&objects, Driver::Secrets);
    let told = storage.summaries(&Scope::All).await.expect("the list is there");
    let names: Vec<_> = told.releases.iter().map(|release| &*release.name).collect();
    assert_eq!(names, ["fine", "history"]);
    let warnings: Vec<_> = told.warnings.iter().map(|it| (it.code, &*it.message)).collect();
    assert_eq!(
        warnings,
        [
            (
                "release-unreadable",
                "release a/deployed revision 1 cannot be read: it is not base64; it is left out"
            ),
            (
                "release-unreadable",
                "release a/newest revision 2 cannot be read: it is not base64; it is left out"
            ),
        ]
    );
    let error = storage.stored("a", "newest").await.expect_err("its newest revision is broken");
    assert_eq!(error.to_string(), "release a/newest revision 2 cannot be read: it is not base64");
    assert!(storage.stored("a", "history").await.is_ok());
}

#[tokio::test]
async fn a_refusal_is_one_warning() {
    let objects = Objects { forbidden: true, ..Objects::default() };
    for (driver, plural) in [(Driver::Secrets, "secrets"), (Driver::ConfigMaps, "configmaps")] {
        let storage = Storage::new(&objects, driver);
        let told = storage.summaries(&Scope::Namespace("a".into())).await.expect("no error");
        let [warning] = told.warnings.as_slice() else { panic!("one warning") };
        assert_eq!((warning.code, warning.object.as_deref()), ("forbidden", Some(plural)));
        let message =
            format!("not allowed to `list {plural}` in namespace a, where Helm keeps its releases");
        assert_eq!(warning.message, message);
        let error = storage.stored("a", "web").await.expect_err("not allowed");
        assert_eq!(error, ReleaseError::Forbidden("no".to_owned()));
    }
}

#[tokio::test]
async fn a_release_is_read_in_full_with_what_is_deployed() {
    let objects = objects(vec![
        Object::new("a", "web", 1, "superseded"),
        Object::new("a", "web", 2, "deployed"),
        Object::new("a", "web", 3, "failed"),
        Object::new("a", "other", 7, "deployed"),
        Object::new("b", "web", 9, "deployed"),
    ]);
    let storage = Storage::new(&objects, Driver::Secrets);
    let stored = storage.stored("a", "web").await.expect("it is there");
    assert_eq!((stored.newest.release.revision, &*stored.newest.manifest), (3, "revision: 3"));
    let deployed = stored.newest.release.deployed.as_ref().expect("revision 2");
    assert_eq!((deployed.revision, &*deployed.version), (2, "1.0.2"));
    let deployed = stored.deployed.as_ref().expect("revision 2");
    assert_eq!((deployed.release.revision, &*deployed.manifest), (2, "revision: 2"));
    assert!(!format!("{stored:?}").contains("hunter2"));
    let asked = ["list owner=helm,status!=superseded,name=web"];
    assert_eq!(*objects.asked.lock().expect("no panic"), asked);
    let stored = storage.stored("a", "other").await.expect("it is there");
    assert_eq!((stored.newest.release.revision, stored.deployed), (7, None));
}

#[tokio::test]
async fn where_all_are_superseded_the_highest_counts_and_only_it_is_read() {
    let superseded = (8..=11).map(|revision| Object::new("a", "web", revision, "superseded"));
    let objects = objects(superseded.collect());
    let storage = Storage::new(&objects, Driver::Secrets);
    let stored = storage.stored("a", "web").await.expect("it is there");
    assert_eq!((stored.newest.release.revision, stored.deployed), (11, None));
    assert_eq!(
        *objects.asked.lock().expect("no panic"),
        [
            "list owner=helm,status!=superseded,name=web",
            "list owner=helm,name=web names",
            "get sh.helm.release.v1.web.v11",
        ]
    );
}

#[tokio::test]
async fn what_is_not_there_is_gone() {
    let objects = objects(vec![Object::new("a", "web", 2, "deployed")]);
    let storage = Storage::new(&objects, Driver::Secrets);
    for (namespace, name) in
        [("a", "api"), ("b", "web"), ("a", "web,status=x"), ("a", ""), ("a", "-"), ("a", "a..b")]
    {
        let error = storage.stored(namespace, name).await.expect_err(name).to_string();
        assert_eq!(error, format!("release {namespace}/{name} not found"));
    }
    let error = storage.revision("a", "web", 1).await.expect_err("dropped").to_string();
    assert_eq!(error, "release a/web revision 1 not found");
    let stored = storage.revision("a", "web", 2).await.expect("it is there");
    assert_eq!((&*stored.release.name, &stored.values), ("web", &json!({"password": "hunter2"})));
    let asked = objects.asked.lock().expect("no panic").join("\n");
    assert!(!asked.contains("status=x"), "no foreign text in a selector: {asked}");
}
