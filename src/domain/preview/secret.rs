//! What looks like a secret: names of keys, and texts that hold one. Better one value too many is
//! hidden than one too few.

/// Words that name a secret wherever they stand in a key.
const ANYWHERE: [&str; 7] =
    ["password", "passwd", "passphrase", "secret", "credential", "apikey", "privatekey"];
/// Words that name a secret when they are a word of the key.
const WORDS: [&str; 15] = [
    "token",
    "tokens",
    "key",
    "keys",
    "pass",
    "pwd",
    "auth",
    "authorization",
    "cookie",
    "cert",
    "pem",
    "salt",
    "pin",
    "license",
    "dsn",
];
/// Ends of keys that hold a secret whatever kind of object they stand in.
const ENDS: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "token",
    "apikey",
    "secretkey",
    "accesskey",
    "privatekey",
    "credentials",
    "clientsecret",
    "appsecret",
    "jwtsecret",
    "sharedsecret",
    "cookiesecret",
];
/// Last words of keys that only name where a secret is kept, or of which kind it is.
const REFERENCES: [&str; 22] = [
    "name",
    "names",
    "ref",
    "enabled",
    "create",
    "type",
    "kind",
    "class",
    "mode",
    "method",
    "scheme",
    "realm",
    "provider",
    "issuer",
    "algorithm",
    "size",
    "length",
    "ttl",
    "duration",
    "version",
    "path",
    "policy",
];
/// What stands before `key` in keys that name an entry of another object: `usernameKey`.
const ENTRIES: [&str; 17] = [
    "username",
    "user",
    "host",
    "hostname",
    "port",
    "database",
    "endpoint",
    "region",
    "bucket",
    "email",
    "label",
    "annotation",
    "topology",
    "sort",
    "partition",
    "group",
    "node",
];
/// Words that name a secret, and as often a whole topic: `auth.mode` is none.
const TOPICS: [&str; 5] = ["key", "auth", "authorization", "cert", "license"];

/// Whether the value of a key is probably a secret: `adminPassword`, `API_TOKEN`, `tls.key`.
pub fn looks_secret(key: &str) -> bool {
    !only_refers(key) && names_one(key, |_| true)
}

/// Whether everything below a key is secret, whatever its own key is: `secrets`, `credentials`.
pub fn holds_secrets(key: &str) -> bool {
    // In many charts it holds the names of entries.
    key != "secretKeys" && !only_refers(key) && names_one(key, |word| !TOPICS.contains(&word))
}

/// Whether a key only tells where a secret is kept: `secretName`, `existingSecret`, `passwordKey`.
pub fn only_refers(key: &str) -> bool {
    let words = words(key);
    key.ends_with("asswordKey")
        || matches!(words.as_slice(), [.., of, key] if key == "key" && ENTRIES.contains(&of.as_str()))
        || words.last().is_some_and(|word| REFERENCES.contains(&word.as_str()))
        || words.first().is_some_and(|word| word == "existing" && words.len() > 1)
}

/// Whether a word of a key names a secret, of those words that count.
fn names_one(key: &str, counts: impl Fn(&str) -> bool) -> bool {
    let lower = key.to_ascii_lowercase();
    ANYWHERE.iter().any(|word| lower.contains(word))
        || lower.ends_with("token")
        || words(key).iter().any(|word| WORDS.contains(&word.as_str()) && counts(word))
}

/// Whether a key holds a secret in any object: fewer than [`looks_secret`], because the API has keys
/// of its own that only sound alike.
pub fn names_secret(key: &str) -> bool {
    let folded: String =
        key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    ENDS.iter().any(|end| folded.ends_with(end)) && !key.starts_with("existing")
}

/// Where in a line a secret begins: the password of an address, or what stands behind a key that
/// [`names_secret`].
pub fn secret_in(line: &str) -> Option<usize> {
    [password_of_address(line), assigned(line)].into_iter().flatten().min()
}

/// Whether a text is a private key.
pub fn is_private_key(text: &str) -> bool {
    text.contains("PRIVATE KEY-----")
}

/// `scheme://user:password@host`.
fn password_of_address(line: &str) -> Option<usize> {
    line.match_indices("://").find_map(|(at, mark)| {
        let start = at + mark.len();
        let rest = &line[start..];
        let word = &rest[..rest.find([' ', '"', '\'']).unwrap_or(rest.len())];
        let authority = &word[..word.find(['/', '?', '#']).unwrap_or(word.len())];
        let colon = authority.find(':')?;
        // A password may hold any of these signs unescaped, so the last `@` counts. Without one before
        // the path, what stands behind the colon is a port or the beginning of a password.
        let port = &authority[colon + 1..];
        let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let end = authority.rfind('@').or_else(|| word.rfind('@').filter(|_| !is_port))?;
        (colon + 1 < end).then_some(start + colon + 1)
    })
}

/// `password=…`, `--token=…`, `"apiKey": "…"`.
fn assigned(line: &str) -> Option<usize> {
    line.match_indices(['=', ':']).find_map(|(at, _)| {
        let key = line[..at].trim_end_matches([' ', '"', '\'']);
        let start = key
            .rfind(|character: char| !(character.is_alphanumeric() || "._-".contains(character)))
            .map_or(0, |before| before + key[before..].chars().next().map_or(1, char::len_utf8));
        let rest = &line[at + 1..];
        let value = rest.trim_start_matches([' ', '"', '\'']);
        let filled = !value.is_empty() && !value.starts_with(['$', '{', '[', ',', '<', '/', '}']);
        let key = &key[start..];
        let secret = key.eq_ignore_ascii_case("secret") || names_secret(key);
        (filled && secret).then_some(line.len() - value.len())
    })
}

/// The words of a key in lower case: `adminPassword`, `ADMIN_PASSWORD`, `admin-password`.
fn words(key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small_before = false;
    for character in key.chars() {
        if !character.is_alphanumeric() || (character.is_uppercase() && small_before) {
            words.push(String::new());
        }
        if character.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(character.to_lowercase());
        }
        small_before = character.is_lowercase() || character.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}
