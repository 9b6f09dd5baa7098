use super::*;
use crate::ports::rollouts::JournalError;

#[test]
fn a_run_is_written_line_by_line_and_read_back() {
    let bed = Bed::new();
    let head = bed.whole_run(1);
    let run = start(1).id;
    let events = lines(&bed.events(&run));
    let words = ["run", "record", "record", "record", "end"];
    assert_eq!(events.len(), words.len());
    for (index, (event, word)) in events.iter().zip(words).enumerate() {
        let begins = format!(r#"{{"v":1,"seq":{},"prev":""#, index + 1);
        assert!(event.starts_with(&begins), "{event}");
        assert!(event.contains(&format!(r#""kind":"{word}""#)), "{event}");
    }
    assert!(events[3].contains(r#""state":"succeeded""#), "{}", events[3]);
    assert_eq!(lines(&bed.index()).len(), 1);
    let (records, notes) = bed.journal().records().expect("readable");
    assert_eq!((records, notes), (vec![ended(&run, 1)], vec![]));
    let verified = bed.journal().verify(Some(&head)).expect("whole");
    assert_eq!((verified.runs, verified.entries, verified.head), (1, 5, head));
    assert_eq!((verified.open, verified.since_anchor), (vec![], Some(0)));
}

#[test]
fn the_newest_record_comes_first_in_its_last_state() {
    let bed = Bed::new();
    let journal = bed.journal();
    for run in [start(2), start(1)] {
        journal.begin(&run).expect("begun");
        for number in [1, 2, 10] {
            journal.append(&record(&run.id, number, Stage::Recorded), now()).expect("added");
        }
        journal.append(&ended(&run.id, 2), now()).expect("added");
    }
    let (records, notes) = journal.records().expect("readable");
    let shown: Vec<_> = records
        .iter()
        .map(|record| (record.id.run == start(2).id, record.id.number, record.is_open()))
        .collect();
    let of = |new| [(new, 10, true), (new, 2, false), (new, 1, true)];
    assert_eq!(shown, [of(true), of(false)].concat());
    assert_eq!(notes, [""; 0]);
}

#[test]
fn nothing_there_is_nothing_to_tell() {
    let bed = Bed::new();
    assert_eq!(bed.journal().records(), Ok((vec![], vec![])));
    let verified = bed.journal().verify(None).expect("whole");
    assert_eq!((verified.runs, verified.head.as_str()), (0, "0".repeat(64).as_str()));
    assert!(!bed.state().exists());
}

#[test]
fn a_run_that_is_killed_at_any_byte_of_an_entry_is_readable_and_taken_up() {
    let bed = Bed::new();
    let run = bed.killed_run(1);
    let path = bed.events(&run);
    let whole = fs::read(&path).expect("bytes");
    let before = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').expect("two") + 1;
    for end in before..=whole.len() {
        fs::write(&path, &whole[..end]).expect("written");
        let (records, notes) = bed.journal().records().expect("readable");
        let stage = if end == whole.len() { Stage::Applying } else { Stage::Recorded };
        assert_eq!(records, [record(&run, 1, stage)], "{end}");
        let torn = end != before && end != whole.len();
        assert_eq!(notes.len(), usize::from(torn), "{end}: {notes:?}");
        assert!(notes.iter().all(|note| note.contains("entry 3 was cut short")), "{notes:?}");
        let verified = bed.journal().verify(None).expect("whole");
        assert_eq!(verified.open, std::slice::from_ref(&run));

        // Every take-up waits for the disk, so that not each byte has one.
        if (end - before) % 32 < 2 || whole.len() - end < 3 {
            bed.journal().append(&ended(&run, 1), now()).expect("taken up");
            let (records, notes) = bed.journal().records().expect("readable");
            assert_eq!((records, notes), (vec![ended(&run, 1)], vec![]), "{end}");
        }
    }
}

#[test]
fn every_beginning_of_a_journal_is_readable() {
    let bed = Bed::new();
    let run = bed.killed_run(1);
    let path = bed.events(&run);
    let whole = fs::read(&path).expect("bytes");
    for end in 0..whole.len() {
        fs::write(&path, &whole[..end]).expect("written");
        let (records, notes) = bed.journal().records().expect("readable");
        assert!(records.len() <= 1 && notes.len() <= 1, "{end}: {notes:?}");
        if end % 7 == 0 {
            bed.journal().verify(None).expect("whole");
        }
    }
    // Killed before its first entry was whole: taken up as if another machine had begun it.
    fs::write(&path, &whole[..20]).expect("written");
    bed.journal().append(&ended(&run, 1), now()).expect("taken up");
    assert!(lines(&path)[0].contains(r#""kind":"taken-up""#));
    bed.journal().verify(None).expect("whole");
}

#[test]
fn a_record_of_another_machine_is_taken_up_without_its_run() {
    let bed = Bed::new();
    bed.whole_run(1);
    let (journal, run, foreign) = (bed.journal(), start(3), start(2).id);
    journal.begin(&run).expect("begun");
    let mut taken = record(&foreign, 4, Stage::Applied);
    taken.attempts = 1;
    journal.append(&taken, now()).expect("added");
    journal.append(&ended(&foreign, 4), now()).expect("added");
    let head = journal.finish(&run.id, 0, now()).expect("ended");
    let verified = bed.journal().verify(Some(&head)).expect("whole");
    assert_eq!((verified.runs, verified.open), (3, vec![]));
    let (records, notes) = bed.journal().records().expect("readable");
    assert_eq!(records[0], ended(&foreign, 4));
    assert_eq!((records.len(), notes), (2, vec![]));
}

#[test]
fn a_killed_run_gets_its_line_when_the_next_one_ends_and_again_when_it_is_taken_up() {
    let bed = Bed::new();
    let killed = bed.killed_run(1);
    bed.whole_run(2);
    assert_eq!(lines(&bed.index()).len(), 2);
    assert_eq!(bed.journal().verify(None).expect("whole").open, []);
    let journal = bed.journal();
    journal.begin(&start(3)).expect("begun");
    journal.append(&ended(&killed, 1), now()).expect("taken up");
    assert_eq!(bed.journal().verify(None).expect("whole").open, [killed, start(3).id]);
    journal.finish(&start(3).id, 0, now()).expect("ended");
    assert_eq!(lines(&bed.index()).len(), 4);
    let verified = bed.journal().verify(None).expect("whole");
    assert_eq!((verified.runs, verified.open), (3, vec![]));
}

#[test]
fn a_run_that_goes_on_gets_no_line_from_another() {
    let bed = Bed::new();
    let journal = bed.journal();
    journal.begin(&start(1)).expect("begun");
    bed.whole_run(2);
    assert_eq!(lines(&bed.index()).len(), 1);
    journal.append(&ended(&start(1).id, 1), now()).expect("added");
    journal.finish(&start(1).id, 4, now()).expect("ended");
    assert!(lines(&bed.index())[1].contains(r#""exit":4"#));
    bed.journal().verify(None).expect("whole");
}

#[test]
fn runs_side_by_side_make_one_chain() {
    let bed = Bed::new();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let bed = &bed;
            scope.spawn(move || {
                let (journal, run) = (bed.journal(), start(number));
                journal.begin(&run).expect("begun");
                for record_number in 1..=3 {
                    journal.append(&ended(&run.id, record_number), now()).expect("added");
                }
                journal.finish(&run.id, 0, now()).expect("ended");
            });
        }
    });
    let verified = bed.journal().verify(None).expect("whole");
    assert_eq!((verified.runs, verified.entries, verified.open), (8, 40, vec![]));
    assert_eq!(lines(&bed.index()).len(), 8);
    assert_eq!(bed.journal().records().expect("readable").0.len(), 24);
}

#[test]
fn two_processes_may_add_to_one_run() {
    let bed = Bed::new();
    let (one, other, run) = (bed.journal(), bed.journal(), start(1));
    one.begin(&run).expect("begun");
    for number in 1..=3 {
        one.append(&ended(&run.id, 2 * number - 1), now()).expect("added");
        other.append(&ended(&run.id, 2 * number), now()).expect("added");
    }
    one.finish(&run.id, 0, now()).expect("ended");
    assert_eq!(bed.journal().verify(None).expect("whole").entries, 8);
}

#[test]
fn damage_is_told_and_hides_no_other_run() {
    let check = |damage: &dyn Fn(&Path), says: &str| {
        let bed = Bed::new();
        bed.whole_run(1);
        bed.whole_run(2);
        damage(&bed.events(&start(1).id));
        let (records, notes) = bed.journal().records().expect("readable");
        assert_eq!(records, [ended(&start(2).id, 1)], "{says}");
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].contains(says), "{says}: {notes:?}");
        // It stays as it is, and others can go on.
        bed.whole_run(3);
    };
    let change = |number: usize, change: &'static dyn Fn(&str) -> String| {
        move |path: &Path| {
            let mut lines = lines(path);
            lines[number - 1] = change(&lines[number - 1]);
            put_lines(path, &lines);
        }
    };
    check(&change(2, &|line| line[..40].to_owned()), "events.jsonl:2:");
    check(&change(2, &|line| line.replace("1.26", "1.27")), "events.jsonl:2: entry 2 was changed");
    check(
        &change(5, &|line| line.replace("17:00", "18:00")),
        "events.jsonl:5: entry 5 was changed",
    );
    check(&change(2, &|line| line.replace(r#"{"v":1"#, r#"{"v":2"#)), "has format 2, this program");
    check(&change(2, &|_| "x".repeat(2 << 20)), "events.jsonl:2: longer than any entry");
    check(&change(2, &|_| "\u{0}".repeat(100)), "events.jsonl:2:");
    check(&|path| fs::write(path, "").expect("written"), "entry 1 is missing");
    check(&|path| fs::remove_file(path).expect("removed"), "is missing");
    check(&|path| put_lines(path, &lines(path)[..3]), "entry 4 is missing: the index knows 5");
}

#[test]
fn a_damaged_index_is_told_and_begins_nothing() {
    let bed = Bed::new();
    bed.whole_run(1);
    bed.whole_run(2);
    let mut index = lines(&bed.index());
    index[0] = index[0].replace(r#""exit":0"#, r#""exit":5"#);
    put_lines(&bed.index(), &index);
    let (records, notes) = bed.journal().records().expect("readable");
    assert_eq!((records.len(), notes.len()), (2, 1), "{notes:?}");
    let error = bed.journal().begin(&start(3)).expect_err("damaged");
    assert!(matches!(error, JournalError::Damaged { line: 1, .. }), "{error}");
    assert!(!bed.events(&start(3).id).exists());
    put_lines(&bed.index(), &[r#"{"v":9}"#.into()]);
    let error = bed.journal().begin(&start(3)).expect_err("newer");
    assert!(matches!(error, JournalError::Newer { found: 9, known: 1, .. }), "{error}");
}

#[test]
fn a_line_of_the_index_that_was_cut_short_does_not_count() {
    let bed = Bed::new();
    bed.whole_run(1);
    bed.whole_run(2);
    let whole = fs::read(bed.index()).expect("bytes");
    let before = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').expect("two") + 1;
    for end in before..whole.len() {
        fs::write(bed.index(), &whole[..end]).expect("written");
        let verified = bed.journal().verify(None).expect("whole");
        assert_eq!((verified.runs, verified.open), (2, vec![start(2).id]));
        assert_eq!(bed.journal().records().expect("readable").0.len(), 2);
    }
    bed.whole_run(3);
    assert_eq!(bed.journal().verify(None).expect("whole").open, []);
    assert_eq!(lines(&bed.index()).len(), 3);
}

#[test]
fn a_plan_is_kept_beside_the_entries_and_replaced_as_a_whole() {
    let bed = Bed::new();
    let (journal, run) = (bed.journal(), start(1));
    assert!(journal.keep_plan(&run.id, "{}").is_err());
    journal.begin(&run).expect("begun");
    for plan in ["{}", r#"{"v":1}"#] {
        journal.keep_plan(&run.id, plan).expect("kept");
        let path = bed.events(&run.id).with_file_name("plan.json");
        assert_eq!(fs::read_to_string(path).expect("text"), plan);
    }
}

#[test]
fn a_run_begins_once() {
    let bed = Bed::new();
    let journal = bed.journal();
    journal.begin(&start(1)).expect("begun");
    let error = journal.begin(&start(1)).expect_err("there already");
    assert!(matches!(error, JournalError::Disk { .. }), "{error}");
    assert_eq!(lines(&bed.events(&start(1).id)).len(), 1);
}

#[test]
fn an_entry_that_does_not_fit_is_an_error_and_leaves_the_run_whole() {
    let bed = Bed::new();
    let (journal, run) = (bed.journal(), start(1));
    journal.begin(&run).expect("begun");
    let mut huge = record(&run.id, 1, Stage::Recorded);
    huge.written = vec![(huge.change.edits[0].slot.clone(), "x".repeat(2 << 20).into())];
    let error = journal.append(&huge, now()).expect_err("too long").to_string();
    assert!(error.contains("too long"), "{error}");
    journal.append(&ended(&run.id, 1), now()).expect("added");
    journal.finish(&run.id, 0, now()).expect("ended");
    bed.journal().verify(None).expect("whole");
}
