//! Tags read as versions: what a tag means, how two tags compare, how large a step is.
//!
//! Owns the reading of one tag and the order of two. Never looks at other tags, at digests or at
//! dates of publication; which tag is proposed is decided in [`super::candidate`].
//!
//! ```text
//! tag       := artifact | hash | floating | version
//! artifact  := ("sha256-" | "sha512-") hex … | … ( ".sig" | ".att" | ".sbom" )
//! version   := prefix body suffix
//! prefix    := "" | … separator | … "v"                 fixed, numbers included; hashes in it vary
//! body      := stamp | number *( "." number )
//! stamp     := YYYY "-" MM [ "-" DD [ "T" time ] ] | YYYYMMDD [ "T" time ] *( "." number )
//! suffix    := *( pre-release | counter | hash | variant )
//! pre       := ( alpha | beta | milestone | pre | preview | rc ) *( "." number ), M1, 3.7.0b1
//! counter   := "-" N [ "." N ] directly after the body, "_" N, a date, N after a channel word,
//!              or N glued to (after) one of r ls b k3s rke2r eksbuild build CU KB p post security …
//! variant   := what is left: fixed, numbers and case included
//! separator := "." | "-" | "_"
//! ```
//!
//! - The body is the number that begins the tag (a `v` may stand before it), unless it is a lone
//!   number directly followed by a dotted one (`16-3.4`: 16 is prefix); else the first dotted
//!   number or dashed date that is not glued to a word; else the first lone number that is not.
//!   `jdk17`, `alpine3.19` and `x86_64` are words.
//! - A hash (7 to 64 lower-case hexadecimal digits with a letter, `g…` of git-describe, six after
//!   a date) keeps its place but not its value: it never orders.
//! - Numbers are compared as digits, so they have no upper limit; leading zeros mean nothing.
//! - A date is complete with and without the count behind it (`xenial-20160125`,
//!   `xenial-20160217.2`).
//! - A pre-release is lower than its version; the words order as they are listed above, which is
//!   also the order of Semantic Versioning.
//! - `_N` directly after the body is the build number of a JDK: such a tag is complete whatever
//!   the count of its parts, and a missing part is zero (`11.0.16_8` < `11.0.16.1_1`).
//! - A bare number between body and variant counts (`7.9.1-2-ubi8`), unless the catalog shows that
//!   it is a flavour (`4.0.13-24-trixie`); only the catalog can tell.
//! - A scheme break is a step that no release makes: from `10.11.4` to a year, from `8` to
//!   `608111629`. A project that really moves to years looks the same, so the step is named by a
//!   person, never taken. `17.10` to `18.04` is no break.

mod base;
mod digits;
mod find;
mod order;
mod read;
mod reader;
mod words;

#[cfg(test)]
mod tests;

pub(super) use digits::{order_digits, order_lists, order_padded};
pub use order::{Bump, Difference, Scheme, Version};
pub(super) use order::{FamilyId, FamilyKey};
pub(super) use read::Families;
pub use read::{Reading, read};
pub(super) use read::{pre_release_bound, split_digits};
