use super::*;

#[track_caller]
fn check(text: &str, normal: &str) {
    let reference: ImageReference = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(reference.to_string(), normal, "{text}");
    assert_eq!(reference.as_written(), text);
    let again: ImageReference = normal.parse().expect("the normal form is a reference");
    assert_eq!(again, reference, "round trip of {text}");
    assert_eq!(again.to_string(), normal);
}

#[track_caller]
fn refuse(text: &str, error: ReferenceError) {
    assert_eq!(text.parse::<ImageReference>().err(), Some(error), "{text}");
}

const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn references_have_one_normal_form() {
    check("nginx", "docker.io/library/nginx");
    check("nginx:1.25", "docker.io/library/nginx:1.25");
    check("library/nginx:1.25", "docker.io/library/nginx:1.25");
    check("docker.io/nginx", "docker.io/library/nginx");
    check("index.docker.io/library/nginx", "docker.io/library/nginx");
    check("registry-1.docker.io/bitnami/redis:7", "docker.io/bitnami/redis:7");
    check("bitnami/redis", "docker.io/bitnami/redis");
    check("localhost/app", "localhost/app");
    check("localhost:5000/app:v1", "localhost:5000/app:v1");
    check("127.0.0.1:5000/a/b/c:v1", "127.0.0.1:5000/a/b/c:v1");
    check("[::1]:5000/app:v1", "[::1]:5000/app:v1");
    check("[2001:db8::1]/app", "[2001:db8::1]/app");
    check("Uppercase/app", "Uppercase/app");
    check("ghcr.io/owner/a__b.c-d---e:v1", "ghcr.io/owner/a__b.c-d---e:v1");
    check("gcr.io/google_containers/pause", "gcr.io/google_containers/pause");
    check("app:5000", "docker.io/library/app:5000");
    check("host.com:5000/app", "host.com:5000/app");
    check("foo/foo_bar.com:8080", "docker.io/foo/foo_bar.com:8080");
    check("xn--7o8h.com/myimage:xn--7o8h.com", "xn--7o8h.com/myimage:xn--7o8h.com");
    check(&format!("nginx@sha256:{HEX}"), &format!("docker.io/library/nginx@sha256:{HEX}"));
    check(&format!("quay.io/a/b:1@sha256:{HEX}"), &format!("quay.io/a/b:1@sha256:{HEX}"));
}

#[test]
fn what_is_no_reference_is_refused_with_the_reason() {
    refuse("", ReferenceError::Empty);
    refuse(":1", ReferenceError::Empty);
    refuse("docker.io/Nginx", ReferenceError::UpperCase);
    refuse("Nginx", ReferenceError::UpperCase);
    refuse("-nginx", ReferenceError::Path);
    refuse("a//b", ReferenceError::Path);
    refuse("a___b", ReferenceError::Path);
    refuse("a..b/c d", ReferenceError::Domain);
    refuse("nginx:", ReferenceError::Tag);
    refuse("nginx:-1", ReferenceError::Tag);
    refuse("nginx:a b", ReferenceError::Tag);
    refuse(&format!("nginx:{}", "a".repeat(129)), ReferenceError::Tag);
    refuse("nginx@sha256:abc", ReferenceError::Digest);
    refuse("nginx@", ReferenceError::Digest);
    refuse(&format!("nginx@sha256:{}", HEX.to_uppercase()), ReferenceError::Digest);
    refuse(&format!("nginx@sha256:{HEX}@sha256:{HEX}"), ReferenceError::Digest);
    refuse("https://ghcr.io/a/b", ReferenceError::Domain);
    refuse("ho st.com/a", ReferenceError::Domain);
    refuse("host.com:port/a", ReferenceError::Domain);
    refuse(HEX, ReferenceError::Identifier);
    refuse(&format!("ghcr.io/{}", "a/".repeat(128) + "a"), ReferenceError::TooLong);
    refuse("nginx:1\n", ReferenceError::Tag);
}

#[test]
fn familiar_names_are_short() {
    let familiar = |text: &str| text.parse::<Repository>().map(|name| name.familiar());
    assert_eq!(familiar("docker.io/library/nginx").as_deref(), Ok("nginx"));
    assert_eq!(familiar("docker.io/bitnami/redis").as_deref(), Ok("bitnami/redis"));
    assert_eq!(familiar("ghcr.io/a/b").as_deref(), Ok("ghcr.io/a/b"));
}

#[test]
fn moving_keeps_the_name_as_it_was_written() {
    let reference: ImageReference = "nginx:1.25".parse().expect("valid");
    let tag: Tag = "1.26".parse().expect("valid");
    assert_eq!(reference.with(Some(&tag), None).as_written(), "nginx:1.26");
    let port: ImageReference = "localhost:5000/app".parse().expect("valid");
    assert_eq!(port.with(Some(&tag), None).as_written(), "localhost:5000/app:1.26");
}

#[test]
fn untagged_means_latest_and_a_digest_alone_has_no_tag() {
    let effective = |text: &str| {
        text.parse::<ImageReference>().expect("valid").effective_tag().map(|tag| tag.to_string())
    };
    assert_eq!(effective("nginx").as_deref(), Some("latest"));
    assert_eq!(effective("nginx:1").as_deref(), Some("1"));
    assert_eq!(effective(&format!("nginx@sha256:{HEX}")), None);
}

proptest::proptest! {
    #[test]
    fn no_text_panics_and_what_parses_round_trips(text in "\\PC{0,80}") {
        if let Ok(reference) = text.parse::<ImageReference>() {
            let normal = reference.to_string();
            let again: ImageReference = normal.parse().expect("the normal form is a reference");
            proptest::prop_assert_eq!(again.to_string(), normal);
        }
    }

    #[test]
    fn generated_references_round_trip(
        host in "([a-z0-9]{1,8}\\.[a-z]{2,4}(:[0-9]{1,5})?/)?",
        path in "[a-z0-9]{1,6}(/[a-z0-9]{1,6}((\\.|_|__|-{1,3})[a-z0-9]{1,5}){0,2}){0,3}",
        tag in "(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,20})?",
    ) {
        let text = format!("{host}{path}{tag}");
        let reference: ImageReference = text.parse().expect("generated from the grammar");
        proptest::prop_assert_eq!(reference.as_written(), &text);
        let again: ImageReference = reference.to_string().parse().expect("normal form");
        proptest::prop_assert_eq!(again, reference);
    }
}
