use super::*;
use crate::adapters::hash::sha256;
use crate::adapters::journal::AuditError;

/// What `verify` says of a journal of three runs of five entries after it was changed.
fn verdict(change: impl Fn(&Bed)) -> String {
    let bed = Bed::new();
    for number in 1..=3 {
        bed.whole_run(number);
    }
    change(&bed);
    match bed.journal().verify(None) {
        Ok(_) => "whole".into(),
        Err(AuditError::Bad { entry, .. }) => entry.replace(start(2).id.as_str(), "RUN"),
        Err(error) => error.to_string(),
    }
}

fn events_of_the_second(bed: &Bed) -> (PathBuf, Vec<String>) {
    let path = bed.events(&start(2).id);
    let lines = lines(&path);
    (path, lines)
}

#[test]
fn an_edited_entry_is_named() {
    for number in 1..=5 {
        let verdict = verdict(|bed| {
            let (path, mut lines) = events_of_the_second(bed);
            lines[number - 1] = lines[number - 1].replacen("\"ts\":\"2026", "\"ts\":\"2025", 1);
            put_lines(&path, &lines);
        });
        assert_eq!(verdict, format!("RUN/{number}"));
    }
}

#[test]
fn a_deleted_entry_is_named() {
    for number in 1..=5 {
        let verdict = verdict(|bed| {
            let (path, mut lines) = events_of_the_second(bed);
            lines.remove(number - 1);
            put_lines(&path, &lines);
        });
        assert_eq!(verdict, format!("RUN/{number}"));
    }
}

#[test]
fn reordered_and_repeated_entries_are_named() {
    for number in 1..=4 {
        let swapped = verdict(|bed| {
            let (path, mut lines) = events_of_the_second(bed);
            lines.swap(number - 1, number);
            put_lines(&path, &lines);
        });
        assert_eq!(swapped, format!("RUN/{number}"));
        let repeated = verdict(|bed| {
            let (path, mut lines) = events_of_the_second(bed);
            lines.insert(number, lines[number - 1].clone());
            put_lines(&path, &lines);
        });
        assert_eq!(repeated, format!("RUN/{}", number + 1));
    }
}

#[test]
fn a_tail_that_was_cut_is_named() {
    for kept in 0..5 {
        let verdict = verdict(|bed| {
            let (path, lines) = events_of_the_second(bed);
            put_lines(&path, &lines[..kept]);
        });
        assert_eq!(verdict, format!("RUN/{}", kept + 1));
    }
    let torn = verdict(|bed| {
        let path = bed.events(&start(2).id);
        let bytes = fs::read(&path).expect("bytes");
        fs::write(&path, &bytes[..bytes.len() - 1]).expect("written");
    });
    assert_eq!(torn, "RUN/5");
    let removed = verdict(|bed| {
        let directory = bed.events(&start(2).id);
        fs::remove_dir_all(directory.parent().expect("a directory")).expect("removed");
    });
    assert_eq!(removed, "RUN/1");
}

/// Makes the chain of some lines right again.
fn chained(lines: &[String], first: &str) -> Vec<String> {
    let mut prev = first.to_owned();
    let mut chained = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let mut value: serde_json::Value = serde_json::from_str(line).expect("JSON");
        value["seq"] = (index + 1).into();
        value["prev"] = prev.into();
        let line = value.to_string();
        prev = sha256([line.as_bytes()]);
        chained.push(line);
    }
    chained
}

fn prev_of(line: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
    value["prev"].as_str().expect("text").to_owned()
}

#[test]
fn a_run_that_was_written_anew_is_not_what_the_index_knows() {
    let verdict = verdict(|bed| {
        let (path, mut lines) = events_of_the_second(bed);
        lines[1] = lines[1].replace("1.26", "1.27");
        let first = prev_of(&lines[0]);
        put_lines(&path, &chained(&lines, &first));
    });
    assert_eq!(verdict, "RUN/5");
}

#[test]
fn a_changed_index_is_named() {
    for number in 1..=3 {
        let verdict = verdict(|bed| {
            let mut lines = lines(&bed.index());
            lines[number - 1] = lines[number - 1].replace("\"exit\":0", "\"exit\":5");
            put_lines(&bed.index(), &lines);
        });
        // Nothing follows the last line but the hash that somebody remembers.
        let expected = if number == 3 { "whole".into() } else { format!("index/{number}") };
        assert_eq!(verdict, expected);
    }
    let deleted = verdict(|bed| {
        let mut lines = lines(&bed.index());
        lines.remove(1);
        put_lines(&bed.index(), &lines);
    });
    assert_eq!(deleted, "index/2");
    // The third run follows from the line of the second.
    let cut = verdict(|bed| put_lines(&bed.index(), &lines(&bed.index())[..1]));
    assert_eq!(cut, format!("{}/1", start(3).id));
}

#[test]
fn only_a_remembered_hash_tells_a_journal_that_was_written_anew() {
    let bed = Bed::new();
    let heads: Vec<String> = (1..=3).map(|number| bed.whole_run(number)).collect();
    for (index, head) in heads.iter().enumerate() {
        let verified = bed.journal().verify(Some(&format!(" {} ", head.to_uppercase())));
        assert_eq!(verified.expect("whole").since_anchor, Some(2 - index));
    }
    let anchored = |bed: &Bed, head: &str| {
        matches!(bed.journal().verify(Some(head)), Err(AuditError::Anchor { .. }))
    };
    assert!(anchored(&bed, &"f".repeat(64)) && anchored(&bed, "") && anchored(&bed, "\u{1b}[31m"));

    // The index is cut together with the last run: nothing is left that tells.
    let whole = lines(&bed.index());
    put_lines(&bed.index(), &whole[..2]);
    fs::remove_dir_all(bed.events(&start(3).id).parent().expect("a directory")).expect("removed");
    bed.journal().verify(Some(&heads[1])).expect("whole up to there");
    assert!(anchored(&bed, &heads[2]));

    // Every line is written anew, with right hashes.
    let mut index = whole[..2].to_vec();
    let mut first = "0".repeat(64);
    for number in 1..=2 {
        let path = bed.events(&start(number).id);
        let mut events = lines(&path);
        events[1] = events[1].replace("1.26", "1.27");
        let events = chained(&events, &first);
        put_lines(&path, &events);
        let at = number as usize - 1;
        let mut seal: serde_json::Value = serde_json::from_str(&index[at]).expect("JSON");
        seal["head"] = sha256([events[4].as_bytes()]).into();
        index[at] = seal.to_string();
        index = chained(&index, &"0".repeat(64));
        first = sha256([index[at].as_bytes()]);
    }
    put_lines(&bed.index(), &index);
    bed.journal().verify(None).expect("nothing tells");
    assert!(heads.iter().all(|head| anchored(&bed, head)));
}

#[test]
fn an_index_is_rebuilt_from_the_runs() {
    let check = |damage: &dyn Fn(&Bed), kept: usize, added: usize, evidence: bool| {
        let bed = Bed::new();
        for number in 1..=3 {
            bed.whole_run(number);
        }
        damage(&bed);
        let before = fs::read(bed.index()).ok();
        let rebuilt = bed.journal().rebuild(now()).expect("rebuilt");
        assert_eq!((rebuilt.kept, rebuilt.added), (kept, added), "{rebuilt:?}");
        assert_eq!(rebuilt.trouble.is_some(), added > 0);
        let kept_bytes = rebuilt.evidence.map(|path| fs::read(path).expect("bytes"));
        assert_eq!(kept_bytes, before.filter(|_| evidence));
        let verified = bed.journal().verify(Some(&rebuilt.head)).expect("whole");
        assert_eq!((verified.runs, verified.open), (3, vec![]));
        bed.whole_run(4);
        bed.journal().verify(Some(&rebuilt.head)).expect("whole");
        assert_eq!(bed.journal().records().expect("readable").1, [""; 0]);
    };
    check(&|_| {}, 3, 0, false);
    check(&|bed| fs::remove_file(bed.index()).expect("removed"), 0, 4, false);
    check(&|bed| fs::write(bed.index(), "rubbish\n").expect("written"), 0, 4, true);
    let edit = |bed: &Bed| {
        let mut lines = lines(&bed.index());
        lines[1] = lines[1].replace("\"exit\":0", "\"exit\":5");
        put_lines(&bed.index(), &lines);
    };
    check(&edit, 1, 3, true);
}
