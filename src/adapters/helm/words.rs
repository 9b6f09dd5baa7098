//! What is not shown of the words of helm and of its records: they quote values.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::domain::preview::looks_secret;

/// Shorter words stand everywhere.
const SHORTEST: usize = 4;

/// A text without the secrets that are known.
pub fn masked(text: &str, secrets: &[SecretString]) -> String {
    let mut masked = text.to_owned();
    let mut secrets: Vec<&str> = secrets.iter().map(ExposeSecret::expose_secret).collect();
    // One that stands in another would leave the rest of that one to be read.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in secrets.into_iter().filter(|secret| secret.len() >= SHORTEST) {
        masked = masked.replace(secret, "***");
    }
    masked
}

/// Adds every value below a key that looks like a secret's.
pub fn collect(values: &Value, found: &mut Vec<SecretString>) {
    leaves(values, false, found);
}

/// Adds every value, whatever its key is called.
pub fn collect_all(values: &Value, found: &mut Vec<SecretString>) {
    leaves(values, true, found);
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

/// Where a quoted text ends; the quotes inside of it are escaped.
fn closing(quoted: &str) -> Option<usize> {
    let mut escaped = false;
    quoted.char_indices().find_map(|(at, one)| {
        let ends = one == '"' && !escaped;
        escaped = one == '\\' && !escaped;
        ends.then_some(at)
    })
}

fn leaves(value: &Value, secret: bool, found: &mut Vec<SecretString>) {
    let mut hide = |text: String| {
        if text.len() >= SHORTEST {
            found.push(text.into());
        }
    };
    match value {
        Value::String(text) if secret => hide(text.clone()),
        // A password may be a number.
        Value::Number(number) if secret => hide(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, secret, found)),
        Value::Object(fields) => {
            for (key, value) in fields {
                leaves(value, secret || looks_secret(key), found);
            }
        }
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_below_secret_keys_are_masked_and_no_others() {
        let values = serde_json::json!({
            "image": "nginx:1.25",
            "db": {"password": 12_345_678, "host": "db.internal", "keys": ["k3y-one", "abc"]},
        });
        let mut secrets = Vec::new();
        collect(&values, &mut secrets);
        let text = "12345678 on db.internal with k3y-one, abc and nginx:1.25";
        assert_eq!(masked(text, &secrets), "*** on db.internal with ***, abc and nginx:1.25");
        collect_all(&values, &mut secrets);
        assert_eq!(masked(text, &secrets), "*** on *** with ***, abc and ***");
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
