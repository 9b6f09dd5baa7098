//! `apply` against the real control plane: each test ends with what has to hold whatever happened.

mod conflicts;
mod consent;
mod crashes;
mod disk;
mod economy;
mod hostile;
mod journal;
mod names;
mod node;
mod outcomes;
mod pictures;
mod plans;
mod server_faults;
mod stateful;
mod webhooks;

use std::time::{Duration, Instant};

use crate::bed::{Namespace, Run, SafeUpdate, bed};

/// More than any run of these tests needs.
pub(crate) const MINUTE: Duration = Duration::from_mins(1);

/// Patch versions that behave in a way of their own on kwok's nodes (tests/bed/stages.yaml): the same
/// scheme as `1.0.0`, so that they are ordinary candidates.
pub(crate) const ERR_PULL: &str = "1.0.901";
pub(crate) const CRASH: &str = "1.0.902";
pub(crate) const NEVER_READY: &str = "1.0.903";
pub(crate) const LATE: &str = "1.0.904";
pub(crate) const INIT_CRASH: &str = "1.0.906";
pub(crate) const RESTARTS: &str = "1.0.908";

/// A namespace with a repository, and a program with a home of its own.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) namespace: Namespace,
    pub(crate) repository: String,
    pub(crate) program: SafeUpdate,
}

impl Stage {
    /// With these published tags.
    #[track_caller]
    pub(crate) fn new(tags: &[&str]) -> Self {
        let namespace = bed().namespace();
        let repository = namespace.repository("app");
        bed().registry().push_tags(&repository, tags);
        Self { namespace, repository, program: bed().program() }
    }

    /// The reference of a tag.
    pub(crate) fn image(&self, tag: &str) -> String {
        bed().registry().reference(&self.repository, tag)
    }

    /// A Deployment of one replica, rolled out.
    #[track_caller]
    pub(crate) fn deploy(&self, name: &str, tag: &str) {
        self.namespace.deploy(name, &self.image(tag));
    }

    /// Runs the program in the namespace.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.run_by(&self.program, args)
    }

    /// Runs another program in the namespace.
    pub(crate) fn run_by(&self, program: &SafeUpdate, args: &[&str]) -> Run {
        program.run(&[args, &["-n", self.namespace.name()]].concat())
    }

    /// `apply --auto` with a short soak and JSON.
    pub(crate) fn apply(&self, args: &[&str]) -> Run {
        self.run(&[&["apply", "-o", "json", "--soak", "1s"], args].concat())
    }

    /// A field of an object.
    #[track_caller]
    pub(crate) fn field(&self, object: &str, path: &str) -> String {
        let path = format!("jsonpath={{{path}}}");
        self.namespace.kubectl(&["get", object, "-o", &path]).exits(0).stdout.clone()
    }

    /// Lets the Lease of a Deployment expire, as its time does when nobody renews it.
    #[track_caller]
    pub(crate) fn lease_expires(&self, name: &str) {
        let leases = self.namespace.kubectl(&["get", "leases", "-o", "json"]).exits(0).json();
        let of = format!("{}/deploy/{name}", self.namespace.name());
        for lease in leases["items"].as_array().into_iter().flatten() {
            if lease["metadata"]["annotations"]["safe-update.io/object"] == *of {
                let lease = lease["metadata"]["name"].as_str().unwrap_or_default();
                let past = r#"{"spec":{"renewTime":"2020-01-01T00:00:00.000000Z"}}"#;
                let patch = ["patch", "lease", lease, "--type", "merge", "-p", past];
                self.namespace.kubectl(&patch).exits(0);
            }
        }
    }

    /// Runs `cj/backup` as its schedule would, until its Job has this condition. A bad version never
    /// ends by itself on kwok's nodes, so that it runs into a deadline.
    #[track_caller]
    pub(crate) fn next_run(&self, job: &str, condition: &str) {
        self.namespace.kubectl(&["create", "job", job, "--from=cronjob/backup"]).exits(0);
        if condition == "Failed" {
            let deadline = r#"{"spec":{"activeDeadlineSeconds":1}}"#;
            self.namespace.kubectl(&["patch", "job", job, "-p", deadline]).exits(0);
        }
        let wait = format!("--for=condition={condition}");
        let job = format!("job/{job}");
        self.namespace.kubectl(&["wait", &wait, &job, "--timeout=60s"]).exits(0);
    }

    /// Waits until the template names a tag: the write has arrived.
    #[track_caller]
    pub(crate) fn wait_for_tag(&self, object: &str, tag: &str) {
        let end = Instant::now() + Duration::from_secs(30);
        while self.tag(object) != tag {
            assert!(Instant::now() < end, "{object} did not come to {tag} within 30 s");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The tag that the first container of a workload's template names now.
    #[track_caller]
    pub(crate) fn tag(&self, object: &str) -> String {
        let image = self.field(object, ".spec.template.spec.containers[0].image");
        let written = image.rsplit_once('@').map_or(image.as_str(), |(name, _)| name);
        written.rsplit_once(':').map_or_else(String::new, |(_, tag)| tag.to_owned())
    }
}

/// The only result of a run that changed one object.
#[track_caller]
pub(crate) fn result(run: &Run) -> serde_json::Value {
    let json = run.json();
    let results = json["results"].as_array().unwrap_or_else(|| panic!("no results: {run}"));
    assert!(results.len() == 1, "wanted one result: {run}");
    results[0].clone()
}

/// Fails unless a run ended with this code and its only result with this outcome and these words.
#[track_caller]
pub(crate) fn ended(run: &Run, code: i32, outcome: &str, words: &str) {
    let said = run.exits(code).json()["exit"].clone();
    assert_eq!(said, code, "the output tells another exit code: {run}");
    let result = result(run);
    let message = result["message"].as_str().unwrap_or_default();
    assert!(
        result["outcome"] == outcome && message.contains(words),
        "wanted {outcome:?} with {words:?}: {run}"
    );
}
