//! Names from outside, however long and whatever they hold: nothing is written beside the directories of
//! the program.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Stage, ended};
use crate::bed::{SafeUpdate, Wrapper, bed};

/// System calls that make, move or remove something, or open a file to write.
const CHANGES: &str = "openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,\
                       symlinkat,unlink,unlinkat,rmdir";

/// Runs the program and tells every path that it opened to write, made, moved or removed.
#[track_caller]
fn changed(
    stage: &Stage,
    program: SafeUpdate,
    args: &[&str],
) -> (crate::bed::Run, BTreeSet<String>) {
    let trace =
        tempfile::NamedTempFile::new().unwrap_or_else(|e| panic!("a file for the trace: {e}"));
    let program = program.under(Wrapper::trace(CHANGES, trace.path()));
    let run = stage.run_by(&program, args);
    let text = std::fs::read_to_string(trace.path()).unwrap_or_else(|e| panic!("the trace: {e}"));
    let changes = |line: &&str| {
        !line.contains("openat(")
            || ["O_WRONLY", "O_RDWR", "O_CREAT"].iter().any(|flag| line.contains(flag))
    };
    let paths = text
        .lines()
        .filter(changes)
        .flat_map(|line| line.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>());
    (run, paths.collect())
}

/// Fails unless all of the paths are the program's own.
#[track_caller]
fn are_inside(paths: &BTreeSet<String>, home: &Path) {
    let own = [".config/safe-update", ".cache"].map(|below| home.join(below));
    for path in paths {
        let path = Path::new(path);
        let climbs = path.components().any(|part| part == std::path::Component::ParentDir);
        // A directory above them may have been missing.
        let inside = own.iter().any(|own| path.starts_with(own) || own.starts_with(path));
        assert!((inside && !climbs) || path == Path::new("/dev/null"), "{}", path.display());
    }
}

/// Whether something was written to the journal.
fn has_recorded(paths: &BTreeSet<String>) -> bool {
    paths.iter().any(|path| path.contains("/journal/"))
}

#[test]
fn long_names_of_objects_stay_inside() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    // Of 253 characters, the most that there can be, some controllers make no ReplicaSet.
    for length in [63, 242, 253] {
        let name = "n".repeat(length);
        let manifest = crate::bed::deployment("web", &stage.image("1.0.0"))
            .replace("metadata: {name: web}", &format!("metadata: {{name: {name}}}"));
        stage.namespace.create_from(&manifest);
        let object = format!("deploy/{name}");
        if length < 253 {
            stage.namespace.wait_rolled_out(&object);
        }
        let args = ["apply", &format!("{object}=1.0.1"), "--yes", "-o", "json", "--soak", "0s"];
        let program = bed().program();
        let home = program.home().to_owned();
        let (run, paths) = changed(&stage, program, &args);
        are_inside(&paths, &home);
        if length < 253 {
            ended(&run, 0, "succeeded", "done");
            assert!(has_recorded(&paths), "{paths:#?}");
            assert_eq!(stage.tag(&object), "1.0.1");
        } else {
            // Held or tried, whichever state its controller has left it in.
            assert!(matches!(run.code, Some(0 | 3 | 6)), "{run}");
        }
        stage.namespace.kubectl(&["delete", &object]).exits(0);
    }
}

#[test]
fn names_of_a_kubeconfig_stay_inside() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    let text = std::fs::read_to_string(bed().kubeconfig()).expect("a kubeconfig");
    let known: serde_json::Value = serde_yaml::from_str(&text).expect("a kubeconfig");
    let long = "x".repeat(300);
    let names = ["../../etc/x", "/etc/x", "a\nb", "\u{1b}]0;x\u{7}", &long];
    for (number, name) in names.into_iter().enumerate() {
        let object = format!("web-{number}");
        stage.deploy(&object, "1.0.0");
        let mut config = known.clone();
        for list in ["contexts", "clusters", "users"] {
            config[list][0]["name"] = name.into();
        }
        for part in ["cluster", "user"] {
            config["contexts"][0]["context"][part] = name.into();
        }
        config["current-context"] = name.into();
        let program = bed().program().home_file("kubeconfig", &config.to_string());
        let home = program.home().to_owned();
        let program = program.kubeconfig(&home.join("kubeconfig"));
        let object = format!("deploy/{object}");
        let args = ["apply", &format!("{object}=1.0.1"), "--yes", "-o", "json", "--soak", "0s"];
        let (run, paths) = changed(&stage, program, &args);
        ended(&run, 0, "succeeded", "done");
        are_inside(&paths, &home);
        assert!(has_recorded(&paths), "{paths:#?}");
        assert!(!run.stderr.contains('\u{1b}'), "{run}");
    }
}
