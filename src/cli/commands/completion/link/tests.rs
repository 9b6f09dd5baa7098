#![expect(clippy::expect_used, reason = "functions that tests share fail the test")]

use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

/// A home with a program in a store, and a directory of `PATH` with the plugin's link to it.
struct World {
    root: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a directory");
        for directory in ["store", "bin", "other", "home"] {
            std::fs::create_dir(root.path().join(directory)).expect("a directory");
        }
        std::fs::write(root.path().join("store/program"), "").expect("a file");
        symlink("../store/program", root.path().join("bin/kubectl-safe_update")).expect("a link");
        Self { root }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn place(&self) -> Place {
        let path = std::env::join_paths([self.path("other"), self.path("bin")]).expect("a path");
        Place::new(self.path("store/program"), Some(path), Some(self.path("home")))
    }
}

#[test]
fn the_link_goes_beside_the_plugin_and_points_to_it() {
    let world = World::new();
    let place = world.place();
    let (link, made) = place.install().expect("a link");
    let expected = Link {
        path: world.path("bin/kubectl_complete-safe_update"),
        to: "kubectl-safe_update".into(),
    };
    assert_eq!((&link, made), (&expected, true));
    assert!(place.is_searched(&link.path));
    assert_eq!(link.path.read_link().expect("a link"), link.to);
    assert_eq!(place.install().expect("the same"), (expected.clone(), false));
    assert_eq!(place.links(), Links { ours: vec![expected], others: Vec::new() });
    // The plugin is updated: what it links to has another name now, the link leads there too.
    std::fs::rename(world.path("store/program"), world.path("store/newer")).expect("moved");
    std::fs::remove_file(world.path("bin/kubectl-safe_update")).expect("removed");
    let was_ours = world.place().links();
    assert_eq!((was_ours.ours.len(), was_ours.others.len()), (1, 0));
}

#[test]
fn without_a_plugin_on_path_it_points_to_the_program() {
    let world = World::new();
    let place = Place::new(world.path("store/program"), None, Some(world.path("home")));
    let (link, _) = place.install().expect("a link");
    assert_eq!(link.path, world.path("store/kubectl_complete-safe_update"));
    assert_eq!(link.to, Path::new("program"));
    assert!(!place.is_searched(&link.path));
}

#[test]
fn where_nothing_can_be_written_it_goes_into_the_users_own_directory() {
    let world = World::new();
    let closed = std::fs::Permissions::from_mode(0o555);
    std::fs::set_permissions(world.path("bin"), closed).expect("permissions");
    if std::fs::write(world.path("bin/probe"), "").is_ok() {
        // Root writes anywhere.
        return;
    }
    let (link, made) = world.place().install().expect("a link");
    assert!(made);
    assert_eq!(link.path, world.path("home/.local/bin/kubectl_complete-safe_update"));
    assert_eq!(link.to, world.path("bin/kubectl-safe_update"));
    assert!(!world.place().is_searched(&link.path));
    assert_eq!(world.place().links().ours, [link]);
}

#[test]
fn what_somebody_else_put_there_stays() {
    let world = World::new();
    let path = world.path("bin/kubectl_complete-safe_update");
    std::fs::write(&path, "#!/bin/sh\n").expect("a file");
    let error = world.place().install().expect_err("taken");
    assert!(error.error.to_string().ends_with("is there already, and none that install made"));
    assert_eq!(world.place().links(), Links { ours: Vec::new(), others: vec![path.clone()] });
    std::fs::remove_file(&path).expect("removed");
    symlink("/bin/true", &path).expect("a link");
    assert_eq!(world.place().links().others, [path]);

    let (link, made) = world.place().install_in(&world.path("other")).expect("a link");
    assert_eq!((link.to, made), (world.path("bin/kubectl-safe_update"), true));
    assert!(world.place().install_in(&world.path("nowhere")).is_err());
}

#[test]
fn a_copy_is_known_by_what_is_in_it() {
    let world = World::new();
    let this = std::env::current_exe().expect("this program");
    assert!(is_copy(&this));
    let other = world.path("other/file");
    std::fs::write(&other, "#!/bin/sh\n").expect("a file");
    assert!(!is_copy(&other));
    assert!(!is_copy(&world.path("nothing")));
}

#[test]
fn what_belongs_to_krew_is_left_to_it() {
    let world = World::new();
    std::fs::create_dir(world.path("receipts")).expect("a directory");
    let (link, made) = world.place().install().expect("a link");
    assert_eq!(link.path, world.path("home/.local/bin/kubectl_complete-safe_update"));
    assert!(made && link.path.exists());
    assert_eq!(world.place().links().ours, [link]);
}

#[test]
fn what_was_made_beside_a_program_that_is_not_on_path_is_found() {
    let world = World::new();
    let place = Place::new(world.path("store/program"), None, None);
    let (link, _) = place.install().expect("a link");
    assert_eq!(place.links().ours, [link]);
}
