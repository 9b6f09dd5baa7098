//! The values of an upgrade. Each file is read once: what is previewed is what is installed, whatever
//! becomes of the file meanwhile, and a pipe or standard input can be read no second time. What is
//! named by an address helm fetches itself, each time that it renders.

use std::ffi::OsString;
use std::io::Read;

use anyhow::Context as _;
use secrecy::SecretString;
use serde_json::Value;

use crate::adapters::helm::copies::Copies;
use crate::adapters::helm::rollouts::KEEP_VALUES;
use crate::adapters::helm::words;
use crate::cli::args_helm::Values;
use crate::cli::error::CommandError;

/// The largest file of values: what Helm can store at all is a megabyte, compressed.
const SIZE_MAX: u64 = 16 << 20;

/// Values as helm is told them.
#[derive(Debug)]
pub(super) struct Told {
    /// The flags.
    pub(super) flags: Vec<OsString>,
    /// What is masked in helm's words.
    pub(super) secrets: Vec<SecretString>,
    /// The copies of files.
    pub(super) copies: Copies,
}

/// Reads what was typed.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn read(values: &Values, stdin: impl Read) -> Result<Told, CommandError> {
    let mode = if values.reset_values {
        "--reset-values"
    } else if values.reuse_values {
        "--reuse-values"
    } else {
        KEEP_VALUES
    };
    let mut told =
        Told { flags: vec![mode.into()], secrets: Vec::new(), copies: Copies::default() };
    let mut stdin = Some(stdin);
    for file in &values.values {
        // helm fetches these itself.
        if file.contains("://") {
            told.flags.push(format!("--values={file}").into());
            continue;
        }
        let bytes = if file == "-" {
            let stdin = stdin.take().ok_or_else(|| {
                CommandError::usage_message("standard input can be read once: name - once")
            })?;
            bounded(stdin).context("standard input").map_err(CommandError::usage)?
        } else {
            contents(file)?
        };
        told.learn(&bytes);
        told.copy("--values=", if file == "-" { "standard input" } else { file }, bytes);
    }
    for pairs in &values.set_file {
        for pair in unescaped(pairs) {
            let Some((key, file)) = pair.split_once('=') else {
                told.flags.push(format!("--set-file={pair}").into());
                continue;
            };
            let bytes = contents(file)?;
            told.learn_value(key, Value::from(String::from_utf8_lossy(&bytes)));
            told.copy(&format!("--set-file={key}="), file, bytes);
        }
    }
    for (flag, given) in [
        ("--set", &values.set),
        ("--set-string", &values.set_string),
        ("--set-literal", &values.set_literal),
    ] {
        for value in given {
            for pair in unescaped(value).into_iter().chain([value.as_str()]) {
                told.learn_pair(pair);
            }
            told.flags.push(format!("{flag}={value}").into());
        }
    }
    for given in &values.set_json {
        told.learn_json(given);
        told.flags.push(format!("--set-json={given}").into());
    }
    Ok(told)
}

impl Told {
    /// Hands over a copy of a file.
    fn copy(&mut self, flag: &str, name: &str, bytes: Vec<u8>) {
        let mut text = OsString::from(flag);
        text.push(self.copies.keep(name, bytes));
        self.flags.push(text);
    }

    /// Takes over what looks secret in `KEY=VALUE`.
    fn learn_pair(&mut self, pair: &str) {
        let Some((key, text)) = pair.split_once('=') else { return };
        self.learn_value(key, text.into());
        let plain = text.replace("\\,", ",");
        if plain != text {
            self.learn_value(key, plain.into());
        }
        if let Some(list) = text.strip_prefix('{') {
            let elements = list.strip_suffix('}').unwrap_or(list).split(',');
            elements.for_each(|one| self.learn_value(key, one.into()));
        }
    }

    /// Takes over what looks secret in `KEY=JSON,KEY=JSON`, or in an object alone, as Helm 4 takes it.
    /// Of what is neither, helm quotes the whole.
    fn learn_json(&mut self, given: &str) {
        if let Ok(tree @ Value::Object(_)) = serde_json::from_str(given) {
            words::collect(&tree, &mut self.secrets);
            return;
        }
        let mut rest = given;
        while !rest.trim().is_empty() {
            let (key, text) = rest.split_once('=').unwrap_or(("", rest));
            let mut values = serde_json::Deserializer::from_str(text).into_iter();
            let Some(Ok(value)) = values.next() else {
                return words::hide(given, &mut self.secrets);
            };
            self.learn_value(key, value);
            rest = text[values.byte_offset()..].trim_start().trim_start_matches(',');
        }
    }

    /// Takes over what looks secret in a value, under the keys that lead to it: `db.password`.
    fn learn_value(&mut self, path: &str, value: Value) {
        let keys = path.rsplit(['.', '[', ']']).filter(|key| !key.is_empty());
        let tree = keys.fold(value, |tree, key| {
            let index = key.bytes().all(|byte| byte.is_ascii_digit());
            if index { tree } else { serde_json::json!({ key: tree }) }
        });
        words::collect(&tree, &mut self.secrets);
    }

    /// Takes over what looks secret in a file of values. One that is no YAML helm refuses by itself.
    fn learn(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        if let Ok(values) = serde_yaml::from_str::<Value>(&text) {
            words::collect(&values, &mut self.secrets);
        }
    }
}

fn contents(file: &str) -> Result<Vec<u8>, CommandError> {
    std::fs::File::open(file)
        .map_err(anyhow::Error::new)
        .and_then(bounded)
        .with_context(|| format!("the values in {file} cannot be read"))
        .map_err(CommandError::usage)
}

fn bounded(source: impl Read) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(SIZE_MAX + 1).read_to_end(&mut bytes)?;
    anyhow::ensure!(bytes.len() as u64 <= SIZE_MAX, "larger than {} MiB", SIZE_MAX >> 20);
    Ok(bytes)
}

/// The parts of `KEY=VALUE,KEY={VALUE,VALUE}`, where `\,` is a comma of a value.
fn unescaped(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut before, mut in_list) = (0, ' ', false);
    for (at, character) in text.char_indices() {
        match character {
            '{' if before == '=' => in_list = true,
            '}' if before != '\\' => in_list = false,
            ',' if before != '\\' && !in_list => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        before = character;
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn words(told: &Told) -> Vec<String> {
        told.flags.iter().map(|flag| flag.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn files_are_read_once_and_kept() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("prod.yaml");
        std::fs::write(&file, "db: {password: s3cret, host: db.internal}").expect("a file");
        let given = Values {
            values: vec![file.display().to_string(), "-".into(), "https://x.test/v.yaml".into()],
            set_file: vec![format!("cert={0},tls.key={0}", file.display())],
            ..Values::default()
        };
        let told = read(&given, &b"replicas: 3"[..]).expect("they can be read");
        std::fs::remove_file(&file).expect("it is there");
        let flags = words(&told);
        assert_eq!(flags.len(), 6, "{flags:?}");
        assert_eq!(flags[0], "--reset-then-reuse-values");
        let lent = told.copies.lend(&told.flags).expect("they can be written");
        let copied = |flag: &str, start: &str| {
            let placed = lent.place(flag.as_ref()).into_string().expect("a path");
            let path = placed.strip_prefix(start).expect("the flag");
            std::fs::read_to_string(path).expect("a copy")
        };
        assert!(copied(&flags[1], "--values=").contains("db.internal"));
        assert_eq!(copied(&flags[2], "--values="), "replicas: 3");
        assert_eq!(flags[3], "--values=https://x.test/v.yaml");
        assert!(copied(&flags[5], "--set-file=tls.key=").contains("db.internal"));
        let secrets: Vec<&str> = told.secrets.iter().map(ExposeSecret::expose_secret).collect();
        assert!(secrets.contains(&"s3cret") && !secrets.contains(&"db.internal"), "{secrets:?}");
        let twice = Values { values: vec!["-".into(), "-".into()], ..Values::default() };
        assert!(read(&twice, &b""[..]).is_err());
        let missing = Values { values: vec!["/no/such".into()], ..Values::default() };
        let error = read(&missing, &b""[..]).expect_err("it is not there");
        assert!(format!("{:#}", error.error).contains("/no/such"));
    }

    #[test]
    fn what_is_typed_goes_on_as_it_is_and_is_masked() {
        let given = Values {
            set: vec![
                r"image.tag=1.27.1,users[0].pwd=with\,comma".into(),
                "tokens={first-one,other-one},level=debug".into(),
            ],
            set_json: vec![
                r#"db={"user":"ada-l","pass":5432123},size=[1,20000]"#.into(),
                r#"{"mq":{"password":"rabb1t","host":"mq.test"}}"#.into(),
                r#"cache={"password":"br0ken"#.into(),
            ],
            reuse_values: true,
            ..Values::default()
        };
        let told = read(&given, &b""[..]).expect("they can be read");
        assert_eq!(
            words(&told),
            [
                "--reuse-values",
                r"--set=image.tag=1.27.1,users[0].pwd=with\,comma",
                "--set=tokens={first-one,other-one},level=debug",
                r#"--set-json=db={"user":"ada-l","pass":5432123},size=[1,20000]"#,
                r#"--set-json={"mq":{"password":"rabb1t","host":"mq.test"}}"#,
                r#"--set-json=cache={"password":"br0ken"#,
            ]
        );
        let secrets: Vec<&str> = told.secrets.iter().map(ExposeSecret::expose_secret).collect();
        for (word, hidden) in [
            ("with,comma", true),
            ("first-one", true),
            ("other-one", true),
            ("debug", false),
            ("5432123", true),
            ("1.27.1", false),
            ("ada-l", false),
            ("20000", false),
            ("rabb1t", true),
            ("mq.test", false),
            // helm quotes what it cannot read, as it is.
            (r#"cache={"password":"br0ken"#, true),
        ] {
            assert_eq!(secrets.contains(&word), hidden, "{word} in {secrets:?}");
        }
    }
}
