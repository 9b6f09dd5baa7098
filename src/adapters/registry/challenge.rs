//! The `WWW-Authenticate` header: what a registry wants to see before it answers.
//!
//! ```text
//! header    := challenge *( "," challenge )           (RFC 9110 §11.6.1; several headers add up)
//! challenge := scheme [ 1*SP param *( "," param ) ]
//! param     := token "=" ( token | quoted-string )
//! ```

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

/// Header text that is looked at; longer ones are cut.
const MAX_HEADER: usize = 8 << 10;

/// What a registry wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A token from `realm`.
    Bearer {
        /// URL of the token server, unchecked.
        realm: String,
        /// Name of the registry towards the token server.
        service: Option<String>,
        /// What the token must allow.
        scope: Option<String>,
    },
    /// User name and password.
    Basic,
}

/// The challenge to answer: Bearer before Basic, since it shows the password to fewer parties.
pub(super) fn read(headers: &HeaderMap) -> Option<Challenge> {
    let mut basic = false;
    for value in headers.get_all(WWW_AUTHENTICATE).iter().take(8) {
        let Ok(text) = value.to_str() else { continue };
        for (scheme, params) in parse(&text[..text.len().min(MAX_HEADER)]) {
            if scheme.eq_ignore_ascii_case("bearer") {
                let take = |name: &str| {
                    params
                        .iter()
                        .find(|(key, _)| key.eq_ignore_ascii_case(name))
                        .map(|(_, value)| value.clone())
                        .filter(|value| !value.is_empty())
                };
                if let Some(realm) = take("realm") {
                    return Some(Challenge::Bearer {
                        realm,
                        service: take("service"),
                        scope: take("scope"),
                    });
                }
            }
            basic |= scheme.eq_ignore_ascii_case("basic");
        }
    }
    basic.then_some(Challenge::Basic)
}

type Params = Vec<(String, String)>;

/// Splits a header into challenges; text outside the grammar ends the reading.
fn parse(text: &str) -> Vec<(String, Params)> {
    let mut challenges: Vec<(String, Params)> = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let (word, after) = token(rest);
        if word.is_empty() {
            break;
        }
        let next = after.trim_start_matches([' ', '\t']);
        if let (Some(value), Some((_, params))) = (next.strip_prefix('='), challenges.last_mut()) {
            let Some((value, after)) = param_value(value.trim_start_matches([' ', '\t'])) else {
                break;
            };
            params.push((word.to_owned(), value));
            rest = after;
        } else {
            challenges.push((word.to_owned(), Vec::new()));
            rest = next;
        }
        rest = rest.trim_start_matches([' ', '\t', ',']);
    }
    challenges
}

fn token(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)))
        .unwrap_or(text.len());
    text.split_at(end)
}

fn param_value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        // Some registries leave the quotes off, also around URLs.
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn check(headers: &[&str], expected: Option<&Challenge>) {
        let mut map = HeaderMap::new();
        for header in headers {
            map.append(WWW_AUTHENTICATE, HeaderValue::from_str(header).unwrap());
        }
        assert_eq!(read(&map).as_ref(), expected, "{headers:?}");
    }

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Challenge {
        Challenge::Bearer {
            realm: realm.into(),
            service: service.map(Into::into),
            scope: scope.map(Into::into),
        }
    }

    #[test]
    fn challenges_of_real_registries() {
        check(
            &[
                r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull""#,
            ],
            Some(&bearer(
                "https://auth.docker.io/token",
                Some("registry.docker.io"),
                Some("repository:library/nginx:pull"),
            )),
        );
        check(&[r#"Basic realm="Registry Realm""#], Some(&Challenge::Basic));
        check(
            &[r#"Basic realm="a, b", Bearer realm="https://r/t" , service=x"#],
            Some(&bearer("https://r/t", Some("x"), None)),
        );
        check(
            &[r#"BASIC realm="x""#, r"bearer realm=https://r/t,scope=a:b:pull,push"],
            Some(&bearer("https://r/t", None, Some("a:b:pull"))),
        );
        check(&[r#"Bearer realm="https://r/\"t""#], Some(&bearer("https://r/\"t", None, None)));
    }

    #[test]
    fn what_is_no_challenge_gives_none() {
        check(&[], None);
        check(&[""], None);
        check(&["Negotiate"], None);
        check(&["Bearer"], None);
        check(&["Bearer realm="], None);
        check(&[r#"Bearer realm="https://open"#], None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[ -~]{0,200}") {
            parse(&text);
        }
    }
}
