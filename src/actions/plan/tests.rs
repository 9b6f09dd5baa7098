mod charts;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use jiff::SignedDuration;

use super::*;
use crate::domain::gate::tests::{slot, workload};
use crate::domain::image::{Digest, Repository, Tag};
use crate::domain::inventory::{Kind, PullIdentity, Slot, SlotImage, SlotKind};
use crate::domain::platform::Platform;
use crate::ports::{Manifest, Silent, TagList, Usage, Wanted};

/// A registry in memory that counts what it is asked and fails on demand.
#[derive(Default)]
struct Memory {
    /// Tags by repository path; a missing one is not found.
    tags: BTreeMap<&'static str, Vec<&'static str>>,
    /// Platforms and age in days, by tag. Others are linux/amd64 and ten days old.
    images: BTreeMap<&'static str, (&'static str, i64)>,
    /// Tags that are listed, but whose manifest is gone.
    gone: Vec<&'static str>,
    /// Tags whose digest cannot be asked for.
    broken: Vec<&'static str>,
    /// Tags that name the second image instead of the first.
    moved: Vec<&'static str>,
    asked: Mutex<Vec<String>>,
}

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().expect("a time")
}

/// A digest made of one digit.
fn digest(digit: char) -> Digest {
    format!("sha256:{}", String::from(digit).repeat(64)).parse().expect("a digest")
}

impl Memory {
    fn note(&self, what: String) {
        self.asked.lock().expect("one thread").push(what);
    }

    fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().expect("one thread").clone();
        asked.sort();
        asked
    }

    fn find(&self, repository: &Repository, tag: &Tag) -> Result<Digest, LookupError> {
        let host = repository.registry().clone();
        let what = tag.to_string();
        if self.gone.contains(&tag.as_str()) {
            return Err(LookupError::NotFound { host, what });
        }
        if self.broken.contains(&tag.as_str()) {
            return Err(LookupError::Server { host, status: 500 });
        }
        Ok(digest(if self.moved.contains(&tag.as_str()) { '2' } else { '1' }))
    }
}

impl Registry for Memory {
    fn tags<'a>(
        &'a self,
        repository: &'a Repository,
        _pull: Option<&'a PullIdentity>,
    ) -> BoxFuture<'a, Result<Arc<TagList>, LookupError>> {
        self.note(format!("tags {}", repository.familiar()));
        let tags = self.tags.get(repository.path()).map(|tags| {
            let tags = tags.iter().map(|tag| Arc::from(*tag)).collect();
            Arc::new(TagList { tags, truncated: false })
        });
        let host = repository.registry().clone();
        let what = repository.path().to_owned();
        async move { tags.ok_or(LookupError::NotFound { host, what }) }.boxed()
    }

    fn digest<'a>(
        &'a self,
        repository: &'a Repository,
        tag: &'a Tag,
        _pull: Option<&'a PullIdentity>,
    ) -> BoxFuture<'a, Result<Digest, LookupError>> {
        self.note(format!("head {tag}"));
        async move { self.find(repository, tag) }.boxed()
    }

    fn manifest<'a>(
        &'a self,
        repository: &'a Repository,
        tag: &'a Tag,
        wanted: Wanted,
        _pull: Option<&'a PullIdentity>,
    ) -> BoxFuture<'a, Result<Arc<Manifest>, LookupError>> {
        self.note(format!("get {tag}"));
        let (platforms, days) =
            self.images.get(tag.as_str()).copied().unwrap_or(("linux/amd64", 10));
        let created = now().checked_sub(SignedDuration::from_hours(24 * days)).expect("a time");
        async move {
            Ok(Arc::new(Manifest {
                digest: self.find(repository, tag)?,
                platforms: platforms
                    .split(' ')
                    .filter(|text| !text.is_empty())
                    .map(|text| text.parse().expect("a platform"))
                    .collect(),
                created: wanted.created.then_some(created),
                children: vec![digest('3')],
            }))
        }
        .boxed()
    }

    fn pinned<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
        _pull: Option<&'a PullIdentity>,
    ) -> BoxFuture<'a, Result<Arc<Manifest>, LookupError>> {
        let host = repository.registry().clone();
        let what = format!("{}@{digest}", repository.path());
        async move { Err(LookupError::NotFound { host, what }) }.boxed()
    }

    fn usage(&self) -> Usage {
        Usage::default()
    }
}

const NGINX: &str = "library/nginx";

fn nginx(tags: &[&'static str]) -> Memory {
    Memory { tags: [(NGINX, tags.to_vec())].into(), ..Memory::default() }
}

fn inventory(images: &[&str]) -> Inventory {
    let slots = images
        .iter()
        .enumerate()
        .map(|(index, image)| Slot {
            name: format!("c{index}").into(),
            image: SlotImage::read(image),
            ..slot(SlotKind::Container)
        })
        .collect();
    let workloads = vec![Workload { slots, ..workload(Kind::Deployment) }];
    Inventory { workloads, ..Inventory::default() }
}

/// `tag change decision: reason` of every row.
fn rows(plan: &Plan) -> Vec<String> {
    plan.proposals
        .iter()
        .map(|row| {
            let offer = row.candidate.as_ref().map_or("-".to_owned(), |offer| {
                let digest = offer.digest.as_ref().map_or("?", |digest| &digest.hex()[..1]);
                format!("{}@{digest} {}", offer.tag, offer.change)
            });
            format!("{offer} {}: {}", row.decision, row.reasons.join("; "))
        })
        .collect()
}

#[track_caller]
fn check(memory: &Memory, inventory: Inventory, policy: &Policy, expected: &[&str]) -> Plan {
    let overrides = Overrides::default();
    let options = Options {
        policy,
        overrides: &overrides,
        now: now(),
        memories: &Memories::new(),
        named: &[],
        findings: true,
        charts: None,
    };
    let plan =
        plan(inventory, memory, &options, &Silent).now_or_never().expect("memory never waits");
    let rows = rows(&plan);
    assert_eq!(rows.len(), expected.len(), "{rows:#?}");
    for (row, expected) in rows.iter().zip(expected) {
        assert!(row.starts_with(expected), "expected {expected:?} in {rows:#?}");
    }
    plan
}

fn aged(days: u64) -> Policy {
    let mut policy = Policy::default();
    policy.base.minimum_age = Some(std::time::Duration::from_secs(days * 86_400));
    policy
}

#[test]
fn one_tag_list_a_repository_and_one_digest_a_proposal() {
    let memory = nginx(&["1.25.3", "1.25.5", "1.26.0", "2.0.0"]);
    let images = ["nginx:1.25.3", "docker.io/library/nginx:1.25.3", "nginx:1.26.0"];
    check(
        &memory,
        inventory(&images),
        &Policy::default(),
        &["1.25.5@1 patch update", "1.25.5@1 patch update", "2.0.0@1 major held"],
    );
    assert_eq!(memory.asked(), ["head 1.25.5", "head 2.0.0", "tags nginx"]);
}

#[test]
fn trouble_with_one_repository_is_that_row_alone() {
    let memory = nginx(&["1.25.3", "1.25.5"]);
    let plan = check(
        &memory,
        inventory(&["redis:7.0.1", "nginx:1.25.3", "Not a reference"]),
        &Policy::default(),
        &[
            "- unknown: library/redis not found in docker.io; check the name",
            "1.25.5",
            "- unknown: \"Not a reference\" is no image reference",
        ],
    );
    assert_eq!(plan.warnings().len(), 1);
    assert_eq!(plan.warnings()[0].object.as_deref(), Some("docker.io/library/redis"));
    assert!(!nothing_could_be_looked_up(&plan));
}

#[test]
fn a_young_release_does_not_hide_the_one_below() {
    let mut memory = nginx(&["1.25.3", "1.25.4", "1.25.5"]);
    memory.images.insert("1.25.5", ("linux/amd64", 1));
    check(&memory, inventory(&["nginx:1.25.3"]), &aged(3), &["1.25.4@1 patch update"]);
    assert_eq!(memory.asked(), ["get 1.25.4", "get 1.25.5", "tags nginx"]);
    memory.images.insert("1.25.4", ("linux/amd64", 2));
    check(&memory, inventory(&["nginx:1.25.3"]), &aged(3), &["- held: it is younger than"]);
}

#[test]
fn every_platform_of_the_nodes_is_needed_and_amd64_alone_asks_nothing() {
    let mut memory = nginx(&["1.25.3", "1.25.4", "1.25.5"]);
    memory.images.insert("1.25.4", ("linux/amd64 linux/arm64", 10));
    let mixed = |wanted: &[&str]| {
        let mut found = inventory(&["nginx:1.25.3"]);
        found.platforms = ["linux/amd64", "linux/arm64"]
            .iter()
            .map(|text| text.parse().expect("valid"))
            .collect();
        found.workloads[0].placement.architectures =
            wanted.iter().map(|text| Arc::from(*text)).collect();
        found
    };
    check(&memory, mixed(&[]), &Policy::default(), &["1.25.4@1 patch update"]);
    check(&memory, mixed(&["amd64"]), &Policy::default(), &["1.25.5@1 patch update"]);
    memory.images.insert("1.25.4", ("linux/amd64", 10));
    check(&memory, mixed(&[]), &Policy::default(), &["- blocked: it is not built for linux/arm64"]);
}

#[test]
fn a_listed_tag_whose_manifest_is_gone_gives_way() {
    let memory = Memory { gone: vec!["1.25.5"], ..nginx(&["1.25.3", "1.25.4", "1.25.5"]) };
    check(&memory, inventory(&["nginx:1.25.3"]), &Policy::default(), &["1.25.4@1 patch update"]);
    check(&memory, inventory(&["nginx:1.25.3"]), &aged(3), &["1.25.4@1 patch update"]);
    let memory = Memory { gone: vec!["1.25.5"], ..nginx(&["1.25.3", "1.25.5"]) };
    check(&memory, inventory(&["nginx:1.25.3"]), &Policy::default(), &["- up-to-date: no newer"]);
}

#[test]
fn a_digest_that_cannot_be_asked_for_makes_the_row_unknown() {
    let memory = Memory { broken: vec!["1.25.5"], ..nginx(&["1.25.3", "1.25.5"]) };
    let plan = check(
        &memory,
        inventory(&["nginx:1.25.3"]),
        &Policy::default(),
        &["- unknown: docker.io answered 500; try again later"],
    );
    assert!(nothing_could_be_looked_up(&plan));
}

#[test]
fn a_newest_tag_that_cannot_be_read_does_not_hide_the_one_below() {
    let memory = Memory { broken: vec!["1.25.5"], ..nginx(&["1.25.3", "1.25.4", "1.25.5"]) };
    check(&memory, inventory(&["nginx:1.25.3"]), &aged(3), &["1.25.4@1 patch update"]);
}

#[test]
fn many_young_builds_do_not_hide_an_old_one() {
    let mut memory = nginx(&["1.0.1"]);
    let tags: Vec<String> = (1..=40).map(|patch| format!("1.0.{patch}")).collect();
    let tags: Vec<&'static str> = tags.into_iter().map(|tag| &*tag.leak()).collect();
    for tag in &tags[10..] {
        memory.images.insert(tag, ("linux/amd64", 1));
    }
    memory.tags.insert(NGINX, tags);
    check(&memory, inventory(&["nginx:1.0.1"]), &aged(3), &["1.0.10@1 patch update"]);
}

#[test]
fn nodes_of_another_system_or_with_taints_ask_nothing_of_others() {
    let mut memory = nginx(&["1.25.3", "1.25.4"]);
    memory.images.insert("1.25.4", ("linux/amd64", 10));
    let node = |text: &str| text.parse::<Platform>().expect("a platform");
    let mut found = inventory(&["nginx:1.25.3"]);
    found.platforms = vec![node("linux/amd64"), node("windows/amd64")];
    found.tainted_platforms = vec![node("linux/arm64")];
    check(&memory, found.clone(), &Policy::default(), &["1.25.4@1 patch update"]);
    found.workloads[0].placement.tolerates = true;
    let expected = ["- blocked: it is not built for linux/arm64"];
    check(&memory, found.clone(), &Policy::default(), &expected);
    found.workloads[0].placement.tolerates = false;
    found.workloads[0].placement.os = Some("windows".into());
    let expected = ["- blocked: it is not built for windows/amd64"];
    check(&memory, found, &Policy::default(), &expected);
}

#[test]
fn a_dead_registry_fails_rows_of_floating_tags_too() {
    let memory = Memory { broken: vec!["latest"], ..nginx(&[]) };
    let mut found = inventory(&["nginx:latest"]);
    found.workloads[0].slots[0].running = Running::Digests(vec![digest('1')]);
    let plan = check(&memory, found, &Policy::default(), &["- unknown: docker.io answered 500"]);
    assert!(nothing_could_be_looked_up(&plan));
    let plan = check(&memory, inventory(&["nginx:latest"]), &Policy::default(), &["- up-to-date"]);
    assert!(!nothing_could_be_looked_up(&plan));
}

#[test]
fn the_way_back_is_a_published_tag() {
    let memory = nginx(&["1.25.4"]);
    let expected = ["1.25.4@1 patch held: no way back: the running image nginx:1.25.3"];
    check(&memory, inventory(&["nginx:1.25.3"]), &Policy::default(), &expected);
}

#[test]
fn a_moved_tag_is_seen_where_the_nodes_or_the_reference_tell_the_digest() {
    let memory = Memory { moved: vec!["latest", "1.25.3"], ..nginx(&["1.25.3", "latest"]) };
    let running = |image: &str, running: Running| {
        let mut found = inventory(&[image]);
        found.workloads[0].slots[0].running = running;
        found
    };
    let run = |image: &str, now: Running, expected: &str| {
        check(&memory, running(image, now), &Policy::default(), &[expected])
    };
    run("nginx:latest", Running::Digests(vec![digest('1')]), "latest@2 digest held");
    run("nginx", Running::Digests(vec![digest('1')]), "latest@2 digest held");
    run("nginx:latest", Running::Digests(vec![digest('2')]), "- up-to-date");
    // A node that reports the manifest of its own platform runs what the index lists.
    run("nginx:latest", Running::Digests(vec![digest('3')]), "- up-to-date");
    run("nginx:latest", Running::Digests(vec![digest('2'), digest('1')]), "latest@2 digest held");
    let plan = run("nginx:latest", Running::Digests(vec![digest('2'), digest('1')]), "latest@2");
    assert!(plan.proposals[0].reasons.iter().any(|why| why.contains("no way back")), "{plan:?}");
    run("nginx:latest", Running::NotAsked, "- up-to-date: latest is a floating tag");
    let plan = run("nginx:latest", Running::Unreported, "- up-to-date: latest is a floating tag");
    assert_eq!(plan.warnings()[0].code, "unverified");
    let pinned = format!("nginx:1.25.3@{}", digest('1'));
    run(&pinned, Running::NotAsked, "1.25.3@2 digest held");
    let pinned = format!("nginx:1.25.3@{}", digest('2'));
    run(&pinned, Running::NotAsked, "- up-to-date");
    let bare = format!("nginx@{}", digest('1'));
    run(&bare, Running::NotAsked, "- up-to-date: pinned by digest without a tag");
}

#[test]
fn constraints_and_levels_that_leave_nothing_say_so() {
    let memory = nginx(&["1.25.3", "2.0.0"]);
    let mut policy = Policy::default();
    policy.base.constraint = Some("<2".parse().expect("a range"));
    let expected =
        ["- blocked: 2.0.0 is newer, but the range <2 (set by the policy) leaves nothing"];
    check(&memory, inventory(&["nginx:1.25.3"]), &policy, &expected);
}
