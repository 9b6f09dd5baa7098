use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::Barrier;

use super::*;
use crate::ports::rollouts::JournalError;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).expect("there").permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("changed");
}

#[test]
fn everything_is_for_its_owner_alone() {
    let bed = Bed::new();
    bed.whole_run(1);
    let journal = bed.journal();
    journal.keep_plan(&start(1).id, "{}").expect("kept");
    let _held = journal.lock("0b1c", &"prod/deploy/web".parse().expect("an object")).expect("free");
    let mut directories = vec![bed.state()];
    let mut files = 0;
    while let Some(directory) = directories.pop() {
        assert_eq!(mode(&directory), 0o700, "{}", directory.display());
        for entry in fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
            } else {
                assert_eq!(mode(&path), 0o600, "{}", path.display());
                files += 1;
            }
        }
    }
    // Events, plan, the mark of a run, index, its lock, the lock of an object.
    assert_eq!(files, 6);
}

/// What is said of a state directory with a run in it after it was changed.
fn refused(change: impl Fn(&Path)) -> String {
    let bed = Bed::new();
    bed.whole_run(1);
    change(&bed.state());
    let error = bed.journal().begin(&start(2)).expect_err("unsafe");
    assert!(matches!(error, JournalError::Unsafe { .. }), "{error}");
    assert!(!bed.events(&start(2).id).exists());
    error.to_string()
}

#[test]
fn a_state_directory_that_others_may_write_is_refused_with_the_fix() {
    for place in ["", "journal"] {
        for bits in [0o770, 0o707, 0o1777] {
            let message = refused(|state| set_mode(&state.join(place), bits));
            assert!(message.contains("may be written by others: chmod 700 /"), "{message}");
        }
    }
    let message = refused(|state| set_mode(&state.join("journal/index.jsonl"), 0o666));
    assert!(message.contains("chmod 600 /"), "{message}");
    // Others may see that it is there.
    let bed = Bed::new();
    fs::create_dir(bed.state()).expect("made");
    set_mode(&bed.state(), 0o755);
    bed.whole_run(1);
}

#[test]
fn links_are_refused_and_nothing_is_written_through_them() {
    let elsewhere = tempfile::tempdir().expect("a directory");
    let target = elsewhere.path().join("target");
    for place in ["", "journal", "journal/index.jsonl"] {
        let _ = fs::remove_file(&target);
        let message = refused(|state| {
            let path: PathBuf = state.join(place).components().collect();
            if path.is_dir() {
                let _ = fs::remove_dir_all(&target);
                fs::rename(&path, &target).expect("moved");
            } else {
                let _ = fs::remove_dir_all(&target);
                fs::write(&target, "theirs").expect("written");
                fs::remove_file(&path).expect("removed");
            }
            symlink(&target, &path).expect("linked");
        });
        assert!(message.contains("is a link"), "{message}");
    }
    assert_eq!(fs::read_to_string(&target).expect("text"), "theirs");

    let bed = Bed::new();
    symlink(elsewhere.path(), bed.state()).expect("linked");
    let journal = FileJournal::new(bed.state().join(""), Retention::default());
    assert!(matches!(journal.begin(&start(1)), Err(JournalError::Unsafe { .. })));
}

#[test]
fn links_in_a_run_are_refused() {
    let elsewhere = tempfile::tempdir().expect("a directory");
    let bed = Bed::new();
    let run = bed.killed_run(1);
    bed.whole_run(2);
    let path = bed.events(&run);
    let target = elsewhere.path().join("events.jsonl");
    fs::rename(&path, &target).expect("moved");
    symlink(&target, &path).expect("linked");
    let size = fs::metadata(&target).expect("there").len();
    let error = bed.journal().append(&ended(&run, 1), now()).expect_err("a link");
    assert!(matches!(error, JournalError::Unsafe { .. }), "{error}");
    assert_eq!(fs::metadata(&target).expect("there").len(), size);
    let (records, notes) = bed.journal().records().expect("readable");
    assert_eq!((records.len(), notes.len()), (1, 1), "{notes:?}");
    assert!(notes[0].contains("is a link"), "{notes:?}");
    assert!(bed.journal().verify(None).is_err());

    // The directory of a run as a link.
    let directory = path.parent().expect("a directory");
    fs::remove_dir_all(directory).expect("removed");
    symlink(elsewhere.path(), directory).expect("linked");
    assert!(bed.journal().append(&ended(&run, 1), now()).is_err());
    assert_eq!(fs::metadata(&target).expect("there").len(), size);

    // A lock as a link.
    let object = "prod/deploy/web".parse().expect("an object");
    drop(bed.journal().lock("0b1c", &object).expect("free"));
    let locks = bed.state().join("locks");
    let lock = fs::read_dir(&locks).expect("a directory").next().expect("one").expect("one").path();
    fs::remove_file(&lock).expect("removed");
    symlink(&target, &lock).expect("linked");
    assert!(matches!(bed.journal().lock("0b1c", &object), Err(JournalError::Unsafe { .. })));
}

#[test]
fn something_else_in_the_place_of_a_file_or_directory_is_refused() {
    let bed = Bed::new();
    fs::write(bed.state(), "a file").expect("written");
    let error = bed.journal().begin(&start(1)).expect_err("a file").to_string();
    assert!(error.contains("is no directory"), "{error}");
    let bed = Bed::new();
    bed.whole_run(1);
    fs::remove_file(bed.index()).expect("removed");
    fs::create_dir(bed.index()).expect("made");
    let error = bed.journal().begin(&start(2)).expect_err("a directory").to_string();
    assert!(error.contains("is no file"), "{error}");
}

#[test]
fn a_directory_that_cannot_be_written_shows_before_a_run_begins() {
    // Root may write everywhere, so that a file system has to say no.
    let journal = FileJournal::new("/proc/safe-update", Retention::default());
    let error = journal.begin(&start(1)).expect_err("nothing can be made there");
    assert!(matches!(error, JournalError::Disk { .. }), "{error}");
}

#[test]
fn a_lock_has_one_holder_on_this_machine() {
    let bed = Bed::new();
    let object = "prod/deploy/web".parse().expect("an object");
    for _ in 0..5 {
        let (begin, end) = (Barrier::new(20), Barrier::new(20));
        let winners: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..20)
                .map(|_| {
                    scope.spawn(|| {
                        begin.wait();
                        let held = bed.journal().lock("0b1c", &object);
                        end.wait();
                        match held {
                            Ok(_) => 1,
                            Err(error) => {
                                assert_eq!(error, JournalError::Busy { object: object.clone() });
                                0
                            }
                        }
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
        });
        assert_eq!(winners, 1);
    }
    let journal = bed.journal();
    let held = journal.lock("0b1c", &object).expect("free again");
    let other = "prod/deploy/api".parse().expect("an object");
    drop(journal.lock("0b1c", &other).expect("another object"));
    drop(journal.lock("2d3e", &object).expect("another cluster"));
    assert!(journal.lock("0b1c", &object).is_err());
    drop(held);
    drop(journal.lock("0b1c", &object).expect("given back"));
}

#[test]
fn names_from_outside_stay_inside() {
    let bed = Bed::new();
    let object = "prod/deploy/web".parse().expect("an object");
    for cluster in ["../../../etc/x", "/etc/passwd", &"x".repeat(300), "a\u{0}b", ""] {
        drop(bed.journal().lock(cluster, &object).expect(cluster));
    }
    let names: Vec<_> = fs::read_dir(bed.state().join("locks"))
        .expect("a directory")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    assert_eq!(names.len(), 5);
    assert!(names.iter().all(|name| name.len() == 64), "{names:?}");
    assert_eq!(fs::read_dir(bed.directory.path()).expect("a directory").count(), 1);
}
