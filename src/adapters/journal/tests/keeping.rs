use super::*;

fn keeping(bed: &Bed, runs: usize) -> FileJournal {
    FileJournal::new(bed.state(), Retention { runs, ..Retention::default() })
}

fn runs(bed: &Bed) -> Vec<u32> {
    (0..100).filter(|number| bed.events(&start(*number).id).exists()).collect()
}

fn run(
    journal: &FileJournal,
    number: u32,
    last: impl Fn(&RunId) -> Record,
    now: Timestamp,
) -> String {
    let start = start(number);
    journal.begin(&start).expect("begun");
    journal.append(&last(&start.id), now).expect("added");
    journal.keep_plan(&start.id, "{}").expect("kept");
    journal.finish(&start.id, 0, now).expect("ended")
}

#[test]
fn the_newest_runs_are_kept_and_open_ones_whatever_their_age() {
    let bed = Bed::new();
    let journal = keeping(&bed, 3);
    let mut heads = Vec::new();
    for number in 0..8 {
        let open = |id: &RunId| match number {
            1 => record(id, 1, Stage::Applied),
            2 => {
                let outcome = Outcome::Unknown("the server did not answer".into());
                let end = Some(RecordEnd { at: now(), outcome });
                Record { end, ..record(id, 1, Stage::Applied) }
            }
            _ => ended(id, 1),
        };
        heads.push(run(&journal, number, open, now()));
    }
    assert_eq!(runs(&bed), [1, 2, 5, 6, 7]);
    assert!(!bed.events(&start(0).id).parent().expect("a directory").exists());
    // The chain is whole, and every hash that was told leads to it.
    for head in &heads {
        bed.journal().verify(Some(head)).expect("whole");
    }
    let (records, notes) = journal.records().expect("readable");
    assert_eq!((records.len(), notes), (5, vec![]));

    // An open one goes when it is over.
    let closing = start(8).id;
    journal.begin(&start(8)).expect("begun");
    journal.append(&ended(&start(1).id, 1), now()).expect("added");
    journal.append(&ended(&closing, 1), now()).expect("added");
    journal.finish(&closing, 0, now()).expect("ended");
    assert_eq!(runs(&bed), [2, 6, 7, 8]);
    bed.journal().verify(None).expect("whole");
}

#[test]
fn runs_are_removed_by_age_that_their_names_tell() {
    let bed = Bed::new();
    let later = now() + Duration::from_hours(401 * 24);
    run(&bed.journal(), 0, |id| ended(id, 1), now());
    let killed = bed.killed_run(1);
    // Begun and killed before anything was written.
    fs::create_dir(bed.state().join("journal").join(start(2).id.as_str())).expect("made");
    run(&bed.journal(), 3, |id| ended(id, 1), later);
    assert_eq!(runs(&bed), [1]);
    assert!(bed.events(&killed).exists());
    assert!(!bed.events(&start(2).id).parent().expect("a directory").exists());
    bed.journal().verify(None).expect("whole");
}

#[test]
fn a_run_that_is_damaged_or_goes_on_is_not_removed() {
    let bed = Bed::new();
    let journal = keeping(&bed, 1);
    let alive = bed.journal();
    alive.begin(&start(0)).expect("begun");
    bed.whole_run(1);
    let path = bed.events(&start(1).id);
    let mut damaged = lines(&path);
    damaged[2] = damaged[2].replace("1.26", "1.27");
    put_lines(&path, &damaged);
    run(&journal, 2, |id| ended(id, 1), now());
    run(&journal, 3, |id| ended(id, 1), now());
    assert_eq!(runs(&bed), [0, 1, 3]);
}

#[test]
fn a_removal_that_was_interrupted_is_ended_and_not_shown() {
    let bed = Bed::new();
    let journal = keeping(&bed, 1);
    run(&journal, 0, |id| ended(id, 1), now());
    let path = bed.events(&start(0).id);
    let bytes = fs::read(&path).expect("bytes");
    run(&journal, 1, |id| ended(id, 1), now());
    assert_eq!(runs(&bed), [1]);
    fs::create_dir(path.parent().expect("a directory")).expect("made");
    fs::write(&path, bytes).expect("written");
    assert_eq!(journal.records().expect("readable").0, [ended(&start(1).id, 1)]);
    assert_eq!(journal.verify(None).expect("whole").runs, 1);
    run(&bed.journal(), 2, |id| ended(id, 1), now());
    assert_eq!(runs(&bed), [1, 2]);

    // Taken up again after it was removed, it is a run like others.
    let journal = bed.journal();
    journal.append(&ended(&start(0).id, 2), now()).expect("added");
    run(&journal, 3, |id| ended(id, 1), now());
    assert_eq!(runs(&bed), [0, 1, 2, 3]);
    assert_eq!(journal.verify(None).expect("whole").open, []);
}

#[test]
fn names_of_runs_tell_when_they_began() {
    use crate::adapters::journal::retention::started;
    assert_eq!(started(&start(5).id), Some(start(5).started));
    let nonsense = "20269924t165301z-5f3a9c01".parse().expect("a name");
    assert_eq!(started(&nonsense), None);
}
