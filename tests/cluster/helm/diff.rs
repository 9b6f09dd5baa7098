//! The real helm-diff, where it is installed. It is built by hand (`tests/bed/get.sh helm-diff`), because
//! not every place of packages has it.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use super::Shop;
use crate::bed::{both, find_tool, sure};

#[test]
fn the_real_helm_diff_shows_the_objects_and_no_secret() {
    let program = match find_tool("helm-diff") {
        Ok(program) => program,
        Err(why) => {
            println!("NOT RUN, helm-diff is not installed: {why}");
            return;
        }
    };
    both(|major| {
        let shop = Shop::open(major, &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
        let password = "c4nary-diff-55aa";
        shop.install(
            "api",
            &shop.chart("1.0.0", "1.0.0"),
            &["--set", &format!("password={password}")],
        );
        let manifest = "name: diff\nversion: 3.9.11\nusage: a diff\ndescription: a diff\n\
                        command: $HELM_PLUGIN_DIR/bin/diff\n";
        let plugin = shop.helm.file("data/plugins/helm-diff/plugin.yaml", manifest);
        let bin = plugin.with_file_name("bin");
        sure(std::fs::create_dir(&bin));
        sure(std::fs::copy(&program, bin.join("diff")));
        sure(std::fs::set_permissions(bin.join("diff"), Permissions::from_mode(0o755)));
        let seen = shop.run(&["upgrade", "api", "--dry-run", "-v=4"]);
        let stdout = &seen.exits(0).stdout;
        // Ours says what it comes to, and its own words name the objects.
        for words in ["1.0.1", "api-settings, ConfigMap (v1) has changed", "default of 1.0.1"] {
            assert!(stdout.contains(words), "{major}: {words}: {seen}");
        }
        assert!(!stdout.contains(password) && !seen.stderr.contains(password), "{seen}");
        // With all lines around a change, as helm-diff reads it.
        let all = shop.run(&["upgrade", "api", "--dry-run", "--diff-context=-1"]);
        assert!(all.exits(0).stdout.contains("greeting: hello"), "{all}");
        assert_eq!(shop.helm.history("api"), ["1 deployed shop-1.0.0"]);
    });
}
