use std::sync::Mutex;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::scripted::{Server, refusal};
use super::*;
use crate::domain::change::{Change, Edit, SlotId, Terms};
use crate::domain::history::{Actor, RecordEnd, Verb};
use crate::domain::inventory::SlotKind;
use crate::domain::policy::RollbackMode;
use crate::domain::rollout::{Outcome, Stage};
use crate::domain::version::Bump;

fn object() -> ObjectId {
    "n/deploy/web".parse().expect("an object")
}

fn record(number: u32) -> Record {
    let terms = Terms {
        soak: Duration::ZERO,
        progress_deadline: Duration::from_mins(10),
        rollback: RollbackMode::Careful,
        stateful: false,
        was_healthy: true,
        probes: Vec::new(),
        run_once: false,
    };
    let edit = Edit {
        slot: SlotId { kind: SlotKind::Container, name: Arc::from("app") },
        from: Arc::from("app:1"),
        to: Arc::from("app:2"),
        digest: format!("sha256:{}", "a".repeat(64)).parse().expect("a digest"),
        parts: Vec::new(),
        from_digest: None,
        bump: Bump::Patch,
    };
    Record {
        id: format!("20261124t165301z-5f3a9c01/{number}").parse().expect("a record"),
        cluster: Arc::from("c"),
        verb: Verb::Apply,
        change: Change {
            object: object(),
            uid: Arc::from("u-1"),
            edits: vec![edit],
            terms,
            release: None,
        },
        why: Vec::new(),
        actor: Actor { user: None, local: "alice".into(), host: "laptop".into() },
        started: "2026-11-24T16:53:01Z".parse().expect("a time"),
        stage: Stage::Recorded,
        written: Vec::new(),
        restored: Vec::new(),
        failure: None,
        template: None,
        said: None,
        attempts: 0,
        end: None,
    }
}

/// Something that keeps one Lease as a server does.
#[derive(Default)]
struct Store {
    lease: Option<Value>,
    version: u64,
    /// The next writes are carried out, and their answer is lost.
    lose: u32,
}

impl Store {
    fn answer(&mut self, method: &str, body: &str) -> Response {
        let sent: Value = serde_json::from_str(body).unwrap_or_default();
        match (method, self.lease.take()) {
            ("GET", Some(lease)) => {
                self.lease = Some(lease.clone());
                return lease.to_string().into_response();
            }
            ("POST", None) => self.lease = Some(sent),
            ("POST", known) => {
                self.lease = known;
                return refusal(409, "it exists");
            }
            ("PATCH", Some(mut lease)) => {
                if sent["metadata"]["resourceVersion"] != lease["metadata"]["resourceVersion"] {
                    self.lease = Some(lease);
                    return refusal(409, "it has changed");
                }
                merge(&mut lease, &sent);
                self.lease = Some(lease);
            }
            _ => return refusal(404, "not found"),
        }
        self.version += 1;
        let lease = self.lease.as_mut().expect("it was written");
        lease["metadata"]["resourceVersion"] = json!(self.version.to_string());
        if self.lose > 0 {
            self.lose -= 1;
            return refusal(504, "timed out");
        }
        lease.to_string().into_response()
    }
}

fn merge(target: &mut Value, patch: &Value) {
    let (Value::Object(target), Value::Object(patch)) = (target, patch) else {
        return;
    };
    for (key, value) in patch {
        match value {
            Value::Null => {
                target.remove(key);
            }
            Value::Object(_) if target.get(key).is_some_and(Value::is_object) => {
                merge(&mut target[key], value);
            }
            _ => {
                target.insert(key.clone(), value.clone());
            }
        }
    }
}

async fn served() -> (Cluster, Arc<Mutex<Store>>) {
    let store = Arc::<Mutex<Store>>::default();
    let shared = Arc::clone(&store);
    let server = Server::start(move |_, asked| {
        let mut store = shared.lock().expect("no test panicked here");
        Some(store.answer(&asked["method"], &asked["body"]))
    })
    .await;
    (server.connect_with(|_, options| options.attempts = 1).await, store)
}

fn ended(mut record: Record) -> Memory {
    record.end = Some(RecordEnd { at: record.started, outcome: Outcome::Untouched });
    Memory { last: Some(record), ..Memory::default() }
}

#[tokio::test]
async fn a_lock_is_taken_kept_and_given_back() {
    let (cluster, store) = served().await;
    let mut held = cluster.take(&object(), "u-1", &record(1), false).await.expect("it is free");
    assert_eq!(held.memory.last, Some(record(1)));
    assert!(held.fence.holder.starts_with("20261124t165301z-5f3a9c01-"));
    cluster.confirm(&held.fence).await.expect("it is ours");
    cluster.keep(&mut held.fence, &held.memory).await.expect("it is ours");
    assert_eq!(&*held.fence.version, "2");

    let busy = cluster.take(&object(), "u-1", &record(2), true).await;
    let Err(LockError::Busy { holder, .. }) = &busy else { panic!("{busy:?}") };
    assert!(holder.contains("alice@laptop") && holder.contains(" since 20"), "{holder}");
    let edited = cluster.edit(&object(), "u-1", &|_| {}).await;
    assert!(matches!(edited, Err(LockError::Busy { .. })), "{edited:?}");

    // A mark that somebody puts on it takes nothing away.
    store.lock().expect("free").lease.as_mut().expect("there")["metadata"]["resourceVersion"] =
        json!("40");
    cluster.release(held.fence, &ended(record(1))).await.expect("it is ours");
    let remembered = cluster.read(&object()).await.expect("it can be read");
    assert!(remembered.holder.is_none() && remembered.memory == ended(record(1)));
    cluster.take(&object(), "u-1", &record(2), false).await.expect("it is free again");
    let lease = store.lock().expect("free").lease.clone().expect("there");
    assert_eq!(lease["spec"]["leaseTransitions"], 1);
}

#[tokio::test]
async fn what_was_left_open_is_refused_or_taken_up() {
    let (cluster, _) = served().await;
    let memory = Memory { last: Some(record(1)), ..Memory::default() };
    cluster.edit(&object(), "u-1", &|kept| *kept = memory.clone()).await.expect("it is free");
    let refused = cluster.take(&object(), "u-1", &record(2), false).await;
    let Err(LockError::Unfinished { record: left, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(*left, record(1));
    let held = cluster.take(&object(), "u-1", &record(2), true).await.expect("it is taken up");
    assert_eq!(held.memory.last, Some(record(2)));
    // Another object of the same name has nothing to do with it.
    cluster.release(held.fence, &memory).await.expect("it is ours");
    let held = cluster.take(&object(), "u-2", &record(3), false).await.expect("it is free");
    assert_eq!(held.memory.last, Some(record(3)));
}

#[tokio::test]
async fn a_lost_answer_is_looked_up() {
    let (cluster, store) = served().await;
    store.lock().expect("free").lose = 1;
    let mut held = cluster.take(&object(), "u-1", &record(1), false).await.expect("it is taken");
    store.lock().expect("free").lose = 1;
    cluster.keep(&mut held.fence, &held.memory).await.expect("it is ours");
    assert_eq!(&*held.fence.version, "2");
    store.lock().expect("free").lose = 1;
    cluster.release(held.fence, &ended(record(1))).await.expect("it was ours");
    assert!(cluster.read(&object()).await.expect("it can be read").holder.is_none());
}

#[tokio::test]
async fn an_expired_lock_is_taken_and_its_holder_notices() {
    let (cluster, store) = served().await;
    let mut held = cluster.take(&object(), "u-1", &record(1), false).await.expect("it is free");
    store.lock().expect("free").lease.as_mut().expect("there")["spec"]["renewTime"] =
        json!("2026-01-01T00:00:00.000000Z");
    let other = cluster.take(&object(), "u-1", &record(2), true).await.expect("it has expired");
    let lost = Err(LockError::Lost { object: object() });
    assert_eq!(cluster.confirm(&held.fence).await, lost);
    assert_eq!(cluster.keep(&mut held.fence, &held.memory).await, lost);
    assert_eq!(cluster.release(held.fence, &held.memory).await, lost);
    cluster.confirm(&other.fence).await.expect("it is theirs");
}

#[tokio::test]
async fn what_cannot_be_read_or_is_not_allowed_is_told() {
    let (cluster, store) = served().await;
    let held = cluster.take(&object(), "u-1", &record(1), false).await.expect("it is free");
    cluster.release(held.fence, &ended(record(1))).await.expect("it is ours");
    store.lock().expect("free").lease.as_mut().expect("there")["metadata"]["annotations"]["safe-update.io/record"] =
        json!("{\"v\":99}");
    let error = cluster.take(&object(), "u-1", &record(2), false).await;
    assert!(matches!(error, Err(LockError::Unreadable { .. })), "{error:?}");

    let server = Server::start(|_, asked| {
        Some(match &*asked["method"] {
            "GET" => refusal(404, "not found"),
            _ => (StatusCode::FORBIDDEN, r#"{"kind":"Status","message":"no"}"#).into_response(),
        })
    })
    .await;
    let cluster = server.connect().await;
    let error = cluster.take(&object(), "u-1", &record(2), false).await;
    let Err(LockError::Forbidden { message }) = error else { panic!("{error:?}") };
    assert!(message.contains("create leases.coordination.k8s.io in n"), "{message}");
}

#[tokio::test]
async fn foreign_leases_never_fail_the_rest() {
    let (cluster, store) = served().await;
    cluster.take(&object(), "u-1", &record(1), false).await.expect("it is free");
    let ours = store.lock().expect("free").lease.clone().expect("there");
    let mut newer = ours.clone();
    newer["metadata"]["annotations"]["safe-update.io/record"] = json!("{\"v\":99}");
    let foreign =
        json!({"metadata": {"name": "x", "resourceVersion": "1"}, "spec": {"renewTime": 5}});
    let page = json!({"kind": "List", "metadata": {}, "items": [foreign, newer, ours]}).to_string();
    let server = Server::start(move |_, _| Some(page.clone().into_response())).await;
    let all = server.connect().await.read_all(None).await.expect("it can be read");
    let [(known, remembered)] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!(*known, object());
    assert!(remembered.holder.is_some());
    assert_eq!(server.asked("labelSelector=app.kubernetes.io%2Fmanaged-by%3Dsafe-update"), 1);
}
