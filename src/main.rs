//! Parse, run, exit: nothing else.

use safe_update::cli::{self, exit::Exit};

fn main() -> Exit {
    cli::run(std::env::args_os())
}
