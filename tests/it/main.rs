//! One binary, no outside service.

#![expect(clippy::expect_used, reason = "functions that tests share fail the test")]

mod architecture;
mod bad_input;
mod cli;
mod completion;
#[cfg(target_os = "linux")]
mod dist;
mod docs;
mod env;
mod field_tags;
mod help;
mod layouts;
mod manifests;
mod output;
mod picks;
#[cfg(target_os = "linux")]
#[path = "../bed/picture.rs"]
mod picture;
#[cfg(target_os = "linux")]
mod pictures;
#[cfg(unix)]
mod plugin;
mod readme;
#[cfg(target_os = "linux")]
mod records;
mod schema;
mod shop;
#[cfg(unix)]
mod versions;
mod writing;
