//! To whom credentials go, and who may see what was fetched with them.

use super::home::{Home, index, nginx};
use crate::adapters::registry::tests::server::{Reply, Server, basic};
use crate::ports::charts::Charts as _;

async fn private() -> Server {
    Server::start(|seen| match seen.authorization.as_deref() {
        Some(header) if header == basic("ada", "hunter2") => Reply::ok(nginx(&["1.0.0"])),
        Some(_) => Reply::new(401, "hunter2"),
        None => Reply::new(401, ""),
    })
    .await
}

fn entry(address: &str, more: &str) -> String {
    format!(
        "- name: corp\n  url: http://{address}/charts/\n  username: ada\n  password: hunter2\n{more}"
    )
}

#[tokio::test]
async fn a_repository_gets_its_own_credentials() {
    let server = private().await;
    let home = Home::with(&entry(&server.address, ""));
    let source = home.run(0).configured().unwrap().pop().unwrap();
    assert_eq!(source.to_string(), format!("corp (http://{}/charts)", server.address));
    assert_eq!(home.ask(0, &source).await, "1.0.0");
    // The same address without its name is the same repository; another path is not.
    let plain = index(&format!("http://{}/charts", server.address));
    assert_eq!(home.ask(1_000, &plain).await, "1.0.0");
    let other = home.ask(0, &index(&format!("http://{}/others", server.address))).await;
    assert!(other.contains("without credentials: it answered 401"), "{other}");
    assert_eq!(server.seen().len(), 3);

    let wrong = Home::with(&entry(&server.address, "").replace("hunter2", "hunter3"));
    let text = wrong.ask(0, &source).await;
    assert!(text.contains("as ada: it answered 401"), "{text}");
    assert!(!text.contains("hunter"), "{text}");
}

#[tokio::test]
async fn a_login_in_the_address_counts_and_is_not_shown() {
    let server = private().await;
    let home = Home::with(&format!(
        "- name: corp\n  url: http://ada:hunter2@{}/charts?token=s3cret\n",
        server.address
    ));
    let source = home.run(0).configured().unwrap().pop().unwrap();
    assert_eq!(source.to_string(), format!("corp (http://{}/charts)", server.address));
    assert_eq!(home.ask(0, &source).await, "1.0.0");
    assert_eq!(server.seen()[0].target, "/charts/index.yaml?token=s3cret");
    let names: String = home.cache().iter().map(|file| file.display().to_string()).collect();
    assert!(!names.contains("hunter2") && !names.contains("s3cret"), "{names}");
}

#[tokio::test]
async fn what_was_fetched_as_one_user_is_not_shown_to_another() {
    let server = private().await;
    let home = Home::with(&entry(&server.address, ""));
    let source = home.run(0).configured().unwrap().pop().unwrap();
    assert_eq!(home.ask(0, &source).await, "1.0.0");
    assert_eq!(home.ask(1, &source).await, "1.0.0");
    assert_eq!(server.seen().len(), 1);
    let mut others = Home::with("");
    others.settings = home.settings.clone();
    let refused = others.ask(1, &source).await;
    assert!(refused.contains("401"), "{refused}");
}

/// Redirects from one server to another; gives what the second one was shown.
async fn redirected(more: &str, to_same: bool) -> (String, Option<String>) {
    let target = Server::start(|_| Reply::ok(nginx(&["1.0.0"]))).await;
    let address = target.address.clone();
    let server = Server::start(move |seen| {
        if seen.target == "/moved/index.yaml" {
            return Reply::ok(nginx(&["2.0.0"]));
        }
        let host = if to_same { &seen.host } else { &address };
        Reply::new(302, "").header("location", format!("http://{host}/moved/index.yaml"))
    })
    .await;
    let home = Home::with(&entry(&server.address, more));
    let source = home.run(0).configured().unwrap().pop().unwrap();
    let found = home.ask(0, &source).await;
    let last = if to_same { server.seen().pop() } else { target.seen().pop() };
    assert_eq!(server.seen()[0].authorization.as_deref(), Some(&*basic("ada", "hunter2")));
    (found, last.and_then(|seen| seen.authorization))
}

#[tokio::test]
async fn a_redirect_takes_no_credentials_to_another_host() {
    let header = Some(basic("ada", "hunter2"));
    assert_eq!(redirected("", false).await, ("1.0.0".into(), None));
    assert_eq!(redirected("", true).await, ("2.0.0".into(), header.clone()));
    let all = "  pass_credentials_all: true\n";
    assert_eq!(redirected(all, false).await, ("1.0.0".into(), header));
}

#[tokio::test]
async fn settings_that_cannot_be_read_are_named() {
    let home = Home::with("- name: a\n  url: https://a.test\n  caFile: /nowhere/ca.pem\n");
    let source = home.run(0).configured().unwrap().pop().unwrap();
    let text = home.ask(0, &source).await;
    assert!(
        text.contains("a.test cannot be reached") && text.contains("/nowhere/ca.pem"),
        "{text}"
    );
}
