//! The closed word lists that reading a tag needs. All are lower case. `is_…` takes a word in any
//! case, the others take it folded.

/// Pre-release words in rising order: the index is the rank.
const PRE_RELEASE: [&str; 6] = ["alpha", "beta", "milestone", "pre", "preview", "rc"];

/// Words for a line of builds rather than a release. They are part of the variant, and the number
/// after them counts builds.
const CHANNELS: [&str; 18] = [
    "canary",
    "dev",
    "devel",
    "develop",
    "ea",
    "edge",
    "experimental",
    "head",
    "insiders",
    "main",
    "master",
    "next",
    "nightly",
    "snapshot",
    "staging",
    "testing",
    "trunk",
    "unstable",
];

/// What a build counter is glued to.
const GLUED_COUNTERS: [&str; 22] = [
    "b", "build", "cu", "eksbuild", "fix", "hf", "hotfix", "k3s", "kb", "ls", "p", "patch", "pl",
    "post", "r", "rancher", "rel", "rev", "rke2r", "security", "sp", "update",
];

/// What a build counter may follow behind a separator.
const SPACED_COUNTERS: [&str; 15] = [
    "ce", "ee", "gke", "rancher", "tkg", "vmware", "build", "eksbuild", "fix", "hotfix", "patch",
    "post", "rev", "security", "update",
];

/// Marks of a version that may be glued to it.
const MARKERS: [&str; 5] = ["v", "ver", "version", "rel", "release"];

/// Lone numbers glued to these are the version when the tag has no other number (`b3561`).
const LONE_COUNTERS: [&str; 5] = ["b", "build", "ls", "r", "rev"];

/// A tag that names a change under review is no release.
const REVIEWS: [&str; 6] = ["issue", "merge", "mr", "pr", "pull", "review"];

/// A number after these is a hash even without a letter.
const HASH_MARKS: [&str; 5] = ["commit", "digest", "git", "sha", "sha1"];

/// Code names of one distribution, oldest first.
const CODE_NAMES: [&[&str]; 2] = [
    &["jessie", "stretch", "buster", "bullseye", "bookworm", "trixie", "forky"],
    &["trusty", "xenial", "bionic", "focal", "jammy", "noble", "resolute"],
];

/// Letters of processor names: a number beside them never is a base version.
const PROCESSORS: [&str; 14] = [
    "aarch",
    "amd",
    "arm",
    "armhf",
    "armv",
    "i",
    "loong",
    "loongarch",
    "mips",
    "ppc",
    "riscv",
    "s",
    "win",
    "x",
];

/// The rank of a pre-release word and of its short forms (`m` for milestone, `cr` for candidate).
pub(super) fn pre_release_rank(word: &str) -> Option<u8> {
    let word = match word {
        "m" => "milestone",
        "cr" => "rc",
        "a" => "alpha",
        "b" => "beta",
        other => other,
    };
    PRE_RELEASE.iter().zip(1..).find_map(|(known, rank)| (*known == word).then_some(rank))
}

/// The word of a rank of [`pre_release_rank`].
pub(super) fn pre_release_word(rank: u8) -> Option<&'static str> {
    PRE_RELEASE.get(usize::from(rank).checked_sub(1)?).copied()
}

fn among(list: &[&str], word: &str) -> bool {
    list.iter().any(|known| known.eq_ignore_ascii_case(word))
}

pub(super) fn is_channel(word: &str) -> bool {
    among(&CHANNELS, word)
}

/// The counter word that `token` begins with when the rest is digits: `ls` of `ls212`.
pub(super) fn glued_counter(token: &str) -> Option<&'static str> {
    GLUED_COUNTERS.into_iter().find(|word| {
        token
            .strip_prefix(word)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

pub(super) fn is_spaced_counter(word: &str) -> bool {
    among(&SPACED_COUNTERS, word)
}

pub(super) fn is_marker(word: &str) -> bool {
    among(&MARKERS, word)
}

pub(super) fn is_lone_counter(word: &str) -> bool {
    among(&LONE_COUNTERS, word)
}

pub(super) fn is_review(word: &str) -> bool {
    among(&REVIEWS, word)
}

pub(super) fn is_hash_mark(word: &str) -> bool {
    among(&HASH_MARKS, word)
}

pub(super) fn is_processor(letters: &str) -> bool {
    among(&PROCESSORS, letters)
}

/// The distribution and the age of a code name; higher is later.
pub(super) fn code_name(word: &str) -> Option<(usize, usize)> {
    CODE_NAMES.iter().enumerate().find_map(|(distribution, names)| {
        names.iter().position(|name| *name == word).map(|age| (distribution, age))
    })
}

/// Whether `newer` is a later code name of the same distribution.
pub(super) fn is_later_code_name(older: &str, newer: &str) -> bool {
    matches!(
        (code_name(older), code_name(newer)),
        (Some((mine, old)), Some((theirs, new))) if mine == theirs && old < new
    )
}
