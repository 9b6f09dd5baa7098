//! The pictures of the README are what the program prints. `UPDATE_README=1 cargo test --test it pictures`
//! draws them anew; that of a rollback is drawn by the test in `tests/cluster` that makes one.

use std::fs;
use std::path::Path;

use crate::env::TestEnv;
use crate::picture::svg;
use crate::readme::{on_terminal, updating};

const COLUMNS: u16 = 120;

#[test]
fn pictures_show_what_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (file, command) in [
        ("plan", "kubectl safe-update plan -f examples/shop"),
        ("diff", "kubectl safe-update plan -f examples/shop deploy/cart --diff"),
    ] {
        let coloured = format!("SAFE_UPDATE_COLOR=always {command}");
        let printed = on_terminal(&TestEnv::new(), COLUMNS, root, &coloured);
        let drawn = svg(command, &printed, COLUMNS);
        let path = root.join(format!("docs/pictures/{file}.svg"));
        if updating() {
            fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
            fs::write(&path, drawn).expect("a picture");
            continue;
        }
        let kept = fs::read_to_string(&path).expect("a picture");
        assert!(kept == drawn, "{}: UPDATE_README=1 draws it anew", path.display());
    }
}
