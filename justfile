# The commands of daily work. `just` alone lists them; each is one line that can be typed without just as well.

# The list of recipes.
default:
    @just --list

# Formats the code.
fmt:
    cargo fmt

# Lints as strictly as the test command does.
lint:
    cargo clippy --locked --all-targets -- -D warnings

# Everything that a change has to pass; with words: only the tests whose names contain one.
test *FILTER:
    tests/run {{ FILTER }}

# What needs no real servers: seconds.
test-fast *FILTER:
    tests/run --fast {{ FILTER }}

# The tests against the real servers alone.
test-cluster *FILTER:
    tests/bed/get.sh
    cargo test --locked --test cluster -- {{ FILTER }}

# Licences, banned crates, sources and security advisories (the last needs the network).
deny:
    "$(tests/bed/get.sh cargo-deny | cut -d= -f2-)" --locked check

# The completion scripts that packages install, anew after a change of the flags.
completions:
    UPDATE_COMPLETIONS=1 cargo test --locked --test it -- completion::

# What is printed in the README and the tables there, and the reference of the policy, anew after a change of the program.
docs:
    UPDATE_README=1 cargo test --locked --test it -- readme::
    UPDATE_DOCS=1 cargo test --locked --test it -- docs::

# The pictures of the terminal, drawn from what is printed; that of a rollback from a real one.
pictures:
    UPDATE_README=1 cargo test --locked --test it -- pictures::
    UPDATE_README=1 cargo test --locked --test cluster -- pictures::

# The benchmarks.
bench *FILTER:
    cargo bench --locked -- {{ FILTER }}

# What continuous integration runs.
ci:
    .ci/run

# The whole kill matrix: one `apply` killed at every system call of the kinds that matter (an hour).
kill-matrix:
    SAFE_UPDATE_KILL_MATRIX=1 cargo test --locked --test cluster -- --nocapture killed_at_a_sample

# The archive of a release for one platform, this machine's without a word, in target/archives.
dist *TARGET:
    dist/build.sh {{ TARGET }}

# Builds an archive twice in two directories and compares the bytes (two full builds).
dist-verify *TARGET:
    dist/verify.sh {{ TARGET }}

# An archive in a Debian with nothing in it: installed, completed, used, removed (needs root and debootstrap).
prove ARCHIVE PLUGIN *PROGRAMS:
    dist/prove.sh {{ ARCHIVE }} {{ PLUGIN }} {{ PROGRAMS }}

# The manifest of krew, with version and checksums of the archives.
krew *DIR:
    dist/krew.sh {{ DIR }}

# The plugin of Helm as Helm 4 wants it, signed with `--key NAME` (needs Helm 4).
helm-plugin *ARGS:
    dist/helm-plugin.sh {{ ARGS }}

# The container image, into the engine that docker knows.
image *TARGET:
    dist/image.sh {{ TARGET }}
