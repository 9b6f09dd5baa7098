//! Writes what a release holds beside the program: the man pages and the completion scripts, made from
//! the definition of the flags. `cargo run --example assets -- DIRECTORY` writes `DIRECTORY/man` and
//! `DIRECTORY/completions`.

use std::io;
use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;
use safe_update::cli::args::Cli;

/// The file of the program, under whose name shells and man look.
const FILE: &str = "kubectl-safe_update";

fn main() -> io::Result<()> {
    let Some(directory) = std::env::args_os().nth(1) else {
        return Err(io::Error::other("usage: assets DIRECTORY"));
    };
    write(Path::new(&directory))
}

/// Writes everything below a directory.
pub(crate) fn write(directory: &Path) -> io::Result<()> {
    let man = directory.join("man");
    std::fs::create_dir_all(&man)?;
    // Pages are called by the file; what they show is what is typed.
    let command = Cli::command().name(FILE).bin_name("kubectl safe-update");
    clap_mangen::generate_to(command, &man)?;
    let completions = directory.join("completions");
    std::fs::create_dir_all(&completions)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell] {
        clap_complete::generate_to(shell, &mut Cli::command(), FILE, &completions)?;
    }
    Ok(())
}
