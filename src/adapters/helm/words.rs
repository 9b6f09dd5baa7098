//! What is not shown of the words of helm and of its records: they quote values.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use crate::domain::preview::{holds_secrets, looks_secret, only_refers};

/// Shorter words stand everywhere.
const SHORTEST: usize = 4;
/// A shorter line of a text, or a shorter piece of base64, stands elsewhere by chance.
const SHORTEST_PIECE: usize = 8;

/// A text without the secrets that are known.
pub fn masked(text: &str, secrets: &[SecretString]) -> String {
    let mut masked = text.to_owned();
    let mut secrets: Vec<&str> = secrets.iter().map(ExposeSecret::expose_secret).collect();
    // One that stands in another would leave the rest of that one to be read.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in secrets.into_iter().filter(|secret| secret.len() >= SHORTEST) {
        if masked.contains(secret) {
            masked = masked.replace(secret, "***");
        }
    }
    masked
}

/// Adds a secret in every form that a template commonly gives it: as it is and each of its lines,
/// quoted, in an address, and in base64, alone or as a part of something longer.
pub fn hide(secret: &str, found: &mut Vec<SecretString>) {
    let secret = secret.trim();
    // Masked, such a word would be missing everywhere.
    if secret.len() < SHORTEST || ["true", "false", "null", "none"].contains(&secret) {
        return;
    }
    let mut add = |text: Cow<'_, str>| found.push(text.into_owned().into());
    add(secret.into());
    if secret.contains('\n') {
        let lines = secret.lines().map(str::trim);
        // The first and the last line of a key are those of every key.
        let own = lines.filter(|line| line.len() >= SHORTEST_PIECE && !line.starts_with("-----"));
        own.for_each(|line| add(line.into()));
    }
    let quoted = Value::from(secret).to_string();
    let quoted = &quoted[1..quoted.len() - 1];
    for form in [quoted.to_owned(), in_address(secret)] {
        if form != secret {
            add(form.into());
        }
    }
    add(STANDARD.encode(secret).into());
    for piece in (0..3).filter_map(|offset| base64_at(secret.as_bytes(), offset)) {
        if piece.contains(['+', '/']) {
            add(piece.replace('+', "-").replace('/', "_").into());
        }
        add(piece.into());
    }
}

/// As an address has it: the `urlquery` of a template, which is `QueryEscape` of Go.
fn in_address(text: &str) -> String {
    let mut address = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                address.push(char::from(byte));
            }
            b' ' => address.push('+'),
            other => {
                let _ = write!(address, "%{other:02X}");
            }
        }
    }
    address
}

/// The signs of base64 that stand for nothing but a text, when it begins so many bytes after a
/// boundary of three.
fn base64_at(text: &[u8], offset: usize) -> Option<String> {
    let mut bytes = vec![0; offset];
    bytes.extend_from_slice(text);
    let encoded = STANDARD_NO_PAD.encode(&bytes);
    let piece = encoded.get((offset * 8).div_ceil(6)..bytes.len() * 8 / 6)?;
    (piece.len() >= SHORTEST_PIECE).then(|| piece.to_owned())
}

/// Adds every value whose key looks like a secret's, and what stands below keys that hold secrets.
pub fn collect(values: &Value, found: &mut Vec<SecretString>) {
    leaves(values, None, false, found);
}

/// A text without the values that the API server quotes in it: `Invalid value: "…": must be …`.
pub fn without_values(text: &str) -> String {
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(" value: ") {
        let (before, value) = rest.split_at(at + " value: ".len());
        told.push_str(before);
        told.push_str("***");
        // What the server says of it stands behind the last quote, or the next colon.
        let end = match value.strip_prefix('"') {
            Some(quoted) => closing(quoted).map(|end| end + 2),
            // Where a dump of an object ends cannot be seen; a number is one word.
            None => value.find(": ").filter(|end| {
                value[..*end].chars().all(|one| one.is_ascii_alphanumeric() || ".-_".contains(one))
            }),
        };
        rest = end.map_or("", |end| &value[end..]);
    }
    told + rest
}

/// A text whose addresses name neither who asks nor with what: helm quotes those of repositories as
/// they were added, and those that an index names, which may be signed.
pub fn without_credentials(text: &str) -> String {
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, address) = rest.split_at(at + "://".len());
        told.push_str(before);
        let ends = |one: char| one.is_whitespace() || "\"'`<>[](){},;|".contains(one);
        let (address, after) = address.split_at(address.find(ends).unwrap_or(address.len()));
        let (place, query) = match address.split_once('?') {
            Some((place, _)) => (place, "?***"),
            None => (address, ""),
        };
        // A password may hold any sign unescaped, so that the last `@` counts.
        let place = match place.rsplit_once('@') {
            Some((_, host)) if !host.starts_with("sha256:") => host,
            _ => place,
        };
        told.push_str(place);
        told.push_str(query);
        rest = after;
    }
    told + rest
}

/// Where a quoted text ends; the quotes inside of it are escaped.
fn closing(quoted: &str) -> Option<usize> {
    let mut escaped = false;
    quoted.char_indices().find_map(|(at, one)| {
        let ends = one == '"' && !escaped;
        escaped = one == '\\' && !escaped;
        ends.then_some(at)
    })
}

fn leaves(value: &Value, key: Option<&str>, below: bool, found: &mut Vec<SecretString>) {
    let is_secret = key.map_or(below, |key| looks_secret(key) || (below && !only_refers(key)));
    match value {
        Value::String(text) if is_secret => hide(text, found),
        // A password may be a number.
        Value::Number(number) if is_secret => hide(&number.to_string(), found),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, key, below, found)),
        Value::Object(fields) => {
            let below = key.map_or(below, |key| holds_secrets(key) || (below && !only_refers(key)));
            // A variable of a container: its name says what its value is.
            let named = fields.get("name").and_then(Value::as_str).is_some_and(looks_secret);
            for (key, value) in fields {
                if !(key == "key" && names_another(fields)) {
                    leaves(value, Some(key), below || (named && key == "value"), found);
                }
            }
        }
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

/// Whether the `key` of an object is that of a label, a taint, or of an entry in another object.
fn names_another(fields: &Map<String, Value>) -> bool {
    ["operator", "effect", "values", "name", "optional"].iter().any(|key| fields.contains_key(*key))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secrets(values: &Value) -> Vec<SecretString> {
        let mut secrets = Vec::new();
        collect(values, &mut secrets);
        secrets
    }

    #[test]
    fn values_of_secret_keys_are_masked_and_no_others() {
        let secrets = secrets(&json!({
            "image": "nginx:1.25",
            "db": {"password": 12_345_678, "host": "db.internal", "keys": ["k3y-one", "abc"]},
        }));
        let text = "12345678 on db.internal with k3y-one, abc and nginx:1.25";
        assert_eq!(masked(text, &secrets), "*** on db.internal with ***, abc and nginx:1.25");
    }

    #[test]
    fn what_stands_below_a_secret_is_one_and_ordinary_words_are_not() {
        for (values, hidden) in [
            (json!({"secrets": {"SMTP": "hunter2"}}), true),
            (json!({"credentials": [{"user": "hunter2"}]}), true),
            (json!({"tokens": {"ci": "hunter2"}}), true),
            (json!({"keys": {"signing": "hunter2"}}), true),
            (json!({"auth": {"rootPassword": "hunter2"}}), true),
            (json!({"key": "hunter2"}), true),
            (json!({"env": [{"name": "DB_PASSWORD", "value": "hunter2"}]}), true),
            (json!({"env": [{"name": "LEVEL", "value": "hunter2"}]}), false),
            (json!({"auth": {"mode": "hunter2"}}), false),
            (json!({"license": {"kind": "hunter2"}}), false),
            (json!({"secret": {"name": "hunter2", "create": "hunter2"}}), false),
            (json!({"secretRef": {"name": "x", "key": "hunter2"}}), false),
            (json!({"tolerations": [{"key": "hunter2", "operator": "Exists"}]}), false),
            (json!({"spread": [{"topologyKey": "hunter2"}]}), false),
            (json!({"auth": {"secretKeys": {"adminPasswordKey": "hunter2"}}}), false),
        ] {
            let told = masked("hunter2", &secrets(&values));
            assert_eq!(told == "***", hidden, "{values}");
        }
    }

    #[test]
    fn a_secret_is_masked_in_every_form() {
        let secret = "p@ss w/\"rd\"~?>";
        let mut secrets = Vec::new();
        hide(secret, &mut secrets);
        for text in [
            secret.to_owned(),
            json!({ "a": secret }).to_string(),
            "amqp://u:p%40ss+w%2F%22rd%22~%3F%3E@mq".into(),
            STANDARD.encode(secret),
            STANDARD.encode(format!("user:{secret}")),
            STANDARD.encode(format!("{{{secret}}}")),
            STANDARD.encode(format!("ab{secret}, and more")),
            base64::engine::general_purpose::URL_SAFE.encode(format!("abc{secret}abc")),
        ] {
            assert!(masked(&text, &secrets).contains("***"), "{text}");
        }
        let mut secrets = Vec::new();
        hide("-----BEGIN KEY-----\nMIIabcdefgh\n", &mut secrets);
        assert_eq!(masked("+   MIIabcdefgh", &secrets), "+   ***");
        assert_eq!(masked("-----BEGIN KEY-----", &secrets), "-----BEGIN KEY-----");
    }

    #[test]
    fn addresses_are_told_without_credentials() {
        for (said, told) in [
            (
                "failed to fetch https://ann:p@s/w@charts.test/a?sig=x : 404",
                "failed to fetch https://charts.test/a?*** : 404",
            ),
            (
                "update [https://u@a.test/x, oci://b.test/y@sha256:00]",
                "update [https://a.test/x, oci://b.test/y@sha256:00]",
            ),
            ("Get \"http://:pw@a.test:80/i?x\": EOF", "Get \"http://a.test:80/i?***\": EOF"),
            ("no address of ann@example.com", "no address of ann@example.com"),
        ] {
            assert_eq!(without_credentials(said), told);
        }
    }

    proptest::proptest! {
        #[test]
        fn of_a_secret_in_base64_its_middle_is_never_left(
            before in "[a-z:]{0,5}", secret in "[!-~]{9,30}", after in "[a-z ]{0,5}",
        ) {
            let mut secrets = Vec::new();
            hide(&secret, &mut secrets);
            let encoded = STANDARD.encode(format!("{before}{secret}{after}"));
            let told = masked(&encoded, &secrets);
            // What is left holds the words around it and at most a bit of its ends.
            let around = (before.len() + after.len()) * 8 / 6 + 6;
            proptest::prop_assert!(told.replace("***", "").len() <= around, "{encoded} {told}");
        }
    }

    #[test]
    fn what_the_server_quotes_is_left_out() {
        let text = "is invalid: env[3].value: Invalid value: \"s3: c\": must be short; a: Duplicate value: 77: no";
        assert_eq!(
            without_values(text),
            "is invalid: env[3].value: Invalid value: ***: must be short; a: Duplicate value: ***: no"
        );
        let json = r#"Invalid value: "{\"user\": \"app\", \"password\": \"hunter2\"}": no"#;
        assert_eq!(without_values(json), "Invalid value: ***: no");
        let dump = r#"Invalid value: core.Pod{Args:"echo: x", Env:"hunter2"}: field is immutable"#;
        assert_eq!(without_values(dump), "Invalid value: ***");
        assert_eq!(without_values("hooks failed: timed out"), "hooks failed: timed out");
        assert_eq!(without_values("Unsupported value: \"cut of"), "Unsupported value: ***");
    }

    #[test]
    fn the_longer_secret_is_masked_before_what_stands_in_it() {
        let secrets = ["pass".to_owned().into(), "password1".to_owned().into()];
        assert_eq!(masked("password1 pass", &secrets), "*** ***");
    }
}
